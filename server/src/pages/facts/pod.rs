//! A pod.

use app::source::Facts;
use scene::Health;
use topology::{
    Inventory, Stamp,
    health::{node_state, pod_health, pod_words},
    inventory::{Key, Pod},
};

use super::{blank, joined, line, link, moment};
use crate::pages::purpose;

/// How a pod fares, its node considered.
pub(super) fn health(inventory: &Inventory, pod: &Pod, now: Stamp) -> Health {
    let node = pod
        .node
        .as_ref()
        .map(|name| inventory.node(name).map_or(Health::Unknown, |node| node_state(inventory, node, now).health));
    pod_health(pod, node)
}

pub(super) fn facts(inventory: &Inventory, key: &Key, now: Stamp) -> Option<Facts> {
    let pod = inventory.pod(key)?;
    let health = health(inventory, pod, now);
    let mut facts = blank("Pod", &key.name, Some(health), purpose::POD);
    facts.lines.push(line("State", pod_words(pod, health)));
    facts.lines.push(line("Namespace", &*key.namespace));
    facts.lines.push(link("Way", "what reaches this pod", format!("?at=follow/pod/{key}")));
    facts.lines.push(match &pod.node {
        Some(node) => link("Node", &**node, format!("node/{node}")),
        None => line("Node", "none was found for it"),
    });
    facts.lines.push(line("Containers ready", format!("{} of {}", pod.containers_ready, pod.containers)));
    facts.lines.push(line("Restarts", pod.restarts.to_string()));
    if let Some((kind, name)) = &pod.owner {
        let top = inventory.top_owner(pod).filter(|top| Some(top) != pod.owner.as_ref());
        let chain = match top {
            Some((top, above)) => format!("{} {name} of {} {above}", kind.word(), top.word()),
            None => format!("{} {name}", kind.word()),
        };
        facts.lines.push(line("Belongs to", chain));
    }
    let addresses = if pod.addresses.is_empty() { "none yet".into() } else { joined(&pod.addresses) };
    facts.lines.push(line("Addresses", addresses));
    facts.lines.push(line("Network", if pod.host_network { "the node's own" } else { "its own" }));
    facts.lines.push(line("Since", moment(pod.created)));
    let services = inventory.services().filter(|service| {
        service.key.namespace == key.namespace
            && inventory
                .endpoints_of(&service.key)
                .flat_map(|set| &set.endpoints)
                .any(|end| end.pod.as_ref() == Some(&key.name))
    });
    for service in services {
        facts.lines.push(link("Answers for", service.key.to_string(), format!("service/{}", service.key)));
    }
    Some(facts)
}
