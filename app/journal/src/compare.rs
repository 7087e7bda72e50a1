//! What was different between two moments, by what an operator asks: hosts, control plane, services, workloads.

use std::collections::{BTreeMap, BTreeSet};

use topology::{
    Inventory,
    figure::words::{self, changed, lists},
    inventory::{Component, ComponentKind, Name, Node, OwnerKind, Pod, Source},
};

/// What it belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Group {
    /// Machines.
    Hosts,
    /// What makes it a cluster.
    ControlPlane,
    /// Services and their endpoints.
    Services,
    /// Pods, by what they belong to.
    Workloads,
}

impl Group {
    /// All of them, in the order in which they are told.
    pub const ALL: [Self; 4] = [Self::Hosts, Self::ControlPlane, Self::Services, Self::Workloads];

    /// Its word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Hosts => "hosts",
            Self::ControlPlane => "control plane",
            Self::Services => "services",
            Self::Workloads => "workloads",
        }
    }

    /// Its word as a heading.
    pub const fn heading(self) -> &'static str {
        match self {
            Self::Hosts => "Hosts",
            Self::ControlPlane => "Control plane",
            Self::Services => "Services",
            Self::Workloads => "Workloads",
        }
    }
}

/// One thing that was different.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// What it belongs to.
    pub group: Group,
    /// As in `host1`, `default/web`.
    pub name: String,
    /// In a few words, as in `new`, `gone`, `Ready True, now False`.
    pub what: String,
}

/// All that was different, in the order of groups and names. What a source did not tell at one of the moments is no
/// difference; the second part names these sources.
pub fn compare(before: &Inventory, after: &Inventory) -> (Vec<Difference>, Vec<Source>) {
    let told = |source: Source| before.heard(source).knows() && after.heard(source).knows();
    // What only one of the moments was to see is neither new nor gone.
    let (before, after) = (&*before.seen_by(after), &*after.seen_by(before));
    let untold = Source::ALL.into_iter().filter(|source| !told(*source)).collect();
    let mut found = Vec::new();
    if told(Source::Nodes) {
        hosts(before, after, &mut found);
    }
    control_plane(before, after, told(Source::Pods), told(Source::Leases), &mut found);
    if told(Source::Services) {
        services(before, after, told(Source::Endpoints), &mut found);
    }
    if told(Source::Pods) {
        workloads(before, after, &mut found);
    }
    (found, untold)
}

/// What was there at one of the moments or at both.
enum Pair<T> {
    Gone(T),
    New(T),
    Both(T, T),
}

/// What was there, by key, in the order of keys.
fn pairs<K: Ord, T>(
    before: impl IntoIterator<Item = (K, T)>,
    after: impl IntoIterator<Item = (K, T)>,
) -> BTreeMap<K, Pair<T>> {
    let mut pairs: BTreeMap<K, Pair<T>> = before.into_iter().map(|(key, one)| (key, Pair::Gone(one))).collect();
    for (key, one) in after {
        let pair = match pairs.remove(&key) {
            Some(Pair::Gone(before)) => Pair::Both(before, one),
            _ => Pair::New(one),
        };
        pairs.insert(key, pair);
    }
    pairs
}

impl<T> Pair<T> {
    /// That it is gone or new, or how it differs.
    fn told(self, differs: impl FnOnce(T, T) -> Vec<String>) -> Vec<String> {
        match self {
            Self::Gone(_) => vec!["gone".to_owned()],
            Self::New(_) => vec!["new".to_owned()],
            Self::Both(before, after) => differs(before, after),
        }
    }
}

fn hosts(before: &Inventory, after: &Inventory, found: &mut Vec<Difference>) {
    let (before, after) = (before.nodes(), after.nodes());
    for (name, pair) in pairs(before.map(|node| (&node.name, node)), after.map(|node| (&node.name, node))) {
        add(found, Group::Hosts, name, &pair.told(host));
    }
}

pub(crate) fn host(before: &Node, after: &Node) -> Vec<String> {
    let mut what = words::host(before, after);
    what.extend(changed("kubelet", &before.kubelet, &after.kubelet));
    what
}

