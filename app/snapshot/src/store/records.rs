//! The records: what was put and what was deleted, by revision.

use std::collections::BTreeMap;

use prost::Message;

use super::{Compacted, live::Live, registry::Registry};
use crate::Odd;

/// mvccpb.KeyValue. No debug text: values are Secrets.
#[derive(Clone, PartialEq, Message)]
#[prost(skip_debug)]
struct KeyValue {
    #[prost(bytes = "vec", tag = "1")]
    key: Vec<u8>,
    #[prost(int64, tag = "2")]
    created: i64,
    #[prost(int64, tag = "3")]
    modified: i64,
    #[prost(int64, tag = "4")]
    version: i64,
    #[prost(bytes = "vec", tag = "5")]
    value: Vec<u8>,
    #[prost(int64, tag = "6")]
    lease: i64,
}

/// What is known so far.
pub(super) struct Records {
    compacted: Compacted,
    record: KeyValue,
    last: Option<(i64, i64)>,
    records: u64,
    hash: u32,
    /// Deletions that compaction should have taken away: how etcd hashes them is not known.
    leftover: bool,
    /// A record without a key was there, which a restore with a bumped revision writes.
    bumped: bool,
    live: Live,
    registry: Registry,
}

/// What is known at the end; the names are those of [`super::Examined`].
pub(super) struct Found {
    pub revision: i64,
    pub hash: Option<u32>,
    pub keys: Option<u64>,
    pub records: u64,
    pub live: Option<u64>,
    pub namespaces: BTreeMap<String, u64>,
    pub elsewhere: u64,
    pub nodes: Vec<String>,
}

impl Records {
    pub fn after(compacted: Compacted) -> Self {
        let half_done = compacted.scheduled > compacted.finished;
        Self {
            compacted,
            record: KeyValue::default(),
            last: None,
            records: 0,
            hash: crc32c::crc32c(b"key"),
            leftover: half_done,
            bumped: false,
            live: if half_done { Live::by_name() } else { Live::by_count() },
            registry: Registry::default(),
        }
    }

    pub fn take(&mut self, key: &[u8], value: &[u8]) -> Result<(), Odd> {
        let (main, sub, deleted) = revision(key).ok_or(Odd::Key)?;
        if self.last.replace((main, sub)).is_some_and(|last| last >= (main, sub)) {
            return Err(Odd::Rising(main));
        }
        self.records += 1;
        self.add_to_hash(main, deleted, key, value);
        if value.is_empty() && !deleted {
            self.bumped = true;
            return Ok(());
        }
        self.record.clear();
        self.record.merge(value).map_err(|_| Odd::Record(main))?;
        let record = &self.record;
        if record.key.is_empty() {
            return Err(Odd::Record(main));
        }
        if !deleted {
            if record.modified != main {
                return Err(Odd::Revision(main));
            }
            let first = record.version == 1;
            let sound = record.version > 0 && record.created > 0 && record.created <= main;
            if !sound || first != (record.created == main) {
                return Err(Odd::Versions(main));
            }
        }
        let change = match () {
            () if main <= self.compacted.finished => i64::from(!deleted),
            () if deleted => -1,
            () => i64::from(record.version == 1),
        };
        let change = self.live.change(&record.key, deleted, change);
        if !self.live.possible() {
            return Err(Odd::Deleted(main));
        }
        self.registry.take(&record.key, deleted, change);
        Ok(())
    }

    /// As etcd's HashKV does: the last revision of a compaction has its deletions kept by new versions and not by old
    /// ones, so that they do not count.
    fn add_to_hash(&mut self, main: i64, deleted: bool, key: &[u8], value: &[u8]) {
        if deleted && main <= self.compacted.finished {
            self.leftover |= main < self.compacted.finished;
            return;
        }
        self.hash = crc32c::crc32c_append(crc32c::crc32c_append(self.hash, key), value);
    }

    pub fn ended(self) -> Found {
        let live = self.live.count();
        let (mut namespaces, elsewhere, nodes) = self.registry.ended();
        if live.is_none() {
            namespaces.clear();
        }
        Found {
            revision: self.last.map_or(0, |last| last.0),
            hash: (!self.leftover).then_some(self.hash),
            keys: live.map(|live| live + u64::from(self.bumped)),
            records: self.records,
            live,
            namespaces,
            elsewhere,
            nodes,
        }
    }
}

/// A record's key: the number of its transaction, its place there, and whether it is a deletion.
fn revision(key: &[u8]) -> Option<(i64, i64, bool)> {
    let (revision, mark) = key.split_first_chunk::<17>()?;
    let (main, rest) = revision.split_first_chunk::<8>()?;
    let (separator, sub) = rest.split_first()?;
    let (main, sub) = (i64::from_be_bytes(*main), i64::from_be_bytes(sub.try_into().ok()?));
    let known = *separator == b'_' && (mark.is_empty() || mark == b"t");
    (known && main > 0 && sub >= 0).then_some((main, sub, !mark.is_empty()))
}
