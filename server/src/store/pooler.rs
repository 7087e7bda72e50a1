//! Whether something before PostgreSQL lends its connections for one transaction each, as pgbouncer does with
//! `pool_mode = transaction`. What the driver prepares is then found by others, and locks belong to nobody.

use sqlx::{AnyConnection, Connection, Row};

use super::{PATIENCE, Place, StoreError};

/// Refuses such a pooler before anything is changed through it.
pub(super) async fn refuse(place: &Place) -> Result<(), StoreError> {
    let Place::Postgres(_) = place else { return Ok(()) };
    // A pool of one connection has the second client wait; that is told when the pool is opened, as any other silence.
    match tokio::time::timeout(PATIENCE, is_shared(&place.url())).await {
        Ok(Ok(true)) => Err(StoreError::Pooled { place: place.to_string() }),
        Ok(Ok(false)) | Err(_) => Ok(()),
        Ok(Err(error)) => Err(StoreError::opening(place, &error)),
    }
}

/// Whether two connections of ours have one process behind them. A pooler lends what was given back last, so that the
/// second one, in a transaction of its own, has the first one's.
async fn is_shared(url: &str) -> Result<bool, sqlx::Error> {
    let (mut first, mut second) = (AnyConnection::connect(url).await?, AnyConnection::connect(url).await?);
    let before = process(&mut first).await?;
    sqlx::raw_sql("BEGIN").execute(&mut second).await?;
    let other = process(&mut second).await?;
    let shared = other == before || process(&mut first).await? != before;
    sqlx::raw_sql("ROLLBACK").execute(&mut second).await?;
    let _ = (first.close().await, second.close().await);
    Ok(shared)
}

/// Asked without a prepared statement, which such a pooler would mix up.
async fn process(connection: &mut AnyConnection) -> Result<i32, sqlx::Error> {
    sqlx::raw_sql("SELECT pg_backend_pid()").fetch_one(connection).await?.try_get(0)
}
