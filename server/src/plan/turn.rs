//! Large plans are taken in turn, before their bodies are read.

use std::{
    sync::{Arc, LazyLock},
    time::Duration,
};

use axum::{
    body::HttpBody,
    extract::Request,
    middleware::Next,
    response::{IntoResponse, Response},
};
use tokio::sync::Semaphore;

use super::LARGE;
use crate::access::Refusal;

/// One large body at a time is read and worked on. Others wait with nothing of theirs in memory.
static TURNS: LazyLock<Arc<Semaphore>> = LazyLock::new(|| Arc::new(Semaphore::new(1)));

/// So long a large body waits for its turn: less than a connection may stand without progress.
const PATIENCE: Duration = Duration::from_secs(10);

/// Lets a request through; one with a large body, or with one of unknown size, when it is its turn. Plans of people are
/// far smaller and wait for nobody.
pub(crate) async fn in_turn(request: Request, next: Next) -> Response {
    // As a form has them: both files, with three bytes for some.
    let small = request.body().size_hint().exact().is_some_and(|bytes| bytes <= 2 * LARGE as u64);
    if small {
        return next.run(request).await;
    }
    let Ok(Ok(_turn)) = tokio::time::timeout(PATIENCE, TURNS.acquire()).await else {
        return Refusal::Often(PATIENCE).into_response();
    };
    next.run(request).await
}
