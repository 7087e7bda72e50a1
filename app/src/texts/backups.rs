//! What people read about backups of etcd.

/// A tab.
pub const BACKUPS: &str = "Backups";
/// The button.
pub const BACK_UP: &str = "Back up etcd";
/// What that does.
pub const BACK_UP_MEANS: &str = "A snapshot is taken from the member that is best for it, proved, and put where backups are kept. The cluster goes on meanwhile.";
/// Where it is not known where etcd is.
pub const UNKNOWN: &str = "It is not known where this cluster's etcd is, so nothing can be backed up from here.";
/// What to do then.
pub const UNKNOWN_TODO: &str = "Set these for binnacle serve; they belong to the first context. The first is enough where etcd asks for no certificates.";
/// What is not known but for the built-in cluster, which has none.
pub const UNKNOWN_DEMO: &str = "The built-in cluster has no etcd of its own.";
/// Settings, and what each says; names as `binnacle settings` has them.
pub const SETTINGS: [(&str, &str); 8] = [
    (
        "etcd_endpoints",
        "where etcd may be asked, as in https://10.1.0.50:2379; left out, where the plan lets expect it",
    ),
    ("etcd_cacert", "the authority that signs etcd's certificates"),
    ("etcd_cert", "our certificate for etcd"),
    ("etcd_key", "its private key"),
    ("backup_to", "where backups are kept: folders and s3://…; without it a folder in the data folder"),
    ("backup_schedule", "when they are taken by themselves, as in 0 3 * * *"),
    ("backup_recipients", "public keys of age that they are encrypted for: each holds every Secret of the cluster"),
    ("backup_keep", "which of them stay, as in newest=7,daily=14"),
];
/// Above the list when etcd is not known any more.
pub const KNOWN_NO_MORE: &str =
    "It is not known where this cluster's etcd is (etcd_endpoints): these can be fetched, and no new one can be taken.";
/// Where there is none.
pub const NONE: &str = "There is no backup yet.";
/// Where no older one is.
pub const NONE_BEFORE: &str = "There is none from before that day.";
/// On the cluster's own page.
pub const NOT_BACKED_UP: &str = "etcd is not backed up from here";
/// What leads to [`SETTINGS`].
pub const WHAT_TO_SET: &str = "what to set";
/// On the cluster's own page.
pub const NO_GOOD_ONE: &str = "no backup of etcd was found right";
/// A column.
pub const TAKEN: &str = "Taken";
/// A column.
pub const PROVED: &str = "How far it is proved";
/// A column, a fact.
pub const REVISION: &str = "Revision";
/// A column, a fact.
pub const KEYS: &str = "Keys";
/// A column, a fact.
pub const SIZE: &str = "Size";
/// A column.
pub const KEPT: &str = "Where it lies";
/// A column.
pub const SECRECY: &str = "Encrypted";
/// A fact.
pub const MEMBER: &str = "Member";
/// A fact.
pub const BY: &str = "Asked for by";
/// Of who asked.
pub const BY_SCHEDULE: &str = "the schedule";
/// A filter.
pub const UNTIL: &str = "Taken until";
/// A way.
pub const OLDER: &str = "Older backups";
/// A way.
pub const NEWEST: &str = "Newest backups";
/// A way, a page.
pub const RETENTION: &str = "What retention would remove";
/// What that page is.
pub const RETENTION_MEANS: &str =
    "A dry run: nothing is removed by looking. The real run comes after each backup, and judges each place by itself.";
/// On that page.
pub const NOTHING_GOES: &str = "Nothing would go.";
/// On that page.
pub const GOES: &str = "would go";
/// On that page.
pub const STAYS: &str = "stays";
/// On that page.
pub const WHY: &str = "Why";
/// A fact.
pub const SCHEDULE: &str = "By themselves";
/// Without a schedule.
pub const NO_SCHEDULE: &str = "never: backup_schedule is not set";
/// A fact.
pub const PLACES: &str = "Kept in";
/// A fact.
pub const RULES: &str = "Which stay";
/// Without rules.
pub const NO_RULES: &str = "all of them: backup_keep is not set";
/// A fact.
pub const ALLOWED: &str = "Worth a warning";
/// Names of parts of the page.
pub const ABOUT: &str = "How backups are kept";
/// The steps, from the first on, in a few words.
pub const STEPS: [&str; 6] =
    ["complete", "its digest is right", "sound as a database", "sound as etcd's history", "read back", "restored"];
