//! How many keys are there now.

use super::names::Names;

/// Counts keys without keeping them.
///
/// When the past is compacted to its end, what is left of it is one record for each key; from there on a first version is
/// a new key, and a deletion takes one away. While a compaction is half done, some first versions are gone and their
/// deletions are not, and no counting is right: then keys are told apart.
pub(super) enum Live {
    Count(i64),
    Names(Names),
}

impl Live {
    /// Takes in a record; `counted` is its change as long as counting is right. Answers by how many keys there are more.
    pub fn change(&mut self, key: &[u8], deleted: bool, counted: i64) -> i64 {
        match self {
            Self::Count(count) => {
                *count += counted;
                counted
            }
            Self::Names(names) if deleted => -i64::from(names.remove(key)),
            Self::Names(names) => i64::from(names.add(key)),
        }
    }

    /// No more keys went than came.
    pub fn possible(&self) -> bool {
        !matches!(self, Self::Count(..0))
    }

    /// Unknown only when there are too many to be told apart.
    pub fn count(&self) -> Option<u64> {
        match self {
            Self::Count(count) => u64::try_from(*count).ok(),
            Self::Names(names) => names.count(),
        }
    }
}
