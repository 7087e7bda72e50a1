//! Backups of etcd: taken, proved, kept, and warned about when there is none to rely on.
//!
//! ```text
//! etcd ─▶ take { choice, fetch (course), proof } ─▶ naming (seal) ─▶ folder: ID.db…, ID.json (manifest)
//! rounds ─▶ schedule ─▶ delivery ─▶ take, places (folders, S3) ─▶ catalogue (the database) ─▶ retention, warnings
//!                          └▶ rehearsing (restored for trial)        └▶ rereading (every copy, from time to time)
//! ```

mod catalogue;
pub mod changes;
mod choice;
pub mod companion;
mod course;
pub mod delivery;
mod fetch;
pub mod hosts;
pub mod house;
pub mod incarnation;
mod lease;
pub mod manifest;
mod naming;
mod pages;
mod part;
pub mod places;
pub mod proof;
pub mod rehearsal;
pub mod rehearsing;
pub mod rereading;
pub mod restoring;
pub mod retention;
mod rounds;
pub mod schedule;
pub mod seal;
mod story;
pub mod take;
mod telling;
pub mod unseal;
pub mod warnings;
mod wire;
mod words;
pub mod zone;

pub use choice::{Candidate, candidates};
pub use course::Astray;
pub use house::{Backups, Keeping, Regime};
pub use pages::{ROUTES, Shelf, router};
pub use part::DiskError;
pub use rounds::rounds;
pub(crate) use story::{kept, warning};
pub use telling::telling;
