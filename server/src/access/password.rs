//! Passwords of local users: Argon2id, two at a time, in memory that is kept for the next.

use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use argon2::{
    Algorithm, Argon2, Block, Params, PasswordHash, Version,
    password_hash::{Ident, Output, ParamsString, Salt, SaltString},
};
use tokio::sync::Semaphore;

use super::secret;
use crate::placed::placed;

/// Hashes at once. Each needs 19 MiB, so a flood of sign-ins must not raise their number.
static PLACES: LazyLock<Arc<Semaphore>> = LazyLock::new(|| Arc::new(Semaphore::new(2)));
/// Comparisons for strangers that wait or run: more are turned away at once, so that a flood of guesses is no queue
/// behind which an owner stands.
static STRANGERS: LazyLock<Arc<Semaphore>> = LazyLock::new(|| Arc::new(Semaphore::new(32)));
/// Memory of finished hashes, for the next ones: the allocator would keep it in every thread's arena.
static MEMORY: Mutex<Vec<Vec<Block>>> = Mutex::new(Vec::new());
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
    #[error("a password has at most {LONGEST} bytes")]
    Long,
    /// Among those that are tried first.
    #[error(
        "this password is among those that are tried first, or repeats itself: take one that is harder to guess, \
         such as four words that have nothing to do with each other"
    )]
    Common,
    /// It could not be hashed.
    #[error("the password could not be hashed: {0}")]
    Failed(String),
}

/// What is kept of a password: a PHC string. The user's name must not be what it is made of.
///
/// # Errors
/// [`PasswordError`] when it is too short, too long or too common.
pub async fn hashed(name: &str, password: &str) -> Result<String, PasswordError> {
    if password.chars().count() < SHORTEST {
        return Err(PasswordError::Short);
    }
    if password.len() > LONGEST {
        return Err(PasswordError::Long);
    }
    let (name, password) = (name.to_owned(), password.to_owned());
    let hashing = move || if is_common(&name, &password) { Err(PasswordError::Common) } else { hash_now(&password) };
    placed(&PLACES, hashing).await.unwrap_or_else(|| Err(PasswordError::Failed("it was cut short".into())))
}

/// Whether a password is found within a hundred million guesses by somebody who knows what people choose: lists of
/// leaked ones, words, names, dates, keys side by side, sequences and repeats.
fn is_common(name: &str, password: &str) -> bool {
    let about = [name, "binnacle", "compass4nfv", "kubernetes"];
    zxcvbn::zxcvbn(password, &about).score() < zxcvbn::Score::Three
}

/// Whether a password is the one that was kept; without one kept it takes as long and is not. `None` when a stranger
/// asks and too many strangers wait already. Those who have signed in from their household before always wait.
pub(super) async fn matches(kept: Option<String>, password: &str, is_stranger: bool) -> Option<bool> {
    if password.len() > LONGEST {
        return Some(false);
    }
    let waits = if is_stranger { Some(STRANGERS.clone().try_acquire_owned().ok()?) } else { None };
    let password = password.to_owned();
    let compared = placed(&PLACES, move || {
        let _waits = waits;
        let known = kept.is_some();
        let kept = kept.unwrap_or_else(|| NOBODYS.clone());
        let same = same(&password, &kept);
        known && same
    });
    Some(compared.await.unwrap_or(false))
}

fn hash_now(password: &str) -> Result<String, PasswordError> {
    let mut salt = [0; Salt::RECOMMENDED_LENGTH];
    getrandom::fill(&mut salt).map_err(|error| PasswordError::Failed(error.to_string()))?;
    let failed = |error: argon2::password_hash::Error| PasswordError::Failed(error.to_string());
    let params = Params::default();
    let output = digest(password, &salt, &params, Version::V0x13).map_err(failed)?;
    let salt = SaltString::encode_b64(&salt).map_err(failed)?;
    let kept = PasswordHash {
        algorithm: Ident::from(Algorithm::Argon2id),
        version: Some(Version::V0x13.into()),
        params: ParamsString::try_from(&params).map_err(failed)?,
        salt: Some(salt.as_salt()),
        hash: Some(output),
    };
    Ok(kept.to_string())
}

