//! Passwords of local users: Argon2id, a few at a time.

use std::sync::LazyLock;

use argon2::{
    Argon2, PasswordHash, PasswordHasher, PasswordVerifier,
    password_hash::{Salt, SaltString},
};
use tokio::sync::Semaphore;

use super::secret;

/// Each takes 19 MiB for a moment: a flood of sign-ins must not fill the memory.
static PLACES: Semaphore = Semaphore::const_new(2);
/// What an unknown account's password is compared with, so that it takes as long as a known one's.
static NOBODYS: LazyLock<String> = LazyLock::new(|| hash_now(&secret::random::<16>()).unwrap_or_default());

/// The least number of characters.
pub const SHORTEST: usize = 12;
/// More is no password, but work for us.
const LONGEST: usize = 1_024;

/// Why a password is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Too short.
    #[error("a password needs at least {SHORTEST} characters")]
    Short,
    /// Too long.
    #[error("a password has at most {LONGEST} characters")]
    Long,
    /// It could not be hashed.
    #[error("the password could not be hashed: {0}")]
    Failed(String),
}

/// What is kept of a password: a PHC string.
///
/// # Errors
/// [`PasswordError`] when it is too short or too long.
pub async fn hashed(password: &str) -> Result<String, PasswordError> {
    match password.chars().count() {
        ..SHORTEST => return Err(PasswordError::Short),
        SHORTEST..=LONGEST => {}
        _ => return Err(PasswordError::Long),
    }
    let password = password.to_owned();
    work(move || hash_now(&password)).await.unwrap_or_else(|| Err(PasswordError::Failed("it was cut short".into())))
}

/// Whether a password is the one that was kept; without one kept it takes as long and is not.
pub(super) async fn matches(kept: Option<String>, password: &str) -> bool {
    if password.len() > LONGEST {
        return false;
    }
    let password = password.to_owned();
    let compared = work(move || {
        let known = kept.is_some();
        let kept = kept.unwrap_or_else(|| NOBODYS.clone());
        let same = PasswordHash::new(&kept)
            .is_ok_and(|kept| Argon2::default().verify_password(password.as_bytes(), &kept).is_ok());
        known && same
    });
    compared.await.unwrap_or(false)
}

async fn work<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    let _place = PLACES.acquire().await.ok()?;
    tokio::task::spawn_blocking(work).await.ok()
}

fn hash_now(password: &str) -> Result<String, PasswordError> {
    let mut salt = [0; Salt::RECOMMENDED_LENGTH];
    getrandom::fill(&mut salt).map_err(|error| PasswordError::Failed(error.to_string()))?;
    let failed = |error: argon2::password_hash::Error| PasswordError::Failed(error.to_string());
    let salt = SaltString::encode_b64(&salt).map_err(failed)?;
    Ok(Argon2::default().hash_password(password.as_bytes(), &salt).map_err(failed)?.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_is_kept_as_argon2id_and_known_again() {
        let kept = hashed("correct horse battery").await.unwrap();
        assert!(kept.starts_with("$argon2id$") && !kept.contains("horse"), "{kept}");
        assert!(matches(Some(kept.clone()), "correct horse battery").await);
        assert!(!matches(Some(kept), "correct horse batterz").await);
        assert!(!matches(None, "correct horse battery").await);
    }

    #[tokio::test]
    async fn a_password_that_is_too_short_or_too_long_is_refused() {
        assert_eq!(hashed("short").await, Err(PasswordError::Short));
        assert_eq!(hashed(&"x".repeat(2_000)).await, Err(PasswordError::Long));
    }
}
