//! A past moment, from the blocks before it.

use std::{
    sync::{Arc, LazyLock},
    time::{Duration, Instant},
};

use journal::{BlockError, Replay, open};
use tokio::sync::Semaphore;
use topology::{Inventory, Stamp};

use super::History;
use crate::{
    cluster::Cluster,
    placed::placed,
    store::{BlockRow, StoreError},
};

/// Moments that are put together, read or compared at once.
pub(crate) static TURNS: LazyLock<Arc<Semaphore>> = LazyLock::new(|| Arc::new(Semaphore::new(2)));
/// Moments that are kept for whoever asks next.
const KEPT: usize = 4;
/// What is older than this, in milliseconds, is in the database; on a busy machine, too.
const FRESH: i64 = 5_000;
/// A reader's clock may be ahead by this much.
const AHEAD: i64 = 1_500;
/// A quiet cluster is noted as followed every five seconds: what lies farther behind the last note was not recorded.
const UNSEEN: i64 = 10_000;
/// What is not may be waited for.
const PATIENCE: Duration = Duration::from_secs(5);

/// A cluster as it was.
#[derive(Clone)]
pub struct Moment {
    /// It, standing still.
    pub cluster: Arc<Cluster>,
    /// Its name.
    pub name: String,
    /// When.
    pub at: Stamp,
    /// When it came to be like this.
    pub since: Stamp,
    /// When it changed next; none when it has not.
    pub next: Option<Stamp>,
    /// Whether anything is known from before that.
    pub has_before: bool,
}

/// Why a moment cannot be shown.
#[derive(Clone, Debug, thiserror::Error)]
pub enum PastError {
    /// It has not come yet.
    #[error("that moment has not come yet")]
    Future,
    /// It lies before the first that was recorded.
    #[error("nothing was recorded before {}", first.map_or_else(|| "now".to_owned(), topology::health::moment))]
    Before {
        /// The first moment that is known.
        first: Option<Stamp>,
    },
    /// Nothing was recorded then.
    #[error("nothing is known between {} and {}: {why}", topology::health::moment(*from), topology::health::moment(*until))]
    Gap {
        /// The last moment before it.
        from: Stamp,
        /// The first after it.
        until: Stamp,
        /// As in `Binnacle was not running`.
        why: String,
    },
    /// It lies after the last that was recorded, and nobody records now.
    #[error("nothing was recorded after {}", topology::health::moment(*last))]
    After {
        /// The last moment that is known.
        last: Stamp,
    },
    /// A block cannot be read.
    #[error("nothing is known after {}: {why}", topology::health::moment(*from))]
    Damaged {
        /// The last moment before it.
        from: Stamp,
        /// The first that is known again.
        until: Option<Stamp>,
        /// What is wrong with it.
        why: String,
    },
    /// The database does not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl PastError {
    /// Moments that can be shown instead.
    pub fn beside(&self) -> Vec<Stamp> {
        match self {
            Self::Before { first } => first.iter().copied().collect(),
            Self::After { last } => vec![*last],
            Self::Gap { from, until, .. } => vec![*from, *until],
            Self::Damaged { from, until, .. } => [*from].into_iter().chain(*until).collect(),
            Self::Future | Self::Store(_) => Vec::new(),
        }
    }
}

/// What replaying comes to: the Inventory, since when it is so, when it changes, and where a block was no good.
type Replayed = (Inventory, Stamp, Option<Stamp>, Option<(Stamp, String)>);

