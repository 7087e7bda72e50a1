//! What retention would do with backups: a dry run.

use axum::{Json, extract::State};
use serde::Serialize;
use utoipa::ToSchema;

use super::{ApiError, Here, asked::Named, backups::known, words::moment};

/// What would become of the backups of a place.
#[derive(Debug, Serialize, ToSchema)]
pub struct RetentionPlace {
    /// The place.
    pub place: String,
    /// Its backups, newest first.
    pub backups: Vec<RetentionVerdict>,
}

/// What would become of a backup, and why.
#[derive(Debug, Serialize, ToSchema)]
pub struct RetentionVerdict {
    /// Its name.
    pub id: String,
    /// When it was begun, RFC 3339.
    #[schema(format = DateTime)]
    pub began: String,
    /// Whether it would be removed.
    pub goes: bool,
    /// Why.
    pub why: String,
}

/// What retention would do now. Nothing is removed by asking.
#[utoipa::path(get, path = "/api/v1/clusters/{cluster}/backup-retention", tag = "backups",
    params(("cluster" = String, Path, description = "Its name")),
    responses((status = 200, description = "Place by place, each judged by itself", body = Vec<RetentionPlace>)))]
pub(super) async fn dry(
    State(here): State<Here>,
    Named(cluster): Named<String>,
) -> Result<Json<Vec<RetentionPlace>>, ApiError> {
    known(&here, &cluster)?;
    let places = here.backups.retention(&cluster).await?.into_iter().map(|(place, verdicts)| {
        let backups = verdicts.into_iter().map(|verdict| RetentionVerdict {
            began: moment(verdict.began),
            goes: verdict.reason.goes(),
            why: verdict.reason.to_string(),
            id: verdict.id,
        });
        RetentionPlace { place, backups: backups.collect() }
    });
    Ok(Json(places.collect()))
}
