//! Incidents of clusters, and the times in which nobody is told of them.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use sqlx::{Row, any::AnyRow};

use super::{Store, StoreError};

/// An incident as a row. Times are in milliseconds since the epoch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IncidentRow {
    /// The cluster.
    pub cluster: String,
    /// Names it among those of its cluster.
    pub id: String,
    /// Its kind's word.
    pub kind: String,
    /// What it is about, as in `node/host4`.
    pub about: String,
    /// When it began.
    pub began: i64,
    /// Since when it is well, while that is not certain to stay.
    pub well: Option<i64>,
    /// When it ended.
    pub ended: Option<i64>,
    /// How often it was well for too short a time.
    pub relapses: i64,
    /// In a sentence.
    pub what: String,
    /// What it touched: names and words, as JSON.
    pub touched: String,
    /// What had changed before it: groups, names and words, as JSON; none until that was looked for.
    pub changed: Option<String>,
    /// How far it was told; of one that comes from a file, nobody is told.
    #[serde(skip, default = "Told::all")]
    pub told: Told,
    /// How often it was tried to tell what is not told yet.
    #[serde(skip)]
    pub tries: i64,
}

/// How far an incident was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Told {
    /// Not at all.
    Nothing,
    /// That it began.
    Beginning,
    /// That it ended.
    End,
}

impl Told {
    const fn all() -> Self {
        Self::End
    }

    const fn of(number: i64) -> Self {
        match number {
            0 => Self::Nothing,
            1 => Self::Beginning,
            _ => Self::End,
        }
    }
}

/// A time in which nobody is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Silence {
    /// Its name.
    pub id: String,
    /// The cluster.
    pub cluster: String,
    /// The kind's word; empty for all.
    pub kind: String,
    /// What incidents are about; empty for all.
    pub about: String,
    /// Its beginning.
    pub began: i64,
    /// Its end.
    pub ends: i64,
    /// Why.
    pub reason: String,
    /// Its maker.
    pub maker: String,
}

impl Silence {
    /// Whether it holds for an incident at a moment.
    pub fn covers(&self, incident: &IncidentRow, now: i64) -> bool {
        let fits = |wanted: &str, is: &str| wanted.is_empty() || wanted == is;
        (self.began..self.ends).contains(&now)
            && self.cluster == incident.cluster
            && fits(&self.kind, &incident.kind)
            && fits(&self.about, &incident.about)
    }
}

const COLUMNS: &str = "cluster, id, kind, about, began, well, ended, relapses, what, touched, changed, told, tries";

const PUT: &str = "INSERT INTO incidents (cluster, id, kind, about, began, well, ended, relapses, what, touched, written, \
                   told) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT (cluster, id) DO UPDATE SET \
                   well = excluded.well, ended = excluded.ended, relapses = excluded.relapses, what = excluded.what, \
                   touched = excluded.touched, written = excluded.written, \
                   told = CASE WHEN excluded.ended IS NULL AND incidents.told > 1 THEN 0 ELSE incidents.told END";

/// Keeps incidents as part of a transaction. How far one that is there was told stays as it is; one that is open again, as after a
/// restore of etcd, is told anew.
pub(super) async fn put(all: &mut sqlx::Transaction<'_, sqlx::Any>, rows: &[IncidentRow]) -> Result<(), StoreError> {
    let now = jiff::Timestamp::now().as_millisecond();
    for row in rows {
        sqlx::query(PUT)
            .bind(&row.cluster)
            .bind(&row.id)
            .bind(&row.kind)
            .bind(&row.about)
            .bind(row.began)
            .bind(row.well)
            .bind(row.ended)
            .bind(row.relapses)
            .bind(&row.what)
            .bind(&row.touched)
            .bind(now)
            .bind(row.told as i64)
            .execute(&mut **all)
            .await?;
    }
    Ok(())
}

