//! Links to embedded figures that were handed out.

use sqlx::{Row, any::AnyRow};

use super::{Store, StoreError};

/// A link that was handed out. What it is signed with is [`Store::key`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// Stands in the link.
    pub id: String,
    /// The one cluster that it opens.
    pub cluster: String,
    /// The one figure that it opens: `architecture` or `networking`.
    pub figure: String,
    /// Who made it, by what they are called.
    pub maker: String,
    /// Who made it, whatever they are called; empty in links from before this was kept.
    pub subject: String,
    /// Since when.
    pub created: i64,
    /// Until when.
    pub expires: i64,
    /// Since when it is refused.
    pub revoked: Option<i64>,
}

impl Store {
    /// Keeps a new link.
    ///
    /// # Errors
    /// [`StoreError::Away`].
    pub async fn add_link(&self, link: &Link) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO links (id, cluster, figure, maker, created, expires, subject) \
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(&link.id)
        .bind(&link.cluster)
        .bind(&link.figure)
        .bind(&link.maker)
        .bind(link.created)
        .bind(link.expires)
        .bind(&link.subject)
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// The link of this id, expired and revoked ones too.
    ///
    /// # Errors
    /// [`StoreError::Away`].
    pub async fn link(&self, id: &str) -> Result<Option<Link>, StoreError> {
        let row = sqlx::query(
            "SELECT id, cluster, figure, maker, created, expires, revoked, subject FROM links WHERE id = $1",
        )
        .bind(id)
        .fetch_optional(&self.pool)
        .await?;
        row.as_ref().map(link).transpose()
    }

    /// All links, newest first.
    ///
    /// # Errors
    /// [`StoreError::Away`].
    pub async fn links(&self) -> Result<Vec<Link>, StoreError> {
        let rows = sqlx::query(
            "SELECT id, cluster, figure, maker, created, expires, revoked, subject FROM links ORDER BY created DESC, id",
        )
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(link).collect()
    }

    /// Refuses a link from now on; `false` when there is none or it was revoked before.
    ///
    /// # Errors
    /// [`StoreError::Away`].
    pub async fn revoke_link(&self, id: &str, at: i64) -> Result<bool, StoreError> {
        let done = sqlx::query("UPDATE links SET revoked = $2 WHERE id = $1 AND revoked IS NULL")
            .bind(id)
            .bind(at)
            .execute(&self.pool)
            .await?;
        Ok(done.rows_affected() == 1)
    }
}

fn link(row: &AnyRow) -> Result<Link, StoreError> {
    Ok(Link {
        id: row.try_get("id")?,
        cluster: row.try_get("cluster")?,
        figure: row.try_get("figure")?,
        maker: row.try_get("maker")?,
        subject: row.try_get("subject")?,
        created: row.try_get("created")?,
        expires: row.try_get("expires")?,
        revoked: row.try_get("revoked")?,
    })
}
