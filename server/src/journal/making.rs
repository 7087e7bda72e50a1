//! A past that is made up, written as a recording is: moment after moment, and kept all at once or not at all.

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

/// A past in the making.
pub(crate) struct Making<'a> {
    session: Session<'a>,
    /// What was recorded since the last pause.
    records: Vec<Record>,
    began: Stamp,
}

impl<'a> Making<'a> {
    /// From the moment that a cluster's clock shows on; none where anything is kept of it already, or another records.
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
        if store.history_head(name).await?.is_some() || store.hold(lease, history.holder(), LEASE).await?.is_none() {
            return Ok(None);
        }
        let mut session = Session::begin(history, name, lease, cluster).await?;
        // Backups of now say nothing of then.
        session.judging.beside = std::sync::Arc::new(|_| Beside::default());
        Ok(Some(Self { session, records: Vec::new(), began: cluster.now() }))
    }

    /// Takes in what the cluster has heard, and judges.
    pub(crate) fn moment(&mut self) {
        let (now, records, _) = self.session.cluster.recorded(false);
        self.records.extend(records);
        self.session.look(now);
        self.session.judge(now);
    }

    /// Makes blocks of what was taken in. After some hours without one, a whole follows.
    ///
    /// # Errors
    /// [`StoreError::Away`].
    pub(crate) async fn pause(&mut self) -> Result<(), StoreError> {
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
