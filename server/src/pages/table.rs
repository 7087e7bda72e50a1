//! The figure's facts in rows, complete whatever the figure folds.

use app::source::{Section, Table, TableRow};
use scene::Health;
use topology::{
    Inventory, Stamp,
    figure::{Focus, View, is_master, service_state},
    health::{host_health, node_state, parts, pod_health, pod_words},
    inventory::{AddressKind, Node, Resources},
    layout::natural,
    load::{self, Load},
};

/// Nodes with their components, pods, services. Filters leave out what does not match.
pub(super) fn table(inventory: &Inventory, view: &View, now: Stamp) -> Table {
    let sections = vec![nodes(inventory, view, now), pods(inventory, view, now), services(inventory, view)];
    Table { sections, choices: crate::view::choices(inventory) }
}

fn section(title: &str, columns: &[&str], rows: impl Iterator<Item = TableRow>) -> Section {
    let mut rows: Vec<TableRow> = rows.collect();
    let total = rows.len();
    rows.truncate(Section::PAGE);
    Section { title: title.into(), columns: columns.iter().map(ToString::to_string).collect(), rows, total }
}

fn nodes(inventory: &Inventory, view: &View, now: Stamp) -> Section {
    let mut nodes: Vec<&Node> = inventory.nodes().filter(|node| in_focus(view, &node.name)).collect();
    nodes.sort_by(|a, b| natural(&a.name, &b.name));
    let named = |node: &&Node| view.filter.text.is_none() || view.filter.matches_node(&node.name);
    let rows = nodes.into_iter().filter(named).map(|node| {
        let state = node_state(inventory, node, now);
        let master = is_master(inventory, node);
        let parts = parts(inventory, node, &state, master, now);
        let parts: Vec<String> = parts
            .iter()
            .map(|part| {
                format!("{}{}: {}", part.label, if part.leads { " (leader)" } else { "" }, part.health.adjective())
            })
            .collect();
        let load = load::of_node(inventory, node);
        TableRow {
            health: Some(state.health),
            cells: vec![
                node.name.to_string(),
                if master { "master" } else { "node" }.into(),
                node.address(AddressKind::Internal).map(ToString::to_string).unwrap_or_default(),
                state.short,
                parts.join(", "),
                inventory.pods_on(Some(&node.name)).count().to_string(),
                requested(load.as_ref(), |amounts| amounts.cpu, load::cores),
                requested(load.as_ref(), |amounts| amounts.memory, load::bytes),
            ],
            opens: Some(format!("node/{}", node.name)),
        }
    });
    section(
        "Nodes",
        &["Name", "Role", "Address", "Kubelet", "Components", "Pods", "CPU requested", "Memory requested"],
        rows,
    )
}

/// What is asked for of a resource, as in `3.5 of 16 (22 %)`.
fn requested(load: Option<&Load>, of: fn(&Resources) -> u64, words: fn(u64) -> String) -> String {
    let Some((load, share)) = load.and_then(|load| Some((load, load.share(of)?))) else { return "unknown".into() };
    let all = load.allocatable.as_ref().map(of).unwrap_or_default();
    format!("{} of {} ({share} %)", words(of(&load.requested)), words(all))
}

fn in_focus(view: &View, node: &str) -> bool {
    !matches!(&view.focus, Focus::Node(name) if **name != *node)
}

fn pods(inventory: &Inventory, view: &View, now: Stamp) -> Section {
    let mut health_of = std::collections::HashMap::new();
    let mut found: Vec<_> = inventory
        .pods()
        .filter(|pod| pod.node.as_ref().is_none_or(|node| in_focus(view, node)))
        .map(|pod| {
            let node = pod
                .node
                .as_ref()
                .and_then(|node| *health_of.entry(node.clone()).or_insert_with(|| host_health(inventory, node, now)));
            (pod, pod_health(inventory, pod, node))
        })
        .filter(|(pod, health)| view.filter.matches(inventory, pod, *health))
        .collect();
    // What needs a look comes first; the rest stays by namespace and name.
    found.sort_by_key(|(_, health)| std::cmp::Reverse(Some(*health).filter(|health| *health > Health::Starting)));
    let total = found.len();
    let rows = found.into_iter().take(Section::PAGE).map(|(pod, health)| TableRow {
        health: Some(health),
        cells: vec![
            pod.key.name.to_string(),
            pod.key.namespace.to_string(),
            pod.node.as_deref().unwrap_or("none").to_owned(),
            inventory.top_owner(pod).map(|(kind, name)| format!("{} {name}", kind.word())).unwrap_or_default(),
            pod_words(pod, health),
        ],
        opens: Some(format!("pod/{}", pod.key)),
    });
    Section { total, ..section("Pods", &["Name", "Namespace", "Node", "Owner", "Details"], rows) }
}

fn services(inventory: &Inventory, view: &View) -> Section {
    let rows = inventory
        .services()
        .map(|service| (service, service_state(inventory, service)))
        .filter(|(service, (health, ..))| view.filter.matches_service(&service.key, *health))
        .map(|(service, (health, ready, total))| TableRow {
            health: Some(health),
            cells: vec![
                service.key.name.to_string(),
                service.key.namespace.to_string(),
                service.kind.to_string(),
                service.cluster_ips.iter().map(|ip| &**ip).collect::<Vec<_>>().join(", "),
                format!("{ready} of {total}"),
            ],
            opens: Some(format!("service/{}", service.key)),
        });
    section("Services", &["Name", "Namespace", "Kind", "Addresses", "Endpoints ready"], rows)
}
