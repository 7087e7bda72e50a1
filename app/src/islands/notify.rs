//! The browser's own notification at the end of what a visitor started, where they allowed it.

use js_sys::{Array, Function, Object, Promise, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::Event;

use super::dom::{by_id, document, on, window};

/// Offers to notify, where the browser has not decided yet. The button is on the page of whoever started it alone.
pub(super) fn offer() {
    let Some(button) = by_id("notify").filter(|_| permission().as_deref() == Some("default")) else { return };
    let _ = button.remove_attribute("hidden");
    let pressed = button.clone();
    on(&button, "click", move |_: Event| {
        let pressed = pressed.clone();
        spawn_local(async move {
            if let Some(asked) = ask() {
                let _ = JsFuture::from(asked).await;
            }
            // Allowed or not: there is nothing left to ask.
            let _ = pressed.set_attribute("hidden", "");
        });
    });
}

/// Notifies of the news in a part of the page, which need not be shown yet.
pub(super) fn tell(html: &str) {
    if by_id("notify").is_none() || permission().as_deref() != Some("granted") {
        return;
    }
    let Some(part) = document().and_then(|document| document.create_element("div").ok()) else { return };
    part.set_inner_html(html);
    let told = part.query_selector("[data-news]").ok().flatten();
    let Some(news) = told.and_then(|told| told.get_attribute("data-news")) else { return };
    let title = JsValue::from(document().map(|document| document.title()).unwrap_or_default());
    let options = Object::new();
    // Of two pages that tell the same, one is shown.
    for (name, value) in [("body", JsValue::from(news)), ("tag", title.clone())] {
        let _ = Reflect::set(&options, &name.into(), &value);
    }
    if let Some(made) = notification() {
        let _ = Reflect::construct(&made, &Array::of2(&title, &options));
    }
}

/// The browser's class; none in a browser without notifications, or on a page that came over plain HTTP from elsewhere.
fn notification() -> Option<Function> {
    let window = window()?;
    Reflect::get(&window, &"Notification".into()).ok()?.dyn_into().ok()
}

fn permission() -> Option<String> {
    let class = notification()?;
    Reflect::get(&class, &"permission".into()).ok()?.as_string()
}

fn ask() -> Option<Promise> {
    let class = notification()?;
    let ask: Function = Reflect::get(&class, &"requestPermission".into()).ok()?.dyn_into().ok()?;
    ask.call0(&class).ok()?.dyn_into().ok()
}
