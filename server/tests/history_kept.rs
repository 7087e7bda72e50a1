//! A server that records forgets what is old, and keeps what was around something.

mod served;

use std::{sync::Arc, time::Duration};

use binnacle::{
    cluster::{Clusters, contexts::Context},
    journal::{Bounds, History, PastError, record},
    store::{BlockRow, Head, HistoryMark, Learnt, Place, Store},
};
use journal::{Content, Record, open, seal};
use served::{Folder, command, text};
use simulator::{Cluster as Simulated, Simulator};
use tokio::sync::watch;
use topology::Stamp;

const NAME: &str = "lab";
/// Everything is kept so often.
const APART: i64 = 6 * 3_600_000;
/// Changes between two of them.
const CHANGES: i64 = 10;
const SEGMENTS: i64 = 40;
const DEPLOYED: i64 = 10;
const DAY: u64 = 86_400;

fn sealed(content: Content, number: i64, records: &[Record]) -> BlockRow {
    let block = seal(content, u64::try_from(number).expect("a number"), records).expect("it is sealed");
    BlockRow {
        whole: block.content == Content::Whole,
        number,
        first: block.first.0,
        last: block.last.0,
        changes: block.count.into(),
        body: block.bytes,
    }
}

/// Ten days until a moment, with blocks that lie across wholes as merged ones do, and a deployment.
async fn lived(store: &Store, begins: impl Fn(i64) -> i64) {
    let (_, told) = open(include_bytes!("../../app/journal/tests/blocks/format-1.block")).expect("a block");
    let (_, whole) = open(include_bytes!("../../app/journal/tests/blocks/format-1-whole.block")).expect("a whole");
    let at = |record: &Record, at| Record { at: Stamp(at), change: record.change.clone() };
    let mut rows = Vec::new();
    for n in 0..SEGMENTS {
        let number = (n * CHANGES - CHANGES / 2).max(0);
        let everything: Vec<Record> = whole.iter().map(|record| at(record, begins(n))).collect();
        rows.push(sealed(Content::Whole, number, &everything));
        let times = (0..CHANGES).map(|m| begins(n) + APART / 2 + m * APART / CHANGES + 60_000);
        let changes: Vec<Record> = times.zip(told.iter().cycle()).map(|(time, record)| at(record, time)).collect();
        rows.push(sealed(Content::Changes, n * CHANGES, &changes));
    }
    let began = begins(DEPLOYED) + APART / 2;
    let deployment = HistoryMark {
        lane: "deployment".into(),
        about: "one".into(),
        began,
        ended: Some(began + 60_000),
        what: "deploy by ann: success".into(),
    };
    let head = Head { seen: begins(SEGMENTS) + 60_000, next: SEGMENTS * CHANGES };
    let learnt = Learnt { blocks: &rows, marks: &[deployment], incidents: &[] };
    assert!(store.import_history(NAME, head, learnt).await.expect("an answer"));
}

#[tokio::test(flavor = "multi_thread")]
async fn moments_around_a_deployment_outlive_those_beside_it() {
    let folder = Folder::new();
    let store = Store::open(&Place::beside(&folder.0)).await.expect("a database");
    let now = jiff::Timestamp::now().as_millisecond();
    let begins = |segment: i64| now - (SEGMENTS - segment) * APART - 3_600_000;
    lived(&store, begins).await;
    let bounds = Bounds { age: Duration::from_secs(2 * DAY), around: Duration::from_secs(365 * DAY), size: 0 };
    let history = History::new(store.clone(), bounds, "one".into());
    let simulator = Simulator::new(Simulated::compass(5).at(jiff::Timestamp::now()));
    let client = kube::Client::new(simulator.clone(), "default");
    let clusters = Clusters::new(vec![Context::ready(NAME, "a test", client, "here", true)], Duration::from_secs(600));
    let (stop, stopping) = watch::channel(false);
    let recording = tokio::spawn(record(history.clone(), Arc::new(clusters), stopping));
    // It forgets as it begins to record. The last whole goes last.
    let old = begins(31);
    for n in 0.. {
        let wholes = store.wholes_within(NAME, i64::MIN, i64::MAX).await.expect("an answer");
        let marks = store.history_marks(NAME, i64::MIN, i64::MAX).await.expect("an answer");
        let is_done = wholes.iter().filter(|whole| whole.first <= old).count() == 1;
        if is_done && marks.iter().any(HistoryMark::is_forgotten) {
            break;
        }
        assert!(n < 600, "nothing was forgotten: {} wholes", wholes.len());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    stop.send(true).expect("it listens");
    recording.await.expect("it ends");
    let middle = |segment| Stamp(begins(segment) + APART / 2 + 120_000);
    for segment in 0..SEGMENTS {
        match history.moment(NAME, middle(segment)).await {
            Ok(moment) => {
                assert!(segment == DEPLOYED || segment >= 32, "segment {segment} is kept");
                // By its own changes, and not by those of a time before it.
                assert_eq!(moment.since.0, begins(segment) + APART / 2 + 60_000, "segment {segment}");
            }
            Err(PastError::Before { .. }) => assert!(segment < DEPLOYED, "segment {segment}"),
            Err(PastError::Gap { from, until, why }) => {
                assert!(DEPLOYED < segment && segment < 33 && why.contains("forgotten"), "segment {segment}: {why}");
                for beside in [from, until] {
                    history.moment(NAME, beside).await.expect("a moment beside the gap");
                }
            }
            Err(error) => panic!("segment {segment}: {error}"),
        }
    }
    // A thing's history has what is left, and calls none of the rest lost.
    let thing = "pod/default/mme-1".parse().expect("a thing");
    let life = history.life(NAME, thing, begins(0), begins(SEGMENTS)).await.expect("an answer");
    assert!(life.damaged == 0 && life.gaps.iter().any(|(.., why)| why.contains("forgotten")), "{life:?}");
    store.close().await;
    let stat = command(&["history", "stat", "--data", text(&folder.0)]).output().expect("it runs");
    let said = String::from_utf8_lossy(&stat.stdout).into_owned();
    assert!(said.contains("of it 1 span around deployments, restores and incidents until"), "{said}");
}
