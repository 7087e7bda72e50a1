//! Rehearsals that a server holds by itself: after each backup, by a schedule, or because somebody asks.
//!
//! ```text
//! taken, sealed, delivered ─▶ what was sealed is still here ─▶ rehearsal ─▶ noted in every manifest and the catalogue
//! stored and not encrypted ─▶ fetched, opened, examined     ─▶ rehearsal ─▶ …
//! ```
//! A backup is where it belongs before it is rehearsed: a rehearsal that goes on for long or takes the server with it
//! costs no backup. Of an encrypted one nothing can be rehearsed later, for its private key is not here: with a schedule
//! for rehearsals the next one that is taken is rehearsed as it came.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use snapshot::Examined;

use super::{
    delivery::{BackupError, noted},
    house::Backups,
    lease::Lease,
    manifest::{Manifest, Rehearsal},
    part,
    proof::{OnDisk, prove},
    rehearsal::{Programs, rehearse, room, scratch::Scratch},
    schedule::{Due, Schedule},
    take::{Taken, blocking},
    unseal::opened,
};
use crate::store::{Backup, Copy, CopyState, Scheduled, StoreError};

/// As [`super::schedule`] has it: beyond this a moment was noted by a wrong clock.
const ASTRAY: i64 = 3_600_000;
/// What fails is tried once more, because a machine may be at fault for a moment.
const ATTEMPTS: usize = 2;

/// When rehearsals are held.
#[derive(Clone, Debug)]
pub enum When {
    /// After each backup.
    Each,
    /// By a schedule.
    At(Box<Schedule>),
    /// Only when somebody asks.
    Never,
}

/// What is done to prove backups beyond taking them.
#[derive(Clone, Debug)]
pub struct Proving {
    /// When rehearsals are held.
    pub rehearse: When,
    /// Where etcd's programs lie; without it those in the PATH are taken.
    pub programs: Option<PathBuf>,
    /// Where rehearsals have their folders: on a disk with room for a database, and none that is memory.
    pub scratch: PathBuf,
    /// How long one may take.
    pub within: Duration,
    /// After how long each stored copy is read again; never without it.
    pub reread: Option<Duration>,
    /// Files and folders that travel with each backup.
    pub with: Vec<PathBuf>,
}

impl Default for Proving {
    /// Nothing.
    fn default() -> Self {
        Self {
            rehearse: When::Never,
            programs: None,
            scratch: std::env::temp_dir(),
            within: Duration::from_secs(900),
            reread: None,
            with: Vec::new(),
        }
    }
}

/// A rehearsal that goes on, or went on last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trial {
    /// Of which backup.
    pub backup: String,
    /// Who asked for it; `schedule` when nobody did.
    pub by: String,
    /// When it began, in milliseconds since the epoch.
    pub began: i64,
    /// How it ended.
    pub held: Option<Held>,
}

/// How a rehearsal ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Held {
    /// It restores, and this is what it had.
    Well(Rehearsal),
    /// It does not restore, and why.
    Ill(String),
    /// It could not be held, and why: nothing is known of the backup.
    Not(String),
}

impl Backups {
    /// Of a backup that was just taken, when that is due.
    pub(super) async fn rehearse_taken(&self, taken: &Taken) {
        let (cluster, id) = (&taken.manifest.cluster, &taken.manifest.id);
        let Some(plain) = &taken.plain else { return };
        if self.wanted(cluster).await.is_none() {
            return;
        }
        let Some(lease) = self.turn(cluster).await else { return };
        // Whoever went before may have done what the schedule wants.
        let Some(due) = self.wanted(cluster).await else { return lease.give_back().await };
        self.begins(cluster, id, &taken.manifest.by);
        let tried = self.tried(plain.path(), plain.examined(), &taken.manifest.etcd_version).await;
        let held = self.ended(cluster, id, tried).await;
        said(self.note(cluster, due, &held).await);
        lease.give_back().await;
    }

    /// The lease of a cluster's rehearsals, after the one that goes on; `None` when that lasts longer than one may.
    async fn turn(&self, cluster: &str) -> Option<Lease> {
        let until = tokio::time::Instant::now() + self.proving().within;
        loop {
            match Lease::take(self, &lease(cluster)).await {
                Ok(Some(lease)) => return Some(lease),
                Ok(None) if tokio::time::Instant::now() < until => tokio::time::sleep(Duration::from_secs(1)).await,
                _ => return None,
            }
        }
    }

