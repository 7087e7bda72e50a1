//! Pod → fact.

pub(crate) mod shape;
pub(crate) mod state;

use std::collections::BTreeMap;

use serde::Deserialize;
use topology::{
    Stamp,
    inventory::{Fact, Further, Name, Phase, Pod},
};

use super::{
    component,
    intern::Intern,
    lenient::{each, lenient, maybe, texts},
    networks,
    object::{MIRROR, Nothing, Object, stamp},
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
    #[serde(deserialize_with = "each")]
    pub(crate) init_containers: Vec<InitContainer>,
    #[serde(deserialize_with = "each")]
    readiness_gates: Vec<Gate>,
    #[serde(deserialize_with = "each")]
    scheduling_gates: Vec<Gate>,
    #[serde(deserialize_with = "texts")]
    node_selector: BTreeMap<String, String>,
    #[serde(deserialize_with = "lenient")]
    affinity: shape::Affinity,
    #[serde(deserialize_with = "each")]
    topology_spread_constraints: Vec<shape::Constraint>,
    #[serde(deserialize_with = "each")]
    tolerations: Vec<shape::SpecToleration>,
    #[serde(deserialize_with = "lenient")]
    priority: i32,
    #[serde(deserialize_with = "lenient")]
    preemption_policy: String,
    #[serde(deserialize_with = "lenient")]
    scheduler_name: String,
    #[serde(deserialize_with = "each")]
    volumes: Vec<shape::Volume>,
    #[serde(deserialize_with = "maybe")]
    termination_grace_period_seconds: Option<u32>,
    #[serde(deserialize_with = "each")]
    resource_claims: Vec<Nothing>,
    #[serde(deserialize_with = "lenient")]
    resources: shape::Requests,
    #[serde(deserialize_with = "texts")]
    overhead: BTreeMap<String, String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct InitContainer {
    #[serde(deserialize_with = "lenient")]
    pub(crate) name: String,
    #[serde(deserialize_with = "lenient")]
    restart_policy: String,
    #[serde(deserialize_with = "lenient")]
    resources: shape::Requests,
    #[serde(deserialize_with = "each")]
    ports: Vec<shape::Port>,
}

impl InitContainer {
    /// Whether it runs beside the containers for as long as the pod does.
    fn is_sidecar(&self) -> bool {
        self.restart_policy == "Always"
    }

    fn ports(&self) -> &[shape::Port] {
        &self.ports
    }
}

/// A readiness gate by its condition, or a scheduling gate by its name.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Gate {
    #[serde(deserialize_with = "lenient")]
    condition_type: String,
    #[serde(deserialize_with = "lenient")]
    name: String,
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
    #[serde(deserialize_with = "lenient")]
    resources: shape::Requests,
    #[serde(deserialize_with = "each")]
    ports: Vec<shape::Port>,
}

