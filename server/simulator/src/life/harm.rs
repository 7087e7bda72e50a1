//! Damage that was asked for, done and mended. Each step compares the cluster with what is asked, so that a host that
//! was away meanwhile comes right, too.

use std::{collections::BTreeMap, sync::Arc};

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{births::Births, crash::Crash, followers, silence};
use crate::{
    clock,
    cluster::{
        owners,
        pods::{self, Draft, Place, Stage},
    },
    damage::{Damage, Wishes},
    kind::Kind,
    object::{Key, Object},
    store::Store,
    write,
};

/// Seconds after which pods leave a host that is cut off. Kubernetes waits 300 s, longer than people watch.
const EVICTED: i64 = 5;
/// Namespace of the pods that fill a host, and the beginning of their names.
const FILLS: (&str, &str) = ("default", "filler");
/// The condition of a host that is full, and its taint.
const PRESSURE: (&str, &str) = ("MemoryPressure", "node.kubernetes.io/memory-pressure");
/// A workload that was mended while its pods were away is remembered for so many seconds.
const REMEMBERED: i64 = 600;

#[derive(Default)]
pub(super) struct Harm {
    cut: BTreeMap<Arc<str>, Timestamp>,
    crashing: BTreeMap<Key, Crash>,
}

impl Harm {
    pub(super) fn step(
        &mut self,
        store: &Store,
        wishes: &Wishes,
        silent: Option<&str>,
        births: &Births,
        once_crashes: Option<&Key>,
        now: Timestamp,
    ) {
        if !wishes.any {
            return;
        }
        let nodes: Vec<Arc<Object>> = store.shelf(Kind::Node).objects.values().cloned().collect();
        for node in &nodes {
            let (name, value) = (&*node.key.name, node.value());
            let lost = wishes.loses(name) || silent == Some(name);
            if lost != tainted(&value, silence::UNREACHABLE) {
                silence::mark(store, name, !lost, now);
            }
            if wishes.fills(name) != tainted(&value, PRESSURE.1) {
                fill(store, &value, wishes.fills(name), now);
            }
            self.evict(store, &node.key.name, wishes.cuts(name), now);
        }
        self.crash(store, wishes, births, once_crashes, now);
    }

    /// Ends the pods of a host that has been cut off for a while, but for those that belong to the host.
    fn evict(&mut self, store: &Store, host: &Arc<str>, cut: bool, now: Timestamp) {
        if !cut {
            self.cut.remove(host);
            return;
        }
        let since = *self.cut.entry(host.clone()).or_insert(now);
        if now < clock::after(since, EVICTED) {
            return;
        }
        for pod in on(store, host) {
            let owner = pod.value()["metadata"]["ownerReferences"][0]["kind"].clone();
            if !pod.dying && owner != "DaemonSet" && owner != "Node" {
                write::end_pod(store, &pod.key, None);
                followers(store, &pod);
            }
        }
    }

    fn crash(&mut self, store: &Store, wishes: &Wishes, births: &Births, once_crashes: Option<&Key>, now: Timestamp) {
        let mut wanted = Vec::new();
        for damage in &wishes.damages {
            let Damage::Crashing { namespace, name } = damage else { continue };
            let pods = pods_of(store, namespace, name)
                .into_iter()
                .filter(|pod| !pod.dying && !births.holds(&pod.key) && once_crashes != Some(&pod.key));
            wanted.extend(pods.map(|pod| pod.key.clone()));
        }
        for key in &wanted {
            self.crashing.entry(key.clone()).or_insert_with(|| Crash::of(key.clone(), now));
        }
        self.crashing.retain(|key, crash| {
            if wanted.contains(key) {
                crash.step(store, now);
                return true;
            }
            if !crash.mend(store, now) {
                // Its host may be away: the pod comes back as it went.
                return now < clock::after(crash.since(), REMEMBERED);
            }
            false
        });
    }
}

fn on(store: &Store, host: &str) -> Vec<Arc<Object>> {
    let shelf = store.shelf(Kind::Pod);
    shelf.objects.values().filter(|pod| pod.node.as_deref() == Some(host)).cloned().collect()
}

