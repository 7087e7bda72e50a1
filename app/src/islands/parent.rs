//! Words to the portal that shows this page in a frame: how high the figure is, and what is chosen.
//!
//! They go to the one origin that the server named, and to nobody else: a portal that moved away hears nothing.

use std::cell::RefCell;

use js_sys::{Array, JSON};
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::ResizeObserver;

use super::dom::{by_id, window};

thread_local! {
    static ORIGIN: RefCell<String> = RefCell::default();
}

pub(super) fn start(origin: &str) {
    let framed = window().is_some_and(|window| window.parent().ok().flatten().is_some_and(|parent| parent != window));
    if origin.is_empty() || !framed {
        return;
    }
    ORIGIN.set(origin.to_owned());
    let sized = Closure::<dyn FnMut(Array)>::new(|_| height());
    if let (Ok(observer), Some(content)) = (ResizeObserver::new(sized.as_ref().unchecked_ref()), by_id("content")) {
        // It lives for as long as what it observes.
        observer.observe(&content);
    }
    sized.forget();
    height();
}

/// What is chosen; empty for nothing.
pub(super) fn selected(selection: &str) {
    tell(&serde_json::json!({ "source": "binnacle", "type": "selection", "selection": selection }));
}

fn height() {
    let Some(content) = by_id("content") else { return };
    let height = content.scroll_height();
    tell(&serde_json::json!({ "source": "binnacle", "type": "height", "height": height }));
}

fn tell(message: &serde_json::Value) {
    let origin = ORIGIN.with_borrow(Clone::clone);
    if origin.is_empty() {
        return;
    }
    let parent = window().and_then(|window| window.parent().ok().flatten());
    if let (Some(parent), Ok(message)) = (parent, JSON::parse(&message.to_string())) {
        let _ = parent.post_message(&message, &origin);
    }
}
