//! A way of traffic: where it passes, in the order in which it does, and what is to be said of it.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::inventory::{EndpointPort, Key, Name, Source};

/// A place that traffic passes. Their order is that of the way.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Place {
    /// Whatever is outside of the cluster.
    Internet,
    /// An address or a port that leads to a service.
    Entry(Entry),
    /// A service.
    Service(Key),
    /// One of its endpoints.
    Endpoint(Target),
    /// A pod.
    Pod(Key),
    /// A node.
    Node(Name),
    /// A network interface of a node. No Kubernetes API tells it: who knows the plan of the site
    /// adds it with [`Way::lead`].
    Interface {
        /// The node.
        node: Name,
        /// The interface, as in `eth1` or `eth1.101`.
        name: Name,
    },
    /// A network of the site, added like an interface.
    Network(Name),
}

/// Where a service is reached.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Entry {
    /// What makes it one.
    pub kind: EntryKind,
    /// Its address or host name; `None` where every node's address will do.
    pub address: Option<Name>,
    /// Its ports, in the order of the service's.
    pub doors: Vec<Door>,
}

/// What makes an address or port an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EntryKind {
    /// The address by which clients reach the API servers.
    Vip,
    /// `status.loadBalancer.ingress`.
    LoadBalancer,
    /// `spec.externalIPs`.
    ExternalIp,
    /// `spec.ports[].nodePort`, on every node.
    NodePort,
    /// `spec.clusterIPs`: for pods and nodes alone.
    ClusterIp,
}

impl EntryKind {
    /// The word for it, as the API has it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Vip => "VIP",
            Self::LoadBalancer => "LoadBalancer",
            Self::ExternalIp => "ExternalIP",
            Self::NodePort => "NodePort",
            Self::ClusterIp => "ClusterIP",
        }
    }

    /// Whether traffic from outside of the cluster comes this way.
    pub const fn is_outside(self) -> bool {
        !matches!(self, Self::ClusterIp)
    }
}

/// A port of an entry.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Door {
    /// The service's name for the port, often empty.
    pub name: Name,
    /// `protocol`.
    pub protocol: Name,
    /// The port that is knocked at.
    pub port: u16,
}

/// An endpoint of a service.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Target {
    /// Whose it is.
    pub service: Key,
    /// Its address.
    pub address: Name,
    /// Its ports: those of the pod, not of the service.
    pub ports: Vec<EndpointPort>,
}

/// Whether traffic gets through a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Passage {
    /// It does: a ready endpoint, pod or node, a service with a ready endpoint.
    Open,
    /// It does not.
    Closed,
    /// Nobody tells.
    Unknown,
}

/// A place on a way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hop {
    /// Which.
    pub place: Place,
    /// Whether traffic gets through.
    pub passage: Passage,
}

/// A network policy that selects pods on a way.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Guard {
    /// The policy.
    pub policy: Key,
    /// Whether it restricts what comes in.
    pub ingress: bool,
    /// Whether it restricts what goes out.
    pub egress: bool,
    /// The hops that are pods it selects, by their index.
    pub pods: Vec<usize>,
}

/// What is to be said of a way.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Note {
    /// There is nothing of the name, port or address that was asked for.
    Nothing,
    /// A source has not been heard, so that this part of the way is unknown;
    /// [`crate::Inventory::heard`] says why.
    Unheard(Source),
    /// What a source told is old.
    Stale(Source),
    /// The service has no endpoint at all.
    NoEndpoint(Key),
    /// It has endpoints, and none is ready.
    NoReadyEndpoint(Key),
    /// It is reached from inside the cluster alone.
    InsideOnly(Key),
    /// It has no address of its own: its name leads to the pods' addresses.
    Headless(Key),
    /// It is but another name for a host outside of the cluster.
    ExternalName(Key),
    /// From outside, only nodes with a ready endpoint answer for it.
    OwnNodeOnly(Key),
    /// Everything that reaches the service from outside passes this node.
    OnlyThrough(Key, Name),
    /// An endpoint names a pod that is not there.
    PodGone(Key),
    /// A VIP, and the node that holds it.
    HeldBy(Name, Name),
    /// Nothing answers at a VIP.
    Unheld(Name),
}

