//! What differs, by what it stands for in a figure.

use std::collections::{BTreeMap, BTreeSet};

use scene::Differs;

use super::words;
use crate::{
    Inventory,
    figure::{bands::service_state, node::static_name},
    inventory::{ComponentKind, Name, OwnerKind, Pod, Source},
};

/// How something differs, and in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Told {
    pub differs: Differs,
    pub words: String,
}

impl Told {
    fn new(differs: Differs, words: impl Into<String>) -> Self {
        Self { differs, words: words.into() }
    }
}

/// A pod, or the pod that came in its place, on another host.
pub(super) struct Move {
    /// As it stands at its old place.
    pub was: String,
    /// As it stands at its new place.
    pub is: String,
    pub from: Name,
    pub to: Name,
}

/// What differs.
#[derive(Default)]
pub(super) struct Facts {
    pub tells_nodes: bool,
    pub tells_pods: bool,
    pub tells_services: bool,
    nodes: BTreeMap<Name, Told>,
    /// By node and program, as in `host1/etcd`.
    pub chips: BTreeMap<String, Told>,
    /// By namespace and name, as the union has it.
    pub pods: BTreeMap<String, Told>,
    pub services: BTreeMap<String, Told>,
    pub moves: Vec<Move>,
    /// Pods of a group on a node before and after, by node and slug.
    pub sizes: BTreeMap<String, (usize, usize)>,
    /// Pods that differ, by node and slug: how.
    groups: BTreeMap<String, Vec<Differs>>,
}

impl Facts {
    pub(super) fn of(before: &Inventory, after: &Inventory) -> Self {
        let told = |source| before.heard(source).knows() && after.heard(source).knows();
        // What only one of the moments was to see is neither new nor gone.
        let (before, after) = (&*before.seen_by(after), &*after.seen_by(before));
        let mut facts = Self {
            tells_nodes: told(Source::Nodes),
            tells_pods: told(Source::Pods),
            tells_services: told(Source::Services) && told(Source::Endpoints),
            ..Self::default()
        };
        if facts.tells_nodes {
            facts.compare_nodes(before, after);
        }
        if facts.tells_pods {
            facts.compare_pods(before, after);
            facts.compare_chips(before, after);
        }
        if facts.tells_services {
            facts.compare_services(before, after);
        }
        facts
    }

    /// The name of a pod at its old place, while one of its name stands elsewhere. No pod can be called so.
    pub(super) fn old_name(pod: &Pod) -> Name {
        format!("{}@{}", pod.key.name, pod.node.as_deref().unwrap_or_default()).into()
    }

    pub(super) fn node(&self, name: &str) -> Option<&Told> {
        self.nodes.get(name)
    }

    /// How many things differ, by how; a move is one thing.
    pub(super) fn counts(&self) -> Vec<(Differs, usize)> {
        let all = [&self.chips, &self.pods, &self.services].into_iter().flat_map(|map| map.values());
        let all: Vec<Differs> = self.nodes.values().chain(all).map(|told| told.differs).collect();
        let left: usize = self.moves.len();
        let count = |differs| all.iter().filter(|one| **one == differs).count();
        let counts = Differs::ALL.map(|differs| match differs {
            // The old places of what moved are no losses.
            Differs::Gone => (differs, count(differs).saturating_sub(left)),
            _ => (differs, count(differs)),
        });
        counts.into_iter().filter(|(_, count)| *count > 0).collect()
    }

    /// What differs within a group, by node and slug.
    pub(super) fn group(&self, slug: &str) -> Option<Told> {
        let differing = self.groups.get(slug)?;
        let (before, after) = self.sizes.get(slug).copied().unwrap_or_default();
        Some(match (before, after) {
            (_, 0) => Told::new(Differs::Gone, "all of its pods left this host."),
            (0, _) if differing.contains(&Differs::Moved) => Told::new(Differs::Moved, "it came from another host."),
            (0, _) => Told::new(Differs::New, "its pods are new on this host."),
            _ => Told::new(Differs::Changed, counted(differing)),
        })
    }

    /// What differs among all pods of a node.
    pub(super) fn on(&self, node: &str) -> Option<Told> {
        let prefix = format!("{node}/");
        let groups = self.groups.range(prefix.clone()..).take_while(|(slug, _)| slug.starts_with(&prefix));
        let differing: Vec<Differs> = groups.flat_map(|(_, differing)| differing.iter().copied()).collect();
        (!differing.is_empty()).then(|| Told::new(Differs::Changed, counted(&differing)))
    }

