//! The two first pages, which say where all others are. In a snapshot they are one, written twice.

use super::page::{HEADER, Header, META, number, short};
use crate::{Flaw, ReadAt, Unsound};

/// In place of the free list's page: it was not written, as etcd has it.
pub(super) const NO_FREE_LIST: u64 = u64::MAX;
const MAGIC: u32 = 0xED0C_DAED;
const VERSION: u32 = 2;
/// Bytes before the checksum.
const SUMMED: usize = 56;
const META_BYTES: usize = SUMMED + 8;
/// Sizes that pages have on any system; as large as its memory's are.
const SIZES: std::ops::RangeInclusive<u32> = 512..=65_536;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Meta {
    pub page_size: u32,
    /// Page of the bucket of buckets.
    pub root: u64,
    pub free_list: u64,
    /// How many pages there are.
    pub pages: u64,
    transaction: u64,
}

/// Reads both, and holds them to each other and to the database's length.
pub(super) fn read(file: &dyn ReadAt, length: u64) -> Result<Meta, Unsound> {
    let first = one(file, 0, 0)?;
    let size = u64::from(first.page_size);
    let second = one(file, 1, size)?;
    let wrong = |page: u64, flaw| Unsound::Page { page, at: page * size, flaw };
    if second != (Meta { transaction: first.transaction.wrapping_sub(1), ..first }) {
        return Err(wrong(1, Flaw::Metas));
    }
    if first.pages.checked_mul(size) != Some(length) {
        return Err(wrong(0, Flaw::Pages { told: first.pages, found: length / size }));
    }
    Ok(first)
}

/// The newer one that is whole, as bbolt takes it: the other is from the transaction before, or was being written.
pub(super) fn newest(file: &dyn ReadAt, length: u64) -> Result<Meta, Unsound> {
    let first = one(file, 0, 0);
    let second = match &first {
        Ok(first) => one(file, 1, first.page_size.into()),
        // Its size of pages is unknown then.
        Err(Unsound::Page { .. }) => {
            sizes().find_map(|size| one(file, 1, size).ok()).ok_or(Unsound::Page { page: 0, at: 0, flaw: Flaw::Magic })
        }
        Err(_) => return first,
    };
    let meta = match (first, second) {
        (Ok(first), Ok(second)) if second.transaction > first.transaction => second,
        (Ok(first), _) => first,
        (Err(_), Ok(second)) => second,
        (Err(error), Err(_)) => return Err(error),
    };
    let size = u64::from(meta.page_size);
    match meta.pages.checked_mul(size) {
        Some(bytes) if bytes <= length => Ok(meta),
        _ => Err(Unsound::Page { page: 0, at: 0, flaw: Flaw::Pages { told: meta.pages, found: length / size } }),
    }
}

fn sizes() -> impl Iterator<Item = u64> {
    (9..=16).map(|power| 1 << power)
}

fn one(file: &dyn ReadAt, page: u64, at: u64) -> Result<Meta, Unsound> {
    let mut bytes = [0; HEADER + META_BYTES];
    file.read_at(at, &mut bytes).map_err(|source| Unsound::Read { at, source })?;
    parse(page, &bytes).map_err(|flaw| Unsound::Page { page, at, flaw })
}

fn parse(page: u64, bytes: &[u8; HEADER + META_BYTES]) -> Result<Meta, Flaw> {
    let header = Header::read(bytes).ok_or(Flaw::Magic)?;
    let meta = &bytes[HEADER..];
    if short(meta) != MAGIC {
        return Err(Flaw::Magic);
    }
    if short(&meta[4..]) != VERSION {
        return Err(Flaw::Version(short(&meta[4..])));
    }
    if number(&meta[SUMMED..]) != checksum(&meta[..SUMMED]) {
        return Err(Flaw::Checksum);
    }
    if header.id != page {
        return Err(Flaw::Id(header.id));
    }
    if header.kind != META {
        return Err(Flaw::Kind(header.kind));
    }
    let page_size = short(&meta[8..]);
    if !page_size.is_power_of_two() || !SIZES.contains(&page_size) {
        return Err(Flaw::PageSize(page_size));
    }
    let at = |index: usize| number(&meta[index..]);
    Ok(Meta { page_size, root: at(16), free_list: at(32), pages: at(40), transaction: at(48) })
}

/// FNV-1a of 64 bits.
fn checksum(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |sum, byte| (sum ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}
