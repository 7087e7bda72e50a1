//! Records in a block: packed, dated, numbered, and with a digest of all of it.

use serde::de::IgnoredAny;
use sha2::{Digest, Sha256};
use topology::Stamp;

use crate::{
    CodeError, Record,
    code::{Reader, Writer},
    delta::{Deltas, Undeltas, pass},
};

/// The version of the format that is written. In the first, each change stood for itself.
pub const FORMAT: u8 = 2;
const FIRST: u8 = 1;

const MAGIC: &[u8; 3] = b"BNJ";
/// Magic, version, content, first, last, number, count, length, digest.
const HEAD: usize = 3 + 1 + 1 + 8 + 8 + 8 + 4 + 4 + DIGEST;
const DIGEST: usize = 12;
/// A block that says that it is larger than this when unpacked is none.
const LARGEST: usize = 1 << 30;
const LEVEL: i32 = 6;

/// Which records are in a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Content {
    /// The changes from one moment to another.
    Changes,
    /// The changes that make the whole Inventory of a moment from nothing.
    Whole,
}

/// Records as they are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// Which records these are.
    pub content: Content,
    /// The time of the first.
    pub first: Stamp,
    /// The time of the last.
    pub last: Stamp,
    /// How many changes were recorded before these, since the first of this cluster.
    pub number: u64,
    /// How many records there are.
    pub count: u32,
    /// All of it, head included.
    pub bytes: Vec<u8>,
}

/// Why bytes are no block.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BlockError {
    /// They do not begin as one.
    #[error("this is no block of a history")]
    Foreign,
    /// A later version wrote them.
    #[error("format {0} of histories is newer than this Binnacle: use the version that wrote it, or a later one")]
    Newer(u8),
    /// They were cut or altered.
    #[error("the block is damaged: its digest does not fit")]
    Damaged,
    /// They are whole, and cannot be read.
    #[error(transparent)]
    Code(#[from] CodeError),
}

/// Makes a block of records that are in the order of their times.
///
/// # Errors
/// [`CodeError`] for a fact that cannot be written; the derives of facts make none.
pub fn seal(content: Content, number: u64, records: &[Record]) -> Result<Block, CodeError> {
    let mut plain = Writer::default();
    let first = records.first().map_or(Stamp::default(), |record| record.at);
    let (mut last, mut deltas) = (first, Deltas::default());
    for record in records {
        plain.number(u64::try_from(record.at.since(last)).unwrap_or(0));
        last = last.max(record.at);
        match content {
            Content::Changes => deltas.put(&mut plain, &record.change)?,
            // Everything is read at once and soon: that costs more than the few bytes that it would save.
            Content::Whole => plain.put(&record.change)?,
        }
    }
    let packed = zstd::bulk::compress(&plain.bytes, LEVEL).map_err(|error| CodeError::Unfit(error.to_string()))?;
    let count = u32::try_from(records.len()).map_err(|_| CodeError::Odd)?;
    let length = u32::try_from(plain.bytes.len()).map_err(|_| CodeError::Odd)?;
    let mut bytes = Vec::with_capacity(HEAD + packed.len());
    bytes.extend_from_slice(MAGIC);
    bytes.push(FORMAT);
    bytes.push(matches!(content, Content::Whole).into());
    bytes.extend_from_slice(&first.0.to_le_bytes());
    bytes.extend_from_slice(&last.0.to_le_bytes());
    bytes.extend_from_slice(&number.to_le_bytes());
    bytes.extend_from_slice(&count.to_le_bytes());
    bytes.extend_from_slice(&length.to_le_bytes());
    let digest = digest(&bytes, &packed);
    bytes.extend_from_slice(&digest);
    bytes.extend_from_slice(&packed);
    Ok(Block { content, first, last, number, count, bytes })
}

/// A block that is whole and unpacked; its records were not read yet.
#[derive(Debug)]
pub struct Unpacked {
    block: Block,
    plain: Vec<u8>,
    /// Whether each change stands for itself.
    alone: bool,
}

impl Unpacked {
    /// Whether one of these texts is in it, or stands within another: without any, no fact in it has one of them. That
    /// is found out in a fraction of the time that reading takes.
    pub fn mentions(&self, texts: &[&str]) -> bool {
        texts.iter().any(|text| holds(&self.plain, text.as_bytes()))
    }

    /// The records.
    ///
    /// # Errors
    /// [`BlockError`].
    pub fn read(self) -> Result<(Block, Vec<Record>), BlockError> {
        let records = records(&self.plain, self.block.first, self.alone)?;
        if records.len() != self.block.count as usize {
            return Err(BlockError::Damaged);
        }
        Ok((self.block, records))
    }

    /// The times of the records, without these.
    ///
    /// # Errors
    /// [`BlockError`].
    pub fn times(&self) -> Result<Vec<Stamp>, BlockError> {
        let (mut reader, mut at, mut times) = (Reader::new(&self.plain), self.block.first, Vec::new());
        while !reader.is_at_end() {
            at = later(&mut reader, at)?;
            if self.alone {
                reader.get().map(|IgnoredAny| ())?;
            } else {
                pass(&mut reader)?;
            }
            times.push(at);
        }
        if times.len() == self.block.count as usize { Ok(times) } else { Err(BlockError::Damaged) }
    }
}

