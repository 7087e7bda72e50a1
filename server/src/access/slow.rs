//! Failed sign-ins slow down, by account and by address.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// So many may fail before the first wait.
const FREE: u32 = 3;
/// The longest wait.
const LONGEST: Duration = Duration::from_secs(15 * 60);
/// Whoever is remembered; beyond it those who may try again anyway are forgotten.
const MOST: usize = 10_000;

/// Sign-ins of one account or address that may be under way at once.
const AT_ONCE: u32 = 4;

/// Whose sign-ins failed of late.
#[derive(Debug, Default)]
pub struct Slow(Mutex<HashMap<String, Failed>>);

#[derive(Clone, Copy, Debug)]
struct Failed {
    times: u32,
    until: Instant,
    under_way: u32,
}

/// A sign-in under way. It counts as failed when it goes, unless its end was heard: a client that
/// hangs up has made a guess like any other.
#[derive(Debug)]
pub struct Attempt<'a> {
    slow: &'a Slow,
    names: [String; 2],
    heard: bool,
}

impl Attempt<'_> {
    /// Its end is known and was counted.
    pub fn was_heard(mut self) {
        self.heard = true;
    }
}

impl Drop for Attempt<'_> {
    fn drop(&mut self) {
        let names = [self.names[0].as_str(), self.names[1].as_str()];
        let mut failed = self.slow.0.lock().unwrap_or_else(PoisonError::into_inner);
        for name in names {
            if let Some(entry) = failed.get_mut(name) {
                entry.under_way = entry.under_way.saturating_sub(1);
            }
        }
        drop(failed);
        if !self.heard {
            self.slow.failed(&names, Instant::now());
        }
    }
}

impl Slow {
    /// Begins a sign-in of an account from an address.
    ///
    /// # Errors
    /// How long they must wait: after failures, or while others of theirs are under way.
    pub fn begin(&self, names: &[&str; 2], now: Instant) -> Result<Attempt<'_>, Duration> {
        if let Some(wait) = self.wait(names, now) {
            return Err(wait);
        }
        let mut failed = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if names.iter().any(|name| failed.get(*name).is_some_and(|entry| entry.under_way >= AT_ONCE)) {
            return Err(Duration::from_secs(1));
        }
        for name in names {
            failed.entry((*name).to_owned()).or_insert(Failed { times: 0, until: now, under_way: 0 }).under_way += 1;
        }
        Ok(Attempt { slow: self, names: names.map(str::to_owned), heard: false })
    }

    /// How long these must wait before they may try; the longest of them counts.
    pub fn wait(&self, names: &[&str], now: Instant) -> Option<Duration> {
        let failed = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let waits = names.iter().filter_map(|name| failed.get(*name)).map(|failed| failed.until);
        waits.max().and_then(|until| until.checked_duration_since(now)).filter(|wait| !wait.is_zero())
    }

    /// One more failed.
    pub fn failed(&self, names: &[&str], now: Instant) {
        let mut failed = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if failed.len() > MOST {
            failed.retain(|_, failed| failed.until > now || failed.under_way > 0);
        }
        for name in names {
            let entry = failed.entry((*name).to_owned()).or_insert(Failed { times: 0, until: now, under_way: 0 });
            // Whoever has been quiet for long begins anew.
            if now.duration_since(entry.until) > LONGEST {
                entry.times = 0;
            }
            entry.times += 1;
            let wait = match entry.times.checked_sub(FREE) {
                None | Some(0) => Duration::ZERO,
                Some(over) => Duration::from_secs(1 << over.min(10)).min(LONGEST),
            };
            entry.until = now + wait;
        }
    }

    /// It went well.
    pub fn went_well(&self, names: &[&str]) {
        let mut failed = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for name in names {
            match failed.get_mut(*name) {
                Some(entry) if entry.under_way > 0 => entry.times = 0,
                _ => drop(failed.remove(*name)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_failure_after_the_third_waits_twice_as_long_up_to_a_quarter_of_an_hour() {
        let (slow, now) = (Slow::default(), Instant::now());
        let mut waits = Vec::new();
        for _ in 0..20 {
            slow.failed(&["ann"], now);
            waits.push(slow.wait(&["ann", "bob"], now).map_or(0, |wait| wait.as_secs()));
        }
        assert_eq!(waits[..6], [0, 0, 0, 2, 4, 8]);
        assert_eq!(waits[19], 900);
        assert_eq!(slow.wait(&["bob"], now), None);
        slow.went_well(&["ann"]);
        assert_eq!(slow.wait(&["ann"], now), None);
    }

    #[test]
    fn sign_ins_that_hang_up_count_as_failed_and_few_run_at_once() {
        let (slow, now) = (Slow::default(), Instant::now());
        let names = ["account ann", "address 192.0.2.1"];
        let begun: Vec<_> = (0..4).map(|_| slow.begin(&names, now).unwrap()).collect();
        assert_eq!(slow.begin(&names, now).unwrap_err(), Duration::from_secs(1));
        drop(begun);
        assert!(slow.begin(&names, Instant::now()).is_err(), "four failed");
        let other = ["account bob", "address 192.0.2.2"];
        (0..9).for_each(|_| slow.begin(&other, now).unwrap().was_heard());
        assert!(slow.begin(&other, now).is_ok());
    }

    #[test]
    fn a_quiet_quarter_of_an_hour_begins_anew() {
        let (slow, now) = (Slow::default(), Instant::now());
        for _ in 0..6 {
            slow.failed(&["ann"], now);
        }
        let later = now + Duration::from_secs(3_600);
        slow.failed(&["ann"], later);
        assert_eq!(slow.wait(&["ann"], later), None);
    }
}
