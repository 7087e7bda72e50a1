//! A past that is made up, written as a recording is: moment after moment, and kept all at once or not at all.

use std::time::{Duration, Instant};

use incident::Beside;
use journal::Record;
use topology::Stamp;

use super::{
    History, MADE_UP,
    recording::{LEASE, Session, WHOLE_AFTER},
};
use crate::{
    cluster::Cluster,
    store::{HistoryMark, StoreError, Told},
};

/// Whoever finds the lease taken looks this often whether it is free, or whether a past is kept.
const AGAIN: Duration = Duration::from_secs(1);

/// A past in the making.
pub(crate) struct Making<'a> {
    session: Session<'a>,
    history: &'a History,
    lease: &'a str,
    /// What was recorded since the last pause.
    records: Vec<Record>,
    began: Stamp,
}

impl<'a> Making<'a> {
    /// From the moment that a cluster's clock shows on; none where anything is kept of it already, or another records.
    /// A server that died while it made one holds its lease for a while, which is waited for.
    ///
    /// # Errors
    /// [`StoreError::Away`].
    pub(crate) async fn begin(
        history: &'a History,
        name: &'a str,
        lease: &'a str,
        cluster: &'a Cluster,
    ) -> Result<Option<Self>, StoreError> {
        let store = history.store();
        let until = Instant::now() + LEASE + AGAIN;
        loop {
            let is_held = store.hold(lease, history.holder(), LEASE).await?.is_some();
            if store.history_head(name).await?.is_some() {
                return Ok(None);
            }
            if is_held {
                break;
            }
            if Instant::now() > until {
                return Ok(None);
            }
            tokio::time::sleep(AGAIN).await;
        }
        let mut session = Session::begin(history, name, lease, cluster).await?;
        // Backups of now say nothing of then.
        session.judging.beside = std::sync::Arc::new(|_| Beside::default());
        Ok(Some(Self { session, history, lease, records: Vec::new(), began: cluster.now() }))
    }

    /// Takes in what the cluster has heard, and judges.
    pub(crate) fn moment(&mut self) {
        let (now, records, _) = self.session.cluster.recorded(false);
        self.records.extend(records);
        self.session.look(now);
        self.session.judge(now);
    }

    /// Makes blocks of what was taken in, and renews the lease. After some hours without one, a whole follows.
    ///
    /// # Errors
    /// [`StoreError::Away`].
    pub(crate) async fn pause(&mut self) -> Result<(), StoreError> {
        // Whether it is still ours is asked when all is kept.
        self.history.store().hold(self.lease, self.history.holder(), LEASE).await?;
        self.session.take(std::mem::take(&mut self.records))?;
        let now = self.session.cluster.now();
        if now.since(self.session.since_whole.1) > WHOLE_AFTER {
            let (now, records, changes) = self.session.cluster.recorded(true);
            self.session.take(records)?;
            self.session.whole(changes.unwrap_or_default(), now).await?;
        }
        Ok(())
    }

    /// Something for a lane of the time line.
    pub(crate) fn mark(&mut self, mark: HistoryMark) {
        self.session.marks.push(mark);
    }

    /// Keeps all of it; false where another has begun to record meanwhile. Nobody is told of its incidents.
    ///
    /// # Errors
    /// [`StoreError::Away`].
    pub(crate) async fn keep(mut self, what: &str) -> Result<bool, StoreError> {
        self.pause().await?;
        let now = self.session.cluster.now();
        self.session.marks.push(HistoryMark {
            lane: MADE_UP.into(),
            about: String::new(),
            began: self.began.0,
            ended: Some(now.0),
            what: what.into(),
        });
        self.session.incidents.values_mut().for_each(|incident| incident.told = Told::End);
        let kept = self.session.commit(now).await?;
        self.session.cluster.record_no_more();
        Ok(kept)
    }
}
