//! Backups as their pages tell them.

use app::{
    pages::backups::{BackupLine, Climb, CopyLine, CourseLine, HostFile, HostLine, Kept, WarningLine},
    texts::backups as words,
};
use scene::Health;
use snapshot::Note;

use super::{
    hosts::{FoundFile, OnHost},
    house::{Backups, Course, Stage},
    manifest::{Manifest, Rehearsal},
    rehearsing::{Held, Trial, When},
    take::Progress,
    warnings::{Warning, length},
};
use crate::{
    access,
    store::{Copy, CopyState},
};

/// For so long it is told how the last one went well, in milliseconds; a failure is told until the next one.
const TOLD: i64 = 3_600_000;
/// A rehearsal that follows a backup begins before the backup is so old, in milliseconds.
const SOON: i64 = 10_000;

/// A backup in a list; `now` in milliseconds since the epoch.
pub(super) fn line(manifest: &Manifest, copies: &[Copy], now: i64) -> BackupLine {
    let mut steps: [Option<Climb>; 6] = Default::default();
    for proved in &manifest.steps {
        if let Some(step) = steps.get_mut(usize::from(proved.step).wrapping_sub(1)) {
            *step = Some(Climb {
                at: moment(proved.at),
                ago: ago(now, proved.at),
                tool: proved.tool.clone(),
                took: took(proved.millis),
            });
        }
    }
    BackupLine {
        id: manifest.id.clone(),
        taken: moment(manifest.began),
        ago: ago(now, manifest.began),
        by: by(&manifest.by),
        member: manifest.member.clone(),
        revision: manifest.revision.to_string(),
        keys: grouped(manifest.keys),
        size: bytes(manifest.size),
        stored: format!("{} stored", bytes(manifest.stored.size)),
        steps,
        fails: manifest.rehearsal.as_ref().and_then(|rehearsal| rehearsal.failure.clone()),
        refuses: manifest.notes.iter().flatten().any(|note| note.refuses())
            || manifest.rehearsal.as_ref().is_some_and(|rehearsal| rehearsal.refused.is_some()),
        notes: manifest.notes.as_ref().map(|notes| {
            notes.iter().map(|note| format!("{} {}", note.sentence(), note.todo()).trim_end().to_owned()).collect()
        }),
        kubernetes: manifest
            .notes
            .as_ref()
            .map(|notes| !notes.iter().any(|note| matches!(note, Note::NoKubernetes | Note::Empty))),
        copies: copies.iter().map(copy).collect(),
        recipients: manifest.stored.recipients.clone(),
    }
}

fn copy(copy: &Copy) -> CopyLine {
    let (health, says) = match copy.state {
        CopyState::Pending => (Health::Starting, words::PENDING),
        CopyState::Kept => (Health::Ok, words::THERE),
        CopyState::Bad => (Health::Bad, words::BAD),
    };
    CopyLine {
        place: copy.place.clone(),
        health,
        says,
        since: moment(copy.at),
        detail: copy.detail.clone(),
        fate: String::new(),
    }
}

/// All that a manifest says and [`line`] does not: names, values, and whether a value is for programs.
pub(super) fn facts(manifest: &Manifest) -> Vec<(&'static str, String, bool)> {
    let stored = &manifest.stored;
    let took_whole = u64::try_from(manifest.ended.saturating_sub(manifest.began)).unwrap_or_default();
    let compression = if stored.compression.is_some() { "zstd" } else { "none" };
    let mut facts = vec![
        (words::TAKEN, format!("{}, in {}", moment(manifest.began), took(took_whole)), false),
        (words::BY, by(&manifest.by), false),
        (words::MEMBER, format!("{}, etcd {}", manifest.member, manifest.etcd_version), false),
        (words::REVISION, manifest.revision.to_string(), false),
        (words::KEYS, grouped(manifest.keys), false),
        (words::SIZE, format!("{} ({} bytes)", bytes(manifest.size), grouped(manifest.size)), false),
        (
            words::STORED,
            format!("{} ({} bytes), compressed: {compression}", bytes(stored.size), grouped(stored.size)),
            false,
        ),
        (words::RAFT, manifest.raft_index.to_string(), false),
        (words::FILE, stored.name.clone(), true),
        (words::IDS, format!("{} / {}", manifest.cluster_id, manifest.member_id), true),
        (words::HASH, format!("{:08x}", manifest.hash), true),
        (words::DIGEST, manifest.sha256.clone(), true),
        (words::STORED_DIGEST, stored.sha256.clone(), true),
    ];
    if let Some(rehearsal) = &manifest.rehearsal {
        facts.push((words::REHEARSED, rehearsed(rehearsal), false));
    }
    if let Some(companion) = &manifest.companion {
        let files: Vec<&str> = companion.files.iter().map(|file| file.path.as_str()).collect();
        facts.push((words::TRAVELS, files.join("\n"), true));
    }
    facts.extend(stored.recipients.iter().map(|recipient| (words::RECIPIENT, recipient.clone(), true)));
    facts
}

