//! How a deployment went, computed from evidence; what Compass says of itself is one piece of it.

use serde::{Deserialize, Serialize};

use crate::{Outline, Run, State, ansible::Style};

/// What was started.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A cluster from nothing.
    Deploy,
    /// More workers. Its exit status lies: deploy.sh fails after it has sent the order.
    Expand,
    /// The same hosts again. Its exit status lies as that of an expansion does.
    Redeploy,
}

/// What became of deploy.sh.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Process {
    /// It runs.
    Running,
    /// It ended with this status.
    Exited(i32),
    /// This signal ended it.
    Killed(i32),
    /// It is gone, and no status was left.
    Gone,
}

/// What compass-deck says of the cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Deck {
    /// It was not asked.
    Unasked,
    /// It does not answer.
    Silent,
    /// Nothing was begun: UNINITIALIZED, INITIALIZED, UPDATE_PREPARING.
    Waiting,
    /// INSTALLING.
    Installing,
    /// SUCCESSFUL.
    Successful,
    /// ERROR.
    Error,
}

/// What one run of Ansible sums up.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sum {
    /// Plays that it began; none when its playbook was refused.
    pub plays: usize,
    /// Whether it has a recap.
    pub recapped: bool,
    /// Hosts in it.
    pub hosts: usize,
    /// Hosts that failed.
    pub failed: Vec<String>,
    /// Hosts that did not answer.
    pub unreachable: Vec<String>,
    /// Whether its callback writes no recap, so that results alone tell.
    #[serde(default)]
    pub bare: bool,
}

/// What the cluster itself says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cluster {
    /// It was not asked.
    Unasked,
    /// Its API server does not answer.
    Silent,
    /// Its nodes, each with whether it is ready.
    Nodes(Vec<(String, bool)>),
}

/// What is known of etcd's members.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Etcd {
    /// It was not asked.
    Unasked,
    /// So many members are healthy, of so many planned.
    Members {
        /// Healthy ones.
        healthy: usize,
        /// Planned ones.
        of: usize,
    },
}

/// Everything a verdict is computed from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// What was started.
    pub kind: Kind,
    /// What became of deploy.sh.
    pub process: Process,
    /// Whether somebody cancelled it.
    pub cancelled: bool,
    /// Whether ansible-playbook still runs in the tasks container; none when nobody could look. A run that has
    /// been summed up may take a second to end: look again before believing it.
    pub ansible_alive: Option<bool>,
    /// Whether a cancel found Ansible running, and ended it.
    pub ansible_ended: bool,
    /// Whether Ansible wrote something from which neither plays nor results can be read.
    pub ansible_unread: bool,
    /// Whether the line of success was written at all.
    pub success_written: bool,
    /// Whether it is the last line, which is all that deploy.sh's exit status tells.
    pub success_last: bool,
    /// What the deck says.
    pub deck: Deck,
    /// Compass's own run; none when there was none.
    pub outer: Option<Sum>,
    /// Kubespray's run within it; none when there was none.
    pub nested: Option<Sum>,
    /// The task that failed first, with its host; none when no task did.
    pub first_failure: Option<String>,
    /// Hosts that must be nodes.
    pub expected: Vec<String>,
    /// What the cluster says.
    pub cluster: Cluster,
    /// What etcd says.
    pub etcd: Etcd,
}

/// How it went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// It has not ended.
    Running,
    /// Every witness says so.
    Succeeded,
    /// Some witness says so, and nothing goes on.
    Failed,
    /// deploy.sh ended, Ansible goes on.
    FailedButRunning,
    /// Somebody ended it.
    Cancelled,
    /// deploy.sh is gone, Ansible goes on: follow it by the log and the deck.
    Lost,
    /// No witness says that it failed, and some say nothing.
    Unknown,
}

/// Who gives evidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Witness {
    /// deploy.sh by its exit status.
    Exit,
    /// deploy.sh by its last line.
    LastLine,
    /// compass-deck.
    Deck,
    /// The recap of Compass's own run.
    Outer,
    /// The recap of kubespray's run.
    Nested,
    /// The cluster's nodes.
    Nodes,
    /// etcd's members.
    Etcd,
}

/// What a witness says of success.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Says {
    /// It went well.
    Yes,
    /// It did not.
    No,
    /// It does not answer, was not asked, or cannot be believed here.
    Nothing,
}

