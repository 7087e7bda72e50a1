//! Exactly one of several replicas acts.

use std::{
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use binnacle::store::{Duty, Place, Store};

use super::{Fresh, open};

pub async fn a_lease_has_one_holder_and_terms_that_grow(fresh: Fresh) {
    let (one, other) = (open(&fresh).await, open(&fresh).await);
    let long = Duration::from_secs(60);
    assert_eq!(one.hold("acts", "one", Duration::from_millis(300)).await.expect("an answer"), Some(1));
    assert_eq!(other.hold("acts", "other", long).await.expect("an answer"), None);
    assert_eq!(one.hold("acts", "one", Duration::from_millis(300)).await.expect("an answer"), Some(1), "renewed");
    tokio::time::sleep(Duration::from_millis(400)).await;
    assert!(!one.holds("acts", "one", 1).await.expect("an answer"), "it ran out");
    assert_eq!(other.hold("acts", "other", long).await.expect("an answer"), Some(2));
    assert_eq!(one.hold("acts", "one", long).await.expect("an answer"), None);
    assert!(other.holds("acts", "other", 2).await.expect("an answer"));
    assert!(!one.holds("acts", "one", 1).await.expect("an answer"), "whoever was replaced is fenced off");
}

async fn held(duty: &Duty) -> i64 {
    let mut watch = duty.watch();
    let held = tokio::time::timeout(Duration::from_secs(20), watch.wait_for(Option::is_some)).await;
    held.expect("within 20 s").expect("it goes on").expect("some").term
}

pub async fn a_duty_that_is_given_back_is_taken_at_once(fresh: Fresh) {
    let first = Duty::stand(open(&fresh).await, "acts", "first".into());
    assert_eq!(held(&first).await, 1);
    let second = Duty::stand(open(&fresh).await, "acts", "second".into());
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(second.held(), None);
    let mine = first.held().expect("still held");
    assert!(first.confirmed(mine).await.expect("an answer"));
    first.resign().await;
    assert_eq!(held(&second).await, 2);
}

/// This test's own program, begun again as a replica that holds the duty and says so.
fn replica(place: &Place) -> Child {
    Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", "replica", "--nocapture"])
        .env("BINNACLE_TEST_REPLICA", super::killed::told(place))
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("a replica")
}

/// What [`replica`] runs; outside of such a process it has nothing to do.
pub async fn stand_as_replica() {
    let Ok(place) = std::env::var("BINNACLE_TEST_REPLICA") else { return };
    let store = Store::open(&Place::parse(&place).expect("a place")).await.expect("a database");
    let duty = Duty::stand(store, "acts", format!("replica {}", std::process::id()));
    println!("holds term {}", held(&duty).await);
    // Longer than the test, and never for ever.
    tokio::time::sleep(Duration::from_secs(60)).await;
}

pub async fn a_killed_replica_is_replaced_within_fifteen_seconds(fresh: Fresh) {
    let ours = open(&fresh).await;
    let mut child = replica(&fresh.place);
    let lines = super::killed::lines(&mut child);
    let line = tokio::task::spawn_blocking(move || lines.iter().find(|line| line.contains("holds term"))).await;
    assert_eq!(line.expect("it ran").as_deref(), Some("holds term 1"));
    let duty = Duty::stand(ours, "acts", "this one".into());
    tokio::time::sleep(Duration::from_secs(4)).await;
    assert_eq!(duty.held(), None, "one holder at a time");
    child.kill().expect("killed");
    let died = Instant::now();
    child.wait().expect("gone");
    assert_eq!(held(&duty).await, 2);
    let took = died.elapsed();
    assert!(took < Duration::from_secs(15), "it took {took:?}");
}
