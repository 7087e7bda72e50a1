//! A node that falls silent now and then: its heartbeats stop, after forty seconds it is Unknown
//! and its pods are not ready, and when it is heard again all is well.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{births::is_master, followers};
use crate::{clock, kind::Kind, object::Key, store::Store};

/// The taint of a node that is not heard.
pub(super) const UNREACHABLE: &str = "node.kubernetes.io/unreachable";
/// Seconds after which a silent node is given up, as node-monitor-grace-period.
const GRACE: i64 = 40;

pub(super) struct Silence {
    nodes: Vec<Arc<str>>,
    next: Timestamp,
    now: Option<Silent>,
}

struct Silent {
    node: Arc<str>,
    given_up_at: Timestamp,
    until: Timestamp,
    given_up: bool,
}

impl Silence {
    pub(super) fn new(store: &Store, start: Timestamp, random: &mut fastrand::Rng) -> Self {
        let shelf = store.shelf(Kind::Node);
        let workers = shelf.objects.values().filter(|node| !is_master(&node.labels.map));
        let nodes = workers.map(|node| node.key.name.clone()).collect();
        Self { nodes, next: clock::after(start, random.i64(480..900)), now: None }
    }

    /// No node falls silent by itself any more.
    pub(super) fn stop(&mut self) {
        self.nodes.clear();
    }

    /// The node that is silent now.
    pub(super) fn node(&self) -> Option<&str> {
        self.now.as_ref().map(|silent| &*silent.node)
    }

    /// The node that has been silent for too long.
    pub(super) fn given_up(&self) -> Option<&str> {
        self.now.as_ref().filter(|silent| silent.given_up).map(|silent| &*silent.node)
    }

    pub(super) fn step(&mut self, store: &Store, now: Timestamp, random: &mut fastrand::Rng) {
        let Some(silent) = &mut self.now else {
            if now >= self.next && !self.nodes.is_empty() {
                let node = self.nodes[random.usize(..self.nodes.len())].clone();
                let (given_up_at, until) = (clock::after(now, GRACE), clock::after(now, random.i64(55..75)));
                self.now = Some(Silent { node, given_up_at, until, given_up: false });
            }
            return;
        };
        if now >= silent.until {
            if silent.given_up {
                mark(store, &silent.node, true, now);
            }
            self.now = None;
            self.next = clock::after(now, random.i64(600..1_200));
        } else if now >= silent.given_up_at && !silent.given_up {
            silent.given_up = true;
            mark(store, &silent.node, false, now);
        }
    }
}

/// Says of a node, and of the pods on it, whether it is heard.
pub(super) fn mark(store: &Store, node: &str, heard: bool, now: Timestamp) {
    store.edit(Kind::Node, &Key::new("", node), |node| {
        for condition in node["status"]["conditions"].as_array_mut().into_iter().flatten() {
            let ready = condition["type"] == "Ready";
            let (status, reason, message) = match (heard, ready) {
                (false, _) => ("Unknown", "NodeStatusUnknown", "Kubelet stopped posting node status."),
                (true, true) => ("True", "KubeletReady", "kubelet is posting ready status"),
                (true, false) => ("False", "KubeletHasSufficient", "kubelet has sufficient resources"),
            };
            condition["status"] = status.into();
            condition["reason"] = reason.into();
            condition["message"] = message.into();
            condition["lastTransitionTime"] = clock::seconds(now).into();
        }
        taint(node, UNREACHABLE, "NoExecute", !heard, now);
    });
    let pods: Vec<_> = {
        let shelf = store.shelf(Kind::Pod);
        shelf.objects.values().filter(|pod| pod.node.as_deref() == Some(node)).cloned().collect()
    };
    for pod in pods {
        let changed = store.edit(Kind::Pod, &pod.key, |pod| {
            let started = pod["status"]["containerStatuses"].as_array().cloned().unwrap_or_default();
            let healthy = heard && started.iter().all(|container| container["ready"] == true);
            for condition in pod["status"]["conditions"].as_array_mut().into_iter().flatten() {
                let word = if healthy { "True" } else { "False" };
                if condition["type"] == "Ready" && condition["status"] != word {
                    condition["status"] = word.into();
                    condition["lastTransitionTime"] = clock::seconds(now).into();
                }
            }
        });
        if changed && let Some(pod) = store.get(Kind::Pod, &pod.key.namespace, &pod.key.name) {
            followers(store, &pod);
        }
    }
}

/// Gives a node a taint, or takes it away.
pub(super) fn taint(node: &mut Value, key: &str, effect: &str, has: bool, now: Timestamp) {
    let mut taints = node["spec"]["taints"].as_array().cloned().unwrap_or_default();
    taints.retain(|known| known["key"] != key);
    if has {
        taints.push(json!({"key": key, "effect": effect, "timeAdded": clock::seconds(now)}));
    }
    match node["spec"].as_object_mut() {
        Some(spec) if taints.is_empty() => drop(spec.remove("taints")),
        _ => node["spec"]["taints"] = taints.into(),
    }
}
