//! The history of one thing: what became of it, record by record.

use std::collections::BTreeMap;

use topology::{
    Change, Inventory, Stamp,
    figure::words,
    inventory::{EndpointSet, Fact, Heard, Key, Name, Node, Owner, OwnerKind, Phase, Pod, Service, Source},
};

use crate::{Record, compare::host};

/// A thing whose history is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Thing {
    /// A host.
    Node(Name),
    /// A pod.
    Pod(Key),
    /// A service, with its endpoints.
    Service(Key),
    /// A Deployment, StatefulSet, `DaemonSet`, `ReplicaSet` or Job.
    Workload(OwnerKind, Key),
}

/// Why a text names no thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("write it as in node/host4, pod/ims/hss-0, service/ims/hss or workload/ims/Deployment/hss")]
pub struct NoThing;

impl std::str::FromStr for Thing {
    type Err = NoThing;

    fn from_str(text: &str) -> Result<Self, NoThing> {
        let parts: Vec<&str> = text.trim().split('/').collect();
        if parts.iter().any(|part| part.is_empty()) {
            return Err(NoThing);
        }
        match parts.as_slice() {
            ["node", name] => Ok(Self::Node((*name).into())),
            ["pod", namespace, name] => Ok(Self::Pod(Key::new(*namespace, *name))),
            ["service", namespace, name] => Ok(Self::Service(Key::new(*namespace, *name))),
            ["workload", namespace, kind, name] => {
                Ok(Self::Workload(OwnerKind::from_word(kind), Key::new(*namespace, *name)))
            }
            _ => Err(NoThing),
        }
    }
}

impl Thing {
    fn source(&self) -> Source {
        match self {
            Self::Node(_) => Source::Nodes,
            Self::Pod(_) => Source::Pods,
            Self::Service(_) => Source::Services,
            Self::Workload(kind, _) => match kind {
                OwnerKind::StatefulSet => Source::StatefulSets,
                OwnerKind::DaemonSet => Source::DaemonSets,
                OwnerKind::ReplicaSet => Source::ReplicaSets,
                OwnerKind::Job => Source::Jobs,
                _ => Source::Deployments,
            },
        }
    }

    fn is(&self, fact: &Fact) -> bool {
        match (self, fact) {
            (Self::Node(name), Fact::Node(node)) => node.name == *name,
            (Self::Pod(key), Fact::Pod(pod)) => pod.key == *key,
            (Self::Service(key), Fact::Service(service)) => service.key == *key,
            (Self::Workload(kind, key), Fact::Owner(owner)) => owner.kind == *kind && owner.key == *key,
            _ => false,
        }
    }

    fn key(&self) -> Key {
        match self {
            Self::Node(name) => Key::new("", name.clone()),
            Self::Pod(key) | Self::Service(key) | Self::Workload(_, key) => key.clone(),
        }
    }
}

/// Something that became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// When Binnacle learnt of it.
    pub at: Stamp,
    /// When the API says that it was, where it does.
    pub told: Option<Stamp>,
    /// In a few words each.
    pub what: Vec<String>,
}

/// The history of one thing as it is read.
#[derive(Clone, Debug)]
pub struct Life {
    thing: Thing,
    last: Option<Fact>,
    /// Ready endpoints by slice.
    ready: BTreeMap<Key, usize>,
    events: Vec<Event>,
}

impl Life {
    /// Of a thing of which nothing is known yet.
    pub const fn of(thing: Thing) -> Self {
        Self { thing, last: None, ready: BTreeMap::new(), events: Vec::new() }
    }

    /// Everything that was there at a moment. `since` is the last moment before it that was seen; what differs happened
    /// in between, and was not seen. Without one, it is how the history begins. A thing that could not be seen at `at`
    /// is not known to be gone.
    pub fn whole(&mut self, records: &[Record], at: Stamp, since: Option<Stamp>) {
        let mut found = None;
        let mut ready = BTreeMap::new();
        let mut limits = Inventory::default();
        for record in records {
            match &record.change {
                Change::Put(fact) if self.thing.is(fact) => found = Some(fact.clone()),
                Change::Put(Fact::Endpoints(set)) if self.serves(set) => {
                    ready.insert(set.key.clone(), count(set));
                }
                limit @ (Change::Scope(_) | Change::Heard(..) | Change::HeardIn(..)) => {
                    limits.apply(limit.clone());
                }
                _ => {}
            }
        }
        let source = self.thing.source();
        let heard = limits.heard_in(source, &self.thing.key().namespace);
        if found.is_none() && self.last.is_some() && !heard.knows() && *heard != Heard::NotYet {
            let what = format!("not known any more: {} of that place cannot be seen", source.word());
            return self.push(at, None, vec![what]);
        }
        let what = match (&self.last, &found) {
            (None, Some(fact)) if since.is_none() => vec![format!("there already: {}", begins(fact).join(", "))],
            (None, Some(fact)) => begins(fact),
            (Some(_), None) => vec!["gone".to_owned()],
            (Some(was), Some(is)) => differs(was, is),
            (None, None) => Vec::new(),
        };
        if !what.is_empty() {
            let unseen = since.map(|since| format!("between {} and now, not seen: ", topology::health::moment(since)));
            let what = vec![format!("{}{}", unseen.unwrap_or_default(), what.join(", "))];
            self.events.push(Event { at, told: None, what });
        }
        (self.last, self.ready) = (found, ready);
    }

