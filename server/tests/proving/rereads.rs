//! Stored copies that lose a byte in the years for which they wait.

use std::time::Duration;

use binnacle::{backup::rehearsing::When, store::CopyState};

use super::{
    cluster::{Age, Cluster},
    house::{House, NAME, kinds, there},
};

/// Everything is due at once.
fn house() -> House {
    let mut house = House::new();
    house.proving.rehearse = When::Never;
    house.proving.reread = Some(Duration::ZERO);
    house
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flipped_byte_is_found_told_of_and_keeps_no_good_copy_from_staying() {
    let (cluster, mut house) = (Cluster::plain(Age::New, 1).await, house());
    house.places = vec!["a", "b"];
    let store = house.store("binnacle.db").await;
    let backups = house.open(&cluster, &store, "one");
    let older = backups.take(NAME, "ann").await.expect("a backup").id;
    let taken = backups.take(NAME, "ann").await.expect("a backup");
    let file = house.object("a", &taken);
    let good = std::fs::read(&file).expect("read");
    let mut bad = good.clone();
    bad[good.len() / 2] ^= 1;
    std::fs::write(&file, &bad).expect("written");
    backups.look().await.expect("an answer");
    assert_eq!(kinds(&backups), [("unencrypted", false)], "its length tells nothing");
    let mut read = Vec::new();
    for _ in 0..4 {
        tokio::time::sleep(Duration::from_millis(2)).await;
        read.extend(backups.reread_next().await.expect("an answer"));
    }
    let broken: Vec<_> = read.iter().filter(|read| read.state == CopyState::Bad).collect();
    assert!(
        !broken.is_empty() && broken.iter().all(|read| read.id == taken.id && read.place.ends_with("/a")),
        "{read:?}"
    );
    assert_eq!(kinds(&backups), [("unencrypted", false), ("broken", false)], "another copy is right");
    let verdicts = backups.retention(NAME).await.expect("an answer");
    let kept: Vec<&str> =
        verdicts[0].1.iter().filter(|verdict| !verdict.reason.goes()).map(|verdict| verdict.id.as_str()).collect();
    assert_eq!(kept, [taken.id.as_str(), older.as_str()]);
    // What was told of it anew makes it no better; what brings its bytes back does.
    let place = backups.keeping().places[0].clone();
    let there = there(&place).await;
    place.renew(&there[0], super::house::KEY).await.expect("renewed");
    backups.look().await.expect("an answer");
    backups.find_out(NAME).await;
    assert_eq!(kinds(&backups)[1], ("broken", false));
    std::fs::write(&file, &good).expect("written");
    for _ in 0..4 {
        tokio::time::sleep(Duration::from_millis(2)).await;
        backups.reread_next().await.expect("an answer");
    }
    assert_eq!(kinds(&backups), [("unencrypted", false)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_missing_byte_leaves_nothing_to_rely_on_and_says_so_loudly() {
    let (cluster, house) = (Cluster::plain(Age::New, 1).await, house());
    let store = house.store("binnacle.db").await;
    let backups = house.open(&cluster, &store, "one");
    let taken = backups.take(NAME, "ann").await.expect("a backup");
    let file = house.object("a", &taken);
    let good = std::fs::read(&file).expect("read");
    std::fs::write(&file, &good[..good.len() - 1]).expect("written");
    backups.look().await.expect("an answer");
    backups.find_out(NAME).await;
    assert_eq!(kinds(&backups)[..2], [("none", true), ("broken", true)]);
    let copies = store.backup(NAME, &taken.id).await.expect("an answer").expect("it is known").copies;
    assert!(copies[0].state == CopyState::Bad && copies[0].detail.contains("were stored"), "{copies:?}");
    std::fs::remove_file(&file).expect("removed");
    backups.reread_next().await.expect("an answer").expect("it is due");
    assert_eq!(kinds(&backups)[..2], [("none", true), ("broken", true)]);
    // It is none that must stay.
    backups.remove(NAME, &taken.id).await.expect("it goes");
    assert_eq!(store.count_backups(NAME).await.expect("an answer"), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_place_that_is_away_says_nothing_of_what_lies_there() {
    let (cluster, mut house) = (Cluster::plain(Age::New, 1).await, house());
    house.places = vec!["a", "b"];
    let store = house.store("binnacle.db").await;
    let backups = house.open(&cluster, &store, "one");
    backups.take(NAME, "ann").await.expect("a backup");
    tokio::time::sleep(Duration::from_millis(2)).await;
    let read = backups.reread_next().await.expect("an answer").expect("it is due");
    assert_eq!(read.state, CopyState::Kept);
    house.proving.reread = Some(Duration::from_secs(3_600));
    let patient = house.open(&cluster, &store, "one");
    assert_eq!(patient.reread_next().await.expect("an answer"), None, "all of it was read just now");
    house.proving.reread = None;
    assert_eq!(house.open(&cluster, &store, "one").reread_next().await.expect("an answer"), None);
}
