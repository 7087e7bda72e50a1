//! The audit is shortened at its old end, and says so; logs go by age and by size.

use binnacle::store::{Entry, Keeping, Piece, Sought, Stand};

use super::{Fresh, by_hand, open};

const DAY: i64 = 24 * 3_600_000;

fn entry(at: i64) -> Entry {
    Entry {
        at,
        who: "ann".into(),
        subject: "local ann".into(),
        way: "session".into(),
        address: "192.0.2.1".into(),
        action: "token.create".into(),
        target: format!("token {at}"),
        cluster: String::new(),
        allowed: true,
        detail: String::new(),
    }
}

pub async fn the_audit_is_shortened_at_its_old_end_up_to_an_anchor(fresh: Fresh) {
    let store = open(&fresh).await;
    let now = 1_000 * DAY;
    // 2,100 entries, an hour apart, the last of now.
    for back in (0..2_100).rev() {
        store.remember(&entry(now - back * 3_600_000)).await.expect("kept");
    }
    let count = async || store.remembered(&Sought::default(), 10_000).await.expect("an answer").len();
    let all = Keeping::default();
    assert_eq!(store.shorten_audit(all, now).await.expect("an answer"), None, "without a bound all are kept");
    let days = Keeping { days: Some(60), entries: None };
    let behind = now - 2_000 * DAY;
    assert_eq!(
        store.shorten_audit(days, behind).await.expect("an answer"),
        None,
        "a clock that is behind removes nothing"
    );
    let gone = store.shorten_audit(days, now).await.expect("an answer").expect("some are older");
    assert_eq!((gone.entries, gone.oldest), (2_100 - 60 * 24 - 1, now - 2_099 * 3_600_000));
    assert_eq!(count().await, 60 * 24 + 1);
    assert_eq!(store.shorten_audit(days, now).await.expect("an answer"), None, "a day at a time");
    let few = Keeping { days: None, entries: Some(1_000) };
    let more = store.shorten_audit(few, now).await.expect("an answer").expect("there are more");
    assert_eq!(count().await, 1_000);
    assert!(more.upto > gone.upto && more.digest != gone.digest && more.digest.len() == 64);
    assert_eq!(store.shorten_audit(few, now).await.expect("an answer"), None);
    for sql in [
        "DELETE FROM audit",
        "DELETE FROM audit_anchors",
        "UPDATE audit_anchors SET entries = 0",
        "UPDATE audit SET who = 'bob'",
    ] {
        assert!(by_hand(&fresh, sql).await.is_err(), "{sql}");
    }
    let anchors = by_hand(
        &fresh,
        "INSERT INTO leases SELECT 'anchor ' || CAST(upto AS TEXT), digest, 0, entries FROM audit_anchors",
    );
    assert_eq!(anchors.await.expect("they are there"), 2);
}

pub async fn logs_of_deployments_go_by_age_and_by_size_and_deployments_stay(fresh: Fresh) {
    let store = open(&fresh).await;
    let sql = "INSERT INTO runs (id, cluster, kind, host, state, who, created, ended, dir, made, dha, network) VALUES \
               ('a', 'lab', 'deploy', 'h', 'ended', 'ann', 1, 100, '', '', '', ''), \
               ('b', 'lab', 'deploy', 'h', 'ended', 'ann', 2, 200, '', '', '', ''), \
               ('c', 'lab', 'deploy', 'h', 'ended', 'ann', 3, 300, '', '', '', ''), \
               ('d', 'lab', 'deploy', 'h', 'runs', 'ann', 4, NULL, '', '', '', '')";
    by_hand(&fresh, sql).await.expect("kept");
    for run in ["a", "b", "c", "d"] {
        let piece = Piece { at: 0, heard: 1, size: 5_000, body: vec![7; 1_000] };
        assert!(store.append_log(run, &piece, Stand { before: "", after: "on" }).await.expect("an answer"));
    }
    let left = || async {
        let mut left = Vec::new();
        for run in ["a", "b", "c", "d"] {
            assert!(store.rules_of_log(run).await.expect("an answer").is_some(), "the deployment {run} is told");
            if !store.log_from(run, 0, 9).await.expect("an answer").is_empty() {
                left.push(run);
            }
        }
        left
    };
    assert_eq!(store.forget_logs(100, 4_000).await.expect("an answer"), 0);
    assert_eq!(left().await, ["a", "b", "c", "d"]);
    assert_eq!(store.forget_logs(101, 4_000).await.expect("an answer"), 1);
    assert_eq!(left().await, ["b", "c", "d"], "the old one goes");
    assert_eq!(store.forget_logs(0, 2_000).await.expect("an answer"), 0);
    assert_eq!(store.forget_logs(0, 1_999).await.expect("an answer"), 1);
    assert_eq!(left().await, ["c", "d"], "by what they take when packed, the older goes");
    assert_eq!(store.forget_logs(i64::MAX, 0).await.expect("an answer"), 1);
    assert_eq!(left().await, ["d"], "a deployment that goes on keeps its log");
}
