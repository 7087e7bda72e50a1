//! `/readyz`, `/livez` and `/healthz`, as kube-apiserver prints them.

use axum::{body::Body, response::Response};
use http::{HeaderValue, StatusCode, header};

use crate::{profile::Profile, refusal::Refusal};

const NOW: [&str; 12] = [
    "ping",
    "log",
    "etcd",
    "etcd-readiness",
    "informer-sync",
    "poststarthook/start-apiserver-admission-initializer",
    "poststarthook/generic-apiserver-start-informers",
    "poststarthook/priority-and-fairness-config-consumer",
    "poststarthook/start-system-namespaces-controller",
    "poststarthook/rbac/bootstrap-roles",
    "autoregister-completion",
    "shutdown",
];
const THEN: [&str; 5] = [
    "ping",
    "etcd",
    "poststarthook/generic-apiserver-start-informers",
    "poststarthook/rbac/bootstrap-roles",
    "autoregister-completion",
];

/// Answers for `word` (`readyz`, …) or one `check` of it.
pub(crate) fn answer(
    profile: Profile,
    word: &str,
    check: Option<&str>,
    verbose: bool,
    etcd_down: bool,
) -> Result<Response, Refusal> {
    if word != "healthz" && !profile.readyz() {
        return Err(Refusal::no_path());
    }
    let checks: &[&str] = if profile.readyz() { &NOW } else { &THEN };
    let failed = |check: &str| etcd_down && check.starts_with("etcd");
    if let Some(check) = check {
        if !checks.contains(&check) {
            return Err(Refusal::no_path());
        }
        return Ok(if failed(check) { text(500, "internal server error: etcd failed\n") } else { text(200, "ok") });
    }
    if !etcd_down && !verbose {
        return Ok(text(200, "ok"));
    }
    let shown = checks
        .iter()
        .filter(|check| word == "readyz" || !matches!(**check, "etcd-readiness" | "shutdown" | "informer-sync"));
    let mut lines: String =
        shown
            .map(|check| {
                if failed(check) { format!("[-]{check} failed: reason withheld\n") } else { format!("[+]{check} ok\n") }
            })
            .collect();
    lines += &format!("{word} check {}\n", if etcd_down { "failed" } else { "passed" });
    Ok(text(if etcd_down { 500 } else { 200 }, lines))
}

/// A plain text answer.
pub(crate) fn text(code: u16, body: impl Into<Body>) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    response
}