    /// Begins one of a stored backup; [`Backups::trial`] tells how it goes.
    ///
    /// # Errors
    /// [`BackupError`]: then none was begun.
    pub async fn start_rehearsal(&self, cluster: &str, id: &str, by: &str) -> Result<(), BackupError> {
        let (lease, backup) = self.claim_rehearsal(cluster, id).await?;
        self.begins(cluster, id, by);
        let backups = self.clone();
        tokio::spawn(async move {
            backups.rehearse_stored(&backup).await;
            lease.give_back().await;
        });
        Ok(())
    }

    /// Holds one of a stored backup and waits for its end.
    ///
    /// # Errors
    /// [`BackupError`]: then none was held.
    pub async fn rehearse(&self, cluster: &str, id: &str, by: &str) -> Result<Held, BackupError> {
        let (lease, backup) = self.claim_rehearsal(cluster, id).await?;
        self.begins(cluster, id, by);
        let held = self.rehearse_stored(&backup).await;
        lease.give_back().await;
        Ok(held)
    }

    async fn claim_rehearsal(&self, cluster: &str, id: &str) -> Result<(Lease, Backup), BackupError> {
        let missing = || BackupError::Missing(id.to_owned());
        let backup = self.store().backup(cluster, id).await?.ok_or_else(missing)?;
        let manifest = Manifest::read(backup.manifest.as_bytes()).map_err(|_| missing())?;
        if !manifest.stored.recipients.is_empty() {
            return Err(BackupError::Sealed(id.to_owned()));
        }
        if !backup.copies.iter().any(|copy| copy.state == CopyState::Kept && self.place(&copy.place).is_some()) {
            return Err(BackupError::OnItsWay(id.to_owned()));
        }
        let lease = Lease::take(self, &lease(cluster)).await?;
        Ok((lease.ok_or_else(|| BackupError::Rehearsing(cluster.to_owned()))?, backup))
    }

    async fn rehearse_stored(&self, backup: &Backup) -> Held {
        let tried = self.try_stored(backup).await;
        self.ended(&backup.cluster, &backup.id, tried).await
    }

    /// Fetches it from the first place that has it right, and tries it.
    async fn try_stored(&self, backup: &Backup) -> Result<Rehearsal, String> {
        let manifest = Manifest::read(backup.manifest.as_bytes()).map_err(|error| error.to_string())?;
        let folder = self.proving().scratch.clone();
        part::folder(&folder).map_err(|error| error.to_string())?;
        let unusable = |error: std::io::Error| format!("{}: {error}", folder.display());
        // The fetched one and what was in it lie there together.
        let needed = manifest.stored.size.saturating_add(manifest.size);
        if room(&folder).map_err(unusable)? < needed {
            return Err(format!("{} has no room for {} MB: make some", folder.display(), needed >> 20));
        }
        let path = folder.clone();
        let scratch = blocking(move || Scratch::new(&path)).await.map_err(|error| error.to_string())?;
        let scratch = scratch.map_err(unusable)?;
        let file = scratch.path().join(&manifest.stored.name);
        let mut why = "no place has it".to_owned();
        for copy in backup.copies.iter().filter(|copy| copy.state == CopyState::Kept) {
            let Some(place) = self.place(&copy.place) else { continue };
            match place.fetch(&manifest, &file).await {
                Ok(()) => {
                    let inside = scratch.path().to_owned();
                    let examined = blocking(move || examined(&file, &inside)).await;
                    return match examined.map_err(|error| error.to_string())? {
                        Ok((plain, examined)) => self.tried(plain.path(), &examined, &manifest.etcd_version).await,
                        // Its bytes are those that were taken, and they were sound.
                        Err(why) => Err(why),
                    };
                }
                Err(error) => {
                    said(self.judge(copy, &error).await);
                    why = error.to_string();
                }
            }
        }
        Err(why)
    }