/// Keeps incidents as they were elsewhere, under another name of their cluster.
pub(super) async fn import(
    all: &mut sqlx::Transaction<'_, sqlx::Any>,
    cluster: &str,
    rows: &[IncidentRow],
) -> Result<(), StoreError> {
    for row in rows {
        put(all, &[IncidentRow { cluster: cluster.to_owned(), ..row.clone() }]).await?;
        let sql = "UPDATE incidents SET changed = $3 WHERE cluster = $1 AND id = $2";
        // One for which it was not looked yet is looked at here, where the same is kept.
        sqlx::query(sql).bind(cluster).bind(&row.id).bind(&row.changed).execute(&mut **all).await?;
    }
    Ok(())
}

impl Store {
    /// Incidents of a cluster that have not ended.
    ///
    /// # Errors
    /// [`StoreError::Away`].
    pub async fn open_incidents(&self, cluster: &str) -> Result<Vec<IncidentRow>, StoreError> {
        let sql =
            format!("SELECT {COLUMNS} FROM incidents WHERE cluster = $1 AND ended IS NULL ORDER BY began DESC, id");
        let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(cluster).fetch_all(&self.pool).await?;
        rows.iter().map(incident).collect()
    }

    /// How many incidents have not ended, by cluster and kind, of all clusters in one question.
    ///
    /// # Errors
    /// [`StoreError::Away`].
    pub async fn open_incident_counts(&self) -> Result<HashMap<(String, String), i64>, StoreError> {
        let sql = "SELECT cluster, kind, COUNT(*) AS open FROM incidents WHERE ended IS NULL GROUP BY cluster, kind";
        let rows = sqlx::query(sql).fetch_all(&self.pool).await?;
        rows.iter().map(|row| Ok(((row.try_get("cluster")?, row.try_get("kind")?), row.try_get("open")?))).collect()
    }

    /// Incidents of a cluster that touch a span of time, the latest first.
    ///
    /// # Errors
    /// [`StoreError::Away`].
    pub async fn incidents(
        &self,
        cluster: &str,
        from: i64,
        until: i64,
        most: u32,
    ) -> Result<Vec<IncidentRow>, StoreError> {
        self.lasting("(ended IS NULL OR ended >= $2)", cluster, from, until, most).await
    }

    /// The same of those that have ended.
    ///
    /// # Errors
    /// [`StoreError::Away`].
    pub async fn ended_incidents(
        &self,
        cluster: &str,
        from: i64,
        until: i64,
        most: u32,
    ) -> Result<Vec<IncidentRow>, StoreError> {
        self.lasting("ended >= $2", cluster, from, until, most).await
    }

