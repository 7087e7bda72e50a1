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
        "{text:?} is no schedule ({why}): minute, hour, day, month and weekday, as in `0 3 * * *` for three at night"
    )]
    Cron {
        /// What was given.
        text: String,
        /// What is wrong with it.
        why: String,
    },
    /// There is no such zone.
    #[error("there is no time zone {0:?}: name one as in Europe/Berlin, or UTC")]
    Zone(String),
    /// It has no next time.
    #[error("{0:?} never comes")]
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
        let cron = croner::Cron::from_str(text)
            .map_err(|error| ScheduleError::Cron { text: text.to_owned(), why: error.to_string() })?;
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
        assert!(matches!(
            Schedule::parse("0 3 30 2 *", "UTC"),
            Err(ScheduleError::Never(_) | ScheduleError::Cron { .. })
        ));
    }
}
