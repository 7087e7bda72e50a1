//! The way back to a backup, and what is different between two.

mod changes;
mod guide;

pub use changes::{ChangesPage, Found, GroupLine, changes};
pub use guide::{GuidePage, WayLine, guide};
