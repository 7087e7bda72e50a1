//! Logs of deployments: pieces in order, each kept in one transaction with where to go on reading.

use sqlx::Row;

use super::{Store, StoreError};

/// A piece of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Where it begins, in bytes.
    pub at: i64,
    /// When it was heard, in milliseconds since the epoch.
    pub heard: i64,
    /// How long it is, in bytes.
    pub size: i64,
    /// It, by whatever packed it.
    pub body: Vec<u8>,
}

/// Where a log stands: what has to be true before a piece is kept, and what is true afterwards.
#[derive(Clone, Copy, Debug)]
pub struct Stand<'a> {
    /// Where to go on reading, as it was kept last.
    pub before: &'a str,
    /// Where to go on reading from now on.
    pub after: &'a str,
}

impl Store {
    /// Keeps the next piece of a run's log, and where to go on reading; both or neither. False when it is not
    /// the next: somebody else follows this log.
    ///
    /// # Errors
    /// [`StoreError::Away`].
    pub async fn append_log(&self, run: &str, piece: &Piece, stand: Stand<'_>) -> Result<bool, StoreError> {
        let mut both = self.pool.begin().await?;
        let next =
            sqlx::query("UPDATE runs SET size = size + $2, resume = $3 WHERE id = $1 AND size = $4 AND resume = $5")
                .bind(run)
                .bind(piece.size)
                .bind(stand.after)
                .bind(piece.at)
                .bind(stand.before)
                .execute(&mut *both)
                .await?;
        if next.rows_affected() != 1 {
            both.rollback().await?;
            return Ok(false);
        }
        if piece.size > 0 {
            sqlx::query("INSERT INTO run_log (run, at, heard, size, body) VALUES ($1, $2, $3, $4, $5)")
                .bind(run)
                .bind(piece.at)
                .bind(piece.heard)
                .bind(piece.size)
                .bind(&piece.body)
                .execute(&mut *both)
                .await?;
        }
        both.commit().await?;
        Ok(true)
    }

    /// Pieces of a run's log from the one on that holds a place, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError::Away`].
    pub async fn log_from(&self, run: &str, at: i64, limit: u32) -> Result<Vec<Piece>, StoreError> {
        let rows = sqlx::query(
            "SELECT at, heard, size, body FROM run_log WHERE run = $1 AND at >= \
             COALESCE((SELECT MAX(at) FROM run_log WHERE run = $1 AND at <= $2), 0) ORDER BY at LIMIT $3",
        )
        .bind(run)
        .bind(at)
        .bind(i64::from(limit))
        .fetch_all(&self.pool)
        .await?;
        let pieces = rows.iter().map(|row| {
            Ok(Piece {
                at: row.try_get("at")?,
                heard: row.try_get("heard")?,
                size: row.try_get("size")?,
                body: row.try_get("body")?,
            })
        });
        pieces.collect()
    }

    /// Puts one large piece in the place of the small ones that it holds.
    ///
    /// # Errors
    /// [`StoreError::Away`].
    pub async fn merge_log(&self, run: &str, piece: &Piece) -> Result<(), StoreError> {
        let mut both = self.pool.begin().await?;
        sqlx::query("DELETE FROM run_log WHERE run = $1 AND at >= $2 AND at < $3")
            .bind(run)
            .bind(piece.at)
            .bind(piece.at + piece.size)
            .execute(&mut *both)
            .await?;
        sqlx::query("INSERT INTO run_log (run, at, heard, size, body) VALUES ($1, $2, $3, $4, $5)")
            .bind(run)
            .bind(piece.at)
            .bind(piece.heard)
            .bind(piece.size)
            .bind(&piece.body)
            .execute(&mut *both)
            .await?;
        both.commit().await?;
        Ok(())
    }

    /// Forgets logs of runs that ended before a time, and then the oldest until all of them take no more than so
    /// many bytes. Runs themselves stay. Answers how many logs went.
    ///
    /// # Errors
    /// [`StoreError::Away`].
    pub async fn forget_logs(&self, before: i64, most: i64) -> Result<u64, StoreError> {
        let rows = sqlx::query(
            "SELECT runs.id AS id, runs.ended AS ended, CAST(SUM(length(run_log.body)) AS BIGINT) AS taken FROM runs \
             JOIN run_log ON run_log.run = runs.id WHERE runs.ended IS NOT NULL \
             GROUP BY runs.id, runs.ended ORDER BY runs.ended DESC, runs.id",
        )
        .fetch_all(&self.pool)
        .await?;
        let (mut sum, mut gone) = (0_i64, 0);
        for row in rows {
            sum += row.try_get::<i64, _>("taken")?;
            if row.try_get::<i64, _>("ended")? < before || sum > most {
                let id: String = row.try_get("id")?;
                sqlx::query("DELETE FROM run_log WHERE run = $1").bind(id).execute(&self.pool).await?;
                gone += 1;
            }
        }
        Ok(gone)
    }
}
