//! The API server's clock, as far as its answers tell, and who else's clock differs from it.
//!
//! No age is a difference of two machines' clocks. "Now" is the API server's time: its `Date` header,
//! carried on by this machine's monotonic clock. A lease counts from the moment at which its renewal
//! was seen; only one that was never seen to change counts from what it says itself.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, Instant, SystemTime},
};

use topology::{
    Change, Inventory, Stamp,
    inventory::{Fact, Heard, Key, Name, Source},
};

/// A `Date` header has whole seconds, and an answer takes its time: less than this is no difference.
const BLUR: i64 = 1_500;
/// A clock that differs by this much, in milliseconds, is said to be off.
const OFF: i64 = 5_000;

/// The clock of one cluster.
#[derive(Debug)]
pub(crate) struct Clock {
    started: Instant,
    /// This machine's time at the start, in milliseconds since 1970.
    base: AtomicI64,
    told: Mutex<Told>,
    /// Whether it stands still, as in the past, but for [`Self::set`].
    still: bool,
}

#[derive(Debug, Default)]
struct Told {
    /// What the API server's clock is ahead of ours, in milliseconds.
    offset: i64,
    renewals: HashMap<Key, Renewal>,
    /// Nodes whose clock is off, and by how much it is ahead.
    off: BTreeMap<Name, i64>,
}

#[derive(Clone, Copy, Debug)]
struct Renewal {
    /// What the object said, by its writer's clock.
    said: Stamp,
    /// When that was, by the API server's clock.
    at: Stamp,
}

impl Default for Clock {
    fn default() -> Self {
        Self { started: Instant::now(), base: AtomicI64::new(system()), told: Mutex::default(), still: false }
    }
}

fn system() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

fn milliseconds(span: Duration) -> i64 {
    i64::try_from(span.as_millis()).unwrap_or(i64::MAX)
}

impl Clock {
    /// One that stands still.
    pub(crate) fn still(at: Stamp) -> Self {
        Self { base: AtomicI64::new(at.0), still: true, ..Self::default() }
    }

    /// Sets one that stands still; its time never goes back.
    pub(crate) fn set(&self, at: Stamp) {
        if self.still {
            self.base.fetch_max(at.0, Ordering::Relaxed);
        }
    }

    /// The API server's time.
    pub(crate) fn now(&self) -> Stamp {
        Stamp(self.ours() + self.lock().offset)
    }

    /// This machine's time, carried on since the start: whoever sets its clock changes nothing here.
    fn ours(&self) -> i64 {
        let base = self.base.load(Ordering::Relaxed);
        if self.still { base } else { base + milliseconds(self.started.elapsed()) }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The API server said what time it is, in an answer to what was sent at a moment.
    pub(crate) fn heard(&self, date: &str, sent: Instant) {
        let Ok(date) = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(date) else { return };
        // It was written between the question and the answer, and cut to its second.
        let between = milliseconds(sent.elapsed()) / 2;
        let measured = date.as_millisecond() + 500 - (self.ours() - between);
        let mut told = self.lock();
        if (measured - told.offset).abs() > BLUR + between {
            told.offset = if measured.abs() > BLUR + between { measured } else { 0 };
        }
    }

    /// By how much this machine's clock, as it is set now, is ahead of the API server's; `None` when it is not off.
    pub(crate) fn ours_off(&self) -> Option<i64> {
        if self.still {
            return None;
        }
        let ahead = system() - self.now().0;
        (ahead.abs() >= OFF).then_some(ahead)
    }

    /// Nodes whose clock is off, and by how much each is ahead of the API server's.
    pub(crate) fn nodes_off(&self) -> Vec<(Name, i64)> {
        self.lock().off.iter().map(|(node, ahead)| (node.clone(), *ahead)).collect()
    }

    /// A change with its renewals by the API server's clock.
    pub(crate) fn timed(&self, inventory: &Inventory, mut change: Change) -> Change {
        match &mut change {
            Change::Put(Fact::Lease(lease)) => {
                let Some(said) = lease.renewed else { return change };
                let live = *inventory.heard(Source::Leases) == Heard::Live;
                let (at, seen) = self.renewed(lease.key.clone(), said, live);
                lease.renewed = Some(at);
                if seen && live && &*lease.key.namespace == "kube-node-lease" {
                    self.note(&lease.key.name, said.since(at));
                }
            }
            Change::Put(Fact::Node(node)) => {
                let leased = inventory.lease("kube-node-lease", &node.name).is_some();
                let key = Key::new("/heartbeat", node.name.clone());
                let live = *inventory.heard(Source::Nodes) == Heard::Live;
                for condition in &mut node.conditions {
                    condition.heartbeat = condition
                        .heartbeat
                        // A heartbeat beside a lease tells nothing new, and would be a change of its own.
                        .filter(|_| !leased)
                        .map(|said| self.renewed(key.clone(), said, live).0);
                }
            }
            Change::Gone(Source::Leases, key) => {
                let mut told = self.lock();
                told.renewals.remove(key);
                told.off.remove(&key.name);
            }
            _ => {}
        }
        change
    }

    /// When something was renewed that says when it was, and whether it was seen to change.
    fn renewed(&self, key: Key, said: Stamp, live: bool) -> (Stamp, bool) {
        let now = self.now();
        let mut told = self.lock();
        let (at, seen) = match told.renewals.get(&key) {
            None => (said, false),
            Some(before) if before.said == said => (before.at, false),
            Some(_) if live => (now, true),
            // It changed while nobody looked: by as much as its own writer's clock says, and not after now.
            Some(before) if said > before.said => (Stamp((before.at.0 + said.since(before.said)).min(now.0)), true),
            Some(_) => (now, true),
        };
        told.renewals.insert(key, Renewal { said, at });
        (at, seen)
    }

    fn note(&self, node: &Name, ahead: i64) {
        let mut told = self.lock();
        if ahead.abs() >= OFF {
            told.off.insert(node.clone(), ahead);
        } else {
            told.off.remove(node);
        }
    }
}

#[cfg(test)]
mod tests {
    use topology::inventory::Lease;

