//! How a thing differs from what it was, in words: on a figure, in the list beside it, and in the history of the thing.

use std::collections::BTreeSet;

use crate::inventory::{Name, Node, Pod, Truth};

/// As in `leader host2, now host3`; none where nothing changed.
pub fn changed(name: &str, before: &str, after: &str) -> Option<String> {
    let shown = |text: &str| if text.is_empty() { "untold".to_owned() } else { text.to_owned() };
    (before != after).then(|| format!("{name} {}, now {}", shown(before), shown(after)))
}

/// How a host differs, but for its kubelet: that is a component of its own on a figure.
pub fn host(before: &Node, after: &Node) -> Vec<String> {
    let mut what: Vec<String> = Vec::new();
    let kinds: BTreeSet<&Name> = before.conditions.iter().chain(&after.conditions).map(|one| &one.kind).collect();
    for kind in kinds {
        let truth = |node: &Node| match node.condition(kind).map(|condition| condition.truth) {
            Some(Truth::True) => "True",
            Some(Truth::False) => "False",
            Some(Truth::Unknown) => "Unknown",
            None => "",
        };
        what.extend(changed(kind, truth(before), truth(after)));
    }
    if before.cordoned != after.cordoned {
        what.push(if after.cordoned { "cordoned" } else { "no longer cordoned" }.to_owned());
    }
    let joined = |names: &[Name]| names.iter().map(|name| &**name).collect::<Vec<_>>().join(", ");
    let taints =
        |node: &Node| -> Vec<Name> { node.taints.iter().map(|taint| taint.to_string().as_str().into()).collect() };
    what.extend(lists("taints", &taints(before), &taints(after)));
    what.extend(lists("roles", &before.roles, &after.roles));
    let addresses = |node: &Node| joined(&node.addresses.iter().map(|one| one.value.clone()).collect::<Vec<_>>());
    what.extend(changed("addresses", &addresses(before), &addresses(after)));
    for (name, before, after) in [
        ("runtime", &before.runtime, &after.runtime),
        ("kernel", &before.kernel, &after.kernel),
        ("system", &before.os, &after.os),
    ] {
        what.extend(changed(name, before, after));
    }
    what
}

/// As in `roles none, now worker`; none where nothing changed.
pub fn lists(name: &str, before: &[Name], after: &[Name]) -> Option<String> {
    let shown = |names: &[Name]| match names {
        [] => "none".to_owned(),
        names => names.iter().map(|name| &**name).collect::<Vec<_>>().join(", "),
    };
    (before != after).then(|| format!("{name} {}, now {}", shown(before), shown(after)))
}

/// How a pod differs from the one that had its name.
pub fn pod(before: &Pod, after: &Pod) -> Vec<String> {
    let mut what = Vec::new();
    if before.created != after.created {
        what.push("recreated".to_owned());
    }
    if before.ready != after.ready {
        what.push(if after.ready { "ready again" } else { "no longer ready" }.to_owned());
    }
    let fault = |reason: &Name| if reason.is_empty() { "none".to_owned() } else { reason.to_string() };
    if before.reason != after.reason {
        what.push(format!("fault {}, now {}", fault(&before.reason), fault(&after.reason)));
    }
    if after.restarts > before.restarts {
        what.push(format!("restarts {}, now {}", before.restarts, after.restarts));
    }
    what
}