/// One piece of evidence, as it is shown beside the verdict.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proof {
    /// Who says it.
    pub witness: Witness,
    /// What it comes to.
    pub says: Says,
    /// What was seen.
    pub text: String,
}

/// A verdict with what it rests on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Judgement {
    /// How it went.
    pub verdict: Verdict,
    /// The same as a sentence.
    pub headline: String,
    /// Every witness, in the order of [`Witness`].
    pub proofs: Vec<Proof>,
}

impl Sum {
    fn of(run: &Run) -> Self {
        if run.style == Style::Bare && !run.recapped {
            let left = |wanted: State| run.hosts_left(wanted).map(str::to_owned).collect();
            return Self {
                plays: run.plays.len(),
                hosts: run.hosts.len(),
                failed: left(State::Failed),
                unreachable: left(State::Unreachable),
                bare: true,
                ..Self::default()
            };
        }
        Self {
            plays: run.plays.len(),
            recapped: run.recapped,
            hosts: run.recap.len(),
            failed: run.failed().map(str::to_owned).collect(),
            unreachable: run.unreachable().map(str::to_owned).collect(),
            bare: false,
        }
    }

    fn is_well(&self) -> bool {
        self.recapped && self.hosts > 0 && self.failed.is_empty() && self.unreachable.is_empty()
    }
}

impl Evidence {
    /// What a log alone proves; the rest is yet to be asked.
    pub fn of_log(kind: Kind, process: Process, outline: &Outline, expected: Vec<String>) -> Self {
        let (outer, nested) = outline.compass();
        let sum = |run: Option<usize>| run.map(|at| Sum::of(&outline.runs.all[at]));
        Self {
            kind,
            process,
            cancelled: false,
            ansible_alive: None,
            ansible_ended: false,
            ansible_unread: outline.runs.unread > 0 && outer.is_none(),
            success_written: outline.success_line.is_some(),
            success_last: outline.success_line.is_some() && crate::phase::is_success(&outline.last_line),
            deck: Deck::Unasked,
            outer: sum(outer),
            nested: sum(nested),
            first_failure: outline.first_failure().and_then(|first| first.words()),
            expected,
            cluster: Cluster::Unasked,
            etcd: Etcd::Unasked,
        }
    }

    /// Whether deploy.sh itself claims success; those kinds whose exit status lies claim nothing.
    fn claims(&self) -> Option<bool> {
        match (self.kind, self.process) {
            (Kind::Deploy, Process::Exited(status)) => Some(status == 0),
            _ => None,
        }
    }
}

/// Computes the verdict.
pub fn judge(evidence: &Evidence) -> Judgement {
    let proofs = vec![
        exit(evidence),
        last_line(evidence),
        deck(evidence),
        recap(Witness::Outer, "Ansible", evidence.outer.as_ref(), evidence.ansible_unread),
        recap(Witness::Nested, "kubespray", evidence.nested.as_ref(), evidence.ansible_unread),
        nodes(evidence),
        etcd(evidence),
    ];
    let (verdict, headline) = decide(evidence, &proofs);
    Judgement { verdict, headline, proofs }
}

