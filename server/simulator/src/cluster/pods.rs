//! Pods: what they are made of, and the status of each stage that they pass through.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::{clock, profile::Profile};

/// A pod before it is written.
pub(crate) struct Draft<'a> {
    pub(crate) namespace: &'a str,
    pub(crate) name: &'a str,
    pub(crate) uid: String,
    pub(crate) labels: Value,
    pub(crate) owner: Option<Value>,
    /// Its spec, but for the node.
    pub(crate) template: &'a Value,
    pub(crate) born: Timestamp,
    pub(crate) annotations: Value,
}

/// Where a pod is.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) node: String,
    /// The host's address.
    pub(crate) host: String,
    /// The pod's own.
    pub(crate) pod: String,
}

/// How far a pod has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// On no node yet.
    Pending,
    /// Images are pulled, containers made.
    Creating,
    /// Running, its probes not passed.
    Starting,
    /// Running and ready.
    Ready,
    /// Running after so many crashes, not ready.
    Restarted(u32),
    /// Waiting for the next start, after so many crashes.
    BackOff(u32),
    /// All containers have ended well.
    Done,
}

/// A container of a template.
pub(crate) fn container(name: &str, image: &str, port: Option<u16>, command: &[String]) -> Value {
    let mut container = json!({"name": name, "image": image, "imagePullPolicy": "IfNotPresent",
        "resources": {"requests": {"cpu": "100m", "memory": "128Mi"}}});
    if let Some(port) = port {
        container["ports"] = json!([{"containerPort": port, "protocol": "TCP"}]);
    }
    if !command.is_empty() {
        container["command"] = json!(command);
    }
    container
}

/// The taint of a node that does not answer, as every pod bears it for five minutes.
fn tolerated(what: &str) -> Value {
    json!({"key": format!("node.kubernetes.io/{what}"), "operator": "Exists", "effect": "NoExecute",
        "tolerationSeconds": 300})
}

/// A template of these containers.
pub(crate) fn template(containers: &[Value]) -> Value {
    json!({"containers": containers, "restartPolicy": "Always", "dnsPolicy": "ClusterFirst",
        "serviceAccountName": "default", "schedulerName": "default-scheduler", "terminationGracePeriodSeconds": 30,
        "tolerations": [tolerated("not-ready"), tolerated("unreachable")]})
}

/// Ties a pod to a node, as the controller of DaemonSets does.
pub(crate) fn pin(pod: &mut Value, node: &str) {
    pod["spec"]["affinity"] = json!({"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {
        "nodeSelectorTerms": [{"matchFields": [{"key": "metadata.name", "operator": "In", "values": [node]}]}]}}});
}

/// The whole pod.
pub(crate) fn pod(
    profile: Profile,
    draft: &Draft<'_>,
    place: Option<&Place>,
    stage: &Stage,
    since: Timestamp,
) -> Value {
    let mut metadata = json!({"name": draft.name, "namespace": draft.namespace, "uid": draft.uid,
        "creationTimestamp": clock::seconds(draft.born), "labels": draft.labels});
    if let Some(owner) = &draft.owner {
        metadata["ownerReferences"] = json!([owner]);
        if let Some(prefix) = draft.name.rsplit_once('-').filter(|_| owner["kind"] != "Node") {
            metadata["generateName"] = format!("{}-", prefix.0).into();
        }
    }
    if !draft.annotations.is_null() {
        metadata["annotations"] = draft.annotations.clone();
    }
    let mut spec = draft.template.clone();
    if let Some(place) = place {
        spec["nodeName"] = place.node.as_str().into();
    }
    let status = status(profile, &spec, &draft.uid, place, stage, draft.born, since);
    json!({"metadata": metadata, "spec": spec, "status": status})
}

