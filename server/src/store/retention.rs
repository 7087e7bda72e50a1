//! How much of the audit is kept. It is shortened at its old end alone: an anchor tells how many entries went, of when,
//! and their digest, and the database lets go of nothing without one.

use sha2::{Digest, Sha256};
use sqlx::{Any, Row, Transaction};

use super::{Kept, Store, StoreError, audit};

/// How much of the audit is kept; without either, all of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Keeping {
    /// Entries that are older than so many days go.
    pub days: Option<u32>,
    /// Of more entries than these the oldest go.
    pub entries: Option<i64>,
}

/// What went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shortened {
    /// How many entries.
    pub entries: u64,
    /// The number of the last of them.
    pub upto: i64,
    /// When the oldest was written.
    pub oldest: i64,
    /// When the newest was.
    pub newest: i64,
    /// SHA-256 of the digest before, and of the entries as lines of JSON.
    pub digest: String,
}

/// Entries that go in one transaction.
const STEP: i64 = 1_000;
/// A day in milliseconds. Old entries go a day at a time, so that the audit does not fill with words on its shortening.
const DAY: i64 = 24 * 3_600_000;

impl Store {
    /// Removes what is not kept: a step of at most a thousand entries. `None` when everything that is there is kept.
    ///
    /// # Errors
    /// [`StoreError::Away`].
    pub async fn shorten_audit(&self, keeping: Keeping, now: i64) -> Result<Option<Shortened>, StoreError> {
        let mut all = self.pool.begin().await?;
        // A transaction that has read is refused by SQLite when it writes after somebody else: it begins with a write.
        sqlx::query("DELETE FROM audit WHERE id < 0").execute(&mut *all).await?;
        let surplus = surplus(&mut all, keeping).await?;
        if surplus.is_none() && keeping.days.is_none() {
            return Ok(None);
        }
        let rows = sqlx::query(audit::OLDEST).bind(STEP).fetch_all(&mut *all).await?;
        let mut entries = rows.iter().map(audit::kept).collect::<Result<Vec<_>, _>>()?;
        let before = keeping.days.map(|days| now - i64::from(days) * DAY);
        // An entry that is ahead of the clock is as old as the next one that is not. Without one nothing goes by age: it
        // may be our clock that is behind.
        let dated = |place: usize| entries[place..].iter().map(|one| one.entry.at).find(|at| *at <= now + DAY);
        let old = |place: usize, before: i64| dated(place).is_some_and(|at| at < before);
        // The oldest is a day too old: then all that are too old go.
        let by_age = before.filter(|before| old(0, before - DAY));
        let goes = |place: usize, one: &Kept| {
            surplus.is_some_and(|upto| one.id <= upto) || by_age.is_some_and(|before| old(place, before))
        };
        let end = entries.iter().enumerate().position(|(place, one)| !goes(place, one)).unwrap_or(entries.len());
        entries.truncate(end);
        let (Some(first), Some(last)) = (entries.first(), entries.last()) else { return Ok(None) };
        let shortened = Shortened {
            entries: end as u64,
            upto: last.id,
            oldest: first.entry.at,
            newest: last.entry.at,
            digest: digest(&mut all, &entries).await?,
        };
        sqlx::query(
            "INSERT INTO audit_anchors (upto, at, entries, oldest, newest, digest) VALUES ($1, $2, $3, $4, $5, $6)",
        )
        .bind(shortened.upto)
        .bind(now)
        .bind(i64::try_from(shortened.entries).unwrap_or(i64::MAX))
        .bind(shortened.oldest)
        .bind(shortened.newest)
        .bind(&shortened.digest)
        .execute(&mut *all)
        .await?;
        sqlx::query("DELETE FROM audit WHERE id <= $1").bind(shortened.upto).execute(&mut *all).await?;
        all.commit().await?;
        Ok(Some(shortened))
    }
}

/// Up to which number entries are too many. They may be more by a twentieth before any go.
async fn surplus(all: &mut Transaction<'_, Any>, keeping: Keeping) -> Result<Option<i64>, sqlx::Error> {
    let Some(most) = keeping.entries else { return Ok(None) };
    let row = sqlx::query("SELECT COALESCE(min(id), 0) AS first, COALESCE(max(id), 0) AS last FROM audit")
        .fetch_one(&mut **all)
        .await?;
    let (first, last): (i64, i64) = (row.try_get("first")?, row.try_get("last")?);
    let upto = last - most;
    Ok((last - first >= most + most / 20).then_some(upto))
}

async fn digest(all: &mut Transaction<'_, Any>, entries: &[Kept]) -> Result<String, StoreError> {
    let before =
        sqlx::query("SELECT digest FROM audit_anchors ORDER BY upto DESC LIMIT 1").fetch_optional(&mut **all).await?;
    let before: Option<String> = before.map(|row| row.try_get("digest")).transpose()?;
    let mut sum = Sha256::new();
    sum.update(before.unwrap_or_default());
    for entry in entries {
        sum.update(serde_json::to_vec(entry).unwrap_or_default());
        sum.update(b"\n");
    }
    Ok(sum.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}
