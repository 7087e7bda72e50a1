//! What one record of an Ansible log says.

/// Who wrote a record, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Prefix {
    /// The writer's clock, in milliseconds, its zone unknown.
    pub at: i64,
    pub pid: u32,
}

/// Parts `2026-11-23 16:16:11,413 p=14445 u=root |  text`; newer ones add `n=ansible INFO` before the bar.
pub(crate) fn prefix(line: &str) -> Option<(Prefix, &str)> {
    let bytes = line.as_bytes();
    if bytes.len() < 30 || bytes[4] != b'-' || bytes[10] != b' ' || bytes[19] != b',' || &bytes[23..26] != b" p=" {
        return None;
    }
    let number = |from: usize, to: usize| -> Option<i16> { line.get(from..to)?.parse().ok() };
    let small = |from: usize, to: usize| -> Option<i8> { line.get(from..to)?.parse().ok() };
    let time = jiff::civil::DateTime::new(
        number(0, 4)?,
        small(5, 7)?,
        small(8, 10)?,
        small(11, 13)?,
        small(14, 16)?,
        small(17, 19)?,
        i32::from(number(20, 23)?) * 1_000_000,
    )
    .ok()?;
    let at = time.duration_since(jiff::civil::DateTime::constant(1970, 1, 1, 0, 0, 0, 0)).as_millis();
    let rest = &line[26..];
    let (pid, rest) = rest.split_once(' ')?;
    // A bar that belongs to the text stands further off than user and level ever reach.
    let bar = rest.as_bytes().iter().take(120).position(|byte| *byte == b'|')?;
    if !rest.starts_with("u=") {
        return None;
    }
    let text = &rest[bar + 1..];
    let text = text.strip_prefix("  ").or_else(|| text.strip_prefix(' ')).unwrap_or(text);
    Some((Prefix { at: i64::try_from(at).ok()?, pid: pid.parse().ok()? }, text))
}

/// How a task went on a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// It had nothing to do there.
    Skipped,
    /// All was as it should be.
    Ok,
    /// It changed something.
    Changed,
    /// It failed, and the play was told not to mind.
    Ignored,
    /// It failed, and the play had an answer to that.
    Rescued,
    /// It failed.
    Failed,
    /// The host did not answer.
    Unreachable,
}

/// Counts of one host at the end of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[expect(missing_docs, reason = "each is Ansible's own word for its count")]
pub struct Recap {
    pub host: String,
    pub ok: u32,
    pub changed: u32,
    pub unreachable: u32,
    pub failed: u32,
    pub skipped: u32,
    pub rescued: u32,
    pub ignored: u32,
    /// Whether `rescued` is a count of its own.
    #[serde(skip)]
    pub(super) tells_rescued: bool,
}

