//! A line for each request, with an id that the client is told.
//!
//! Neither a path as it was sent nor a query is ever logged: either may hold a signed link or the key of a first
//! admin. The route is.

use std::time::Instant;

use axum::{
    Router,
    extract::{MatchedPath, Request},
    http::{HeaderName, HeaderValue, Method},
    middleware::{Next, from_fn},
    response::Response,
};
use tower_http::request_id::{MakeRequestId, PropagateRequestIdLayer, RequestId, SetRequestIdLayer};
use tracing::Instrument;

use super::NUMBERS;

const ID: HeaderName = HeaderName::from_static("x-request-id");
/// A longer id is none of a decent proxy.
const LONGEST: usize = 64;

#[derive(Clone, Copy)]
struct Fresh;

impl MakeRequestId for Fresh {
    fn make_request_id<B>(&mut self, _: &axum::http::Request<B>) -> Option<RequestId> {
        let mut bytes = [0; 8];
        getrandom::fill(&mut bytes).ok()?;
        HeaderValue::from_str(&format!("{:016x}", u64::from_ne_bytes(bytes))).ok().map(RequestId::new)
    }
}

/// Around everything that answers.
pub fn around(router: Router) -> Router {
    router
        .layer(from_fn(line))
        .layer(PropagateRequestIdLayer::new(ID))
        .layer(SetRequestIdLayer::new(ID, Fresh))
        .layer(from_fn(well_formed))
}

/// An id that somebody else made is kept if nothing can hide in it.
async fn well_formed(mut request: Request, next: Next) -> Response {
    let mut sent = request.headers().get_all(ID).iter();
    let good = sent.next().is_none_or(|id| is_well_formed(id.as_bytes())) && sent.next().is_none();
    if !good {
        request.headers_mut().remove(ID);
    }
    next.run(request).await
}

fn is_well_formed(id: &[u8]) -> bool {
    (8..=LONGEST).contains(&id.len()) && id.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(byte))
}

async fn line(request: Request, next: Next) -> Response {
    let start = Instant::now();
    let method = known(request.method());
    let route = request.extensions().get::<MatchedPath>().map_or("none", MatchedPath::as_str).to_owned();
    let id = request.headers().get(ID).and_then(|id| id.to_str().ok()).unwrap_or_default();
    let span = tracing::info_span!("request", id, method, route);
    let response = next.run(request).instrument(span.clone()).await;
    let (status, took) = (response.status().as_u16(), start.elapsed());
    NUMBERS.request(method, &route, status, took);
    let _entered = span.entered();
    let ms = took.as_millis();
    match status {
        500.. => tracing::warn!(status, ms, "answered"),
        400.. => tracing::info!(status, ms, "answered"),
        _ if method != "GET" && method != "HEAD" => tracing::info!(status, ms, "answered"),
        _ => tracing::debug!(status, ms, "answered"),
    }
    response
}

/// Methods of a client's own would make as many rows of numbers.
fn known(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_in_which_something_could_hide_is_not_kept() {
        for good in ["01234567", "a-b_c.d-0123456789", &"x".repeat(64)] {
            assert!(is_well_formed(good.as_bytes()), "{good}");
        }
        for bad in ["", "short", "with space here", "new\nline-and-more", "ünïcödé-id", &"x".repeat(65)] {
            assert!(!is_well_formed(bad.as_bytes()), "{bad}");
        }
    }
}
