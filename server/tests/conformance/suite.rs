//! The cases. Each works on names of its own, so that they run side by side and beside other
//! objects.

use binnacle::cluster::Cluster;
use futures::StreamExt;
use k8s_openapi::api::{
    coordination::v1::Lease,
    core::v1::{Node, Pod},
};
use kube::{
    Api,
    api::{DeleteParams, ListParams, Patch, PatchParams, WatchEvent, WatchParams},
};
use serde_json::json;
use topology::inventory::{Heard, Phase, Source};

use super::{Target, client, create, key, lease, node, pod, unique, until};

/// Declares every case as a test against the target that a function makes.
#[macro_export]
macro_rules! conformance {
    ($target:path) => {
        $crate::conformance!($target:
            everything_is_listed_however_many_pages_it_takes
            what_is_created_changed_and_deleted_is_followed
            a_cut_line_is_resumed_without_losing_a_change
            a_line_that_was_cut_for_a_moment_leaves_nothing_stale
            an_outage_is_as_old_as_its_beginning
            a_forgotten_past_is_listed_anew_and_what_vanished_is_gone
            a_forbidden_kind_names_its_permission_and_stops_no_other
            a_renewed_lease_touches_nothing
            a_silent_server_makes_everything_stale
            a_line_that_went_dead_without_a_word_is_laid_anew
            many_cuts_lose_no_change
            owners_are_followed_up_to_the_deployment
            endpoints_follow_their_slices
            events_about_a_pod_are_answered_newest_first
            a_watch_without_news_moves_on_by_bookmarks
            a_service_is_followed_to_the_pods_that_its_controller_finds
            a_policy_selects_a_pod_by_its_labels
            networks_of_multus_are_read_from_the_annotation
            ways_in_pod_cidrs_and_the_nodes_own_network_are_read
        );
    };
    ($target:path: $($case:ident)+) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $case() {
            conformance::$case(&$target().await).await;
        }
    )+};
}

pub async fn everything_is_listed_however_many_pages_it_takes(target: &Target) {
    // More than a page holds.
    const MANY: usize = 520;
    let mark = unique("many");
    let leases: Api<Lease> = Api::namespaced(target.admin(), "default");
    let names: Vec<String> = (0..MANY).map(|n| format!("{mark}-{n}")).collect();
    for chunk in names.chunks(40) {
        futures::future::join_all(chunk.iter().map(|name| create(&leases, lease(name, "nobody", 1)))).await;
    }
    let cluster = target.watch();
    until(&cluster, "all leases", |facts| names.iter().all(|name| facts.lease("default", name).is_some())).await;
    futures::future::join_all(names.iter().map(|name| async { leases.delete(name, &DeleteParams::default()).await }))
        .await;
    until(&cluster, "no lease", |facts| names.iter().all(|name| facts.lease("default", name).is_none())).await;
}

pub async fn what_is_created_changed_and_deleted_is_followed(target: &Target) {
    let cluster = target.watch();
    cluster.heard_everything().await.expect("an API that answers");
    let (on, name) = (unique("node"), unique("pod"));
    let nodes: Api<Node> = Api::all(target.admin());
    let pods: Api<Pod> = Api::namespaced(target.admin(), "default");
    create(&nodes, node(&on, &json!({ "node-role.kubernetes.io/edge": "" }))).await;
    create(&pods, pod(&name, &on)).await;
    let this = key("default", &name);
    until(&cluster, "the pod", |facts| facts.pod(&this).is_some_and(|pod| pod.phase == Phase::Pending)).await;
    until(&cluster, "the node", |facts| {
        facts.node(&on).is_some_and(|node| node.roles.iter().any(|role| &**role == "edge"))
    })
    .await;
    let status = json!({ "status": {
        "phase": "Running",
        "conditions": [{ "type": "Ready", "status": "True" }],
        "containerStatuses": [{ "name": "c", "ready": true, "restartCount": 3, "image": "", "imageID": "", "state": { "running": {} } }],
    } });
    pods.patch_status(&name, &PatchParams::default(), &Patch::Merge(&status)).await.expect("a status");
    until(&cluster, "a ready pod", |facts| facts.pod(&this).is_some_and(|pod| pod.ready && pod.restarts == 3)).await;
    pods.delete(&name, &DeleteParams::default().grace_period(0)).await.expect("deleted");
    until(&cluster, "no pod", |facts| facts.pod(&this).is_none()).await;
    nodes.delete(&on, &DeleteParams::default()).await.expect("deleted");
    until(&cluster, "no node", |facts| facts.node(&on).is_none()).await;
}