    /// How it went, or why it could not be held.
    async fn tried(&self, file: &Path, examined: &Examined, version: &str) -> Result<Rehearsal, String> {
        let Proving { programs, scratch, within, .. } = self.proving();
        let programs = Programs::of(programs.as_deref(), version).map_err(|error| error.to_string())?;
        part::folder(scratch).map_err(|error| error.to_string())?;
        let began = std::time::Instant::now();
        let mut failure = String::new();
        for _ in 0..ATTEMPTS {
            match rehearse(file, examined, &programs, scratch, *within).await {
                Ok(rehearsed) => return Ok(rehearsed.noted()),
                Err(error) if error.is_of_the_snapshot() => failure = error.to_string(),
                Err(error) => return Err(error.to_string()),
            }
        }
        let millis = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        let at = jiff::Timestamp::now().as_millisecond();
        Ok(Rehearsal { at, millis, failure: Some(failure), ..Rehearsal::default() })
    }

    fn begins(&self, cluster: &str, id: &str, by: &str) {
        let began = jiff::Timestamp::now().as_millisecond();
        let trial = Trial { backup: id.to_owned(), by: by.to_owned(), began, held: None };
        self.trials().insert(cluster.to_owned(), trial);
    }

    /// Remembers how it ended wherever the backup is known.
    async fn ended(&self, cluster: &str, id: &str, tried: Result<Rehearsal, String>) -> Held {
        let held = match tried {
            Err(why) => {
                tracing::warn!("backup {id} is not rehearsed: {why}");
                Held::Not(why)
            }
            Ok(rehearsal) => {
                said(self.record(cluster, id, &rehearsal).await);
                match rehearsal.failure {
                    Some(why) => {
                        tracing::error!("backup {id} of {cluster} does not restore: {why}");
                        Held::Ill(why)
                    }
                    None => {
                        tracing::info!("backup {id} of {cluster} restores, in {} ms", rehearsal.millis);
                        Held::Well(rehearsal)
                    }
                }
            }
        };
        self.find_out(cluster).await;
        if let Some(trial) = self.trials().get_mut(cluster) {
            trial.held = Some(held.clone());
        }
        held
    }

    async fn record(&self, cluster: &str, id: &str, rehearsal: &Rehearsal) -> Result<(), StoreError> {
        let _one = self.0.delivering.lock().await;
        let Some(backup) = self.store().backup(cluster, id).await? else { return Ok(()) };
        let Ok(mut manifest) = Manifest::read(backup.manifest.as_bytes()) else { return Ok(()) };
        manifest.rehearsed(rehearsal.clone());
        manifest.sign(&self.keeping().key);
        let waits = self.keeping().waiting.join(format!("{id}.json"));
        if tokio::fs::try_exists(&waits).await.unwrap_or(false) {
            let text = manifest.text();
            let written = blocking(move || part::replaced(&waits, text.as_bytes())).await;
            if let Ok(Err(error)) = written {
                tracing::warn!("that backup {id} was rehearsed is not noted where it waits: {error}");
            }
        }
        for copy in backup.copies.iter().filter(|copy| copy.state != CopyState::Pending) {
            let Some(place) = self.place(&copy.place) else { continue };
            if let Err(error) = place.renew(&manifest, &self.keeping().key).await {
                tracing::warn!("that backup {id} was rehearsed is noted in the database alone: {error}");
            }
        }
        self.store().keep_backups(&[noted(&manifest, Vec::new())]).await
    }

    /// The moment for which one is due of the backup that is being taken.
    async fn wanted(&self, cluster: &str) -> Option<i64> {
        match &self.proving().rehearse {
            When::Never => None,
            When::Each => Some(jiff::Timestamp::now().as_millisecond()),
            // Those that can be opened later are rehearsed by the rounds.
            When::At(_) if self.keeping().sealing.recipients.is_empty() => None,
            When::At(schedule) => self.due(cluster, schedule).await.ok().flatten(),
        }
    }

