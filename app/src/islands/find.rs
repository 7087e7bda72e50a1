//! Searching while somebody types: hits below the field, to be walked through with the arrow keys.

use std::cell::{Cell, RefCell};

use wasm_bindgen::JsCast;
use wasm_bindgen_futures::spawn_local;
use web_sys::{Element, Event, FocusEvent, HtmlInputElement, KeyboardEvent};

use super::dom::{after, by_id, document, fetch, focus, on, set_html};

/// From the last letter to the question, in milliseconds.
const PAUSE: i32 = 180;

thread_local! {
    /// Counts the letters, so that only the last one asks.
    static TYPED: Cell<u32> = const { Cell::new(0) };
    /// What the address of a question begins with.
    static ASKED: RefCell<String> = const { RefCell::new(String::new()) };
}

/// `prefix` is the page's view, which hits keep.
pub(super) fn start(base: &str, prefix: &str) {
    ASKED.set(format!("{base}/find{prefix}typed="));
    let (Some(field), Some(form)) = (by_id("search"), by_id("search").and_then(|field| field.parent_element())) else {
        return;
    };
    on(&field, "input", |_: Event| typed());
    on(&form, "keydown", |event: KeyboardEvent| pressed(&event));
    on(&form, "focusout", |event: FocusEvent| {
        let to = event.related_target().and_then(|to| to.dyn_into::<Element>().ok());
        let inside = to.and_then(|to| to.closest(".search").ok().flatten()).is_some();
        if !inside {
            show(false);
        }
    });
}

fn show(shown: bool) {
    if let Some(hits) = by_id("hits") {
        let _ = if shown { hits.remove_attribute("hidden") } else { hits.set_attribute("hidden", "") };
    }
}

fn typed() {
    let number = TYPED.get().wrapping_add(1);
    TYPED.set(number);
    after(PAUSE, move || {
        if TYPED.get() == number {
            spawn_local(ask(number));
        }
    });
}

async fn ask(number: u32) {
    let Some(field) = by_id("search").and_then(|field| field.dyn_into::<HtmlInputElement>().ok()) else { return };
    let text = field.value();
    if text.trim().is_empty() {
        show(false);
        return;
    }
    let url = ASKED.with_borrow(|asked| format!("{asked}{}", scene::segment(&text)));
    let html = fetch(&url).await;
    // Somebody may have typed on meanwhile.
    if let Some(html) = html.filter(|_| TYPED.get() == number) {
        set_html("hits", &html);
        show(true);
    }
}

/// Down and up walk from the field through the hits; Escape closes them.
fn pressed(event: &KeyboardEvent) {
    let step = match event.key().as_str() {
        "ArrowDown" => 1,
        "ArrowUp" => -1,
        "Escape" => {
            show(false);
            return;
        }
        _ => return,
    };
    let Some(document) = document() else { return };
    let Ok(links) = document.query_selector_all("#hits:not([hidden]) a") else { return };
    let links: Vec<Element> = (0..links.length()).filter_map(|n| links.get(n)?.dyn_into().ok()).collect();
    if links.is_empty() {
        return;
    }
    let here = document.active_element().and_then(|active| links.iter().position(|link| *link == active));
    let there = match (here, step) {
        (None, 1) => Some(0),
        (None, _) => return,
        (Some(at), step) => at.checked_add_signed(step),
    };
    match there {
        Some(at) => {
            if let Some(link) = links.get(at) {
                focus(link);
            }
        }
        None => {
            if let Some(field) = by_id("search") {
                focus(&field);
            }
        }
    }
    event.prevent_default();
}
