//! Backups of etcd: listed, begun, fetched, removed.

use axum::{
    Extension, Json,
    body::Body,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    ApiError, Here,
    asked::{Asked, Named},
    page::Limit,
    rehearsals::{self, BackupCompanion, BackupRehearsal, RehearsalCourse},
    words::moment,
};
use crate::{
    access::Who,
    backup::{
        delivery::BackupError,
        house::Stage,
        manifest::{Manifest, Stored},
    },
    store::{self, CopyState},
};

/// Which backups are wanted.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Wanted {
    /// Backups on a page.
    #[param(value_type = Option<u16>, minimum = 1, maximum = 1000, default = 100)]
    limit: Option<Limit>,
    /// Where to go on: the `next` of the page before.
    #[param(pattern = r"^[0-9]{1,18}-[0-9A-Za-z._-]{1,100}$")]
    next: Option<String>,
}

/// A backup of etcd.
#[derive(Debug, Serialize, ToSchema)]
pub struct Backup {
    /// Its name.
    pub id: String,
    /// When it was begun, RFC 3339.
    #[schema(format = DateTime)]
    pub began: String,
    /// When it was complete, RFC 3339.
    #[schema(format = DateTime)]
    pub ended: String,
    /// Who asked for it; `schedule` when nobody did.
    pub by: String,
    /// The member that it was taken from.
    pub member: String,
    /// The version of that member's etcd.
    pub etcd_version: String,
    /// The newest revision in it.
    pub revision: i64,
    /// Its keys.
    pub keys: u64,
    /// Bytes of the database.
    pub size: u64,
    /// Bytes as it is stored, compressed.
    pub stored_size: u64,
    /// SHA-256 of what is stored, hexadecimal: of what a download brings.
    pub sha256: String,
    /// The public keys that it is encrypted for; empty when it is not encrypted.
    pub recipients: Vec<String>,
    /// How far it was proved.
    pub steps: Vec<BackupStep>,
    /// How its last rehearsal went; null when there was none.
    pub rehearsal: Option<BackupRehearsal>,
    /// What travels with it; null when nothing does.
    pub companion: Option<BackupCompanion>,
    /// Where it is stored.
    pub copies: Vec<BackupCopy>,
}

/// A step of proof that was climbed.
#[derive(Debug, Serialize, ToSchema)]
pub struct BackupStep {
    /// 1 complete, 2 checksum matches, 3 database intact, 4 etcd revisions intact, 5 read back from storage, 6 restored and
    /// started.
    pub step: u8,
    /// When, RFC 3339.
    #[schema(format = DateTime)]
    pub at: String,
    /// With what.
    pub tool: String,
    /// How long it took, in milliseconds.
    pub millis: u64,
}

/// A backup in a place.
#[derive(Debug, Serialize, ToSchema)]
pub struct BackupCopy {
    /// The place.
    pub place: String,
    /// How it is there.
    pub state: There,
    /// Since when, RFC 3339.
    #[schema(format = DateTime)]
    pub since: String,
    /// What is wrong; empty when nothing is.
    pub detail: String,
}

/// How a copy is.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[schema(as = BackupCopyState)]
#[serde(rename_all = "kebab-case")]
pub enum There {
    /// On its way.
    Pending,
    /// There.
    Kept,
    /// There, and not as it was put.
    Bad,
}

/// A part of a cluster's backups, with their verification.
#[derive(Debug, Serialize, ToSchema)]
pub struct BackupPage {
    /// Newest first.
    pub items: Vec<Backup>,
    /// Ask for `next` with this for older ones; null at the end.
    pub next: Option<String>,
    /// How many there are in all.
    pub total: i64,
    /// What goes on, or went on last, on this server; null when nothing did.
    pub course: Option<BackupCourse>,
    /// The rehearsal that goes on, or went on last, on this server; null when none did.
    pub rehearsal: Option<RehearsalCourse>,
    /// What to be warned of, gravest first.
    pub warnings: Vec<BackupWarning>,
}

/// How a backup goes, or went.
#[derive(Debug, Serialize, ToSchema)]
pub struct BackupCourse {
    /// When it began, RFC 3339.
    #[schema(format = DateTime)]
    pub began: String,
    /// Who asked for it.
    pub by: String,
    /// How far it is.
    pub stage: BackupStage,
    /// The backup's id, or why there is none; null before.
    pub detail: Option<String>,
}

/// How far a backup is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum BackupStage {
    /// It is being taken and proved.
    Taking,
    /// It is on its way to where backups are kept.
    Delivering,
    /// It is there.
    Done,
    /// There is none.
    Failed,
}

/// Something to be warned of.
#[derive(Debug, Serialize, ToSchema)]
pub struct BackupWarning {
    /// Whether there may be nothing to rely on.
    pub grave: bool,
    /// In one word, as in `old`.
    pub kind: String,
    /// What is so.
    pub what: String,
    /// What to do.
    pub todo: String,
}

