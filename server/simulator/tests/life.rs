//! The cluster's own life, driven step by step.

use std::collections::BTreeSet;

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, Empty};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use simulator::{Cluster, Life, Profile, Simulator};

const KINDS: [&str; 13] = [
    "/api/v1/namespaces",
    "/api/v1/nodes",
    "/api/v1/pods",
    "/api/v1/services",
    "/api/v1/endpoints",
    "/api/v1/events",
    "/apis/apps/v1/deployments",
    "/apis/apps/v1/replicasets",
    "/apis/apps/v1/statefulsets",
    "/apis/apps/v1/daemonsets",
    "/apis/batch/v1/jobs",
    "/apis/coordination.k8s.io/v1/leases",
    "/apis/discovery.k8s.io/v1/endpointslices",
];

fn start() -> Timestamp {
    "2026-11-23T12:00:00Z".parse().expect("moment")
}

async fn body(simulator: &Simulator, path: &str) -> Bytes {
    let request = Request::get(path).body(Empty::<Bytes>::new()).expect("request");
    simulator.handle(request).await.into_body().collect().await.expect("body").to_bytes()
}

async fn items(simulator: &Simulator, path: &str) -> Vec<Value> {
    let list: Value = serde_json::from_slice(&body(simulator, path).await).expect("list");
    list["items"].as_array().cloned().unwrap_or_default()
}

/// Steps through seconds `from..to` after the start.
fn live(life: &mut Life, from: i64, to: i64) {
    for second in from..to {
        life.step(start() + SignedDuration::from_secs(second));
    }
}

async fn after(seed: u64, profile: Profile, seconds: i64) -> Vec<Bytes> {
    let simulator = Simulator::new(Cluster::compass(seed).profile(profile).at(start()));
    live(&mut simulator.life(), 1, seconds);
    let mut bodies = Vec::new();
    for path in KINDS {
        bodies.push(body(&simulator, path).await);
    }
    bodies
}

#[tokio::test]
async fn the_same_seed_lives_the_same_life_byte_for_byte() {
    for profile in [Profile::Current, Profile::V1_11] {
        let one = after(11, profile, 900).await;
        assert_eq!(one, after(11, profile, 900).await);
        assert_ne!(one, after(12, profile, 900).await);
    }
}

#[tokio::test]
async fn a_rollout_replaces_every_pod_of_one_deployment_and_nothing_is_lost() {
    let simulator = Simulator::new(Cluster::compass(3).at(start()));
    let mut life = simulator.life();
    let names = |pods: Vec<Value>| -> BTreeSet<String> {
        let name = |pod: &Value| format!("{}/{}", pod["metadata"]["namespace"], pod["metadata"]["name"]);
        pods.iter().map(name).collect()
    };
    let before = names(items(&simulator, "/api/v1/pods").await);
    let mut phases = BTreeSet::new();
    for second in 1..400 {
        live(&mut life, second, second + 1);
        for pod in items(&simulator, "/api/v1/pods").await {
            let waiting = pod["status"]["containerStatuses"][0]["state"]["waiting"]["reason"].clone();
            let terminating = pod["metadata"]["deletionTimestamp"].is_string();
            phases.insert(format!("{} {waiting} {terminating}", pod["status"]["phase"]));
        }
    }
    let after = names(items(&simulator, "/api/v1/pods").await);
    assert!(before.difference(&after).count() >= 2, "{before:?} {after:?}");
    for seen in [
        r#""Pending" null false"#,
        r#""Pending" "ContainerCreating" false"#,
        r#""Running" null true"#,
        r#""Running" "CrashLoopBackOff" false"#,
    ] {
        assert!(phases.contains(seen), "{seen}: {phases:?}");
    }
    for deployment in items(&simulator, "/apis/apps/v1/deployments").await {
        let (wanted, there) = (&deployment["spec"]["replicas"], &deployment["status"]["replicas"]);
        assert!(there.as_u64() >= wanted.as_u64(), "{deployment}");
    }
}

