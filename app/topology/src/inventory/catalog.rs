//! What pods and nodes are judged by and what has no place in a figure: budgets, claims, volumes,
//! classes, quotas, autoscalers, routes.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Autoscaler, Budget, Claim, CsiNode, Fact, Gateway, Key, Labels, Name, Owner, OwnerKind, Pod, PriorityClass, Quota,
    Route, RouteKind, Source, StorageClass, Volume,
};

/// The facts of [`Source::BESIDE`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Catalog {
    budgets: BTreeMap<Key, Budget>,
    claims: BTreeMap<Key, Claim>,
    volumes: BTreeMap<Name, Volume>,
    storage_classes: BTreeMap<Name, StorageClass>,
    priority_classes: BTreeMap<Name, PriorityClass>,
    csi_nodes: BTreeMap<Name, CsiNode>,
    quotas: BTreeMap<Key, Quota>,
    autoscalers: BTreeMap<Key, Autoscaler>,
    routes: BTreeMap<(RouteKind, Key), Route>,
    gateways: BTreeMap<Key, Gateway>,
}

impl Catalog {
    /// All PodDisruptionBudgets.
    pub fn budgets(&self) -> impl ExactSizeIterator<Item = &Budget> {
        self.budgets.values()
    }

    /// The PodDisruptionBudgets that select a pod. More than one makes every eviction fail.
    pub fn budgets_of<'a>(&'a self, pod: &'a Pod) -> impl Iterator<Item = &'a Budget> {
        self.budgets_in(&pod.key.namespace, &pod.labels)
    }

