//! Step 4: etcd's store in the database, and what is known of it afterwards.

mod facts;
mod keys;
mod live;
mod names;
mod records;
mod registry;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use self::records::Records;
use facts::Facts;
pub use facts::{Alarm, Member};
pub use keys::{Record, records};

use crate::{
    Odd, ReadAt, Unsound,
    bolt::{Bucket, Database},
    digest::complete,
};

const KEY: &[u8] = b"key";
const META: &[u8] = b"meta";

/// What a sound snapshot holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Examined {
    /// Revision of the last record, as `etcdutl snapshot status` tells it; 0 without records. See [`Examined::current`].
    pub revision: i64,
    /// CRC-32C of all buckets, as `etcdutl snapshot status` of 3.6 tells it.
    pub hash: u32,
    /// What etcd's HashKV answers for the current revision; unknown while a compaction is half done, or with more than
    /// 1.8 million keys changed since the last one.
    pub hash_kv: Option<u32>,
    /// `totalKey` as `etcdutl snapshot status` of 3.6 tells it: [`Examined::live`], and one for what a restore with a
    /// bumped revision leaves behind.
    pub keys: Option<u64>,
    /// All records, those of the past and of deletions among them; `totalKey` of etcdctl before 3.6.
    pub records: u64,
    /// Keys that are there now. Unknown only when a compaction was half done and there are more than 1.8 million.
    pub live: Option<u64>,
    /// Bytes of the database, without the digest.
    pub size: u64,
    /// Bytes of a page.
    pub page_size: u32,
    /// Pages that hold nothing.
    pub free_pages: u64,
    /// Raft's index of the last entry that the store has taken in.
    pub consistent_index: Option<u64>,
    /// Raft's term then; from 3.5.
    pub term: Option<u64>,
    /// Revisions up to this one were compacted; 0 when none was.
    pub compacted: i64,
    /// Revisions up to this one were about to be.
    pub compacting: i64,
    /// Version of the format; from 3.6, and then as in `3.6.0`.
    pub storage_version: Option<String>,
    /// The cluster's version; from 3.5.
    pub cluster_version: Option<String>,
    /// The members of the cluster, by id.
    pub members: Vec<Member>,
    /// Objects of Kubernetes that are there now, by resource, as in `pods` or `example.org/widgets`.
    pub namespaces: BTreeMap<String, u64>,
    /// Those of further resources, when there are more than can be kept apart.
    pub elsewhere: u64,
    /// Names of nodes, sorted; at most 10,000.
    pub nodes: Vec<String>,
    /// How many leases there are.
    pub leases: u64,
    /// Alarms that are raised in it; an etcd that starts on it has them, too.
    #[serde(default)]
    pub alarms: Vec<Alarm>,
    /// Whether authentication is enabled in it.
    #[serde(default)]
    pub auth: bool,
}

impl Examined {
    /// The revision that an etcd has which starts on it: old ones forget the last record when they compact it away.
    pub fn current(&self) -> i64 {
        self.revision.max(self.compacted).max(self.compacting).max(1)
    }
}

/// Steps 3 and 4: reads every page that is used and every record in them. `progress` hears how many bytes of pages were
/// read; it is less than the size by the free ones. The digest is [`crate::digest`]'s to prove, and is not read here.
///
/// # Errors
/// [`Unsound::Page`] when the database is broken anywhere; else [`Unsound::Store`] for the first thing that etcd would
/// not have written; what [`complete`] says, and [`Unsound::Read`].
pub fn examine<R: ReadAt + ?Sized>(file: &R, progress: &mut dyn FnMut(u64)) -> Result<Examined, Unsound> {
    let file: &dyn ReadAt = &file;
    let size = complete(file)?;
    examined(Database::open(file, size, progress)?, size)
}

