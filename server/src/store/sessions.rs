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
    /// The provider's name of its own session; empty when there is none.
    pub sid: String,
    /// When a provider last told the role.
    pub checked: i64,
    /// The provider's tokens, sealed by the cookie's value; empty when none are kept.
    pub sealed: String,
}

/// The columns that [`session`] reads.
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, who, role, way, address, created, seen, expires, subject, sid, checked, sealed FROM sessions ",
            $rest
        )
    };
}

impl Store {
    /// Keeps a new session.
    ///
    /// # Errors
    /// [`StoreError::Away`].
    pub async fn add_session(&self, session: &Session) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO sessions (id, who, role, way, address, created, seen, expires, subject, sid, checked, sealed) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
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
        .bind(&session.sid)
        .bind(session.checked)
        .bind(&session.sealed)
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// The session of this id, ended or not.
    ///
    /// # Errors
    /// [`StoreError::Away`].
    pub async fn session(&self, id: &str) -> Result<Option<Session>, StoreError> {
        let row = sqlx::query(select!("WHERE id = $1")).bind(id).fetch_optional(&self.pool).await?;
        row.as_ref().map(session).transpose()
    }

    /// A person's sessions, newest first.
    ///
    /// # Errors
    /// [`StoreError::Away`].
    pub async fn sessions_of(&self, subject: &str) -> Result<Vec<Session>, StoreError> {
        let rows = sqlx::query(select!("WHERE subject = $1 ORDER BY created DESC, id"))
            .bind(subject)
            .fetch_all(&self.pool)
            .await?;
        rows.iter().map(session).collect()
    }

    /// Everybody's sessions, the last used first; so many at most.
    ///
    /// # Errors
    /// [`StoreError::Away`].
    pub async fn sessions(&self, most: u32) -> Result<Vec<Session>, StoreError> {
        let rows =
            sqlx::query(select!("ORDER BY seen DESC, id LIMIT $1")).bind(i64::from(most)).fetch_all(&self.pool).await?;
        rows.iter().map(session).collect()
    }

    /// Takes the right to look at a session's role anew: `false` when another took it less than `pause` milliseconds
    /// before `now`.
    ///
    /// # Errors
    /// [`StoreError::Away`].
    pub async fn try_session(&self, id: &str, now: i64, pause: i64) -> Result<bool, StoreError> {
        let done = sqlx::query("UPDATE sessions SET tried = $2 WHERE id = $1 AND (tried + $3 <= $2 OR tried > $2)")
            .bind(id)
            .bind(now)
            .bind(pause)
            .execute(&self.pool)
            .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Keeps what a provider said anew of whoever has this session; `false` when it has ended.
    ///
    /// # Errors
    /// [`StoreError::Away`].
    pub async fn checked_session(&self, session: &Session) -> Result<bool, StoreError> {
        let done = sqlx::query(
            "UPDATE sessions SET who = $2, role = $3, sid = $4, checked = $5, sealed = $6 WHERE id = $1 AND subject = $7",
        )
        .bind(&session.id)
        .bind(&session.who)
        .bind(&session.role)
        .bind(&session.sid)
        .bind(session.checked)
        .bind(&session.sealed)
        .bind(&session.subject)
        .execute(&self.pool)
        .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Ends the sessions that a provider says have ended there: of a subject, of the provider's session, or of both;
    /// an empty text stands for any. `provider` is what subjects of this provider begin with. Answers how many.
    ///
    /// # Errors
    /// [`StoreError::Away`].
    pub async fn end_sessions_there(&self, provider: &str, subject: &str, sid: &str) -> Result<u64, StoreError> {
        let length = i64::try_from(provider.chars().count()).unwrap_or(i64::MAX);
        let done = sqlx::query(
            "DELETE FROM sessions WHERE substr(subject, 1, CAST($2 AS INTEGER)) = $1 AND ($3 = '' OR subject = $3) AND ($4 = '' OR sid = $4) \
             AND ($3 <> '' OR $4 <> '')",
        )
        .bind(provider)
        .bind(length)
        .bind(subject)
        .bind(sid)
        .execute(&self.pool)
        .await?;
        Ok(done.rows_affected())
    }

    /// Notes that a logout token was used; `false` when it was before.
    ///
    /// # Errors
    /// [`StoreError::Away`].
    pub async fn logout_once(&self, id: &str, expires: i64) -> Result<bool, StoreError> {
        let kept = sqlx::query("INSERT INTO logouts (id, expires) VALUES ($1, $2)")
            .bind(id)
            .bind(expires)
            .execute(&self.pool)
            .await;
        match kept.map_err(StoreError::from) {
            Ok(_) => Ok(true),
            Err(StoreError::Taken) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Keeps the role that a sign-in provider gives a person; an empty one for none.
    ///
    /// # Errors
    /// [`StoreError::Away`].
    pub async fn learn_role(&self, subject: &str, role: &str, told: i64) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO provider_people (subject, role, told) VALUES ($1, $2, $3) \
             ON CONFLICT (subject) DO UPDATE SET role = excluded.role, told = excluded.told",
        )
        .bind(subject)
        .bind(role)
        .bind(told)
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// The role that a sign-in provider last gave a person, and when.
    ///
    /// # Errors
    /// [`StoreError::Away`].
    pub async fn learnt_role(&self, subject: &str) -> Result<Option<(String, i64)>, StoreError> {
        let row = sqlx::query("SELECT role, told FROM provider_people WHERE subject = $1")
            .bind(subject)
            .fetch_optional(&self.pool)
            .await?;
        row.map(|row| Ok((row.try_get("role")?, row.try_get("told")?))).transpose()
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
        sid: row.try_get("sid")?,
        checked: row.try_get("checked")?,
        sealed: row.try_get("sealed")?,
    })
}