    /// The PodDisruptionBudgets of a namespace that select pods with these labels.
    pub fn budgets_in<'a>(&'a self, namespace: &'a Name, labels: &'a Labels) -> impl Iterator<Item = &'a Budget> {
        let selects = |budget: &&Budget| budget.selects.as_ref().is_some_and(|selector| selector.matches(labels));
        within(&self.budgets, namespace).filter(selects)
    }

    /// The PodDisruptionBudgets that select the pods of an owner, by the labels of its template.
    pub fn budgets_over<'a>(&'a self, owner: &'a Owner) -> impl Iterator<Item = &'a Budget> {
        self.budgets_in(&owner.key.namespace, &owner.labels)
    }

    /// One PersistentVolumeClaim.
    pub fn claim(&self, key: &Key) -> Option<&Claim> {
        self.claims.get(key)
    }

    /// All PersistentVolumeClaims.
    pub fn claims(&self) -> impl ExactSizeIterator<Item = &Claim> {
        self.claims.values()
    }

    /// One PersistentVolume.
    pub fn volume(&self, name: &str) -> Option<&Volume> {
        self.volumes.get(name)
    }

    /// One StorageClass.
    pub fn storage_class(&self, name: &str) -> Option<&StorageClass> {
        self.storage_classes.get(name)
    }

    /// All StorageClasses.
    pub fn storage_classes(&self) -> impl ExactSizeIterator<Item = &StorageClass> {
        self.storage_classes.values()
    }

    /// The volume drivers of a node.
    pub fn csi_node(&self, node: &str) -> Option<&CsiNode> {
        self.csi_nodes.get(node)
    }

    /// All CSINodes.
    pub fn csi_nodes(&self) -> impl ExactSizeIterator<Item = &CsiNode> {
        self.csi_nodes.values()
    }

    /// All ResourceQuotas.
    pub fn quotas(&self) -> impl ExactSizeIterator<Item = &Quota> {
        self.quotas.values()
    }

    /// The HorizontalPodAutoscalers that scale an owner.
    pub fn autoscalers_of<'a>(&'a self, kind: &'a OwnerKind, key: &'a Key) -> impl Iterator<Item = &'a Autoscaler> {
        let scales = move |scaler: &&Autoscaler| scaler.target.0 == *kind && scaler.target.1 == key.name;
        within(&self.autoscalers, &key.namespace).filter(scales)
    }

    /// The Ingresses and HTTPRoutes that lead to a service.
    pub fn routes_to<'a>(&'a self, service: &'a Key) -> impl Iterator<Item = &'a Route> {
        self.routes.values().filter(move |route| route.doors.iter().any(|way| way.service == *service))
    }

    /// All Ingresses and HTTPRoutes.
    pub fn routes(&self) -> impl ExactSizeIterator<Item = &Route> {
        self.routes.values()
    }

    /// One Gateway.
    pub fn gateway(&self, key: &Key) -> Option<&Gateway> {
        self.gateways.get(key)
    }

    /// Takes a fact in, and says whether it is news. A fact of another source is none of ours.
    pub(super) fn put(&mut self, fact: Fact) -> bool {
        match fact {
            Fact::Budget(budget) => put(&mut self.budgets, budget.key.clone(), budget),
            Fact::Claim(claim) => put(&mut self.claims, claim.key.clone(), claim),
            Fact::Volume(volume) => put(&mut self.volumes, volume.name.clone(), *volume),
            Fact::StorageClass(class) => put(&mut self.storage_classes, class.name.clone(), class),
            Fact::PriorityClass(class) => put(&mut self.priority_classes, class.name.clone(), class),
            Fact::CsiNode(node) => put(&mut self.csi_nodes, node.name.clone(), node),
            Fact::Quota(quota) => put(&mut self.quotas, quota.key.clone(), quota),
            Fact::Autoscaler(scaler) => put(&mut self.autoscalers, scaler.key.clone(), scaler),
            Fact::Route(route) => put(&mut self.routes, (route.kind, route.key.clone()), *route),
            Fact::Gateway(gateway) => put(&mut self.gateways, gateway.key.clone(), gateway),
            _ => false,
        }
    }

    /// All of it, as facts.
    pub(super) fn facts(&self, mut put: impl FnMut(Fact)) {
        let Self {
            budgets,
            claims,
            volumes,
            storage_classes,
            priority_classes,
            csi_nodes,
            quotas,
            autoscalers,
            routes,
            gateways,
        } = self;
        budgets.values().for_each(|one| put(Fact::Budget(one.clone())));
        claims.values().for_each(|one| put(Fact::Claim(one.clone())));
        volumes.values().for_each(|one| put(Fact::Volume(Box::new(one.clone()))));
        storage_classes.values().for_each(|one| put(Fact::StorageClass(one.clone())));
        priority_classes.values().for_each(|one| put(Fact::PriorityClass(one.clone())));
        csi_nodes.values().for_each(|one| put(Fact::CsiNode(one.clone())));
        quotas.values().for_each(|one| put(Fact::Quota(one.clone())));
        autoscalers.values().for_each(|one| put(Fact::Autoscaler(one.clone())));
        routes.values().for_each(|one| put(Fact::Route(Box::new(one.clone()))));
        gateways.values().for_each(|one| put(Fact::Gateway(one.clone())));
    }

    /// Whether a fact of these sources differs from what is held.
    pub(super) fn is_new(&self, fact: &Fact) -> bool {
        match fact {
            Fact::Budget(one) => self.budgets.get(&one.key) != Some(one),
            Fact::Claim(one) => self.claims.get(&one.key) != Some(one),
            Fact::Volume(one) => self.volumes.get(&one.name) != Some(&**one),
            Fact::StorageClass(one) => self.storage_classes.get(&one.name) != Some(one),
            Fact::PriorityClass(one) => self.priority_classes.get(&one.name) != Some(one),
            Fact::CsiNode(one) => self.csi_nodes.get(&one.name) != Some(one),
            Fact::Quota(one) => self.quotas.get(&one.key) != Some(one),
            Fact::Autoscaler(one) => self.autoscalers.get(&one.key) != Some(one),
            Fact::Route(one) => self.routes.get(&(one.kind, one.key.clone())) != Some(&**one),
            Fact::Gateway(one) => self.gateways.get(&one.key) != Some(one),
            Fact::Node(_)
            | Fact::Pod(_)
            | Fact::Service(_)
            | Fact::Endpoints(_)
            | Fact::Namespace(_)
            | Fact::Lease(_)
            | Fact::Owner(_)
            | Fact::Policy(_) => false,
        }
    }

    /// Whether there is such a thing of one of these sources.
    pub(super) fn has(&self, source: Source, key: &Key) -> bool {
        match source {
            Source::PodDisruptionBudgets => self.budgets.contains_key(key),
            Source::PersistentVolumeClaims => self.claims.contains_key(key),
            Source::PersistentVolumes => self.volumes.contains_key(&key.name),
            Source::StorageClasses => self.storage_classes.contains_key(&key.name),
            Source::PriorityClasses => self.priority_classes.contains_key(&key.name),
            Source::CsiNodes => self.csi_nodes.contains_key(&key.name),
            Source::ResourceQuotas => self.quotas.contains_key(key),
            Source::Autoscalers => self.autoscalers.contains_key(key),
            Source::Ingresses => self.routes.contains_key(&(RouteKind::Ingress, key.clone())),
            Source::HttpRoutes => self.routes.contains_key(&(RouteKind::HttpRoute, key.clone())),
            Source::Gateways => self.gateways.contains_key(key),
            _ => false,
        }
    }

    /// Takes a thing out, and says whether it was there.
    pub(super) fn remove(&mut self, source: Source, key: &Key) -> bool {
        match source {
            Source::PodDisruptionBudgets => self.budgets.remove(key).is_some(),
            Source::PersistentVolumeClaims => self.claims.remove(key).is_some(),
            Source::PersistentVolumes => self.volumes.remove(&key.name).is_some(),
            Source::StorageClasses => self.storage_classes.remove(&key.name).is_some(),
            Source::PriorityClasses => self.priority_classes.remove(&key.name).is_some(),
            Source::CsiNodes => self.csi_nodes.remove(&key.name).is_some(),
            Source::ResourceQuotas => self.quotas.remove(key).is_some(),
            Source::Autoscalers => self.autoscalers.remove(key).is_some(),
            Source::Ingresses => self.routes.remove(&(RouteKind::Ingress, key.clone())).is_some(),
            Source::HttpRoutes => self.routes.remove(&(RouteKind::HttpRoute, key.clone())).is_some(),
            Source::Gateways => self.gateways.remove(key).is_some(),
            _ => false,
        }
    }

    fn routes_of(&self, kind: RouteKind) -> impl Iterator<Item = &Key> {
        self.routes.keys().filter(move |(of, _)| *of == kind).map(|(_, key)| key)
    }

    /// What is held of a source and is not among the named.
    pub(super) fn unnamed(&self, source: Source, named: &BTreeSet<Key>) -> Vec<Key> {
        fn keys<'a>(keys: impl Iterator<Item = &'a Key>, named: &BTreeSet<Key>) -> Vec<Key> {
            keys.filter(|key| !named.contains(*key)).cloned().collect()
        }
        fn names<'a>(names: impl Iterator<Item = &'a Name>, named: &BTreeSet<Key>) -> Vec<Key> {
            names.map(|name| Key::new("", name.clone())).filter(|key| !named.contains(key)).collect()
        }
        match source {
            Source::PodDisruptionBudgets => keys(self.budgets.keys(), named),
            Source::PersistentVolumeClaims => keys(self.claims.keys(), named),
            Source::PersistentVolumes => names(self.volumes.keys(), named),
            Source::StorageClasses => names(self.storage_classes.keys(), named),
            Source::PriorityClasses => names(self.priority_classes.keys(), named),
            Source::CsiNodes => names(self.csi_nodes.keys(), named),
            Source::ResourceQuotas => keys(self.quotas.keys(), named),
            Source::Autoscalers => keys(self.autoscalers.keys(), named),
            Source::Ingresses => keys(self.routes_of(RouteKind::Ingress), named),
            Source::HttpRoutes => keys(self.routes_of(RouteKind::HttpRoute), named),
            Source::Gateways => keys(self.gateways.keys(), named),
            _ => Vec::new(),
        }
    }
}

fn put<K: Ord, T: PartialEq>(held: &mut BTreeMap<K, T>, key: K, now: T) -> bool {
    if held.get(&key) == Some(&now) {
        return false;
    }
    held.insert(key, now);
    true
}

/// Those of a namespace.
fn within<'a, T>(held: &'a BTreeMap<Key, T>, namespace: &'a Name) -> impl Iterator<Item = &'a T> {
    let start = Key { namespace: namespace.clone(), name: "".into() };
    held.range(start..).take_while(move |(key, _)| key.namespace == *namespace).map(|(_, one)| one)
}
