//! Keys that the servers of one database sign with.

use sqlx::Row;

use super::{Store, StoreError};

impl Store {
    /// The key of this name; `fresh` becomes it when there is none. Servers that ask at once get
    /// the same one.
    ///
    /// # Errors
    /// [`StoreError::Away`].
    pub async fn key(&self, name: &str, fresh: &str) -> Result<String, StoreError> {
        sqlx::query("INSERT INTO keys (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING")
            .bind(name)
            .bind(fresh)
            .execute(&self.pool)
            .await?;
        let row = sqlx::query("SELECT value FROM keys WHERE name = $1").bind(name).fetch_one(&self.pool).await?;
        Ok(row.try_get("value")?)
    }
}