fn decide(evidence: &Evidence, proofs: &[Proof]) -> (Verdict, String) {
    let alive = evidence.ansible_alive == Some(true);
    if evidence.process == Process::Running {
        let what = if evidence.cancelled { "it is being cancelled" } else { "it runs" };
        return (Verdict::Running, what.into());
    }
    if evidence.cancelled && alive {
        return (Verdict::FailedButRunning, "cancelled, but Ansible still runs there".into());
    }
    // Compass starts Ansible by itself when the hosts have their systems, whoever was cancelled meanwhile.
    if evidence.cancelled && evidence.deck == Deck::Installing && evidence.outer.is_none() && !evidence.ansible_ended {
        let why = "cancelled, but compass-deck still installs: Ansible is ended as soon as it begins";
        return (Verdict::FailedButRunning, why.into());
    }
    if evidence.cancelled {
        return (Verdict::Cancelled, "cancelled".into());
    }
    if evidence.process == Process::Gone && alive {
        return (Verdict::Lost, "deploy.sh is gone, and Ansible still runs there".into());
    }
    if alive {
        return (Verdict::FailedButRunning, "deploy.sh has ended, but Ansible still runs there".into());
    }
    // Before Ansible's first play, hosts install their systems for up to an hour and only the deck knows.
    if evidence.deck == Deck::Installing && evidence.outer.is_none() {
        return match evidence.process {
            Process::Gone => (Verdict::Lost, "deploy.sh is gone, and compass-deck says that it still installs".into()),
            _ => {
                (Verdict::FailedButRunning, "deploy.sh has ended, but compass-deck says that it still installs".into())
            }
        };
    }
    let settled = matches!(evidence.deck, Deck::Successful | Deck::Error | Deck::Waiting);
    if evidence.process == Process::Gone && evidence.ansible_alive.is_none() && !settled {
        return (Verdict::Unknown, "deploy.sh is gone, and nobody could look whether Ansible runs".into());
    }
    let claim = match (evidence.claims(), evidence.deck) {
        (Some(true), _) | (None, Deck::Successful) => "Compass says success, but ",
        (Some(false), _) => "Failed: ",
        (None, _) => "",
    };
    // Of what speaks against success the most telling comes first: what was never done before what it came to.
    let order = [Witness::Outer, Witness::Nested, Witness::Nodes, Witness::Etcd, Witness::Deck];
    let of = |witness: Witness| proofs.iter().find(|proof| proof.witness == witness);
    if let Some(proof) = order.iter().filter_map(|witness| of(*witness)).find(|proof| proof.says == Says::No) {
        // Of a failed run of Ansible the task says more than the host that the recap counts it for.
        let task = evidence.first_failure.as_deref().filter(|_| evidence.claims() == Some(false));
        let told = task.filter(|_| matches!(proof.witness, Witness::Outer | Witness::Nested));
        return (Verdict::Failed, format!("{claim}{}", told.unwrap_or(&proof.text)));
    }
    let unasked = order.iter().filter_map(|witness| of(*witness)).find(|proof| proof.says == Says::Nothing);
    match (unasked, evidence.claims()) {
        // deploy.sh ended early: what it did not come to cannot be asked.
        (Some(_), Some(false)) if !evidence.success_written => (Verdict::Failed, exit(evidence).text),
        (Some(_), _) if matches!(evidence.process, Process::Killed(_)) => (Verdict::Failed, exit(evidence).text),
        (Some(proof), Some(true)) => (Verdict::Unknown, format!("Compass says success, and {}", proof.text)),
        (Some(proof), _) => (Verdict::Unknown, format!("nothing says that it failed, and {}", proof.text)),
        (None, Some(true)) => (Verdict::Succeeded, "succeeded".into()),
        (None, Some(false)) if evidence.success_written => (
            Verdict::Succeeded,
            "succeeded: Compass says failure only because another line came after its success line".into(),
        ),
        (None, Some(false)) => (Verdict::Succeeded, "succeeded, though Compass says failure".into()),
        (None, None) if evidence.process == Process::Gone => {
            (Verdict::Unknown, "how deploy.sh ended is not known; all that it was to build is there".into())
        }
        (None, None) if matches!(evidence.process, Process::Killed(_)) => {
            (Verdict::Unknown, format!("{}; all that it was to build is there", exit(evidence).text))
        }
        (None, None) => {
            (Verdict::Succeeded, "succeeded; the exit status of this kind of deployment tells nothing".into())
        }
    }
}

fn proof(witness: Witness, says: Says, text: impl Into<String>) -> Proof {
    Proof { witness, says, text: text.into() }
}

fn exit(evidence: &Evidence) -> Proof {
    let (says, text) = match evidence.process {
        Process::Running => (Says::Nothing, "deploy.sh runs".into()),
        Process::Gone => (Says::Nothing, "deploy.sh is gone and left no exit status".into()),
        Process::Killed(signal) => (Says::No, format!("deploy.sh was ended by signal {signal}")),
        Process::Exited(status) => {
            (if status == 0 { Says::Yes } else { Says::No }, format!("deploy.sh exited with {status}"))
        }
    };
    let says = if evidence.kind == Kind::Deploy { says } else { Says::Nothing };
    proof(Witness::Exit, says, text)
}

fn last_line(evidence: &Evidence) -> Proof {
    let (says, text) = match (evidence.success_written, evidence.success_last) {
        (_, true) => (Says::Yes, "success line found in log, as its last line"),
        (true, false) => (Says::Yes, "success line found in log, and other lines came after it"),
        (false, false) => (Says::No, "no success line in log"),
    };
    let says = if evidence.kind == Kind::Deploy { says } else { Says::Nothing };
    proof(Witness::LastLine, says, text)
}

