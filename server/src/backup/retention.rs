//! Which backups may go. A function of what is there and of the clock, and nothing else: so that a dry run is the real
//! run, and every promise can be tried on any past.
//!
//! Each life of a cluster is judged by itself: a rebuilt cluster's backups never push out those from before.
//! Each place is judged by itself, so that each keeps something to rely on. Rules count only what was found right:
//! bad ones never push out a good one.

use std::fmt;

use jiff::{Timestamp, tz::TimeZone};

use super::incarnation::{Origin, lives};

/// What is kept; zero of each keeps everything.
#[derive(Clone, Debug)]
pub struct Rules {
    /// So many of the newest.
    pub newest: u32,
    /// The newest of each of so many days on which there are any.
    pub daily: u32,
    /// The newest of each of so many weeks, which begin on Mondays.
    pub weekly: u32,
    /// The newest of each of so many months.
    pub monthly: u32,
    /// Where days begin.
    pub zone: TimeZone,
}

impl Rules {
    /// From `newest=7,daily=14,weekly=8,monthly=12`, any of them; `None` when it is nothing of the kind.
    pub fn parse(text: &str, zone: TimeZone) -> Option<Self> {
        let mut rules = Self { newest: 0, daily: 0, weekly: 0, monthly: 0, zone };
        for rule in text.split(',').map(str::trim).filter(|rule| !rule.is_empty()) {
            let (name, count) = rule.split_once('=')?;
            let count = count.trim().parse().ok()?;
            match name.trim() {
                "newest" => rules.newest = count,
                "daily" => rules.daily = count,
                "weekly" => rules.weekly = count,
                "monthly" => rules.monthly = count,
                _ => return None,
            }
        }
        // Zeroes alone would keep everything, which nobody means by them.
        let zeroes = [rules.newest, rules.daily, rules.weekly, rules.monthly] == [0; 4];
        (!zeroes || text.trim().is_empty()).then_some(rules)
    }
}

/// A backup as retention sees it, in one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// Its id.
    pub id: String,
    /// When it was taken, in milliseconds since the epoch.
    pub began: i64,
    /// Whether it was proved to step 2 or more, and nothing was found wrong with it in this place since.
    pub trusted: bool,
    /// What it says of its etcd; `None` when that cannot be read.
    pub origin: Option<Origin>,
}

/// What becomes of a backup, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Its id.
    pub id: String,
    /// When it was taken, in milliseconds since the epoch.
    pub began: i64,
    /// Why; [`Reason::goes`] says whether it goes.
    pub reason: Reason,
}

/// Why a backup stays or goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// No rule is set.
    NoRules,
    /// An upload of this cluster is under way: nobody knows yet what there will be.
    Pending,
    /// It is dated after now: a clock is or was wrong, and its age is unknown.
    Future,
    /// One of the newest.
    Newest,
    /// The newest of this day.
    Daily(String),
    /// The newest of this week, by its Monday.
    Weekly(String),
    /// The newest of this month.
    Monthly(String),
    /// The newest that was found right: there is no other to rely on.
    LastGood,
    /// No rule keeps it.
    Superfluous,
    /// It was never found right, and is none of the newest.
    Untrusted,
}

impl Reason {
    /// Whether it goes.
    pub const fn goes(&self) -> bool {
        matches!(self, Self::Superfluous | Self::Untrusted)
    }

    /// The rule behind it, in words that are the same for everything it holds for.
    pub fn rule(&self) -> String {
        match self {
            Self::Daily(_) => "the newest of their days".into(),
            Self::Weekly(_) => "the newest of their weeks".into(),
            Self::Monthly(_) => "the newest of their months".into(),
            other => other.to_string(),
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoRules => f.write_str("everything is kept: no rule is set"),
            Self::Pending => f.write_str("nothing goes while an upload is under way"),
            Self::Future => f.write_str("it is dated after now, so its age is unknown"),
            Self::Newest => f.write_str("one of the newest"),
            Self::Daily(day) => write!(f, "the newest of {day}"),
            Self::Weekly(monday) => write!(f, "the newest of the week of {monday}"),
            Self::Monthly(month) => write!(f, "the newest of {month}"),
            Self::LastGood => f.write_str("the newest verified one"),
            Self::Superfluous => f.write_str("no rule keeps it"),
            Self::Untrusted => f.write_str("it was never verified, and is none of the newest"),
        }
    }
}

