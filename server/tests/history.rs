//! What was recorded is what was: through kills, takeovers and damage.

mod served;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use binnacle::{
    cluster::{Clusters, contexts::Context},
    journal::{Bounds, History, PastError, record},
    store::{IncidentRow, Place, Store, Told},
};
use served::{Folder, Process, command, text, until};
use simulator::{Cluster as Simulated, Simulator};
use tokio::{sync::watch, task::JoinHandle};
use topology::{
    Stamp,
    figure::{Drawing, Figure, View},
};

const NAME: &str = "lab";

fn clusters(simulator: &Simulator) -> Arc<Clusters> {
    let client = kube::Client::new(simulator.clone(), "default");
    Arc::new(Clusters::new(vec![Context::ready(NAME, "a test", client, "here", true)], Duration::from_secs(600)))
}

fn alive() -> Simulator {
    let simulator = Simulator::new(Simulated::compass(5).at(jiff::Timestamp::now()));
    drop(simulator.live());
    simulator
}

async fn store(folder: &Folder) -> Store {
    Store::open(&Place::Sqlite(folder.0.join("history.db"))).await.expect("a database")
}

fn history(store: &Store, holder: &str) -> History {
    History::new(store.clone(), Bounds { age: Duration::ZERO, around: Duration::ZERO, size: 0 }, holder.into())
}

fn recording(history: &History, clusters: &Arc<Clusters>) -> (JoinHandle<()>, watch::Sender<bool>) {
    let (stop, stopping) = watch::channel(false);
    (tokio::spawn(record(history.clone(), clusters.clone(), stopping)), stop)
}

