//! What all logs that are followed have: a list of lines, a box to tick that keeps its end in sight, a line to the server.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use wasm_bindgen::JsCast;
use web_sys::{CloseEvent, Element, Event, HtmlElement, HtmlInputElement, MessageEvent, WebSocket};

use super::dom::{after, by_id, document, on, window};

/// Without a word for so many milliseconds, a line counts as cut; the server says something every 5 s.
pub(super) const SILENCE: f64 = 12_000.0;

/// The list of the lines.
pub(super) fn list() -> Option<HtmlElement> {
    by_id("lines")?.dyn_into().ok()
}

/// Shows the box to tick, which does nothing without a script.
pub(super) fn offer() {
    if let Some(label) = document().and_then(|document| document.query_selector(".following").ok().flatten()) {
        let _ = label.remove_attribute("hidden");
    }
}

/// Whether the end is followed, and sets it.
pub(super) fn follow(set: Option<bool>) -> bool {
    let Some(input) = by_id("following").and_then(|input| input.dyn_into::<HtmlInputElement>().ok()) else {
        return false;
    };
    if let Some(set) = set {
        input.set_checked(set);
    }
    input.checked()
}

/// Adds a line's text to its row, and how many bytes of it are missing.
pub(super) fn write(row: &Element, text: &str, left_out: u64) -> Option<()> {
    let document = document()?;
    let code = document.create_element("code").ok()?;
    code.set_text_content(Some(text));
    let _ = row.append_child(&code);
    if left_out > 0 {
        let more = document.create_element("small").ok()?;
        more.set_text_content(Some(&format!(" … {left_out} bytes more")));
        let _ = row.append_child(&more);
    }
    Some(())
}

struct Line {
    socket: WebSocket,
    /// When the last word came, by the browser's clock.
    heard: Cell<f64>,
    /// What to do when the line is cut; none once it was.
    cut: RefCell<Option<Box<dyn FnOnce()>>>,
}

/// Opens a line to the server at a path of ours. `heard` gets each message; `cut` is called once, when the line ends or
/// falls silent: a network that went away closes nothing.
pub(super) fn connect(path: &str, mut heard: impl FnMut(&str) + 'static, cut: impl FnOnce() + 'static) {
    let Some(location) = window().map(|window| window.location()) else { return };
    let scheme = if location.protocol().as_deref() == Ok("https:") { "wss" } else { "ws" };
    let host = location.host().unwrap_or_default();
    let Ok(socket) = WebSocket::new(&format!("{scheme}://{host}{path}")) else { return cut() };
    let cut: Box<dyn FnOnce()> = Box::new(cut);
    let line = Rc::new(Line { socket, heard: Cell::new(js_sys::Date::now()), cut: RefCell::new(Some(cut)) });
    {
        let line = line.clone();
        on(&line.socket.clone(), "message", move |event: MessageEvent| {
            line.heard.set(js_sys::Date::now());
            let open = line.cut.borrow().is_some();
            if let Some(text) = event.data().as_string().filter(|_| open) {
                heard(&text);
            }
        });
    }
    {
        let line = line.clone();
        on(&line.socket.clone(), "close", move |_: CloseEvent| end(&line));
    }
    on(&line.socket, "error", |_: Event| {});
    watch(line);
}

fn end(line: &Line) {
    let act = line.cut.take();
    if let Some(act) = act {
        act();
    }
}

/// Looks once a second whether the line still lives.
fn watch(line: Rc<Line>) {
    if line.cut.borrow().is_none() {
        return;
    }
    if js_sys::Date::now() - line.heard.get() > SILENCE {
        let _ = line.socket.close();
        return end(&line);
    }
    after(1_000, move || watch(line));
}
