//! A log of any length in a box: only the lines that are seen are in the page, the others are fetched when they are.

use std::{cell::RefCell, rc::Rc};

use wasm_bindgen::JsCast;
use wasm_bindgen_futures::spawn_local;
use web_sys::{Element, Event, HtmlElement};

use super::{
    dom::{after, by_id, document, fetch, on, set_html, set_text, window},
    followed::{self, follow, list, offer},
    notify,
};
use crate::{
    source::{RunNews, RunText},
    texts::deployments as words,
};

/// How high a line is; the style sheet has the same.
const LINE: f64 = 18.0;
/// Lines beyond the seen ones that are kept in the page, above and below.
const MARGIN: u64 = 60;
/// A browser draws no box that is higher.
const HIGHEST: f64 = 15_000_000.0;
/// Changes within so many milliseconds are one.
const GATHERED: i32 = 300;

struct Log {
    base: String,
    total: u64,
    live: bool,
    /// Lines in the page, in order.
    lines: Vec<RunText>,
    /// Whether lines are being fetched.
    busy: bool,
    /// Whether the state is about to be fetched.
    renewing: bool,
    tries: u32,
    marked: u64,
}

type Shared = Rc<RefCell<Log>>;

pub(super) fn start(base: &str, total: u64, live: bool, bottom: bool) {
    // A page without a log has its state alone.
    let list = list();
    let marked = list.as_ref().and_then(|list| list.query_selector("li.at").ok().flatten());
    let marked = marked.and_then(|line| line.id().trim_start_matches('L').parse().ok()).unwrap_or(0);
    let log = Rc::new(RefCell::new(Log {
        base: base.to_owned(),
        total,
        live,
        lines: Vec::new(),
        busy: false,
        renewing: false,
        tries: 0,
        marked,
    }));
    if let Some(list) = list {
        boxed(&log, &list, bottom);
    }
    if live {
        notify::offer();
        connect(&log);
    }
}

/// Puts the log into its box; `bottom` says whether its end is on the page.
fn boxed(log: &Shared, list: &HtmlElement, bottom: bool) {
    let (total, live, marked) = {
        let log = log.borrow();
        (log.total, log.live, log.marked)
    };
    let first = list.query_selector("li").ok().flatten();
    let first: u64 = first.and_then(|line| line.id().trim_start_matches('L').parse().ok()).unwrap_or(1);
    let _ = list.class_list().add_1("boxed");
    offer();
    follow(Some(bottom && live));
    show(log, if bottom { total } else { first.max(marked.saturating_sub(8)) });
    {
        let log = log.clone();
        on(list, "scroll", move |_: Event| scrolled(&log));
    }
    if let Some(following) = by_id("following") {
        let log = log.clone();
        on(&following, "change", move |_: Event| {
            if follow(None) {
                let total = log.borrow().total;
                show(&log, total);
            }
        });
    }
}

/// Pixels a line: fewer than its height where the whole would be too high for a browser.
fn pitch(total: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "no log has 2^52 lines")]
    let total = total.max(1) as f64;
    LINE.min(HIGHEST / total)
}

fn scrolled(log: &Shared) {
    let Some(list) = list() else { return };
    let top = f64::from(list.scroll_top());
    let end = f64::from(list.scroll_height() - list.client_height());
    if top + 2.0 * LINE < end {
        follow(Some(false));
    }
    let (first, last) = seen(&list, log.borrow().total);
    let there = {
        let log = log.borrow();
        let has = |number: u64| log.lines.iter().any(|line| line.number == number);
        has(first) && has(last)
    };
    if !there {
        load(log, first);
    }
}

/// The lines that are seen now.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a number of lines")]
fn seen(list: &HtmlElement, total: u64) -> (u64, u64) {
    let first = (f64::from(list.scroll_top()) / pitch(total)).floor() as u64 + 1;
    let rows = (f64::from(list.client_height()) / LINE).ceil() as u64;
    let first = first.min(total.saturating_sub(rows.min(total)) + 1).max(1);
    (first, (first + rows).min(total.max(1)))
}

/// Brings a line into sight.
fn show(log: &Shared, line: u64) {
    let Some(list) = list() else { return };
    let total = log.borrow().total;
    space(&list, total);
    #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "a place in pixels")]
    let top = ((line.saturating_sub(1)) as f64 * pitch(total)) as i32;
    list.set_scroll_top(top);
    load(log, seen(&list, total).0);
}

/// Fetches the lines around one, and puts them in the place of those that are there.
fn load(log: &Shared, first: u64) {
    if std::mem::replace(&mut log.borrow_mut().busy, true) {
        return;
    }
    let from = first.saturating_sub(MARGIN).max(1);
    let url = format!("{}/lines.json?from={from}&lines={}", log.borrow().base, 3 * MARGIN + 60);
    let log = log.clone();
    spawn_local(async move {
        let fetched: Option<Vec<RunText>> = fetch(&url).await.and_then(|text| serde_json::from_str(&text).ok());
        log.borrow_mut().busy = false;
        let Some(lines) = fetched else { return };
        log.borrow_mut().lines = lines;
        draw(&log);
        // Whoever went on scrolling meanwhile looks elsewhere now.
        scrolled_on(&log);
    });
}

