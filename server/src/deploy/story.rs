//! A run as its page tells it.

use app::{
    pages::deployments::{
        Cell, DiffLine, Failure, HostLine, Hosts, LogLine, LogWindow, MatrixRow, PhaseLine, Progress, ProofLine,
        Redaction, RunLine, RunPage, RunPart, RunTable,
    },
    texts::deployments as words,
};
use scene::Health;
use similar::{ChangeTag, TextDiff};
use transcript::{Judgement, Outline, Says};

use super::{
    Made, Office, State, anew,
    hosts::{Host, Seen, System},
    lines,
};
use crate::store::{RunRow, Runs, StoreError};

/// Lines of the log on a page.
const LINES: usize = 200;
/// Lines before the one that is pointed at.
const BEFORE: u64 = 8;
/// Tasks that are listed when not all are: the last ones.
const TASKS: usize = 25;
/// Earlier runs that times are learnt from.
const LEARNT: u32 = 12;

/// What of a run is looked at.
#[derive(Clone, Debug, Default)]
pub(super) struct Look {
    /// From this line on; counts from 1.
    pub line: Option<u64>,
    /// What is sought, from that line on.
    pub sought: String,
    /// Whether all tasks are listed.
    pub all_tasks: bool,
}

/// A run's page.
pub(super) async fn page(office: &Office, row: &RunRow, look: &Look, acts: bool) -> Result<RunPage, StoreError> {
    let outline = office.outline(&row.id).await?;
    let made: Option<Made> = serde_json::from_str(&row.made).ok();
    let earlier = earlier(office, row).await?;
    let diff = match earlier.first() {
        Some(before) => Some(diff(&office.plan(&before.id).await?, &office.plan(&row.id).await?)),
        None => None,
    };
    Ok(RunPage {
        own: false,
        host: row.host.clone(),
        command: made.map(|made| made.command.shown()).unwrap_or_default(),
        diff,
        log: window(office, row, &outline, look).await?,
        part: told(row, &outline, &earlier, look.all_tasks, acts),
    })
}

/// What of a run's page changes while it goes on.
pub(super) async fn part(office: &Office, row: &RunRow, all_tasks: bool, acts: bool) -> Result<RunPart, StoreError> {
    let outline = office.outline(&row.id).await?;
    Ok(told(row, &outline, &earlier(office, row).await?, all_tasks, acts))
}

fn told(row: &RunRow, outline: &Outline, earlier: &[RunRow], all_tasks: bool, acts: bool) -> RunPart {
    let live = State::from_word(&row.state).is_live();
    let line = line(row);
    // What acts now comes before what came before any host was there.
    let (acting, before): (Vec<_>, Vec<_>) = outline.runs.all.iter().partition(|run| run.pid.is_some());
    RunPart {
        cluster: row.cluster.clone(),
        acts,
        line: RunLine { headline: headline(row, outline).unwrap_or(line.headline), ..line },
        trouble: row.trouble.clone(),
        cancelled_by: row.cancelled_by.clone(),
        live,
        again: again(row),
        progress: live.then(|| progress(row, earlier)).flatten(),
        hosts: hosts(row),
        versions: versions(row).into_iter().map(|(of, is)| (of, is.join(", "))).collect(),
        redaction: redaction(row),
        proofs: judgement(row).iter().flat_map(|judgement| &judgement.proofs).map(proof).collect(),
        failure: outline.first_failure().map(|failure| Failure {
            what: failure.name.unwrap_or_else(|| "ansible-playbook".into()),
            host: failure.host.unwrap_or_default(),
            message: failure.message,
            line: failure.line + 1,
        }),
        troubles: outline.troubles.iter().map(|trouble| (trouble.line + 1, trouble.text.clone())).collect(),
        phases: phases(row, outline),
        runs: acting.into_iter().chain(before).map(|run| table(run, all_tasks)).collect(),
        all_tasks,
    }
}

/// How much of a run's log was hidden, by rule.
fn redaction(row: &RunRow) -> Redaction {
    let named = |rule| serde_json::to_value(rule).ok().and_then(|word| word.as_str().map(words::rule));
    Redaction {
        rules: anew::counts(row).each().filter_map(|(rule, count)| Some((named(rule)?, count))).collect(),
        anew: row.redacted.map(moment),
        withheld: anew::is_stale(row),
    }
}

/// What a run is at, while it runs; none when there is more to say than that.
fn headline(row: &RunRow, outline: &Outline) -> Option<String> {
    let runs = State::from_word(&row.state) == State::Running && row.cancelled_by.is_none();
    let phase = outline.phases.last().filter(|_| runs)?;
    let seen = Seen::of(&row.seen);
    let task = outline.runs.all.iter().rfind(|run| run.pid.is_some() && !run.recapped).and_then(|run| run.tasks.last());
    Some(match (task, seen.hosts.len()) {
        (Some(task), _) => words::at_task(&task.name),
        (None, all @ 1..) => {
            words::systems_install(seen.hosts.iter().filter(|host| host.answers == Some(true)).count(), all)
        }
        (None, 0) => words::phase(&word(&phase.phase)).to_owned(),
    })
}