/// The records of a block.
///
/// # Errors
/// [`BlockError`].
pub fn open(bytes: &[u8]) -> Result<(Block, Vec<Record>), BlockError> {
    unpack(bytes)?.read()
}

/// A block whose digest fits.
///
/// # Errors
/// [`BlockError`].
pub fn unpack(bytes: &[u8]) -> Result<Unpacked, BlockError> {
    if !bytes.starts_with(MAGIC) {
        return Err(BlockError::Foreign);
    }
    let version = match bytes.get(MAGIC.len()).copied() {
        Some(version) if version > FORMAT => return Err(BlockError::Newer(version)),
        Some(version) => version,
        None => return Err(BlockError::Damaged),
    };
    let (head, packed) = bytes.split_at_checked(HEAD).ok_or(BlockError::Damaged)?;
    let (head, said) = head.split_at(HEAD - DIGEST);
    if digest(head, packed) != said {
        return Err(BlockError::Damaged);
    }
    let content = if head[4] == 1 { Content::Whole } else { Content::Changes };
    let first = Stamp(i64::from_le_bytes(array(&head[5..])));
    let last = Stamp(i64::from_le_bytes(array(&head[13..])));
    let number = u64::from_le_bytes(array(&head[21..]));
    let count = u32::from_le_bytes(array(&head[29..]));
    let length = u32::from_le_bytes(array(&head[33..])) as usize;
    // Databases add the two as signed numbers.
    let ends = number.checked_add(count.into()).and_then(|ends| i64::try_from(ends).ok());
    if length > LARGEST || ends.is_none() {
        return Err(BlockError::Damaged);
    }
    let plain = zstd::bulk::decompress(packed, length).map_err(|_| BlockError::Damaged)?;
    let alone = version == FIRST || content == Content::Whole;
    Ok(Unpacked { block: Block { content, first, last, number, count, bytes: bytes.to_vec() }, plain, alone })
}

fn records(plain: &[u8], first: Stamp, alone: bool) -> Result<Vec<Record>, CodeError> {
    let mut reader = Reader::new(plain);
    let (mut records, mut at, mut deltas) = (Vec::new(), first, Undeltas::default());
    while !reader.is_at_end() {
        at = later(&mut reader, at)?;
        let change = if alone { reader.get()? } else { deltas.get(&mut reader)? };
        records.push(Record { at, change });
    }
    Ok(records)
}

/// The time of the next record.
fn later(reader: &mut Reader<'_>, last: Stamp) -> Result<Stamp, CodeError> {
    let by = i64::try_from(reader.number()?).map_err(|_| CodeError::Odd)?;
    Ok(Stamp(last.0.saturating_add(by)))
}

fn holds(bytes: &[u8], text: &[u8]) -> bool {
    let Some((first, rest)) = text.split_first() else { return true };
    let mut left = bytes;
    while let Some(at) = left.iter().position(|byte| byte == first) {
        left = &left[at + 1..];
        if left.starts_with(rest) {
            return true;
        }
    }
    false
}

fn digest(head: &[u8], packed: &[u8]) -> [u8; DIGEST] {
    let whole = Sha256::new().chain_update(head).chain_update(packed).finalize();
    array(&whole)
}

/// The first bytes of a slice that is known to be long enough.
fn array<const N: usize>(bytes: &[u8]) -> [u8; N] {
    let mut array = [0; N];
    array.copy_from_slice(&bytes[..N]);
    array
}

#[cfg(test)]
mod tests {
    use topology::Change;

    use super::*;

    const FORMER: &[u8] = include_bytes!("../tests/blocks/format-1.block");

    #[test]
    fn bytes_that_were_cut_or_altered_before_their_digest_are_refused_or_read() {
        let former = unpack(FORMER).expect("a block");
        let (block, told) = open(FORMER).expect("a block");
        let sealed = seal(block.content, block.number, &told).expect("it is sealed");
        for Unpacked { plain, alone, .. } in [former, unpack(&sealed.bytes).expect("it is whole")] {
            let mut refused = 0;
            for (at, by) in (0..plain.len()).step_by(5).zip([0x01, 0x10, 0x7f, 0x80, 0xff].into_iter().cycle()) {
                let cut = records(&plain[..at], block.first, alone);
                assert!(!cut.is_ok_and(|read| read.len() >= told.len()), "{at} bytes");
                let mut altered = plain.clone();
                altered[at] ^= by;
                refused += usize::from(records(&altered, block.first, alone).is_err());
            }
            assert!(refused > 0, "nothing is refused");
        }
    }

    #[test]
    fn a_number_that_no_database_can_add_to_is_refused() {
        let most = u64::try_from(i64::MAX).expect("positive");
        let record = Record { at: Stamp(0), change: Change::Version("v1.34.4".into()) };
        let sealed = |number| seal(Content::Changes, number, std::slice::from_ref(&record)).expect("sealed").bytes;
        assert!(open(&sealed(most - 1)).is_ok());
        assert_eq!(open(&sealed(most)).err(), Some(BlockError::Damaged));
    }
}
