//! Which values of a plan are secrets.

use crate::{
    Plan, Secret, Unknown,
    document::{Meaning, Node, Value, meaning},
    hidden::is_secret,
};

/// Every value of a tree under a key that tells a secret, as written and as Compass would see it.
pub(super) fn found(root: &Node) -> Vec<String> {
    let mut secrets = Vec::new();
    let mut left = vec![(root, false)];
    while let Some((node, hide)) = left.pop() {
        match &node.value {
            Value::Scalar { text, .. } if hide => {
                secrets.push(text.clone());
                if let Meaning::Number(seen) | Meaning::Fraction(seen) = meaning(text) {
                    secrets.push(seen);
                }
            }
            Value::Scalar { .. } => {}
            Value::List(nodes) => left.extend(nodes.iter().map(|node| (node, hide))),
            Value::Map(entries) => left.extend(entries.iter().map(|(key, node)| (node, hide || is_secret(key)))),
        }
    }
    secrets
}

/// A key that the types do not know, with what is secret in its value.
pub(super) fn unknown(key: &crate::At<String>, node: &Node) -> Unknown {
    if is_secret(key) {
        let secrets = scalars(node).into_iter().map(Secret::new).collect();
        return Unknown { key: key.clone(), value: crate::MASK.to_owned(), secrets };
    }
    Unknown {
        key: key.clone(),
        value: node.flow(is_secret),
        secrets: found(node).into_iter().map(Secret::new).collect(),
    }
}

fn scalars(node: &Node) -> Vec<String> {
    let mut texts = Vec::new();
    let mut left = vec![node];
    while let Some(node) = left.pop() {
        match &node.value {
            Value::Scalar { text, .. } => texts.push(text.clone()),
            Value::List(nodes) => left.extend(nodes),
            Value::Map(entries) => left.extend(entries.iter().map(|(_, node)| node)),
        }
    }
    texts
}

/// Every secret that a plan holds.
pub(super) fn of(plan: &Plan) -> Vec<&str> {
    let mut rests: Vec<&Vec<Unknown>> = Vec::new();
    let mut known = Vec::new();
    if let Some(dha) = &plan.dha {
        rests.push(&dha.rest);
        known.extend(&dha.ipmi_pass);
        for host in &dha.hosts {
            rests.push(&host.rest);
            known.extend(host.ipmi_pass.iter().chain(&host.power_pass));
        }
    }
    if let Some(network) = &plan.network {
        rests.push(&network.rest);
        rests.extend(network.interfaces.iter().map(|one| &one.rest));
        rests.extend(network.settings.iter().map(|one| &one.rest));
        rests.extend(network.bonds.iter().map(|one| &one.rest));
        rests.extend(network.provider_nets.iter().map(|one| &one.rest));
        rests.extend(network.internal_vip.iter().chain(&network.public_vip).map(|one| &one.rest));
        rests.extend(network.public_net.iter().map(|one| &one.rest));
        rests.extend(network.tenant_net.iter().map(|one| &one.rest));
    }
    let unknown = rests.into_iter().flatten().flat_map(|unknown| &unknown.secrets);
    let mut secrets: Vec<&str> = known.into_iter().map(|at| at.reveal()).chain(unknown.map(Secret::reveal)).collect();
    secrets.sort_unstable();
    secrets.dedup();
    secrets
}
