//! One node as the figure sees it, before it is drawn.

use std::collections::BTreeMap;

use scene::Health;

use super::{Filter, tally::Tally};
use crate::{
    Inventory, Stamp,
    drift::{self, Drift},
    health::{NodeState, Part, node_state, parts, planned_parts, pod_health},
    inventory::{ComponentKind, Name, Node, OwnerKind, Pod, Source},
    planned::PlannedHost,
};

/// What is kept of a node between two drawings.
#[derive(Clone, Debug, PartialEq)]
pub struct Digest {
    pub master: bool,
    /// Whether there is a Node object, and not only pods that name it.
    pub exists: bool,
    pub health: Health,
    /// Its pods, those that are drawn as components left out.
    pub pods: Tally,
    /// Whether its API server is up, when it should have one.
    pub apiserver: Option<Health>,
    /// How its etcd member fares, when it has one.
    pub etcd: Option<Health>,
    /// Its worst component other than the kubelet.
    pub worst_part: Option<Health>,
    /// Whether any pod of it passes the filter.
    pub matches: bool,
    /// Whether it has left the plan.
    pub drifted: bool,
}

/// A node with all that lies in it.
pub struct Sight<'a> {
    pub name: &'a Name,
    pub node: Option<&'a Node>,
    pub state: NodeState,
    pub parts: Vec<Part>,
    pub groups: Vec<PodGroup<'a>>,
    pub digest: Digest,
    /// Where it has left the plan.
    pub drift: Vec<Drift>,
}

/// Pods of one owner on one node.
pub struct PodGroup<'a> {
    pub namespace: &'a Name,
    /// `None` for pods that belong to nobody.
    pub owner: Option<(OwnerKind, Name)>,
    pub pods: Vec<(&'a Pod, Health)>,
    pub tally: Tally,
    pub matches: bool,
}

impl PodGroup<'_> {
    /// The owner's name, or the only pod's.
    pub fn label(&self) -> &str {
        match (&self.owner, self.pods.as_slice()) {
            (Some((_, name)), _) => name,
            (None, [(pod, _)]) => &pod.key.name,
            (None, _) => "without owner",
        }
    }

    /// The group's part of an id or an address, unique on its node.
    pub fn slug(&self) -> String {
        match &self.owner {
            Some((kind, name)) => format!("{}/{}/{name}", self.namespace, kind.word()),
            None => format!("{}/-/-", self.namespace),
        }
    }
}

/// Whether a node is a master: by its labels; else by the static pods on it.
pub fn is_master(inventory: &Inventory, node: &Node) -> bool {
    node.labelled_master()
        || inventory.components_on(&node.name).any(|pod| {
            pod.mirror && pod.component.as_ref().is_some_and(|component| component.kind == ComponentKind::ApiServer)
        })
}

/// Counts a node without looking into its groups: enough where nodes are cards or tiles.
pub fn digest(inventory: &Inventory, name: &Name, filter: &Filter, now: Stamp) -> Digest {
    let seen = seen(inventory, name, now);
    let says = seen.says(inventory);
    let mut pods = Tally::default();
    let mut matches = filter.is_empty() || filter.matches_node(name);
    for pod in inventory.pods_on(Some(name)).filter(|pod| !is_part(&seen.parts, pod)) {
        let health = pod_health(inventory, pod, says);
        pods.add(health);
        matches = matches || filter.matches(inventory, pod, health);
    }
    let drifted = seen.node.is_some_and(|node| !drift::of_node(inventory, node).is_empty());
    Digest { drifted, ..seen.digest(pods, matches) }
}

/// The state of a planned host that the cluster has no node of.
pub const MISSING: &str = "in plan, not in cluster";

/// System pods first, then by namespace and owner.
type GroupKey<'a> = (bool, &'a Name, Option<(OwnerKind, Name)>);