async fn within<T, F: Future<Output = Option<T>>>(seconds: u64, what: &str, ask: impl Fn() -> F) -> T {
    let until = Instant::now() + Duration::from_secs(seconds);
    loop {
        if let Some(found) = ask().await {
            return found;
        }
        assert!(Instant::now() < until, "{what} did not come within {seconds} s");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

fn drawn(inventory: &topology::Inventory, figure: Figure, at: Stamp) -> String {
    let view = View { figure, ..View::default() };
    scene::document(&Drawing::draw(inventory, &view, at).scene())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_past_moment_is_drawn_as_it_was_drawn_live() {
    let (folder, simulator) = (Folder::new(), alive());
    let store = store(&folder).await;
    let (history, clusters) = (history(&store, "one"), clusters(&simulator));
    let (task, stop) = recording(&history, &clusters);
    within(60, "the first block", || async { store.history_head(NAME).await.unwrap() }).await;
    let cluster = clusters.get(NAME).await.unwrap();
    let mut live = Vec::new();
    let begun = store.history_head(NAME).await.unwrap().unwrap();
    // At least forty moments, and until something has changed.
    for n in 0.. {
        let captured = cluster.read(|inventory| {
            let at = cluster.now();
            let drawn = [Figure::Architecture, Figure::Networking].map(|figure| drawn(inventory, figure, at));
            // Whatever comes next comes in a later millisecond.
            std::thread::sleep(Duration::from_millis(2));
            (at, drawn)
        });
        live.push(captured);
        tokio::time::sleep(Duration::from_millis(150)).await;
        let head = store.history_head(NAME).await.unwrap().unwrap();
        if n >= 40 && head.next > begun.next + 5 {
            break;
        }
        assert!(n < 600, "the simulator's life brings changes");
    }
    stop.send(true).unwrap();
    task.await.unwrap();
    for (at, figures) in live {
        let moment = history.moment(NAME, at).await.unwrap();
        let past = [Figure::Architecture, Figure::Networking]
            .map(|figure| moment.cluster.read(|inventory| drawn(inventory, figure, at)));
        assert!(past == figures, "the figure of {} differs", at.0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_replicas_one_records_and_the_other_takes_over_behind_a_gap() {
    let (folder, simulator) = (Folder::new(), alive());
    let store = store(&folder).await;
    let (one, other) = (history(&store, "one"), history(&store, "other"));
    let (first, _first_stop) = recording(&one, &clusters(&simulator));
    within(60, "the first block", || async { store.history_head(NAME).await.unwrap() }).await;
    let (second, stop) = recording(&other, &clusters(&simulator));
    tokio::time::sleep(Duration::from_secs(4)).await;
    let wholes = |store: &Store| {
        let store = store.clone();
        async move { store.history_extents().await.unwrap()[0].wholes }
    };
    assert_eq!(wholes(&store).await, 1, "a second replica wrote");
    // As killed: nothing is given back.
    first.abort();
    let _ = first.await;
    let killed = Instant::now();
    within(60, "the takeover", || async { (wholes(&store).await == 2).then_some(()) }).await;
    assert!(killed.elapsed() < Duration::from_secs(20), "it took {:?}", killed.elapsed());
    stop.send(true).unwrap();
    second.await.unwrap();
    let gaps = store.history_marks(NAME, 0, i64::MAX).await.unwrap();
    let gap = gaps.iter().find(|mark| mark.lane == "gap").expect("a gap");
    let within_it = Stamp(i64::midpoint(gap.began, gap.ended.unwrap()));
    let refused = other.moment(NAME, within_it).await.err();
    assert!(matches!(refused, Some(PastError::Gap { .. })), "{refused:?}");
    for known in [gap.began, gap.ended.unwrap()] {
        other.moment(NAME, Stamp(known)).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_block_is_told_and_nothing_behind_it_is_guessed() {
    let (folder, simulator) = (Folder::new(), alive());
    let store = store(&folder).await;
    let history = history(&store, "one");
    let (task, stop) = recording(&history, &clusters(&simulator));
    within(120, "three blocks", || async {
        let extents = store.history_extents().await.unwrap();
        extents.first().is_some_and(|extent| extent.blocks >= 3).then_some(())
    })
    .await;
    stop.send(true).unwrap();
    task.await.unwrap();
    let rows = store.changes_within(NAME, 0, i64::MAX).await.unwrap();
    let mut broken = rows[1].clone();
    broken.body = store.block_body(NAME, &rows[1]).await.unwrap().expect("a body");
    let middle = broken.body.len() / 2;
    broken.body[middle] ^= 1;
    store.replace_history(NAME, &rows[1], &broken).await.unwrap();
    history.moment(NAME, Stamp(rows[0].last)).await.unwrap();
    let refused = history.moment(NAME, Stamp(rows[2].last)).await.err();
    assert!(matches!(refused, Some(PastError::Damaged { .. })), "{refused:?}");
    // From the block that holds a number on; and the history of one thing counts the one that cannot be read.
    let within = rows[1].number + rows[1].changes - 1;
    let between = store.changes_between(NAME, within, rows[2].number).await.unwrap();
    let numbers: Vec<i64> = between.iter().map(|row| row.number).collect();
    assert_eq!(numbers, [rows[1].number, rows[2].number]);
    let life = history.life(NAME, "node/host1".parse().unwrap(), 0, i64::MAX).await.unwrap();
    assert!(life.damaged == 1 && !life.events.is_empty(), "{life:?}");
}

#[test]
fn a_server_that_was_killed_keeps_what_it_wrote_and_shows_the_gap() {
    let folder = Folder::new();
    let patience = Duration::from_secs(60);
    let history = |server: &Process| server.get("/c/demo/history").body;
    let server = Process::demo(&folder, &[]);
    // Before it there are days that were made up.
    until("a record", patience, || history(&server).contains("between the made-up days"));
    std::thread::sleep(Duration::from_secs(2));
    let then = jiff::Timestamp::now();
    let figure = server.get(&format!("/c/demo/architecture.svg?t={then}"));
    assert_eq!(figure.status, 200, "{}", figure.body);
    // That a cluster at rest was followed is written every five seconds.
    std::thread::sleep(Duration::from_secs(7));
    // Dropping it kills it.
    drop(server);
    std::thread::sleep(Duration::from_secs(9));
    let within_gap = jiff::Timestamp::now() - jiff::Span::new().seconds(1);
    let server = Process::demo(&folder, &[]);
    until("the gap", patience, || history(&server).contains("could not write"));
    let again = server.get(&format!("/c/demo/architecture.svg?t={then}"));
    assert_eq!(again.status, 200, "{}", again.body);
    assert!(again.body == figure.body, "the figure of before differs");
    let refused = server.get(&format!("/c/demo?t={within_gap}"));
    assert_eq!(refused.status, 404);
    assert!(refused.body.contains("Nothing is known between"), "{}", refused.body);
}

/// Runs the command line; what it wrote, or what it said when it was refused.
fn run(args: &[&str]) -> Result<String, String> {
    let output = command(args).output().expect("it runs");
    let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    if output.status.success() { Ok(said(&output.stdout)) } else { Err(said(&output.stderr)) }
}

/// The difference of two moments and the history of one thing, as pages, files and answers of the API.
fn pages_of_the_past(server: &Process, then: &str) {
    let both = server.get(&format!("/c/demo/diff.svg?t1={then}"));
    assert_eq!(both.status, 200, "{}", both.body);
    assert!(both.body.contains("difference of two moments"), "{}", both.body);
    let page = server.get(&format!("/c/demo/diff?t1={then}&t2={then}"));
    assert!(page.body.contains("Nothing that is drawn differs."), "{}", page.body);
    for path in ["/api/v1/clusters/demo/history?of=node/host1", "/c/demo/history/of?of=node/host1"] {
        let life = server.get(path);
        assert!(life.status == 200 && life.body.contains("there already"), "{path}: {}", life.body);
    }
    assert_eq!(server.get("/api/v1/clusters/demo/history?of=secret/a/b").status, 400);
    assert_eq!(server.get("/c/demo/history/of?of=secret/a/b").status, 422);
    let panel = server.get("/c/demo/panel?sel=node/host1");
    assert!(panel.body.contains("/c/demo/history/of?of=node/host1"), "{}", panel.body);
}

/// Of the made-up days; nobody elsewhere is told of them. A file of an earlier version has none, and is read.
#[tokio::main]
async fn incidents_are_there_too(here: &Folder, there: &Folder, file: &std::path::Path) {
    let of = async |folder: &Folder, name: &str| {
        let store = Store::open(&Place::beside(&folder.0)).await.expect("an answer");
        let rows = store.incidents(name, i64::MIN, i64::MAX, 100).await.expect("an answer");
        let marks = store.history_marks(name, i64::MIN, i64::MAX).await.expect("an answer");
        store.close().await;
        (rows, marks)
    };
    let ((before, _), (after, marks)) = (of(here, "demo").await, of(there, "demo").await);
    let known = |rows: &[IncidentRow]| -> Vec<_> {
        rows.iter().map(|row| (row.id.clone(), row.ended, row.touched.clone(), row.changed.clone())).collect()
    };
    assert!(known(&before) == known(&after) && !after.is_empty(), "{after:?}");
    assert!(after.iter().all(|row| row.told == Told::End), "{after:?}");
    for lane in ["deployment", "backup"] {
        assert!(marks.iter().any(|mark| mark.lane == lane), "{lane}: {marks:?}");
    }
    let bytes = std::fs::read(file).expect("an answer");
    let length = u32::from_le_bytes(bytes[4..8].try_into().expect("four bytes")) as usize;
    let mut header: serde_json::Value = serde_json::from_slice(&bytes[8..8 + length]).expect("an answer");
    header.as_object_mut().expect("an object").remove("incidents").expect("incidents");
    let header = header.to_string().into_bytes();
    let size = u32::try_from(header.len()).expect("an answer").to_le_bytes();
    let old = here.0.join("old.history");
    std::fs::write(&old, [&bytes[..4], &size, &header, &bytes[8 + length..]].concat()).expect("an answer");
    run(&["history", "import", text(&old), "--as", "old", "--data", text(&there.0)]).expect("it is read");
    assert!(of(there, "old").await.0.is_empty());
}

#[test]
fn an_export_draws_the_same_elsewhere_and_forgets_a_namespace() {
    let (folder, other) = (Folder::new(), Folder::new());
    let mut server = Process::demo(&folder, &[]);
    let recorded = || server.get("/c/demo/history").body.contains("between the made-up days");
    until("a record", Duration::from_secs(60), recorded);
    let then = jiff::Timestamp::now().to_string();
    let figure = server.get(&format!("/c/demo/architecture.svg?t={then}"));
    assert_eq!(figure.status, 200, "{}", figure.body);
    pages_of_the_past(&server, &then);
    server.terminate();
    let (here, there) = (text(&folder.0), text(&other.0));
    let draw = |data| run(&["draw", "architecture", "--at-time", &then, "--context", "demo", "--data", data]);
    let drawn = draw(here).unwrap();
    assert!(drawn.contains("<svg"), "{drawn}");

    let file = folder.0.join("demo.history");
    run(&["history", "export", "demo", "-o", text(&file), "--data", here]).unwrap();
    run(&["history", "import", text(&file), "--data", there]).unwrap();
    assert!(draw(there).unwrap() == drawn, "the figure differs elsewhere");
    let twice = run(&["history", "import", text(&file), "--data", there]).unwrap_err();
    assert!(twice.contains("--as"), "{twice}");
    incidents_are_there_too(&folder, &other, &file);
    let same = run(&["diff", "demo", "--t1", &then, "--t2", &then, "--data", there]).unwrap();
    assert!(same.contains("Nothing that is compared was different."), "{same}");
    let early = ["history", "export", "demo", "-o", text(&file), "--until", "2001-01-01T00:00:00Z", "--data", here];
    let nothing = run(&early).unwrap_err();
    assert!(nothing.contains("nothing is kept of demo in that span"), "{nothing}");

    let whole = std::fs::read(&file).unwrap();
    let bad = folder.0.join("bad.history");
    std::fs::write(&bad, &whole[..whole.len() - 1]).unwrap();
    let cut = run(&["history", "import", text(&bad), "--as", "bad", "--data", there]).unwrap_err();
    assert!(cut.contains("it was cut"), "{cut}");
    let mut altered = whole;
    *altered.last_mut().unwrap() ^= 1;
    std::fs::write(&bad, altered).unwrap();
    let damaged = run(&["history", "import", text(&bad), "--as", "bad", "--data", there]).unwrap_err();
    assert!(damaged.contains("damaged"), "{damaged}");

    let forget = |cluster| run(&["history", "forget", cluster, "--namespace", "kube-system", "--data", there]);
    let first = forget("demo").unwrap();
    assert!(!first.starts_with("0 "), "{first}");
    // Looked for again, nothing of it is found.
    let second = forget("demo").unwrap();
    assert!(second.starts_with("0 records"), "{second}");
    assert!(draw(there).unwrap() != drawn, "the figure still shows what was forgotten");
    let unknown = forget("nowhere").unwrap_err();
    assert!(unknown.contains("nothing is kept of nowhere"), "{unknown}");
}
