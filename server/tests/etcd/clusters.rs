//! Two clusters of one server, each with its own plan, etcd and backups, by their sections in the file of settings.

use std::time::Duration;

use super::{
    cluster::{Age, Cluster},
    served::{Folder, Process, command, kubeconfig, text, until},
};

const PATIENCE: Duration = Duration::from_secs(60);
const PLAN: &str = include_str!("../../src/demo/plan/dha.yml");
const NETWORK: &str = include_str!("../../src/demo/plan/network.yml");

/// A cluster's section, its kubeconfig and its plan, whose hosts have names of their own.
fn section(folder: &Folder, name: &str, kubernetes: &Process, etcd: &Cluster, schedule: &str) -> String {
    let own = Folder::new();
    let kubeconfig = folder
        .file(&format!("{name}.conf"), &std::fs::read_to_string(kubeconfig(&own, &kubernetes.url)).expect("text"));
    let plan = folder.file(&format!("{name}-dha.yml"), &PLAN.replace("host1", &format!("{name}-a")));
    let network = folder.file(&format!("{name}-network.yml"), NETWORK);
    let urls: Vec<String> = etcd.endpoints().iter().map(ToString::to_string).collect();
    format!(
        "[clusters.{name}]\nkubeconfig = '{}'\ndha = '{}'\nnetwork = '{}'\netcd.endpoints = {urls:?}\nbackup.schedule = '{schedule}'\n",
        text(&kubeconfig),
        text(&plan),
        text(&network),
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_of_two_clusters_has_its_plan_its_etcd_and_its_backups() {
    let (first, second, folder) = (Cluster::plain(Age::New, 1).await, Cluster::plain(Age::New, 1).await, Folder::new());
    first.fill(3, 100);
    second.fill(40, 100);
    let kubernetes = Process::start(&mut command(&["simulate", "--listen", "127.0.0.1:0", "--life", "off"]));
    let lab = section(&folder, "lab", &kubernetes, &first, "7 3 * * *");
    let pod2 = section(&folder, "pod2", &kubernetes, &second, "8 4 * * *");
    let settings = folder.file(
        "binnacle.toml",
        &format!("[backup]\nkeep = 'newest=5'\nrehearse = 'never'\n{lab}{pod2}backup.keep = 'newest=9'\n"),
    );
    let data = folder.0.join("data");
    let args = ["serve", "--listen", "127.0.0.1:0", "--data", text(&data), "--config", text(&settings)];
    let server = Process::start(&mut command(&args));

    let picture = |name: &str| server.get(&format!("/api/v1/clusters/{name}/diagrams/architecture.svg")).body;
    for (name, other) in [("lab", "pod2"), ("pod2", "lab")] {
        until("its plan and etcd are drawn", PATIENCE, || {
            let picture = picture(name);
            picture.contains(&format!("{name}-a")) && picture.contains("etcd 1/1")
        });
        assert!(!picture(name).contains(&format!("{other}-a")));
    }
    let page = |name: &str| server.get(&format!("/c/{name}/backups")).body;
    assert!(page("lab").contains("7 3 * * *") && page("lab").contains("newest 5"), "{}", page("lab"));
    assert!(page("pod2").contains("8 4 * * *") && page("pod2").contains("newest 9"), "{}", page("pod2"));

    let backups = |name: &str| {
        let answer = server.get(&format!("/api/v1/clusters/{name}/backups")).body;
        serde_json::from_str::<serde_json::Value>(&answer).expect("JSON")["items"]
            .as_array()
            .cloned()
            .unwrap_or_default()
    };
    for name in ["lab", "pod2"] {
        let begun =
            server.ask("POST", &format!("/api/v1/clusters/{name}/backups"), "Content-Type: application/json\r\n", "");
        assert_eq!(begun.status, 202, "{}", begun.body);
        until("it is backed up", PATIENCE, || backups(name).len() == 1);
    }
    let keys = |name: &str| backups(name)[0]["keys"].as_u64();
    assert_eq!((keys("lab"), keys("pod2")), (Some(3), Some(40)));
    let numbers = server.get("/metrics").body;
    for name in ["lab", "pod2"] {
        assert!(numbers.contains(&format!("binnacle_etcd_may_lose{{cluster=\"{name}\"}} 0\n")), "{numbers}");
        assert!(server.log().contains(&format!("backups of {name} are taken")), "{}", server.log());
    }
}
