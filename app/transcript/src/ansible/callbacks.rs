//! Records of callbacks other than Ansible's own: `unixy`, `oneline` and `minimal`.
//!
//! `unixy` names plays and tasks in its own way. `oneline` and `minimal` name neither, and sum nothing up: each host's
//! results are tasks without a name. `json` is read by [`super::json`], and `dense` writes nothing into a log.

use super::said::{Outcome, Said, State};

/// How a run's callback writes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Style {
    /// As the default callback, and those that are made from it.
    #[default]
    Usual,
    /// As `unixy`.
    Unixy,
    /// As `oneline` and `minimal`.
    Bare,
    /// As `json`, which prints one object at the end.
    Json,
}

/// What a record says that the default callback would not write, where it is one of these. `known` is the style of
/// its run, none where it has no run yet.
pub(super) fn said(text: &str, known: Option<Style>) -> Option<(Style, Said<'_>)> {
    if known.is_none_or(|style| style == Style::Unixy)
        && let Some(name) = play(text)
    {
        return Some((Style::Unixy, Said::Play(name)));
    }
    match known {
        Some(Style::Unixy) => unixy(text).map(|said| (Style::Unixy, said)),
        None | Some(Style::Bare) => bare(text).map(|outcome| (Style::Bare, Said::Result(outcome))),
        Some(Style::Usual | Style::Json) => None,
    }
}

/// Whether a record is the first of a run by one of these.
pub(crate) fn begins(text: &str) -> bool {
    text == "{" || play(text).is_some() || bare(text).is_some()
}

/// `- NAME on hosts: PATTERN -`.
fn play(text: &str) -> Option<&str> {
    let (name, hosts) = text.trim_end().strip_prefix("- ")?.split_once(" on hosts: ")?;
    hosts.ends_with(" -").then_some(name)
}

fn unixy(text: &str) -> Option<Said<'_>> {
    if text.starts_with("- Play recap -") {
        return Some(Said::RecapBegins);
    }
    // One or two spaces stand before a record's text, by the version; results are indented by two more.
    let indented = text.trim_start();
    if indented.len() == text.len() {
        let name = text.trim_end().strip_suffix("...")?;
        return match name.strip_suffix(" (via handler)") {
            Some(name) => Some(Said::Task { name, handler: true }),
            None => (!name.is_empty()).then_some(Said::Task { name, handler: false }),
        };
    }
    if indented.starts_with("Retrying... (") {
        return Some(Said::Retrying { host: None });
    }
    let (host, mut rest) = indented.split_once(' ')?;
    let mut to = None;
    if let Some(delegated) = rest.strip_prefix("-> ") {
        let (name, after) = delegated.split_once(' ')?;
        (to, rest) = (Some(name).filter(|name| *name != host), after);
    }
    let end = rest.find([' ', ':']).unwrap_or(rest.len());
    let state = match &rest[..end] {
        "ok" => State::Ok,
        "done" => State::Changed,
        "skipped" => State::Skipped,
        "ignored" => State::Ignored,
        "failed" => State::Failed,
        "unreachable" => State::Unreachable,
        _ => return None,
    };
    let rest = rest[end..].trim_start_matches([':', ' ']);
    // Parts of it are `msg: … | stdout: … | stderr: …` behind bars; the message tells most.
    let message = rest.strip_prefix("| msg: ").map(|rest| rest.split(" | std").next().unwrap_or(rest));
    let detail = message.unwrap_or_else(|| rest.trim_start_matches("| "));
    Some(Said::Result(Outcome { state, host, to, item: false, detail }))
}

/// `HOST | STATE => …`, `HOST | STATE | rc=0 | …`, `HOST | STATE!: …`.
fn bare(text: &str) -> Option<Outcome<'_>> {
    let (host, rest) = text.split_once(" | ")?;
    if host.is_empty() || host.contains([' ', '\t', '"', '{', '=']) {
        return None;
    }
    let end = rest.find([' ', ':']).unwrap_or(rest.len());
    let state = match rest[..end].trim_end_matches('!') {
        "SUCCESS" => State::Ok,
        "CHANGED" => State::Changed,
        "SKIPPED" => State::Skipped,
        "FAILED" => State::Failed,
        "UNREACHABLE" => State::Unreachable,
        _ => return None,
    };
    let detail = rest[end..].trim_start_matches([':', ' ', '|']);
    Some(Outcome { state, host, to: None, item: false, detail: detail.strip_prefix("=> ").unwrap_or(detail) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn result(style: Style, text: &str) -> Option<(State, &str, Option<&str>, &str)> {
        match said(text, Some(style)) {
            Some((_, Said::Result(outcome))) => Some((outcome.state, outcome.host, outcome.to, outcome.detail)),
            _ => None,
        }
    }

    #[test]
    fn results_of_unixy_are_told_with_their_message() {
        let read = |text| result(Style::Unixy, text);
        assert_eq!(read("  host1 done"), Some((State::Changed, "host1", None, "")));
        assert_eq!(
            read("  host1 failed | msg: no route | stderr: x"),
            Some((State::Failed, "host1", None, "no route"))
        );
        assert_eq!(read("  h -> b ok"), Some((State::Ok, "h", Some("b"), "")));
        assert_eq!(read("  host1 failed: {"), Some((State::Failed, "host1", None, "{")));
        assert_eq!(read("  Ran out of hosts!"), None);
        assert_eq!(read("  host1 was seen"), None);
    }

    #[test]
    fn results_without_plays_are_told_by_their_bar() {
        let read = |text| result(Style::Bare, text);
        assert_eq!(read("h | CHANGED | rc=0 | (stdout) a"), Some((State::Changed, "h", None, "rc=0 | (stdout) a")));
        assert_eq!(read(r#"h | FAILED! => {"msg": "x"}"#), Some((State::Failed, "h", None, r#"{"msg": "x"}"#)));
        assert_eq!(read("h | UNREACHABLE!: timed out"), Some((State::Unreachable, "h", None, "timed out")));
        assert_eq!(read("h | SKIPPED"), Some((State::Skipped, "h", None, "")));
        assert_eq!(read("ls | wc -l"), None);
        assert_eq!(read("a b | SUCCESS"), None);
    }

    #[test]
    fn a_run_of_the_default_callback_is_read_by_it_alone() {
        for text in ["h | FAILED! => {}", "  host1 failed", "name...", "- x on hosts: y -"] {
            assert_eq!(said(text, Some(Style::Usual)), None, "{text}");
        }
        assert_eq!(said("prepare...", None), None, "no run of unixy is known");
        assert_eq!(said("- x on hosts: y -", None), Some((Style::Unixy, Said::Play("x"))));
    }
}
