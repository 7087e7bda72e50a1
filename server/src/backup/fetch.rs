//! Streaming the database of one member to local disk, hashed as it lies there.

use std::{fs::File, io::Write, os::unix::fs::FileExt};

use bytes::Bytes;
use sha2::{Digest as _, Sha256};
use snapshot::Digest;
use tokio::sync::mpsc;

use super::{
    choice::Candidate,
    course::{Astray, Course, Part as Piece},
    part::{ENDING, Part, disk},
    take::{Failed, Fault, Order, Progress, TakeError, blocking},
    words::hex,
};
use crate::etcd::Client;

/// Pieces of 32 KiB that may wait for the disk.
const WAITING: usize = 32;
/// Bytes from one word of progress to the next.
const TELLING: u64 = 4 << 20;

/// What came: a file with the database and its digest, synced.
#[derive(Debug)]
pub(super) struct Fetched {
    pub part: Part,
    /// Open, and so locked: nobody takes it for one that was left behind.
    pub _open: File,
    /// Bytes of the file.
    pub size: u64,
    /// SHA-256 of the database, read back from the file.
    pub digest: Digest,
    /// SHA-256 of the file, hexadecimal.
    pub sha256: String,
}

pub(super) async fn fetch(
    order: &Order,
    candidate: &Candidate,
    tell: &(dyn Fn(Progress) + Send + Sync),
) -> Result<Fetched, Failed> {
    let client = Client::connect(&candidate.endpoint, &order.tls).await.map_err(Fault::from)?;
    let mut pieces = client.snapshot().await.map_err(Fault::from)?;
    let name = format!(
        "{}-{}.db.{ENDING}",
        candidate.name.chars().take(40).collect::<String>().replace(|c: char| !c.is_ascii_alphanumeric(), "-"),
        random()
    );
    let (part, file) = Part::new(order.folder.join(name))?;
    let (sender, receiver) = mpsc::channel(WAITING);
    let path = part.path().to_owned();
    let writer = tokio::task::spawn_blocking(move || write(file, receiver).map_err(disk(&path, "cannot be written")));
    let astray = |astray| Failed::from(Fault::Astray { endpoint: candidate.endpoint.clone(), astray });
    let mut course = Course::default();
    let mut told = 0;
    while let Some(piece) = pieces.next(order.bounds.silence).await.map_err(Fault::from)? {
        if course.take(piece.remaining, &piece.blob).map_err(astray)? == Piece::Digest {
            continue;
        }
        // A writer that ended says why below.
        if sender.send(piece.blob).await.is_err() {
            break;
        }
        let (done, total) = course.done();
        if done == total || done - told >= TELLING {
            told = done;
            tell(Progress::Streaming { member: candidate.name.clone(), done, total });
        }
    }
    let broken = sender.is_closed();
    drop(sender);
    let (file, sum) = writer.await.map_err(|_| TakeError::Ended)??;
    if broken {
        return Err(TakeError::Ended.into());
    }
    let (size, digest) = course.end().map_err(astray)?;
    let came: [u8; 32] = sum.clone().finalize().into();
    if came != digest {
        return Err(astray(Astray::Digest));
    }
    let path = part.path().to_owned();
    let open = blocking(move || end(file, &digest).map_err(disk(&path, "cannot be brought to the disk"))).await??;
    let whole = sum.chain_update(digest).finalize();
    Ok(Fetched { part, _open: open, size: size + 32, digest: Digest(digest), sha256: hex(&whole) })
}

/// Each piece is read back before it is hashed: so the digest is that of the file, and need not be computed again.
fn write(mut file: File, mut pieces: mpsc::Receiver<Bytes>) -> std::io::Result<(File, Sha256)> {
    let (mut sum, mut read, mut at) = (Sha256::new(), Vec::new(), 0);
    while let Some(piece) = pieces.blocking_recv() {
        file.write_all(&piece)?;
        read.resize(piece.len(), 0);
        file.read_exact_at(&mut read, at)?;
        sum.update(&read);
        at += piece.len() as u64;
    }
    Ok((file, sum))
}

/// The digest behind the database, as etcd's own tools have it; then all of it on the disk.
fn end(mut file: File, digest: &[u8]) -> std::io::Result<File> {
    file.write_all(digest)?;
    file.sync_all()?;
    Ok(file)
}

fn random() -> String {
    let mut bytes = [0; 8];
    // Two of one name are refused, and nothing is lost.
    let _ = getrandom::fill(&mut bytes);
    hex(&bytes)
}
