//! Lines of a log that is followed: as many as a page bears, the oldest go first.

use std::{cell::RefCell, rc::Rc};

use web_sys::{Element, Event};

use super::{
    dom::{after, by_id, document, on, set_text},
    followed::{self, follow, list, offer},
};
use crate::{
    source::{LogNews, LogText},
    texts::objects as words,
};

/// Lines that a page holds.
const MOST: u32 = 3_000;
/// Pixels from the end within which whoever reads is at the end.
const NEAR: i32 = 40;

struct Followed {
    base: String,
    query: String,
    last: String,
    stamps: bool,
    tries: u32,
    /// A log that cannot be followed is asked for more seldom.
    patient: bool,
}

type Shared = Rc<RefCell<Followed>>;

pub(super) fn start(base: &str, query: &str, last: &str, stamps: bool) {
    let followed = Followed {
        base: base.to_owned(),
        query: query.to_owned(),
        last: last.to_owned(),
        stamps,
        tries: 0,
        patient: false,
    };
    let Some(list) = list() else { return };
    let _ = list.class_list().add_1("boxed-tail");
    offer();
    list.set_scroll_top(list.scroll_height());
    // Whoever scrolls up wants to read, and not to be taken to the end.
    on(&list, "scroll", |_: Event| {
        if let Some(list) = followed::list() {
            let end = list.scroll_height() - list.client_height();
            follow(Some(list.scroll_top() + NEAR >= end));
        }
    });
    if let Some(following) = by_id("following") {
        on(&following, "change", |_: Event| {
            if let Some(list) = followed::list().filter(|_| follow(None)) {
                list.set_scroll_top(list.scroll_height());
            }
        });
    }
    connect(&Rc::new(RefCell::new(followed)));
}

fn say(text: &str, live: bool) {
    set_text("tail-state", text);
    if let Some(state) = by_id("tail-state") {
        let _ = state.class_list().toggle_with_force("live", live);
    }
}

fn connect(followed: &Shared) {
    let path = {
        let followed = followed.borrow();
        format!("{}/stream?{}&after={}", followed.base, followed.query, scene::encoded(&followed.last))
    };
    let (told, cut) = (followed.clone(), followed.clone());
    followed::connect(&path, move |text| heard(&told, serde_json::from_str(text).ok()), move || lost(cut));
}

fn lost(followed: Shared) {
    let (patient, wait) = {
        let mut followed = followed.borrow_mut();
        followed.tries = (followed.tries + 1).min(6);
        (followed.patient, if followed.patient { 5_000 } else { 250 << followed.tries })
    };
    if !patient {
        say(words::LOG_LOST, false);
    }
    after(wait, move || connect(&followed));
}

fn heard(followed: &Shared, news: Option<LogNews>) {
    let Some(news) = news else { return };
    {
        let mut followed = followed.borrow_mut();
        followed.patient = matches!(news, LogNews::Ended | LogNews::Refused(_));
        followed.tries = 0;
    }
    match news {
        LogNews::Lines { skipped, lines } => {
            say(words::LOG_LIVE, true);
            grown(followed, skipped, &lines);
        }
        LogNews::Alive => say(words::LOG_LIVE, true),
        LogNews::Ended => say(words::LOG_ENDED, false),
        LogNews::Refused(why) => say(&why, false),
    }
}

fn grown(followed: &Shared, skipped: Option<u64>, lines: &[LogText]) {
    let (Some(list), Some(document)) = (list(), document()) else { return };
    if let Some(none) = by_id("log-none") {
        none.remove();
    }
    let stamps = followed.borrow().stamps;
    let fragment = document.create_document_fragment();
    if skipped != Some(0)
        && let Ok(row) = document.create_element("li")
    {
        row.set_class_name("skipped");
        row.set_text_content(Some(&words::skipped(skipped)));
        let _ = fragment.append_child(&row);
    }
    for line in lines {
        if let Some(row) = row(line, stamps) {
            let _ = fragment.append_child(&row);
        }
    }
    if let Some(last) = lines.iter().rev().find(|line| !line.at.is_empty()) {
        followed.borrow_mut().last.clone_from(&last.at);
    }
    let _ = list.append_child(&fragment);
    let mut beyond = list.child_element_count().saturating_sub(MOST);
    let following = follow(None);
    let before = list.scroll_height();
    while beyond > 0 {
        if let Some(first) = list.first_element_child() {
            first.remove();
        }
        beyond -= 1;
    }
    if following {
        list.set_scroll_top(list.scroll_height());
    } else {
        // What is read stays where it is, although lines above it go.
        list.set_scroll_top(list.scroll_top() - (before - list.scroll_height()));
    }
}

fn row(line: &LogText, stamps: bool) -> Option<Element> {
    let document = document()?;
    let row = document.create_element("li").ok()?;
    if stamps && !line.at.is_empty() {
        let at = document.create_element("time").ok()?;
        at.set_text_content(Some(&line.at));
        let _ = row.append_child(&at);
    }
    followed::write(&row, &scene::readable(&line.text), line.left_out)?;
    Some(row)
}
