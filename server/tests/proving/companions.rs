//! What travels with the backups of a server.

use std::time::Duration;

use super::{
    cluster::{Age, Cluster},
    house::{House, NAME, kinds, names, newest, there},
    left::{list, post, start},
    rehearsals::somebody,
    served::{token, until},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_goes_to_every_place_comes_back_after_a_kill_and_goes_with_the_backup() {
    let (cluster, mut house) = (Cluster::plain(Age::New, 1).await, House::new());
    (house.places, house.recipients) = (vec!["a", "b"], somebody());
    std::fs::write(house.path("etcd.env"), "ETCD_NAME=etcd1").expect("written");
    house.proving.with = vec![house.path("etcd.env")];
    let store = house.store("binnacle.db").await;
    let backups = house.open(&cluster, &store, "one");
    let mut taken = Vec::new();
    for _ in 0..3 {
        taken.push(backups.take(NAME, "ann").await.expect("a backup"));
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!((kinds(&backups), names(&house.path("waiting-one"))), (vec![], vec![]));
    for place in &backups.keeping().places {
        let there = there(place).await;
        assert!(there.len() == 2 && there.iter().all(|manifest| manifest.companion.is_some()), "{there:?}");
        place.check(&there[0]).await.expect("all of it is as it was");
    }
    // Two backups of three files each: retention took the oldest whole.
    assert_eq!(names(&house.path("a").join(NAME)).len(), 6);
    // What waits when we are killed waits with it, and is no backup without it.
    std::fs::rename(house.path("b"), house.path("kept")).expect("moved");
    std::fs::write(house.path("b"), "").expect("a file");
    let waits = backups.take(NAME, "ann").await.expect("a backup");
    assert_eq!(names(&house.path("waiting-one")).len(), 3);
    std::fs::remove_file(house.path("b")).expect("removed");
    std::fs::rename(house.path("kept"), house.path("b")).expect("moved");
    let again = house.store("again.db").await;
    let backups = house.open(&cluster, &again, "one");
    let companion = house.path("waiting-one").join(&waits.companion.as_ref().expect("it travels").stored.name);
    std::fs::rename(&companion, house.path("aside")).expect("moved");
    backups.find_waiting().await.expect("an answer");
    assert_eq!(again.pending_backups().await.expect("an answer").len(), 0, "half of it is none");
    std::fs::rename(house.path("aside"), &companion).expect("moved");
    backups.find_waiting().await.expect("an answer");
    backups.deliver().await.expect("an answer");
    assert_eq!((there(&backups.keeping().places[1]).await.len(), names(&house.path("waiting-one")).len()), (3, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_is_missing_costs_no_backup_and_is_said() {
    let (cluster, mut house) = (Cluster::plain(Age::New, 1).await, House::new());
    house.recipients = somebody();
    house.proving.with = vec![house.path("nothing")];
    let store = house.store("binnacle.db").await;
    let backups = house.open(&cluster, &store, "one");
    backups.take(NAME, "ann").await.expect("a backup");
    assert_eq!((newest(&store).await.companion, kinds(&backups)), (None, vec![("alone", false)]));
    std::fs::write(house.path("nothing"), "something").expect("written");
    backups.take(NAME, "ann").await.expect("a backup");
    assert_eq!(kinds(&backups), []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_admin_fetches_it_and_nobody_else() {
    let (cluster, house, folder) = (Cluster::plain(Age::New, 1).await, House::new(), super::served::Folder::new());
    let (admin, operator) = (token(&folder, "admin"), token(&folder, "operator"));
    let env = folder.file("etcd.env", "ETCD_NAME=etcd1").display().to_string();
    let recipient = somebody().names().remove(0);
    let server = start(&folder, &house, &cluster, &["--backup-with", &env, "--backup-recipients", &recipient]);
    assert_eq!(post(&server, &operator, ""), 202);
    let kept = || list(&server, &operator)["items"][0]["copies"][0]["state"] == "kept";
    until("it is kept", Duration::from_secs(60), kept);
    let page = list(&server, &operator);
    let (backup, told) = (&page["items"][0], &page["items"][0]["companion"]);
    assert_eq!(told["files"], serde_json::json!([env]), "{page}");
    let path = format!("/api/v1/clusters/lab/backups/{}/companion", backup["id"].as_str().expect("an id"));
    let ask = |token: &str| server.ask("GET", &path, &format!("Authorization: Bearer {token}\r\n"), "");
    assert_eq!(ask(&operator).status, 403);
    let answer = ask(&admin);
    assert_eq!((answer.status, answer.header("content-length")), (200, Some(told["stored_size"].to_string().as_str())));
    assert!(answer.header("content-disposition").is_some_and(|name| name.contains(".with.tar.zst.age")));
    assert!(answer.body.starts_with("age-encryption.org/v1"), "{}", answer.head);
    let refused = super::served::command(&["serve", "--backup-with", &env]).output().expect("it runs");
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(refused.status.code() == Some(2) && said.contains("backup_recipients names nobody"), "{said}");
}
