//! API tokens.

use sqlx::{Row, any::AnyRow};

use super::{Store, StoreError};

/// An API token; its secret half is not here, only that half's hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// Its public half.
    pub id: String,
    /// What it is for, in its maker's words.
    pub name: String,
    /// The SHA-256 of its secret half, hexadecimal.
    pub hash: String,
    /// The role's word.
    pub role: String,
    /// Who made it.
    pub maker: String,
    /// Who made it, whatever they are called; empty in tokens from before this was kept.
    pub subject: String,
    /// Since when.
    pub created: i64,
    /// Until when.
    pub expires: i64,
    /// When it was last used.
    pub used: Option<i64>,
    /// Since when it is refused.
    pub revoked: Option<i64>,
}

impl Store {
    /// Keeps a new token.
    ///
    /// # Errors
    /// [`StoreError::Away`].
    pub async fn add_token(&self, token: &Token) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO tokens (id, name, hash, role, maker, created, expires, subject) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        )
        .bind(&token.id)
        .bind(&token.name)
        .bind(&token.hash)
        .bind(&token.role)
        .bind(&token.maker)
        .bind(token.created)
        .bind(token.expires)
        .bind(&token.subject)
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// The token of this id, expired and revoked ones too.
    ///
    /// # Errors
    /// [`StoreError::Away`].
    pub async fn token(&self, id: &str) -> Result<Option<Token>, StoreError> {
        let row = sqlx::query(
            "SELECT id, name, hash, role, maker, created, expires, used, revoked, subject FROM tokens WHERE id = $1",
        )
        .bind(id)
        .fetch_optional(&self.pool)
        .await?;
        row.as_ref().map(token).transpose()
    }

    /// All tokens, newest first.
    ///
    /// # Errors
    /// [`StoreError::Away`].
    pub async fn tokens(&self) -> Result<Vec<Token>, StoreError> {
        let rows = sqlx::query(
            "SELECT id, name, hash, role, maker, created, expires, used, revoked, subject FROM tokens \
             ORDER BY created DESC, id",
        )
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(token).collect()
    }

    /// Notes that a token was used.
    ///
    /// # Errors
    /// [`StoreError::Away`].
    pub async fn used_token(&self, id: &str, at: i64) -> Result<(), StoreError> {
        sqlx::query("UPDATE tokens SET used = $2 WHERE id = $1 AND (used IS NULL OR used < $2)")
            .bind(id)
            .bind(at)
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// Refuses a token from now on; `false` when there is none or it was revoked before.
    ///
    /// # Errors
    /// [`StoreError::Away`].
    pub async fn revoke_token(&self, id: &str, at: i64) -> Result<bool, StoreError> {
        let done = sqlx::query("UPDATE tokens SET revoked = $2 WHERE id = $1 AND revoked IS NULL")
            .bind(id)
            .bind(at)
            .execute(&self.pool)
            .await?;
        Ok(done.rows_affected() == 1)
    }
}

fn token(row: &AnyRow) -> Result<Token, StoreError> {
    Ok(Token {
        id: row.try_get("id")?,
        name: row.try_get("name")?,
        hash: row.try_get("hash")?,
        role: row.try_get("role")?,
        maker: row.try_get("maker")?,
        subject: row.try_get("subject")?,
        created: row.try_get("created")?,
        expires: row.try_get("expires")?,
        used: row.try_get("used")?,
        revoked: row.try_get("revoked")?,
    })
}
