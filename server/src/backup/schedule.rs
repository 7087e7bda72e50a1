//! When backups are due: a cron expression in a time zone, and how far it has come. Functions of the clock alone; who
//! acts on them is `rounds`.
//!
//! What was missed, however often, is caught up once. Where clocks are put forward a backup of the hour that is left out
//! is taken right after it; where they are put back it is taken once.

use std::str::FromStr;

use jiff::{Timestamp, tz::TimeZone};

use super::zone;
use crate::store::Scheduled;

/// A failed one is tried again after this, and then after twice as long, up to [`LONGEST`].
const AGAIN: i64 = 5 * 60_000;
/// The longest pause between two attempts.
const LONGEST: i64 = 60 * 60_000;
/// A clock that was wrong by more than this is thought to have been wrong, and what was noted by it does not count.
const ASTRAY: i64 = 60 * 60_000;
/// Backups closer than this are hardly meant.
const OFTEN: i64 = 5 * 60_000;
/// Minutes of an hour.
const MINUTES: usize = 60;
/// The parts of an expression, each with the largest number in it.
const PARTS: [(&str, u32); 5] = [("minute", 59), ("hour", 23), ("day", 31), ("month", 12), ("weekday", 7)];

/// When backups are due.
#[derive(Clone, Debug)]
pub struct Schedule {
    text: String,
    cron: croner::Cron,
    zone: TimeZone,
}

/// Why a text is no schedule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScheduleError {
    /// It is no cron expression.
    #[error(
        "{text:?} is no schedule: {why}. It is minute, hour, day, month and weekday, as in `0 3 * * *` for three at night"
    )]
    Cron {
        /// What was given.
        text: String,
        /// Which part is wrong, and in what.
        why: String,
    },
    /// There is no such zone.
    #[error("there is no time zone {0:?}: name one as in Europe/Berlin, or UTC")]
    Zone(String),
    /// It has no next time.
    #[error("{0:?} is a schedule of moments that never come, as the 31st of February")]
    Never(String),
}

/// What is to be done about a schedule now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// Nothing before the next.
    Not,
    /// Nothing was missed yet: remember that it was looked at, for this moment.
    Begin(i64),
    /// Take one, for this moment.
    Now(i64),
}

impl Schedule {
    /// From a cron expression and a zone's name.
    ///
    /// # Errors
    /// [`ScheduleError`].
    pub fn parse(text: &str, zone: &str) -> Result<Self, ScheduleError> {
        let cron =
            wrong_part(text).map_or_else(|| croner::Cron::from_str(text).map_err(|error| error.to_string()), Err);
        let cron = cron.map_err(|why| ScheduleError::Cron { text: text.to_owned(), why })?;
        let zone = zone::named(zone).ok_or_else(|| ScheduleError::Zone(zone.to_owned()))?;
        let schedule = Self { text: text.to_owned(), cron, zone };
        match schedule.after(Timestamp::now()) {
            Some(_) => Ok(schedule),
            None => Err(ScheduleError::Never(text.to_owned())),
        }
    }

    /// As it was given.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The same in words, as in "at 03:00".
    pub fn words(&self) -> String {
        let words = self.cron.describe();
        let mut letters = words.trim_end_matches('.').chars();
        letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
    }

    /// Whether two of its moments in a row are closer than five minutes, as of `* */5 * * *`.
    pub fn is_often(&self, now: Timestamp) -> bool {
        let Some(first) = self.after(now) else { return false };
        // An hour has at most so many.
        std::iter::successors(self.after(first).map(|next| (first, next)), |(_, at)| Some((*at, self.after(*at)?)))
            .take(MINUTES)
            .any(|(at, next)| next.as_millisecond() - at.as_millisecond() < OFTEN)
    }

    /// The name of its zone.
    pub fn zone(&self) -> &str {
        self.zone.iana_name().unwrap_or("UTC")
    }

