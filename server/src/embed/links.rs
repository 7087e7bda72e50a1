//! Links over the API: made, listed, revoked.

use app::{base::at, source::Source};
use axum::{
    Extension, Json,
    extract::{Path, State, rejection::JsonRejection},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};

use super::{Claims, Embed, Origin, frames::Figure};
use crate::{
    access::{Role, Who, random},
    store::{Link, StoreError},
};

/// When nothing else is asked for, in seconds.
const LASTS: u64 = 3_600;
/// A portal makes a new one for each of its pages: a day is long.
const SHORTEST: u64 = 10;
const LONGEST: u64 = 24 * 3_600;

/// What is asked for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    cluster: String,
    /// `architecture` or `networking`.
    view: String,
    /// The one portal that may show it; without it every one of the configuration.
    origin: Option<String>,
    /// Seconds that it lasts.
    ttl: Option<u64>,
}

/// What was made. The paths hold the link, and are seen this once.
#[derive(Debug, Serialize)]
struct Made {
    #[serde(flatten)]
    line: Line,
    /// Its path at this server, the base path included: the page for a frame.
    page: String,
    /// The same as a picture.
    picture: String,
}

#[derive(Debug, Serialize)]
struct Line {
    id: String,
    cluster: String,
    view: String,
    maker: String,
    created: String,
    expires: String,
    revoked: Option<String>,
}

pub(super) async fn make(
    State(embed): State<Embed>,
    Extension(who): Extension<Who>,
    wanted: Result<Json<Wanted>, JsonRejection>,
) -> Response {
    let Json(wanted) = match wanted {
        Ok(wanted) => wanted,
        Err(rejection) => return problem(rejection.status(), &rejection.body_text()),
    };
    let ttl = wanted.ttl.unwrap_or(LASTS);
    let why = if !embed.asked.clusters().iter().any(|line| line.name == wanted.cluster) {
        Some("There is no such cluster; GET /api/v1/clusters names them.".to_owned())
    } else if Figure::from_word(&wanted.view).is_none() {
        Some("view must be architecture or networking.".into())
    } else if !(SHORTEST..=LONGEST).contains(&ttl) {
        Some(format!("ttl must be between {SHORTEST} and {LONGEST} seconds."))
    } else {
        None
    };
    if let Some(why) = why {
        return problem(StatusCode::UNPROCESSABLE_ENTITY, &why);
    }
    let origin = match wanted.origin.as_deref().map(Origin::parse) {
        None => String::new(),
        Some(Some(origin)) if embed.origins.names(&origin) => origin.as_str().to_owned(),
        Some(_) => {
            let why = "origin must be one of the setting embed_origins, as in https://portal.example.";
            return problem(StatusCode::UNPROCESSABLE_ENTITY, why);
        }
    };
    let created = jiff::Timestamp::now().as_millisecond();
    let expires = created + i64::try_from(ttl * 1_000).unwrap_or(0);
    let link = Link {
        id: random::<8>(),
        cluster: wanted.cluster,
        figure: wanted.view,
        maker: who.name,
        created,
        expires,
        revoked: None,
    };
    if let Err(error) = embed.store.add_link(&link).await {
        return away(&error);
    }
    let claims =
        Claims { id: link.id.clone(), cluster: link.cluster.clone(), figure: link.figure.clone(), origin, expires };
    let path = format!("/embed/{}/{}", scene::encoded(&link.cluster), link.figure);
    let text = embed.signer.sign(&claims);
    let (page, picture) = (at(&format!("{path}?link={text}")), at(&format!("{path}.svg?link={text}")));
    let kept = [(header::CACHE_CONTROL, "no-store")];
    (StatusCode::CREATED, kept, Json(Made { line: line(link), page, picture })).into_response()
}

/// One's own; an admin's are all.
pub(super) async fn list(State(embed): State<Embed>, Extension(who): Extension<Who>) -> Response {
    match embed.store.links().await {
        Ok(links) => {
            let links: Vec<Line> = links.into_iter().filter(|link| is_of(link, &who)).map(line).collect();
            ([(header::CACHE_CONTROL, "no-store")], Json(serde_json::json!({ "links": links }))).into_response()
        }
        Err(error) => away(&error),
    }
}

/// Revoked twice is revoked.
pub(super) async fn revoke(
    State(embed): State<Embed>,
    Extension(who): Extension<Who>,
    Path(id): Path<String>,
) -> Response {
    match embed.store.link(&id).await {
        Ok(Some(link)) if is_of(&link, &who) => {}
        Ok(_) => return problem(StatusCode::NOT_FOUND, "You made no link with this id; GET lists yours."),
        Err(error) => return away(&error),
    }
    match embed.store.revoke_link(&id, jiff::Timestamp::now().as_millisecond()).await {
        Ok(_) => StatusCode::NO_CONTENT.into_response(),
        Err(error) => away(&error),
    }
}

fn is_of(link: &Link, who: &Who) -> bool {
    who.may(Role::Admin) || link.maker == who.name
}

fn line(link: Link) -> Line {
    let time = |at: i64| jiff::Timestamp::from_millisecond(at).map(|at| at.to_string()).unwrap_or_default();
    Line {
        id: link.id,
        cluster: link.cluster,
        view: link.figure,
        maker: link.maker,
        created: time(link.created),
        expires: time(link.expires),
        revoked: link.revoked.map(time),
    }
}

fn away(error: &StoreError) -> Response {
    tracing::error!("links cannot be kept: {error}");
    problem(StatusCode::SERVICE_UNAVAILABLE, "The database does not answer. Try again in a moment.")
}

fn problem(status: StatusCode, detail: &str) -> Response {
    let title = status.canonical_reason().unwrap_or_default();
    let problem = serde_json::json!({
        "type": "about:blank", "title": title, "status": status.as_u16(), "detail": detail,
    });
    let headers = [(header::CONTENT_TYPE, "application/problem+json"), (header::CACHE_CONTROL, "no-store")];
    (status, headers, problem.to_string()).into_response()
}
