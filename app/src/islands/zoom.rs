//! Zoom, pan and fit: the `viewBox` of the figure, moved by wheel, pointer, buttons and keys, and
//! kept in the address so that a link brings the same part to somebody else.

use std::{cell::RefCell, collections::HashMap};

use wasm_bindgen::JsCast;
use web_sys::{Element, MouseEvent, PointerEvent, WheelEvent};

use super::dom::{by_id, on, on_active, window};

/// Around the figure, as its writer leaves it.
const MARGIN: f64 = 4.0;

/// The least that is seen of the figure across, in its own units.
const NARROWEST: f64 = 120.0;

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
    /// Where the last press began.
    pressed: (f64, f64),
    /// Whether that press moved what is seen.
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
            state.pressed = (event.client_x().into(), event.client_y().into());
            state.pointers.insert(event.pointer_id(), state.pressed);
            state.moved = false;
        });
    });
    // A link would be carried away instead of the figure being moved.
    on_active(&canvas, "dragstart", |event: web_sys::Event| event.prevent_default());
    on_active(&canvas, "pointermove", |event: PointerEvent| moved(&event));
    for end in ["pointerup", "pointercancel", "pointerleave"] {
        on(&canvas, end, |event: PointerEvent| {
            STATE.with_borrow_mut(|state| state.pointers.remove(&event.pointer_id()));
        });
    }
    if let Some(tools) = by_id("tools") {
        let _ = tools.remove_attribute("hidden");
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
    let Some((svg, canvas)) = svg().zip(by_id("figure")) else { return };
    let (all, sight) = (svg.get_bounding_client_rect(), canvas.get_bounding_client_rect());
    let begins = STATE.with_borrow_mut(|state| {
        let whole = state.whole;
        let fx = (client_x - all.left()) / all.width().max(1.0);
        let fy = (client_y - all.top()) / all.height().max(1.0);
        // On a narrow screen the whole figure is wider than what is in sight of it: zooming begins with that.
        let share = sight.width() / all.width().max(1.0);
        let begins = state.seen.is_none() && share < 1.0;
        let (seen, fx, fy) = if begins {
            let (w, h) = (whole.w * share, whole.h * share);
            let x = whole.x + whole.w * (sight.left() - all.left()) / all.width().max(1.0);
            let part = Part { x, y: whole.y + whole.h * fy - h / 2.0, w, h };
            (part, (client_x - sight.left()) / sight.width().max(1.0), 0.5)
        } else {
            (state.seen.unwrap_or(whole), fx, fy)
        };
        let w = wide(seen.w * factor, whole);
        let h = w * whole.h / whole.w.max(1.0);
        let part = Part { x: seen.x + (seen.w - w) * fx, y: seen.y + (seen.h - h) * fy, w, h };
        state.seen = (w < whole.w).then_some(part);
        begins
    });
    show();
    remember();
    if begins {
        canvas.scroll_into_view_with_bool(true);
    }
}

/// A part's width: not so small that nothing can be told, nor more than there is.
fn wide(w: f64, whole: Part) -> f64 {
    w.max(NARROWEST).min(whole.w)
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
        let far = (now.0 - state.pressed.0).hypot(now.1 - state.pressed.1) > 4.0;
        state.moved |= far && (state.seen.is_some() || state.pointers.len() > 1);
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
            // The figure may have another size than when this was chosen.
            seen.w = wide(seen.w, whole);
            seen.h = seen.w * whole.h / whole.w.max(1.0);
            seen.x = seen.x.clamp(whole.x, (whole.x + whole.w - seen.w).max(whole.x));
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

/// Shows what the address asks for; the whole when it asks for nothing that can be shown.
pub(super) fn restore() {
    let fragment = window().and_then(|window| window.location().hash().ok()).unwrap_or_default();
    let asked = fragment.strip_prefix("#z=").and_then(part);
    STATE.with_borrow_mut(|state| {
        state.seen = asked.and_then(|(x, y, w)| {
            let w = wide(w, state.whole);
            let h = w * state.whole.h / state.whole.w.max(1.0);
            (w < state.whole.w).then_some(Part { x, y, w, h })
        });
    });
    show();
}

/// Left, top and width.
fn part(text: &str) -> Option<(f64, f64, f64)> {
    let numbers: Vec<f64> = text.split(',').filter_map(|number| number.parse().ok()).collect();
    let [x, y, w] = *numbers.as_slice() else { return None };
    numbers.iter().all(|number| number.is_finite()).then_some((x, y, w))
}