    /// A change, in the order of their times.
    pub fn take(&mut self, record: &Record) {
        let at = record.at;
        match &record.change {
            Change::Put(fact) if self.thing.is(fact) => {
                let what = self.last.as_ref().map_or_else(|| begins(fact), |last| differs(last, fact));
                let told = told(self.last.as_ref(), fact);
                self.last = Some(fact.clone());
                self.push(at, told, what);
            }
            Change::Put(Fact::Endpoints(set)) if self.serves(set) => {
                let before = self.all_ready();
                self.ready.insert(set.key.clone(), count(set));
                self.push(at, None, Vec::from_iter(ready(before, self.all_ready())));
            }
            Change::Gone(Source::Endpoints, key) if self.ready.contains_key(key) => {
                let before = self.all_ready();
                self.ready.remove(key);
                self.push(at, None, Vec::from_iter(ready(before, self.all_ready())));
            }
            Change::Gone(source, key) if *source == self.thing.source() && *key == self.thing.key() => {
                if self.last.take().is_some() {
                    self.push(at, None, vec!["gone".to_owned()]);
                }
            }
            Change::Heard(source, Heard::Stale { .. } | Heard::Forbidden { .. })
            | Change::HeardIn(source, _, Heard::Stale { .. } | Heard::Forbidden { .. })
                if *source == self.thing.source() && self.is_in(&record.change) && self.last.is_some() =>
            {
                self.push(
                    at,
                    None,
                    vec![format!("the watch of {} is cut: what follows was learnt later", source.word())],
                );
            }
            _ => {}
        }
    }

    /// Whether a change may concern the namespace of the thing.
    fn is_in(&self, change: &Change) -> bool {
        !matches!(change, Change::HeardIn(_, namespace, _) if *namespace != self.thing.key().namespace)
    }

    /// What became of it, the earliest first.
    pub fn events(self) -> Vec<Event> {
        self.events
    }

    /// Whether the thing was there when it was last told of.
    pub const fn is_there(&self) -> bool {
        self.last.is_some()
    }

    /// Texts of which a block of changes holds one, where it tells anything of the thing.
    pub fn texts(&self) -> Vec<&str> {
        let name = match &self.thing {
            Thing::Node(name) => name,
            Thing::Pod(key) | Thing::Service(key) | Thing::Workload(_, key) => &key.name,
        };
        // A slice of endpoints goes by its own name, and a watch that is cut or refused says no name at all.
        [&**name, "stale", "forbidden"].into_iter().chain(self.ready.keys().map(|slice| &*slice.name)).collect()
    }

    fn all_ready(&self) -> usize {
        self.ready.values().sum()
    }

    fn serves(&self, set: &EndpointSet) -> bool {
        matches!(&self.thing, Thing::Service(key) if set.service == key.name && set.key.namespace == key.namespace)
    }

    fn push(&mut self, at: Stamp, told: Option<Stamp>, what: Vec<String>) {
        if !what.is_empty() {
            self.events.push(Event { at, told, what });
        }
    }
}

fn count(set: &EndpointSet) -> usize {
    set.endpoints.iter().filter(|endpoint| endpoint.ready).count()
}

fn ready(before: usize, now: usize) -> Option<String> {
    (before != now).then(|| format!("ready endpoints {before}, now {now}"))
}

