//! Machines of a simulated cluster that are not there for a while: taken down to be installed anew, and put back.

use std::sync::Arc;

use serde_json::Value;

use crate::{
    cluster::{endpoints, owners},
    kind::Kind,
    object::{Key, Object},
    simulator::Simulator,
    store::Store,
};

/// What went with a machine.
pub struct Unplugged(Vec<(Kind, Value)>);

impl Simulator {
    /// Takes a machine away, with its node, its lease and its pods; none when there is none of this name.
    pub fn unplug(&self, host: &str) -> Option<Unplugged> {
        let store = self.store();
        let node = store.get(Kind::Node, "", host)?;
        let lease = store.get(Kind::Lease, "kube-node-lease", host);
        let pods: Vec<Arc<Object>> = {
            let shelf = store.shelf(Kind::Pod);
            shelf.objects.values().filter(|pod| pod.value()["spec"]["nodeName"] == host).cloned().collect()
        };
        let gone: Vec<Arc<Object>> = pods.into_iter().chain(lease).chain([node]).collect();
        for object in &gone {
            store.remove(object.kind, &object.key);
            followed(store, object);
        }
        Some(Unplugged(gone.iter().map(|object| (object.kind, object.value())).collect()))
    }

    /// Puts a machine back as it was.
    pub fn plug(&self, unplugged: Unplugged) {
        let store = self.store();
        // The node first: a pod without its node would be somewhere else.
        for (kind, value) in unplugged.0.into_iter().rev() {
            if let Some(object) = store.create(kind, value) {
                followed(store, &object);
            }
        }
    }

    /// Has a machine join that came from another cluster like this one: its node, its lease, and what runs on every
    /// host.
    pub fn join(&self, unplugged: Unplugged) {
        let every = |value: &Value| value["metadata"]["ownerReferences"][0]["kind"] == "DaemonSet";
        let bare = unplugged.0.into_iter().filter(|(kind, value)| *kind != Kind::Pod || every(value));
        let bare: Vec<(Kind, Value)> = bare.collect();
        let owners = bare.iter().filter(|(kind, _)| *kind == Kind::Pod).map(|(_, pod)| {
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            let metadata = &pod["metadata"];
            Key::new(text(&metadata["namespace"]), text(&metadata["ownerReferences"][0]["name"]))
        });
        let owners: Vec<Key> = owners.collect();
        self.plug(Unplugged(bare));
        for owner in owners {
            self.store().edit(Kind::DaemonSet, &owner, |object| {
                for field in ["desiredNumberScheduled", "currentNumberScheduled", "updatedNumberScheduled"] {
                    object["status"][field] = (object["status"][field].as_u64().unwrap_or_default() + 1).into();
                }
            });
            owners::recount(self.store(), &owner.namespace, Kind::DaemonSet, &owner.name);
        }
    }
}

fn followed(store: &Store, object: &Object) {
    if object.kind == Kind::Pod {
        endpoints::follow(store, &object.key.namespace, &object.labels.map);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::Cluster;

    #[test]
    fn a_machine_joins_with_what_runs_on_every_host() {
        let simulator = Simulator::new(Cluster::compass_of_four(5));
        let count = |kind: Kind| simulator.store().shelf(kind).objects.len();
        let before = (count(Kind::Node), count(Kind::Pod));
        let other = Simulator::new(Cluster::compass(5));
        simulator.join(other.unplug("host5").expect("a machine"));
        assert_eq!((before.0, count(Kind::Node)), (4, 5));
        let daemons = count(Kind::DaemonSet);
        assert!(daemons > 0 && count(Kind::Pod) == before.1 + daemons, "one pod of each DaemonSet");
        for set in simulator.store().shelf(Kind::DaemonSet).objects.values() {
            let status = &set.value()["status"];
            assert!(status["desiredNumberScheduled"] == 5 && status["numberReady"] == 5, "{status}");
        }
    }

    #[test]
    fn a_machine_comes_back_with_all_that_went_with_it() {
        let simulator = Simulator::new(Cluster::compass(5));
        let count = |kind: Kind| simulator.store().shelf(kind).objects.len();
        let before = (count(Kind::Node), count(Kind::Pod), count(Kind::Lease));
        let unplugged = simulator.unplug("host4").expect("a machine");
        assert_eq!((count(Kind::Node), count(Kind::Lease)), (before.0 - 1, before.2 - 1));
        assert!(count(Kind::Pod) < before.1);
        assert!(simulator.unplug("host4").is_none());
        simulator.plug(unplugged);
        assert_eq!((count(Kind::Node), count(Kind::Pod), count(Kind::Lease)), before);
    }
}