/// What the form is asked with to do the same again. What was pasted had passwords in it, and is nowhere any more.
fn again(row: &RunRow) -> String {
    let made: Option<Made> = serde_json::from_str(&row.made).ok();
    let Some(Made { options, files: [dha, network], .. }) = made else { return format!("kind={}", row.kind) };
    let (cpus, memory, disk) = (options.cpus.to_string(), options.memory.to_string(), options.disk.to_string());
    [
        ("kind", &row.kind),
        ("dha", &dha),
        ("network", &network),
        ("tarball", &options.tarball),
        ("install_nic", &options.install_nic),
        ("cpus", &cpus),
        ("memory", &memory),
        ("disk", &disk),
    ]
    .map(|(name, value)| format!("{name}={}", scene::encoded(value)))
    .join("&")
}

/// A run in a list.
pub(super) fn line(row: &RunRow) -> RunLine {
    let state = State::from_word(&row.state);
    let headline = judgement(row).map(|judgement| judgement.headline);
    let took = row.started.map(|started| took(row.ended.unwrap_or_else(super::follow::now) - started));
    RunLine {
        id: row.id.clone(),
        kind: row.kind.clone(),
        state: row.state.clone(),
        health: health(state),
        headline: headline.unwrap_or_else(|| match state {
            State::Queued => "waits for its jump host".into(),
            _ if row.cancelled_by.is_some() => "is being cancelled".into(),
            _ => "running".into(),
        }),
        who: row.who.clone(),
        created: moment(row.created),
        took: took.unwrap_or_default(),
    }
}

/// How a state fares.
pub(super) const fn health(state: State) -> Health {
    match state {
        State::Succeeded => Health::Ok,
        State::Failed => Health::Bad,
        State::FailedButRunning | State::Lost => Health::Warn,
        State::Running | State::Queued => Health::Starting,
        State::Cancelled => Health::Done,
        State::Unknown => Health::Unknown,
    }
}

pub(super) fn judgement(row: &RunRow) -> Option<Judgement> {
    serde_json::from_str(row.judgement.as_deref()?).ok()
}

fn proof(proof: &transcript::Proof) -> ProofLine {
    let (health, says) = match proof.says {
        Says::Yes => (Health::Ok, "yes"),
        Says::No => (Health::Bad, "no"),
        Says::Nothing => (Health::Unknown, "says nothing"),
    };
    ProofLine { health, says: says.into(), text: proof.text.clone() }
}

/// Runs of the same kind before this one, newest first.
pub(crate) async fn earlier(office: &Office, row: &RunRow) -> Result<Vec<RunRow>, StoreError> {
    let before = Some((row.created, row.id.clone()));
    let sought = Runs { cluster: row.cluster.clone(), kind: row.kind.clone(), before, ..Runs::default() };
    office.runs(&sought, LEARNT).await
}

/// How far it is, learnt from runs that went well; a range and no promise.
fn progress(row: &RunRow, earlier: &[RunRow]) -> Option<Progress> {
    let learnt = learnt(row, earlier)?;
    let (least, most) = learnt.left;
    let text = match (least > 0, most > 0) {
        (true, _) => words::left(&took(least), &took(most), learnt.runs),
        (false, true) => words::at_most_left(&took(most), learnt.runs),
        (false, false) => words::overdue(&took(-most), learnt.runs),
    };
    Some(Progress { percent: learnt.percent, left: text })
}

/// How far a run is, by those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Learnt {
    /// Of a hundred; never a hundred, for it has not ended.
    pub percent: u8,
    /// What is left if it takes as long as the shortest of them, and as the longest, in milliseconds; below zero when it
    /// takes longer.
    pub left: (i64, i64),
    /// From how many it is learnt.
    pub runs: usize,
}

/// How far a run is, learnt from those of its kind that went well; none when there was none.
pub(crate) fn learnt(row: &RunRow, earlier: &[RunRow]) -> Option<Learnt> {
    let elapsed = super::follow::now() - row.started?;
    let mut lengths: Vec<i64> = earlier
        .iter()
        .filter(|run| State::from_word(&run.state) == State::Succeeded)
        .filter_map(|run| Some(run.ended? - run.started?))
        .collect();
    lengths.sort_unstable();
    let (least, most) = (*lengths.first()?, *lengths.last()?);
    let middle = lengths[lengths.len() / 2].max(1);
    Some(Learnt {
        percent: u8::try_from((elapsed * 100 / middle).clamp(0, 99)).unwrap_or(99),
        left: (least - elapsed, most - elapsed),
        runs: lengths.len(),
    })
}

