//! What Kubernetes keeps in etcd: objects by resource, and the names of nodes.

use std::collections::{BTreeMap, BTreeSet};

/// Where API servers keep objects: by default, and OpenShift's.
const ROOTS: [&[u8]; 2] = [b"/registry/", b"/kubernetes.io/"];
const NODES: &[u8] = b"minions/";
const MOST_RESOURCES: usize = 4_096;
const MOST_NODES: usize = 10_000;
/// Longest name that Kubernetes gives.
const LONGEST: usize = 253;

#[derive(Default)]
pub(super) struct Registry {
    resources: BTreeMap<String, i64>,
    elsewhere: i64,
    /// Keys that are not of Kubernetes.
    beside: i64,
    nodes: BTreeSet<String>,
}

impl Registry {
    /// Takes in a record that makes `change` more keys. Whether it can be: no more of a resource went than came.
    pub fn take(&mut self, key: &[u8], deleted: bool, change: i64) -> bool {
        let below = ROOTS.into_iter().find_map(|root| key.strip_prefix(root));
        if let Some(node) = below.and_then(|rest| rest.strip_prefix(NODES)).and_then(name) {
            if deleted {
                self.nodes.remove(node);
            } else if self.nodes.len() < MOST_NODES && !self.nodes.contains(node) {
                self.nodes.insert(node.to_owned());
            }
        }
        if change == 0 {
            return true;
        }
        let room = self.resources.len() < MOST_RESOURCES;
        let known = |name: &&str| room || self.resources.contains_key(*name);
        let count = match below.map(|rest| resource(rest).filter(known)) {
            Some(Some(resource)) => self.resources.entry(resource.to_owned()).or_default(),
            Some(None) => &mut self.elsewhere,
            None => &mut self.beside,
        };
        *count += change;
        *count >= 0
    }

    /// Objects by resource, those of further resources, the nodes' names.
    pub fn ended(self) -> (BTreeMap<String, u64>, u64, Vec<String>) {
        let positive = |count: i64| u64::try_from(count).unwrap_or_default();
        let resources = self.resources.into_iter().map(|(name, count)| (name, positive(count)));
        (
            resources.filter(|(_, count)| *count > 0).collect(),
            positive(self.elsewhere),
            self.nodes.into_iter().collect(),
        )
    }
}

/// The resource of a key below the root: `pods/default/web` is of `pods`, and since groups have a dot in their names,
/// `example.org/widgets/default/one` is of `example.org/widgets`.
fn resource(rest: &[u8]) -> Option<&str> {
    let mut ends = rest.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(at, _)| at);
    let first = ends.next()?;
    let end = if rest[..first].contains(&b'.') { ends.next()? } else { first };
    name(&rest[..end])
}

fn name(bytes: &[u8]) -> Option<&str> {
    let fits = (1..=LONGEST).contains(&bytes.len()) && bytes.iter().all(u8::is_ascii_graphic);
    std::str::from_utf8(bytes).ok().filter(|_| fits)
}
