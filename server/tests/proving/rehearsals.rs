//! Rehearsals that a server holds by itself or is asked for.

use std::time::{Duration, Instant};

use binnacle::{
    backup::{
        delivery::BackupError,
        manifest::Manifest,
        rehearsing::{Held, When},
        rounds,
        schedule::Schedule,
        seal::Recipients,
    },
    store::{Duty, Scheduled},
};

use super::{
    cluster::{Age, Cluster},
    house::{House, NAME, kinds, names, newest, script, there},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_backup_is_restored_for_trial_and_its_manifest_says_so_wherever_it_lies() {
    let (cluster, mut house) = (Cluster::plain(Age::New, 1).await, House::new());
    house.places = vec!["a", "b"];
    cluster.fill(5, 1_000);
    let store = house.store("binnacle.db").await;
    let backups = house.open(&cluster, &store, "one");
    let taken = backups.take(NAME, "ann").await.expect("a backup");
    let trial = backups.trial(NAME).expect("a trial");
    let Some(Held::Well(rehearsal)) = trial.held else { panic!("{trial:?}") };
    assert_eq!((trial.backup.as_str(), trial.by.as_str()), (taken.id.as_str(), "ann"));
    assert_eq!((rehearsal.revision, rehearsal.keys), (Some(taken.revision), Some(5)));
    assert!(rehearsal.hash_kv.is_some() && rehearsal.millis >= rehearsal.restored_millis, "{rehearsal:?}");
    let known = newest(&store).await;
    assert_eq!((known.reached(), known.rehearsal.as_ref()), (6, Some(&rehearsal)));
    for place in &backups.keeping().places {
        let there = there(place).await;
        assert_eq!((there.len(), there[0].reached(), there[0].rehearsal.as_ref()), (1, 6, Some(&rehearsal)));
    }
    let told = backups.told().remove(NAME).expect("it was found out");
    assert_eq!(told.restored, Some(rehearsal.at));
    assert_eq!(kinds(&backups), [("unencrypted", false)]);
    for folder in ["scratch", "waiting-one"] {
        assert_eq!(names(&house.path(folder)), Vec::<String>::new(), "{folder}");
    }
    // Who has lost the database has lost none of it.
    let again = house.store("again.db").await;
    house.open(&cluster, &again, "two").look().await.expect("an answer");
    assert_eq!(newest(&again).await.rehearsal, Some(rehearsal));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_that_is_taken_while_another_is_restored_for_trial_has_its_turn_after_it() {
    let (cluster, house) = (Cluster::plain(Age::New, 1).await, House::new());
    cluster.fill(5, 1_000);
    let etcd = house.path("programs/etcd");
    let real = std::fs::read_link(&etcd).expect("a link");
    script(&etcd, &format!("[ \"$1\" = --version ] || sleep 2\nexec {} \"$@\"", real.display()));
    let store = house.store("binnacle.db").await;
    let backups = house.open(&cluster, &store, "one");
    let first = tokio::spawn({
        let backups = backups.clone();
        async move { backups.take(NAME, "ann").await.expect("a backup").id }
    });
    while backups.trial(NAME).is_none() {
        assert!(!first.is_finished(), "nothing was tried");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let second = backups.take(NAME, "bob").await.expect("a backup").id;
    let first = first.await.expect("it ends");
    for id in [&first, &second] {
        let known = store.backup(NAME, id).await.expect("an answer").expect("a backup");
        let known = Manifest::read(known.manifest.as_bytes()).expect("a manifest");
        assert_eq!(known.reached(), 6, "{known:?}");
    }
    assert_ne!(first, second);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_encrypted_is_rehearsed_while_it_is_still_open_and_never_later() {
    let (cluster, mut house) = (Cluster::plain(Age::Old, 1).await, House::new());
    house.recipients = somebody();
    let store = house.store("binnacle.db").await;
    let backups = house.open(&cluster, &store, "one");
    let id = backups.take(NAME, "ann").await.expect("a backup").id;
    let known = newest(&store).await;
    assert!(known.stored.name.ends_with(".age") && known.reached() == 6, "{known:?}");
    // Written by 3.4, and tried with what there is.
    assert!(known.rehearsal.as_ref().is_some_and(|rehearsal| rehearsal.etcd.starts_with("3.")), "{known:?}");
    assert_eq!(names(&house.path("waiting-one")), Vec::<String>::new(), "nothing open is left");
    let refused = backups.rehearse(NAME, &id, "ann").await.expect_err("its key is not here");
    assert!(matches!(refused, BackupError::Sealed(_)) && refused.to_string().contains("--identity"), "{refused}");
}

/// A public key whose private one nobody has.
pub fn somebody() -> Recipients {
    Recipients::parse("age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p").expect("a key")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_the_programs_are_missing_the_backup_is_there_and_it_says_what_is_missing() {
    let (cluster, mut house) = (Cluster::plain(Age::New, 1).await, House::new());
    let whole = house.proving.programs.clone();
    house.proving.programs = Some(house.path("nothing"));
    let store = house.store("binnacle.db").await;
    let backups = house.open(&cluster, &store, "one");
    let id = backups.take(NAME, "ann").await.expect("a backup").id;
    assert_eq!(kinds(&backups), [("unencrypted", false), ("unrehearsed", false)]);
    let warnings = backups.told().remove(NAME).expect("told").warnings;
    assert!(warnings[1].what.contains("etcd beside etcdutl") && warnings[1].what.contains("nothing"), "{warnings:?}");
    assert_eq!((newest(&store).await.reached(), newest(&store).await.rehearsal), (5, None));
    // They were installed meanwhile, and the stored one is tried.
    house.proving.programs = whole;
    let backups = house.open(&cluster, &store, "one");
    let held = backups.rehearse(NAME, &id, "bob").await.expect("held");
    assert!(matches!(held, Held::Well(_)), "{held:?}");
    assert_eq!((newest(&store).await.reached(), names(&house.path("scratch")).len()), (6, 0));
    backups.take(NAME, "ann").await.expect("a backup");
    assert_eq!(kinds(&backups), [("unencrypted", false)]);
    // Without room it is not held either.
    house.proving.scratch = "/proc/self".into();
    let held = house.open(&cluster, &store, "one").rehearse(NAME, &id, "bob").await.expect("held");
    assert!(matches!(held, Held::Not(_)), "{held:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_does_not_restore_is_an_alarm_and_none_to_rely_on_until_it_does() {
    let (cluster, mut house) = (Cluster::plain(Age::New, 1).await, House::new());
    let store = house.store("binnacle.db").await;
    let good = house.open(&cluster, &store, "one").take(NAME, "ann").await.expect("a backup").id;
    let whole = house.proving.programs.replace(house.path("broken"));
    std::fs::create_dir(house.path("broken")).expect("a folder");
    script(&house.path("broken/etcdutl"), "echo 'Error: the tree is felled' >&2; exit 1");
    script(&house.path("broken/etcd"), "echo 'etcd Version: 3.6.4'");
    let backups = house.open(&cluster, &store, "one");
    let bad = backups.take(NAME, "ann").await.expect("a backup").id;
    assert_eq!(kinds(&backups), [("rehearsal", true), ("unencrypted", false)]);
    let told = backups.told().remove(NAME).expect("told");
    assert!(told.warnings[0].what.contains(&bad) && told.warnings[0].what.contains("the tree is felled"), "{told:?}");
    let known = newest(&store).await;
    assert_eq!(
        (known.reached(), known.trusted(), known.rehearsal.and_then(|held| held.failure).is_some()),
        (5, false, true)
    );
    // It is kept, and keeps no good one from staying.
    let refused = backups.remove(NAME, &good).await.expect_err("the only one to rely on");
    assert!(matches!(refused, BackupError::LastGood(_)), "{refused}");
    for _ in 0..3 {
        backups.take(NAME, "ann").await.expect("a backup");
    }
    assert!(store.backup(NAME, &good).await.expect("an answer").is_some());
    house.proving.programs = whole;
    let backups = house.open(&cluster, &store, "one");
    backups.rehearse(NAME, &newest(&store).await.id, "ann").await.expect("held");
    assert_eq!((newest(&store).await.reached(), newest(&store).await.trusted()), (6, true));
    assert_eq!(kinds(&backups), [("unencrypted", false)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_servers_one_holds_the_rehearsal_that_is_due() {
    let (cluster, mut house) = (Cluster::plain(Age::New, 1).await, House::new());
    house.proving.rehearse = When::At(Schedule::parse("0 3 * * *", "UTC").map(Box::new).expect("a schedule"));
    let store = house.store("binnacle.db").await;
    let first = house.open(&cluster, &store, "zero");
    let id = first.take(NAME, "ann").await.expect("a backup").id;
    assert_eq!((newest(&store).await.reached(), first.trial(NAME)), (5, None), "none is due after a backup");
    let long_ago = Scheduled { due: 1_700_000_000_000, ended: 1_700_000_001_000, failures: 0, detail: String::new() };
    store.keep_scheduled(&format!("rehearsal\n{NAME}"), &long_ago, i64::MAX).await.expect("an answer");
    let mut going = Vec::new();
    let (mut servers, mut duties) = (Vec::new(), Vec::new());
    for name in ["one", "two"] {
        let backups = house.open(&cluster, &store, name);
        let duty = Duty::stand(store.clone(), "acts", name.into());
        going.push(tokio::spawn(rounds(backups.clone(), duty.watch())));
        servers.push(backups);
        duties.push(duty);
    }
    let began = Instant::now();
    while newest(&store).await.reached() < 6 {
        assert!(began.elapsed() < Duration::from_secs(300), "not rehearsed: {:?}", newest(&store).await);
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    // A further look of each at the clock finds nothing more to do.
    tokio::time::sleep(Duration::from_secs(17)).await;
    going.iter().for_each(tokio::task::JoinHandle::abort);
    let trials: Vec<_> = servers.iter().filter_map(|server| server.trial(NAME)).collect();
    assert_eq!(trials.len(), 1, "{trials:?}");
    assert_eq!((trials[0].backup.as_str(), trials[0].by.as_str()), (id.as_str(), "schedule"));
    assert_eq!(newest(&store).await.reached(), 6);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn by_a_schedule_what_is_encrypted_is_rehearsed_with_the_next_that_is_taken() {
    let (cluster, mut house) = (Cluster::plain(Age::New, 1).await, House::new());
    house.recipients = somebody();
    house.proving.rehearse = When::At(Schedule::parse("0 3 * * *", "UTC").map(Box::new).expect("a schedule"));
    let store = house.store("binnacle.db").await;
    let backups = house.open(&cluster, &store, "one");
    let long_ago = Scheduled { due: 1_700_000_000_000, ended: 1_700_000_001_000, failures: 0, detail: String::new() };
    store.keep_scheduled(&format!("rehearsal\n{NAME}"), &long_ago, i64::MAX).await.expect("an answer");
    for reached in [6, 5] {
        backups.take(NAME, "ann").await.expect("a backup");
        assert_eq!(newest(&store).await.reached(), reached);
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
