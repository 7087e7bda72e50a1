//! Backups of etcd: taken, listed, looked at, removed.

mod hosts;
mod ladder;
mod line;
mod list;
mod none;
mod one;
mod part;
mod retention;
mod strip;
mod warned;

pub use hosts::{HostFile, HostLine};
pub use line::{BackupLine, BackupPage, Climb, CopyLine, CourseLine, Fate, List, PlaceFates, WarningLine};
pub use list::list;
pub use none::none;
pub use one::one;
pub use part::part;
pub use retention::retention;
pub(crate) use strip::form;
pub(super) use strip::kept_line;
pub use strip::{Kept, newest};
pub use warned::warned;
