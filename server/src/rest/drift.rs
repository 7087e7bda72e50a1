//! Where a cluster has left its plan.

use app::source::Source as _;
use axum::{Json, extract::State};
use serde::Serialize;
use utoipa::ToSchema;

use super::{ApiError, Here, asked::Named};

/// Where a cluster has left its plan.
#[derive(Debug, Serialize, ToSchema)]
pub struct Drift {
    /// Whether there is a plan to compare with.
    pub planned: bool,
    /// The differences.
    pub items: Vec<Difference>,
    /// What no source tells, in sentences.
    pub unknown: Vec<String>,
}

/// One difference.
#[derive(Debug, Serialize, ToSchema)]
pub struct Difference {
    /// Its kind, as in `host-missing`. More kinds may come.
    pub kind: String,
    /// Whether it endangers the cluster.
    pub error: bool,
    /// The host, node or network that it is about.
    pub about: String,
    /// What was planned.
    pub planned: String,
    /// What there is.
    pub found: String,
    /// What to do.
    pub todo: String,
}

/// Where the cluster has left its plan, as of now.
#[utoipa::path(get, path = "/api/v1/clusters/{cluster}/drift", tag = "plans",
    params(("cluster" = String, Path, description = "The cluster's name")),
    responses((status = 200, description = "The differences", body = Drift)))]
pub(super) async fn one(State(here): State<Here>, Named(cluster): Named<String>) -> Result<Json<Drift>, ApiError> {
    let page = here.asked.drift(&cluster).await?;
    let line = |line: app::source::DriftLine| Difference {
        kind: line.kind,
        error: line.error,
        about: line.about,
        planned: line.planned,
        found: line.found,
        todo: line.todo,
    };
    let items = page.drifts.into_iter().map(line).collect();
    Ok(Json(Drift { planned: page.planned, items, unknown: page.unknown }))
}
