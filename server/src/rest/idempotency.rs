//! What acts, acts once: a request with an `Idempotency-Key` that was answered is answered so again.
//!
//! When its server died meanwhile, nobody knows whether it acted. What HTTP calls idempotent (`PUT`, `DELETE`) is then
//! done again by whoever is asked next; of anything else the answer says that it is not known, and where to look.

use std::{convert::Infallible, time::Duration};

use axum::{
    Extension,
    body::{Body, Bytes},
    extract::{Request, State},
    http::{HeaderName, HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http_body_util::{BodyExt, Limited};
use sha2::{Digest, Sha256};

use super::{ApiError, Here};
use crate::{
    access::{Who, random},
    store::{Begun, Claim, Replay, Store},
};

/// The header.
pub(super) const KEY: &str = "idempotency-key";
/// How long an answer is kept, in milliseconds.
const KEPT: i64 = 24 * 3_600_000;
/// Without a word for so long, whoever works on a request is gone.
const HELD: Duration = Duration::from_secs(120);
/// How often it is said that it is still worked on.
const EVERY: Duration = Duration::from_secs(30);
/// More names nothing better.
const LONGEST_KEY: usize = 200;
/// What acts is short, but for a deployment, which brings its plan.
const LONGEST: usize = super::PLAN;

/// Put into an answer's extensions by who answers with a secret: the body that is kept in its place.
#[derive(Clone)]
pub(super) struct Kept(pub(super) String);

/// Runs what acts once for each key and person.
pub(super) async fn once(
    State(here): State<Here>,
    Extension(who): Extension<Who>,
    request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    // Any bytes name a request, as a header carries them; white space around them is not carried, and none name nothing.
    let key: String = request
        .headers()
        .get(KEY)
        .map(|key| key.as_bytes().iter().copied().map(char::from).collect())
        .unwrap_or_default();
    if key.is_empty() {
        return Ok(next.run(request).await);
    }
    if key.chars().count() > LONGEST_KEY {
        return Err(ApiError::Unclear(format!("an Idempotency-Key has at most {LONGEST_KEY} characters")));
    }
    let (parts, body) = request.into_parts();
    let bytes = Limited::new(body, LONGEST).collect().await.map_err(|_| ApiError::TooLarge(LONGEST))?.to_bytes();
    let mut sum = Sha256::new();
    for part in [parts.method.as_str().as_bytes(), parts.uri.to_string().as_bytes(), &bytes] {
        sum.update(u64::try_from(part.len()).unwrap_or(0).to_le_bytes());
        sum.update(part);
    }
    let sum: String = sum.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    let now = jiff::Timestamp::now().as_millisecond();
    let repeats = parts.method.is_idempotent();
    let claim = Claim { who: who.subject(), key, request: sum, holder: random::<8>(), repeats };
    let store = here.door.store();
    match store.begin(&claim, HELD, now, now + KEPT).await? {
        Begun::Done(replay) => return Ok(again(&replay)),
        Begun::Underway => return Err(ApiError::Underway),
        Begun::Unsure => return Err(ApiError::Unsure(parts.uri.path().to_owned())),
        Begun::Other => return Err(ApiError::OtherRequest),
        Begun::New => {}
    }
    // A task of its own: who hangs up does not leave a key that is under way for ever.
    let store = store.clone();
    let acting = tokio::spawn(async move {
        let acts = async {
            let response = next.run(Request::from_parts(parts, Body::from(bytes))).await;
            let (parts, body) = response.into_parts();
            let body = body.collect().await.map_or_else(|_| Bytes::new(), http_body_util::Collected::to_bytes);
            (parts, body)
        };
        let (parts, body) = tokio::select! {
            acted = acts => acted,
            never = holding(&store, &claim) => match never {},
        };
        let noted = if parts.status.is_success() {
            let kept = parts.extensions.get::<Kept>().map(|kept| kept.0.clone());
            let kept = kept.unwrap_or_else(|| String::from_utf8_lossy(&body).into_owned());
            store.finish(&claim, &Replay { status: parts.status.as_u16(), body: kept }).await.map(drop)
        } else {
            // A refusal did nothing. What was missing, such as a setting, may be there when the request comes again.
            store.abandon(&claim).await.map(drop)
        };
        // What was done was done, whatever the database says then. The key is unsure from now on.
        if let Err(error) = noted {
            tracing::error!("the answer to a request with an Idempotency-Key cannot be kept: {error}");
        }
        Ok(Response::from_parts(parts, Body::from(body)))
    });
    acting.await.unwrap_or(Err(ApiError::Fault("it did not come to an end")))
}

/// Says that it is still worked on, as long as it is.
async fn holding(store: &Store, claim: &Claim) -> Infallible {
    loop {
        tokio::time::sleep(EVERY).await;
        match store.still(claim, HELD).await {
            Ok(true) => {}
            Ok(false) => tracing::warn!("a request that is still worked on was taken over by another server"),
            Err(error) => tracing::warn!("it cannot be said that a request is still worked on: {error}"),
        }
    }
}

fn again(replay: &Replay) -> Response {
    let status = StatusCode::from_u16(replay.status).unwrap_or(StatusCode::OK);
    let mut response = (status, replay.body.clone()).into_response();
    let headers = response.headers_mut();
    headers.insert(HeaderName::from_static("idempotency-replayed"), HeaderValue::from_static("true"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    let kind = if status.is_success() { "application/json" } else { "application/problem+json" };
    if replay.body.is_empty() {
        headers.remove(header::CONTENT_TYPE);
    } else {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    }
    response
}
