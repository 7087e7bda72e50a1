//! Leaders: the scheduler's and the controller manager's renew every two seconds; the scheduler's
//! moves to another master every few minutes.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::{clock, kind::Kind, object::Key, profile::Profile, store::Store};

const SCHEDULER: &str = "kube-scheduler";

pub(super) struct Leaders {
    masters: Vec<String>,
    renew: Timestamp,
    moves: Timestamp,
}

impl Leaders {
    pub(super) fn new(store: &Store, start: Timestamp, random: &mut fastrand::Rng) -> Self {
        let shelf = store.shelf(Kind::Node);
        let is_master =
            |labels: &std::collections::BTreeMap<String, String>| labels.contains_key(store.profile.master_label());
        let masters = shelf.objects.values().filter(|node| is_master(&node.labels.map));
        let masters = masters.map(|node| node.key.name.to_string()).collect();
        Self { masters, renew: clock::after(start, 2), moves: next_move(start, random) }
    }

    pub(super) fn step(&mut self, store: &Store, now: Timestamp, random: &mut fastrand::Rng) {
        if now >= self.moves && self.masters.len() > 1 {
            self.moves = next_move(now, random);
            let holder = record(store, SCHEDULER)["holderIdentity"].as_str().unwrap_or_default().to_owned();
            let here = holder.split('_').next().unwrap_or_default();
            let others: Vec<_> = self.masters.iter().filter(|master| *master != here).collect();
            let next = others[random.usize(..others.len())];
            write(store, SCHEDULER, now, Some(&format!("{next}_{}", store.uid())));
        }
        if now >= self.renew {
            self.renew = clock::after(now, 2);
            for program in [SCHEDULER, "kube-controller-manager"] {
                write(store, program, now, None);
            }
        }
    }
}

fn next_move(now: Timestamp, random: &mut fastrand::Rng) -> Timestamp {
    clock::after(now, random.i64(150..300))
}

const ANNOTATION: &str = "control-plane.alpha.kubernetes.io/leader";

/// Who leads, as a lease's spec or as the annotation has it.
fn record(store: &Store, program: &str) -> Value {
    match store.profile {
        Profile::Current => {
            store.get(Kind::Lease, "kube-system", program).map_or(Value::Null, |lease| lease.value()["spec"].clone())
        }
        Profile::V1_11 => store
            .get(Kind::Endpoints, "kube-system", program)
            .and_then(|it| serde_json::from_str(it.value()["metadata"]["annotations"][ANNOTATION].as_str()?).ok())
            .unwrap_or(Value::Null),
    }
}

/// Renews, for a new holder if one is given.
fn write(store: &Store, program: &str, now: Timestamp, holder: Option<&str>) {
    let key = Key::new("kube-system", program);
    let (kind, transitions, stamp): (_, _, fn(Timestamp) -> String) = match store.profile {
        Profile::Current => (Kind::Lease, "leaseTransitions", clock::micros),
        Profile::V1_11 => (Kind::Endpoints, "leaderTransitions", clock::seconds),
    };
    let mut record = record(store, program);
    if record.is_null() {
        return;
    }
    record["renewTime"] = stamp(now).into();
    if let Some(holder) = holder {
        record["holderIdentity"] = holder.into();
        record["acquireTime"] = stamp(now).into();
        record[transitions] = json!(record[transitions].as_i64().unwrap_or_default() + 1);
    }
    store.edit(kind, &key, |object| match kind {
        Kind::Lease => object["spec"] = record.clone(),
        _ => object["metadata"]["annotations"][ANNOTATION] = record.to_string().into(),
    });
}
