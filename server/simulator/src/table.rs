//! The form of answers that kubectl prints: rows and columns instead of objects.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::{kind::Kind, object::Object};

/// In which form objects are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// As they are.
    Object,
    /// As rows of a meta.k8s.io/v1 Table, with ages as of this moment.
    Table(Timestamp),
}

impl Form {
    /// From an Accept header. Objects, unless a table is what is liked best.
    pub(crate) fn from_accept(accept: &str, now: Timestamp) -> Self {
        let first = accept.split(',').next().unwrap_or_default();
        if first.contains("as=Table") && first.contains("v=v1;") { Self::Table(now) } else { Self::Object }
    }
}

/// A list up to its first row; rows and `]}` follow.
pub(crate) fn head(kind: Kind, metadata: &Value) -> String {
    let columns = json!(definitions(kind));
    format!(
        "{{\"kind\":\"Table\",\"apiVersion\":\"meta.k8s.io/v1\",\"metadata\":{metadata},\"columnDefinitions\":{columns},\
         \"rows\":["
    )
}

/// One row.
pub(crate) fn row(out: &mut Vec<u8>, object: &Object, version: u64, now: Timestamp) {
    let value = object.value();
    let cells: Vec<Value> = columns(object.kind).iter().map(|(_, cell)| cell(&value, now)).collect();
    let mut metadata = value["metadata"].clone();
    metadata["resourceVersion"] = version.to_string().into();
    let partial = json!({"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": metadata});
    out.extend_from_slice(json!({"cells": cells, "object": partial}).to_string().as_bytes());
}

/// A watch event's object: a table of one row.
pub(crate) fn event(out: &mut Vec<u8>, object: &Object, version: u64, now: Timestamp) {
    out.extend_from_slice(head(object.kind, &json!({"resourceVersion": version.to_string()})).as_bytes());
    row(out, object, version, now);
    out.extend_from_slice(b"]}");
}

/// Columns that are shown by `-o wide` only.
const WIDE: [&str; 4] = ["IP", "Node", "Internal-IP", "Container-Runtime"];

fn definitions(kind: Kind) -> Vec<Value> {
    let define = |(name, _): &Column| {
        let format = if *name == "Name" { "name" } else { "" };
        json!({"name": name, "type": "string", "format": format, "description": "", "priority": u8::from(WIDE.contains(name))})
    };
    columns(kind).iter().map(define).collect()
}

type Column = (&'static str, fn(&Value, Timestamp) -> Value);

fn columns(kind: Kind) -> &'static [Column] {
    match kind {
        Kind::Pod => &[
            ("Name", name),
            ("Ready", pod_ready),
            ("Status", pod_status),
            ("Restarts", pod_restarts),
            ("Age", age),
            ("IP", |pod, _| or_none(&pod["status"]["podIP"])),
            ("Node", |pod, _| or_none(&pod["spec"]["nodeName"])),
        ],
        Kind::Node => &[
            ("Name", name),
            ("Status", node_status),
            ("Roles", node_roles),
            ("Age", age),
            ("Version", |node, _| node["status"]["nodeInfo"]["kubeletVersion"].clone()),
            ("Internal-IP", |node, _| or_none(&node["status"]["addresses"][0]["address"])),
            ("Container-Runtime", |node, _| node["status"]["nodeInfo"]["containerRuntimeVersion"].clone()),
        ],
        Kind::Service => &[
            ("Name", name),
            ("Type", |service, _| service["spec"]["type"].clone()),
            ("Cluster-IP", |service, _| or_none(&service["spec"]["clusterIP"])),
            ("Port(s)", service_ports),
            ("Age", age),
        ],
        Kind::Deployment | Kind::StatefulSet => &[
            ("Name", name),
            ("Ready", |owner, _| ratio(&owner["status"]["readyReplicas"], &owner["spec"]["replicas"])),
            ("Up-to-date", |owner, _| count(&owner["status"]["updatedReplicas"])),
            ("Available", |owner, _| count(&owner["status"]["availableReplicas"])),
            ("Age", age),
        ],
        Kind::ReplicaSet => &[
            ("Name", name),
            ("Desired", |owner, _| count(&owner["spec"]["replicas"])),
            ("Current", |owner, _| count(&owner["status"]["replicas"])),
            ("Ready", |owner, _| count(&owner["status"]["readyReplicas"])),
            ("Age", age),
        ],
        Kind::DaemonSet => &[
            ("Name", name),
            ("Desired", |owner, _| count(&owner["status"]["desiredNumberScheduled"])),
            ("Ready", |owner, _| count(&owner["status"]["numberReady"])),
            ("Age", age),
        ],
        Kind::Job => &[
            ("Name", name),
            ("Completions", |job, _| ratio(&job["status"]["succeeded"], &job["spec"]["completions"])),
            ("Age", age),
        ],
        Kind::Lease => &[("Name", name), ("Holder", |lease, _| lease["spec"]["holderIdentity"].clone()), ("Age", age)],
        Kind::Namespace => &[("Name", name), ("Status", |space, _| space["status"]["phase"].clone()), ("Age", age)],
        Kind::Event => &[
            ("Last Seen", |event, now| since(&event["lastTimestamp"], now)),
            ("Type", |event, _| event["type"].clone()),
            ("Reason", |event, _| event["reason"].clone()),
            ("Object", event_object),
            ("Message", |event, _| event["message"].clone()),
        ],
        _ => &[("Name", name), ("Age", age)],
    }
}