fn pods_of(store: &Store, namespace: &str, name: &str) -> Vec<Arc<Object>> {
    let found = [Kind::Deployment, Kind::StatefulSet].into_iter().find_map(|kind| store.get(kind, namespace, name));
    found.map_or_else(Vec::new, |workload| {
        owners::select(store, namespace, &workload.value()["spec"]["selector"]["matchLabels"])
    })
}

/// Whether a node has a taint.
pub(super) fn tainted(node: &Value, key: &str) -> bool {
    node["spec"]["taints"].as_array().into_iter().flatten().any(|taint| taint["key"] == key)
}

/// Fills a host, or takes away what filled it.
fn fill(store: &Store, node: &Value, full: bool, now: Timestamp) {
    let name = node["metadata"]["name"].as_str().unwrap_or_default();
    let pod = format!("{}-{name}", FILLS.1);
    let room = &node["status"]["allocatable"];
    store.edit(Kind::Node, &Key::new("", name), |node| {
        for condition in node["status"]["conditions"].as_array_mut().into_iter().flatten() {
            if condition["type"] != PRESSURE.0 {
                continue;
            }
            let (status, reason, message) = if full {
                ("True", "KubeletHasInsufficientMemory", "kubelet has insufficient memory available")
            } else {
                ("False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available")
            };
            condition["status"] = status.into();
            condition["reason"] = reason.into();
            condition["message"] = message.into();
            condition["lastTransitionTime"] = clock::seconds(now).into();
        }
        silence::taint(node, PRESSURE.1, "NoSchedule", full, now);
    });
    if !full {
        store.remove(Kind::Pod, &Key::new(FILLS.0, pod));
        return;
    }
    let mut template = pods::template(&[pods::container("filler", "busybox:1.37", None, &["sleep".into()])]);
    template["containers"][0]["resources"] = json!({"requests": left(store, name, room)});
    let draft = Draft {
        namespace: FILLS.0,
        name: &pod,
        uid: store.uid(),
        labels: json!({"app": FILLS.1}),
        owner: None,
        template: &template,
        born: now,
        annotations: Value::Null,
    };
    let host = node["status"]["addresses"][0]["address"].as_str().unwrap_or_default();
    let range =
        node["spec"]["podCIDR"].as_str().and_then(|range| range.rsplit_once('.')).map_or("10.42.200", |it| it.0);
    let place = Place { node: name.to_owned(), host: host.to_owned(), pod: format!("{range}.99") };
    store.put(Kind::Pod, pods::pod(store.profile, &draft, Some(&place), &Stage::Ready, now));
}

/// What the pods of a host have not asked for yet of what it has.
fn left(store: &Store, host: &str, room: &Value) -> Value {
    let asked = |what: &str| -> u64 {
        let of = |pod: Arc<Object>| {
            let value = pod.value();
            let containers = value["spec"]["containers"].as_array().cloned().unwrap_or_default();
            containers.iter().map(|it| amount(it["resources"]["requests"][what].as_str().unwrap_or("0"))).sum::<u64>()
        };
        on(store, host).into_iter().map(of).sum()
    };
    let rest = |what: &str| amount(room[what].as_str().unwrap_or("0")).saturating_sub(asked(what));
    // In thousandths of a CPU, and in KiB, which leaves less than one of memory.
    json!({"cpu": format!("{}m", rest("cpu")), "memory": format!("{}Ki", rest("memory") / 1_000 / 1_024)})
}

/// A quantity in thousandths; one that the simulator does not write counts as none.
fn amount(text: &str) -> u64 {
    let units: [(&str, u64); 5] =
        [("m", 1), ("Ki", 1_000 << 10), ("Mi", 1_000 << 20), ("Gi", 1_000 << 30), ("", 1_000)];
    let parsed = units.into_iter().find_map(|(unit, times)| {
        let number = text.strip_suffix(unit)?.parse::<u64>().ok()?;
        Some(number.saturating_mul(times))
    });
    parsed.unwrap_or(0)
}
