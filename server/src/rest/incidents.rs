//! Incidents of a cluster, and the times in which nobody is told of them.

use axum::{Extension, Json, extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    ApiError, Here,
    asked::{Asked, Named, Sent},
    backups::known,
    page::Limit,
    words::moment,
};
use crate::{
    access::Who,
    incidents::{SilenceError, Wish, silences},
    journal::History,
    store::{self, IncidentRow},
};

/// How far a list reaches back when nothing is said, in milliseconds.
const BACK: i64 = 30 * 86_400_000;

/// Which incidents are wanted.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Sought {
    /// Only those that have not ended.
    open: Option<bool>,
    /// Only those that lasted at or after this moment, RFC 3339; 30 days ago when nothing is said.
    #[param(format = DateTime)]
    from: Option<String>,
    /// Only those that had begun by this moment, RFC 3339.
    #[param(format = DateTime)]
    until: Option<String>,
    /// Incidents at most.
    #[param(value_type = Option<u16>, minimum = 1, maximum = 1000, default = 100)]
    limit: Option<Limit>,
}

/// Incidents, the latest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct IncidentList {
    /// The latest first.
    pub items: Vec<IncidentLine>,
}

/// Something that broke.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct IncidentLine {
    /// Names it among those of its cluster.
    pub id: String,
    /// As in `host-lost`, `quorum-at-risk`, `workload-broken`. More kinds may come.
    pub kind: String,
    /// What it is about, as in `node/host4`, `service/ims/hss`, `workload/ims/Deployment/hss`.
    pub about: String,
    /// Whether the cluster as a whole may be in danger.
    pub grave: bool,
    /// In a sentence.
    pub what: String,
    /// When it began, RFC 3339.
    #[schema(format = DateTime)]
    pub began: String,
    /// When it ended, RFC 3339; null while it goes on.
    #[schema(format = DateTime)]
    pub ended: Option<String>,
    /// Since when it is healthy, RFC 3339, while that is not certain to stay; null otherwise.
    #[schema(format = DateTime)]
    pub well: Option<String>,
    /// How often it was healthy for too short a time to have ended.
    pub relapses: i64,
    /// What it touched.
    pub touched: Vec<TouchedThing>,
}

/// Something that an incident touched.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct TouchedThing {
    /// Its name, as in `Service ims/hss`.
    pub name: String,
    /// In a few words.
    pub what: String,
}

/// An incident with what had changed before it.
#[derive(Debug, Serialize, ToSchema)]
pub struct IncidentTold {
    #[serde(flatten)]
    line: IncidentLine,
    /// What had changed in the ten minutes before; null until that was looked for.
    before: Option<BeforeIncident>,
}

/// What had changed in the ten minutes before an incident.
#[derive(Debug, Serialize, ToSchema)]
pub struct BeforeIncident {
    /// The first of the moments that were compared, RFC 3339.
    #[schema(format = DateTime)]
    pub from: String,
    /// The second.
    #[schema(format = DateTime)]
    pub until: String,
    /// What was different.
    pub items: Vec<ChangedThing>,
    /// How many more there were.
    pub more: usize,
    /// Why nothing is known of it; null where something is.
    pub unknown: Option<String>,
}

/// Something that was different.
#[derive(Debug, Serialize, ToSchema)]
pub struct ChangedThing {
    /// As in `hosts`, `control plane`, `services`, `workloads`, `deployments`.
    pub group: String,
    /// As in `host4`.
    pub name: String,
    /// In a few words.
    pub what: String,
}

impl From<&IncidentRow> for IncidentLine {
    fn from(row: &IncidentRow) -> Self {
        let touched = row.touched().into_iter();
        Self {
            id: row.id.clone(),
            kind: row.kind.clone(),
            about: row.about.clone(),
            grave: row.is_grave(),
            what: format!("{}.", row.what),
            began: moment(row.began),
            ended: row.ended.map(moment),
            well: row.well.filter(|_| row.ended.is_none()).map(moment),
            relapses: row.relapses,
            touched: touched.map(|one| TouchedThing { name: one.name, what: one.what }).collect(),
        }
    }
}

