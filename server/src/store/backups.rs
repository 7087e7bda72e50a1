//! Backups, where they lie, and how far their schedules have come: a catalogue of what lies in the places.

use std::collections::HashSet;

use sqlx::{Row, any::AnyRow};

use super::{Store, StoreError};

/// A backup with its copies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backup {
    /// Its id.
    pub id: String,
    /// Of which cluster.
    pub cluster: String,
    /// When it was begun, in milliseconds since the epoch.
    pub began: i64,
    /// Whether it was proved to step 2 or more.
    pub trusted: bool,
    /// Its manifest, as JSON.
    pub manifest: String,
    /// Where it lies, by place.
    pub copies: Vec<Copy>,
}

/// A backup in a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Copy {
    /// The backup's id.
    pub backup: String,
    /// The place's name.
    pub place: String,
    /// How it is there.
    pub state: CopyState,
    /// The tag of its manifest there; empty while it is not listed there.
    pub tag: String,
    /// Since when it is known so, in milliseconds since the epoch.
    pub at: i64,
    /// Why it is not there yet, or what is wrong with it.
    pub detail: String,
}

/// How a copy is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CopyState {
    /// To be put there; it waits on our disk.
    Pending,
    /// There, and read back.
    Kept,
    /// There, and not as it was put.
    Bad,
}

/// How a place fared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Looked {
    /// Its name.
    pub place: String,
    /// When it was last looked into, in milliseconds since the epoch.
    pub at: i64,
    /// What lay there and was no backup.
    pub strays: i64,
    /// What was wrong; empty when nothing was.
    pub detail: String,
}

/// How far a schedule has come.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scheduled {
    /// The last moment of the schedule that was served, in milliseconds since the epoch.
    pub due: i64,
    /// When that ended.
    pub ended: i64,
    /// How many failed since the last that went well.
    pub failures: i64,
    /// What was wrong with the last; empty when it went well.
    pub detail: String,
}

impl CopyState {
    const fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Kept => "kept",
            Self::Bad => "bad",
        }
    }

    fn from_word(word: &str) -> Self {
        [Self::Pending, Self::Kept].into_iter().find(|state| state.word() == word).unwrap_or(Self::Bad)
    }
}

const BACKUP: &str = "INSERT INTO backups (id, cluster, began, trusted, manifest) VALUES ($1, $2, $3, $4, $5) \
     ON CONFLICT (id) DO UPDATE SET cluster = excluded.cluster, began = excluded.began, trusted = excluded.trusted, \
     manifest = excluded.manifest";
const COPY: &str = "INSERT INTO backup_copies (backup, place, state, tag, at, detail) VALUES ($1, $2, $3, $4, $5, $6) \
     ON CONFLICT (backup, place) DO UPDATE SET state = excluded.state, tag = excluded.tag, at = excluded.at, \
     detail = excluded.detail";
const ORPHANS: &str =
    "DELETE FROM backups WHERE NOT EXISTS (SELECT 1 FROM backup_copies WHERE backup_copies.backup = backups.id)";

impl Store {
    /// Remembers backups with their copies; copies that are not named stay.
    ///
    /// # Errors
    /// [`StoreError::Away`]; then none is remembered.
    pub async fn keep_backups(&self, backups: &[Backup]) -> Result<(), StoreError> {
        let mut all = self.pool.begin().await?;
        for backup in backups {
            put(&mut all, backup).await?;
        }
        all.commit().await?;
        Ok(())
    }

