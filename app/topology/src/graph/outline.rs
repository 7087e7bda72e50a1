//! A cluster in words for programs that lay out themselves: machines with their parts and pods, what talks to what,
//! and which service leads where. Written as DOT or Mermaid.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use scene::Health;

use super::{Relation, Thing, Topology};
use crate::{
    Inventory, Stamp,
    figure::{Figure, Focus, View, is_master, service_state},
    health::{node_state, parts, pod_health},
    inventory::{Key, Source},
};

/// Pods beyond these are counted, node by node.
const PODS: usize = 400;
/// Nodes beyond these are left out, and it is said.
const NODES: usize = 200;
/// Mermaid draws no more arrows, and no longer texts, where nobody configured it otherwise.
const ARROWS: usize = 500;
const BYTES: usize = 50_000;
/// Of these bytes, so many are kept for arrows and for what is said of the rest.
const KEPT: usize = 10_000;

/// Groups of items and arrows between them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outline {
    /// What it shows.
    pub title: String,
    /// Machines, and what stands outside of them.
    pub groups: Vec<Group>,
    /// From one item's id to another's.
    pub arrows: BTreeSet<(String, String)>,
}

/// Items that belong together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Its name for people.
    pub name: String,
    /// What lies in it.
    pub items: Vec<Item>,
}

/// One thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// Unique in the outline.
    pub id: String,
    /// Its name for people.
    pub name: String,
    /// How it fares.
    pub health: Health,
}

/// The outline of what a view shows. What its filter would fade is left out, parts of machines excepted.
pub fn of(inventory: &Inventory, view: &View, now: Stamp) -> Outline {
    let focused = |name: &str| !matches!(&view.focus, Focus::Node(node) if **node != *name);
    let mut outline = Outline { title: view.figure.title().into(), ..Outline::default() };
    let mut shown: BTreeMap<Key, String> = BTreeMap::new();
    let counted = inventory.pods().len() > PODS && matches!(view.focus, Focus::Cluster);
    let nodes: Vec<_> = inventory.nodes().filter(|node| focused(&node.name)).collect();
    let left = nodes.len().saturating_sub(NODES);
    for node in nodes.into_iter().take(NODES) {
        let state = node_state(inventory, node, now);
        let master = is_master(inventory, node);
        let mut items: Vec<Item> = Vec::new();
        if view.figure == Figure::Architecture {
            items.extend(parts(inventory, node, &state, master, now).into_iter().map(|part| Item {
                id: format!("component/{}/{}", node.name, part.kind.program()),
                name: format!("{}{}", part.label, if part.leads { " (leader)" } else { "" }),
                health: part.health,
            }));
        }
        let pods = inventory.pods_on(Some(&node.name)).map(|pod| (pod, pod_health(inventory, pod, Some(state.health))));
        let pods: Vec<_> = pods.filter(|(pod, health)| view.filter.matches(inventory, pod, *health)).collect();
        let all = format!("pods/{}", node.name);
        for (pod, health) in &pods {
            let id = if counted { all.clone() } else { format!("pod/{}", pod.key) };
            shown.insert(pod.key.clone(), id.clone());
            if !counted {
                items.push(Item { id, name: pod.key.to_string(), health: *health });
            }
        }
        if counted && !pods.is_empty() {
            let worst = pods.iter().map(|(_, health)| *health).max().unwrap_or(Health::Unknown);
            items.push(Item { id: all, name: format!("{} pods", pods.len()), health: worst });
        }
        let kind = if master { "master" } else { "node" };
        outline.groups.push(Group { name: format!("{} ({kind}, {})", node.name, state.short), items });
    }
    let unlisted = inventory.missing_nodes().filter(|name| focused(name));
    let unlisted = unlisted.filter(|_| !inventory.heard(Source::Nodes).knows()).take(NODES);
    for name in unlisted {
        // Nodes may not be listed: a host is known by its pods, and these speak for themselves.
        let pods = inventory.pods_on(Some(name)).map(|pod| (pod, pod_health(inventory, pod, None)));
        let pods = pods.filter(|(pod, health)| view.filter.matches(inventory, pod, *health));
        let items: Vec<Item> = pods
            .map(|(pod, health)| {
                let id = format!("pod/{}", pod.key);
                shown.insert(pod.key.clone(), id.clone());
                Item { id, name: pod.key.to_string(), health }
            })
            .collect();
        outline.groups.push(Group { name: format!("{name} (named by its pods)"), items });
    }
    if left > 0 {
        let item = Item { id: "more".into(), name: format!("{left} more nodes"), health: Health::Unknown };
        outline.groups.push(Group { name: "Not shown".into(), items: vec![item] });
    }
    match view.figure {
        Figure::Architecture => talks(inventory, &mut outline),
        Figure::Networking => services(inventory, view, &shown, &mut outline),
    }
    outline
}

