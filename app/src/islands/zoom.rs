//! Zoom, pan and fit: the `viewBox` of the figure, moved by wheel, pointer, buttons and keys, and
//! kept in the address so that a link brings the same part to somebody else.

use std::{cell::RefCell, collections::HashMap};

use wasm_bindgen::JsCast;
use web_sys::{Element, MouseEvent, PointerEvent, WheelEvent};

use super::dom::{by_id, on, on_active, window};

/// Around the figure, as its writer leaves it.
const MARGIN: f64 = 4.0;

#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Part {
    x: f64,
    y: f64,
    w: f64,
    h: f64,
}

#[derive(Default)]
struct State {
    /// The whole figure.
    whole: Part,
    /// What is seen of it; the whole, unless somebody zoomed.
    seen: Option<Part>,
    pointers: HashMap<i32, (f64, f64)>,
    moved: bool,
}

thread_local! {
    static STATE: RefCell<State> = RefCell::default();
}

fn svg() -> Option<Element> {
    by_id("marks")?.parent_element()
}

pub(super) fn start() {
    whole();
    restore();
    let Some(canvas) = by_id("figure") else { return };
    on_active(&canvas, "wheel", |event: WheelEvent| {
        // A wheel alone scrolls the page, as everywhere.
        if event.ctrl_key() || event.meta_key() {
            event.prevent_default();
            zoom_at(
                if event.delta_y() > 0.0 { 1.15 } else { 1.0 / 1.15 },
                event.client_x().into(),
                event.client_y().into(),
            );
        }
    });
    on(&canvas, "pointerdown", |event: PointerEvent| {
        STATE.with_borrow_mut(|state| {
            state.pointers.insert(event.pointer_id(), (event.client_x().into(), event.client_y().into()));
            state.moved = false;
        });
    });
    on_active(&canvas, "pointermove", |event: PointerEvent| moved(&event));
    for end in ["pointerup", "pointercancel", "pointerleave"] {
        on(&canvas, end, |event: PointerEvent| {
            STATE.with_borrow_mut(|state| state.pointers.remove(&event.pointer_id()));
        });
    }
    if let Some(tools) = by_id("tools") {
        on(&tools, "click", |event: MouseEvent| {
            let button = event.target().and_then(|target| target.dyn_into::<Element>().ok());
            match button.and_then(|button| button.get_attribute("data-zoom")).as_deref() {
                Some("in") => step(1.0 / 1.3),
                Some("out") => step(1.3),
                Some("fit") => fit(),
                _ => {}
            }
        });
    }
}

/// Whether the last press turned into a drag, so that its end is no click.
pub(super) fn dragged() -> bool {
    STATE.with_borrow(|state| state.moved)
}

/// The figure is new: takes its size over, and keeps what is seen.
pub(super) fn whole() {
    let Some(svg) = svg() else { return };
    let size = |name: &str| svg.get_attribute(name).and_then(|text| text.parse::<f64>().ok()).unwrap_or(0.0);
    let part = Part { x: -MARGIN, y: -MARGIN, w: size("width"), h: size("height") };
    STATE.with_borrow_mut(|state| state.whole = part);
    show();
}

/// The figure's size changes.
pub(super) fn resize(svg: &Element, width: i32, height: i32) {
    let (w, h) = (f64::from(width) + 2.0 * MARGIN, f64::from(height) + 2.0 * MARGIN);
    let _ = svg.set_attribute("width", &w.to_string());
    let _ = svg.set_attribute("height", &h.to_string());
    whole();
}

pub(super) fn step(factor: f64) {
    if let Some(rect) = svg().map(|svg| svg.get_bounding_client_rect()) {
        zoom_at(factor, rect.left() + rect.width() / 2.0, rect.top() + rect.height() / 2.0);
    }
}

pub(super) fn fit() {
    STATE.with_borrow_mut(|state| state.seen = None);
    show();
    remember();
}