    use super::*;

    fn date(at: i64) -> String {
        let at = jiff::Timestamp::from_millisecond(at).unwrap();
        at.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
    }

    fn lease(said: i64) -> Change {
        Change::Put(Fact::Lease(Lease {
            key: Key::new("kube-node-lease", "host1"),
            holder: "host1".into(),
            host: None,
            apiserver: false,
            renewed: Some(Stamp(said)),
            lasts: 40_000,
        }))
    }

    fn renewed(clock: &Clock, inventory: &Inventory, said: i64) -> i64 {
        let Change::Put(Fact::Lease(lease)) = clock.timed(inventory, lease(said)) else { panic!("no lease") };
        lease.renewed.unwrap().0
    }

    fn live() -> Inventory {
        let mut inventory = Inventory::default();
        inventory.apply(Change::Heard(Source::Leases, Heard::Live));
        inventory
    }

    #[test]
    fn now_is_the_servers_time_whatever_ours_is() {
        for off in [-7_200_000, -90_000, -35_000, 35_000, 90_000, 7_200_000] {
            let clock = Clock::default();
            clock.heard(&date(system() + off), Instant::now());
            let now = clock.now().0;
            assert!((now - system() - off).abs() < 2_500, "{off}: {now}");
            assert!((clock.ours_off().unwrap() + off).abs() < 2_500, "{off}");
        }
    }

    #[test]
    fn a_small_difference_is_none_and_an_odd_date_is_passed_over() {
        let clock = Clock::default();
        clock.heard(&date(system() + 900), Instant::now());
        clock.heard("soon", Instant::now());
        assert_eq!(clock.ours_off(), None);
        assert!((clock.now().0 - system()).abs() < 1_000);
    }

    #[test]
    fn a_renewal_counts_from_when_it_was_seen_whatever_the_node_says() {
        for off in [-7_200_000, -90_000, 35_000, 7_200_000] {
            let (clock, inventory) = (Clock::default(), live());
            let said = system() + off;
            assert_eq!(renewed(&clock, &inventory, said), said, "never seen to change");
            let seen = renewed(&clock, &inventory, said + 10_000);
            assert!((seen - system()).abs() < 1_000, "{off}");
            assert_eq!(clock.nodes_off().len(), 1, "{off}");
            assert_eq!(renewed(&clock, &inventory, said + 10_000), seen, "told again, it is no renewal");
        }
    }

    #[test]
    fn a_heartbeat_beside_a_lease_changes_nothing() {
        let (clock, mut inventory) = (Clock::default(), live());
        let node = |said: &str| {
            let object = serde_json::json!({ "metadata": { "name": "host1" }, "status": { "conditions": [
                { "type": "Ready", "status": "True", "lastHeartbeatTime": said }] } });
            crate::cluster::node::fact(
                crate::cluster::object::read(&object),
                &mut crate::cluster::intern::Intern::default(),
            )
        };
        let first = clock.timed(&inventory, Change::Put(node("1970-01-01T00:00:01Z")));
        let second = clock.timed(&inventory, Change::Put(node("1970-01-01T00:00:09Z")));
        assert_ne!(first, second, "a kubelet without a lease tells by its heartbeat alone");
        inventory.apply(lease(1_000));
        let third = clock.timed(&inventory, Change::Put(node("1970-01-01T00:00:19Z")));
        assert_eq!(third, clock.timed(&inventory, Change::Put(node("1970-01-01T00:00:29Z"))));
    }

    #[test]
    fn a_renewal_while_nobody_looked_counts_by_its_writers_clock() {
        let (clock, inventory) = (Clock::default(), live());
        let said = system() - 100_000;
        renewed(&clock, &inventory, said);
        let stale = Inventory::default();
        assert_eq!(renewed(&clock, &stale, said + 20_000), said + 20_000);
        assert!(renewed(&clock, &stale, said + 9_000_000) <= clock.now().0, "never after now");
    }
}
