//! The island of the page of all clusters: its search.

use leptos::prelude::*;

/// Searches while somebody types. `base` is the path below which the search is asked.
#[island]
pub fn Everywhere(base: String) -> impl IntoView {
    #[cfg(feature = "hydrate")]
    Effect::new(move |started: Option<()>| {
        if started.is_none() {
            super::find::start(&base, "?");
            super::letters::search();
        }
    });
    #[cfg(not(feature = "hydrate"))]
    drop(base);
}
