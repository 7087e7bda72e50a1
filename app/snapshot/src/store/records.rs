//! The records: what was put and what was deleted, by revision.

use std::collections::BTreeMap;

use prost::Message;

use super::{Compacted, live::Live, names::Names, registry::Registry};
use crate::Odd;

/// mvccpb.KeyValue. No debug text: values are Secrets.
#[derive(Clone, PartialEq, Message)]
#[prost(skip_debug)]
pub(super) struct KeyValue {
    #[prost(bytes = "vec", tag = "1")]
    pub key: Vec<u8>,
    #[prost(int64, tag = "2")]
    created: i64,
    #[prost(int64, tag = "3")]
    modified: i64,
    #[prost(int64, tag = "4")]
    version: i64,
    #[prost(bytes = "vec", tag = "5")]
    pub value: Vec<u8>,
    #[prost(int64, tag = "6")]
    lease: i64,
}

/// What is known so far.
pub(super) struct Records {
    compacted: Compacted,
    record: KeyValue,
    last: Option<(i64, i64)>,
    records: u64,
    /// Keys with records after the compacted revision.
    later: Names,
    hash: u32,
    /// It is not known how etcd hashes this: deletions that compaction should have taken away.
    unhashed: bool,
    /// Records were left out of the hash.
    left_out: bool,
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
            later: Names::default(),
            hash: crc32c::crc32c(b"key"),
            unhashed: half_done,
            left_out: false,
            bumped: false,
            live: if half_done { Live::Names(Names::default()) } else { Live::Count(0) },
            registry: Registry::default(),
        }
    }

    /// The key of the first record that [`Self::look_ahead`] wants to see; nothing when it need not see any.
    pub fn ahead(&self) -> Option<[u8; 8]> {
        let known = self.compacted.finished > 0 && !self.unhashed;
        known.then(|| self.compacted.finished.saturating_add(1).to_be_bytes())
    }

    /// A record that comes after the compacted revision, before its turn. What is odd is said when its turn comes.
    pub fn look_ahead(&mut self, key: &[u8], value: &[u8]) {
        if revision(key).is_some_and(|(main, ..)| main > self.compacted.finished) {
            self.record.clear();
            if self.record.merge(value).is_ok() {
                self.later.add(&self.record.key);
            }
        }
    }

    pub fn take(&mut self, key: &[u8], value: &[u8]) -> Result<(), Odd> {
        let (main, sub, deleted) = revision(key).ok_or(Odd::Key)?;
        if self.last.replace((main, sub)).is_some_and(|last| last >= (main, sub)) {
            return Err(Odd::Rising(main));
        }
        self.records += 1;
        if value.is_empty() && !deleted {
            self.bumped = true;
            self.add_to_hash(key, value);
            return Ok(());
        }
        self.record.clear();
        self.record.merge(value).map_err(|_| Odd::Record(main))?;
        sound(&self.record, main, deleted)?;
        if !self.is_left_out(main, deleted) {
            self.add_to_hash(key, value);
        }
        let change = match () {
            () if main <= self.compacted.finished => i64::from(!deleted),
            () if deleted => -1,
            () => i64::from(self.record.version == 1),
        };
        let change = self.live.change(&self.record.key, deleted, change);
        if self.registry.take(&self.record.key, deleted, change) && self.live.possible() {
            return Ok(());
        }
        Err(Odd::Deleted(main))
    }

    /// As etcd's HashKV does for the current revision: of what was compacted it leaves out what was overwritten since,
    /// and deletions at the compacted revision, which new versions keep and old ones do not.
    fn is_left_out(&mut self, main: i64, deleted: bool) -> bool {
        if main > self.compacted.finished {
            return false;
        }
        self.unhashed |= deleted && main < self.compacted.finished;
        let overwritten = self.later.has(&self.record.key);
        self.left_out |= overwritten;
        deleted || overwritten
    }

    fn add_to_hash(&mut self, key: &[u8], value: &[u8]) {
        self.hash = crc32c::crc32c_append(crc32c::crc32c_append(self.hash, key), value);
    }

    pub fn ended(self) -> Found {
        let live = self.live.count();
        let (mut namespaces, elsewhere, nodes) = self.registry.ended();
        if live.is_none() {
            namespaces.clear();
        }
        let keys = live.map(|live| live + u64::from(self.bumped));
        // Without any key etcd leaves nothing out.
        let hashed = !self.unhashed && self.later.count().is_some() && !(self.left_out && keys == Some(0));
        Found {
            revision: self.last.map_or(0, |last| last.0),
            hash: hashed.then_some(self.hash),
            keys,
            records: self.records,
            live,
            namespaces,
            elsewhere,
            nodes,
        }
    }
}

pub(super) fn sound(record: &KeyValue, main: i64, deleted: bool) -> Result<(), Odd> {
    if record.key.is_empty() {
        return Err(Odd::Record(main));
    }
    if deleted {
        return Ok(());
    }
    if record.modified != main {
        return Err(Odd::Revision(main));
    }
    let counted = record.version > 0 && record.created > 0 && record.created <= main;
    if counted && (record.version == 1) == (record.created == main) { Ok(()) } else { Err(Odd::Versions(main)) }
}

/// A record's key: the number of its transaction, its place there, and whether it is a deletion.
pub(super) fn revision(key: &[u8]) -> Option<(i64, i64, bool)> {
    let (revision, mark) = key.split_first_chunk::<17>()?;
    let (main, rest) = revision.split_first_chunk::<8>()?;
    let (separator, sub) = rest.split_first()?;
    let (main, sub) = (i64::from_be_bytes(*main), i64::from_be_bytes(sub.try_into().ok()?));
    let known = *separator == b'_' && (mark.is_empty() || mark == b"t");
    (known && main > 0 && sub >= 0).then_some((main, sub, !mark.is_empty()))
}
