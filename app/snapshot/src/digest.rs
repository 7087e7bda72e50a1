//! Steps 1 and 2: whether it is whole, and whether it is what etcd sent.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::{ReadAt, Unsound};

/// Bytes of the digest at a snapshot's end.
pub const DIGEST: u64 = 32;
/// No page is smaller, and every page is a multiple of it.
const LEAST_PAGE: u64 = 512;
/// Two metas, a root and one leaf.
const LEAST: u64 = 4 * LEAST_PAGE + DIGEST;
const CHUNK: usize = 256 * 1024;

/// A SHA-256, written in hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Digest(pub [u8; 32]);

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// Step 1: whether the length is one that a whole snapshot can have. Answers the bytes of the database in it.
///
/// # Errors
/// [`Unsound::Short`], [`Unsound::Trailer`] or [`Unsound::Length`]. A cut that leaves a possible length is found by
/// [`digest`].
pub fn complete<R: ReadAt + ?Sized>(file: &R) -> Result<u64, Unsound> {
    let length = file.length();
    if length < LEAST {
        return Err(Unsound::Short(length));
    }
    match length % LEAST_PAGE {
        0 => Err(Unsound::Trailer(length)),
        DIGEST => Ok(length - DIGEST),
        _ => Err(Unsound::Length(length)),
    }
}

/// Whether a file may be a database without a digest: as `member/snap/db` lies in the folder of a member.
pub fn is_bare<R: ReadAt + ?Sized>(file: &R) -> bool {
    file.length() >= LEAST - DIGEST && file.length().is_multiple_of(LEAST_PAGE)
}

/// Step 2: reads all of it once, in order, and compares its digest. `progress` hears how many bytes were read.
///
/// # Errors
/// What [`complete`] says, [`Unsound::Read`], or [`Unsound::Digest`] when it is not what etcd sent.
pub fn digest<R: ReadAt + ?Sized>(file: &R, progress: &mut dyn FnMut(u64)) -> Result<Digest, Unsound> {
    let length = complete(file)?;
    let read = |at: u64, into: &mut [u8]| file.read_at(at, into).map_err(|source| Unsound::Read { at, source });
    let (mut sum, mut buffer, mut at) = (Sha256::new(), vec![0; CHUNK], 0);
    while at < length {
        let part = usize::try_from(length - at).map_or(CHUNK, |left| left.min(CHUNK));
        read(at, &mut buffer[..part])?;
        sum.update(&buffer[..part]);
        at += part as u64;
        progress(at);
    }
    let mut written = [0; 32];
    read(length, &mut written)?;
    let (written, computed) = (Digest(written), Digest(sum.finalize().into()));
    if written == computed { Ok(computed) } else { Err(Unsound::Digest { written, computed }) }
}
