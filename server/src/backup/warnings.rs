//! What to be warned of, from what is known: a function of facts and of the clock.

use super::{incarnation::Incarnation, manifest::Manifest};
use crate::store::{Copy, Looked, Scheduled};

/// Something to be warned of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// Whether there may be nothing to rely on; otherwise it is worth knowing.
    pub grave: bool,
    /// In one word, for programs.
    pub kind: &'static str,
    /// What is so, in a sentence.
    pub what: String,
    /// What to do, in a sentence.
    pub todo: String,
}

/// What is known of a cluster's backups.
#[derive(Clone, Debug)]
pub struct Facts {
    /// Now, in milliseconds since the epoch.
    pub now: i64,
    /// The newest that were found right and lie somewhere, newest first; two are enough.
    pub newest: Vec<Manifest>,
    /// How old the newest may be, in milliseconds.
    pub allowed: i64,
    /// How far the schedule has come.
    pub schedule: Option<Scheduled>,
    /// Whether there is one.
    pub is_scheduled: bool,
    /// The schedule in words, when it takes backups every few minutes.
    pub often: Option<String>,
    /// Places in which others on this machine may read what lies there.
    pub open: Vec<String>,
    /// Places that are configured, as they were when they were last looked into.
    pub places: Vec<Looked>,
    /// Copies that wait: the place, since when, why.
    pub pending: Vec<(String, i64, String)>,
    /// Whether some of the places lie on other machines.
    pub is_remote: bool,
    /// The backup that was rehearsed last and does not restore, and why.
    pub failed: Option<(String, String)>,
    /// Why the rehearsal that was due could not be held.
    pub not_rehearsed: Option<String>,
    /// Copies that are not as they were put, and whether no other of that backup is right.
    pub broken: Vec<(Copy, bool)>,
    /// Whether files should travel with the newest, and do not.
    pub is_alone: bool,
    /// The lives of the cluster that its verified backups tell of, oldest first.
    pub lives: Vec<Incarnation>,
    /// When the life began that somebody said was meant, in milliseconds since the epoch.
    pub accepted: Option<i64>,
}

/// After so long a copy that waits is worth a word.
const WAITS: i64 = 15 * 60_000;

/// What to be warned of, gravest first.
pub fn warnings(facts: &Facts) -> Vec<Warning> {
    let mut warnings = Vec::new();
    warnings.extend(age(facts));
    warnings.extend(backwards(facts));
    warnings.extend(schedule(facts));
    warnings.extend(often(facts));
    warnings.extend(open(facts));
    warnings.extend(places(facts));
    warnings.extend(waiting(facts));
    warnings.extend(secrecy(facts));
    warnings.extend(rehearsal(facts));
    warnings.extend(broken(facts));
    warnings.extend(alone(facts));
    warnings.sort_by_key(|warning| !warning.grave);
    warnings
}

fn age(facts: &Facts) -> Option<Warning> {
    let Some(newest) = facts.newest.first() else {
        let what = "No verified etcd backup. Data loss would be permanent.".into();
        return Some(Warning { grave: true, kind: "none", what, todo: "Take one now.".into() });
    };
    let age = facts.now.saturating_sub(newest.began);
    if age > facts.allowed {
        let (age, allowed) = (length(age), length(facts.allowed));
        let what = format!("The newest verified backup of etcd is {age} old, and {allowed} are allowed.");
        let todo = "Take one now, and see why the schedule did not.".into();
        return Some(Warning { grave: true, kind: "old", what, todo });
    }
    (age < -60_000).then(|| Warning {
        grave: false,
        kind: "clock",
        what: "The newest backup of etcd is dated after now.".into(),
        todo: "Set the clocks of all machines by NTP: by a wrong one backups are taken and removed at wrong times."
            .into(),
    })
}

/// The same cluster never goes back by itself, and never changes its id. It is said until somebody
/// answers that it was meant.
fn backwards(facts: &Facts) -> Option<Warning> {
    let [.., before, now] = facts.lives.as_slice() else { return None };
    if facts.accepted.is_some_and(|accepted| accepted >= now.first) {
        return None;
    }
    let kept = "Retention keeps the earlier backups apart and removes none of them for the new ones.";
    let (kind, what) = if now.went_back {
        let what = format!(
            "Since {}, backups of etcd end at lower revisions ({}) than the {} before ({}): the cluster went back.",
            moment(now.first),
            now.revision,
            before.count,
            before.revision
        );
        ("backwards", what)
    } else {
        let what = format!(
            "Since {}, backups of etcd come from another cluster (id {}, before it {}): it was rebuilt, or the endpoints lead elsewhere.",
            moment(now.first),
            now.cluster_id,
            before.cluster_id
        );
        ("rebuilt", what)
    };
    let todo =
        format!("Find out who restored or rebuilt the cluster. {kept} If it was meant, say so on the page of backups.");
    Some(Warning { grave: true, kind, what, todo })
}

