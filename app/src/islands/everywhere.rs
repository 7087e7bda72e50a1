//! The island of the page of all clusters: its search, and its cards.

use leptos::prelude::*;

/// Searches while somebody types, and renews the cards. `base` is the path below which both are asked for,
/// and `page` the number of the page of cards.
#[island]
pub fn Everywhere(base: String, page: usize) -> impl IntoView {
    #[cfg(feature = "hydrate")]
    Effect::new(move |started: Option<()>| {
        if started.is_none() {
            super::find::start(&base, "?");
            super::letters::search();
            super::cards::start(&base, page);
        }
    });
    #[cfg(not(feature = "hydrate"))]
    drop((base, page));
}
