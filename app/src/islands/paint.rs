//! Patches to the page: marks are found by id, and changed, put or taken away.

use scene::{Mark, Op, Patch, Scene, mark_svg, own_svg};
use wasm_bindgen::JsCast;
use web_sys::Element;

use super::dom::{by_id, document, set_html};

/// The whole figure anew.
pub(super) fn whole(scene: &Scene, prefix: &str) {
    set_html("figure", &scene::figure(scene, prefix));
    super::keys::roving(None);
    super::zoom::whole();
    super::pick::mark_selected();
    super::pick::renew();
}

/// One step. `None` when the page lacks a mark that it speaks of: then a whole one is needed.
pub(super) fn step(patch: &Patch, prefix: &str) -> Option<()> {
    let focused = document()?.active_element().and_then(|element| element.parent_element()).map(|mark| mark.id());
    for op in &patch.ops {
        match op {
            Op::Gone(id) => {
                let element = by_id(&format!("m:{id}"))?;
                let inside = element.query_selector(".selected").ok().flatten();
                if inside.is_some() || element.class_list().contains("selected") {
                    super::pick::renew();
                }
                element.remove();
            }
            Op::Set(mark) => set(mark, prefix)?,
            Op::Put { mark, after } => put(mark, after.as_ref(), prefix)?,
        }
    }
    super::keys::stop();
    if let Some((title, _, width, height)) = &patch.canvas {
        let svg = by_id("marks")?.parent_element()?;
        let _ = svg.set_attribute("aria-label", title);
        super::zoom::resize(&svg, *width, *height);
    }
    // A mark whose own part was exchanged loses the focus that it had.
    if let Some(mark) = focused.filter(|id| id.starts_with("m:")).and_then(|id| by_id(&id)) {
        let lost = document()?.active_element().is_none_or(|element| element.tag_name() == "BODY");
        if let Some(own) = mark.first_element_child().filter(|_| lost) {
            super::dom::focus(&own);
        }
    }
    Some(())
}

fn set(mark: &Mark, prefix: &str) -> Option<()> {
    let element = by_id(&mark.dom_id())?;
    let own = element.first_element_child()?;
    let stop = own.get_attribute("tabindex");
    own.set_outer_html(&own_svg(mark, prefix));
    if let (Some(own), Some(stop)) = (element.first_element_child(), stop) {
        let _ = own.set_attribute("tabindex", &stop);
    }
    dress(&element, mark);
    Some(())
}

fn dress(element: &Element, mark: &Mark) {
    let selected = element.class_list().contains("selected");
    let _ = element.set_attribute("class", &mark.class());
    if selected {
        super::pick::renew();
        let _ = element.class_list().add_1("selected");
    }
    let _ = element.set_attribute("transform", &mark.transform());
}

fn put(mark: &Mark, after: Option<&scene::Id>, prefix: &str) -> Option<()> {
    let parent = match &mark.parent {
        Some(parent) => by_id(&format!("m:{parent}"))?,
        None => by_id("marks")?,
    };
    let element = match by_id(&mark.dom_id()) {
        Some(element) => {
            set(mark, prefix)?;
            element
        }
        None => {
            parent.insert_adjacent_html("beforeend", &mark_svg(mark, prefix)).ok()?;
            let element = parent.last_element_child()?;
            if let Some(own) = element.first_element_child() {
                let _ = own.set_attribute("tabindex", "-1");
            }
            super::pick::mark_if_selected(&element);
            element
        }
    };
    let before = match after {
        Some(after) => by_id(&format!("m:{after}"))?.next_sibling(),
        // A mark's own part comes before its children.
        None if mark.parent.is_some() => parent.first_element_child()?.next_sibling(),
        None => parent.first_child(),
    };
    if before.as_ref() != Some(element.unchecked_ref()) {
        parent.insert_before(&element, before.as_ref()).ok()?;
    }
    Some(())
}