impl std::fmt::Display for Note {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Nothing => f.write_str("Nothing in the cluster goes by that name, port or address."),
            Self::Unheard(source) => write!(f, "What {} would tell is unknown.", source.word()),
            Self::Stale(source) => write!(f, "What {} told is old.", source.word()),
            Self::NoEndpoint(service) => write!(f, "Service {service} has no endpoint."),
            Self::NoReadyEndpoint(service) => write!(f, "Service {service} has no ready endpoint."),
            Self::InsideOnly(service) => write!(f, "Service {service} is reached from inside the cluster only."),
            Self::Headless(service) => {
                write!(f, "Service {service} has no address; its name leads to its pods' addresses.")
            }
            Self::ExternalName(service) => write!(f, "Service {service} is a name for a host outside of the cluster."),
            Self::OwnNodeOnly(service) => {
                write!(f, "From outside, only nodes with a ready endpoint answer for service {service}.")
            }
            Self::OnlyThrough(service, node) => {
                write!(f, "Everything that reaches service {service} from outside passes {node}.")
            }
            Self::PodGone(pod) => write!(f, "An endpoint names pod {pod}, which is gone."),
            Self::HeldBy(vip, node) => write!(f, "{node} holds the VIP {vip}."),
            Self::Unheld(vip) => write!(f, "Nothing answers at the VIP {vip}."),
        }
    }
}

/// A way of traffic: hops from where it comes to where it ends, and what leads from one to another.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Way {
    /// The hops in the order of [`Place`], each once; those added later stand at the end.
    pub hops: Vec<Hop>,
    /// From hop to hop, by their indexes, sorted; those added later stand at the end.
    pub links: Vec<(usize, usize)>,
    /// The policies that select pods on it; see also [`Note::Unheard`] of the policies.
    pub guards: Vec<Guard>,
    /// What is to be said, sorted.
    pub notes: Vec<Note>,
}

impl Way {
    /// The index of a place.
    pub fn find(&self, place: &Place) -> Option<usize> {
        self.hops.iter().position(|hop| hop.place == *place)
    }

    /// The hops that one leads to.
    pub fn after(&self, hop: usize) -> impl Iterator<Item = (usize, &Hop)> {
        let next = self.links.iter().filter(move |(from, _)| *from == hop).map(|(_, to)| *to);
        next.filter_map(|to| Some((to, self.hops.get(to)?)))
    }

    /// Whether something is said of it.
    pub fn says(&self, note: &Note) -> bool {
        self.notes.contains(note)
    }

    /// Leads on from a hop to a place that only the caller knows, as from a node to its interface
    /// and from there to a network; gives the place's index. A place that is there already is led
    /// to once more and keeps its passage.
    pub fn lead(&mut self, from: usize, place: Place, passage: Passage) -> usize {
        let to = self.find(&place).unwrap_or_else(|| {
            self.hops.push(Hop { place, passage });
            self.hops.len() - 1
        });
        if !self.links.contains(&(from, to)) {
            self.links.push((from, to));
        }
        to
    }
}

/// A way while it is being found, in any order.
#[derive(Default)]
pub(super) struct Trail {
    places: BTreeMap<Place, Passage>,
    links: BTreeSet<(Place, Place)>,
    guards: BTreeMap<Key, (bool, bool, BTreeSet<Key>)>,
    notes: BTreeSet<Note>,
}

impl Trail {
    pub(super) fn pass(&mut self, place: Place, passage: Passage) {
        self.places.insert(place, passage);
    }

    pub(super) fn has(&self, place: &Place) -> bool {
        self.places.contains_key(place)
    }

    pub(super) fn link(&mut self, from: &Place, to: &Place) {
        self.links.insert((from.clone(), to.clone()));
    }

    pub(super) fn guard(&mut self, policy: &Key, ways: (bool, bool), pod: &Key) {
        let guard = self.guards.entry(policy.clone()).or_insert_with(|| (ways.0, ways.1, BTreeSet::new()));
        guard.2.insert(pod.clone());
    }

    pub(super) fn note(&mut self, note: Note) {
        self.notes.insert(note);
    }

    pub(super) fn unsay(&mut self, note: &Note) {
        self.notes.remove(note);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    pub(super) fn pods(&self) -> Vec<Key> {
        let pod = |place: &Place| if let Place::Pod(key) = place { Some(key.clone()) } else { None };
        self.places.keys().filter_map(pod).collect()
    }

    pub(super) fn services(&self) -> Vec<Key> {
        let service = |place: &Place| if let Place::Service(key) = place { Some(key.clone()) } else { None };
        self.places.keys().filter_map(service).collect()
    }

    pub(super) fn finish(self) -> Way {
        let index: BTreeMap<&Place, usize> = self.places.keys().zip(0..).collect();
        let at = |place: &Place| index.get(place).copied();
        let mut links: Vec<(usize, usize)> =
            self.links.iter().filter_map(|(from, to)| Some((at(from)?, at(to)?))).collect();
        links.sort_unstable();
        let guards = self.guards.into_iter().map(|(policy, (ingress, egress, pods))| {
            let pods = pods.into_iter().filter_map(|pod| at(&Place::Pod(pod))).collect();
            Guard { policy, ingress, egress, pods }
        });
        let guards = guards.collect();
        let hops = self.places.into_iter().map(|(place, passage)| Hop { place, passage }).collect();
        Way { hops, links, guards, notes: self.notes.into_iter().collect() }
    }
}
