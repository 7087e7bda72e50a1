//! The answer: an outcome, parts with verdicts, and the course in time.

use topology::graph::SinglePoint;

use crate::{filter::Refusal, question::Question, timing::span, verdict::Verdict, words::few};

/// Everything that is said of a question.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// The question in words, as in `host5 is lost`.
    pub asked: String,
    /// The question.
    pub question: Question,
    /// What becomes of the cluster.
    pub outcome: Outcome,
    /// The answer in one sentence.
    pub sentence: String,
    /// Parts, worst first.
    pub parts: Vec<Part>,
    /// What happens when.
    pub course: Vec<Event>,
    /// Hosts that may take pods, by one placement that the filters allow.
    pub returns: Vec<Seat>,
    /// Single points of failure among the hosts that go.
    pub points: Vec<SinglePoint>,
    /// Steps that would make it better.
    pub helps: Vec<String>,
    /// Pods that stop with their hosts, or are evicted.
    pub pods: u32,
    /// Its weight among other answers: the larger, the worse.
    pub damage: Damage,
}

/// What becomes of the cluster, in order of harm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// Nothing is noticed: every pod comes back, and no service is without an endpoint in between.
    Unnoticed,
    /// Everything comes back by itself, but something is down until then.
    Interrupted,
    /// A missing fact decides.
    Unknown,
    /// Something may stay down: the order of things decides.
    AtRisk,
    /// Something stays down until somebody acts.
    Damaged,
}

impl Outcome {
    /// One word for tables and programs.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Unnoticed => "unnoticed",
            Self::Interrupted => "interrupted",
            Self::Unknown => "unknown",
            Self::AtRisk => "at-risk",
            Self::Damaged => "damaged",
        }
    }

    /// A short phrase for people.
    pub const fn phrase(self) -> &'static str {
        match self {
            Self::Unnoticed => "nothing is noticed",
            Self::Interrupted => "interrupted, then healthy",
            Self::Unknown => "not known",
            Self::AtRisk => "some parts may stay down",
            Self::Damaged => "some parts stay down",
        }
    }
}

/// What harm is counted by, worst first: compared field by field.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Damage {
    /// Parts of the control plane that stay down.
    pub control: u32,
    /// Services that stay without an endpoint.
    pub services: u32,
    /// Pods that stay down.
    pub pods: u32,
    /// Services and pods whose return depends on the order.
    pub open: u32,
    /// Parts that cannot be told.
    pub unknown: u32,
    /// Services without an endpoint for a time.
    pub interrupted: u32,
    /// Pods that stop.
    pub stopped: u32,
}

/// One part of the cluster and what becomes of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// What it is.
    pub about: About,
    /// Its name, as in `ims/hss-db`.
    pub name: String,
    /// The verdict.
    pub verdict: Verdict,
    /// A word or two, as in `stays up` or `runs again after 5 min 50 s`.
    pub short: String,
    /// Why, in a phrase; empty where nothing is to be said.
    pub why: String,
    /// Seconds until it is as before: 0 where it never fails, none where it stays down or cannot be told.
    pub after: Option<u32>,
    /// How many pods, members or endpoints it is about.
    pub count: u32,
    /// Whether no pod of its kind runs elsewhere in the meantime.
    pub stands_still: bool,
    /// Why hosts do not take it.
    pub refusals: Vec<Refused>,
    /// One placement that the filters allow.
    pub witness: Vec<Seat>,
}

/// Which part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum About {
    /// The Kubernetes API.
    Api,
    /// etcd.
    Etcd,
    /// The address by which clients reach the API.
    Entrance,
    /// A component that elects its leader.
    Leader,
    /// A service.
    Service,
    /// Pods of an owner, or without one.
    Pods,
    /// A PodDisruptionBudget.
    Budget,
}

impl About {
    /// One word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Api => "API",
            Self::Etcd => "etcd",
            Self::Entrance => "entrance",
            Self::Leader => "leader",
            Self::Service => "service",
            Self::Pods => "pods",
            Self::Budget => "budget",
        }
    }
}

/// Hosts that refuse a pod for one reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The reason, as in `lacks 300m of cpu`.
    pub why: String,
    /// The hosts.
    pub hosts: Vec<String>,
    /// The reason for programs.
    pub(crate) refusal: Refusal,
}

impl Refused {
    /// The first hosts for people, as in `host1, host2 and 7 more`.
    pub fn shown(&self) -> String {
        few(&self.hosts, 5)
    }
}

/// Pods on a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seat {
    /// The host.
    pub host: String,
    /// How many.
    pub pods: u32,
}

/// Something that happens.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Event {
    /// Seconds after the loss; none for what never happens.
    pub after: Option<u32>,
    /// In a phrase.
    pub what: String,
}

impl Event {
    pub(crate) fn at(after: u32, what: impl Into<String>) -> Self {
        Self { after: Some(after), what: what.into() }
    }

    /// When, for people, as in `5 min 50 s` or `never`.
    pub fn when(&self) -> String {
        self.after.map_or_else(|| "never".to_owned(), span)
    }
}

impl Part {
    pub(crate) fn new(about: About, name: impl Into<String>, verdict: Verdict) -> Self {
        Self {
            about,
            name: name.into(),
            verdict,
            short: String::new(),
            why: String::new(),
            after: None,
            count: 1,
            stands_still: false,
            refusals: Vec::new(),
            witness: Vec::new(),
        }
    }

    pub(crate) fn short(mut self, short: impl Into<String>) -> Self {
        self.short = short.into();
        self
    }

    pub(crate) fn why(mut self, why: impl Into<String>) -> Self {
        self.why = why.into();
        self
    }

    pub(crate) const fn after(mut self, seconds: u32) -> Self {
        self.after = Some(seconds);
        self
    }

    pub(crate) const fn count(mut self, count: u32) -> Self {
        self.count = count;
        self
    }

    /// Whether more room would help its pods.
    pub(crate) fn is_short_of_room(&self) -> bool {
        let by_room = self.refusals.iter().any(|refused| matches!(refused.refusal, Refusal::Room(..)));
        matches!(self.verdict, Verdict::Depends { .. }) || (self.verdict == Verdict::Impossible && by_room)
    }

    /// Worst first: the rank of its verdict, then what it is.
    pub(crate) fn rank(&self) -> (u8, About, std::cmp::Reverse<u32>, String) {
        let rank = match self.verdict {
            Verdict::Impossible => 0,
            Verdict::Depends { .. } => 1,
            Verdict::Unknown => 2,
            Verdict::Certain if self.after != Some(0) => 3,
            Verdict::Certain => 4,
        };
        (rank, self.about, std::cmp::Reverse(self.count), self.name.clone())
    }
}

/// As in `1 pod`, `3 pods`.
pub(crate) fn counted(count: u32, one: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{count} {one}s") }
}