/// The steps, from the first on, in a sentence.
pub const STEPS_MEAN: [&str; 6] = [
    "The stream came to its end, and nothing was missing.",
    "The SHA-256 that etcd sent behind it is that of what came.",
    "Every page of the database was read: tree, free list and every leaf.",
    "Every revision was read, and their order is right.",
    "It was read back from where it lies, and is what was put there.",
    "It was restored into an etcd of its own, which started and told the same revision, keys and hash.",
];
/// Of a step.
pub const NOT_YET: &str = "not yet";
/// When no step was climbed.
pub const UNPROVED: &str = "nothing is proved";
/// When no rehearsal was.
pub const NOT_RESTORED: &str = "Restores: not tried yet";
/// A fact.
pub const STORED: &str = "Stored";
/// A fact.
pub const RAFT: &str = "Raft index";
/// A fact.
pub const FILE: &str = "File";
/// A fact.
pub const IDS: &str = "Ids of cluster and member";
/// A fact.
pub const HASH: &str = "Hash, as etcdutl tells it";
/// A fact.
pub const DIGEST: &str = "SHA-256 of the database";
/// A fact.
pub const STORED_DIGEST: &str = "SHA-256 of the file";
/// A fact.
pub const RECIPIENT: &str = "Encrypted for";
/// Names of parts of the page.
pub const LADDER: &str = "The ladder of proof";
/// Names of parts of the page.
pub const FACTS: &str = "What it is";
/// Names of parts of the page.
pub const COPIES: &str = "Where it lies";
/// A column.
pub const SINCE: &str = "Since";
/// A column.
pub const TOOL: &str = "With";
/// A column.
pub const TOOK: &str = "Took";
/// A column.
pub const PLACE: &str = "Place";
/// A column.
pub const STATE: &str = "How it is";
/// A column.
pub const IF_RETENTION_RAN: &str = "If retention ran now";
/// How a copy is.
pub const PENDING: &str = "on its way";
/// How a copy is.
pub const THERE: &str = "there";
/// How a copy is.
pub const BAD: &str = "not as it was put";
/// Of a place.
pub const GONE_PLACE: &str = "not configured any more";
/// Of a backup that is encrypted for nobody.
pub const OPEN: &str = "no";
/// Of a backup that is encrypted.
pub const SEALED: &str = "yes";
/// What it means that it is not encrypted.
pub const OPEN_MEANS: &str =
    "It is not encrypted, and holds every Secret of the cluster: whoever has the file has them.";
/// Above what an admin can do.
pub const ACTS: &str = "With this backup";
/// A way.
pub const DOWNLOAD: &str = "Download";
/// What that is.
pub const DOWNLOAD_MEANS: &str = "As it is stored; binnacle backup verify reads it. It is remembered in the audit.";
/// A way.
pub const REMOVE: &str = "Remove this backup";
/// What that does.
pub const REMOVE_MEANS: &str = "It goes from every place, and nothing brings it back.";
/// The button.
pub const REMOVE_NOW: &str = "Remove it for good";
/// The button.
pub const REHEARSE: &str = "Restore for trial";
/// What that does.
pub const REHEARSE_MEANS: &str = "An etcd of its own is started on it on this machine, compared and wiped. It listens on no port, and the cluster notices nothing.";
/// Where that cannot be.
pub const SEALED_HERE: &str = "It is encrypted, and its private key is not here: binnacle backup rehearse restores it for trial where the key is.";
/// While one is restored for trial.
pub const REHEARSING: &str = "A backup is restored for trial";
/// What that is.
pub const REHEARSING_MEANS: &str = "An etcd of its own is started on it, and its revision, keys and hash are compared.";
/// After that.
pub const RESTORED: &str = "It restores.";
/// What travels with a backup.
pub const TRAVELS: &str = "With it";
/// A way.
pub const DOWNLOAD_WITH: &str = "Download what travels with it";
/// A fact.
pub const REHEARSED: &str = "Last restored for trial";
/// A wrong confirmation.
pub const NOT_CONFIRMED: &str = "The number that was typed is not the backup's revision: nothing was removed.";
/// A backup that is not there.
pub const NO_SUCH: &str = "this backup";
/// A backup whose manifest cannot be read.
pub const UNREADABLE: &str =
    "What is known of this backup cannot be read: its manifest was changed, or a newer Binnacle wrote it.";
