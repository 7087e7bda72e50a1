//! Keys that lead to other pages: `g` and a letter; `?` lists them, `/` goes to the search.

use std::cell::Cell;

use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlDialogElement, KeyboardEvent};

use super::dom::{after, by_id, document, focus, on, window};
use crate::texts::keys::PAGES;

/// The second key comes within so many milliseconds.
const PAUSE: i32 = 1_500;

thread_local! {
    /// Counts the times that `g` was pressed; 0 while no second key is awaited.
    static AWAITED: Cell<u32> = const { Cell::new(0) };
    static PRESSED: Cell<u32> = const { Cell::new(0) };
}

pub(super) fn start(base: &str) {
    let Some(document) = document() else { return };
    let base = base.to_owned();
    on(&document, "keydown", move |event: KeyboardEvent| pressed(&base, &event));
}

/// On a page of no cluster: only `/`.
pub(super) fn search() {
    let Some(document) = document() else { return };
    on(&document, "keydown", |event: KeyboardEvent| {
        let free = !event.ctrl_key() && !event.meta_key() && !event.alt_key() && !is_typing(&event);
        if free && event.key() == "/" && by_id("search").inspect(focus).is_some() {
            event.prevent_default();
        }
    });
}

fn is_typing(event: &KeyboardEvent) -> bool {
    let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
    target.is_some_and(|target| matches!(target.tag_name().as_str(), "INPUT" | "SELECT" | "TEXTAREA"))
}

fn pressed(base: &str, event: &KeyboardEvent) {
    if event.ctrl_key() || event.meta_key() || event.alt_key() || event.default_prevented() {
        return;
    }
    if is_typing(event) {
        return;
    }
    let key = event.key();
    let awaited = AWAITED.replace(0) != 0;
    let page = PAGES.iter().find(|(letter, ..)| awaited && *letter == key);
    let done = match (key.as_str(), page) {
        (_, Some((_, path, _))) => {
            window().is_some_and(|window| window.location().set_href(&format!("{base}{path}")).is_ok())
        }
        ("g", None) => {
            let number = PRESSED.get().wrapping_add(1).max(1);
            PRESSED.set(number);
            AWAITED.set(number);
            after(PAUSE, move || {
                if AWAITED.get() == number {
                    AWAITED.set(0);
                }
            });
            true
        }
        ("?", None) => list(),
        ("/", None) => by_id("search").inspect(focus).is_some(),
        _ => false,
    };
    if done {
        event.prevent_default();
    }
}

/// Shows the list of keys, or takes it away.
fn list() -> bool {
    let Some(dialog) = by_id("keys").and_then(|dialog| dialog.dyn_into::<HtmlDialogElement>().ok()) else {
        return false;
    };
    if dialog.open() {
        dialog.close();
        return true;
    }
    dialog.show_modal().is_ok()
}