pub async fn a_forbidden_kind_names_its_permission_and_stops_no_other(target: &Target) {
    let cluster = Cluster::start("test", client(&target.limited), "the test's API");
    let forbidden = |permission: &str| Heard::Forbidden { permission: permission.into() };
    until(&cluster, "a word on leases", |facts| {
        *facts.heard(Source::Leases) == forbidden("list leases.coordination.k8s.io")
    })
    .await;
    until(&cluster, "a word on slices", |facts| {
        *facts.heard(Source::Endpoints) == forbidden("list endpointslices.discovery.k8s.io")
    })
    .await;
    until(&cluster, "a word on policies", |facts| {
        *facts.heard(Source::NetworkPolicies) == forbidden("list networkpolicies.networking.k8s.io")
    })
    .await;
    until(&cluster, "everything else", |facts| {
        [Source::Nodes, Source::Pods, Source::Services, Source::Deployments]
            .iter()
            .all(|source| *facts.heard(*source) == Heard::Live)
    })
    .await;
}

/// Renews a lease and waits until it was heard. Nobody is told of it, so this looks now and then.
async fn renew(leases: &Api<Lease>, cluster: &Cluster, name: &str, seconds_ago: i64) {
    let renewed = || cluster.read(|facts| facts.lease("kube-node-lease", name).and_then(|lease| lease.renewed));
    let before = renewed();
    let change = lease(name, name, seconds_ago);
    leases.patch(name, &PatchParams::default(), &Patch::Merge(&change)).await.expect("renewed");
    let heard = async {
        while renewed() == before {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(120), heard).await.expect("a renewal is heard");
}

pub async fn a_renewed_lease_touches_nothing(target: &Target) {
    let name = unique("quiet");
    let leases: Api<Lease> = Api::namespaced(target.admin(), "kube-node-lease");
    create(&leases, lease(&name, &name, 2)).await;
    let cluster = target.watch();
    // The whole list, too, for its end says of every node of it that something is known now.
    until(&cluster, "the lease", |facts| {
        facts.lease("kube-node-lease", &name).is_some() && *facts.heard(Source::Leases) == Heard::Live
    })
    .await;
    // The list's word goes out after the facts are there. One watch tells in order, so after a first
    // renewal nothing of the list is still to come.
    renew(&leases, &cluster, &name, 1).await;
    let follower = cluster.follow();
    renew(&leases, &cluster, &name, 0).await;
    assert!(!follower.now().nodes.contains(name.as_str()), "a renewal in time is drawn nowhere");
    leases.delete(&name, &DeleteParams::default()).await.expect("deleted");
}

pub async fn a_watch_without_news_moves_on_by_bookmarks(target: &Target) {
    let pods: Api<Pod> = Api::namespaced(target.admin(), "kube-public");
    let start = pods.list(&ListParams::default()).await.expect("a list").metadata.resource_version.expect("a version");
    // Something happens elsewhere, so that the version moves on.
    let name = unique("elsewhere");
    let nodes: Api<Node> = Api::all(target.admin());
    create(&nodes, node(&name, &json!({}))).await;
    // A real server says about once a minute where a reader stands.
    let watch = WatchParams::default().timeout(100);
    let mut events = pods.watch(&watch, &start).await.expect("a watch").boxed();
    let mut bookmark = None;
    while let Some(event) = events.next().await {
        if let WatchEvent::Bookmark(mark) = event.expect("an event") {
            bookmark = Some(mark.metadata.resource_version);
            break;
        }
    }
    let passed = |version: &String| version.parse::<u64>().ok() >= start.parse::<u64>().ok();
    assert!(bookmark.as_ref().is_some_and(passed), "no bookmark came: {bookmark:?} after {start}");
    nodes.delete(&name, &DeleteParams::default()).await.expect("deleted");
}