    /// The first moment after another; `None` when there is none.
    pub fn after(&self, moment: Timestamp) -> Option<Timestamp> {
        let next = self.cron.find_next_occurrence(&moment.to_zoned(self.zone.clone()), false).ok()?;
        Some(next.timestamp()).filter(|next| *next > moment)
    }

    /// The last moment that is not after another.
    pub fn last(&self, moment: Timestamp) -> Option<Timestamp> {
        let last = self.cron.find_previous_occurrence(&moment.to_zoned(self.zone.clone()), true).ok()?;
        Some(last.timestamp()).filter(|last| *last <= moment)
    }

    /// What is to be done now, by what is remembered of it.
    pub fn due(&self, remembered: Option<&Scheduled>, now: Timestamp) -> Due {
        let Some(last) = self.last(now).map(Timestamp::as_millisecond) else { return Due::Not };
        let at = now.as_millisecond();
        let Some(remembered) = remembered else { return Due::Begin(last) };
        if remembered.due > at.saturating_add(ASTRAY) {
            return Due::Now(last);
        }
        if last > remembered.due {
            return Due::Now(last);
        }
        // It was claimed and never ended, or it failed.
        let ended = remembered.ended >= remembered.due;
        if ended && remembered.failures == 0 {
            return Due::Not;
        }
        let doublings = u32::try_from(remembered.failures.clamp(1, 10) - 1).unwrap_or_default();
        let pause = (AGAIN << doublings).min(LONGEST);
        let since = if ended { remembered.ended } else { remembered.due };
        if at >= since.saturating_add(pause) { Due::Now(remembered.due) } else { Due::Not }
    }
}

