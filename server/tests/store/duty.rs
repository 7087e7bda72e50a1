//! Exactly one of several replicas acts.

use std::{
    io::{Read, Write},
    net::TcpStream,
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use binnacle::store::{Begun, Claim, Duty, Place};

use super::{Fresh, open};

pub async fn a_lease_has_one_holder_and_terms_that_grow(fresh: Fresh) {
    let (one, other) = (open(&fresh).await, open(&fresh).await);
    let long = Duration::from_secs(60);
    assert_eq!(one.hold("acts", "one", Duration::from_millis(300)).await.expect("an answer"), Some(1));
    assert_eq!(other.hold("acts", "other", long).await.expect("an answer"), None);
    assert_eq!(one.hold("acts", "one", Duration::from_millis(300)).await.expect("an answer"), Some(1), "renewed");
    tokio::time::sleep(Duration::from_millis(400)).await;
    assert!(!one.holds("acts", "one", 1).await.expect("an answer"), "it ran out");
    assert!(!other.is_held("acts").await.expect("an answer"));
    assert_eq!(other.hold("acts", "other", long).await.expect("an answer"), Some(2));
    assert_eq!(one.hold("acts", "one", long).await.expect("an answer"), None);
    assert!(other.holds("acts", "other", 2).await.expect("an answer"));
    assert!(one.is_held("acts").await.expect("an answer") && !one.is_held("else").await.expect("an answer"));
    assert!(!one.holds("acts", "one", 1).await.expect("an answer"), "whoever was replaced is fenced off");
}

pub async fn what_a_clock_that_was_ahead_wrote_holds_nobody_up(fresh: Fresh) {
    let store = open(&fresh).await;
    let long = Duration::from_secs(60);
    store.hold("acts", "one", long).await.expect("an answer");
    let claim = |holder: &str, repeats| Claim {
        who: "ann".into(),
        key: "k".into(),
        request: "r".into(),
        holder: holder.into(),
        repeats,
    };
    let (now, day) = (jiff::Timestamp::now().as_millisecond(), 24 * 3_600_000);
    store.begin(&claim("one", true), long, now, now + day).await.expect("an answer");
    // The clock was two hours ahead when these were written, and is right again.
    for sql in ["UPDATE leases SET until = until + 7200000", "UPDATE idempotency SET until = until + 7200000"] {
        super::by_hand(&fresh, sql).await.expect("written");
    }
    assert!(!store.is_held("acts").await.expect("an answer"));
    assert!(!store.holds("acts", "one", 1).await.expect("an answer"), "its holder must not act on it");
    assert_eq!(store.hold("acts", "other", long).await.expect("an answer"), Some(2));
    let unsure = store.begin(&claim("other", false), long, now, now + day).await.expect("an answer");
    assert_eq!(unsure, Begun::Unsure);
    let again = store.begin(&claim("other", true), long, now, now + day).await.expect("an answer");
    assert_eq!(again, Begun::New);
    // A key that is to be forgotten in 400 days was written by a clock that was ahead.
    super::by_hand(&fresh, "UPDATE idempotency SET expires = expires + 34560000000").await.expect("written");
    assert_eq!(store.sweep(jiff::Timestamp::now()).await.expect("an answer"), 1);
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

/// A real server on this database: itself, and where it listens.
fn server(place: &Place, data: &Path) -> (Ended, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_binnacle"))
        .args(["serve", "--demo", "--listen", "127.0.0.1:0", "--data"])
        .arg(data)
        .env_clear()
        // Not as an argument, for it may hold a password.
        .env("BINNACLE_DATABASE", super::killed::told(place))
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("a server");
    let lines = super::killed::lines(&mut child);
    let said = lines.iter().find_map(|line| line.strip_prefix("Listening on http://").map(str::to_owned));
    (Ended(child), said.expect("it listens"))
}

/// A process that ends with the test.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Whether a server says that it acts.
fn acts(address: &str) -> bool {
    let ask = || -> std::io::Result<String> {
        let mut stream = TcpStream::connect(address)?;
        write!(stream, "GET /readyz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    };
    ask().is_ok_and(|answer| answer.contains("this replica acts"))
}

pub async fn a_killed_server_is_replaced_by_another_within_fifteen_seconds(fresh: Fresh) {
    drop(open(&fresh).await);
    let data = std::env::temp_dir().join(format!("binnacle-replicas-{}-{:x}", std::process::id(), fastrand::u64(..)));
    let kept = data.clone();
    let took = tokio::task::spawn_blocking(move || {
        let servers = [server(&fresh.place, &data.join("one")), server(&fresh.place, &data.join("other"))];
        let acting = || servers.each_ref().map(|(_, address)| acts(address));
        let deadline = Instant::now() + Duration::from_secs(15);
        while !acting().contains(&true) {
            assert!(Instant::now() < deadline, "nobody acts");
            std::thread::sleep(Duration::from_millis(100));
        }
        std::thread::sleep(Duration::from_secs(4));
        let before = acting();
        assert_eq!(before.iter().filter(|acts| **acts).count(), 1, "exactly one acts");
        let [one, other] = servers;
        let (acted, waits) = if before[0] { (one, other) } else { (other, one) };
        drop(acted);
        let died = Instant::now();
        while !acts(&waits.1) && died.elapsed() < Duration::from_secs(20) {
            std::thread::sleep(Duration::from_millis(100));
        }
        died.elapsed()
    });
    let took = took.await.expect("it ran");
    let _ = std::fs::remove_dir_all(&kept);
    assert!(took < Duration::from_secs(15), "it took {took:?}");
}
