//! The history of clusters: blocks, how far each has come, and what stands on a time line.

use serde::{Deserialize, Serialize};
use sqlx::{Row, any::AnyRow};

use super::{IncidentRow, Store, StoreError, incidents};

/// A block as a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlockRow {
    /// Whether it is the whole of a moment, and not changes.
    pub whole: bool,
    /// How many changes were recorded before it.
    pub number: i64,
    /// The time of the first.
    pub first: i64,
    /// The time of the last.
    pub last: i64,
    /// How many.
    pub changes: i64,
    /// The block; empty where only rows were asked for.
    pub body: Vec<u8>,
}

/// How far a cluster's history has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// Up to when it was followed.
    pub seen: i64,
    /// How many changes there were.
    pub next: i64,
}

/// What stands on a time line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryMark {
    /// As in `gap`, `leader`, `host`.
    pub lane: String,
    /// What it is about, as in `kube-scheduler`.
    pub about: String,
    /// When it began.
    pub began: i64,
    /// When it ended; none for what is a moment, or goes on.
    pub ended: Option<i64>,
    /// In a sentence.
    pub what: String,
}

/// What was learnt of a cluster since the last commit.
#[derive(Clone, Copy, Debug, Default)]
pub struct Learnt<'a> {
    /// Blocks.
    pub blocks: &'a [BlockRow],
    /// What stands on a time line.
    pub marks: &'a [HistoryMark],
    /// Incidents that are other than before.
    pub incidents: &'a [IncidentRow],
}

/// How much is kept of a cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extent {
    /// The cluster.
    pub cluster: String,
    /// Blocks of changes.
    pub blocks: i64,
    /// Changes in them.
    pub changes: i64,
    /// Bytes of blocks of changes.
    pub size: i64,
    /// Times of which everything is kept.
    pub wholes: i64,
    /// Bytes of these.
    pub wholes_size: i64,
    /// The first moment that can be looked at.
    pub first: i64,
    /// The last change.
    pub last: i64,
}

const BLOCK: &str = "INSERT INTO history_blocks (cluster, content, number, first, last, changes, size, body) \
                     VALUES ($1, $2, $3, $4, $5, $6, $7, $8) \
                     ON CONFLICT (cluster, content, number, first) DO UPDATE SET last = excluded.last, \
                     changes = excluded.changes, size = excluded.size, body = excluded.body";

const MARK: &str = "INSERT INTO history_marks (cluster, lane, about, began, ended, what) \
                    VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (cluster, lane, began, about) \
                    DO UPDATE SET ended = excluded.ended, what = excluded.what";

impl Store {
    /// Keeps blocks, marks of the time line, incidents and how far they come, all or none. False when somebody else holds the lease
    /// meanwhile, or has written from the same place.
    ///
    /// # Errors
    /// [`StoreError::Away`].
    pub async fn append_history(
        &self,
        cluster: &str,
        lease: (&str, &str),
        learnt: Learnt<'_>,
        before: Option<Head>,
        head: Head,
    ) -> Result<bool, StoreError> {
        let mut all = self.pool.begin().await?;
        // It begins with a write: SQLite refuses a transaction that has read before somebody else's commit.
        let moved = match before {
            Some(before) => {
                let sql = "UPDATE history_heads SET seen = $2, next = $3 WHERE cluster = $1 AND next = $4";
                sqlx::query(sql).bind(cluster).bind(head.seen).bind(head.next).bind(before.next)
            }
            None => {
                let sql = "INSERT INTO history_heads (cluster, seen, next) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
                sqlx::query(sql).bind(cluster).bind(head.seen).bind(head.next)
            }
        };
        let moved = moved.execute(&mut *all).await?.rows_affected() == 1;
        let holds = sqlx::query("SELECT term FROM leases WHERE name = $1 AND holder = $2").bind(lease.0).bind(lease.1);
        let holds = holds.fetch_optional(&mut *all).await?.is_some();
        if !holds || !moved {
            all.rollback().await?;
            return Ok(false);
        }
        insert_all(&mut all, cluster, learnt.blocks, learnt.marks).await?;
        incidents::put(&mut all, learnt.incidents).await?;
        all.commit().await?;
        Ok(true)
    }

