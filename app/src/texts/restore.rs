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
pub const WARNINGS: &str = "Before you start";
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

/// A title, and a link.
pub const CHANGES: &str = "What changed";
/// Before the older backup.
pub const SINCE: &str = "since the backup of ";
/// A button.
pub const COMPARE: &str = "Compare";
/// Where there is nothing to compare with.
pub const NO_OLDER: &str = "There is no older backup to compare it with.";
/// Below a comparison.
pub const NAMES_ONLY: &str =
    "Names only: what objects hold is compared and never shown. Nothing of a comparison is kept.";
/// A column.
pub const KIND: &str = "Kind";
/// A column.
pub const NAMESPACE: &str = "Namespace";
/// A column.
pub const ADDED: &str = "Added";
/// A column.
pub const REMOVED: &str = "Removed";
/// A column.
pub const CHANGED: &str = "Changed";
/// Instead of a namespace.
pub const WHOLE: &str = "cluster-scoped";
/// Instead of a kind.
pub const BESIDE: &str = "keys outside of Kubernetes";

/// The sum of it.
pub fn counts(added: u64, removed: u64, changed: u64, same: u64) -> String {
    if added + removed + changed == 0 {
        return format!("Nothing: all {same} objects are the same in both.");
    }
    format!("{added} added, {removed} removed, {changed} changed, {same} the same in both.")
}

/// Names that are left out.
pub fn more(count: u64) -> String {
    format!("and {count} more")
}

/// What is left out altogether.
pub fn elsewhere(count: u64) -> String {
    format!("{count} more of further kinds and namespaces.")
}
