//! The line of one watch: a client that says when a watch stands again, and whose answers end when
//! the line is given up, so that the watch resumes on a new one.

use std::sync::Arc;

use futures::StreamExt;
use http_body_util::{BodyStream, StreamBody};
use kube::{Client, client::Body};
use tokio::sync::watch;

/// What a watch hears of its line, and does to it.
pub(crate) struct Line {
    standing: watch::Receiver<u64>,
    ended: watch::Sender<u64>,
}

/// Why a request has no answer.
#[derive(Debug, thiserror::Error)]
#[error("the connection was closed: nothing came on it any more")]
struct GivenUp;

impl Line {
    /// Waits until the server has begun to answer a watch.
    pub(crate) async fn stands(&mut self) {
        if self.standing.changed().await.is_err() {
            // The client is gone: no watch will ever stand.
            std::future::pending::<()>().await;
        }
    }

    /// Ends the answer that is under way: what comes on it cannot be relied on.
    pub(crate) fn end(&self) {
        self.ended.send_modify(|count| *count += 1);
    }

    /// Forgets a watch that stood, because it failed since.
    pub(crate) fn fell(&mut self) {
        self.standing.mark_unchanged();
    }
}

/// Waits until one of both changes.
async fn either(mut a: watch::Receiver<u64>, mut b: watch::Receiver<u64>) {
    tokio::select! {
        _ = a.changed() => {}
        _ = b.changed() => {}
    }
}

/// A client for one watch. All that it waits for ends when `given_up` changes.
pub(crate) fn lay(client: Client, given_up: watch::Receiver<u64>) -> (Client, Line) {
    let (stands, standing) = watch::channel(0);
    let (ended, end) = watch::channel(0);
    let stands = Arc::new(stands);
    let service = tower::service_fn(move |request: http::Request<Body>| {
        let (client, stands) = (client.clone(), stands.clone());
        let (mut given_up, mut end) = (given_up.clone(), end.clone());
        given_up.mark_unchanged();
        end.mark_unchanged();
        let watches = request.uri().query().is_some_and(|query| query.split('&').any(|part| part == "watch=true"));
        async move {
            let response = tokio::select! {
                response = client.send(request) => response?,
                () = either(given_up.clone(), end.clone()) => return Err(tower::BoxError::from(GivenUp)),
            };
            if watches && response.status().is_success() {
                stands.send_modify(|count| *count += 1);
            }
            let over = Box::pin(either(given_up, end));
            Ok(response.map(|body| StreamBody::new(BodyStream::new(body).take_until(over))))
        }
    });
    (Client::new(service, "default"), Line { standing, ended })
}
