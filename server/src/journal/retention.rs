//! Which blocks go: by age, then by size, oldest first, few at a time.

use std::time::Duration;

use super::History;
use crate::store::StoreError;

/// Others write in between.
const PAUSE: Duration = Duration::from_millis(20);

/// Removes what of a cluster is older than it may be, and then, while all clusters together take more than they may,
/// the oldest of it. The last whole and what follows it stay.
pub(super) async fn forget(history: &History, cluster: &str) -> Result<(), StoreError> {
    let _turn = history.0.forgetting.lock().await;
    let store = &history.0.store;
    let Some(head) = store.history_head(cluster).await? else { return Ok(()) };
    let age = i64::try_from(history.0.bounds.age.as_millis()).unwrap_or(i64::MAX);
    if age > 0 {
        all_before(history, cluster, head.seen.saturating_sub(age)).await?;
    }
    let most = i64::try_from(history.0.bounds.size).unwrap_or(i64::MAX);
    loop {
        let extents = store.history_extents().await?;
        let taken: i64 = extents.iter().map(|extent| extent.size + extent.wholes_size).sum();
        // The one that reaches back farthest gives, whether or not it is still recorded.
        let oldest = extents.iter().filter(|extent| extent.wholes > 1).min_by_key(|extent| extent.first);
        let Some(oldest) = oldest.filter(|_| most > 0 && taken > most) else {
            return Ok(());
        };
        let Some(next) = store.whole_after(&oldest.cluster, oldest.first).await? else { return Ok(()) };
        all_before(history, &oldest.cluster, next).await?;
    }
}

async fn all_before(history: &History, cluster: &str, before: i64) -> Result<(), StoreError> {
    while history.0.store.forget_history(cluster, before).await? > 0 {
        tokio::time::sleep(PAUSE).await;
    }
    Ok(())
}
