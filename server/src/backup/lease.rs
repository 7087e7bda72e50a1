//! Work that one server does at a time, among all that share the database.

use std::time::Duration;

use super::house::Backups;
use crate::store::StoreError;

/// How long a piece of work stays ours when we are killed.
const LEASE: Duration = Duration::from_secs(60);
/// How often the lease is renewed.
const RENEW: Duration = Duration::from_secs(15);

/// Work that is ours for a while.
pub(super) struct Lease {
    backups: Backups,
    name: String,
    holder: String,
    renewing: tokio::task::JoinHandle<()>,
}

impl Lease {
    /// `None` while somebody else is at it, also in this process.
    pub(super) async fn take(backups: &Backups, name: &str) -> Result<Option<Self>, StoreError> {
        let name = name.to_owned();
        let holder = format!("{} {}", backups.0.holder, crate::access::random::<4>());
        let store = backups.store().clone();
        if store.hold(&name, &holder, LEASE).await?.is_none() {
            return Ok(None);
        }
        let (named, held) = (name.clone(), holder.clone());
        let renewing = tokio::spawn(async move {
            loop {
                tokio::time::sleep(RENEW).await;
                if let Err(error) = store.hold(&named, &held, LEASE).await {
                    tracing::warn!("the lease {named} is not renewed: {error}");
                }
            }
        });
        Ok(Some(Self { backups: backups.clone(), name, holder, renewing }))
    }

    /// The next need not wait for its end.
    pub(super) async fn give_back(self) {
        self.renewing.abort();
        if let Err(error) = self.backups.store().let_go(&self.name, &self.holder).await {
            tracing::warn!("the lease {} ends only by itself: {error}", self.name);
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.renewing.abort();
    }
}