    /// Puts one block in the place of those whose changes it holds.
    ///
    /// # Errors
    /// [`StoreError::Away`].
    pub async fn merge_history(&self, cluster: &str, block: &BlockRow) -> Result<(), StoreError> {
        let mut both = self.pool.begin().await?;
        let sql = "DELETE FROM history_blocks WHERE cluster = $1 AND content = 0 AND number >= $2 AND number < $3";
        let gone = sqlx::query(sql).bind(cluster).bind(block.number).bind(block.number + block.changes);
        gone.execute(&mut *both).await?;
        insert(&mut both, cluster, block).await?;
        both.commit().await?;
        Ok(())
    }

    /// How far a cluster's history has come; none before the first block.
    ///
    /// # Errors
    /// [`StoreError::Away`].
    pub async fn history_head(&self, cluster: &str) -> Result<Option<Head>, StoreError> {
        let sql = "SELECT seen, next FROM history_heads WHERE cluster = $1";
        let row = sqlx::query(sql).bind(cluster).fetch_optional(&self.pool).await?;
        row.map(|row| Ok(Head { seen: row.try_get("seen")?, next: row.try_get("next")? })).transpose()
    }

    /// The last whole that is not after a moment.
    ///
    /// # Errors
    /// [`StoreError::Away`].
    pub async fn whole_before(&self, cluster: &str, at: i64) -> Result<Option<BlockRow>, StoreError> {
        let sql = "SELECT content, number, first, last, changes, body FROM history_blocks WHERE cluster = $1 \
                   AND content = 1 AND first <= $2 ORDER BY first DESC, number DESC LIMIT 1";
        let row = sqlx::query(sql).bind(cluster).bind(at).fetch_optional(&self.pool).await?;
        row.as_ref().map(block).transpose()
    }

    /// The next block of a cluster after a place in the order of number, content and first; from none, the first.
    ///
    /// # Errors
    /// [`StoreError::Away`].
    pub async fn history_after(
        &self,
        cluster: &str,
        place: Option<(i64, i64, i64)>,
    ) -> Result<Option<BlockRow>, StoreError> {
        let (number, content, first) = place.unwrap_or((-1, 0, 0));
        let sql = "SELECT content, number, first, last, changes, body FROM history_blocks WHERE cluster = $1 \
                   AND (number > $2 OR (number = $2 AND (content > $3 OR (content = $3 AND first > $4)))) \
                   ORDER BY number, content, first LIMIT 1";
        let row = sqlx::query(sql).bind(cluster).bind(number).bind(content).bind(first).fetch_optional(&self.pool);
        row.await?.as_ref().map(block).transpose()
    }

