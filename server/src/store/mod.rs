//! What outlives the process: users, sessions, tokens, links, the audit, and who of several replicas acts.
//!
//! ```text
//! open ─▶ place (which database) ─▶ migrations (under a lock) ─▶ Store
//!                                                                 ├─ users sessions tokens links   one file a noun
//!                                                                 ├─ audit idempotency keys backups
//!                                                                 ├─ runs log (deployments)
//!                                                                 ├─ history (what clusters were like) incidents
//!                                                                 ├─ transfer (all of it in a file, and back)
//!                                                                 └─ leases ─▶ duty (exactly one replica acts)
//! ```
//! One SQL text serves SQLite and PostgreSQL (sqlx's Any driver); where the two differ, both stand side by side.
//! Times are milliseconds since the epoch, ids and hashes are text. Secrets come in as hashes only; the one
//! exception is [`Store::key`], with which the servers of one database sign.

mod audit;
mod backups;
mod duty;
mod error;
mod forgetting;
mod found;
mod history;
mod idempotency;
mod incidents;
mod keys;
mod leases;
mod links;
mod log;
mod place;
mod pooler;
mod probe;
mod redaction;
mod retention;
mod runs;
mod sessions;
mod tokens;
mod transfer;
mod users;
mod warnings;

use std::{path::Path, sync::Arc, time::Duration};

use probe::Probe;
use sqlx::{AnyConnection, AnyPool, Connection, any::AnyPoolOptions, migrate::Migrator};

pub use audit::{Entry, Kept, Sought};
pub use backups::{Backup, Copy, CopyState, Looked, Scheduled};
pub use duty::{Duty, Held};
pub use error::StoreError;
pub(crate) use error::tell;
pub use forgetting::KeptAround;
pub use history::{BlockRow, Extent, Head, HistoryMark, Learnt};
pub use idempotency::{Begun, Claim, Replay};
pub use incidents::{IncidentRow, Silence, Told};
pub use links::Link;
pub use log::{Piece, Stand};
pub use place::Place;
pub use redaction::Anew;
pub use retention::{Keeping, Shortened};
pub use runs::{Ordered, RunRow, Runs};
pub use sessions::Session;
pub use tokens::Token;
pub use transfer::{Checked, Header, Imported, LEFT_OUT, Section, Sum, TABLES, Table, TransferError, check, import};
pub use users::User;
pub use warnings::WarningNews;

/// How long a caller waits for a connection before it hears that the database is away.
const PATIENCE: Duration = Duration::from_secs(5);
/// Few: a statement takes well under a millisecond, and SQLite has one writer anyway.
const CONNECTIONS: u32 = 8;

static SQLITE: Migrator = sqlx::migrate!("../migrations/sqlite");
static POSTGRES: Migrator = sqlx::migrate!("../migrations/postgres");

/// Which of the two it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A file.
    Sqlite,
    /// A server.
    Postgres,
}

/// The database. Cheap to clone; every clone shares the connections.
#[derive(Clone, Debug)]
pub struct Store {
    pool: AnyPool,
    kind: Kind,
    probe: Arc<Probe>,
}

impl Store {
    /// Opens the database, makes it when it is a file that is not there, and brings it to this
    /// program's version. Two starts at once are in order: one migrates, the other waits.
    ///
    /// # Errors
    /// [`StoreError`], without the password of the address.
    pub async fn open(place: &Place) -> Result<Self, StoreError> {
        Self::open_at(place, None).await
    }