/// What a record says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Said<'a> {
    Play(&'a str),
    Task { name: &'a str, handler: bool },
    Result(Outcome<'a>),
    Included(&'a str),
    Ignoring,
    Retrying { host: Option<&'a str> },
    RecapBegins,
    Recap(Recap),
    Error(&'a str),
    Other,
}

/// One host's result, or that of one item there.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Outcome<'a> {
    pub state: State,
    pub host: &'a str,
    /// The host that the task was delegated to.
    pub to: Option<&'a str>,
    pub item: bool,
    /// What stands behind `=>`.
    pub detail: &'a str,
}

pub(crate) fn said(text: &str) -> Said<'_> {
    let Some(first) = text.as_bytes().first() else { return Said::Other };
    match first {
        b'P' if text.starts_with("PLAY RECAP") => Said::RecapBegins,
        b'P' => header(text, "PLAY [").map_or(Said::Other, Said::Play),
        b'T' => header(text, "TASK [").map_or(Said::Other, |name| Said::Task { name, handler: false }),
        b'R' => header(text, "RUNNING HANDLER [").map_or(Said::Other, |name| Said::Task { name, handler: true }),
        b'.' if text.trim_end() == "...ignoring" => Said::Ignoring,
        b'F' if text.starts_with("FAILED - RETRYING: ") => {
            let rest = &text["FAILED - RETRYING: ".len()..];
            Said::Retrying { host: rest.strip_prefix('[').and_then(|rest| rest.split_once(']')).map(|(host, _)| host) }
        }
        b'E' if text.starts_with("ERROR! ") => Said::Error(&text["ERROR! ".len()..]),
        b'[' if text.starts_with("[ERROR]: ") => Said::Error(&text["[ERROR]: ".len()..]),
        b'i' if text.starts_with("included: ") => {
            text.rsplit_once(" for ").map_or(Said::Other, |(_, hosts)| Said::Included(hosts))
        }
        _ => outcome(text).map(Said::Result).or_else(|| recap(text).map(Said::Recap)).unwrap_or(Said::Other),
    }
}

/// The name in `PLAY [name] ****`; a play of no name is its hosts, or nothing.
fn header<'a>(text: &'a str, start: &str) -> Option<&'a str> {
    let rest = text.strip_prefix(start)?.trim_end().trim_end_matches('*').trim_end();
    Some(rest.strip_suffix(']').unwrap_or(rest))
}

fn outcome(text: &str) -> Option<Outcome<'_>> {
    const STATES: [(&str, State); 6] = [
        ("ok: [", State::Ok),
        ("changed: [", State::Changed),
        ("skipping: [", State::Skipped),
        ("failed: [", State::Failed),
        ("fatal: [", State::Failed),
        ("unreachable: [", State::Unreachable),
    ];
    let (start, mut state) = *STATES.iter().find(|(start, _)| text.starts_with(start))?;
    let inside = &text[start.len()..];
    // A host to delegate to that could not be resolved is printed as its template, brackets and all.
    let template =
        inside.find("}}]").filter(|end| inside[..*end].split_once(']').is_none_or(|(host, _)| host.contains("{{")));
    let (inside, rest) = match template {
        Some(end) => (&inside[..end + 2], &inside[end + 3..]),
        None => inside.split_once(']')?,
    };
    let (host, to) = inside.split_once(" -> ").map_or((inside, None), |(host, to)| (host, Some(to)));
    // Newer ones add the address, `host1(192.0.2.1)`; an unresolved name is a template or None.
    let to = to.map(|to| to.split('(').next().unwrap_or(to).trim());
    let to = to.filter(|to| !to.is_empty() && *to != host && *to != "None" && !to.contains(['{', ' ']));
    let rest = rest.strip_prefix(':').unwrap_or(rest).trim_start();
    if rest.starts_with("UNREACHABLE!") {
        state = State::Unreachable;
    }
    let rest_after_arrow = rest.strip_prefix("=> ").unwrap_or(rest);
    let item = rest_after_arrow.starts_with("(item=");
    let detail = rest_after_arrow.split_once("=> ").map_or(rest_after_arrow, |(_, detail)| detail);
    Some(Outcome { state, host, to, item, detail })
}

/// `host1 : ok=3 changed=1 unreachable=0 failed=0 …`.
fn recap(text: &str) -> Option<Recap> {
    let (host, counts) = text.split_once(" : ok=").or_else(|| text.split_once(": ok="))?;
    let mut recap = Recap { host: host.trim().to_owned(), ..Recap::default() };
    if recap.host.is_empty() || recap.host.contains(' ') {
        return None;
    }
    for (at, word) in counts.split_ascii_whitespace().enumerate() {
        let (name, count) = if at == 0 { ("ok", word) } else { word.split_once('=')? };
        let count = count.parse().ok()?;
        match name {
            "ok" => recap.ok = count,
            "changed" => recap.changed = count,
            "unreachable" => recap.unreachable = count,
            "failed" => recap.failed = count,
            "skipped" => recap.skipped = count,
            "rescued" => (recap.rescued, recap.tells_rescued) = (count, true),
            "ignored" => recap.ignored = count,
            _ => {}
        }
    }
    Some(recap)
}
