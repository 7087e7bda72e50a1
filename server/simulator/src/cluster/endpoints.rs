//! Endpoints and EndpointSlices, which follow the pods that a service selects.

use std::{collections::BTreeMap, sync::Arc};

use serde_json::{Value, json};

use super::owners;
use crate::{
    kind::Kind,
    object::{Key, Object},
    profile::Profile,
    store::Store,
};

/// How many endpoints a slice holds at most.
const SLICE: usize = 100;

/// A pod behind a service.
#[derive(Clone, Debug)]
pub(crate) struct Backend {
    pub(crate) address: String,
    pub(crate) node: String,
    pub(crate) pod: String,
    pub(crate) uid: String,
    pub(crate) ready: bool,
    pub(crate) terminating: bool,
}

/// Writes both for a service, where they differ from what is there.
pub(crate) fn put(store: &Store, service: &Value, backends: &[Backend]) {
    let metadata = &service["metadata"];
    let text = |field: &str| metadata[field].as_str().unwrap_or_default();
    let (namespace, name) = (text("namespace"), text("name"));
    let port = &service["spec"]["ports"][0];
    let target_port = if port["targetPort"].is_null() { &port["port"] } else { &port["targetPort"] };
    let ports = json!([{"name": port["name"], "port": target_port, "protocol": port["protocol"]}]);
    let address = |backend: &Backend| json!({"ip": backend.address, "nodeName": backend.node, "targetRef": target(namespace, backend)});
    let part = |ready: bool| -> Vec<Value> {
        backends.iter().filter(|it| it.ready == ready && !it.terminating).map(address).collect()
    };
    let (ready, unready) = (part(true), part(false));
    let mut subset = json!({"ports": ports});
    for (field, list) in [("addresses", &ready), ("notReadyAddresses", &unready)] {
        if !list.is_empty() {
            subset[field] = json!(list);
        }
    }
    let subsets = if ready.is_empty() && unready.is_empty() { json!([]) } else { json!([subset]) };
    let stamp = |name: String| {
        json!({"name": name, "namespace": namespace, "labels": metadata["labels"],
            "creationTimestamp": metadata["creationTimestamp"]})
    };
    write(store, Kind::Endpoints, stamp(name.to_owned()), &[("subsets", subsets)]);
    if store.profile == Profile::V1_11 {
        return;
    }
    let used = backends.len().div_ceil(SLICE).max(1);
    for index in 0..used {
        let rows: Vec<Value> =
            backends.iter().skip(index * SLICE).take(SLICE).map(|backend| endpoint(namespace, backend)).collect();
        let mut slice = stamp(slice_name(name, index));
        slice["labels"]["kubernetes.io/service-name"] = name.into();
        slice["labels"]["endpointslice.kubernetes.io/managed-by"] = "endpointslice-controller.k8s.io".into();
        slice["ownerReferences"] = json!([{"apiVersion": "v1", "kind": "Service", "name": name, "uid": metadata["uid"],
            "controller": true, "blockOwnerDeletion": true}]);
        let fields = [("addressType", json!("IPv4")), ("endpoints", rows.into()), ("ports", ports.clone())];
        write(store, Kind::EndpointSlice, slice, &fields);
    }
    let mut beyond = used;
    while store.remove(Kind::EndpointSlice, &Key::new(namespace, slice_name(name, beyond))) {
        beyond += 1;
    }
}

/// `mme-k4x2b`: five letters that hang on the name alone, so that a slice is found again.
fn slice_name(service: &str, index: usize) -> String {
    const LETTERS: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";
    let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    let mut hash = service.bytes().chain(index.to_le_bytes()).fold(0xcbf2_9ce4_8422_2325, step);
    let mut letter = || {
        hash = hash.rotate_left(13).wrapping_mul(0x0100_0000_01b3);
        char::from(LETTERS[usize::try_from(hash >> 40).unwrap_or_default() % LETTERS.len()])
    };
    let letters: String = (0..5).map(|_| letter()).collect();
    format!("{service}-{letters}")
}

fn target(namespace: &str, backend: &Backend) -> Value {
    json!({"kind": "Pod", "namespace": namespace, "name": backend.pod, "uid": backend.uid})
}

fn endpoint(namespace: &str, backend: &Backend) -> Value {
    json!({"addresses": [backend.address], "nodeName": backend.node, "targetRef": target(namespace, backend),
        "conditions": {"ready": backend.ready && !backend.terminating, "serving": backend.ready,
            "terminating": backend.terminating}})
}

fn write(store: &Store, kind: Kind, mut metadata: Value, fields: &[(&str, Value)]) {
    let text = |field: &str| metadata[field].as_str().unwrap_or_default();
    let key = Key::new(text("namespace"), text("name"));
    if store.shelf(kind).objects.contains_key(&key) {
        store.edit(kind, &key, |object| {
            for (field, value) in fields {
                object[*field] = value.clone();
            }
        });
        return;
    }
    metadata["uid"] = store.uid().into();
    let mut object = json!({"metadata": metadata});
    for (field, value) in fields {
        object[*field] = value.clone();
    }
    store.put(kind, object);
}

/// What the controllers of endpoints do when somebody has written or deleted a pod or a service.
pub(crate) fn heed(store: &Store, object: &Object, there: bool) {
    let namespace = &*object.key.namespace;
    match object.kind {
        Kind::Pod => follow(store, namespace, &object.labels.map),
        Kind::Service => {
            let service = object.value();
            let selector = &service["spec"]["selector"];
            if selector.as_object().is_none_or(serde_json::Map::is_empty) {
                // Its endpoints are somebody else's business.
            } else if there {
                put(store, &service, &backends(store, namespace, selector));
            } else {
                store.remove(Kind::Endpoints, &object.key);
                let slice = |index| Key::new(namespace, slice_name(&object.key.name, index));
                let mut index = 0;
                while store.remove(Kind::EndpointSlice, &slice(index)) {
                    index += 1;
                }
            }
        }
        _ => {}
    }
}

/// Lets the services of a namespace follow a pod with these labels.
pub(crate) fn follow(store: &Store, namespace: &str, labels: &BTreeMap<String, String>) {
    let services: Vec<_> = {
        let shelf = store.shelf(Kind::Service);
        let inside = shelf.objects.range(Key::new(namespace, "")..).take_while(|(key, _)| &*key.namespace == namespace);
        inside.map(|(_, service)| service.clone()).collect()
    };
    for service in services {
        let service = service.value();
        let selector = &service["spec"]["selector"];
        let Some(wanted) = selector.as_object().filter(|wanted| !wanted.is_empty()) else { continue };
        if wanted.iter().all(|(key, value)| labels.get(key).map(String::as_str) == value.as_str()) {
            put(store, &service, &backends(store, namespace, selector));
        }
    }
}

fn backends(store: &Store, namespace: &str, selector: &Value) -> Vec<Backend> {
    let pods = owners::select(store, namespace, selector);
    let backend = |object: &Arc<Object>| {
        let pod = object.value();
        if matches!(pod["status"]["phase"].as_str(), Some("Succeeded" | "Failed")) {
            return None;
        }
        Some(Backend {
            address: pod["status"]["podIP"].as_str()?.to_owned(),
            node: object.node.as_deref().unwrap_or_default().to_owned(),
            pod: object.key.name.to_string(),
            uid: pod["metadata"]["uid"].as_str().unwrap_or_default().to_owned(),
            ready: owners::is_ready(&pod),
            terminating: object.dying,
        })
    };
    pods.iter().filter_map(backend).collect()
}
