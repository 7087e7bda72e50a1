//! Lists and watches through a `kube::Client`, as Binnacle's own client reads them.

use std::time::Duration;

use futures::{StreamExt, TryStreamExt, pin_mut};
use k8s_openapi::api::{
    autoscaling::v1::HorizontalPodAutoscaler,
    coordination::v1::Lease,
    core::v1::{Namespace, Node, PersistentVolume, PersistentVolumeClaim, Pod, ResourceQuota},
    discovery::v1::EndpointSlice,
    networking::v1::Ingress,
    policy::v1::PodDisruptionBudget,
    scheduling::v1::PriorityClass,
    storage::v1::{CSINode, StorageClass},
};
use kube::{
    Api, Client,
    api::{DeleteParams, ListParams, Patch, PatchParams, PostParams, WatchEvent, WatchParams},
    runtime::watcher,
};
use serde_json::json;
use simulator::{Cluster, Kind, Profile, Simulator, faults::GoneAs};

fn client(simulator: &Simulator) -> Client {
    Client::new(simulator.clone(), "default")
}

fn compass() -> Simulator {
    Simulator::with_bookmarks(Cluster::compass(7), Duration::from_millis(40))
}

fn code(error: &kube::Error) -> u16 {
    match error {
        kube::Error::Api(status) => status.code,
        other => panic!("no answer of the API: {other}"),
    }
}

async fn label(pods: &Api<Pod>, name: &str, value: &str) {
    let patch = json!({"metadata": {"labels": {"mark": value}}});
    pods.patch(name, &PatchParams::default(), &Patch::Merge(patch)).await.expect("patched");
}

#[tokio::test]
async fn the_hosts_of_compass_are_there() {
    let client = client(&compass());
    let nodes = Api::<Node>::all(client.clone()).list(&ListParams::default()).await.expect("nodes");
    let names: Vec<_> = nodes.items.iter().filter_map(|node| node.metadata.name.as_deref()).collect();
    assert_eq!(names, ["host1", "host2", "host3", "host4", "host5"]);
    let masters = ListParams::default().labels("node-role.kubernetes.io/control-plane");
    assert_eq!(Api::<Node>::all(client.clone()).list(&masters).await.expect("masters").items.len(), 3);
    let on_host1 = ListParams::default().fields("spec.nodeName=host1");
    let pods = Api::<Pod>::all(client.clone()).list(&on_host1).await.expect("pods");
    assert!(pods.items.iter().any(|pod| pod.metadata.name.as_deref() == Some("etcd-host1")));
    let slices = Api::<EndpointSlice>::all(client.clone()).list(&ListParams::default()).await.expect("slices");
    let kubernetes = slices.items.iter().find(|it| it.metadata.name.as_deref() == Some("kubernetes"));
    assert_eq!(kubernetes.map(|slice| slice.endpoints.len()), Some(3));
    let identities = ListParams::default().labels("apiserver.kubernetes.io/identity=kube-apiserver");
    let leases = Api::<Lease>::namespaced(client, "kube-system").list(&identities).await.expect("leases");
    assert_eq!(leases.items.len(), 3);
}

#[tokio::test]
async fn what_bounds_and_feeds_the_pods_of_compass_is_there() {
    let client = client(&compass());
    macro_rules! named {
        ($kind:ty) => {{
            let found = Api::<$kind>::all(client.clone()).list(&ListParams::default()).await.expect("a list");
            found.items.into_iter().map(|one| one.metadata.name.unwrap_or_default()).collect::<Vec<_>>()
        }};
    }
    assert_eq!(named!(PersistentVolumeClaim), ["data-hss-db-0", "data-prometheus-0"]);
    assert_eq!(named!(PersistentVolume), ["pv-hss-db-0", "pv-prometheus-0"]);
    assert_eq!(named!(StorageClass), ["local", "nfs"]);
    assert_eq!(named!(CSINode).len(), 5);
    assert_eq!(named!(PriorityClass), ["signalling", "system-cluster-critical", "system-node-critical"]);
    assert_eq!((named!(ResourceQuota), named!(Ingress)), (vec!["team".to_owned()], vec!["prometheus".to_owned()]));
    assert_eq!(named!(HorizontalPodAutoscaler), ["cscf"]);
    let budgets = Api::<PodDisruptionBudget>::all(client.clone()).list(&ListParams::default()).await.expect("budgets");
    let allowed = |name: &str| {
        let found = budgets.items.iter().find(|budget| budget.metadata.name.as_deref() == Some(name));
        found.and_then(|budget| budget.status.as_ref()).map(|status| status.disruptions_allowed)
    };
    assert_eq!((allowed("cscf"), allowed("mme"), allowed("hss-db")), (Some(1), Some(1), Some(0)));
}

