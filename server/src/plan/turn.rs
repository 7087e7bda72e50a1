//! Large plans are taken in turn, before their bodies are read.

use std::{
    sync::{Arc, LazyLock},
    time::Duration,
};

use axum::{
    body::HttpBody,
    extract::Request,
    http::{HeaderMap, header},
    middleware::Next,
    response::Response,
};
use tokio::sync::Semaphore;

use super::LARGE;
use crate::access::Refusal;

/// One large body at a time is read and worked on. Others wait with nothing of theirs in memory.
static TURNS: LazyLock<Arc<Semaphore>> = LazyLock::new(|| Arc::new(Semaphore::new(1)));

/// So long a large body waits for its turn. Half of the time in which a body must have come is left for reading it.
const PATIENCE: Duration = Duration::from_secs(10);

/// Lets a request through; one with a large body, or with one of unknown size, when it is its turn. Plans of people are
/// far smaller and wait for nobody.
pub(crate) async fn in_turn(request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    if is_small(request.body().size_hint().exact(), request.headers()) {
        return next.run(request).await;
    }
    let Ok(Ok(_turn)) = tokio::time::timeout(PATIENCE, TURNS.acquire()).await else {
        return Refusal::Turn(PATIENCE).answer(&path);
    };
    next.run(request).await
}

/// Whether a body is known to be small: by itself, or by its head. One that must come in time tells no size itself.
fn is_small(exact: Option<u64>, headers: &HeaderMap) -> bool {
    let length = || headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok();
    let length = exact.or_else(|| length().filter(|_| !headers.contains_key(header::TRANSFER_ENCODING)));
    // As a form has them: both files, with three bytes for some.
    length.is_some_and(|bytes: u64| bytes <= 2 * LARGE as u64)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn only_a_body_with_a_small_length_waits_for_nobody() {
        let length = |bytes: usize| HeaderMap::from_iter([(header::CONTENT_LENGTH, HeaderValue::from(bytes))]);
        assert!(is_small(None, &length(512)) && is_small(Some(0), &HeaderMap::new()));
        assert!(!is_small(None, &length(2 * LARGE + 1)) && !is_small(None, &HeaderMap::new()));
        let mut both = length(512);
        both.insert(header::TRANSFER_ENCODING, HeaderValue::from_static("chunked"));
        assert!(!is_small(None, &both));
    }
}
