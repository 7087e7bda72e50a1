//! Entries of the audit that are repeated by strangers, or refused to anybody: a few a minute are written, the rest are
//! counted, so that nobody fills the disk by being refused.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use super::{Way, household};
use crate::store::Entry;

/// For so long entries are counted together.
pub const WINDOW: Duration = Duration::from_secs(60);
/// Pairs of person and action that are told apart. Beyond it, all others share one window.
const MOST: usize = 10_000;
/// Windows that are over are looked for at most so often: it takes a walk through all of them.
const TIDY: Duration = Duration::from_secs(5);

/// Whose entries count together, and how many of an action are written in a window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Whose {
    name: String,
    written: u32,
}

impl Whose {
    /// Somebody who signed in counts by who they are; everybody else by the household of their address.
    pub fn of(entry: &Entry) -> Self {
        let is_known = ![Way::Nobody.word(), Way::Loopback.word()].contains(&entry.way.as_str());
        if is_known {
            return Self { name: entry.subject.clone(), written: 30 };
        }
        let address = entry.address.parse::<IpAddr>();
        let name = address.map_or_else(|_| entry.address.clone(), |ip| household(ip).to_string());
        Self { name, written: 5 }
    }
}

/// What to do with an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Repeat {
    /// Write it.
    Write,
    /// It is counted. The first of a window to be counted says when to ask for the number.
    Counted(Option<Window>),
}

/// A window whose entries are counted.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Window(String);

#[derive(Debug)]
struct Seen {
    began: Instant,
    written: u32,
    count: u32,
}

impl Seen {
    /// One that counts is kept until its number is asked for.
    fn is_over(&self, now: Instant) -> bool {
        self.count <= self.written && now.duration_since(self.began) >= WINDOW
    }
}

#[derive(Debug, Default)]
struct Windows {
    by_name: HashMap<Window, Seen>,
    tidied: Option<Instant>,
}

/// Who repeats what.
#[derive(Debug, Default)]
pub struct Repeats(Mutex<Windows>);

impl Repeats {
    /// One more entry of somebody.
    pub fn take(&self, whose: &Whose, action: &str, now: Instant) -> Repeat {
        let mut windows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let rested = windows.tidied.is_none_or(|at| now.duration_since(at) >= TIDY);
        if windows.by_name.len() >= MOST && rested {
            windows.tidied = Some(now);
            windows.by_name.retain(|_, one| !one.is_over(now));
        }
        let own = Window(format!("{} {action}", whose.name));
        let has_room = windows.by_name.len() < MOST || windows.by_name.contains_key(&own);
        let window = if has_room { own } else { Window("others".into()) };
        let fresh = || Seen { began: now, written: whose.written, count: 0 };
        let entry = windows.by_name.entry(window.clone()).or_insert_with(fresh);
        if entry.is_over(now) {
            *entry = fresh();
        }
        entry.count += 1;
        match entry.count.checked_sub(entry.written) {
            None | Some(0) => Repeat::Write,
            Some(over) => Repeat::Counted((over == 1).then_some(window)),
        }
    }

    /// Ends a window: how many entries were counted and not written.
    pub fn end(&self, window: &Window) -> u32 {
        let mut windows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        windows.by_name.remove(window).map_or(0, |seen| seen.count.saturating_sub(seen.written))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(address: &str) -> Whose {
        Whose { name: address.into(), written: 5 }
    }

    #[test]
    fn a_few_entries_a_minute_are_written_and_the_rest_counted() {
        let (repeats, now) = (Repeats::default(), Instant::now());
        let taken: Vec<_> = (0..3_000).map(|_| repeats.take(&at("192.0.2.1"), "sign-in", now)).collect();
        assert_eq!(taken.iter().filter(|one| **one == Repeat::Write).count(), 5);
        let windows: Vec<_> =
            taken.iter().filter_map(|one| if let Repeat::Counted(Some(w)) = one { Some(w) } else { None }).collect();
        assert_eq!(windows.len(), 1);
        assert_eq!(repeats.end(windows[0]), 2_995);
        assert_eq!(repeats.take(&at("192.0.2.1"), "sign-in", now), Repeat::Write, "a new window");
    }

    #[test]
    fn another_address_or_action_has_a_window_of_its_own() {
        let (repeats, now) = (Repeats::default(), Instant::now());
        (0..9).for_each(|_| drop(repeats.take(&at("192.0.2.1"), "sign-in", now)));
        assert_eq!(repeats.take(&at("192.0.2.2"), "sign-in", now), Repeat::Write);
        assert_eq!(repeats.take(&at("192.0.2.1"), "first", now), Repeat::Write);
    }

    #[test]
    fn many_addresses_share_a_bounded_memory_and_no_count_is_lost() {
        let (repeats, now) = (Repeats::default(), Instant::now());
        let counted = (0..9).map(|_| repeats.take(&at("192.0.2.1"), "sign-in", now));
        let window = counted.filter_map(|one| if let Repeat::Counted(w) = one { w } else { None }).last().unwrap();
        let later = now + WINDOW * 2;
        for n in 0..20_000 {
            let _ = repeats.take(&at(&format!("host {n}")), "sign-in", later);
        }
        assert!(repeats.0.lock().unwrap().by_name.len() <= MOST + 1);
        assert_eq!(repeats.end(&window), 4, "it is asked for late, and is still known");
    }

    #[test]
    fn strangers_of_one_prefix_and_a_person_at_any_address_count_as_one() {
        let entry = |way: &str, subject: &str, address: &str| Entry {
            at: 0,
            who: String::new(),
            subject: subject.into(),
            way: way.into(),
            address: address.into(),
            action: "refused".into(),
            target: String::new(),
            cluster: String::new(),
            allowed: false,
            detail: String::new(),
        };
        let of = |way: &str, subject: &str, address: &str| Whose::of(&entry(way, subject, address)).name;
        assert_eq!(of("nobody", "nobody", "2001:db8::1"), of("nobody", "nobody", "2001:db8::2"));
        assert_eq!(of("loopback", "loopback", "127.0.0.1"), "127.0.0.1");
        assert_eq!(of("session", "local ann", "192.0.2.1"), of("session", "local ann", "192.0.2.2"));
    }
}
