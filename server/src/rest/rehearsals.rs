//! Rehearsals of backups: whether one restores.

use axum::{
    Extension, Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{ApiError, Here, asked::Named, backups::known, words::moment};
use crate::{
    access::Who,
    backup::{
        manifest::{Companion, Rehearsal},
        rehearsing::{Held, Trial},
    },
};

/// How the last rehearsal of a backup went: it was restored, and an etcd started on it.
#[derive(Debug, Serialize, ToSchema)]
pub struct BackupRehearsal {
    /// When it was over, RFC 3339.
    #[schema(format = DateTime)]
    pub at: String,
    /// The version of the etcd that started; empty when none did.
    pub etcd: String,
    /// The cluster's version when it is another, without its last part.
    pub cluster_version: Option<String>,
    /// At which revision it was, when that was compared and is right; the same for the next two.
    pub revision: Option<i64>,
    /// How many keys it had.
    pub keys: Option<u64>,
    /// Its HashKV.
    pub hash_kv: Option<u32>,
    /// How long the restore took, in milliseconds.
    pub restored_millis: u64,
    /// How long it took from there until etcd answered.
    pub started_millis: u64,
    /// How long all of it took.
    pub millis: u64,
    /// Why it does not restore; null when it does.
    pub failure: Option<String>,
    /// Why it refused to write before its alarms were disarmed; null when it wrote a key and gave it back at once.
    pub refused: Option<String>,
}

/// What travels with a backup, encrypted.
#[derive(Debug, Serialize, ToSchema)]
pub struct BackupCompanion {
    /// Bytes as it is stored.
    pub stored_size: u64,
    /// SHA-256 of what is stored, hexadecimal: of what a download brings.
    pub sha256: String,
    /// Paths of the files in it.
    pub files: Vec<String>,
}

/// How a rehearsal goes, or went.
#[derive(Debug, Serialize, ToSchema)]
pub struct RehearsalCourse {
    /// Of which backup.
    pub backup: String,
    /// Who asked for it; `schedule` when nobody did.
    pub by: String,
    /// When it began, RFC 3339.
    #[schema(format = DateTime)]
    pub began: String,
    /// How far it is.
    pub stage: RehearsalStage,
    /// Why it does not restore or could not be held.
    pub detail: Option<String>,
}

/// How far a rehearsal is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RehearsalStage {
    /// It goes on.
    Running,
    /// The backup restores.
    Restores,
    /// The backup does not restore.
    Fails,
    /// It could not be held: nothing is known of the backup.
    NotHeld,
}

/// Begins a rehearsal of a stored backup. Only of one that is not encrypted: its private key is not here.
#[utoipa::path(post, path = "/api/v1/clusters/{cluster}/backups/{id}/rehearsals", tag = "backups",
    params(("cluster" = String, Path, description = "Its name"), ("id" = String, Path, description = "The backup's")),
    responses((status = 202, description = "A test restore is running", body = RehearsalCourse)))]
pub(super) async fn start(
    State(here): State<Here>,
    Extension(who): Extension<Who>,
    Named((cluster, id)): Named<(String, String)>,
) -> Result<Response, ApiError> {
    known(&here, &cluster)?;
    here.backups.start_rehearsal(&cluster, &id, &who.name).await?;
    let course = course(&here, &cluster).ok_or(ApiError::Fault("no course"))?;
    Ok((StatusCode::ACCEPTED, Json(course)).into_response())
}

/// Answers the warning that a cluster was rebuilt or went back: it was meant. Its earlier backups stay as they are.
#[utoipa::path(post, path = "/api/v1/clusters/{cluster}/backups/accept", tag = "backups",
    params(("cluster" = String, Path, description = "Its name")),
    responses((status = 204, description = "The warning has ended")))]
pub(super) async fn accept(
    State(here): State<Here>,
    Extension(who): Extension<Who>,
    Named(cluster): Named<String>,
) -> Result<StatusCode, ApiError> {
    known(&here, &cluster)?;
    here.backups.accept_life(&cluster, &who.name).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) fn course(here: &Here, cluster: &str) -> Option<RehearsalCourse> {
    let Trial { backup, by, began, held } = here.backups.trial(cluster)?;
    let (stage, detail) = match held {
        None => (RehearsalStage::Running, None),
        Some(Held::Well(_)) => (RehearsalStage::Restores, None),
        Some(Held::Ill(why)) => (RehearsalStage::Fails, Some(why)),
        Some(Held::Not(why)) => (RehearsalStage::NotHeld, Some(why)),
    };
    Some(RehearsalCourse { backup, by, began: moment(began), stage, detail })
}

impl From<Rehearsal> for BackupRehearsal {
    fn from(rehearsal: Rehearsal) -> Self {
        Self {
            at: moment(rehearsal.at),
            etcd: rehearsal.etcd,
            cluster_version: rehearsal.cluster_version,
            revision: rehearsal.revision,
            keys: rehearsal.keys,
            hash_kv: rehearsal.hash_kv,
            restored_millis: rehearsal.restored_millis,
            started_millis: rehearsal.started_millis,
            millis: rehearsal.millis,
            failure: rehearsal.failure,
            refused: rehearsal.refused,
        }
    }
}

impl From<Companion> for BackupCompanion {
    fn from(companion: Companion) -> Self {
        Self {
            stored_size: companion.stored.size,
            sha256: companion.stored.sha256,
            files: companion.files.into_iter().map(|file| file.path).collect(),
        }
    }
}
