//! Choosing a mark: its panel is fetched and the address follows, without a new page.

use std::cell::RefCell;

use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::spawn_local;
use web_sys::{Element, Event, MouseEvent, UrlSearchParams};

use super::dom::{after, by_id, document, fetch, focus, on, set_html, window};
use crate::texts;

#[derive(Default)]
struct State {
    base: String,
    prefix: String,
    selection: String,
    /// Whether the panel is about to be written anew.
    renewing: bool,
}

/// From a change of what is chosen to its panel, in milliseconds.
const RENEWAL: i32 = 500;

thread_local! {
    static STATE: RefCell<State> = RefCell::default();
}

pub(super) fn start(base: &str, prefix: &str, selection: &str) {
    STATE.set(State { base: base.into(), prefix: prefix.into(), selection: selection.into(), renewing: false });
    mark_selected();
    if let Some(form) = by_id("filters") {
        let _ = form.class_list().add_1("scripted");
        on(&form.clone(), "change", move |_: Event| {
            let _ = form.unchecked_ref::<web_sys::HtmlFormElement>().submit();
        });
    }
    let Some(document) = document() else { return };
    on(&document, "click", |event: MouseEvent| clicked(&event));
    if let Some(window) = window() {
        on(&window, "popstate", |_: Event| follow_address());
    }
}

/// A plain click on a link that only chooses something is answered here; every other click goes
/// its way.
fn clicked(event: &MouseEvent) {
    if event.button() != 0 || event.ctrl_key() || event.meta_key() || event.shift_key() || event.alt_key() {
        return;
    }
    let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
    let Some(link) = target.and_then(|target| target.closest("a[href]").ok().flatten()) else { return };
    if link.closest("#figure").ok().flatten().is_some() && super::zoom::dragged() {
        event.prevent_default();
        return;
    }
    let href = link.get_attribute("href").unwrap_or_default();
    let prefix = STATE.with_borrow(|state| state.prefix.clone());
    let closes = link.class_list().contains("close");
    let Some(selection) = href.strip_prefix(prefix.as_str()).and_then(selected) else {
        if closes {
            event.prevent_default();
            close();
        }
        return;
    };
    event.prevent_default();
    choose(&selection, true);
}

/// What a query chooses; `None` when it does anything else as well.
fn selected(rest: &str) -> Option<String> {
    let value = rest.strip_prefix("sel=")?;
    let params = UrlSearchParams::new_with_str(&format!("sel={value}")).ok()?;
    params.get("sel").filter(|_| !value.contains('&'))
}

/// Fetches what is known of a thing and shows it.
pub(super) fn choose(selection: &str, push: bool) {
    let prefix = STATE.with_borrow_mut(|state| {
        state.selection = selection.to_owned();
        state.prefix.clone()
    });
    mark_selected();
    if push {
        address(&format!("{prefix}sel={}", scene::encoded(selection)));
    }
    super::parent::selected(selection);
    spawn_local(async {
        fill().await;
        if let Some(heading) = document().and_then(|document| document.query_selector("#panel h2").ok().flatten()) {
            focus_quietly(&heading);
        }
    });
}

/// Writes the panel of what is chosen.
async fn fill() {
    let (base, prefix, wanted) =
        STATE.with_borrow(|state| (state.base.clone(), state.prefix.clone(), state.selection.clone()));
    if wanted.is_empty() {
        return;
    }
    let url = format!("{base}/panel{prefix}sel={}", scene::encoded(&wanted));
    let html = fetch(&url).await;
    // Somebody may have chosen something else meanwhile.
    if STATE.with_borrow(|state| state.selection == wanted) {
        set_html("panel", &html.unwrap_or_else(|| format!("<p class=\"hint\">{}</p>", texts::TRYING)));
    }
}

/// What is chosen looks different, or is gone: its panel is written anew, soon and once for many
/// changes, unless somebody walks in it with the keyboard.
pub(super) fn renew() {
    if STATE.with_borrow_mut(|state| std::mem::replace(&mut state.renewing, true)) {
        return;
    }
    after(RENEWAL, || {
        STATE.with_borrow_mut(|state| state.renewing = false);
        let inside = document().and_then(|document| document.query_selector("#panel :focus").ok().flatten());
        if inside.is_none() {
            spawn_local(fill());
        }
    });
}

fn focus_quietly(heading: &Element) {
    // On a narrow screen the panel stands below the figure: bring it into sight.
    let narrow = window()
        .and_then(|window| window.inner_width().ok())
        .and_then(|width| width.as_f64())
        .is_some_and(|width| width < 900.0);
    if narrow {
        focus(heading);
    }
}

/// Closes the panel.
pub(super) fn close() {
    let (before, prefix) = STATE.with_borrow_mut(|state| (std::mem::take(&mut state.selection), state.prefix.clone()));
    if before.is_empty() {
        return;
    }
    super::parent::selected("");
    mark_selected();
    set_html("panel", &crate::parts::nothing_chosen());
    address(prefix.trim_end_matches('&'));
}

/// Outlines a mark that came into the figure when it is what was chosen.
pub(super) fn mark_if_selected(mark: &Element) {
    let (prefix, selection) = STATE.with_borrow(|state| (state.prefix.clone(), state.selection.clone()));
    let own = mark.first_element_child().and_then(|own| own.get_attribute("href"));
    if !selection.is_empty() && own == Some(scene::link(&selection, &prefix)) {
        let _ = mark.class_list().add_1("selected");
    }
}

/// Outlines what is chosen, wherever the figure shows it.
pub(super) fn mark_selected() {
    let Some(document) = document() else { return };
    if let Ok(Some(before)) = document.query_selector("#figure .selected") {
        let _ = before.class_list().remove_1("selected");
    }
    let (prefix, selection) = STATE.with_borrow(|state| (state.prefix.clone(), state.selection.clone()));
    if selection.is_empty() {
        return;
    }
    let href = scene::link(&selection, &prefix);
    let Ok(links) = document.query_selector_all("#figure a.own") else { return };
    for n in 0..links.length() {
        let Some(link) = links.get(n).and_then(|node| node.dyn_into::<Element>().ok()) else { continue };
        if link.get_attribute("href").as_deref() == Some(&href) {
            if let Some(mark) = link.parent_element() {
                let _ = mark.class_list().add_1("selected");
            }
            return;
        }
    }
}

fn address(query: &str) {
    let Some(window) = window() else { return };
    let fragment = window.location().hash().unwrap_or_default();
    let path = window.location().pathname().unwrap_or_default();
    if let Ok(history) = window.history() {
        let _ = history.push_state_with_url(&JsValue::NULL, "", Some(&format!("{path}{query}{fragment}")));
    }
}

/// Back and forward in the browser.
fn follow_address() {
    super::zoom::restore();
    let search = window().and_then(|window| window.location().search().ok()).unwrap_or_default();
    let chosen = UrlSearchParams::new_with_str(&search).ok().and_then(|params| params.get("sel"));
    match chosen {
        Some(selection) => choose(&selection, false),
        None => {
            STATE.with_borrow_mut(|state| state.selection.clear());
            super::parent::selected("");
            mark_selected();
            set_html("panel", &crate::parts::nothing_chosen());
        }
    }
}