fn rehearsed(rehearsal: &Rehearsal) -> String {
    if let Some(why) = &rehearsal.failure {
        return format!("{}: {}", moment(rehearsal.at), words::does_not_restore(why));
    }
    let elsewhere = rehearsal.cluster_version.as_ref();
    let elsewhere = elsewhere.map(|version| format!(", and the cluster's is {version}")).unwrap_or_default();
    format!(
        "{}, by etcd {}{elsewhere}: restored in {}, answering after {} more",
        moment(rehearsal.at),
        rehearsal.etcd,
        took(rehearsal.restored_millis),
        took(rehearsal.started_millis)
    )
}

/// How a backup goes, or went last; none when that is long ago.
pub(super) fn course(course: &Course, now: i64) -> Option<CourseLine> {
    let live = course.goes_on();
    let (health, says, percent, brought) = match &course.stage {
        Stage::Taking(Progress::Looking) => (Health::Starting, words::LOOKING.to_owned(), None, None),
        Stage::Taking(Progress::Streaming { member, done, total }) => {
            let percent =
                (done.saturating_mul(100)).checked_div(*total).and_then(|part| u8::try_from(part.min(100)).ok());
            (Health::Starting, words::streaming(member, &bytes(*done), &bytes(*total)), percent, None)
        }
        Stage::Taking(Progress::Next { why }) => (Health::Warn, words::next(why), None, None),
        Stage::Taking(Progress::Proving) => (Health::Starting, words::PROVING.to_owned(), None, None),
        Stage::Taking(Progress::Storing) => (Health::Starting, words::STORING.to_owned(), None, None),
        Stage::Delivering(_) => (Health::Starting, words::DELIVERING.to_owned(), None, None),
        Stage::Done(_) if now - course.began > TOLD => return None,
        Stage::Done(id) => (Health::Ok, words::DONE.to_owned(), None, Some(id.clone())),
        Stage::Failed(why) => (Health::Bad, format!("{}: {why}", words::FAILED), None, None),
    };
    let title = if live { words::UNDERWAY } else { "" };
    let began = begun(now, course.began, &course.by);
    Some(CourseLine { title, live, health, says, percent, began, brought })
}

/// A host on which kubespray leaves backups.
pub(super) fn host(host: &OnHost, now: i64) -> HostLine {
    let file = |file: &FoundFile| HostFile {
        path: file.path.clone(),
        written: moment(file.written),
        ago: ago(now, file.written),
        size: bytes(file.size),
        fits: file.fits,
    };
    let (files, wrong) = match &host.found {
        Ok(files) => (files.iter().map(file).collect(), None),
        Err(why) => (Vec::new(), Some(why.clone())),
    };
    HostLine { host: host.host.clone(), asked: ago(now, host.at), wrong, files }
}

/// While another server takes one.
pub(super) fn elsewhere() -> CourseLine {
    CourseLine {
        title: words::UNDERWAY,
        live: true,
        health: Health::Starting,
        says: words::ELSEWHERE.into(),
        percent: None,
        began: String::new(),
        brought: None,
    }
}

/// How a rehearsal goes, or went last; none when that is long ago.
pub(super) fn trial(trial: &Trial, now: i64) -> Option<CourseLine> {
    let (title, health, says) = match &trial.held {
        None => (words::REHEARSING, Health::Starting, words::REHEARSING_MEANS.to_owned()),
        Some(_) if now - trial.began > TOLD => return None,
        Some(Held::Well(_)) => ("", Health::Ok, words::RESTORED.to_owned()),
        Some(Held::Ill(why)) => ("", Health::Bad, words::does_not_restore(why)),
        Some(Held::Not(why)) => ("", Health::Warn, words::not_held(why)),
    };
    let (live, brought) = (trial.held.is_none(), Some(trial.backup.clone()));
    Some(CourseLine { title, live, health, says, percent: None, began: begun(now, trial.began, &trial.by), brought })
}

