//! Clusters of any size.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::core::v1::{Namespace, Node, Pod};
use kube::{Api, Client, api::ListParams};
use simulator::{Cluster, Simulator};

#[tokio::test]
async fn a_cluster_has_the_size_that_was_asked() {
    let client = Client::new(Simulator::new(Cluster::sized(4, 60, 1_500)), "default");
    let nodes = Api::<Node>::all(client.clone()).list(&ListParams::default()).await.expect("nodes").items;
    assert_eq!(nodes.len(), 60);
    let label = |name: &str| -> BTreeSet<_> {
        nodes.iter().filter_map(|node| node.metadata.labels.as_ref()?.get(name).cloned()).collect()
    };
    assert_eq!(label("topology.kubernetes.io/zone").len(), 3);
    assert_eq!(label("compass4nfv.org/rack").len(), 3);
    let pods = Api::<Pod>::all(client.clone()).list(&ListParams::default()).await.expect("pods").items;
    assert_eq!(pods.len(), 1_500);
    let addresses: BTreeSet<_> = pods
        .iter()
        .filter(|pod| pod.spec.as_ref().is_some_and(|spec| spec.host_network != Some(true)))
        .filter_map(|pod| pod.status.as_ref()?.pod_ip.clone())
        .collect();
    assert_eq!(
        addresses.len(),
        pods.iter().filter(|pod| pod.spec.as_ref().is_some_and(|it| it.host_network.is_none())).count()
    );
    let namespaces = Api::<Namespace>::all(client).list(&ListParams::default()).await.expect("namespaces").items;
    assert_eq!(namespaces.len(), 44);
}

#[tokio::test]
async fn the_largest_cluster_is_listed_by_pages_while_it_lives() {
    let start: Timestamp = "2026-11-23T12:00:00Z".parse().expect("moment");
    let simulator = Simulator::new(Cluster::sized(4, 5_000, 150_000).at(start));
    println!("resident when built: {} kB", resident());
    let mut life = simulator.life();
    let pods = Api::<Pod>::all(Client::new(simulator.clone(), "default"));
    let mut found = 0;
    let mut params = ListParams::default().limit(10_000);
    for second in 1.. {
        life.step(start + SignedDuration::from_secs(second));
        let page = pods.list_metadata(&params).await.expect("page");
        found += page.items.len();
        let Some(token) = page.metadata.continue_.filter(|token| !token.is_empty()) else { break };
        params = params.continue_token(&token);
    }
    assert_eq!(found, 150_000);
    println!("resident after a list: {} kB", resident());
}

/// Kilobytes that this process holds; 0 where /proc does not say.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}
