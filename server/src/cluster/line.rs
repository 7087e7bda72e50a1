//! The line of one watch: a client that says when a watch stands again, and whose answers end when
//! the line is given up, so that the watch resumes on a new one.

use std::sync::Arc;

use futures::StreamExt;
use http_body_util::{BodyStream, StreamBody};
use kube::{Client, client::Body};
use tokio::sync::watch;

/// What a watch hears of its line.
pub(crate) struct Line(watch::Receiver<u64>);

/// Why a request has no answer.
#[derive(Debug, thiserror::Error)]
#[error("the connection was closed: nothing came on it any more")]
struct GivenUp;

impl Line {
    /// Waits until the server has begun to answer a watch.
    pub(crate) async fn stands(&mut self) {
        if self.0.changed().await.is_err() {
            // The client is gone: no watch will ever stand.
            std::future::pending::<()>().await;
        }
    }

    /// Forgets a watch that stood, because it failed since.
    pub(crate) fn fell(&mut self) {
        self.0.mark_unchanged();
    }
}

/// A client for one watch. All that it waits for ends when `given_up` changes.
pub(crate) fn lay(client: Client, given_up: watch::Receiver<u64>) -> (Client, Line) {
    let (standing, line) = watch::channel(0);
    let standing = Arc::new(standing);
    let service = tower::service_fn(move |request: http::Request<Body>| {
        let (client, standing, mut end) = (client.clone(), standing.clone(), given_up.clone());
        end.mark_unchanged();
        let mut early_end = end.clone();
        let watches = request.uri().query().is_some_and(|query| query.split('&').any(|part| part == "watch=true"));
        async move {
            let response = tokio::select! {
                response = client.send(request) => response?,
                _ = early_end.changed() => return Err(tower::BoxError::from(GivenUp)),
            };
            if watches && response.status().is_success() {
                standing.send_modify(|count| *count += 1);
            }
            let end = Box::pin(async move { end.changed().await });
            Ok(response.map(|body| StreamBody::new(BodyStream::new(body).take_until(end))))
        }
    });
    (Client::new(service, "default"), Line(line))
}
