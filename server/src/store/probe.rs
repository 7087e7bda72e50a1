//! Whether the database answers, takes changes, and is sound.

use std::time::{Duration, Instant};

use sqlx::{AnyConnection, Row};
use tokio::sync::Mutex;

use super::{Kind, Store, StoreError};

/// That changes are taken is found out at most so often: whoever asks for readiness must not wear out the disk.
const TAKES: Duration = Duration::from_secs(5);
/// That they are not is asked again sooner.
const REFUSES: Duration = Duration::from_secs(1);

/// When it was last tried whether the database takes changes, and what came of it.
#[derive(Debug, Default)]
pub(super) struct Probe(Mutex<Option<(Instant, Result<(), StoreError>)>>);

impl Store {
    /// Whether it answers now and takes changes; the latter is tried by a write of a few bytes, at most once in five
    /// seconds.
    ///
    /// # Errors
    /// [`StoreError::Away`] when it does not answer, [`StoreError::ReadOnly`] when it is a standby or read-only,
    /// [`StoreError::Full`] when its disk is, [`StoreError::Damaged`] when its content is.
    pub async fn ping(&self) -> Result<(), StoreError> {
        let sql = match self.kind {
            Kind::Sqlite => "SELECT 'off'",
            // On a standby it is `on`, whatever the database's own setting is.
            Kind::Postgres => "SELECT current_setting('transaction_read_only')",
        };
        let told: String = sqlx::query_scalar(sql).fetch_one(&self.pool).await?;
        if told == "on" {
            return Err(StoreError::ReadOnly(
                "PostgreSQL is a standby, or is set to default_transaction_read_only".into(),
            ));
        }
        let mut last = self.probe.0.lock().await;
        if let Some((at, result)) = &*last
            && at.elapsed() < if result.is_ok() { TAKES } else { REFUSES }
        {
            return result.clone();
        }
        let result = self.write_a_little().await;
        *last = Some((Instant::now(), result.clone()));
        result
    }

    /// A row that is no lease: its end is over, so that nobody holds it.
    async fn write_a_little(&self) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO leases (name, holder, until, term) VALUES ('probe', '', 0, 1) \
             ON CONFLICT (name) DO UPDATE SET term = leases.term + 1",
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }
}

/// Looks through a file of SQLite for damage, in a time by its size.
pub(super) async fn sound(connection: &mut AnyConnection) -> Result<Result<(), StoreError>, sqlx::Error> {
    let row = sqlx::query("PRAGMA quick_check(1)").fetch_one(connection).await?;
    let said: String = row.try_get(0)?;
    Ok(if said == "ok" { Ok(()) } else { Err(StoreError::Damaged(said.replace(['\n', '\r'], " "))) })
}