/// How hosts fare; nothing once it has ended and all of them are there.
fn hosts(row: &RunRow) -> Option<Hosts> {
    let seen = Seen::of(&row.seen);
    let there = |host: &Host| host.answers != Some(false) && host.system.as_ref().is_none_or(System::is_there);
    if seen.hosts.is_empty() || row.ended.is_some() && seen.hosts.iter().all(there) {
        return None;
    }
    // A host that was left because somebody wanted it is no fault.
    let silent = if State::from_word(&row.state) == State::Cancelled { Health::Done } else { Health::Warn };
    let line = |host: &Host| {
        let system = host.system.clone().unwrap_or_default();
        let state = system.state.as_deref().unwrap_or_default();
        let since = host.since.map(of_day);
        HostLine {
            name: host.name.clone(),
            address: host.address.clone().unwrap_or_default(),
            health: match state {
                "SUCCESSFUL" => Health::Ok,
                "ERROR" => Health::Bad,
                "INSTALLING" => Health::Starting,
                _ => Health::Unknown,
            },
            system: words::system(state, &system.message),
            // Compass itself knows nothing between the beginning and the end.
            percent: system.percent.filter(|percent| (1..100).contains(percent)),
            answers: match (host.answers, since) {
                (Some(true), Some(since)) => (Health::Ok, words::answers_since(&since)),
                (Some(true), None) => (Health::Ok, words::YES.into()),
                (Some(false), Some(since)) => (silent, words::silent_since(&since)),
                (Some(false), None) => (Health::Unknown, words::NO.into()),
                (None, _) => (Health::Unknown, words::NOT_SEEN.into()),
            },
        }
    };
    Some(Hosts { silent: seen.silent.map(of_day), lines: seen.hosts.iter().map(line).collect() })
}

/// What was deployed: what of, and its versions.
pub(crate) fn versions(row: &RunRow) -> std::collections::BTreeMap<String, Vec<String>> {
    serde_json::from_str(&row.versions).unwrap_or_default()
}

fn phases(row: &RunRow, outline: &Outline) -> Vec<PhaseLine> {
    let ended = row.ended.unwrap_or_else(super::follow::now);
    let count = outline.phases.len();
    let lines = outline.phases.iter().enumerate().map(|(at, mark)| {
        let until = outline.phases.get(at + 1).map_or(ended, |next| next.heard);
        PhaseLine {
            word: word(&mark.phase),
            began: of_day(mark.heard),
            took: took(until - mark.heard),
            line: mark.line + 1,
            open: row.ended.is_none() && at + 1 == count,
        }
    });
    lines.collect()
}

/// A phase's word.
pub(super) fn word(phase: &transcript::Phase) -> String {
    serde_json::to_value(phase).ok().and_then(|word| word.as_str().map(str::to_owned)).unwrap_or_default()
}

fn table(run: &transcript::Run, all: bool) -> RunTable {
    let from = run.tasks.len().saturating_sub(TASKS);
    let shown = run.tasks.iter().enumerate().filter(|(at, task)| {
        let bad = || task.cells.iter().flatten().any(|cell| cell.state >= transcript::State::Ignored);
        all || *at >= from || bad()
    });
    // Ansible tells of hosts as they answer; people look for them by name.
    let mut order: Vec<usize> = (0..run.hosts.len()).collect();
    order.sort_by_key(|host| natural(&run.hosts[*host]));
    let mut play = None;
    let rows = shown.map(|(_, task)| {
        let fresh = play != Some(task.play);
        play = Some(task.play);
        MatrixRow {
            play: run.plays.get(task.play).filter(|_| fresh).map(|play| play.name.clone()),
            name: task.name.clone(),
            line: task.line + 1,
            took: task.began.zip(task.heard).map(|(began, heard)| took(heard - began)).unwrap_or_default(),
            cells: order.iter().map(|host| task.cells.get(*host)?.as_ref().map(cell)).collect(),
        }
    });
    let rows = rows.collect();
    let name = match (run.pid, run.within) {
        // There are several of these; the first play tells them apart.
        (None, _) => format!("On the jump host: {}", run.plays.first().map_or("", |play| &play.name)),
        (Some(_), None) => "Compass".to_owned(),
        (Some(_), Some(_)) => "kubespray".to_owned(),
    };
    let recap = |host: &String| {
        let Some(recap) = run.recap.iter().find(|recap| recap.host == *host) else {
            return ("–".to_owned(), Health::Unknown);
        };
        (recap_text(recap), recap_health(recap))
    };
    RunTable {
        name,
        hosts: order.iter().map(|host| run.hosts[*host].clone()).collect(),
        rows,
        tasks: run.tasks.len(),
        recap: if run.recapped { order.iter().map(|host| recap(&run.hosts[*host])).collect() } else { Vec::new() },
        errors: run.errors.iter().map(|error| (error.line + 1, error.text.clone())).collect(),
    }
}

