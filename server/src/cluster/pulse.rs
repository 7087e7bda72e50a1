//! Whether the API server answers at all. A line that went dead without a word shows here, and only
//! here: a watch on it would wait for minutes.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use kube::Client;

use super::{Trouble, live::Shared};

/// An answer that takes longer is none.
const PATIENCE: Duration = Duration::from_secs(3);

/// Feels for it for ever.
pub(crate) async fn follow(client: Client, shared: Arc<Shared>) {
    let mut failed = false;
    loop {
        match beat(&client, &shared).await {
            Ok(()) => {
                shared.recover();
                // What the watches hang on may be dead although a new connection works: they resume.
                if std::mem::take(&mut failed) {
                    shared.revive();
                }
            }
            Err(trouble) => {
                failed = true;
                shared.cut(&trouble);
            }
        }
        tokio::time::sleep(shared.pace().pulse).await;
    }
}

/// Asks for the version, and takes the time from the answer; whether it was a good one.
pub(super) async fn clock(client: &Client, shared: &Shared) -> bool {
    let Ok(request) = http::Request::get("/version").body(kube::client::Body::empty()) else { return false };
    let sent = Instant::now();
    let Ok(response) = client.send(request).await else { return false };
    let date = response.headers().get(http::header::DATE).and_then(|date| date.to_str().ok());
    if let Some(date) = date {
        shared.clock().heard(date, sent);
    }
    response.status().is_success()
}

/// Any answer is a beat, but a refusal of the credentials, with which nothing else will come, and
/// that of a gateway which stands before a server that is away.
async fn beat(client: &Client, shared: &Shared) -> Result<(), Trouble> {
    let asked = tokio::time::timeout(PATIENCE, clock(client, shared)).await;
    if asked.map_err(|_| Trouble::late(shared.name(), shared.address()))? {
        return Ok(());
    }
    // Its refusal is put into words by the client.
    let Ok(request) = http::Request::get("/version").body(Vec::new()) else { return Ok(()) };
    match tokio::time::timeout(PATIENCE, client.request_text(request)).await {
        Err(_) => Err(Trouble::late(shared.name(), shared.address())),
        Ok(Ok(_)) => Ok(()),
        Ok(Err(kube::Error::Api(status))) if !matches!(status.code, 401 | 502..=504) => Ok(()),
        Ok(Err(error)) => Err(Trouble::of(&error, shared.name(), shared.address())),
    }
}
