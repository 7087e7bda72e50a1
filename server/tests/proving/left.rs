//! What a server leaves that is killed while it rehearses.

use std::time::Duration;

use serde_json::Value;

use super::{
    cluster::{Age, Cluster},
    house::{House, names, script},
    served::{Folder, Process, command, kubeconfig, text, token, until},
};

/// The same server again and again.
pub fn start(folder: &Folder, house: &House, cluster: &Cluster, more: &[&str]) -> Process {
    let config = kubeconfig(folder, "http://127.0.0.1:9");
    let endpoints = cluster.endpoints()[0].to_string();
    let programs = house.proving.programs.clone().expect("a folder");
    let args = [
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--sign-in",
        "tokens",
        "--data",
        text(&folder.0),
        "--kubeconfig",
        text(&config),
        "--etcd-endpoints",
        &endpoints,
        "--backup-programs",
        text(&programs),
    ];
    Process::start(command(&args).args(more))
}

pub fn list(server: &Process, token: &str) -> Value {
    let answer = server.ask("GET", "/api/v1/clusters/lab/backups", &format!("Authorization: Bearer {token}\r\n"), "");
    serde_json::from_str(&answer.body).unwrap_or_default()
}

pub fn post(server: &Process, token: &str, path: &str) -> u16 {
    let head = format!("Authorization: Bearer {token}\r\nContent-Length: 0\r\n");
    server.ask("POST", &format!("/api/v1/clusters/lab/backups{path}"), &head, "").status
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_killed_in_a_rehearsal_has_the_backup_and_the_next_one_ends_what_was_left() {
    let (cluster, house, folder) = (Cluster::plain(Age::New, 1).await, House::new(), Folder::new());
    cluster.fill(3, 100);
    let (operator, viewer) = (token(&folder, "operator"), token(&folder, "viewer"));
    let etcd = house.path("programs/etcd");
    let real = std::fs::read_link(&etcd).expect("a link");
    let asleep = house.path("asleep");
    let lines = "[ \"$1\" = --version ] && { echo 'etcd Version: 3.6.4'; exit; }\nsleep 0.3\nulimit -d";
    script(&etcd, &format!("{lines} > {}.new\nmv {0}.new {0}\nexec sleep 300", asleep.display()));
    let scratch = folder.0.join("rehearsals");
    {
        let server = start(&folder, &house, &cluster, &[]);
        assert_eq!((post(&server, &viewer, ""), post(&server, &operator, "")), (403, 202));
        until("the rehearsal is under way", Duration::from_secs(60), || asleep.exists());
        // The backup is where it belongs before it is tried.
        let page = list(&server, &operator);
        assert_eq!(
            (&page["items"][0]["copies"][0]["state"], &page["rehearsal"]["stage"]),
            (&"kept".into(), &"running".into())
        );
        let kilobytes: u64 = std::fs::read_to_string(&asleep).expect("read").trim().parse().expect("a limit");
        assert!((1 << 20..2 << 20).contains(&kilobytes), "{kilobytes}");
        assert_eq!(names(&scratch).len(), 1);
        drop(server);
    }
    assert_eq!(names(&scratch).len(), 1, "nobody could tidy up");
    let inside = scratch.join(&names(&scratch)[0]);
    let runs = || {
        let processes = std::fs::read_dir("/proc").expect("a list").flatten();
        processes
            .filter(|process| std::fs::read_link(process.path().join("cwd")).is_ok_and(|cwd| cwd == inside))
            .count()
    };
    assert_eq!(runs(), 1);
    std::fs::remove_file(&etcd).expect("removed");
    std::os::unix::fs::symlink(real, &etcd).expect("a link");
    let server = start(&folder, &house, &cluster, &[]);
    until("what was left is gone", Duration::from_secs(30), || names(&scratch).is_empty() && runs() == 0);
    let page = list(&server, &operator);
    let id = page["items"][0]["id"].as_str().expect("the backup is there").to_owned();
    assert_eq!(page["items"][0]["rehearsal"], Value::Null);
    // Until the killed one's claim runs out, it could be at it still.
    assert_eq!(post(&server, &operator, &format!("/{id}/rehearsals")), 422);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operator_has_a_stored_backup_restored_for_trial() {
    let (cluster, house, folder) = (Cluster::plain(Age::New, 1).await, House::new(), Folder::new());
    cluster.fill(3, 100);
    let (operator, viewer) = (token(&folder, "operator"), token(&folder, "viewer"));
    let server = start(&folder, &house, &cluster, &["--backup-rehearse", "never"]);
    assert_eq!(post(&server, &operator, ""), 202);
    let kept = || list(&server, &operator)["items"][0]["copies"][0]["state"] == "kept";
    until("it is kept", Duration::from_secs(60), kept);
    let page = list(&server, &operator);
    assert_eq!((&page["rehearsal"], &page["items"][0]["rehearsal"]), (&Value::Null, &Value::Null), "{page}");
    let path = format!("/{}/rehearsals", page["items"][0]["id"].as_str().expect("an id"));
    assert_eq!((post(&server, &viewer, &path), post(&server, &operator, "/nothing/rehearsals")), (403, 404));
    assert_eq!(post(&server, &operator, &path), 202);
    until("it is tried", Duration::from_secs(60), || list(&server, &operator)["rehearsal"]["stage"] == "restores");
    let page = list(&server, &operator);
    let proved = &page["items"][0]["rehearsal"];
    assert_eq!((&proved["keys"], &proved["failure"]), (&3.into(), &Value::Null), "{page}");
    assert_eq!(page["items"][0]["steps"].as_array().expect("steps").last().expect("one")["step"], 6);
}