/// Looks at a node in full.
pub fn sight<'a>(inventory: &'a Inventory, name: &'a Name, filter: &Filter, now: Stamp) -> Sight<'a> {
    let seen = seen(inventory, name, now);
    let mut groups: BTreeMap<GroupKey<'a>, PodGroup<'a>> = BTreeMap::new();
    let mut pods = Tally::default();
    let mut matches = filter.is_empty() || filter.matches_node(name);
    for pod in inventory.pods_on(Some(name)).filter(|pod| !is_part(&seen.parts, pod)) {
        let health = pod_health(inventory, pod, seen.says(inventory));
        // A static pod belongs to its node; its own name says more.
        let owner = inventory.top_owner(pod).map(|(kind, owner)| match kind {
            OwnerKind::Node => (OwnerKind::Node, static_name(&pod.key.name, name)),
            other => (other, owner),
        });
        let group = groups.entry((!pod.is_system(), &pod.key.namespace, owner.clone())).or_insert_with(|| PodGroup {
            namespace: &pod.key.namespace,
            owner,
            pods: Vec::new(),
            tally: Tally::default(),
            matches: false,
        });
        group.matches = group.matches || filter.matches(inventory, pod, health);
        group.tally.add(health);
        group.pods.push((pod, health));
        pods.add(health);
    }
    let groups: Vec<_> = groups.into_values().collect();
    matches = matches || groups.iter().any(|group| group.matches);
    let digest = seen.digest(pods, matches);
    let drift = seen.node.map(|node| drift::of_node(inventory, node)).unwrap_or_default();
    Sight { name, node: seen.node, state: seen.state, parts: seen.parts, groups, digest, drift }
}

struct Seen<'a> {
    node: Option<&'a Node>,
    master: bool,
    state: NodeState,
    parts: Vec<Part>,
}

impl Seen<'_> {
    /// How the host fares, as far as its pods go by it: while nodes cannot be read, they speak for themselves.
    fn says(&self, inventory: &Inventory) -> Option<Health> {
        (self.node.is_some() || inventory.heard(Source::Nodes).knows()).then_some(self.state.health)
    }

    fn digest(&self, pods: Tally, matches: bool) -> Digest {
        let part = |kind| self.parts.iter().find(|part| part.kind == kind).map(|part| part.health);
        Digest {
            master: self.master,
            exists: self.node.is_some(),
            health: self.state.health,
            pods,
            apiserver: part(ComponentKind::ApiServer),
            // A planned one without a trace is no member that could be counted.
            etcd: self
                .parts
                .iter()
                .find(|part| part.kind == ComponentKind::Etcd && (part.pod.is_some() || part.health != Health::Unknown))
                .map(|part| part.health),
            worst_part: self
                .parts
                .iter()
                .filter(|part| part.health != Health::Unknown)
                .map(|part| part.health)
                .max_by_key(|health| health.severity()),
            matches,
            drifted: false,
        }
    }
}

fn seen<'a>(inventory: &'a Inventory, name: &'a Name, now: Stamp) -> Seen<'a> {
    let Some(node) = inventory.node(name) else {
        if let Some(host) = inventory.planned_host(name) {
            return ghost(inventory, host);
        }
        let (short, long) = if inventory.heard(Source::Nodes).knows() {
            ("not a node", format!("Pods are bound to {name}, but there is no such node."))
        } else {
            ("unknown", "Known from its pods alone: nodes cannot be read.".to_owned())
        };
        let state = NodeState { health: Health::Unknown, short: short.into(), long };
        return Seen { node: None, master: false, state, parts: Vec::new() };
    };
    let master = is_master(inventory, node);
    let state = node_state(inventory, node, now);
    let parts = parts(inventory, node, &state, master, now);
    Seen { node: Some(node), master, state, parts }
}

/// A host of the plan that is no node of the cluster.
fn ghost<'a>(inventory: &Inventory, host: &PlannedHost) -> Seen<'a> {
    let roles = host.roles.join(", ");
    let answers = host.addresses.iter().any(|(_, address)| inventory.answers(*address) == Some(true));
    let (short, long) = match (inventory.heard(Source::Nodes).knows(), answers) {
        (true, true) => ("answers, no node", format!("Planned as {roles}; its machine answers, but it is no node.")),
        (true, false) => (MISSING, format!("Planned as {roles}; the cluster has no such node.")),
        (false, true) => ("planned, answers", format!("Planned as {roles}; its machine answers.")),
        (false, false) => ("planned", format!("Planned as {roles}.")),
    };
    let state = NodeState { health: Health::Ghost, short: short.into(), long };
    Seen { node: None, master: host.master, parts: planned_parts(host), state }
}

/// Whether a pod is drawn as a component's chip rather than as a pod.
fn is_part(parts: &[Part], pod: &Pod) -> bool {
    pod.component.is_some() && parts.iter().any(|part| part.pod.as_ref() == Some(&pod.key))
}

/// A static pod's name without its node's at the end.
pub fn static_name(pod: &Name, node: &Name) -> Name {
    pod.strip_suffix(&**node).and_then(|name| name.strip_suffix('-')).map_or_else(|| pod.clone(), Into::into)
}