impl History {
    /// A cluster as it was at a moment.
    ///
    /// # Errors
    /// [`PastError`].
    pub async fn moment(&self, name: &str, at: Stamp) -> Result<Moment, PastError> {
        let kept = self.seen().iter().find(|moment| moment.at == at && moment.name == name).cloned();
        if let Some(moment) = kept {
            return Ok(moment);
        }
        let now = jiff::Timestamp::now().as_millisecond();
        let ahead = at.0 - now;
        if ahead > AHEAD {
            return Err(PastError::Future);
        }
        if ahead > -FRESH {
            let until = Instant::now() + PATIENCE;
            while !self.has_reached(name, at.0) && Instant::now() < until {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
        let store = self.store();
        if let Some(gap) = self.gap(name, at.0).await? {
            return Err(gap);
        }
        let head = store.history_head(name).await?;
        if let Some(head) = head.filter(|head| at.0 > head.seen + UNSEEN) {
            return Err(PastError::After { last: Stamp(head.seen) });
        }
        let Some(whole) = store.whole_before(name, at.0).await? else {
            return Err(PastError::Before { first: store.whole_after(name, at.0).await?.map(Stamp) });
        };
        let earlier = store.whole_after(name, i64::MIN).await?.is_some_and(|first| first < whole.first);
        let changes = store.changes_from(name, whole.number, at.0).await?;
        let again = store.whole_after(name, whole.first).await?.map(Stamp);
        let began = Stamp(whole.first);
        let replayed = placed(&TURNS, move || replay(&whole, &changes, at)).await;
        let damaged = |from, why: String| PastError::Damaged { from, until: again, why };
        let replayed = replayed.unwrap_or_else(|| Err("it could not be put together".into()));
        let (inventory, since, next, broken) = replayed.map_err(|why| damaged(began, why))?;
        if let Some((from, why)) = broken {
            return Err(damaged(from, why));
        }
        let next = next.or(again.filter(|again| *again > at));
        let cluster = Arc::new(Cluster::past(name, inventory, at));
        let has_before = earlier || since > began;
        let moment = Moment { cluster, name: name.to_owned(), at, since, next, has_before };
        // What is not recorded yet may still come to be another.
        if head.is_none_or(|head| at.0 > head.seen) {
            return Ok(moment);
        }
        let mut seen = self.seen();
        seen.push_front(moment.clone());
        seen.truncate(KEPT);
        drop(seen);
        Ok(moment)
    }

    /// The gap that a moment lies in, with what leads on from it on either side.
    async fn gap(&self, name: &str, at: i64) -> Result<Option<PastError>, StoreError> {
        let (mut from, mut until, mut why) = (at, at, None);
        // A forgotten time may begin or end within another gap: a link leads to a moment that is known.
        loop {
            let marks = self.store().history_marks(name, from, until).await?;
            let gaps = marks.into_iter().filter(|mark| mark.lane == "gap");
            let gaps = gaps.filter_map(|mark| Some((mark.began, mark.ended?, mark.what)));
            let known = (from, until);
            for (began, ended, what) in gaps {
                let reaches = match why {
                    None => began < at && at < ended,
                    Some(_) => began < until && from < ended,
                };
                if reaches {
                    (from, until) = (from.min(began), until.max(ended));
                    why.get_or_insert(what);
                }
            }
            if known == (from, until) {
                break;
            }
        }
        Ok(why.map(|why| PastError::Gap {
            from: Stamp(from),
            until: Stamp(until),
            why: why.trim_end_matches('.').to_owned(),
        }))
    }
}

fn replay(whole: &BlockRow, changes: &[BlockRow], at: Stamp) -> Result<Replayed, String> {
    let said = |error: BlockError| error.to_string();
    let (block, records) = open(&whole.body).map_err(said)?;
    let mut replay = Replay::of(&block, records);
    let (mut next, mut broken) = (None, None);
    for row in changes {
        let opened = open(&row.body).map_err(said);
        let went_on = opened.and_then(|(block, records)| {
            next = records.iter().find(|record| record.at > at).map(|record| record.at);
            replay.go_on(&block, records, at).map_err(|lost| lost.to_string())
        });
        if let Err(why) = went_on {
            // What lies after the moment harms nothing.
            if row.first <= at.0 {
                broken = Some((replay.at(), why));
            }
            break;
        }
        if next.is_some() {
            break;
        }
    }
    let since = replay.at();
    Ok((replay.moment(at).clone(), since, next, broken))
}