    fn compare_nodes(&mut self, before: &Inventory, after: &Inventory) {
        for node in before.nodes() {
            let told = match after.node(&node.name) {
                None => Some(Told::new(Differs::Gone, "it is no longer a node.")),
                Some(now) => sentence(&words::host(node, now)).map(|words| Told::new(Differs::Changed, words)),
            };
            self.nodes.extend(told.map(|told| (node.name.clone(), told)));
        }
        for node in after.nodes().filter(|node| before.node(&node.name).is_none()) {
            self.nodes.insert(node.name.clone(), Told::new(Differs::New, "it has become a node."));
        }
    }

    fn compare_pods(&mut self, before: &Inventory, after: &Inventory) {
        let (mut gone, mut new): (Vec<&Pod>, Vec<&Pod>) = (Vec::new(), Vec::new());
        for pod in before.pods() {
            self.size(before, pod, |size| size.0 += 1);
            match after.pod(&pod.key) {
                None => gone.push(pod),
                Some(now) if now.node != pod.node => {
                    let was = format!("{}/{}", pod.key.namespace, Self::old_name(pod));
                    self.moved(before, after, (pod, &was), now);
                }
                Some(now) => {
                    if let Some(words) = same_place(pod, now) {
                        self.pods.insert(pod.key.to_string(), Told::new(Differs::Changed, words));
                        self.grouped(after, now, Differs::Changed);
                    }
                }
            }
        }
        for pod in after.pods() {
            self.size(after, pod, |size| size.1 += 1);
            if before.pod(&pod.key).is_none() {
                new.push(pod);
            }
        }
        self.replaced(before, after, &mut gone, &mut new);
        for pod in gone {
            self.pods.insert(pod.key.to_string(), Told::new(Differs::Gone, "it is gone."));
            self.grouped(before, pod, Differs::Gone);
        }
        for pod in new {
            self.pods.insert(pod.key.to_string(), Told::new(Differs::New, "it is new."));
            self.grouped(after, pod, Differs::New);
        }
    }

    /// A pod that went and one of the same owner that came on another host are one that moved, by the order of names.
    fn replaced(&mut self, before: &Inventory, after: &Inventory, gone: &mut Vec<&Pod>, new: &mut Vec<&Pod>) {
        let mut came: BTreeMap<(Name, OwnerKind, Name), Vec<&Pod>> = BTreeMap::new();
        let owned = |inventory: &Inventory, pod: &Pod| {
            let (kind, name) = inventory.top_owner(pod)?;
            // Of these each belongs to its host: they come and go with it.
            let stays = matches!(kind, OwnerKind::DaemonSet | OwnerKind::Node | OwnerKind::Job);
            (!stays).then(|| (pod.key.namespace.clone(), kind, name))
        };
        let on = |inventory: &Inventory, pod: &Pod, owner: &(Name, OwnerKind, Name)| {
            inventory.pods_on(pod.node.as_ref()).any(|other| owned(inventory, other).as_ref() == Some(owner))
        };
        for pod in new.iter() {
            if let Some(owner) = owned(after, pod).filter(|owner| pod.node.is_some() && !on(before, pod, owner)) {
                came.entry(owner).or_default().push(pod);
            }
        }
        let mut paired: BTreeSet<String> = BTreeSet::new();
        for pod in gone.iter().filter(|pod| pod.node.is_some()) {
            let Some(owner) = owned(before, pod) else { continue };
            let Some(candidates) = came.get_mut(&owner).filter(|candidates| !candidates.is_empty()) else { continue };
            let now = candidates.remove(0);
            self.moved(before, after, (pod, &pod.key.to_string()), now);
            paired.extend([pod.key.to_string(), now.key.to_string()]);
        }
        gone.retain(|pod| !paired.contains(&pod.key.to_string()));
        new.retain(|pod| !paired.contains(&pod.key.to_string()));
    }

    fn moved(&mut self, before: &Inventory, after: &Inventory, (was, id): (&Pod, &str), is: &Pod) {
        let place = |pod: &Pod| pod.node.as_deref().unwrap_or("no host").to_owned();
        self.pods.insert(id.to_owned(), Told::new(Differs::Gone, format!("it moved to {}, as {}.", place(is), is.key)));
        let from = format!("it came from {}, where it was {}.", place(was), was.key);
        self.pods.insert(is.key.to_string(), Told::new(Differs::Moved, from));
        self.grouped(before, was, Differs::Gone);
        self.grouped(after, is, Differs::Moved);
        let place = |pod: &Pod| pod.node.clone().unwrap_or_else(|| "".into());
        self.moves.push(Move { was: id.to_owned(), is: is.key.to_string(), from: place(was), to: place(is) });
    }

    fn grouped(&mut self, inventory: &Inventory, pod: &Pod, differs: Differs) {
        if let Some(slug) = slug(inventory, pod) {
            self.groups.entry(slug).or_default().push(differs);
        }
    }