fn name(value: &Value, _: Timestamp) -> Value {
    value["metadata"]["name"].clone()
}

fn age(value: &Value, now: Timestamp) -> Value {
    since(&value["metadata"]["creationTimestamp"], now)
}

fn since(moment: &Value, now: Timestamp) -> Value {
    let Some(then) = moment.as_str().and_then(|text| text.parse::<Timestamp>().ok()) else { return "<unknown>".into() };
    let seconds = now.duration_since(then).as_secs().max(0);
    match seconds {
        0..120 => format!("{seconds}s"),
        120..7_200 => format!("{}m", seconds / 60),
        7_200..172_800 => format!("{}h", seconds / 3_600),
        _ => format!("{}d", seconds / 86_400),
    }
    .into()
}

fn or_none(value: &Value) -> Value {
    if value.is_null() { "<none>".into() } else { value.clone() }
}

fn count(value: &Value) -> Value {
    value.as_u64().unwrap_or_default().to_string().into()
}

fn ratio(part: &Value, whole: &Value) -> Value {
    format!("{}/{}", part.as_u64().unwrap_or_default(), whole.as_u64().unwrap_or_default()).into()
}

fn containers(pod: &Value) -> impl Iterator<Item = &Value> {
    pod["status"]["containerStatuses"].as_array().into_iter().flatten()
}

fn pod_ready(pod: &Value, _: Timestamp) -> Value {
    let ready = containers(pod).filter(|container| container["ready"] == true).count();
    format!("{ready}/{}", pod["spec"]["containers"].as_array().map_or(0, Vec::len)).into()
}

fn pod_status(pod: &Value, _: Timestamp) -> Value {
    if pod["metadata"]["deletionTimestamp"].is_string() {
        return "Terminating".into();
    }
    let reason = |container: &Value| {
        let state = &container["state"];
        [&state["waiting"]["reason"], &state["terminated"]["reason"]].into_iter().find(|it| it.is_string()).cloned()
    };
    containers(pod).find_map(reason).unwrap_or_else(|| pod["status"]["phase"].clone())
}

fn pod_restarts(pod: &Value, _: Timestamp) -> Value {
    containers(pod).filter_map(|container| container["restartCount"].as_u64()).sum::<u64>().to_string().into()
}

fn node_status(node: &Value, _: Timestamp) -> Value {
    let conditions = node["status"]["conditions"].as_array();
    let ready = conditions.into_iter().flatten().find(|condition| condition["type"] == "Ready");
    let word = if ready.is_some_and(|ready| ready["status"] == "True") { "Ready" } else { "NotReady" };
    let cordoned = if node["spec"]["unschedulable"] == true { ",SchedulingDisabled" } else { "" };
    format!("{word}{cordoned}").into()
}

fn node_roles(node: &Value, _: Timestamp) -> Value {
    let labels = node["metadata"]["labels"].as_object();
    let roles: Vec<&str> =
        labels.into_iter().flatten().filter_map(|(key, _)| key.strip_prefix("node-role.kubernetes.io/")).collect();
    if roles.is_empty() { "<none>".into() } else { roles.join(",").into() }
}

fn service_ports(service: &Value, _: Timestamp) -> Value {
    let ports = service["spec"]["ports"].as_array().into_iter().flatten().map(|port| {
        let node_port = port["nodePort"].as_u64().map(|number| format!(":{number}")).unwrap_or_default();
        format!("{}{node_port}/{}", port["port"], port["protocol"].as_str().unwrap_or("TCP"))
    });
    ports.collect::<Vec<_>>().join(",").into()
}

fn event_object(event: &Value, _: Timestamp) -> Value {
    let object = &event["involvedObject"];
    let kind = object["kind"].as_str().unwrap_or_default().to_lowercase();
    format!("{kind}/{}", object["name"].as_str().unwrap_or_default()).into()
}
