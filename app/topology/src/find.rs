//! Finding nodes, services and pods by a part of their names.

use crate::{
    Inventory,
    inventory::{Key, Name},
    layout::natural,
};

/// What kind of thing was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HitKind {
    /// A node.
    Node,
    /// A service.
    Service,
    /// A pod, of a component of the cluster or of anybody else.
    Pod,
}

impl HitKind {
    /// For people.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Node => "node",
            Self::Service => "service",
            Self::Pod => "pod",
        }
    }
}

/// One thing that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// What it is.
    pub kind: HitKind,
    /// Its namespace and name; no namespace of a node.
    pub key: Key,
    /// The node that a pod runs on.
    pub node: Option<Name>,
}

impl Hit {
    /// What it leads to, as in [`scene::Mark::opens`].
    pub fn opens(&self) -> String {
        match self.kind {
            HitKind::Node => format!("node/{}", self.key.name),
            kind => format!("{}/{}", kind.word(), self.key),
        }
    }
}

/// What a text finds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// The best hits: names that are the text, then names that begin with it, then names that hold it.
    pub hits: Vec<Hit>,
    /// How many nodes there are in all.
    pub nodes: usize,
    /// How many services.
    pub services: usize,
    /// How many pods.
    pub pods: usize,
}

impl Found {
    /// How many there are in all.
    pub const fn total(&self) -> usize {
        self.nodes + self.services + self.pods
    }
}

/// Finds by name, whatever the case. `namespace/name` and `pod/`, `service/` or `node/` before it narrow it down. At most
/// `most` hits are told, all of them are counted. An empty text finds nothing.
pub fn find(inventory: &Inventory, text: &str, most: usize) -> Found {
    let text = text.trim().to_lowercase();
    let (only, text) = kind_of(&text);
    if text.is_empty() {
        return Found::default();
    }
    let wanted = |kind: HitKind| only.is_none_or(|only| only == kind);
    let mut found = Found::default();
    let mut ranked: Vec<(u8, HitKind, Key, Option<Name>)> = Vec::new();
    for node in inventory.nodes().filter(|_| wanted(HitKind::Node)) {
        if let Some(rank) = rank("", &node.name, text) {
            found.nodes += 1;
            ranked.push((rank, HitKind::Node, Key::new("", node.name.clone()), None));
        }
    }
    for service in inventory.services().filter(|_| wanted(HitKind::Service)) {
        if let Some(rank) = rank(&service.key.namespace, &service.key.name, text) {
            found.services += 1;
            ranked.push((rank, HitKind::Service, service.key.clone(), None));
        }
    }
    for pod in inventory.pods().filter(|_| wanted(HitKind::Pod)) {
        if let Some(rank) = rank(&pod.key.namespace, &pod.key.name, text) {
            found.pods += 1;
            ranked.push((rank, HitKind::Pod, pod.key.clone(), pod.node.clone()));
        }
    }
    ranked.sort_by(|a, b| {
        (a.0, a.1).cmp(&(b.0, b.1)).then_with(|| natural(&a.2.name, &b.2.name)).then_with(|| a.2.cmp(&b.2))
    });
    ranked.truncate(most);
    found.hits = ranked.into_iter().map(|(_, kind, key, node)| Hit { kind, key, node }).collect();
    found
}

fn kind_of(text: &str) -> (Option<HitKind>, &str) {
    for kind in [HitKind::Node, HitKind::Service, HitKind::Pod] {
        if let Some(rest) = text.strip_prefix(kind.word()).and_then(|rest| rest.strip_prefix('/')) {
            return (Some(kind), rest);
        }
    }
    (None, text)
}

/// How well a name fits, the best first; none when it does not.
fn rank(namespace: &str, name: &str, text: &str) -> Option<u8> {
    let name = name.to_lowercase();
    let text = match text.split_once('/') {
        Some((wanted, text)) if wanted.eq_ignore_ascii_case(namespace) => text,
        Some(_) => return None,
        None => text,
    };
    match () {
        () if name == text => Some(0),
        () if name.starts_with(text) => Some(1),
        () if name.contains(text) => Some(2),
        () => None,
    }
}
