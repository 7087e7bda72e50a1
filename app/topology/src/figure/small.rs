//! A cluster in small, for a page of many clusters: its sentence, and how each host fares.

use std::collections::BTreeMap;

use scene::Health;

use super::{Phrase, node::digest, summary, view::Filter};
use crate::{Inventory, Stamp, inventory::Name, layout::natural};

/// A cluster in small.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Small {
    /// The sentence of its figure.
    pub sentence: Vec<Phrase>,
    /// Its hosts, those that are planned or only named by pods among them: masters first, then by name.
    pub hosts: Vec<SmallHost>,
}

/// A host in small.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SmallHost {
    /// Its name.
    pub name: Name,
    /// Whether it is a master.
    pub master: bool,
    /// How it fares.
    pub health: Health,
}

/// A cluster in small at a moment. It costs a look at each pod.
pub fn small(inventory: &Inventory, now: Stamp) -> Small {
    let nodes = inventory.nodes().map(|node| &node.name);
    let names = nodes.chain(inventory.missing_nodes()).chain(inventory.unmet_hosts());
    let digests: BTreeMap<Name, _> =
        names.map(|name| (name.clone(), digest(inventory, name, &Filter::default(), now))).collect();
    let sentence = summary::sentence(inventory, &digests, now);
    let host = |(name, digest): (&Name, &super::node::Digest)| SmallHost {
        name: name.clone(),
        master: digest.master,
        health: digest.health,
    };
    let mut hosts: Vec<SmallHost> = digests.iter().map(host).collect();
    hosts.sort_by(|a, b| b.master.cmp(&a.master).then_with(|| natural(&a.name, &b.name)));
    Small { sentence, hosts }
}
