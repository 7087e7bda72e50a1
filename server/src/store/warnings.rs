//! Grave warnings about backups, as an address was or is to be told of them: one row for each cluster and kind.

use sqlx::{Row, any::AnyRow};

use super::{Store, StoreError};

/// News of a warning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WarningNews {
    /// The cluster.
    pub cluster: String,
    /// The warning's kind, in one word.
    pub kind: String,
    /// Names this news and no other: whoever hears it twice can tell.
    pub id: String,
    /// Whether the warning has ended; otherwise it has appeared.
    pub ended: bool,
    /// Since when, in milliseconds since the epoch.
    pub at: i64,
    /// What is, or was, so.
    pub what: String,
    /// What to do.
    pub todo: String,
    /// Whether nobody is to be told any more: it was told, or given up.
    pub told: bool,
    /// How often it was tried to tell it.
    pub tries: i64,
    /// When it may be tried again, in milliseconds since the epoch.
    pub again: i64,
}

impl Store {
    /// All news that is remembered.
    ///
    /// # Errors
    /// [`StoreError::Away`].
    pub async fn warning_news(&self) -> Result<Vec<WarningNews>, StoreError> {
        let sql = "SELECT cluster, kind, id, state, at, what, todo, told, tries, again FROM backup_warnings \
                   ORDER BY at, cluster, kind";
        sqlx::query(sql).fetch_all(&self.pool).await?.iter().map(news).collect()
    }

    /// Puts news in the place of that which is known by an id, or of none; answers whether nobody was faster.
    ///
    /// # Errors
    /// [`StoreError::Away`].
    pub async fn keep_warning_news(&self, news: &WarningNews, before: Option<&str>) -> Result<bool, StoreError> {
        let state = if news.ended { "ended" } else { "appeared" };
        let sql = match before {
            None => {
                "INSERT INTO backup_warnings (cluster, kind, id, state, at, what, todo, told, tries, again) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (cluster, kind) DO NOTHING"
            }
            Some(_) => {
                "UPDATE backup_warnings SET id = $3, state = $4, at = $5, what = $6, todo = $7, told = $8, \
                 tries = $9, again = $10 WHERE cluster = $1 AND kind = $2 AND id = $11"
            }
        };
        let query = sqlx::query(sql).bind(&news.cluster).bind(&news.kind).bind(&news.id).bind(state).bind(news.at);
        let query =
            query.bind(&news.what).bind(&news.todo).bind(i64::from(news.told)).bind(news.tries).bind(news.again);
        let query = if let Some(before) = before { query.bind(before) } else { query };
        Ok(query.execute(&self.pool).await?.rows_affected() > 0)
    }

    /// Notes that it is tried once more to tell news; answers whether nobody else does.
    ///
    /// # Errors
    /// [`StoreError::Away`].
    pub async fn try_warning_news(&self, news: &WarningNews, again: i64) -> Result<bool, StoreError> {
        let sql = "UPDATE backup_warnings SET tries = tries + 1, again = $1 WHERE id = $2 AND tries = $3 AND told = 0";
        let tried = sqlx::query(sql).bind(again).bind(&news.id).bind(news.tries).execute(&self.pool).await?;
        Ok(tried.rows_affected() > 0)
    }

    /// Notes that news was told, or was given up.
    ///
    /// # Errors
    /// [`StoreError::Away`].
    pub async fn told_warning_news(&self, id: &str) -> Result<(), StoreError> {
        sqlx::query("UPDATE backup_warnings SET told = 1 WHERE id = $1").bind(id).execute(&self.pool).await?;
        Ok(())
    }

    /// Forgets news that is not of interest any more.
    ///
    /// # Errors
    /// [`StoreError::Away`].
    pub async fn forget_warning_news(&self, id: &str) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM backup_warnings WHERE id = $1").bind(id).execute(&self.pool).await?;
        Ok(())
    }
}

fn news(row: &AnyRow) -> Result<WarningNews, StoreError> {
    Ok(WarningNews {
        cluster: row.try_get("cluster")?,
        kind: row.try_get("kind")?,
        id: row.try_get("id")?,
        ended: row.try_get::<String, _>("state")? == "ended",
        at: row.try_get("at")?,
        what: row.try_get("what")?,
        todo: row.try_get("todo")?,
        told: row.try_get::<i64, _>("told")? != 0,
        tries: row.try_get("tries")?,
        again: row.try_get("again")?,
    })
}
