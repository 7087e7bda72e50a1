//! Where traffic to a service, a pod, a port or an address goes, and where it comes from.
//!
//! The cost is that of the services on the way, not of the cluster: the Inventory keeps what is
//! asked for here by address, port and pod.

use std::{collections::BTreeMap, net::IpAddr};

use serde::{Deserialize, Serialize};

use super::points::{Goal, SinglePoint, single_points_of};
use super::way::{Door, Entry, EntryKind, Note, Passage, Place, Target, Trail, Way};
use crate::{
    Inventory,
    drift::{self, Holder},
    inventory::{
        AddressKind, Endpoint, Heard, Key, Labels, Name, NetworkPolicy, Node, Pod, Resident, Service, ServicePort,
        Source, Truth,
    },
};

/// What to follow.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Question {
    /// A service: from every entry to its nodes.
    Service(Key),
    /// A pod: every service, endpoint and entry that leads to it.
    Pod(Key),
    /// A port that every node opens.
    NodePort(u16),
    /// A cluster, load balancer's, external or pod's address, a node's, or a VIP.
    Address(IpAddr),
    /// A load balancer's or an external host name.
    Host(Name),
}

impl std::fmt::Display for Question {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Service(key) => write!(f, "service {key}"),
            Self::Pod(key) => write!(f, "pod {key}"),
            Self::NodePort(port) => write!(f, "node port {port}"),
            Self::Address(address) => write!(f, "address {address}"),
            Self::Host(name) => write!(f, "host {name}"),
        }
    }
}

impl std::str::FromStr for Question {
    type Err = NoQuestion;

    /// From `service/NAMESPACE/NAME`, `pod/NAMESPACE/NAME`, `NAMESPACE/NAME` for a service, a port,
    /// an address or a host name with a dot.
    fn from_str(text: &str) -> Result<Self, NoQuestion> {
        let text = text.trim();
        if let Ok(port) = text.parse() {
            return Ok(Self::NodePort(port));
        }
        if let Ok(address) = text.parse() {
            return Ok(Self::Address(address));
        }
        match text.split('/').collect::<Vec<_>>().as_slice() {
            ["service", namespace, name] | [namespace, name] => Ok(Self::Service(Key::new(*namespace, *name))),
            ["pod", namespace, name] => Ok(Self::Pod(Key::new(*namespace, *name))),
            [host] if is_host(host) => Ok(Self::Host((*host).trim_end_matches('.').to_lowercase().into())),
            _ => Err(NoQuestion),
        }
    }
}

/// A text that asks for no way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoQuestion;

impl std::fmt::Display for NoQuestion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("trace NAMESPACE/SERVICE, pod/NAMESPACE/NAME, a node port, an address or a host name")
    }
}

impl std::error::Error for NoQuestion {}

/// What a way is told by.
const SOURCES: [Source; 5] =
    [Source::Nodes, Source::Pods, Source::Services, Source::Endpoints, Source::NetworkPolicies];

/// Follows.
pub fn follow(inventory: &Inventory, question: &Question) -> Way {
    let mut search = Search { inventory, trail: Trail::default() };
    match question {
        Question::Service(key) => {
            if let Some(service) = inventory.service(key) {
                search.service(service, &|_| true, None);
            }
        }
        Question::Pod(key) => {
            if let Some(pod) = inventory.pod(key) {
                search.pod_and_its_services(pod);
            }
        }
        Question::NodePort(port) => {
            for service in inventory.services_at_port(*port) {
                search.service(service, &|entry| at_node_port(entry, *port), None);
            }
        }
        Question::Address(address) => search.address(address.to_canonical()),
        Question::Host(host) => {
            for service in inventory.services().filter(|service| service.hosts().any(|name| same_host(name, host))) {
                let here = |entry: &Entry| entry.address.as_ref().is_some_and(|name| same_host(name, host));
                search.service(service, &here, None);
            }
        }
    }
    search.guards();
    search.single_points();
    search.standing(question);
    search.trail.finish()
}

fn at_node_port(entry: &Entry, port: u16) -> bool {
    entry.kind == EntryKind::NodePort && entry.doors.iter().any(|door| door.port == port)
}

/// Whether a text can be a host name that is told from others by a dot.
fn is_host(text: &str) -> bool {
    let label = |label: &str| !label.is_empty() && label.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c));
    let text = text.strip_suffix('.').unwrap_or(text);
    text.contains('.') && text.len() <= 253 && text.split('.').all(label)
}

