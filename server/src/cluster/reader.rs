//! Events of one watch → changes of the Inventory.

use std::collections::{BTreeMap, BTreeSet};

use kube::runtime::watcher::{self, Event};
use topology::{
    Change,
    inventory::{Fact, Heard, Key, Name, OwnerKind, RouteKind, Source},
};

use super::{
    intern::Intern,
    object::{Served, Watched},
};

/// What a watch needs to know of its kind.
pub(crate) struct Kind<O> {
    pub(crate) served: Served,
    /// The sources that are as live, stale or forbidden as this watch.
    pub(crate) heard: &'static [Source],
    /// The sources that it tells alone: what it does not name is not there.
    pub(crate) whole: &'static [Source],
    /// The sources that it shares with another watch.
    pub(crate) shared: &'static [Source],
    /// The facts of an object.
    pub(crate) facts: fn(O, &mut Intern) -> Vec<Fact>,
}

impl<O> Clone for Kind<O> {
    fn clone(&self) -> Self {
        Self { served: self.served.clone(), ..*self }
    }
}

/// Turns events into changes.
pub(crate) struct Reader<'a, O> {
    kind: &'a Kind<O>,
    /// The one that the watch is limited to.
    namespace: Option<Name>,
    intern: Intern,
    /// What the list that is under way has named so far.
    named: BTreeMap<Source, BTreeSet<Key>>,
    /// What it has put into the sources that it shares.
    added: BTreeSet<(Source, Key)>,
    changes: Vec<Change>,
}

impl<'a, O: Watched> Reader<'a, O> {
    #[cfg(test)]
    pub(crate) fn new(kind: &'a Kind<O>) -> Self {
        Self::of(kind, None)
    }

    /// Of a watch that is limited to a namespace, or to none.
    pub(crate) fn of(kind: &'a Kind<O>, namespace: Option<Name>) -> Self {
        let named = BTreeMap::new();
        Self { kind, namespace, intern: Intern::default(), named, added: BTreeSet::new(), changes: Vec::new() }
    }

    /// The changes since the last call.
    pub(crate) fn changes(&mut self) -> Vec<Change> {
        std::mem::take(&mut self.changes)
    }

    /// Says how far the sources have spoken.
    pub(crate) fn heard(&mut self, heard: &Heard) {
        let namespace = &self.namespace;
        self.changes.extend(self.kind.heard.iter().map(|source| match namespace {
            Some(namespace) => Change::HeardIn(*source, namespace.clone(), heard.clone()),
            None => Change::Heard(*source, heard.clone()),
        }));
    }

    /// Takes an event; says whether it shows that the line is good.
    pub(crate) fn take(&mut self, event: Event<O>) -> bool {
        match event {
            Event::Init => {
                self.named = self.kind.whole.iter().chain(self.kind.shared).map(|s| (*s, BTreeSet::new())).collect();
                return false;
            }
            Event::InitApply(object) => {
                // What has no name cannot be told from others.
                if !object.metadata().name.is_empty() {
                    for fact in (self.kind.facts)(object, &mut self.intern) {
                        let (source, key) = name(&fact);
                        self.named.entry(source).or_default().insert(key);
                        self.changes.push(Change::Put(fact));
                    }
                }
                return false;
            }
            Event::InitDone => self.all_is_named(),
            Event::Apply(object) => self.put(object),
            Event::Delete(object) => {
                let key = object.metadata().key(&mut self.intern);
                for source in self.kind.whole {
                    self.changes.push(Change::Gone(*source, key.clone()));
                }
                for source in self.kind.shared {
                    self.take_away(*source, &key);
                }
            }
        }
        true
    }

    fn all_is_named(&mut self) {
        let mut added = BTreeSet::new();
        for (source, named) in std::mem::take(&mut self.named) {
            if self.kind.whole.contains(&source) {
                self.changes.push(match &self.namespace {
                    Some(namespace) => Change::WholeIn(source, namespace.clone(), named),
                    None => Change::Whole(source, named),
                });
            } else {
                added.extend(named.into_iter().map(|key| (source, key)));
            }
        }
        for (source, key) in std::mem::replace(&mut self.added, added) {
            if !self.added.contains(&(source, key.clone())) {
                self.changes.push(Change::Gone(source, key));
            }
        }
    }

    fn put(&mut self, object: O) {
        let key = object.metadata().key(&mut self.intern);
        if key.name.is_empty() {
            return;
        }
        let facts = (self.kind.facts)(object, &mut self.intern);
        let told = |source: Source| facts.iter().any(|fact| name(fact).0 == source);
        for source in self.kind.whole.iter().filter(|source| !told(**source)) {
            self.changes.push(Change::Gone(*source, key.clone()));
        }
        for source in self.kind.shared {
            if told(*source) {
                self.added.insert((*source, key.clone()));
            } else {
                self.take_away(*source, &key);
            }
        }
        self.changes.extend(facts.into_iter().map(Change::Put));
    }

