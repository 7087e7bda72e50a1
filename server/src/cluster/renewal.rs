//! A client that follows its kubeconfig: when the server no longer takes what it was made of, the
//! file is looked at again. Whoever renews a token or an authority there need not start Binnacle anew.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use kube::{Client, client::Body};

use super::contexts::Context;

/// How often the files are looked at while requests fail.
const EVERY: Duration = Duration::from_secs(2);

struct Held {
    client: Client,
    /// What the files held when it was made.
    mark: u64,
    looked: Instant,
}

/// Wraps a client that was just made of a context whose files hold what `mark` stands for.
pub(super) fn renewing(context: Context, client: Client, mark: u64) -> Client {
    let held = Arc::new(Mutex::new(Held { client, mark, looked: Instant::now() }));
    let service = tower::service_fn(move |request: http::Request<Body>| {
        let (held, context) = (held.clone(), context.clone());
        async move {
            let client = lock(&held).client.clone();
            let answer = client.send(request).await;
            if answer.as_ref().map_or(true, |response| response.status() == http::StatusCode::UNAUTHORIZED) {
                renew(&held, &context).await;
            }
            answer
        }
    });
    Client::new(service, "default")
}

async fn renew(held: &Mutex<Held>, context: &Context) {
    let before = {
        let mut held = lock(held);
        if held.looked.elapsed() < EVERY {
            return;
        }
        held.looked = Instant::now();
        held.mark
    };
    // A file that is just being written may be no kubeconfig for a moment: the next failure looks again.
    let Ok(mark) = context.mark() else { return };
    if mark == before {
        return;
    }
    if let Ok((client, _)) = context.plain_client().await {
        tracing::info!(
            cluster = context.name,
            "the kubeconfig in {} has changed and is used from now on",
            context.origin
        );
        let mut held = lock(held);
        (held.client, held.mark) = (client, mark);
    }
}

fn lock(held: &Mutex<Held>) -> MutexGuard<'_, Held> {
    held.lock().unwrap_or_else(PoisonError::into_inner)
}
