//! Backups of etcd: taken, proved, kept, and warned about when there is none to rely on.
//!
//! ```text
//! etcd ─▶ take { choice, fetch (course), proof } ─▶ naming (seal) ─▶ folder: ID.db…, ID.json (manifest)
//! ```

mod choice;
mod course;
mod fetch;
pub mod manifest;
mod naming;
mod part;
pub mod places;
pub mod proof;
pub mod rehearsal;
pub mod retention;
pub mod schedule;
pub mod seal;
pub mod take;
pub mod unseal;
mod words;
pub mod zone;

pub use choice::{Candidate, candidates};
pub use course::Astray;
pub use part::DiskError;
