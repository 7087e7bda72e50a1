//! Sessions: a cookie for the browser, its hash for the database.

use std::time::Duration;

use app::base::base;
use axum::http::{HeaderMap, HeaderValue, header};

use super::{Role, Way, Who, secret};
use crate::store::{Session, Store, StoreError};

/// How often a session's last use is written: not on every request.
const NOTED: i64 = 60_000;

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
fn name(secure: bool) -> &'static str {
    match (secure, base().is_empty()) {
        (true, true) => "__Host-binnacle",
        (true, false) => "__Secure-binnacle",
        (false, _) => "binnacle",
    }
}

/// Begins a session; answers the cookie.
pub(super) async fn begin(
    store: &Store,
    who: (&str, Role, &str),
    from: std::net::IpAddr,
    lasting: Lasting,
    secure: bool,
) -> Result<HeaderValue, StoreError> {
    let (user, role, way) = who;
    let value = secret::random::<32>();
    let now = jiff::Timestamp::now().as_millisecond();
    let whole = i64::try_from(lasting.whole.as_millis()).unwrap_or(i64::MAX / 2);
    let session = Session {
        id: secret::hash(&value),
        who: user.into(),
        role: role.word().into(),
        way: way.into(),
        address: from.to_string(),
        created: now,
        seen: now,
        expires: now + whole,
    };
    store.add_session(&session).await?;
    Ok(cookie(&value, lasting.whole.as_secs(), secure))
}

/// The cookie that takes the browser's away.
pub(super) fn ended(secure: bool) -> HeaderValue {
    cookie("", 0, secure)
}

fn cookie(value: &str, seconds: u64, secure: bool) -> HeaderValue {
    any_cookie(name(secure), value, seconds, secure)
}

/// A cookie that no script can read and no other site's post brings along.
pub(super) fn any_cookie(name: &str, value: &str, seconds: u64, secure: bool) -> HeaderValue {
    let flag = if secure { "; Secure" } else { "" };
    let path = if base().is_empty() { "/" } else { base() };
    let text = format!("{name}={value}; Path={path}; HttpOnly; SameSite=Lax; Max-Age={seconds}{flag}");
    HeaderValue::from_str(&text).unwrap_or_else(|_| HeaderValue::from_static(""))
}

/// The value of a cookie of this name.
pub(super) fn cookie_of<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(key, _)| *key == name).map(|(_, value)| value)
}

/// The value of our cookie, if the browser sent one that could be ours.
pub(super) fn sent(headers: &HeaderMap, secure: bool) -> Option<&str> {
    let value = cookie_of(headers, name(secure))?;
    (value.len() == 64 && value.bytes().all(|byte| byte.is_ascii_hexdigit())).then_some(value)
}

/// Whose session a cookie's value is; `None` when it has ended. Local users lose it when they are
/// disabled, and have the role that they have now.
pub(super) async fn whose(
    store: &Store,
    value: &str,
    from: std::net::IpAddr,
    lasting: Lasting,
) -> Result<Option<Who>, StoreError> {
    let id = secret::hash(value);
    let who = of(store, &id, from, lasting).await?;
    if who.is_some() {
        store.saw_session(&id, jiff::Timestamp::now().as_millisecond(), NOTED).await?;
    }
    Ok(who)
}

/// Whose session this id is.
pub(super) async fn of(
    store: &Store,
    id: &str,
    from: std::net::IpAddr,
    lasting: Lasting,
) -> Result<Option<Who>, StoreError> {
    let Some(session) = store.session(id).await? else { return Ok(None) };
    let now = jiff::Timestamp::now().as_millisecond();
    let idle = i64::try_from(lasting.idle.as_millis()).unwrap_or(i64::MAX / 2);
    if now >= session.expires || now >= session.seen.saturating_add(idle) {
        store.end_session(id).await?;
        return Ok(None);
    }
    let mut role = Role::from_word(&session.role);
    if session.way == "local" {
        match store.user(&session.who).await? {
            Some(user) if !user.disabled => role = Role::from_word(&user.role),
            _ => return Ok(None),
        }
    }
    Ok(Some(Who { name: session.who, role, way: Way::Session(id.to_owned()), from }))
}
