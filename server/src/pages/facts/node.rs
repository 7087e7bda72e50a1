//! A node.

use app::{
    source::{ConditionLine, FactLine, Facts},
    texts::what_if::SINGLE_POINT,
};
use scene::Health;
use topology::{
    Inventory, Stamp, drift,
    figure::is_master,
    graph::single_points,
    health::node_state,
    inventory::{AddressKind, Condition, Name, Node, Source, Truth},
    load,
    planned::PlannedHost,
};

use super::{blank, joined, line, link, moment, standing, told};
use crate::pages::purpose;

/// So many sentences about what is reached by this host alone.
const POINTS: usize = 8;

pub(super) fn facts(inventory: &Inventory, name: &str, now: Stamp) -> Option<Facts> {
    let Some(node) = inventory.node(name) else {
        return inventory.planned_host(name).map(|host| planned(inventory, host));
    };
    let state = node_state(inventory, node, now);
    let master = is_master(inventory, node);
    let (kind, for_what) = if master { ("Master", purpose::MASTER) } else { ("Node", purpose::NODE) };
    let mut facts = blank(kind, name, Some(state.health), for_what);
    let pods = inventory.pods_on(Some(&node.name)).count();
    facts.lines.push(line("State", state.long));
    facts.lines.push(line("Roles", joined(&node.roles)));
    for address in &node.addresses {
        let what = match address.kind {
            AddressKind::Internal => "Internal address",
            AddressKind::External => "External address",
            AddressKind::Host => "Host name",
        };
        facts.lines.push(line(what, &*address.value));
    }
    if let Some(host) = inventory.planned_host(name) {
        facts.lines.extend(plan(host));
    }
    for drift in drift::of_node(inventory, node) {
        let what = format!("planned {}, found {}. {}", drift.planned, drift.found, drift.kind.todo());
        facts.lines.push(line("Not as planned", what));
    }
    let points = single_points(inventory).into_iter().filter(|point| point.host == node.name).take(POINTS);
    facts.lines.extend(points.map(|point| line(SINGLE_POINT, point.to_string())));
    let room = node.room.map_or_else(|| pods.to_string(), |room| format!("{pods} of {room}"));
    facts.lines.push(link("Pods", room, format!("?at=node/{name}")));
    facts.lines.extend(load(inventory, node));
    facts.lines.push(line(
        "Pod addresses",
        if node.pod_cidrs.is_empty() { "unknown".into() } else { joined(&node.pod_cidrs) },
    ));
    facts.lines.push(line("Kubelet", told(&node.kubelet)));
    facts.lines.push(line("Container runtime", told(&node.runtime)));
    facts.lines.push(line("System", told(&node.os)));
    facts.lines.push(line("Kernel", told(&node.kernel)));
    facts.lines.push(line("Taints", joined(&node.taints)));
    facts.lines.push(line("New pods", if node.cordoned { "no: it is cordoned" } else { "yes" }));
    if let Some(lease) = inventory.lease("kube-node-lease", name) {
        facts.lines.push(line("Lease renewed", lease.renewed.map_or_else(|| "never".into(), moment)));
    }
    facts.lines.push(line("Created", moment(node.created)));
    let mut conditions: Vec<&Condition> = node.conditions.iter().collect();
    conditions.sort_by_key(|condition| std::cmp::Reverse(condition.since));
    facts.conditions = conditions.into_iter().map(self::condition).collect();
    Some(facts)
}

/// How much its pods have asked for of what they may ask for.
fn load(inventory: &Inventory, node: &Node) -> Vec<FactLine> {
    if let Some(gap) = inventory.scope().gap() {
        return vec![line("Requested", format!("unknown: {gap}"))];
    }
    let aged = match standing(inventory, Source::Pods, "") {
        Ok(aged) => aged,
        Err(unknown) => return vec![line("Requested", unknown)],
    };
    let Some(load) = load::of_node(inventory, node) else { return Vec::new() };
    if load.odd {
        return vec![line("Requested", "unknown: a request of its pods cannot be read")];
    }
    let row = |name: &str, asked: u64, all: Option<u64>, words: fn(u64) -> String| {
        let of = match all {
            None => "an unknown amount".into(),
            Some(0) => "none".into(),
            Some(all) => format!("{} ({} %)", words(all), load::percent(asked, all)),
        };
        line(&format!("{name} requested"), format!("{} of {of}{aged}", words(asked)))
    };
    let all = load.allocatable.as_ref();
    let asked = &load.requested;
    let mut lines = vec![
        row("CPU", asked.cpu, all.map(|all| all.cpu), load::cores),
        row("Memory", asked.memory, all.map(|all| all.memory), load::bytes),
    ];
    if asked.ephemeral > 0 {
        lines.push(row("Ephemeral storage", asked.ephemeral, all.map(|all| all.ephemeral), load::bytes));
    }
    let offered = all.into_iter().flat_map(|all| &all.extended).filter(|(_, amount)| *amount > 0);
    let names: std::collections::BTreeSet<&Name> = offered.chain(&asked.extended).map(|(name, _)| name).collect();
    for name in names {
        lines.push(row(name, asked.extended(name), all.map(|all| all.extended(name)), |count| count.to_string()));
    }
    lines
}

/// A host of the plan that is no node.
fn planned(inventory: &Inventory, host: &PlannedHost) -> Facts {
    let for_what = if host.master { purpose::MASTER } else { purpose::NODE };
    let mut facts = blank("Planned host", &host.name, Some(Health::Ghost), for_what);
    let known = inventory.heard(Source::Nodes).knows();
    facts.lines.push(line("State", if known { "planned; the cluster has no such node" } else { "planned" }));
    facts.lines.extend(plan(host));
    facts
}

fn plan(host: &PlannedHost) -> Vec<FactLine> {
    let addresses = host.addresses.iter().map(|(net, address)| line(&format!("Planned in {net}"), address.to_string()));
    std::iter::once(line("Planned roles", joined(&host.roles))).chain(addresses).collect()
}

fn condition(condition: &Condition) -> ConditionLine {
    let ready = &*condition.kind == "Ready";
    let health = match condition.truth {
        Truth::Unknown => Health::Unknown,
        Truth::True if ready => Health::Ok,
        Truth::False if !ready => Health::Ok,
        _ if ready => Health::Bad,
        _ => Health::Warn,
    };
    let truth = match condition.truth {
        Truth::True => "True",
        Truth::False => "False",
        Truth::Unknown => "Unknown",
    };
    ConditionLine {
        kind: condition.kind.to_string(),
        health,
        text: format!("{truth} · {} · {}", condition.reason, condition.message),
        since: moment(condition.since),
    }
}
