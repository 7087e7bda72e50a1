//! Looks at a database that is there, and changes nothing in it.

use sqlx::{AnyConnection, Connection};

use super::{Kind, PATIENCE, Place, Store, StoreError, probe};

impl Store {
    /// The version of the database at a place; `None` where none was made yet. Neither made nor migrated.
    ///
    /// # Errors
    /// [`StoreError`] when it cannot be opened or is damaged, without the password of the address.
    pub async fn found(place: &Place) -> Result<Option<i64>, StoreError> {
        sqlx::any::install_default_drivers();
        let address = match place {
            Place::Sqlite(path) if !path.exists() => return Ok(None),
            Place::Sqlite(_) => format!("{}?mode=ro", place.url()),
            Place::Postgres(_) => place.url(),
        };
        let connecting = tokio::time::timeout(PATIENCE, AnyConnection::connect(&address)).await;
        let connected = connecting.map_err(|_| StoreError::silent(place))?;
        let mut connection = connected.map_err(|error| StoreError::opening(place, &error))?;
        if place.kind() == Kind::Sqlite {
            probe::sound(&mut connection).await.map_err(|error| StoreError::opening(place, &error))??;
        }
        let version = sqlx::query_scalar("SELECT max(version) FROM _sqlx_migrations").fetch_one(&mut connection).await;
        let version = match version {
            Ok(version) => version,
            // A database in which nothing was made yet has no such table.
            Err(sqlx::Error::Database(error))
                if error.code().as_deref() == Some("42P01") || error.message().contains("no such table") =>
            {
                None
            }
            Err(error) => return Err(StoreError::opening(place, &error)),
        };
        let _ = connection.close().await;
        Ok(version)
    }
}
