//! How a machine fares.

use scene::Health;

use super::{HEARTBEAT_LASTS, age, clock, leases_at};
use crate::{
    Inventory, Stamp,
    inventory::{Condition, Heard, Node, Source, Truth},
};

/// A judgement with its reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeState {
    /// How the kubelet, and with it the machine, fares.
    pub health: Health,
    /// A word or two for the box, as in `Ready`, `not responding 50 s`.
    pub short: String,
    /// A sentence.
    pub long: String,
}

impl NodeState {
    fn new(health: Health, short: impl Into<String>, long: impl Into<String>) -> Self {
        Self { health, short: short.into(), long: long.into() }
    }
}

/// How the host of a pod fares, as far as its pods go by it: while nodes cannot be read, they speak for themselves.
pub fn host_health(inventory: &Inventory, name: &str, now: Stamp) -> Option<Health> {
    match inventory.node(name) {
        Some(node) => Some(node_state(inventory, node, now).health),
        None => inventory.heard(Source::Nodes).knows().then_some(Health::Unknown),
    }
}

/// Judges a node from its Ready condition and its lease (or, where leases are not served, from
/// the heartbeat in the condition).
pub fn node_state(inventory: &Inventory, node: &Node, now: Stamp) -> NodeState {
    let Some(ready) = node.condition("Ready") else {
        return NodeState::new(Health::Unknown, "unknown", "Its kubelet has not yet said how it fares.");
    };
    match ready.truth {
        Truth::False => {
            let why = if ready.message.is_empty() { &ready.reason } else { &ready.message };
            return NodeState::new(
                Health::Bad,
                "not ready",
                format!("Not ready for {}: {why}.", age(now.since(ready.since))),
            );
        }
        Truth::Unknown => {
            let silent = age(now.since(ready.since));
            return NodeState::new(
                Health::Bad,
                format!("lost {silent}"),
                format!("The cluster has heard nothing of its kubelet for {silent} and counts it as lost."),
            );
        }
        Truth::True => {}
    }
    let nodes = inventory.heard(Source::Nodes);
    if nodes.is_past() {
        let why = match nodes {
            Heard::Stale { since, .. } => format!("there has been no news of nodes since {}", clock(*since)),
            _ => "nodes can no longer be read".into(),
        };
        return NodeState::new(Health::Stale, "no news", format!("Ready when last heard; {why}."));
    }
    let now = leases_at(inventory, now);
    match last_heard(inventory, node) {
        LastHeard::At(heard, lasts) if now.since(heard) > lasts => {
            let silent = age(now.since(heard));
            NodeState::new(
                Health::Stale,
                format!("not responding {silent}"),
                format!("Ready when last heard, but no kubelet heartbeat for {silent}."),
            )
        }
        LastHeard::At(..) => well(node, "Ready; kubelet heartbeat OK."),
        LastHeard::Untold(why) => {
            // The condition alone does not tell whether the kubelet still lives.
            NodeState::new(
                Health::Unknown,
                "Ready?",
                format!("Its last word was Ready, but when that was is unknown: {why}."),
            )
        }
    }
}

/// Ends of the names of conditions that are faults when they are True: the kubelet's own pressures,
/// and those of node-problem-detector and of the clouds, as in `KernelDeadlock` or `FilesystemCorruptionProblem`.
const FAULTS: [&str; 16] = [
    "NotReady",
    // Of kubelets before 1.13.
    "OutOfDisk",
    "Down",
    "Pressure",
    "Unavailable",
    "Unreachable",
    "Unhealthy",
    "Problem",
    "Deadlock",
    "Failure",
    "Failed",
    "Error",
    "Degraded",
    "Shutdown",
    "ErrorFatal",
    "Overlay2",
];
/// Beginnings of such names, as in `FrequentKubeletRestart`.
const FAULTY: [&str; 6] = ["Frequent", "Readonly", "ReadOnly", "Corrupt", "Hung", "Stuck"];
/// Ends of the names of conditions that are faults when they are False, as in `NetworkingReady`.
const VIRTUES: [&str; 3] = ["Ready", "Healthy", "Available"];

/// Whether a condition tells a fault. One with a name that says neither is information, whatever it says.
fn is_fault(condition: &Condition) -> bool {
    let name = &*condition.kind;
    let bad = FAULTS.iter().any(|end| name.ends_with(end)) || FAULTY.iter().any(|start| name.starts_with(start));
    match condition.truth {
        Truth::True => bad,
        Truth::False => !bad && name != "Ready" && VIRTUES.iter().any(|end| name.ends_with(end)),
        Truth::Unknown => false,
    }
}

fn well(node: &Node, long: &str) -> NodeState {
    match node.conditions.iter().find(|condition| is_fault(condition)) {
        Some(condition) => {
            let why = if condition.message.is_empty() { &condition.reason } else { &condition.message };
            let is = if condition.truth == Truth::False { " is false" } else { "" };
            NodeState::new(
                Health::Warn,
                &*condition.kind,
                format!("Ready, but {}{is}: {}.", condition.kind, why.trim_end_matches('.')),
            )
        }
        None if node.cordoned => {
            NodeState::new(Health::Ok, "cordoned", format!("{long} Cordoned: no new pods are sent to it."))
        }
        None => NodeState::new(Health::Ok, "Ready", long),
    }
}

enum LastHeard {
    At(Stamp, i64),
    Untold(String),
}

fn last_heard(inventory: &Inventory, node: &Node) -> LastHeard {
    let heartbeat = node.condition("Ready").and_then(|ready| ready.heartbeat);
    let lease = inventory.lease("kube-node-lease", &node.name);
    if let (Some(_), Heard::Stale { since, .. }) = (lease, inventory.heard(Source::Leases)) {
        return LastHeard::Untold(format!("there has been no news of leases since {}", clock(*since)));
    }
    if let Some((lease, renewed)) = lease.and_then(|lease| Some((lease, lease.renewed?))) {
        return LastHeard::At(renewed, lease.lasts);
    }
    if let Some(heartbeat) = heartbeat {
        return LastHeard::At(heartbeat, HEARTBEAT_LASTS);
    }
    LastHeard::Untold(match inventory.heard(Source::Leases) {
        Heard::Forbidden { permission } => format!("the permission to {permission} is missing"),
        Heard::NotYet => "leases are still being read".into(),
        Heard::Unread { .. } => "leases cannot be read".into(),
        _ => "it has no lease".into(),
    })
}
