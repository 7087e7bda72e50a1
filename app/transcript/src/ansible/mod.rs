//! Ansible's log, record by record: runs told apart by their process, and what is in them.

pub(crate) mod callbacks;
mod json;
mod mistakes;
mod reason;
mod run;
pub(crate) mod said;

use serde::{Deserialize, Serialize};

pub use callbacks::Style;
pub use run::{Cell, Mistake, Play, Run, Task};
pub use said::{Recap, State};

use said::{Outcome, Prefix, Said};

/// Longest message that is kept of a failure, in bytes.
pub const MESSAGE: usize = 2_048;

/// Longest text of a result that is read while it goes on in further lines, in bytes.
const RAW: usize = 16_384;

/// Longest name of a play or a task, in bytes.
const NAME: usize = 300;

/// What is kept at most of one log; what goes beyond is counted.
const RUNS: usize = 200;
const TASKS: usize = 20_000;
const HOSTS: usize = 2_000;
const CELLS: usize = 1_000_000;
const MISTAKES: usize = 100;

/// All runs of one log.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Runs {
    /// In the order in which they began.
    pub all: Vec<Run>,
    /// Runs, tasks and results that were too many to keep.
    pub left_out: u64,
    tasks: usize,
    cells: usize,
    /// The failure whose text may go on in the next line: run, task, host.
    open: Option<(usize, usize, usize)>,
    /// What that failure has said so far, as it was printed.
    #[serde(default)]
    raw: String,
    /// The host that it was delegated to.
    #[serde(default)]
    delegated: Option<String>,
    /// The run whose last error goes on in the lines below it.
    #[serde(default)]
    mistaken: Option<usize>,
    /// The failure that an "ignoring" would follow: run, task, host.
    failed: Vec<(usize, usize, usize)>,
    /// The run of the record before.
    current: Option<usize>,
    /// Records of Ansible that tell of no run, as of a callback that writes none.
    #[serde(default)]
    pub unread: u64,
    /// Where in the object the lines are that the callback `json` prints.
    #[serde(default)]
    json: Option<json::Place>,
}

/// Whether a record begins a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Begins {
    /// It does, also where its process had one that was summed up.
    Anew,
    /// It does where its process has none.
    First,
    /// It does not.
    Not,
}

/// What of a run has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Change {
    /// It began, or says something of itself: plays, errors, recap.
    Run(usize),
    /// A task: run, task. Its cells with it.
    Task(usize, usize),
}

impl Runs {
    /// Takes one record, and tells what it changed.
    pub(crate) fn record(&mut self, prefix: Option<Prefix>, text: &str, line: u64) -> Option<Change> {
        let pid = prefix.map(|prefix| prefix.pid);
        if prefix.is_none() && self.json.is_some() {
            return self.json_line(text, line);
        }
        self.json = pid.filter(|_| text == "{" && self.known(pid).is_none()).map(json::Place::of);
        let mut said = said::said(text);
        let mut style = None;
        if prefix.is_some() && matches!(said, Said::Other) {
            let known = self.known(pid).map(|at| self.all[at].style);
            if let Some((other, told)) = callbacks::said(text, known) {
                (style, said) = (Some(other), told);
            }
        }
        if matches!(said, Said::Other) && prefix.is_none() && (self.open.is_some() || self.mistaken.is_some()) {
            return self.continuation(text, line);
        }
        self.close();
        let begins = match &said {
            Said::Play(_) => Begins::Anew,
            Said::Error(_) => Begins::First,
            Said::Result(_) if style == Some(Style::Bare) => Begins::First,
            _ => Begins::Not,
        };
        let Some(at) = self.run_of(pid, line, prefix, begins) else {
            self.unread += u64::from(prefix.is_some());
            return None;
        };
        self.current = Some(at);
        self.all[at].style = style.unwrap_or(self.all[at].style);
        if let (Some(Style::Bare), Said::Result(outcome), false) = (style, &said, self.all[at].recapped) {
            self.nameless(at, outcome.host, line, prefix);
        }
        let run = &mut self.all[at];
        // It is over: what callbacks print below the recap is no part of it.
        if run.recapped && !matches!(said, Said::Recap(_) | Said::RecapBegins) {
            return None;
        }
        if let Some(prefix) = prefix {
            run.heard = Some(prefix.at);
        }
        match said {
            Said::Play(name) => run.plays.push(Play { name: cut(name, NAME), line }),
            Said::Task { name, handler } => return self.task(at, name, handler, line, prefix),
            Said::Result(outcome) => return self.result(at, &outcome, line, prefix),
            Said::Included(hosts) => {
                for host in hosts.split(", ") {
                    self.result(
                        at,
                        &Outcome { state: State::Ok, host, to: None, item: false, detail: "" },
                        line,
                        prefix,
                    );
                }
                return Some(Change::Task(at, self.all[at].tasks.len().checked_sub(1)?));
            }
            Said::Ignoring => {
                let found = self.failed.iter().rposition(|(run, ..)| *run == at)?;
                let (run, task, host) = self.failed.remove(found);
                let items = |task: &Task, host: usize| {
                    task.cells.get(host).and_then(Option::as_ref).is_some_and(|cell| cell.failed_items > 0)
                };
                // Items of several hosts interleave, and the word names no host: it is the task that may fail.
                let mut hosts = vec![host];
                if items(&self.all[run].tasks[task], host) {
                    let tasks = &self.all[run].tasks;
                    let same =
                        |one: &(usize, usize, usize)| (one.0, one.1) == (run, task) && items(&tasks[task], one.2);
                    hosts.extend(self.failed.iter().filter(|one| same(one)).map(|one| one.2));
                    self.failed.retain(|one| !same(one));
                }
                for host in hosts {
                    self.all[run].tasks[task].cells[host].as_mut()?.state = State::Ignored;
                }
                return Some(Change::Task(run, task));
            }
            Said::Retrying { .. } => {
                let task = run.tasks.len().checked_sub(1)?;
                run.tasks[task].retries = run.tasks[task].retries.saturating_add(1);
                return Some(Change::Task(at, task));
            }
            Said::RecapBegins => run.recapped = true,
            // The heading of unixy's recap is for the screen alone.
            Said::Recap(mut recap) if (run.recapped || run.style == Style::Unixy) && run.recap.len() < HOSTS => {
                run.recapped = true;
                run.settle(&mut recap);
                run.recap.push(recap);
            }
            Said::Error(text) if run.errors.len() < MISTAKES => {
                run.errors.push(Mistake { line, text: cut(text, MESSAGE) });
                self.mistaken = mistakes::announces(text).then_some(at);
            }
            Said::Recap(_) | Said::Error(_) | Said::Other => return None,
        }
        Some(Change::Run(at))
    }

