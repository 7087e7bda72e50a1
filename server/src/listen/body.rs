//! Bodies of requests come in their time, however slowly they are sent.

use std::time::Duration;

use axum::{body::Body, extract::Request, middleware::Next, response::Response};
use futures::{StreamExt, stream};
use http_body_util::BodyExt;
use tokio::time::{Instant, timeout_at};

/// From its first byte to its last.
const WHOLE: Duration = Duration::from_secs(20);

/// A body that is not there in time breaks off, and its handler refuses the request.
pub async fn in_time(request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let body = if http_body::Body::is_end_stream(&body) { body } else { bounded(body, WHOLE) };
    next.run(Request::from_parts(parts, body)).await
}

fn bounded(body: Body, whole: Duration) -> Body {
    let until = Instant::now() + whole;
    let pieces = stream::unfold(Some(body.into_data_stream()), move |pieces| async move {
        let mut pieces = pieces?;
        match timeout_at(until, pieces.next()).await {
            Ok(Some(Ok(piece))) => Some((Ok(piece), Some(pieces))),
            Ok(Some(Err(error))) => Some((Err(std::io::Error::other(error)), None)),
            Ok(None) => None,
            Err(_) => Some((Err(std::io::Error::from(std::io::ErrorKind::TimedOut)), None)),
        }
    });
    Body::new(Body::from_stream(pieces).boxed_unsync())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_body_that_never_ends_breaks_off_and_one_that_ends_is_whole() {
        let first = stream::once(async { Ok::<_, std::io::Error>("a") });
        let body = Body::from_stream(first.chain(stream::pending()));
        assert!(bounded(body, Duration::from_millis(20)).collect().await.is_err());
        let body = bounded(Body::from("whole"), Duration::from_secs(20));
        assert_eq!(body.collect().await.unwrap().to_bytes(), "whole");
    }
}
