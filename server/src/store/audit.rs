//! Who did what to which cluster, from where, allowed or not. Append-only: the database refuses
//! every change, and every removal but that of the oldest up to an anchor ([`Store::shorten_audit`]).

use serde::Serialize;
use sqlx::{AnyConnection, Row, any::AnyRow};

use super::{Store, StoreError};

/// What is to be remembered. Nothing of it is secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// When, in milliseconds since the epoch.
    pub at: i64,
    /// What they are called; `nobody` when nobody signed in.
    pub who: String,
    /// Who they are, whatever they are called: a provider and their subject there, as in `oidc https://id.example 42`;
    /// `local` and a user, `token` and its id, `link` and its id. Empty in entries from before this was kept.
    pub subject: String,
    /// How they were known: `loopback`, `local`, `oidc`, `token`, `link`, `nobody`.
    pub way: String,
    /// From which address.
    pub address: String,
    /// What, in one word or two: `sign-in`, `token.create`.
    pub action: String,
    /// To what.
    pub target: String,
    /// To which cluster; empty when to none.
    pub cluster: String,
    /// Whether it was let pass.
    pub allowed: bool,
    /// What else is worth knowing.
    pub detail: String,
}

/// An entry with its number, which grows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Kept {
    /// Its number.
    pub id: i64,
    /// What was remembered.
    #[serde(flatten)]
    pub entry: Entry,
}

/// Which entries are looked for; empty texts look for all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sought {
    /// Only what this one did, by what they are called or who they are.
    pub who: String,
    /// Only actions that begin so.
    pub action: String,
    /// Only on this cluster.
    pub cluster: String,
    /// Only older ones than this number: the next page.
    pub before: Option<i64>,
}

impl Store {
    /// Remembers an entry; answers its number.
    ///
    /// # Errors
    /// [`StoreError::Away`]; what was to be done must then not be done.
    pub async fn remember(&self, entry: &Entry) -> Result<i64, StoreError> {
        put(&mut *self.pool.acquire().await?, entry).await
    }

    /// The addresses from which somebody signed in well of late.
    ///
    /// # Errors
    /// [`StoreError::Away`].
    pub async fn addresses_of(&self, subject: &str) -> Result<Vec<String>, StoreError> {
        let rows = sqlx::query(
            "SELECT DISTINCT late.address AS address FROM (SELECT address, action, allowed FROM audit \
             WHERE subject = $1 ORDER BY id DESC LIMIT 2000) AS late \
             WHERE late.action = 'sign-in' AND late.allowed = 1",
        )
        .bind(subject)
        .fetch_all(&self.pool)
        .await?;
        Ok(rows.iter().map(|row| row.try_get("address")).collect::<Result<_, _>>()?)
    }

    /// Entries, newest first, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError::Away`].
    pub async fn remembered(&self, sought: &Sought, limit: u32) -> Result<Vec<Kept>, StoreError> {
        let rows = sqlx::query(
            "SELECT id, at, who, way, address, action, target, cluster, allowed, detail, subject FROM audit \
             WHERE id < $1 AND ($2 = '' OR who = $2 OR subject = $2) AND ($3 = '' OR substr(action, 1, length($3)) = $3) \
             AND ($4 = '' OR cluster = $4) ORDER BY id DESC LIMIT $5",
        )
        .bind(sought.before.unwrap_or(i64::MAX))
        .bind(&sought.who)
        .bind(&sought.action)
        .bind(&sought.cluster)
        .bind(i64::from(limit))
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(kept).collect()
    }
}

/// Adds an entry; answers its number.
pub(super) async fn put(connection: &mut AnyConnection, entry: &Entry) -> Result<i64, StoreError> {
    let rows = sqlx::query(
        "INSERT INTO audit (at, who, way, address, action, target, cluster, allowed, detail, subject) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) RETURNING id",
    )
    .bind(entry.at)
    .bind(&entry.who)
    .bind(&entry.way)
    .bind(&entry.address)
    .bind(&entry.action)
    .bind(&entry.target)
    .bind(&entry.cluster)
    .bind(i64::from(entry.allowed))
    .bind(&entry.detail)
    .bind(&entry.subject)
    // To its end: only then is it committed, and a full disk said.
    .fetch_all(connection)
    .await?;
    let row = rows.first().ok_or_else(|| StoreError::Refused("an entry got no number".into()))?;
    Ok(row.try_get("id")?)
}

/// The oldest entries, so many.
pub(super) const OLDEST: &str = "SELECT id, at, who, way, address, action, target, cluster, allowed, detail, subject \
    FROM audit ORDER BY id LIMIT $1";

pub(super) fn kept(row: &AnyRow) -> Result<Kept, StoreError> {
    let entry = Entry {
        at: row.try_get("at")?,
        who: row.try_get("who")?,
        subject: row.try_get("subject")?,
        way: row.try_get("way")?,
        address: row.try_get("address")?,
        action: row.try_get("action")?,
        target: row.try_get("target")?,
        cluster: row.try_get("cluster")?,
        allowed: row.try_get::<i64, _>("allowed")? != 0,
        detail: row.try_get("detail")?,
    };
    Ok(Kept { id: row.try_get("id")?, entry })
}
