//! Which blocks go: by age, then by size, oldest first, few at a time. Moments around deployments, restores and
//! incidents may stay longer, and go by size after all others.
//!
//! ```text
//! whole ─changes─ whole ─changes─ whole ─changes─ whole      each whole with its changes is a segment
//!   └ around a deployment ┘└ ordinary: goes ┘└ young: stays
//!   └ stays               ┘└ a gap          ┘
//! ```

use std::time::Duration;

use super::History;
use crate::store::{BlockRow, HistoryMark, Store, StoreError};

/// Others write in between.
const PAUSE: Duration = Duration::from_millis(20);
/// How far before something and after it the moments around it reach, in milliseconds.
const AROUND: i64 = 3_600_000;
/// What lasted longer is kept around its beginning and its end alone.
const LASTS: i64 = 24 * 3_600_000;

/// A whole and the changes until the next one: they stay or go together.
#[derive(Clone, Debug)]
struct Segment {
    whole: BlockRow,
    /// The next whole. The last of a cluster has none, and is no segment.
    next: BlockRow,
    /// Up to when something of it is kept.
    until: i64,
}

impl Segment {
    /// Whether one of these spans of time reaches into it.
    fn is_around(&self, times: &[(i64, i64)]) -> bool {
        times.iter().any(|(began, ended)| *began <= self.until && *ended >= self.whole.first)
    }
}

/// Removes what of a cluster is older than it may be, and then, while all clusters together take more than they may,
/// the oldest of all. The last whole and what follows it stay.
pub(super) async fn forget(history: &History, cluster: &str) -> Result<(), StoreError> {
    let _turn = history.0.forgetting.lock().await;
    let store = &history.0.store;
    let Some(head) = store.history_head(cluster).await? else { return Ok(()) };
    by_age(history, cluster, head.seen).await?;
    by_size(history).await
}

async fn by_age(history: &History, cluster: &str, now: i64) -> Result<(), StoreError> {
    let age = milliseconds(history.0.bounds.age);
    if age == 0 {
        return Ok(());
    }
    let store = &history.0.store;
    let oldest = now.saturating_sub(age);
    let (segments, times) = (segments(store, cluster).await?, around(history, cluster, now).await?);
    let goes = |segment: &Segment| segment.next.first <= oldest && !segment.is_around(&times);
    // Neighbours go behind one gap.
    for run in segments.chunk_by(|one, next| goes(one) == goes(next)) {
        if let (Some(first), Some(last)) = (run.first(), run.last())
            && goes(first)
        {
            remove(store, cluster, &first.whole, &last.next).await?;
        }
    }
    Ok(())
}

async fn by_size(history: &History) -> Result<(), StoreError> {
    let store = &history.0.store;
    let most = i64::try_from(history.0.bounds.size).unwrap_or(i64::MAX);
    if most == 0 || taken(store).await? <= most {
        return Ok(());
    }
    let mut all = Vec::new();
    // The one that reaches back farthest gives, whether or not it is still recorded.
    for cluster in store.history_extents().await?.into_iter().map(|extent| extent.cluster) {
        let Some(head) = store.history_head(&cluster).await? else { continue };
        let times = around(history, &cluster, head.seen).await?;
        let segments = segments(store, &cluster).await?.into_iter();
        all.extend(segments.map(|segment| (segment.is_around(&times), segment, cluster.clone())));
    }
    all.sort_by_key(|(is_around, segment, _)| (*is_around, segment.whole.first));
    for (_, segment, cluster) in all {
        if taken(store).await? <= most {
            break;
        }
        remove(store, &cluster, &segment.whole, &segment.next).await?;
    }
    Ok(())
}

async fn taken(store: &Store) -> Result<i64, StoreError> {
    Ok(store.history_extents().await?.iter().map(|extent| extent.size + extent.wholes_size).sum())
}

/// A cluster's segments, oldest first.
async fn segments(store: &Store, cluster: &str) -> Result<Vec<Segment>, StoreError> {
    let wholes = store.wholes_within(cluster, i64::MIN, i64::MAX).await?;
    let forgotten = forgotten(store, cluster, i64::MIN, i64::MAX).await?;
    let segment = |pair: &[BlockRow]| {
        let [whole, next] = pair else { return None };
        let cut = forgotten.iter().find(|(began, _)| (whole.first..next.first).contains(began));
        let until = cut.map_or(next.first, |(began, _)| *began);
        Some(Segment { whole: whole.clone(), next: next.clone(), until })
    };
    Ok(wholes.windows(2).filter_map(segment).collect())
}

/// Times that are forgotten already, between two that are kept.
async fn forgotten(store: &Store, cluster: &str, from: i64, until: i64) -> Result<Vec<(i64, i64)>, StoreError> {
    let marks = store.history_marks(cluster, from, until).await?;
    Ok(marks
        .iter()
        .filter(|mark| mark.is_forgotten())
        .filter_map(|mark: &HistoryMark| Some((mark.began, mark.ended?)))
        .collect())
}

/// The times around what makes them worth keeping.
async fn around(history: &History, cluster: &str, now: i64) -> Result<Vec<(i64, i64)>, StoreError> {
    let longest = milliseconds(history.0.bounds.around);
    let from = if longest == 0 { i64::MIN } else { now.saturating_sub(longest) };
    let times = history.0.store.remarkable_times(cluster, from, now).await?.into_iter();
    let wide = |began: i64, ended: i64| (began - AROUND, ended + AROUND);
    Ok(times
        .flat_map(|(began, ended)| match ended - began > LASTS {
            true => vec![wide(began, began), wide(ended, ended)],
            false => vec![wide(began, ended)],
        })
        .collect())
}

/// Removes everything from a whole up to another.
async fn remove(store: &Store, cluster: &str, whole: &BlockRow, next: &BlockRow) -> Result<(), StoreError> {
    let is_first = store.whole_after(cluster, i64::MIN).await?.is_none_or(|first| first >= whole.first);
    let after = if is_first {
        i64::MIN
    } else {
        // It goes on where a time before it is forgotten.
        let before = forgotten(store, cluster, whole.first, whole.first).await?.into_iter();
        let from = before.map(|(began, _)| began).find(|began| *began < whole.first).unwrap_or(whole.first - 1);
        store.forget_between(cluster, from, next.first).await?;
        from
    };
    while store.forget_history(cluster, after, next).await? > 0 {
        tokio::time::sleep(PAUSE).await;
    }
    if is_first {
        store.forget_marks_before(cluster, next.first).await?;
    }
    Ok(())
}

fn milliseconds(length: Duration) -> i64 {
    i64::try_from(length.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
