//! What create, update, patch and delete do to an object, and what they refuse.

use serde_json::{Map, Value, json};

use crate::{
    clock,
    cluster::endpoints,
    kind::Kind,
    object::Key,
    patch::{self, Style},
    path::{Part, Target},
    refusal::Refusal,
    store::Store,
};

/// Puts a new object in place and returns it.
pub(crate) fn create(store: &Store, target: &Target, mut value: Value) -> Result<Value, Refusal> {
    let kind = target.kind;
    check_type(kind, &value)?;
    check_shape(&value)?;
    let metadata = metadata_mut(&mut value)?;
    if text(metadata, "name").is_empty() && !text(metadata, "generateName").is_empty() {
        metadata.insert("name".into(), format!("{}{}", text(metadata, "generateName"), store.suffix(5)).into());
    }
    let name = text(metadata, "name").to_owned();
    check_name(kind, &name)?;
    place(store, target, metadata)?;
    metadata.insert("uid".into(), store.uid().into());
    metadata.insert("creationTimestamp".into(), clock::seconds(store.clock.now()).into());
    metadata.remove("deletionTimestamp");
    if counts_generations(kind) {
        metadata.insert("generation".into(), 1.into());
    }
    fill_in(store, kind, &name, &mut value);
    let object = store.create(kind, value).ok_or_else(|| Refusal::exists(kind, &name))?;
    endpoints::heed(store, &object, true);
    Ok(object.value())
}

/// Replaces an object, or its status, and returns it.
pub(crate) fn update(store: &Store, target: &Target, value: &Value) -> Result<Value, Refusal> {
    check_type(target.kind, value)?;
    if value["metadata"]["name"] != target.name.as_str() {
        let found = value["metadata"]["name"].as_str().unwrap_or_default();
        return Err(Refusal::bad_request(format!(
            "the name of the object ({found}) does not match the name on the URL ({})",
            target.name
        )));
    }
    revise(store, target, |now| {
        let version = now["metadata"]["resourceVersion"].clone();
        let mut next = value.clone();
        if next["metadata"]["resourceVersion"].as_str().is_none_or(str::is_empty) {
            next["metadata"]["resourceVersion"] = version;
        }
        next
    })
}

/// Patches an object, or its status, and returns it.
pub(crate) fn patch(store: &Store, target: &Target, style: Style, patch: &Value) -> Result<Value, Refusal> {
    revise(store, target, |now| {
        let mut next = now.clone();
        patch::apply(style, &mut next, patch);
        next
    })
}

/// Reads, changes and puts back, again when somebody was quicker, unless the change insists on the
/// version that it has read.
fn revise(store: &Store, target: &Target, change: impl Fn(&Value) -> Value) -> Result<Value, Refusal> {
    loop {
        let object = store
            .get(target.kind, &target.namespace, &target.name)
            .ok_or_else(|| Refusal::not_found(target.kind, &target.name))?;
        let now = object.value();
        let asked = change(&now);
        check_shape(&asked)?;
        if asked["metadata"]["resourceVersion"] != now["metadata"]["resourceVersion"] {
            return Err(Refusal::conflict(target.kind, &target.name));
        }
        let next = settle(target, &now, asked);
        if next == now {
            return Ok(now);
        }
        if let Ok(object) = store.replace(&object, next) {
            endpoints::heed(store, &object, true);
            return Ok(object.value());
        }
    }
}

/// What a request to the object or to its status may change; the rest stays.
fn settle(target: &Target, now: &Value, mut asked: Value) -> Value {
    let keep = |asked: &mut Value, field: &str| match now.get(field) {
        Some(value) => asked[field] = value.clone(),
        None => {
            if let Some(fields) = asked.as_object_mut() {
                fields.remove(field);
            }
        }
    };
    match target.part {
        Part::Status => {
            let status = asked["status"].take();
            asked = now.clone();
            asked["status"] = status;
        }
        _ if target.kind.names().status => keep(&mut asked, "status"),
        _ => {}
    }
    for field in ["kind", "apiVersion"] {
        keep(&mut asked, field);
    }
    for field in ["name", "namespace", "uid", "creationTimestamp", "generation", "deletionTimestamp", "managedFields"] {
        match now["metadata"].get(field) {
            Some(value) => asked["metadata"][field] = value.clone(),
            None => {
                if let Some(metadata) = asked["metadata"].as_object_mut() {
                    metadata.remove(field);
                }
            }
        }
    }
    if counts_generations(target.kind) && asked["spec"] != now["spec"] {
        asked["metadata"]["generation"] = (now["metadata"]["generation"].as_i64().unwrap_or(1) + 1).into();
    }
    asked
}

