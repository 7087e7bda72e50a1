//! What happens in a cluster by itself: heartbeats, rollouts, crashes, a leader that moves, a node
//! that falls silent. All of it hangs on the seed and on the moments that it is stepped through.

mod beats;
mod births;
mod crash;
mod harm;
mod heal;
mod leaders;
mod rollout;
mod silence;

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;

use crate::{
    clock,
    cluster::{Cluster, endpoints, owners},
    damage::{Asked, Wishes},
    kind::Kind,
    object::Object,
    store::Store,
};

/// What happens in a cluster by itself. Driven by [`Life::step`], or in real time by [`Life::run`].
pub struct Life {
    store: Arc<Store>,
    random: fastrand::Rng,
    beats: beats::Beats,
    births: births::Births,
    crash: crash::Crash,
    harm: harm::Harm,
    asked: Asked,
    leaders: leaders::Leaders,
    rollouts: rollout::Rollouts,
    silence: silence::Silence,
}

impl Life {
    pub(crate) fn new(store: Arc<Store>, cluster: &Cluster, asked: Asked) -> Self {
        let mut random = fastrand::Rng::with_seed(cluster.seed ^ 0x11fe);
        let start = store.clock.now();
        Self {
            beats: beats::Beats::new(&store, start),
            births: births::Births::default(),
            crash: crash::Crash::new(&store, start),
            harm: harm::Harm::default(),
            asked,
            leaders: leaders::Leaders::new(&store, start, &mut random),
            rollouts: rollout::Rollouts::new(&store, start),
            silence: silence::Silence::new(&store, start, &mut random),
            store,
            random,
        }
    }

    /// Lets everything happen that is due by `now`. Moments before the latest step are ignored.
    /// The same steps from the same seed make the same changes.
    pub fn step(&mut self, now: Timestamp) {
        self.store.clock.advance(now);
        let (store, now) = (&*self.store, self.store.clock.now());
        let wishes = self.asked.take();
        self.silence.step(store, now, &mut self.random);
        let silent = self.silence.given_up();
        self.harm.step(store, &wishes, silent, &self.births, self.crash.pod(), now);
        self.beats.step(store, now, self.silence.node(), &wishes);
        self.leaders.step(store, now, &wishes, &mut self.random);
        bury(store, now, &wishes, &mut self.births);
        self.births.step(store, now, &mut self.random);
        self.crash.step(store, now);
        self.rollouts.step(store, now, &wishes.rollouts, &mut self.births, &mut self.random);
    }

    /// From now on nothing happens but heartbeats and what is asked for.
    #[must_use]
    pub fn quiet(mut self) -> Self {
        self.crash.stop();
        self.rollouts.stop();
        self.silence.stop();
        self
    }

    /// Goes on at `now` as if nothing but heartbeats had come since the last step. A host that joined meanwhile beats
    /// from now on. Ask for no rollout in between: it would be forgotten.
    pub fn rest(&mut self, now: Timestamp) {
        self.store.clock.advance(now);
        let (store, now) = (&*self.store, self.store.clock.now());
        let wishes = self.asked.take();
        self.beats = beats::Beats::overdue(store, now);
        self.beats.step(store, now, None, &wishes);
        self.leaders.renew(store, now);
    }

    /// Lives in real time, a step about every second and at once when something is asked, for ever.
    pub async fn run(mut self) {
        loop {
            self.step(Timestamp::now());
            let _ = tokio::time::timeout(Duration::from_secs(1), self.asked.woken()).await;
        }
    }
}

/// How many seconds a pod takes to end.
const ENDING: i64 = 3;

/// Takes away the pods that have had their time to end.
fn bury(store: &Store, now: Timestamp, wishes: &Wishes, births: &mut births::Births) {
    let dying: Vec<Arc<Object>> = {
        let shelf = store.shelf(Kind::Pod);
        shelf.dying.iter().filter_map(|key| shelf.objects.get(key).cloned()).collect()
    };
    for pod in dying {
        let value = pod.value();
        let metadata = &value["metadata"];
        let until = metadata["deletionTimestamp"].as_str().and_then(|text| text.parse::<Timestamp>().ok());
        let grace = metadata["deletionGracePeriodSeconds"].as_i64().unwrap_or_default();
        let over = until.is_none_or(|until| clock::after(until, grace.min(ENDING) - grace) <= now);
        if pod.node.as_deref().is_some_and(|node| wishes.loses(node)) {
            // Its kubelet cannot say that it has ended: it stays, and another takes its place.
            if value["metadata"]["ownerReferences"][0]["kind"] == "ReplicaSet" {
                heal::replace(store, &pod, now, births);
            }
            endpoints::follow(store, &pod.key.namespace, &pod.labels.map);
        } else if over && store.remove(Kind::Pod, &pod.key) {
            followers(store, &pod);
            heal::replace(store, &pod, now, births);
        } else {
            endpoints::follow(store, &pod.key.namespace, &pod.labels.map);
        }
    }
}

/// Lets owners and services follow a pod that has changed.
fn followers(store: &Store, pod: &Object) {
    let value = pod.value();
    let owner = &value["metadata"]["ownerReferences"][0];
    let kind = match owner["kind"].as_str() {
        Some("ReplicaSet") => Some(Kind::ReplicaSet),
        Some("StatefulSet") => Some(Kind::StatefulSet),
        Some("DaemonSet") => Some(Kind::DaemonSet),
        _ => None,
    };
    if let (Some(kind), Some(name)) = (kind, owner["name"].as_str()) {
        owners::recount(store, &pod.key.namespace, kind, name);
    }
    endpoints::follow(store, &pod.key.namespace, &pod.labels.map);
}
