//! The catalogue: made from what lies in the places, at any time anew.

use std::collections::HashSet;

use super::{
    delivery::noted,
    house::{Backups, Told},
    manifest::Manifest,
    part,
    places::{Known, Place, Stock, Stray},
    warnings::{Facts, warnings},
};
use crate::store::{Backup, Copy, CopyState, Looked, StoreError};

impl Backups {
    /// Looks into every place and brings the catalogue to what lies there; answers how many backups were new or other
    /// than before. A place that does not answer is noted, and what is known of it stays.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn look(&self) -> Result<usize, StoreError> {
        let mut changed = 0;
        for place in &self.keeping().places {
            changed += self.look_into(place).await?;
        }
        Ok(changed)
    }

    async fn look_into(&self, place: &Place) -> Result<usize, StoreError> {
        let at = jiff::Timestamp::now().as_millisecond();
        let before = self.store().backups_in(place.name()).await?;
        let known: Known = before
            .iter()
            .filter_map(|backup| {
                let tag = backup.copies.first()?.tag.clone();
                Some(((backup.id.clone(), tag), Manifest::read(backup.manifest.as_bytes()).ok()?))
            })
            .collect();
        let mut stock = match place.stock(None, &self.keeping().key, &known).await {
            Ok(stock) => stock,
            Err(error) => {
                tracing::warn!("{error}");
                self.store().place_failed(place.name(), at, &error.to_string()).await?;
                return Ok(0);
            }
        };
        let same: HashSet<(&str, &str)> = before
            .iter()
            .filter_map(|backup| Some((backup.id.as_str(), backup.copies.first()?.tag.as_str())))
            .collect();
        let fresh = stock.backups.iter().filter(|found| !same.contains(&(&found.manifest.id, &found.tag)));
        let fresh: Vec<_> = fresh
            .map(|found| {
                let copy = Copy {
                    backup: found.manifest.id.clone(),
                    place: place.name().to_owned(),
                    state: CopyState::Kept,
                    tag: found.tag.clone(),
                    at,
                    detail: String::new(),
                };
                noted(&found.manifest, vec![copy])
            })
            .collect();
        let again = self.listed_again(place, &before, &mut stock).await;
        let there = stock.backups.iter().map(|found| found.manifest.id.as_str());
        let there: Vec<&str> = there.chain(again.iter().map(String::as_str)).collect();
        let strays = i64::try_from(stock.strays.len()).unwrap_or(i64::MAX);
        for stray in &stock.strays {
            tracing::warn!("{}: {} is no backup: {}", place.name(), stray.name, stray.why);
        }
        let looked = Looked { place: place.name().to_owned(), at, strays, detail: String::new() };
        self.store().take_stock(&looked, &fresh, &there).await?;
        Ok(fresh.len())
    }

    /// Lists anew what we know, what lies there whole and what only lost its manifest: whoever removed it was killed in
    /// between. The rules decide on it again. Answers the ids.
    async fn listed_again(&self, place: &Place, before: &[Backup], stock: &mut Stock) -> Vec<String> {
        let mut again = Vec::new();
        for backup in before {
            if stock.backups.iter().any(|found| found.manifest.id == backup.id) {
                continue;
            }
            let Ok(manifest) = Manifest::read(backup.manifest.as_bytes()) else { continue };
            let is_its = |stray: &Stray| stray.name.rsplit('/').next() == Some(manifest.stored.name.as_str());
            let Some(at) = stock.strays.iter().position(is_its) else { continue };
            match place.list_again(&manifest, &self.keeping().key).await {
                Ok(()) => {
                    tracing::info!("{}: {} had lost its manifest and is listed again", place.name(), manifest.id);
                    stock.strays.remove(at);
                    again.push(manifest.id);
                }
                Err(error) => tracing::warn!("{error}"),
            }
        }
        again
    }

    /// Removes what lies in our folder and has no manifest any more: every place has it, or it never had one.
    async fn sweep_waiting(&self) -> Result<(), StoreError> {
        let pending: HashSet<String> = self.store().pending_backups().await?.into_iter().map(|b| b.id).collect();
        let waiting = self.keeping().waiting.clone();
        let sweeping = tokio::task::spawn_blocking(move || part::sweep_nameless(&waiting, &pending));
        match sweeping.await {
            Ok(0) | Err(_) => {}
            Ok(count) => tracing::info!("{count} files of backups that were cut short are removed"),
        }
        Ok(())
    }

    /// Notes backups that wait in our folder and that the catalogue does not know: it was lost, or we were killed
    /// between taking one and noting it. What was cut short there is removed.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find_waiting(&self) -> Result<(), StoreError> {
        self.sweep_waiting().await?;
        let Ok(mut entries) = tokio::fs::read_dir(&self.keeping().waiting).await else { return Ok(()) };
        while let Ok(Some(entry)) = entries.next_entry().await {
            if entry.path().extension().is_none_or(|ending| ending != "json") {
                continue;
            }
            let Ok(text) = tokio::fs::read(entry.path()).await else { continue };
            let Ok(manifest) = Manifest::read(&text) else { continue };
            let ours = manifest.verify(&self.keeping().key).is_ok();
            let whole = tokio::fs::metadata(self.waiting(&manifest)).await;
            let whole = whole.is_ok_and(|file| file.len() == manifest.stored.size);
            if ours && whole && self.store().backup(&manifest.cluster, &manifest.id).await?.is_none() {
                tracing::info!("backup {} waits to be put where it is kept", manifest.id);
                self.note_waiting(&manifest).await?;
            }
        }
        Ok(())
    }

    /// Finds out what every page says of a cluster's backups.
    pub async fn find_out(&self, cluster: &str) {
        match self.found_out(cluster).await {
            Ok(told) => self.tell(cluster, told),
            Err(error) => tracing::warn!("what is known of the backups of {cluster} is not renewed: {error}"),
        }
    }

    async fn found_out(&self, cluster: &str) -> Result<Told, StoreError> {
        let store = self.store();
        let good = store.good_backups(cluster, 2).await?;
        let newest: Vec<Manifest> =
            good.iter().filter_map(|backup| Manifest::read(backup.manifest.as_bytes()).ok()).collect();
        let scheduled = store.scheduled(cluster).await?;
        let pending: Vec<(String, i64, String)> = store
            .pending_backups()
            .await?
            .into_iter()
            .filter(|backup| backup.cluster == cluster)
            .flat_map(|backup| backup.copies)
            .map(|copy| (copy.place, copy.at, copy.detail))
            .collect();
        let mut places = store.places().await?;
        places.retain(|looked| self.place(&looked.place).is_some());
        let keeping = self.keeping();
        let (best, waits) = (newest.first().cloned(), pending.len());
        let failures = scheduled.as_ref().map_or(0, |scheduled| scheduled.failures);
        let facts = Facts {
            now: jiff::Timestamp::now().as_millisecond(),
            newest,
            allowed: i64::try_from(keeping.allowed.as_millis()).unwrap_or(i64::MAX),
            schedule: scheduled,
            is_scheduled: keeping.schedule.is_some(),
            places,
            pending,
            is_remote: keeping.places.iter().any(Place::is_remote),
        };
        Ok(Told {
            warnings: warnings(&facts),
            newest: best.as_ref().map(|best| best.began),
            best,
            count: store.count_backups(cluster).await?,
            pending: waits,
            failures,
        })
    }
}
