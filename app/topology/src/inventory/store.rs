//! The Inventory: facts by name, with the few indexes that a figure needs.

mod intake;
mod limits;
mod record;

use std::{
    collections::{BTreeMap, BTreeSet},
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
};

use super::{
    Catalog, Change, EndpointSet, Etcd, EtcdMember, Heard, Key, Labels, Lease, Name, NetworkPolicy, Node, Owner,
    OwnerKind, Pod, Resident, Scope, Service, Source, Stamp, Touched,
    places::Places,
    scope::{OUTSIDE, Parts},
};
use crate::planned::{Planned, PlannedHost};

/// The facts of one cluster, live or as of a past moment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Inventory {
    planned: Option<Arc<Planned>>,
    answers: BTreeMap<Ipv4Addr, bool>,
    version: Option<Name>,
    entrance: Option<Name>,
    scope: Scope,
    heard: BTreeMap<Source, Heard>,
    /// What is heard of each namespace, while these are not all.
    heard_in: Parts,
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
            Change::Scope(scope) => self.limit(scope),
            Change::HeardIn(source, namespace, heard) => self.hear_in(source, namespace, &heard),
            Change::WholeIn(source, namespace, named) => self.keep_only_in(source, &namespace, &named),
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

    /// What a source has told so far of a namespace, looked at or not.
    pub fn heard_in(&self, source: Source, namespace: &str) -> &Heard {
        static NOT_YET: Heard = Heard::NotYet;
        if self.scope.is_whole() || !source.is_namespaced() {
            return self.heard(source);
        }
        if !self.scope.covers(namespace) {
            return &OUTSIDE;
        }
        match self.heard_in.get(&source) {
            Some(parts) => parts.get(namespace).unwrap_or(&NOT_YET),
            // It speaks for all at once, as one that is not served.
            None => self.heard(source),
        }
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
        if !self.heard_in(Source::NetworkPolicies, &pod.key.namespace).knows() {
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
}
