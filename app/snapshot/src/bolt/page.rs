//! One page: its header and its entries. All numbers are little-endian.

use crate::Flaw;

/// Bytes of a page's header; those of each entry's as well.
pub(super) const HEADER: usize = 16;
pub(super) const BRANCH: u16 = 0x01;
pub(super) const LEAF: u16 = 0x02;
pub(super) const META: u16 = 0x04;
pub(super) const FREE_LIST: u16 = 0x10;
/// The one mark that an entry can have: its value is a bucket.
const BUCKET: u32 = 1;

#[derive(Clone, Copy)]
pub(super) struct Header {
    pub id: u64,
    pub kind: u16,
    pub count: u16,
    /// How many pages continue it.
    pub overflow: u32,
}

impl Header {
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let head = bytes.get(..HEADER)?;
        Some(Self {
            id: number(&head[..8]),
            kind: u16::from_le_bytes([head[8], head[9]]),
            count: u16::from_le_bytes([head[10], head[11]]),
            overflow: short(&head[12..]),
        })
    }
}

/// The number in the first eight bytes; zero when there are fewer.
pub(super) fn number(bytes: &[u8]) -> u64 {
    bytes.first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes))
}

/// The number in the first four bytes; zero when there are fewer.
pub(super) fn short(bytes: &[u8]) -> u32 {
    bytes.first_chunk().map_or(0, |bytes| u32::from_le_bytes(*bytes))
}

/// An entry of a leaf.
#[derive(Clone, Copy)]
pub(crate) struct Leaf<'a> {
    pub bucket: bool,
    pub key: &'a [u8],
    pub value: &'a [u8],
}

/// The entries of a page. bbolt writes their keys and values one after the other without gaps.
pub(super) struct Cells<'a> {
    bytes: &'a [u8],
    count: u16,
    index: u16,
    end: usize,
}

impl<'a> Cells<'a> {
    pub fn new(bytes: &'a [u8], count: u16) -> Self {
        Self { bytes, count, index: 0, end: HEADER * (usize::from(count) + 1) }
    }

    /// How many were read.
    pub fn index(&self) -> u32 {
        self.index.into()
    }

    pub fn leaf(&mut self) -> Option<Result<Leaf<'a>, Flaw>> {
        let (at, head) = match self.head()? {
            Ok(head) => head,
            Err(flaw) => return Some(Err(flaw)),
        };
        let (marks, offset, key, value) = (short(head), short(&head[4..]), short(&head[8..]), short(&head[12..]));
        if marks & !BUCKET != 0 {
            return Some(Err(Flaw::Flags(self.index() - 1)));
        }
        let parts = self.part(at, offset, key).and_then(|key| Some((key, self.more(value)?)));
        let leaf = parts.map(|(key, value)| Leaf { bucket: marks == BUCKET, key, value });
        Some(leaf.ok_or(Flaw::Entry(self.index() - 1)))
    }

    /// A child's page and its key.
    pub fn branch(&mut self) -> Option<Result<(u64, &'a [u8]), Flaw>> {
        let (at, head) = match self.head()? {
            Ok(head) => head,
            Err(flaw) => return Some(Err(flaw)),
        };
        let (offset, key, page) = (short(head), short(&head[4..]), number(&head[8..]));
        Some(self.part(at, offset, key).map(|key| (page, key)).ok_or(Flaw::Entry(self.index() - 1)))
    }

    fn head(&mut self) -> Option<Result<(usize, &'a [u8]), Flaw>> {
        if self.index == self.count {
            return None;
        }
        self.index += 1;
        let at = HEADER * usize::from(self.index);
        Some(self.bytes.get(at..at + HEADER).map(|head| (at, head)).ok_or(Flaw::Count))
    }

    /// The key of the entry whose head is at `at`.
    fn part(&mut self, at: usize, offset: u32, length: u32) -> Option<&'a [u8]> {
        let from = at.checked_add(usize::try_from(offset).ok()?)?;
        if from != self.end || length == 0 { None } else { self.more(length) }
    }

    fn more(&mut self, length: u32) -> Option<&'a [u8]> {
        let to = self.end.checked_add(usize::try_from(length).ok()?)?;
        let part = self.bytes.get(self.end..to)?;
        self.end = to;
        Some(part)
    }
}
