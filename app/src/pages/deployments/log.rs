//! A part of a log, by lines, with the ways to the other parts.

use leptos::prelude::*;

use super::{LogLine, LogWindow};
use crate::texts::deployments as words;

/// How many lines a page shows.
const SHOWN: u64 = 200;

/// The log's section. `base` is the run's path.
pub(super) fn log(base: &str, log: &LogWindow) -> AnyView {
    let first = log.lines.first().map_or(0, |line| line.number);
    let last = log.lines.last().map_or(0, |line| line.number);
    let to =
        |line: u64, text: &'static str, on: bool| on.then(|| view! { <a href=format!("?line={line}#log")>{text}</a> });
    let next = log.at.filter(|_| !log.sought.is_empty() && !log.not_found).map(|at| {
        view! { <a href=format!("?q={}&line={}#log", scene::encoded(&log.sought), at + 1)>{words::NEXT_HIT}</a> }
    });
    let none = log.lines.is_empty().then(|| {
        let why = match (log.withheld, log.forgotten) {
            (true, _) => words::LOG_WITHHELD,
            (false, true) => words::LOG_FORGOTTEN,
            (false, false) => words::LOG_EMPTY,
        };
        view! { <p class="hint bar" id="log-none">{why}</p> }
    });
    let not_found = log.not_found.then(|| view! { <p class="hint bar" role="status">{words::FOUND_NOTHING}</p> });
    let lines = log.lines.iter().map(|line| self::line(line, log.at)).collect_view();
    view! {
        <section class="card log" id="log" aria-labelledby="t-log">
            <h2 id="t-log">{words::LOG}" "<small id="log-lines">{words::lines(first, last, log.total)}</small></h2>
            <form class="filters bar" method="get" action=format!("{base}#log") role="search" aria-label=words::SEARCH_LOG>
                <input type="search" name="q" value=log.sought.clone() aria-label=words::SEARCH_LOG placeholder=words::SEARCH_LOG />
                <button type="submit">{words::SEARCH_LOG}</button>
                {next}
                {to(1, words::BEGIN, first > 1)}
                {to(first.saturating_sub(SHOWN).max(1), words::EARLIER, first > 1)}
                {to(last + 1, words::LATER, last < log.total)}
                {to(log.total, words::END, last < log.total)}
                <label class="following" hidden><input type="checkbox" id="following" />" "{words::FOLLOWING}</label>
                <a href=format!("{base}/log.txt")>{words::DOWNLOAD}</a>
            </form>
            {not_found}{none}
            <ol class="lines" id="lines" tabindex="0" aria-label=words::LOG>{lines}</ol>
        </section>
    }
    .into_any()
}

fn line(line: &LogLine, at: Option<u64>) -> AnyView {
    let number = line.number;
    let class = match (at == Some(number), line.hit) {
        (true, _) => Some("at"),
        (_, true) => Some("hit"),
        _ => None,
    };
    let more = (line.left_out > 0).then(|| view! { <small>{format!(" … {} bytes more", line.left_out)}</small> });
    view! {
        <li id=format!("L{number}") class=class><a href=format!("?line={number}#L{number}")>{number}</a><code>{line.text.clone()}</code>{more}</li>
    }
    .into_any()
}