    /// Puts a block in the place of one with the same number and content.
    ///
    /// # Errors
    /// [`StoreError::Away`].
    pub async fn replace_history(&self, cluster: &str, old: &BlockRow, new: &BlockRow) -> Result<(), StoreError> {
        let sql = "UPDATE history_blocks SET body = $5, size = $6, changes = $7 WHERE cluster = $1 AND content = $2 \
                   AND number = $3 AND first = $4";
        sqlx::query(sql)
            .bind(cluster)
            .bind(i64::from(old.whole))
            .bind(old.number)
            .bind(old.first)
            .bind(&new.body)
            .bind(i64::try_from(new.body.len()).unwrap_or(i64::MAX))
            .bind(new.changes)
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// Begins a cluster's history with what was learnt elsewhere. False when there is one of that name.
    ///
    /// # Errors
    /// [`StoreError::Away`].
    pub async fn import_history(&self, cluster: &str, head: Head, learnt: Learnt<'_>) -> Result<bool, StoreError> {
        let mut all = self.pool.begin().await?;
        let sql = "INSERT INTO history_heads (cluster, seen, next) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
        let head = sqlx::query(sql).bind(cluster).bind(head.seen).bind(head.next).execute(&mut *all).await?;
        if head.rows_affected() == 0 {
            all.rollback().await?;
            return Ok(false);
        }
        insert_all(&mut all, cluster, learnt.blocks, learnt.marks).await?;
        incidents::import(&mut all, cluster, learnt.incidents).await?;
        all.commit().await?;
        Ok(true)
    }

    /// When the first whole after a moment is of; none when there is none.
    ///
    /// # Errors
    /// [`StoreError::Away`].
    pub async fn whole_after(&self, cluster: &str, at: i64) -> Result<Option<i64>, StoreError> {
        let sql = "SELECT MIN(first) AS first FROM history_blocks WHERE cluster = $1 AND content = 1 AND first > $2";
        Ok(sqlx::query(sql).bind(cluster).bind(at).fetch_one(&self.pool).await?.try_get("first")?)
    }

    /// Blocks of changes that hold those from a number on, as far as they begin before a moment and the next after it.
    ///
    /// # Errors
    /// [`StoreError::Away`].
    pub async fn changes_from(&self, cluster: &str, number: i64, until: i64) -> Result<Vec<BlockRow>, StoreError> {
        let sql = "SELECT content, number, first, last, changes, body FROM history_blocks WHERE cluster = $1 \
                   AND content = 0 AND number + changes > $2 AND number <= COALESCE((SELECT MIN(number) \
                   FROM history_blocks WHERE cluster = $1 AND content = 0 AND number >= $2 AND first > $3), \
                   9223372036854775807) ORDER BY number";
        let rows = sqlx::query(sql).bind(cluster).bind(number).bind(until).fetch_all(&self.pool).await?;
        rows.iter().map(block).collect()
    }

    /// Blocks of changes that lie in a span of time, oldest first, without their bodies.
    ///
    /// # Errors
    /// [`StoreError::Away`].
    pub async fn changes_within(&self, cluster: &str, from: i64, until: i64) -> Result<Vec<BlockRow>, StoreError> {
        let sql = "SELECT content, number, first, last, changes FROM history_blocks WHERE cluster = $1 \
                   AND content = 0 AND last >= $2 AND first <= $3 ORDER BY number";
        let rows = sqlx::query(sql).bind(cluster).bind(from).bind(until).fetch_all(&self.pool).await?;
        rows.iter().map(bodiless).collect()
    }

    /// Blocks of changes from the one that holds a number to the last that begins no later than another, oldest first.
    ///
    /// # Errors
    /// [`StoreError::Away`].
    pub async fn changes_between(&self, cluster: &str, from: i64, until: i64) -> Result<Vec<BlockRow>, StoreError> {
        let sql = "SELECT content, number, first, last, changes, body FROM history_blocks WHERE cluster = $1 \
                   AND content = 0 AND number <= $3 AND number >= COALESCE((SELECT MAX(number) FROM history_blocks \
                   WHERE cluster = $1 AND content = 0 AND number <= $2), 0) ORDER BY number";
        let rows = sqlx::query(sql).bind(cluster).bind(from).bind(until).fetch_all(&self.pool).await?;
        rows.iter().map(block).collect()
    }

    /// Wholes after a moment and until another, oldest first, without their bodies.
    ///
    /// # Errors
    /// [`StoreError::Away`].
    pub async fn wholes_within(&self, cluster: &str, after: i64, until: i64) -> Result<Vec<BlockRow>, StoreError> {
        let sql = "SELECT content, number, first, last, changes FROM history_blocks WHERE cluster = $1 \
                   AND content = 1 AND first > $2 AND first <= $3 ORDER BY first, number";
        let rows = sqlx::query(sql).bind(cluster).bind(after).bind(until).fetch_all(&self.pool).await?;
        rows.iter().map(bodiless).collect()
    }

    /// The body of a block whose row is known; none when it went meanwhile.
    ///
    /// # Errors
    /// [`StoreError::Away`].
    pub async fn block_body(&self, cluster: &str, row: &BlockRow) -> Result<Option<Vec<u8>>, StoreError> {
        let sql = "SELECT body FROM history_blocks WHERE cluster = $1 AND content = $2 AND number = $3 AND first = $4";
        let found = sqlx::query(sql).bind(cluster).bind(i64::from(row.whole)).bind(row.number).bind(row.first);
        let found = found.fetch_optional(&self.pool).await?;
        found.map(|found| Ok(found.try_get("body")?)).transpose()
    }

    /// What stands on a time line within a span of time, oldest first.
    ///
    /// # Errors
    /// [`StoreError::Away`].
    pub async fn history_marks(&self, cluster: &str, from: i64, until: i64) -> Result<Vec<HistoryMark>, StoreError> {
        let sql = "SELECT lane, about, began, ended, what FROM history_marks WHERE cluster = $1 AND began <= $3 \
                   AND COALESCE(ended, began) >= $2 ORDER BY began";
        let rows = sqlx::query(sql).bind(cluster).bind(from).bind(until).fetch_all(&self.pool).await?;
        let mark = |row: &AnyRow| {
            Ok(HistoryMark {
                lane: row.try_get("lane")?,
                about: row.try_get("about")?,
                began: row.try_get("began")?,
                ended: row.try_get("ended")?,
                what: row.try_get("what")?,
            })
        };
        rows.iter().map(mark).collect()
    }

    /// How much is kept of each cluster, by name.
    ///
    /// # Errors
    /// [`StoreError::Away`].
    pub async fn history_extents(&self) -> Result<Vec<Extent>, StoreError> {
        let sql = "SELECT cluster, CAST(SUM(1 - content) AS BIGINT) AS blocks, \
                   CAST(SUM(changes * (1 - content)) AS BIGINT) AS changes, \
                   CAST(SUM(size * (1 - content)) AS BIGINT) AS size, CAST(SUM(content) AS BIGINT) AS wholes, \
                   CAST(SUM(size * content) AS BIGINT) AS wholes_size, MIN(first) AS first, MAX(last) AS last \
                   FROM history_blocks GROUP BY cluster ORDER BY cluster";
        let rows = sqlx::query(sql).fetch_all(&self.pool).await?;
        let extent = |row: &AnyRow| {
            Ok(Extent {
                cluster: row.try_get("cluster")?,
                blocks: row.try_get("blocks")?,
                changes: row.try_get("changes")?,
                size: row.try_get("size")?,
                wholes: row.try_get("wholes")?,
                wholes_size: row.try_get("wholes_size")?,
                first: row.try_get("first")?,
                last: row.try_get("last")?,
            })
        };
        rows.iter().map(extent).collect()
    }
}

/// Blocks, and what stands on the time line; a mark that stands there already is replaced.
async fn insert_all(
    all: &mut sqlx::Transaction<'_, sqlx::Any>,
    cluster: &str,
    blocks: &[BlockRow],
    marks: &[HistoryMark],
) -> Result<(), StoreError> {
    for block in blocks {
        insert(all, cluster, block).await?;
    }
    for mark in marks {
        put_mark(all, cluster, mark).await?;
    }
    Ok(())
}

/// Puts a mark on the time line, or in the place of the one that stands there.
pub(super) async fn put_mark(
    all: &mut sqlx::Transaction<'_, sqlx::Any>,
    cluster: &str,
    mark: &HistoryMark,
) -> Result<(), StoreError> {
    sqlx::query(MARK)
        .bind(cluster)
        .bind(&mark.lane)
        .bind(&mark.about)
        .bind(mark.began)
        .bind(mark.ended)
        .bind(&mark.what)
        .execute(&mut **all)
        .await?;
    Ok(())
}

async fn insert(all: &mut sqlx::Transaction<'_, sqlx::Any>, cluster: &str, block: &BlockRow) -> Result<(), StoreError> {
    sqlx::query(BLOCK)
        .bind(cluster)
        .bind(i64::from(block.whole))
        .bind(block.number)
        .bind(block.first)
        .bind(block.last)
        .bind(block.changes)
        .bind(i64::try_from(block.body.len()).unwrap_or(i64::MAX))
        .bind(&block.body)
        .execute(&mut **all)
        .await?;
    Ok(())
}

fn block(row: &AnyRow) -> Result<BlockRow, StoreError> {
    Ok(BlockRow { body: row.try_get("body")?, ..bodiless(row)? })
}

fn bodiless(row: &AnyRow) -> Result<BlockRow, StoreError> {
    Ok(BlockRow {
        whole: row.try_get::<i64, _>("content")? != 0,
        number: row.try_get("number")?,
        first: row.try_get("first")?,
        last: row.try_get("last")?,
        changes: row.try_get("changes")?,
        body: Vec::new(),
    })
}
