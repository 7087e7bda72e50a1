//! A log as a stream of bytes: as much as there is, or until it ends.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use futures::{Stream, stream};

use super::Office;
use crate::store::StoreError;

/// How much of a log is read at once, in bytes.
const READ: usize = 512 << 10;
/// How often it is asked whether a log has grown that another server follows.
const AGAIN: Duration = Duration::from_millis(500);

/// A log from a place on, as far as there is one.
pub(crate) fn whole(office: Arc<Office>, id: String, from: u64) -> impl Stream<Item = Result<Bytes, StoreError>> {
    stream::try_unfold(from, move |at| {
        let (office, id) = (office.clone(), id.clone());
        async move {
            let bytes = office.log(&id, at, READ).await?;
            let next = at + bytes.len() as u64;
            Ok((!bytes.is_empty()).then(|| (Bytes::from(bytes), next)))
        }
    })
}

/// A log from a place on, until its run has ended.
pub(crate) fn growing(office: Arc<Office>, id: String, from: u64) -> impl Stream<Item = Result<Bytes, StoreError>> {
    stream::try_unfold(from, move |at| {
        let (office, id) = (office.clone(), id.clone());
        async move {
            loop {
                // Asked before the log is read: what was written before the end is read after it.
                let ended = office.run(&id).await?.is_none_or(|row| row.ended.is_some());
                let bytes = office.log(&id, at, READ).await?;
                let next = at + bytes.len() as u64;
                if !bytes.is_empty() {
                    return Ok(Some((Bytes::from(bytes), next)));
                }
                if ended {
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
