//! The catalogue: made from what lies in the places, at any time anew.

use std::collections::{HashMap, HashSet};

use super::{
    delivery::noted,
    house::{Backups, Told},
    incarnation::incarnations,
    manifest::{Manifest, Rehearsal, Stored},
    part,
    places::{Found, Known, Place, Stock, Stray, objects},
    warnings::{Facts, warnings},
};
use crate::store::{Backup, Copy, CopyState, Looked, Scheduled, StoreError};

/// So many of the newest are asked for what their rehearsals and copies tell.
const RECENT: u32 = 20;
/// Backups that are looked through for another life of their cluster.
const LIVES: u32 = 2_000;

/// Under which name the catalogue remembers an answer to another life, beside its backups. No cluster has
/// a line's end in its name.
fn answers(cluster: &str) -> String {
    format!("answer\n{cluster}")
}

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
        let listed = self.store().backups_in(place.name()).await?;
        let known: Known = listed
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
        let broken = stock.broken.iter().map(|(found, why)| (found, Some(why.as_str())));
        let all: Vec<(&Found, Option<&str>)> = stock.backups.iter().map(|found| (found, None)).chain(broken).collect();
        let before: HashMap<&str, &Copy> =
            listed.iter().filter_map(|backup| Some((backup.id.as_str(), backup.copies.first()?))).collect();
        let mut fresh = Vec::new();
        for (found, why) in &all {
            let known = before.get(found.manifest.id.as_str()).copied();
            if let Some(copy) = seen(place, found, *why, known, at) {
                fresh.push(noted(&self.newest(&found.manifest).await?, vec![copy]));
            }
        }
        let there: Vec<String> = all.iter().map(|(found, _)| found.manifest.id.clone()).collect();
        drop(all);
        let again = self.listed_again(place, &listed, &mut stock).await;
        let there: Vec<&str> = there.iter().chain(&again).map(String::as_str).collect();
        let strays = i64::try_from(stock.strays.len() - stock.broken.len()).unwrap_or(i64::MAX);
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
        let key = &self.keeping().key;
        let mut again = Vec::new();
        for backup in before {
            let broken = stock.broken.iter().map(|(found, _)| found);
            if stock.backups.iter().chain(broken).any(|found| found.manifest.id == backup.id) {
                continue;
            }
            let Ok(manifest) = Manifest::read(backup.manifest.as_bytes()) else { continue };
            let is = |stray: &Stray, stored: &Stored| stray.name.rsplit('/').next() == Some(stored.name.as_str());
            let is_its = |stray: &Stray| objects(&manifest).any(|stored| is(stray, stored));
            if !stock.strays.iter().any(is_its) {
                continue;
            }
            // Without the backup what travelled with it is no use: the removal had come so far.
            let over = !stock.strays.iter().any(|stray| is(stray, &manifest.stored));
            let put = if over { place.remove(&manifest).await } else { place.list_again(&manifest, key).await };
            if let Err(error) = put {
                tracing::warn!("{error}");
                continue;
            }
            stock.strays.retain(|stray| !is_its(stray));
            if !over {
                tracing::info!("{}: {} had lost its manifest and is listed again", place.name(), manifest.id);
                again.push(manifest.id);
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

    /// A manifest of a place, with the rehearsal that only another or the database knows of.
    async fn newest(&self, found: &Manifest) -> Result<Manifest, StoreError> {
        let mut manifest = found.clone();
        let known = self.store().backup(&found.cluster, &found.id).await?;
        let known = known.and_then(|known| Manifest::read(known.manifest.as_bytes()).ok());
        let rehearsal = known.filter(|known| known.stored == found.stored).and_then(|known| known.rehearsal);
        let at = |rehearsal: &Option<Rehearsal>| rehearsal.as_ref().map(|rehearsal| rehearsal.at);
        if at(&rehearsal) > at(&manifest.rehearsal)
            && let Some(rehearsal) = rehearsal
        {
            manifest.rehearsed(rehearsal);
            manifest.sign(&self.keeping().key);
        }
        Ok(manifest)
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
            let whole = self.waits_here(&manifest).await;
            if ours && whole && self.store().backup(&manifest.cluster, &manifest.id).await?.is_none() {
                tracing::info!("backup {} waits to be put where it is kept", manifest.id);
                self.note_waiting(&manifest).await?;
            }
        }
        Ok(())
    }

    /// Somebody says that the newest life of a cluster was meant; the warning ends, and what stays, stays.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn accept_life(&self, cluster: &str, by: &str) -> Result<(), StoreError> {
        let good = self.store().good_backups(cluster, LIVES).await?;
        let manifests = good.iter().rev().filter_map(|backup| Manifest::read(backup.manifest.as_bytes()).ok());
        let dated: Vec<_> = manifests.map(|manifest| (manifest.began, manifest.origin())).collect();
        let Some(life) = incarnations(&dated).pop() else { return Ok(()) };
        let answer = Scheduled { due: life.first, detail: by.to_owned(), ..Scheduled::default() };
        self.store().keep_scheduled(&answers(cluster), &answer, i64::MAX).await?;
        self.find_out(cluster).await;
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
        let good = store.good_backups(cluster, LIVES).await?;
        let mut newest: Vec<Manifest> =
            good.iter().filter_map(|backup| Manifest::read(backup.manifest.as_bytes()).ok()).collect();
        let dated: Vec<_> = newest.iter().rev().map(|manifest| (manifest.began, manifest.origin())).collect();
        let lives = incarnations(&dated);
        let accepted = store.scheduled(&answers(cluster)).await?.map(|answer| answer.due);
        newest.truncate(2);
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
        let (keeping, regime) = (self.keeping(), self.regime(cluster));
        let (best, waits) = (newest.first().cloned(), pending.len());
        let failures = scheduled.as_ref().map_or(0, |scheduled| scheduled.failures);
        let recent = store.backups(cluster, None, RECENT).await?;
        let recent = recent.iter().filter_map(|backup| Manifest::read(backup.manifest.as_bytes()).ok());
        let mut rehearsals: Vec<(String, Rehearsal)> =
            recent.filter_map(|manifest| Some((manifest.id, manifest.rehearsal?))).collect();
        rehearsals.sort_by_key(|(_, rehearsal)| std::cmp::Reverse(rehearsal.at));
        let restored = rehearsals.iter().find(|(_, rehearsal)| rehearsal.failure.is_none()).map(|(_, well)| well.at);
        let last = rehearsals.into_iter().next();
        let facts = Facts {
            failed: last.and_then(|(id, rehearsal)| Some((id, rehearsal.failure?))),
            not_rehearsed: self.not_rehearsed(cluster).await?,
            broken: store.bad_copies(cluster, RECENT).await?,
            lives,
            accepted,
            is_alone: !self.proving().with.is_empty()
                && newest.first().is_some_and(|newest| newest.companion.is_none()),
            now: jiff::Timestamp::now().as_millisecond(),
            newest,
            allowed: i64::try_from(regime.allowed.as_millis()).unwrap_or(i64::MAX),
            schedule: scheduled,
            is_scheduled: regime.schedule.is_some(),
            often: regime
                .schedule
                .as_ref()
                .filter(|schedule| schedule.is_often(jiff::Timestamp::now()))
                .map(|schedule| format!("{} ({})", schedule.text(), schedule.words())),
            open: self.open_places(cluster).await,
            places,
            pending,
            is_remote: keeping.places.iter().any(Place::is_remote),
        };
        Ok(Told {
            warnings: warnings(&facts),
            newest: best.as_ref().map(|best| best.began),
            best,
            restored,
            count: store.count_backups(cluster).await?,
            pending: waits,
            failures,
        })
    }

    /// Places of which others on this machine may read. A file system that hangs holds a thread of its own.
    async fn open_places(&self, cluster: &str) -> Vec<String> {
        let (places, cluster) = (self.keeping().places.clone(), cluster.to_owned());
        let looking = tokio::task::spawn_blocking(move || {
            let open = places.iter().filter(|place| place.is_open(&cluster));
            open.map(|place| place.name().to_owned()).collect()
        });
        looking.await.unwrap_or_default()
    }
}

/// What a look tells of a copy, when it tells something new: it is new, it was renewed, or it lost bytes or has them
/// again. A broken one that was renewed is not whole by that.
fn seen(place: &Place, found: &Found, why: Option<&str>, known: Option<&Copy>, now: i64) -> Option<Copy> {
    let read_back = found.manifest.steps.iter().find(|proved| proved.step == 5).map_or(now, |proved| proved.at);
    let (state, at, detail) = match (why, known) {
        (Some(why), Some(known)) if known.state == CopyState::Bad && known.detail == why => {
            (CopyState::Bad, known.at, why.to_owned())
        }
        (Some(why), _) => (CopyState::Bad, now, why.to_owned()),
        (None, Some(known)) => (known.state, known.at, known.detail.clone()),
        // Who lost the database reads again what was not read for long.
        (None, None) => (CopyState::Kept, read_back.min(now), String::new()),
    };
    let copy = Copy {
        backup: found.manifest.id.clone(),
        place: place.name().to_owned(),
        state,
        tag: found.tag.clone(),
        at,
        detail,
    };
    (known != Some(&copy)).then_some(copy)
}
