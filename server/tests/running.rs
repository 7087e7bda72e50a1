//! What whoever runs the server is told.

mod served;

use std::{os::unix::net::UnixDatagram, time::Duration};

use axum::{Extension, body::Body};
use binnacle::{
    access::Who,
    cluster::Clusters,
    listen::Stopping,
    pages::Site,
    running::{self, Running},
    store::{Place, Store},
};
use http_body_util::BodyExt;
use served::{Folder, Process, command, text, token, until};
use tower::ServiceExt;

#[test]
fn health_readiness_and_numbers_are_told() {
    let folder = Folder::new();
    let server = Process::demo(&folder, &[]);
    until("the cluster", Duration::from_secs(30), || server.get("/c/demo").status == 200);
    assert_eq!(server.get("/healthz").body, "lives\n");
    let ready = server.get("/readyz");
    assert_eq!(ready.status, 200, "{ready:?}");
    for line in ["ready\n", "database: ready\n", "taking requests: ready\n", "cluster demo: ready\n"] {
        assert!(ready.body.contains(line), "{line}: {}", ready.body);
    }
    let json = server.ask("GET", "/readyz", "Accept: application/json\r\n", "").body;
    let json: serde_json::Value = serde_json::from_str(&json).unwrap_or_else(|_| panic!("{json}"));
    assert_eq!(json["ready"], true);
    until("pods are watched", Duration::from_secs(20), || {
        server.get("/metrics").body.contains("binnacle_watch{cluster=\"demo\",kind=\"pods\",state=\"live\"} 1\n")
    });
    let numbers = server.get("/metrics");
    assert!(numbers.header("content-type").is_some_and(|kind| kind.starts_with("text/plain; version=0.0.4")));
    for told in ["binnacle_build_info{version=", "# TYPE process_cpu_seconds_total counter", "process_open_fds "] {
        assert!(numbers.body.contains(told), "{told}");
    }
    assert!(!numbers.body.contains("# EOF"), "the older format has no end");
    let numbers = server.ask("GET", "/metrics", "Accept: application/openmetrics-text;version=1.0.0,*/*;q=0.1\r\n", "");
    assert!(numbers.header("content-type").is_some_and(|kind| kind.starts_with("application/openmetrics-text")));
    for line in [
        "binnacle_staleness_seconds{cluster=\"demo\",kind=\"nodes\"} 0.0\n",
        "binnacle_streams 0\n",
        "binnacle_readers_dropped_total 0\n",
        "# TYPE binnacle_patch_latency_seconds histogram\n",
        "binnacle_http_requests_total{method=\"GET\",route=\"/healthz\",status=\"200\"} 1\n",
    ] {
        assert!(numbers.body.contains(line), "{line}: {}", numbers.body);
    }
    assert!(numbers.body.ends_with("# EOF\n"));
}

#[test]
fn a_server_whose_log_nobody_reads_serves_and_ends() {
    let folder = Folder::new();
    let args = ["serve", "--demo", "--listen", "127.0.0.1:0", "--data", text(&folder.0), "--log", "binnacle=trace"];
    let mut server = Process::unheard(&mut command(&args));
    for _ in 0..3 {
        assert_eq!(server.get("/nope").status, 404);
    }
    assert_eq!(server.terminate(), Some(0));
}

#[test]
fn where_people_sign_in_the_numbers_are_not_for_everybody_and_no_cluster_is_named() {
    let folder = Folder::new();
    let token = token(&folder, "viewer");
    let server = Process::demo(&folder, &["--sign-in", "local"]);
    assert_eq!(server.get("/metrics").status, 401);
    let form = "Content-Type: application/x-www-form-urlencoded\r\n";
    assert_eq!(server.ask("POST", "/sign-in", form, "name=ann&password=wrong").status, 401);
    let numbers = server.ask("GET", "/metrics", &format!("Authorization: Bearer {token}\r\n"), "");
    assert!(numbers.body.contains("binnacle_sign_ins_total{outcome=\"failed\"} 1\n"), "{numbers:?}");
    let ready = server.get("/readyz");
    assert!(ready.status == 200 && !ready.body.contains("cluster"), "{ready:?}");
}

