//! Incidents of a simulated cluster: kept, told, silenced and shown by the server.

mod presented;
mod served;

use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode, Uri},
    routing::post,
};
use binnacle::{
    cluster::{Clusters, contexts::Context},
    incidents::{Alertmanager, Certificates, Judging, Telling, attend, certificates::Pace},
    journal::{Bounds, History, record},
    store::{Duty, IncidentRow, Place, Store},
    webhook::Webhook,
};
use hmac::Mac;
use incident::{Beside, Certificate, Rules, Server};
use k8s_openapi::api::core::v1::Node;
use kube::api::{Api, Patch, PatchParams};
use presented::{Authority, context};
use serde_json::{Value, json};
use served::{Folder, Process};
use simulator::{Cluster as Simulated, Simulator};
use tokio::sync::watch;

const NAME: &str = "lab";
const SECRET: &str = "a secret of many letters";

/// What was posted, by path.
#[derive(Clone, Default)]
struct Ear(Arc<Mutex<Vec<(String, Value)>>>);

async fn hear(State(ear): State<Ear>, uri: Uri, headers: HeaderMap, body: Bytes) -> StatusCode {
    if uri.path() == "/hook" {
        let mut mac = hmac::Hmac::<sha2::Sha256>::new_from_slice(SECRET.as_bytes()).expect("a key");
        mac.update(&body);
        let right: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(headers["binnacle-signature"], format!("sha256={right}"));
    }
    let value = serde_json::from_slice(&body).expect("JSON");
    ear.0.lock().expect("heard").push((uri.path().to_owned(), value));
    StatusCode::NO_CONTENT
}

