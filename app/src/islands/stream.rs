//! The line to the server: numbered steps, resumed where it was cut.

use std::{cell::RefCell, rc::Rc};

use web_sys::{CloseEvent, Event, MessageEvent, WebSocket};

use super::{
    dom::{after, on, set_html, set_text, window},
    followed::SILENCE,
    paint,
};
use crate::{parts, source::Message, texts};

struct Line {
    address: String,
    prefix: String,
    epoch: String,
    number: u64,
    /// When the last word came, by the browser's clock.
    heard: f64,
    /// Since when the page is stale, in words; empty while it is live.
    cut: Option<String>,
    tries: u32,
    socket: Option<WebSocket>,
    /// Steps that wait for the next frame.
    waiting: Vec<Message>,
}

type Shared = Rc<RefCell<Line>>;

pub(super) fn start(base: &str, query: &str, prefix: &str, epoch: &str, number: u64) {
    let Some(location) = window().map(|window| window.location()) else { return };
    let scheme = if location.protocol().as_deref() == Ok("https:") { "wss" } else { "ws" };
    let host = location.host().unwrap_or_default();
    let query = if query.is_empty() { String::new() } else { format!("{query}&") };
    let line = Rc::new(RefCell::new(Line {
        address: format!("{scheme}://{host}{base}/stream?{query}"),
        prefix: prefix.to_owned(),
        epoch: epoch.to_owned(),
        number,
        heard: js_sys::Date::now(),
        cut: None,
        tries: 0,
        socket: None,
        waiting: Vec::new(),
    }));
    connect(&line);
    watch(line);
}

fn connect(line: &Shared) {
    let address = {
        let line = line.borrow();
        format!("{}epoch={}&number={}", line.address, line.epoch, line.number)
    };
    let Ok(socket) = WebSocket::new(&address) else { return lost(line) };
    {
        let line = line.clone();
        on(&socket.clone(), "message", move |event: MessageEvent| {
            if let Some(text) = event.data().as_string() {
                receive(&line, &text);
            }
        });
    }
    {
        let (line, mine) = (line.clone(), socket.clone());
        on(&socket.clone(), "close", move |_: CloseEvent| {
            let current = line.borrow().socket.as_ref() == Some(&mine);
            if current {
                lost(&line);
            }
        });
    }
    on(&socket.clone(), "error", |_: Event| {});
    let mut line = line.borrow_mut();
    // Each try has as long as a line that falls silent.
    line.heard = js_sys::Date::now();
    line.socket = Some(socket);
}

/// The line is cut: says so, and tries again, each time a little later, never all at once.
fn lost(line: &Shared) {
    let pause = {
        let mut line = line.borrow_mut();
        line.socket = None;
        line.cut.get_or_insert_with(clock);
        line.tries = (line.tries + 1).min(6);
        let longest = f64::from(250 * (1 << line.tries));
        longest * (0.5 + js_sys::Math::random() / 2.0)
    };
    say(line);
    let line = line.clone();
    #[expect(clippy::cast_possible_truncation, reason = "a few thousand milliseconds")]
    after(pause as i32, move || {
        let idle = line.borrow().socket.is_none();
        if idle {
            connect(&line);
        }
    });
}

fn receive(line: &Shared, text: &str) {
    {
        let mut line = line.borrow_mut();
        line.heard = js_sys::Date::now();
        line.tries = 0;
        line.cut = None;
    }
    let Ok(message) = serde_json::from_str::<Message>(text) else {
        // A server of another version: its pages fit its messages.
        if let Some(window) = window() {
            let _ = window.location().reload();
        }
        return;
    };
    if matches!(message, Message::Alive) {
        return;
    }
    let first = {
        let mut line = line.borrow_mut();
        line.waiting.push(message);
        line.waiting.len() == 1
    };
    if first {
        let painted = line.clone();
        leptos::prelude::request_animation_frame(move || paint_waiting(&painted));
        // A hidden page gets no frames, and neither does a frame of a portal that is out of sight. Both must not pile up
        // steps.
        let again = line.clone();
        after(1_000, move || paint_waiting(&again));
    }
}

fn paint_waiting(line: &Shared) {
    let (messages, prefix) = {
        let mut line = line.borrow_mut();
        (std::mem::take(&mut line.waiting), line.prefix.clone())
    };
    for message in messages {
        match message {
            Message::Whole { page } => {
                paint::whole(&page.scene, &prefix);
                set_html("sentence", &parts::sentence(&page.sentence, &prefix));
                set_html("notices", &parts::notices(&page.notices));
                let mut line = line.borrow_mut();
                line.epoch = page.version.epoch.to_string();
                line.number = page.version.number;
            }
            Message::Step { number, patch, sentence, notices } => {
                if number <= line.borrow().number {
                    continue;
                }
                if number != line.borrow().number + 1 || paint::step(&patch, &prefix).is_none() {
                    start_over(line);
                    return;
                }
                if let Some(sentence) = sentence {
                    set_html("sentence", &parts::sentence(&sentence, &prefix));
                }
                if let Some(notices) = notices {
                    set_html("notices", &parts::notices(&notices));
                }
                line.borrow_mut().number = number;
            }
            Message::Beside { html } => {
                // Whoever is in it with the keyboard is not thrown out.
                let inside =
                    super::dom::document().and_then(|page| page.query_selector("#overview :focus").ok().flatten());
                if inside.is_none() {
                    set_html("overview", &html);
                }
            }
            Message::Alive => {}
        }
    }
    say(line);
}

/// What the page shows is not what the server thinks: asks for a whole one.
fn start_over(line: &Shared) {
    let socket = {
        let mut line = line.borrow_mut();
        line.epoch = "0".into();
        line.waiting.clear();
        line.socket.take()
    };
    if let Some(socket) = socket {
        let _ = socket.close();
    }
    lost(line);
}

/// Looks once a second whether the line still lives, and says so.
fn watch(line: Shared) {
    say(&line);
    let silent = js_sys::Date::now() - line.borrow().heard > SILENCE;
    let socket = if silent { line.borrow_mut().socket.take() } else { None };
    if let Some(socket) = socket {
        let _ = socket.close();
        lost(&line);
    }
    after(1_000, move || watch(line));
}

fn say(line: &Shared) {
    let line = line.borrow();
    match &line.cut {
        Some(since) => {
            set_text("pulse", &texts::no_news(since));
            class("stale");
        }
        None => {
            set_text("pulse", texts::LIVE);
            class("live");
        }
    }
}

fn class(name: &str) {
    if let Some(pulse) = super::dom::by_id("pulse") {
        let _ = pulse.set_attribute("class", &format!("pulse {name}"));
    }
}

/// The browser's time of day.
fn clock() -> String {
    let now = js_sys::Date::new_0();
    format!("{:02}:{:02}:{:02}", now.get_hours(), now.get_minutes(), now.get_seconds())
}