/// The same for a database without a digest, as `member/snap/db` lies in the folder of a member: its two first pages
/// differ by a transaction, and it may be longer than its pages.
///
/// # Errors
/// [`Unsound::Page`], [`Unsound::Store`], [`Unsound::Read`]; [`Unsound::Length`] when [`is_bare`](crate::is_bare) says no.
pub fn examine_bare<R: ReadAt + ?Sized>(file: &R, progress: &mut dyn FnMut(u64)) -> Result<Examined, Unsound> {
    let file: &dyn ReadAt = &file;
    let size = file.length();
    if !crate::is_bare(file) {
        return Err(Unsound::Length(size));
    }
    examined(Database::open_bare(file, size, progress)?, size)
}

fn examined(mut database: Database<'_>, size: u64) -> Result<Examined, Unsound> {
    let mut odd = None;
    let buckets = database.buckets()?;
    let compacted = compactions(&mut database, &buckets)?;
    let mut facts = Facts::default();
    let mut records = Records::after(compacted);
    if let (Some(from), Some(bucket)) = (records.ahead(), named(&buckets, KEY)) {
        database.look_ahead(bucket, &from, &mut |_, entry| {
            records.look_ahead(entry.key, entry.value);
            Ok(())
        })?;
    }
    let mut hash = 0;
    for bucket in &buckets {
        hash = crc32c::crc32c_append(hash, &bucket.name);
        database.walk(bucket, &mut |page, entry| {
            hash = crc32c::crc32c_append(hash, entry.key);
            if odd.is_some() {
                return Ok(());
            }
            let taken = match bucket.name.as_slice() {
                _ if entry.bucket => Err(Odd::Nested),
                KEY => records.take(entry.key, entry.value),
                name => facts.take(name, entry.key, entry.value),
            };
            hash = crc32c::crc32c_append(hash, entry.value);
            odd = taken.err().map(|odd| refused(bucket, page, odd));
            Ok(())
        })?;
    }
    let page_size = database.page_size();
    let free_pages = database.finish()?;
    if let Some(odd) = odd {
        return Err(odd);
    }
    if let Some(missing) = [KEY, META].into_iter().find(|name| named(&buckets, name).is_none()) {
        return Err(Unsound::Store { bucket: shown(missing), page: 0, odd: Odd::Missing });
    }
    let found = records.ended();
    Ok(Examined {
        revision: found.revision,
        hash,
        hash_kv: found.hash,
        keys: found.keys,
        records: found.records,
        live: found.live,
        size,
        page_size,
        free_pages,
        consistent_index: facts.consistent_index,
        term: facts.term,
        compacted: compacted.finished,
        compacting: compacted.scheduled,
        storage_version: facts.storage_version,
        cluster_version: facts.cluster_version,
        members: facts.members,
        namespaces: found.namespaces,
        elsewhere: found.elsewhere,
        nodes: found.nodes,
        leases: facts.leases,
        alarms: facts.alarms,
        auth: facts.auth,
    })
}

/// How far the past is gone.
#[derive(Clone, Copy, Default)]
struct Compacted {
    finished: i64,
    scheduled: i64,
}

/// Reads it before its turn: what a record means hangs on it, and its bucket comes after theirs. What cannot be read is
/// said when its turn comes.
fn compactions(database: &mut Database<'_>, buckets: &[Bucket]) -> Result<Compacted, Unsound> {
    let mut compacted = Compacted::default();
    if let Some(meta) = named(buckets, META) {
        database.look_ahead(meta, &[], &mut |_, entry| {
            let revision = || facts::revision(entry.value).unwrap_or_default();
            match entry.key {
                b"finishedCompactRev" => compacted.finished = revision(),
                b"scheduledCompactRev" => compacted.scheduled = revision(),
                _ => {}
            }
            Ok(())
        })?;
    }
    Ok(compacted)
}

fn named<'a>(buckets: &'a [Bucket], name: &[u8]) -> Option<&'a Bucket> {
    buckets.iter().find(|bucket| bucket.name == name)
}

fn refused(bucket: &Bucket, page: u64, odd: Odd) -> Unsound {
    Unsound::Store { bucket: shown(&bucket.name), page, odd }
}

/// A bucket's name for people: names are short, see `bolt`.
fn shown(name: &[u8]) -> String {
    name.escape_ascii().to_string()
}
