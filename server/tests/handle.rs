//! What a watched cluster promises to those who hold it: how it is found, followed and let go, and
//! what it says when nobody answers.

use std::{
    net::TcpListener,
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use binnacle::cluster::{Cluster, Clusters, Pace, Trouble, contexts::Context};
use http::{Request, Response};
use k8s_openapi::api::core::v1::{Endpoints, Namespace};
use kube::{Api, Client, Config, api::PostParams, client::Body};
use simulator::{Kind, Profile, Simulator};
use topology::{
    Inventory,
    inventory::{Heard, Key, Name, Source},
};

/// Quicker than with a real cluster.
const QUICK: Pace = Pace {
    refused: Duration::from_millis(50),
    listed: Duration::from_millis(50),
    checks: Duration::from_millis(50),
    pulse: Duration::from_millis(50),
    scope: Duration::from_millis(50),
};

fn compass(profile: Profile) -> Simulator {
    Simulator::new(simulator::Cluster::compass(7).at(jiff::Timestamp::now()).profile(profile))
}

fn watch(simulator: &Simulator) -> Cluster {
    Cluster::start_at(QUICK, "lab", Client::new(simulator.clone(), "default"), "in process")
}

async fn until(cluster: &Cluster, what: &str, wanted: impl Fn(&Inventory) -> bool) {
    let mut follower = cluster.follow();
    let seen = async {
        while !cluster.read(&wanted) {
            follower.next().await;
        }
    };
    assert!(tokio::time::timeout(Duration::from_secs(30), seen).await.is_ok(), "never came: {what}");
}

#[tokio::test]
async fn a_cluster_of_1_11_tells_everything_the_old_way() {
    let cluster = watch(&compass(Profile::V1_11));
    cluster.heard_everything().await.expect("an API that answers");
    cluster.read(|facts| {
        for source in Source::ALL {
            assert_eq!(*facts.heard(source), Heard::Live, "{}", source.word());
        }
        assert_eq!(facts.version().map(|version| &**version), Some("v1.11.5"));
        assert!(facts.nodes().all(|node| node.condition("Ready").is_some_and(|ready| ready.heartbeat.is_some())));
        let leader = facts.lease("kube-system", "kube-scheduler").expect("an annotation");
        assert!(leader.holder.starts_with("host") && leader.renewed.is_some());
        let kubernetes = Key::new("default", "kubernetes");
        assert_eq!(facts.endpoints_of(&kubernetes).flat_map(|set| &set.endpoints).count(), 3);
        assert_eq!(facts.checks().and_then(|checks| checks.get("etcd")), Some(&true));
    });
}

/// As between Kubernetes 1.14 and 1.17: kubelets renew leases, leaders still write annotations, and
/// slices are served but not filled.
#[tokio::test]
async fn a_cluster_between_the_ages_is_read_where_it_writes() {
    let simulator = compass(Profile::Current);
    let inner = Client::new(simulator, "default");
    let endpoints: Api<Endpoints> = Api::namespaced(inner.clone(), "kube-system");
    let held = r#"{"holderIdentity":"host3_annotated","leaseDurationSeconds":15,"renewTime":"2026-01-01T00:00:00Z"}"#;
    let annotated: Endpoints = serde_json::from_value(serde_json::json!({ "metadata": { "name": "kube-scheduler",
        "annotations": { "control-plane.alpha.kubernetes.io/leader": held } } }))
    .expect("endpoints");
    endpoints.create(&PostParams::default(), &annotated).await.expect("created");
    let service = tower::service_fn(move |request: Request<Body>| {
        let inner = inner.clone();
        async move {
            if request.uri().path() == "/version" {
                let body = Body::from(br#"{"gitVersion":"v1.16.15"}"#.to_vec());
                return Ok::<_, kube::Error>(Response::new(body));
            }
            inner.send(request).await
        }
    });
    let cluster = Cluster::start_at(QUICK, "lab", Client::new(service, "default"), "in process");
    cluster.heard_everything().await.expect("an API that answers");
    until(&cluster, "the leader of the annotation", |facts| {
        facts.lease("kube-system", "kube-scheduler").is_some_and(|lease| &*lease.holder == "host3_annotated")
    })
    .await;
    cluster.read(|facts| {
        assert!(facts.lease("kube-node-lease", "host1").is_some());
        assert!(facts.nodes().all(|node| facts.lease("kube-node-lease", &node.name).is_some()));
        let sets: Vec<_> = facts.endpoints_of(&Key::new("default", "kubernetes")).collect();
        assert!(sets.iter().all(|set| &*set.key.name == "kubernetes") && !sets.is_empty(), "{sets:?}");
    });
}

#[tokio::test]
async fn a_permission_that_is_granted_later_is_used() {
    let simulator = compass(Profile::Current);
    simulator.faults().forbid(&[Kind::Node]);
    let cluster = watch(&simulator);
    until(&cluster, "a refusal", |facts| {
        *facts.heard(Source::Nodes) == Heard::Forbidden { permission: "list nodes".into() }
    })
    .await;
    simulator.faults().clear();
    until(&cluster, "five nodes", |facts| facts.nodes().len() == 5 && *facts.heard(Source::Nodes) == Heard::Live).await;
}

/// A server that is another one after an outage, as when a cluster is upgraded.
#[tokio::test]
async fn an_upgraded_cluster_is_asked_anew_what_it_serves() {
    let (before, after) = (compass(Profile::V1_11), compass(Profile::Current));
    let phase = Arc::new(AtomicUsize::new(0));
    let clients = [Client::new(before.clone(), "default"), Client::new(after, "default")];
    let now = phase.clone();
    let service = tower::service_fn(move |request: Request<Body>| {
        let client = match now.load(Ordering::SeqCst) {
            0 => Some(clients[0].clone()),
            1 => None,
            _ => Some(clients[1].clone()),
        };
        async move {
            match client {
                Some(client) => client.send(request).await,
                None => Ok::<_, kube::Error>(Response::builder().status(401).body(Body::empty()).expect("an answer")),
            }
        }
    });
    let cluster = Cluster::start_at(QUICK, "lab", Client::new(service, "default"), "in process");
    cluster.heard_everything().await.expect("an API that answers");
    let node_lease = |facts: &Inventory| facts.lease("kube-node-lease", "host1").is_some();
    assert!(!cluster.read(node_lease));
    phase.store(1, Ordering::SeqCst);
    before.faults().drop_watches();
    let mut follower = cluster.follow();
    while cluster.trouble().is_none() {
        follower.next().await;
    }
    assert!(matches!(cluster.trouble(), Some(Trouble::Credentials { .. })), "{:?}", cluster.trouble());
    phase.store(2, Ordering::SeqCst);
    until(&cluster, "leases", node_lease).await;
    until(&cluster, "the new version", |facts| facts.version().map(|version| &**version) == Some("v1.34.4")).await;
    until(&cluster, "leaders in leases", |facts| facts.lease("kube-system", "kube-scheduler").is_some()).await;
    until(&cluster, "news of every kind", |facts| {
        Source::ALL.iter().all(|source| *facts.heard(*source) == Heard::Live)
    })
    .await;
}

/// Today's servers say it in the stream; some old ones and proxies by the status.
#[tokio::test]
async fn a_past_that_is_gone_by_status_is_listed_anew() {
    let simulator = compass(Profile::Current);
    let floor = Arc::new(AtomicU64::new(0));
    let (inner, oldest) = (Client::new(simulator.clone(), "default"), floor.clone());
    let service = tower::service_fn(move |request: Request<Body>| {
        let (inner, oldest) = (inner.clone(), oldest.load(Ordering::SeqCst));
        async move {
            let query = request.uri().query().unwrap_or_default();
            let version = query.split('&').find_map(|part| part.strip_prefix("resourceVersion=")?.parse::<u64>().ok());
            if query.contains("watch=true") && version.is_some_and(|version| version < oldest) {
                let gone = br#"{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Expired","code":410}"#;
                return Ok(Response::builder().status(410).body(Body::from(gone.to_vec())).expect("an answer"));
            }
            inner.send(request).await
        }
    });
    let cluster = Cluster::start_at(QUICK, "lab", Client::new(service, "default"), "in process");
    cluster.heard_everything().await.expect("an API that answers");
    let kinds = Api::<Namespace>::all(Client::new(simulator.clone(), "default"));
    let new: Namespace =
        serde_json::from_value(serde_json::json!({ "metadata": { "name": "newcomer" } })).expect("a namespace");
    floor.store(u64::MAX, Ordering::SeqCst);
    simulator.faults().drop_watches();
    kinds.create(&PostParams::default(), &new).await.expect("created");
    floor.store(simulator.version(), Ordering::SeqCst);
    until(&cluster, "what came meanwhile", |facts| {
        facts.namespaces().any(|name| &**name == "newcomer")
            && Source::ALL.iter().all(|source| *facts.heard(*source) == Heard::Live)
    })
    .await;
}

#[tokio::test]
async fn a_gateway_before_a_server_that_is_away_is_no_sign_of_life() {
    let simulator = compass(Profile::Current);
    let cluster = watch(&simulator);
    cluster.heard_everything().await.expect("an API that answers");
    let mut follower = cluster.follow();
    simulator.faults().fail_next(u32::MAX, 503);
    simulator.faults().drop_watches();
    while cluster.trouble().is_none() {
        tokio::time::timeout(Duration::from_secs(20), follower.next()).await.expect("a word on the trouble");
    }
    assert!(matches!(cluster.trouble(), Some(Trouble::Unwell { .. })), "{:?}", cluster.trouble());
    simulator.faults().clear();
    until(&cluster, "news of every kind", |facts| {
        Source::ALL.iter().all(|source| *facts.heard(*source) == Heard::Live)
    })
    .await;
    assert_eq!(cluster.trouble(), None);
}

#[tokio::test]
async fn a_kind_that_can_never_be_listed_says_why_and_holds_nothing_up() {
    let simulator = compass(Profile::Current);
    simulator.faults().set(|plan| plan.fail_kinds = [("leases".to_owned(), 500)].into());
    let cluster = watch(&simulator);
    let heard = tokio::time::timeout(Duration::from_secs(10), cluster.heard_everything()).await;
    heard.expect("a word on every source").expect("an API that answers");
    let why = cluster.read(|facts| facts.heard(Source::Leases).clone());
    assert!(matches!(&why, Heard::Unread { reason } if reason.contains("cannot answer now: 500")), "{why:?}");
    assert_eq!(cluster.trouble(), None, "the rest of the cluster is well");
    cluster.read(|facts| assert_eq!(*facts.heard(Source::Pods), Heard::Live));
    simulator.faults().clear();
    until(&cluster, "the leases after all", |facts| *facts.heard(Source::Leases) == Heard::Live).await;
}

#[tokio::test]
async fn a_line_of_garbage_costs_nothing() {
    let simulator = compass(Profile::Current);
    simulator.faults().set(|plan| {
        plan.garbage_watches = 20;
        plan.cut_bodies = 6;
    });
    let cluster = watch(&simulator);
    until(&cluster, "everything all the same", |facts| {
        facts.nodes().len() == 5 && Source::ALL.iter().all(|source| *facts.heard(*source) == Heard::Live)
    })
    .await;
}

#[tokio::test]
async fn a_slow_follower_misses_nothing_and_holds_no_more_than_names() {
    let cluster = watch(&compass(Profile::Current));
    let mut slow = cluster.follow();
    cluster.heard_everything().await.expect("an API that answers");
    let touched = slow.next().await;
    let nodes: Vec<Name> = cluster.read(|facts| facts.nodes().map(|node| node.name.clone()).collect());
    assert!(touched.node_set && nodes.iter().all(|node| touched.all || touched.nodes.contains(node)));
}

#[tokio::test]
async fn a_cluster_that_nobody_holds_is_let_go() {
    let simulator = compass(Profile::Current);
    let asked = Arc::new(AtomicUsize::new(0));
    let (inner, count) = (Client::new(simulator, "default"), asked.clone());
    let service = tower::service_fn(move |request: Request<Body>| {
        count.fetch_add(1, Ordering::SeqCst);
        let inner = inner.clone();
        async move { inner.send(request).await }
    });
    let client = Client::new(service, "default");
    let contexts = vec![Context::ready("lab", "a test", client, "in process", false)];
    let clusters = Clusters::new(contexts, Duration::ZERO);
    assert_eq!(asked.load(Ordering::SeqCst), 0, "watched before it was asked for");
    let first = clusters.get("lab").await.expect("a cluster");
    let second = clusters.get("lab").await.expect("a cluster");
    assert!(Arc::ptr_eq(&first, &second), "watched twice");
    assert!(matches!(clusters.get("other").await, Err(Trouble::NoSuchCluster(name)) if name == "other"));
    first.heard_everything().await.expect("an API that answers");
    drop(second);
    clusters.forget_idle();
    let held = clusters.get("lab").await.expect("a cluster");
    assert!(Arc::ptr_eq(&first, &held), "let go although somebody holds it");
    drop((first, held));
    clusters.forget_idle();
    let anew = clusters.get("lab").await.expect("a cluster");
    assert!(anew.read(|facts| facts.version().is_none()), "still the old one");
}

#[tokio::test]
async fn a_kubeconfig_that_is_mended_is_used_without_a_new_start() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(simulator::listen(compass(Profile::Current), listener, std::future::pending()));
    let file = std::env::temp_dir().join(format!("binnacle-mended-{}", std::process::id()));
    // JSON is YAML as well.
    let write = |server: String| {
        let text = serde_json::json!({ "apiVersion": "v1", "kind": "Config", "users": [{ "name": "u", "user": {} }],
            "clusters": [{ "name": "c", "cluster": { "server": server } }],
            "contexts": [{ "name": "lab", "context": { "cluster": "c", "user": "u" } }] });
        std::fs::write(&file, text.to_string()).expect("written");
    };
    write("http://127.0.0.1:1".into());
    let found = binnacle::cluster::contexts::find(Some(&file)).expect("a kubeconfig");
    let clusters = Clusters::new(found, Duration::from_secs(60));
    let cluster = clusters.get("lab").await.expect("a cluster");
    let trouble = cluster.heard_everything().await.expect_err("nobody listens there");
    assert!(cluster.todo(&trouble).contains(&file.display().to_string()), "{}", cluster.todo(&trouble));
    write(format!("http://{address}"));
    until(&cluster, "what the new address tells", |facts| facts.nodes().len() == 5).await;
    assert_eq!(cluster.trouble(), None);
    std::fs::remove_file(&file).expect("removed");
}

#[tokio::test]
async fn an_address_where_nobody_listens_is_said_within_two_seconds() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    drop(listener);
    let trouble = trouble_at(&format!("http://{address}")).await;
    assert!(matches!(&trouble, Trouble::Unreachable { what, .. } if what == "connection refused"), "{trouble:?}");
    assert!(trouble.todo().contains("in process"));
}

