//! Records in a block: packed, dated, numbered, and with a digest of all of it.

use sha2::{Digest, Sha256};
use topology::Stamp;

use crate::{
    CodeError, Record,
    code::{Reader, Writer},
    delta::{Deltas, Undeltas},
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

/// The records of a block.
///
/// # Errors
/// [`BlockError`].
pub fn open(bytes: &[u8]) -> Result<(Block, Vec<Record>), BlockError> {
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
    if length > LARGEST {
        return Err(BlockError::Damaged);
    }
    let plain = zstd::bulk::decompress(packed, length).map_err(|_| BlockError::Damaged)?;
    let mut reader = Reader::new(&plain);
    let mut records = Vec::with_capacity((count as usize).min(plain.len()));
    let (mut at, mut deltas) = (first, Undeltas::default());
    let alone = version == FIRST || content == Content::Whole;
    while !reader.is_at_end() {
        let later = i64::try_from(reader.number()?).map_err(|_| CodeError::Odd)?;
        at = Stamp(at.0.saturating_add(later));
        let change = if alone { reader.get()? } else { deltas.get(&mut reader)? };
        records.push(Record { at, change });
    }
    if records.len() != count as usize {
        return Err(BlockError::Damaged);
    }
    let block = Block { content, first, last, number, count, bytes: bytes.to_vec() };
    Ok((block, records))
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
