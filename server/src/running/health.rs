//! Whether it lives, and whether it is ready.

use std::time::Duration;

use axum::{
    Extension,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;

use super::Running;
use crate::{
    access::{Role, Who},
    store::{StoreError, tell},
};

/// The database has this long to answer.
const PATIENCE: Duration = Duration::from_secs(1);

/// It answers, so it lives.
pub(super) async fn lives() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/plain; charset=utf-8"), (header::CACHE_CONTROL, "no-store")], "lives\n")
}

/// One thing that readiness depends on.
#[derive(Debug, Serialize)]
struct Check {
    name: String,
    ready: bool,
    /// Whether it alone makes the whole not ready. A cluster out of reach does not: its page says so.
    needed: bool,
    #[serde(skip_serializing_if = "String::is_empty")]
    what: String,
}

#[derive(Debug, Serialize)]
struct Readiness {
    ready: bool,
    checks: Vec<Check>,
}

/// Ready or not, and what is not; as JSON for who accepts that. Clusters are named to viewers only.
pub(super) async fn ready(State(running): State<Running>, who: Extension<Who>, headers: HeaderMap) -> Response {
    let mut checks = vec![database(&running).await, stopping(&running), duty(&running)];
    checks.extend(running.tls.as_ref().map(|tls| {
        let what = tls.trouble().map(|trouble| trouble.to_string()).unwrap_or_default();
        // The certificate from before still serves.
        Check { name: "certificate".into(), ready: what.is_empty(), needed: false, what }
    }));
    if who.may(Role::Viewer) {
        let watched = running.site.watched_now().into_iter();
        checks.extend(watched.map(|(name, cluster)| {
            let what = cluster.trouble().map(|trouble| trouble.to_string()).unwrap_or_default();
            Check { name: format!("cluster {name}"), ready: what.is_empty(), needed: false, what }
        }));
    }
    let ready = checks.iter().all(|check| check.ready || !check.needed);
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let json = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
    let mut response = if json.is_some_and(|accept| accept.contains("application/json")) {
        (status, axum::Json(Readiness { ready, checks })).into_response()
    } else {
        let kind = [(header::CONTENT_TYPE, "text/plain; charset=utf-8")];
        (status, kind, text(ready, &checks)).into_response()
    };
    response.headers_mut().insert(header::CACHE_CONTROL, header::HeaderValue::from_static("no-store"));
    response
}

fn text(ready: bool, checks: &[Check]) -> String {
    let lines = checks.iter().map(|check| {
        let word = if check.ready { "ready" } else { "not ready" };
        let what = if check.what.is_empty() { String::new() } else { format!(": {}", check.what) };
        format!("{}: {word}{what}\n", check.name)
    });
    let first = if ready { "ready\n" } else { "not ready\n" };
    std::iter::once(first.to_owned()).chain(lines).collect()
}

async fn database(running: &Running) -> Check {
    let asked = tokio::time::timeout(PATIENCE, running.store.ping()).await;
    let what = match asked {
        Ok(Ok(())) => "",
        Ok(Err(StoreError::ReadOnly(_))) => "read-only: nothing can be changed and nobody can sign in",
        Ok(Err(StoreError::Full(_))) => "its disk is full: nothing can be changed and nobody can sign in",
        Ok(Err(StoreError::Damaged(_))) => "it is damaged: put back a copy from before; the log says more",
        Ok(Err(_)) => "it refuses to answer; the log says why",
        Err(_) => "it does not answer in time",
    };
    if let Ok(Err(error)) = asked {
        tell(&error);
    }
    Check { name: "database".into(), ready: what.is_empty(), needed: true, what: what.into() }
}

/// A replica that only waits is as ready as the one that acts.
fn duty(running: &Running) -> Check {
    let what = match *running.duty.borrow() {
        Some(held) => format!("this replica acts, term {}", held.term),
        None => "this replica does not act".into(),
    };
    Check { name: "duty".into(), ready: true, needed: false, what }
}

fn stopping(running: &Running) -> Check {
    let ready = !running.stopping.is_asked();
    let what = if ready { String::new() } else { "the server is ending".into() };
    Check { name: "taking requests".into(), ready, needed: true, what }
}
