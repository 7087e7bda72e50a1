//! Why the database did not do what was asked.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use sqlx::migrate::MigrateError;

use super::Place;

/// Why the database did not do what was asked.
#[derive(Clone, Debug, thiserror::Error)]
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
    /// Its disk is full: it answers and takes no changes.
    #[error(
        "the disk of the database is full: {0}. Make room on it; until then everything can be read and nothing changed"
    )]
    Full(String),
    /// What it holds is damaged.
    #[error(
        "the database is damaged: {0}. Stop the server, keep a copy of the files as they are, and put back a copy \
         from before; docs/production.md says how, and how to save what can still be read"
    )]
    Damaged(String),
    /// The file is empty although a database was there.
    #[error(
        "the database {file} is empty, but {file}-lock says that there was one: users, tokens and the audit are \
         gone. Put back a copy of it; to begin anew with an empty one, remove both files"
    )]
    Emptied {
        /// Its path.
        file: String,
    },
    /// There is one of this name already.
    #[error("there is one of this name already")]
    Taken,
    /// It refused: a fault of ours or of the database.
    #[error("the database refused: {0}")]
    Refused(String),
}

impl StoreError {
    pub(super) fn opening(place: &Place, error: &sqlx::Error) -> Self {
        if let Self::Damaged(what) = Self::of(error) {
            return Self::Damaged(format!("{place} cannot be opened: {what}"));
        }
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
            MigrateError::Execute(error) if matches!(Self::of(error), Self::Damaged(_) | Self::Full(_)) => {
                Self::of(error)
            }
            other => Self::Closed { place: place.to_string(), what: format!("it cannot be upgraded: {other}") },
        }
    }
}

impl StoreError {
    fn of(error: &sqlx::Error) -> Self {
        match error {
            sqlx::Error::Database(refused) if refused.is_unique_violation() => Self::Taken,
            sqlx::Error::Database(refused) => {
                let what = refused.message().to_owned();
                match refused.code().as_deref().map(kind) {
                    Some(Kind::Away) => Self::Away(what),
                    Some(Kind::ReadOnly) => Self::ReadOnly(what),
                    Some(Kind::Full) => Self::Full(what),
                    Some(Kind::Damaged) => Self::Damaged(what),
                    Some(Kind::Other) | None => Self::Refused(what),
                }
            }
            sqlx::Error::PoolTimedOut => Self::Away("no connection within five seconds".into()),
            sqlx::Error::Io(_) | sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed | sqlx::Error::Tls(_) => {
                Self::Away(error.to_string())
            }
            _ => Self::Refused(error.to_string()),
        }
    }
}

/// What a code of either database means to whoever asked.
enum Kind {
    Away,
    ReadOnly,
    Full,
    Damaged,
    Other,
}

/// PostgreSQL's codes have five characters. SQLite's are numbers, whose last eight bits are the primary code.
fn kind(code: &str) -> Kind {
    if code.len() == 5 {
        return match code {
            // Shutting down, starting, too many connections, the disk does not read or write.
            "57P01" | "57P02" | "57P03" | "53300" | "58030" => Kind::Away,
            "25006" => Kind::ReadOnly,
            "53100" => Kind::Full,
            "XX001" | "XX002" => Kind::Damaged,
            _ => Kind::Other,
        };
    }
    match code.parse::<u32>().map(|code| code & 0xff) {
        // Busy, locked, I/O, cannot open.
        Ok(5 | 6 | 10 | 14) => Kind::Away,
        Ok(8) => Kind::ReadOnly,
        Ok(13) => Kind::Full,
        // Corrupt, not a database.
        Ok(11 | 26) => Kind::Damaged,
        _ => Kind::Other,
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        Self::of(&error)
    }
}

/// A word on each kind of trouble is logged at most so often.
const EVERY: Duration = Duration::from_secs(10);

/// Logs that a request was answered with 503 and why: a line for each kind of trouble in ten seconds, with how many
/// requests met it since the line before.
pub(crate) fn tell(error: &StoreError) {
    static TOLD: Mutex<[Option<(Instant, u32)>; 5]> = Mutex::new([None; 5]);
    let place = match error {
        StoreError::Full(_) => 0,
        StoreError::Damaged(_) => 1,
        StoreError::ReadOnly(_) => 2,
        StoreError::Away(_) => 3,
        _ => 4,
    };
    let mut told = TOLD.lock().unwrap_or_else(PoisonError::into_inner);
    let since = match &mut told[place] {
        Some((at, more)) if at.elapsed() < EVERY => {
            *more += 1;
            return;
        }
        Some((_, more)) => *more,
        None => 0,
    };
    told[place] = Some((Instant::now(), 0));
    drop(told);
    let more = if since == 0 { String::new() } else { format!("; {since} more requests met it before") };
    tracing::error!("a request cannot be answered in full: {error}{more}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extended_codes_mean_what_their_primary_code_means() {
        assert!(matches!(kind("13"), Kind::Full));
        assert!(matches!(kind("778"), Kind::Away), "the disk does not write");
        assert!(matches!(kind("1032"), Kind::ReadOnly));
        assert!(matches!(kind("267"), Kind::Damaged));
        assert!(matches!(kind("53100"), Kind::Full));
        assert!(matches!(kind("23514"), Kind::Other));
    }
}
