//! What lies in the places is read again from time to time, whole: a disk may lose a bit in the years for which a backup
//! waits for its day.

use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::{house::Backups, manifest::Manifest};
use crate::store::{Copy, CopyState, Held, StoreError};

/// How often it is seen whether one is due.
const TICK: Duration = Duration::from_secs(60);
/// A broken one is read again after this, in milliseconds: somebody may have mended it.
const BROKEN: i64 = 86_400_000;
/// For each second of reading so many of leaving stores and lines in peace.
const PEACE: u32 = 9;

/// A copy that was read again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reread {
    /// The backup.
    pub id: String,
    /// The place.
    pub place: String,
    /// How it is.
    pub state: CopyState,
}

/// Goes on for ever: one copy at a time, and at most a tenth of the time.
pub(super) async fn reread(backups: Backups, duty: watch::Receiver<Option<Held>>) {
    loop {
        tokio::time::sleep(TICK).await;
        while duty.borrow().is_some() {
            let began = Instant::now();
            match backups.reread_next().await {
                Ok(Some(_)) => tokio::time::sleep(began.elapsed() * PEACE).await,
                Ok(None) => break,
                Err(error) => {
                    tracing::warn!("stored backups are not read again: {error}");
                    break;
                }
            }
        }
    }
}

impl Backups {
    /// Reads the copy again that was not read for the longest time, as long as that is long enough ago; `None` when no
    /// place has such a one, or none of these answers.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn reread_next(&self) -> Result<Option<Reread>, StoreError> {
        let Some(every) = self.proving().reread else { return Ok(None) };
        let every = i64::try_from(every.as_millis()).unwrap_or(i64::MAX);
        for place in &self.keeping().places {
            let now = jiff::Timestamp::now().as_millisecond();
            let (before, bad) = (now.saturating_sub(every), now - BROKEN.min(every));
            let Some(backup) = self.store().stalest_copy(place.name(), before, bad).await? else { continue };
            let (Some(copy), Ok(manifest)) = (backup.copies.first(), Manifest::read(backup.manifest.as_bytes())) else {
                continue;
            };
            let read = |state| Reread { id: backup.id.clone(), place: place.name().to_owned(), state };
            let found = match place.check(&manifest).await {
                Ok(()) => {
                    let at = jiff::Timestamp::now().as_millisecond();
                    let kept = Copy { state: CopyState::Kept, at, detail: String::new(), ..copy.clone() };
                    self.store().judge_copy(&kept).await?;
                    CopyState::Kept
                }
                Err(error) if self.judge(copy, &error).await? => CopyState::Bad,
                // It is away, which says nothing of the copy. The other places may answer.
                Err(error) => {
                    tracing::warn!("{error}");
                    continue;
                }
            };
            if found != copy.state {
                self.find_out(&backup.cluster).await;
            }
            return Ok(Some(read(found)));
        }
        Ok(None)
    }
}