impl Ear {
    async fn listen(&self) -> Telling {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = format!("http://{}", listener.local_addr().expect("an address"));
        let router = Router::new().route("/{*any}", post(hear)).with_state(self.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Telling {
            webhook: Some(Webhook { address: format!("{address}/hook"), secret: SECRET.into() }),
            alertmanager: Some(Alertmanager { address }),
            link: "https://deck.example".into(),
        }
    }

    fn at(&self, path: &str) -> Vec<Value> {
        let heard = self.0.lock().expect("heard");
        heard.iter().filter(|(at, _)| at == path).map(|(_, value)| value.clone()).collect()
    }
}

async fn within<T, F: Future<Output = Option<T>>>(seconds: u64, what: &str, mut ask: impl FnMut() -> F) -> T {
    let until = Instant::now() + Duration::from_secs(seconds);
    loop {
        if let Some(found) = ask().await {
            return found;
        }
        assert!(Instant::now() < until, "{what} did not come within {seconds} s");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// The API server says of a host that it is heard, or is not.
async fn say(client: &kube::Client, host: &str, ready: &str) {
    let now = jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let reason = if ready == "True" { "KubeletReady" } else { "NodeStatusUnknown" };
    let condition =
        json!({ "type": "Ready", "status": ready, "reason": reason, "message": "", "lastTransitionTime": now });
    let status = json!({ "status": { "conditions": [condition] } });
    let nodes: Api<Node> = Api::all(client.clone());
    nodes.patch_status(host, &PatchParams::default(), &Patch::Strategic(&status)).await.expect("a status");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_host_is_told_within_seconds_and_so_is_its_end() {
    let folder = Folder::new();
    let simulator = Simulator::new(Simulated::compass(5).at(jiff::Timestamp::now()));
    drop(simulator.live());
    let store = Store::open(&Place::Sqlite(folder.0.join("incidents.db"))).await.expect("a database");
    let client = kube::Client::new(simulator.clone(), "default");
    let context = Context::ready(NAME, "a test", client.clone(), "here", true);
    let clusters = Arc::new(Clusters::new(vec![context], Duration::from_secs(600)));
    let judging =
        Judging { rules: Rules { patience: 3_600_000, calm: 1_000, ..Rules::default() }, ..Judging::default() };
    let history =
        History::new(store.clone(), Bounds { age: Duration::ZERO, around: Duration::ZERO, size: 0 }, "one".into())
            .judging(judging);
    let mut news = history.incidents();
    let (stop, stopping) = watch::channel(false);
    let recording = tokio::spawn(record(history.clone(), clusters.clone(), stopping));
    let (duty, ear) = (Duty::stand(store.clone(), "acts", "one".into()), Ear::default());
    let attending = tokio::spawn(attend(history.clone(), ear.listen().await, clusters, duty.watch()));
    within(60, "the first block", || async { store.history_head(NAME).await.unwrap() }).await;

    say(&client, "host5", "Unknown").await;
    let began = Instant::now();
    let open = |store: &Store| {
        let store = store.clone();
        async move { store.open_incidents(NAME).await.unwrap().into_iter().find(|row| row.kind == "host-lost") }
    };
    let row = within(60, "the incident", || open(&store)).await;
    eprintln!("kept {:?} after the API server's word", began.elapsed());
    assert_eq!((row.about.as_str(), row.relapses), ("node/host5", 0));
    assert!(row.touched().iter().any(|one| one.what.contains("on host5")), "{:?}", row.touched);
    within(60, "the news on the stream", || {
        let next = news.try_recv();
        async move { next.ok().filter(|row: &Arc<IncidentRow>| row.about == "node/host5") }
    })
    .await;
    let told = within(60, "the webhook", || async { ear.at("/hook").into_iter().next() }).await;
    eprintln!("told {:?} after the API server's word", began.elapsed());
    assert_eq!(
        (&told["state"], &told["about"], &told["kind"]),
        (&json!("began"), &json!("node/host5"), &json!("host-lost"))
    );
    assert_eq!(told["link"], json!(format!("https://deck.example/c/lab/incidents/{}", row.id)));
    let alert = within(60, "an alert", || async { ear.at("/api/v2/alerts").into_iter().next() }).await;
    assert_eq!(alert[0]["labels"]["alertname"], "HostLost");
    let compared = within(60, "what changed before", || async {
        store.incident(NAME, &row.id).await.unwrap().and_then(|row| row.before())
    });
    let before = compared.await;
    assert!(before.until == row.began - 1 && before.from <= before.until || !before.unknown.is_empty(), "{before:?}");

    say(&client, "host5", "True").await;
    let ended =
        within(60, "the end", || async { store.incident(NAME, &row.id).await.unwrap().and_then(|row| row.ended) });
    let ended = ended.await;
    assert!(ended >= row.began);
    let last = within(60, "the end at the webhook", || async { ear.at("/hook").into_iter().nth(1) }).await;
    assert_eq!((&last["state"], &last["id"]), (&json!("ended"), &told["id"]));
    within(60, "the end of the alert", || async {
        let ends = jiff::Timestamp::from_millisecond(ended).unwrap().to_string();
        ear.at("/api/v2/alerts").into_iter().find(|alerts| alerts[0]["endsAt"] == json!(ends))
    })
    .await;
    stop.send(true).unwrap();
    recording.await.unwrap();
    attending.abort();
    let heard = ear.at("/hook");
    assert_eq!(heard.len(), 2, "each is told once: {heard:?}");
}

#[test]
fn a_silence_is_made_shown_and_ended_with_a_reason() {
    let folder = Folder::new();
    let admin = served::token(&folder, "admin");
    let server = Process::demo(&folder, &[]);
    let json = "Content-Type: application/json\r\n";
    let path = "/api/v1/clusters/demo/silences";
    let nameless = server.ask("POST", path, json, r#"{"seconds": 600, "reason": " "}"#);
    assert_eq!(nameless.status, 422, "{}", nameless.body);
    let odd = server.ask("POST", path, json, r#"{"seconds": 600, "reason": "a drill", "kind": "nothing"}"#);
    assert_eq!(odd.status, 422, "{}", odd.body);
    let wish = r#"{"seconds": 600, "reason": "moving the racks", "kind": "host-lost", "about": "node/host4"}"#;
    let made = server.ask("POST", path, json, wish);
    assert_eq!(made.status, 201, "{}", made.body);
    let made: Value = serde_json::from_str(&made.body).expect("JSON");
    let list = server.get(path);
    assert!(list.body.contains("moving the racks"), "{}", list.body);
    let page = server.get("/c/demo/incidents");
    assert_eq!(page.status, 200);
    assert!(page.body.contains("moving the racks") && page.body.contains("No incident is open."), "{}", page.body);
    assert!(page.body.contains("Host lost node/host4 until"), "people read words: {}", page.body);
    let bearer = format!("Authorization: Bearer {admin}\r\n");
    let audit = server.ask("GET", "/api/v1/audit?action=incident.silence", &bearer, "");
    assert!(audit.body.contains("moving the racks") && audit.body.contains("host-lost node/host4"), "{}", audit.body);
    let id = made["id"].as_str().expect("an id");
    assert_eq!(server.ask("DELETE", &format!("{path}/{id}"), "", "").status, 204);
    assert_eq!(server.ask("DELETE", &format!("{path}/{id}"), "", "").status, 404);
    assert!(!server.get(path).body.contains("moving the racks"));
    let incidents = server.get("/api/v1/clusters/demo/incidents?open=true");
    assert_eq!((incidents.status, incidents.body.as_str()), (200, r#"{"items":[]}"#));
    assert_eq!(server.get("/api/v1/clusters/demo/incidents/nothing").status, 404);
    assert_eq!(server.get("/c/demo/incidents/nothing").status, 404);
    let metrics = server.get("/metrics").body;
    assert!(metrics.contains("binnacle_incidents_open{cluster=\"demo\",kind=\"host-lost\"} 0"), "{metrics}");
    served::until("the time line", Duration::from_secs(60), || {
        server.get("/c/demo/history").body.contains("/c/demo/incidents")
    });
}

/// So that a test need not wait an hour.
const PACE: Pace = Pace { first: Duration::ZERO, every: Duration::from_millis(200) };

/// What is seen of a cluster's certificates once something is.
async fn seen(context: Context) -> Vec<Certificate> {
    let (certificates, name) = (Certificates::default(), context.name.clone());
    let following = tokio::spawn(certificates.clone().follow(vec![context], PACE));
    let seen = within(60, "a look", || async { Some(certificates.of(&name)).filter(|seen| !seen.is_empty()) }).await;
    following.abort();
    seen
}

#[tokio::test(flavor = "multi_thread")]
async fn certificates_are_looked_at_through_a_proxy_and_at_each_endpoint() {
    let folder = Folder::new();
    let authority = Authority::new(&folder.0);
    let (api, first, second) = (authority.present(10).await, authority.present(-2).await, authority.present(400).await);
    let (proxy, heads) = presented::proxy().await;
    let found = seen(context(&folder.0, "lab", &api.address, &[&first, &second], &proxy)).await;
    let now = jiff::Timestamp::now().as_millisecond();
    let days: Vec<(Server, Option<i64>)> = found
        .iter()
        .map(|one| (one.server, one.holds.map(|(_, until)| (until.0 - now).div_euclid(86_400_000))))
        .collect();
    // One that has run out is refused, and all the same its end is known. Each ends at the beginning of its day.
    assert_eq!(days, [(Server::Api, Some(9)), (Server::Etcd, Some(-3)), (Server::Etcd, Some(399))], "{found:?}");
    let heads = heads.lock().expect("heads").clone();
    assert!(heads.iter().all(|head| head.starts_with(&format!("CONNECT {}", api.address))), "{heads:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_looked_at_or_is_not_trusted_is_unknown() {
    let (folder, strange) = (Folder::new(), Folder::new());
    let (authority, stranger) = (Authority::new(&folder.0), Authority::new(&strange.0));
    let foreign = stranger.present(10).await;
    let expired = stranger.present(-2).await;
    for address in [&foreign.address, &expired.address, "127.0.0.1:9"] {
        let found = seen(context(&folder.0, "lab", address, &[], "")).await;
        assert_eq!(found.iter().map(|one| one.holds).collect::<Vec<_>>(), [None], "{address}");
    }
    let known = authority.present(10).await;
    assert!(seen(context(&folder.0, "lab", &known.address, &[], "")).await[0].holds.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_ends_is_kept_as_an_incident_until_it_is_renewed() {
    let folder = Folder::new();
    let authority = Authority::new(&folder.0);
    let api = authority.present(10).await;
    let simulator = Simulator::new(Simulated::compass(5).at(jiff::Timestamp::now()));
    let store = Store::open(&Place::Sqlite(folder.0.join("incidents.db"))).await.expect("a database");
    let client = kube::Client::new(simulator.clone(), "default");
    let clusters = Clusters::new(vec![Context::ready(NAME, "a test", client, "here", true)], Duration::from_secs(600));
    let certificates = Certificates::default();
    let looked_at = vec![context(&folder.0, NAME, &api.address, &[], "")];
    let following = tokio::spawn(certificates.clone().follow(looked_at, PACE));
    let judging = Judging {
        rules: Rules { calm: 1_000, ..Rules::default() },
        beside: Arc::new(move |cluster: &str| Beside { certificates: certificates.of(cluster), ..Beside::default() }),
    };
    let bounds = Bounds { age: Duration::ZERO, around: Duration::ZERO, size: 0 };
    let history = History::new(store.clone(), bounds, "one".into()).judging(judging);
    let (stop, stopping) = watch::channel(false);
    let recording = tokio::spawn(record(history, Arc::new(clusters), stopping));
    let open = || async {
        let open = store.open_incidents(NAME).await.unwrap();
        open.into_iter().find(|row| row.kind == "certificate-ends")
    };
    let row = within(60, "the incident", open).await;
    assert!(row.what.contains(&format!("API server at {} ends at", api.address)), "{}", row.what);
    // It began when thirty days were left, and not when it was first seen.
    let now = jiff::Timestamp::now().as_millisecond();
    assert_eq!((now - row.began).div_euclid(86_400_000), 20, "{row:?}");
    authority.renew(&api, 365);
    within(60, "the end", || async { store.incident(NAME, &row.id).await.unwrap().and_then(|row| row.ended) }).await;
    stop.send(true).unwrap();
    recording.await.unwrap();
    following.abort();
}
