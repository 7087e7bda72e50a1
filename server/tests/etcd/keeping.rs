//! Backups of a real etcd from the moment they are asked for until every place has them.

use std::{collections::BTreeMap, time::Duration};

use binnacle::{
    backup::{
        Backups, Keeping, Regime,
        delivery::BackupError,
        manifest::{Compression, Manifest},
        places::{Known, Place},
        retention::Rules,
        rounds,
        schedule::Schedule,
        seal::{Recipients, Sealing},
    },
    etcd::Access,
    store::{CopyState, Duty, Scheduled, Store},
};

use super::{
    cluster::{Age, Cluster, Folder},
    taking::names,
};

const NAME: &str = "harbour";

/// A server of its own, with its folder of what waits, that puts backups into these places.
async fn server(cluster: &Cluster, folder: &Folder, name: &str, store: &Store, places: &[&str]) -> Backups {
    let text: Vec<String> = places.iter().map(|place| folder.0.join(place).display().to_string()).collect();
    let keeping = Keeping {
        waiting: folder.0.join(format!("waiting-{name}")),
        places: Place::open_all(&text.join(",")).expect("places"),
        sealing: Sealing { compression: Some(Compression::Zstd), recipients: Recipients::default() },
        key: b"a key".to_vec(),
        regime: Regime {
            schedule: Some(Schedule::parse("0 3 * * *", "UTC").expect("a schedule")),
            rules: Rules { newest: 2, daily: 0, weekly: 0, monthly: 0, zone: jiff::tz::TimeZone::UTC },
            allowed: Duration::from_secs(90_000),
        },
        regimes: BTreeMap::new(),
    };
    let access = Access { endpoints: cluster.endpoints(), tls: cluster.tls.clone() };
    Backups::new(store.clone(), keeping, BTreeMap::from([(NAME.to_owned(), access)]), name.to_owned())
}

async fn store(folder: &Folder, name: &str) -> Store {
    let place = format!("sqlite:{}", folder.0.join(name).display());
    Store::open(&binnacle::store::Place::parse(&place).expect("a place")).await.expect("a database")
}