fn talks(inventory: &Inventory, outline: &mut Outline) {
    let there: BTreeSet<String> =
        outline.groups.iter().flat_map(|group| &group.items).map(|item| item.id.clone()).collect();
    let topology = Topology::of(inventory);
    let id = |thing: Thing| match thing {
        Thing::Component(node, kind) => Some(format!("component/{node}/{}", kind.program())),
        _ => None,
    };
    for vertex in topology.vertices() {
        let Some(from) = id(topology.thing(vertex)).filter(|id| there.contains(id)) else { continue };
        for (to, relation) in topology.from(vertex) {
            if relation == Relation::Talks
                && let Some(to) = id(topology.thing(to)).filter(|id| there.contains(id))
            {
                outline.arrows.insert((from.clone(), to));
            }
        }
    }
}

fn services(inventory: &Inventory, view: &View, shown: &BTreeMap<Key, String>, outline: &mut Outline) {
    let mut items = Vec::new();
    for service in inventory.services() {
        let (health, ready, total) = service_state(inventory, service);
        if !view.filter.matches_service(&service.key, health) {
            continue;
        }
        let id = format!("service/{}", service.key);
        let pods = inventory.endpoints_of(&service.key).flat_map(|set| &set.endpoints).filter_map(|endpoint| {
            let key = Key { namespace: service.key.namespace.clone(), name: endpoint.pod.clone()? };
            shown.get(&key)
        });
        outline.arrows.extend(pods.map(|pod| (id.clone(), pod.clone())));
        items.push(Item { id, name: format!("{} ({ready} of {total} ready)", service.key), health });
    }
    outline.groups.push(Group { name: "Services".into(), items });
}

/// For Graphviz.
pub fn dot(outline: &Outline) -> String {
    let mut out = format!("digraph {} {{\n", quoted(&outline.title));
    out.push_str("  rankdir=LR;\n  node [shape=box, fontname=\"DejaVu Sans\"];\n");
    for (number, group) in outline.groups.iter().enumerate() {
        let _ = writeln!(out, "  subgraph cluster_{number} {{\n    label={};", label(&group.name));
        for item in &group.items {
            let label = label(&labelled(item));
            let _ = writeln!(out, "    {} [label={label}, class=\"h-{}\"];", quoted(&item.id), item.health.word());
        }
        out.push_str("  }\n");
    }
    for (from, to) in &outline.arrows {
        let _ = writeln!(out, "  {} -> {};", quoted(from), quoted(to));
    }
    // At the end, so that no group inherits it.
    let _ = writeln!(out, "  label={};\n  labelloc=b;\n}}", label(&outline.title));
    out
}

/// For Mermaid. What would not be drawn is counted.
pub fn mermaid(outline: &Outline) -> String {
    let mut numbers: BTreeMap<&str, usize> = BTreeMap::new();
    let mut out = format!("---\ntitle: \"{}\"\n---\nflowchart LR\n", entities(&outline.title));
    let full = |out: &str| out.len() + KEPT > BYTES;
    let mut things = 0;
    for (number, group) in outline.groups.iter().enumerate() {
        if full(&out) {
            things += 1 + group.items.len();
            continue;
        }
        let _ = writeln!(out, "  subgraph g{number}[\"{}\"]", entities(&group.name));
        for item in &group.items {
            if full(&out) {
                things += 1;
                continue;
            }
            let next = numbers.len();
            let number = *numbers.entry(&item.id).or_insert(next);
            let _ = writeln!(out, "    n{number}[\"{}\"]", entities(&labelled(item)));
        }
        out.push_str("  end\n");
    }
    let mut arrows = 0;
    for (from, to) in &outline.arrows {
        let (Some(from), Some(to)) = (numbers.get(from.as_str()), numbers.get(to.as_str())) else { continue };
        if arrows == ARROWS || out.len() + KEPT / 10 > BYTES {
            break;
        }
        arrows += 1;
        let _ = writeln!(out, "  n{from} --> n{to}");
    }
    let arrows = outline.arrows.len() - arrows;
    if things + arrows > 0 {
        let _ = writeln!(out, "  more[\"Not shown: {things} things, {arrows} arrows\"]");
    }
    out
}

