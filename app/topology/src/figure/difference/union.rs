//! All that was there at either of two moments.

use super::facts::Facts;
use crate::{
    Change, Inventory,
    inventory::{Fact, Key},
};

/// The later moment, with what is gone put back where it was. A pod that is elsewhere now stands at its old place under
/// the name that [`Facts`] gave it.
pub(super) fn union(before: &Inventory, after: &Inventory, facts: &Facts) -> Inventory {
    let mut union = after.clone();
    let mut put = |fact| drop(union.apply(Change::Put(fact)));
    if facts.tells_nodes {
        for node in before.nodes().filter(|node| after.node(&node.name).is_none()) {
            put(Fact::Node(Box::new(node.clone())));
        }
    }
    for owner in before.owners().filter(|owner| after.owner(&owner.kind, &owner.key).is_none()) {
        put(Fact::Owner(owner.clone()));
    }
    if facts.tells_pods {
        for pod in before.pods() {
            let name = match after.pod(&pod.key) {
                None => pod.key.name.clone(),
                Some(now) if now.node == pod.node => continue,
                Some(_) => Facts::old_name(pod),
            };
            let mut pod = pod.clone();
            pod.key = Key { namespace: pod.key.namespace.clone(), name };
            // The component's chip stands for it.
            if pod.component.is_some() && pod.node.as_ref().is_some_and(|node| after.node(node).is_some()) {
                continue;
            }
            put(Fact::Pod(Box::new(pod)));
        }
    }
    if facts.tells_services {
        for service in before.services().filter(|service| after.service(&service.key).is_none()) {
            put(Fact::Service(service.clone()));
            before.endpoints_of(&service.key).cloned().for_each(|set| put(Fact::Endpoints(set)));
        }
    }
    union
}
