//! How history is forgotten: by age, by size, and later around what matters.

use journal::{Content, Record, open, seal};
use topology::Stamp;

use super::*;
use crate::{
    journal::{Bounds, PastError, row},
    store::{Head, Learnt, Place},
};

const NAME: &str = "lab";
/// Everything is kept so often.
const APART: i64 = 6 * 3_600_000;
/// Changes between two of them.
const CHANGES: i64 = 10;
const DAY: u64 = 86_400;

struct Folder(std::path::PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// When a segment begins.
const fn begins(segment: i64) -> i64 {
    1_790_000_000_000 + segment * APART
}

/// A cluster of as many segments, with a deployment in the middle of some. Blocks of changes lie across wholes, as
/// merged ones do.
async fn lived(segments: i64, deployed: &[i64], bounds: Bounds) -> (Folder, History) {
    let folder = Folder(std::env::temp_dir().join(format!("binnacle-forgets-{}", crate::access::random::<8>())));
    std::fs::create_dir_all(&folder.0).unwrap();
    let store = Store::open(&Place::Sqlite(folder.0.join("history.db"))).await.unwrap();
    let (_, told) = open(include_bytes!("../../../../app/journal/tests/blocks/format-1.block")).unwrap();
    let (_, whole) = open(include_bytes!("../../../../app/journal/tests/blocks/format-1-whole.block")).unwrap();
    let sealed = |content, number: i64, records: Vec<Record>| {
        row(seal(content, u64::try_from(number).unwrap(), &records).unwrap())
    };
    let at = |record: &Record, at| Record { at: Stamp(at), change: record.change.clone() };
    let mut rows = Vec::new();
    for n in 0..segments {
        // Half of the block before lies before this whole.
        let number = (n * CHANGES - CHANGES / 2).max(0);
        rows.push(sealed(Content::Whole, number, whole.iter().map(|record| at(record, begins(n))).collect()));
        let times = (0..CHANGES).map(|m| begins(n) + APART / 2 + m * APART / CHANGES + 60_000);
        let changes = times.zip(told.iter().cycle()).map(|(time, record)| at(record, time));
        rows.push(sealed(Content::Changes, n * CHANGES, changes.collect()));
    }
    let mark = |segment: &i64| HistoryMark {
        lane: "deployment".into(),
        about: "one".into(),
        began: begins(*segment) + APART / 2,
        ended: Some(begins(*segment) + APART / 2 + 60_000),
        what: "deploy by ann: success".into(),
    };
    let marks: Vec<HistoryMark> = deployed.iter().map(mark).collect();
    let head = Head { seen: begins(segments), next: segments * CHANGES };
    assert!(store.import_history(NAME, head, Learnt { blocks: &rows, marks: &marks, incidents: &[] }).await.unwrap());
    (folder, History::new(store, bounds, "a test".into()))
}

const fn bounds(days: u64, around: u64, size: u64) -> Bounds {
    Bounds { age: Duration::from_secs(days * DAY), around: Duration::from_secs(around * DAY), size }
}

/// When the cluster came to be as it was in the middle of a segment; none where that moment is not kept.
async fn since(history: &History, segment: i64) -> Option<i64> {
    let moment = history.moment(NAME, Stamp(begins(segment) + APART / 2 + 120_000)).await;
    moment.ok().map(|moment| moment.since.0)
}

async fn kept(history: &History, segments: i64) -> Vec<i64> {
    let mut kept = Vec::new();
    for segment in 0..segments {
        if let Some(since) = since(history, segment).await {
            // By its own changes, and not by those of a time before it.
            assert_eq!(since, begins(segment) + APART / 2 + 60_000, "segment {segment}");
            kept.push(segment);
        }
    }
    kept
}

#[tokio::test]
async fn moments_around_a_deployment_outlive_those_beside_it() {
    let (_folder, history) = lived(40, &[10], bounds(2, 365, 0)).await;
    forget(&history, NAME).await.unwrap();
    let young: Vec<i64> = (32..40).collect();
    assert_eq!(kept(&history, 40).await, [&[10], &young[..]].concat());
    let refused = history.moment(NAME, Stamp(begins(3))).await.err();
    assert!(matches!(refused, Some(PastError::Before { first: Some(Stamp(first)) }) if first == begins(10)));
    let refused = history.moment(NAME, Stamp(begins(20))).await.err().unwrap();
    let beside: Vec<i64> = refused.beside().iter().map(|at| at.0).collect();
    assert_eq!(beside, [begins(11) - 1, begins(32)]);
    assert!(refused.to_string().contains("forgotten"), "{refused}");
    for at in beside {
        history.moment(NAME, Stamp(at)).await.unwrap();
    }
    let around = history.store().kept_around(NAME).await.unwrap();
    assert!(around.spans == 1 && around.until == begins(11) - 1 && around.size > 0, "{around:?}");
    // A thing's history has what is left, and calls none of the rest lost.
    let life = history.life(NAME, "pod/default/mme-1".parse().unwrap(), begins(0), begins(40)).await.unwrap();
    assert!(life.damaged == 0 && life.gaps.iter().any(|(began, ..)| *began == begins(11) - 1), "{life:?}");
    let before = history.store().history_extents().await.unwrap();
    forget(&history, NAME).await.unwrap();
    assert_eq!(history.store().history_extents().await.unwrap(), before, "a second time");
}

#[tokio::test]
async fn a_forgotten_time_grows_and_swallows_what_became_too_old() {
    let (_folder, history) = lived(40, &[4, 12], bounds(2, 6, 0)).await;
    for now in [16, 17, 20, 22] {
        by_age(&history, NAME, begins(now)).await.unwrap();
        let young: Vec<i64> = (now - 8..40).collect();
        let old = [4, 12].into_iter().filter(|segment| *segment < now - 8);
        assert_eq!(kept(&history, 40).await, old.chain(young).collect::<Vec<_>>(), "at {now}");
    }
    // The deployment in segment 4 is older than six days, and goes; its neighbour stays behind one gap.
    by_age(&history, NAME, begins(31)).await.unwrap();
    assert_eq!(kept(&history, 40).await, [12].into_iter().chain(23..40).collect::<Vec<_>>());
    let marks = history.store().history_marks(NAME, i64::MIN, i64::MAX).await.unwrap();
    let gaps: Vec<(i64, i64)> =
        marks.iter().filter(|mark| mark.is_forgotten()).map(|mark| (mark.began, mark.ended.unwrap())).collect();
    assert_eq!(gaps, [(begins(13) - 1, begins(23))]);
    assert_eq!(marks.iter().filter(|mark| mark.lane == "deployment").count(), 1);
}

#[tokio::test]
async fn size_takes_ordinary_moments_first_and_then_those_around_something() {
    let (_folder, history) = lived(12, &[2, 6], bounds(0, 0, 1)).await;
    let size = |history: &History| {
        let store = history.store().clone();
        async move { taken(&store).await.unwrap() }
    };
    let half = size(&history).await / 2;
    let smaller = History::new(history.store().clone(), bounds(0, 0, u64::try_from(half).unwrap()), "a test".into());
    forget(&smaller, NAME).await.unwrap();
    assert!(size(&smaller).await <= half);
    let left = kept(&smaller, 12).await;
    assert!(left.starts_with(&[2, 6]) && left.ends_with(&[11]) && left.len() < 7, "{left:?}");
    // Less than what is kept around them: the oldest of that goes, too, and the last whole stays.
    forget(&history, NAME).await.unwrap();
    assert_eq!(kept(&history, 12).await, [11]);
}

#[tokio::test]
async fn a_kill_while_it_forgets_shows_no_wrong_moment() {
    let (_folder, history) = lived(40, &[10], bounds(2, 365, 0)).await;
    let wholes = history.store().wholes_within(NAME, i64::MIN, i64::MAX).await.unwrap();
    history.store().forget_between(NAME, begins(11) - 1, begins(32)).await.unwrap();
    let few = history.store().forget_history(NAME, begins(11) - 1, &wholes[32]).await.unwrap();
    assert!(few == 32, "{few}");
    for segment in 11..32 {
        assert_eq!(since(&history, segment).await, None, "segment {segment}");
    }
    assert!(since(&history, 10).await.is_some() && since(&history, 32).await.is_some());
    // Who starts again goes on with it.
    forget(&history, NAME).await.unwrap();
    let young: Vec<i64> = (32..40).collect();
    assert_eq!(kept(&history, 40).await, [&[10], &young[..]].concat());
    let marks = history.store().history_marks(NAME, i64::MIN, i64::MAX).await.unwrap();
    assert_eq!(marks.iter().filter(|mark| mark.is_forgotten()).count(), 1, "{marks:?}");
}
