//! API tokens: `bnc_ID_SECRET`, shown once.

use std::time::Duration;

use axum::http::{HeaderMap, header};

use super::{Role, Way, Who, rights, secret};
use crate::store::{Store, StoreError, Token};

const NOTED: i64 = 60_000;
/// A token lasts at most so long.
pub const LONGEST: Duration = Duration::from_secs(366 * 24 * 3_600);

/// A token that was just made; the only time that it is seen whole.
pub struct Made {
    /// What is kept.
    pub token: Token,
    /// The whole token.
    pub secret: String,
}

/// Why a token is not made.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// Its maker may not do as much.
    #[error("a token cannot have a higher role than its maker: {0}")]
    Above(&'static str),
    /// It has no name, or a long one.
    #[error("a token needs a name of 1 to 100 characters that says what it is for")]
    Name,
    /// It lasts not at all, or too long.
    #[error("a token lasts between a minute and 366 days")]
    Lasts,
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Makes a token in somebody's name.
///
/// # Errors
/// [`TokenError`] with what to change.
pub async fn make(store: &Store, maker: &Who, name: &str, role: Role, lasts: Duration) -> Result<Made, TokenError> {
    if !maker.may(role) {
        return Err(TokenError::Above(role.word()));
    }
    let name = name.trim();
    if name.is_empty() || name.chars().count() > 100 || name.chars().any(char::is_control) {
        return Err(TokenError::Name);
    }
    if !(Duration::from_secs(60)..=LONGEST).contains(&lasts) {
        return Err(TokenError::Lasts);
    }
    let now = jiff::Timestamp::now().as_millisecond();
    let (id, half) = (secret::random::<8>(), secret::random::<32>());
    let token = Token {
        id: id.clone(),
        name: name.into(),
        hash: secret::hash(&half),
        role: role.word().into(),
        maker: maker.name.clone(),
        subject: maker.subject(),
        created: now,
        expires: now + i64::try_from(lasts.as_millis()).unwrap_or(0),
        used: None,
        revoked: None,
    };
    store.add_token(&token).await?;
    Ok(Made { token, secret: format!("bnc_{id}_{half}") })
}

/// The two halves of a token as it is sent; `None` for anything else.
pub fn halves(sent: &str) -> Option<(&str, &str)> {
    let (id, half) = sent.strip_prefix("bnc_")?.split_once('_')?;
    let hex = |text: &str, length: usize| text.len() == length && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    (hex(id, 16) && hex(half, 64)).then_some((id, half))
}

/// What follows `Bearer`, if anything was sent.
pub(super) fn sent(headers: &HeaderMap) -> Option<&str> {
    let text = headers.get(header::AUTHORIZATION)?.to_str().unwrap_or_default();
    Some(
        text.split_once(' ')
            .filter(|(kind, _)| kind.eq_ignore_ascii_case("bearer"))
            .map_or("", |(_, rest)| rest.trim()),
    )
}

/// Whose token it is; `None` when it is none, or none any more.
pub(super) async fn whose(store: &Store, sent: &str, from: std::net::IpAddr) -> Result<Option<Who>, StoreError> {
    let Some((id, half)) = halves(sent) else { return Ok(None) };
    let Some(token) = store.token(id).await? else { return Ok(None) };
    if token.hash != secret::hash(half) {
        return Ok(None);
    }
    let used = token.used;
    let who = good(store, token, from).await?;
    let now = jiff::Timestamp::now().as_millisecond();
    if who.is_some()
        && used.is_none_or(|used| now - used > NOTED)
        && let Err(error) = store.used_token(id, now).await
    {
        // A note that cannot be written refuses nobody.
        tracing::debug!("the last use of a token cannot be noted: {error}");
    }
    Ok(who)
}

/// Whose token this id is.
pub(super) async fn of(store: &Store, id: &str, from: std::net::IpAddr) -> Result<Option<Who>, StoreError> {
    match store.token(id).await? {
        Some(token) => good(store, token, from).await,
        None => Ok(None),
    }
}

/// A token that is good has the role that it was made with, or its maker's if that is lower now.
async fn good(store: &Store, token: Token, from: std::net::IpAddr) -> Result<Option<Who>, StoreError> {
    let now = jiff::Timestamp::now().as_millisecond();
    if token.revoked.is_some() || now >= token.expires {
        return Ok(None);
    }
    let Some(most) = rights::of(store, &token.subject).await? else { return Ok(None) };
    let role = Role::from_word(&token.role).map(|role| role.min(most));
    Ok(Some(Who { name: format!("token {}", token.name), role, way: Way::Token(token.id), from }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_looks_like_a_token_is_looked_up() {
        let (id, half) = ("0123456789abcdef", "f".repeat(64));
        assert_eq!(halves(&format!("bnc_{id}_{half}")), Some((id, half.as_str())));
        for not in
            ["", "bnc_", "bnc__", &format!("bnc_{id}_{half}0"), &format!("bnc_{id}{half}"), &format!("{id}_{half}")]
        {
            assert_eq!(halves(not), None, "{not}");
        }
    }
}