/// Nothing is said by colour alone: what is not well says so.
fn labelled(item: &Item) -> String {
    if item.health == Health::Ok { item.name.clone() } else { format!("{}: {}", item.name, item.health.adjective()) }
}

/// A quoted text of DOT that is shown, in which an `&` could begin an entity.
fn label(text: &str) -> String {
    quoted(&text.replace('&', "&amp;"))
}

/// A quoted text of DOT.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for char in text.chars() {
        match char {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            char if char.is_control() => out.push(' '),
            char => out.push(char),
        }
    }
    out.push('"');
    out
}

/// A text of Mermaid: whatever it could take for its own is written as an entity.
fn entities(text: &str) -> String {
    let mut out = String::new();
    for char in text.chars() {
        match char {
            char if char.is_control() => out.push(' '),
            char if char.is_alphanumeric() || " ./-_:,()".contains(char) => out.push(char),
            char => {
                let _ = write!(out, "#{};", u32::from(char));
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hostile() -> Outline {
        let item = |id: &str, name: &str| Item { id: id.into(), name: name.into(), health: Health::Bad };
        let items = vec![item("a\"]; b -> c;", "x\"]\nclick n0 call alert()"), item("b\\", "<script>`{}|#59;")];
        let arrows = BTreeSet::from([("a\"]; b -> c;".into(), "b\\".into())]);
        Outline { title: "t\"\nx".into(), groups: vec![Group { name: "g\"]\nend".into(), items }], arrows }
    }

    #[test]
    fn a_hostile_name_stays_one_text_of_dot() {
        let text = dot(&hostile());
        // Without what is escaped, quotes come in pairs on every line.
        for line in text.lines() {
            let bare = line.replace("\\\\", "").replace("\\\"", "");
            assert_eq!(bare.matches('"').count() % 2, 0, "{line}");
        }
        assert!(text.contains(r#""a\"]; b -> c;" -> "b\\";"#), "{text}");
    }

    #[test]
    fn a_hostile_name_stays_one_text_of_mermaid() {
        let text = mermaid(&hostile());
        assert!(!text.contains('<') && !text.contains('`') && !text.contains("\nclick"), "{text}");
        assert!(text.contains("n0 --> n1"), "{text}");
        for line in text.lines().filter(|line| line.contains('[')) {
            assert_eq!(line.matches('"').count(), 2, "{line}");
        }
    }

    #[test]
    fn mermaid_is_given_no_more_than_it_draws_and_the_rest_is_counted() {
        let item = |number: usize| Item { id: number.to_string(), name: "x".repeat(40), health: Health::Ok };
        let groups = |each: usize| {
            let group = |at: usize| Group { name: "g".into(), items: (at * each..(at + 1) * each).map(item).collect() };
            (0..10).map(group).collect::<Vec<_>>()
        };
        let arrows: BTreeSet<_> = (0..700).map(|n| (n.to_string(), (n + 1).to_string())).collect();
        let few = mermaid(&Outline { title: "t".into(), groups: groups(71), arrows: arrows.clone() });
        assert_eq!(few.matches("-->").count(), ARROWS);
        assert!(few.len() <= BYTES && few.contains("more[\"Not shown: 0 things, 200 arrows\"]"), "{} bytes", few.len());
        let many = mermaid(&Outline { title: "t".into(), groups: groups(400), arrows });
        let shown = many.matches("    n").count();
        let left = 4_010 - shown - many.matches("subgraph").count();
        assert!(many.len() <= BYTES && many.contains(&format!("Not shown: {left} things")), "{} bytes", many.len());
    }
}
