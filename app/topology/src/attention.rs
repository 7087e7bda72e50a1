//! What of a cluster needs somebody's attention, worst first: for a list beside the figure.
//!
//! Nothing is said of what no source tells: while no source tells of nodes, the list has no nodes.

use std::collections::BTreeMap;

use scene::Health;

use crate::{
    Inventory, Stamp,
    figure::{is_master, service_state},
    health::{Leader, NodeState, leader, node_state, parts, pod_health},
    inventory::{ComponentKind, Key, Name, Node, OwnerKind, Pod, Source, Truth},
    layout::natural,
};

/// One thing that needs attention.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Concern {
    /// How it fares.
    pub health: Health,
    /// Its name for people, as in `host4` or `Deployment ims/hss`.
    pub what: String,
    /// What is wrong, in a few words or a sentence.
    pub why: String,
    /// Since when, where a source tells.
    pub since: Option<Stamp>,
    /// What it leads to, as in [`scene::Mark::opens`].
    pub opens: Option<String>,
}

/// Hosts, components, leaders, workloads and services that are not as they should be. The worst come first, and among
/// equals machines before what runs on them.
pub fn attention(inventory: &Inventory, now: Stamp) -> Vec<Concern> {
    let mut found = Vec::new();
    let nodes =
        if inventory.heard(Source::Nodes).is_fresh() { nodes(inventory, now, &mut found) } else { BTreeMap::new() };
    leaders(inventory, now, &mut found);
    if inventory.heard(Source::Pods).is_fresh() {
        workloads(inventory, &nodes, now, &mut found);
    }
    if inventory.heard(Source::Endpoints).is_fresh() && inventory.heard(Source::Services).is_fresh() {
        services(inventory, &mut found);
    }
    found.sort_by_key(|concern| std::cmp::Reverse(concern.health.severity()));
    found
}

/// A machine, as far as its pods need to know: how it fares, and whether its components stand in the list themselves.
struct Machine {
    health: Health,
    master: bool,
}

/// Machines, and the components of masters: what a worker's components lack is told by their pods.
fn nodes<'a>(inventory: &'a Inventory, now: Stamp, found: &mut Vec<Concern>) -> BTreeMap<&'a str, Machine> {
    let mut missing: Vec<&Name> = inventory.missing_hosts().collect();
    missing.sort_by(|a, b| natural(a, b));
    found.extend(missing.into_iter().map(|host| Concern {
        health: Health::Bad,
        what: host.to_string(),
        why: "in the plan, not in the cluster".into(),
        since: None,
        opens: None,
    }));
    let mut nodes: Vec<_> = inventory.nodes().collect();
    nodes.sort_by(|a, b| natural(&a.name, &b.name));
    let mut machines = BTreeMap::new();
    for node in nodes {
        let state = node_state(inventory, node, now);
        let master = is_master(inventory, node);
        machines.insert(&*node.name, Machine { health: state.health, master });
        if state.health.severity() >= Health::Stale.severity() {
            let since = node.condition("Ready").map(|ready| ready.since).filter(|_| state.health == Health::Bad);
            let opens = Some(format!("node/{}", node.name));
            let why = reason(node, &state);
            found.push(Concern { health: state.health, what: node.name.to_string(), why, since, opens });
        }
        // Of a machine that is silent or lost, its components are no news.
        if !master || !matches!(state.health, Health::Ok | Health::Warn) {
            continue;
        }
        let broken = parts(inventory, node, &state, master, now).into_iter();
        found.extend(broken.filter(|part| part.health.severity() >= Health::Stale.severity()).map(|part| Concern {
            health: part.health,
            what: format!("{} on {}", part.label, node.name),
            why: part.long,
            since: None,
            opens: Some(format!("component/{}/{}", node.name, part.kind.program())),
        }));
    }
    machines
}

/// Why a machine is in the list, without ages: the moment stands beside it, and the list is sent when it changes.
fn reason(node: &Node, state: &NodeState) -> String {
    match (state.health, node.condition("Ready").map(|ready| (ready.truth, ready))) {
        (Health::Bad, Some((Truth::False, ready))) if !ready.message.is_empty() => {
            format!("not ready: {}", ready.message)
        }
        (Health::Bad, Some((Truth::False, ready))) => format!("not ready: {}", ready.reason),
        (Health::Bad, _) => "lost: its kubelet does not report".into(),
        (Health::Stale, _) => "not responding: no kubelet heartbeat".into(),
        _ => state.long.clone(),
    }
}

