//! What comes into the Inventory and leaves it, and what that touches.

use std::{collections::BTreeSet, sync::Arc};

use super::{
    super::{
        EndpointSet, Etcd, Fact, Key, Lease, Name, Node, Owner, OwnerKind, Phase, Pod, Source, Touched, places::Places,
    },
    Inventory,
};

impl Inventory {
    pub(super) fn put(&mut self, fact: Fact) -> Touched {
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
            beside => {
                if self.catalog.put(beside) {
                    Touched::beside()
                } else {
                    Touched::default()
                }
            }
        }
    }

    pub(super) fn put_etcd(&mut self, etcd: Arc<Etcd>) -> Touched {
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

    pub(super) fn touched_by_lease(&self, lease: &Lease) -> Touched {
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

    pub(super) fn remove(&mut self, source: Source, key: &Key) -> Touched {
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

    /// What is held of a source and is not among the named.
    pub(super) fn unnamed(&self, source: Source, named: &BTreeSet<Key>) -> Vec<Key> {
        let unnamed =
            |keys: &mut dyn Iterator<Item = Key>| -> Vec<Key> { keys.filter(|key| !named.contains(key)).collect() };
        match source {
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
        }
    }

    pub(super) fn keep_only(&mut self, source: Source, named: &BTreeSet<Key>) -> Touched {
        let mut touched = Touched::default();
        for key in self.unnamed(source, named) {
            touched.merge(self.remove(source, &key));
        }
        touched
    }
}

pub(super) fn owner_kind(source: Source) -> OwnerKind {
    match source {
        Source::ReplicaSets => OwnerKind::ReplicaSet,
        Source::StatefulSets => OwnerKind::StatefulSet,
        Source::DaemonSets => OwnerKind::DaemonSet,
        Source::Jobs => OwnerKind::Job,
        _ => OwnerKind::Deployment,
    }
}
