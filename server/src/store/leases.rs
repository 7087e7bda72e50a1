//! Who of several replicas holds what only one may hold, by the database's own clock.

use std::time::Duration;

use sqlx::{AnyConnection, Row};

use super::{Kind, Store, StoreError};

/// No lease is as long as this many milliseconds: one that ends later was written while the clock was ahead, and
/// counts as ended.
const LONGEST: i64 = 600_000;

impl Store {
    /// Takes or renews a lease; answers its term, or `None` while somebody else holds it. The term
    /// grows with each new holder. A lease that ends later than twice the length from now was written
    /// while the clock was ahead, and counts as ended.
    ///
    /// # Errors
    /// [`StoreError::Away`].
    pub async fn hold(&self, name: &str, holder: &str, length: Duration) -> Result<Option<i64>, StoreError> {
        let sql = match self.kind {
            Kind::Sqlite => {
                "INSERT INTO leases (name, holder, until, term) \
                 VALUES ($1, $2, CAST(unixepoch('subsec') * 1000 AS INTEGER) + $3, 1) \
                 ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until, \
                 term = leases.term + CASE WHEN leases.holder = excluded.holder THEN 0 ELSE 1 END \
                 WHERE leases.holder = excluded.holder \
                 OR leases.until < CAST(unixepoch('subsec') * 1000 AS INTEGER) \
                 OR leases.until > CAST(unixepoch('subsec') * 1000 AS INTEGER) + $4 RETURNING term"
            }
            Kind::Postgres => {
                "INSERT INTO leases (name, holder, until, term) \
                 VALUES ($1, $2, (extract(epoch FROM clock_timestamp()) * 1000)::bigint + $3, 1) \
                 ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until, \
                 term = leases.term + CASE WHEN leases.holder = excluded.holder THEN 0 ELSE 1 END \
                 WHERE leases.holder = excluded.holder \
                 OR leases.until < (extract(epoch FROM clock_timestamp()) * 1000)::bigint \
                 OR leases.until > (extract(epoch FROM clock_timestamp()) * 1000)::bigint + $4 RETURNING term"
            }
        };
        let length = i64::try_from(length.as_millis()).unwrap_or(i64::MAX / 2);
        let rows = sqlx::query(sql)
            .bind(name)
            .bind(holder)
            .bind(length)
            .bind(length.saturating_mul(2))
            // To its end: only then is it committed, and a full disk said.
            .fetch_all(&self.pool)
            .await?;
        rows.first().map(|row| row.try_get("term")).transpose().map_err(StoreError::from)
    }

    /// Whether a term is still the one in force: what a writer asks before it acts on a lease.
    ///
    /// # Errors
    /// [`StoreError::Away`].
    pub async fn holds(&self, name: &str, holder: &str, term: i64) -> Result<bool, StoreError> {
        let sql = match self.kind {
            Kind::Sqlite => {
                "SELECT term FROM leases WHERE name = $1 AND holder = $2 AND term = $3 \
                 AND until BETWEEN CAST(unixepoch('subsec') * 1000 AS INTEGER) \
                 AND CAST(unixepoch('subsec') * 1000 AS INTEGER) + $4"
            }
            Kind::Postgres => {
                "SELECT term FROM leases WHERE name = $1 AND holder = $2 AND term = $3 \
                 AND until BETWEEN (extract(epoch FROM clock_timestamp()) * 1000)::bigint \
                 AND (extract(epoch FROM clock_timestamp()) * 1000)::bigint + $4"
            }
        };
        let row = sqlx::query(sql).bind(name).bind(holder).bind(term).bind(LONGEST).fetch_optional(&self.pool).await?;
        Ok(row.is_some())
    }

    /// Whether anybody holds a lease.
    ///
    /// # Errors
    /// [`StoreError::Away`].
    pub async fn is_held(&self, name: &str) -> Result<bool, StoreError> {
        is_held(&mut *self.pool.acquire().await?, self.kind, name).await
    }

    /// Gives a lease back, so that the next need not wait for its end.
    ///
    /// # Errors
    /// [`StoreError::Away`].
    pub async fn let_go(&self, name: &str, holder: &str) -> Result<(), StoreError> {
        sqlx::query("UPDATE leases SET until = 0 WHERE name = $1 AND holder = $2")
            .bind(name)
            .bind(holder)
            .execute(&self.pool)
            .await?;
        Ok(())
    }
}

/// Whether anybody holds a lease, as one connection sees it.
pub(super) async fn is_held(connection: &mut AnyConnection, kind: Kind, name: &str) -> Result<bool, StoreError> {
    let sql = match kind {
        Kind::Sqlite => {
            "SELECT term FROM leases WHERE name = $1 AND until BETWEEN \
             CAST(unixepoch('subsec') * 1000 AS INTEGER) AND CAST(unixepoch('subsec') * 1000 AS INTEGER) + $2"
        }
        Kind::Postgres => {
            "SELECT term FROM leases WHERE name = $1 AND until BETWEEN \
             (extract(epoch FROM clock_timestamp()) * 1000)::bigint \
             AND (extract(epoch FROM clock_timestamp()) * 1000)::bigint + $2"
        }
    };
    Ok(sqlx::query(sql).bind(name).bind(LONGEST).fetch_optional(connection).await?.is_some())
}
