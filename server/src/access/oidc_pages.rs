//! Signing in through a provider and out of it again, as the browser and the provider see it.

use app::{pages, texts};
use axum::{
    Extension,
    extract::{Form, Query, Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Deserialize;

use super::{
    Caller, Door, OidcError, Refusal, Who,
    guard::{Secure, address},
    oidc::{Answer, Left, Manner, Vouched},
    pages::{Here, again, inside, sign_in_page, went},
    secret,
    sessions::{self, Arrival},
};
use crate::{
    pages::{bare, render},
    running::{NUMBERS, Outcome},
    store::{Entry, Session},
};

/// What the browser keeps while its person is at the provider; one for each tab that left.
const LEFT: &str = "binnacle-left-";
/// For so many seconds.
const AWAY: u64 = 600;
/// So many at once; a browser that left more often has forgotten the others.
const MOST_LEFT: usize = 6;
/// A longer path is not gone back to: it would not fit into a cookie.
const LONGEST_NEXT: usize = 2_000;

/// Where the provider sends the browser back to.
fn callback(request: &Request) -> String {
    format!("{}/sign-in/callback", address(request))
}

/// The cookie's name: by the state, so that tabs that leave at the same time do not take each other's place.
fn left_name(state: &str, secure: bool) -> String {
    let known: String = state.chars().filter(char::is_ascii_hexdigit).take(8).collect();
    sessions::prefixed(&format!("{LEFT}{known}"), secure)
}

fn room(door: &Door, who: &Who) -> Result<(), Refusal> {
    // Whoever has a session is known; the limit is for those who are not.
    door.crossings.take(&Caller::at(who.from)).map(|_| ()).map_err(Refusal::Often)
}

#[derive(Deserialize)]
pub(super) struct Leaving {
    #[serde(default)]
    next: String,
    #[serde(default)]
    silent: bool,
}

pub(super) async fn leave(
    State(here): State<Here>,
    Extension(who): Extension<Who>,
    Extension(Secure(secure)): Extension<Secure>,
    Query(leaving): Query<Leaving>,
    request: Request,
) -> Response {
    if here.door.oidc.is_none() {
        return Refusal::Nowhere.into_response();
    }
    if let Err(often) = room(&here.door, &who) {
        return often.into_response();
    }
    let manner = Manner { silent: leaving.silent, fewest: false };
    let next = if leaving.next.len() > LONGEST_NEXT { "/" } else { inside(&leaving.next) };
    gone(&here, next, manner, secure, request).await
}

/// Sends the browser to the provider.
async fn gone(here: &Here, next: &str, manner: Manner, secure: bool, request: Request) -> Response {
    let Some(oidc) = &here.door.oidc else { return Refusal::Nowhere.into_response() };
    let to = callback(&request);
    match oidc.leave(&to, next, manner).await {
        Ok((address, left)) => {
            let name = left_name(&left.state, secure);
            let left = serde_json::to_string(&left).unwrap_or_default();
            let mut response = went(&address, Some(sessions::any_cookie(&name, &scene::encoded(&left), AWAY, secure)));
            for old in forgotten(request.headers(), secure) {
                response.headers_mut().append(header::SET_COOKIE, sessions::any_cookie(&old, "", 0, secure));
            }
            response
        }
        Err(error) => sign_in_page(here, status(&error), (next, ""), Some(error.to_string()), request).await,
    }
}

/// Cookies of this kind that are too many: browsers and proxies bound what all of them take.
fn forgotten(headers: &HeaderMap, secure: bool) -> Vec<String> {
    let kind = sessions::prefixed(LEFT, secure);
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    let names =
        lines.flat_map(|line| line.split(';')).filter_map(|pair| Some(pair.trim().split_once('=')?.0.to_owned()));
    let names: Vec<String> = names.filter(|name| name.starts_with(&kind)).collect();
    let many = names.len().saturating_sub(MOST_LEFT - 1);
    names.into_iter().take(many).collect()
}

const fn status(error: &OidcError) -> StatusCode {
    match error {
        OidcError::Away { .. } => StatusCode::BAD_GATEWAY,
        OidcError::Busy => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::FORBIDDEN,
    }
}

pub(super) async fn back(
    State(here): State<Here>,
    Extension(who): Extension<Who>,
    Extension(Secure(secure)): Extension<Secure>,
    Query(answer): Query<Answer>,
    request: Request,
) -> Response {
    let door = &here.door;
    let Some(oidc) = &door.oidc else { return Refusal::Nowhere.into_response() };
    if let Err(often) = room(door, &who) {
        return often.into_response();
    }
    if answer.code.is_empty() && answer.error.is_empty() {
        // The provider sends the browser here after signing out, too.
        return went("/sign-in", None);
    }
    let name = left_name(&answer.state, secure);
    let kept = sessions::cookie_of(request.headers(), &name).and_then(decoded);
    let left = kept.and_then(|kept| serde_json::from_str::<Left>(&kept).ok());
    let next = left.as_ref().map_or_else(|| "/".to_owned(), |left| inside(&left.next).to_owned());
    let manner = left.as_ref().map(|left| left.manner).unwrap_or_default();
    let to = callback(&request);
    let vouched = match &left {
        None => Err(OidcError::Stranger),
        Some(left) => oidc.back(&to, left, &answer).await,
    };
    if let Err(OidcError::Refused(refused)) = &vouched
        && refused.code == "invalid_scope"
        && !manner.fewest
        && oidc.chooses_scopes()
    {
        // What discovery offers need not hold for each client.
        tracing::warn!("the sign-in provider refused a scope that it offers; openid alone is asked for");
        return gone(&here, &next, Manner { fewest: true, ..manner }, secure, request).await;
    }
    if let Err(OidcError::NoRole { subject, .. }) = &vouched {
        door.learnt(subject, None).await;
    }
    NUMBERS.sign_in(if vouched.is_ok() { Outcome::Well } else { Outcome::Failed });
    let action = if manner.silent { "sign-in.renew" } else { "sign-in" };
    let entry = match &vouched {
        Ok(vouched) => {
            let subject = vouched.subject.clone();
            Entry { subject, ..who.entry(action, &vouched.name, "", true, "oidc") }
        }
        Err(error) => who.entry(action, "?", "", false, &format!("oidc: {error}")),
    };
    if let Err(away) = door.remember(&entry).await {
        return away.into_response();
    }
    let mut response = match vouched {
        Err(error) => refused(&here, &error, manner, &next, secure, request).await,
        Ok(vouched) => match arrive(door, vouched, &who, manner, (request.headers(), secure)).await {
            Ok(cookie) => went(&next, cookie),
            Err(error) => Refusal::from(error).into_response(),
        },
    };
    // What was kept is good for one return.
    response.headers_mut().append(header::SET_COOKIE, sessions::any_cookie(&name, "", 0, secure));
    response
}

/// The session of this browser's cookie.
async fn session_of(door: &Door, headers: &HeaderMap, secure: bool) -> Option<(String, Session)> {
    let value = sessions::sent(headers, secure)?.to_owned();
    let session = sessions::current(&door.store, &secret::hash(&value), door.lasting).await.ok().flatten()?;
    Some((value, session))
}

/// Begins a session, or goes on with the one that was looked at anew; answers the new cookie.
async fn arrive(
    door: &Door,
    vouched: Vouched,
    who: &Who,
    manner: Manner,
    browser: (&HeaderMap, bool),
) -> Result<Option<HeaderValue>, crate::store::StoreError> {
    if manner.silent
        && let Some((value, session)) = session_of(door, browser.0, browser.1).await
        && session.subject == vouched.subject
    {
        door.looked(&value, session, vouched, who.from).await?;
        return Ok(None);
    }
    let Vouched { subject, name, role, sid, kept } = vouched;
    door.learnt(&subject, Some(role)).await;
    let whom = Arrival { subject, name: &name, role, way: "oidc", sid, kept };
    sessions::begin(&door.store, whom, who.from, door.lasting, browser).await.map(Some)
}

/// The page after a sign-in that failed. A session that the provider no longer vouches for ends.
async fn refused(
    here: &Here,
    error: &OidcError,
    manner: Manner,
    next: &str,
    secure: bool,
    request: Request,
) -> Response {
    let ends = manner.silent
        && match error {
            OidcError::Refused(refused) => !refused.is_passing(),
            OidcError::NoRole { .. } | OidcError::Forged(_) => true,
            _ => false,
        };
    let mut said = error.to_string();
    let mut cookie = None;
    if ends && let Some(value) = sessions::sent(request.headers(), secure) {
        if here.door.store.end_session(&secret::hash(value)).await.is_err() {
            return Refusal::Away.into_response();
        }
        cookie = Some(sessions::ended(secure));
        if matches!(error, OidcError::Refused(refused) if refused.wants_questions()) {
            said = texts::SESSION_THERE_ENDED.to_owned();
        }
    }
    let mut response = sign_in_page(here, status(error), (next, ""), Some(said), request).await;
    if let Some(cookie) = cookie {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

fn decoded(text: &str) -> Option<String> {
    let pairs = form_urlencoded::parse(text.as_bytes()).next()?;
    Some(pairs.0.into_owned())
}

pub(super) async fn sign_out(
    State(here): State<Here>,
    Extension(who): Extension<Who>,
    Extension(Secure(secure)): Extension<Secure>,
    request: Request,
) -> Response {
    let door = &here.door;
    let Some(value) = sessions::sent(request.headers(), secure).map(str::to_owned) else {
        return went("/sign-in", Some(sessions::ended(secure)));
    };
    let (id, to) = (secret::hash(&value), callback(&request));
    let (Ok(session), Ok(_)) = (door.store.session(&id).await, door.store.end_session(&id).await) else {
        return Refusal::Away.into_response();
    };
    let there = match (session, &door.oidc) {
        (Some(session), Some(oidc)) if session.way == "oidc" => {
            oidc.out(&to, &sessions::opened(&value, &session)).await
        }
        _ => None,
    };
    let Some(there) = there else { return went("/sign-in", Some(sessions::ended(secure))) };
    // A page and not a redirect: of a form, browsers follow redirects to this server's own pages alone.
    let to = there.clone();
    let page = move || pages::signed_out(&to);
    let mut response = render(StatusCode::OK, bare(texts::SIGN_OUT, &here.asked), again(who, secure), page).await;
    let headers = response.headers_mut();
    headers.append(header::SET_COOKIE, sessions::ended(secure));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    if let Ok(refresh) = HeaderValue::from_str(&format!("0; url={there}")) {
        headers.insert(header::REFRESH, refresh);
    }
    response
}

#[derive(Deserialize)]
pub(super) struct Told {
    logout_token: String,
}

/// The provider tells that a session there has ended.
pub(super) async fn logged_out(
    State(here): State<Here>,
    Extension(who): Extension<Who>,
    Form(told): Form<Told>,
) -> Response {
    let door = &here.door;
    let Some(oidc) = &door.oidc else { return Refusal::Nowhere.into_response() };
    if let Err(often) = room(door, &who) {
        return often.into_response();
    }
    let uncached = [(header::CACHE_CONTROL, "no-store")];
    let ended = match oidc.logged_out(&told.logout_token).await {
        Ok(ended) => ended,
        Err(error) => {
            let code = if matches!(error, OidcError::Away { .. } | OidcError::Busy) {
                "server_error"
            } else {
                "invalid_request"
            };
            let problem = serde_json::json!({ "error": code, "error_description": error.to_string() });
            return (StatusCode::BAD_REQUEST, uncached, axum::Json(problem)).into_response();
        }
    };
    match ends(door, &who, &ended).await {
        Ok(()) => (StatusCode::OK, uncached).into_response(),
        Err(refusal) => refusal.into_response(),
    }
}

async fn ends(door: &Door, who: &Who, ended: &super::oidc::Ended) -> Result<(), Refusal> {
    let away = Refusal::from;
    let until = jiff::Timestamp::now().as_millisecond() + 2 * 1_000 * super::oidc::GOOD_FOR;
    let once = secret::hash(&format!("{}{}", ended.provider, ended.token));
    if !door.store.logout_once(&once, until).await.map_err(away)? {
        return Ok(());
    }
    let subject = if ended.subject.is_empty() { ended.provider.trim_end() } else { &ended.subject };
    let entry =
        Entry { subject: subject.to_owned(), ..who.entry("session.end", subject, "", true, "the provider ended it") };
    door.remember(&entry).await?;
    let count = door.store.end_sessions_there(&ended.provider, &ended.subject, &ended.sid).await.map_err(away)?;
    tracing::info!(sessions = count, "the sign-in provider ended sessions");
    Ok(())
}