fn control_plane(before: &Inventory, after: &Inventory, pods: bool, leases: bool, found: &mut Vec<Difference>) {
    let version = |inventory: &Inventory| inventory.version().map(ToString::to_string).unwrap_or_default();
    if !version(before).is_empty() && !version(after).is_empty() {
        add(
            found,
            Group::ControlPlane,
            "API server",
            &Vec::from_iter(changed("version", &version(before), &version(after))),
        );
    }
    if leases {
        for kind in [ComponentKind::Scheduler, ComponentKind::ControllerManager] {
            let holder = |inventory: &Inventory| {
                let lease = topology::health::leader_lease(inventory, kind);
                lease.map(|lease| lease.holder.split('_').next().unwrap_or_default().to_owned()).unwrap_or_default()
            };
            add(
                found,
                Group::ControlPlane,
                kind.program(),
                &Vec::from_iter(changed("leader", &holder(before), &holder(after))),
            );
        }
    }
    let failed = |inventory: &Inventory| -> BTreeSet<Name> {
        let checks = inventory.checks().into_iter().flatten();
        checks.filter(|(_, passed)| !**passed).map(|(name, _)| name.clone()).collect()
    };
    if before.checks().is_some() && after.checks().is_some() {
        let (before, after) = (failed(before), failed(after));
        for check in before.symmetric_difference(&after) {
            let what = if after.contains(check) { "no longer passes" } else { "passes again" };
            add(found, Group::ControlPlane, &format!("check {check}"), &[what.to_owned()]);
        }
    }
    if let (Some(before), Some(after)) = (before.etcd(), after.etcd()) {
        let leads = |etcd: &topology::inventory::Etcd| {
            let leader = etcd.members.iter().find(|member| member.told().is_some_and(|told| told.leads));
            leader.map(|member| member.name.to_string()).unwrap_or_default()
        };
        let names = |etcd: &topology::inventory::Etcd| -> Vec<Name> {
            etcd.members.iter().map(|member| member.name.clone()).collect()
        };
        let what = changed("leader", &leads(before), &leads(after)).into_iter();
        let what: Vec<String> = what.chain(lists("members", &names(before), &names(after))).collect();
        add(found, Group::ControlPlane, "etcd", &what);
    }
    if pods {
        components(before, after, found);
    }
}

fn components(before: &Inventory, after: &Inventory, found: &mut Vec<Difference>) {
    for ((node, kind), pair) in pairs(parts(before), parts(after)) {
        let what = pair.told(|(pod, part), (pod_now, part_now)| {
            let mut what = words::pod(pod, pod_now);
            what.extend(changed("version", &part.version, &part_now.version));
            if part.flags != part_now.flags {
                what.push("other flags".to_owned());
            }
            what
        });
        add(found, Group::ControlPlane, &format!("{} on {node}", kind.program()), &what);
    }
}

/// Components by the node and the kind; of two that run at once the later by name.
fn parts(inventory: &Inventory) -> BTreeMap<(&Name, ComponentKind), (&Pod, &Component)> {
    let parts = inventory.pods().filter_map(|pod| {
        let component = pod.component.as_deref()?;
        Some(((pod.node.as_ref()?, component.kind), (pod, component)))
    });
    parts.collect()
}

fn services(before: &Inventory, after: &Inventory, endpoints: bool, found: &mut Vec<Difference>) {
    let (there, now) = (before.services(), after.services());
    for (key, pair) in pairs(there.map(|one| (&one.key, one)), now.map(|one| (&one.key, one))) {
        let what = pair.told(|one, other| {
            let mut what = Vec::new();
            if one != other {
                what.push("defined otherwise".to_owned());
            }
            let ready = |inventory: &Inventory| {
                let sets = inventory.endpoints_of(key).flat_map(|set| &set.endpoints);
                sets.filter(|endpoint| endpoint.ready).count()
            };
            let (was, is) = (ready(before), ready(after));
            if endpoints && was != is {
                what.push(format!("ready endpoints {was}, now {is}"));
            }
            what
        });
        add(found, Group::Services, &key.to_string(), &what);
    }
}

