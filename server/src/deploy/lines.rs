//! Lines of a log that is kept: any of them by its number, and where something is said.

use app::source::RunText;
use memchr::memmem::Finder;
use transcript::{Outline, STRIDE, shown};

use super::Office;
use crate::store::StoreError;

/// How much of a log is read at once, in bytes.
const READ: usize = 512 << 10;
/// How much is read for one answer, in bytes: lines of 8 MB are no reason to hold a hundred of them.
const MOST: usize = 32 << 20;
/// How much is searched for one answer, in bytes.
const SEARCHED: u64 = 1 << 30;

/// Lines from a number on, counted from 1; at most so many. Those without an end are no lines yet.
///
/// # Errors
/// [`StoreError::Away`].
pub(super) async fn lines(
    office: &Office,
    id: &str,
    outline: &Outline,
    first: u64,
    count: usize,
) -> Result<Vec<RunText>, StoreError> {
    let (mut number, mut at) = place(outline, first);
    let (mut held, mut found, mut read) = (Vec::new(), Vec::new(), 0);
    loop {
        let bytes = office.log(id, at, READ).await?;
        if bytes.is_empty() {
            // A log that is over may end without a line's end.
            if !held.is_empty() && number >= first && number <= outline.lines && found.len() < count {
                found.push(text(number, &held));
            }
            return Ok(found);
        }
        at += bytes.len() as u64;
        read += bytes.len();
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            held.extend_from_slice(part);
            if !part.ends_with(b"\n") {
                continue;
            }
            if number >= first {
                found.push(text(number, &held));
                if found.len() == count {
                    return Ok(found);
                }
            }
            number += 1;
            held.clear();
        }
        if read > MOST {
            return Ok(found);
        }
    }
}

/// The nearest line before one whose place is known: its number, counted from 1, and its place.
pub(super) fn place(outline: &Outline, line: u64) -> (u64, u64) {
    let index = usize::try_from(line.saturating_sub(1) / STRIDE).unwrap_or(usize::MAX);
    let index = index.min(outline.places.len().saturating_sub(1));
    (index as u64 * STRIDE + 1, outline.places.get(index).copied().unwrap_or(0))
}

/// A line as it is shown.
pub(super) fn text(number: u64, line: &[u8]) -> RunText {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    let shown = shown(line.strip_suffix(b"\r").unwrap_or(line));
    // Pages need no 64 KB of one line.
    const LONGEST: usize = 4 << 10;
    let kept = shown.text.floor_char_boundary(LONGEST);
    let left_out = shown.left_out + (shown.text.len() - kept) as u64;
    RunText { number, text: shown.text[..kept].to_owned(), left_out }
}

/// The first line from a number on in which something is said, whatever its case.
///
/// # Errors
/// [`StoreError::Away`].
pub(super) async fn search(
    office: &Office,
    id: &str,
    outline: &Outline,
    first: u64,
    what: &str,
) -> Result<Option<u64>, StoreError> {
    let finder = what.to_ascii_lowercase().into_bytes();
    let finder = Finder::new(&finder);
    let (mut number, mut at) = place(outline, first);
    let until = at + SEARCHED;
    let mut held = Vec::new();
    while at < until {
        let mut bytes = office.log(id, at, READ).await?;
        if bytes.is_empty() {
            break;
        }
        at += bytes.len() as u64;
        bytes.make_ascii_lowercase();
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            held.extend_from_slice(part);
            if !part.ends_with(b"\n") {
                continue;
            }
            if number >= first && finder.find(&held).is_some() {
                return Ok(Some(number));
            }
            number += 1;
            held.clear();
        }
        // Of a line without an end only as much is held as may be the beginning of what is sought.
        if held.len() > READ {
            if number >= first && finder.find(&held).is_some() {
                return Ok(Some(number));
            }
            held.drain(..held.len() - what.len());
        }
    }
    let last = !held.is_empty() && number >= first && number <= outline.lines && finder.find(&held).is_some();
    Ok(last.then_some(number))
}