fn scrolled_on(log: &Shared) {
    let Some(list) = list() else { return };
    let (first, last) = seen(&list, log.borrow().total);
    let far = {
        let log = log.borrow();
        let (low, high) =
            (log.lines.first().map_or(0, |line| line.number), log.lines.last().map_or(0, |line| line.number));
        !log.lines.is_empty() && (first < low || last > high.max(last.min(log.total)) || first > high)
    };
    if far {
        load(log, first);
    }
}

fn space(list: &HtmlElement, total: u64) {
    #[expect(clippy::cast_precision_loss, reason = "no log has 2^52 lines")]
    let height = total as f64 * pitch(total);
    let space = by_id("log-space").or_else(|| {
        let space = document()?.create_element("li").ok()?;
        space.set_id("log-space");
        let _ = space.set_attribute("aria-hidden", "true");
        Some(space)
    });
    if let Some(space) = space {
        if let Some(space) = space.dyn_ref::<HtmlElement>() {
            let _ = space.style().set_property("height", &format!("{height}px"));
        }
        let _ = list.append_child(&space);
    }
}

fn draw(log: &Shared) {
    let Some(list) = list() else { return };
    let log = log.borrow();
    let pitch = pitch(log.total);
    list.set_inner_html("");
    space(&list, log.total);
    if let Some(none) = by_id("log-none").filter(|_| !log.lines.is_empty()) {
        none.remove();
    }
    let (top, _) = seen(&list, log.total);
    for line in &log.lines {
        let Some(row) = row(line, log.marked) else { continue };
        // Where lines stand closer than they are high, those that are seen stand below the first of them.
        #[expect(clippy::cast_precision_loss, reason = "a place in pixels")]
        let place = if pitch < LINE {
            (top.saturating_sub(1)) as f64 * pitch + (line.number as f64 - top as f64) * LINE
        } else {
            (line.number - 1) as f64 * LINE
        };
        if let Some(row) = row.dyn_ref::<HtmlElement>() {
            let _ = row.style().set_property("top", &format!("{place}px"));
        }
        let _ = list.append_child(&row);
    }
    if let (Some(first), Some(last)) = (log.lines.first(), log.lines.last()) {
        set_text("log-lines", &words::lines(first.number, last.number, log.total));
    }
}

fn row(line: &RunText, marked: u64) -> Option<Element> {
    let document = document()?;
    let row = document.create_element("li").ok()?;
    row.set_id(&format!("L{}", line.number));
    if line.number == marked {
        row.set_class_name("at");
    }
    let number = document.create_element("a").ok()?;
    let _ = number.set_attribute("href", &format!("?line={0}#L{0}", line.number));
    number.set_text_content(Some(&line.number.to_string()));
    let _ = row.append_child(&number);
    followed::write(&row, &line.text, line.left_out)?;
    Some(row)
}

fn connect(log: &Shared) {
    let path = {
        let log = log.borrow();
        format!("{}/stream?lines={}", log.base, log.total)
    };
    let (told, cut) = (log.clone(), log.clone());
    followed::connect(&path, move |text| heard(&told, text), move || lost(cut));
}

fn heard(log: &Shared, text: &str) {
    log.borrow_mut().tries = 0;
    match serde_json::from_str(text) {
        Ok(RunNews::Lines { total, last }) => grown(log, total, last),
        Ok(RunNews::Changed) => renew(log),
        Ok(RunNews::Alive) | Err(_) => {}
    }
}

fn lost(log: Shared) {
    let (live, tries) = {
        let mut log = log.borrow_mut();
        log.tries = (log.tries + 1).min(6);
        (log.live, log.tries)
    };
    renew(&log);
    if live {
        after(250 << tries, move || connect(&log));
    }
}

fn grown(log: &Shared, total: u64, mut last: Vec<RunText>) {
    let Some(list) = list() else { return };
    let following = follow(None);
    {
        let mut log = log.borrow_mut();
        log.total = total;
        if !following {
            drop(log);
            space(&list, total);
            return;
        }
        let next = log.lines.last().map_or(1, |line| line.number + 1);
        if last.first().is_some_and(|line| line.number <= next) {
            last.retain(|line| line.number >= next);
            log.lines.append(&mut last);
            let beyond = log.lines.len().saturating_sub(usize::try_from(4 * MARGIN).unwrap_or(0));
            log.lines.drain(..beyond);
        } else {
            log.lines = last;
        }
    }
    space(&list, total);
    list.set_scroll_top(list.scroll_height());
    draw(log);
    list.set_scroll_top(list.scroll_height());
}

/// The state is drawn by the server; many changes at once are one.
fn renew(log: &Shared) {
    if std::mem::replace(&mut log.borrow_mut().renewing, true) {
        return;
    }
    let log = log.clone();
    after(GATHERED, move || {
        spawn_local(async move {
            log.borrow_mut().renewing = false;
            let query = window().and_then(|window| window.location().search().ok()).unwrap_or_default();
            let url = format!("{}/part{query}", log.borrow().base);
            let Some(html) = fetch(&url).await else { return };
            let ended = html.contains("data-ended");
            let was_live = log.borrow().live;
            if ended {
                log.borrow_mut().live = false;
            }
            let ends = ended && was_live;
            let inside = document().and_then(|document| document.query_selector("#run :focus").ok().flatten());
            if inside.is_none() {
                set_html("run", &html);
            }
            if ends {
                notify::tell(&html);
            }
        });
    });
}
