//! Backups of real members.

use std::{
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::Mutex,
    time::Duration,
};

use binnacle::{
    backup::{
        manifest::{Compression, Manifest},
        seal::{Recipients, Sealing},
        take::{Bounds, Order, Progress, TakeError, Taken, take},
    },
    etcd::Hashes,
};

use super::cluster::{Age, Cluster, Folder, status};

pub fn order(cluster: &Cluster, to: &Folder) -> Order {
    Order {
        endpoints: cluster.endpoints(),
        tls: cluster.tls.clone(),
        from: None,
        folder: to.0.join("backups"),
        cluster: "harbour".into(),
        by: "a test".into(),
        sealing: Sealing { compression: None, recipients: Recipients::default() },
        key: b"a key".to_vec(),
        bounds: Bounds { silence: Duration::from_secs(2), ..Bounds::default() },
    }
}

/// Everything that lies in a folder, by name.
pub fn names(folder: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut names: Vec<String> =
        entries.map(|entry| entry.expect("an entry").file_name().into_string().expect("text")).collect();
    names.sort();
    names
}

/// That a backup is all that it says, by its manifest and by etcd's own tool.
pub fn is_whole(folder: &Path, manifest: &Manifest) {
    let file = folder.join(&manifest.stored.name);
    assert_eq!(std::fs::metadata(&file).expect("a file").len(), manifest.stored.size);
    let theirs = status(&file);
    let ours = serde_json::json!({
        "hash": manifest.hash, "revision": manifest.revision, "totalKey": manifest.keys,
        "totalSize": manifest.size, "version": theirs["version"],
    });
    assert_eq!(ours, theirs);
    assert_eq!(manifest.reached(), 4);
}

