//! The island's entry.

use leptos::prelude::*;

/// Keeps a page alive. `query` is the view's, `prefix` what the figure's links begin with,
/// `selection` what is chosen; `epoch` and `number` name what the page shows already. The epoch is
/// a text because JavaScript's numbers cannot hold it.
#[island]
pub fn Live(
    cluster: String,
    query: String,
    prefix: String,
    selection: String,
    epoch: String,
    number: u64,
) -> impl IntoView {
    #[cfg(feature = "hydrate")]
    Effect::new(move |started: Option<()>| {
        if started.is_none() {
            super::pick::start(&cluster, &prefix, &selection);
            super::zoom::start();
            super::keys::start();
            super::stream::start(&cluster, &query, &prefix, &epoch, number);
        }
    });
    #[cfg(not(feature = "hydrate"))]
    let _ = (cluster, query, prefix, selection, epoch, number);
}
