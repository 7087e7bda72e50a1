//! Rollouts: now and then a deployment gets a new ReplicaSet, and its pods are replaced one by
//! one, a new one first.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::births::Births;
use crate::{
    clock,
    cluster::{
        owners::{self, Owner},
        pods::{self, Draft, Stage},
    },
    kind::Kind,
    object::Key,
    store::Store,
    write,
};

/// Seconds of quiet between two rollouts.
const QUIET: i64 = 45;
/// A deployment with more pods is never chosen: its rollout would take too long to watch.
const LARGEST: u64 = 12;

pub(super) struct Rollouts {
    deployments: Vec<Key>,
    next: Timestamp,
    now: Option<Rollout>,
    /// Those that were asked for.
    asked: Vec<Rollout>,
}

struct Rollout {
    deployment: Key,
    /// The ReplicaSets that were there before.
    old: Vec<Key>,
    owner: Owner,
    replica_set: Key,
    wanted: usize,
    made: usize,
    newest: Option<Key>,
}

impl Rollouts {
    pub(super) fn new(store: &Store, start: Timestamp) -> Self {
        let shelf = store.shelf(Kind::Deployment);
        let chosen = shelf.objects.values().filter(|deployment| {
            let quiet = &*deployment.key.namespace == "kube-system"
                || deployment.key.namespace.starts_with("openshift-")
                || &*deployment.key.name == "hss";
            !quiet && deployment.value()["spec"]["replicas"].as_u64().is_some_and(|count| count <= LARGEST)
        });
        Self {
            deployments: chosen.map(|it| it.key.clone()).collect(),
            next: clock::after(start, 15),
            now: None,
            asked: Vec::new(),
        }
    }

    /// Nothing is rolled out that was not asked for any more.
    pub(super) fn stop(&mut self) {
        self.deployments.clear();
    }

    pub(super) fn step(
        &mut self,
        store: &Store,
        now: Timestamp,
        asked: &[Key],
        births: &mut Births,
        random: &mut fastrand::Rng,
    ) {
        for key in asked {
            let mut under_way = self.asked.iter().chain(&self.now);
            if !under_way.any(|rollout| rollout.deployment == *key) {
                self.asked.extend(begin(store, key, now));
            }
        }
        self.asked.retain_mut(|rollout| rollout.advance(store, now, births));
        match &mut self.now {
            Some(rollout) => {
                if !rollout.advance(store, now, births) {
                    self.now = None;
                    self.next = clock::after(now, QUIET + random.i64(0..30));
                }
            }
            None if now >= self.next && !self.deployments.is_empty() => {
                self.next = clock::after(now, QUIET);
                let chosen = &self.deployments[random.usize(..self.deployments.len())];
                if self.asked.iter().all(|rollout| rollout.deployment != *chosen) {
                    self.now = begin(store, chosen, now);
                }
            }
            None => {}
        }
    }
}

fn begin(store: &Store, key: &Key, now: Timestamp) -> Option<Rollout> {
    let text = clock::seconds(now);
    let changed = store.edit(Kind::Deployment, key, |deployment| {
        deployment["spec"]["template"]["metadata"]["annotations"]["kubectl.kubernetes.io/restartedAt"] =
            text.as_str().into();
        let generation = deployment["metadata"]["generation"].as_i64().unwrap_or(1) + 1;
        deployment["metadata"]["generation"] = generation.into();
        deployment["status"]["observedGeneration"] = generation.into();
        deployment["status"]["updatedReplicas"] = 0.into();
    });
    let deployment = store.get(Kind::Deployment, &key.namespace, &key.name).filter(|_| changed)?.value();
    let old = replica_sets(store, key);
    let owner = owners::replica_set(store, &deployment, revision(store, &old) + 1, now, 0);
    let name = owner.reference["name"].as_str()?.to_owned();
    let wanted = deployment["spec"]["replicas"].as_u64().and_then(|count| usize::try_from(count).ok())?;
    let replica_set = Key::new(key.namespace.clone(), name);
    Some(Rollout { deployment: key.clone(), old, owner, replica_set, wanted, made: 0, newest: None })
}

