//! A pod.

use app::source::Facts;
use scene::Health;
use topology::{
    Inventory, Stamp,
    health::{host_health, pod_health, pod_words},
    inventory::{Key, Networks, Pod},
    load::{bytes, cores},
};

use super::{blank, budget, joined, line, link, moment, storage};
use crate::pages::purpose;

/// How a pod fares, its node considered.
pub(super) fn health(inventory: &Inventory, pod: &Pod, now: Stamp) -> Health {
    let node = pod.node.as_ref().and_then(|name| host_health(inventory, name, now));
    pod_health(inventory, pod, node)
}

/// What the scheduler counts for it.
fn requests(pod: &Pod) -> String {
    if pod.shape.odd {
        return "unknown: a part of its specification cannot be read".into();
    }
    let asked = &pod.shape.requests;
    let cpu = (asked.cpu > 0).then(|| format!("CPU {}", cores(asked.cpu)));
    let memory = (asked.memory > 0).then(|| format!("memory {}", bytes(asked.memory)));
    let disk = (asked.ephemeral > 0).then(|| format!("ephemeral storage {}", bytes(asked.ephemeral)));
    let others = asked.extended.iter().map(|(name, amount)| format!("{name} {amount}"));
    let all: Vec<String> = [cpu, memory, disk].into_iter().flatten().chain(others).collect();
    if all.is_empty() { "nothing".into() } else { all.join(", ") }
}

pub(super) fn facts(inventory: &Inventory, key: &Key, now: Stamp) -> Option<Facts> {
    let pod = inventory.pod(key)?;
    let health = health(inventory, pod, now);
    let mut facts = blank("Pod", &key.name, Some(health), purpose::POD);
    // On its way down it has the same health as one on its way up.
    facts.word = (health == Health::Starting && pod.leaving).then(|| "terminating".to_owned());
    facts.lines.push(line("State", pod_words(pod, health)));
    facts.lines.push(line("Namespace", &*key.namespace));
    facts.lines.push(link("Traffic", "how it is reached", format!("?at=follow/pod/{key}")));
    facts.lines.push(match &pod.node {
        Some(node) => link("Node", &**node, format!("node/{node}")),
        None => line("Node", "none: unscheduled"),
    });
    facts.lines.push(line("Requests", requests(pod)));
    facts.lines.extend(storage::lines(inventory, pod));
    facts.lines.extend(budget::of_pod(inventory, pod));
    facts.lines.push(line("Containers ready", format!("{} of {}", pod.containers_ready, pod.containers)));
    facts.lines.push(line("Restarts", pod.restarts.to_string()));
    if let Some((kind, name)) = &pod.owner {
        let top = inventory.top_owner(pod).filter(|top| Some(top) != pod.owner.as_ref());
        let chain = match top {
            Some((top, above)) => format!("{} {name} of {} {above}", kind.word(), top.word()),
            None => format!("{} {name}", kind.word()),
        };
        facts.lines.push(line("Owner", chain));
    }
    let addresses = if pod.addresses.is_empty() { "none yet".into() } else { joined(&pod.addresses) };
    facts.lines.push(line("Addresses", addresses));
    facts.lines.push(line("Network", if pod.host_network { "Host network" } else { "Pod network" }));
    facts.lines.push(line("Created", moment(pod.created)));
    match pod.networks.as_deref() {
        None => {}
        Some(Networks::Unreadable(why)) => facts.lines.push(line("Further networks", format!("unreadable: {why}"))),
        Some(Networks::Told(all)) => {
            for one in all.iter().filter(|one| !one.default) {
                let vlan = one.vlan.map(|vlan| format!(" VLAN {vlan}")).unwrap_or_default();
                let what = format!("{} on {}{vlan} {}", one.name, one.interface, joined(&one.addresses));
                facts.lines.push(line("Further network", what));
            }
        }
    }
    match inventory.policies_selecting(pod) {
        None => facts.lines.push(line("Network policies", "unknown: they cannot be read")),
        Some(policies) if policies.is_empty() => facts.lines.push(line("Network policies", "none apply")),
        Some(policies) => {
            for policy in policies {
                let ways = match (policy.ingress, policy.egress) {
                    (true, true) => "what comes in and goes out",
                    (false, true) => "what goes out",
                    _ => "what comes in",
                };
                facts.lines.push(line("Network policy", format!("{} restricts {ways}", policy.key.name)));
            }
        }
    }
    let services: std::collections::BTreeSet<Key> = inventory
        .endpoints_naming(key)
        .map(|set| Key { namespace: set.key.namespace.clone(), name: set.service.clone() })
        .filter(|service| inventory.service(service).is_some())
        .collect();
    for service in services {
        facts.lines.push(link("Service", service.to_string(), format!("service/{service}")));
    }
    Some(facts)
}
