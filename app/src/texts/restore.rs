//! What people read around restore guides and beside the differences of backups. The guides' own words stand with their
//! commands, in the crate `restore`.

/// A link to the guide.
pub const GUIDE: &str = "How to restore it";
/// Above what a guide may be for.
pub const WAYS: &str = "What is lost";
/// One of these.
pub const QUORUM: &str = "The quorum, or all data";
/// Above what will be lost.
pub const LOSSES: &str = "What will be lost";
/// Above what speaks against it.
pub const WARNINGS: &str = "Heed this first";
/// Above what is not known.
pub const UNKNOWN: &str = "What is unknown here";
/// Before a host.
pub const ON: &str = "On ";
/// Before what is to be seen.
pub const THEN: &str = "Then:";
/// A link.
pub const MARKDOWN: &str = "As Markdown";

/// A link to the backup.
pub fn backup_of(taken: &str) -> String {
    format!("Backup of {taken}")
}

/// A member that may be lost.
pub fn member(name: &str) -> String {
    format!("The member {name}")
}
