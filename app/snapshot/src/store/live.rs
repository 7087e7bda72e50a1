//! How many keys are there now.

use std::{
    collections::HashSet,
    hash::{BuildHasher, RandomState},
};

/// As many as a table of 2²¹ places holds: 19 MB.
const MOST: usize = 1_835_008;

/// Counts keys without keeping them.
///
/// When the past is compacted to its end, what is left of it is one record for each key; from there on a first version is
/// a new key, and a deletion takes one away. While a compaction is half done, some first versions are gone and their
/// deletions are not, and no counting is right: then each key is known by a number drawn from it, 64 bits with a secret
/// of this run, so that nobody can make two keys that have the same.
pub(super) enum Live {
    Count(i64),
    Names { keys: HashSet<u64>, drawn: RandomState },
    TooMany,
}

impl Live {
    pub fn by_count() -> Self {
        Self::Count(0)
    }

    pub fn by_name() -> Self {
        Self::Names { keys: HashSet::new(), drawn: RandomState::new() }
    }

    /// Takes in a record; `counted` is its change as long as counting is right. Answers by how many keys there are more.
    pub fn change(&mut self, key: &[u8], deleted: bool, counted: i64) -> i64 {
        match self {
            Self::Count(count) => {
                *count += counted;
                counted
            }
            Self::Names { keys, drawn } => {
                let number = drawn.hash_one(key);
                if deleted {
                    return -i64::from(keys.remove(&number));
                }
                let more = i64::from(keys.insert(number));
                if keys.len() > MOST {
                    *self = Self::TooMany;
                }
                more
            }
            Self::TooMany => 0,
        }
    }

    /// No more keys went than came.
    pub fn possible(&self) -> bool {
        !matches!(self, Self::Count(..0))
    }

    pub fn count(&self) -> Option<u64> {
        match self {
            Self::Count(count) => u64::try_from(*count).ok(),
            Self::Names { keys, .. } => Some(keys.len() as u64),
            Self::TooMany => None,
        }
    }
}
