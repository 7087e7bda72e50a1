//! The keyboard: one stop for the Tab key, arrows from mark to mark, and a few letters.

use wasm_bindgen::JsCast;
use web_sys::{Element, FocusEvent, HtmlElement, KeyboardEvent};

use super::{
    dom::{by_id, document, focus, on},
    pick, zoom,
};

pub(super) fn start() {
    let Some(document) = document() else { return };
    on(&document, "keydown", |event: KeyboardEvent| pressed(&event));
    let Some(canvas) = by_id("figure") else { return };
    roving(None);
    on(&canvas, "focusin", |event: FocusEvent| {
        if let Some(own) = event.target().and_then(|target| target.dyn_into::<Element>().ok()) {
            roving(Some(&own));
        }
    });
}

/// The mark that Tab reached may be gone: then it reaches the first one.
pub(super) fn stop() {
    let Some(document) = document() else { return };
    if document.query_selector("#figure a.own[tabindex='0']").is_ok_and(|stop| stop.is_some()) {
        return;
    }
    if let Ok(Some(first)) = document.query_selector("#figure a.own") {
        let _ = first.set_attribute("tabindex", "0");
    }
}

/// Only the mark that was last focused, or the first one, is reached by Tab.
pub(super) fn roving(chosen: Option<&Element>) {
    let Some(marks) = marks() else { return };
    for (n, mark) in marks.iter().enumerate() {
        let is_stop = chosen.map_or(n == 0, |chosen| chosen == mark);
        let _ = mark.set_attribute("tabindex", if is_stop { "0" } else { "-1" });
    }
}

fn marks() -> Option<Vec<Element>> {
    let links = document()?.query_selector_all("#figure a.own").ok()?;
    Some((0..links.length()).filter_map(|n| links.get(n)?.dyn_into().ok()).collect())
}

fn pressed(event: &KeyboardEvent) {
    if event.ctrl_key() || event.meta_key() || event.alt_key() {
        return;
    }
    let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
    let typing =
        target.as_ref().is_some_and(|target| matches!(target.tag_name().as_str(), "INPUT" | "SELECT" | "TEXTAREA"));
    let inside = target.as_ref().and_then(|target| target.closest("#figure").ok().flatten()).is_some();
    let done = match event.key().as_str() {
        "Escape" => {
            pick::close();
            if typing && let Some(target) = &target {
                let _ = target.unchecked_ref::<HtmlElement>().blur();
            }
            true
        }
        _ if typing => false,
        "/" => {
            if let Some(search) = by_id("search") {
                focus(&search);
            }
            true
        }
        "+" | "=" => after(|| zoom::step(1.0 / 1.3)),
        "-" => after(|| zoom::step(1.3)),
        "0" => after(zoom::fit),
        key if inside && event.shift_key() => match key {
            "ArrowLeft" => after(|| zoom::pan(-0.2, 0.0)),
            "ArrowRight" => after(|| zoom::pan(0.2, 0.0)),
            "ArrowUp" => after(|| zoom::pan(0.0, -0.2)),
            "ArrowDown" => after(|| zoom::pan(0.0, 0.2)),
            _ => false,
        },
        "ArrowRight" if inside => walk(target.as_ref(), (1.0, 0.0)),
        "ArrowLeft" if inside => walk(target.as_ref(), (-1.0, 0.0)),
        "ArrowDown" if inside => walk(target.as_ref(), (0.0, 1.0)),
        "ArrowUp" if inside => walk(target.as_ref(), (0.0, -1.0)),
        "Home" if inside => marks().and_then(|marks| marks.first().map(focus)).is_some(),
        "End" if inside => marks().and_then(|marks| marks.last().map(focus)).is_some(),
        _ => false,
    };
    if done {
        event.prevent_default();
    }
}

fn after(act: impl FnOnce()) -> bool {
    act();
    true
}

/// To the nearest mark in a direction.
fn walk(from: Option<&Element>, (dx, dy): (f64, f64)) -> bool {
    let (Some(from), Some(marks)) = (from, marks()) else { return false };
    let middle = |element: &Element| {
        let rect = element.get_bounding_client_rect();
        (rect.left() + rect.width() / 2.0, rect.top() + rect.height() / 2.0)
    };
    let here = middle(from);
    let distance = |mark: &Element| {
        let there = middle(mark);
        let (x, y) = (there.0 - here.0, there.1 - here.1);
        let ahead = x * dx + y * dy;
        // What lies aside counts thrice, so that a row is walked to its end first.
        (ahead > 1.0).then(|| ahead + 3.0 * (x * dy).abs().max((y * dx).abs()))
    };
    let nearest = marks.iter().filter(|mark| *mark != from).filter_map(|mark| Some((distance(mark)?, mark)));
    let Some((_, mark)) = nearest.min_by(|a, b| a.0.total_cmp(&b.0)) else { return false };
    focus(mark);
    true
}
