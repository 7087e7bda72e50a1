//! Requests that act once, however often they are sent.
//!
//! Whoever works on one holds its key by the database's clock, and says again and again that it still does. A key that
//! is not held any more and has no answer is one whose server died: what it did is not known.

use std::time::Duration;

use sqlx::Row;

use super::{Kind, Store, StoreError};

/// A request that is to act once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// Whose key it is: keys are a person's own.
    pub who: String,
    /// The key.
    pub key: String,
    /// A hash of all that the request says.
    pub request: String,
    /// Who works on it: a name that no other claim has.
    pub holder: String,
    /// Whether it may be done again when it is not known whether it was done.
    pub repeats: bool,
}

/// What is known of a request's key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Begun {
    /// It is new, or was let go: act, saying [`Store::still`] meanwhile, then [`Store::finish`].
    New,
    /// It was answered: answer so again.
    Done(Replay),
    /// It is being worked on.
    Underway,
    /// Who worked on it is gone. Whether it was done is not known.
    Unsure,
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
    /// Claims a key for so long, until a moment at which it is forgotten.
    ///
    /// # Errors
    /// [`StoreError::Away`].
    pub async fn begin(&self, claim: &Claim, held: Duration, now: i64, expires: i64) -> Result<Begun, StoreError> {
        let Claim { who, key, request, holder, repeats } = claim;
        sqlx::query("DELETE FROM idempotency WHERE who = $1 AND key = $2 AND expires <= $3")
            .bind(who)
            .bind(key)
            .bind(now)
            .execute(&self.pool)
            .await?;
        let sql = match self.kind {
            Kind::Sqlite => {
                "INSERT INTO idempotency (who, key, request, expires, holder, until) \
                 VALUES ($1, $2, $3, $4, $5, CAST(unixepoch('subsec') * 1000 AS INTEGER) + $6) \
                 ON CONFLICT (who, key) DO NOTHING"
            }
            Kind::Postgres => {
                "INSERT INTO idempotency (who, key, request, expires, holder, until) \
                 VALUES ($1, $2, $3, $4, $5, (extract(epoch FROM clock_timestamp()) * 1000)::bigint + $6) \
                 ON CONFLICT (who, key) DO NOTHING"
            }
        };
        let claimed = sqlx::query(sql)
            .bind(who)
            .bind(key)
            .bind(request)
            .bind(expires)
            .bind(holder)
            .bind(milliseconds(held))
            .execute(&self.pool)
            .await?;
        if claimed.rows_affected() == 1 {
            return Ok(Begun::New);
        }
        let sql = match self.kind {
            Kind::Sqlite => {
                "SELECT request, status, body, holder, \
                 CASE WHEN until BETWEEN CAST(unixepoch('subsec') * 1000 AS INTEGER) \
                 AND CAST(unixepoch('subsec') * 1000 AS INTEGER) + $3 THEN 1 ELSE 0 END AS held \
                 FROM idempotency WHERE who = $1 AND key = $2"
            }
            Kind::Postgres => {
                "SELECT request, status, body, holder, \
                 CASE WHEN until BETWEEN (extract(epoch FROM clock_timestamp()) * 1000)::bigint \
                 AND (extract(epoch FROM clock_timestamp()) * 1000)::bigint + $3 THEN 1::bigint \
                 ELSE 0::bigint END AS held FROM idempotency WHERE who = $1 AND key = $2"
            }
        };
        // One that is held for longer was claimed while the clock was ahead: it is not known whether its server lives.
        let longest = milliseconds(held).saturating_mul(2);
        let row = sqlx::query(sql).bind(who).bind(key).bind(longest).fetch_optional(&self.pool).await?;
        let Some(row) = row else { return Ok(Begun::Underway) };
        if row.try_get::<&str, _>("request")? != request {
            return Ok(Begun::Other);
        }
        let status: Option<i64> = row.try_get("status")?;
        if let Some(status) = status.and_then(|status| u16::try_from(status).ok()) {
            let body: Option<String> = row.try_get("body")?;
            return Ok(Begun::Done(Replay { status, body: body.unwrap_or_default() }));
        }
        if row.try_get::<i64, _>("held")? != 0 {
            return Ok(Begun::Underway);
        }
        if !repeats {
            return Ok(Begun::Unsure);
        }
        // Of many that would take it over, the first one does.
        let dead: String = row.try_get("holder")?;
        let taken = self.take(claim, &dead, held).await?;
        Ok(if taken { Begun::New } else { Begun::Underway })
    }

    /// Makes a key without an answer one's own, if it is a holder's.
    async fn take(&self, claim: &Claim, from: &str, held: Duration) -> Result<bool, StoreError> {
        let sql = match self.kind {
            Kind::Sqlite => {
                "UPDATE idempotency SET holder = $3, until = CAST(unixepoch('subsec') * 1000 AS INTEGER) + $4 \
                 WHERE who = $1 AND key = $2 AND holder = $5 AND status IS NULL"
            }
            Kind::Postgres => {
                "UPDATE idempotency SET holder = $3, until = (extract(epoch FROM clock_timestamp()) * 1000)::bigint + $4 \
                 WHERE who = $1 AND key = $2 AND holder = $5 AND status IS NULL"
            }
        };
        let taken = sqlx::query(sql)
            .bind(&claim.who)
            .bind(&claim.key)
            .bind(&claim.holder)
            .bind(milliseconds(held))
            .bind(from)
            .execute(&self.pool)
            .await?;
        Ok(taken.rows_affected() == 1)
    }

    /// Says that a claim is still worked on; `false` when it was taken over.
    ///
    /// # Errors
    /// [`StoreError::Away`].
    pub async fn still(&self, claim: &Claim, held: Duration) -> Result<bool, StoreError> {
        self.take(claim, &claim.holder, held).await
    }

    /// Keeps the answer for the next time; `false` when the claim was taken over, whose answer counts.
    ///
    /// # Errors
    /// [`StoreError::Away`].
    pub async fn finish(&self, claim: &Claim, answer: &Replay) -> Result<bool, StoreError> {
        let done = sqlx::query(
            "UPDATE idempotency SET status = $4, body = $5 \
             WHERE who = $1 AND key = $2 AND holder = $3 AND status IS NULL",
        )
        .bind(&claim.who)
        .bind(&claim.key)
        .bind(&claim.holder)
        .bind(i64::from(answer.status))
        .bind(&answer.body)
        .execute(&self.pool)
        .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Gives a key back: nothing was done, the request may be sent again.
    ///
    /// # Errors
    /// [`StoreError::Away`].
    pub async fn abandon(&self, claim: &Claim) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM idempotency WHERE who = $1 AND key = $2 AND holder = $3 AND status IS NULL")
            .bind(&claim.who)
            .bind(&claim.key)
            .bind(&claim.holder)
            .execute(&self.pool)
            .await?;
        Ok(())
    }
}

fn milliseconds(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX / 2)
}