fn moment(at: i64) -> String {
    jiff::Timestamp::from_millisecond(at)
        .map_or_else(|_| String::from("an unknown time"), |at| at.strftime("%F %H:%M UTC").to_string())
}

fn often(facts: &Facts) -> Option<Warning> {
    let words = facts.often.as_ref()?;
    Some(Warning {
        grave: false,
        kind: "often",
        what: format!("The schedule takes backups minutes apart: {words}."),
        todo: "Name a minute in backup_schedule, as in 0 */5 * * *: retention counts each of them.".into(),
    })
}

fn open(facts: &Facts) -> Option<Warning> {
    // Encrypted backups may be read by anybody.
    let is_sealed = facts.newest.first().is_some_and(|newest| !newest.stored.recipients.is_empty());
    if facts.open.is_empty() || is_sealed {
        return None;
    }
    Some(Warning {
        grave: false,
        kind: "open",
        what: format!("Others on this machine may read the backups in {}.", facts.open.join(", ")),
        todo: super::places::OPEN.into(),
    })
}

fn schedule(facts: &Facts) -> Option<Warning> {
    if !facts.is_scheduled {
        let what = "No schedule takes backups of etcd.".into();
        let todo = "Set backup_schedule, as in 0 3 * * *.".into();
        return Some(Warning { grave: false, kind: "unscheduled", what, todo });
    }
    let failed = facts.schedule.as_ref().filter(|schedule| schedule.failures > 0)?;
    let times = if failed.failures == 1 { "once".to_owned() } else { format!("{} times in a row", failed.failures) };
    Some(Warning {
        grave: failed.failures > 2,
        kind: "schedule",
        what: format!("The scheduled backup of etcd failed {times}: {}", failed.detail),
        todo: "It is tried again by itself; the log says more.".into(),
    })
}

fn places(facts: &Facts) -> impl Iterator<Item = Warning> + use<'_> {
    let away = facts.places.iter().filter(|place| !place.detail.is_empty()).map(|place| Warning {
        grave: facts.places.len() == 1,
        kind: "away",
        what: format!("A place for backups cannot be looked into: {}", place.detail),
        todo: "Backups wait on this machine until it is back.".into(),
    });
    let strays = facts.places.iter().filter(|place| place.strays > 0).map(|place| Warning {
        grave: false,
        kind: "strays",
        what: format!("{} holds {} files that look like backups and are none to rely on.", place.place, place.strays),
        todo: "Look at them there; nothing here removes them.".into(),
    });
    away.chain(strays)
}

fn waiting(facts: &Facts) -> Option<Warning> {
    let (place, since, why) = facts.pending.iter().min_by_key(|(_, since, _)| *since)?;
    let waits = facts.now.saturating_sub(*since);
    (waits > WAITS).then(|| Warning {
        grave: false,
        kind: "waiting",
        what: format!("A backup of etcd has waited {} to be put into {place}: {why}", length(waits)),
        todo: "It is tried again by itself; until then no backup is removed.".into(),
    })
}

fn secrecy(facts: &Facts) -> Option<Warning> {
    let open = facts.newest.first().is_some_and(|newest| newest.stored.recipients.is_empty());
    open.then(|| Warning {
        grave: facts.is_remote,
        kind: "unencrypted",
        what: "Backups of etcd are not encrypted, and each holds every Secret of the cluster.".into(),
        todo: "Set backup_recipients to public keys of age; their private keys stay elsewhere.".into(),
    })
}

fn rehearsal(facts: &Facts) -> impl Iterator<Item = Warning> + use<'_> {
    let failed = facts.failed.iter().map(|(id, why)| Warning {
        grave: true,
        kind: "rehearsal",
        what: format!("The test restore of backup {id} failed: {why}"),
        todo: "It counts as none to rely on. Take another now, and see whether that one restores.".into(),
    });
    let not = facts.not_rehearsed.iter().map(|why| Warning {
        grave: false,
        kind: "unrehearsed",
        what: format!("Whether the newest backup restores is not tried: {why}"),
        todo: "It is tried again by itself; backup_rehearse says when.".into(),
    });
    failed.chain(not)
}

