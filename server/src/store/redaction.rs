//! Logs that earlier rules redacted: which they are, and one put in the place of another.

use sqlx::Row;

use super::{Piece, RunRow, Store, StoreError};

/// A log that was redacted anew, and what is told of it.
#[derive(Clone, Debug, Default)]
pub struct Anew {
    /// The version of the rules.
    pub rules: i64,
    /// How long it is now, in bytes.
    pub size: i64,
    /// When that was done, in milliseconds since the epoch.
    pub at: i64,
    /// What was hidden, by rule, as JSON.
    pub hidden: String,
    /// What it tells, packed.
    pub outline: Option<Vec<u8>>,
    /// The verdict, as JSON.
    pub judgement: Option<String>,
    /// What is being waited for.
    pub trouble: String,
    /// How the hosts fared, as JSON.
    pub seen: String,
}

/// Under which name the pieces of a new log wait until it is whole. No run has a blank in its name.
fn waiting(run: &str) -> String {
    format!("{run} anew")
}

impl Store {
    /// Runs whose logs were redacted by rules before these, newest first, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError::Away`].
    pub async fn stale_logs(&self, rules: i64, limit: u32) -> Result<Vec<String>, StoreError> {
        let sql = "SELECT id FROM runs WHERE rules < $1 ORDER BY created DESC, id DESC LIMIT $2";
        let rows = sqlx::query(sql).bind(rules).bind(i64::from(limit)).fetch_all(&self.pool).await?;
        rows.iter().map(|row| Ok(row.try_get("id")?)).collect()
    }

    /// The rules that a run's log was redacted by; none for no run.
    ///
    /// # Errors
    /// [`StoreError::Away`].
    pub async fn rules_of_log(&self, run: &str) -> Result<Option<i64>, StoreError> {
        let row = sqlx::query("SELECT rules FROM runs WHERE id = $1").bind(run).fetch_optional(&self.pool).await?;
        row.map(|row| Ok(row.try_get("rules")?)).transpose()
    }

    /// Begins a new log for a run: what waits of an earlier attempt goes.
    ///
    /// # Errors
    /// [`StoreError::Away`].
    pub async fn begin_anew(&self, run: &str) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM run_log WHERE run = $1").bind(waiting(run)).execute(&self.pool).await?;
        Ok(())
    }

    /// Keeps the next piece of a new log, which nobody sees yet.
    ///
    /// # Errors
    /// [`StoreError::Taken`] when another server does the same.
    pub async fn keep_anew(&self, run: &str, piece: &Piece) -> Result<(), StoreError> {
        sqlx::query("INSERT INTO run_log (run, at, heard, size, body) VALUES ($1, $2, $3, $4, $5)")
            .bind(waiting(run))
            .bind(piece.at)
            .bind(piece.heard)
            .bind(piece.size)
            .bind(&piece.body)
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// Puts the new log in the place of the old one, with all that is told of it; all or nothing. False when the log
    /// has grown meanwhile, or another server was quicker.
    ///
    /// # Errors
    /// [`StoreError::Away`].
    pub async fn end_anew(&self, run: &RunRow, new: &Anew) -> Result<bool, StoreError> {
        let mut all = self.pool.begin().await?;
        let done = sqlx::query(
            "UPDATE runs SET rules = $2, size = $3, redacted = $4, hidden = $5, outline = COALESCE($6, outline), \
             judgement = COALESCE($7, judgement), trouble = $8, seen = $9 \
             WHERE id = $1 AND rules < $2 AND size = $10 AND resume = $11",
        )
        .bind(&run.id)
        .bind(new.rules)
        .bind(new.size)
        .bind(new.at)
        .bind(&new.hidden)
        .bind(new.outline.as_deref())
        .bind(new.judgement.as_deref())
        .bind(&new.trouble)
        .bind(&new.seen)
        .bind(run.size)
        .bind(&run.resume)
        .execute(&mut *all)
        .await?;
        let sql = "SELECT CAST(COALESCE(SUM(size), 0) AS BIGINT) AS size FROM run_log WHERE run = $1";
        let kept: i64 = sqlx::query(sql).bind(waiting(&run.id)).fetch_one(&mut *all).await?.try_get("size")?;
        if done.rows_affected() != 1 || kept != 0 && kept != new.size {
            all.rollback().await?;
            return Ok(false);
        }
        if kept > 0 {
            sqlx::query("DELETE FROM run_log WHERE run = $1").bind(&run.id).execute(&mut *all).await?;
            let moved = sqlx::query("UPDATE run_log SET run = $1 WHERE run = $2");
            moved.bind(&run.id).bind(waiting(&run.id)).execute(&mut *all).await?;
        }
        all.commit().await?;
        Ok(true)
    }
}