    async fn lasting(
        &self,
        lasted: &'static str,
        cluster: &str,
        from: i64,
        until: i64,
        most: u32,
    ) -> Result<Vec<IncidentRow>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM incidents WHERE cluster = $1 AND began <= $3 AND {lasted} \
             ORDER BY began DESC, id LIMIT $4"
        );
        let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(cluster).bind(from).bind(until).bind(i64::from(most));
        rows.fetch_all(&self.pool).await?.iter().map(incident).collect()
    }

    /// One incident.
    ///
    /// # Errors
    /// [`StoreError::Away`].
    pub async fn incident(&self, cluster: &str, id: &str) -> Result<Option<IncidentRow>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM incidents WHERE cluster = $1 AND id = $2");
        let row = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(cluster).bind(id).fetch_optional(&self.pool).await?;
        row.as_ref().map(incident).transpose()
    }

    /// Incidents of all clusters that were written from a moment on, in that order.
    ///
    /// # Errors
    /// [`StoreError::Away`].
    pub async fn incidents_written(&self, from: i64) -> Result<Vec<IncidentRow>, StoreError> {
        let sql =
            format!("SELECT {COLUMNS} FROM incidents WHERE written >= $1 ORDER BY written, cluster, id LIMIT 1000");
        let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(from).fetch_all(&self.pool).await?;
        rows.iter().map(incident).collect()
    }

    /// Incidents of all clusters that somebody is to be told of now, the earliest first. A beginning within a silence
    /// is not among them: many of these keep back no other.
    ///
    /// # Errors
    /// [`StoreError::Away`].
    pub async fn untold_incidents(&self, now: i64) -> Result<Vec<IncidentRow>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM incidents WHERE told < 2 AND again <= $1 AND (ended IS NOT NULL OR (told = 0 \
             AND NOT EXISTS (SELECT 1 FROM incident_silences AS silence WHERE silence.cluster = incidents.cluster \
             AND silence.began <= $1 AND silence.ends > $1 AND silence.kind IN ('', incidents.kind) \
             AND silence.about IN ('', incidents.about)))) ORDER BY began, cluster, id LIMIT 100"
        );
        let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(now).fetch_all(&self.pool).await?;
        rows.iter().map(incident).collect()
    }

    /// Incidents of all clusters that are open, or ended from a moment on: the latest, so that clusters that nobody
    /// follows any more, whose incidents never end, leave room for the others.
    ///
    /// # Errors
    /// [`StoreError::Away`].
    pub async fn incidents_to_alert(&self, from: i64) -> Result<Vec<IncidentRow>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM incidents WHERE ended IS NULL OR ended >= $1 ORDER BY began DESC, cluster, id LIMIT 1000"
        );
        let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(from).fetch_all(&self.pool).await?;
        rows.iter().map(incident).collect()
    }

    /// Incidents of which it was not looked for what had changed before them.
    ///
    /// # Errors
    /// [`StoreError::Away`].
    pub async fn incidents_to_compare(&self) -> Result<Vec<IncidentRow>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM incidents WHERE changed IS NULL ORDER BY began LIMIT 16");
        let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).fetch_all(&self.pool).await?;
        rows.iter().map(incident).collect()
    }

    /// Notes what had changed before an incident.
    ///
    /// # Errors
    /// [`StoreError::Away`].
    pub async fn incident_changed(&self, incident: &IncidentRow, changed: &str) -> Result<(), StoreError> {
        let sql = "UPDATE incidents SET changed = $3, written = $4 WHERE cluster = $1 AND id = $2";
        let now = jiff::Timestamp::now().as_millisecond();
        sqlx::query(sql).bind(&incident.cluster).bind(&incident.id).bind(changed).bind(now).execute(&self.pool).await?;
        Ok(())
    }

    /// Notes that it is tried once more to tell of an incident; answers whether nobody else does.
    ///
    /// # Errors
    /// [`StoreError::Away`].
    pub async fn try_incident(&self, incident: &IncidentRow, again: i64) -> Result<bool, StoreError> {
        let sql = "UPDATE incidents SET tries = tries + 1, again = $3 WHERE cluster = $1 AND id = $2 AND tries = $4 \
                   AND told = $5";
        let tried = sqlx::query(sql).bind(&incident.cluster).bind(&incident.id).bind(again).bind(incident.tries);
        Ok(tried.bind(incident.told as i64).execute(&self.pool).await?.rows_affected() > 0)
    }

    /// Notes how far an incident was told, or given up. It is never told less far than before: another replica may have
    /// gone on meanwhile.
    ///
    /// # Errors
    /// [`StoreError::Away`].
    pub async fn told_incident(&self, incident: &IncidentRow, told: Told) -> Result<(), StoreError> {
        let sql = "UPDATE incidents SET told = $3, tries = 0, again = 0 WHERE cluster = $1 AND id = $2 AND told < $3";
        sqlx::query(sql).bind(&incident.cluster).bind(&incident.id).bind(told as i64).execute(&self.pool).await?;
        Ok(())
    }

    /// Removes incidents and silences of a cluster that ended before a moment.
    ///
    /// # Errors
    /// [`StoreError::Away`].
    pub async fn forget_incidents(&self, cluster: &str, before: i64) -> Result<(), StoreError> {
        for sql in [
            "DELETE FROM incidents WHERE cluster = $1 AND ended < $2",
            "DELETE FROM incident_silences WHERE cluster = $1 AND ends < $2",
        ] {
            sqlx::query(sql).bind(cluster).bind(before).execute(&self.pool).await?;
        }
        Ok(())
    }

    /// Removes one incident.
    ///
    /// # Errors
    /// [`StoreError::Away`].
    pub async fn remove_incident(&self, cluster: &str, id: &str) -> Result<(), StoreError> {
        let sql = "DELETE FROM incidents WHERE cluster = $1 AND id = $2";
        sqlx::query(sql).bind(cluster).bind(id).execute(&self.pool).await?;
        Ok(())
    }

    /// Keeps incidents that were altered.
    ///
    /// # Errors
    /// [`StoreError::Away`].
    pub async fn keep_incidents(&self, rows: &[IncidentRow]) -> Result<(), StoreError> {
        let mut all = self.pool.begin().await?;
        put(&mut all, rows).await?;
        all.commit().await?;
        Ok(())
    }

    /// Keeps a silence.
    ///
    /// # Errors
    /// [`StoreError::Away`].
    pub async fn keep_silence(&self, silence: &Silence) -> Result<(), StoreError> {
        let sql = "INSERT INTO incident_silences (id, cluster, kind, about, began, ends, reason, maker) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
        sqlx::query(sql)
            .bind(&silence.id)
            .bind(&silence.cluster)
            .bind(&silence.kind)
            .bind(&silence.about)
            .bind(silence.began)
            .bind(silence.ends)
            .bind(&silence.reason)
            .bind(&silence.maker)
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// Silences of a cluster, or of all for an empty name, that have not ended at a moment, the first to end first.
    ///
    /// # Errors
    /// [`StoreError::Away`].
    pub async fn silences(&self, cluster: &str, now: i64) -> Result<Vec<Silence>, StoreError> {
        let sql = "SELECT id, cluster, kind, about, began, ends, reason, maker FROM incident_silences \
                   WHERE ends > $1 AND ($2 = '' OR cluster = $2) ORDER BY ends, id";
        let rows = sqlx::query(sql).bind(now).bind(cluster).fetch_all(&self.pool).await?;
        rows.iter().map(silence).collect()
    }

    /// Ends a silence now; answers whether there was one.
    ///
    /// # Errors
    /// [`StoreError::Away`].
    pub async fn end_silence(&self, cluster: &str, id: &str, now: i64) -> Result<bool, StoreError> {
        let sql = "UPDATE incident_silences SET ends = $3 WHERE cluster = $1 AND id = $2 AND ends > $3";
        let ended = sqlx::query(sql).bind(cluster).bind(id).bind(now).execute(&self.pool).await?;
        Ok(ended.rows_affected() > 0)
    }
}

fn incident(row: &AnyRow) -> Result<IncidentRow, StoreError> {
    Ok(IncidentRow {
        cluster: row.try_get("cluster")?,
        id: row.try_get("id")?,
        kind: row.try_get("kind")?,
        about: row.try_get("about")?,
        began: row.try_get("began")?,
        well: row.try_get("well")?,
        ended: row.try_get("ended")?,
        relapses: row.try_get("relapses")?,
        what: row.try_get("what")?,
        touched: row.try_get("touched")?,
        changed: row.try_get("changed")?,
        told: Told::of(row.try_get("told")?),
        tries: row.try_get("tries")?,
    })
}

fn silence(row: &AnyRow) -> Result<Silence, StoreError> {
    Ok(Silence {
        id: row.try_get("id")?,
        cluster: row.try_get("cluster")?,
        kind: row.try_get("kind")?,
        about: row.try_get("about")?,
        began: row.try_get("began")?,
        ends: row.try_get("ends")?,
        reason: row.try_get("reason")?,
        maker: row.try_get("maker")?,
    })
}
