//! Whether a stream of a snapshot goes as etcd sends it, piece by piece: the bytes that remain fall by exactly what
//! came, then comes the digest, then the end. A cut that leaves a likely length is noticed all the same.

/// The length of the digest at the end.
const DIGEST: usize = 32;

/// How far a stream has come.
#[derive(Debug, Default)]
pub(super) struct Course {
    total: Option<u64>,
    left: u64,
    digest: Option<[u8; DIGEST]>,
}

/// Why a stream is none that etcd sends. None of it is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Astray {
    /// It ended before all of the database was there.
    #[error("the stream ended {left} bytes early, of {total}")]
    Short {
        /// Bytes that are missing.
        left: u64,
        /// Bytes that were promised.
        total: u64,
    },
    /// It ended without a single byte.
    #[error("the stream was empty")]
    Empty,
    /// All of the database came, and not its digest.
    #[error("the stream ended without the SHA-256 of what it brought")]
    NoDigest,
    /// The bytes that were said to remain are not those that do.
    #[error("the member said that {said} bytes remain, and {left} do")]
    Remaining {
        /// By its word.
        said: u64,
        /// By what came.
        left: u64,
    },
    /// A piece brought more than there was to come, or nothing.
    #[error("a piece of {0} bytes came where that cannot be")]
    Piece(usize),
    /// Something came behind the digest.
    #[error("more came behind the end")]
    Beyond,
    /// The digest is not that of what came.
    #[error("the SHA-256 of what came is not the one that the member sent with it")]
    Digest,
}

/// What a piece is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// Of the database.
    Database,
    /// The digest behind it.
    Digest,
}

impl Course {
    /// Takes the next piece.
    pub(super) fn take(&mut self, remaining: u64, blob: &[u8]) -> Result<Part, Astray> {
        let length = blob.len() as u64;
        let Some(total) = self.total else {
            let total = remaining.checked_add(length).filter(|_| length > 0).ok_or(Astray::Piece(blob.len()))?;
            (self.total, self.left) = (Some(total), remaining);
            return Ok(Part::Database);
        };
        if self.digest.is_some() {
            return Err(Astray::Beyond);
        }
        if self.left == 0 {
            let digest = blob.try_into().map_err(|_| Astray::Piece(blob.len()))?;
            if remaining != 0 {
                return Err(Astray::Remaining { said: remaining, left: 0 });
            }
            self.digest = Some(digest);
            return Ok(Part::Digest);
        }
        // A digest in the place of data is a stream that lost its middle.
        let left = self.left.checked_sub(length).filter(|_| length > 0).ok_or(Astray::Piece(blob.len()))?;
        if left != remaining {
            return Err(Astray::Remaining { said: remaining, left });
        }
        debug_assert!(left < total);
        self.left = left;
        Ok(Part::Database)
    }

    /// Bytes of the database that came, and that will have come in the end.
    pub(super) fn done(&self) -> (u64, u64) {
        let total = self.total.unwrap_or_default();
        (total - self.left, total)
    }

    /// The end, as the member has put it: the bytes of the database and their digest by its word.
    pub(super) fn end(self) -> Result<(u64, [u8; DIGEST]), Astray> {
        let total = self.total.ok_or(Astray::Empty)?;
        if self.left > 0 {
            return Err(Astray::Short { left: self.left, total });
        }
        Ok((total, self.digest.ok_or(Astray::NoDigest)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PIECE: usize = 32 << 10;

    /// What a member sends of a database of so many bytes.
    fn sent(total: usize) -> Vec<(u64, Vec<u8>)> {
        let mut pieces = Vec::new();
        let mut at = 0;
        while at < total {
            let length = PIECE.min(total - at);
            at += length;
            pieces.push(((total - at) as u64, vec![1; length]));
        }
        pieces.push((0, vec![2; DIGEST]));
        pieces
    }

    fn run(pieces: &[(u64, Vec<u8>)]) -> Result<(u64, [u8; DIGEST]), Astray> {
        let mut course = Course::default();
        for (remaining, blob) in pieces {
            course.take(*remaining, blob)?;
        }
        course.end()
    }

    #[test]
    fn a_whole_stream_is_taken_whether_or_not_its_pieces_are_full() {
        for total in [4_096, PIECE, 2 * PIECE, 2 * PIECE + 4_096, 20 * PIECE + 512] {
            assert_eq!(run(&sent(total)), Ok((total as u64, [2; DIGEST])));
        }
    }

    #[test]
    fn a_stream_that_ends_early_is_refused_wherever_it_ends() {
        let pieces = sent(5 * PIECE + 4_096);
        for length in 0..pieces.len() {
            assert!(run(&pieces[..length]).is_err(), "after {length} pieces");
        }
        assert_eq!(run(&[]), Err(Astray::Empty));
        assert_eq!(run(&pieces[..pieces.len() - 1]), Err(Astray::NoDigest));
    }

    #[test]
    fn a_cut_that_leaves_a_likely_length_is_refused() {
        // The piece before the end is cut so that the whole has 32 bytes over whole pages, as with a digest.
        let mut pieces = sent(3 * PIECE);
        pieces.truncate(3);
        pieces[2].1.truncate(4_096 + DIGEST);
        assert_eq!(run(&pieces), Err(Astray::Remaining { said: 0, left: (PIECE - 4_096 - DIGEST) as u64 }));
    }

    #[test]
    fn a_stream_that_lost_its_middle_or_has_it_twice_is_refused() {
        let pieces = sent(5 * PIECE);
        for lost in 0..pieces.len() - 1 {
            let mut rest = pieces.clone();
            rest.remove(lost);
            // Without its first piece it is the whole stream of a smaller database: the digest tells.
            assert_eq!(run(&rest).is_ok(), lost == 0, "without piece {lost}");
        }
        for twice in 0..pieces.len() {
            let mut more = pieces.clone();
            more.insert(twice, pieces[twice].clone());
            assert!(run(&more).is_err(), "piece {twice} twice");
        }
    }

    #[test]
    fn what_a_member_says_that_remains_must_be_what_does() {
        for (at, lie) in [(0, 1), (1, 0), (2, u64::MAX), (3, 512)] {
            let mut pieces = sent(3 * PIECE);
            pieces[at].0 = lie;
            assert!(run(&pieces).is_err(), "piece {at} says {lie}");
        }
        assert!(run(&[(u64::MAX, vec![1])]).is_err());
        assert!(run(&[(0, Vec::new()), (0, vec![2; DIGEST])]).is_err());
    }
}