/// The part of an expression that makes it none, and why; `None` where each part can stand by itself.
fn wrong_part(text: &str) -> Option<String> {
    let text = text.trim();
    if text.starts_with("CRON_TZ=") || text.starts_with("TZ=") {
        return Some("the time zone is the setting backup_zone".into());
    }
    if text.contains('\\') {
        return Some("a backslash stands before a star, which needs none here".into());
    }
    if text.starts_with("@every") {
        return Some("@every is not known: six hours apart is `0 */6 * * *`".into());
    }
    if text.starts_with('@') {
        return None;
    }
    let parts: Vec<&str> = text.split_whitespace().collect();
    if parts.len() == 7 {
        // With seconds and years, which have no bound here.
        return None;
    }
    if !(5..=6).contains(&parts.len()) {
        return Some(format!("it has {} parts and not five", parts.len()));
    }
    let count = parts.len();
    let named = [("second", 59)].into_iter().skip(6 - count).chain(PARTS);
    named.zip(parts).enumerate().find_map(|(at, ((name, most), part))| {
        let step =
            part.split(',').filter_map(|one| one.split_once('/')?.1.parse::<u32>().ok()).find(|step| *step > most);
        if let Some(step) = step {
            return Some(format!("the {name} {part} has steps of {step}, and there are no more than {most}"));
        }
        if part.split(',').any(|one| one.split_once('/').is_some_and(|(from, _)| from.parse::<u32>().is_ok())) {
            return Some(format!("the {name} {part} has a step behind a number: write */N or FROM-TO/N"));
        }
        let mut alone = vec!["*"; count];
        *alone.get_mut(at)? = part;
        let error = croner::Cron::from_str(&alone.join(" ")).err()?;
        let said = error.to_string();
        let said = said.split_once(": ").map_or(said.as_str(), |(_, rest)| rest).trim_end_matches('.');
        Some(format!("the {name} {part} cannot be ({said})"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn schedule(text: &str, zone: &str) -> Schedule {
        Schedule::parse(text, zone).unwrap()
    }

    /// The moments of a schedule between two others.
    fn between(schedule: &Schedule, from: &str, to: &str) -> Vec<String> {
        let to = at(to);
        let moments = std::iter::successors(schedule.after(at(from)), |moment| schedule.after(*moment));
        moments.take_while(|moment| *moment < to).map(|moment| moment.to_string()).collect()
    }

    fn ended(due: &str, failures: i64) -> Scheduled {
        let due = at(due).as_millisecond();
        Scheduled { due, ended: due + 30_000, failures, detail: String::new() }
    }

    #[test]
    fn where_clocks_are_put_forward_the_missing_hour_costs_no_backup() {
        // On 29 March 2026 in Berlin two o'clock does not come: at 01:00 UTC it is three.
        let nightly = schedule("30 2 * * *", "Europe/Berlin");
        let moments = between(&nightly, "2026-03-28T00:00:00Z", "2026-03-31T00:00:00Z");
        assert_eq!(moments.len(), 3, "{moments:?}");
        assert_eq!(moments[0], "2026-03-28T01:30:00Z");
        assert!(
            moments[1].as_str() >= "2026-03-29T00:30:00Z" && moments[1].as_str() < "2026-03-29T02:00:00Z",
            "{moments:?}"
        );
        assert_eq!(moments[2], "2026-03-30T00:30:00Z");
    }

    #[test]
    fn where_clocks_are_put_back_the_hour_that_comes_twice_brings_one_backup() {
        // On 25 October 2026 in Berlin half past two comes twice: at 00:30 and 01:30 UTC.
        let nightly = schedule("30 2 * * *", "Europe/Berlin");
        let moments = between(&nightly, "2026-10-24T12:00:00Z", "2026-10-26T12:00:00Z");
        assert_eq!(moments.len(), 2, "{moments:?}");
        assert_eq!(moments[1], "2026-10-26T01:30:00Z");
        // Walked from second to second, as a server does, it is due once too.
        let mut remembered = ended("2026-10-24T00:30:00Z", 0);
        let mut taken = 0;
        for minute in 0..(48 * 60) {
            let now = Timestamp::from_second(at("2026-10-24T12:00:00Z").as_second() + minute * 60).unwrap();
            if let Due::Now(due) = nightly.due(Some(&remembered), now) {
                taken += 1;
                remembered = Scheduled { due, ended: now.as_millisecond(), failures: 0, detail: String::new() };
            }
        }
        assert_eq!(taken, 2);
    }

    #[test]
    fn an_hourly_one_goes_on_through_both() {
        let hourly = schedule("0 * * * *", "Europe/Berlin");
        assert_eq!(between(&hourly, "2026-03-28T22:30:00Z", "2026-03-29T04:30:00Z").len(), 6);
        assert_eq!(between(&hourly, "2026-10-24T22:30:00Z", "2026-10-25T04:30:00Z").len(), 6);
    }

    #[test]
    fn whatever_was_missed_is_caught_up_once() {
        let nightly = schedule("0 3 * * *", "UTC");
        let remembered = ended("2026-01-01T03:00:00Z", 0);
        let now = at("2026-01-09T12:00:00Z");
        let due = at("2026-01-09T03:00:00Z").as_millisecond();
        assert_eq!(nightly.due(Some(&remembered), now), Due::Now(due));
        let caught_up = Scheduled { due, ended: now.as_millisecond(), failures: 0, detail: String::new() };
        assert_eq!(nightly.due(Some(&caught_up), now), Due::Not);
        assert_eq!(nightly.due(Some(&caught_up), at("2026-01-10T02:59:59Z")), Due::Not);
        let next = at("2026-01-10T03:00:00Z");
        assert_eq!(nightly.due(Some(&caught_up), next), Due::Now(next.as_millisecond()));
    }

    #[test]
    fn a_new_schedule_has_missed_nothing() {
        let last = at("2026-01-09T03:00:00Z").as_millisecond();
        assert_eq!(schedule("0 3 * * *", "UTC").due(None, at("2026-01-09T12:00:00Z")), Due::Begin(last));
    }

    #[test]
    fn what_failed_or_was_killed_is_tried_again_with_growing_pauses() {
        let nightly = schedule("0 3 * * *", "UTC");
        let due = at("2026-01-09T03:00:00Z").as_millisecond();
        for (failures, minutes) in [(1, 5), (2, 10), (3, 20), (9, 60)] {
            let failed = ended("2026-01-09T03:00:00Z", failures);
            let pause = |more: i64| Timestamp::from_millisecond(failed.ended + minutes * 60_000 + more).unwrap();
            assert_eq!(nightly.due(Some(&failed), pause(-1)), Due::Not, "{failures}");
            assert_eq!(nightly.due(Some(&failed), pause(0)), Due::Now(due), "{failures}");
        }
        let killed = Scheduled { due, ended: due - 86_400_000, failures: 0, detail: String::new() };
        assert_eq!(nightly.due(Some(&killed), at("2026-01-09T03:04:59Z")), Due::Not);
        assert_eq!(nightly.due(Some(&killed), at("2026-01-09T03:05:00Z")), Due::Now(due));
    }

    #[test]
    fn clocks_that_jump_neither_repeat_a_backup_nor_end_the_schedule() {
        let nightly = schedule("0 3 * * *", "UTC");
        let done = ended("2026-01-09T03:00:00Z", 0);
        assert_eq!(nightly.due(Some(&done), at("2026-01-09T02:59:57Z")), Due::Not, "three seconds back");
        let wrong = ended("2099-01-09T03:00:00Z", 0);
        let last = at("2026-01-09T03:00:00Z").as_millisecond();
        assert_eq!(nightly.due(Some(&wrong), at("2026-01-09T12:00:00Z")), Due::Now(last), "it was 2099 for a while");
    }

    #[test]
    fn what_is_no_schedule_says_what_it_must_be() {
        for text in ["", "nightly", "61 * * * *", "* * *"] {
            let error = Schedule::parse(text, "UTC").unwrap_err().to_string();
            assert!(error.contains("0 3 * * *"), "{error}");
        }
        assert_eq!(Schedule::parse("0 3 * * *", "Mars").unwrap_err(), ScheduleError::Zone("Mars".into()));
        for never in ["0 3 30 2 *", "0 0 31 2 *", "0 0 31 4,6 *"] {
            assert_eq!(Schedule::parse(never, "UTC").unwrap_err(), ScheduleError::Never(never.into()));
        }
    }

    #[test]
    fn the_part_that_is_wrong_is_named() {
        for (text, part) in [
            ("0 25 * * *", "the hour 25"),
            ("0 3 32 * *", "the day 32"),
            ("0 3 * 13 *", "the month 13"),
            ("0 3 * JANUAR *", "the month JANUAR"),
            ("0 3 * * MOND", "the weekday MOND"),
            ("*/90 * * * *", "the minute */90"),
            ("0 */24 * * *", "the hour */24"),
            ("0/1 * * * *", "the minute 0/1"),
            ("0 0 25 * * *", "the hour 25"),
            ("0 3 * *", "4 parts"),
            ("@every 6h", "0 */6 * * *"),
            ("0 \\*/12 \\* \\* \\*", "backslash"),
            ("CRON_TZ=Europe/Berlin 0 3 * * *", "backup_zone"),
        ] {
            let error = Schedule::parse(text, "UTC").unwrap_err().to_string();
            assert!(error.contains(part), "{text}: {error}");
        }
        for taken in
            ["@daily", "0 0 3 * * *", "0 3 * * MON-FRI", "0 3 L * *", "0 3 * * 5#2", "0 3 29 2 *", "5-59/10 1,2 * * 7"]
        {
            assert!(Schedule::parse(taken, "UTC").is_ok(), "{taken}");
        }
    }

    #[test]
    fn a_schedule_of_a_minute_in_every_fifth_hour_is_told_in_words() {
        let now = at("2026-01-09T12:00:00Z");
        let (often, meant) = (schedule("* */5 * * *", "UTC"), schedule("0 */5 * * *", "UTC"));
        assert!(often.words().contains("every minute"), "{}", often.words());
        assert!(!meant.words().contains("every minute"), "{}", meant.words());
        assert_eq!((often.is_often(now), meant.is_often(now)), (true, false));
    }
}
