//! kubectl and Binnacle read one control plane, and must tell of the same objects.

use std::{collections::BTreeSet, process::Command};

use k8s_openapi::api::{apps::v1::Deployment, core::v1::Service, networking::v1::NetworkPolicy};
use kube::Api;
use serde_json::{Value, json};
use topology::inventory::{Inventory, OwnerKind};

use crate::{
    conformance::{create, unique, until},
    target, told,
};

/// Names of a kind with this mark in them, as kubectl tells them.
fn listed(kind: &str, mark: &str) -> BTreeSet<String> {
    let mut kubectl = Command::new(told("BINNACLE_TEST_KUBECTL"));
    kubectl.args([
        "--kubeconfig",
        &told("BINNACLE_TEST_KUBECONFIG"),
        "get",
        kind,
        "--namespace",
        "default",
        "-o",
        "json",
    ]);
    let output = kubectl.output().expect("kubectl runs");
    assert!(output.status.success(), "{kind}: {}", String::from_utf8_lossy(&output.stderr));
    let list: Value = serde_json::from_slice(&output.stdout).expect("a list");
    let names = list["items"].as_array().expect("items").iter().map(|item| item["metadata"]["name"].as_str());
    names.flatten().filter(|name| name.contains(mark)).map(str::to_owned).collect()
}

fn known<'a>(names: impl Iterator<Item = &'a str>, mark: &str) -> BTreeSet<String> {
    names.filter(|name| name.contains(mark)).map(str::to_owned).collect()
}

fn owners(facts: &Inventory, kind: &OwnerKind, mark: &str) -> BTreeSet<String> {
    known(facts.owners().filter(|owner| owner.kind == *kind).map(|owner| &*owner.key.name), mark)
}

#[tokio::test(flavor = "multi_thread")]
async fn kubectl_and_binnacle_tell_of_the_same_objects() {
    let (target, mark) = (target().await, unique("listed"));
    let labels = json!({ "app": mark });
    let pod = json!({
        "metadata": { "labels": labels },
        "spec": { "nodeName": "nowhere", "automountServiceAccountToken": false, "containers": [{ "name": "c", "image": "none:1" }] },
    });
    let deployments: Api<Deployment> = Api::namespaced(target.admin(), "default");
    let spec = json!({ "replicas": 3, "selector": { "matchLabels": labels }, "template": pod });
    create(&deployments, json!({ "metadata": { "name": mark }, "spec": spec })).await;
    let services: Api<Service> = Api::namespaced(target.admin(), "default");
    let spec = json!({ "selector": labels, "ports": [{ "port": 80 }] });
    create(&services, json!({ "metadata": { "name": mark }, "spec": spec })).await;
    let policies: Api<NetworkPolicy> = Api::namespaced(target.admin(), "default");
    create(&policies, json!({ "metadata": { "name": mark }, "spec": { "podSelector": {} } })).await;
    let cluster = target.watch();
    // Its controllers have made what belongs to it.
    until(&cluster, "three pods", |facts| {
        known(facts.pods().map(|pod| &*pod.key.name), &mark).len() == 3
            && facts.policies().any(|it| *it.key.name == *mark)
    })
    .await;
    for kind in ["pods", "services", "deployments", "replicasets", "networkpolicies"] {
        let theirs = listed(kind, &mark);
        let ours = cluster.read(|facts| match kind {
            "pods" => known(facts.pods().map(|pod| &*pod.key.name), &mark),
            "services" => known(facts.services().map(|service| &*service.key.name), &mark),
            "deployments" => owners(facts, &OwnerKind::Deployment, &mark),
            "replicasets" => owners(facts, &OwnerKind::ReplicaSet, &mark),
            _ => known(facts.policies().map(|policy| &*policy.key.name), &mark),
        });
        assert!(!theirs.is_empty() && ours == theirs, "{kind}: kubectl {theirs:?}, Binnacle {ours:?}");
    }
    let _ = deployments.delete(&mark, &kube::api::DeleteParams::background()).await;
    let _ = services.delete(&mark, &kube::api::DeleteParams::default()).await;
    let _ = policies.delete(&mark, &kube::api::DeleteParams::default()).await;
}