/// The pods of workloads, by the namespace and the workload's kind and name.
type Workloads<'a> = BTreeMap<(&'a Name, String), Vec<&'a Pod>>;

fn by_owner(inventory: &Inventory) -> Workloads<'_> {
    let mut by_owner = Workloads::new();
    for pod in inventory.pods().filter(|pod| pod.component.is_none()) {
        let owner = match inventory.top_owner(pod) {
            Some((OwnerKind::Node, _)) | None => format!("pod {}", pod.key.name),
            Some((kind, name)) => format!("{} {name}", kind.word()),
        };
        by_owner.entry((&pod.key.namespace, owner)).or_default().push(pod);
    }
    by_owner
}

fn workloads(before: &Inventory, after: &Inventory, found: &mut Vec<Difference>) {
    for ((namespace, owner), pair) in pairs(by_owner(before), by_owner(after)) {
        let what = match pair {
            Pair::Gone(pods) => vec![format!("gone, with {}", count(pods.len(), "pod"))],
            Pair::New(pods) => vec![format!("new, with {}", count(pods.len(), "pod"))],
            Pair::Both(there, now) => workload(&there, &now),
        };
        add(found, Group::Workloads, &format!("{namespace}/{owner}"), &what);
    }
}

fn workload(there: &[&Pod], now: &[&Pod]) -> Vec<String> {
    let mut what = Vec::new();
    let ready = |pods: &[&Pod]| pods.iter().filter(|pod| pod.ready).count();
    if there.len() != now.len() {
        what.push(format!("{}, now {}", count(there.len(), "pod"), now.len()));
    }
    if ready(there) != ready(now) {
        what.push(format!("{} ready, now {}", ready(there), ready(now)));
    }
    let before: BTreeMap<&Name, &Pod> = there.iter().map(|pod| (&pod.key.name, *pod)).collect();
    let stayed = now.iter().filter(|pod| before.contains_key(&pod.key.name)).count();
    let (gone, new) = (there.len() - stayed, now.len() - stayed);
    if gone > 0 && new > 0 {
        what.push(format!("{} replaced", count(gone.min(new), "pod")));
    }
    let by_node = |pods: &[&Pod]| {
        let mut on: BTreeMap<Name, i64> = BTreeMap::new();
        for node in pods.iter().filter_map(|pod| pod.node.clone()) {
            *on.entry(node).or_default() += 1;
        }
        on
    };
    let (on, on_now) = (by_node(there), by_node(now));
    let nodes: BTreeSet<&Name> = on.keys().chain(on_now.keys()).collect();
    let moved = nodes.into_iter().filter_map(|node| {
        let by = on_now.get(node).copied().unwrap_or(0) - on.get(node).copied().unwrap_or(0);
        match by {
            0 => None,
            1.. => Some(format!("{by} more on {node}")),
            _ => Some(format!("{} fewer on {node}", -by)),
        }
    });
    what.extend(moved);
    let images = |pods: &[&Pod]| -> BTreeSet<Name> { pods.iter().flat_map(|pod| pod.images.iter().cloned()).collect() };
    let (were, are): (Vec<Name>, Vec<Name>) = (Vec::from_iter(images(there)), Vec::from_iter(images(now)));
    what.extend(lists("images", &were, &are));
    for pod in now {
        if let Some(one) = before.get(&pod.key.name) {
            let differs = words::pod(one, pod);
            if !differs.is_empty() {
                what.push(format!("{}: {}", pod.key.name, differs.join(", ")));
            }
        }
    }
    what
}

fn count(number: usize, word: &str) -> String {
    if number == 1 { format!("1 {word}") } else { format!("{number} {word}s") }
}

fn add(found: &mut Vec<Difference>, group: Group, name: &str, what: &[String]) {
    if !what.is_empty() {
        found.push(Difference { group, name: name.to_owned(), what: what.join("; ") });
    }
}
