//! Damage that is asked for, done by the next step of the cluster's life, and mended by the step after.

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, Empty};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use simulator::{Cluster, Damage, Life, Simulator};

fn start() -> Timestamp {
    "2026-11-23T12:00:00Z".parse().expect("moment")
}

/// A cluster that has lived for a second, and its life.
fn cluster() -> (Simulator, Life) {
    let simulator = Simulator::new(Cluster::compass(5).at(start()));
    let mut life = simulator.life();
    live(&mut life, 1, 2);
    (simulator, life)
}

fn live(life: &mut Life, from: i64, to: i64) {
    for second in from..to {
        life.step(start() + SignedDuration::from_secs(second));
    }
}

async fn one(simulator: &Simulator, path: &str) -> Value {
    let request = Request::get(path).body(Empty::<Bytes>::new()).expect("request");
    let body = simulator.handle(request).await.into_body().collect().await.expect("body").to_bytes();
    serde_json::from_slice(&body).expect("JSON")
}

async fn items(simulator: &Simulator, path: &str) -> Vec<Value> {
    one(simulator, path).await["items"].as_array().cloned().unwrap_or_default()
}

fn condition<'a>(object: &'a Value, kind: &str) -> &'a Value {
    let conditions = object["status"]["conditions"].as_array().into_iter().flatten();
    conditions.into_iter().find(|condition| condition["type"] == kind).map_or(&Value::Null, |found| &found["status"])
}

async fn ready(simulator: &Simulator, host: &str) -> Value {
    condition(&one(simulator, &format!("/api/v1/nodes/{host}")).await, "Ready").clone()
}

async fn pods(simulator: &Simulator, query: &str) -> Vec<Value> {
    items(simulator, &format!("/api/v1/pods?{query}")).await
}

fn host(name: &str) -> String {
    name.to_owned()
}

#[tokio::test]
async fn a_stopped_kubelet_loses_its_node_and_keeps_its_pods() {
    let (simulator, mut life) = cluster();
    let on = "fieldSelector=spec.nodeName%3Dhost4";
    let before = pods(&simulator, on).await.len();
    let damage = Damage::KubeletStopped { host: host("host4") };
    assert!(simulator.damage(damage.clone()));
    live(&mut life, 2, 3);
    assert_eq!(ready(&simulator, "host4").await, "Unknown");
    live(&mut life, 3, 30);
    let there = pods(&simulator, on).await;
    assert!(there.len() >= before, "none was evicted");
    assert!(there.iter().all(|pod| condition(pod, "Ready") != "True"));
    simulator.mend(&damage);
    live(&mut life, 30, 31);
    assert_eq!(ready(&simulator, "host4").await, "True");
    assert!(simulator.damages().is_empty());
    let there = pods(&simulator, on).await;
    assert!(there.iter().filter(|pod| condition(pod, "Ready") == "True").count() > before / 2);
}

#[tokio::test]
async fn pods_leave_a_host_that_is_cut_off_and_leaders_move() {
    let (simulator, mut life) = cluster();
    let leases = "/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/kube-scheduler";
    let holder = async |simulator: &Simulator| -> String {
        let lease = one(simulator, leases).await;
        lease["spec"]["holderIdentity"].as_str().unwrap_or_default().split('_').next().unwrap_or_default().to_owned()
    };
    let leader = holder(&simulator).await;
    for cut in [leader.clone(), host("host4")] {
        assert!(simulator.damage(Damage::NetworkCut { host: cut }));
    }
    live(&mut life, 2, 3);
    assert_ne!(holder(&simulator).await, leader);
    live(&mut life, 3, 40);
    let gone = pods(&simulator, "fieldSelector=spec.nodeName%3Dhost4").await;
    let evicted: Vec<&Value> = gone.iter().filter(|pod| pod["metadata"]["deletionTimestamp"].is_string()).collect();
    assert!(!evicted.is_empty(), "they stay until their kubelet says that they have ended");
    // As many as are wanted run elsewhere, and no more.
    let living = pods(&simulator, "labelSelector=app%3Dcscf").await;
    let living = living.iter().filter(|pod| !pod["metadata"]["deletionTimestamp"].is_string());
    let hosts: Vec<&str> = living.map(|pod| pod["spec"]["nodeName"].as_str().unwrap_or_default()).collect();
    // One more while a rollout of the cluster's own is under way.
    assert!((3..=4).contains(&hosts.len()), "{hosts:?}");
    simulator.mend_all();
    live(&mut life, 40, 60);
    assert_eq!(ready(&simulator, "host4").await, "True");
    let there = pods(&simulator, "fieldSelector=spec.nodeName%3Dhost4").await;
    assert!(there.iter().all(|pod| !pod["metadata"]["deletionTimestamp"].is_string()), "what was evicted has gone");
}

