//! From empty, and from every earlier version.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use binnacle::store::{Entry, Sought, Store, StoreError, User};
use futures::future::join_all;

use super::{Fresh, by_hand};

pub async fn two_starts_at_once_migrate_once(fresh: Fresh) {
    let opened = join_all((0..4).map(|_| Store::open(&fresh.place))).await;
    for store in opened {
        store.expect("each start succeeds").ping().await.expect("an answer");
    }
}

pub async fn every_earlier_version_is_brought_to_this_one_with_what_it_held(fresh: Fresh) {
    // Version 1 is the first with users and an audit; what was put in then is there at every later one.
    let first = Store::open_at(&fresh.place, Some(1)).await.expect("version 1");
    let ann = User { name: "ann".into(), password: "h".into(), role: "viewer".into(), created: 1, disabled: false };
    first.add_user(&ann).await.expect("an answer");
    first.key("links", "a key").await.expect("an answer");
    first.close().await;
    for sql in [
        "INSERT INTO audit (at, who, way, address, action, target, cluster, allowed, detail) \
         VALUES (1, 'ann', 'session', '::1', 'token.create', 't1', 'demo', 1, '')",
        "INSERT INTO sessions (id, who, role, way, address, created, seen, expires) \
         VALUES ('1', 'ann', 'viewer', 'local', '::1', 1, 1, 9), ('2', 'ann', 'viewer', 'oidc', '::1', 1, 1, 9)",
    ] {
        by_hand(&fresh, sql).await.expect("kept");
    }
    let entry = Entry {
        at: 1,
        who: "ann".into(),
        subject: String::new(),
        way: "session".into(),
        address: "::1".into(),
        action: "token.create".into(),
        target: "t1".into(),
        cluster: "demo".into(),
        allowed: true,
        detail: String::new(),
    };
    for version in Store::versions() {
        let step =
            Store::open_at(&fresh.place, Some(version)).await.unwrap_or_else(|e| panic!("version {version}: {e}"));
        step.close().await;
    }
    let store = Store::open(&fresh.place).await.expect("this version");
    assert_eq!(store.user("ann").await.expect("an answer"), Some(ann));
    assert_eq!(store.key("links", "another").await.expect("an answer"), "a key");
    let kept = store.remembered(&Sought { who: "ann".into(), ..Sought::default() }, 9).await.expect("an answer");
    assert_eq!(kept.into_iter().map(|kept| kept.entry).collect::<Vec<_>>(), [entry]);
    let sessions = store.sessions_of("local ann").await.expect("an answer");
    assert_eq!(sessions.len(), 1, "the other's person is not known, and signs in again: {sessions:?}");
}

pub async fn a_database_from_the_future_is_refused(fresh: Fresh) {
    let store = super::open(&fresh).await;
    let sql = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
               VALUES (99990101, 'of the future', true, '', 0)";
    by_hand(&fresh, sql).await.expect("kept");
    store.close().await;
    let refused = Store::open(&fresh.place).await.expect_err("refused");
    assert!(matches!(refused, StoreError::Newer { version: 99_990_101, .. }), "{refused}");
}

/// Writes and reads as servers do, until it is told to stop; how many rounds there were.
async fn works(store: Store, name: &'static str, rounds: Arc<AtomicU64>, stop: Arc<AtomicBool>) -> u64 {
    let mut round = 0;
    while !stop.load(Ordering::SeqCst) {
        let user = User {
            name: format!("{name}{round}"),
            password: "h".into(),
            role: "viewer".into(),
            created: 1,
            disabled: false,
        };
        store.add_user(&user).await.expect("kept");
        assert_eq!(store.user(&user.name).await.expect("an answer"), Some(user));
        store.hold(name, "this one", Duration::from_secs(60)).await.expect("an answer").expect("its own lease");
        round += 1;
        rounds.fetch_add(1, Ordering::SeqCst);
    }
    round
}

pub async fn two_replicas_go_on_while_the_database_is_upgraded_under_them(fresh: Fresh) {
    let versions: Vec<i64> = Store::versions().collect();
    let before = versions[versions.len() - 2];
    let (rounds, stop) = ([Arc::<AtomicU64>::default(), Arc::default()], Arc::<AtomicBool>::default());
    let mut replicas = Vec::new();
    for (name, rounds) in ["first", "second"].into_iter().zip(&rounds) {
        let store = Store::open_at(&fresh.place, Some(before)).await.expect("the version before");
        replicas.push(tokio::spawn(works(store, name, rounds.clone(), stop.clone())));
    }
    let both_go_on = || async {
        let seen = rounds.each_ref().map(|rounds| rounds.load(Ordering::SeqCst));
        let on = || rounds.iter().zip(seen).all(|(rounds, seen)| rounds.load(Ordering::SeqCst) > seen + 5);
        let wait = async {
            while !on() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), wait).await.expect("a replica stands still");
    };
    both_go_on().await;
    let newer = Store::open(&fresh.place).await.expect("it is upgraded");
    both_go_on().await;
    // And as a later version will do it: a column and a table more.
    for sql in [
        "ALTER TABLE users ADD COLUMN later TEXT NOT NULL DEFAULT ''",
        "CREATE TABLE later (id TEXT PRIMARY KEY NOT NULL)",
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
         VALUES (99990101, 'of the future', true, '', 0)",
    ] {
        by_hand(&fresh, sql).await.expect("done");
        both_go_on().await;
    }
    // One that is started again is refused, and holds the others up no more than it changes anything.
    let refused = Store::open(&fresh.place).await.expect_err("refused");
    assert!(matches!(refused, StoreError::Newer { .. }), "{refused}");
    both_go_on().await;
    stop.store(true, Ordering::SeqCst);
    let mut acknowledged = 0;
    for replica in replicas {
        acknowledged += replica.await.expect("every statement was answered");
    }
    assert_eq!(newer.users().await.expect("an answer").len() as u64, acknowledged);
}