#[tokio::test]
async fn a_database_that_does_not_answer_or_a_server_that_ends_is_not_ready() {
    let folder = Folder::new();
    let store = Store::open(&Place::beside(&folder.0)).await.expect("a database");
    let site = Site::new(Clusters::new(Vec::new(), Duration::from_secs(60)), None);
    let stopping = Stopping::default();
    let running = Running {
        site,
        store: store.clone(),
        backups: binnacle::backup::Backups::none(store.clone()),
        tls: None,
        stopping: stopping.clone(),
        duty: tokio::sync::watch::channel(None).1,
    };
    let who = Who::nobody(std::net::Ipv4Addr::LOCALHOST.into());
    let router = running::router(running).layer(Extension(who));
    let ready = async || {
        let request = axum::http::Request::get("/readyz").body(Body::empty()).expect("a request");
        let answer = router.clone().oneshot(request).await.expect("an answer");
        let status = answer.status().as_u16();
        let body = answer.into_body().collect().await.expect("a body").to_bytes();
        (status, String::from_utf8_lossy(&body).into_owned())
    };
    assert_eq!(ready().await.0, 200);
    stopping.ask();
    let (status, body) = ready().await;
    assert!(status == 503 && body.contains("taking requests: not ready: the server is ending"), "{body}");
    store.close().await;
    let (status, body) = ready().await;
    assert!(status == 503 && body.starts_with("not ready\n") && body.contains("database: not ready"), "{body}");
}

#[test]
fn every_request_has_an_id_and_a_line_without_what_is_secret() {
    let folder = Folder::new();
    let server = Process::demo(&folder, &["--log-format", "json"]);
    let kept = server.ask("GET", "/healthz?key=s3cr3t", "X-Request-Id: from-a-proxy.01\r\n", "");
    assert_eq!(kept.header("x-request-id"), Some("from-a-proxy.01"));
    for odd in ["x", "with space and more", "{\"a\":\"b\"}-and-more", &"x".repeat(65)] {
        let made = server.ask("GET", "/healthz", &format!("X-Request-Id: {odd}\r\n"), "");
        let id = made.header("x-request-id").expect("an id");
        assert!(id.len() == 16 && id != odd, "{id}");
    }
    until("its line", Duration::from_secs(5), || server.log().contains("from-a-proxy.01"));
    let log = server.log();
    let line = log.lines().find(|line| line.contains("from-a-proxy.01")).expect("its line");
    let line: serde_json::Value = serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}"));
    assert_eq!(line["span"]["route"], "/healthz", "{line}");
    assert_eq!(line["fields"]["status"], 200, "{line}");
    assert!(!log.contains("s3cr3t"), "{log}");
}

#[test]
fn systemd_is_told_when_it_is_ready_that_it_lives_and_when_it_ends() {
    let folder = Folder::new();
    let socket = folder.0.join("notify");
    let told = UnixDatagram::bind(&socket).expect("a socket");
    told.set_read_timeout(Some(Duration::from_secs(20))).expect("a timeout");
    let data = folder.0.join("data");
    let mut serve = command(&["serve", "--demo", "--listen", "127.0.0.1:0", "--data", text(&data)]);
    let mut server = Process::start(serve.env("NOTIFY_SOCKET", &socket).env("WATCHDOG_USEC", "600000"));
    let mut said = String::new();
    let mut hear = |wanted: &str| {
        while !said.contains(wanted) {
            let mut piece = [0; 512];
            let read = told.recv(&mut piece).unwrap_or_else(|error| panic!("no {wanted}: {error}; {said}"));
            said.push_str(&String::from_utf8_lossy(&piece[..read]));
        }
    };
    hear("READY=1\nSTATUS=listening on http://127.0.0.1:");
    hear("WATCHDOG=1");
    assert_eq!(server.terminate(), Some(0));
    hear("STOPPING=1");
}
