//! What etcd itself tells, on the page of a cluster whose API server knows nothing of it.

use std::{process::Command, time::Duration};

use super::{
    cluster::{Age, Cluster, run},
    served::{Folder, Process, command, kubeconfig, text, until},
};

const PATIENCE: Duration = Duration::from_secs(60);

/// The simulator's nodes are named as these members are.
async fn three() -> Cluster {
    let folder = super::cluster::Folder::new();
    let cluster = Cluster::start_named("host", Age::New, 3, folder, "127.0.0.1", None);
    cluster.until("it is well", |members| members.quorum().well == 3).await;
    cluster
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_figure_says_who_leads_who_is_lost_and_how_many_more_may_be() {
    let (mut cluster, folder) = (three().await, Folder::new());
    let kubernetes =
        Process::start(&mut command(&["simulate", "--listen", "127.0.0.1:0", "--profile", "1.11", "--life", "off"]));
    let config = kubeconfig(&folder, &kubernetes.url);
    let urls: Vec<String> = cluster.endpoints().iter().map(ToString::to_string).collect();
    let data = folder.0.join("data");
    let server = Process::start(&mut command(&[
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--data",
        text(&data),
        "--kubeconfig",
        text(&config),
        "--etcd-endpoints",
        &urls.join(","),
    ]));
    let name = server.get("/api/v1/clusters").body;
    let name: serde_json::Value = serde_json::from_str(&name).expect("JSON");
    let name = name["items"][0]["name"].as_str().expect("a name").to_owned();
    let picture = || server.get(&format!("/api/v1/clusters/{name}/diagrams/architecture.svg")).body;
    until("all three are told", PATIENCE, || picture().contains("etcd 3/3"));
    let all = picture();
    assert_eq!(all.matches("By its own word it leads").count(), 1, "{all}");
    assert_eq!(all.matches("By its own word it follows the leader").count(), 2);

    cluster.one("host2").kill();
    until("one is lost", PATIENCE, || picture().contains("etcd 2/3 and may lose none"));
    assert!(picture().contains("nothing listens there"));
    let numbers = server.get("/metrics").body;
    assert!(numbers.contains(&format!("binnacle_etcd_may_lose{{cluster=\"{name}\"}} 0\n")), "{numbers}");
    assert!(server.log().contains("it may lose 0 more"), "{}", server.log());

    cluster.one("host3").kill();
    // The simulated API server goes on to say that its etcd is well: two are not heard of, no more is known.
    until("the quorum is lost", PATIENCE, || picture().contains("etcd 0/3, 2 not responding"));
    cluster.one("host1").kill();
    until("nobody answers", PATIENCE, || picture().contains("What it said last is old"));
    assert!(server.get("/metrics").body.contains(&format!("binnacle_etcd_answers{{cluster=\"{name}\"}} 0\n")));
    let page = server.get(&format!("/c/{name}")).body;
    assert!(page.contains("etcd does not say how it fares"), "{page}");

    for one in &mut cluster.members {
        one.start_again();
    }
    until("all three are back", PATIENCE, || picture().contains("etcd 3/3"));
    run(Command::new("kill").args(["-0", &server.id().to_string()]), b"");
}
