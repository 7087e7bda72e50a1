//! A log as it streams: fed with bytes, it knows phases, runs, troubles and where lines stand.

use memchr::memmem;
use serde::{Deserialize, Serialize};

use crate::{
    ansible::{Change, Runs, State, callbacks, said},
    line::{Line, Lines},
    phase::{self, Mark, Phase, Trouble},
};

/// Every so many lines the place of one is kept, so that a page finds any line by reading at most so many.
pub const STRIDE: u64 = 1_024;

/// Longest text of a trouble or of the last line, in bytes.
const TEXT: usize = 1_024;

/// Most troubles that are kept; a log with more tells nothing new.
const TROUBLES: usize = 200;

/// What a log has told so far. It can be stored, and goes on from [`Transcript::taken`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transcript {
    lines: Lines,
    outline: Outline,
    /// Within a traceback: what it ends with is the next line that is not indented.
    traceback: bool,
}

/// The structure of a log.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outline {
    /// Phases in the order in which they began.
    pub phases: Vec<Mark>,
    /// Runs of Ansible.
    pub runs: Runs,
    /// Failures outside of Ansible.
    pub troubles: Vec<Trouble>,
    /// Troubles that were too many to keep.
    pub more_troubles: u64,
    /// The last line that is not empty, as far as it is read.
    pub last_line: String,
    /// The line that deploy.sh's exit status is made from; counts from 0.
    pub success_line: Option<u64>,
    /// Lines so far, the last one only when it has ended.
    pub lines: u64,
    /// Where each [`STRIDE`]th line begins, in bytes.
    pub places: Vec<u64>,
}

/// What has changed since the last bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Event {
    /// A phase began; its index.
    Phase(usize),
    /// A trouble was told; its index.
    Trouble(usize),
    /// A run of Ansible changed.
    Ansible(Change),
}

/// The first thing that went wrong, as far as it was not overcome.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// The run, as an index.
    pub run: usize,
    /// The task, as an index; none for an error that belongs to no task.
    pub task: Option<usize>,
    /// The task's name.
    pub name: Option<String>,
    /// The host.
    pub host: Option<String>,
    /// Whether the host did not answer at all.
    pub unreachable: bool,
    /// What it says.
    pub message: String,
    /// The line; counts from 0.
    pub line: u64,
}

impl Failure {
    /// Task and host, as in `kubernetes/node : join on host4`; none for an error that belongs to no task.
    pub fn words(&self) -> Option<String> {
        let name = self.name.as_ref()?;
        Some(self.host.as_ref().map_or_else(|| name.clone(), |host| format!("{name} on {host}")))
    }
}

impl Transcript {
    /// Takes more of the log, heard at a time in the caller's milliseconds. An event may be told again.
    pub fn feed(&mut self, bytes: &[u8], heard: i64) -> Vec<Event> {
        let mut events = Vec::new();
        let Self { lines, outline, traceback } = self;
        lines.feed(bytes, |line| outline.line(&line, heard, traceback, &mut events));
        outline.lines = lines.ended;
        events
    }

    /// The log has ended: reads what stands behind its last line end.
    pub fn finish(&mut self, heard: i64) -> Vec<Event> {
        let mut events = Vec::new();
        let Self { lines, outline, traceback } = self;
        lines.last(|line| outline.line(&line, heard, traceback, &mut events));
        outline.lines = lines.ended;
        events
    }

    /// Bytes taken so far, from which a stored transcript goes on.
    pub fn taken(&self) -> u64 {
        self.lines.taken
    }

    /// What the log has told so far.
    pub fn outline(&self) -> &Outline {
        &self.outline
    }
}

