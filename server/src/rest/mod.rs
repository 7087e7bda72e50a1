//! The REST API under `/api/v1`, for pipelines and everything else that is no person.
//!
//! ```text
//! guard (access) ─▶ limits ─▶ tags ─▶ once (idempotency, of what acts) ─▶ <noun> ─▶ Site, Door
//!                                                                          └─ error: problem+json, the only statuses
//! trial (/api) ─▶ guard, as if its visitor's program had asked
//! document ◀─ generated from the nouns' routes and types ─▶ /api/v1/openapi.json, docs/openapi.json (held by a test)
//! ```
//! Invariants: types here are the API's own, never inner ones; a change that breaks the document fails a test;
//! every error is a problem; what acts can be sent twice and acts once.

mod accept;
mod again;
mod asked;
mod audit;
mod backups;
mod changes;
mod clusters;
mod deployments;
mod diagrams;
mod differences;
mod document;
mod drift;
mod error;
mod events;
mod figure;
mod follow;
mod health;
mod host_backups;
mod idempotency;
mod incidents;
mod inventory;
mod life;
mod limits;
mod links;
mod objects;
mod page;
mod plans;
mod reading;
mod rehearsals;
mod restore;
mod retention;
mod tags;
mod tokens;
mod trial;
pub(crate) mod what_if;
mod words;

use std::{
    num::NonZeroU32,
    sync::{Arc, LazyLock},
};

use axum::{
    Router,
    extract::DefaultBodyLimit,
    middleware::{from_fn, from_fn_with_state},
    routing::{any, get},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    access::{Acts, Door, Limits, Needs, Role, Row},
    backup::Backups,
    deploy::Office,
    embed::Embed,
    pages::{Asked, Site},
};

pub(crate) use accept::preferred;
pub(crate) use again::again;
pub use document::{breaks, document};
pub use error::{ApiError, Problem};
pub use trial::router as page;

/// Requests a minute for each token, session or address, when nothing is configured.
pub const RATE: NonZeroU32 = NonZeroU32::new(1_200).expect("it is not zero");
/// A plan is no larger than this, both files together and encoded.
const PLAN: usize = 4 << 20;

const SEE: Needs = Needs::Role(Role::Viewer);
const OPERATE: Needs = Needs::Role(Role::Operator);
const ADMIN: Needs = Needs::Role(Role::Admin);

/// What each route needs.
pub const ROUTES: &[Row] = &[
    Row::get("/api", SEE),
    Row::get("/api/v1/openapi.json", Needs::Nothing),
    Row::get("/api/v1/health", Needs::Nothing),
    Row::get("/api/v1/version", SEE),
    Row::get("/api/v1/clusters", SEE),
    Row::get("/api/v1/clusters/{cluster}", SEE),
    Row::get("/api/v1/clusters/{cluster}/nodes", SEE),
    Row::get("/api/v1/clusters/{cluster}/components", SEE),
    Row::get("/api/v1/clusters/{cluster}/pods", SEE),
    Row::get("/api/v1/clusters/{cluster}/services", SEE),
    Row::get("/api/v1/clusters/{cluster}/endpoints", SEE),
    Row::get("/api/v1/clusters/{cluster}/diagrams/{file}", SEE),
    Row::get("/api/v1/clusters/{cluster}/changes", SEE),
    Row::get("/api/v1/clusters/{cluster}/drift", SEE),
    Row::get("/api/v1/clusters/{cluster}/events", SEE),
    Row::get("/api/v1/clusters/{cluster}/objects/{group}/{plural}/{name}", SEE),
    Row::get("/api/v1/clusters/{cluster}/what-if", SEE),
    Row::get("/api/v1/clusters/{cluster}/losses", SEE),
    Row::get("/api/v1/clusters/{cluster}/drain-order", SEE),
    Row::get("/api/v1/clusters/{cluster}/incidents", SEE),
    Row::get("/api/v1/clusters/{cluster}/incidents/{id}", SEE),
    Row::get("/api/v1/clusters/{cluster}/silences", SEE),
    Row::get("/api/v1/clusters/{cluster}/history", SEE),
    Row::get("/api/v1/clusters/{cluster}/differences", SEE),
    Row::get("/api/v1/clusters/{cluster}/follow", SEE),
    Row::post("/api/v1/clusters/{cluster}/silences", OPERATE, Acts::Itself),
    Row::delete("/api/v1/clusters/{cluster}/silences/{id}", OPERATE, Acts::Itself),
    Row::get("/api/v1/clusters/{cluster}/deployments", SEE),
    Row::post("/api/v1/clusters/{cluster}/deployments", OPERATE, Acts::As("deployment.start")),
    Row::get("/api/v1/clusters/{cluster}/deployments/{id}", SEE),
    Row::get("/api/v1/clusters/{cluster}/deployments/{id}/log", SEE),
    Row::post("/api/v1/clusters/{cluster}/deployments/{id}/cancel", OPERATE, Acts::As("deployment.cancel")),
    Row::get("/api/v1/clusters/{cluster}/backups", SEE),
    Row::get("/api/v1/clusters/{cluster}/backup-retention", SEE),
    Row::get("/api/v1/clusters/{cluster}/host-backups", SEE),
    Row::post("/api/v1/clusters/{cluster}/backups", Needs::Role(Role::Operator), Acts::As("backup.start")),
    Row::post("/api/v1/clusters/{cluster}/backups/accept", OPERATE, Acts::As("backup.accept")),
    Row::get("/api/v1/clusters/{cluster}/backups/{id}", SEE),
    Row::get("/api/v1/clusters/{cluster}/backups/{id}/restore", SEE),
    // Names of Secrets are told to nobody who may only look.
    Row::get("/api/v1/clusters/{cluster}/backups/{id}/changes", OPERATE),
    Row::delete("/api/v1/clusters/{cluster}/backups/{id}", ADMIN, Acts::As("backup.remove")),
    // Whoever has the file has every Secret: it tells, and is remembered all the same.
    Row {
        method: axum::http::Method::GET,
        path: "/api/v1/clusters/{cluster}/backups/{id}/file",
        needs: ADMIN,
        acts: Acts::As("backup.download"),
    },
    Row {
        method: axum::http::Method::GET,
        path: "/api/v1/clusters/{cluster}/backups/{id}/companion",
        needs: ADMIN,
        acts: Acts::As("backup.download"),
    },
    Row::post("/api/v1/clusters/{cluster}/backups/{id}/rehearsals", OPERATE, Acts::As("backup.rehearse")),
    Row::get("/api/v1/plans", SEE),
    Row::post("/api/v1/plans/check", SEE, Acts::No),
    // Whoever may see a figure may show it: a link gives no more than its maker could pass on anyway.
    Row::get("/api/v1/embed-links", SEE),
    Row::post("/api/v1/embed-links", SEE, Acts::As("embed-link.create")),
    Row::delete("/api/v1/embed-links/{id}", SEE, Acts::As("embed-link.revoke")),
    Row::get("/api/v1/tokens", ADMIN),
    Row::post("/api/v1/tokens", ADMIN, Acts::As("token.create")),
    Row::delete("/api/v1/tokens/{id}", ADMIN, Acts::As("token.revoke")),
    Row::get("/api/v1/audit", ADMIN),
];

