//! The pod that crashes: one of ims/hss runs six seconds, ends with an error, and waits ever
//! longer for its next start, as the kubelet makes it wait.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{births, followers};
use crate::{
    clock,
    cluster::pods::{Stage, back_off},
    kind::Kind,
    object::Key,
    store::Store,
};

/// Seconds that it runs.
const RUNS: i64 = 6;

pub(super) struct Crash {
    pod: Option<Key>,
    restarts: u32,
    running: bool,
    due: Timestamp,
    first: Timestamp,
    events: u32,
}

impl Crash {
    pub(super) fn new(store: &Store, start: Timestamp) -> Self {
        let shelf = store.shelf(Kind::Pod);
        let inside = shelf.objects.range(Key::new("ims", "")..).take_while(|(key, _)| &*key.namespace == "ims");
        let mut hss = inside.filter(|(_, pod)| pod.labels.map.get("app").is_some_and(|app| app == "hss"));
        let pod = hss.next().map(|(key, _)| key.clone());
        Self { pod, restarts: 0, running: true, due: clock::after(start, RUNS), first: start, events: 0 }
    }

    /// A pod that runs, and crashes at once.
    pub(super) fn of(pod: Key, now: Timestamp) -> Self {
        Self { pod: Some(pod), restarts: 0, running: true, due: now, first: now, events: 0 }
    }

    /// Nothing crashes by itself any more.
    pub(super) fn stop(&mut self) {
        self.pod = None;
    }

    /// The pod.
    pub(super) fn pod(&self) -> Option<&Key> {
        self.pod.as_ref()
    }

    /// When it crashed first.
    pub(super) fn since(&self) -> Timestamp {
        self.first
    }

    /// Has it run and stay ready; false when the pod is not there.
    pub(super) fn mend(&self, store: &Store, now: Timestamp) -> bool {
        let Some(key) = &self.pod else { return true };
        let changed = store.edit(Kind::Pod, key, |pod| {
            let place = births::place(pod);
            births::enter(store, pod, &place, &Stage::Ready, now);
            // A count of restarts never falls.
            pod["status"]["containerStatuses"][0]["restartCount"] = self.restarts.into();
        });
        if let Some(pod) = store.get(Kind::Pod, &key.namespace, &key.name).filter(|_| changed) {
            followers(store, &pod);
        }
        changed
    }

    pub(super) fn step(&mut self, store: &Store, now: Timestamp) {
        let Some(key) = self.pod.clone().filter(|_| now >= self.due) else { return };
        let stage = if self.running {
            self.restarts += 1;
            self.due = clock::after(now, back_off(self.restarts));
            Stage::BackOff(self.restarts)
        } else {
            self.due = clock::after(now, RUNS);
            Stage::Restarted(self.restarts)
        };
        self.running = !self.running;
        let changed = store.edit(Kind::Pod, &key, |pod| {
            let place = births::place(pod);
            births::enter(store, pod, &place, &stage, now);
        });
        let Some(pod) = store.get(Kind::Pod, &key.namespace, &key.name).filter(|_| changed) else {
            // Somebody has deleted it.
            self.pod = None;
            return;
        };
        followers(store, &pod);
        if let Stage::BackOff(_) = stage {
            self.events += 1;
            self.tell(store, &pod.value(), now);
        }
    }

    fn tell(&self, store: &Store, pod: &Value, now: Timestamp) {
        let (metadata, container) = (&pod["metadata"], &pod["spec"]["containers"][0]["name"]);
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let name = format!("{}.18a0c0ffee5eed01", text(&metadata["name"]));
        let known = store.get(Kind::Event, &text(&metadata["namespace"]), &name);
        let message = format!(
            "Back-off restarting failed container {} in pod {}_{}({})",
            text(container),
            text(&metadata["name"]),
            text(&metadata["namespace"]),
            text(&metadata["uid"])
        );
        let uid = known.map_or_else(|| store.uid().into(), |event| event.value()["metadata"]["uid"].clone());
        store.put(
            Kind::Event,
            json!({
                "metadata": {"name": name, "namespace": metadata["namespace"], "uid": uid, "creationTimestamp": clock::seconds(self.first)},
                "involvedObject": {"apiVersion": "v1", "kind": "Pod", "namespace": metadata["namespace"], "name": metadata["name"],
                    "uid": metadata["uid"], "fieldPath": format!("spec.containers{{{}}}", text(container))},
                "type": "Warning", "reason": "BackOff", "message": message, "count": self.events,
                "firstTimestamp": clock::seconds(self.first), "lastTimestamp": clock::seconds(now),
                "source": {"component": "kubelet", "host": pod["spec"]["nodeName"]},
                "reportingComponent": "kubelet", "reportingInstance": pod["spec"]["nodeName"],
            }),
        );
    }
}