/// A name's parts, so that host2 comes before host10.
fn natural(name: &str) -> (&str, u64, &str) {
    let stem = name.trim_end_matches(|letter: char| letter.is_ascii_digit());
    (stem, name[stem.len()..].parse().unwrap_or(0), name)
}

pub(super) fn recap_text(recap: &transcript::Recap) -> String {
    let mut parts = vec![format!("ok {}", recap.ok), format!("changed {}", recap.changed)];
    let rare = [("failed", recap.failed), ("unreachable", recap.unreachable), ("rescued", recap.rescued)];
    parts.extend(rare.iter().filter(|(_, count)| *count > 0).map(|(name, count)| format!("{name} {count}")));
    parts.join(", ")
}

pub(super) const fn recap_health(recap: &transcript::Recap) -> Health {
    if recap.failed > 0 || recap.unreachable > 0 { Health::Bad } else { Health::Ok }
}

fn cell(cell: &transcript::Cell) -> Cell {
    let (health, word) = ended(cell.state);
    Cell { health, word, message: cell.message.clone().unwrap_or_default(), line: cell.line + 1 }
}

/// How a task ended, as a colour and as a word.
pub(super) const fn ended(state: transcript::State) -> (Health, &'static str) {
    match state {
        transcript::State::Skipped => (Health::Done, "skipped"),
        transcript::State::Ok => (Health::Ok, "ok"),
        transcript::State::Changed => (Health::Ok, "changed"),
        transcript::State::Ignored => (Health::Warn, "ignored"),
        transcript::State::Rescued => (Health::Warn, "rescued"),
        transcript::State::Failed => (Health::Bad, "failed"),
        transcript::State::Unreachable => (Health::Bad, "unreachable"),
    }
}

fn diff(before: &[String; 2], now: &[String; 2]) -> Vec<DiffLine> {
    let mut lines = Vec::new();
    for (name, (old, new)) in ["DHA", "network.yml"].into_iter().zip(before.iter().zip(now)) {
        let diff = TextDiff::from_lines(old.as_str(), new.as_str());
        for group in diff.grouped_ops(2) {
            lines.push(DiffLine { sign: ' ', text: format!("— {name}") });
            for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
                let sign = match change.tag() {
                    ChangeTag::Delete => '-',
                    ChangeTag::Insert => '+',
                    ChangeTag::Equal => ' ',
                };
                lines.push(DiffLine { sign, text: change.value().trim_end().to_owned() });
            }
        }
    }
    lines
}

async fn window(office: &Office, row: &RunRow, outline: &Outline, look: &Look) -> Result<LogWindow, StoreError> {
    let mut at = look.line.map(|line| line.clamp(1, outline.lines.max(1)));
    let mut not_found = false;
    if !look.sought.is_empty() {
        let found = lines::search(office, &row.id, outline, look.line.unwrap_or(1), &look.sought).await?;
        not_found = found.is_none();
        at = found.or(at);
    }
    // Nothing is asked for: the end, which is where something happens.
    let first = match at {
        Some(at) => at.saturating_sub(BEFORE).max(1),
        None => outline.lines.saturating_sub(LINES as u64 - 1).max(1),
    };
    let sought = look.sought.to_lowercase();
    let lines = lines::lines(office, &row.id, outline, first, LINES).await?;
    let size = u64::try_from(row.size).unwrap_or(0);
    Ok(LogWindow {
        total: outline.lines,
        size,
        forgotten: lines.is_empty() && row.size > 0,
        withheld: anew::is_stale(row),
        lines: lines
            .into_iter()
            .map(|line| LogLine {
                hit: !sought.is_empty() && line.text.to_lowercase().contains(&sought),
                number: line.number,
                text: line.text,
                left_out: line.left_out,
            })
            .collect(),
        sought: look.sought.clone(),
        not_found,
        at,
    })
}

/// A time for people.
pub(super) fn moment(at: i64) -> String {
    jiff::Timestamp::from_millisecond(at).map(|at| at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()).unwrap_or_default()
}

/// A time of day for people.
fn of_day(at: i64) -> String {
    jiff::Timestamp::from_millisecond(at).map(|at| at.strftime("%H:%M:%S").to_string()).unwrap_or_default()
}

/// A length of time for people, from milliseconds.
pub(super) fn took(milliseconds: i64) -> String {
    let seconds = milliseconds.max(0) / 1_000;
    match (seconds / 3_600, seconds / 60 % 60, seconds % 60) {
        (0, 0, seconds) => format!("{seconds} s"),
        (0, minutes, seconds) => format!("{minutes} min {seconds} s"),
        (hours, minutes, _) => format!("{hours} h {minutes} min"),
    }
}
