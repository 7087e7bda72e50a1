//! Who is drawn where: it follows from the nodes, the plan and the view alone, never from pods.

use std::collections::BTreeMap;

use super::{
    Focus,
    node::{Digest, is_master},
};
use crate::{
    Inventory,
    inventory::Name,
    layout::{Detail, natural},
};

/// Who is drawn where. It follows from the nodes and the view alone, never from pods.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Arrangement {
    pub masters: Vec<Name>,
    pub below: Vec<Below>,
    pub detail: Option<Detail>,
    pub focus: Option<Name>,
    pub of_node: BTreeMap<Name, usize>,
}

/// A box below the masters.
#[derive(Clone, Debug, PartialEq)]
pub enum Below {
    Node(Name),
    Group { key: Name, label: String, members: Vec<Name> },
}

impl Arrangement {
    pub fn of(inventory: &Inventory, digests: &BTreeMap<Name, Digest>, focus: &Focus) -> Self {
        let mut names: Vec<&Name> = digests.keys().collect();
        names.sort_by(|a, b| natural(a, b));
        let mut plan = Self::default();
        match focus {
            Focus::Node(name) => {
                plan.focus = digests.get_key_value(name).map(|(name, _)| name.clone());
                plan.of_node.extend(plan.focus.iter().map(|name| (name.clone(), 0)));
                return plan;
            }
            Focus::Way(_) => {}
            Focus::Group(key) => {
                let groups = groups(inventory, &others(inventory, &names).1);
                let members =
                    groups.into_iter().find(|(k, ..)| k == key).map(|(.., members)| members).unwrap_or_default();
                plan.detail = Some(Detail::of(members.len().max(19)));
                plan.below = members.into_iter().map(Below::Node).collect();
            }
            Focus::Cluster => {
                let (masters, others) = others(inventory, &names);
                plan.masters = masters;
                let detail = Detail::of(others.len());
                plan.detail = Some(detail);
                plan.below = match detail {
                    Detail::Groups => groups(inventory, &others)
                        .into_iter()
                        .map(|(key, label, members)| Below::Group { key, label, members })
                        .collect(),
                    _ => others.into_iter().map(Below::Node).collect(),
                };
            }
        }
        for (n, name) in plan.masters.iter().enumerate() {
            plan.of_node.insert(name.clone(), n);
        }
        for (n, below) in plan.below.iter().enumerate() {
            let n = n + plan.masters.len();
            match below {
                Below::Node(name) => plan.of_node.extend([(name.clone(), n)]),
                Below::Group { members, .. } => plan.of_node.extend(members.iter().map(|name| (name.clone(), n))),
            }
        }
        plan
    }

    pub fn len(&self) -> usize {
        self.masters.len() + self.below.len() + usize::from(self.focus.is_some())
    }

    /// Whether what is below the masters is drawn as frames.
    pub fn framed(&self) -> bool {
        matches!(self.detail, Some(Detail::Close | Detail::Frames))
    }
}

/// Masters that get frames, and all other nodes.
fn others(inventory: &Inventory, names: &[&Name]) -> (Vec<Name>, Vec<Name>) {
    let is_master = |name: &Name| match inventory.node(name) {
        Some(node) => is_master(inventory, node),
        None => inventory.planned_host(name).is_some_and(|host| host.master),
    };
    let (mut masters, mut others): (Vec<Name>, Vec<Name>) =
        names.iter().map(|name| (*name).clone()).partition(is_master);
    if masters.len() > Detail::MASTERS {
        others.extend(masters.split_off(Detail::MASTERS));
        others.sort_by(|a, b| natural(a, b));
    }
    (masters, others)
}

/// Nodes in groups of about a hundred, zone by zone: key, name for people, members.
fn groups(inventory: &Inventory, names: &[Name]) -> Vec<(Name, String, Vec<Name>)> {
    let mut zones: BTreeMap<Name, Vec<Name>> = BTreeMap::new();
    for name in names {
        let zone = inventory.node(name).and_then(|node| node.zone.clone()).unwrap_or_default();
        zones.entry(zone).or_default().push(name.clone());
    }
    let mut groups = Vec::new();
    for (zone, members) in zones {
        for (n, chunk) in members.chunks(Detail::GROUP).enumerate() {
            let label = if zone.is_empty() { format!("Nodes {}", n + 1) } else { format!("{zone} · {}", n + 1) };
            groups.push((format!("{zone}.{}", n + 1).into(), label, chunk.to_vec()));
        }
    }
    groups
}
