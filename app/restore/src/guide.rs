//! A guide: what to know before, and what to do where.

use crate::{Facts, losses, member, quorum};

/// How a guide is followed.
pub const HOW: &str = "Run each block as root, in bash, on the host shown above it, and compare what you see with what \
                       stands below it. Finish each step on every host before starting the next. A block stops at what \
                       fails; do not go on then.";

/// What is lost, and so which way leads back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lost {
    /// So many members that the rest takes no writes, or the data itself: all go back to the backup.
    Quorum,
    /// One member, by its place in [`Facts::members`]; the rest goes on, and the backup is not needed.
    Member(usize),
}

/// How to come back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guide {
    /// What it is for.
    pub title: String,
    /// What will be lost, as sentences.
    pub losses: Vec<String>,
    /// What speaks against following it, or for care.
    pub warnings: Vec<String>,
    /// What is not known here, and what is done about it.
    pub unknown: Vec<String>,
    /// In their order: none is begun before the one before it is done on every host.
    pub steps: Vec<Step>,
}

/// A part of the way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// What it does.
    pub title: String,
    /// Why, and what it means for what runs.
    pub why: String,
    /// What to do, in this order.
    pub acts: Vec<Act>,
}

/// Commands in one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Act {
    /// Where.
    pub at: At,
    /// For bash, as root; they stop at what fails and leave the shell open.
    pub commands: String,
    /// What is to be seen then.
    pub check: String,
}

/// Where commands are run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum At {
    /// A machine that reaches all hosts by SSH and holds the backup, such as the jump host.
    Desk,
    /// A host, as people call it.
    Host(String),
}

/// Which way back is proposed: a member where exactly one is not well and the rest has its quorum.
pub fn lost(facts: &Facts) -> Lost {
    let away: Vec<usize> = (0..facts.members.len()).filter(|n| facts.members[*n].well == Some(false)).collect();
    match (facts.life.as_ref().is_some_and(|life| life.quorum), away.as_slice()) {
        (true, [one]) => Lost::Member(*one),
        _ => Lost::Quorum,
    }
}

/// The way back. [`Lost::Member`] of a member that is not there is as [`Lost::Quorum`].
pub fn guide(facts: &Facts, lost: Lost) -> Guide {
    let member = match lost {
        Lost::Member(n) => facts.members.get(n),
        Lost::Quorum => None,
    };
    match member {
        Some(member) => Guide {
            title: format!("{}: the member {} of etcd is lost", facts.cluster, member.called()),
            losses: vec![
                "Nothing: the other members have all keys, and the new member takes them over. The backup is not needed."
                    .into(),
            ],
            warnings: losses::warnings_for_member(facts, member),
            unknown: losses::unknown_of_members(facts),
            steps: member::steps(facts, member),
        },
        None => Guide {
            title: format!("{}: the quorum of etcd is lost, or its data", facts.cluster),
            losses: losses::losses(facts),
            warnings: losses::warnings(facts),
            unknown: losses::unknown(facts),
            steps: quorum::steps(facts),
        },
    }
}
