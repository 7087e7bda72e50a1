//! Faults on demand, in process and over HTTP.

use std::{net::TcpListener, time::Duration};

use bytes::Bytes;
use futures::{TryStreamExt, pin_mut};
use http::{Request, StatusCode};
use http_body_util::{BodyExt, Full};
use k8s_openapi::api::core::v1::{Node, Pod};
use kube::{
    Api, Client, Config,
    api::{ListParams, Patch, PatchParams, WatchEvent, WatchParams},
};
use serde_json::{Value, json};
use simulator::{Cluster, Profile, Simulator};

fn compass() -> (Simulator, Client) {
    let simulator = Simulator::new(Cluster::compass(7));
    let client = Client::new(simulator.clone(), "default");
    (simulator, client)
}

async fn send(simulator: &Simulator, method: &str, path: &str, body: &str) -> (StatusCode, String) {
    let request = Request::builder().method(method).uri(path).body(Full::new(Bytes::copy_from_slice(body.as_bytes())));
    let answer = simulator.handle(request.expect("request")).await;
    let status = answer.status();
    let bytes = answer.into_body().collect().await.expect("body").to_bytes();
    (status, String::from_utf8(bytes.to_vec()).expect("text"))
}

async fn touch(client: &Client, times: usize) {
    let pods = Api::<Pod>::namespaced(client.clone(), "vepc");
    for time in 0..times {
        let patch = json!({"metadata": {"labels": {"mark": time.to_string()}}});
        pods.patch("pgw-0", &PatchParams::default(), &Patch::Merge(patch)).await.expect("patched");
    }
}

#[tokio::test]
async fn requests_fail_as_often_as_asked_and_then_no_more() {
    let (simulator, client) = compass();
    simulator.faults().fail_next(2, 429);
    let nodes = Api::<Node>::all(client);
    for _ in 0..2 {
        let error = nodes.list(&ListParams::default()).await.expect_err("429");
        assert!(matches!(error, kube::Error::Api(status) if status.code == 429));
    }
    assert!(nodes.list(&ListParams::default()).await.is_ok());
}

#[tokio::test]
async fn a_kind_fails_for_as_long_as_asked_and_no_other_does() {
    let (simulator, client) = compass();
    simulator.faults().set(|plan| plan.fail_kinds = [("nodes".to_owned(), 500)].into());
    let nodes = Api::<Node>::all(client.clone());
    for _ in 0..3 {
        let error = nodes.list(&ListParams::default()).await.expect_err("500");
        assert!(matches!(error, kube::Error::Api(status) if status.code == 500));
    }
    assert!(Api::<Pod>::all(client).list(&ListParams::default()).await.is_ok());
    simulator.faults().clear();
    assert!(nodes.list(&ListParams::default()).await.is_ok());
}

