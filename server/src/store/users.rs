//! Local users.

use sqlx::{Row, any::AnyRow};

use super::{Store, StoreError};

/// A local user.
#[derive(Clone, PartialEq, Eq)]
pub struct User {
    /// As they sign in.
    pub name: String,
    /// A PHC string (Argon2id), never the password.
    pub password: String,
    /// The role's word.
    pub role: String,
    /// Since when.
    pub created: i64,
    /// Whether signing in is refused.
    pub disabled: bool,
}

impl std::fmt::Debug for User {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "User({}, {}{})", self.name, self.role, if self.disabled { ", disabled" } else { "" })
    }
}

impl Store {
    /// Adds a user.
    ///
    /// # Errors
    /// [`StoreError::Taken`] when there is one of this name.
    pub async fn add_user(&self, user: &User) -> Result<(), StoreError> {
        sqlx::query("INSERT INTO users (name, password, role, created, disabled) VALUES ($1, $2, $3, $4, $5)")
            .bind(&user.name)
            .bind(&user.password)
            .bind(&user.role)
            .bind(user.created)
            .bind(i64::from(user.disabled))
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// Replaces a user's password, role and whether they are disabled; `false` when there is none.
    ///
    /// # Errors
    /// [`StoreError::Away`].
    pub async fn change_user(&self, user: &User) -> Result<bool, StoreError> {
        let done = sqlx::query("UPDATE users SET password = $2, role = $3, disabled = $4 WHERE name = $1")
            .bind(&user.name)
            .bind(&user.password)
            .bind(&user.role)
            .bind(i64::from(user.disabled))
            .execute(&self.pool)
            .await?;
        Ok(done.rows_affected() == 1)
    }

    /// The user of this name.
    ///
    /// # Errors
    /// [`StoreError::Away`].
    pub async fn user(&self, name: &str) -> Result<Option<User>, StoreError> {
        let row = sqlx::query("SELECT name, password, role, created, disabled FROM users WHERE name = $1")
            .bind(name)
            .fetch_optional(&self.pool)
            .await?;
        row.as_ref().map(user).transpose()
    }

    /// All users, by name.
    ///
    /// # Errors
    /// [`StoreError::Away`].
    pub async fn users(&self) -> Result<Vec<User>, StoreError> {
        let rows = sqlx::query("SELECT name, password, role, created, disabled FROM users ORDER BY name")
            .fetch_all(&self.pool)
            .await?;
        rows.iter().map(user).collect()
    }
}

fn user(row: &AnyRow) -> Result<User, StoreError> {
    Ok(User {
        name: row.try_get("name")?,
        password: row.try_get("password")?,
        role: row.try_get("role")?,
        created: row.try_get("created")?,
        disabled: row.try_get::<i64, _>("disabled")? != 0,
    })
}
