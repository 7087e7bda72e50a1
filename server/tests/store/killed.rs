//! What was acknowledged is there after a kill -9.

use std::{
    io::{BufRead, BufReader, Write},
    process::{Child, Command, Stdio},
    sync::mpsc,
    time::Duration,
};

use binnacle::store::{Entry, Place, Sought, Store};

use super::{Fresh, open};

const KILLS: usize = 20;

/// A place as a child process is told it.
pub(super) fn told(place: &Place) -> String {
    match place {
        Place::Sqlite(path) => format!("sqlite:{}", path.display()),
        Place::Postgres(_) => std::env::var("BINNACLE_TEST_POSTGRES")
            .map(|base| format!("{base}/{}", place.to_string().rsplit('/').next().expect("a database")))
            .expect("run this through end2end/with-postgres"),
    }
}

/// What a child prints after its test runner's own words, a line at a time.
pub(super) fn lines(child: &mut Child) -> mpsc::Receiver<String> {
    let (tell, lines) = mpsc::channel();
    let out = BufReader::new(child.stdout.take().expect("an output"));
    std::thread::spawn(move || {
        for line in out.lines().map_while(Result::ok) {
            // The runner's words of the test may stand before the first line.
            let line = line.rsplit_once(" ... ").map_or(line.as_str(), |(_, rest)| rest).to_owned();
            if tell.send(line).is_err() {
                return;
            }
        }
    });
    lines
}

/// What a child of the test runs: it writes and says what was acknowledged, until it is killed.
pub async fn write_until_killed() {
    let Ok(place) = std::env::var("BINNACLE_TEST_WRITER") else { return };
    let store = Store::open(&Place::parse(&place).expect("a place")).await.expect("a database");
    let mut out = std::io::stdout();
    for number in 0..100_000 {
        let entry = Entry {
            at: number,
            who: "writer".into(),
            subject: "token 1".into(),
            way: "token".into(),
            address: "::1".into(),
            action: "write".into(),
            target: String::new(),
            cluster: String::new(),
            allowed: true,
            detail: "x".repeat(200),
        };
        let id = store.remember(&entry).await.expect("kept");
        writeln!(out, "kept {id}").expect("a reader");
    }
}

pub async fn a_kill_loses_no_acknowledged_write(fresh: Fresh) {
    let store = open(&fresh).await;
    let mut acknowledged = Vec::new();
    for _ in 0..KILLS {
        let mut child = Command::new(std::env::current_exe().expect("this program"))
            .args(["--exact", "writer", "--nocapture"])
            .env("BINNACLE_TEST_WRITER", told(&fresh.place))
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("a writer");
        let lines = lines(&mut child);
        let killed = tokio::task::spawn_blocking(move || {
            let id = |line: String| line.strip_prefix("kept ").and_then(|id| id.parse::<i64>().ok());
            let mut ids = Vec::new();
            // From its first write on, at any moment of the next few.
            while ids.is_empty() {
                ids.extend(lines.recv_timeout(Duration::from_secs(20)).ok().and_then(id));
            }
            std::thread::sleep(Duration::from_micros(fastrand::u64(0..40_000)));
            child.kill().expect("killed");
            child.wait().expect("gone");
            ids.extend(lines.iter().filter_map(id));
            ids
        });
        acknowledged.extend(killed.await.expect("it ran"));
    }
    assert!(acknowledged.len() >= KILLS, "{} writes", acknowledged.len());
    let kept = store.remembered(&Sought::default(), 1_000_000).await.expect("an answer");
    let kept: std::collections::BTreeSet<i64> = kept.iter().map(|kept| kept.id).collect();
    let lost: Vec<_> = acknowledged.iter().filter(|id| !kept.contains(id)).collect();
    assert!(lost.is_empty(), "lost {lost:?} of {}", acknowledged.len());
}
