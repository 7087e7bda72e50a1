//! What people read about backups of etcd.

/// A tab.
pub const BACKUPS: &str = "Backups";
/// The button.
pub const BACK_UP: &str = "Back up etcd";
/// What that does.
pub const BACK_UP_MEANS: &str =
    "Takes a snapshot from the most suitable member, verifies it, and stores it. The cluster keeps running.";
/// Where it is not known where etcd is.
pub const UNKNOWN: &str = "etcd endpoints are not configured.";
/// What to do then.
pub const UNKNOWN_TODO: &str = "Set these for binnacle serve. They apply to the first context. The first one is enough where etcd needs no certificates.";
/// What is not known but for the built-in cluster, which has none.
pub const UNKNOWN_DEMO: &str =
    "The demonstration runs an etcd of its own where etcd and etcdutl are in the PATH. make run installs them.";
/// Settings, and what each says; names as `binnacle settings` has them.
pub const SETTINGS: [(&str, &str); 8] = [
    ("etcd_endpoints", "etcd endpoints, for example https://10.1.0.50:2379; default: taken from the plan"),
    ("etcd_cacert", "CA certificate of etcd"),
    ("etcd_cert", "client certificate for etcd"),
    ("etcd_key", "private key of that certificate"),
    ("backup_to", "where backups are stored: folders and s3://…; default: a folder in the data folder"),
    ("backup_schedule", "when backups are taken, for example 0 3 * * *"),
    (
        "backup_recipients",
        "age public keys that backups are encrypted for; each backup holds every Secret of the cluster",
    ),
    ("backup_keep", "which backups are kept, for example newest=7,daily=14"),
];
/// Above the list when etcd is not known any more.
pub const KNOWN_NO_MORE: &str =
    "etcd endpoints are not configured (etcd_endpoints). These backups can be downloaded, but no new one can be taken.";
/// Where there is none.
pub const NONE: &str = "No backups yet";
/// Where no older one is.
pub const NONE_BEFORE: &str = "No backups before that day";
/// On the cluster's own page.
pub const NOT_BACKED_UP: &str = "etcd backups not configured";
/// What leads to [`SETTINGS`].
pub const WHAT_TO_SET: &str = "set up";
/// On the cluster's own page.
pub const NO_GOOD_ONE: &str = "no verified backup";
/// A column.
pub const TAKEN: &str = "Taken";
/// A column.
pub const PROVED: &str = "Verification";
/// A column, a fact.
pub const REVISION: &str = "Revision";
/// A column, a fact.
pub const KEYS: &str = "Keys";
/// A column, a fact.
pub const SIZE: &str = "Size";
/// A column.
pub const KEPT: &str = "Stored in";
/// A column.
pub const SECRECY: &str = "Encrypted";
/// A fact.
pub const MEMBER: &str = "Member";
/// A fact.
pub const BY: &str = "Requested by";
/// Of who asked.
pub const BY_SCHEDULE: &str = "the schedule";
/// A filter.
pub const UNTIL: &str = "Taken until";
/// A way.
pub const OLDER: &str = "Older backups";
/// A way.
pub const NEWEST: &str = "Newest backups";
/// A way, a page.
pub const RETENTION: &str = "Preview retention";
/// What that page is.
pub const RETENTION_MEANS: &str =
    "A dry run: nothing is removed. Retention runs after each backup, separately for each place.";
/// On that page.
pub const NOTHING_GOES: &str = "Nothing would be removed.";
/// On that page.
pub const GOES: &str = "would be removed";
/// On that page.
pub const STAYS: &str = "kept";
/// On that page.
pub const WHY: &str = "Why";
/// A fact.
pub const SCHEDULE: &str = "Schedule";
/// Without a schedule.
pub const NO_SCHEDULE: &str = "none (backup_schedule is not set)";
/// A fact.
pub const PLACES: &str = "Stored in";
/// A fact.
pub const RULES: &str = "Retention";
/// Without rules.
pub const NO_RULES: &str = "keeps everything (backup_keep is not set)";
/// A fact.
pub const ALLOWED: &str = "Warn when";
/// Names of parts of the page.
pub const ABOUT: &str = "How backups are kept";
/// The steps, from the first on, in a few words.
pub const STEPS: [&str; 6] =
    ["complete", "checksum matches", "database intact", "etcd revisions intact", "read back", "restored"];
