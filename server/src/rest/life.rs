//! The history of one thing.

use axum::{Json, extract::State};
use journal::{NoThing, Thing};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    ApiError, Here,
    asked::{Asked, Named},
    backups::known,
    incidents::{history, parsed},
    words::moment,
};

/// How far it reaches back when nothing is said, in milliseconds.
const BACK: i64 = 30 * 86_400_000;

/// Of what, and when.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Sought {
    /// As in `node/host4`, `pod/ims/hss-0`, `service/ims/hss` or `workload/ims/Deployment/hss`.
    #[param(pattern = r"^(node/[^/]+|(pod|service)/[^/]+/[^/]+|workload/[^/]+/[^/]+/[^/]+)$")]
    of: String,
    /// From this moment on, RFC 3339; 30 days ago when nothing is said.
    #[param(format = DateTime)]
    from: Option<String>,
    /// Until this moment, RFC 3339; now when nothing is said.
    #[param(format = DateTime)]
    until: Option<String>,
}

/// The history of one thing.
#[derive(Debug, Serialize, ToSchema)]
pub struct ThingHistory {
    /// From when on it was read, RFC 3339: recording may have begun later than was asked for.
    #[schema(format = DateTime)]
    pub from: String,
    /// What became of it, the earliest first.
    pub items: Vec<ThingEvent>,
    /// Times in which nothing was recorded.
    pub gaps: Vec<RecordingGap>,
    /// Blocks that could not be read; what was in them is missing.
    pub damaged: usize,
}

/// Something that became of a thing.
#[derive(Debug, Serialize, ToSchema)]
pub struct ThingEvent {
    /// When Binnacle learnt of it, RFC 3339.
    #[schema(format = DateTime)]
    pub at: String,
    /// When the API says that it was, RFC 3339; null where it does not say.
    #[schema(format = DateTime)]
    pub told: Option<String>,
    /// In a few words each.
    pub what: Vec<String>,
}

/// A time in which nothing was recorded.
#[derive(Debug, Serialize, ToSchema)]
pub struct RecordingGap {
    /// Its beginning, RFC 3339.
    #[schema(format = DateTime)]
    pub from: String,
    /// Its end, RFC 3339.
    #[schema(format = DateTime)]
    pub until: String,
    /// Why.
    pub why: String,
}

/// What became of one thing over time: its hosts, states, faults, restarts and images.
#[utoipa::path(get, path = "/api/v1/clusters/{cluster}/history", tag = "history",
    params(("cluster" = String, Path, description = "The cluster's name"), Sought),
    responses((status = 200, description = "What is kept of it", body = ThingHistory)))]
pub(super) async fn one(
    State(here): State<Here>,
    Named(cluster): Named<String>,
    Asked(sought): Asked<Sought>,
) -> Result<Json<ThingHistory>, ApiError> {
    known(&here, &cluster)?;
    let thing: Thing = sought.of.parse().map_err(|why: NoThing| ApiError::Unclear(format!("of is no thing: {why}")))?;
    let now = jiff::Timestamp::now().as_millisecond();
    let until = parsed("until", sought.until.as_deref())?.unwrap_or(now);
    let from = parsed("from", sought.from.as_deref())?.unwrap_or(until - BACK);
    let life = history(&here)?.life(&cluster, thing, from, until).await?;
    let event = |event: journal::Event| ThingEvent {
        at: moment(event.at.0),
        told: event.told.map(|at| moment(at.0)),
        what: event.what,
    };
    let gap = |(from, until, why): (i64, i64, String)| RecordingGap { from: moment(from), until: moment(until), why };
    Ok(Json(ThingHistory {
        from: moment(life.from),
        items: life.events.into_iter().map(event).collect(),
        gaps: life.gaps.into_iter().map(gap).collect(),
        damaged: life.damaged,
    }))
}