/// The backups of a cluster's etcd, newest first.
#[utoipa::path(get, path = "/api/v1/clusters/{cluster}/backups", tag = "backups",
    params(("cluster" = String, Path, description = "Its name"), Wanted),
    responses((status = 200, description = "A page", body = BackupPage)))]
pub(super) async fn list(
    State(here): State<Here>,
    Named(cluster): Named<String>,
    Asked(wanted): Asked<Wanted>,
) -> Result<Json<BackupPage>, ApiError> {
    known(&here, &cluster)?;
    let before = wanted.next.as_deref().map(place_of).transpose()?;
    let limit = u32::from(wanted.limit.unwrap_or(Limit::USUAL).get());
    let store = here.backups.store();
    let mut found = store.backups(&cluster, before, limit + 1).await?;
    let more = found.len() > limit as usize;
    found.truncate(limit as usize);
    let next = found.last().filter(|_| more).map(|last| format!("{}-{}", last.began, last.id));
    let told = here.backups.told().remove(&cluster).unwrap_or_default();
    Ok(Json(BackupPage {
        items: found.into_iter().filter_map(line).collect(),
        next,
        total: store.count_backups(&cluster).await?,
        course: course(&here, &cluster),
        rehearsal: rehearsals::course(&here, &cluster),
        warnings: told.warnings.into_iter().map(warned).collect(),
    }))
}

/// Begins a backup now. The list tells how it goes.
#[utoipa::path(post, path = "/api/v1/clusters/{cluster}/backups", tag = "backups",
    params(("cluster" = String, Path, description = "Its name")),
    responses((status = 202, description = "It is being taken", body = BackupCourse)))]
pub(super) async fn start(
    State(here): State<Here>,
    Extension(who): Extension<Who>,
    Named(cluster): Named<String>,
) -> Result<Response, ApiError> {
    known(&here, &cluster)?;
    here.backups.start(&cluster, &who.name).await?;
    let course = course(&here, &cluster).ok_or(ApiError::Fault("no course"))?;
    Ok((StatusCode::ACCEPTED, Json(course)).into_response())
}

/// One backup.
#[utoipa::path(get, path = "/api/v1/clusters/{cluster}/backups/{id}", tag = "backups",
    params(("cluster" = String, Path, description = "Its name"), ("id" = String, Path, description = "The backup's")),
    responses((status = 200, description = "As it is known", body = Backup)))]
pub(super) async fn one(
    State(here): State<Here>,
    Named((cluster, id)): Named<(String, String)>,
) -> Result<Json<Backup>, ApiError> {
    let found = here.backups.store().backup(&cluster, &id).await?;
    found.and_then(line).map(Json).ok_or_else(|| missing(&id))
}

/// Deletes every copy of a backup. The only verified one stays.
#[utoipa::path(delete, path = "/api/v1/clusters/{cluster}/backups/{id}", tag = "backups",
    params(("cluster" = String, Path, description = "Its name"), ("id" = String, Path, description = "The backup's")),
    responses((status = 204, description = "Removed")))]
pub(super) async fn remove(
    State(here): State<Here>,
    Named((cluster, id)): Named<(String, String)>,
) -> Result<StatusCode, ApiError> {
    here.backups.remove(&cluster, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The file of a backup, as it is stored. It holds every Secret of the cluster.
#[utoipa::path(get, path = "/api/v1/clusters/{cluster}/backups/{id}/file", tag = "backups",
    params(("cluster" = String, Path, description = "Its name"), ("id" = String, Path, description = "The backup's")),
    responses((status = 200, description = "Compressed and encrypted as the backup says",
        content((Vec<u8> = "application/octet-stream")))))]
pub(super) async fn file(
    State(here): State<Here>,
    Named((cluster, id)): Named<(String, String)>,
) -> Result<Response, ApiError> {
    sent(&here, &cluster, &id, |manifest| Some(&manifest.stored)).await
}

/// What travels with a backup: an archive of its files, compressed and encrypted with age.
#[utoipa::path(get, path = "/api/v1/clusters/{cluster}/backups/{id}/companion", tag = "backups",
    params(("cluster" = String, Path, description = "Its name"), ("id" = String, Path, description = "The backup's")),
    responses((status = 200, description = "A tar archive, compressed with Zstandard, encrypted with age",
        content((Vec<u8> = "application/octet-stream")))))]
pub(super) async fn companion(
    State(here): State<Here>,
    Named((cluster, id)): Named<(String, String)>,
) -> Result<Response, ApiError> {
    sent(&here, &cluster, &id, |manifest| manifest.companion.as_ref().map(|companion| &companion.stored)).await
}