fn leaders(inventory: &Inventory, now: Stamp, found: &mut Vec<Concern>) {
    for kind in [ComponentKind::Scheduler, ComponentKind::ControllerManager] {
        let Leader::Nobody(last, renewed) = leader(inventory, kind, now) else { continue };
        found.push(Concern {
            health: Health::Bad,
            what: kind.program().to_owned(),
            why: if last.is_empty() {
                "nobody leads".into()
            } else {
                format!("nobody leads; {last} held its lease last")
            },
            since: renewed,
            opens: None,
        });
    }
}

/// Whose a pod is: owners before pods without one.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Whose {
    Owner(OwnerKind, Name),
    Nobody(Name),
}

/// What belongs together: pods of one owner.
#[derive(Default)]
struct Broken<'a> {
    health: Option<Health>,
    pods: u32,
    first: Option<&'a Pod>,
    since: Option<Stamp>,
}

/// Pods that fail or are not ready, by their owner.
fn workloads(inventory: &Inventory, nodes: &BTreeMap<&str, Machine>, now: Stamp, found: &mut Vec<Concern>) {
    let mut broken: BTreeMap<(Name, Whose), Broken> = BTreeMap::new();
    for pod in inventory.pods_behind() {
        let machine = pod.node.as_ref().and_then(|node| nodes.get(&**node));
        let node = pod.node.as_ref().map(|_| machine.map_or(Health::Unknown, |machine| machine.health));
        let health = pod_health(inventory, pod, node);
        if let Some(end) = overdue(pod, now) {
            found.push(terminating(pod, end));
            continue;
        }
        // Components of masters stand in the list already.
        let told = pod.component.is_some() && machine.is_some_and(|machine| machine.master);
        if !matches!(health, Health::Bad | Health::Warn) || told {
            continue;
        }
        let whose = match inventory.top_owner(pod) {
            Some((kind, name)) => Whose::Owner(kind, name),
            None => Whose::Nobody(pod.key.name.clone()),
        };
        let group = broken.entry((pod.key.namespace.clone(), whose)).or_default();
        group.pods += 1;
        if group.health.is_none_or(|worst| health.severity() > worst.severity()) {
            (group.health, group.first) = (Some(health), Some(pod));
        }
        let since = pod.further.as_ref().and_then(|further| further.unready);
        group.since = [group.since, since].into_iter().flatten().min();
    }
    found.extend(broken.into_iter().filter_map(|((namespace, whose), group)| {
        let (health, pod) = (group.health?, group.first?);
        let (what, many) = match &whose {
            Whose::Owner(kind, name) => (format!("{} {namespace}/{name}", kind.word()), group.pods > 1),
            Whose::Nobody(name) => (format!("Pod {namespace}/{name}"), false),
        };
        let reason = if pod.reason.is_empty() { health.adjective() } else { &pod.reason };
        let why = if many { format!("{} pods, the worst: {reason}", group.pods) } else { reason.to_owned() };
        Some(Concern { health, what, why, since: group.since, opens: Some(format!("pod/{}", pod.key)) })
    }));
}

/// When a pod that still terminates should have been gone. Kubernetes' moment of deletion includes the grace period; the
/// few minutes more bear with clocks that differ.
fn overdue(pod: &Pod, now: Stamp) -> Option<Stamp> {
    const PATIENCE: i64 = 5 * 60_000;
    let end = pod.further.as_deref().filter(|_| pod.leaving)?.left?;
    (now.since(end) > PATIENCE).then_some(end)
}

fn terminating(pod: &Pod, end: Stamp) -> Concern {
    let finalizers = pod.further.as_ref().map(|further| further.finalizers.join(", ")).unwrap_or_default();
    let why = match finalizers.as_str() {
        "" => "does not end: its kubelet has not confirmed it".to_owned(),
        held => format!("does not end: held by the finalizers {held}"),
    };
    Concern {
        health: Health::Warn,
        what: format!("Pod {}/{}", pod.key.namespace, pod.key.name),
        why,
        since: Some(end),
        opens: Some(format!("pod/{}", pod.key)),
    }
}

fn services(inventory: &Inventory, found: &mut Vec<Concern>) {
    for service in inventory.services() {
        let (health, ready, all) = service_state(inventory, service);
        if health != Health::Bad {
            continue;
        }
        let Key { namespace, name } = &service.key;
        let why = if all == 0 { "no endpoints".to_owned() } else { format!("{ready} of {all} endpoints ready") };
        let opens = Some(format!("service/{}", service.key));
        found.push(Concern { health, what: format!("Service {namespace}/{name}"), why, since: None, opens });
    }
}
