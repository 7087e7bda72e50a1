//! A log as a stream of bytes: as much as there is, or until it ends.

use std::{ops::Range, sync::Arc, time::Duration};

use bytes::Bytes;
use futures::{Stream, TryStreamExt, stream};

use super::Office;
use crate::store::StoreError;

/// How much of a log is read at once, in bytes.
const READ: usize = 512 << 10;
/// How often it is asked whether a log has grown that another server follows.
const AGAIN: Duration = Duration::from_millis(500);

/// These bytes of a log, as far as they are there.
pub(crate) fn whole(
    office: Arc<Office>,
    id: String,
    part: Range<u64>,
) -> impl Stream<Item = Result<Bytes, StoreError>> {
    stream::try_unfold(part.start, move |at| {
        let (office, id) = (office.clone(), id.clone());
        async move {
            let bytes = read(&office, &id, at..part.end).await?;
            let next = at + bytes.len() as u64;
            Ok((!bytes.is_empty()).then(|| (Bytes::from(bytes), next)))
        }
    })
}

/// These bytes of a log, and those that are not there yet until its run has ended.
pub(crate) fn growing(
    office: Arc<Office>,
    id: String,
    part: Range<u64>,
) -> impl Stream<Item = Result<Bytes, StoreError>> {
    stream::try_unfold(part.start, move |at| {
        let (office, id) = (office.clone(), id.clone());
        async move {
            loop {
                // Asked before the log is read: what was written before the end is read after it.
                let ended = office.run(&id).await?.is_none_or(|row| row.ended.is_some());
                let bytes = read(&office, &id, at..part.end).await?;
                let next = at + bytes.len() as u64;
                if !bytes.is_empty() {
                    return Ok(Some((Bytes::from(bytes), next)));
                }
                if ended || at >= part.end {
                    return Ok(None);
                }
                match office.listen(&id) {
                    Some(mut told) => drop(tokio::time::timeout(AGAIN, told.recv()).await),
                    None => tokio::time::sleep(AGAIN).await,
                }
            }
        }
    })
}

/// Some of these bytes, from the first on; none where there are none yet.
async fn read(office: &Office, id: &str, part: Range<u64>) -> Result<Vec<u8>, StoreError> {
    let most = usize::try_from(part.end.saturating_sub(part.start)).map_or(READ, |left| left.min(READ));
    let mut bytes = office.log(id, part.start, most).await?;
    // It tells whole pieces.
    bytes.truncate(most);
    Ok(bytes)
}

/// A whole log as a file: whoever shows it in a terminal is not to run what a log says.
pub(super) fn plain(office: Arc<Office>, id: String) -> impl Stream<Item = Result<Bytes, StoreError>> {
    let mut before = 0;
    whole(office, id, 0..u64::MAX).map_ok(move |bytes| harmless(&bytes, &mut before))
}

/// Control characters become `\u{fffd}`, but for ends of lines and tabs: also those that UTF-8 writes in two bytes.
/// `before` is the last byte of the part before.
fn harmless(bytes: &[u8], before: &mut u8) -> Bytes {
    let mut out = Vec::with_capacity(bytes.len());
    for byte in bytes {
        match byte {
            // The first of the two stands already, unless a part ended with it: then it is no character without this one.
            0x80..=0x9f if *before == 0xc2 => {
                out.pop();
                out.extend_from_slice("\u{fffd}".as_bytes());
            }
            b'\t' | b'\n' | b'\r' | 0x20..=0x7e | 0x80.. => out.push(*byte),
            _ => out.extend_from_slice("\u{fffd}".as_bytes()),
        }
        *before = *byte;
    }
    out.into()
}

#[cfg(test)]
mod tests {
    use super::harmless;

    #[test]
    fn a_log_that_is_fetched_commands_no_terminal() {
        let log = "\u{1b}[31mfatal\u{1b}[0m: é\r\n\tok\u{7}\u{9b}31m".as_bytes();
        assert_eq!(harmless(log, &mut 0), "\u{fffd}[31mfatal\u{fffd}[0m: é\r\n\tok\u{fffd}\u{fffd}31m".as_bytes());
    }
}
