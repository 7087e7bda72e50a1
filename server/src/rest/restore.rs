//! The way back to a backup, and what is different between two.

use axum::{Json, extract::State, response::Response};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    ApiError, Here,
    asked::{Asked, Named},
};
use crate::backup::{
    changes::{Changes, ComparedError, Group, Names},
    restoring::{NoPage, Wanted, Ways, as_markdown, chosen},
};

/// Which way back is wanted.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct WayAsked {
    /// What is lost: `quorum`, or the name of a member; else what seems to be.
    lost: Option<String>,
}

/// Which older backup is meant.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Since {
    /// The id of the older backup.
    since: String,
}

/// What is different between two backups.
#[derive(Debug, Serialize, ToSchema)]
pub struct BackupChanges {
    /// Objects that only the newer has.
    pub added: u64,
    /// Objects that only the older has.
    pub removed: u64,
    /// Objects of both that are not the same in both.
    pub changed: u64,
    /// Objects that are.
    pub same: u64,
    /// By kind and namespace, those without differences left out.
    pub groups: Vec<BackupChangesGroup>,
    /// Differences of further kinds and namespaces, when there are more than can be told apart.
    pub elsewhere: u64,
}

/// What is different of a kind in a namespace.
#[derive(Debug, Serialize, ToSchema)]
pub struct BackupChangesGroup {
    /// As in `pods` or `example.org/widgets`; empty for keys that are not of Kubernetes.
    pub resource: String,
    /// Empty for what belongs to the whole cluster.
    pub namespace: String,
    /// What only the newer has.
    pub added: BackupChangesNames,
    /// What only the older has.
    pub removed: BackupChangesNames,
    /// What is in both, and not the same.
    pub changed: BackupChangesNames,
}

/// Names of objects.
#[derive(Debug, Serialize, ToSchema)]
pub struct BackupChangesNames {
    /// How many there are.
    pub count: u64,
    /// The first of them.
    pub names: Vec<String>,
}

/// How a backup is restored on this very cluster: the commands host by host, and what to check after each.
#[utoipa::path(get, path = "/api/v1/clusters/{cluster}/backups/{id}/restore", tag = "backups",
    params(("cluster" = String, Path, description = "Its name"), ("id" = String, Path, description = "The backup's"), WayAsked),
    responses((status = 200, description = "Markdown", content((String = "text/markdown")))))]
pub(super) async fn guide(
    State(here): State<Here>,
    Named((cluster, id)): Named<(String, String)>,
    Asked(wanted): Asked<WayAsked>,
) -> Result<Response, ApiError> {
    let ways = Ways::new(here.site.clone(), here.backups.clone());
    let (_, facts) = ways.known(&cluster, &id).await.map_err(|NoPage(trouble)| ApiError::from(trouble))?;
    Ok(as_markdown(&chosen(&facts, &Wanted::of(wanted.lost)).0, &id))
}

/// What changed since an older backup: names of objects, never what they hold.
#[utoipa::path(get, path = "/api/v1/clusters/{cluster}/backups/{id}/changes", tag = "backups",
    params(("cluster" = String, Path, description = "Its name"), ("id" = String, Path, description = "The newer backup's"), Since),
    responses((status = 200, description = "By kind and namespace", body = BackupChanges)))]
pub(super) async fn changes(
    State(here): State<Here>,
    Named((cluster, id)): Named<(String, String)>,
    Asked(wanted): Asked<Since>,
) -> Result<Json<BackupChanges>, ApiError> {
    let ways = Ways::new(here.site.clone(), here.backups.clone());
    let found = async |id: &str| ways.found(&cluster, id).await.map_err(|NoPage(trouble)| ApiError::from(trouble));
    let (older, newer) = (found(&wanted.since).await?, found(&id).await?);
    let told = here.backups.compare(&older, &newer).await?;
    Ok(Json(answer(&told.changes)))
}

fn answer(changes: &Changes) -> BackupChanges {
    let names = |names: &Names| BackupChangesNames { count: names.count, names: names.names.clone() };
    let group = |group: &Group| BackupChangesGroup {
        resource: group.resource.clone(),
        namespace: group.namespace.clone(),
        added: names(&group.added),
        removed: names(&group.removed),
        changed: names(&group.changed),
    };
    BackupChanges {
        added: changes.added,
        removed: changes.removed,
        changed: changes.changed,
        same: changes.same,
        groups: changes.groups.iter().map(group).collect(),
        elsewhere: changes.elsewhere,
    }
}

impl From<ComparedError> for ApiError {
    fn from(error: ComparedError) -> Self {
        let what = error.to_string();
        match error {
            ComparedError::Away { .. } | ComparedError::Busy | ComparedError::Late(_) => {
                Self::Unreachable { what, todo: String::new() }
            }
            ComparedError::Encrypted(_) | ComparedError::Sealed { .. } | ComparedError::Changes(_) => {
                Self::Unusable { what, todo: String::new() }
            }
        }
    }
}