fn same_host(a: &str, b: &str) -> bool {
    a.trim_end_matches('.').eq_ignore_ascii_case(b.trim_end_matches('.'))
}

fn is_at(name: &Name, address: IpAddr) -> bool {
    name.parse::<IpAddr>().is_ok_and(|known| known.to_canonical() == address)
}

struct Search<'a> {
    inventory: &'a Inventory,
    trail: Trail,
}

impl Search<'_> {
    fn address(&mut self, address: IpAddr) {
        let inventory = self.inventory;
        self.vip(address);
        for resident in inventory.at(address) {
            match resident {
                Resident::Service(key) => {
                    let here = |entry: &Entry| entry.address.as_ref().is_some_and(|name| is_at(name, address));
                    if let Some(service) = inventory.service(key) {
                        self.service(service, &here, None);
                    }
                }
                Resident::Pod(key) => {
                    if let Some(pod) = inventory.pod(key) {
                        self.pod_and_its_services(pod);
                    }
                }
                Resident::Node(name) => {
                    if let Some(node) = inventory.node(name) {
                        self.whole_node(node);
                    }
                }
            }
        }
    }

    /// A VIP leads to the API servers, the service of the cluster itself: the address by which the API is reached here,
    /// or one that the plan gives to keepalived.
    fn vip(&mut self, address: IpAddr) {
        let inventory = self.inventory;
        let entrance = inventory.entrance().and_then(|entrance| entrance.rsplit_once(':'));
        let entrance = entrance.map(|(host, port)| (host.trim_matches(['[', ']']), port));
        let here = entrance.filter(|(host, _)| host.parse().is_ok_and(|at: IpAddr| at.to_canonical() == address));
        let planned = inventory
            .planned()
            .and_then(|planned| planned.nets.iter().find(|net| net.vip.is_some_and(|vip| IpAddr::V4(vip) == address)));
        let of_a_node = inventory.at(address).any(|resident| matches!(resident, Resident::Node(_)));
        // With one master and no VIP, clients reach the API at the node's own address.
        if planned.is_none() && (here.is_none() || of_a_node) {
            return;
        }
        let port = here.and_then(|(_, port)| port.parse().ok());
        let door = |port| Door { name: "https".into(), protocol: "TCP".into(), port };
        let name: Name = address.to_string().into();
        let entry =
            Entry { kind: EntryKind::Vip, address: Some(name.clone()), doors: port.map(door).into_iter().collect() };
        let entry = Place::Entry(entry);
        let api = Key::new("default", "kubernetes");
        let mut passage = Passage::Unknown;
        if let Some(service) = inventory.service(&api) {
            passage = self.service(service, &|_| false, None);
            // By this address it is reached from outside as well.
            self.trail.unsay(&Note::InsideOnly(api.clone()));
            self.trail.link(&entry, &Place::Service(api));
        }
        if let Some(vip) = planned.and_then(|net| net.vip) {
            match drift::holder(inventory, vip) {
                Holder::Master(node) | Holder::Other(node) => self.trail.note(Note::HeldBy(name, node)),
                Holder::Somebody => {}
                Holder::Nobody => {
                    self.trail.note(Note::Unheld(name));
                    passage = Passage::Closed;
                }
                Holder::Unknown => passage = Passage::Unknown,
            }
        }
        self.enter(entry, passage);
    }

    fn enter(&mut self, entry: Place, passage: Passage) {
        self.trail.pass(Place::Internet, Passage::Open);
        self.trail.link(&Place::Internet, &entry);
        self.trail.pass(entry, passage);
    }

    /// A service with those of its entries that are asked for, and all its endpoints or those of
    /// one pod.
    fn service(&mut self, service: &Service, wanted: &dyn Fn(&Entry) -> bool, only: Option<&Pod>) -> Passage {
        let inventory = self.inventory;
        let place = Place::Service(service.key.clone());
        let (mut all, mut ready, mut last) = (0, 0, false);
        for set in inventory.endpoints_of(&service.key) {
            for endpoint in &set.endpoints {
                all += 1;
                ready += usize::from(endpoint.ready);
                last |= endpoint.serves_last;
                if only.is_none_or(|pod| endpoint.pod.as_ref() == Some(&pod.key.name)) {
                    self.endpoint(&service.key, endpoint);
                }
            }
        }
        let passage = match inventory.heard_in(Source::Endpoints, &service.key.namespace).knows() {
            // The name alone leads away; nothing here answers for it.
            _ if &*service.kind == "ExternalName" => {
                self.trail.note(Note::ExternalName(service.key.clone()));
                Passage::Unknown
            }
            false => Passage::Unknown,
            true if ready > 0 || last => Passage::Open,
            true => {
                let note = if all == 0 { Note::NoEndpoint } else { Note::NoReadyEndpoint };
                self.trail.note(note(service.key.clone()));
                Passage::Closed
            }
        };
        self.trail.pass(place.clone(), passage);
        let entries = entries(service);
        self.notes(service, &entries);
        for entry in entries.into_iter().filter(|entry| wanted(entry)) {
            let outside = entry.kind.is_outside();
            let entry = Place::Entry(entry);
            self.trail.link(&entry, &place);
            if outside {
                self.enter(entry, passage);
            } else {
                self.trail.pass(entry, passage);
            }
        }
        passage
    }

    fn notes(&mut self, service: &Service, entries: &[Entry]) {
        if &*service.kind == "ExternalName" {
            return;
        }
        let outside = entries.iter().any(|entry| entry.kind.is_outside());
        if entries.is_empty() {
            self.trail.note(Note::Headless(service.key.clone()));
        } else if !outside {
            self.trail.note(Note::InsideOnly(service.key.clone()));
        }
        if outside && service.local {
            self.trail.note(Note::OwnNodeOnly(service.key.clone()));
        }
    }

    fn endpoint(&mut self, service: &Key, endpoint: &Endpoint) {
        let target =
            Target { service: service.clone(), address: endpoint.address.clone(), ports: endpoint.ports.to_vec() };
        let place = Place::Endpoint(target);
        self.trail.link(&Place::Service(service.clone()), &place);
        if let Some(name) = &endpoint.pod {
            let key = Key { namespace: service.namespace.clone(), name: name.clone() };
            let pod = Place::Pod(key.clone());
            self.trail.link(&place, &pod);
            match self.inventory.pod(&key) {
                Some(fact) => self.pod(fact),
                None => {
                    let knows = self.inventory.heard_in(Source::Pods, &key.namespace).knows();
                    if knows {
                        self.trail.note(Note::PodGone(key));
                    }
                    let passage = if knows { Passage::Closed } else { Passage::Unknown };
                    self.trail.pass(pod.clone(), passage);
                    self.node(&pod, endpoint.node.as_ref());
                }
            }
        } else {
            let at = endpoint.address.parse().ok().into_iter().flat_map(|address| self.inventory.at(address));
            let node = at.filter_map(|resident| if let Resident::Node(name) = resident { Some(name) } else { None });
            let node = endpoint.node.clone().or_else(|| node.into_iter().next().cloned());
            self.node(&place, node.as_ref());
        }
        self.trail.pass(place, if endpoint.ready || endpoint.serves_last { Passage::Open } else { Passage::Closed });
    }

    fn pod(&mut self, pod: &Pod) {
        let place = Place::Pod(pod.key.clone());
        if !self.trail.has(&place) {
            self.node(&place, pod.node.as_ref());
            self.trail.pass(place, if pod.ready { Passage::Open } else { Passage::Closed });
        }
    }

    fn node(&mut self, from: &Place, name: Option<&Name>) {
        let Some(name) = name else { return };
        let place = Place::Node(name.clone());
        self.trail.link(from, &place);
        if !self.trail.has(&place) {
            let ready = self.inventory.node(name).and_then(|node| node.condition("Ready")).map(|ready| ready.truth);
            let passage = match ready {
                Some(Truth::True) => Passage::Open,
                Some(Truth::False) => Passage::Closed,
                Some(Truth::Unknown) | None => Passage::Unknown,
            };
            self.trail.pass(place, passage);
        }
    }

    fn pod_and_its_services(&mut self, pod: &Pod) {
        self.pod(pod);
        let mut keys: Vec<Key> = self
            .inventory
            .endpoints_naming(&pod.key)
            .map(|set| Key { namespace: set.key.namespace.clone(), name: set.service.clone() })
            .collect();
        keys.sort();
        keys.dedup();
        for service in keys.iter().filter_map(|key| self.inventory.service(key)) {
            self.service(service, &|_| true, Some(pod));
        }
    }

    /// A node that is asked for by its address: the ports it opens, with their services, and the
    /// pods on its own network.
    fn whole_node(&mut self, node: &Node) {
        let inventory = self.inventory;
        self.trail.pass(Place::Internet, Passage::Open);
        self.node(&Place::Internet, Some(&node.name));
        for pod in inventory.pods_on(Some(&node.name)).filter(|pod| pod.host_network) {
            self.pod(pod);
        }
        let address = [AddressKind::Internal, AddressKind::External].into_iter().find_map(|kind| node.address(kind));
        let mut doors: BTreeMap<Key, Vec<Door>> = BTreeMap::new();
        for (port, service) in inventory.node_ports() {
            let of = service.ports.iter().filter(|known| known.node_port == Some(port)).map(|known| door(known, port));
            doors.entry(service.key.clone()).or_default().extend(of);
        }
        for (service, doors) in doors {
            let entry = Place::Entry(Entry { kind: EntryKind::NodePort, address: address.cloned(), doors });
            let passage = self.passage(&service);
            let service = Place::Service(service);
            self.trail.link(&entry, &service);
            self.trail.pass(service, passage);
            self.enter(entry, passage);
        }
    }

    fn passage(&self, service: &Key) -> Passage {
        if !self.inventory.heard_in(Source::Endpoints, &service.namespace).knows() {
            return Passage::Unknown;
        }
        let mut sets = self.inventory.endpoints_of(service);
        let ready = sets.any(|set| set.endpoints.iter().any(|endpoint| endpoint.ready || endpoint.serves_last));
        if ready { Passage::Open } else { Passage::Closed }
    }

    /// The policies that select pods on the way. Pods with the same labels are selected by the same.
    fn guards(&mut self) {
        let inventory = self.inventory;
        let mut selecting: BTreeMap<(Name, Labels), Vec<&NetworkPolicy>> = BTreeMap::new();
        for key in self.trail.pods() {
            let Some(pod) = inventory.pod(&key) else { continue };
            let alike = (key.namespace.clone(), pod.labels.clone());
            let policies =
                selecting.entry(alike).or_insert_with(|| inventory.policies_selecting(pod).unwrap_or_default());
            for policy in policies {
                self.trail.guard(&policy.key, (policy.ingress, policy.egress), &key);
            }
        }
    }

    /// Nodes that no way to one of the services leads around.
    fn single_points(&mut self) {
        let services = self.trail.services();
        let services: Vec<&Service> = services.iter().filter_map(|key| self.inventory.service(key)).collect();
        for SinglePoint { goal, host } in single_points_of(self.inventory, &services) {
            if let Goal::Service(key) = goal {
                self.trail.note(Note::OnlyThrough(key, host));
            }
        }
    }

    /// How far what was found can be relied on.
    fn standing(&mut self, question: &Question) {
        let asked: &[Source] = match question {
            Question::Service(_) | Question::NodePort(_) | Question::Host(_) => &[Source::Services],
            Question::Pod(_) => &[Source::Pods],
            Question::Address(_) => &[Source::Nodes, Source::Pods, Source::Services],
        };
        if self.trail.is_empty() && asked.iter().all(|source| self.inventory.tells_all(*source)) {
            self.trail.note(Note::Nothing);
            return;
        }
        for source in SOURCES {
            match self.inventory.heard(source) {
                // What was not found may lie in a namespace that is not seen.
                Heard::Live | Heard::Listed { .. } if self.trail.is_empty() && !self.inventory.tells_all(source) => {
                    self.trail.note(Note::Unheard(source));
                }
                Heard::Live | Heard::Listed { .. } => {}
                Heard::Stale { .. } => self.trail.note(Note::Stale(source)),
                Heard::NotYet | Heard::Unread { .. } | Heard::NotServed | Heard::Forbidden { .. } => {
                    self.trail.note(Note::Unheard(source));
                }
            }
        }
    }
}

fn door(port: &ServicePort, at: u16) -> Door {
    Door { name: port.name.clone(), protocol: port.protocol.clone(), port: at }
}

/// Every entry of a service.
fn entries(service: &Service) -> Vec<Entry> {
    let own: Vec<Door> = service.ports.iter().map(|port| door(port, port.port)).collect();
    let at = |kind: EntryKind, addresses: &[Name]| -> Vec<Entry> {
        let entry = |address: &Name| Entry { kind, address: Some(address.clone()), doors: own.clone() };
        addresses.iter().map(entry).collect()
    };
    let mut entries = at(EntryKind::LoadBalancer, &service.balancer_ips);
    entries.extend(at(EntryKind::ExternalIp, &service.external_ips));
    let opened = service.ports.iter().filter_map(|port| Some(door(port, port.node_port?)));
    let opened: Vec<Door> = opened.collect();
    if !opened.is_empty() {
        entries.push(Entry { kind: EntryKind::NodePort, address: None, doors: opened });
    }
    entries.extend(at(EntryKind::ClusterIp, &service.cluster_ips));
    entries
}