/// Whether a password has this PHC string, compared in constant time.
fn same(password: &str, kept: &str) -> bool {
    let compared = || {
        let kept = PasswordHash::new(kept).ok()?;
        let mut salt = [0; Salt::MAX_LENGTH];
        let salt = kept.salt?.decode_b64(&mut salt).ok()?;
        let version = kept.version.and_then(|version| Version::try_from(version).ok()).unwrap_or_default();
        let params = Params::try_from(&kept).ok()?;
        let is_ours = kept.algorithm == Ident::from(Algorithm::Argon2id);
        Some(is_ours && digest(password, salt, &params, version).ok()? == kept.hash?)
    };
    compared().unwrap_or(false)
}

fn digest(password: &str, salt: &[u8], params: &Params, version: Version) -> argon2::password_hash::Result<Output> {
    let argon = Argon2::new(Algorithm::Argon2id, version, params.clone());
    let mut memory = MEMORY.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default();
    memory.resize(params.block_count(), Block::default());
    let length = params.output_len().unwrap_or(Params::DEFAULT_OUTPUT_LEN);
    let output = Output::init_with(length, |out| {
        argon.hash_password_into_with_memory(password.as_bytes(), salt, out, &mut memory).map_err(Into::into)
    });
    MEMORY.lock().unwrap_or_else(PoisonError::into_inner).push(memory);
    output
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_is_kept_as_argon2id_and_known_again() {
        let kept = hashed("", "correct horse battery").await.unwrap();
        assert!(kept.starts_with("$argon2id$") && !kept.contains("horse"), "{kept}");
        assert_eq!(matches(Some(kept.clone()), "correct horse battery", false).await, Some(true));
        assert_eq!(matches(Some(kept), "correct horse batterz", false).await, Some(false));
        assert_eq!(matches(None, "correct horse battery", false).await, Some(false));
    }

    #[tokio::test]
    async fn a_password_that_is_too_short_or_too_long_is_refused() {
        assert_eq!(hashed("", "short").await, Err(PasswordError::Short));
        assert_eq!(hashed("", &"x".repeat(2_000)).await, Err(PasswordError::Long));
        assert_eq!(hashed("", &"é".repeat(600)).await, Err(PasswordError::Long), "what is set can be typed");
    }

    #[tokio::test]
    async fn a_password_that_is_tried_first_is_refused() {
        for common in [
            "123456789012",
            "aaaaaaaaaaaa",
            "passwordpassword",
            "Password1234!",
            "qwertyuiop12",
            "abcabcabcabc",
            "letmeinletmein",
        ] {
            assert_eq!(hashed("", common).await, Err(PasswordError::Common), "{common}");
        }
        assert_eq!(hashed("margarethe", "margarethe2026").await, Err(PasswordError::Common));
        for good in ["correct horse battery", "tide-7-anvil-kettle", "wDk3#mQ9!vTz2"] {
            assert!(hashed("margarethe", good).await.is_ok(), "{good}");
        }
    }

    #[tokio::test]
    async fn a_hash_of_an_earlier_release_is_still_known() {
        use argon2::PasswordHasher;
        let salt = SaltString::encode_b64(b"0123456789abcdef").unwrap();
        let kept = Argon2::default().hash_password(b"correct horse battery", &salt).unwrap().to_string();
        assert_eq!(matches(Some(kept.clone()), "correct horse battery", false).await, Some(true));
        assert_eq!(matches(Some(kept), "correct horse batterz", false).await, Some(false));
    }

    #[tokio::test]
    async fn an_owner_does_not_stand_behind_a_crowd_of_strangers() {
        let kept = Some(hashed("", "correct horse battery").await.unwrap());
        let crowd = (0..100).map(|_| matches(kept.clone(), "correct horse batterz", true));
        let owner = matches(kept.clone(), "correct horse battery", false);
        let (crowd, owner) = tokio::join!(futures::future::join_all(crowd), owner);
        assert_eq!(owner, Some(true));
        assert!(crowd.contains(&None), "some are turned away");
        assert!(crowd.contains(&Some(false)), "some are compared");
        assert!(!crowd.contains(&Some(true)));
    }

    #[tokio::test]
    async fn callers_that_hang_up_start_no_further_hashes() {
        let started = Arc::new(std::sync::atomic::AtomicUsize::new(0));
        for _ in 0..50 {
            let started = started.clone();
            let hashing = placed(&PLACES, move || {
                started.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
                std::thread::sleep(std::time::Duration::from_millis(500));
            });
            let _ = tokio::time::timeout(std::time::Duration::from_millis(2), hashing).await;
        }
        let began = started.load(std::sync::atomic::Ordering::SeqCst);
        assert!(began < 25, "{began} of 50 hashes began while two places were taken");
    }
}
