//! What pages of backups show. Times, lengths and sizes are texts for people.

use scene::Health;

use super::HostLine;

/// A backup in a list.
#[derive(Clone, Debug, Default)]
pub struct BackupLine {
    /// Names it.
    pub id: String,
    /// When it was begun.
    pub taken: String,
    /// The same as a length of time, as in `2 hours ago`.
    pub ago: String,
    /// Who asked for it.
    pub by: String,
    /// The member that it came from.
    pub member: String,
    /// The newest revision in it.
    pub revision: String,
    /// Its keys.
    pub keys: String,
    /// Bytes of the database.
    pub size: String,
    /// Bytes as it is stored.
    pub stored: String,
    /// Steps 1 to 6: how each was climbed.
    pub steps: [Option<Climb>; 6],
    /// Why it does not restore, when the last rehearsal found that.
    pub fails: Option<String>,
    /// Whether an etcd that starts on it refuses writes until an alarm is disarmed.
    pub refuses: bool,
    /// What to know of its contents before it is relied on, as sentences; `None` when that was not looked at.
    pub notes: Option<Vec<String>>,
    /// Whether Kubernetes' own namespaces were found in it; `None` when they were not sought.
    pub kubernetes: Option<bool>,
    /// Where it lies.
    pub copies: Vec<CopyLine>,
    /// The public keys that it is encrypted for.
    pub recipients: Vec<String>,
}

/// A step that was climbed.
#[derive(Clone, Debug)]
pub struct Climb {
    /// When.
    pub at: String,
    /// The same as a length of time.
    pub ago: String,
    /// With what.
    pub tool: String,
    /// How long it took.
    pub took: String,
}

/// A backup in a place.
#[derive(Clone, Debug)]
pub struct CopyLine {
    /// The place.
    pub place: String,
    /// How that fares.
    pub health: Health,
    /// The same in a word.
    pub says: &'static str,
    /// Since when.
    pub since: String,
    /// What is wrong; empty when nothing is.
    pub detail: String,
    /// What retention would do with it now; empty when that is not known.
    pub fate: String,
}

/// How a backup goes, or went last.
#[derive(Clone, Debug)]
pub struct CourseLine {
    /// What goes on; empty once it is over.
    pub title: &'static str,
    /// Whether it goes on.
    pub live: bool,
    /// How it fares.
    pub health: Health,
    /// What is done, or was done, in a sentence.
    pub says: String,
    /// Of a hundred, when that is known.
    pub percent: Option<u8>,
    /// When it began, and who asked for it.
    pub began: String,
    /// The backup that it brought.
    pub brought: Option<String>,
}

/// A part of a cluster's backups, with what goes on.
#[derive(Clone, Debug, Default)]
pub struct List {
    /// The cluster.
    pub cluster: String,
    /// Whether whoever looks may take one.
    pub acts: bool,
    /// Whether whoever looks began what goes on.
    pub own: bool,
    /// Whether it is known where its etcd is.
    pub known: bool,
    /// Names this button, so that pressing it twice takes one backup.
    pub key: String,
    /// What goes on, or went on last.
    pub course: Option<CourseLine>,
    /// The rehearsal that goes on, or went on last.
    pub trial: Option<CourseLine>,
    /// Whether anything goes on, or is about to.
    pub live: bool,
    /// Why none was begun.
    pub wrong: Option<String>,
    /// Newest first.
    pub lines: Vec<BackupLine>,
    /// How many there are in all.
    pub total: i64,
    /// Only those taken until this day, as in `2026-11-25`; empty for all.
    pub until: String,
    /// Whether these are not the newest.
    pub is_later: bool,
    /// Leads to older ones.
    pub next: Option<String>,
    /// How they are kept: names and values.
    pub about: Vec<(&'static str, String)>,
    /// What to be warned of.
    pub warned: Vec<WarningLine>,
    /// What kubespray left on the hosts.
    pub hosts: Vec<HostLine>,
}

/// All that is known of a backup.
#[derive(Clone, Debug, Default)]
pub struct BackupPage {
    /// The cluster.
    pub cluster: String,
    /// The backup.
    pub line: BackupLine,
    /// Facts: names and values, and whether a value is for programs.
    pub facts: Vec<(&'static str, String, bool)>,
    /// Whether whoever looks may fetch and remove it.
    pub admin: bool,
    /// Whether who looks is an operator, and may see what changed.
    pub operates: bool,
    /// Whether something travels with it.
    pub travels: bool,
    /// Why the last removal, or rehearsal, was not done.
    pub wrong: Option<String>,
}

/// What becomes of the backups of a place.
#[derive(Clone, Debug)]
pub struct PlaceFates {
    /// The place.
    pub place: String,
    /// What would go, newest first, at most a few hundred.
    pub goes: Vec<Fate>,
    /// How many more would go.
    pub more: usize,
    /// What would stay: reasons, and of how many it is the reason.
    pub stays: Vec<(String, usize)>,
}

/// What becomes of a backup.
#[derive(Clone, Debug)]
pub struct Fate {
    /// Its id.
    pub id: String,
    /// When it was taken.
    pub taken: String,
    /// Why.
    pub why: String,
}

/// Something to be warned of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WarningLine {
    /// The cluster.
    pub cluster: String,
    /// Whether there may be nothing to rely on.
    pub grave: bool,
    /// What is so.
    pub what: String,
    /// What to do.
    pub todo: String,
    /// Whether somebody may answer that it was meant.
    pub can_accept: bool,
}