pub(super) fn history(here: &Here) -> Result<&History, ApiError> {
    here.site.history().ok_or(ApiError::Unset("history", "incidents and histories are found in what is recorded"))
}

pub(super) fn parsed(name: &'static str, text: Option<&str>) -> Result<Option<i64>, ApiError> {
    let Some(text) = text else { return Ok(None) };
    let at: jiff::Timestamp = text
        .parse()
        .map_err(|_| ApiError::Unclear(format!("{name} is no moment in RFC 3339, as in 2026-11-29T03:02:00Z")))?;
    Ok(Some(at.as_millisecond()))
}

/// Incidents of a cluster, the latest first.
#[utoipa::path(get, path = "/api/v1/clusters/{cluster}/incidents", tag = "incidents",
    params(("cluster" = String, Path, description = "The cluster's name"), Sought),
    responses((status = 200, description = "The latest", body = IncidentList)))]
pub(super) async fn list(
    State(here): State<Here>,
    Named(cluster): Named<String>,
    Asked(sought): Asked<Sought>,
) -> Result<Json<IncidentList>, ApiError> {
    known(&here, &cluster)?;
    let store = history(&here)?.store();
    let now = jiff::Timestamp::now().as_millisecond();
    let from = parsed("from", sought.from.as_deref())?.unwrap_or(now - BACK);
    let until = parsed("until", sought.until.as_deref())?.unwrap_or(i64::MAX);
    let most = sought.limit.unwrap_or(Limit::USUAL).get();
    let mut rows = match sought.open {
        Some(true) => store.open_incidents(&cluster).await?,
        Some(false) => store.ended_incidents(&cluster, from, until, u32::from(most)).await?,
        None => store.incidents(&cluster, from, until, u32::from(most)).await?,
    };
    rows.retain(|row| row.began <= until);
    Ok(Json(IncidentList { items: rows.iter().take(usize::from(most)).map(Into::into).collect() }))
}

/// One incident, with what had changed in the ten minutes before it.
#[utoipa::path(get, path = "/api/v1/clusters/{cluster}/incidents/{id}", tag = "incidents",
    params(("cluster" = String, Path, description = "The cluster's name"),
        ("id" = String, Path, description = "As the list tells it")),
    responses((status = 200, description = "It", body = IncidentTold)))]
pub(super) async fn one(
    State(here): State<Here>,
    Named((cluster, id)): Named<(String, String)>,
) -> Result<Json<IncidentTold>, ApiError> {
    known(&here, &cluster)?;
    let row = history(&here)?.store().incident(&cluster, &id).await?;
    let row = row.ok_or_else(|| ApiError::Missing(format!("the incident {id}")))?;
    let before = row.before().map(|before| BeforeIncident {
        from: moment(before.from),
        until: moment(before.until),
        items: before
            .lines
            .into_iter()
            .map(|one| ChangedThing { group: one.group, name: one.name, what: one.what })
            .collect(),
        more: before.more,
        unknown: Some(before.unknown).filter(|why| !why.is_empty()),
    });
    Ok(Json(IncidentTold { line: (&row).into(), before }))
}

/// A time in which nobody is told.
#[derive(Debug, Serialize, ToSchema)]
pub struct SilenceLine {
    /// By which it is ended.
    pub id: String,
    /// The kind of incidents that it is for; null for all.
    pub kind: Option<String>,
    /// What they are about; null for anything.
    pub about: Option<String>,
    /// Its beginning, RFC 3339.
    #[schema(format = DateTime)]
    pub began: String,
    /// Its end, RFC 3339.
    #[schema(format = DateTime)]
    pub ends: String,
    /// Why.
    pub reason: String,
    /// Its maker.
    pub maker: String,
}