    /// Brings the catalogue to what was found in a place: `changed` are new there or other than before, `there` are the
    /// ids of all that are there. What is pending stays so; what has no copy anywhere is forgotten.
    ///
    /// # Errors
    /// [`StoreError::Away`]; then everything is as before.
    pub async fn take_stock(&self, looked: &Looked, changed: &[Backup], there: &[&str]) -> Result<(), StoreError> {
        let mut all = self.pool.begin().await?;
        for backup in changed {
            put(&mut all, backup).await?;
        }
        // What was put there while we looked was not seen, and is there.
        let rows = sqlx::query("SELECT backup FROM backup_copies WHERE place = $1 AND state <> 'pending' AND at < $2")
            .bind(&looked.place)
            .bind(looked.at)
            .fetch_all(&mut *all)
            .await?;
        let there: HashSet<&str> = there.iter().copied().collect();
        let mut gone = false;
        for row in rows {
            let id: String = row.try_get("backup")?;
            if !there.contains(id.as_str()) {
                gone = true;
                sqlx::query("DELETE FROM backup_copies WHERE backup = $1 AND place = $2")
                    .bind(&id)
                    .bind(&looked.place)
                    .execute(&mut *all)
                    .await?;
            }
        }
        if gone {
            sqlx::query(ORPHANS).execute(&mut *all).await?;
        }
        sqlx::query(
            "INSERT INTO backup_places (place, looked, strays, detail) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (place) DO UPDATE SET looked = excluded.looked, strays = excluded.strays, \
             detail = excluded.detail",
        )
        .bind(&looked.place)
        .bind(looked.at)
        .bind(looked.strays)
        .bind(&looked.detail)
        .execute(&mut *all)
        .await?;
        all.commit().await?;
        Ok(())
    }

