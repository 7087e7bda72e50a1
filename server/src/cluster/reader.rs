//! Events of one watch → changes of the Inventory.

use std::collections::{BTreeMap, BTreeSet};

use kube::runtime::watcher::{self, Event};
use topology::{
    Change,
    inventory::{Fact, Heard, Key, Name, OwnerKind, Source},
};

use super::{
    intern::Intern,
    object::{Object, Served},
};

/// What a watch needs to know of its kind.
pub(crate) struct Kind<S, T> {
    pub(crate) served: Served,
    /// The sources that are as live, stale or forbidden as this watch.
    pub(crate) heard: &'static [Source],
    /// The sources that it tells alone: what it does not name is not there.
    pub(crate) whole: &'static [Source],
    /// The sources that it shares with another watch.
    pub(crate) shared: &'static [Source],
    /// The facts of an object.
    pub(crate) facts: fn(Object<S, T>, &mut Intern) -> Vec<Fact>,
}

/// Turns events into changes.
pub(crate) struct Reader<'a, S, T> {
    kind: &'a Kind<S, T>,
    intern: Intern,
    /// What the list that is under way has named so far.
    named: BTreeMap<Source, BTreeSet<Key>>,
    /// What it has put into the sources that it shares.
    added: BTreeSet<(Source, Key)>,
    changes: Vec<Change>,
}

impl<'a, S, T> Reader<'a, S, T> {
    pub(crate) fn new(kind: &'a Kind<S, T>) -> Self {
        let named = BTreeMap::new();
        Self { kind, intern: Intern::default(), named, added: BTreeSet::new(), changes: Vec::new() }
    }

    /// The changes since the last call.
    pub(crate) fn changes(&mut self) -> Vec<Change> {
        std::mem::take(&mut self.changes)
    }

    /// Says how far the sources have spoken.
    pub(crate) fn heard(&mut self, heard: &Heard) {
        self.changes.extend(self.kind.heard.iter().map(|source| Change::Heard(*source, heard.clone())));
    }

    /// Takes an event; says whether it shows that the line is good.
    pub(crate) fn take(&mut self, event: Event<Object<S, T>>) -> bool {
        match event {
            Event::Init => {
                self.named = self.kind.whole.iter().chain(self.kind.shared).map(|s| (*s, BTreeSet::new())).collect();
                return false;
            }
            Event::InitApply(object) => {
                // What has no name cannot be told from others.
                if !object.metadata.name.is_empty() {
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
                let key = object.metadata.key(&mut self.intern);
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
                self.changes.push(Change::Whole(source, named));
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

    fn put(&mut self, object: Object<S, T>) {
        let key = object.metadata.key(&mut self.intern);
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
        Fact::Namespace(name) => (Source::Namespaces, Key::new("", name.clone())),
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
    }
}