async fn taken(order: &Order) -> Taken {
    take(order, &|_| ()).await.expect("a backup")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_comes_from_a_follower_and_is_what_etcds_own_tool_says() {
    for age in Age::ALL {
        let (cluster, to) = (Cluster::with_tls(age, 3).await, Folder::new());
        cluster.fill(20, 20_000);
        let leader = cluster.look(Hashes::Leave).await.leader().expect("a leader").id;
        let order = order(&cluster, &to);
        let Taken { manifest, path, passed_over, .. } = taken(&order).await;
        is_whole(&order.folder, &manifest);
        assert_ne!(manifest.member_id, format!("{leader:x}"));
        assert_eq!((manifest.revision, manifest.keys, manifest.by.as_str()), (21, 20, "a test"));
        assert!(passed_over.is_empty(), "{passed_over:?}");
        let written = std::fs::read(order.folder.join(format!("{}.json", manifest.id))).expect("a manifest");
        assert_eq!(Manifest::read(&written), Ok(manifest.clone()));
        assert_eq!(manifest.verify(b"a key"), Ok(()));
        let mode = |path: &Path| std::fs::metadata(path).expect("there").permissions().mode() & 0o777;
        assert_eq!((mode(&order.folder), mode(&path)), (0o700, 0o600));
        assert_eq!(names(&order.folder).len(), 2);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_forced_member_is_asked_and_no_other() {
    let (mut cluster, to) = (Cluster::plain(Age::New, 3).await, Folder::new());
    let leader = cluster.look(Hashes::Leave).await.leader().expect("a leader").clone();
    let mut order = order(&cluster, &to);
    order.from.clone_from(&leader.endpoint);
    assert_eq!(taken(&order).await.manifest.member, leader.name);
    cluster.one(&leader.name).kill();
    let error = take(&order, &|_| ()).await.expect_err("it is away");
    assert!(matches!(error, TakeError::NoneAnswers(_)), "{error}");
    assert_eq!(names(&order.folder).len(), 2);
}

/// Does something to the member that streams, once a part of it is here.
async fn disturbed(
    cluster: Cluster,
    order: &Order,
    disturb: impl Fn(&mut Cluster, &str) + Send + Sync,
) -> (Taken, String) {
    let (cluster, first) = (Mutex::new(cluster), Mutex::new(String::new()));
    let tell = |progress| {
        let Progress::Streaming { member, done, total } = progress else { return };
        let mut first = first.lock().expect("a name");
        if first.is_empty() {
            assert!(done < total, "the database is too small to disturb");
            first.clone_from(&member);
            disturb(&mut cluster.lock().expect("a cluster"), &member);
        }
    };
    (take(order, &tell).await.expect("a backup"), first.into_inner().expect("a name"))
}

/// A database of some 24 MB in so many members.
async fn large(members: usize) -> Cluster {
    let cluster = Cluster::plain(Age::New, members).await;
    cluster.fill(24, 1_000_000);
    cluster
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_a_member_is_killed_mid_stream_another_is_asked() {
    let (cluster, to) = (large(3).await, Folder::new());
    let order = order(&cluster, &to);
    let (taken, first) = disturbed(cluster, &order, |cluster, name| cluster.one(name).kill()).await;
    assert_ne!(taken.manifest.member, first);
    assert!(
        taken.passed_over.len() == 1 && taken.passed_over[0].contains("the connection ended"),
        "{:?}",
        taken.passed_over
    );
    is_whole(&order.folder, &taken.manifest);
    assert_eq!(names(&order.folder).len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_a_member_falls_silent_mid_stream_another_is_asked() {
    let (cluster, to) = (large(3).await, Folder::new());
    let order = order(&cluster, &to);
    let (taken, first) = disturbed(cluster, &order, |cluster, name| cluster.one(name).signal("STOP")).await;
    assert_ne!(taken.manifest.member, first);
    assert!(taken.passed_over[0].contains("longer than 2 s"), "{:?}", taken.passed_over);
    is_whole(&order.folder, &taken.manifest);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_of_leader_mid_stream_does_no_harm() {
    let (cluster, to) = (large(3).await, Folder::new());
    let leader = cluster.look(Hashes::Leave).await.leader().expect("a leader").name.clone();
    let order = order(&cluster, &to);
    let (taken, first) = disturbed(cluster, &order, |cluster, _| cluster.one(&leader).kill()).await;
    assert_eq!(taken.manifest.member, first);
    is_whole(&order.folder, &taken.manifest);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_quorum_the_last_member_still_gives_one_and_it_says_so() {
    let (mut cluster, to) = (Cluster::plain(Age::New, 3).await, Folder::new());
    cluster.fill(3, 10);
    cluster.members[0].kill();
    cluster.members[1].kill();
    cluster.until("there is no leader", |members| members.leader().is_none()).await;
    let order = order(&cluster, &to);
    let taken = taken(&order).await;
    assert_eq!(taken.manifest.member, "etcd3");
    assert!(taken.warnings[0].contains("follows no leader"), "{:?}", taken.warnings);
    assert_eq!(taken.passed_over.len(), 2);
    is_whole(&order.folder, &taken.manifest);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dropped_at_any_moment_it_leaves_nothing_but_what_was_there() {
    let (cluster, to) = (large(1).await, Folder::new());
    let mut order = order(&cluster, &to);
    let kept = taken(&order).await;
    let before = names(&order.folder);
    for round in 0..30 {
        order.sealing.compression = (round % 2 == 1).then_some(Compression::Zstd);
        let moment = Duration::from_millis(fastrand::u64(0..6_000));
        if tokio::time::timeout(moment, take(&order, &|_| ())).await.is_ok() {
            // It was quicker: two more files, and these are whole.
            for name in names(&order.folder).iter().filter(|name| !before.contains(name)) {
                std::fs::remove_file(order.folder.join(name)).expect("removed");
            }
        }
        // Its last act, once begun, is not interrupted.
        let until = std::time::Instant::now() + Duration::from_secs(60);
        let parts = || names(&order.folder).into_iter().filter(|name| name.ends_with(".part")).collect::<Vec<String>>();
        while !parts().is_empty() {
            assert!(std::time::Instant::now() < until, "{:?}", parts());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        for name in names(&order.folder).iter().filter(|name| !before.contains(name)) {
            if let Some(id) = name.strip_suffix(".json") {
                let object = order.folder.join(format!("{id}{}", order.sealing.ending()));
                assert!(object.exists(), "{name} alone");
            }
            std::fs::remove_file(order.folder.join(name)).expect("removed");
        }
    }
    is_whole(&order.folder, &kept.manifest);
    assert_eq!(names(&order.folder), before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn time_that_is_over_is_said_and_leaves_nothing() {
    let (cluster, to) = (large(1).await, Folder::new());
    let mut order = order(&cluster, &to);
    order.bounds.whole = Duration::from_millis(30);
    let error = take(&order, &|_| ()).await.expect_err("too slow");
    assert!(matches!(error, TakeError::Late(_)), "{error}");
    assert!(names(&order.folder).is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_folder_that_cannot_be_written_to_is_said_before_anything_is_streamed() {
    let (cluster, to) = (Cluster::plain(Age::New, 1).await, Folder::new());
    let mut order = order(&cluster, &to);
    let file: PathBuf = to.0.join("file");
    std::fs::write(&file, "x").expect("written");
    order.folder = file.join("backups");
    let error = take(&order, &|progress| panic!("{progress:?}")).await.expect_err("no folder");
    assert!(matches!(error, TakeError::Disk(_)), "{error}");
    assert!(error.to_string().contains("backups cannot be made"), "{error}");
}
