//! Pod → fact.

use serde::Deserialize;
use topology::inventory::{Fact, Name, Phase, Pod};

use super::{
    component,
    intern::Intern,
    lenient::{each, lenient, maybe},
    networks,
    object::{MIRROR, Object},
};

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Spec {
    #[serde(deserialize_with = "lenient")]
    pub(crate) node_name: String,
    #[serde(deserialize_with = "lenient")]
    host_network: bool,
    #[serde(deserialize_with = "each")]
    pub(crate) containers: Vec<Container>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Container {
    #[serde(deserialize_with = "lenient")]
    pub(crate) name: String,
    #[serde(deserialize_with = "lenient")]
    pub(crate) image: String,
    #[serde(deserialize_with = "each")]
    pub(crate) command: Vec<String>,
    #[serde(deserialize_with = "each")]
    pub(crate) args: Vec<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Status {
    #[serde(deserialize_with = "lenient")]
    phase: String,
    #[serde(deserialize_with = "lenient")]
    reason: String,
    #[serde(rename = "podIP", deserialize_with = "lenient")]
    pod_ip: String,
    #[serde(rename = "podIPs", deserialize_with = "each")]
    pod_ips: Vec<Ip>,
    #[serde(deserialize_with = "each")]
    conditions: Vec<PodCondition>,
    #[serde(deserialize_with = "each")]
    container_statuses: Vec<ContainerStatus>,
    #[serde(deserialize_with = "each")]
    init_container_statuses: Vec<ContainerStatus>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Ip {
    #[serde(deserialize_with = "lenient")]
    ip: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct PodCondition {
    #[serde(deserialize_with = "lenient")]
    r#type: String,
    #[serde(deserialize_with = "lenient")]
    status: String,
    #[serde(deserialize_with = "lenient")]
    reason: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct ContainerStatus {
    #[serde(deserialize_with = "lenient")]
    ready: bool,
    #[serde(deserialize_with = "lenient")]
    restart_count: u32,
    #[serde(deserialize_with = "lenient")]
    state: State,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct State {
    #[serde(deserialize_with = "maybe")]
    waiting: Option<Reason>,
    #[serde(deserialize_with = "maybe")]
    terminated: Option<Ended>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Reason {
    #[serde(deserialize_with = "lenient")]
    reason: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Ended {
    #[serde(deserialize_with = "lenient")]
    reason: String,
    #[serde(deserialize_with = "lenient")]
    exit_code: i32,
}

/// Reasons to wait that are no trouble.
const STARTING: [&str; 2] = ["ContainerCreating", "PodInitializing"];

/// The fact.
pub(crate) fn fact(object: Object<Spec, Status>, intern: &mut Intern) -> Fact {
    let Object { metadata, spec, status, .. } = object;
    let statuses = || status.container_statuses.iter().chain(&status.init_container_statuses);
    let condition = |kind: &str| status.conditions.iter().find(|condition| condition.r#type == kind);
    let phase = match status.phase.as_str() {
        "Pending" => Phase::Pending,
        "Running" => Phase::Running,
        "Succeeded" => Phase::Succeeded,
        "Failed" => Phase::Failed,
        _ => Phase::Unknown,
    };
    let waiting =
        || statuses().filter_map(|status| status.state.waiting.as_ref()).map(|waiting| waiting.reason.as_str());
    let ended = statuses().filter_map(|status| status.state.terminated.as_ref()).find(|ended| ended.exit_code != 0);
    let unscheduled = condition("PodScheduled").filter(|condition| condition.status == "False");
    let said = |reason: &&str| !reason.is_empty();
    // A container that will not start tells more than its neighbours, which wait their turn.
    let reason = waiting()
        .filter(said)
        .find(|reason| !STARTING.contains(reason))
        .or_else(|| Some(status.reason.as_str()).filter(said))
        .or_else(|| unscheduled.map(|condition| condition.reason.as_str()).filter(said))
        .or_else(|| ended.map(|ended| ended.reason.as_str()).filter(said))
        .or_else(|| waiting().find(said))
        .unwrap_or_default();
    let mut addresses: Vec<Name> = status.pod_ips.iter().map(|ip| ip.ip.as_str().into()).collect();
    if addresses.is_empty() && !status.pod_ip.is_empty() {
        addresses.push(status.pod_ip.as_str().into());
    }
    let count = |n: usize| u16::try_from(n).unwrap_or(u16::MAX);
    Fact::Pod(Box::new(Pod {
        key: metadata.key(intern),
        node: Some(spec.node_name.as_str()).filter(|node| !node.is_empty()).map(|node| intern.name(node)),
        phase,
        ready: condition("Ready").is_some_and(|ready| ready.status == "True"),
        containers_ready: count(status.container_statuses.iter().filter(|status| status.ready).count()),
        containers: count(spec.containers.len()),
        restarts: status.container_statuses.iter().fold(0, |sum, status| sum.saturating_add(status.restart_count)),
        reason: intern.name(reason),
        owner: metadata.controller(intern),
        host_network: spec.host_network,
        addresses,
        created: metadata.created(),
        leaving: metadata.leaving(),
        mirror: metadata.annotations.get(MIRROR).is_some(),
        component: component::of(&metadata, &spec, intern).map(Box::new),
        labels: intern.labels(metadata.labels.iter()),
        images: intern.list(spec.containers.iter().map(|container| container.image.as_str())),
        networks: networks::told(&metadata.annotations, intern).map(Box::new),
    }))
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use topology::inventory::{ComponentKind, OwnerKind};

    use super::*;
    use crate::cluster::object::read;

    fn of(object: &serde_json::Value) -> Pod {
        let Fact::Pod(pod) = fact(read(object), &mut Intern::default()) else { panic!("no pod") };
        *pod
    }

    #[test]
    fn a_pod_tells_where_it_runs_how_it_fares_and_whose_it_is() {
        let pod = of(&json!({
            "metadata": { "namespace": "shop", "name": "web-1", "creationTimestamp": "2026-01-01T00:00:01Z",
                "ownerReferences": [{ "kind": "Other", "name": "x" }, { "kind": "ReplicaSet", "name": "web", "controller": true }] },
            "spec": { "nodeName": "host4", "hostNetwork": true, "containers": [{}, {}] },
            "status": { "phase": "Running", "podIP": "10.0.0.1", "podIPs": [{ "ip": "10.0.0.1" }, { "ip": "fd00::1" }],
                "conditions": [{ "type": "Ready", "status": "True" }],
                "containerStatuses": [{ "ready": true, "restartCount": 2 }, { "ready": false, "restartCount": 1 }] },
        }));
        assert_eq!(pod.key.to_string(), "shop/web-1");
        assert_eq!((pod.node.as_deref(), pod.phase, pod.ready), (Some("host4"), Phase::Running, true));
        assert_eq!((pod.containers_ready, pod.containers, pod.restarts), (1, 2, 3));
        assert_eq!(pod.owner, Some((OwnerKind::ReplicaSet, "web".into())));
        assert_eq!(pod.addresses.len(), 2);
        assert!(pod.host_network && !pod.mirror && !pod.leaving && pod.component.is_none());
    }

    #[test]
    fn the_container_that_fails_gives_the_reason() {
        let waits = |reason: &str| json!({ "state": { "waiting": { "reason": reason } } });
        let reason = |statuses: serde_json::Value| of(&json!({ "status": { "containerStatuses": statuses } })).reason;
        assert_eq!(&*reason(json!([waits("ContainerCreating"), waits("CrashLoopBackOff")])), "CrashLoopBackOff");
        assert_eq!(
            &*reason(
                json!([waits("ContainerCreating"), { "state": { "terminated": { "reason": "OOMKilled", "exitCode": 137 } } }])
            ),
            "OOMKilled"
        );
        assert_eq!(&*reason(json!([waits("ContainerCreating")])), "ContainerCreating");
        assert_eq!(&*reason(json!([{ "state": { "terminated": { "reason": "Completed", "exitCode": 0 } } }])), "");
        let unscheduled = json!({ "status": { "phase": "Pending", "conditions": [{ "type": "PodScheduled", "status": "False", "reason": "Unschedulable" }] } });
        assert_eq!(&*of(&unscheduled).reason, "Unschedulable");
    }

    #[test]
    fn odd_fields_are_unknown_and_never_healthy() {
        let pod = of(&json!({
            "metadata": { "name": "odd", "namespace": null, "labels": [1], "ownerReferences": { "a": 1 }, "annotations": "x",
                "creationTimestamp": 12, "deletionTimestamp": null },
            "spec": { "nodeName": { "x": 1 }, "hostNetwork": "yes", "containers": [7, { "image": [], "command": {} }] },
            "status": { "phase": 3, "podIPs": "none", "conditions": [[], { "type": "Ready", "status": true }],
                "containerStatuses": [{ "ready": 1, "restartCount": -1, "state": { "waiting": "x", "terminated": [] } }] },
        }));
        assert_eq!((pod.phase, pod.ready, pod.containers_ready), (Phase::Unknown, false, 0));
        assert_eq!((pod.node, pod.owner, pod.restarts), (None, None, 0));
        assert_eq!(of(&json!({ "metadata": { "name": "x" }, "spec": 5, "status": ["Running"] })).phase, Phase::Unknown);
    }

    #[test]
    fn a_mirror_of_a_static_pod_is_its_component() {
        let pod = of(&json!({
            "metadata": { "namespace": "kube-system", "name": "etcd-host1", "annotations": { "kubernetes.io/config.mirror": "0a", "other": 5 } },
            "spec": { "nodeName": "host1", "containers": [{ "name": "etcd", "image": "etcd:3.6.4-0", "command": ["etcd", "--name=host1"] }] },
        }));
        assert!(pod.mirror);
        assert_eq!(pod.component.unwrap().kind, ComponentKind::Etcd);
    }
}