impl Container {
    fn ports(&self) -> &[shape::Port] {
        &self.ports
    }
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

impl Status {
    fn condition(&self, kind: &str) -> Option<&PodCondition> {
        self.conditions.iter().find(|condition| condition.r#type == kind)
    }

    /// Since when it is not ready, or waits for a node.
    fn unready(&self) -> Option<Stamp> {
        let condition = self.condition("Ready").or_else(|| self.condition("PodScheduled"))?;
        if condition.status != "False" {
            return None;
        }
        stamp(condition.last_transition_time.as_deref()?)
    }
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Ip {
    #[serde(deserialize_with = "lenient")]
    ip: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct PodCondition {
    #[serde(deserialize_with = "lenient")]
    r#type: String,
    #[serde(deserialize_with = "lenient")]
    status: String,
    #[serde(deserialize_with = "lenient")]
    reason: String,
    #[serde(deserialize_with = "maybe")]
    last_transition_time: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct ContainerStatus {
    #[serde(deserialize_with = "lenient")]
    pub(crate) name: String,
    #[serde(deserialize_with = "lenient")]
    started: bool,
    #[serde(deserialize_with = "lenient")]
    last_state: State,
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
    running: Option<Reason>,
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
    #[serde(deserialize_with = "lenient")]
    signal: i32,
    #[serde(deserialize_with = "maybe")]
    finished_at: Option<String>,
}

impl Ended {
    /// Its reason, or what kubectl says without one.
    fn word(&self) -> String {
        match (self.reason.as_str(), self.signal) {
            ("", 0) => format!("ExitCode:{}", self.exit_code),
            ("", signal) => format!("Signal:{signal}"),
            (reason, _) => reason.to_owned(),
        }
    }
}

/// The fact.
pub(crate) fn fact(object: Object<Spec, Status>, intern: &mut Intern) -> Fact {
    let Object { metadata, spec, status, .. } = object;
    let seen = state::of(&spec, &status);
    let phase = match status.phase.as_str() {
        "Pending" => Phase::Pending,
        "Running" => Phase::Running,
        "Succeeded" => Phase::Succeeded,
        "Failed" => Phase::Failed,
        _ => Phase::Unknown,
    };
    let mut addresses: Vec<Name> = status.pod_ips.iter().map(|ip| ip.ip.as_str().into()).collect();
    if addresses.is_empty() && !status.pod_ip.is_empty() {
        addresses.push(status.pod_ip.as_str().into());
    }
    let leaving = metadata.leaving();
    let finalizers = metadata.finalizers.iter().filter(|_| leaving).map(|name| intern.name(name)).collect();
    let further = Further {
        detail: seen.detail.as_str().into(),
        ended: seen.ended,
        left: metadata.left(),
        finalizers,
        unready: status.unready().filter(|_| matches!(phase, Phase::Pending | Phase::Running)),
    };
    let (shape, pin) = shape::of(&spec, intern);
    let claims = shape::claims(&metadata, &spec);
    let count = |n: usize| u16::try_from(n).unwrap_or(u16::MAX);
    Fact::Pod(Box::new(Pod {
        key: metadata.key(intern),
        node: Some(spec.node_name.as_str()).filter(|node| !node.is_empty()).map(|node| intern.name(node)),
        phase,
        ready: status.condition("Ready").is_some_and(|ready| ready.status == "True"),
        containers_ready: count(seen.ready),
        containers: count(seen.containers),
        restarts: seen.restarts,
        reason: intern.name(&seen.reason),
        owner: metadata.controller(intern),
        host_network: spec.host_network,
        addresses,
        created: metadata.created(),
        leaving,
        further: Some(further).filter(|further| *further != Further::default()).map(Box::new),
        mirror: metadata.annotations.get(MIRROR).is_some(),
        component: component::of(&metadata, &spec, intern).map(Box::new),
        labels: intern.labels(metadata.labels.iter()),
        images: intern.list(spec.containers.iter().map(|container| container.image.as_str())),
        networks: networks::told(&metadata.annotations, intern).map(Box::new),
        shape: intern.shape(shape),
        claims: intern.list(claims.iter().map(String::as_str)),
        pin,
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

    fn waits(name: &str, reason: &str, restarts: u32) -> serde_json::Value {
        json!({ "name": name, "restartCount": restarts, "state": { "waiting": { "reason": reason } } })
    }

    #[test]
    fn init_containers_and_native_sidecars_count_as_kubectl_counts_them() {
        let told = |phase: &str, inits: serde_json::Value, statuses: serde_json::Value| {
            let pod = of(&json!({
                "spec": { "containers": [{ "name": "web" }],
                    "initContainers": [{ "name": "mesh", "restartPolicy": "Always" }, { "name": "wait" }] },
                "status": { "phase": phase, "initContainerStatuses": inits, "containerStatuses": statuses,
                    "conditions": [{ "type": "Ready", "status": "False" }] },
            }));
            let detail = pod.further.map(|further| further.detail.to_string()).unwrap_or_default();
            format!("{}/{} {} {} {detail}", pod.containers_ready, pod.containers, pod.restarts, pod.reason)
        };
        let runs = |name: &str, ready: bool, restarts: u32| json!({ "name": name, "ready": ready, "started": true, "restartCount": restarts, "state": { "running": {} } });
        let done = json!({ "name": "wait", "restartCount": 2, "state": { "terminated": { "exitCode": 0 } } });
        let waiting = || json!([waits("web", "PodInitializing", 0)]);
        let loops = json!([runs("mesh", true, 1), waits("wait", "CrashLoopBackOff", 6)]);
        assert_eq!(told("Pending", loops, waiting()), "1/2 7 Init:CrashLoopBackOff ");
        let first = json!([{ "name": "mesh", "state": { "running": {} } }, waits("wait", "PodInitializing", 0)]);
        assert_eq!(told("Pending", first, waiting()), "0/2 0 Init:0/2 ");
        let broken = json!([waits("mesh", "CrashLoopBackOff", 19), done]);
        assert_eq!(told("Running", broken, json!([runs("web", true, 0)])), "1/2 19 CrashLoopBackOff ");
        let unready = json!([runs("mesh", false, 0), done]);
        assert_eq!(told("Running", unready, json!([runs("web", true, 0)])), "1/2 0 ContainersNotReady mesh");
        let ended = json!([{ "name": "mesh", "state": { "terminated": { "exitCode": 0 } } },
            { "name": "wait", "state": { "terminated": { "exitCode": 3 } } }]);
        assert_eq!(told("Pending", ended, waiting()), "0/2 0 Init:ExitCode:3 ");
    }

    #[test]
    fn the_last_termination_closed_gates_and_finalizers_are_told() {
        let pod = of(&json!({
            "metadata": { "name": "x", "deletionTimestamp": "2026-01-01T00:00:30Z", "deletionGracePeriodSeconds": 30,
                "finalizers": ["example.com/hold"] },
            "spec": { "containers": [{ "name": "web" }], "readinessGates": [{ "conditionType": "example.com/lb" }] },
            "status": { "phase": "Running",
                "conditions": [{ "type": "Ready", "status": "False", "reason": "ReadinessGatesNotReady" }],
                "containerStatuses": [{ "name": "web", "ready": true, "restartCount": 1, "state": { "running": {} },
                    "lastState": { "terminated": { "reason": "OOMKilled", "exitCode": 137, "finishedAt": "2025-12-31T00:00:00Z" } } }] },
        }));
        let words = topology::health::pod_words(&pod, scene::Health::Starting);
        let expected = "terminating since 2026-01-01 00:00:00 UTC, held by the finalizer example.com/hold, \
            1 of 1 containers ready, 1 restart, ReadinessGatesNotReady (example.com/lb), web last ended with \
            OOMKilled, exit code 137, at 2025-12-31 00:00:00 UTC";
        assert_eq!(words, expected);
    }

    #[test]
    fn the_log_is_of_the_container_in_the_way_then_of_the_default() {
        let log = |inits: serde_json::Value, statuses: serde_json::Value, annotation: &str| {
            let object = json!({
                "metadata": { "name": "x", "annotations": { "kubectl.kubernetes.io/default-container": annotation } },
                "spec": { "containers": [{ "name": "mesh" }, { "name": "web" }], "initContainers": [{ "name": "wait" }] },
                "status": { "phase": "Running", "initContainerStatuses": inits, "containerStatuses": statuses },
            });
            state::log_of(&read(&object)).map(|(name, why, _)| format!("{name}, {why}")).unwrap_or_default()
        };
        let none = || json!([]);
        assert_eq!(log(json!([waits("wait", "CrashLoopBackOff", 6)]), none(), "web"), "wait, it holds the pod up");
        assert_eq!(log(none(), json!([waits("web", "CrashLoopBackOff", 1)]), ""), "web, it holds the pod up");
        assert_eq!(log(none(), none(), "web"), "web, the default");
        assert_eq!(log(none(), none(), "gone"), "mesh, the first");
    }
}
