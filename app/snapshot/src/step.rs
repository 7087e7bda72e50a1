//! The ladder: how far a backup is proved.

use serde::{Deserialize, Serialize};

/// How far a backup is proved. Each step takes for granted that those below it hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// It is there.
    Listed,
    /// It was written to its end.
    Complete,
    /// Its SHA-256 is the one that etcd sent with it.
    Digest,
    /// It is a sound bbolt database.
    Bolt,
    /// It is a sound store of etcd.
    Mvcc,
    /// The store gave back what it was given.
    ReadBack,
    /// An etcd started on it and told the same.
    Rehearsed,
}

impl Step {
    /// All of them, from the ground up.
    pub const ALL: [Self; 7] =
        [Self::Listed, Self::Complete, Self::Digest, Self::Bolt, Self::Mvcc, Self::ReadBack, Self::Rehearsed];

    /// Its number, from 0.
    pub fn number(self) -> u8 {
        self as u8
    }

    /// The step with this number.
    pub fn of(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number)).copied()
    }

    /// A word for tables.
    pub fn word(self) -> &'static str {
        match self {
            Self::Listed => "listed",
            Self::Complete => "complete",
            Self::Digest => "digest",
            Self::Bolt => "database",
            Self::Mvcc => "revisions",
            Self::ReadBack => "read back",
            Self::Rehearsed => "rehearsed",
        }
    }

    /// What it says of a backup, as a sentence.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Listed => "It is there; nothing is known of what is in it.",
            Self::Complete => "It was written to its end, with its digest.",
            Self::Digest => "Its SHA-256 is the one that etcd sent with it.",
            Self::Bolt => "It is a sound database: every page is used once or free, every leaf can be read.",
            Self::Mvcc => "It is a sound store of etcd: revisions rise, every record, lease and member can be read.",
            Self::ReadBack => "The place where it is kept gave back what it was given.",
            Self::Rehearsed => "An etcd started on it and told the same revision, keys and hash.",
        }
    }
}
