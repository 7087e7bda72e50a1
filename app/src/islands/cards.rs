//! The cards of all clusters, renewed while the page is looked at.
//!
//! A stream for each of two hundred clusters would be two hundred connections; the cards are one part of a page, which
//! the server works out once for all who look.

use wasm_bindgen::JsCast;
use wasm_bindgen_futures::spawn_local;
use web_sys::HtmlElement;

use super::dom::{after, by_id, document, fetch, focus, set_text};
use crate::texts::cards as words;

/// From one look to the next, in milliseconds.
const PAUSE: i32 = 3_000;
/// The same after a look that failed: whoever is signed out is refused, and refusals count.
const LONG_PAUSE: i32 = 15_000;

pub(super) fn start(base: &str, page: usize) {
    let path = format!("{base}/cards?page={page}");
    after(PAUSE, move || spawn_local(look(path, String::new())));
}

async fn look(path: String, before: String) {
    // A page in the background asks nothing.
    let looked_at = document().is_some_and(|document| !document.hidden());
    let (mut last, mut pause) = (before, PAUSE);
    if looked_at {
        let now = fetch(&path).await;
        set_text("renewal", if now.is_some() { "" } else { words::NOT_RENEWED });
        match now {
            Some(now) if now != last => {
                renew(&now);
                last = now;
            }
            Some(_) => {}
            None => pause = LONG_PAUSE,
        }
    }
    after(pause, move || spawn_local(look(path, last)));
}

/// Puts the cards in their place. The link that has the keyboard keeps it.
fn renew(html: &str) -> Option<()> {
    let list = by_id("clusters")?;
    let active = document()?.active_element().filter(|active| list.contains(Some(active)));
    let held = active.and_then(|active| active.get_attribute("href"));
    list.set_inner_html(html);
    if let Some(held) = held {
        let links = list.query_selector_all("a").ok()?;
        let links = (0..links.length()).filter_map(|n| links.item(n)?.dyn_into::<HtmlElement>().ok());
        let same = |link: &HtmlElement| link.get_attribute("href").as_deref() == Some(&*held);
        focus(links.into_iter().find(same)?.as_ref());
    }
    Some(())
}