/// Zooms so that what lies under the point stays there.
fn zoom_at(factor: f64, client_x: f64, client_y: f64) {
    let Some(rect) = svg().map(|svg| svg.get_bounding_client_rect()) else { return };
    STATE.with_borrow_mut(|state| {
        let seen = state.seen.unwrap_or(state.whole);
        let w = (seen.w * factor).clamp(120.0, state.whole.w);
        let h = w * state.whole.h / state.whole.w.max(1.0);
        let (fx, fy) =
            ((client_x - rect.left()) / rect.width().max(1.0), (client_y - rect.top()) / rect.height().max(1.0));
        let part = Part { x: seen.x + (seen.w - w) * fx, y: seen.y + (seen.h - h) * fy, w, h };
        state.seen = (w < state.whole.w).then_some(part);
    });
    show();
    remember();
}

fn moved(event: &PointerEvent) {
    let Some(rect) = svg().map(|svg| svg.get_bounding_client_rect()) else { return };
    let now = (f64::from(event.client_x()), f64::from(event.client_y()));
    let pinch = STATE.with_borrow_mut(|state| {
        let before = state.pointers.insert(event.pointer_id(), now)?;
        if event.buttons() == 0 {
            state.pointers.remove(&event.pointer_id());
            return None;
        }
        let (dx, dy) = (now.0 - before.0, now.1 - before.1);
        if dx.abs() + dy.abs() > 2.0 {
            state.moved = true;
        }
        let other = state.pointers.iter().find(|(id, _)| **id != event.pointer_id()).map(|(_, at)| *at);
        match (other, &mut state.seen) {
            (Some(other), _) => {
                let length = |a: (f64, f64)| (a.0 - other.0).hypot(a.1 - other.1).max(1.0);
                Some((length(before) / length(now), f64::midpoint(now.0, other.0), f64::midpoint(now.1, other.1)))
            }
            (None, Some(seen)) => {
                seen.x -= dx * seen.w / rect.width().max(1.0);
                seen.y -= dy * seen.h / rect.height().max(1.0);
                None
            }
            (None, None) => None,
        }
    });
    match pinch {
        Some((factor, x, y)) => {
            event.prevent_default();
            zoom_at(factor, x, y);
        }
        None => {
            show();
            remember();
        }
    }
}

pub(super) fn pan(dx: f64, dy: f64) {
    STATE.with_borrow_mut(|state| {
        if let Some(seen) = &mut state.seen {
            seen.x += dx * seen.w;
            seen.y += dy * seen.h;
        }
    });
    show();
    remember();
}

fn show() {
    let Some(svg) = svg() else { return };
    let part = STATE.with_borrow_mut(|state| {
        let whole = state.whole;
        if let Some(seen) = &mut state.seen {
            seen.x = seen.x.clamp(whole.x, whole.x + whole.w - seen.w);
            seen.y = seen.y.clamp(whole.y, (whole.y + whole.h - seen.h).max(whole.y));
        }
        state.seen.unwrap_or(whole)
    });
    let _ = svg.set_attribute("viewBox", &format!("{:.1} {:.1} {:.1} {:.1}", part.x, part.y, part.w, part.h));
    let zoomed = STATE.with_borrow(|state| state.seen.is_some());
    let _ = svg.class_list().toggle_with_force("zoomed", zoomed);
}

/// Writes what is seen into the address' fragment.
fn remember() {
    let Some(window) = window() else { return };
    let fragment =
        STATE.with_borrow(|state| state.seen.map(|part| format!("#z={:.0},{:.0},{:.0}", part.x, part.y, part.w)));
    let location = window.location();
    let bare = format!("{}{}", location.pathname().unwrap_or_default(), location.search().unwrap_or_default());
    let address = format!("{bare}{}", fragment.unwrap_or_default());
    if let Ok(history) = window.history() {
        let _ = history.replace_state_with_url(&history.state().unwrap_or_default(), "", Some(&address));
    }
}

fn restore() {
    let fragment = window().and_then(|window| window.location().hash().ok()).unwrap_or_default();
    let Some(text) = fragment.strip_prefix("#z=") else { return };
    let numbers: Vec<f64> = text.split(',').filter_map(|number| number.parse().ok()).collect();
    let [x, y, w] = numbers.as_slice() else { return };
    STATE.with_borrow_mut(|state| {
        let w = w.clamp(120.0, state.whole.w);
        let h = w * state.whole.h / state.whole.w.max(1.0);
        state.seen = (w < state.whole.w).then_some(Part { x: *x, y: *y, w, h });
    });
    show();
}