impl Outline {
    fn line(&mut self, line: &Line<'_>, heard: i64, traceback: &mut bool, events: &mut Vec<Event>) {
        if line.number.is_multiple_of(STRIDE) {
            self.places.push(line.offset);
        }
        let text = line.text.as_ref();
        if let Some((prefix, said)) = said::prefix(text) {
            *traceback = false;
            self.last(text);
            if (said.starts_with("PLAY [") || callbacks::begins(said))
                && !self.phases.iter().any(|mark| mark.phase == Phase::Ansible)
            {
                self.begin(Phase::Ansible, line, heard, events);
            }
            let change = self.runs.record(Some(prefix), said, line.number);
            note(change.map(Event::Ansible), events);
            return;
        }
        let text = text.trim_end();
        if text.is_empty() {
            return;
        }
        self.last(text);
        if phase::is_success(text) {
            self.success_line = Some(line.number);
            return;
        }
        if let Some(phase) = phase::begun(text) {
            self.begin(phase, line, heard, events);
        }
        if text.starts_with('+') {
            return;
        }
        self.told(text, line.number, traceback, events);
        let change = if self.phases.iter().any(|mark| mark.phase == Phase::Ansible) {
            self.runs.continuation(text, line.number)
        } else {
            self.runs.record(None, text, line.number)
        };
        note(change.map(Event::Ansible), events);
    }

    fn begin(&mut self, phase: Phase, line: &Line<'_>, heard: i64, events: &mut Vec<Event>) {
        if !self.phases.iter().any(|mark| mark.phase == phase) {
            self.phases.push(Mark { phase, line: line.number, offset: line.offset, heard });
            events.push(Event::Phase(self.phases.len() - 1));
        }
    }

    fn told(&mut self, text: &str, line: u64, traceback: &mut bool, events: &mut Vec<Event>) {
        let ends = if memmem::find(text.as_bytes(), b"Traceback (most recent call last):") == Some(0) {
            *traceback = true;
            return;
        } else if *traceback {
            if text.starts_with(' ') {
                return;
            }
            *traceback = false;
            // config_parse.py's is swallowed, any other ends the script that it is from.
            Some(self.phases.last().is_none_or(|mark| mark.phase != Phase::Config))
        } else {
            phase::told(text)
        };
        let Some(ends) = ends else { return };
        if self.troubles.len() == TROUBLES {
            self.more_troubles += 1;
            return;
        }
        let phase = self.phases.iter().rfind(|mark| mark.phase != Phase::Reset).map(|mark| mark.phase);
        self.troubles.push(Trouble { line, phase, text: start(text).to_owned(), ends });
        events.push(Event::Trouble(self.troubles.len() - 1));
    }

    fn last(&mut self, text: &str) {
        self.last_line.clear();
        self.last_line.push_str(start(text));
    }

    /// The first failure that was neither ignored nor overcome.
    pub fn first_failure(&self) -> Option<Failure> {
        let mut first: Option<Failure> = None;
        let mut offer = |failure: Failure| {
            if first.as_ref().is_none_or(|one| failure.line < one.line) {
                first = Some(failure);
            }
        };
        for (at, run) in self.runs.all.iter().enumerate() {
            if let Some(mistake) = run.errors.first().filter(|_| run.tasks.is_empty()) {
                let (message, line) = (mistake.text.clone(), mistake.line);
                offer(Failure { run: at, task: None, name: None, host: None, unreachable: false, message, line });
            }
            let bad = run.tasks.iter().enumerate().find_map(|(number, task)| {
                let cells = task.cells.iter().enumerate().filter_map(|(host, cell)| Some((host, cell.as_ref()?)));
                let worst = cells.filter(|(_, cell)| cell.state >= State::Failed).min_by_key(|(_, cell)| cell.line)?;
                Some((number, task, worst))
            });
            if let Some((number, task, (host, cell))) = bad {
                offer(Failure {
                    run: at,
                    task: Some(number),
                    name: Some(task.name.clone()),
                    host: run.hosts.get(host).cloned(),
                    unreachable: cell.state == State::Unreachable,
                    message: cell.message.clone().unwrap_or_default(),
                    line: cell.line,
                });
            }
        }
        first
    }

    /// The run that Compass started last, and the run of kubespray within it.
    pub fn compass(&self) -> (Option<usize>, Option<usize>) {
        let outer = self.runs.all.iter().rposition(|run| run.pid.is_some() && run.within.is_none());
        let nested = self.runs.all.iter().rposition(|run| outer.is_some() && run.within == outer);
        (outer, nested)
    }
}

fn note(event: Option<Event>, events: &mut Vec<Event>) {
    // Hundreds of results of one task are one event.
    if let Some(event) = event
        && !events.iter().rev().take(8).any(|known| *known == event)
    {
        events.push(event);
    }
}

fn start(text: &str) -> &str {
    &text[..text.floor_char_boundary(TEXT)]
}
