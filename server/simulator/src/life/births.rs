//! Pods on their way from Pending to Ready: scheduled, created, started, ready, a second or two
//! each.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value;

use super::{followers, silence};
use crate::{
    clock,
    cluster::{
        multus,
        pods::{self, Place, Stage},
    },
    kind::Kind,
    object::Key,
    store::Store,
};

#[derive(Default)]
pub(super) struct Births {
    under_way: Vec<Birth>,
}

struct Birth {
    key: Key,
    next: Stage,
    due: Timestamp,
    place: Option<Place>,
}

impl Births {
    /// Takes care of a pod that has just been put in place, Pending.
    pub(super) fn begin(&mut self, key: Key, now: Timestamp) {
        self.under_way.push(Birth { key, next: Stage::Creating, due: clock::after(now, 1), place: None });
    }

    /// The same, for a pod whose node is settled.
    pub(super) fn begin_at(&mut self, key: Key, place: Place, now: Timestamp) {
        self.under_way.push(Birth { key, next: Stage::Creating, due: clock::after(now, 1), place: Some(place) });
    }

    /// Whether this pod is still on its way.
    pub(super) fn holds(&self, key: &Key) -> bool {
        self.under_way.iter().any(|birth| birth.key == *key)
    }

    pub(super) fn step(&mut self, store: &Store, now: Timestamp, random: &mut fastrand::Rng) {
        self.under_way.retain_mut(|birth| birth.due > now || birth.advance(store, now, random));
    }
}

impl Birth {
    /// Goes one stage further; false when there is none left, or no pod.
    fn advance(&mut self, store: &Store, now: Timestamp, random: &mut fastrand::Rng) -> bool {
        if self.place.is_none() {
            self.place = choose(store, random);
        }
        let Some(place) = self.place.clone() else {
            // No host takes it: it stays Pending, and the scheduler looks again.
            self.due = clock::after(now, 1);
            return store.get(Kind::Pod, &self.key.namespace, &self.key.name).is_some();
        };
        let changed = store.edit(Kind::Pod, &self.key, |pod| {
            pod["spec"]["nodeName"] = place.node.as_str().into();
            enter(store, pod, &place, &self.next, now);
        });
        if !changed {
            return false;
        }
        if let Some(pod) = store.get(Kind::Pod, &self.key.namespace, &self.key.name) {
            followers(store, &pod);
        }
        let (next, wait) = match self.next {
            Stage::Creating => (Stage::Starting, random.i64(2..4)),
            Stage::Starting => (Stage::Ready, random.i64(2..5)),
            _ => return false,
        };
        self.next = next;
        self.due = clock::after(now, wait);
        true
    }
}

/// Writes the status of a stage that a pod enters now.
pub(super) fn enter(store: &Store, pod: &mut Value, place: &Place, stage: &Stage, now: Timestamp) {
    let uid = pod["metadata"]["uid"].as_str().unwrap_or_default();
    let born = pod["metadata"]["creationTimestamp"].as_str().and_then(|text| text.parse().ok()).unwrap_or(now);
    pod["status"] = pods::status(store.profile, &pod["spec"], uid, Some(place), stage, born, now);
    multus::attach(store.profile, pod, &place.pod);
}

/// Where a pod is, as it says itself.
pub(super) fn place(pod: &Value) -> Place {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    Place {
        node: text(&pod["spec"]["nodeName"]),
        host: text(&pod["status"]["hostIP"]),
        pod: text(&pod["status"]["podIP"]),
    }
}

/// Whether labels make a node a machine of the control plane, in the words of any distribution.
pub(super) fn is_master(labels: &BTreeMap<String, String>) -> bool {
    const ROLES: [&str; 4] = [
        "node-role.kubernetes.io/control-plane",
        "node-role.kubernetes.io/controlplane",
        "node-role.kubernetes.io/master",
        "node.kubernetes.io/microk8s-controlplane",
    ];
    ROLES.iter().any(|role| labels.contains_key(*role))
}

/// Whether a node takes no pods for what has become of it.
fn closed(node: &Value) -> bool {
    let taints = node["spec"]["taints"].as_array();
    taints
        .into_iter()
        .flatten()
        .any(|taint| taint["key"].as_str().is_some_and(|key| key == silence::UNREACHABLE || key.ends_with("-pressure")))
}

/// A node for a new pod: any worker, or any node where there are no workers. None where the life of the cluster has
/// lost them or their memory is short.
fn choose(store: &Store, random: &mut fastrand::Rng) -> Option<Place> {
    let node = {
        let shelf = store.shelf(Kind::Node);
        let workers: Vec<_> = shelf.objects.values().filter(|node| !is_master(&node.labels.map)).collect();
        let mut nodes: Vec<_> = if workers.is_empty() { shelf.objects.values().collect() } else { workers };
        nodes.retain(|node| !closed(&node.value()));
        random.choice(nodes)?.value()
    };
    // Where a cloud gives addresses to pods, nodes have no range of their own.
    let range = node["spec"]["podCIDR"].as_str().unwrap_or("10.42.200.0/24");
    let prefix = range.rsplit_once('.')?.0.to_owned();
    Some(Place {
        node: node["metadata"]["name"].as_str()?.to_owned(),
        host: node["status"]["addresses"][0]["address"].as_str()?.to_owned(),
        pod: format!("{prefix}.{}", random.u8(100..=254)),
    })
}
