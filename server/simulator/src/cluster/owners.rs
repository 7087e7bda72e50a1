//! What pods belong to: Deployments with their ReplicaSets, StatefulSets, DaemonSets and Jobs.

use std::{collections::BTreeMap, sync::Arc};

use jiff::Timestamp;
use serde_json::{Value, json};

use super::limits;
use crate::{
    clock,
    kind::Kind,
    object::{Key, Object},
    store::Store,
};

/// Which kind of owner a workload has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Deployment,
    StatefulSet,
    DaemonSet,
    Job,
}

/// A workload before it is written.
pub(crate) struct Workload {
    pub(crate) namespace: String,
    pub(crate) name: String,
    pub(crate) form: Form,
    pub(crate) replicas: usize,
    /// On its pods, and what it selects them by.
    pub(crate) labels: Value,
    pub(crate) template: Value,
    /// On its pods; null for none.
    pub(crate) annotations: Value,
}

/// What the pods of a workload are told of their owner.
pub(crate) struct Owner {
    pub(crate) reference: Value,
    pub(crate) pod_labels: Value,
    prefix: String,
    ordinals: bool,
}

impl Owner {
    /// The name of the next pod.
    pub(crate) fn pod_name(&self, store: &Store, ordinal: usize) -> String {
        if self.ordinals {
            format!("{}-{ordinal}", self.prefix)
        } else {
            format!("{}-{}", self.prefix, store.suffix(5))
        }
    }
}

fn reference(api_version: &str, kind: &str, name: &str, uid: &str) -> Value {
    json!({"apiVersion": api_version, "kind": kind, "name": name, "uid": uid, "controller": true,
        "blockOwnerDeletion": true})
}

/// Puts the owners of a workload in place, as if all of its pods were ready.
pub(crate) fn put(store: &Store, workload: &Workload, born: Timestamp, hosts: usize) -> Owner {
    let Workload { namespace, name, labels, template, .. } = workload;
    let uid = store.uid();
    let metadata = json!({"name": name, "namespace": namespace, "uid": uid, "generation": 1, "labels": labels,
        "creationTimestamp": clock::seconds(born)});
    let pod_template = json!({"metadata": {"labels": labels}, "spec": template});
    let selector = json!({"matchLabels": labels});
    let count = if workload.form == Form::DaemonSet { hosts } else { workload.replicas };
    let mut owner = Owner {
        reference: Value::Null,
        pod_labels: labels.clone(),
        prefix: name.clone(),
        ordinals: workload.form == Form::StatefulSet,
    };
    match workload.form {
        Form::Deployment => {
            let deployment = json!({"metadata": metadata,
                "spec": {"replicas": count, "selector": selector, "template": pod_template,
                    "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}},
                    "revisionHistoryLimit": 1, "progressDeadlineSeconds": 600},
                "status": deployment_status(count, count, count, 1, born)});
            store.put(Kind::Deployment, deployment.clone());
            owner = replica_set(store, &deployment, 1, born, count);
        }
        Form::StatefulSet => {
            store.put(
                Kind::StatefulSet,
                json!({"metadata": metadata,
                "spec": {"replicas": count, "selector": selector, "template": pod_template, "serviceName": name,
                    "podManagementPolicy": "OrderedReady"},
                "status": {"observedGeneration": 1, "replicas": count, "readyReplicas": count, "currentReplicas": count,
                    "updatedReplicas": count, "availableReplicas": count}}),
            );
            owner.reference = reference("apps/v1", "StatefulSet", name, &uid);
        }
        Form::DaemonSet => {
            store.put(
                Kind::DaemonSet,
                json!({"metadata": metadata,
                "spec": {"selector": selector, "template": pod_template},
                "status": {"observedGeneration": 1, "currentNumberScheduled": count, "desiredNumberScheduled": count,
                    "numberAvailable": count, "numberReady": count, "numberMisscheduled": 0,
                    "updatedNumberScheduled": count}}),
            );
            owner.reference = reference("apps/v1", "DaemonSet", name, &uid);
        }
        Form::Job => {
            let mut metadata = metadata;
            if let Some((cron, _)) = name.rsplit_once('-') {
                metadata["ownerReferences"] = json!([reference("batch/v1", "CronJob", cron, &store.uid())]);
            }
            store.put(Kind::Job, json!({"metadata": metadata,
                "spec": {"completions": count, "parallelism": 1, "backoffLimit": 6, "template": pod_template},
                "status": {"succeeded": count, "startTime": clock::seconds(born), "completionTime": clock::seconds(born),
                    "conditions": [{"type": "Complete", "status": "True",
                        "lastTransitionTime": clock::seconds(born), "lastProbeTime": clock::seconds(born)}]}}));
            owner.reference = reference("batch/v1", "Job", name, &uid);
        }
    }
    owner
}