    /// Remembers that a place could not be looked into; what is known of it stays.
    ///
    /// # Errors
    /// [`StoreError::Away`].
    pub async fn place_failed(&self, place: &str, at: i64, detail: &str) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO backup_places (place, looked, strays, detail) VALUES ($1, $2, 0, $3) \
             ON CONFLICT (place) DO UPDATE SET looked = excluded.looked, detail = excluded.detail",
        )
        .bind(place)
        .bind(at)
        .bind(detail)
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// How each place fared, by name.
    ///
    /// # Errors
    /// [`StoreError::Away`].
    pub async fn places(&self) -> Result<Vec<Looked>, StoreError> {
        let rows = sqlx::query("SELECT place, looked, strays, detail FROM backup_places ORDER BY place")
            .fetch_all(&self.pool)
            .await?;
        let looked = |row: &AnyRow| {
            Ok(Looked {
                place: row.try_get("place")?,
                at: row.try_get("looked")?,
                strays: row.try_get("strays")?,
                detail: row.try_get("detail")?,
            })
        };
        rows.iter().map(looked).collect()
    }

    /// Changes one copy, or adds it.
    ///
    /// # Errors
    /// [`StoreError::Away`].
    pub async fn keep_copy(&self, copy: &Copy) -> Result<(), StoreError> {
        let query = sqlx::query(COPY).bind(&copy.backup).bind(&copy.place).bind(copy.state.word()).bind(&copy.tag);
        query.bind(copy.at).bind(&copy.detail).execute(&self.pool).await?;
        Ok(())
    }

    /// Says of a copy that is still known how it was found.
    ///
    /// # Errors
    /// [`StoreError::Away`].
    pub async fn judge_copy(&self, copy: &Copy) -> Result<(), StoreError> {
        let sql = "UPDATE backup_copies SET state = $3, at = $4, detail = $5 \
                   WHERE backup = $1 AND place = $2 AND state <> 'pending'";
        let query = sqlx::query(sql).bind(&copy.backup).bind(&copy.place).bind(copy.state.word());
        query.bind(copy.at).bind(&copy.detail).execute(&self.pool).await?;
        Ok(())
    }

    /// The copy in a place that was not read for the longest time, when that is before a moment, or before another when
    /// it was broken then: its backup with it alone.
    ///
    /// # Errors
    /// [`StoreError::Away`].
    pub async fn stalest_copy(&self, place: &str, before: i64, bad: i64) -> Result<Option<Backup>, StoreError> {
        let sql = "SELECT id, cluster, began, trusted, manifest, backup, place, state, tag, at, detail \
                   FROM backup_copies JOIN backups ON id = backup WHERE place = $1 AND (state = 'kept' AND at < $2 \
                   OR state = 'bad' AND at < $3) ORDER BY at, id LIMIT 1";
        let row = sqlx::query(sql).bind(place).bind(before).bind(bad).fetch_optional(&self.pool).await?;
        row.as_ref().map(|row| Ok(Backup { copies: vec![copy(row)?], ..backup(row)? })).transpose()
    }

    /// The newest copies of a cluster that are broken, and whether their backup has no other that is right.
    ///
    /// # Errors
    /// [`StoreError::Away`].
    pub async fn bad_copies(&self, cluster: &str, limit: u32) -> Result<Vec<(Copy, bool)>, StoreError> {
        let sql = "SELECT c.backup, c.place, c.state, c.tag, c.at, c.detail, (SELECT COUNT(*) FROM backup_copies AS o \
                   WHERE o.backup = c.backup AND o.state = 'kept') AS others FROM backup_copies AS c \
                   JOIN backups ON id = c.backup WHERE cluster = $1 AND c.state = 'bad' \
                   ORDER BY began DESC, c.place LIMIT $2";
        let rows = sqlx::query(sql).bind(cluster).bind(i64::from(limit)).fetch_all(&self.pool).await?;
        rows.iter().map(|row| Ok((copy(row)?, row.try_get::<i64, _>("others")? == 0))).collect()
    }

    /// Forgets a copy, and the backup with its last.
    ///
    /// # Errors
    /// [`StoreError::Away`].
    pub async fn forget_copy(&self, backup: &str, place: &str) -> Result<(), StoreError> {
        let mut all = self.pool.begin().await?;
        sqlx::query("DELETE FROM backup_copies WHERE backup = $1 AND place = $2")
            .bind(backup)
            .bind(place)
            .execute(&mut *all)
            .await?;
        sqlx::query("DELETE FROM backups WHERE id = $1 AND NOT EXISTS (SELECT 1 FROM backup_copies WHERE backup = $1)")
            .bind(backup)
            .execute(&mut *all)
            .await?;
        all.commit().await?;
        Ok(())
    }

    /// Backups of a cluster, newest first, at most `limit`, older than `before` (its beginning and id).
    ///
    /// # Errors
    /// [`StoreError::Away`].
    pub async fn backups(
        &self,
        cluster: &str,
        before: Option<(i64, &str)>,
        limit: u32,
    ) -> Result<Vec<Backup>, StoreError> {
        let (began, id) = before.unwrap_or((i64::MAX, ""));
        let rows = sqlx::query(
            "SELECT page.id, page.cluster, page.began, page.trusted, page.manifest, c.backup, c.place, c.state, c.tag, \
             c.at, c.detail FROM (SELECT id, cluster, began, trusted, manifest FROM backups WHERE cluster = $1 \
             AND (began < $2 OR (began = $2 AND id < $3)) ORDER BY began DESC, id DESC LIMIT $4) AS page \
             LEFT JOIN backup_copies AS c ON c.backup = page.id ORDER BY page.began DESC, page.id DESC, c.place",
        )
        .bind(cluster)
        .bind(began)
        .bind(id)
        .bind(i64::from(limit))
        .fetch_all(&self.pool)
        .await?;
        with_copies(&rows)
    }

    /// Clusters and ids of the newest backups of all clusters, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError::Away`].
    pub async fn newest_backups(&self, limit: u32) -> Result<Vec<(String, String)>, StoreError> {
        let sql = "SELECT cluster, id FROM backups ORDER BY began DESC, id DESC LIMIT $1";
        let rows = sqlx::query(sql).bind(i64::from(limit)).fetch_all(&self.pool).await?;
        rows.iter().map(|row| Ok((row.try_get("cluster")?, row.try_get("id")?))).collect()
    }

    /// One backup of a cluster.
    ///
    /// # Errors
    /// [`StoreError::Away`].
    pub async fn backup(&self, cluster: &str, id: &str) -> Result<Option<Backup>, StoreError> {
        let sql = "SELECT id, cluster, began, trusted, manifest FROM backups WHERE id = $1 AND cluster = $2";
        let row = sqlx::query(sql).bind(id).bind(cluster).fetch_optional(&self.pool).await?;
        let Some(mut backup) = row.as_ref().map(backup).transpose()? else { return Ok(None) };
        let sql = "SELECT backup, place, state, tag, at, detail FROM backup_copies WHERE backup = $1 ORDER BY place";
        let rows = sqlx::query(sql).bind(id).fetch_all(&self.pool).await?;
        backup.copies = rows.iter().map(copy).collect::<Result<_, _>>()?;
        Ok(Some(backup))
    }

    /// How many backups of a cluster there are.
    ///
    /// # Errors
    /// [`StoreError::Away`].
    pub async fn count_backups(&self, cluster: &str) -> Result<i64, StoreError> {
        let sql = "SELECT COUNT(*) AS count FROM backups WHERE cluster = $1";
        Ok(sqlx::query(sql).bind(cluster).fetch_one(&self.pool).await?.try_get("count")?)
    }

    /// The newest backups of a cluster that were found right and lie in some place, without their copies.
    ///
    /// # Errors
    /// [`StoreError::Away`].
    pub async fn good_backups(&self, cluster: &str, limit: u32) -> Result<Vec<Backup>, StoreError> {
        let sql = "SELECT id, cluster, began, trusted, manifest FROM backups WHERE cluster = $1 AND trusted = 1 \
                   AND EXISTS (SELECT 1 FROM backup_copies WHERE backup = backups.id AND state = 'kept') \
                   ORDER BY began DESC LIMIT $2";
        let rows = sqlx::query(sql).bind(cluster).bind(i64::from(limit)).fetch_all(&self.pool).await?;
        rows.iter().map(backup).collect()
    }

    /// Backups of any cluster that wait to be put somewhere, oldest first, each with the copies that wait.
    ///
    /// # Errors
    /// [`StoreError::Away`].
    pub async fn pending_backups(&self) -> Result<Vec<Backup>, StoreError> {
        let sql = "SELECT id, cluster, began, trusted, manifest, backup, place, state, tag, at, detail FROM backups \
                   JOIN backup_copies ON backup = id WHERE state = 'pending' ORDER BY began, id, place";
        with_copies(&sqlx::query(sql).fetch_all(&self.pool).await?)
    }

    /// What is known to lie in a place, pending ones left out: each backup with its one copy there.
    ///
    /// # Errors
    /// [`StoreError::Away`].
    pub async fn backups_in(&self, place: &str) -> Result<Vec<Backup>, StoreError> {
        let sql = "SELECT id, cluster, began, trusted, manifest, backup, place, state, tag, at, detail \
                   FROM backup_copies JOIN backups ON id = backup WHERE place = $1 AND state <> 'pending'";
        let rows = sqlx::query(sql).bind(place).fetch_all(&self.pool).await?;
        let with_copy = |row: &AnyRow| Ok(Backup { copies: vec![copy(row)?], ..backup(row)? });
        rows.iter().map(with_copy).collect()
    }

    /// What retention needs to know of a cluster's backups in a place, pending ones left out: id, beginning, and whether
    /// it was found right and nothing is wrong with it there.
    ///
    /// # Errors
    /// [`StoreError::Away`].
    pub async fn judged_in(&self, cluster: &str, place: &str) -> Result<Vec<(String, i64, bool)>, StoreError> {
        let sql = "SELECT id, began, trusted, state FROM backup_copies JOIN backups ON id = backup \
                   WHERE place = $1 AND cluster = $2 AND state <> 'pending'";
        let rows = sqlx::query(sql).bind(place).bind(cluster).fetch_all(&self.pool).await?;
        let judged = |row: &AnyRow| {
            let right = row.try_get::<i64, _>("trusted")? != 0 && row.try_get::<String, _>("state")? == "kept";
            Ok((row.try_get("id")?, row.try_get("began")?, right))
        };
        rows.iter().map(judged).collect()
    }

    /// How far the schedule of a cluster has come; `None` when it never ran.
    ///
    /// # Errors
    /// [`StoreError::Away`].
    pub async fn scheduled(&self, cluster: &str) -> Result<Option<Scheduled>, StoreError> {
        let sql = "SELECT due, ended, failures, detail FROM backup_schedules WHERE cluster = $1";
        let row = sqlx::query(sql).bind(cluster).fetch_optional(&self.pool).await?;
        let scheduled = |row: AnyRow| {
            Ok(Scheduled {
                due: row.try_get("due")?,
                ended: row.try_get("ended")?,
                failures: row.try_get("failures")?,
                detail: row.try_get("detail")?,
            })
        };
        row.map(scheduled).transpose()
    }

    /// Remembers how far it has come, unless another replica has come further; answers whether it was remembered. What
    /// was remembered for a moment after `believed` was remembered by a wrong clock, and counts for nothing.
    ///
    /// # Errors
    /// [`StoreError::Away`].
    pub async fn keep_scheduled(&self, cluster: &str, now: &Scheduled, believed: i64) -> Result<bool, StoreError> {
        let kept = sqlx::query(
            "INSERT INTO backup_schedules (cluster, due, ended, failures, detail) VALUES ($1, $2, $3, $4, $5) \
             ON CONFLICT (cluster) DO UPDATE SET due = excluded.due, ended = excluded.ended, \
             failures = excluded.failures, detail = excluded.detail WHERE backup_schedules.due <= excluded.due \
             OR backup_schedules.due > $6",
        )
        .bind(cluster)
        .bind(now.due)
        .bind(now.ended)
        .bind(now.failures)
        .bind(&now.detail)
        .bind(believed)
        .execute(&self.pool)
        .await?;
        Ok(kept.rows_affected() > 0)
    }
}

