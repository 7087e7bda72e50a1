//! What was different between two moments of a cluster.

use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    ApiError, Here,
    asked::{Asked, Named},
    incidents::ChangedThing,
    words::moment,
};

/// Which moments are compared.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Moments {
    /// The first, RFC 3339.
    #[param(example = "2026-11-29T03:02:00Z")]
    t1: String,
    /// The second, RFC 3339; now when nothing is said.
    #[param(example = "2026-11-29T03:02:00Z")]
    t2: Option<String>,
}

/// What was different between two moments.
#[derive(Debug, Serialize, ToSchema)]
pub struct MomentDifferences {
    /// The first, RFC 3339.
    #[schema(format = DateTime)]
    pub t1: String,
    /// The second.
    #[schema(format = DateTime)]
    pub t2: String,
    /// What was different.
    pub items: Vec<ChangedThing>,
    /// Sources that one of the moments does not tell of: what they would tell is not compared.
    pub untold: Vec<String>,
}

/// What was different between two moments, or between one and now.
#[utoipa::path(get, path = "/api/v1/clusters/{cluster}/differences", tag = "history",
    params(("cluster" = String, Path, description = "The cluster's name"), Moments),
    responses((status = 200, description = "The differences", body = MomentDifferences)))]
pub(super) async fn list(
    State(here): State<Here>,
    Named(cluster): Named<String>,
    Asked(moments): Asked<Moments>,
) -> Result<Json<MomentDifferences>, ApiError> {
    let second = moments.t2.unwrap_or_default();
    let compared = crate::pages::compared(&here.site, &cluster, &moments.t1, &second).await?;
    let [t1, t2] = compared.moments.map(|at| moment(at.0));
    let line =
        |one: journal::Difference| ChangedThing { group: one.group.word().into(), name: one.name, what: one.what };
    Ok(Json(MomentDifferences {
        t1,
        t2,
        items: compared.found.into_iter().map(line).collect(),
        untold: compared.untold.iter().map(|source| source.word().to_owned()).collect(),
    }))
}