#[tokio::test]
async fn pages_are_of_one_moment_whatever_happens_between_them() {
    let client = client(&compass());
    let pods = Api::<Pod>::all(client.clone());
    let whole = pods.list(&ListParams::default()).await.expect("whole");
    let mut page = pods.list(&ListParams::default().limit(7)).await.expect("first page");
    let version = page.metadata.resource_version.clone();
    assert_eq!(page.metadata.remaining_item_count, i64::try_from(whole.items.len() - 7).ok());
    let mut seen = page.items.clone();
    let vepc = Api::<Pod>::namespaced(client.clone(), "vepc");
    let ims = Api::<Pod>::namespaced(client, "ims");
    vepc.delete("pgw-0", &DeleteParams::default().grace_period(0)).await.expect("deleted");
    label(&ims, "hss-db-0", "new").await;
    let born = json!({"metadata": {"name": "a-new-pod"}, "spec": {"containers": [{"name": "a", "image": "b"}]}});
    vepc.create(&PostParams::default(), &serde_json::from_value(born).expect("pod")).await.expect("created");
    while let Some(token) = page.metadata.continue_.clone().filter(|token| !token.is_empty()) {
        page = pods.list(&ListParams::default().limit(7).continue_token(&token)).await.expect("next page");
        assert_eq!(page.metadata.resource_version, version);
        seen.extend(page.items.clone());
    }
    assert_eq!(seen, whole.items);
}

#[tokio::test]
async fn an_expired_continue_token_is_410() {
    let simulator = compass();
    let pods = Api::<Pod>::all(client(&simulator));
    let page = pods.list(&ListParams::default().limit(5)).await.expect("first page");
    let token = page.metadata.continue_.expect("more");
    label(&Api::namespaced(client(&simulator), "vepc"), "pgw-0", "x").await;
    simulator.forget();
    let error = pods.list(&ListParams::default().limit(5).continue_token(&token)).await.expect_err("expired");
    assert_eq!(code(&error), 410);
}