/// Silences that hold.
#[derive(Debug, Serialize, ToSchema)]
pub struct SilenceList {
    /// The first to end first.
    pub items: Vec<SilenceLine>,
}

/// A silence that is wanted.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WantedSilence {
    /// Only for this kind, as in `host-lost`.
    kind: Option<String>,
    /// Only for what is about this, as in `node/host4`.
    about: Option<String>,
    /// Seconds that it lasts.
    #[schema(minimum = 60, maximum = 2_592_000)]
    seconds: u64,
    /// Why; it is kept in the audit.
    #[schema(min_length = 1, max_length = 200, pattern = r"\S")]
    reason: String,
}

impl From<store::Silence> for SilenceLine {
    fn from(silence: store::Silence) -> Self {
        let some = |text: String| Some(text).filter(|text| !text.is_empty());
        Self {
            id: silence.id,
            kind: some(silence.kind),
            about: some(silence.about),
            began: moment(silence.began),
            ends: moment(silence.ends),
            reason: silence.reason,
            maker: silence.maker,
        }
    }
}

/// Silences of a cluster that have not ended.
#[utoipa::path(get, path = "/api/v1/clusters/{cluster}/silences", tag = "incidents",
    params(("cluster" = String, Path, description = "The cluster's name")),
    responses((status = 200, description = "Those that hold", body = SilenceList)))]
pub(super) async fn silent(
    State(here): State<Here>,
    Named(cluster): Named<String>,
) -> Result<Json<SilenceList>, ApiError> {
    known(&here, &cluster)?;
    let now = jiff::Timestamp::now().as_millisecond();
    let found = history(&here)?.store().silences(&cluster, now).await?;
    Ok(Json(SilenceList { items: found.into_iter().map(Into::into).collect() }))
}

/// Nobody is told of these incidents for a while. They are recorded and shown all the same, and the end of one whose
/// beginning was told is told.
#[utoipa::path(post, path = "/api/v1/clusters/{cluster}/silences", tag = "incidents", request_body = WantedSilence,
    params(("cluster" = String, Path, description = "The cluster's name")),
    responses((status = 201, description = "It holds", body = SilenceLine)))]
pub(super) async fn silence(
    State(here): State<Here>,
    Extension(who): Extension<Who>,
    Named(cluster): Named<String>,
    Sent(wanted): Sent<WantedSilence>,
) -> Result<(StatusCode, Json<SilenceLine>), ApiError> {
    known(&here, &cluster)?;
    let wish = Wish {
        kind: wanted.kind.unwrap_or_default(),
        about: wanted.about.unwrap_or_default(),
        seconds: wanted.seconds,
        reason: wanted.reason,
    };
    let made = silences::make(&here.door, history(&here)?.store(), &who, &cluster, wish).await?;
    Ok((StatusCode::CREATED, Json(made.into())))
}

/// Ends a silence now.
#[utoipa::path(delete, path = "/api/v1/clusters/{cluster}/silences/{id}", tag = "incidents",
    params(("cluster" = String, Path, description = "The cluster's name"),
        ("id" = String, Path, description = "As the list tells it")),
    responses((status = 204, description = "It has ended")))]
pub(super) async fn speak(
    State(here): State<Here>,
    Extension(who): Extension<Who>,
    Named((cluster, id)): Named<(String, String)>,
) -> Result<StatusCode, ApiError> {
    known(&here, &cluster)?;
    silences::end(&here.door, history(&here)?.store(), &who, &cluster, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

impl From<SilenceError> for ApiError {
    fn from(error: SilenceError) -> Self {
        match error {
            SilenceError::Store(error) => error.into(),
            SilenceError::Unheard => Self::Away,
            SilenceError::Missing(_) => Self::Missing(error.to_string()),
            other => Self::Unusable { what: other.to_string(), todo: String::new() },
        }
    }
}