async fn put(all: &mut sqlx::Transaction<'_, sqlx::Any>, backup: &Backup) -> Result<(), StoreError> {
    let query = sqlx::query(BACKUP).bind(&backup.id).bind(&backup.cluster).bind(backup.began);
    query.bind(i64::from(backup.trusted)).bind(&backup.manifest).execute(&mut **all).await?;
    for copy in &backup.copies {
        let query = sqlx::query(COPY).bind(&backup.id).bind(&copy.place).bind(copy.state.word()).bind(&copy.tag);
        query.bind(copy.at).bind(&copy.detail).execute(&mut **all).await?;
    }
    Ok(())
}

/// Backups from rows of one copy each; a backup's rows stand together.
fn with_copies(rows: &[AnyRow]) -> Result<Vec<Backup>, StoreError> {
    let mut backups: Vec<Backup> = Vec::new();
    for row in rows {
        let next = backup(row)?;
        if backups.last().is_none_or(|last| last.id != next.id) {
            backups.push(next);
        }
        if row.try_get::<Option<String>, _>("place")?.is_some()
            && let Some(last) = backups.last_mut()
        {
            last.copies.push(copy(row)?);
        }
    }
    Ok(backups)
}

fn backup(row: &AnyRow) -> Result<Backup, StoreError> {
    Ok(Backup {
        id: row.try_get("id")?,
        cluster: row.try_get("cluster")?,
        began: row.try_get("began")?,
        trusted: row.try_get::<i64, _>("trusted")? != 0,
        manifest: row.try_get("manifest")?,
        copies: Vec::new(),
    })
}

fn copy(row: &AnyRow) -> Result<Copy, StoreError> {
    Ok(Copy {
        backup: row.try_get("backup")?,
        place: row.try_get("place")?,
        state: CopyState::from_word(&row.try_get::<String, _>("state")?),
        tag: row.try_get("tag")?,
        at: row.try_get("at")?,
        detail: row.try_get("detail")?,
    })
}