    fn size(&mut self, inventory: &Inventory, pod: &Pod, add: impl FnOnce(&mut (usize, usize))) {
        if let Some(slug) = slug(inventory, pod) {
            add(self.sizes.entry(slug).or_default());
        }
    }

    fn compare_chips(&mut self, before: &Inventory, after: &Inventory) {
        let (then, now) = (components(before), components(after));
        let both = |id: &(Name, ComponentKind)| {
            // A component of a host that came or went is told with it.
            before.node(&id.0).is_some() && after.node(&id.0).is_some()
        };
        let ids: BTreeSet<&(Name, ComponentKind)> = then.keys().chain(now.keys()).filter(|id| both(id)).collect();
        for id in ids {
            let told = match (then.get(id), now.get(id)) {
                (Some(_), None) => Some(Told::new(Differs::Gone, "it no longer runs here.")),
                (None, Some(_)) => Some(Told::new(Differs::New, "it runs here now.")),
                (Some(then), Some(now)) => component(then, now).map(|words| Told::new(Differs::Changed, words)),
                (None, None) => None,
            };
            self.chips.extend(told.map(|told| (format!("{}/{}", id.0, id.1.program()), told)));
            // Its chip stands for the pod.
            for pod in [then.get(id), now.get(id)].into_iter().flatten() {
                self.pods.remove(&pod.key.to_string());
            }
        }
        for node in before.nodes() {
            if let Some(now) = after.node(&node.name).filter(|now| now.kubelet != node.kubelet) {
                let words = format!("version {}, now {}.", node.kubelet, now.kubelet);
                self.chips.insert(format!("{}/kubelet", node.name), Told::new(Differs::Changed, words));
            }
        }
    }

    fn compare_services(&mut self, before: &Inventory, after: &Inventory) {
        for service in before.services() {
            let told = match after.service(&service.key) {
                None => Some(Told::new(Differs::Gone, "it is gone.")),
                Some(now) => {
                    let (_, was, _) = service_state(before, service);
                    let (_, is, _) = service_state(after, now);
                    let mut words = Vec::new();
                    if was != is {
                        words.push(format!("ready endpoints {was}, now {is}"));
                    }
                    if now != service {
                        words.push("defined otherwise".to_owned());
                    }
                    sentence(&words).map(|words| Told::new(Differs::Changed, words))
                }
            };
            self.services.extend(told.map(|told| (service.key.to_string(), told)));
        }
        for service in after.services().filter(|service| before.service(&service.key).is_none()) {
            self.services.insert(service.key.to_string(), Told::new(Differs::New, "it is new."));
        }
    }
}

/// A group's part of an id, with its node; none for a pod on no node.
fn slug(inventory: &Inventory, pod: &Pod) -> Option<String> {
    let node = pod.node.as_ref()?;
    let owner = inventory.top_owner(pod).map(|(kind, owner)| match kind {
        OwnerKind::Node => (kind, static_name(&pod.key.name, node)),
        _ => (kind, owner),
    });
    Some(match owner {
        Some((kind, name)) => format!("{node}/{}/{}/{name}", pod.key.namespace, kind.word()),
        None => format!("{node}/{}/-/-", pod.key.namespace),
    })
}

/// As in `2 gone, 1 new.`.
fn counted(differing: &[Differs]) -> String {
    let count = |differs: Differs| (differing.iter().filter(|one| **one == differs).count(), differs.word());
    let counts = Differs::ALL.map(count).into_iter().filter(|(count, _)| *count > 0);
    let words: Vec<String> = counts.map(|(count, word)| format!("{count} {word}")).collect();
    format!("of its pods {}.", words.join(", "))
}

fn sentence(words: &[String]) -> Option<String> {
    (!words.is_empty()).then(|| format!("{}.", words.join("; ")))
}

fn same_place(before: &Pod, after: &Pod) -> Option<String> {
    let mut words = words::pod(before, after);
    if before.phase != after.phase || before.leaving != after.leaving {
        words.push("in another phase".to_owned());
    }
    if before.images != after.images {
        words.push("other images".to_owned());
    }
    sentence(&words)
}

fn components(inventory: &Inventory) -> BTreeMap<(Name, ComponentKind), &Pod> {
    let parts = inventory.pods().filter_map(|pod| Some(((pod.node.clone()?, pod.component.as_ref()?.kind), pod)));
    parts.collect()
}

fn component(before: &Pod, after: &Pod) -> Option<String> {
    let mut words = Vec::new();
    if let (Some(was), Some(is)) = (&before.component, &after.component) {
        if was.version != is.version {
            words.push(format!("version {}, now {}", was.version, is.version));
        }
        if was.flags != is.flags {
            words.push("other flags".to_owned());
        }
    }
    if let Some(same) = same_place(before, after) {
        words.push(same.trim_end_matches('.').to_owned());
    }
    sentence(&words)
}
