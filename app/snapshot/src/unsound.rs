//! Why a file is no snapshot to rely on.

use std::io;

use crate::{Digest, Step};

/// Why a file is no snapshot to rely on, and where. Never holds a value of the store.
#[derive(Debug, thiserror::Error)]
pub enum Unsound {
    /// It cannot be read; nothing is known of what is in it.
    #[error("it cannot be read at byte {at}: {source}")]
    Read {
        /// Where, in bytes.
        at: u64,
        /// What the system says.
        source: io::Error,
    },
    /// It has no room for the least of databases and a digest.
    #[error("its {0} bytes are fewer than an empty etcd has: it was cut, or it is something else")]
    Short(u64),
    /// It may be the database file of a member, or a snapshot whose last bytes are lost.
    #[error("its {0} bytes are pages without a digest at their end: it was copied from a member's folder, or cut")]
    Trailer(u64),
    /// Its length is none that a snapshot can have.
    #[error("its {0} bytes are no pages and a digest: it was cut, or something was added")]
    Length(u64),
    /// It is not what etcd sent.
    #[error("its SHA-256 is {computed}, and etcd sent {written} with it: it was changed or damaged")]
    Digest {
        /// As the file ends.
        written: Digest,
        /// Of what stands before.
        computed: Digest,
    },
    /// It is no sound database.
    #[error("page {page}, from byte {at}, is broken: {flaw}")]
    Page {
        /// Counts from 0.
        page: u64,
        /// Where the page begins, in bytes.
        at: u64,
        /// What is wrong with it.
        flaw: Flaw,
    },
    /// It is no sound store of etcd.
    #[error("the bucket {bucket} is broken at page {page}: {odd}")]
    Store {
        /// Its name; at most 64 characters of it.
        bucket: String,
        /// The page where it was seen, from 0.
        page: u64,
        /// What is wrong.
        odd: Odd,
    },
}

impl Unsound {
    /// The step of the ladder that it does not reach.
    pub fn step(&self) -> Step {
        match self {
            Self::Read { .. } | Self::Short(_) | Self::Trailer(_) | Self::Length(_) => Step::Complete,
            Self::Digest { .. } => Step::Digest,
            Self::Page { .. } => Step::Bolt,
            Self::Store { .. } => Step::Mvcc,
        }
    }

    /// What to do about it, as a sentence.
    pub fn todo(&self) -> &'static str {
        match self {
            Self::Read { .. } => "Look at the disk and at the rights of the file, and verify again.",
            Self::Short(_) => "Fetch it again from where it came, or take another: no database fits in it.",
            Self::Trailer(_) | Self::Length(_) => {
                "Fetch it again from where it came, or take another: etcd refuses to restore it as it is."
            }
            Self::Digest { .. } => {
                "Fetch it again from where it came, or take another; etcd would refuse to restore this one."
            }
            Self::Page { .. } | Self::Store { .. } => {
                "Take another from another member, keep the older ones, and look at the disk of the member that gave it."
            }
        }
    }
}

/// What is wrong with a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "each says it in its text")]
pub enum Flaw {
    #[error("it is no first page of a bbolt database")]
    Magic,
    #[error("the database has version {0} of the format; only 2 is known")]
    Version(u32),
    #[error("it says that pages have {0} bytes")]
    PageSize(u32),
    #[error("its checksum is wrong")]
    Checksum,
    #[error("the two first pages do not say the same")]
    Metas,
    #[error("it says that there are {told} pages, and there are {found}")]
    Pages { told: u64, found: u64 },
    #[error("it says that it is page {0}")]
    Id(u64),
    #[error("it is of no kind that belongs here ({0:#06x})")]
    Kind(u16),
    #[error("it goes on for {0} further pages, beyond the end or what etcd writes")]
    Run(u32),
    #[error("it points to page {0}, which is none")]
    Pointer(u64),
    #[error("it is used twice, or used and free")]
    Twice,
    #[error("it is neither used nor free")]
    Lost,
    #[error("its free pages are not in order")]
    FreeOrder,
    #[error("what it counts does not fit into it")]
    Count,
    #[error("its entry {0} has bytes where none can be")]
    Entry(u32),
    #[error("the key of its entry {0} is not in order")]
    Order(u32),
    #[error("its entry {0} is marked as nothing that is known")]
    Flags(u32),
    #[error("a branch without children")]
    Barren,
    #[error("branches are nested deeper or are larger than etcd writes them")]
    Deep,
}

/// What is wrong with the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "each says it in its text")]
pub enum Odd {
    #[error("it is not there")]
    Missing,
    #[error("there is something beside buckets, or more buckets than etcd makes")]
    Buckets,
    #[error("there is a bucket in it, which etcd never makes")]
    Nested,
    #[error("a key is no revision")]
    Key,
    #[error("revision {0} does not come after the one before it")]
    Rising(i64),
    #[error("the record of revision {0} cannot be read")]
    Record(i64),
    #[error("the record of revision {0} says that it is another's")]
    Revision(i64),
    #[error("the record of revision {0} counts its versions wrongly")]
    Versions(i64),
    #[error("more keys were deleted than there were, by revision {0}")]
    Deleted(i64),
    #[error("a lease cannot be read")]
    Lease,
    #[error("a member cannot be read, or there are more than can be")]
    Member,
    #[error("{0} cannot be read")]
    Fact(&'static str),
}
