//! From the moment a backup is asked for until every place has it: taken, noted, put everywhere, and then what no rule
//! keeps goes.
//!
//! ```text
//! start ─▶ lease (one at a time for a cluster, among all servers) ─▶ take ─▶ WAITING/ID.db…  ─▶ noted as pending
//!       ─▶ deliver: each place by itself ─▶ kept; when all are: WAITING is emptied ─▶ prune
//! ```
//! Killed anywhere, what waits is found again by [`Backups::find_waiting`], and delivered.

use std::{collections::HashMap, path::PathBuf};

use super::{
    companion::gather,
    house::{Backups, Course, Stage},
    incarnation::Origin,
    lease::Lease,
    manifest::Manifest,
    places::{Place, PlaceError, objects},
    retention::{Subject, Verdict, decide},
    take::{Bounds, Order, Progress, TakeError, Taken, blocking, take_with},
};
use crate::store::{Backup, Copy, CopyState, StoreError};

/// A copy whose file is lost is given up after this, in milliseconds.
const GIVEN_UP: i64 = 7 * 86_400_000;

/// Why no backup is taken.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// Nobody said where its etcd is.
    #[error("etcd endpoints of {0} are not configured: set etcd_endpoints and its files")]
    Unknown(String),
    /// One is being taken already, here or by another server.
    #[error("a backup of {0} is being taken already")]
    Underway(String),
    /// The catalogue does not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// etcd or the disk did not do.
    #[error(transparent)]
    Take(#[from] TakeError),
    /// A place did not do.
    #[error(transparent)]
    Place(#[from] PlaceError),
    /// It is not there.
    #[error("there is no backup {0}")]
    Missing(String),
    /// It must stay.
    #[error("the backup {0} stays: it is the only verified one of its cluster")]
    LastGood(String),
    /// Nothing here opens it.
    #[error(
        "the backup {0} is encrypted, and its private key is not here: fetch it, and rehearse it where the key is, with \
         binnacle backup rehearse FILE --identity KEY"
    )]
    Sealed(String),
    /// One is rehearsed already, here or by another server.
    #[error("a backup of {0} is being rehearsed already")]
    Rehearsing(String),
    /// It must stay for now.
    #[error("the backup {0} stays for now: it is on its way to where it is kept")]
    OnItsWay(String),
}

impl Backups {
    /// Begins a backup; [`Backups::course`] tells how it goes.
    ///
    /// # Errors
    /// [`BackupError::Unknown`], [`BackupError::Underway`], [`BackupError::Store`]: then none was begun.
    pub async fn start(&self, cluster: &str, by: &str) -> Result<(), BackupError> {
        let lease = self.claim(cluster, by).await?;
        let (backups, cluster, by) = (self.clone(), cluster.to_owned(), by.to_owned());
        tokio::spawn(async move {
            if let Ok(taken) = backups.run(lease, &cluster, &by).await {
                backups.rehearse_taken(&taken).await;
            }
        });
        Ok(())
    }

