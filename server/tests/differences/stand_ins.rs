//! Nodes of kwok with leases, and without, as those of virtual kubelets.

use k8s_openapi::api::{coordination::v1::Lease, core::v1::Node};
use kube::Api;
use scene::Health;
use serde_json::json;
use topology::figure::{Focus, View};

use super::{Process, program};
use crate::{
    conformance::unique,
    conformance::{create, node, pod},
    sources::Stage,
    target, told,
};

/// A node with a kwok that stands in for its kubelet alone.
async fn kubelet(lasts: u32) -> (Stage, Process) {
    let target = target().await;
    let (client, name) = (target.admin(), unique("kwok"));
    let mut command = program("kwok");
    command.args(["--kubeconfig", &told("BINNACLE_TEST_KUBECONFIG"), "--manage-single-node", &name]);
    let kubelet = Process::start(command.args(["--node-lease-duration-seconds", &lasts.to_string()]));
    create(&Api::<Node>::all(client.clone()), node(&name, &json!({}))).await;
    (Stage::of(client, target.watch(), &name), kubelet)
}

fn view(stage: &Stage) -> View {
    View { focus: Focus::Node(stage.name.as_str().into()), ..View::default() }
}

async fn is(stage: &Stage, health: Health) {
    stage.sees(&view(stage), "chip/NODE/kubelet", "its kubelet", |mark| mark.health == Some(health)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kubelet_of_kwok_lives_while_it_renews_its_lease() {
    let (stage, kubelet) = kubelet(8).await;
    is(&stage, Health::Ok).await;
    let name = unique("web");
    create(&stage.pods("default"), pod(&name, &stage.name)).await;
    let id = format!("pod/default/{name}");
    stage.sees(&view(&stage), &id, "a running pod", |mark| mark.health == Some(Health::Ok)).await;
    drop(kubelet);
    is(&stage, Health::Stale).await;
    stage.leave().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kubelet_without_a_lease_is_judged_by_its_heartbeats() {
    let (stage, _kubelet) = kubelet(0).await;
    is(&stage, Health::Ok).await;
    let leases: Api<Lease> = Api::namespaced(target().await.admin(), "kube-node-lease");
    assert!(leases.get_opt(&stage.name).await.expect("an answer").is_none(), "it has a lease");
    stage.leave().await;
}
