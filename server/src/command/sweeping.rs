//! What the server removes by itself: rows that have expired, and the audit's oldest entries.

use std::{sync::Arc, time::Duration};

use tokio::sync::watch;

use crate::{
    access::{Door, Role, Way, Who},
    store::{Held, Keeping, Shortened, StoreError},
};

/// How often what has expired is removed from the database.
const SWEEP: Duration = Duration::from_secs(60);
/// Steps by which the audit is shortened at once.
const STEPS: u32 = 50;

/// Sweeps as long as the server runs, where this is the one replica that acts.
pub(super) async fn sweep(door: Arc<Door>, keeping: Keeping, duty: watch::Receiver<Option<Held>>) {
    loop {
        tokio::time::sleep(SWEEP).await;
        if duty.borrow().is_none() {
            continue;
        }
        let now = jiff::Timestamp::now();
        if let Err(error) = door.store().sweep(now).await {
            tracing::warn!("what has expired is not removed yet: {error}");
        }
        if let Err(error) = shorten(&door, keeping, now.as_millisecond()).await {
            tracing::warn!("the audit is not shortened yet: {error}");
        }
    }
}

async fn shorten(door: &Door, keeping: Keeping, now: i64) -> Result<(), StoreError> {
    if keeping == Keeping::default() {
        return Ok(());
    }
    // What went before a step failed is told, too.
    let (mut gone, mut ended): (Option<Shortened>, Result<(), StoreError>) = (None, Ok(()));
    for _ in 0..STEPS {
        let step = match door.store().shorten_audit(keeping, now).await {
            Ok(Some(step)) => step,
            Ok(None) => break,
            Err(error) => {
                ended = Err(error);
                break;
            }
        };
        let (entries, oldest) = gone.map_or((0, step.oldest), |before| (before.entries, before.oldest));
        gone = Some(Shortened { entries: entries + step.entries, oldest, ..step });
    }
    let Some(gone) = gone else { return ended };
    let detail =
        format!("{} entries, of {} to {}; SHA-256 {}", gone.entries, date(gone.oldest), date(gone.newest), gone.digest);
    tracing::info!("the audit is shortened up to its entry {}: {detail}", gone.upto);
    let name = "the server".to_owned();
    let who = Who { name, role: Some(Role::Admin), way: Way::Loopback, from: [127, 0, 0, 1].into() };
    door.write(&who.entry("audit.shorten", &format!("up to {}", gone.upto), "", true, &detail)).await?;
    ended
}

fn date(at: i64) -> String {
    jiff::Timestamp::from_millisecond(at).map_or_else(|_| "?".to_owned(), |at| at.strftime("%Y-%m-%d").to_string())
}