/// The steps, from the first on, in a sentence.
pub const STEPS_MEAN: [&str; 6] = [
    "The stream reached its end, and nothing was missing.",
    "The SHA-256 that etcd sent matches the received data.",
    "Every page of the database was read: tree, free list and every leaf.",
    "Every revision was read, and all are in order.",
    "It was read back from storage and matches what was written.",
    "It was restored into a separate etcd, which reported the same revision, keys and hash.",
];
/// Of a step.
pub const NOT_YET: &str = "not yet";
/// When no step was climbed.
pub const UNPROVED: &str = "not verified";
/// When no rehearsal was.
pub const NOT_RESTORED: &str = "Test restore: not run yet";
/// A fact.
pub const STORED: &str = "Stored";
/// A fact.
pub const RAFT: &str = "Raft index";
/// A fact.
pub const FILE: &str = "File";
/// A fact.
pub const IDS: &str = "Cluster ID and member ID";
/// A fact.
pub const HASH: &str = "Hash (as in etcdutl)";
/// A fact.
pub const DIGEST: &str = "SHA-256 of the database";
/// A fact.
pub const STORED_DIGEST: &str = "SHA-256 of the file";
/// A fact.
pub const RECIPIENT: &str = "Encrypted for";
/// Names of parts of the page.
pub const LADDER: &str = "Verification steps";
/// Names of parts of the page.
pub const FACTS: &str = "Details";
/// Names of parts of the page.
pub const COPIES: &str = "Stored in";
/// A column.
pub const SINCE: &str = "Since";
/// A column.
pub const TOOL: &str = "With";
/// A column.
pub const TOOK: &str = "Duration";
/// A column.
pub const PLACE: &str = "Place";
/// A column.
pub const STATE: &str = "Status";
/// A column.
pub const IF_RETENTION_RAN: &str = "If retention ran now";
/// How a copy is.
pub const PENDING: &str = "uploading";
/// How a copy is.
pub const THERE: &str = "available";
/// How a copy is.
pub const BAD: &str = "corrupted";
/// Of a place.
pub const GONE_PLACE: &str = "no longer configured";
/// Of a backup that is encrypted for nobody.
pub const OPEN: &str = "no";
/// Of a backup that is encrypted.
pub const SEALED: &str = "yes";
/// What it means that it is not encrypted.
pub const OPEN_MEANS: &str = "Not encrypted. Anyone with this file can read every Secret in the cluster.";
/// Above what an admin can do.
pub const ACTS: &str = "Actions";
/// A way.
pub const DOWNLOAD: &str = "Download";
/// What that is.
pub const DOWNLOAD_MEANS: &str = "As it is stored; binnacle backup verify reads it. Downloads are audited.";
/// A way.
pub const REMOVE: &str = "Remove this backup";
/// What that does.
pub const REMOVE_MEANS: &str = "Deletes every copy. This cannot be undone.";
/// The button.
pub const REMOVE_NOW: &str = "Remove permanently";
/// The button.
pub const REHEARSE: &str = "Test restore";
/// What that does.
pub const REHEARSE_MEANS: &str = "Starts a separate etcd on this machine from the backup, compares it, and wipes it. It opens no port and does not touch the cluster.";
/// Where that cannot be.
pub const SEALED_HERE: &str =
    "It is encrypted, and its private key is not here. Run binnacle backup rehearse where the key is.";
/// While one is restored for trial.
pub const REHEARSING: &str = "Test restore is running";
/// What that is.
pub const REHEARSING_MEANS: &str = "A separate etcd is started from it, and its revision, keys and hash are compared.";
/// After that.
pub const RESTORED: &str = "Test restore passed.";
/// What travels with a backup.
pub const TRAVELS: &str = "Attached files";
/// A way.
pub const DOWNLOAD_WITH: &str = "Download attached files";
/// A fact.
pub const REHEARSED: &str = "Last test restore";
/// A wrong confirmation.
pub const NOT_CONFIRMED: &str = "The number does not match the backup's revision. Nothing was removed.";
/// A backup that is not there.
pub const NO_SUCH: &str = "this backup";
/// A backup whose manifest cannot be read.
pub const UNREADABLE: &str =
    "The manifest of this backup cannot be read. It was changed, or a newer Binnacle wrote it.";
