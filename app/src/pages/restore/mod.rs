//! The way back to a backup, and what is different between two.

mod guide;

pub use guide::{GuidePage, WayLine, guide};
