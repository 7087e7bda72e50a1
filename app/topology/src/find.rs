//! Finding nodes, services and pods by a part of their names.

use std::cmp::Ordering;

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
    /// How well its name fits: the best is 0.
    pub rank: u8,
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

/// Finds by name, whatever the case of the text; where no name holds it, by its letters in their order, as `kflan` finds
/// `kube-flannel`. `namespace/name` and `pod/`, `service/` or `node/` before it narrow it down. At most
/// `most` hits are told, all of them are counted. An empty text finds nothing.
pub fn find(inventory: &Inventory, text: &str, most: usize) -> Found {
    let whole = find_as(inventory, text, most, Fit::Part);
    if whole.total() > 0 {
        return whole;
    }
    find_as(inventory, text, most, Fit::Letters)
}

/// How a name has to fit a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fit {
    /// It holds the text.
    Part,
    /// It has the text's letters in their order.
    Letters,
}

/// The same as [`find`] by one way to fit: for a text that is sought in many clusters.
pub fn find_as(inventory: &Inventory, text: &str, most: usize, fit: Fit) -> Found {
    let text = text.trim().to_lowercase();
    let (only, text) = kind_of(&text);
    if text.is_empty() {
        return Found::default();
    }
    match fit {
        Fit::Part => searched(inventory, only, text, most, &rank),
        Fit::Letters => searched(inventory, only, text, most, &scattered_in),
    }
}

fn searched(
    inventory: &Inventory,
    only: Option<HitKind>,
    text: &str,
    most: usize,
    rank: &dyn Fn(&str, &str, &str) -> Option<u8>,
) -> Found {
    let wanted = |kind: HitKind| only.is_none_or(|only| only == kind);
    let mut found = Found::default();
    let mut ranked: Vec<Ranked> = Vec::new();
    let mut offer = |kind, namespace, name, node| {
        let rank = rank(namespace, name, text);
        ranked.extend(rank.map(|rank| Ranked { rank, kind, namespace, name, node }));
        usize::from(rank.is_some())
    };
    if wanted(HitKind::Node) {
        found.nodes = inventory.nodes().map(|node| offer(HitKind::Node, "", &node.name, None)).sum();
    }
    if wanted(HitKind::Service) {
        let each = inventory.services().map(|service| &service.key);
        found.services = each.map(|key| offer(HitKind::Service, &key.namespace, &key.name, None)).sum();
    }
    if wanted(HitKind::Pod) {
        let each = inventory.pods();
        found.pods = each.map(|pod| offer(HitKind::Pod, &pod.key.namespace, &pod.key.name, pod.node.as_ref())).sum();
    }
    // A letter is in nearly every name: only what is told is put in order.
    if ranked.len() > most {
        ranked.select_nth_unstable_by(most, Ranked::compare);
        ranked.truncate(most);
    }
    ranked.sort_by(Ranked::compare);
    found.hits = ranked.iter().map(Ranked::hit).collect();
    found
}

/// A name that fits, as it stands in the Inventory.
struct Ranked<'a> {
    rank: u8,
    kind: HitKind,
    namespace: &'a str,
    name: &'a str,
    node: Option<&'a Name>,
}

impl Ranked<'_> {
    fn compare(&self, other: &Self) -> Ordering {
        (self.rank, self.kind)
            .cmp(&(other.rank, other.kind))
            .then_with(|| natural(self.name, other.name))
            .then_with(|| self.namespace.cmp(other.namespace))
    }

    fn hit(&self) -> Hit {
        Hit { kind: self.kind, key: Key::new(self.namespace, self.name), node: self.node.cloned(), rank: self.rank }
    }
}

fn kind_of(text: &str) -> (Option<HitKind>, &str) {
    for kind in [HitKind::Node, HitKind::Service, HitKind::Pod] {
        if let Some(rest) = text.strip_prefix(kind.word()).and_then(|rest| rest.strip_prefix('/')) {
            return (Some(kind), rest);
        }
    }
    (None, text)
}

/// How well a name fits, the best first; none when it does not. Names of these kinds have no capitals.
fn rank(namespace: &str, name: &str, text: &str) -> Option<u8> {
    held(name, inside(namespace, text)?)
}

/// The same for a name that has the letters alone.
fn scattered_in(namespace: &str, name: &str, text: &str) -> Option<u8> {
    scattered(name, inside(namespace, text)?)
}

/// The text for a name, when the namespace before it is this one.
fn inside<'a>(namespace: &str, text: &'a str) -> Option<&'a str> {
    match text.split_once('/') {
        Some((wanted, text)) => (wanted == namespace).then_some(text),
        None => Some(text),
    }
}

/// How well a name fits a text, both in small letters: the best is 0, none does not fit at all.
pub fn fits(name: &str, text: &str) -> Option<u8> {
    held(name, text).or_else(|| scattered(name, text))
}

/// Whether a name has the letters of a text in their order, and how many other letters stand between them.
fn scattered(name: &str, text: &str) -> Option<u8> {
    // Two letters are in nearly every name.
    if text.len() < 3 {
        return None;
    }
    let first = text.chars().next()?;
    // Letters that do not follow here follow nowhere later: most names are left at their first start.
    let gaps = name.char_indices().filter(|(_, letter)| *letter == first).map_while(|(start, _)| {
        let (mut wanted, mut gap) = (text.chars().peekable(), 0_usize);
        for letter in name[start..].chars() {
            match wanted.peek() {
                None => break,
                Some(next) if *next == letter => drop(wanted.next()),
                Some(_) => gap += 1,
            }
        }
        wanted.peek().is_none().then_some(gap)
    });
    gaps.min().map(|gap| u8::try_from(gap.saturating_add(3)).unwrap_or(u8::MAX))
}

/// How well a name that holds a text fits it, both in small letters: 0 as a whole, 1 at its beginning, 2 elsewhere.
pub fn held(name: &str, text: &str) -> Option<u8> {
    match () {
        () if name == text => Some(0),
        () if name.starts_with(text) => Some(1),
        () if name.contains(text) => Some(2),
        () => None,
    }
}