fn broken(facts: &Facts) -> Option<Warning> {
    let (first, _) = facts.broken.iter().find(|(_, only)| *only).or_else(|| facts.broken.first())?;
    let (count, lost) = (facts.broken.len(), facts.broken.iter().any(|(_, only)| *only));
    let copies = if count == 1 {
        "A stored copy of a backup is".to_owned()
    } else {
        format!("{count} stored copies of backups are")
    };
    let rest = if lost { "No other copy of that backup is right." } else { "Another copy of it is right." };
    Some(Warning {
        grave: lost,
        kind: "broken",
        what: format!("{copies} broken; {} in {}: {} {rest}", first.backup, first.place, sentence(&first.detail)),
        todo: "See to that disk or store, take another backup, and remove the broken one.".into(),
    })
}

fn sentence(text: &str) -> String {
    format!("{}.", text.trim_end_matches('.'))
}

fn alone(facts: &Facts) -> Option<Warning> {
    facts.is_alone.then(|| Warning {
        grave: false,
        kind: "alone",
        what: "The newest backup of etcd is without the files that should travel with it.".into(),
        todo: "The log says why: see to the files that backup_with names.".into(),
    })
}

/// A length of time in a word or two.
pub fn length(millis: i64) -> String {
    let minutes = millis.max(0) / 60_000;
    match minutes {
        0..120 => format!("{minutes} minutes"),
        120..2_880 => format!("{} hours", minutes / 60),
        _ => format!("{} days", minutes / 1_440),
    }
}

#[cfg(test)]
mod tests {
    use super::super::incarnation::{Origin, incarnations};
    use super::*;
    use crate::backup::manifest::{Compression, FORMAT, Stored};

    const HOUR: i64 = 3_600_000;
    const NOW: i64 = 1_000 * HOUR;

    fn manifest(began: i64, revision: i64) -> Manifest {
        let stored = Stored {
            name: "b.db.zst".into(),
            size: 1,
            sha256: String::new(),
            compression: Some(Compression::Zstd),
            recipients: vec!["age1…".into()],
        };
        Manifest {
            format: FORMAT,
            id: "b".into(),
            cluster: "harbour".into(),
            cluster_id: "c".into(),
            member: "m".into(),
            member_id: "1".into(),
            etcd_version: "3.6.4".into(),
            revision,
            raft_index: 1,
            keys: 1,
            size: 1,
            hash: 1,
            sha256: String::new(),
            stored,
            began,
            ended: began,
            by: "ann".into(),
            steps: Vec::new(),
            rehearsal: None,
            notes: None,
            companion: None,
            signature: String::new(),
        }
    }

    fn kinds(change: impl FnOnce(&mut Facts)) -> Vec<(&'static str, bool)> {
        let newest = vec![manifest(NOW - HOUR, 20), manifest(NOW - 25 * HOUR, 10)];
        let mut facts = Facts {
            now: NOW,
            newest,
            allowed: 26 * HOUR,
            schedule: None,
            is_scheduled: true,
            often: None,
            open: Vec::new(),
            places: Vec::new(),
            pending: Vec::new(),
            is_remote: true,
            failed: None,
            not_rehearsed: None,
            broken: Vec::new(),
            is_alone: false,
            lives: Vec::new(),
            accepted: None,
        };
        change(&mut facts);
        warnings(&facts).into_iter().map(|warning| (warning.kind, warning.grave)).collect()
    }

    #[test]
    fn while_all_is_well_nothing_is_said() {
        assert_eq!(kinds(|_| ()), []);
    }

    #[test]
    fn without_a_backup_to_rely_on_it_is_said_loudly() {
        assert_eq!(kinds(|facts| facts.newest.clear()), [("none", true)]);
        assert_eq!(kinds(|facts| facts.allowed = HOUR / 2), [("old", true)]);
        assert_eq!(kinds(|facts| facts.now = NOW - 30 * HOUR), [("clock", false)]);
    }

