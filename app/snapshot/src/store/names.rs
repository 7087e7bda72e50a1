//! A set of keys that does not keep them.

use std::{
    collections::HashSet,
    hash::{BuildHasher, RandomState},
};

/// As many as a table of 2²¹ places holds: 19 MB.
const MOST: usize = 1_835_008;

/// Each key is known by a number drawn from it, 64 bits with a secret of this run, so that nobody can make two keys that
/// have the same.
#[derive(Default)]
pub(super) struct Names {
    numbers: HashSet<u64>,
    drawn: RandomState,
    too_many: bool,
}

impl Names {
    /// Whether it was not in yet.
    pub fn add(&mut self, key: &[u8]) -> bool {
        self.too_many |= self.numbers.len() >= MOST;
        !self.too_many && self.numbers.insert(self.drawn.hash_one(key))
    }

    /// Whether it was in.
    pub fn remove(&mut self, key: &[u8]) -> bool {
        self.numbers.remove(&self.drawn.hash_one(key))
    }

    pub fn has(&self, key: &[u8]) -> bool {
        self.numbers.contains(&self.drawn.hash_one(key))
    }

    /// How many; unknown when there were too many to know.
    pub fn count(&self) -> Option<u64> {
        (!self.too_many).then_some(self.numbers.len() as u64)
    }
}
