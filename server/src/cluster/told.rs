//! A simulated cluster that nobody watches: its objects become facts at moments that are set.
//!
//! Objects are decoded by the feeds of a watched cluster. What is recorded of it is what a watch would have told.

use std::{collections::HashSet, sync::Arc};

use kube::Client;
use simulator::{Simulator, Told};
use topology::{
    Change, Stamp,
    inventory::{Fact, Heard, Key, Source},
};

use super::{
    Cluster,
    discovery::{self, Found},
    feeds::{self, Takes},
    intern::Intern,
    object::{Served, Watched},
    reader::Kind,
    readyz,
};

/// A simulated cluster, as far as it was told.
pub struct ToldCluster {
    /// Its facts.
    pub cluster: Arc<Cluster>,
    simulator: Simulator,
    decoders: Decoders,
    version: u64,
}

impl ToldCluster {
    /// Everything that there is at a moment. `address` is where clients reach it, for people.
    ///
    /// # Errors
    /// When the simulator's API does not answer.
    pub async fn begin(name: &str, simulator: &Simulator, address: &str, at: Stamp) -> kube::Result<Self> {
        let client = Client::new(simulator.clone(), "default");
        let Found { version: kubernetes, dialect } = discovery::ask(&client).await?;
        let cluster = Cluster::told(name, client.clone(), address, at);
        let mut decoders = Decoders::default();
        feeds::all(&mut decoders, &dialect);
        let (version, told) = simulator.told();
        let mut changes = vec![Change::Entrance(address.into())];
        changes.extend(kubernetes.map(|version| Change::Version(version.as_str().into())));
        changes.extend(told.into_iter().flat_map(|told| decoders.changes(told)));
        changes.append(&mut decoders.heard);
        changes.extend(readyz::said(&client, cluster.shared()).await);
        cluster.shared().apply(changes);
        Ok(Self { cluster: Arc::new(cluster), simulator: simulator.clone(), decoders, version })
    }

    /// Hears at a moment what has changed since the last one.
    pub fn hear(&mut self, at: Stamp) {
        self.cluster.shared().clock().set(at);
        let changes = self.changes();
        self.cluster.shared().apply(changes);
    }

    /// The same after a time in which nothing but renewals came, each of them in time.
    pub fn rest(&mut self, until: Stamp) {
        self.cluster.shared().clock().set(until);
        let (renewals, others): (Vec<Change>, Vec<Change>) =
            self.changes().into_iter().partition(|change| matches!(change, Change::Put(Fact::Lease(_))));
        self.cluster.shared().renew(renewals);
        self.cluster.shared().apply(others);
    }

    fn changes(&mut self) -> Vec<Change> {
        let (version, told) = self.simulator.told_since(self.version).unwrap_or_else(|| self.simulator.told());
        self.version = version;
        // Of each object as it is at this moment.
        let mut last: Vec<Told> = Vec::new();
        let mut seen = HashSet::new();
        for told in told.into_iter().rev() {
            if seen.insert((told.group, told.plural, told.namespace.clone(), told.name.clone())) {
                last.push(told);
            }
        }
        last.into_iter().rev().flat_map(|told| self.decoders.changes(told)).collect()
    }
}

/// What turns objects of each kind into facts.
#[derive(Default)]
struct Decoders {
    kinds: Vec<Decoder>,
    heard: Vec<Change>,
    intern: Intern,
}

/// Makes facts of an object.
type Decode = Box<dyn Fn(serde_json::Value, &mut Intern) -> Vec<Fact> + Send>;

struct Decoder {
    served: Served,
    whole: &'static [Source],
    facts: Decode,
}

impl Takes for Decoders {
    fn take<O: Watched>(&mut self, kind: Kind<O>) {
        let Kind { served, heard, whole, facts, .. } = kind;
        self.heard.extend(heard.iter().map(|source| Change::Heard(*source, Heard::Live)));
        let facts = move |object, intern: &mut Intern| {
            serde_json::from_value::<O>(object).map(|object| facts(object, intern)).unwrap_or_default()
        };
        self.kinds.push(Decoder { served, whole, facts: Box::new(facts) });
    }

    fn silent(&mut self, sources: &'static [Source]) {
        self.heard.extend(sources.iter().map(|source| Change::Heard(*source, Heard::NotServed)));
    }
}

impl Decoders {
    /// What an object changes; nothing where its kind is not followed.
    fn changes(&mut self, told: Told) -> Vec<Change> {
        let same = |kind: &&Decoder| kind.served.group == told.group && kind.served.plural == told.plural;
        let Some(kind) = self.kinds.iter().find(same) else { return Vec::new() };
        match told.object {
            Some(object) => (kind.facts)(object, &mut self.intern).into_iter().map(Change::Put).collect(),
            None => {
                let key = Key::new(told.namespace, told.name);
                kind.whole.iter().map(|source| Change::Gone(*source, key.clone())).collect()
            }
        }
    }
}