/// Deletes one object: pods that run linger as long as their grace allows, all else goes at once.
pub(crate) fn delete(store: &Store, target: &Target, grace: Option<u64>) -> Result<Value, Refusal> {
    let kind = target.kind;
    let missing = || Refusal::not_found(kind, &target.name);
    let object = store.get(kind, &target.namespace, &target.name).ok_or_else(missing)?;
    if kind == Kind::Pod && object.node.is_some() && grace != Some(0) {
        end_pod(store, &object.key, grace);
        return Ok(store.get(kind, &target.namespace, &target.name).ok_or_else(missing)?.value());
    }
    if kind == Kind::Namespace {
        empty(store, &target.name);
    }
    if !store.remove(kind, &object.key) {
        return Err(missing());
    }
    endpoints::heed(store, &object, false);
    let uid = object.value()["metadata"]["uid"].clone();
    Ok(json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success",
        "details": {"name": target.name, "group": kind.group(), "kind": kind.names().plural, "uid": uid}}))
}

/// Marks a pod as about to end.
pub(crate) fn end_pod(store: &Store, key: &Key, grace: Option<u64>) {
    store.edit(Kind::Pod, key, |pod| {
        if pod["metadata"]["deletionTimestamp"].is_string() {
            return;
        }
        let grace = grace.or(pod["spec"]["terminationGracePeriodSeconds"].as_u64()).unwrap_or(30);
        let until = clock::after(store.clock.now(), i64::try_from(grace).unwrap_or(30));
        pod["metadata"]["deletionTimestamp"] = clock::seconds(until).into();
        pod["metadata"]["deletionGracePeriodSeconds"] = grace.into();
    });
}

/// Takes everything in a namespace away.
fn empty(store: &Store, namespace: &str) {
    for kind in Kind::ALL.into_iter().filter(|kind| kind.names().namespaced) {
        let keys: Vec<Key> = {
            let shelf = store.shelf(kind);
            let from = shelf.objects.range(Key::new(namespace, "")..);
            from.map(|(key, _)| key.clone()).take_while(|key| &*key.namespace == namespace).collect()
        };
        for key in keys {
            store.remove(kind, &key);
        }
    }
}

const fn counts_generations(kind: Kind) -> bool {
    matches!(kind, Kind::Deployment | Kind::ReplicaSet | Kind::StatefulSet | Kind::DaemonSet | Kind::Job | Kind::Pod)
}

fn text<'a>(metadata: &'a Map<String, Value>, field: &str) -> &'a str {
    metadata.get(field).and_then(Value::as_str).unwrap_or_default()
}

fn metadata_mut(value: &mut Value) -> Result<&mut Map<String, Value>, Refusal> {
    let bad = || Refusal::bad_request("the object provided has no metadata");
    value.as_object_mut().and_then(|top| top.get_mut("metadata")).and_then(Value::as_object_mut).ok_or_else(bad)
}

fn check_type(kind: Kind, value: &Value) -> Result<(), Refusal> {
    let names = kind.names();
    let fits =
        |field: &str, expected: &str| value.get(field).and_then(Value::as_str).is_none_or(|found| found == expected);
    if value.is_object() && fits("kind", names.kind) && fits("apiVersion", names.api_version) {
        return Ok(());
    }
    let (api_version, found) = (&value["apiVersion"], &value["kind"]);
    Err(Refusal::bad_request(format!(
        "{found} in version {api_version} cannot be handled as a {}: the request is for {}",
        names.kind, names.api_version
    )))
}

