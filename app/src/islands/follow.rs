//! The island of a deployment's page: its state and its log, as they grow.

use leptos::prelude::*;

/// Keeps a deployment's page alive. `base` is the run's path; `lines` says how much of the log was there when the
/// page was made; `live` that it goes on; `bottom` that its end is on the page.
#[island]
pub fn Follow(base: String, lines: u64, live: bool, bottom: bool) -> impl IntoView {
    #[cfg(feature = "hydrate")]
    Effect::new(move |started: Option<()>| {
        if started.is_none() {
            super::log::start(&base, lines, live, bottom);
        }
    });
    #[cfg(not(feature = "hydrate"))]
    let _ = (base, lines, live, bottom);
}
