//! The objects as an API server keeps them in etcd: under Kubernetes' keys, as JSON, which is what servers before 1.6
//! wrote and every server still reads.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::{kind::Kind, object::Object, simulator::Simulator};

/// Where Kubernetes keeps its objects.
const ROOT: &str = "/registry";

/// Keys and what stands at them; nothing where an object has gone.
pub type Kept = BTreeMap<String, Option<Vec<u8>>>;

/// An object as the API tells it, or that it has gone.
#[derive(Clone, Debug)]
pub struct Told {
    /// The group of its kind.
    pub group: &'static str,
    /// The plural of its kind.
    pub plural: &'static str,
    /// Its namespace; empty where it has none.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// It; none where it has gone.
    pub object: Option<Value>,
}

impl Told {
    fn of(object: &Object, there: bool) -> Self {
        Self {
            group: object.kind.group(),
            plural: object.kind.names().plural,
            namespace: object.key.namespace.to_string(),
            name: object.key.name.to_string(),
            object: there.then(|| object.value()),
        }
    }
}

impl Simulator {
    /// Every object as the API tells it, and the version up to which all changes are in it.
    pub fn told(&self) -> (u64, Vec<Told>) {
        let version = self.version();
        let mut told = Vec::new();
        for kind in Kind::ALL {
            told.extend(self.store().shelf(kind).objects.values().map(|object| Told::of(object, true)));
        }
        (version, told)
    }

    /// Every change after a version in its order, and up to which; none when that has been forgotten.
    pub fn told_since(&self, since: u64) -> Option<(u64, Vec<Told>)> {
        let version = self.version();
        let mut told = Vec::new();
        for kind in Kind::ALL {
            let shelf = self.store().shelf(kind);
            for event in shelf.since(since)?.filter(|event| event.version <= version) {
                let object = event.after.as_ref().or(event.before.as_ref())?;
                told.push((event.version, Told::of(object, event.after.is_some())));
            }
        }
        told.sort_by_key(|(version, _)| *version);
        Some((version, told.into_iter().map(|(_, told)| told).collect()))
    }

    /// Every object, and the version up to which all changes are in it.
    pub fn kept(&self) -> (u64, Kept) {
        let version = self.version();
        let mut kept = Kept::new();
        for kind in Kind::ALL {
            let shelf = self.store().shelf(kind);
            kept.extend(shelf.objects.values().map(|object| (key(object), Some(value(object)))));
        }
        (version, kept)
    }

    /// What has changed after a version, and up to which; none when that has been forgotten: then all has to be read.
    pub fn kept_since(&self, since: u64) -> Option<(u64, Kept)> {
        // A change gets its version under its kind's lock: what is there now is seen below.
        let version = self.version();
        let mut kept = Kept::new();
        for kind in Kind::ALL {
            let shelf = self.store().shelf(kind);
            for event in shelf.since(since)? {
                let object = event.after.as_ref().or(event.before.as_ref())?;
                kept.insert(key(object), event.after.as_deref().map(value));
            }
        }
        Some((version, kept))
    }
}

fn key(object: &Object) -> String {
    let folder = match object.kind {
        Kind::Node => "minions",
        Kind::Service => "services/specs",
        Kind::Endpoints => "services/endpoints",
        Kind::Ingress => "ingress",
        kind => kind.names().plural,
    };
    let (namespace, name) = (&object.key.namespace, &object.key.name);
    if namespace.is_empty() { format!("{ROOT}/{folder}/{name}") } else { format!("{ROOT}/{folder}/{namespace}/{name}") }
}

/// Without its version, which etcd tells.
fn value(object: &Object) -> Vec<u8> {
    let mut value = object.value();
    if let Some(Value::Object(metadata)) = value.get_mut("metadata") {
        metadata.remove("resourceVersion");
    }
    value.to_string().into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{cluster::Cluster, object::Key};

    #[test]
    fn objects_are_kept_under_the_keys_of_kubernetes() {
        let simulator = Simulator::new(Cluster::compass(5));
        let (_, kept) = simulator.kept();
        for key in [
            "/registry/minions/host1",
            "/registry/namespaces/ims",
            "/registry/services/specs/ims/cscf",
            "/registry/services/endpoints/ims/cscf",
            "/registry/leases/kube-node-lease/host4",
            "/registry/deployments/ims/cscf",
        ] {
            let value = kept.get(key).cloned().flatten().unwrap_or_else(|| panic!("nothing at {key}"));
            let value: Value = serde_json::from_slice(&value).expect("JSON");
            assert!(value["kind"].is_string() && value["metadata"].get("resourceVersion").is_none(), "{value}");
        }
    }

    #[test]
    fn a_change_is_told_once_and_a_forgotten_one_is_not() {
        let simulator = Simulator::new(Cluster::compass(5));
        let (version, _) = simulator.kept();
        let (store, lease) = (simulator.store(), Key::new("kube-node-lease", "host4"));
        store.edit(Kind::Lease, &lease, |lease| lease["spec"]["renewTime"] = "later".into());
        store.remove(Kind::Node, &Key::new("", "host4"));
        let (next, kept) = simulator.kept_since(version).expect("changes");
        assert_eq!(kept.len(), 2);
        assert_eq!(kept["/registry/minions/host4"], None);
        assert_eq!(simulator.kept_since(next).expect("none").1, Kept::new());
        simulator.forget();
        assert!(simulator.kept_since(version).is_none());
    }
}
