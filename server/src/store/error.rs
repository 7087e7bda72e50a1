//! Why the database did not do what was asked.

use sqlx::migrate::MigrateError;

use super::Place;

/// Why the database did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The file cannot be made or read.
    #[error("the database {file} cannot be used: {what}. Name another folder with --data, or another database")]
    File {
        /// Its path.
        file: String,
        /// What is wrong.
        what: String,
    },
    /// It cannot be opened.
    #[error("the database {place} cannot be opened: {what}")]
    Closed {
        /// Without a password.
        place: String,
        /// What is wrong.
        what: String,
    },
    /// A pooler lends its connections for one transaction each.
    #[error(
        "the database {place} is reached through a pooler that lends a connection for one transaction only, as \
         pgbouncer does with pool_mode = transaction. Binnacle keeps locks and prepared statements on its connections: \
         set pool_mode = session for this database, or name PostgreSQL's own port"
    )]
    Pooled {
        /// Without a password.
        place: String,
    },
    /// A newer Binnacle has been here.
    #[error(
        "the database {place} was changed by a newer Binnacle (its version {version} is not known here): start that \
         one, or restore the database from before the upgrade"
    )]
    Newer {
        /// Without a password.
        place: String,
        /// The first version that is not known.
        version: i64,
    },
    /// It does not answer now; asking again may help.
    #[error("the database does not answer: {0}")]
    Away(String),
    /// It answers and takes no changes, as a standby does.
    #[error("the database is read-only: {0}")]
    ReadOnly(String),
    /// There is one of this name already.
    #[error("there is one of this name already")]
    Taken,
    /// It refused: a fault of ours or of the database.
    #[error("the database refused: {0}")]
    Refused(String),
}

impl StoreError {
    pub(super) fn opening(place: &Place, error: &sqlx::Error) -> Self {
        let mut what = error.to_string();
        if what.contains("unsupported startup parameter") {
            what += ". That is pgbouncer: set ignore_startup_parameters = extra_float_digits in its configuration, and \
                     pool_mode = session for this database";
        }
        Self::Closed { place: place.to_string(), what }
    }

    pub(super) fn silent(place: &Place) -> Self {
        Self::Closed { place: place.to_string(), what: "no answer within five seconds".into() }
    }

    pub(super) fn migrating(place: &Place, error: &MigrateError) -> Self {
        match error {
            MigrateError::VersionMissing(version) => Self::Newer { place: place.to_string(), version: *version },
            other => Self::Closed { place: place.to_string(), what: format!("it cannot be upgraded: {other}") },
        }
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::Database(refused) if refused.is_unique_violation() => Self::Taken,
            sqlx::Error::Database(refused) => match refused.code().as_deref() {
                // SQLite: busy, locked, I/O, full, cannot open. PostgreSQL: shutting down, starting, too many.
                Some("5" | "6" | "10" | "13" | "14" | "57P01" | "57P02" | "57P03" | "53300") => {
                    Self::Away(refused.message().to_owned())
                }
                // PostgreSQL: read-only transaction. SQLite: read-only file.
                Some("25006" | "8" | "1032") => Self::ReadOnly(refused.message().to_owned()),
                _ => Self::Refused(refused.message().to_owned()),
            },
            sqlx::Error::PoolTimedOut => Self::Away("no connection within five seconds".into()),
            sqlx::Error::Io(_) | sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed | sqlx::Error::Tls(_) => {
                Self::Away(error.to_string())
            }
            _ => Self::Refused(error.to_string()),
        }
    }
}