    /// A line without a prefix goes on with the record above it.
    pub(crate) fn continuation(&mut self, text: &str, line: u64) -> Option<Change> {
        if self.json.is_some() {
            return self.json_line(text, line);
        }
        if let Some(run) = self.mistaken {
            let error = self.all[run].errors.last_mut()?;
            self.mistaken = mistakes::add(&mut error.text, text).then_some(run);
            return Some(Change::Run(run));
        }
        let (run, task, host) = self.open?;
        let cell = self.all[run].tasks[task].cells[host].as_mut()?;
        if self.raw.len() < RAW {
            self.raw.push('\n');
            self.raw.push_str(text);
            self.raw.truncate(self.raw.floor_char_boundary(RAW));
            let told = reason::reason(&self.raw).text;
            cell.message = Some(message(self.delegated.as_deref(), told.as_deref().unwrap_or(&self.raw)));
        }
        Some(Change::Task(run, task))
    }

    /// A line of the object that the callback `json` prints at the end of a run.
    fn json_line(&mut self, text: &str, line: u64) -> Option<Change> {
        let place = self.json.as_mut()?;
        let (pid, told) = (place.pid, place.line(text));
        if told == json::Told::End {
            self.json = None;
            return None;
        }
        if told == json::Told::Plays {
            if self.all.len() == RUNS {
                (self.left_out, self.json) = (self.left_out + 1, None);
                return None;
            }
            // Each prints when it has ended: those that were started within this one came first.
            let at = self.all.len();
            for run in self.all.iter_mut().rev().take_while(|run| run.style == Style::Json && run.within.is_none()) {
                run.within = Some(at);
            }
            self.all.push(Run { pid: Some(pid), line, style: Style::Json, ..Run::default() });
            return Some(Change::Run(at));
        }
        let at = self.all.iter().rposition(|run| run.pid == Some(pid) && run.style == Style::Json)?;
        let run = &mut self.all[at];
        match told {
            json::Told::Play(name) => run.plays.push(Play { name: cut(&name, NAME), line }),
            json::Told::Task => return self.task(at, "", false, line, None),
            json::Told::Name(name) => run.tasks.last_mut()?.name = cut(&name, NAME),
            json::Told::Result { state, host, detail } => {
                let outcome = Outcome { state, host: &host, to: None, item: false, detail: &detail };
                let change = self.result(at, &outcome, line, None);
                self.close();
                return change;
            }
            json::Told::Recap(mut recap) if run.recap.len() < HOSTS => {
                run.recapped = true;
                run.settle(&mut recap);
                run.recap.push(recap);
            }
            _ => return None,
        }
        Some(Change::Run(at))
    }

    fn close(&mut self) {
        (self.open, self.mistaken) = (None, None);
        self.delegated = None;
        self.raw.clear();
    }

