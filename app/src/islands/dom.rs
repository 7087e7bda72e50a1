//! Short names for what every part of the island asks of the page.

use wasm_bindgen::{JsCast, closure::Closure, convert::FromWasmAbi};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Document, Element, EventTarget, HtmlElement, Response, Window};

pub(super) fn window() -> Option<Window> {
    web_sys::window()
}

pub(super) fn document() -> Option<Document> {
    window()?.document()
}

pub(super) fn by_id(id: &str) -> Option<Element> {
    document()?.get_element_by_id(id)
}

pub(super) fn set_html(id: &str, html: &str) {
    if let Some(element) = by_id(id) {
        element.set_inner_html(html);
    }
}

pub(super) fn set_text(id: &str, text: &str) {
    if let Some(element) = by_id(id).filter(|element| element.text_content().as_deref() != Some(text)) {
        element.set_text_content(Some(text));
    }
}

pub(super) fn focus(element: &Element) {
    // SVG elements can be focused, too, but are no HtmlElements: the method is the same.
    let _ = element.unchecked_ref::<HtmlElement>().focus();
}

/// Listens for as long as the page lives.
pub(super) fn on<E: FromWasmAbi + 'static>(target: &EventTarget, event: &str, act: impl FnMut(E) + 'static) {
    let act = Closure::<dyn FnMut(E)>::new(act);
    let _ = target.add_event_listener_with_callback(event, act.as_ref().unchecked_ref());
    act.forget();
}

/// The same where the default action may be prevented.
pub(super) fn on_active<E: FromWasmAbi + 'static>(target: &EventTarget, event: &str, act: impl FnMut(E) + 'static) {
    let act = Closure::<dyn FnMut(E)>::new(act);
    let options = web_sys::AddEventListenerOptions::new();
    options.set_passive(false);
    let _ = target.add_event_listener_with_callback_and_add_event_listener_options(
        event,
        act.as_ref().unchecked_ref(),
        &options,
    );
    act.forget();
}

pub(super) fn after(milliseconds: i32, act: impl FnOnce() + 'static) {
    let act = Closure::once_into_js(act);
    if let Some(window) = window() {
        let _ = window.set_timeout_with_callback_and_timeout_and_arguments_0(act.unchecked_ref(), milliseconds);
    }
}

/// What an address of ours answers.
pub(super) async fn fetch(url: &str) -> Option<String> {
    let response: Response = JsFuture::from(window()?.fetch_with_str(url)).await.ok()?.dyn_into().ok()?;
    if !response.ok() {
        return None;
    }
    JsFuture::from(response.text().ok()?).await.ok()?.as_string()
}