/// What becomes of each backup of a cluster in a place, newest first. `pending` says that an upload of this cluster
/// is under way, to whatever place.
pub fn decide(mut subjects: Vec<Subject>, pending: bool, rules: &Rules, now: Timestamp) -> Vec<Verdict> {
    subjects.sort_by(|a, b| (a.began, &a.id).cmp(&(b.began, &b.id)));
    let lives = lives(subjects.iter().map(|subject| subject.origin.as_ref().filter(|_| subject.trusted)));
    let mut by_life: Vec<Vec<Subject>> = Vec::new();
    for (life, subject) in lives.into_iter().zip(subjects) {
        by_life.resize_with(by_life.len().max(life + 1), Vec::new);
        by_life[life].push(subject);
    }
    by_life.into_iter().rev().flat_map(|subjects| decide_one(subjects, pending, rules, now)).collect()
}

/// What becomes of each backup of one life, newest first.
fn decide_one(mut subjects: Vec<Subject>, pending: bool, rules: &Rules, now: Timestamp) -> Vec<Verdict> {
    subjects.sort_by(|a, b| (b.began, &b.id).cmp(&(a.began, &a.id)));
    let none = rules.newest == 0 && rules.daily == 0 && rules.weekly == 0 && rules.monthly == 0;
    let last_good = subjects.iter().find(|subject| subject.trusted && subject.began <= now.as_millisecond());
    let last_good = last_good.map(|subject| subject.id.clone());
    let mut good = Counted::new(rules);
    let mut untrusted = 0;
    let judged = subjects.into_iter().map(|subject| {
        let reason = if pending {
            Reason::Pending
        } else if none {
            Reason::NoRules
        } else if subject.began > now.as_millisecond() {
            Reason::Future
        } else if subject.trusted {
            match good.next(subject.began) {
                Some(reason) => reason,
                None if last_good.as_deref() == Some(subject.id.as_str()) => Reason::LastGood,
                None => Reason::Superfluous,
            }
        } else {
            untrusted += 1;
            // One always stays: whoever was wrong about it, it may be all there is of its time.
            if untrusted <= rules.newest.max(1) { Reason::Newest } else { Reason::Untrusted }
        };
        Verdict { id: subject.id, began: subject.began, reason }
    });
    judged.collect()
}

/// What the rules have seen so far, from the newest on.
struct Counted<'a> {
    rules: &'a Rules,
    newest: u32,
    daily: Periods,
    weekly: Periods,
    monthly: Periods,
}

/// Periods of which the newest is kept.
struct Periods {
    left: u32,
    last: String,
}

impl Periods {
    /// Whether this is the first of a period that is kept.
    fn first(&mut self, period: &str) -> bool {
        if self.left == 0 || self.last == period {
            return false;
        }
        self.left -= 1;
        period.clone_into(&mut self.last);
        true
    }
}

impl<'a> Counted<'a> {
    fn new(rules: &'a Rules) -> Self {
        let periods = |left| Periods { left, last: String::new() };
        Self {
            rules,
            newest: rules.newest,
            daily: periods(rules.daily),
            weekly: periods(rules.weekly),
            monthly: periods(rules.monthly),
        }
    }