/// When the API says that a fact came to be like this.
fn told(before: Option<&Fact>, now: &Fact) -> Option<Stamp> {
    match (before, now) {
        (None, Fact::Pod(pod)) => Some(pod.created),
        (None, Fact::Node(node)) => Some(node.created),
        (None, Fact::Owner(owner)) => Some(owner.created),
        (Some(Fact::Pod(was)), Fact::Pod(is)) => {
            let unready = is.further.as_ref().and_then(|further| further.unready);
            let left = is.further.as_ref().and_then(|further| further.left);
            if is.leaving && !was.leaving { left } else { unready.filter(|_| was.ready && !is.ready) }
        }
        (Some(Fact::Node(was)), Fact::Node(is)) => {
            let ready = |node: &Node| node.condition("Ready").map(|ready| (ready.truth, ready.since));
            let (was, is) = (ready(was), ready(is));
            is.filter(|(truth, _)| was.is_none_or(|(before, _)| before != *truth)).map(|(_, since)| since)
        }
        _ => None,
    }
}

/// A thing that appears, in words.
fn begins(fact: &Fact) -> Vec<String> {
    match fact {
        Fact::Pod(pod) => {
            let place = pod.node.as_ref().map_or_else(|| "on no host yet".to_owned(), |node| format!("on {node}"));
            let images = pod.images.iter().map(|image| &**image).collect::<Vec<_>>().join(", ");
            let mut words = vec![format!("new, {place}"), state(pod)];
            words.extend((!images.is_empty()).then(|| format!("images {images}")));
            words
        }
        Fact::Node(node) => vec![format!("new, kubelet {}", node.kubelet)],
        Fact::Service(service) => vec![format!("new, {}", service.kind)],
        Fact::Owner(owner) => vec![format!("new, {} of {} pods ready", owner.ready, owner.wanted)],
        _ => vec!["new".to_owned()],
    }
}

fn state(pod: &Pod) -> String {
    let phase = match pod.phase {
        Phase::Pending => "pending",
        Phase::Running => "running",
        Phase::Succeeded => "succeeded",
        Phase::Failed => "failed",
        Phase::Unknown => "in an unknown phase",
    };
    if pod.ready { format!("{phase} and ready") } else { phase.to_owned() }
}

/// What one fact of a thing has that the one before had not, in words.
fn differs(before: &Fact, now: &Fact) -> Vec<String> {
    match (before, now) {
        (Fact::Pod(was), Fact::Pod(is)) => pod(was, is),
        (Fact::Node(was), Fact::Node(is)) => host(was, is),
        (Fact::Service(was), Fact::Service(is)) => service(was, is),
        (Fact::Owner(was), Fact::Owner(is)) => owner(was, is),
        _ => Vec::new(),
    }
}

fn pod(was: &Pod, is: &Pod) -> Vec<String> {
    let mut what = Vec::new();
    if was.node != is.node {
        what.push(is.node.as_ref().map_or_else(|| "on no host".to_owned(), |node| format!("on {node}")));
    }
    if was.phase != is.phase {
        what.push(state(is));
    }
    if was.leaving != is.leaving {
        what.push("deletion was asked for".to_owned());
    }
    what.extend(words::pod(was, is));
    if was.containers_ready != is.containers_ready {
        what.push(format!("{} of {} containers ready", is.containers_ready, is.containers));
    }
    if was.images != is.images {
        let images = |pod: &Pod| pod.images.iter().map(|image| &**image).collect::<Vec<_>>().join(", ");
        what.push(format!("images {}, now {}", images(was), images(is)));
    }
    if was.addresses != is.addresses {
        what.push(is.addresses.first().map_or_else(|| "no address".to_owned(), |own| format!("address {own}")));
    }
    what
}

fn service(was: &Service, is: &Service) -> Vec<String> {
    let mut what = Vec::new();
    if was.kind != is.kind {
        what.push(format!("type {}, now {}", was.kind, is.kind));
    }
    if was.ports != is.ports {
        what.push("other ports".to_owned());
    }
    if was.selector != is.selector {
        what.push("another selector".to_owned());
    }
    if was.hosts().ne(is.hosts()) || was.cluster_ips != is.cluster_ips {
        what.push("other addresses".to_owned());
    }
    if what.is_empty() && was != is {
        what.push("defined otherwise".to_owned());
    }
    what
}

fn owner(was: &Owner, is: &Owner) -> Vec<String> {
    let mut what = Vec::new();
    if was.wanted != is.wanted {
        what.push(format!("pods wanted {}, now {}", was.wanted, is.wanted));
    }
    if was.ready != is.ready {
        what.push(format!("pods ready {}, now {}", was.ready, is.ready));
    }
    if was.labels != is.labels {
        what.push("other labels of its pods".to_owned());
    }
    what
}