/// An object of a backup, from the first place that gives it.
async fn sent(
    here: &Here,
    cluster: &str,
    id: &str,
    which: impl Fn(&Manifest) -> Option<&Stored>,
) -> Result<Response, ApiError> {
    let found = here.backups.store().backup(cluster, id).await?.ok_or_else(|| missing(id))?;
    let manifest = Manifest::read(found.manifest.as_bytes()).map_err(|_| missing(id))?;
    let nothing = || ApiError::Missing(format!("what would travel with the backup {id}"));
    let stored = which(&manifest).ok_or_else(nothing)?;
    let mut last = None;
    for copy in found.copies.iter().filter(|copy| copy.state == CopyState::Kept) {
        let Some(place) = here.backups.place(&copy.place) else { continue };
        match place.read(&manifest, stored).await {
            Ok(stream) => {
                let headers = [
                    (header::CONTENT_TYPE, "application/octet-stream".to_owned()),
                    (header::CONTENT_LENGTH, stored.size.to_string()),
                    (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{}\"", stored.name)),
                    (header::CACHE_CONTROL, "no-store".to_owned()),
                    (header::ETAG, format!("\"{}\"", stored.sha256)),
                ];
                return Ok((headers, Body::from_stream(stream)).into_response());
            }
            Err(error) => last = Some(error),
        }
    }
    let what = last.map_or_else(|| format!("the backup {id} is not stored anywhere yet"), |error| error.to_string());
    Err(ApiError::Unreachable { what, todo: String::new() })
}

pub(super) fn known(here: &Here, cluster: &str) -> Result<(), ApiError> {
    use app::source::Source as _;
    let there = here.asked.clusters().iter().any(|line| line.name == cluster);
    if there { Ok(()) } else { Err(ApiError::Missing(format!("the cluster {cluster}"))) }
}

fn missing(id: &str) -> ApiError {
    ApiError::Missing(format!("the backup {id}"))
}

fn place_of(next: &str) -> Result<(i64, &str), ApiError> {
    let parts = next.split_once('-').and_then(|(began, id)| Some((began.parse().ok()?, id)));
    parts.ok_or_else(|| ApiError::Unclear("next is none that a page gave".into()))
}

fn line(found: store::Backup) -> Option<Backup> {
    let manifest = Manifest::read(found.manifest.as_bytes()).ok()?;
    let copies = found.copies.into_iter().map(|copy| BackupCopy {
        place: copy.place,
        state: match copy.state {
            CopyState::Pending => There::Pending,
            CopyState::Kept => There::Kept,
            CopyState::Bad => There::Bad,
        },
        since: moment(copy.at),
        detail: copy.detail,
    });
    let steps = manifest.steps.into_iter().map(|proved| BackupStep {
        step: proved.step,
        at: moment(proved.at),
        tool: proved.tool,
        millis: proved.millis,
    });
    Some(Backup {
        id: manifest.id,
        began: moment(manifest.began),
        ended: moment(manifest.ended),
        by: manifest.by,
        member: manifest.member,
        etcd_version: manifest.etcd_version,
        revision: manifest.revision,
        keys: manifest.keys,
        size: manifest.size,
        stored_size: manifest.stored.size,
        sha256: manifest.stored.sha256,
        recipients: manifest.stored.recipients,
        steps: steps.collect(),
        rehearsal: manifest.rehearsal.map(Into::into),
        companion: manifest.companion.map(Into::into),
        copies: copies.collect(),
    })
}

fn course(here: &Here, cluster: &str) -> Option<BackupCourse> {
    let course = here.backups.course(cluster)?;
    let (stage, detail) = match course.stage {
        Stage::Taking(_) => (BackupStage::Taking, None),
        Stage::Delivering(id) => (BackupStage::Delivering, Some(id)),
        Stage::Done(id) => (BackupStage::Done, Some(id)),
        Stage::Failed(why) => (BackupStage::Failed, Some(why)),
    };
    Some(BackupCourse { began: moment(course.began), by: course.by, stage, detail })
}

fn warned(warning: crate::backup::warnings::Warning) -> BackupWarning {
    BackupWarning { grave: warning.grave, kind: warning.kind.into(), what: warning.what, todo: warning.todo }
}

impl From<BackupError> for ApiError {
    fn from(error: BackupError) -> Self {
        match error {
            BackupError::Store(error) => error.into(),
            BackupError::Missing(id) => missing(&id),
            BackupError::Unknown(_)
            | BackupError::LastGood(_)
            | BackupError::OnItsWay(_)
            | BackupError::Sealed(_)
            | BackupError::Rehearsing(_)
            | BackupError::Underway(_) => Self::Unusable { what: error.to_string(), todo: String::new() },
            BackupError::Take(_) | BackupError::Place(_) => {
                Self::Unreachable { what: error.to_string(), todo: String::new() }
            }
        }
    }
}
