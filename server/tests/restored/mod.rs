//! The database of a real API server, large: backed up, rehearsed, restored, and an API server started on it.
//! It has 30,000 pods, or as many as `BINNACLE_TEST_PODS` says.

use std::{
    collections::BTreeMap,
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use binnacle::backup::manifest::Manifest;
use futures::{StreamExt, TryStreamExt};
use k8s_openapi::api::core::v1::Pod;
use kube::{
    Api, Client,
    api::{DeleteParams, DynamicObject, ListParams, PostParams},
    discovery::{Discovery, verbs},
};
use serde_json::json;

use crate::{conformance::client, target, told};

/// Programs of the project's own install, by name.
fn program(name: &str) -> Command {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../.tools/bin/");
    let mut command = Command::new(format!("{path}{name}"));
    command.stdin(Stdio::null());
    command
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|it| it.local_addr()).expect("a port").port()
}

/// Runs it to its end, which must be a good one.
fn run(command: &mut Command) -> Vec<u8> {
    let output = command.output().expect("it runs");
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// A process with its log, ended with the test.
struct Process(Child);

impl Process {
    fn start(command: &mut Command, log: &Path) -> Self {
        let log = std::fs::File::create(log).expect("a log");
        Self(command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn().expect("it starts"))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Pods that no scheduler looks at, since nobody is called so.
async fn make_pods(client: &Client, count: usize) {
    let pods: Api<Pod> = Api::default_namespaced(client.clone());
    let make = |number: usize| {
        let pods = pods.clone();
        async move {
            let pod = json!({
                "metadata": { "name": format!("restored-{number}"), "labels": { "app": format!("app-{}", number % 300) } },
                "spec": {
                    "schedulerName": "nobody", "automountServiceAccountToken": false,
                    "containers": [{ "name": "main", "image": "registry.local/main:1", "env": [
                        { "name": "NUMBER", "value": number.to_string() }
                    ] }],
                },
            });
            let pod: Pod = serde_json::from_value(pod).expect("a pod");
            pods.create(&PostParams::default(), &pod).await.map(drop)
        }
    };
    let made: Result<Vec<()>, _> = futures::stream::iter(0..count).map(make).buffer_unordered(32).try_collect().await;
    made.expect("pods");
}

/// Every object of every kind: its uid, and the revision it was last changed at. What changes by itself is left out.
async fn objects(client: &Client) -> BTreeMap<String, (String, String)> {
    let found = Discovery::new(client.clone()).run().await.expect("kinds");
    let mut all = BTreeMap::new();
    for group in found.groups() {
        for (kind, can) in group.recommended_resources() {
            if !can.supports_operation(verbs::LIST) || ["Lease", "Event"].contains(&kind.kind.as_str()) {
                continue;
            }
            let listed = Api::<DynamicObject>::all_with(client.clone(), &kind);
            let listed = listed.list_metadata(&ListParams::default()).await.expect("a list");
            for object in listed {
                let about = object.metadata;
                let name = format!(
                    "{} {} {}",
                    kind.plural,
                    about.namespace.unwrap_or_default(),
                    about.name.as_deref().unwrap_or_default()
                );
                all.insert(name, (about.uid.unwrap_or_default(), about.resource_version.unwrap_or_default()));
            }
        }
    }
    all
}

fn pods(objects: &BTreeMap<String, (String, String)>) -> usize {
    objects.keys().filter(|name| name.starts_with("pods ")).count()
}

/// An etcd on what was restored, and an API server on it, as `up` started the first.
async fn api_server(dir: &Path, folder: &Path, data: &Path, peer: u16) -> (Client, [Process; 2]) {
    let (port, secure) = (free_port(), free_port());
    let mut etcd = program("etcd");
    etcd.arg("--data-dir").arg(data).args(["--name", "restored", "--log-level", "warn"]);
    let url = format!("http://127.0.0.1:{port}");
    etcd.args(["--listen-client-urls", &url, "--advertise-client-urls", &url]);
    etcd.args(["--listen-peer-urls", &format!("http://127.0.0.1:{peer}")]);
    let etcd = Process::start(&mut etcd, &folder.join("etcd.log"));
    let first = told("BINNACLE_TEST_ETCD");
    let script = std::fs::read_to_string(dir.join("apiserver")).expect("how the first was started");
    let (_, rest) = script.split_once("--secure-port ").expect("its port");
    let before = rest.split_whitespace().next().expect("its port").to_owned();
    let script =
        script.replace(&first, &url).replace(&format!("--secure-port {before}"), &format!("--secure-port {secure}"));
    let mut server = Command::new("bash");
    let server = Process::start(server.args(["-c", &script]).current_dir(dir), &folder.join("apiserver.log"));
    let mut config = target().await.config;
    config.cluster_url = format!("https://127.0.0.1:{secure}").parse().expect("an address");
    let client = client(&config);
    let began = Instant::now();
    loop {
        let ready = http::Request::get("/readyz").body(Vec::new()).expect("a request");
        if client.request_text(ready).await.is_ok_and(|text| text == "ok") {
            return (client, [etcd, server]);
        }
        let log = || std::fs::read_to_string(folder.join("apiserver.log")).unwrap_or_default();
        assert!(began.elapsed() < Duration::from_secs(120), "the API server does not start: {}", log());
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_database_of_an_api_server_is_backed_up_rehearsed_and_restored_with_all_its_objects() {
    let count: usize = std::env::var("BINNACLE_TEST_PODS").map_or(30_000, |count| count.parse().expect("a number"));
    let (dir, first) = (PathBuf::from(told("BINNACLE_TEST_CONTROL_PLANE")), client(&target().await.config));
    let folder = dir.join("restored");
    std::fs::create_dir_all(&folder).expect("a folder");
    let mut watch = Watch(Instant::now());
    make_pods(&first, count).await;
    watch.tell(&format!("{count} pods made"));
    let before = objects(&first).await;
    assert!(pods(&before) >= count, "{} pods", pods(&before));

    let binnacle = || Command::new(env!("CARGO_BIN_EXE_binnacle"));
    let etcd = told("BINNACLE_TEST_ETCD");
    watch.0 = Instant::now();
    let taken = run(binnacle()
        .args(["backup", "--endpoints", &etcd, "--name", "harbour", "--json", "--to"])
        .arg(folder.join("backups")));
    let manifest = Manifest::read(&taken).expect("a manifest");
    let file = folder.join("backups/harbour").join(&manifest.stored.name);
    watch.tell(&format!("{} keys in {} bytes backed up and proved", manifest.keys, manifest.size));
    assert_eq!(manifest.reached(), 4);
    let tools = concat!(env!("CARGO_MANIFEST_DIR"), "/../.tools/bin/");
    let told = run(binnacle().args(["backup", "rehearse", "--json"]).arg(&file).args([
        "--etcd",
        &format!("{tools}etcd"),
        "--etcdutl",
        &format!("{tools}etcdutl"),
    ]));
    let told: serde_json::Value = serde_json::from_slice(&told).expect("JSON");
    assert_eq!(told["reached"], 6, "{told:#}");
    assert!(told["holds"]["namespaces"]["pods"].as_u64() >= Some(count as u64), "{told:#}");
    watch.tell("rehearsed");

    let (data, peer) = (folder.join("data"), free_port());
    let peer_url = format!("http://127.0.0.1:{peer}");
    run(program("etcdutl")
        .args(["snapshot", "restore", "--name", "restored", "--bump-revision", "1000000000", "--mark-compacted"])
        .args(["--initial-cluster", &format!("restored={peer_url}"), "--initial-advertise-peer-urls", &peer_url])
        .arg("--data-dir")
        .arg(&data)
        .arg(&file));
    let (second, _processes) = api_server(&dir, &folder, &data, peer).await;
    watch.tell("restored, and an API server is ready on it");
    let after = objects(&second).await;
    let lost: Vec<_> = before.iter().filter(|(name, about)| after.get(*name) != Some(*about)).take(10).collect();
    assert!(lost.is_empty(), "lost or other than before: {lost:#?}");
    assert_eq!(pods(&before), pods(&after), "pods came to life");
    watch.tell(&format!("all {} objects are there", after.len()));
    goes_on(&second).await;
}

/// Objects come and go, at revisions that nobody has seen.
async fn goes_on(client: &Client) {
    let pods: Api<Pod> = Api::default_namespaced(client.clone());
    pods.delete("restored-0", &DeleteParams::default()).await.map(drop).expect("it goes");
    let pod = json!({ "metadata": { "name": "later" }, "spec": { "schedulerName": "nobody",
        "containers": [{ "name": "main", "image": "registry.local/main:1" }] } });
    let later = pods.create(&PostParams::default(), &serde_json::from_value(pod).expect("a pod")).await.expect("a pod");
    let revision = later.metadata.resource_version.and_then(|revision| revision.parse::<u64>().ok());
    assert!(revision > Some(1_000_000_000), "{revision:?}");
}

/// Says how long things took, for whoever runs it by hand.
struct Watch(Instant);

impl Watch {
    fn tell(&mut self, what: &str) {
        eprintln!("{what}: {:.1} s", self.0.elapsed().as_secs_f64());
        self.0 = Instant::now();
    }
}