    /// Whether another server takes a backup of a cluster now.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn taken_elsewhere(&self, cluster: &str) -> Result<bool, StoreError> {
        let here = self.course(cluster).as_ref().is_some_and(Course::goes_on);
        Ok(!here && self.knows(cluster) && self.store().is_held(&lease(cluster)).await?)
    }

    /// Takes a backup and waits until it was tried to put it everywhere, and whether it restores, when that is due.
    ///
    /// # Errors
    /// [`BackupError`]; a place that failed is none, it is tried again.
    pub async fn take(&self, cluster: &str, by: &str) -> Result<Manifest, BackupError> {
        let taken = self.take_alone(cluster, by).await?;
        self.rehearse_taken(&taken).await;
        Ok(taken.manifest)
    }

    /// The same, which leaves it to others to see whether it restores.
    pub(super) async fn take_alone(&self, cluster: &str, by: &str) -> Result<Taken, BackupError> {
        let lease = self.claim(cluster, by).await?;
        self.run(lease, cluster, by).await
    }

    async fn claim(&self, cluster: &str, by: &str) -> Result<Lease, BackupError> {
        if !self.knows(cluster) {
            return Err(BackupError::Unknown(cluster.to_owned()));
        }
        let lease = Lease::take(self, &lease(cluster)).await?;
        let lease = lease.ok_or_else(|| BackupError::Underway(cluster.to_owned()))?;
        let began = jiff::Timestamp::now().as_millisecond();
        let course = Course { began, by: by.to_owned(), stage: Stage::Taking(Progress::Looking) };
        self.courses().insert(cluster.to_owned(), course);
        Ok(lease)
    }

    async fn run(&self, lease: Lease, cluster: &str, by: &str) -> Result<Taken, BackupError> {
        let ran = self.run_all(cluster, by).await;
        // Before it is over, so that no page shows the backup and says beside it that there is none; and before another
        // can begin, whose stage would be taken for this one's.
        self.find_out(cluster).await;
        lease.give_back().await;
        match &ran {
            Ok(Taken { manifest, .. }) => {
                tracing::info!("backup {} of {cluster} is taken, revision {}", manifest.id, manifest.revision);
                self.stage(cluster, Stage::Done(manifest.id.clone()));
            }
            Err(error) => {
                tracing::warn!("no backup of {cluster}: {error}");
                self.stage(cluster, Stage::Failed(error.to_string()));
            }
        }
        ran
    }

    async fn run_all(&self, cluster: &str, by: &str) -> Result<Taken, BackupError> {
        let access = self.0.etcds.get(cluster).ok_or_else(|| BackupError::Unknown(cluster.to_owned()))?;
        let keeping = self.keeping();
        let order = Order {
            endpoints: access.endpoints.clone(),
            tls: access.tls.clone(),
            from: None,
            folder: keeping.waiting.clone(),
            cluster: cluster.to_owned(),
            by: by.to_owned(),
            sealing: keeping.sealing.clone(),
            key: keeping.key.clone(),
            bounds: Bounds::default(),
        };
        let (with, recipients) = (self.proving().with.clone(), order.sealing.recipients.clone());
        // A file that is missing costs what travels with the backup, and never the backup: a warning tells.
        let with = match blocking(move || gather(&with, &recipients)).await? {
            Ok(gathered) => Some(gathered),
            Err(error) => {
                tracing::error!("nothing travels with the backup of {cluster}: {error}");
                None
            }
        };
        let tell = |progress| self.stage(cluster, Stage::Taking(progress));
        let taken = take_with(&order, with, &tell).await?;
        for warning in &taken.warnings {
            tracing::warn!("backup {}: {warning}", taken.manifest.id);
        }
        self.note_waiting(&taken.manifest).await?;
        self.stage(cluster, Stage::Delivering(taken.manifest.id.clone()));
        self.deliver().await?;
        self.prune(cluster).await?;
        Ok(taken)
    }

    /// Notes a backup that waits here for every place.
    pub(super) async fn note_waiting(&self, manifest: &Manifest) -> Result<(), StoreError> {
        let at = jiff::Timestamp::now().as_millisecond();
        let waits = |place: &Place| Copy {
            backup: manifest.id.clone(),
            place: place.name().to_owned(),
            state: CopyState::Pending,
            tag: String::new(),
            at,
            detail: String::new(),
        };
        let copies = self.keeping().places.iter().map(waits).collect();
        self.store().keep_backups(&[noted(manifest, copies)]).await
    }

    /// Puts everything that waits here where it belongs, once; what fails waits on.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn deliver(&self) -> Result<(), StoreError> {
        let _one = self.0.delivering.lock().await;
        for pending in self.store().pending_backups().await? {
            let Ok(manifest) = Manifest::read(pending.manifest.as_bytes()) else { continue };
            self.deliver_one(&manifest, &pending).await?;
        }
        Ok(())
    }

    async fn deliver_one(&self, manifest: &Manifest, pending: &Backup) -> Result<(), StoreError> {
        let file = self.waiting(manifest);
        // Another server's disk may have it.
        let here = self.waits_here(manifest).await;
        let now = jiff::Timestamp::now().as_millisecond();
        let putting = pending.copies.iter().map(|copy| async {
            match self.place(&copy.place) {
                None => Some(Err(None)),
                Some(_) if !here && now - pending.began > GIVEN_UP => Some(Err(None)),
                Some(_) if !here => None,
                Some(place) => Some(place.put(&file, manifest, &self.keeping().key).await.map_err(Some)),
            }
        });
        let outcomes = futures::future::join_all(putting).await;
        let mut waits = false;
        for (copy, outcome) in pending.copies.iter().zip(outcomes) {
            let at = jiff::Timestamp::now().as_millisecond();
            match outcome {
                None => waits = true,
                Some(Ok(put)) => {
                    let kept = Copy { state: CopyState::Kept, at, detail: String::new(), ..copy.clone() };
                    self.store().keep_backups(&[noted(&put, vec![kept])]).await?;
                }
                Some(Err(None)) => {
                    tracing::error!("backup {} is given up for {}: it or its file is gone", manifest.id, copy.place);
                    self.store().forget_copy(&manifest.id, &copy.place).await?;
                }
                Some(Err(Some(error))) => {
                    waits = true;
                    tracing::warn!("backup {} waits: {error}", manifest.id);
                    // Since when it waits stays.
                    self.store().keep_copy(&Copy { detail: error.to_string(), ..copy.clone() }).await?;
                }
            }
        }
        if here && !waits {
            self.empty(manifest).await;
        }
        Ok(())
    }

    /// What every place has need not wait any more. First goes what would make it found again.
    async fn empty(&self, manifest: &Manifest) {
        let waiting = &self.keeping().waiting;
        let objects = objects(manifest).map(|stored| waiting.join(&stored.name));
        for path in std::iter::once(waiting.join(format!("{}.json", manifest.id))).chain(objects) {
            if let Err(error) = tokio::fs::remove_file(&path).await
                && error.kind() != std::io::ErrorKind::NotFound
            {
                tracing::warn!("{} stays though every place has it: {error}", path.display());
            }
        }
    }

    /// Whether all of it waits on this machine.
    pub(super) async fn waits_here(&self, manifest: &Manifest) -> bool {
        for stored in objects(manifest) {
            let file = tokio::fs::metadata(self.keeping().waiting.join(&stored.name)).await;
            if !file.is_ok_and(|file| file.len() == stored.size) {
                return false;
            }
        }
        true
    }

    /// The file in which a backup waits.
    pub(super) fn waiting(&self, manifest: &Manifest) -> PathBuf {
        self.keeping().waiting.join(&manifest.stored.name)
    }

    /// What retention would do now, by place: the dry run.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn retention(&self, cluster: &str) -> Result<Vec<(String, Vec<Verdict>)>, StoreError> {
        let now = jiff::Timestamp::now();
        let pending = self.store().pending_backups().await?.iter().any(|backup| backup.cluster == cluster);
        let mut all = Vec::new();
        let known = self.store().good_backups(cluster, u32::MAX >> 1).await?;
        let mut origins: HashMap<String, Origin> = known
            .iter()
            .filter_map(|backup| Manifest::read(backup.manifest.as_bytes()).ok())
            .map(|manifest| (manifest.id.clone(), manifest.origin()))
            .collect();
        for place in &self.keeping().places {
            let there = self.store().judged_in(cluster, place.name()).await?;
            for (id, ..) in there.iter().filter(|(_, _, trusted)| *trusted) {
                // Trusted here and nowhere listed as good: its own manifest tells.
                if !origins.contains_key(id)
                    && let Some(backup) = self.store().backup(cluster, id).await?
                    && let Ok(manifest) = Manifest::read(backup.manifest.as_bytes())
                {
                    origins.insert(id.clone(), manifest.origin());
                }
            }
            let subjects = there.into_iter().map(|(id, began, trusted)| {
                let origin = origins.get(&id).cloned();
                Subject { id, began, trusted, origin }
            });
            all.push((place.name().to_owned(), decide(subjects.collect(), pending, &self.regime(cluster).rules, now)));
        }
        Ok(all)
    }

    /// Removes what no rule keeps; answers what went, with the place and the reason.
    ///
    /// # Errors
    /// [`StoreError`]; a place that fails is tried the next time.
    pub async fn prune(&self, cluster: &str) -> Result<Vec<(String, String, String)>, StoreError> {
        let mut gone = Vec::new();
        for (place, verdicts) in self.retention(cluster).await? {
            let Some(at) = self.place(&place) else { continue };
            for verdict in verdicts.into_iter().filter(|verdict| verdict.reason.goes()) {
                let Some(backup) = self.store().backup(cluster, &verdict.id).await? else { continue };
                let Ok(manifest) = Manifest::read(backup.manifest.as_bytes()) else { continue };
                if let Err(error) = at.remove(&manifest).await {
                    tracing::warn!("backup {} stays for now: {error}", manifest.id);
                    continue;
                }
                self.store().forget_copy(&manifest.id, &place).await?;
                tracing::info!("backup {} went from {place}: {}", manifest.id, verdict.reason);
                gone.push((manifest.id, place.clone(), verdict.reason.to_string()));
            }
        }
        Ok(gone)
    }

    /// Removes a backup from every place, because somebody asked for it.
    ///
    /// # Errors
    /// [`BackupError`]: what must stay, and places that failed.
    pub async fn remove(&self, cluster: &str, id: &str) -> Result<(), BackupError> {
        let missing = || BackupError::Missing(id.to_owned());
        let backup = self.store().backup(cluster, id).await?.ok_or_else(missing)?;
        if backup.copies.iter().any(|copy| copy.state == CopyState::Pending) {
            return Err(BackupError::OnItsWay(id.to_owned()));
        }
        let good = self.store().good_backups(cluster, 2).await?;
        if matches!(good.as_slice(), [only] if only.id == id) {
            return Err(BackupError::LastGood(id.to_owned()));
        }
        let manifest = Manifest::read(backup.manifest.as_bytes()).map_err(|_| missing())?;
        for copy in &backup.copies {
            if let Some(place) = self.place(&copy.place) {
                place.remove(&manifest).await?;
            }
            self.store().forget_copy(id, &copy.place).await?;
        }
        self.find_out(cluster).await;
        Ok(())
    }
}

/// What whoever takes a backup of a cluster holds.
fn lease(cluster: &str) -> String {
    format!("backup {cluster}")
}

/// As the catalogue has it.
pub(super) fn noted(manifest: &Manifest, copies: Vec<Copy>) -> Backup {
    Backup {
        id: manifest.id.clone(),
        cluster: manifest.cluster.clone(),
        began: manifest.began,
        trusted: manifest.trusted(),
        manifest: manifest.text(),
        copies,
    }
}