    /// As [`Self::open`], with the version to stop at: what tests begin an upgrade from.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub async fn open_at(place: &Place, version: Option<i64>) -> Result<Self, StoreError> {
        sqlx::any::install_default_drivers();
        let kind = place.kind();
        pooler::refuse(place).await?;
        migrate(place, version).await?;
        let pool = AnyPoolOptions::new()
            .max_connections(CONNECTIONS)
            .acquire_timeout(PATIENCE)
            .after_connect(move |connection, _| Box::pin(prepare(connection, kind)))
            .connect(&place.url())
            .await
            .map_err(|error| StoreError::opening(place, &error))?;
        Ok(Self { pool, kind, probe: Arc::default() })
    }

    /// Which of the two it is.
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// Removes what has expired: sessions, idempotency keys, used logout tokens and links. Answers how many rows went.
    ///
    /// # Errors
    /// [`StoreError::Away`] when the database does not answer.
    pub async fn sweep(&self, now: jiff::Timestamp) -> Result<u64, StoreError> {
        let mut gone = 0;
        for sql in [
            "DELETE FROM sessions WHERE expires <= $1",
            // They are kept for a day: one of two days ahead was written by a clock that was.
            "DELETE FROM idempotency WHERE expires <= $1 OR expires > $1 + 172800000",
            "DELETE FROM logouts WHERE expires <= $1",
            // An expired link is refused by what stands in itself.
            "DELETE FROM links WHERE expires <= $1",
        ] {
            gone += sqlx::query(sql).bind(now.as_millisecond()).execute(&self.pool).await?.rows_affected();
        }
        Ok(gone)
    }

    /// The versions that a database can have, oldest first.
    pub fn versions() -> impl Iterator<Item = i64> {
        SQLITE.iter().map(|migration| migration.version)
    }

    /// Closes every connection; what was acknowledged is kept.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}

/// What each connection of SQLite is told; what was acknowledged survives a power cut.
async fn prepare(connection: &mut AnyConnection, kind: Kind) -> Result<(), sqlx::Error> {
    if kind == Kind::Sqlite {
        for pragma in ["PRAGMA busy_timeout = 5000", "PRAGMA synchronous = FULL", "PRAGMA foreign_keys = ON"] {
            sqlx::query(pragma).execute(&mut *connection).await?;
        }
    }
    Ok(())
}

async fn migrate(place: &Place, version: Option<i64>) -> Result<(), StoreError> {
    // PostgreSQL's lock is taken by the migrator; a file needs one of its own.
    let lock = match place {
        Place::Sqlite(path) => Some(lock(path).await?),
        Place::Postgres(_) => None,
    };
    let connecting = tokio::time::timeout(PATIENCE, AnyConnection::connect(&place.url()));
    let mut connection =
        connecting.await.map_err(|_| StoreError::silent(place))?.map_err(|error| StoreError::opening(place, &error))?;
    prepare(&mut connection, place.kind()).await.map_err(|error| StoreError::opening(place, &error))?;
    let migrator = match place.kind() {
        Kind::Sqlite => {
            probe::sound(&mut connection).await.map_err(|error| StoreError::opening(place, &error))??;
            let wal = sqlx::query("PRAGMA journal_mode = WAL").execute(&mut connection).await;
            wal.map_err(|error| StoreError::opening(place, &error))?;
            &SQLITE
        }
        Kind::Postgres => &POSTGRES,
    };
    let migrated = match version {
        Some(version) => migrator.run_to(version, &mut connection).await,
        None => migrator.run(&mut connection).await,
    };
    migrated.map_err(|error| StoreError::migrating(place, &error))?;
    let _ = connection.close().await;
    drop(lock);
    Ok(())
}

/// Makes the file for its owner alone, and waits until no other start migrates it.
async fn lock(path: &Path) -> Result<std::fs::File, StoreError> {
    let path = path.to_owned();
    let shown = path.display().to_string();
    let locking = tokio::task::spawn_blocking(move || {
        use std::os::unix::fs::OpenOptionsExt;
        let private = |path: &Path| {
            std::fs::OpenOptions::new().create(true).truncate(false).read(true).write(true).mode(0o600).open(path)
        };
        let mut beside = path.clone().into_os_string();
        beside.push("-lock");
        let beside = Path::new(&beside);
        // The file is made under the lock: one that is empty before was emptied, or its first start was killed.
        let were_there = path.exists() && beside.exists();
        let lock = private(beside)?;
        lock.lock()?;
        private(&path)?;
        let is_empty = std::fs::metadata(&path)?.len() == 0;
        Ok::<_, std::io::Error>((lock, were_there && is_empty))
    });
    let locked = locking.await.map_err(|error| std::io::Error::other(error.to_string()));
    let locked = locked.and_then(|locked| locked);
    let (lock, emptied) = locked.map_err(|error| StoreError::File { file: shown.clone(), what: error.to_string() })?;
    if emptied { Err(StoreError::Emptied { file: shown }) } else { Ok(lock) }
}
