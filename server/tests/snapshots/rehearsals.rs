//! Rehearsals that must not go well.

use std::{path::Path, time::Duration};

use binnacle::backup::rehearsal::{Programs, RehearsalError, Rehearsed, rehearse};
use snapshot::Examined;

use super::{
    started::{Etcd, Folder, NEW, program},
    told::{live, proof},
};

const LONG: Duration = Duration::from_secs(120);

async fn held(file: &Path, expected: &Examined, within: Duration) -> Result<Rehearsed, RehearsalError> {
    let scratch = Folder::new();
    let programs = Programs::find(Some(&program(NEW)), Some(&program("BINNACLE_TEST_ETCDUTL"))).expect("programs");
    let ended = rehearse(file, expected, &programs, &scratch.0, within).await;
    assert_eq!(std::fs::read_dir(&scratch.0).expect("a folder").count(), 0);
    ended
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_etcd_that_tells_something_else_than_what_was_examined_is_told() {
    let etcd = Etcd::start(NEW);
    live(&etcd);
    let file = etcd.save("a.db");
    let found = proof(&file).sound.expect("sound");
    let rehearsed = held(&file, &found, LONG).await.expect("as it was examined");
    assert_eq!((rehearsed.revision, rehearsed.keys, rehearsed.hash), (found.revision, found.live, found.hash_kv));
    assert_eq!((rehearsed.proved().step, rehearsed.other), (6, None));
    let others = [
        ("number of keys", Examined { live: found.live.map(|keys| keys + 1), ..found.clone() }),
        ("hash", Examined { hash_kv: found.hash_kv.map(|hash| hash ^ 1), ..found.clone() }),
    ];
    for (expected, other) in others {
        let refused = held(&file, &other, LONG).await.expect_err("another");
        assert!(matches!(refused, RehearsalError::Differs { what, .. } if what == expected), "{refused}");
    }
    let ahead = Examined { revision: found.revision + 1, ..found };
    let refused = held(&file, &ahead, LONG).await.expect_err("a revision from the future");
    assert!(refused.to_string().contains("required revision is a future revision"), "{refused}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_whose_last_deletion_was_compacted_away_is_rehearsed() {
    let etcd = Etcd::start(NEW);
    live(&etcd);
    etcd.ctl(&["del", "large-5"], "");
    let last = etcd.compact();
    let file = etcd.save("a.db");
    let found = proof(&file).sound.expect("sound");
    let rehearsed = held(&file, &found, LONG).await.expect("as it was examined");
    assert_eq!((rehearsed.revision, found.compacted, rehearsed.hash), (last, last, found.hash_kv));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_restored_and_what_takes_too_long_is_told_and_leaves_nothing() {
    let etcd = Etcd::start(NEW);
    live(&etcd);
    let file = etcd.save("a.db");
    let found = proof(&file).sound.expect("sound");
    let late = held(&file, &found, Duration::from_millis(200)).await.expect_err("no time");
    assert!(matches!(late, RehearsalError::Late(0)), "{late}");
    let mut bytes = std::fs::read(&file).expect("read");
    bytes[9_000] ^= 1;
    std::fs::write(&file, &bytes).expect("written");
    let refused = held(&file, &found, LONG).await.expect_err("it is damaged");
    assert!(matches!(refused, RehearsalError::Restore(_)), "{refused}");
    assert!(refused.to_string().contains("sha256"), "{refused}");
}