#[tokio::test]
async fn an_expired_token_is_401_everywhere() {
    let (simulator, _) = compass();
    simulator.faults().set(|plan| plan.expired_token = true);
    let (status, body) = send(&simulator, "GET", "/api/v1/pods", "").await;
    assert_eq!(status, 401);
    assert!(body.contains(r#""reason":"Unauthorized""#), "{body}");
    simulator.faults().clear();
    assert_eq!(send(&simulator, "GET", "/api/v1/pods", "").await.0, 200);
}

#[tokio::test]
async fn a_watch_drops_after_so_many_events() {
    let (simulator, client) = compass();
    let from = simulator.version().to_string();
    touch(&client, 3).await;
    simulator.faults().set(|plan| plan.drop_watches_after = Some(2));
    let watch = Api::<Pod>::all(client).watch(&WatchParams::default(), &from).await.expect("watch");
    pin_mut!(watch);
    let mut told = 0;
    while watch.try_next().await.expect("event").is_some() {
        told += 1;
    }
    assert_eq!(told, 2);
}

#[tokio::test]
async fn a_body_is_cut_in_the_middle() {
    let (simulator, client) = compass();
    simulator.faults().set(|plan| plan.cut_bodies = 1);
    let pods = Api::<Pod>::all(client.clone());
    assert!(pods.list(&ListParams::default()).await.is_err());
    assert!(pods.list(&ListParams::default()).await.is_ok());
    let from = simulator.version().to_string();
    simulator.faults().set(|plan| plan.cut_bodies = 1);
    touch(&client, 1).await;
    let watch = pods.watch(&WatchParams::default(), &from).await.expect("watch");
    pin_mut!(watch);
    // The client takes a broken line at the end of a watch for the end of the watch.
    assert!(watch.try_next().await.expect("end").is_none());
}

#[tokio::test]
async fn a_garbage_line_is_told_once() {
    let (simulator, client) = compass();
    let from = simulator.version().to_string();
    touch(&client, 1).await;
    simulator.faults().set(|plan| plan.garbage_watches = 1);
    let watch = Api::<Pod>::all(client).watch(&WatchParams::default(), &from).await.expect("watch");
    pin_mut!(watch);
    assert!(matches!(watch.try_next().await, Err(kube::Error::SerdeError(_))));
    assert!(matches!(watch.try_next().await, Ok(Some(WatchEvent::Modified(_)))));
}

#[tokio::test]
async fn a_watcher_that_does_not_read_is_dropped() {
    let simulator = Simulator::new(Cluster::compass(7).history(8));
    let client = Client::new(simulator.clone(), "default");
    let from = simulator.version().to_string();
    let watch = Api::<Pod>::all(client.clone()).watch(&WatchParams::default(), &from).await.expect("watch");
    pin_mut!(watch);
    touch(&client, 40).await;
    assert!(watch.try_next().await.expect("end").is_none());
}

#[tokio::test]
async fn etcd_fails_in_the_health_checks() {
    let (simulator, _) = compass();
    let (status, body) = send(&simulator, "GET", "/readyz?verbose", "").await;
    assert_eq!(status, 200);
    assert!(body.contains("[+]etcd ok\n") && body.ends_with("readyz check passed\n"), "{body}");
    simulator.faults().set(|plan| plan.etcd_down = true);
    let (status, body) = send(&simulator, "GET", "/readyz?verbose", "").await;
    assert_eq!(status, 500);
    assert!(body.contains("[-]etcd failed: reason withheld\n"), "{body}");
    let old = Simulator::new(Cluster::compass(7).profile(Profile::V1_11));
    assert_eq!(send(&old, "GET", "/readyz", "").await.0, 404);
    assert_eq!(send(&old, "GET", "/healthz", "").await, (StatusCode::OK, "ok".to_owned()));
    assert_eq!(send(&old, "GET", "/healthz/etcd", "").await, (StatusCode::OK, "ok".to_owned()));
}

#[tokio::test]
async fn hostile_requests_are_refused_and_break_nothing() {
    let (simulator, _) = compass();
    let pods = "/api/v1/namespaces/default/pods";
    for (method, path, body, expected) in [
        ("POST", pods, "{", 400),
        ("POST", pods, "[]", 400),
        ("POST", pods, r#"{"metadata": 3}"#, 400),
        ("POST", pods, r#"{"metadata": {"name": "a"}, "spec": "x"}"#, 400),
        ("POST", pods, r#"{"metadata": {"name": "a", "labels": [1]}}"#, 400),
        ("POST", pods, r#"{"metadata": {"name": "<b>"}}"#, 422),
        ("POST", pods, r#"{"metadata": {"name": "a", "namespace": "other"}}"#, 400),
        ("POST", pods, r#"{"kind": "Node", "metadata": {"name": "a"}}"#, 400),
        ("POST", "/api/v1/pods", "{}", 405),
        ("GET", "/api/v1/pods?limit=x", "", 400),
        ("GET", "/api/v1/pods?continue=nonsense", "", 400),
        ("GET", "/api/v1/pods?fieldSelector=spec.no=1", "", 400),
        ("GET", "/api/v1/pods?resourceVersion=99999999", "", 504),
        ("GET", "/api/v1/namespaces/default/pods/none", "", 404),
        ("GET", "/nothing/here", "", 404),
        ("PUT", "/api/v1/nodes/host1", r#"{"metadata": {"name": "host2"}}"#, 400),
        ("PUT", "/simulator/faults", r#"{"delay": 1}"#, 400),
        ("DELETE", "/simulator/faults", "", 405),
    ] {
        let (status, answer) = send(&simulator, method, path, body).await;
        assert_eq!(status, expected, "{method} {path} {body}: {answer}");
        let answer: Value = serde_json::from_str(&answer).expect("JSON");
        assert_eq!((&answer["kind"], &answer["code"]), (&json!("Status"), &json!(expected)));
    }
    let odd = r#"{"metadata": {"name": "odd"}, "spec": {"nodeName": "a\"b", "containers": []}}"#;
    assert_eq!(send(&simulator, "POST", pods, odd).await.0, 201);
    let (_, list) = send(&simulator, "GET", pods, "").await;
    let list: Value = serde_json::from_str(&list).expect("JSON");
    assert_eq!(list["items"][0]["spec"]["nodeName"], "a\"b");
}

#[tokio::test]
async fn the_same_service_is_served_over_http_with_its_faults() {
    let (simulator, _) = compass();
    let listener = TcpListener::bind("127.0.0.1:0").expect("port");
    let address = format!("http://{}", listener.local_addr().expect("address"));
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let server = tokio::spawn(simulator::listen(simulator.clone(), listener, async {
        stopped.await.unwrap_or_default();
    }));
    let client = Client::try_from(Config::new(address.parse().expect("address"))).expect("client");
    let nodes = Api::<Node>::all(client.clone());
    assert_eq!(nodes.list(&ListParams::default()).await.expect("nodes").items.len(), 5);
    let watch = nodes.watch(&WatchParams::default(), &simulator.version().to_string()).await.expect("watch");
    pin_mut!(watch);
    let plan = json!({"forbid": ["nodes"], "drop_watches": true}).to_string();
    let put = Request::put("/simulator/faults").body(plan.into_bytes()).expect("request");
    let told: Value = client.request(put).await.expect("plan");
    assert_eq!((&told["forbid"], &told["drop_watches"]), (&json!(["nodes"]), &json!(false)));
    assert!(watch.try_next().await.expect("end").is_none());
    assert!(nodes.list(&ListParams::default()).await.is_err());
    simulator.faults().clear();
    let still_open = nodes.watch(&WatchParams::default(), &simulator.version().to_string()).await.expect("watch");
    stop.send(()).expect("server");
    let ended = tokio::time::timeout(Duration::from_secs(20), server).await;
    assert!(ended.expect("ends while a watch is open").expect("task").is_ok());
    drop(still_open);
}

#[tokio::test]
async fn continue_tokens_expire_on_demand() {
    let (simulator, client) = compass();
    let pods = Api::<Pod>::all(client);
    let token = pods.list(&ListParams::default().limit(3)).await.expect("page").metadata.continue_.expect("more");
    simulator.faults().set(|plan| plan.expire_continues = true);
    let error = pods.list(&ListParams::default().limit(3).continue_token(&token)).await.expect_err("expired");
    assert!(matches!(error, kube::Error::Api(status) if status.code == 410 && status.reason == "Expired"));
}

#[tokio::test(start_paused = true)]
async fn answers_are_late_and_watches_mute_on_demand() {
    let (simulator, client) = compass();
    simulator.faults().set(|plan| plan.delay_ms = 5_000);
    let asked = tokio::time::Instant::now();
    Api::<Node>::all(client.clone()).list(&ListParams::default()).await.expect("nodes");
    assert!(asked.elapsed() >= Duration::from_secs(5));
    simulator.faults().clear();
    let from = simulator.version().to_string();
    touch(&client, 1).await;
    let params = WatchParams::default().timeout(100);
    let watch = Api::<Pod>::all(client.clone()).watch(&params, &from).await.expect("watch");
    pin_mut!(watch);
    simulator.faults().set(|plan| plan.mute_watches = true);
    assert!(tokio::time::timeout(Duration::from_secs(90), watch.try_next()).await.is_err());
    simulator.faults().clear();
    touch(&client, 2).await;
    // The first of the two touches changes nothing.
    for _ in 0..2 {
        assert!(matches!(watch.try_next().await, Ok(Some(WatchEvent::Modified(_)))));
    }
}
