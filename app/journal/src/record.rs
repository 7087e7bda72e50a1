//! Records in the making: what is worth keeping, in the order of its time.

use topology::{Change, Inventory, Stamp};

/// A change, and when it was learnt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// When, by the API server's clock as far as it is known.
    pub at: Stamp,
    /// What.
    pub change: Change,
}

/// Takes changes in before they are applied, and gives records out.
#[derive(Debug)]
pub struct Recorder {
    /// No record is earlier: a block that was given out is never written again.
    floor: Stamp,
    /// Up to when it was looked for what ran out.
    looked: Stamp,
    held: Vec<Record>,
}

impl Recorder {
    /// From a moment on.
    pub const fn new(from: Stamp) -> Self {
        Self { floor: from, looked: from, held: Vec::new() }
    }

    /// A change that is about to be applied.
    pub fn take(&mut self, inventory: &Inventory, change: &Change, now: Stamp) {
        let looked = self.looked;
        let news = inventory.news(change, now).into_iter();
        // What ran out before the last look has been told.
        self.held.extend(news.filter(|(at, _)| *at > looked || *at == now).map(|(at, change)| Record { at, change }));
    }

    /// How many records wait.
    pub const fn waiting(&self) -> usize {
        self.held.len()
    }

    /// Everything up to now.
    pub fn give(&mut self, inventory: &Inventory, now: Stamp) -> Vec<Record> {
        let now = now.max(self.looked);
        let out = inventory.ran_out(self.looked, now).into_iter();
        self.held.extend(out.map(|(at, change)| Record { at, change }));
        self.looked = now;
        let mut records = std::mem::take(&mut self.held);
        for record in &mut records {
            record.at = record.at.max(self.floor);
        }
        // Those of one moment stay in the order in which they came.
        records.sort_by_key(|record| record.at);
        self.floor = records.last().map_or(self.floor, |last| last.at);
        records
    }
}
