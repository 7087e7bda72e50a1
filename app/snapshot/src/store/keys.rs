//! Every record by its key, for whoever compares two snapshots.

use std::hash::BuildHasher;

use prost::Message;

use super::{
    KEY, META, named,
    records::{KeyValue, revision, sound},
    refused, shown,
};
use crate::{Odd, ReadAt, Unsound, bolt::Database, digest::complete};

/// A record: what was put under a key, or that it was deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record<'a> {
    /// The key.
    pub key: &'a [u8],
    /// The number of its transaction.
    pub revision: i64,
    /// Nothing when it is a deletion, else a number drawn from the value, the same for the same value.
    pub content: Option<u64>,
}

/// Visits the records in the order in which they were written: the last one of a key tells what became of it. Numbers
/// are drawn from values by `draw`, whose secret keeps anybody from telling a value by its number. `progress` hears how
/// many bytes of pages were read.
///
/// # Errors
/// [`Unsound`], where the records or the pages that lead to them are broken; the rest is not looked at.
pub fn records<R: ReadAt + ?Sized>(
    file: &R,
    draw: &impl BuildHasher,
    progress: &mut dyn FnMut(u64),
    visit: &mut dyn FnMut(Record<'_>),
) -> Result<(), Unsound> {
    let file: &dyn ReadAt = &file;
    let size = complete(file)?;
    let mut database = Database::open(file, size, progress)?;
    let buckets = database.buckets()?;
    let missing = |name| Unsound::Store { bucket: shown(name), page: 0, odd: Odd::Missing };
    let bucket = named(&buckets, KEY).ok_or_else(|| missing(KEY))?;
    named(&buckets, META).ok_or_else(|| missing(META))?;
    let mut record = KeyValue::default();
    let mut last = None;
    database.walk(bucket, &mut |page, entry| {
        let odd = |odd| refused(bucket, page, odd);
        let (main, sub, deleted) = revision(entry.key).filter(|_| !entry.bucket).ok_or_else(|| odd(Odd::Key))?;
        if last.replace((main, sub)).is_some_and(|last| last >= (main, sub)) {
            return Err(odd(Odd::Rising(main)));
        }
        // What a restore with a bumped revision writes.
        if entry.value.is_empty() && !deleted {
            return Ok(());
        }
        record.clear();
        record.merge(entry.value).map_err(|_| odd(Odd::Record(main)))?;
        sound(&record, main, deleted).map_err(odd)?;
        let content = (!deleted).then(|| draw.hash_one(&record.value));
        visit(Record { key: &record.key, revision: main, content });
        Ok(())
    })
}