    fn take_away(&mut self, source: Source, key: &Key) {
        if self.added.remove(&(source, key.clone())) {
            self.changes.push(Change::Gone(source, key.clone()));
        }
    }
}

/// What an error says of a kind as a whole, when it is more than a line that was cut.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// It may not be read.
    Forbidden(Name),
    /// It is not served.
    NotServed,
    /// The past from which to resume is forgotten: a new list is under way, and what is held is
    /// good until then.
    Forgotten,
}

/// Whether a watch was refused, and how.
pub(crate) fn refusal(error: &watcher::Error, served: &Served) -> Option<Refusal> {
    let (verb, code) = match error {
        watcher::Error::InitialListFailed(kube::Error::Api(status)) => ("list", status.code),
        watcher::Error::WatchStartFailed(kube::Error::Api(status))
        | watcher::Error::WatchFailed(kube::Error::Api(status)) => ("watch", status.code),
        watcher::Error::WatchError(status) => ("watch", status.code),
        _ => return None,
    };
    match code {
        403 => Some(Refusal::Forbidden(format!("{verb} {}", served.resource()).into())),
        404 => Some(Refusal::NotServed),
        410 => Some(Refusal::Forgotten),
        _ => None,
    }
}

/// The source and the key of a fact.
fn name(fact: &Fact) -> (Source, Key) {
    match fact {
        Fact::Node(node) => (Source::Nodes, Key::new("", node.name.clone())),
        Fact::Pod(pod) => (Source::Pods, pod.key.clone()),
        Fact::Service(service) => (Source::Services, service.key.clone()),
        Fact::Endpoints(set) => (Source::Endpoints, set.key.clone()),
        Fact::Namespace(namespace) => (Source::Namespaces, Key::new("", namespace.name.clone())),
        Fact::Lease(lease) => (Source::Leases, lease.key.clone()),
        Fact::Owner(owner) => {
            let source = match owner.kind {
                OwnerKind::ReplicaSet => Source::ReplicaSets,
                OwnerKind::StatefulSet => Source::StatefulSets,
                OwnerKind::DaemonSet => Source::DaemonSets,
                OwnerKind::Job => Source::Jobs,
                _ => Source::Deployments,
            };
            (source, owner.key.clone())
        }
        Fact::Policy(policy) => (Source::NetworkPolicies, policy.key.clone()),
        Fact::Budget(budget) => (Source::PodDisruptionBudgets, budget.key.clone()),
        Fact::Claim(claim) => (Source::PersistentVolumeClaims, claim.key.clone()),
        Fact::Volume(volume) => (Source::PersistentVolumes, Key::new("", volume.name.clone())),
        Fact::StorageClass(class) => (Source::StorageClasses, Key::new("", class.name.clone())),
        Fact::PriorityClass(class) => (Source::PriorityClasses, Key::new("", class.name.clone())),
        Fact::CsiNode(node) => (Source::CsiNodes, Key::new("", node.name.clone())),
        Fact::Quota(quota) => (Source::ResourceQuotas, quota.key.clone()),
        Fact::Autoscaler(scaler) => (Source::Autoscalers, scaler.key.clone()),
        Fact::Route(route) => match route.kind {
            RouteKind::Ingress => (Source::Ingresses, route.key.clone()),
            RouteKind::HttpRoute => (Source::HttpRoutes, route.key.clone()),
        },
        Fact::Gateway(gateway) => (Source::Gateways, gateway.key.clone()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use topology::Inventory;

    use super::*;
    use crate::cluster::{
        endpoints::{self, Subsets},
        lease,
        object::{LEADER, Nothing, Object, read},
    };

    const ENDPOINTS: Served = Served { group: "", version: "v1", plural: "endpoints", kind: "Endpoints" };
    const LEASES: Served = Served { group: "coordination.k8s.io", version: "v1", plural: "leases", kind: "Lease" };

    /// As between Kubernetes 1.14 and 1.17: endpoints alone, leases beside those of kubelets.
    fn annotations() -> Kind<Object<Subsets, Nothing>> {
        let (heard, whole, shared): (&[Source], &[Source], &[Source]) =
            (&[Source::Endpoints], &[Source::Endpoints], &[Source::Leases]);
        let facts = |object: Object<Subsets, Nothing>, intern: &mut Intern| {
            let leader = lease::annotation(&object, intern);
            std::iter::once(endpoints::endpoints(object, intern)).chain(leader).collect()
        };
        Kind { served: ENDPOINTS, heard, whole, shared, facts }
    }

    fn leases() -> Kind<Object<lease::Spec, Nothing>> {
        let (heard, shared): (&[Source], &[Source]) = (&[Source::Leases], &[Source::Leases]);
        let facts = |object, intern: &mut Intern| lease::not_a_leaders(object, intern).into_iter().collect();
        Kind { served: LEASES, heard, whole: &[], shared, facts }
    }

    fn scheduler(holder: Option<&str>) -> Value {
        let annotations = holder.map(|holder| json!({ (LEADER): json!({ "holderIdentity": holder }).to_string() }));
        json!({ "metadata": { "namespace": "kube-system", "name": "kube-scheduler", "annotations": annotations } })
    }

    fn node_lease(name: &str) -> Value {
        json!({ "metadata": { "namespace": "kube-node-lease", "name": name }, "spec": { "holderIdentity": name } })
    }

    fn tell<O: Watched>(reader: &mut Reader<O>, facts: &mut Inventory, events: Vec<Event<O>>) {
        for event in events {
            reader.take(event);
        }
        for change in reader.changes() {
            facts.apply(change);
        }
    }

    fn held(facts: &Inventory) -> Vec<String> {
        let asked = [("kube-node-lease", "a"), ("kube-node-lease", "b"), ("kube-system", "kube-scheduler"), ("", "")];
        let found = asked.into_iter().filter_map(|(namespace, name)| facts.lease(namespace, name));
        found.map(|lease| format!("{}={}", lease.key.name, lease.holder)).collect()
    }

    #[test]
    fn two_watches_of_one_source_take_nothing_from_each_other() {
        let (annotations, leases) = (annotations(), leases());
        let (mut of_leaders, mut of_kubelets) = (Reader::new(&annotations), Reader::new(&leases));
        let mut facts = Inventory::default();
        let leader = |holder| read(&scheduler(holder));
        let list = vec![Event::Init, Event::InitApply(leader(Some("host1"))), Event::InitDone];
        tell(&mut of_leaders, &mut facts, list);
        let list = |names: &[&str]| {
            let named = names.iter().map(|name| Event::InitApply(read(&node_lease(name))));
            std::iter::once(Event::Init).chain(named).chain([Event::InitDone]).collect()
        };
        tell(&mut of_kubelets, &mut facts, list(&["a", "b"]));
        assert_eq!(held(&facts), ["a=a", "b=b", "kube-scheduler=host1"]);
        tell(&mut of_kubelets, &mut facts, list(&["b"]));
        assert_eq!(held(&facts), ["b=b", "kube-scheduler=host1"]);
        tell(&mut of_leaders, &mut facts, vec![Event::Apply(leader(Some("host2")))]);
        assert_eq!(held(&facts), ["b=b", "kube-scheduler=host2"]);
        tell(&mut of_kubelets, &mut facts, vec![Event::Delete(read(&node_lease("b")))]);
        tell(&mut of_leaders, &mut facts, vec![Event::Apply(leader(None))]);
        assert!(held(&facts).is_empty());
        assert_eq!(facts.endpoints_of(&Key::new("kube-system", "kube-scheduler")).count(), 1);
        tell(&mut of_leaders, &mut facts, vec![Event::Init, Event::InitDone]);
        assert_eq!(facts.endpoints_of(&Key::new("kube-system", "kube-scheduler")).count(), 0);
    }

    #[test]
    fn what_has_no_name_is_passed_over() {
        let kind = leases();
        let mut reader = Reader::new(&kind);
        let mut facts = Inventory::default();
        let nameless = || read(&json!(["odd"]));
        let events = vec![Event::Init, Event::InitApply(nameless()), Event::InitDone, Event::Apply(nameless())];
        tell(&mut reader, &mut facts, events);
        assert!(held(&facts).is_empty());
    }

    #[test]
    fn a_refusal_names_the_verb_and_the_group() {
        let status = |code| Box::new(kube::core::Status { code, ..kube::core::Status::default() });
        let list = |code| watcher::Error::InitialListFailed(kube::Error::Api(status(code)));
        let forbidden = |permission: &str| Some(Refusal::Forbidden(permission.into()));
        assert_eq!(refusal(&list(403), &LEASES), forbidden("list leases.coordination.k8s.io"));
        assert_eq!(refusal(&watcher::Error::WatchError(status(403)), &ENDPOINTS), forbidden("watch endpoints"));
        assert_eq!(refusal(&list(404), &LEASES), Some(Refusal::NotServed));
        assert_eq!(refusal(&watcher::Error::WatchError(status(410)), &LEASES), Some(Refusal::Forgotten));
        assert_eq!(refusal(&list(500), &LEASES), None);
    }
}