/// Puts a ReplicaSet of a deployment in place, for as many pods.
pub(crate) fn replica_set(store: &Store, deployment: &Value, revision: u64, born: Timestamp, count: usize) -> Owner {
    let text = |field: &str| deployment["metadata"][field].as_str().unwrap_or_default();
    let hash = store.suffix(10);
    let (name, uid) = (format!("{}-{hash}", text("name")), store.uid());
    let mut labels = deployment["spec"]["template"]["metadata"]["labels"].clone();
    labels["pod-template-hash"] = hash.into();
    let mut template = deployment["spec"]["template"].clone();
    template["metadata"]["labels"] = labels.clone();
    store.put(
        Kind::ReplicaSet,
        json!({
        "metadata": {"name": name, "namespace": text("namespace"), "uid": uid, "generation": 1, "labels": labels,
            "creationTimestamp": clock::seconds(born),
            "annotations": {"deployment.kubernetes.io/revision": revision.to_string()},
            "ownerReferences": [reference("apps/v1", "Deployment", text("name"), text("uid"))]},
        "spec": {"replicas": count, "selector": {"matchLabels": labels}, "template": template},
        "status": {"observedGeneration": 1, "replicas": count, "readyReplicas": count, "availableReplicas": count,
            "fullyLabeledReplicas": count}}),
    );
    Owner {
        reference: reference("apps/v1", "ReplicaSet", &name, &uid),
        pod_labels: labels,
        prefix: name,
        ordinals: false,
    }
}

fn deployment_status(replicas: usize, ready: usize, updated: usize, generation: u64, since: Timestamp) -> Value {
    let condition = |kind: &str, holds: bool, reason: &str| {
        json!({"type": kind, "status": if holds { "True" } else { "False" }, "reason": reason,
            "lastTransitionTime": clock::seconds(since), "lastUpdateTime": clock::seconds(since)})
    };
    json!({"observedGeneration": generation, "replicas": replicas, "updatedReplicas": updated, "readyReplicas": ready,
        "availableReplicas": ready, "conditions": [
            condition("Available", ready > 0, "MinimumReplicasAvailable"),
            condition("Progressing", true, "NewReplicaSetAvailable")]})
}

/// Counts the pods of a ReplicaSet, StatefulSet or DaemonSet anew, and those of its Deployment.
pub(crate) fn recount(store: &Store, namespace: &str, kind: Kind, name: &str) {
    limits::recount(store, namespace);
    let Some(object) = store.get(kind, namespace, name) else { return };
    let value = object.value();
    let (all, ready) = count(store, namespace, &value["spec"]["selector"]["matchLabels"]);
    store.edit(kind, &object.key, |owner| {
        let status = &mut owner["status"];
        if kind == Kind::DaemonSet {
            status["numberReady"] = ready.into();
            status["numberAvailable"] = ready.into();
        } else {
            for (field, number) in [("replicas", all), ("readyReplicas", ready), ("availableReplicas", ready)] {
                status[field] = number.into();
            }
        }
    });
    let above = &value["metadata"]["ownerReferences"][0];
    let Some(deployment) = above["name"].as_str().filter(|_| above["kind"] == "Deployment") else { return };
    let Some(found) = store.get(Kind::Deployment, namespace, deployment) else { return };
    let (all, ready) = count(store, namespace, &found.value()["spec"]["selector"]["matchLabels"]);
    store.edit(Kind::Deployment, &found.key, |deployment| {
        let status = &mut deployment["status"];
        for (field, number) in [("replicas", all), ("readyReplicas", ready), ("availableReplicas", ready)] {
            status[field] = number.into();
        }
        status["unavailableReplicas"] = all.saturating_sub(ready).into();
    });
}

fn count(store: &Store, namespace: &str, labels: &Value) -> (usize, usize) {
    let pods = select(store, namespace, labels);
    let pods: Vec<_> = pods.iter().filter(|pod| !pod.dying).collect();
    (pods.len(), pods.iter().filter(|pod| is_ready(&pod.value())).count())
}

/// The pods of a namespace that carry all of these labels.
pub(crate) fn select(store: &Store, namespace: &str, labels: &Value) -> Vec<Arc<Object>> {
    let Some(wanted) = labels.as_object().filter(|wanted| !wanted.is_empty()) else { return Vec::new() };
    let shelf = store.shelf(Kind::Pod);
    let inside = shelf.objects.range(Key::new(namespace, "")..).take_while(|(key, _)| &*key.namespace == namespace);
    let carries = |map: &BTreeMap<String, String>| {
        wanted.iter().all(|(key, value)| map.get(key).map(String::as_str) == value.as_str())
    };
    inside.filter(|(_, pod)| carries(&pod.labels.map)).map(|(_, pod)| pod.clone()).collect()
}

/// Whether a pod's Ready condition holds.
pub(crate) fn is_ready(pod: &Value) -> bool {
    let conditions = pod["status"]["conditions"].as_array();
    conditions.into_iter().flatten().any(|condition| condition["type"] == "Ready" && condition["status"] == "True")
}