/// Progress.
pub const PROGRESS: &str = "How far it is";
/// While one is taken.
pub const LOOKING: &str = "etcd's members are asked how they fare.";
/// While one is taken.
pub const PROVING: &str = "What came is read again, page by page and record by record.";
/// While one is taken.
pub const STORING: &str = "It is compressed, encrypted when it is to be, and gets its name.";
/// While one is taken.
pub const DELIVERING: &str = "It is proved, and is put where backups are kept and read back.";
/// When one was taken.
pub const DONE: &str = "The backup is there.";
/// A way.
pub const SEE: &str = "Look at it";
/// When none was taken.
pub const FAILED: &str = "No backup was taken";
/// Another is being taken.
pub const UNDERWAY: &str = "A backup is being taken";
/// By another one of several.
pub const ELSEWHERE: &str = "Another server takes it, and the list will tell.";
/// Without a script.
pub const RELOADS: &str = "This page looks again by itself.";
/// Names of parts of the page.
pub const WARNED: &str = "Warnings about backups";
/// Of warnings.
pub const TO_BACKUPS: &str = "To the backups";

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
    format!("Restores: proved {ago} in {took}")
}

/// Of one whose etcd refuses writes.
pub fn restores_and_refuses(ago: &str, took: &str) -> String {
    format!("Restores, and refuses writes until its alarm is disarmed: proved {ago} in {took}")
}

/// Of one that was not restored yet, and whose etcd will refuse writes.
pub const NOT_RESTORED_AND_REFUSES: &str =
    "Restores: not tried yet. Its etcd will refuse writes until its alarm is disarmed";

/// Whether Kubernetes' own namespaces were found.
pub fn namespaces(found: bool) -> &'static str {
    if found { "Kubernetes' own namespaces are there." } else { "No namespace of Kubernetes was found in it." }
}

/// Of a rehearsal that found otherwise.
pub fn does_not_restore(why: &str) -> String {
    format!("Does not restore: {why}")
}

/// When a rehearsal could not be held.
pub fn not_held(why: &str) -> String {
    format!("It could not be restored for trial: {why}")
}

/// How many steps of the ladder were climbed.
pub fn climbed(steps: usize) -> String {
    format!("{steps} of 6 steps")
}

/// While the database comes.
pub fn streaming(member: &str, done: &str, total: &str) -> String {
    format!("{done} of {total} came from {member}.")
}

/// When a member did not do.
pub fn next(why: &str) -> String {
    format!("Another member is asked: {why}")
}

/// How many there are.
pub fn in_all(total: &str) -> String {
    format!("{total} in all")
}

/// When the newest becomes too old.
pub fn older_than(age: &str) -> String {
    format!("when the newest good one is older than {age}")
}

/// How many stay in a place.
pub fn stay(count: usize) -> String {
    format!("{count} would stay")
}

/// How many are not listed.
pub fn not_listed(count: usize) -> String {
    format!("and {count} more")
}
/// Below the list.
pub const ON_HOSTS: &str = "Left by kubespray on the hosts";
/// What these are.
pub const ON_HOSTS_MEANS: &str = "kubespray takes a snapshot whenever it restarts etcd, and looks after none: nobody has proved these, they hold every Secret, and they are lost with their host. Fetch one with scp, and binnacle backup verify tells what it is worth.";
/// Of a host.
pub const NONE_ON_HOST: &str = "Nothing lies there.";
/// Of a snapshot on a host.
pub const NOT_PROVED: &str = "not proved";
/// Of one whose length cannot be right.
pub const NOT_WHOLE: &str = "not whole: no digest ends it";

/// When a host was asked.
pub fn asked(ago: &str) -> String {
    format!("asked {ago}")
}

/// Why it is not known what lies on a host.
pub fn not_known(why: &str) -> String {
    format!("What lies there is not known: {why}")
}

/// The button that answers another life of a cluster.
pub const ACCEPT: &str = "It was meant: the cluster was rebuilt or restored";
