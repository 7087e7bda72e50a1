//! The island's entry.

use leptos::prelude::*;

/// Keeps a page alive. `base` is the path below which its stream and its panel are, `parent` the origin of
/// the portal that shows it in a frame, empty for none; `query` is the view's, `prefix` what the figure's links begin with,
/// `selection` what is chosen; `epoch` and `number` name what the page shows already. The epoch is
/// a text because JavaScript's numbers cannot hold it.
#[island]
pub fn Live(
    base: String,
    parent: String,
    query: String,
    prefix: String,
    selection: String,
    epoch: String,
    number: u64,
) -> impl IntoView {
    #[cfg(feature = "hydrate")]
    Effect::new(move |started: Option<()>| {
        if started.is_none() {
            super::parent::start(&parent);
            super::pick::start(&base, &prefix, &selection);
            super::zoom::start();
            super::keys::start();
            super::find::start(&base, &prefix);
            super::stream::start(&base, &query, &prefix, &epoch, number);
        }
    });
    #[cfg(not(feature = "hydrate"))]
    let _ = (base, parent, query, prefix, selection, epoch, number);
}