    #[test]
    fn another_life_of_the_cluster_is_an_alarm_until_it_is_answered() {
        let lives = |last: &str| {
            let of = |began, id: &str, revision| (began, Origin { cluster_id: id.into(), revision });
            incarnations(&[
                of(NOW - 3 * HOUR, "c", 9),
                of(NOW - 2 * HOUR, "c", 10),
                of(NOW - HOUR, last, 5),
                of(NOW, last, 6),
            ])
        };
        assert_eq!(kinds(|facts| facts.lives = lives("c")), [("backwards", true)]);
        assert_eq!(kinds(|facts| facts.lives = lives("d")), [("rebuilt", true)]);
        assert_eq!(
            kinds(|facts| (facts.lives, facts.accepted) = (lives("d"), Some(NOW - 2 * HOUR))),
            [("rebuilt", true)]
        );
        assert_eq!(kinds(|facts| (facts.lives, facts.accepted) = (lives("d"), Some(NOW - HOUR))), []);
    }

    #[test]
    fn a_schedule_that_fails_or_is_missing_is_said() {
        assert_eq!(kinds(|facts| facts.is_scheduled = false), [("unscheduled", false)]);
        for (failures, grave) in [(1, false), (3, true)] {
            let failed = Scheduled { failures, detail: "no member answers".into(), ..Scheduled::default() };
            assert_eq!(kinds(|facts| facts.schedule = Some(failed)), [("schedule", grave)]);
        }
    }

    #[test]
    fn a_schedule_of_minutes_and_a_place_that_others_read_are_said() {
        assert_eq!(kinds(|facts| facts.often = Some("every minute".into())), [("often", false)]);
        let open = kinds(|facts| {
            facts.newest[0].stored.recipients.clear();
            facts.open = vec!["/mnt/stick".into()];
        });
        assert!(open.contains(&("open", false)), "{open:?}");
        // What lies there from before is not what is read now.
        assert_eq!(kinds(|facts| facts.open = vec!["/mnt/stick".into()]), []);
    }

    #[test]
    fn a_place_that_is_away_and_copies_that_wait_are_said() {
        let away = Looked { place: "s3://b".into(), at: NOW, strays: 0, detail: "refused".into() };
        let fine = Looked { detail: String::new(), place: "/disk".into(), ..away.clone() };
        assert_eq!(kinds(|facts| facts.places = vec![away.clone()]), [("away", true)]);
        assert_eq!(kinds(|facts| facts.places = vec![away.clone(), fine.clone()]), [("away", false)]);
        let strays = Looked { strays: 2, ..fine };
        assert_eq!(kinds(|facts| facts.places = vec![strays]), [("strays", false)]);
        let pending = vec![("s3://b".to_owned(), NOW - HOUR, "down".to_owned())];
        assert_eq!(kinds(|facts| facts.pending = pending), [("waiting", false)]);
        let just = vec![("s3://b".to_owned(), NOW - 60_000, String::new())];
        assert_eq!(kinds(|facts| facts.pending = just), []);
    }

    #[test]
    fn what_does_not_restore_is_said_loudly_and_what_was_not_tried_is_said() {
        assert_eq!(
            kinds(|facts| facts.failed = Some(("b".into(), "it cannot be restored".into()))),
            [("rehearsal", true)]
        );
        assert_eq!(kinds(|facts| facts.not_rehearsed = Some("no etcd".into())), [("unrehearsed", false)]);
        assert_eq!(kinds(|facts| facts.is_alone = true), [("alone", false)]);
    }

    #[test]
    fn a_broken_copy_is_said_and_loudly_where_no_other_is_right() {
        let copy = Copy {
            backup: "b".into(),
            place: "/disk".into(),
            state: crate::store::CopyState::Bad,
            tag: String::new(),
            at: NOW,
            detail: "its SHA-256 is another".into(),
        };
        assert_eq!(kinds(|facts| facts.broken = vec![(copy.clone(), false)]), [("broken", false)]);
        assert_eq!(kinds(|facts| facts.broken = vec![(copy.clone(), false), (copy, true)]), [("broken", true)]);
    }

    #[test]
    fn what_is_not_encrypted_is_said_and_gravely_where_it_leaves_the_machine() {
        let mut open = vec![manifest(NOW - HOUR, 20)];
        open[0].stored.recipients.clear();
        assert_eq!(kinds(|facts| facts.newest = open.clone()), [("unencrypted", true)]);
        let local = kinds(|facts| {
            facts.newest = open.clone();
            facts.is_remote = false;
        });
        assert_eq!(local, [("unencrypted", false)]);
    }
}