#[tokio::test]
async fn a_workload_crashes_until_it_is_mended() {
    let (simulator, mut life) = cluster();
    let damage = Damage::Crashing { namespace: host("vepc"), name: host("pgw") };
    assert!(simulator.damage(damage.clone()));
    live(&mut life, 2, 3);
    let waiting = |pod: &Value| pod["status"]["containerStatuses"][0]["state"]["waiting"]["reason"].clone();
    // Of a StatefulSet, which the cluster itself never rolls out.
    let pgw = "labelSelector=app%3Dpgw";
    assert!(pods(&simulator, pgw).await.iter().all(|pod| waiting(pod) == "CrashLoopBackOff"));
    let events = items(&simulator, "/api/v1/namespaces/vepc/events").await;
    assert!(events.iter().any(|event| event["reason"] == "BackOff"));
    live(&mut life, 3, 30);
    let restarts = |pod: &Value| pod["status"]["containerStatuses"][0]["restartCount"].as_u64();
    assert!(pods(&simulator, pgw).await.iter().all(|pod| restarts(pod) >= Some(2)));
    simulator.mend(&damage);
    live(&mut life, 30, 31);
    let mended = pods(&simulator, pgw).await;
    assert!(mended.iter().all(|pod| condition(pod, "Ready") == "True" && restarts(pod) >= Some(2)), "{mended:?}");
}

#[tokio::test]
async fn a_full_host_has_no_room_and_takes_no_pod() {
    let (simulator, mut life) = cluster();
    let damage = Damage::HostFull { host: host("host5") };
    assert!(simulator.damage(damage.clone()));
    live(&mut life, 2, 3);
    let node = one(&simulator, "/api/v1/nodes/host5").await;
    assert_eq!(condition(&node, "MemoryPressure"), "True");
    let filler = one(&simulator, "/api/v1/namespaces/default/pods/filler-host5").await;
    let asked = &filler["spec"]["containers"][0]["resources"]["requests"];
    assert!(asked["memory"].as_str().is_some_and(|memory| memory.len() > 6), "{asked}");
    simulator.mend(&damage);
    live(&mut life, 3, 4);
    let node = one(&simulator, "/api/v1/nodes/host5").await;
    assert_eq!(condition(&node, "MemoryPressure"), "False");
    assert!(node["spec"].get("taints").is_none());
    assert_eq!(one(&simulator, "/api/v1/namespaces/default/pods/filler-host5").await["reason"], "NotFound");
}

#[tokio::test]
async fn a_rollout_that_is_asked_for_begins_with_the_next_step() {
    let (simulator, mut life) = cluster();
    let sets = "/apis/apps/v1/namespaces/ims/replicasets?labelSelector=app%3Dcscf";
    let before = items(&simulator, sets).await.len();
    assert!(simulator.roll_out("ims", "cscf"));
    live(&mut life, 2, 3);
    assert_eq!(items(&simulator, sets).await.len(), before + 1);
    assert!(!simulator.roll_out("ims", "nothing"));
}

#[tokio::test]
async fn only_what_is_there_can_be_damaged() {
    let (simulator, mut life) = cluster();
    assert!(!simulator.damage(Damage::NetworkCut { host: host("host9") }));
    assert!(!simulator.damage(Damage::Crashing { namespace: host("ims"), name: host("host4") }));
    assert!(simulator.damages().is_empty());
    assert_eq!(simulator.hosts(), ["host1", "host2", "host3", "host4", "host5"]);
    assert!(simulator.workloads().contains(&(host("vepc"), host("pgw"))));
    // A host that was torn down while it was lost is well when it is back.
    simulator.damage(Damage::KubeletStopped { host: host("host4") });
    live(&mut life, 2, 3);
    simulator.mend_all();
    let unplugged = simulator.unplug("host4").expect("a host");
    live(&mut life, 3, 4);
    simulator.plug(unplugged);
    live(&mut life, 4, 5);
    assert_eq!(ready(&simulator, "host4").await, "True");
}