/// Progress.
pub const PROGRESS: &str = "Progress";
/// While one is taken.
pub const LOOKING: &str = "Checking the health of etcd's members.";
/// While one is taken.
pub const PROVING: &str = "Verifying the snapshot, page by page and record by record.";
/// While one is taken.
pub const STORING: &str = "Compressing, and encrypting where configured.";
/// While one is taken.
pub const DELIVERING: &str = "Storing the verified backup and reading it back.";
/// When one was taken.
pub const DONE: &str = "Backup complete.";
/// A way.
pub const SEE: &str = "View";
/// When none was taken.
pub const FAILED: &str = "Backup failed";
/// Another is being taken.
pub const UNDERWAY: &str = "A backup is running";
/// By another one of several.
pub const ELSEWHERE: &str = "Another server is taking it. The list will show the result.";
/// Without a script.
pub const RELOADS: &str = "Refreshing automatically";
/// Names of parts of the page.
pub const WARNED: &str = "Warnings about backups";
/// Of warnings.
pub const TO_BACKUPS: &str = "Go to backups";

/// What is to be typed.
pub fn confirm(revision: &str) -> String {
    format!("Type its revision, {revision}, to confirm")
}

/// How many warnings there are that are not grave.
pub fn notes(count: usize) -> String {
    if count == 1 { "1 note about backups".into() } else { format!("{count} notes about backups") }
}

/// Of a rehearsal that went well: when, as in `2 hours ago`, and how long it took.
pub fn restores(ago: &str, took: &str) -> String {
    format!("Test restore passed {ago} ({took})")
}

/// Of one whose etcd refuses writes.
pub fn restores_and_refuses(ago: &str, took: &str) -> String {
    format!("Test restore passed {ago} ({took}), but it refuses writes until its alarm is disarmed")
}

/// Of one that was not restored yet, and whose etcd will refuse writes.
pub const NOT_RESTORED_AND_REFUSES: &str =
    "Test restore: not run yet. Its etcd will refuse writes until its alarm is disarmed";

/// Whether Kubernetes' own namespaces were found.
pub fn namespaces(found: bool) -> &'static str {
    if found { "Kubernetes' own namespaces were found." } else { "No namespace of Kubernetes was found in it." }
}

/// Of a rehearsal that found otherwise.
pub fn does_not_restore(why: &str) -> String {
    format!("Test restore failed: {why}")
}

/// When a rehearsal could not be held.
pub fn not_held(why: &str) -> String {
    format!("The test restore could not run: {why}")
}

/// How many steps of the ladder were climbed.
pub fn climbed(steps: usize) -> String {
    format!("{steps} of 6 steps")
}

/// While the database comes.
pub fn streaming(member: &str, done: &str, total: &str) -> String {
    format!("Received {done} of {total} from {member}.")
}

/// When a member did not do.
pub fn next(why: &str) -> String {
    format!("Asking another member: {why}")
}

/// How many there are.
pub fn in_all(total: &str) -> String {
    format!("{total} in all")
}

/// When the newest becomes too old.
pub fn older_than(age: &str) -> String {
    format!("the newest verified backup is older than {age}")
}

/// How many stay in a place.
pub fn stay(count: usize) -> String {
    format!("{count} would be kept")
}

/// How many are not listed.
pub fn not_listed(count: usize) -> String {
    format!("and {count} more")
}
/// Below the list.
pub const ON_HOSTS: &str = "Left by kubespray on the hosts";
/// What these are.
pub const ON_HOSTS_MEANS: &str = "kubespray takes a snapshot whenever it restarts etcd, and never checks or removes it. These hold every Secret and are lost with their host. Fetch one with scp and run binnacle backup verify.";
/// Of a host.
pub const NONE_ON_HOST: &str = "No snapshots";
/// Of a snapshot on a host.
pub const NOT_PROVED: &str = "not verified";
/// Of one whose length cannot be right.
pub const NOT_WHOLE: &str = "incomplete: no checksum at its end";

/// When a host was asked.
pub fn asked(ago: &str) -> String {
    format!("asked {ago}")
}

/// Why it is not known what lies on a host.
pub fn not_known(why: &str) -> String {
    format!("Unknown: {why}")
}

/// The button that answers another life of a cluster.
pub const ACCEPT: &str = "Expected: the cluster was rebuilt or restored";
