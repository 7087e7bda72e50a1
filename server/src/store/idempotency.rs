//! Requests that act once, however often they are sent.

use sqlx::Row;

use super::{Store, StoreError};

/// What is known of a request's key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Begun {
    /// It is new: act, then [`Store::finish`].
    New,
    /// It was answered: answer so again.
    Done(Replay),
    /// It is being worked on, or the server died while it was.
    Underway,
    /// The key was used for another request.
    Other,
}

/// An answer that is given again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replay {
    /// Its status code.
    pub status: u16,
    /// Its body, without secrets.
    pub body: String,
}

impl Store {
    /// Claims a key for a request; `request` is a hash of all that it says.
    ///
    /// # Errors
    /// [`StoreError::Away`].
    pub async fn begin(
        &self,
        who: &str,
        key: &str,
        request: &str,
        now: i64,
        expires: i64,
    ) -> Result<Begun, StoreError> {
        sqlx::query("DELETE FROM idempotency WHERE who = $1 AND key = $2 AND expires <= $3")
            .bind(who)
            .bind(key)
            .bind(now)
            .execute(&self.pool)
            .await?;
        let claimed = sqlx::query(
            "INSERT INTO idempotency (who, key, request, expires) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (who, key) DO NOTHING",
        )
        .bind(who)
        .bind(key)
        .bind(request)
        .bind(expires)
        .execute(&self.pool)
        .await?;
        if claimed.rows_affected() == 1 {
            return Ok(Begun::New);
        }
        let row = sqlx::query("SELECT request, status, body FROM idempotency WHERE who = $1 AND key = $2")
            .bind(who)
            .bind(key)
            .fetch_optional(&self.pool)
            .await?;
        let Some(row) = row else { return Ok(Begun::Underway) };
        if row.try_get::<String, _>("request")? != request {
            return Ok(Begun::Other);
        }
        let status: Option<i64> = row.try_get("status")?;
        let body: Option<String> = row.try_get("body")?;
        Ok(match status.and_then(|status| u16::try_from(status).ok()) {
            Some(status) => Begun::Done(Replay { status, body: body.unwrap_or_default() }),
            None => Begun::Underway,
        })
    }

    /// Keeps the answer for the next time.
    ///
    /// # Errors
    /// [`StoreError::Away`].
    pub async fn finish(&self, who: &str, key: &str, answer: &Replay) -> Result<(), StoreError> {
        sqlx::query("UPDATE idempotency SET status = $3, body = $4 WHERE who = $1 AND key = $2")
            .bind(who)
            .bind(key)
            .bind(i64::from(answer.status))
            .bind(&answer.body)
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// Gives a key back: nothing was done, the request may be sent again.
    ///
    /// # Errors
    /// [`StoreError::Away`].
    pub async fn abandon(&self, who: &str, key: &str) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM idempotency WHERE who = $1 AND key = $2 AND status IS NULL")
            .bind(who)
            .bind(key)
            .execute(&self.pool)
            .await?;
        Ok(())
    }
}
