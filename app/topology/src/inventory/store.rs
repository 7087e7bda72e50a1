//! The Inventory: facts by name, with the few indexes that a figure needs.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
};

use super::{
    Catalog, Change, EndpointSet, Etcd, EtcdMember, Fact, Heard, Key, Labels, Lease, Name, NetworkPolicy, Node, Owner,
    OwnerKind, Phase, Pod, Resident, Service, Source, Stamp, Touched, places::Places,
};
use crate::planned::{Planned, PlannedHost};

/// The facts of one cluster, live or as of a past moment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Inventory {
    planned: Option<Arc<Planned>>,
    answers: BTreeMap<Ipv4Addr, bool>,
    version: Option<Name>,
    entrance: Option<Name>,
    heard: BTreeMap<Source, Heard>,
    checks: Option<BTreeMap<Name, bool>>,
    etcd: Option<Arc<Etcd>>,
    nodes: BTreeMap<Name, Node>,
    /// Boxed, as they come: what is looked up and walked over by key stays small.
    pods: BTreeMap<Key, Box<Pod>>,
    pods_on: BTreeMap<Option<Name>, BTreeSet<Key>>,
    /// Those of [`Pod::is_behind`].
    behind: BTreeSet<Key>,
    services: BTreeMap<Key, Service>,
    endpoints: BTreeMap<Key, EndpointSet>,
    slices_of: BTreeMap<Key, BTreeSet<Key>>,
    namespaces: BTreeMap<Name, Labels>,
    leases: BTreeMap<Key, Lease>,
    owners: BTreeMap<(OwnerKind, Key), Owner>,
    policies: BTreeMap<Key, NetworkPolicy>,
    places: Places,
    catalog: Catalog,
}

impl Inventory {
    /// Takes one change in, and says what it touches; nothing, when it says what was known.
    pub fn apply(&mut self, change: Change) -> Touched {
        match change {
            Change::Put(fact) => self.put(fact),
            Change::Gone(source, key) => self.remove(source, &key),
            Change::Whole(source, named) => self.keep_only(source, &named),
            Change::Heard(source, heard) => {
                let before = self.heard.insert(source, heard.clone());
                match before.as_ref() == Some(&heard) {
                    true => Touched::default(),
                    false if Source::BESIDE.contains(&source) => Touched::beside(),
                    false => Touched::everything(),
                }
            }
            Change::Version(version) => {
                let before = self.version.replace(version.clone());
                if before == Some(version) { Touched::default() } else { Touched::around() }
            }
            Change::Entrance(entrance) => {
                let before = self.entrance.replace(entrance);
                if before == self.entrance { Touched::default() } else { Touched::around() }
            }
            Change::Answers(answers) => {
                let before = std::mem::replace(&mut self.answers, answers);
                if before == self.answers { Touched::default() } else { Touched::everything() }
            }
            Change::Planned(planned) => {
                let before = std::mem::replace(&mut self.planned, planned);
                if before == self.planned {
                    Touched::default()
                } else {
                    Touched { node_set: true, ..Touched::everything() }
                }
            }
            Change::Checks(checks) => {
                let before = self.checks.replace(checks);
                if before == self.checks { Touched::default() } else { Touched::everything() }
            }
            Change::Etcd(etcd) => self.put_etcd(etcd),
        }
    }

    /// What looks different at `now` although nothing was told since `before`: leases and
    /// heartbeats that ran out in between.
    pub fn elapsed(&self, before: Stamp, now: Stamp) -> Touched {
        let ran_out = |renewed: Option<Stamp>, lasts: i64| {
            renewed.is_some_and(|renewed| before.since(renewed) <= lasts && now.since(renewed) > lasts)
        };
        let mut touched = Touched::default();
        for lease in self.leases.values() {
            if ran_out(lease.renewed, lease.lasts) {
                touched.merge(self.touched_by_lease(lease));
            }
            // That nobody leads is said later, and in the sentence.
            touched.around |= lease.is_a_leaders() && ran_out(lease.renewed, lease.lasts + crate::health::OVERDUE);
        }
        for node in self.nodes.values() {
            let heartbeat = node.condition("Ready").and_then(|ready| ready.heartbeat);
            if ran_out(heartbeat, crate::health::HEARTBEAT_LASTS) {
                touched.nodes.insert(node.name.clone());
            }
        }
        touched
    }