    /// Why the next older good one is kept. Every rule counts it, also when another keeps it already.
    fn next(&mut self, began: i64) -> Option<Reason> {
        let moment = Timestamp::from_millisecond(began).unwrap_or(Timestamp::UNIX_EPOCH);
        let date = moment.to_zoned(self.rules.zone.clone()).date();
        let back = i64::from(date.weekday().to_monday_zero_offset());
        let monday = date.checked_sub(jiff::Span::new().days(back)).unwrap_or(date);
        let (day, week, month) = (date.to_string(), monday.to_string(), date.strftime("%Y-%m").to_string());
        let daily = self.daily.first(&day).then_some(Reason::Daily(day));
        let weekly = self.weekly.first(&week).then_some(Reason::Weekly(week));
        let monthly = self.monthly.first(&month).then_some(Reason::Monthly(month));
        let newest = self.newest > 0;
        self.newest = self.newest.saturating_sub(1);
        newest.then_some(Reason::Newest).or(daily).or(weekly).or(monthly)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{super::zone, *};

    const HOUR: i64 = 3_600_000;

    fn rules(newest: u32, daily: u32, weekly: u32, monthly: u32) -> Rules {
        Rules { newest, daily, weekly, monthly, zone: TimeZone::UTC }
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn good(id: &str, when: &str) -> Subject {
        Subject { id: id.into(), began: at(when).as_millisecond(), trusted: true, origin: None }
    }

    fn kept(subjects: &[Subject], rules: &Rules, now: &str) -> Vec<String> {
        let verdicts = decide(subjects.to_vec(), false, rules, at(now));
        verdicts.into_iter().filter(|verdict| !verdict.reason.goes()).map(|verdict| verdict.id).collect()
    }

    #[test]
    fn the_newest_of_each_day_week_and_month_is_kept() {
        let subjects = [
            good("a", "2026-01-31T06:00:00Z"),
            good("b", "2026-01-31T18:00:00Z"),
            good("c", "2026-02-01T06:00:00Z"),
            good("d", "2026-02-02T06:00:00Z"),
            good("e", "2026-02-02T18:00:00Z"),
        ];
        let now = "2026-02-03T00:00:00Z";
        assert_eq!(kept(&subjects, &rules(1, 0, 0, 0), now), ["e"]);
        assert_eq!(kept(&subjects, &rules(0, 3, 0, 0), now), ["e", "c", "b"]);
        // The second of February is a Monday.
        assert_eq!(kept(&subjects, &rules(0, 0, 2, 0), now), ["e", "c"]);
        assert_eq!(kept(&subjects, &rules(0, 0, 0, 2), now), ["e", "b"]);
        assert_eq!(kept(&subjects, &rules(0, 0, 0, 0), now).len(), 5, "without a rule everything is kept");
    }

    #[test]
    fn days_begin_where_the_zone_says() {
        let subjects = [good("a", "2026-01-31T14:00:00Z"), good("b", "2026-01-31T16:00:00Z")];
        let tokyo = Rules { zone: zone::named("Asia/Tokyo").unwrap(), ..rules(0, 2, 0, 0) };
        assert_eq!(kept(&subjects, &tokyo, "2026-02-03T00:00:00Z"), ["b", "a"]);
        assert_eq!(kept(&subjects, &rules(0, 2, 0, 0), "2026-02-03T00:00:00Z"), ["b"]);
    }

    #[test]
    fn bad_ones_never_push_out_a_good_one() {
        let mut subjects = vec![good("good", "2026-01-01T00:00:00Z")];
        for day in 2..9 {
            let bad = Subject { trusted: false, ..good(&format!("bad{day}"), &format!("2026-01-0{day}T00:00:00Z")) };
            subjects.push(bad);
        }
        assert_eq!(kept(&subjects, &rules(2, 0, 0, 0), "2026-02-01T00:00:00Z"), ["bad8", "bad7", "good"]);
        assert_eq!(kept(&subjects, &rules(0, 0, 0, 1), "2026-02-01T00:00:00Z"), ["bad8", "good"]);
    }

    #[test]
    fn while_an_upload_is_under_way_nothing_goes() {
        let subjects: Vec<_> = (1..9).map(|day| good(&day.to_string(), &format!("2026-01-0{day}T00:00:00Z"))).collect();
        let verdicts = decide(subjects, true, &rules(1, 0, 0, 0), at("2026-02-01T00:00:00Z"));
        assert!(verdicts.iter().all(|verdict| verdict.reason == Reason::Pending), "{verdicts:?}");
    }

    #[test]
    fn a_clock_that_went_back_removes_nothing_of_the_future_and_nothing_because_of_it() {
        let subjects = [
            good("future", "2099-01-01T00:00:00Z"),
            good("a", "2026-01-01T00:00:00Z"),
            good("b", "2026-01-02T00:00:00Z"),
        ];
        assert_eq!(kept(&subjects, &rules(1, 0, 0, 0), "2026-02-01T00:00:00Z"), ["future", "b"]);
    }

    #[test]
    fn rules_are_read_from_their_names_and_counts() {
        let read = |text: &str| Rules::parse(text, TimeZone::UTC).map(|r| (r.newest, r.daily, r.weekly, r.monthly));
        assert_eq!(read("newest=7, daily=14,monthly=12"), Some((7, 14, 0, 12)));
        assert_eq!(read("newest=0,daily=7"), Some((0, 7, 0, 0)));
        assert_eq!(read(""), Some((0, 0, 0, 0)));
        for wrong in ["7", "newest", "yearly=1", "daily=-1", "daily=many", "newest=0", "newest=0,daily=0"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn each_reason_is_a_sentence() {
        let reasons = [
            Reason::NoRules,
            Reason::Pending,
            Reason::Future,
            Reason::Newest,
            Reason::Daily("2026-01-31".into()),
            Reason::Weekly("2026-01-26".into()),
            Reason::Monthly("2026-01".into()),
            Reason::LastGood,
            Reason::Superfluous,
            Reason::Untrusted,
        ];
        insta::assert_snapshot!(reasons.map(|reason| reason.to_string()).join("\n"));
    }

    fn subjects() -> impl Strategy<Value = Vec<Subject>> {
        proptest::collection::vec((0..20_000_i64, any::<bool>()), 0..60).prop_map(|drawn| {
            let named = drawn.into_iter().enumerate();
            named
                .map(|(at, (hour, trusted))| Subject {
                    id: format!("b{at}"),
                    began: hour * HOUR,
                    trusted,
                    origin: None,
                })
                .collect()
        })
    }

    proptest! {
        #[test]
        fn whatever_the_past_the_newest_good_one_stays(
            subjects in subjects(), counts in [0..4_u32, 0..4, 0..4, 0..4], hour in 0..30_000_i64,
        ) {
            let now = Timestamp::from_millisecond(hour * HOUR).unwrap();
            let rules = rules(counts[0], counts[1], counts[2], counts[3]);
            let verdicts = decide(subjects.clone(), false, &rules, now);
            prop_assert_eq!(verdicts.len(), subjects.len());
            let goes = |id: &str| verdicts.iter().any(|verdict| verdict.id == id && verdict.reason.goes());
            for future in subjects.iter().filter(|subject| subject.began > hour * HOUR) {
                prop_assert!(!goes(&future.id));
            }
            let past = subjects.iter().filter(|subject| subject.trusted && subject.began <= hour * HOUR);
            if let Some(newest) = past.max_by_key(|subject| (subject.began, subject.id.clone())) {
                prop_assert!(!goes(&newest.id), "{:?} of {:?}", newest, verdicts);
            }
        }

        #[test]
        fn deciding_again_after_it_was_done_removes_nothing_more(
            subjects in subjects(), counts in [0..4_u32, 0..4, 0..4, 0..4],
        ) {
            let now = Timestamp::from_millisecond(20_000 * HOUR).unwrap();
            let rules = rules(counts[0], counts[1], counts[2], counts[3]);
            let verdicts = decide(subjects.clone(), false, &rules, now);
            let left: Vec<_> = subjects.into_iter()
                .filter(|subject| verdicts.iter().any(|verdict| verdict.id == subject.id && !verdict.reason.goes()))
                .collect();
            prop_assert!(decide(left, false, &rules, now).iter().all(|verdict| !verdict.reason.goes()));
        }

        #[test]
        fn more_to_keep_never_keeps_less(subjects in subjects(), counts in [1..4_u32, 1..4, 1..4, 1..4], more in 0..4_usize) {
            let now = Timestamp::from_millisecond(20_000 * HOUR).unwrap();
            let some = rules(counts[0], counts[1], counts[2], counts[3]);
            let mut larger = counts;
            larger[more] += 1;
            let larger = rules(larger[0], larger[1], larger[2], larger[3]);
            let kept = |rules: &Rules| -> std::collections::BTreeSet<String> {
                let verdicts = decide(subjects.clone(), false, rules, now).into_iter();
                verdicts.filter(|verdict| !verdict.reason.goes()).map(|verdict| verdict.id).collect()
            };
            prop_assert!(kept(&some).is_subset(&kept(&larger)));
        }
    }

    #[test]
    fn backups_of_a_rebuilt_cluster_push_out_none_from_before() {
        let of = |id: &str, when: &str, cluster: &str, revision: i64| {
            let origin = Some(Origin { cluster_id: cluster.into(), revision });
            Subject { origin, ..good(id, when) }
        };
        let mut backups: Vec<Subject> =
            (1..=3).map(|n| of(&format!("old{n}"), &format!("2026-11-0{n}T03:00:00Z"), "a", 100 * n)).collect();
        // The same id and a revision that went back, as kubespray makes it anew.
        backups.extend((4..=9).map(|n| of(&format!("new{n}"), &format!("2026-11-0{n}T03:00:00Z"), "a", n)));
        let gone = |verdicts: Vec<Verdict>| -> Vec<String> {
            verdicts.into_iter().filter(|one| one.reason.goes()).map(|one| one.id).collect()
        };
        let now = at("2026-11-10T00:00:00Z");
        let judged = gone(decide(backups.clone(), false, &rules(3, 0, 0, 0), now));
        assert_eq!(judged, ["new6", "new5", "new4"], "each life keeps its three newest");
        // Another cluster id tells the same.
        for backup in backups.iter_mut().filter(|backup| backup.id.starts_with("new")) {
            backup.origin = Some(Origin { cluster_id: "b".into(), revision: 1_000 });
        }
        assert_eq!(gone(decide(backups, false, &rules(3, 0, 0, 0), now)), ["new6", "new5", "new4"]);
    }
}
