//! What the history of a cluster loses, and what it never invents, when the server or its disk fails.

mod served;

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

use binnacle::{
    journal::{Bounds, History, PastError},
    store::{Place, Store},
};
use served::{Folder, Process, command, kubeconfig, text, until};
use sqlx::{AnyConnection, Connection};
use topology::{Stamp, inventory::Key};

const NAME: &str = "lab";
const PATIENCE: Duration = Duration::from_secs(90);

/// Kills that are tried: more of them by `make test-kills`.
fn kills() -> usize {
    std::env::var("BINNACLE_TEST_KILLS").ok().and_then(|count| count.parse().ok()).unwrap_or(3)
}

/// What a kill may lose. Beside other tests the server itself may wait for a processor, so that only a machine of its own
/// is held to the figure; without records at all, everything since the last kill would be lost.
fn bound() -> Duration {
    Duration::from_secs(if std::env::var_os("BINNACLE_TEST_KILLS").is_some() { 2 } else { 15 })
}

/// A simulated API server that outlives the server which watches it, and pods that come to be in it one by one.
struct Busy {
    api: Arc<Process>,
    /// When the API server had acknowledged each.
    made: Arc<Mutex<Vec<Instant>>>,
    enough: Arc<AtomicBool>,
    works: Option<JoinHandle<()>>,
}

impl Busy {
    fn begin() -> Self {
        let api = Process::start(&mut command(&["simulate", "--listen", "127.0.0.1:0", "--life", "off"]));
        let mut busy =
            Self { api: Arc::new(api), made: Arc::default(), enough: Arc::new(AtomicBool::new(false)), works: None };
        let (api, made, enough) = (busy.api.clone(), busy.made.clone(), busy.enough.clone());
        busy.works = Some(std::thread::spawn(move || {
            while !enough.load(Ordering::SeqCst) {
                let number = made.lock().expect("pods").len();
                let pod = format!(
                    r#"{{"apiVersion":"v1","kind":"Pod","metadata":{{"name":"pod-{number:05}"}},"spec":{{"nodeName":"host4","containers":[{{"name":"c","image":"none:1"}}]}}}}"#
                );
                let head = "Content-Type: application/json\r\n";
                let answer = api.ask("POST", "/api/v1/namespaces/default/pods", head, &pod);
                assert_eq!(answer.status, 201, "{answer:?}");
                made.lock().expect("pods").push(Instant::now());
                std::thread::sleep(Duration::from_millis(20));
            }
        }));
        busy
    }

    fn serve(&self, folder: &Folder) -> Process {
        let config = kubeconfig(folder, &self.api.url);
        let args = ["serve", "--listen", "127.0.0.1:0", "--data", text(&folder.0), "--kubeconfig", text(&config)];
        Process::start(&mut command(&args))
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.enough.store(true, Ordering::SeqCst);
        if let Some(works) = self.works.take() {
            let _ = works.join();
        }
    }
}

/// Runs a statement past the server, as an admin of the database could.
async fn by_hand(folder: &Folder, sql: &'static str) {
    sqlx::any::install_default_drivers();
    let url = format!("sqlite://{}", folder.0.join("binnacle.db").display());
    let mut connection = AnyConnection::connect(&url).await.expect("a database");
    sqlx::query(sql).execute(&mut connection).await.expect("done");
    connection.close().await.expect("closed");
}

async fn history(folder: &Folder) -> History {
    let store = Store::open(&Place::beside(&folder.0)).await.expect("the database opens");
    History::new(store, Bounds { age: Duration::ZERO, around: Duration::ZERO, size: 0 }, String::new())
}

/// How many of the pods were there at a moment. They come one after the other: none is missing between two others.
async fn pods(history: &History, at: i64) -> usize {
    let moment = history.moment(NAME, Stamp(at)).await.expect("a moment that was recorded");
    moment.cluster.read(|inventory| {
        let there = |n: usize| inventory.pod(&Key::new("default", format!("pod-{n:05}"))).is_some();
        let count = (0..).take_while(|n| there(*n)).count();
        assert!((count..count + 500).all(|n| !there(n)), "a pod is missing before a later one");
        count
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_at_a_random_moment_loses_the_last_second_at_most() {
    let (folder, busy) = (Folder::new(), Busy::begin());
    let mut lost = Vec::new();
    for kill in 0..kills() {
        let reader = history(&folder).await;
        let next = async || reader.store().history_head(NAME).await.expect("an answer").map_or(0, |head| head.next);
        let (before, began, server) = (next().await, Instant::now(), busy.serve(&folder));
        // It writes again, behind the gap of the kill before.
        while next().await < before + 5 {
            assert!(began.elapsed() < PATIENCE, "nothing is written: {}", server.log());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        tokio::time::sleep(Duration::from_millis(fastrand::u64(0..1_500))).await;
        let (killed, made) = (Instant::now(), busy.made.clone());
        drop(server);
        let head = reader.store().history_head(NAME).await.expect("an answer").expect("a history");
        let count = pods(&reader, head.seen).await;
        let first_lost = made.lock().expect("pods").get(count).copied();
        let last = first_lost.map_or(Duration::ZERO, |at| killed.saturating_duration_since(at));
        eprintln!("kill {}: {count} pods kept, {last:?} lost", kill + 1);
        lost.push(last);
        let marks = reader.store().history_marks(NAME, 0, i64::MAX).await.expect("an answer");
        assert_eq!(marks.iter().filter(|mark| mark.lane == "gap").count(), kill, "a gap behind each kill");
        // Another test waits for the lease of one that was killed.
        by_hand(&folder, "DELETE FROM leases").await;
    }
    lost.sort();
    let (middle, most) = (lost[lost.len() / 2], lost[lost.len() - 1]);
    eprintln!("{} kills lost {middle:?} in the middle and {most:?} at most", lost.len());
    assert!(most < bound(), "{lost:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_was_full_keeps_what_was_learnt_meanwhile() {
    let (folder, busy) = (Folder::new(), Busy::begin());
    let server = busy.serve(&folder);
    let reader = history(&folder).await;
    let seen = async || reader.store().history_head(NAME).await.expect("an answer").map(|head| head.seen);
    until("a record", PATIENCE, || server.get("/c/lab/history").body.contains("Recorded from"));
    by_hand(&folder, "CREATE TRIGGER full BEFORE INSERT ON history_blocks BEGIN SELECT RAISE(ABORT, 'no room'); END")
        .await;
    let full = seen().await.expect("a record");
    let count = pods(&reader, full).await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert!(seen().await.expect("a record") - full < 2_000, "it cannot be written");
    assert_eq!(server.get("/c/lab").status, 200, "the cluster is drawn all the same");
    by_hand(&folder, "DROP TRIGGER full").await;
    let again = busy.made.lock().expect("pods").len();
    let began = Instant::now();
    while pods(&reader, seen().await.expect("a record")).await < again {
        assert!(began.elapsed() < PATIENCE, "it does not go on: {}", server.log());
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    // What came meanwhile was written later with its own times, or lies behind a gap that is drawn.
    let marks = reader.store().history_marks(NAME, 0, i64::MAX).await.expect("an answer");
    let gaps = marks.iter().filter(|mark| mark.lane == "gap").count();
    match reader.moment(NAME, Stamp(full + 2_000)).await {
        Ok(moment) => {
            let later = moment.cluster.read(|inventory| inventory.pods().count());
            assert!(later > count && gaps == 0, "{later} pods, and {gaps} gaps");
        }
        Err(error) => assert!(matches!(error, PastError::Gap { .. }) && gaps == 1, "{error}"),
    }
}
