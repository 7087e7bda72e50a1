//! Sessions: a cookie for the browser, its hash for the database.

use std::time::Duration;

use app::base::base;
use axum::http::{HeaderMap, HeaderValue, header};

use super::{Role, Way, Who, oidc::Kept, sealed, secret};
use crate::store::{Session, Store, StoreError};

/// How often a session's last use is written: not on every request.
const NOTED: i64 = 60_000;
/// So many milliseconds the clocks of replicas, or of one before and after it was set, may differ.
const ASTRAY: i64 = 600_000;

/// How long sessions last.
#[derive(Clone, Copy, Debug)]
pub struct Lasting {
    /// Without a request for so long, it ends.
    pub idle: Duration,
    /// After so long it ends whatever happens.
    pub whole: Duration,
}

/// With TLS the browser itself refuses the cookie from or for any other host; below a base path, which such a
/// cookie cannot have, from anything but TLS.
fn name(secure: bool) -> String {
    prefixed("binnacle", secure)
}

/// A cookie's name with the prefix that binds it to this host, or at least to TLS.
pub(super) fn prefixed(name: &str, secure: bool) -> String {
    let prefix = match (secure, base().is_empty()) {
        (true, true) => "__Host-",
        (true, false) => "__Secure-",
        (false, _) => "",
    };
    format!("{prefix}{name}")
}

/// Somebody who may come in.
pub(super) struct Arrival<'a> {
    /// Who they are, whatever they are called.
    pub(super) subject: String,
    /// What they are called.
    pub(super) name: &'a str,
    pub(super) role: Role,
    /// How they signed in: `local` or `oidc`.
    pub(super) way: &'static str,
    /// The provider's session; empty without one.
    pub(super) sid: String,
    /// The provider's tokens that are kept.
    pub(super) kept: Kept,
}

/// Begins a session; answers the cookie. Whatever session the browser had ends: an id from before signing in is worth
/// nothing after.
pub(super) async fn begin(
    store: &Store,
    who: Arrival<'_>,
    from: std::net::IpAddr,
    lasting: Lasting,
    browser: (&HeaderMap, bool),
) -> Result<HeaderValue, StoreError> {
    let (headers, secure) = browser;
    if let Some(old) = sent(headers, secure) {
        store.end_session(&secret::hash(old)).await?;
    }
    let value = secret::random::<32>();
    let now = jiff::Timestamp::now().as_millisecond();
    let whole = i64::try_from(lasting.whole.as_millis()).unwrap_or(i64::MAX / 2);
    let session = Session {
        id: secret::hash(&value),
        subject: who.subject,
        who: who.name.into(),
        role: who.role.word().into(),
        way: who.way.into(),
        address: from.to_string(),
        created: now,
        seen: now,
        expires: now + whole,
        sid: who.sid,
        checked: now,
        sealed: closed(&value, &who.kept),
    };
    store.add_session(&session).await?;
    Ok(cookie(&value, lasting.whole.as_secs(), secure))
}

/// A provider's tokens as the database keeps them.
pub(super) fn closed(cookie: &str, kept: &Kept) -> String {
    if *kept == Kept::default() {
        return String::new();
    }
    let text = serde_json::to_string(kept).unwrap_or_default();
    sealed::seal(cookie, &text).unwrap_or_default()
}

/// A provider's tokens of the session that this cookie is of.
pub(super) fn opened(cookie: &str, session: &Session) -> Kept {
    let text = sealed::open(cookie, &session.sealed);
    text.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default()
}

/// The cookie that takes the browser's away.
pub(super) fn ended(secure: bool) -> HeaderValue {
    cookie("", 0, secure)
}

fn cookie(value: &str, seconds: u64, secure: bool) -> HeaderValue {
    any_cookie(&name(secure), value, seconds, secure)
}

/// A cookie that no script can read and no other site's post brings along.
pub(crate) fn any_cookie(name: &str, value: &str, seconds: u64, secure: bool) -> HeaderValue {
    let flag = if secure { "; Secure" } else { "" };
    let path = if base().is_empty() { "/" } else { base() };
    let text = format!("{name}={value}; Path={path}; HttpOnly; SameSite=Lax; Max-Age={seconds}{flag}");
    HeaderValue::from_str(&text).unwrap_or_else(|_| HeaderValue::from_static(""))
}

/// The value of a cookie of this name.
pub(crate) fn cookie_of<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(key, _)| *key == name).map(|(_, value)| value)
}