    /// What a source has told so far.
    pub fn heard(&self, source: Source) -> &Heard {
        static NOT_YET: Heard = Heard::NotYet;
        self.heard.get(&source).unwrap_or(&NOT_YET)
    }

    /// The API server's version, once told.
    pub fn version(&self) -> Option<&Name> {
        self.version.as_ref()
    }

    /// Where clients reach the API, once told.
    pub fn entrance(&self) -> Option<&Name> {
        self.entrance.as_ref()
    }

    /// The API server's own checks, once told.
    pub fn checks(&self) -> Option<&BTreeMap<Name, bool>> {
        self.checks.as_ref()
    }

    /// What etcd's own API tells, once it was asked.
    pub fn etcd(&self) -> Option<&Etcd> {
        self.etcd.as_deref()
    }

    /// The member of etcd that runs on a node, by etcd's own word.
    pub fn etcd_on(&self, node: &Node) -> Option<(&Etcd, &EtcdMember)> {
        let etcd = self.etcd.as_deref()?;
        let planned = self.planned_host(&node.name);
        Some((etcd, etcd.members.iter().find(|member| member.is_on(node, planned))?))
    }

    /// All nodes by name.
    pub fn nodes(&self) -> impl ExactSizeIterator<Item = &Node> {
        self.nodes.values()
    }

    /// One node.
    pub fn node(&self, name: &str) -> Option<&Node> {
        self.nodes.get(name)
    }

    /// All pods by namespace and name.
    pub fn pods(&self) -> impl ExactSizeIterator<Item = &Pod> {
        self.pods.values().map(|pod| &**pod)
    }

    /// Pods that failed or are not ready, by key. Its cost is theirs, however many pods there are.
    pub fn pods_behind(&self) -> impl ExactSizeIterator<Item = &Pod> {
        self.behind.iter().map(|key| &*self.pods[key])
    }

    /// The pods of a namespace, by name.
    pub fn pods_in(&self, namespace: &str) -> impl Iterator<Item = &Pod> {
        let start = Key::new(namespace, "");
        let namespace = start.namespace.clone();
        self.pods.range(start..).map(|(_, pod)| &**pod).take_while(move |pod| pod.key.namespace == namespace)
    }

    /// One pod.
    pub fn pod(&self, key: &Key) -> Option<&Pod> {
        self.pods.get(key).map(|pod| &**pod)
    }

