//! What kubespray left on hosts, behind a real sshd.

use std::{fs, time::Duration};

use super::{
    cluster::{Age, Cluster, Folder},
    house::House,
    left::start,
    served::{self, token, until},
    sshd::Sshd,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_kubespray_left_on_hosts_is_listed_as_not_proved_and_a_host_that_is_away_says_why() {
    let (cluster, house, folder, left) =
        (Cluster::plain(Age::New, 1).await, House::new(), served::Folder::new(), Folder::new());
    let sshd = Sshd::start(&left.0);
    let kept = left.0.join("backups");
    for (day, size) in [("2026-11-24_03:00:07", 20_512), ("2026-11-25_03:00:07", 20_480)] {
        let day = kept.join(format!("etcd-{day}"));
        fs::create_dir_all(day.join("member")).expect("a folder");
        fs::write(day.join("snapshot.db"), vec![0; size]).expect("written");
        std::thread::sleep(Duration::from_millis(1_100));
    }
    fs::create_dir_all(kept.join("other")).expect("a folder");
    fs::write(kept.join("other/snapshot.db"), "somebody else's").expect("written");
    let (kept, config) = (kept.display().to_string(), sshd.config.display().to_string());
    let hosts = format!("jump:{kept},stranger:{kept},far:{kept}-none");
    let viewer = token(&folder, "viewer");
    let server = start(&folder, &house, &cluster, &["--backup-hosts", &hosts, "--ssh-config", &config]);
    let ask = |path: &str| server.ask("GET", path, &format!("Authorization: Bearer {viewer}\r\n"), "").body;
    let told =
        || serde_json::from_str::<serde_json::Value>(&ask("/api/v1/clusters/lab/host-backups")).unwrap_or_default();
    until("all hosts were asked", Duration::from_secs(40), || {
        told()["items"].as_array().is_some_and(|all| all.len() == 3)
    });
    let told = told();
    let found: Vec<(bool, u64)> = (told["items"][0]["backups"].as_array().expect("a list").iter())
        .map(|one| (one["length_fits"] == true, one["size"].as_u64().expect("a size")))
        .collect();
    assert_eq!(found, [(false, 20_480), (true, 20_512)], "newest first: {told}");
    assert!(
        told["items"][1]["wrong"].as_str().is_some_and(|why| why.contains("Host key verification failed")),
        "{told}"
    );
    assert_eq!(
        (told["items"][2]["wrong"].is_null(), told["items"][2]["backups"].as_array().map(Vec::len)),
        (true, Some(0))
    );
    let page = ask("/c/lab/backups");
    for words in
        ["Left by kubespray on the hosts", "not verified", "incomplete", "Host key verification failed", "No snapshots"]
    {
        assert!(page.contains(words), "{words}: {page}");
    }
}