    /// The last run of a process.
    fn known(&self, pid: Option<u32>) -> Option<usize> {
        let current = self.current.filter(|at| self.all[*at].pid == pid);
        current.or_else(|| self.all.iter().rposition(|run| run.pid == pid))
    }

    /// A result of a run that names no tasks belongs to a further one when its host has one of the last.
    fn nameless(&mut self, at: usize, host: &str, line: u64, prefix: Option<Prefix>) {
        let run = &mut self.all[at];
        if run.plays.is_empty() {
            run.plays.push(Play { name: "the log names none".into(), line });
        }
        let known = run.hosts.iter().position(|known| known == host);
        let taken = run
            .tasks
            .last()
            .is_none_or(|task| known.and_then(|host| task.cells.get(host)).is_some_and(Option::is_some));
        if taken {
            let name = format!("task {}", run.tasks.len() + 1);
            self.task(at, &name, false, line, prefix);
        }
    }

    /// The run of a process; one that was summed up is over, and a process of its number is another.
    fn run_of(&mut self, pid: Option<u32>, line: u64, prefix: Option<Prefix>, begins: Begins) -> Option<usize> {
        if let Some(at) = self.known(pid)
            && !(begins == Begins::Anew && self.all[at].recapped)
        {
            return Some(at);
        }
        if begins == Begins::Not {
            return None;
        }
        if self.all.len() == RUNS {
            self.left_out += 1;
            return None;
        }
        let within = pid.and_then(|_| {
            self.all
                .iter()
                .rposition(|run| run.pid.is_some() && run.within.is_none() && !run.recapped && !run.plays.is_empty())
        });
        let began = prefix.map(|prefix| prefix.at);
        self.all.push(Run { pid, within, line, began, heard: began, ..Run::default() });
        Some(self.all.len() - 1)
    }

    fn task(&mut self, at: usize, name: &str, handler: bool, line: u64, prefix: Option<Prefix>) -> Option<Change> {
        self.failed.retain(|(run, ..)| *run != at);
        if self.tasks == TASKS {
            self.left_out += 1;
            return None;
        }
        self.tasks += 1;
        let run = &mut self.all[at];
        let began = prefix.map(|prefix| prefix.at);
        let play = run.plays.len().saturating_sub(1);
        let name = cut(name, NAME);
        run.tasks.push(Task { name, play, handler, line, began, heard: began, retries: 0, cells: Vec::new() });
        Some(Change::Task(at, run.tasks.len() - 1))
    }

    fn result(&mut self, at: usize, outcome: &Outcome<'_>, line: u64, prefix: Option<Prefix>) -> Option<Change> {
        let run = &mut self.all[at];
        let task = run.tasks.len().checked_sub(1)?;
        let host = run.host(outcome.host, HOSTS);
        let Some(host) = host.filter(|_| self.cells < CELLS) else {
            self.left_out += 1;
            return None;
        };
        let cells = &mut run.tasks[task].cells;
        if cells.len() <= host {
            self.cells += host + 1 - cells.len();
            cells.resize(host + 1, None);
        }
        let bad = outcome.state >= State::Failed;
        if bad {
            // Items count, too: a loop that may fail says "ignoring" once, after its items.
            self.failed.retain(|(run, _, of)| (*run, *of) != (at, host));
            self.failed.push((at, task, host));
        }
        let cell =
            cells[host].get_or_insert(Cell { state: outcome.state, items: 0, failed_items: 0, line, message: None });
        if outcome.item {
            cell.items = cell.items.saturating_add(1);
            cell.failed_items = cell.failed_items.saturating_add(u32::from(bad));
        }
        let first_bad = bad && cell.message.is_none();
        if outcome.state > cell.state || first_bad {
            (cell.state, cell.line) = (outcome.state.max(cell.state), line);
        }
        // An item says what is wrong; the sum of items only that something is.
        if first_bad {
            let read = reason::reason(outcome.detail);
            let text = read.text.as_deref().unwrap_or(outcome.detail);
            cell.message = Some(message(outcome.to, text));
            if !read.whole {
                self.open = Some((at, task, host));
                self.raw = cut(outcome.detail, RAW);
                self.delegated = outcome.to.map(str::to_owned);
            }
        }
        run.tasks[task].heard = prefix.map(|prefix| prefix.at);
        run.goes_on(host);
        Some(Change::Task(at, task))
    }
}

/// What a failure says, with the host that its task was delegated to.
fn message(delegated: Option<&str>, text: &str) -> String {
    match delegated {
        Some(host) => cut(&format!("on {host}: {text}"), MESSAGE),
        None => cut(text, MESSAGE),
    }
}

/// A text of at most so many bytes.
fn cut(text: &str, most: usize) -> String {
    if text.len() <= most {
        return text.to_owned();
    }
    format!("{}…", &text[..text.floor_char_boundary(most - '…'.len_utf8())])
}
