//! Two stored backups compared: fetched from where they lie, opened, read, and gone again.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use super::{Changes, ChangesError, changes};
use crate::{
    backup::{
        Backups,
        manifest::Manifest,
        part,
        rehearsal::scratch::Scratch,
        seal::SealError,
        unseal::{Opened, opened},
    },
    store::{Copy, CopyState},
};

/// Whoever looks at a page waits no longer.
const WITHIN: Duration = Duration::from_secs(45);
/// Comparisons that are remembered.
const MOST: usize = 16;

/// Compares stored backups, one pair at a time, and remembers the last ones.
#[derive(Default)]
pub(in crate::backup) struct Comparing {
    last: Mutex<VecDeque<Compared>>,
    at_work: Arc<tokio::sync::Mutex<()>>,
}

/// What was found out.
#[derive(Clone, Debug)]
pub struct Compared {
    older: String,
    newer: String,
    /// What is different.
    pub changes: Arc<Changes>,
}

/// Why two stored backups are not compared.
#[derive(Debug, thiserror::Error)]
pub enum ComparedError {
    /// Without a private key nothing is known of what is in them, and there is none here.
    #[error(
        "{0} is encrypted, and the private key is not here. Fetch both, and compare them where it is: \
         binnacle backup diff OLDER NEWER --identity FILE"
    )]
    Encrypted(String),
    /// It is in no place that answers.
    #[error("{id} cannot be fetched: {why}")]
    Away {
        /// Which.
        id: String,
        /// Why.
        why: String,
    },
    /// It cannot be opened.
    #[error("{id}: {error}")]
    Sealed {
        /// Which.
        id: String,
        /// Why.
        error: SealError,
    },
    /// It cannot be read.
    #[error(transparent)]
    Changes(#[from] ChangesError),
    /// Others are being compared.
    #[error("other backups are being compared: ask again in a minute")]
    Busy,
    /// It took too long.
    #[error(transparent)]
    Late(ChangesError),
}

impl Backups {
    /// What became of the older until the newer.
    ///
    /// # Errors
    /// [`ComparedError`].
    pub async fn compare(
        &self,
        older: &(Manifest, Vec<Copy>),
        newer: &(Manifest, Vec<Copy>),
    ) -> Result<Compared, ComparedError> {
        if let Some(locked) = [older, newer].into_iter().find(|one| !one.0.stored.recipients.is_empty()) {
            return Err(ComparedError::Encrypted(locked.0.id.clone()));
        }
        let comparing = &self.0.comparing;
        let known = |one: &&Compared| one.older == older.0.id && one.newer == newer.0.id;
        if let Some(known) = comparing.last().iter().find(known) {
            return Ok(known.clone());
        }
        let taking = tokio::time::timeout(Duration::from_secs(5), comparing.at_work.clone().lock_owned());
        let one = taking.await.map_err(|_| ComparedError::Busy)?;
        let (backups, older, newer) = (self.clone(), older.clone(), newer.clone());
        // In a task of its own: the turn belongs to the work, and what was found is kept, also when the client hangs up.
        let work = tokio::spawn(async move {
            let compared = backups.compared(&older, &newer).await;
            drop(one);
            compared
        });
        work.await.map_err(|_| ComparedError::Late(ChangesError::Late))?
    }

    async fn compared(
        &self,
        older: &(Manifest, Vec<Copy>),
        newer: &(Manifest, Vec<Copy>),
    ) -> Result<Compared, ComparedError> {
        let until = Instant::now() + WITHIN;
        let late = |_| ComparedError::Late(ChangesError::Late);
        let both = async { Ok::<_, ComparedError>((fetched(self, older).await?, fetched(self, newer).await?)) };
        let files = tokio::time::timeout(WITHIN, both).await.map_err(late)??;
        let waiting = self.keeping().waiting.clone();
        let found = tokio::task::spawn_blocking(move || {
            // Their folders go with them, after the work.
            let (older, newer) = files;
            changes(older.opened.path(), newer.opened.path(), &waiting, Some(until))
        });
        let found = found.await.map_err(|_| ComparedError::Late(ChangesError::Late))??;
        let compared = Compared { older: older.0.id.clone(), newer: newer.0.id.clone(), changes: Arc::new(found) };
        let mut last = self.0.comparing.last();
        last.truncate(MOST - 1);
        last.push_front(compared.clone());
        Ok(compared)
    }
}

impl Comparing {
    fn last(&self) -> std::sync::MutexGuard<'_, VecDeque<Compared>> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A snapshot on disk, and the folder that goes with it.
struct Fetched {
    opened: Opened,
    _scratch: Scratch,
}

async fn fetched(backups: &Backups, (manifest, copies): &(Manifest, Vec<Copy>)) -> Result<Fetched, ComparedError> {
    let away = |why: String| ComparedError::Away { id: manifest.id.clone(), why };
    let waiting = backups.keeping().waiting.clone();
    part::folder(&waiting).map_err(|error| away(error.to_string()))?;
    let scratch = Scratch::new(&waiting).map_err(|error| away(error.to_string()))?;
    let to = scratch.path().join("stored");
    let mut last = "it is stored in no place that is configured".to_owned();
    let kept = copies.iter().filter(|copy| copy.state == CopyState::Kept);
    for place in kept.filter_map(|copy| backups.place(&copy.place)) {
        match place.fetch(manifest, &to).await {
            Ok(()) => {
                let (id, folder) = (manifest.id.clone(), scratch.path().to_owned());
                let open = tokio::task::spawn_blocking(move || opened(&to, None, &folder)).await;
                let open = open.map_err(|error| away(error.to_string()))?;
                let opened = open.map_err(|error| ComparedError::Sealed { id, error })?;
                return Ok(Fetched { opened, _scratch: scratch });
            }
            Err(error) => last = error.to_string(),
        }
    }
    Err(away(last))
}