/// The document as it is answered: it stays the same while the server runs.
static DOCUMENT: LazyLock<serde_json::Value> = LazyLock::new(document);

/// What every answer needs.
#[derive(Clone)]
struct Here {
    site: Arc<Site>,
    asked: Asked,
    door: Arc<Door>,
    embed: Embed,
    office: Option<Arc<Office>>,
    limits: Arc<Limits>,
    backups: Backups,
}

/// The API.
pub fn router(
    site: Arc<Site>,
    door: Arc<Door>,
    embed: Embed,
    office: Option<Arc<Office>>,
    limits: Arc<Limits>,
    backups: Backups,
) -> Router {
    let asked = Asked::of(site.clone());
    let here = Here { asked, site, door, embed, office, limits, backups };
    let acting = acting().layer(from_fn_with_state(here.clone(), idempotency::once));
    let routes: Router<Here> = Router::from(telling().merge(acting))
        .route("/api/v1/openapi.json", get(|| async { axum::Json(&*DOCUMENT) }))
        // No row of the table names it, so the guard says that there is nothing.
        .route("/api/{*rest}", any(|| async { ApiError::Missing("this address".into()) }));
    routes.layer(from_fn(tags::tagged)).layer(from_fn_with_state(here.clone(), limits::limited)).with_state(here)
}

/// What only tells.
fn telling() -> OpenApiRouter<Here> {
    OpenApiRouter::new()
        .routes(routes!(health::health))
        .routes(routes!(health::version))
        .routes(routes!(clusters::list))
        .routes(routes!(clusters::one))
        .routes(routes!(inventory::nodes::list))
        .routes(routes!(inventory::nodes::components))
        .routes(routes!(inventory::pods::list))
        .routes(routes!(inventory::services::list))
        .routes(routes!(inventory::endpoints::list))
        .routes(routes!(diagrams::one))
        .routes(routes!(changes::follow))
        .routes(routes!(drift::one))
        .routes(routes!(events::list))
        .routes(routes!(objects::one))
        .routes(routes!(what_if::one))
        .routes(routes!(what_if::all))
        .routes(routes!(what_if::order))
        .routes(routes!(incidents::list))
        .routes(routes!(incidents::one))
        .routes(routes!(incidents::silent))
        .routes(routes!(life::one))
        .routes(routes!(differences::list))
        .routes(routes!(follow::one))
        .routes(routes!(deployments::list))
        .routes(routes!(deployments::one))
        .routes(routes!(deployments::log))
        .routes(routes!(backups::list))
        .routes(routes!(host_backups::list))
        .routes(routes!(backups::one))
        .routes(routes!(backups::file))
        .routes(routes!(retention::dry))
        .routes(routes!(backups::companion))
        .routes(routes!(restore::guide))
        .routes(routes!(restore::changes))
        .routes(routes!(plans::list))
        .merge(
            OpenApiRouter::new()
                .routes(routes!(plans::check))
                .layer(DefaultBodyLimit::max(PLAN))
                .layer(from_fn(crate::plan::in_turn)),
        )
        .routes(routes!(links::list))
        .routes(routes!(tokens::list))
        .routes(routes!(audit::list))
}

/// What acts.
fn acting() -> OpenApiRouter<Here> {
    OpenApiRouter::new()
        .routes(routes!(links::make))
        .routes(routes!(links::revoke))
        .routes(routes!(tokens::make))
        .routes(routes!(tokens::revoke))
        .merge(
            OpenApiRouter::new()
                .routes(routes!(deployments::start))
                .layer(DefaultBodyLimit::max(PLAN))
                .layer(from_fn(crate::plan::in_turn)),
        )
        .routes(routes!(deployments::cancel))
        .routes(routes!(incidents::silence))
        .routes(routes!(incidents::speak))
        .routes(routes!(backups::start))
        .routes(routes!(backups::remove))
        .routes(routes!(rehearsals::start))
        .routes(routes!(rehearsals::accept))
}
