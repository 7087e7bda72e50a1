//! The pods of one owner on one node.

use app::source::Facts;
use topology::{
    Inventory, Stamp,
    health::pod_words,
    inventory::{Key, Name, OwnerKind},
};

use super::{blank, budget, line, link, moment, pod};
use crate::pages::purpose;

pub(super) fn facts(inventory: &Inventory, node: &str, kind: &str, key: &Key, now: Stamp) -> Option<Facts> {
    let wanted = OwnerKind::from_word(kind);
    let node: Name = node.into();
    let pods: Vec<_> = inventory
        .pods_on(Some(&node))
        .filter(|pod| pod.key.namespace == key.namespace)
        .filter(|pod| match inventory.top_owner(pod) {
            Some((OwnerKind::Node, _)) => wanted == OwnerKind::Node && pod.key.name.starts_with(&*key.name),
            Some((kind, name)) => kind == wanted && name == key.name,
            None => kind == "-",
        })
        .map(|pod| (pod, pod::health(inventory, pod, now)))
        .collect();
    let owner = inventory.owner(&wanted, key);
    if pods.is_empty() && owner.is_none() {
        return None;
    }
    let worst = pods.iter().map(|(_, health)| *health).max_by_key(|health| health.severity());
    let (kind_word, name) = if kind == "-" { ("Pods", "without owner") } else { (kind, &*key.name) };
    let mut facts = blank(kind_word, name, worst, purpose::owner(kind));
    facts.lines.push(line("Namespace", &*key.namespace));
    if let Some(owner) = owner {
        facts.lines.push(line("Ready in the whole cluster", format!("{} of {}", owner.ready, owner.wanted)));
        facts.lines.push(line("Created", moment(owner.created)));
    }
    facts.lines.extend(budget::of_owner(inventory, &wanted, key));
    facts.lines.push(link("Node", &*node, format!("node/{node}")));
    for (pod, health) in pods {
        facts.lines.push(link(
            "Pod",
            format!("{}: {}", pod.key.name, pod_words(pod, health)),
            format!("pod/{}", pod.key),
        ));
    }
    Some(facts)
}
