//! Leaders: all leases of leaders are renewed every two seconds; the scheduler's moves to another
//! master every few minutes.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::births::is_master;
use crate::{clock, damage::Wishes, kind::Kind, object::Key, profile::Profile, store::Store};

const SCHEDULER: &str = "kube-scheduler";

pub(super) struct Leaders {
    masters: Vec<String>,
    /// The leases, or the annotated endpoints, of leaders: of the scheduler first.
    held: Vec<Key>,
    renew: Timestamp,
    moves: Timestamp,
}

impl Leaders {
    pub(super) fn new(store: &Store, start: Timestamp, random: &mut fastrand::Rng) -> Self {
        let shelf = store.shelf(Kind::Node);
        let masters = shelf.objects.values().filter(|node| is_master(&node.labels.map));
        let masters = masters.map(|node| node.key.name.to_string()).collect();
        let held = held(store);
        Self { masters, held, renew: clock::after(start, 2), moves: next_move(start, random) }
    }

    pub(super) fn step(&mut self, store: &Store, now: Timestamp, wishes: &Wishes, random: &mut fastrand::Rng) {
        let scheduler = self.held.first().filter(|key| &*key.name == SCHEDULER);
        if let Some(key) = scheduler.filter(|_| now >= self.moves && self.masters.len() > 1) {
            self.moves = next_move(now, random);
            let holder = record(store, key)["holderIdentity"].as_str().unwrap_or_default().to_owned();
            let here = holder.split('_').next().unwrap_or_default();
            let others: Vec<_> = self.masters.iter().filter(|master| *master != here).collect();
            let next = others[random.usize(..others.len())];
            write(store, key, now, Some(&format!("{next}_{}", store.uid())));
        }
        self.flee(store, now, wishes, random);
        if now >= self.renew {
            self.renew(store, now);
        }
    }

    /// Renews all leases.
    pub(super) fn renew(&mut self, store: &Store, now: Timestamp) {
        self.renew = clock::after(now, 2);
        for key in &self.held {
            write(store, key, now, None);
        }
    }

    /// What leads on a host that is cut off leads on another.
    fn flee(&self, store: &Store, now: Timestamp, wishes: &Wishes, random: &mut fastrand::Rng) {
        if !self.masters.iter().any(|master| wishes.cuts(master)) {
            return;
        }
        let there: Vec<_> = self.masters.iter().filter(|master| !wishes.cuts(master)).collect();
        for key in &self.held {
            let holder = record(store, key)["holderIdentity"].as_str().unwrap_or_default().to_owned();
            let host = holder.split('_').next().unwrap_or_default();
            if wishes.cuts(host)
                && let Some(next) = random.choice(&there)
            {
                write(store, key, now, Some(&format!("{next}_{}", store.uid())));
            }
        }
    }
}

/// Where leaders are written: the scheduler's first, those that were let go left out.
fn held(store: &Store) -> Vec<Key> {
    if store.profile == Profile::V1_11 {
        return [SCHEDULER, "kube-controller-manager"].map(|program| Key::new("kube-system", program)).into();
    }
    let shelf = store.shelf(Kind::Lease);
    let leads = |(key, lease): &(&Key, &std::sync::Arc<crate::object::Object>)| {
        &*key.namespace != "kube-node-lease"
            && !lease.labels.map.contains_key("apiserver.kubernetes.io/identity")
            && lease.value()["spec"]["holderIdentity"] != ""
    };
    let mut held: Vec<Key> = shelf.objects.iter().filter(leads).map(|(key, _)| key.clone()).collect();
    held.sort_by_key(|key| &*key.name != SCHEDULER);
    held
}

fn next_move(now: Timestamp, random: &mut fastrand::Rng) -> Timestamp {
    clock::after(now, random.i64(150..300))
}

const ANNOTATION: &str = "control-plane.alpha.kubernetes.io/leader";

/// Who leads, as a lease's spec or as the annotation has it.
fn record(store: &Store, key: &Key) -> Value {
    match store.profile {
        Profile::Current => {
            store.get(Kind::Lease, &key.namespace, &key.name).map_or(Value::Null, |it| it.value()["spec"].clone())
        }
        Profile::V1_11 => store
            .get(Kind::Endpoints, &key.namespace, &key.name)
            .and_then(|it| serde_json::from_str(it.value()["metadata"]["annotations"][ANNOTATION].as_str()?).ok())
            .unwrap_or(Value::Null),
    }
}

/// Renews, for a new holder if one is given.
fn write(store: &Store, key: &Key, now: Timestamp, holder: Option<&str>) {
    let (kind, transitions, stamp): (_, _, fn(Timestamp) -> String) = match store.profile {
        Profile::Current => (Kind::Lease, "leaseTransitions", clock::micros),
        Profile::V1_11 => (Kind::Endpoints, "leaderTransitions", clock::seconds),
    };
    let mut record = record(store, key);
    if record.is_null() {
        return;
    }
    record["renewTime"] = stamp(now).into();
    if let Some(holder) = holder {
        record["holderIdentity"] = holder.into();
        record["acquireTime"] = stamp(now).into();
        record[transitions] = json!(record[transitions].as_i64().unwrap_or_default() + 1);
    }
    store.edit(kind, key, |object| match kind {
        Kind::Lease => object["spec"] = record.clone(),
        _ => object["metadata"]["annotations"][ANNOTATION] = record.to_string().into(),
    });
}
