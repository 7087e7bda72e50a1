//! Clocks that are off, on the whole way from the API server's Date header to the first sentence.

use std::time::{Duration, Instant};

use binnacle::cluster::Cluster as Watched;
use http::{HeaderValue, header};
use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::coordination::v1::Lease;
use kube::{
    Api, Client,
    api::{Patch, PatchParams},
};
use serde_json::json;
use simulator::{Cluster, Simulator};
use topology::figure::{Drawing, View};
use tower::ServiceExt;

/// Whatever takes longer than this does not come.
const BOUND: Duration = Duration::from_secs(60);
/// Seconds that the API server's clock is ahead of ours.
const SKEWS: [i64; 6] = [-7_200, -90, -35, 35, 90, 7_200];

/// The API server's time.
fn there(skew: i64) -> Timestamp {
    Timestamp::now() + SignedDuration::from_secs(skew)
}

/// A cluster whose clock is off, and its API server, which says so in each answer.
fn off(skew: i64) -> (Simulator, Client) {
    let simulator = Simulator::new(Cluster::compass(5).at(there(skew)));
    let inner = simulator.clone();
    let dated = tower::service_fn(move |request: http::Request<kube::client::Body>| {
        let answer = inner.clone().oneshot(request);
        async move {
            answer.await.map(|mut response| {
                let date = there(skew).strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
                response.headers_mut().insert(header::DATE, HeaderValue::from_str(&date).expect("a date"));
                response
            })
        }
    });
    (simulator, Client::new(dated, "default"))
}

async fn watched(client: Client) -> Watched {
    let watched = Watched::start("lab", client, "the test's API");
    let heard = tokio::time::timeout(BOUND, watched.heard_everything()).await;
    heard.expect("every source speaks in time").expect("a cluster within reach");
    watched
}

fn sentence(watched: &Watched) -> String {
    let now = watched.now();
    watched.read(|inventory| Drawing::draw(inventory, &View::default(), now).scene().description)
}

/// Says that a kubelet renewed its lease at a moment.
async fn renew(simulator: &Simulator, node: &str, at: Timestamp) {
    let leases: Api<Lease> = Api::namespaced(Client::new(simulator.clone(), "default"), "kube-node-lease");
    let renewed = json!({ "spec": { "renewTime": at.strftime("%Y-%m-%dT%H:%M:%S.%6fZ").to_string() } });
    leases.patch(node, &PatchParams::default(), &Patch::Merge(&renewed)).await.expect("a lease");
}

async fn until(what: &str, holds: impl Fn() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < BOUND, "{what}: not within {BOUND:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_cluster_with_another_time_is_as_well_as_it_is() {
    for skew in SKEWS {
        let (_simulator, client) = off(skew);
        let watched = watched(client).await;
        let said = sentence(&watched);
        assert!(said.starts_with("3 of 3 masters up, 2 of 2 nodes up, etcd 3/3"), "{skew} s: {said}");
        assert!(!said.contains("nobody"), "{skew} s: {said}");
    }
}

#[tokio::test]
async fn a_clock_that_is_off_is_said_with_its_direction() {
    for skew in SKEWS {
        let (_simulator, client) = off(skew);
        let ahead = watched(client).await.clock_off().unwrap_or_else(|| panic!("{skew} s is off"));
        assert!((ahead + skew * 1_000).abs() < 10_000, "the API server is {skew} s ahead, we are {ahead} ms");
    }
}

#[tokio::test]
async fn a_kubelet_that_died_is_silent_by_the_servers_clock() {
    for skew in SKEWS {
        let (simulator, client) = off(skew);
        renew(&simulator, "host4", there(skew - 80)).await;
        let said = sentence(&watched(client).await);
        assert!(said.contains("1 of 2 nodes up (host4 not responding)"), "{skew} s: {said}");
    }
}

#[tokio::test]
async fn a_node_with_another_time_is_up_and_named() {
    for skew in SKEWS {
        let (simulator, client) = off(0);
        let watched = watched(client).await;
        renew(&simulator, "host5", there(skew)).await;
        until("the node's clock is seen to be off", || !watched.clocks_off().is_empty()).await;
        let off = watched.clocks_off();
        assert!(off.len() == 1 && &*off[0].0 == "host5" && (off[0].1 - skew * 1_000).abs() < 10_000, "{off:?}");
        let said = sentence(&watched);
        assert!(said.starts_with("3 of 3 masters up, 2 of 2 nodes up"), "{skew} s: {said}");
    }
}