/// Whether a page has something to follow: a backup, a rehearsal, or one that is about to begin.
pub(super) fn follows(backups: &Backups, cluster: &str, now: i64) -> bool {
    let (course, trial) = (backups.course(cluster), backups.trial(cluster));
    if trial.as_ref().is_some_and(|trial| trial.held.is_none()) {
        return true;
    }
    let Some(course) = course else { return false };
    let rehearsed = |id: &String| trial.is_some_and(|trial| trial.backup == *id);
    let each = matches!(backups.proving().rehearse, When::Each);
    match &course.stage {
        Stage::Done(id) => each && !rehearsed(id) && now - course.began < SOON,
        Stage::Failed(_) => false,
        Stage::Taking(_) | Stage::Delivering(_) => true,
    }
}

fn begun(now: i64, began: i64, who: &str) -> String {
    format!("begun {}, by {}", ago(now, began), by(who))
}

/// A warning about a cluster's backups.
pub(crate) fn warning(cluster: &str, warning: &Warning) -> WarningLine {
    WarningLine {
        cluster: cluster.to_owned(),
        grave: warning.grave,
        what: warning.what.clone(),
        todo: warning.todo.clone(),
        can_accept: matches!(warning.kind, "backwards" | "rebuilt"),
    }
}

/// What stands beside the cluster's figure, from what is in memory.
pub(crate) fn kept(backups: &Backups, cluster: &str, acts: bool) -> Kept {
    let now = jiff::Timestamp::now().as_millisecond();
    let best = backups.told_of(cluster).and_then(|told| told.best);
    Kept {
        known: backups.knows(cluster),
        acts,
        key: access::random::<16>(),
        goes_on: backups.course(cluster).as_ref().is_some_and(Course::goes_on),
        newest: best.map(|best| line(&best, &[], now)),
    }
}

fn by(who: &str) -> String {
    if who == "schedule" { words::BY_SCHEDULE.into() } else { who.to_owned() }
}

/// A moment for people.
pub(super) fn moment(at: i64) -> String {
    jiff::Timestamp::from_millisecond(at).map(|at| at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()).unwrap_or_default()
}

/// How long ago a moment is.
pub(super) fn ago(now: i64, at: i64) -> String {
    match now.saturating_sub(at) {
        ..-60_000 => "dated after now".into(),
        -60_000..60_000 => "just now".into(),
        60_000..120_000 => "a minute ago".into(),
        3_600_000..7_200_000 => "an hour ago".into(),
        long => format!("{} ago", length(long)),
    }
}

/// A short length of time.
fn took(millis: u64) -> String {
    match millis {
        0..1_000 => format!("{millis} ms"),
        1_000..60_000 => format!("{}.{} s", millis / 1_000, millis % 1_000 / 100),
        _ => format!("{} min {} s", millis / 60_000, millis / 1_000 % 60),
    }
}

/// A size.
pub(super) fn bytes(size: u64) -> String {
    let tenths = |unit: u64, name: &str| format!("{}.{} {name}", size / unit, size % unit / (unit / 10));
    match size {
        0..1_000 => format!("{size} B"),
        1_000..1_000_000 => tenths(1_000, "kB"),
        1_000_000..1_000_000_000 => tenths(1_000_000, "MB"),
        _ => tenths(1_000_000_000, "GB"),
    }
}

/// A number in groups of three.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_for_people() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!([12, 20_480, 2_150_000_000].map(bytes), ["12 B", "20.4 kB", "2.1 GB"]);
        assert_eq!([820, 3_140, 65_000].map(took), ["820 ms", "3.1 s", "1 min 5 s"]);
    }

    #[test]
    fn what_is_dated_after_now_is_not_called_long_ago() {
        let hour = 3_600_000;
        assert_eq!(ago(10 * hour, 8 * hour), "2 hours ago");
        assert_eq!(ago(2 * hour, 2 * hour - 61_000), "a minute ago");
        assert_eq!(ago(2 * hour, hour - 60_000), "an hour ago");
        assert_eq!(ago(hour, hour + 5), "just now");
        assert_eq!(ago(hour, 2 * hour), "dated after now");
    }
}