/// The status of a pod at a stage that it entered at `since`.
pub(crate) fn status(
    profile: Profile,
    spec: &Value,
    uid: &str,
    place: Option<&Place>,
    stage: &Stage,
    born: Timestamp,
    since: Timestamp,
) -> Value {
    let (phase, ready, scheduled, initialized) = match stage {
        Stage::Pending => ("Pending", false, false, false),
        Stage::Creating => ("Pending", false, true, false),
        Stage::Starting | Stage::Restarted(_) | Stage::BackOff(_) => ("Running", false, true, true),
        Stage::Ready => ("Running", true, true, true),
        Stage::Done => ("Succeeded", false, true, true),
    };
    let condition = |kind: &str, holds: bool, reason: &str| {
        let mut row = json!({"type": kind, "status": if holds { "True" } else { "False" },
            "lastProbeTime": null, "lastTransitionTime": clock::seconds(since)});
        if !holds && !reason.is_empty() {
            row["reason"] = reason.into();
        }
        row
    };
    let unready = if *stage == Stage::Done { "PodCompleted" } else { "ContainersNotReady" };
    let mut conditions = vec![condition("PodScheduled", scheduled, "Unschedulable")];
    if scheduled {
        conditions.push(condition("Initialized", initialized, "ContainersNotInitialized"));
        conditions.push(condition("ContainersReady", ready, unready));
        conditions.push(condition("Ready", ready, unready));
    }
    let mut status = json!({"phase": phase, "conditions": conditions, "qosClass": "Burstable"});
    let Some(place) = place else { return status };
    status["hostIP"] = place.host.as_str().into();
    status["startTime"] = clock::seconds(born).into();
    if !matches!(stage, Stage::Pending | Stage::Creating) {
        status["podIP"] = place.pod.as_str().into();
        if profile == Profile::Current {
            status["hostIPs"] = json!([{"ip": place.host}]);
            status["podIPs"] = json!([{"ip": place.pod}]);
        }
    }
    let list = |field: &str| spec[field].as_array().cloned().unwrap_or_default();
    let scheme = profile.runtime().split("://").next().unwrap_or_default();
    let of = |container: &Value, state: Value, ready: bool| {
        let name = container["name"].as_str().unwrap_or_default();
        let mut row = json!({"name": name, "image": container["image"], "imageID": "", "ready": ready,
            "restartCount": 0, "state": state});
        if !matches!(stage, Stage::Creating) {
            row["containerID"] = format!("{scheme}://{}{name}", uid.replace('-', "")).into();
        }
        row
    };
    let ended = || {
        json!({"terminated": {"exitCode": 0, "reason": "Completed", "startedAt": clock::seconds(born),
        "finishedAt": clock::seconds(since)}})
    };
    let init: Vec<Value> = list("initContainers").iter().map(|it| of(it, ended(), true)).collect();
    if !init.is_empty() && initialized {
        status["initContainerStatuses"] = init.into();
    }
    let mut rows = Vec::new();
    for (index, container) in list("containers").iter().enumerate() {
        // Where a pod crashes, its first container does.
        let (state, ready, restarts) = match stage {
            Stage::Pending => continue,
            Stage::Creating => (json!({"waiting": {"reason": "ContainerCreating"}}), false, 0),
            Stage::BackOff(restarts) if index == 0 => {
                let message = format!("back-off {}s restarting failed container", back_off(*restarts));
                (json!({"waiting": {"reason": "CrashLoopBackOff", "message": message}}), false, *restarts)
            }
            Stage::Restarted(restarts) if index == 0 => (running(since), false, *restarts),
            Stage::Done => (ended(), false, 0),
            Stage::Starting => (running(since), false, 0),
            Stage::Ready | Stage::Restarted(_) | Stage::BackOff(_) => (running(since), true, 0),
        };
        let mut row = of(container, state, ready);
        row["restartCount"] = restarts.into();
        if restarts > 0 {
            row["lastState"] = json!({"terminated": {"exitCode": 1, "reason": "Error",
                "finishedAt": clock::seconds(since), "startedAt": clock::seconds(clock::after(since, -6))}});
        }
        rows.push(row);
    }
    status["containerStatuses"] = rows.into();
    status
}

fn running(since: Timestamp) -> Value {
    json!({"running": {"startedAt": clock::seconds(since)}})
}

/// How many seconds the kubelet waits before it starts a container again after so many crashes.
pub(crate) fn back_off(restarts: u32) -> i64 {
    10_i64.saturating_mul(1 << restarts.saturating_sub(1).min(5)).min(300)
}
