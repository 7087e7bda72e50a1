//! What pages of deployments show. Times are texts for people.

use scene::Health;

/// A run in a list.
#[derive(Clone, Debug)]
pub struct RunLine {
    /// Names it.
    pub id: String,
    /// What was done, as a word.
    pub kind: String,
    /// How far it is, as a word.
    pub state: String,
    /// How that fares.
    pub health: Health,
    /// How it went, in a sentence.
    pub headline: String,
    /// Who ordered it.
    pub who: String,
    /// When.
    pub created: String,
    /// How long it took, or takes so far; empty before it begins.
    pub took: String,
}

/// A run's page.
#[derive(Clone, Debug)]
pub struct RunPage {
    /// Whether whoever looks started it.
    pub own: bool,
    /// From where.
    pub host: String,
    /// What changes while it goes on.
    pub part: RunPart,
    /// The command, without secrets.
    pub command: String,
    /// What changed in the plan since the run before; `None` where there was none.
    pub diff: Option<Vec<DiffLine>>,
    /// The log.
    pub log: LogWindow,
}

/// What of a run's page changes while it goes on.
#[derive(Clone, Debug)]
pub struct RunPart {
    /// The cluster.
    pub cluster: String,
    /// Whether whoever looks may act.
    pub acts: bool,
    /// The run.
    pub line: RunLine,
    /// What is being waited for; empty for nothing.
    pub trouble: String,
    /// Who cancelled it.
    pub cancelled_by: Option<String>,
    /// Whether it still goes on.
    pub live: bool,
    /// What the form is asked with to do the same again.
    pub again: String,
    /// How far it is.
    pub progress: Option<Progress>,
    /// How hosts fare while their systems install; none before, and when there is nothing to say of it any more.
    pub hosts: Option<Hosts>,
    /// What was deployed: what of, and its versions.
    pub versions: Vec<(String, String)>,
    /// How much of its log was hidden, and why.
    pub redaction: Redaction,
    /// What the verdict rests on.
    pub proofs: Vec<ProofLine>,
    /// The first failure.
    pub failure: Option<Failure>,
    /// Troubles outside of Ansible: line and text.
    pub troubles: Vec<(u64, String)>,
    /// Phases.
    pub phases: Vec<PhaseLine>,
    /// Runs of Ansible.
    pub runs: Vec<RunTable>,
    /// Whether all tasks are listed.
    pub all_tasks: bool,
}

/// How much of a log was hidden.
#[derive(Clone, Debug, Default)]
pub struct Redaction {
    /// Rules in words, each with how many places it hid.
    pub rules: Vec<(&'static str, u64)>,
    /// When the stored log was redacted anew, where it was.
    pub anew: Option<String>,
    /// Whether that is still to be done: until then the log is not shown.
    pub withheld: bool,
}

/// Hosts while their systems install.
#[derive(Clone, Debug)]
pub struct Hosts {
    /// Since when compass-deck does not answer: the time of day.
    pub silent: Option<String>,
    /// The hosts, in the plan's order.
    pub lines: Vec<HostLine>,
}

/// A host while its system installs.
#[derive(Clone, Debug)]
pub struct HostLine {
    /// Its name.
    pub name: String,
    /// Its management address; empty when it is not known.
    pub address: String,
    /// How its system fares.
    pub health: Health,
    /// In words.
    pub system: String,
    /// How much of it is installed, of a hundred.
    pub percent: Option<u8>,
    /// Whether it answers, and how that is.
    pub answers: (Health, String),
}

/// How far a run is.
#[derive(Clone, Debug)]
pub struct Progress {
    /// Of a hundred.
    pub percent: u8,
    /// What is left, in words.
    pub left: String,
}

/// What a witness says.
#[derive(Clone, Debug)]
pub struct ProofLine {
    /// How it speaks.
    pub health: Health,
    /// In a word.
    pub says: String,
    /// What was seen.
    pub text: String,
}

/// The first failure.
#[derive(Clone, Debug)]
pub struct Failure {
    /// The task, or what else failed.
    pub what: String,
    /// On which host.
    pub host: String,
    /// What it said.
    pub message: String,
    /// Where; counts from 1.
    pub line: u64,
}

/// A phase.
#[derive(Clone, Debug)]
pub struct PhaseLine {
    /// Its word.
    pub word: String,
    /// When it began: the time of day.
    pub began: String,
    /// How long it took, or takes so far.
    pub took: String,
    /// Its line; counts from 1.
    pub line: u64,
    /// Whether it is the one that goes on.
    pub open: bool,
}

/// A run of Ansible as host × task.
#[derive(Clone, Debug)]
pub struct RunTable {
    /// What it is.
    pub name: String,
    /// Its hosts.
    pub hosts: Vec<String>,
    /// Its tasks, as far as they are listed.
    pub rows: Vec<MatrixRow>,
    /// Tasks in all.
    pub tasks: usize,
    /// Its recap, a text a host.
    pub recap: Vec<(String, Health)>,
    /// Errors that belong to no task.
    pub errors: Vec<(u64, String)>,
}

/// A task.
#[derive(Clone, Debug)]
pub struct MatrixRow {
    /// Its play, when it is another than the row before has.
    pub play: Option<String>,
    /// Its name.
    pub name: String,
    /// Its line; counts from 1.
    pub line: u64,
    /// How long it took.
    pub took: String,
    /// A host each.
    pub cells: Vec<Option<Cell>>,
}

/// How a task fared on a host.
#[derive(Clone, Debug)]
pub struct Cell {
    /// How.
    pub health: Health,
    /// In a word.
    pub word: &'static str,
    /// What was said, when it went wrong.
    pub message: String,
    /// Where; counts from 1.
    pub line: u64,
}

/// A line of a difference.
#[derive(Clone, Debug)]
pub struct DiffLine {
    /// `+`, `-` or a blank.
    pub sign: char,
    /// The line.
    pub text: String,
}

/// A part of a log.
#[derive(Clone, Debug, Default)]
pub struct LogWindow {
    /// Lines in all.
    pub total: u64,
    /// Bytes in all.
    pub size: u64,
    /// The lines.
    pub lines: Vec<LogLine>,
    /// What was sought.
    pub sought: String,
    /// Whether that was not found.
    pub not_found: bool,
    /// The line that is pointed at; counts from 1.
    pub at: Option<u64>,
    /// Whether the log is not kept any more.
    pub forgotten: bool,
    /// Whether the log is not shown before it is redacted anew.
    pub withheld: bool,
}

/// A line of a log.
#[derive(Clone, Debug)]
pub struct LogLine {
    /// Counts from 1.
    pub number: u64,
    /// It.
    pub text: String,
    /// Bytes of it that are not shown.
    pub left_out: u64,
    /// Whether what was sought is in it.
    pub hit: bool,
}
