//! What controllers do when a pod of theirs has gone: another takes its place.

use jiff::Timestamp;
use serde_json::json;

use super::births::{self, Births};
use crate::{clock, cluster::owners, kind::Kind, object::Object, store::Store};

/// Puts another pod in the place of one that has gone, where its owner still wants it.
pub(super) fn replace(store: &Store, gone: &Object, now: Timestamp, births: &mut Births) {
    let mut pod = gone.value();
    let owner = pod["metadata"]["ownerReferences"][0].clone();
    let name = owner["name"].as_str().unwrap_or_default();
    let namespace = &*gone.key.namespace;
    let word = owner["kind"].as_str().unwrap_or_default();
    let kind = match word {
        "ReplicaSet" => Kind::ReplicaSet,
        "StatefulSet" => Kind::StatefulSet,
        "DaemonSet" => Kind::DaemonSet,
        _ => return,
    };
    let Some(found) = store.get(kind, namespace, name).map(|owner| owner.value()) else { return };
    let wanted = found["spec"]["replicas"].as_u64().and_then(|count| usize::try_from(count).ok());
    let selected = owners::select(store, namespace, &found["spec"]["selector"]["matchLabels"]);
    let living = selected.iter().filter(|pod| !pod.dying).count();
    if kind != Kind::DaemonSet && wanted.is_none_or(|wanted| living >= wanted) {
        return;
    }
    let place = births::place(&pod);
    if let Some(metadata) = pod["metadata"].as_object_mut() {
        metadata.remove("deletionTimestamp");
        metadata.remove("deletionGracePeriodSeconds");
        metadata.insert("uid".into(), store.uid().into());
        metadata.insert("creationTimestamp".into(), clock::seconds(now).into());
        if kind != Kind::StatefulSet {
            metadata.insert("name".into(), format!("{name}-{}", store.suffix(5)).into());
        }
    }
    if let Some(spec) = pod["spec"].as_object_mut() {
        spec.remove("nodeName");
    }
    pod["status"] = json!({"phase": "Pending", "qosClass": "Burstable"});
    let Some(made) = store.create(Kind::Pod, pod) else { return };
    if kind == Kind::DaemonSet {
        births.begin_at(made.key.clone(), place, now);
    } else {
        births.begin(made.key.clone(), now);
    }
}