#[tokio::test]
async fn a_watch_resumes_where_it_was_and_sends_bookmarks() {
    let pods = Api::<Pod>::namespaced(client(&compass()), "vepc");
    let listed = pods.list(&ListParams::default()).await.expect("list");
    let from = listed.metadata.resource_version.expect("version");
    label(&pods, "pgw-0", "one").await;
    label(&pods, "pgw-1", "two").await;
    let watch = pods.watch(&WatchParams::default().timeout(20), &from).await.expect("watch");
    pin_mut!(watch);
    let mut names = Vec::new();
    let mut middle = String::new();
    loop {
        match watch.try_next().await.expect("event").expect("open") {
            WatchEvent::Modified(pod) => {
                middle =
                    if names.is_empty() { pod.metadata.resource_version.clone().unwrap_or_default() } else { middle };
                names.push(pod.metadata.name.unwrap_or_default());
            }
            WatchEvent::Bookmark(_) => break,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(names, ["pgw-0", "pgw-1"]);
    let watch = pods.watch(&WatchParams::default(), &middle).await.expect("resumed");
    pin_mut!(watch);
    let next = watch.try_next().await.expect("event");
    assert!(matches!(next, Some(WatchEvent::Modified(pod)) if pod.metadata.name.as_deref() == Some("pgw-1")));
}

#[tokio::test]
async fn a_selector_turns_changes_into_comings_and_goings() {
    let pods = Api::<Pod>::namespaced(client(&compass()), "vepc");
    let from = pods.list(&ListParams::default()).await.expect("list").metadata.resource_version.expect("version");
    label(&pods, "pgw-0", "seen").await;
    label(&pods, "pgw-0", "gone").await;
    let params = WatchParams::default().labels("mark=seen").disable_bookmarks();
    let watch = pods.watch(&params, &from).await.expect("watch");
    pin_mut!(watch);
    assert!(matches!(watch.try_next().await.expect("event"), Some(WatchEvent::Added(_))));
    assert!(matches!(watch.try_next().await.expect("event"), Some(WatchEvent::Deleted(_))));
}

#[tokio::test]
async fn a_forgotten_version_is_an_error_event_of_410() {
    let simulator = compass();
    let pods = Api::<Pod>::all(client(&simulator));
    label(&Api::namespaced(client(&simulator), "vepc"), "pgw-0", "x").await;
    simulator.forget();
    let watch = pods.watch(&WatchParams::default(), "2").await.expect("status 200");
    pin_mut!(watch);
    assert!(matches!(watch.try_next().await.expect("event"), Some(WatchEvent::Error(status)) if status.code == 410));
    simulator.faults().gone_watches(1, GoneAs::Http);
    let version = simulator.version().to_string();
    let Err(error) = pods.watch(&WatchParams::default(), &version).await else { panic!("no 410") };
    assert_eq!(code(&error), 410);
    assert!(pods.watch(&WatchParams::default(), &version).await.is_ok());
}

#[tokio::test]
async fn a_watcher_sees_the_cluster_through_pages_streams_drops_and_410() {
    for config in [watcher::Config::default().page_size(3), watcher::Config::default().streaming_lists()] {
        let simulator = compass();
        let events = watcher(Api::<Pod>::namespaced(client(&simulator), "vepc"), config);
        pin_mut!(events);
        let mut found = 0;
        loop {
            match events.try_next().await.expect("event").expect("open") {
                watcher::Event::InitApply(_) => found += 1,
                watcher::Event::InitDone => break,
                watcher::Event::Init => {}
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(found, 7);
        simulator.faults().drop_watches();
        label(&Api::namespaced(client(&simulator), "vepc"), "pgw-1", "after").await;
        let next = events.try_next().await.expect("event");
        assert!(matches!(next, Some(watcher::Event::Apply(pod)) if pod.metadata.name.as_deref() == Some("pgw-1")));
        simulator.faults().gone_watches(1, GoneAs::Event);
        simulator.faults().drop_watches();
        let mut again = false;
        while !again {
            again = matches!(events.next().await, Some(Ok(watcher::Event::InitDone)));
        }
    }
}

#[tokio::test]
async fn a_forbidden_kind_is_refused_as_rbac_words_it() {
    let simulator = compass();
    simulator.faults().forbid(&[Kind::Node]);
    let error = Api::<Node>::all(client(&simulator)).list(&ListParams::default()).await.expect_err("forbidden");
    let kube::Error::Api(status) = error else { panic!("no status") };
    let words =
        r#"nodes is forbidden: User "binnacle" cannot list resource "nodes" in API group "" at the cluster scope"#;
    assert_eq!((status.code, status.message.as_str()), (403, words));
    assert!(Api::<Pod>::all(client(&simulator)).list(&ListParams::default()).await.is_ok());
}

#[tokio::test]
async fn an_old_cluster_has_no_leases_and_annotates_its_leaders() {
    let client = client(&Simulator::new(Cluster::compass(7).profile(Profile::V1_11)));
    assert_eq!(client.apiserver_version().await.expect("version").git_version, "v1.11.5");
    let error = Api::<Lease>::all(client.clone()).list(&ListParams::default()).await.expect_err("none");
    assert_eq!(code(&error), 404);
    let endpoints = Api::<k8s_openapi::api::core::v1::Endpoints>::namespaced(client.clone(), "kube-system");
    let scheduler =
        endpoints.get("kube-scheduler").await.expect("endpoints").metadata.annotations.expect("annotations");
    assert!(scheduler["control-plane.alpha.kubernetes.io/leader"].contains("\"holderIdentity\":\"host1_"));
    let node = Api::<Node>::all(client.clone()).get("host1").await.expect("node");
    assert!(node.metadata.labels.expect("labels").contains_key("node-role.kubernetes.io/master"));
    let etcd = Api::<Pod>::namespaced(client, "kube-system").get_opt("etcd-host1").await.expect("answer");
    assert!(etcd.is_none());
}

#[tokio::test]
async fn namespaces_come_and_go_with_what_is_in_them() {
    let client = client(&Simulator::new(Cluster::empty(1)));
    let namespaces = Api::<Namespace>::all(client.clone());
    let pods = Api::<Pod>::namespaced(client, "mine");
    let pod: Pod = serde_json::from_value(json!({"metadata": {"name": "a"}, "spec": {"containers": [{"name": "a"}]}}))
        .expect("pod");
    assert_eq!(code(&pods.create(&PostParams::default(), &pod).await.expect_err("no namespace")), 404);
    let mine: Namespace = serde_json::from_value(json!({"metadata": {"name": "mine"}})).expect("namespace");
    namespaces.create(&PostParams::default(), &mine).await.expect("created");
    let created = pods.create(&PostParams::default(), &pod).await.expect("created");
    assert_eq!(created.status.as_ref().and_then(|status| status.phase.as_deref()), Some("Pending"));
    assert_eq!(code(&pods.create(&PostParams::default(), &pod).await.expect_err("twice")), 409);
    let running = json!({"spec": {"hostname": "ignored"}, "status": {"phase": "Running"}});
    let patched = pods.patch_status("a", &PatchParams::default(), &Patch::Merge(running)).await.expect("status");
    assert_eq!(patched.status.and_then(|status| status.phase).as_deref(), Some("Running"));
    assert_eq!(patched.spec.and_then(|spec| spec.hostname), None);
    let mut stale = created.clone();
    stale.metadata.labels = Some([("x".to_owned(), "y".to_owned())].into());
    assert_eq!(code(&pods.replace("a", &PostParams::default(), &stale).await.expect_err("stale")), 409);
    namespaces.delete("mine", &DeleteParams::default()).await.expect("deleted");
    assert!(pods.get_opt("a").await.expect("answer").is_none());
}