    /// Of the newest that can be opened, when the schedule says so; in a task of its own.
    pub(super) async fn rehearse_scheduled(&self, cluster: &str) -> Result<(), StoreError> {
        let When::At(schedule) = &self.proving().rehearse else { return Ok(()) };
        if self.trial(cluster).is_some_and(|trial| trial.held.is_none()) {
            return Ok(());
        }
        let Some(due) = self.due(cluster, schedule).await? else { return Ok(()) };
        let newest = self.store().good_backups(cluster, 1).await?;
        let open = |backup: &Backup| {
            Manifest::read(backup.manifest.as_bytes()).is_ok_and(|manifest| manifest.stored.recipients.is_empty())
        };
        let Some(newest) = newest.into_iter().next().filter(open) else { return Ok(()) };
        let before = self.store().scheduled(&memory(cluster)).await?.unwrap_or_default();
        if !self.store().keep_scheduled(&memory(cluster), &Scheduled { due, ..before }, believed()).await? {
            return Ok(());
        }
        let (backups, cluster) = (self.clone(), cluster.to_owned());
        tokio::spawn(async move {
            let held = match backups.rehearse(&cluster, &newest.id, "schedule").await {
                Ok(held) => held,
                // Whoever holds one now will be asked again.
                Err(BackupError::Rehearsing(_)) => return,
                Err(error) => Held::Not(error.to_string()),
            };
            said(backups.note(&cluster, due, &held).await);
            backups.find_out(&cluster).await;
        });
        Ok(())
    }

    async fn due(&self, cluster: &str, schedule: &Schedule) -> Result<Option<i64>, StoreError> {
        let remembered = self.store().scheduled(&memory(cluster)).await?;
        match schedule.due(remembered.as_ref(), jiff::Timestamp::now()) {
            Due::Not => Ok(None),
            Due::Now(due) => Ok(Some(due)),
            Due::Begin(due) => {
                let begun = Scheduled { due, ended: due, failures: 0, detail: String::new() };
                self.store().keep_scheduled(&memory(cluster), &begun, believed()).await?;
                Ok(None)
            }
        }
    }

    /// Remembers whether rehearsals are held.
    async fn note(&self, cluster: &str, due: i64, held: &Held) -> Result<(), StoreError> {
        let before = self.store().scheduled(&memory(cluster)).await?.unwrap_or_default();
        let (failures, detail) = match held {
            Held::Not(why) => (before.failures + 1, why.clone()),
            Held::Well(_) | Held::Ill(_) => (0, String::new()),
        };
        let ended = jiff::Timestamp::now().as_millisecond();
        let noted = Scheduled { due, ended, failures, detail };
        self.store().keep_scheduled(&memory(cluster), &noted, believed()).await?;
        self.find_out(cluster).await;
        Ok(())
    }

    /// Why the last rehearsal that was due could not be held.
    pub(super) async fn not_rehearsed(&self, cluster: &str) -> Result<Option<String>, StoreError> {
        if matches!(self.proving().rehearse, When::Never) {
            return Ok(None);
        }
        let noted = self.store().scheduled(&memory(cluster)).await?;
        Ok(noted.filter(|noted| noted.failures > 0).map(|noted| noted.detail))
    }

    /// Marks a copy as what was found of it, when that says something of the copy and not of the way there.
    pub(super) async fn judge(&self, copy: &Copy, error: &super::places::PlaceError) -> Result<bool, StoreError> {
        use super::places::PlaceError::{Differs, Missing};
        if !matches!(error, Differs { .. } | Missing { .. }) {
            return Ok(false);
        }
        tracing::error!("backup {} in {} is broken: {error}", copy.backup, copy.place);
        let at = jiff::Timestamp::now().as_millisecond();
        let bad = Copy { state: CopyState::Bad, at, detail: error.to_string(), ..copy.clone() };
        self.store().judge_copy(&bad).await?;
        Ok(true)
    }
}

/// Opened and examined. Blocks.
fn examined(file: &Path, folder: &Path) -> Result<(super::unseal::Opened, Examined), String> {
    let opened = opened(file, None, folder).map_err(|error| error.to_string())?;
    let on_disk = OnDisk::open(opened.path()).map_err(|error| error.to_string())?;
    let examined = prove(&on_disk, &mut |_, _| ()).sound.map_err(|unsound| unsound.to_string())?;
    Ok((opened, examined))
}

/// One of a cluster at a time.
fn lease(cluster: &str) -> String {
    format!("rehearsal {cluster}")
}

/// Under which name the catalogue remembers how far a cluster's rehearsals have come, beside its backups. No cluster has
/// a line's end in its name.
fn memory(cluster: &str) -> String {
    format!("rehearsal\n{cluster}")
}

fn believed() -> i64 {
    jiff::Timestamp::now().as_millisecond().saturating_add(ASTRAY)
}

fn said<T>(outcome: Result<T, StoreError>) {
    if let Err(error) = outcome {
        tracing::warn!("what became of a rehearsal is not noted: {error}");
    }
}
