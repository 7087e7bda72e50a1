//! Buttons that copy the text of another element.

use wasm_bindgen::JsCast;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{Element, Event};

use super::dom::{after, by_id, document, on, window};

/// For so many milliseconds a button says what came of it.
const SAID: i32 = 2_000;

pub(super) fn start() {
    let Some(buttons) = document().and_then(|document| document.query_selector_all("button[data-copy]").ok()) else {
        return;
    };
    for button in (0..buttons.length()).filter_map(|n| buttons.get(n)?.dyn_into::<Element>().ok()) {
        // Without a script it can do nothing, and is not seen.
        let _ = button.remove_attribute("hidden");
        let pressed = button.clone();
        on(&button, "click", move |_: Event| copy(pressed.clone()));
    }
}

fn copy(button: Element) {
    let text = button.get_attribute("data-copy").and_then(|id| by_id(&id)).and_then(|element| element.text_content());
    let Some((text, window)) = text.zip(window()) else { return };
    // A page over plain HTTP has no clipboard.
    let secure = window.is_secure_context();
    spawn_local(async move {
        let copied = secure && JsFuture::from(window.navigator().clipboard().write_text(&text)).await.is_ok();
        let said = button.get_attribute(if copied { "data-copied" } else { "data-failed" }).unwrap_or_default();
        let name = button.text_content();
        button.set_text_content(Some(&said));
        after(SAID, move || button.set_text_content(name.as_deref()));
    });
}
