//! The island of every page of a cluster: keys that lead to other pages, and buttons that copy.

use leptos::prelude::*;

/// Listens to keys on a page of the cluster at `base`.
#[island]
pub fn Shortcuts(base: String) -> impl IntoView {
    #[cfg(feature = "hydrate")]
    Effect::new(move |started: Option<()>| {
        if started.is_none() {
            super::letters::start(&base);
            super::copy::start();
        }
    });
    #[cfg(not(feature = "hydrate"))]
    drop(base);
}
