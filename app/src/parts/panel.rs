//! The panel: all that is known of one thing.

use std::fmt::Write;

use scene::{Health, escaped};

use crate::{
    source::{Facts, Notice},
    texts,
};

/// What stands in its place while nothing is chosen.
pub fn nothing_chosen() -> String {
    format!("<p class=\"hint\">{}</p><p class=\"hint\">{}</p>", texts::NOTHING_CHOSEN, texts::KEYS)
}

/// The panel's content. `query` is the view's, for links; `back` leads to the page without a
/// selection.
pub fn panel(facts: &Facts, query: &str, back: &str) -> String {
    let mut out = String::new();
    let badge = |health: Health| {
        let word = facts.word.as_deref().unwrap_or(health.adjective());
        format!("<span class=\"badge h-{}\">{}</span>", health.word(), escaped(word))
    };
    let health = facts.health.map(badge).unwrap_or_default();
    let _ = write!(
        out,
        "<header><p class=\"kind\">{}</p><a class=\"close\" href=\"{}\" aria-label=\"{}\">×</a><h2 tabindex=\"-1\">{}</h2>{health}</header>",
        escaped(&facts.kind),
        escaped(back),
        texts::CLOSE,
        escaped(&facts.name)
    );
    if !facts.pages.is_empty() {
        out += "<p class=\"pages\">";
        for page in &facts.pages {
            let _ = write!(out, "<a href=\"{}\">{}</a>", escaped(&page.to), escaped(&page.name));
        }
        out += "</p>";
    }
    lines(&mut out, facts, query);
    if !facts.conditions.is_empty() {
        let _ = write!(out, "<h3>{}</h3><ul class=\"conditions\">", texts::CONDITIONS);
        for condition in &facts.conditions {
            let _ = write!(
                out,
                "<li class=\"h-{}\"><strong>{}</strong> {}<br><small>since {}</small></li>",
                condition.health.word(),
                escaped(&condition.kind),
                escaped(&condition.text),
                escaped(&condition.since)
            );
        }
        out += "</ul>";
    }
    events(&mut out, facts);
    if let Some(log) = &facts.log {
        let _ = write!(out, "<h3>{}</h3>", texts::LOG);
        match log {
            Ok(text) if text.is_empty() => {
                let _ = write!(out, "<p>{}</p>", texts::EMPTY_LOG);
            }
            Ok(text) => {
                let _ = write!(
                    out,
                    "<div class=\"tail\" tabindex=\"0\" role=\"region\" aria-label=\"{}\"><pre>{}</pre></div>",
                    texts::LOG,
                    escaped(text)
                );
            }
            Err(why) => out += &refused(why),
        }
    }
    if !facts.purpose.is_empty() {
        let _ = write!(out, "<p class=\"purpose\">{}</p>", escaped(&facts.purpose));
    }
    out
}

fn lines(out: &mut String, facts: &Facts, query: &str) {
    out.push_str("<dl>");
    for line in &facts.lines {
        let value = escaped(&line.value);
        let _ = match &line.opens {
            Some(opens) => {
                // One that begins with `/` is an address already.
                let to = if opens.starts_with('/') { opens.clone() } else { scene::link(opens, query) };
                let to = escaped(&to);
                write!(out, "<dt>{}</dt><dd><a href=\"{to}\">{value}</a></dd>", escaped(&line.name))
            }
            None => write!(out, "<dt>{}</dt><dd>{value}</dd>", escaped(&line.name)),
        };
    }
    out.push_str("</dl>");
}

fn events(out: &mut String, facts: &Facts) {
    let _ = write!(out, "<h3>{}</h3>", texts::EVENTS);
    match &facts.events {
        Err(why) => out.push_str(&refused(why)),
        Ok(events) if events.is_empty() => {
            let _ = write!(out, "<p>{}</p>", texts::NO_EVENTS);
        }
        Ok(events) => {
            out.push_str("<ul class=\"events\">");
            for event in events {
                let times = if event.count > 1 { format!(" ×{}", event.count) } else { String::new() };
                let health = if event.kind == "Warning" { "warn" } else { "done" };
                let _ = write!(
                    out,
                    "<li class=\"h-{health}\"><strong>{}</strong>{times} {}<br><small>{} · {}</small></li>",
                    escaped(&event.reason),
                    escaped(&event.message),
                    escaped(&event.kind),
                    escaped(&event.at)
                );
            }
            out.push_str("</ul>");
        }
    }
}

fn refused(why: &Notice) -> String {
    format!("<p class=\"h-{}\">{} {}</p>", why.health.word(), escaped(&why.what), escaped(&why.todo))
}
