//! From empty, and from every earlier version.

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
