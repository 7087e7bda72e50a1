//! What clusters were like: recorded while they are watched, kept in the database, and looked at later.
//!
//! ```text
//! Cluster ──tape──▶ recording (half a second) ──blocks──▶ store ──▶ reading ──▶ a Cluster of then
//!                     └─ marks: gaps, leaders, hosts, plans; incidents ────▶ line (what a time line shows)
//! ```
//! One replica records a cluster, by a lease. What was not recorded is a gap, and nothing is guessed in it.

mod lanes;
mod life;
mod line;
mod making;
mod reading;
mod recording;
mod retention;

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::Duration,
};

use journal::{Block, Content};
pub use life::LifeOf;
pub use line::{Line, Lines};
pub(crate) use making::Making;
pub(crate) use reading::TURNS;
pub use reading::{Moment, PastError};
pub use recording::record;

use tokio::sync::{Notify, broadcast};

use crate::{
    incidents::Judging,
    store::{BlockRow, IncidentRow, Store},
};

/// News of incidents that a reader may lie behind before it is dropped.
const BEHIND: usize = 256;

/// The lane of days that were made up.
pub(crate) const MADE_UP: &str = "made-up";

/// How much is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// For how long.
    pub age: Duration,
    /// For how long moments around deployments, restores and incidents are kept.
    pub around: Duration,
    /// Bytes of all clusters together.
    pub size: u64,
}

/// A block as the database keeps it.
pub(crate) fn row(block: Block) -> BlockRow {
    BlockRow {
        whole: block.content == Content::Whole,
        number: i64::try_from(block.number).unwrap_or(i64::MAX),
        first: block.first.0,
        last: block.last.0,
        changes: block.count.into(),
        body: block.bytes,
    }
}

/// The history of all clusters. Cheap to clone.
#[derive(Clone)]
pub struct History(Arc<Inner>);

struct Inner {
    store: Store,
    bounds: Bounds,
    /// Names this process among those that share the database.
    holder: String,
    /// Moments that were looked at last: a page, its panel and its file ask for the same one.
    seen: Mutex<VecDeque<Moment>>,
    /// Up to when each cluster that this process records is in the database.
    reached: Mutex<HashMap<String, i64>>,
    /// One cluster after the other forgets: each adds up what all of them take.
    forgetting: tokio::sync::Mutex<()>,
    /// By what incidents are judged, where that was said.
    judging: OnceLock<Judging>,
    /// Incidents were written by this process.
    written: Notify,
    news: broadcast::Sender<Arc<IncidentRow>>,
}

impl History {
    /// In this database. `holder` names this process and no other.
    pub fn new(store: Store, bounds: Bounds, holder: String) -> Self {
        Self(Arc::new(Inner {
            store,
            bounds,
            holder,
            seen: Mutex::default(),
            reached: Mutex::default(),
            forgetting: tokio::sync::Mutex::default(),
            judging: OnceLock::new(),
            written: Notify::new(),
            news: broadcast::Sender::new(BEHIND),
        }))
    }

    /// Judges incidents by this from the next recording on; said once, before it begins.
    #[must_use]
    pub fn judging(self, by: Judging) -> Self {
        let _ = self.0.judging.set(by);
        self
    }

    fn judges(&self) -> Judging {
        self.0.judging.get().cloned().unwrap_or_default()
    }

    /// Waits until this process writes incidents.
    pub(crate) async fn incident_written(&self) {
        self.0.written.notified().await;
    }

    /// Tells those who listen of an incident.
    pub(crate) fn incident_news(&self, row: &IncidentRow) {
        // Nobody listens: that is no fault.
        let _ = self.0.news.send(Arc::new(row.clone()));
    }

    /// Hears of incidents from now on: of each as it is now, whenever it is other than before.
    pub fn incidents(&self) -> broadcast::Receiver<Arc<IncidentRow>> {
        self.0.news.subscribe()
    }

    /// Names this process.
    fn holder(&self) -> &str {
        &self.0.holder
    }

    /// The database.
    pub fn store(&self) -> &Store {
        &self.0.store
    }

    /// A cluster is in the database up to a moment.
    fn reach(&self, name: &str, at: i64) {
        self.0.reached.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned(), at);
    }

    fn has_reached(&self, name: &str, at: i64) -> bool {
        let reached = self.0.reached.lock().unwrap_or_else(PoisonError::into_inner);
        reached.get(name).is_some_and(|reached| *reached > at)
    }

    fn seen(&self) -> std::sync::MutexGuard<'_, VecDeque<Moment>> {
        self.0.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