fn replica_sets(store: &Store, deployment: &Key) -> Vec<Key> {
    let shelf = store.shelf(Kind::ReplicaSet);
    let inside = shelf.objects.range(Key::new(deployment.namespace.clone(), "")..);
    let owned = |value: &Value| value["metadata"]["ownerReferences"][0]["name"] == *deployment.name;
    inside
        .take_while(|(key, _)| key.namespace == deployment.namespace)
        .filter(|(_, set)| owned(&set.value()))
        .map(|(key, _)| key.clone())
        .collect()
}

fn revision(store: &Store, sets: &[Key]) -> u64 {
    let of = |key: &Key| {
        let set = store.get(Kind::ReplicaSet, &key.namespace, &key.name)?.value();
        set["metadata"]["annotations"]["deployment.kubernetes.io/revision"].as_str()?.parse().ok()
    };
    sets.iter().filter_map(of).max().unwrap_or(0)
}

impl Rollout {
    /// Goes on as far as it can; false when it is over.
    fn advance(&mut self, store: &Store, now: Timestamp, births: &mut Births) -> bool {
        if store.get(Kind::Deployment, &self.deployment.namespace, &self.deployment.name).is_none() {
            // Somebody has deleted it.
            return false;
        }
        if self.newest.as_ref().is_some_and(|pod| births.holds(pod)) {
            return true;
        }
        if self.newest.take().is_some() {
            self.retire_one(store);
        }
        if self.made < self.wanted {
            self.newest = self.make_one(store, now, births);
            return self.newest.is_some();
        }
        self.finish(store);
        false
    }

    fn make_one(&mut self, store: &Store, now: Timestamp, births: &mut Births) -> Option<Key> {
        let set = store.get(Kind::ReplicaSet, &self.replica_set.namespace, &self.replica_set.name)?.value();
        self.made += 1;
        scale(store, &self.replica_set, self.made);
        let name = self.owner.pod_name(store, self.made);
        let draft = Draft {
            namespace: &self.deployment.namespace,
            name: &name,
            uid: store.uid(),
            labels: self.owner.pod_labels.clone(),
            owner: Some(self.owner.reference.clone()),
            template: &set["spec"]["template"]["spec"],
            born: now,
            annotations: json!({"kubectl.kubernetes.io/restartedAt": clock::seconds(now)}),
        };
        store.put(Kind::Pod, pods::pod(store.profile, &draft, None, &Stage::Pending, now));
        let key = Key::new(self.deployment.namespace.clone(), name.clone());
        births.begin(key.clone(), now);
        let made = self.made;
        store.edit(Kind::Deployment, &self.deployment, |deployment| {
            deployment["status"]["updatedReplicas"] = made.into();
        });
        owners::recount(store, &self.replica_set.namespace, Kind::ReplicaSet, &self.replica_set.name);
        Some(key)
    }

    /// Ends one of the old pods.
    fn retire_one(&self, store: &Store) {
        for set in &self.old {
            let Some(value) = store.get(Kind::ReplicaSet, &set.namespace, &set.name).map(|set| set.value()) else {
                continue;
            };
            let pods = owners::select(store, &set.namespace, &value["spec"]["selector"]["matchLabels"]);
            let mut living = pods.iter().filter(|pod| !pod.dying);
            if let Some(pod) = living.next() {
                scale(store, set, living.count());
                write::end_pod(store, &pod.key, None);
                return;
            }
        }
    }

    /// Keeps one old ReplicaSet, as revisionHistoryLimit says, and takes older ones away.
    fn finish(&self, store: &Store) {
        let mut old: Vec<_> = self.old.iter().map(|key| (revision(store, std::slice::from_ref(key)), key)).collect();
        old.sort();
        old.pop();
        for (_, key) in old {
            store.remove(Kind::ReplicaSet, key);
        }
    }
}

fn scale(store: &Store, set: &Key, count: usize) {
    store.edit(Kind::ReplicaSet, set, |set| set["spec"]["replicas"] = count.into());
}
