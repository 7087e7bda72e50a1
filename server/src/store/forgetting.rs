//! What goes of clusters' histories, and what it must not take with it.

use sqlx::Row;

use super::{BlockRow, HistoryMark, Store, StoreError, history::put_mark};

/// Rows that one statement removes: others write in between.
const FEW: i64 = 32;

/// The `about` of a gap that was made by forgetting.
const FORGOTTEN: &str = "forgotten";

impl HistoryMark {
    /// A time of which nothing is kept any more, between two that are kept.
    pub fn forgotten(from: i64, until: i64) -> Self {
        Self {
            lane: "gap".into(),
            about: FORGOTTEN.into(),
            began: from,
            ended: Some(until),
            what: "It is forgotten. Only moments around deployments, restores and incidents are kept so long.".into(),
        }
    }

    /// Whether it is one.
    pub fn is_forgotten(&self) -> bool {
        self.lane == "gap" && self.about == FORGOTTEN
    }
}

/// What is kept of a cluster before the last time that was forgotten.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KeptAround {
    /// Spans of time with a forgotten one behind each.
    pub spans: i64,
    /// When the last of them ends.
    pub until: i64,
    /// Bytes of their blocks.
    pub size: i64,
}

impl Store {
    /// Removes a few of a cluster's blocks that begin after a moment, and that nothing from a whole on needs, oldest
    /// first. Answers how many went.
    ///
    /// # Errors
    /// [`StoreError::Away`].
    pub async fn forget_history(&self, cluster: &str, after: i64, needed: &BlockRow) -> Result<u64, StoreError> {
        let key = match self.kind {
            super::Kind::Sqlite => "rowid",
            super::Kind::Postgres => "ctid",
        };
        // A block that ends before the whole begins is needed by nothing after it.
        let sql = format!(
            "DELETE FROM history_blocks WHERE {key} IN (SELECT {key} FROM history_blocks WHERE cluster = $1 \
             AND first > $5 AND ((content = 1 AND first < $2) OR (content = 0 AND number + changes <= $3)) \
             ORDER BY first, number LIMIT $4)"
        );
        let gone = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(cluster).bind(needed.first).bind(needed.number).bind(FEW);
        Ok(gone.bind(after).execute(&self.pool).await?.rows_affected())
    }

    /// Removes what stands on a cluster's time line, and its incidents, where these ended before a moment.
    ///
    /// # Errors
    /// [`StoreError::Away`].
    pub async fn forget_marks_before(&self, cluster: &str, before: i64) -> Result<(), StoreError> {
        let sql = "DELETE FROM history_marks WHERE cluster = $1 AND (COALESCE(ended, began) < $2 \
                   OR (lane = 'gap' AND ended <= $2))";
        sqlx::query(sql).bind(cluster).bind(before).execute(&self.pool).await?;
        self.forget_incidents(cluster, before).await
    }

    /// Notes that a time is forgotten, before its blocks go: who is killed in between hides them, and shows no moment
    /// that lacks some of its changes.
    ///
    /// # Errors
    /// [`StoreError::Away`].
    pub async fn forget_between(&self, cluster: &str, from: i64, until: i64) -> Result<(), StoreError> {
        let mut all = self.pool.begin().await?;
        put_mark(&mut all, cluster, &HistoryMark::forgotten(from, until)).await?;
        let sql = "DELETE FROM history_marks WHERE cluster = $1 AND began > $2 AND COALESCE(ended, began) < $3 \
                   AND lane <> 'made-up'";
        sqlx::query(sql).bind(cluster).bind(from).bind(until).execute(&mut *all).await?;
        let sql = "DELETE FROM history_marks WHERE cluster = $1 AND lane = 'gap' AND began > $2 AND ended <= $3";
        sqlx::query(sql).bind(cluster).bind(from).bind(until).execute(&mut *all).await?;
        all.commit().await?;
        Ok(())
    }

    /// From when until when deployments, restores and incidents of a cluster lasted that had not ended by a moment;
    /// those that last still, until `now`.
    ///
    /// # Errors
    /// [`StoreError::Away`].
    pub async fn remarkable_times(&self, cluster: &str, from: i64, now: i64) -> Result<Vec<(i64, i64)>, StoreError> {
        let sql = "SELECT created AS began, COALESCE(ended, $3) AS ended FROM runs \
                   WHERE cluster = $1 AND started IS NOT NULL AND COALESCE(ended, $3) >= $2 \
                   UNION ALL SELECT began, COALESCE(ended, $3) AS ended FROM incidents \
                   WHERE cluster = $1 AND COALESCE(ended, $3) >= $2 \
                   UNION ALL SELECT began, COALESCE(ended, began) AS ended FROM history_marks \
                   WHERE cluster = $1 AND lane IN ('deployment', 'restore') AND COALESCE(ended, began) >= $2";
        let rows = sqlx::query(sql).bind(cluster).bind(from).bind(now).fetch_all(&self.pool).await?;
        rows.iter().map(|row| Ok((row.try_get("began")?, row.try_get("ended")?))).collect()
    }

    /// What is kept of a cluster although what came after it is forgotten.
    ///
    /// # Errors
    /// [`StoreError::Away`].
    pub async fn kept_around(&self, cluster: &str) -> Result<KeptAround, StoreError> {
        let sql = "SELECT COUNT(*) AS spans, COALESCE(MAX(began), 0) AS until FROM history_marks \
                   WHERE cluster = $1 AND lane = 'gap' AND about = $2";
        let marks = sqlx::query(sql).bind(cluster).bind(FORGOTTEN).fetch_one(&self.pool).await?;
        let (spans, until) = (marks.try_get("spans")?, marks.try_get("until")?);
        let sql = "SELECT CAST(COALESCE(SUM(size), 0) AS BIGINT) AS size FROM history_blocks \
                   WHERE cluster = $1 AND first <= $2";
        let size = sqlx::query(sql).bind(cluster).bind(until).fetch_one(&self.pool).await?.try_get("size")?;
        Ok(KeptAround { spans, until, size })
    }
}
