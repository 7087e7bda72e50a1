//! The island of a log's page: the lines that come while it is open.

use leptos::prelude::*;

/// Goes on with the log at `base`, of which `query` says what is wanted. `last` is the stamp of the last line that the
/// page has, `stamps` whether stamps are shown.
#[island]
pub fn Tail(base: String, query: String, last: String, stamps: bool) -> impl IntoView {
    #[cfg(feature = "hydrate")]
    Effect::new(move |started: Option<()>| {
        if started.is_none() {
            super::lines::start(&base, &query, &last, stamps);
        }
    });
    #[cfg(not(feature = "hydrate"))]
    let _ = (base, query, last, stamps);
}