#[tokio::test]
async fn a_server_that_takes_the_call_and_says_nothing_is_said_within_two_seconds() {
    // The system takes connections for it; nobody reads them.
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let trouble = trouble_at(&format!("http://{}", listener.local_addr().expect("an address"))).await;
    assert!(matches!(&trouble, Trouble::Unreachable { what, .. } if what == "no answer in time"), "{trouble:?}");
}

#[tokio::test]
async fn a_name_that_nobody_knows_is_said_so() {
    let trouble = trouble_at("http://no-such-host.invalid:1").await;
    assert!(matches!(&trouble, Trouble::Unreachable { what, .. } if what.contains("resolved")), "{trouble:?}");
}

#[tokio::test]
async fn a_server_that_is_unwell_is_told_from_one_that_is_no_kubernetes() {
    let simulator = compass(Profile::Current);
    simulator.faults().fail_next(2, 503);
    let cluster = watch(&simulator);
    let trouble = cluster.heard_everything().await.expect_err("a trouble");
    assert!(matches!(trouble, Trouble::Unwell { .. }), "{trouble:?}");
    until(&cluster, "an answer after all", |facts| facts.nodes().len() == 5).await;
}

async fn trouble_at(url: &str) -> Trouble {
    let config = Config::new(url.parse().expect("an address"));
    let client = Client::try_from(config).expect("a client");
    let start = Instant::now();
    let cluster = Cluster::start("lab", client, "in process");
    let heard = tokio::time::timeout(Duration::from_secs(2), cluster.heard_everything()).await;
    heard.unwrap_or_else(|_| panic!("nothing said after {:?}", start.elapsed())).expect_err("a trouble")
}