    /// The pods bound to a node that may or may not exist, or to none, by namespace and name.
    pub fn pods_on<'a>(&'a self, node: Option<&Name>) -> impl Iterator<Item = &'a Pod> {
        self.pods_on.get(&node.cloned()).into_iter().flatten().filter_map(|key| self.pod(key))
    }

    /// Pods on a node that are components of it, in the order of their names.
    pub fn components_on<'a>(&'a self, node: &'a Name) -> impl Iterator<Item = &'a Pod> {
        self.places.components_on(node).filter_map(|key| self.pod(key))
    }

    /// Names of nodes that pods are bound to although there is no such node.
    pub fn missing_nodes(&self) -> impl Iterator<Item = &Name> {
        self.pods_on.keys().flatten().filter(|name| !self.nodes.contains_key(*name))
    }

    /// All services.
    pub fn services(&self) -> impl ExactSizeIterator<Item = &Service> {
        self.services.values()
    }

    /// One service.
    pub fn service(&self, key: &Key) -> Option<&Service> {
        self.services.get(key)
    }

    /// The endpoint sets of a service.
    pub fn endpoints_of<'a>(&'a self, service: &Key) -> impl Iterator<Item = &'a EndpointSet> {
        self.slices_of.get(service).into_iter().flatten().filter_map(|key| self.endpoints.get(key))
    }

    /// All endpoint sets, by their own namespace and name.
    pub fn endpoint_sets(&self) -> impl ExactSizeIterator<Item = &EndpointSet> {
        self.endpoints.values()
    }

    /// What the cluster was to be, when that was told.
    pub fn planned(&self) -> Option<&Planned> {
        self.planned.as_deref()
    }

    /// The plan's host that a node is, by its name.
    pub fn planned_host(&self, node: &str) -> Option<&PlannedHost> {
        self.planned.as_ref()?.host(node)
    }

    /// Whether anything answered at an address of the plan, when that was tried.
    pub fn answers(&self, address: Ipv4Addr) -> Option<bool> {
        self.answers.get(&address).copied()
    }

    /// Names of planned hosts that are neither nodes nor known from their pods.
    pub fn unmet_hosts(&self) -> impl Iterator<Item = &Name> {
        self.missing_hosts().filter(|host| !self.pods_on.contains_key(&Some((*host).clone())))
    }

    /// Names of planned hosts that are no nodes.
    pub fn missing_hosts(&self) -> impl Iterator<Item = &Name> {
        let hosts = self.planned.iter().flat_map(|planned| &planned.hosts).map(|host| &host.name);
        let label = |node: &Name, host: &Name| node.strip_prefix(&**host).is_some_and(|rest| rest.starts_with('.'));
        hosts.filter(move |host| {
            !self.nodes.contains_key(*host)
                && !self.nodes.range((*host).clone()..).take(64).any(|(node, _)| label(node, host))
        })
    }

    /// All namespaces that were told.
    pub fn namespaces(&self) -> impl ExactSizeIterator<Item = &Name> {
        self.namespaces.keys()
    }

    /// The labels of a namespace; `None` while it was not told.
    pub fn namespace_labels(&self, name: &str) -> Option<&Labels> {
        self.namespaces.get(name)
    }

    /// Budgets, claims, volumes and what else no figure shows.
    pub fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// One lease.
    pub fn lease(&self, namespace: &str, name: &str) -> Option<&Lease> {
        self.leases.get(&Key::new(namespace, name))
    }

    /// The leases of a namespace.
    pub fn leases_in(&self, namespace: &str) -> impl Iterator<Item = &Lease> {
        let start = Key::new(namespace, "");
        let namespace = start.namespace.clone();
        self.leases.range(start..).map(|(_, lease)| lease).take_while(move |lease| lease.key.namespace == namespace)
    }

    /// All owners.
    pub fn owners(&self) -> impl ExactSizeIterator<Item = &Owner> {
        self.owners.values()
    }

    /// One owner.
    pub fn owner(&self, kind: &OwnerKind, key: &Key) -> Option<&Owner> {
        self.owners.get(&(kind.clone(), key.clone()))
    }

    /// Whether no workload that a service selects wants a pod: it was scaled to zero.
    pub fn is_scaled_to_zero(&self, service: &Service) -> bool {
        let selected = |owner: &Owner| match owner.labels.is_empty() {
            true => owner.key.name == service.key.name,
            false => service.selector.iter().all(|(name, value)| owner.labels.get(name) == Some(value)),
        };
        let mut wanted = [OwnerKind::Deployment, OwnerKind::StatefulSet].into_iter().flat_map(|kind| {
            let start = (kind.clone(), Key { namespace: service.key.namespace.clone(), name: "".into() });
            let here = self.owners.range(start..).map(|(_, owner)| owner);
            let here = here.take_while(move |owner| owner.kind == kind && owner.key.namespace == service.key.namespace);
            here.filter(|owner| selected(owner)).map(|owner| owner.wanted)
        });
        service.selects && wanted.next() == Some(0) && wanted.all(|wanted| wanted == 0)
    }

    /// All network policies.
    pub fn policies(&self) -> impl ExactSizeIterator<Item = &NetworkPolicy> {
        self.policies.values()
    }

    /// The network policies that select a pod; `None` while they are not known, as when they may not
    /// be read.
    pub fn policies_selecting<'a>(&'a self, pod: &Pod) -> Option<Vec<&'a NetworkPolicy>> {
        if !self.heard(Source::NetworkPolicies).knows() {
            return None;
        }
        let start = Key { namespace: pod.key.namespace.clone(), name: "".into() };
        let here = self.policies.range(start..).map(|(_, policy)| policy);
        let here = here.take_while(|policy| policy.key.namespace == pod.key.namespace);
        Some(here.filter(|policy| policy.selects.matches(&pod.labels)).collect())
    }

    /// What has an address.
    pub fn at(&self, address: IpAddr) -> impl Iterator<Item = &Resident> {
        self.places.at(address)
    }

    /// The services that every node opens a port for.
    pub fn services_at_port(&self, node_port: u16) -> impl Iterator<Item = &Service> {
        self.places.node_port(node_port).filter_map(|key| self.services.get(key))
    }

    /// Every port that nodes open for a service, with the service.
    pub fn node_ports(&self) -> impl Iterator<Item = (u16, &Service)> {
        self.places.node_ports().filter_map(|(port, key)| Some((port, self.services.get(key)?)))
    }

    /// The endpoint sets that name a pod.
    pub fn endpoints_naming<'a>(&'a self, pod: &'a Key) -> impl Iterator<Item = &'a EndpointSet> {
        self.places.sets_of(pod).filter_map(|key| self.endpoints.get(&key))
    }

    /// What a pod belongs to in the end: its Deployment rather than its ReplicaSet. A ReplicaSet
    /// whose own fact is not known stands for itself.
    pub fn top_owner(&self, pod: &Pod) -> Option<(OwnerKind, Name)> {
        let direct = pod.owner.clone()?;
        let key = Key { namespace: pod.key.namespace.clone(), name: direct.1.clone() };
        let above = self.owners.get(&(direct.0.clone(), key)).and_then(|owner| owner.owner.clone());
        Some(above.unwrap_or(direct))
    }

    fn put(&mut self, fact: Fact) -> Touched {
        match fact {
            Fact::Node(node) => self.put_node(*node),
            Fact::Pod(pod) => self.put_pod(pod),
            Fact::Service(service) => {
                let before = self.services.insert(service.key.clone(), service.clone());
                if before.as_ref() == Some(&service) {
                    return Touched::default();
                }
                if let Some(before) = &before {
                    self.places.service(before, false);
                }
                self.places.service(&service, true);
                Touched::around()
            }
            Fact::Endpoints(set) => self.put_endpoints(set),
            Fact::Namespace(namespace) => {
                let before = self.namespaces.insert(namespace.name, namespace.labels.clone());
                match before {
                    None => Touched::around(),
                    Some(before) if before == namespace.labels => Touched::default(),
                    Some(_) => Touched::beside(),
                }
            }
            Fact::Lease(lease) => self.put_lease(lease),
            Fact::Owner(owner) => self.put_owner(owner),
            Fact::Policy(policy) => {
                let before = self.policies.insert(policy.key.clone(), policy.clone());
                if before == Some(policy) { Touched::default() } else { Touched::around() }
            }
            beside => match self.catalog.put(beside) {
                Ok(true) => Touched::beside(),
                Ok(false) | Err(_) => Touched::default(),
            },
        }
    }

    fn put_etcd(&mut self, etcd: Arc<Etcd>) -> Touched {
        let before = self.etcd.replace(etcd);
        match (before, &self.etcd) {
            (Some(before), Some(now)) if before == *now => Touched::default(),
            // Numbers that grow are told by the panels of its nodes alone.
            (Some(before), Some(now)) if before.drawn() == now.drawn() => {
                let on = self.nodes.values().filter(|node| self.etcd_on(node).is_some());
                Touched { nodes: on.map(|node| node.name.clone()).collect(), ..Touched::default() }
            }
            _ => Touched::everything(),
        }
    }

    fn put_node(&mut self, node: Node) -> Touched {
        let name = node.name.clone();
        let before = self.nodes.insert(name.clone(), node);
        let now = self.nodes.get(&name).filter(|now| before.as_ref() != Some(now));
        let Some(now) = now else { return Touched::default() };
        if let Some(before) = &before {
            self.places.node(before, false);
        }
        self.places.node(now, true);
        // Another role moves it to another part of the figure.
        let node_set = before.is_none_or(|before| before.roles != now.roles);
        Touched { node_set, around: true, ..Touched::node(&name) }
    }

    fn put_pod(&mut self, pod: Box<Pod>) -> Touched {
        if pod.is_behind() {
            self.behind.insert(pod.key.clone());
        } else {
            self.behind.remove(&pod.key);
        }
        let (key, place) = (pod.key.clone(), pod.node.clone());
        let mut touched = self.touched_by_place(place.as_ref());
        if let Some(before) = self.pods.insert(key.clone(), pod) {
            let Some(now) = self.pods.get(&key).filter(|now| **now != before) else { return Touched::default() };
            if !Places::same(now, &before) {
                self.places.pod(&before, false);
                self.places.pod(now, true);
            }
            if before.node == place {
                return touched;
            }
            touched.merge(self.touched_by_place(before.node.as_ref()));
            self.leave(before.node, &key);
        } else if let Some(now) = self.pods.get(&key) {
            self.places.pod(now, true);
        }
        self.pods_on.entry(place).or_default().insert(key);
        touched
    }

    fn touched_by_place(&self, place: Option<&Name>) -> Touched {
        match place {
            Some(node) if self.nodes.contains_key(node) => Touched::node(node),
            // A node that only its pods know of comes and goes with them.
            Some(node) => Touched { node_set: true, around: true, ..Touched::node(node) },
            None => Touched::around(),
        }
    }

    fn leave(&mut self, place: Option<Name>, key: &Key) {
        if let std::collections::btree_map::Entry::Occupied(mut there) = self.pods_on.entry(place) {
            there.get_mut().remove(key);
            if there.get().is_empty() {
                there.remove();
            }
        }
    }

    fn put_endpoints(&mut self, set: EndpointSet) -> Touched {
        let key = set.key.clone();
        let service = Key { namespace: key.namespace.clone(), name: set.service.clone() };
        let before = self.endpoints.insert(key.clone(), set);
        if before.as_ref() == self.endpoints.get(&key) {
            return Touched::default();
        }
        if let Some(before) = before {
            self.places.set(&before, false);
            if before.service != service.name {
                self.leave_service(&before);
            }
        }
        if let Some(now) = self.endpoints.get(&key) {
            self.places.set(now, true);
        }
        let touched = self.touched_by_service(&service);
        self.slices_of.entry(service).or_default().insert(key);
        touched
    }

    fn leave_service(&mut self, set: &EndpointSet) {
        let service = Key { namespace: set.key.namespace.clone(), name: set.service.clone() };
        if let Some(slices) = self.slices_of.get_mut(&service) {
            slices.remove(&set.key);
        }
    }

    fn put_lease(&mut self, lease: Lease) -> Touched {
        let key = lease.key.clone();
        let before = self.leases.insert(key.clone(), lease);
        let Some(now) = self.leases.get(&key) else { return Touched::default() };
        let mut touched = self.touched_by_lease(now);
        let Some(before) = before else { return touched };
        // A renewal in time changes nothing that is drawn.
        let in_time = match (before.renewed, now.renewed) {
            // The API server's clock is told in whole seconds: a renewal may seem to lie a moment before the list.
            (Some(then), Some(renewed)) => renewed.since(then).abs() <= before.lasts,
            (then, renewed) => then == renewed,
        };
        if in_time && before.holder == now.holder && before.lasts == now.lasts && before.host == now.host {
            return Touched::default();
        }
        touched.merge(self.touched_by_lease(&before));
        touched
    }

    fn put_owner(&mut self, owner: Owner) -> Touched {
        let id = (owner.kind.clone(), owner.key.clone());
        let before = self.owners.insert(id.clone(), owner);
        let Some(now) = self.owners.get(&id) else { return Touched::default() };
        if before.as_ref().and_then(|before| before.owner.as_ref()) != now.owner.as_ref() {
            return self.touched_by_owner(&id.0, &id.1);
        }
        let mut touched = Touched { around: before.as_ref() != Some(now), ..Touched::default() };
        // Whether its failed pods are leftovers.
        if before.as_ref().is_some_and(Owner::is_settled) != now.is_settled() {
            let owned = |pod: &&Pod| pod.owner.as_ref().is_some_and(|(kind, name)| *kind == id.0 && *name == id.1.name);
            let failed = self.behind_in(&id.1.namespace).filter(|pod| pod.phase == Phase::Failed);
            touched.nodes = failed.filter(owned).filter_map(|pod| pod.node.clone()).collect();
        }
        touched
    }

    /// Those of [`Self::pods_behind`] in a namespace.
    fn behind_in<'a>(&'a self, namespace: &'a Name) -> impl Iterator<Item = &'a Pod> {
        let start = Key { namespace: namespace.clone(), name: "".into() };
        self.behind.range(start..).take_while(move |key| key.namespace == *namespace).map(|key| &*self.pods[key])
    }

    /// Nodes that run pods of this owner: their groups change their name with it.
    fn touched_by_owner(&self, kind: &OwnerKind, key: &Key) -> Touched {
        let owned = |pod: &&Pod| pod.owner.as_ref().is_some_and(|(k, name)| k == kind && *name == key.name);
        let start = Key { namespace: key.namespace.clone(), name: "".into() };
        let pods = self.pods.range(start..).map(|(_, pod)| &**pod).take_while(|pod| pod.key.namespace == key.namespace);
        let nodes = pods.filter(owned).filter_map(|pod| pod.node.clone()).collect();
        Touched { nodes, around: true, ..Touched::default() }
    }

    fn touched_by_lease(&self, lease: &Lease) -> Touched {
        if &*lease.key.namespace == "kube-node-lease" {
            return Touched::node(&lease.key.name);
        }
        if !lease.is_a_leaders() {
            return Touched::default();
        }
        let holder = lease.holder.rsplit_once('_').map_or(&*lease.holder, |(host, _)| host);
        match self.nodes.get_key_value(lease.host.as_deref().unwrap_or(holder)) {
            Some((name, _)) => Touched { around: true, ..Touched::node(name) },
            None => Touched::everything(),
        }
    }

    fn touched_by_service(&self, service: &Key) -> Touched {
        // The API servers register themselves here: every master may look different.
        if *service == Key::new("default", "kubernetes") {
            return Touched::everything();
        }
        Touched { services: BTreeSet::from([service.clone()]), ..Touched::default() }
    }

    fn remove(&mut self, source: Source, key: &Key) -> Touched {
        let gone = |was_there: bool| if was_there { Touched::around() } else { Touched::default() };
        match source {
            Source::Nodes => match self.nodes.remove(&key.name) {
                Some(node) => {
                    self.places.node(&node, false);
                    Touched { node_set: true, around: true, ..Touched::node(&node.name) }
                }
                None => Touched::default(),
            },
            Source::Pods => match self.pods.remove(key) {
                Some(pod) => {
                    self.behind.remove(key);
                    self.places.pod(&pod, false);
                    let touched = self.touched_by_place(pod.node.as_ref());
                    self.leave(pod.node, key);
                    touched
                }
                None => Touched::default(),
            },
            Source::Services => match self.services.remove(key) {
                Some(service) => {
                    self.places.service(&service, false);
                    Touched::around()
                }
                None => Touched::default(),
            },
            Source::NetworkPolicies => gone(self.policies.remove(key).is_some()),
            Source::Endpoints => match self.endpoints.remove(key) {
                Some(set) => {
                    self.places.set(&set, false);
                    self.leave_service(&set);
                    self.touched_by_service(&Key { namespace: key.namespace.clone(), name: set.service })
                }
                None => Touched::default(),
            },
            Source::Namespaces => gone(self.namespaces.remove(&key.name).is_some()),
            Source::Leases => match self.leases.remove(key) {
                Some(lease) => self.touched_by_lease(&lease),
                None => Touched::default(),
            },
            Source::Deployments | Source::ReplicaSets | Source::StatefulSets | Source::DaemonSets | Source::Jobs => {
                let id = (owner_kind(source), key.clone());
                let touched = self.touched_by_owner(&id.0, &id.1);
                if self.owners.remove(&id).is_some() { touched } else { Touched::default() }
            }
            Source::Readyz => gone(self.checks.take().is_some()),
            beside if self.catalog.remove(beside, key) => Touched::beside(),
            _ => Touched::default(),
        }
    }

    fn keep_only(&mut self, source: Source, named: &BTreeSet<Key>) -> Touched {
        let unnamed =
            |keys: &mut dyn Iterator<Item = Key>| -> Vec<Key> { keys.filter(|key| !named.contains(key)).collect() };
        let stale = match source {
            Source::Nodes => unnamed(&mut self.nodes.keys().map(|name| Key::new("", name.clone()))),
            Source::Pods => unnamed(&mut self.pods.keys().cloned()),
            Source::Services => unnamed(&mut self.services.keys().cloned()),
            Source::Endpoints => unnamed(&mut self.endpoints.keys().cloned()),
            Source::Namespaces => unnamed(&mut self.namespaces.keys().map(|name| Key::new("", name.clone()))),
            Source::Leases => unnamed(&mut self.leases.keys().cloned()),
            Source::NetworkPolicies => unnamed(&mut self.policies.keys().cloned()),
            Source::Readyz => Vec::new(),
            beside if Source::BESIDE.contains(&beside) => self.catalog.unnamed(beside, named),
            owners => {
                let kind = owner_kind(owners);
                unnamed(&mut self.owners.keys().filter(|(k, _)| *k == kind).map(|(_, key)| key.clone()))
            }
        };
        let mut touched = Touched::default();
        for key in stale {
            touched.merge(self.remove(source, &key));
        }
        touched
    }
}

fn owner_kind(source: Source) -> OwnerKind {
    match source {
        Source::ReplicaSets => OwnerKind::ReplicaSet,
        Source::StatefulSets => OwnerKind::StatefulSet,
        Source::DaemonSets => OwnerKind::DaemonSet,
        Source::Jobs => OwnerKind::Job,
        _ => OwnerKind::Deployment,
    }
}
