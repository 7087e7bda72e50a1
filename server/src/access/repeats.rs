//! Entries of the audit that strangers repeat: a few a minute are written, the rest are counted, so
//! that nobody fills the disk by being refused.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use super::household;

/// For so long entries are counted together.
pub const WINDOW: Duration = Duration::from_secs(60);
/// Entries of one address and action that are written in a window.
const WRITTEN: u32 = 5;
/// Pairs of address and action that are told apart. Beyond it, all others share one window.
const MOST: usize = 10_000;

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
    count: u32,
}

/// Who repeats what.
#[derive(Debug, Default)]
pub struct Repeats(Mutex<HashMap<Window, Seen>>);

impl Repeats {
    /// One more entry of an address.
    pub fn take(&self, address: &str, action: &str, now: Instant) -> Repeat {
        let from = address.parse::<IpAddr>().map_or_else(|_| address.to_owned(), |ip| household(ip).to_string());
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.len() >= MOST {
            seen.retain(|_, one| now.duration_since(one.began) < WINDOW);
        }
        let own = Window(format!("{from} {action}"));
        let window = if seen.len() < MOST || seen.contains_key(&own) { own } else { Window("others".into()) };
        let entry = seen.entry(window.clone()).or_insert(Seen { began: now, count: 0 });
        if now.duration_since(entry.began) >= WINDOW && entry.count <= WRITTEN {
            *entry = Seen { began: now, count: 0 };
        }
        entry.count += 1;
        match entry.count {
            ..=WRITTEN => Repeat::Write,
            count => Repeat::Counted((count == WRITTEN + 1).then_some(window)),
        }
    }

    /// Ends a window: how many entries were counted and not written.
    pub fn end(&self, window: &Window) -> u32 {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.remove(window).map_or(0, |seen| seen.count.saturating_sub(WRITTEN))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_entries_a_minute_are_written_and_the_rest_counted() {
        let (repeats, now) = (Repeats::default(), Instant::now());
        let taken: Vec<_> = (0..3_000).map(|_| repeats.take("192.0.2.1", "sign-in", now)).collect();
        assert_eq!(taken.iter().filter(|one| **one == Repeat::Write).count(), 5);
        let windows: Vec<_> =
            taken.iter().filter_map(|one| if let Repeat::Counted(Some(w)) = one { Some(w) } else { None }).collect();
        assert_eq!(windows.len(), 1);
        assert_eq!(repeats.end(windows[0]), 2_995);
        assert_eq!(repeats.take("192.0.2.1", "sign-in", now), Repeat::Write, "a new window");
    }

    #[test]
    fn another_address_or_action_has_a_window_of_its_own() {
        let (repeats, now) = (Repeats::default(), Instant::now());
        (0..9).for_each(|_| drop(repeats.take("192.0.2.1", "sign-in", now)));
        assert_eq!(repeats.take("192.0.2.2", "sign-in", now), Repeat::Write);
        assert_eq!(repeats.take("192.0.2.1", "first", now), Repeat::Write);
    }

    #[test]
    fn many_addresses_share_a_bounded_memory() {
        let (repeats, now) = (Repeats::default(), Instant::now());
        for n in 0..20_000 {
            let _ = repeats.take(&format!("2001:db8:{:x}:{:x}::1", n / 256, n % 256), "sign-in", now);
        }
        assert!(repeats.0.lock().unwrap().len() <= MOST + 1);
    }
}
