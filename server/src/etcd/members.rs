//! What is known of a cluster's members, and what follows from it.

use std::fmt;

use super::{Endpoint, EtcdError};

/// A cluster of etcd as its members tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Members {
    /// Its id.
    pub cluster: u64,
    /// Its members by name, then by id.
    pub members: Vec<Member>,
    /// Alarms that were raised and not taken back, or why they are unknown.
    pub alarms: Result<Vec<Alarm>, EtcdError>,
    /// Whether the members hold the same.
    pub agreement: Agreement,
    /// Endpoints that were named and belong to no member, or do not answer.
    pub strangers: Vec<EtcdError>,
}

/// A member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Its id.
    pub id: u64,
    /// Its name; empty for one that was added and has not started yet.
    pub name: String,
    /// Where other members reach it.
    pub peer_urls: Vec<String>,
    /// Where it says that clients reach it.
    pub client_urls: Vec<String>,
    /// Whether it only learns and has no vote. Known from 3.4.
    pub learner: bool,
    /// Where it was asked, when it answered.
    pub endpoint: Option<Endpoint>,
    /// How it fares, or why that is unknown.
    pub standing: Result<Standing, EtcdError>,
}

/// How a member fares, by its own word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// As in `3.6.4`.
    pub version: String,
    /// Bytes of its database on disk.
    pub size: u64,
    /// Bytes of it that are in use; the rest is free for what comes. Known from 3.4.
    pub in_use: Option<u64>,
    /// The revision of its keys.
    pub revision: i64,
    /// How far its log of the cluster reaches.
    pub raft_index: u64,
    /// How much of that it has done. Known from 3.4.
    pub applied: Option<u64>,
    /// How often there was an election.
    pub term: u64,
    /// Who leads in its eyes; 0 when nobody.
    pub leader: u64,
    /// What it complains of. Known from 3.4.
    pub errors: Vec<String>,
}

/// An alarm that a member raised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Alarm {
    /// Who.
    pub member: u64,
    /// What of.
    pub kind: AlarmKind,
}

/// What an alarm is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AlarmKind {
    /// The database has reached its quota; the cluster takes no writes.
    NoSpace,
    /// What the member holds is not what others hold.
    Corrupt,
    /// One that came after this was written.
    Other(i32),
}

impl fmt::Display for AlarmKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSpace => f.write_str("no space left under its quota"),
            Self::Corrupt => f.write_str("its data is corrupt"),
            Self::Other(kind) => write!(f, "alarm {kind}"),
        }
    }
}

/// Whether members hold the same keys at the same revision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Agreement {
    /// Nobody was asked.
    NotAsked,
    /// Older than 3.3.
    NotServed,
    /// They could not be compared, and why.
    Unknown(String),
    /// All that were asked do.
    Same {
        /// At this one.
        revision: i64,
        /// How many were asked.
        members: usize,
    },
    /// They do not: hash and names of who has it, the most common first.
    Differ {
        /// At this one.
        revision: i64,
        /// Hash, and ids of members.
        hashes: Vec<(u32, Vec<u64>)>,
    },
}

/// Who votes, and how many of them may still be lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quorum {
    /// Members with a vote.
    pub voters: usize,
    /// How many of them it takes.
    pub needed: usize,
    /// How many answer and follow a leader.
    pub well: usize,
}

impl Quorum {
    /// How many may still be lost; `None` when there is no quorum among those that answer.
    pub fn spare(self) -> Option<usize> {
        self.well.checked_sub(self.needed)
    }
}

impl Members {
    /// Votes and what may be lost of them. Who cannot be asked counts as lost.
    pub fn quorum(&self) -> Quorum {
        let voters = self.members.iter().filter(|member| !member.learner);
        let leader = self.leader().map(|leader| leader.id);
        let follows = |member: &&Member| {
            member.standing.as_ref().is_ok_and(|standing| standing.leader != 0 && Some(standing.leader) == leader)
        };
        let count = voters.clone().count();
        Quorum { voters: count, needed: count / 2 + 1, well: voters.filter(follows).count() }
    }

    /// Who leads: named by those of the highest term.
    pub fn leader(&self) -> Option<&Member> {
        let standings = self.members.iter().filter_map(|member| member.standing.as_ref().ok());
        let newest = standings.filter(|standing| standing.leader != 0).max_by_key(|standing| standing.term)?;
        self.member(newest.leader)
    }

    /// One by its id.
    pub fn member(&self, id: u64) -> Option<&Member> {
        self.members.iter().find(|member| member.id == id)
    }

    /// The highest revision that a member tells.
    pub fn revision(&self) -> Option<i64> {
        self.members.iter().filter_map(|member| Some(member.standing.as_ref().ok()?.revision)).max()
    }

    /// How many entries of the log a member is behind the one that is farthest; `None` when that is unknown.
    pub fn lag(&self, member: &Member) -> Option<u64> {
        let applied = |member: &Member| member.standing.as_ref().ok().map(Standing::done);
        let farthest = self.members.iter().filter_map(applied).max()?;
        Some(farthest.saturating_sub(applied(member)?))
    }

    /// Whether a member has raised an alarm of this kind, by the list of alarms or by its own complaint.
    pub fn alarmed(&self, member: &Member, kind: AlarmKind) -> bool {
        let listed = self.alarms.iter().flatten().any(|alarm| alarm.member == member.id && alarm.kind == kind);
        let word = match kind {
            AlarmKind::NoSpace => "NOSPACE",
            AlarmKind::Corrupt => "CORRUPT",
            AlarmKind::Other(_) => return listed,
        };
        // As in `memberID:1 alarm:CORRUPT`; every member tells of all.
        let of_it = |error: &String| error.contains(word) && error.contains(&member.id.to_string());
        listed || member.standing.as_ref().is_ok_and(|standing| standing.errors.iter().any(of_it))
    }
}

impl Member {
    /// Its name, or what stands for it.
    pub fn called(&self) -> String {
        if self.name.is_empty() { format!("{:x}", self.id) } else { self.name.clone() }
    }
}

impl Standing {
    /// How far it has come: what it has applied, or where that is not told, what it has.
    pub fn done(&self) -> u64 {
        self.applied.unwrap_or(self.raft_index)
    }
}
