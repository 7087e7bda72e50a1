//! Sessions of people who signed in.

use sqlx::{Row, any::AnyRow};

use super::{Store, StoreError};

/// A session. The cookie holds what [`Session::id`] is the hash of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// The SHA-256 of the cookie's value, hexadecimal.
    pub id: String,
    /// Who they are, and stay whatever they are called.
    pub subject: String,
    /// What they are called.
    pub who: String,
    /// The role's word.
    pub role: String,
    /// How they signed in: `local` or `oidc`.
    pub way: String,
    /// From where.
    pub address: String,
    /// Since when.
    pub created: i64,
    /// When it was last used.
    pub seen: i64,
    /// When it ends whatever happens.
    pub expires: i64,
}

impl Store {
    /// Keeps a new session.
    ///
    /// # Errors
    /// [`StoreError::Away`].
    pub async fn add_session(&self, session: &Session) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO sessions (id, who, role, way, address, created, seen, expires, subject) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        )
        .bind(&session.id)
        .bind(&session.who)
        .bind(&session.role)
        .bind(&session.way)
        .bind(&session.address)
        .bind(session.created)
        .bind(session.seen)
        .bind(session.expires)
        .bind(&session.subject)
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// The session of this id, ended or not.
    ///
    /// # Errors
    /// [`StoreError::Away`].
    pub async fn session(&self, id: &str) -> Result<Option<Session>, StoreError> {
        let row = sqlx::query(
            "SELECT id, who, role, way, address, created, seen, expires, subject FROM sessions WHERE id = $1",
        )
        .bind(id)
        .fetch_optional(&self.pool)
        .await?;
        row.as_ref().map(session).transpose()
    }

    /// A person's sessions, newest first.
    ///
    /// # Errors
    /// [`StoreError::Away`].
    pub async fn sessions_of(&self, subject: &str) -> Result<Vec<Session>, StoreError> {
        let rows = sqlx::query(
            "SELECT id, who, role, way, address, created, seen, expires, subject FROM sessions WHERE subject = $1 \
             ORDER BY created DESC, id",
        )
        .bind(subject)
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(session).collect()
    }

    /// Notes that a session was used, unless it was noted less than `after` milliseconds ago.
    ///
    /// # Errors
    /// [`StoreError::Away`].
    pub async fn saw_session(&self, id: &str, seen: i64, after: i64) -> Result<(), StoreError> {
        sqlx::query("UPDATE sessions SET seen = $2 WHERE id = $1 AND seen + $3 < $2")
            .bind(id)
            .bind(seen)
            .bind(after)
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// Ends one session; `false` when there was none.
    ///
    /// # Errors
    /// [`StoreError::Away`].
    pub async fn end_session(&self, id: &str) -> Result<bool, StoreError> {
        let done = sqlx::query("DELETE FROM sessions WHERE id = $1").bind(id).execute(&self.pool).await?;
        Ok(done.rows_affected() == 1)
    }

    /// Ends all sessions of a person; answers how many.
    ///
    /// # Errors
    /// [`StoreError::Away`].
    pub async fn end_sessions_of(&self, subject: &str) -> Result<u64, StoreError> {
        let done = sqlx::query("DELETE FROM sessions WHERE subject = $1").bind(subject).execute(&self.pool).await?;
        Ok(done.rows_affected())
    }
}

fn session(row: &AnyRow) -> Result<Session, StoreError> {
    Ok(Session {
        id: row.try_get("id")?,
        subject: row.try_get("subject")?,
        who: row.try_get("who")?,
        role: row.try_get("role")?,
        way: row.try_get("way")?,
        address: row.try_get("address")?,
        created: row.try_get("created")?,
        seen: row.try_get("seen")?,
        expires: row.try_get("expires")?,
    })
}
