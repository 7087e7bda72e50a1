//! Hands incidents on as they are written: to streams, and on the replica that acts to those who are told.

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::{sync::watch, task::JoinHandle};

use super::{Alertmanager, alertmanager, before::before, telling};
use crate::{
    cluster::Clusters,
    journal::History,
    store::{Held, IncidentRow, StoreError},
    webhook::Webhook,
};

/// How often it is looked for what another replica has written.
const TICK: Duration = Duration::from_millis(500);
/// Rows are read again for so long after they were written: clocks of replicas differ.
const OVERLAP: i64 = 5_000;
/// So long a beginning waits for what had changed before it.
const PATIENCE: Duration = Duration::from_millis(400);

/// Who is told of incidents.
#[derive(Clone, Debug, Default)]
pub struct Telling {
    /// An address that is told of beginnings and ends.
    pub webhook: Option<Webhook>,
    /// An Alertmanager.
    pub alertmanager: Option<Alertmanager>,
    /// What links begin with; empty where that is not known.
    pub link: String,
}

/// Goes on until it is dropped.
pub async fn attend(history: History, telling: Telling, followed: Arc<Clusters>, duty: watch::Receiver<Option<Held>>) {
    let mut rounds = Rounds {
        history,
        telling,
        followed,
        seen: HashMap::new(),
        comparing: None,
        telling_now: None,
        alerts: None,
        alert_due: false,
    };
    loop {
        if let Err(error) = rounds.one(&duty).await {
            tracing::debug!("incidents wait: {error}");
        }
        let written = rounds.history.incident_written();
        tokio::select! {
            () = written => {}
            () = tokio::time::sleep(TICK) => {}
        }
    }
}

struct Rounds {
    history: History,
    telling: Telling,
    /// What is open in a cluster that is followed no more can neither end nor be silenced.
    followed: Arc<Clusters>,
    /// Rows as they were handed on, and when they were first seen.
    seen: HashMap<(String, String), (IncidentRow, Instant)>,
    comparing: Option<JoinHandle<()>>,
    telling_now: Option<JoinHandle<()>>,
    alerts: Option<(Instant, JoinHandle<()>)>,
    /// Whether something is new since the last alerts.
    alert_due: bool,
}

fn is_done(task: Option<&JoinHandle<()>>) -> bool {
    task.is_none_or(JoinHandle::is_finished)
}

impl Rounds {
    async fn one(&mut self, duty: &watch::Receiver<Option<Held>>) -> Result<(), StoreError> {
        let store = self.history.store().clone();
        let now = jiff::Timestamp::now().as_millisecond();
        let written = store.incidents_written(now - OVERLAP).await?;
        let mut news = false;
        for row in &written {
            let key = (row.cluster.clone(), row.id.clone());
            // How often it was tried to tell it is no news.
            let shown = IncidentRow { told: crate::store::Told::Nothing, tries: 0, ..row.clone() };
            let before = self.seen.get(&key);
            if before.is_some_and(|(before, _)| *before == shown) {
                continue;
            }
            news = true;
            let first = before.map_or_else(Instant::now, |(_, first)| *first);
            self.history.incident_news(&shown);
            self.seen.insert(key, (shown, first));
        }
        let overlap = Duration::from_millis(OVERLAP.unsigned_abs() * 2);
        self.seen.retain(|(cluster, id), (_, first)| {
            first.elapsed() < overlap || written.iter().any(|row| row.cluster == *cluster && row.id == *id)
        });
        self.alert_due |= news;
        if duty.borrow().is_none() {
            return Ok(());
        }
        self.compare(&store).await?;
        self.tell(duty);
        self.alert();
        Ok(())
    }

    /// Looks for what had changed, one after the other, beside everything else.
    async fn compare(&mut self, store: &crate::store::Store) -> Result<(), StoreError> {
        if !is_done(self.comparing.as_ref()) {
            return Ok(());
        }
        let rows = store.incidents_to_compare().await?;
        if rows.is_empty() {
            return Ok(());
        }
        let history = self.history.clone();
        self.comparing = Some(tokio::spawn(async move {
            for row in rows {
                let kept = match before(&history, &row).await {
                    Ok(before) => {
                        // Plain texts and numbers: it cannot fail.
                        let text = serde_json::to_string(&before).unwrap_or_default();
                        history.store().incident_changed(&row, &text).await
                    }
                    Err(error) => Err(error),
                };
                if let Err(error) = kept {
                    tracing::debug!("what changed before {} waits: {error}", row.id);
                }
            }
        }));
        Ok(())
    }

    fn tell(&mut self, duty: &watch::Receiver<Option<Held>>) {
        let Some(webhook) = self.telling.webhook.clone().filter(|_| is_done(self.telling_now.as_ref())) else { return };
        let (store, link, duty) = (self.history.store().clone(), self.telling.link.clone(), duty.clone());
        let waiting: Vec<(String, String)> = self
            .seen
            .iter()
            .filter(|(_, (row, first))| row.changed.is_none() && first.elapsed() < PATIENCE)
            .map(|(key, _)| key.clone())
            .collect();
        self.telling_now = Some(tokio::spawn(async move {
            let ready =
                |row: &IncidentRow| row.changed.is_some() || !waiting.contains(&(row.cluster.clone(), row.id.clone()));
            let on_duty = || duty.borrow().is_some();
            if let Err(error) = telling::tell(&store, &webhook, &link, &on_duty, &ready).await {
                tracing::warn!("the webhook of incidents waits: {error}");
            }
        }));
    }

    fn alert(&mut self) {
        let Some(to) = self.telling.alertmanager.clone() else { return };
        let every = Duration::from_millis(alertmanager::EVERY.unsigned_abs());
        let due = self.alert_due || self.alerts.as_ref().is_none_or(|(last, _)| last.elapsed() >= every);
        if !due || !is_done(self.alerts.as_ref().map(|(_, task)| task)) {
            return;
        }
        self.alert_due = false;
        let (store, link, followed) = (self.history.store().clone(), self.telling.link.clone(), self.followed.clone());
        let task = tokio::spawn(async move {
            if let Err(error) = alertmanager::send(&store, &to, &followed, &link).await {
                tracing::warn!("Alertmanager waits: {error}");
            }
        });
        self.alerts = Some((Instant::now(), task));
    }
}