#[tokio::test]
async fn endpoint_slices_tell_what_the_pods_tell() {
    let simulator = Simulator::new(Cluster::compass(5).at(start()));
    let mut life = simulator.life();
    for second in 1..300 {
        live(&mut life, second, second + 1);
        let ready_pods: BTreeSet<String> = items(&simulator, "/api/v1/namespaces/ims/pods?labelSelector=app%3Dhss")
            .await
            .iter()
            .filter(|pod| {
                pod["status"]["conditions"][3]["status"] == "True" && pod["metadata"]["deletionTimestamp"].is_null()
            })
            .map(|pod| pod["metadata"]["name"].to_string())
            .collect();
        let path =
            "/apis/discovery.k8s.io/v1/namespaces/ims/endpointslices?labelSelector=kubernetes.io/service-name%3Dhss";
        let slices = items(&simulator, path).await;
        let ready: BTreeSet<String> = slices[0]["endpoints"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|endpoint| endpoint["conditions"]["ready"] == true)
            .map(|endpoint| endpoint["targetRef"]["name"].to_string())
            .collect();
        assert_eq!(ready, ready_pods, "after {second} s");
    }
}

#[tokio::test]
async fn leases_renew_the_scheduler_moves_and_a_silent_node_is_given_up() {
    let simulator = Simulator::new(Cluster::compass(9).at(start()));
    let mut life = simulator.life();
    let (mut holders, mut unknown) = (BTreeSet::new(), false);
    for second in 1..1_500 {
        live(&mut life, second, second + 1);
        if second % 5 > 0 {
            continue;
        }
        let lease = "/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/kube-scheduler";
        let lease: Value = serde_json::from_slice(&body(&simulator, lease).await).expect("lease");
        let holder = lease["spec"]["holderIdentity"].as_str().unwrap_or_default().to_owned();
        holders.insert(holder.split('_').next().unwrap_or_default().to_owned());
        let renewed: Timestamp = lease["spec"]["renewTime"].as_str().expect("text").parse().expect("moment");
        assert!((start() + SignedDuration::from_secs(second)).duration_since(renewed).as_secs() <= 2);
        let nodes = items(&simulator, "/api/v1/nodes").await;
        unknown |= nodes.iter().any(|node| node["status"]["conditions"][3]["status"] == "Unknown");
    }
    assert!(holders.len() > 1, "{holders:?}");
    assert!(unknown);
}

#[tokio::test]
async fn an_old_cluster_beats_in_node_conditions() {
    let simulator = Simulator::new(Cluster::compass(9).profile(Profile::V1_11).at(start()));
    live(&mut simulator.life(), 1, 60);
    for node in items(&simulator, "/api/v1/nodes").await {
        let beat: Timestamp =
            node["status"]["conditions"][3]["lastHeartbeatTime"].as_str().expect("text").parse().expect("moment");
        assert!(beat.duration_since(start()).as_secs() >= 49, "{beat}");
    }
}

#[tokio::test]
async fn a_deleted_pod_is_replaced_by_its_owner() {
    let simulator = Simulator::new(Cluster::compass(9).at(start()));
    let request = Request::delete("/api/v1/namespaces/ims/pods/hss-db-0").body(Empty::<Bytes>::new()).expect("request");
    assert_eq!(simulator.handle(request).await.status(), 200);
    let mut life = simulator.life();
    let uid = |pod: &Bytes| serde_json::from_slice::<Value>(pod).expect("pod")["metadata"]["uid"].clone();
    let dying = body(&simulator, "/api/v1/namespaces/ims/pods/hss-db-0").await;
    live(&mut life, 1, 14);
    let born = body(&simulator, "/api/v1/namespaces/ims/pods/hss-db-0").await;
    assert_ne!(uid(&dying), uid(&born));
    let born: Value = serde_json::from_slice(&born).expect("pod");
    assert_eq!(born["status"]["phase"], "Running", "{born}");
}
