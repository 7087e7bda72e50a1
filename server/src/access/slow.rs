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

/// Whose sign-ins failed of late.
#[derive(Debug, Default)]
pub struct Slow(Mutex<HashMap<String, Failed>>);

#[derive(Clone, Copy, Debug)]
struct Failed {
    times: u32,
    until: Instant,
}

impl Slow {
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
            failed.retain(|_, failed| failed.until > now);
        }
        for name in names {
            let entry = failed.entry((*name).to_owned()).or_insert(Failed { times: 0, until: now });
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
            failed.remove(*name);
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
