//! The pages of the way in: signing in and out, tokens, the audit.

use std::{sync::Arc, time::Duration};

use app::{
    pages::{self, AuditLine, AuditSought, TokenLine},
    texts,
};
use axum::{
    Extension, Router,
    extract::{Form, Path, Query, Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use serde::Deserialize;

use super::{
    Acts, Door, Needs, Refusal, Role, Row, TokenError, Who,
    door::valid_name,
    guard::Secure,
    oidc, oidc_pages, people_pages, session_pages,
    sessions::{self, Arrival},
};
use crate::{
    pages::{Asked, bare, render, theme},
    store::{Entry, Kept, Sought},
};

const ADMIN: Needs = Needs::Role(Role::Admin);

/// What these pages need.
pub const ROUTES: &[Row] = &[
    Row::get("/sign-in", Needs::Nothing),
    Row::post("/sign-in", Needs::Nothing, Acts::Itself),
    Row::get("/sign-in/oidc", Needs::Nothing),
    Row { method: Method::GET, path: "/sign-in/callback", needs: Needs::Nothing, acts: Acts::Itself },
    Row::post("/sign-in/logged-out", Needs::Nothing, Acts::Itself),
    Row::post("/sign-out", Needs::Nothing, Acts::As("sign-out")),
    Row::post("/sign-out-everywhere", Needs::Role(Role::Viewer), Acts::As("sign-out.everywhere")),
    Row::get("/first", Needs::Nothing),
    Row::post("/first", Needs::Nothing, Acts::Itself),
    Row::get("/tokens", ADMIN),
    Row::post("/tokens", ADMIN, Acts::As("token.create")),
    Row::post("/tokens/{id}/revoke", ADMIN, Acts::As("token.revoke")),
    Row::get("/sessions", ADMIN),
    Row::post("/sessions/end", ADMIN, Acts::Itself),
    Row::get("/users", ADMIN),
    Row::post("/users", ADMIN, Acts::Itself),
    Row::post("/users/{name}/password", ADMIN, Acts::Itself),
    Row::post("/users/{name}/role", ADMIN, Acts::Itself),
    Row::post("/users/{name}/enable", ADMIN, Acts::Itself),
    Row::post("/users/{name}/disable", ADMIN, Acts::Itself),
    Row::get("/audit", ADMIN),
    Row::get("/audit.jsonl", ADMIN),
];

/// Entries of the audit on one page.
const PAGE: u32 = 100;
/// Lines of the audit in one answer.
const LINES: u32 = 10_000;

#[derive(Clone)]
pub(super) struct Here {
    pub(super) door: Arc<Door>,
    pub(super) asked: Asked,
}

/// The pages.
pub fn router(door: Arc<Door>, asked: Asked) -> Router {
    Router::new()
        .route("/sign-in", get(ask).post(sign_in))
        .route("/sign-in/oidc", get(oidc_pages::leave))
        .route("/sign-in/callback", get(oidc_pages::back))
        .route("/sign-in/logged-out", post(oidc_pages::logged_out))
        .route("/sign-out", post(oidc_pages::sign_out))
        .route("/sign-out-everywhere", post(sign_out_everywhere))
        .route("/first", get(ask_first).post(make_first))
        .route("/tokens", get(tokens).post(make_token))
        .route("/tokens/{id}/revoke", post(revoke_token))
        .route("/sessions", get(session_pages::sessions))
        .route("/sessions/end", post(session_pages::end))
        .route("/users", get(people_pages::users).post(people_pages::add))
        .route("/users/{name}/password", post(people_pages::password))
        .route("/users/{name}/role", post(people_pages::role))
        .route("/users/{name}/enable", post(people_pages::enable))
        .route("/users/{name}/disable", post(people_pages::disable))
        .route("/audit", get(audit))
        .route("/audit.jsonl", get(audit_lines))
        .with_state(Here { door, asked })
}

#[derive(Deserialize)]
struct Next {
    #[serde(default)]
    next: String,
}

/// Only a path of ours: never an address of another site.
pub(crate) fn inside(next: &str) -> &str {
    let ours = next.starts_with('/') && !next.starts_with("//") && !next.contains(['\\', '\r', '\n', '\t']);
    if ours { next } else { "/" }
}

async fn ask(State(here): State<Here>, Query(next): Query<Next>, request: Request) -> Response {
    if !here.door.signs_in() {
        return Redirect::to("/").into_response();
    }
    sign_in_page(&here, StatusCode::OK, (inside(&next.next), ""), None, request).await
}

/// The page to sign in, which leads on to a path; the name that was given before stands in it.
pub(super) async fn sign_in_page(
    here: &Here,
    status: StatusCode,
    (next, name): (&str, &str),
    wrong: Option<String>,
    request: Request,
) -> Response {
    let (next, name, ways) = (next.to_owned(), name.to_owned(), here.door.ways);
    let page = move || pages::sign_in(&next, wrong.as_deref(), &name, ways.local, ways.oidc);
    render(status, bare(texts::SIGN_IN, &here.asked), request, page).await
}

#[derive(Deserialize)]
struct Credentials {
    name: String,
    password: String,
    #[serde(default)]
    next: String,
}

async fn sign_in(
    State(here): State<Here>,
    Extension(who): Extension<Who>,
    Extension(Secure(secure)): Extension<Secure>,
    headers: HeaderMap,
    Form(given): Form<Credentials>,
) -> Response {
    if !here.door.ways.local {
        return Refusal::Nowhere.into_response();
    }
    // A task of its own: it is counted and written into the audit even when the client hangs up.
    let signing = tokio::spawn(async move { signed_in(here, who, secure, headers, given).await });
    signing.await.unwrap_or_else(|_| Refusal::Away.into_response())
}

async fn signed_in(here: Here, who: Who, secure: bool, headers: HeaderMap, given: Credentials) -> Response {
    let door = &here.door;
    let name = if valid_name(&given.name) { given.name.as_str() } else { "?" };
    let role = match door.local(name, &given.password, who.from).await {
        Ok(role) => role,
        Err(refusal) => {
            let entry = who.entry("sign-in", name, "", false, &refusal.to_string());
            return match door.remember(&entry).await {
                Ok(()) => refusal.into_response(),
                Err(away) => away.into_response(),
            };
        }
    };
    let mut entry = who.entry("sign-in", name, "", role.is_some(), "");
    let subject = super::people::subject(name);
    if role.is_some() {
        entry.subject.clone_from(&subject);
    }
    if let Err(away) = door.remember(&entry).await {
        return away.into_response();
    }
    let Some(role) = role else {
        let wrong = Some(texts::SIGN_IN_FAILED.to_owned());
        // A name that is none may be a password in the wrong field.
        let known = if valid_name(&given.name) { given.name.as_str() } else { "" };
        let on = (inside(&given.next), known);
        return sign_in_page(&here, StatusCode::UNAUTHORIZED, on, wrong, again(who, secure)).await;
    };
    let (sid, kept) = (String::new(), oidc::Kept::default());
    let whom = Arrival { subject, name, role, way: "local", sid, kept };
    match sessions::begin(&door.store, whom, who.from, door.lasting, (&headers, secure)).await {
        Ok(cookie) => went(inside(&given.next), Some(cookie)),
        Err(error) => Refusal::from(error).into_response(),
    }
}

/// A request of the same visitor, for pages that answer a form.
pub(super) fn again(who: Who, secure: bool) -> Request {
    let mut request = Request::default();
    request.extensions_mut().insert(who);
    request.extensions_mut().insert(Secure(secure));
    request
}

pub(super) fn went(to: &str, cookie: Option<HeaderValue>) -> Response {
    let mut response = Redirect::to(to).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Some(cookie) = cookie {
        headers.insert(header::SET_COOKIE, cookie);
    }
    response
}

async fn sign_out_everywhere(
    State(here): State<Here>,
    Extension(who): Extension<Who>,
    Extension(Secure(secure)): Extension<Secure>,
) -> Response {
    match here.door.store.end_sessions_of(&who.subject()).await {
        Ok(_) => went("/sign-in", Some(sessions::ended(secure))),
        Err(error) => Refusal::from(error).into_response(),
    }
}

#[derive(Deserialize)]
struct Key {
    #[serde(default)]
    key: String,
}

async fn ask_first(State(here): State<Here>, Query(key): Query<Key>, request: Request) -> Response {
    if !here.door.awaits_first() {
        return Refusal::Nowhere.into_response();
    }
    let (status, wrong) = if here.door.is_first(&key.key) {
        (StatusCode::OK, None)
    } else {
        (StatusCode::FORBIDDEN, Some(texts::FIRST_USED.to_owned()))
    };
    let page = move || pages::first(&key.key, wrong.as_deref());
    render(status, bare(texts::FIRST, &here.asked), request, page).await
}

#[derive(Deserialize)]
struct First {
    key: String,
    name: String,
    password: String,
}

async fn make_first(
    State(here): State<Here>,
    Extension(who): Extension<Who>,
    Extension(Secure(secure)): Extension<Secure>,
    Form(given): Form<First>,
) -> Response {
    let door = &here.door;
    if !door.awaits_first() {
        return Refusal::Nowhere.into_response();
    }
    let rightful = door.may_be_first(&given.key).await;
    let name = if valid_name(&given.name) { given.name.as_str() } else { "?" };
    if let Err(away) = door.remember(&who.entry("user.first", name, "", rightful, "")).await {
        return away.into_response();
    }
    match door.make_first(&given.key, &given.name, &given.password).await {
        Ok(()) => went("/sign-in", None),
        Err(wrong) => {
            let page = move || pages::first(&given.key, Some(&wrong));
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            render(status, bare(texts::FIRST, &here.asked), again(who, secure), page).await
        }
    }
}

async fn tokens(State(here): State<Here>, request: Request) -> Response {
    token_page(&here, StatusCode::OK, None, None, request).await
}

#[derive(Deserialize)]
struct Wanted {
    name: String,
    role: Role,
    days: u32,
}

async fn make_token(
    State(here): State<Here>,
    Extension(who): Extension<Who>,
    Extension(Secure(secure)): Extension<Secure>,
    Form(wanted): Form<Wanted>,
) -> Response {
    let lasts = Duration::from_secs(u64::from(wanted.days) * 24 * 3_600);
    let made = here.door.make_token(&who, &wanted.name, wanted.role, lasts).await;
    let request = again(who, secure);
    match made {
        Ok(made) => token_page(&here, StatusCode::CREATED, Some(made.secret), None, request).await,
        Err(TokenError::Store(error)) => Refusal::from(error).into_response(),
        Err(error) => token_page(&here, StatusCode::UNPROCESSABLE_ENTITY, None, Some(error.to_string()), request).await,
    }
}

async fn revoke_token(State(here): State<Here>, Path(id): Path<String>) -> Response {
    match here.door.store.revoke_token(&id, jiff::Timestamp::now().as_millisecond()).await {
        Ok(_) => went("/tokens", None),
        Err(error) => Refusal::from(error).into_response(),
    }
}

async fn token_page(
    here: &Here,
    status: StatusCode,
    made: Option<String>,
    wrong: Option<String>,
    request: Request,
) -> Response {
    let tokens = match here.door.store.tokens().await {
        Ok(tokens) => tokens,
        Err(error) => return Refusal::from(error).into_response(),
    };
    let now = jiff::Timestamp::now().as_millisecond();
    let line = |token: crate::store::Token| TokenLine {
        state: match token.revoked {
            Some(at) => format!("{} {}", texts::REVOKED, time(at)),
            None if now >= token.expires => texts::EXPIRED.into(),
            None => String::new(),
        },
        expires: time(token.expires),
        used: token.used.map_or_else(|| texts::NEVER.to_owned(), time),
        id: token.id,
        name: token.name,
        role: token.role,
        maker: token.maker,
    };
    let lines: Vec<TokenLine> = tokens.into_iter().map(line).collect();
    let page = move || pages::tokens(&lines, made.as_deref(), wrong.as_deref());
    render(status, bare(texts::TOKENS, &here.asked), request, page).await
}

pub(super) fn time(at: i64) -> String {
    jiff::Timestamp::from_millisecond(at)
        .map_or_else(|_| String::new(), |at| at.strftime("%Y-%m-%d %H:%M UTC").to_string())
}

#[derive(Clone, Default, Deserialize)]
#[serde(default)]
struct Filter {
    who: String,
    action: String,
    cluster: String,
    before: Option<i64>,
}

impl Filter {
    fn sought(&self) -> Sought {
        let Self { who, action, cluster, before } = self.clone();
        Sought { who, action, cluster, before }
    }
}

async fn audit(State(here): State<Here>, Query(filter): Query<Filter>, request: Request) -> Response {
    let kept = match here.door.store.remembered(&filter.sought(), PAGE).await {
        Ok(kept) => kept,
        Err(error) => return Refusal::from(error).into_response(),
    };
    let next = (kept.len() == PAGE as usize).then(|| kept.last().map(|kept| kept.id)).flatten();
    let line = |kept: Kept| AuditLine {
        at: time(kept.entry.at),
        from: format!("{}, {}", identity(&kept.entry), kept.entry.address),
        who: kept.entry.who,
        action: kept.entry.action,
        target: kept.entry.target,
        allowed: kept.entry.allowed,
        detail: kept.entry.detail,
    };
    let lines: Vec<AuditLine> = kept.into_iter().map(line).collect();
    let sought = AuditSought { who: filter.who, action: filter.action, cluster: filter.cluster };
    let theme = theme(&request);
    let page = move || pages::audit(&lines, &sought, next, theme);
    render(StatusCode::OK, bare(texts::AUDIT, &here.asked), request, page).await
}

/// How somebody was known; of who signed in, who they are.
const fn identity(entry: &Entry) -> &str {
    let told = matches!(entry.way.as_bytes(), b"session") && !entry.subject.is_empty();
    if told { entry.subject.as_str() } else { entry.way.as_str() }
}

async fn audit_lines(State(here): State<Here>, Query(filter): Query<Filter>) -> Result<Response, Refusal> {
    let kept = here.door.store.remembered(&filter.sought(), LINES).await.map_err(Refusal::from)?;
    let lines: Vec<String> = kept.iter().filter_map(|kept| serde_json::to_string(kept).ok()).collect();
    let body = lines.into_iter().map(|line| line + "\n").collect::<String>();
    Ok(([(header::CONTENT_TYPE, "application/jsonl"), (header::CACHE_CONTROL, "no-store")], body).into_response())
}

#[cfg(test)]
mod tests {
    use super::inside;

    #[test]
    fn signing_in_leads_to_no_other_site() {
        assert_eq!(inside("/c/demo?q=a"), "/c/demo?q=a");
        for outside in ["", "//evil.example", "https://evil.example", "/\\evil.example", "/\t/evil", "evil"] {
            assert_eq!(inside(outside), "/", "{outside}");
        }
    }
}
