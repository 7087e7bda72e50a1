//! Answers that nobody reads end, and their connection with them.
//!
//! An answer's body is asked for its next piece only when the last one could be sent. A body that is
//! not asked for long has a client that does not read, over HTTP/1.1 and HTTP/2 alike. A body that
//! itself has nothing to give, as a quiet stream, waits for us and not for the client.

use std::{
    collections::HashMap,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
    time::{Duration, Instant},
};

use axum::body::{Body, Bytes};
use http_body::{Frame, SizeHint};

/// The answers of one connection, and since when each waits for its client.
#[derive(Debug, Default)]
pub(super) struct Progress(Mutex<Answers>);

#[derive(Debug, Default)]
struct Answers {
    next: u64,
    waiting: HashMap<u64, Instant>,
}

impl Progress {
    /// For how long the answer that waits longest has waited for its client.
    pub(super) fn longest(&self) -> Duration {
        let answers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        answers.waiting.values().min().map_or(Duration::ZERO, Instant::elapsed)
    }

    /// A body whose progress is followed.
    pub(super) fn follow(self: &Arc<Self>, body: Body) -> Body {
        if http_body::Body::is_end_stream(&body) {
            return body;
        }
        let mut answers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        answers.next += 1;
        let id = answers.next;
        answers.waiting.insert(id, Instant::now());
        drop(answers);
        Body::new(Followed { progress: self.clone(), id, body })
    }

    fn set(&self, id: u64, waits: bool) {
        let mut answers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match waits {
            true => answers.waiting.insert(id, Instant::now()),
            false => answers.waiting.remove(&id),
        };
    }
}

struct Followed {
    progress: Arc<Progress>,
    id: u64,
    body: Body,
}

impl http_body::Body for Followed {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        self.progress.set(self.id, matches!(polled, Poll::Ready(Some(Ok(_)))));
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Followed {
    fn drop(&mut self) {
        self.progress.set(self.id, false);
    }
}

#[cfg(test)]
mod tests {
    use futures::{StreamExt, stream};
    use http_body_util::BodyExt;

    use super::*;

    #[tokio::test]
    async fn an_answer_waits_for_its_client_from_the_start_and_after_each_piece() {
        let progress = Arc::new(Progress::default());
        let pieces = stream::iter(["a", "b"]).map(Ok::<_, std::io::Error>).chain(stream::pending());
        let mut body = progress.follow(Body::from_stream(pieces));
        tokio::time::sleep(Duration::from_millis(5)).await;
        assert!(progress.longest() >= Duration::from_millis(5), "it was not asked for yet");
        for _ in 0..2 {
            body.frame().await.unwrap().unwrap();
            assert_eq!(progress.0.lock().unwrap().waiting.len(), 1);
        }
        let nothing = tokio::time::timeout(Duration::from_millis(5), body.frame()).await;
        assert!(nothing.is_err());
        assert_eq!(progress.longest(), Duration::ZERO, "a quiet stream waits for us");
    }

    #[tokio::test]
    async fn an_answer_that_ended_or_was_dropped_waits_for_nobody() {
        let progress = Arc::new(Progress::default());
        let whole = progress.follow(Body::from("whole"));
        assert_eq!(whole.collect().await.unwrap().to_bytes(), "whole");
        drop(progress.follow(Body::from("dropped")));
        assert!(progress.0.lock().unwrap().waiting.is_empty());
    }
}