/// Refuses what could not be read as any object.
fn check_shape(value: &Value) -> Result<(), Refusal> {
    let metadata = &value["metadata"];
    let places = [("spec", &value["spec"]), ("status", &value["status"]), ("metadata.labels", &metadata["labels"])];
    let known = places.into_iter().chain([("metadata.annotations", &metadata["annotations"])]);
    for (place, found) in known {
        if !found.is_null() && !found.is_object() {
            return Err(Refusal::bad_request(format!("{place}: expected an object, found {found}")));
        }
    }
    if !metadata.is_object() {
        return Err(Refusal::bad_request("the object provided has no metadata"));
    }
    Ok(())
}

fn check_name(kind: Kind, name: &str) -> Result<(), Refusal> {
    if name.is_empty() {
        return Err(Refusal::invalid(kind, name, "metadata.name: Required value: name or generateName is required"));
    }
    let most = if matches!(kind, Kind::Namespace | Kind::Service) { 63 } else { 253 };
    let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-' || byte == b'.';
    let edge = |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    if name.len() > most || !name.bytes().all(inner) || !edge(name.bytes().next()) || !edge(name.bytes().last()) {
        let problem = format!(
            "metadata.name: Invalid value: {name:?}: a lowercase RFC 1123 subdomain must consist of lower case \
             alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character"
        );
        return Err(Refusal::invalid(kind, name, &problem));
    }
    Ok(())
}

/// Sees to it that the object goes into the namespace that the path names, and that it exists.
fn place(store: &Store, target: &Target, metadata: &mut Map<String, Value>) -> Result<(), Refusal> {
    if !target.kind.names().namespaced {
        metadata.remove("namespace");
        return Ok(());
    }
    let found = text(metadata, "namespace");
    if !found.is_empty() && found != target.namespace {
        return Err(Refusal::bad_request(
            "the namespace of the provided object does not match the namespace sent on the request",
        ));
    }
    if store.get(Kind::Namespace, "", &target.namespace).is_none() {
        return Err(Refusal::not_found(Kind::Namespace, &target.namespace));
    }
    metadata.insert("namespace".into(), target.namespace.clone().into());
    Ok(())
}

/// What the server itself writes into a new object.
fn fill_in(store: &Store, kind: Kind, name: &str, value: &mut Value) {
    match kind {
        Kind::Namespace => {
            value["metadata"]["labels"]["kubernetes.io/metadata.name"] = name.into();
            value["spec"] = json!({"finalizers": ["kubernetes"]});
            value["status"] = json!({"phase": "Active"});
        }
        Kind::Pod => {
            value["status"] = json!({"phase": "Pending", "qosClass": "BestEffort"});
            let spec = &mut value["spec"];
            for (field, default) in [
                ("restartPolicy", json!("Always")),
                ("schedulerName", json!("default-scheduler")),
                ("dnsPolicy", json!("ClusterFirst")),
                ("terminationGracePeriodSeconds", json!(30)),
            ] {
                if spec[field].is_null() {
                    spec[field] = default;
                }
            }
        }
        Kind::Service => {
            let spec = &mut value["spec"];
            if spec["type"].is_null() {
                spec["type"] = "ClusterIP".into();
            }
            if spec["clusterIP"].is_null() && spec["type"] != "ExternalName" {
                let version = store.version();
                let address = format!("10.96.{}.{}", 128 + version / 250 % 128, version % 250 + 1);
                spec["clusterIPs"] = json!([address]);
                spec["clusterIP"] = address.into();
            }
            if spec["type"] == "NodePort" || spec["type"] == "LoadBalancer" {
                let ports = spec["ports"].as_array_mut().into_iter().flatten();
                for (port, n) in ports.filter(|port| port["nodePort"].is_null()).zip(store.version()..) {
                    port["nodePort"] = (30_000 + n % 2_768).into();
                }
            }
            value["status"] = json!({"loadBalancer": {}});
        }
        Kind::Deployment | Kind::ReplicaSet | Kind::StatefulSet => {
            if value["spec"]["replicas"].is_null() {
                value["spec"]["replicas"] = 1.into();
            }
            value["status"] = if kind == Kind::Deployment { json!({}) } else { json!({"replicas": 0}) };
        }
        Kind::DaemonSet => {
            value["status"] = json!({"currentNumberScheduled": 0, "numberMisscheduled": 0, "desiredNumberScheduled": 0,
                "numberReady": 0});
        }
        Kind::Job => value["status"] = json!({}),
        _ => {}
    }
}
