//! What goes on by itself: every server delivers what waits on its own disk; the one that has the duty looks into the
//! places and takes what is due.

use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::{
    delivery::BackupError,
    hosts,
    house::{Backups, Course},
    part,
    rehearsal::scratch::Scratch,
    rereading::reread,
    schedule::Due,
};
use crate::store::{Held, Scheduled, StoreError};

/// How often the clock is looked at.
const TICK: Duration = Duration::from_secs(15);
/// How often what waits is tried again.
const DELIVER: Duration = Duration::from_secs(60);
/// How often places are looked into.
const LOOK: Duration = Duration::from_secs(300);
/// As [`super::schedule`] has it: beyond this a moment was noted by a wrong clock.
const ASTRAY: i64 = 3_600_000;

/// Goes on until it is dropped.
pub async fn rounds(backups: Backups, duty: watch::Receiver<Option<Held>>) {
    if backups.clusters().next().is_none() && backups.keeping().places.is_empty() {
        return;
    }
    let scratch = backups.proving().scratch.clone();
    // A killed server may have left an etcd with every Secret of the cluster.
    let _ = tokio::task::spawn_blocking(move || Scratch::sweep(&scratch)).await;
    tokio::join!(act(backups.clone(), duty.clone()), reread(backups.clone(), duty), hosts::asked(backups));
}

async fn act(backups: Backups, duty: watch::Receiver<Option<Held>>) {
    let (mut delivered, mut looked): (Option<Instant>, Option<Instant>) = (None, None);
    loop {
        let past = |last: Option<Instant>, every| last.is_none_or(|last| last.elapsed() >= every);
        if past(delivered, DELIVER) {
            let waiting = backups.keeping().waiting.clone();
            let _ = tokio::task::spawn_blocking(move || part::sweep(&waiting)).await;
            said(backups.find_waiting().await);
            said(backups.deliver().await);
            delivered = Some(Instant::now());
        }
        if duty.borrow().is_some() {
            if past(looked, LOOK) {
                said(backups.look().await.map(|_| ()));
                looked = Some(Instant::now());
            }
            let clusters: Vec<String> = backups.clusters().map(str::to_owned).collect();
            for cluster in clusters {
                said(backups.scheduled(&cluster).await);
                said(backups.rehearse_scheduled(&cluster).await);
            }
        }
        let clusters: Vec<String> = backups.clusters().map(str::to_owned).collect();
        for cluster in clusters {
            backups.find_out(&cluster).await;
        }
        tokio::time::sleep(TICK).await;
    }
}

fn said(outcome: Result<(), StoreError>) {
    if let Err(error) = outcome {
        tracing::warn!("backups wait: {error}");
    }
}

impl Backups {
    /// Takes what is due of a cluster, in a task of its own.
    async fn scheduled(&self, cluster: &str) -> Result<(), StoreError> {
        let Some(schedule) = &self.regime(cluster).schedule else { return Ok(()) };
        if self.course(cluster).as_ref().is_some_and(Course::goes_on) {
            return Ok(());
        }
        let remembered = self.store().scheduled(cluster).await?;
        let now = jiff::Timestamp::now();
        let believed = now.as_millisecond().saturating_add(ASTRAY);
        let due = match schedule.due(remembered.as_ref(), now) {
            Due::Not => return Ok(()),
            Due::Begin(due) => {
                let begun = Scheduled { due, ended: due, failures: 0, detail: String::new() };
                self.store().keep_scheduled(cluster, &begun, believed).await?;
                return Ok(());
            }
            Due::Now(due) => due,
        };
        let before = remembered.unwrap_or_default();
        let claimed = Scheduled { due, ..before.clone() };
        if !self.store().keep_scheduled(cluster, &claimed, believed).await? {
            return Ok(());
        }
        let (backups, cluster) = (self.clone(), cluster.to_owned());
        tokio::spawn(async move {
            let ran = backups.take_alone(&cluster, "schedule").await;
            // Whoever takes one now will be asked again.
            if matches!(ran, Err(BackupError::Underway(_))) {
                return;
            }
            let (failures, detail) = match &ran {
                Ok(_) => (0, String::new()),
                Err(error) => (before.failures + 1, error.to_string()),
            };
            let ended = jiff::Timestamp::now().as_millisecond();
            let done = Scheduled { due, ended, failures, detail };
            said(backups.store().keep_scheduled(&cluster, &done, believed).await.map(|_| ()));
            backups.find_out(&cluster).await;
            // The moment was served, whatever becomes of this server meanwhile.
            if let Ok(taken) = ran {
                backups.rehearse_taken(&taken).await;
            }
        });
        Ok(())
    }
}