fn deck(evidence: &Evidence) -> Proof {
    let (says, text) = match evidence.deck {
        Deck::Unasked => (Says::Nothing, "compass-deck was not asked"),
        Deck::Silent => (Says::Nothing, "compass-deck does not answer"),
        Deck::Waiting => (Says::No, "compass-deck has begun nothing"),
        // The state stays so when Ansible dies before it sums up.
        Deck::Installing if evidence.ansible_alive == Some(false) && evidence.outer.is_some() => {
            (Says::No, "compass-deck says that it installs, and nothing does")
        }
        Deck::Installing => (Says::Nothing, "compass-deck says that it still installs"),
        Deck::Successful => (Says::Yes, "compass-deck says success"),
        Deck::Error => (Says::No, "compass-deck says error"),
    };
    proof(Witness::Deck, says, text)
}

fn recap(witness: Witness, name: &str, sum: Option<&Sum>, unread: bool) -> Proof {
    if unread && sum.is_none() {
        return proof(witness, Says::Nothing, format!("{name}'s callback writes no plays: how it went is not known"));
    }
    let Some(sum) = sum.filter(|sum| sum.plays > 0) else {
        return proof(witness, Says::No, format!("{name} never ran"));
    };
    if sum.is_well() {
        return proof(witness, Says::Yes, format!("{name} went well on {} hosts", sum.hosts));
    }
    if sum.bare && sum.failed.is_empty() && sum.unreachable.is_empty() {
        return proof(
            witness,
            Says::Nothing,
            format!("{name}'s callback writes no recap, and no failure is in its log"),
        );
    }
    let text = match (sum.recapped || sum.bare, &sum.failed[..], &sum.unreachable[..]) {
        (false, ..) => format!("{name} never came to its end"),
        (true, [], []) => format!("{name} had no host"),
        (true, [], hosts) => format!("{name} did not reach {}", listed(hosts)),
        (true, hosts, _) => format!("{name} failed on {}", listed(hosts)),
    };
    proof(witness, Says::No, text)
}

fn nodes(evidence: &Evidence) -> Proof {
    let witness = Witness::Nodes;
    let nodes = match &evidence.cluster {
        Cluster::Unasked => return proof(witness, Says::Nothing, "the cluster was not asked"),
        Cluster::Silent => return proof(witness, Says::Nothing, "the cluster does not answer"),
        Cluster::Nodes(nodes) => nodes,
    };
    let state = |host: &String| nodes.iter().find(|(name, _)| name == host).map(|(_, ready)| *ready);
    let with = |wanted: Option<bool>| -> Vec<String> {
        evidence.expected.iter().filter(|host| state(host) == wanted).cloned().collect()
    };
    let (missing, unready) = (with(None), with(Some(false)));
    match (&missing[..], &unready[..]) {
        _ if evidence.expected.is_empty() => {
            proof(witness, Says::Nothing, "it is not known which nodes are to be there")
        }
        ([], []) => proof(witness, Says::Yes, format!("all {} nodes are there and ready", evidence.expected.len())),
        ([], unready) => proof(witness, Says::No, format!("{} not ready", are(unready))),
        (missing, _) => proof(witness, Says::No, format!("{} missing", are(missing))),
    }
}

fn etcd(evidence: &Evidence) -> Proof {
    match evidence.etcd {
        Etcd::Unasked => proof(Witness::Etcd, Says::Nothing, "etcd was not asked"),
        Etcd::Members { healthy, of } if healthy > of / 2 => {
            proof(Witness::Etcd, Says::Yes, format!("etcd has quorum: {healthy} of {of} members are healthy"))
        }
        Etcd::Members { healthy, of } => {
            proof(Witness::Etcd, Says::No, format!("etcd has no quorum: {healthy} of {of} members are healthy"))
        }
    }
}

/// Names as a sentence has them; of many the first few.
fn listed(hosts: &[String]) -> String {
    const MOST: usize = 5;
    match hosts {
        [] => String::new(),
        [one] => one.clone(),
        _ if hosts.len() > MOST => format!("{} and {} more", hosts[..MOST].join(", "), hosts.len() - MOST),
        [others @ .., last] => format!("{} and {last}", others.join(", ")),
    }
}

fn are(hosts: &[String]) -> String {
    format!("{} {}", listed(hosts), if hosts.len() == 1 { "is" } else { "are" })
}
