//! What a snapshot of etcd holds, and whether it is sound: its digest, its pages, its revisions.
//!
//! ```text
//! file = bolt database ‖ SHA-256 of it
//!   complete ─▶ digest ─▶ examine { bolt: metas, free list, every page ─▶ store: records, leases, members } ─▶ Examined
//!   step 1      step 2    step 3                                          step 4
//! ```
//!
//! Invariants:
//! - No I/O of its own, no clock; a file is whatever [`ReadAt`] reads.
//! - Whatever the bytes are, it ends, does not panic, and takes memory by the number of pages (a bit each) and by what
//!   [`Examined`] holds, never by the length of the file.
//! - Values are looked through and never kept: no result, error or debug text has one in it. They are Secrets.
//! - Revision, hash, keys and size are those that `etcdutl snapshot status` tells.

mod bolt;
mod digest;
mod notes;
mod object;
mod read;
mod step;
mod store;
mod unsound;

pub use digest::{DIGEST, Digest, complete, digest, is_bare};
pub use notes::Note;
pub use object::Object;
pub use read::ReadAt;
pub use step::Step;
pub use store::{Alarm, Examined, Member, Record, examine, examine_bare, records};
pub use unsound::{Flaw, Odd, Unsound};