async fn ids(store: &Store) -> Vec<String> {
    store.backups(NAME, None, 100).await.expect("an answer").into_iter().map(|backup| backup.id).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_goes_to_every_place_and_retention_leaves_the_newest_in_each() {
    let (cluster, folder) = (Cluster::plain(Age::New, 1).await, Folder::new());
    cluster.fill(5, 1_000);
    let store = store(&folder, "binnacle.db").await;
    let backups = server(&cluster, &folder, "one", &store, &["a", "b"]).await;
    let mut taken = Vec::new();
    for _ in 0..3 {
        taken.push(backups.take(NAME, "ann").await.expect("a backup").id);
        // Ages are told apart by the millisecond.
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let wanted = [taken[2].clone(), taken[1].clone()];
    assert_eq!(ids(&store).await, wanted);
    for place in &backups.keeping().places {
        let stock = place.stock(Some(NAME), b"a key", &Known::new()).await.expect("a list");
        let there: Vec<String> = stock.backups.iter().map(|found| found.manifest.id.clone()).collect();
        assert_eq!(there, wanted);
        assert!(stock.backups.iter().all(|found| found.manifest.reached() == 5) && stock.strays.is_empty());
    }
    assert_eq!(names(&backups.keeping().waiting), Vec::<String>::new(), "nothing waits any more");
    let told = backups.told().remove(NAME).expect("it was found out");
    let kinds: Vec<_> = told.warnings.iter().map(|warning| warning.kind).collect();
    assert_eq!((told.count, kinds), (2, vec!["unencrypted"]));
    backups.remove(NAME, &taken[1]).await.expect("an older one goes");
    let refused = backups.remove(NAME, &taken[2]).await.expect_err("the last one stays");
    assert!(matches!(refused, BackupError::LastGood(_)), "{refused}");
    assert_eq!(ids(&store).await, [taken[2].clone()]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_place_that_is_away_is_waited_for_and_nothing_goes_meanwhile() {
    let (cluster, folder) = (Cluster::plain(Age::New, 1).await, Folder::new());
    let store = store(&folder, "binnacle.db").await;
    let backups = server(&cluster, &folder, "one", &store, &["a", "b"]).await;
    // A file stands where the folder was.
    std::fs::remove_dir(folder.0.join("b")).expect("a folder");
    std::fs::write(folder.0.join("b"), "").expect("a file");
    for _ in 0..4 {
        backups.take(NAME, "ann").await.expect("a backup");
    }
    assert_eq!(ids(&store).await.len(), 4, "two would stay, but not while an upload is under way");
    let pending = store.pending_backups().await.expect("an answer");
    assert_eq!(pending.len(), 4);
    assert!(pending.iter().all(|backup| !backup.copies[0].detail.is_empty()));
    assert_eq!(names(&backups.keeping().waiting).len(), 8);
    std::fs::remove_file(folder.0.join("b")).expect("a file");
    std::fs::create_dir(folder.0.join("b")).expect("a folder");
    backups.deliver().await.expect("an answer");
    assert_eq!(store.pending_backups().await.expect("an answer"), []);
    assert_eq!(names(&backups.keeping().waiting), Vec::<String>::new());
    backups.prune(NAME).await.expect("an answer");
    assert_eq!(ids(&store).await.len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_database_is_made_again_from_the_places_and_from_what_waits() {
    let (cluster, folder) = (Cluster::plain(Age::New, 1).await, Folder::new());
    let first = store(&folder, "first.db").await;
    let backups = server(&cluster, &folder, "one", &first, &["a"]).await;
    for _ in 0..2 {
        backups.take(NAME, "ann").await.expect("a backup");
    }
    // One more that was taken and not noted: we were killed in between.
    std::fs::rename(folder.0.join("a"), folder.0.join("kept")).expect("moved");
    std::fs::write(folder.0.join("a"), "").expect("a file");
    let waits = backups.take(NAME, "ann").await.expect("a backup").id;
    std::fs::remove_file(folder.0.join("a")).expect("a file");
    std::fs::rename(folder.0.join("kept"), folder.0.join("a")).expect("moved");
    let before = ids(&first).await;
    let second = store(&folder, "second.db").await;
    let again = server(&cluster, &folder, "one", &second, &["a"]).await;
    assert_eq!(again.look().await.expect("an answer"), 2);
    assert_eq!(again.look().await.expect("an answer"), 0, "nothing has changed since");
    again.find_waiting().await.expect("an answer");
    assert_eq!(ids(&second).await, before);
    again.deliver().await.expect("an answer");
    let found = second.backup(NAME, &waits).await.expect("an answer").expect("it is there");
    assert_eq!(found.copies[0].state, CopyState::Kept);
    let manifest = Manifest::read(found.manifest.as_bytes()).expect("a manifest");
    assert_eq!(manifest.reached(), 5);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_removal_that_was_cut_short_is_listed_again_and_goes_by_the_rules() {
    let (cluster, folder) = (Cluster::plain(Age::New, 1).await, Folder::new());
    let store = store(&folder, "binnacle.db").await;
    let backups = server(&cluster, &folder, "one", &store, &["a"]).await;
    let mut taken = Vec::new();
    for _ in 0..2 {
        taken.push(backups.take(NAME, "ann").await.expect("a backup").id);
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    backups.look().await.expect("an answer");
    let there = folder.0.join("a").join(NAME);
    // As when we are killed after the first of two steps.
    std::fs::remove_file(there.join(format!("{}.json", taken[0]))).expect("removed");
    tokio::time::sleep(Duration::from_millis(5)).await;
    backups.look().await.expect("an answer");
    assert_eq!(ids(&store).await.len(), 2);
    let stock = backups.keeping().places[0].stock(None, b"a key", &Known::new()).await.expect("a list");
    assert_eq!((stock.backups.len(), stock.strays.len()), (2, 0));
    taken.push(backups.take(NAME, "ann").await.expect("a backup").id);
    assert_eq!(ids(&store).await, [taken[2].clone(), taken[1].clone()]);
    assert_eq!(names(&there).len(), 4, "{:?}", names(&there));
    // What is not as it was put is not listed again.
    backups.look().await.expect("an answer");
    std::fs::remove_file(there.join(format!("{}.json", taken[1]))).expect("removed");
    let object = there.join(format!("{}.db.zst", taken[1]));
    let mut bytes = std::fs::read(&object).expect("a file");
    bytes[100] ^= 1;
    std::fs::write(&object, bytes).expect("written");
    tokio::time::sleep(Duration::from_millis(5)).await;
    backups.look().await.expect("an answer");
    assert_eq!(ids(&store).await, [taken[2].clone()]);
    assert_eq!(store.places().await.expect("an answer")[0].strays, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_servers_one_takes_what_is_due_and_what_was_missed_is_caught_up_once() {
    let (cluster, folder) = (Cluster::plain(Age::New, 1).await, Folder::new());
    let store = store(&folder, "binnacle.db").await;
    let long_ago = Scheduled { due: 1_700_000_000_000, ended: 1_700_000_001_000, failures: 0, detail: String::new() };
    store.keep_scheduled(NAME, &long_ago, i64::MAX).await.expect("an answer");
    let mut going = Vec::new();
    let mut duties = Vec::new();
    for name in ["one", "two"] {
        let backups = server(&cluster, &folder, name, &store, &["a"]).await;
        let duty = Duty::stand(store.clone(), "acts", name.into());
        going.push(tokio::spawn(rounds(backups, duty.watch())));
        duties.push(duty);
    }
    let until = std::time::Instant::now() + Duration::from_secs(180);
    while store
        .scheduled(NAME)
        .await
        .expect("an answer")
        .is_none_or(|ran| ran.due <= long_ago.due || ran.ended <= ran.due)
    {
        assert!(std::time::Instant::now() < until, "what was missed is not caught up");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    // Two more looks at the clock of each.
    tokio::time::sleep(Duration::from_secs(35)).await;
    going.iter().for_each(tokio::task::JoinHandle::abort);
    assert_eq!(ids(&store).await.len(), 1);
    let scheduled = store.scheduled(NAME).await.expect("an answer").expect("it ran");
    assert!(scheduled.failures == 0 && scheduled.ended > scheduled.due, "{scheduled:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_that_are_asked_for_at_once_are_one() {
    let (cluster, folder) = (Cluster::plain(Age::New, 1).await, Folder::new());
    let store = store(&folder, "binnacle.db").await;
    let one = server(&cluster, &folder, "one", &store, &["a"]).await;
    let two = server(&cluster, &folder, "two", &store, &["a"]).await;
    let both = tokio::join!(one.take(NAME, "ann"), two.take(NAME, "bob"));
    let outcomes = [both.0, both.1];
    let underway = outcomes.iter().filter(|ran| matches!(ran, Err(BackupError::Underway(_)))).count();
    assert_eq!((underway, ids(&store).await.len()), (1, 1), "{outcomes:?}");
    assert!(one.take("elsewhere", "ann").await.is_err_and(|error| error.to_string().contains("etcd_endpoints")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_etcd_that_is_away_is_no_backup_and_says_why() {
    let (mut cluster, folder) = (Cluster::plain(Age::New, 1).await, Folder::new());
    let store = store(&folder, "binnacle.db").await;
    let backups = server(&cluster, &folder, "one", &store, &["a"]).await;
    cluster.one("etcd1").kill();
    let error = backups.take(NAME, "ann").await.expect_err("nobody answers");
    assert!(matches!(error, BackupError::Take(_)), "{error}");
    assert!(!backups.course(NAME).expect("a course").goes_on());
    let told = backups.told().remove(NAME).expect("it was found out");
    assert!(told.warnings.iter().any(|warning| warning.grave && warning.kind == "none"), "{told:?}");
    cluster.one("etcd1").start_again();
    cluster.until("it is well", |members| members.quorum().well == 1).await;
    backups.take(NAME, "ann").await.expect("a backup");
}
