//! The Inventory of a past moment, from records.

use std::collections::BTreeSet;

use topology::{
    Change, Inventory, Stamp,
    inventory::{Fact, Key, Source},
};

use crate::{Block, Content, Record};

/// An Inventory that goes through the past.
#[derive(Clone, Debug)]
pub struct Replay {
    inventory: Inventory,
    at: Stamp,
    /// The number of the record that comes next.
    next: u64,
    leases: BTreeSet<Key>,
    nodes: BTreeSet<Key>,
}

/// Why records do not go on where others end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReplayError {
    /// Some between them are lost.
    #[error("the records from {from} to {until} are lost")]
    Lost {
        /// The number of the first.
        from: u64,
        /// The number of the first that is there again.
        until: u64,
    },
}

impl Replay {
    /// From the records of a block with the whole.
    pub fn of(block: &Block, records: Vec<Record>) -> Self {
        let mut replay = Self {
            inventory: Inventory::default(),
            at: block.first,
            next: block.number,
            leases: BTreeSet::new(),
            nodes: BTreeSet::new(),
        };
        for record in records {
            replay.apply(record);
        }
        replay
    }

    /// Goes on by a block of changes, as far as `until`. A block of what lies behind or after that changes
    /// nothing.
    ///
    /// # Errors
    /// [`ReplayError::Lost`] when blocks between are missing.
    pub fn go_on(&mut self, block: &Block, records: Vec<Record>, until: Stamp) -> Result<(), ReplayError> {
        if block.content == Content::Whole || block.first > until {
            return Ok(());
        }
        if block.number > self.next {
            return Err(ReplayError::Lost { from: self.next, until: block.number });
        }
        let known = usize::try_from(self.next - block.number).unwrap_or(usize::MAX);
        for record in records.into_iter().skip(known) {
            if record.at > until {
                break;
            }
            self.next += 1;
            self.apply(record);
        }
        Ok(())
    }

    /// The number of the record that comes next.
    pub const fn next(&self) -> u64 {
        self.next
    }

    /// The time of the last record.
    pub const fn at(&self) -> Stamp {
        self.at
    }

    /// The Inventory as it was at a moment that is not before the last record: what was renewed in time is renewed then.
    pub fn moment(&mut self, t: Stamp) -> &Inventory {
        self.inventory.renew(&self.leases, &self.nodes, t);
        &self.inventory
    }

    fn apply(&mut self, record: Record) {
        self.at = self.at.max(record.at);
        match &record.change {
            Change::Put(Fact::Lease(lease)) => keep(&mut self.leases, &lease.key, lease.is_in_time(record.at)),
            Change::Put(Fact::Node(node)) => {
                keep(&mut self.nodes, &Key::new("", node.name.clone()), node.beats_in_time(record.at));
            }
            Change::Gone(Source::Leases, key) => keep(&mut self.leases, key, false),
            Change::Gone(Source::Nodes, key) => keep(&mut self.nodes, key, false),
            _ => {}
        }
        self.inventory.apply(record.change);
    }
}

fn keep(set: &mut BTreeSet<Key>, key: &Key, whether: bool) {
    if whether {
        set.insert(key.clone());
    } else {
        set.remove(key);
    }
}