/// The value of our cookie, if the browser sent one that could be ours.
pub(super) fn sent(headers: &HeaderMap, secure: bool) -> Option<&str> {
    let value = cookie_of(headers, &name(secure))?;
    (value.len() == 64 && value.bytes().all(|byte| byte.is_ascii_hexdigit())).then_some(value)
}

/// Whose session this id is; `None` when it has ended. Local users lose it when they are disabled, and have the role
/// that they have now; people of a provider lose it when their role was told longer than `recheck` ago, as long as
/// nobody looks at it anew. Without a provider (`None`) there are none.
pub(super) async fn of(
    store: &Store,
    id: &str,
    from: std::net::IpAddr,
    lasting: Lasting,
    recheck: Option<i64>,
) -> Result<Option<Who>, StoreError> {
    let Some(session) = current(store, id, lasting).await? else { return Ok(None) };
    let age = jiff::Timestamp::now().as_millisecond().saturating_sub(session.checked);
    if session.way == "oidc" && recheck.is_none_or(|recheck| age >= recheck) {
        return Ok(None);
    }
    who(store, session, from).await
}

/// A session that is neither idle nor old.
pub(super) async fn current(store: &Store, id: &str, lasting: Lasting) -> Result<Option<Session>, StoreError> {
    let Some(session) = store.session(id).await? else { return Ok(None) };
    if is_over(&session, jiff::Timestamp::now().as_millisecond(), lasting) {
        // It counts for nothing whether or not its row can be removed.
        if let Err(error) = store.end_session(id).await {
            tracing::debug!("a session that is over cannot be removed: {error}");
        }
        return Ok(None);
    }
    Ok(Some(session))
}

/// Whether a session is idle, old, or was written by a clock that was ahead: no session begins or is seen later than
/// now, nor lasts longer than sessions may.
fn is_over(session: &Session, now: i64, lasting: Lasting) -> bool {
    let milliseconds = |time: Duration| i64::try_from(time.as_millis()).unwrap_or(i64::MAX / 2);
    let (idle, whole) = (milliseconds(lasting.idle), milliseconds(lasting.whole));
    let soon = now.saturating_add(ASTRAY);
    now >= session.expires
        || now >= session.seen.saturating_add(idle)
        || session.created > soon
        || session.seen > soon
        || session.expires > soon.saturating_add(whole)
}

/// Notes that a session was used.
pub(super) async fn saw(store: &Store, id: &str) -> Result<(), StoreError> {
    store.saw_session(id, jiff::Timestamp::now().as_millisecond(), NOTED).await
}

/// Whoever has this session, with the role that holds now.
pub(super) async fn who(store: &Store, session: Session, from: std::net::IpAddr) -> Result<Option<Who>, StoreError> {
    let mut role = Role::from_word(&session.role);
    if session.way == "local" {
        match store.user(&session.who).await? {
            Some(user) if !user.disabled => role = Role::from_word(&user.role),
            _ => return Ok(None),
        }
    }
    let way = Way::Session { id: session.id, subject: session.subject };
    Ok(Some(Who { name: session.who, role, way, from }))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3_600_000;

    fn session(created: i64, seen: i64, expires: i64) -> Session {
        let text = String::new;
        Session {
            id: text(),
            subject: text(),
            who: text(),
            role: text(),
            way: text(),
            address: text(),
            created,
            seen,
            expires,
            sid: text(),
            checked: 0,
            sealed: text(),
        }
    }

    #[test]
    fn a_session_of_a_clock_that_was_ahead_is_over() {
        let lasting = Lasting { idle: Duration::from_secs(12 * 3_600), whole: Duration::from_secs(24 * 3_600) };
        let now = 1_000 * HOUR;
        let over = |created, seen, expires| is_over(&session(created, seen, expires), now, lasting);
        assert!(!over(now - HOUR, now - 60_000, now + 23 * HOUR));
        assert!(!over(now + 60_000, now + 60_000, now + 24 * HOUR + 60_000), "clocks differ a little");
        assert!(over(now + 9_600 * HOUR, now + 9_600 * HOUR, now + 9_624 * HOUR), "made 400 days ahead");
        assert!(over(now - HOUR, now + 2 * HOUR, now + 23 * HOUR), "seen later than now");
        assert!(over(now - HOUR, now - HOUR, now + 200 * HOUR), "longer than sessions may last");
        assert!(over(now - 13 * HOUR, now - 13 * HOUR, now + 11 * HOUR), "idle");
        assert!(over(now - 25 * HOUR, now, now - HOUR), "old");
    }
}
