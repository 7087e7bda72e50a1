//! One watch of one kind: list by pages, follow, resume, start over when the past is gone.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Debug,
    sync::Arc,
    time::Duration,
};

use futures::StreamExt;
use kube::{
    Api, Client,
    runtime::{
        utils::Backoff,
        watcher::{self, DefaultBackoff, Event},
    },
};
use serde::de::DeserializeOwned;
use topology::{
    Change,
    inventory::{Fact, Heard, Key, Source},
};

use super::{
    intern::Intern,
    live::Shared,
    object::{Object, Served},
    trouble::{Trouble, first_line},
};

/// Objects a page of a list.
const PAGE: u32 = 500;
/// Changes that are applied in one go at most, so that readers are not kept waiting.
const BATCH: usize = 512;
/// How long until a refused or missing kind is asked for again.
const SLOW: Duration = Duration::from_secs(30);

/// What a watch needs to know of its kind.
pub(crate) struct Kind<S, T> {
    pub(crate) served: Served,
    /// The sources that it feeds: one, or two where annotations stand in for leases.
    pub(crate) sources: &'static [Source],
    /// The facts of an object.
    pub(crate) facts: fn(Object<S, T>, &mut Intern) -> Vec<Fact>,
}

/// Follows a kind for ever.
pub(crate) async fn follow<S, T>(client: Client, kind: Kind<S, T>, shared: Arc<Shared>)
where
    S: Clone + Debug + Default + DeserializeOwned + Send + Sync + 'static,
    T: Clone + Debug + Default + DeserializeOwned + Send + Sync + 'static,
{
    let mut revived = shared.revived();
    loop {
        let followed = follow_once(&client, &kind, &shared);
        // A line that went dead without a word shows in the pulse: then everything starts over.
        tokio::select! {
            () = followed => {}
            _ = revived.changed() => {}
        }
    }
}

async fn follow_once<S, T>(client: &Client, kind: &Kind<S, T>, shared: &Shared)
where
    S: Clone + Debug + Default + DeserializeOwned + Send + Sync + 'static,
    T: Clone + Debug + Default + DeserializeOwned + Send + Sync + 'static,
{
    let api: Api<Object<S, T>> = Api::all_with(client.clone(), &kind.served);
    let config = watcher::Config::default().page_size(PAGE).any_semantic();
    let mut events = watcher::watcher(api, config).ready_chunks(BATCH).boxed();
    let mut backoff = DefaultBackoff::default();
    let mut reader = Reader::new(kind);
    while let Some(chunk) = events.next().await {
        let mut pause = None;
        for event in chunk {
            match event {
                Ok(event) => {
                    if reader.take(event) {
                        backoff.reset();
                    }
                }
                Err(error) => {
                    let (heard, slow) = reader.heard_of(&error, shared);
                    reader.changes.extend(kind.sources.iter().map(|source| Change::Heard(*source, heard.clone())));
                    pause = if slow { Some(SLOW) } else { backoff.next() };
                }
            }
        }
        shared.apply(std::mem::take(&mut reader.changes));
        if let Some(pause) = pause {
            tokio::time::sleep(pause).await;
        }
    }
}

/// Turns events into changes.
struct Reader<'a, S, T> {
    kind: &'a Kind<S, T>,
    intern: Intern,
    /// What the list that is under way has named so far.
    named: BTreeMap<Source, BTreeSet<Key>>,
    changes: Vec<Change>,
    /// Whether the kind is followed just now.
    live: bool,
}

impl<'a, S, T> Reader<'a, S, T> {
    fn new(kind: &'a Kind<S, T>) -> Self {
        Self { kind, intern: Intern::default(), named: BTreeMap::new(), changes: Vec::new(), live: false }
    }

    /// Takes an event; says whether it shows that the line is good.
    fn take(&mut self, event: Event<Object<S, T>>) -> bool {
        match event {
            Event::Init => {
                self.intern.clear();
                self.named = self.kind.sources.iter().map(|source| (*source, BTreeSet::new())).collect();
                return false;
            }
            Event::InitApply(object) => {
                for fact in (self.kind.facts)(object, &mut self.intern) {
                    let (source, key) = name(&fact);
                    self.named.entry(source).or_default().insert(key);
                    self.changes.push(Change::Put(fact));
                }
                return false;
            }
            Event::InitDone => {
                for (source, named) in std::mem::take(&mut self.named) {
                    self.changes.push(Change::Whole(source, named));
                }
            }
            Event::Apply(object) => self.put(object),
            Event::Delete(object) => {
                let key = object.metadata.key(&mut self.intern);
                self.changes.extend(self.kind.sources.iter().map(|source| Change::Gone(*source, key.clone())));
            }
        }
        if !self.live {
            self.live = true;
            self.changes.extend(self.kind.sources.iter().map(|source| Change::Heard(*source, Heard::Live)));
        }
        true
    }

    fn put(&mut self, object: Object<S, T>) {
        let key = object.metadata.key(&mut self.intern);
        let facts = (self.kind.facts)(object, &mut self.intern);
        for source in self.kind.sources {
            if !facts.iter().any(|fact| name(fact).0 == *source) {
                self.changes.push(Change::Gone(*source, key.clone()));
            }
        }
        self.changes.extend(facts.into_iter().map(Change::Put));
    }

    /// What an error means for the sources, and whether it is worth trying again soon.
    fn heard_of(&mut self, error: &watcher::Error, shared: &Shared) -> (Heard, bool) {
        let was_live = std::mem::replace(&mut self.live, false);
        let Served { group, plural, .. } = &self.kind.served;
        let resource = if group.is_empty() { (*plural).to_owned() } else { format!("{plural}.{group}") };
        let (verb, code) = match error {
            watcher::Error::InitialListFailed(kube::Error::Api(status)) => ("list", status.code),
            watcher::Error::WatchStartFailed(kube::Error::Api(status)) => ("watch", status.code),
            watcher::Error::WatchError(status) => ("watch", status.code),
            _ => ("", 0),
        };
        match code {
            403 => return (Heard::Forbidden { permission: format!("{verb} {resource}").into() }, true),
            404 if verb == "list" => return (Heard::NotServed, true),
            // The past is gone: a new list is under way, and what is held is good until then.
            410 if was_live => {
                self.live = true;
                return (Heard::Live, false);
            }
            _ => {}
        }
        let reason = match error {
            watcher::Error::InitialListFailed(error)
            | watcher::Error::WatchStartFailed(error)
            | watcher::Error::WatchFailed(error) => {
                let trouble = Trouble::of(error, shared.name(), shared.address());
                if !was_live && !self.known(shared) && !matches!(trouble, Trouble::NotKubernetes { .. }) {
                    shared.fail(&trouble);
                }
                trouble.to_string()
            }
            other => first_line(&other.to_string()),
        };
        tracing::debug!(kind = resource, reason, "watch is cut");
        if self.known(shared) {
            (Heard::Stale { since: shared.now(), reason: reason.into() }, false)
        } else {
            (Heard::NotYet, false)
        }
    }

    fn known(&self, shared: &Shared) -> bool {
        shared.read(|inventory| inventory.heard(self.kind.sources[0]).knows())
    }
}

/// The source and the key of a fact.
fn name(fact: &Fact) -> (Source, Key) {
    use topology::inventory::OwnerKind;
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
