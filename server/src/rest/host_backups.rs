//! Backups that kubespray left on the hosts.

use axum::{Json, extract::State};
use serde::Serialize;
use utoipa::ToSchema;

use super::{ApiError, Here, asked::Named, backups::known, words::moment};
use crate::backup::hosts::{FoundFile, OnHost};

/// What is known of each host that is asked.
#[derive(Debug, Serialize, ToSchema)]
pub struct HostBackups {
    /// The hosts, as the setting `backup_hosts` has them.
    pub items: Vec<BackupHost>,
}

/// A host.
#[derive(Debug, Serialize, ToSchema)]
pub struct BackupHost {
    /// How it is reached.
    pub host: String,
    /// When it was asked, RFC 3339.
    #[schema(format = DateTime)]
    pub asked: String,
    /// Why the snapshots there are not known; null when they are.
    pub wrong: Option<String>,
    /// The snapshots there, newest first.
    pub backups: Vec<HostBackup>,
}

/// A snapshot that nobody has proved.
#[derive(Debug, Serialize, ToSchema)]
pub struct HostBackup {
    /// Where it is stored.
    pub path: String,
    /// When it was written, RFC 3339.
    #[schema(format = DateTime)]
    pub written: String,
    /// Its bytes.
    pub size: u64,
    /// Whether its length is that of a database with its digest behind it; where not, it is not whole.
    pub length_fits: bool,
}

/// What kubespray left on the hosts: snapshots that nobody has verified.
#[utoipa::path(get, path = "/api/v1/clusters/{cluster}/host-backups", tag = "backups",
    params(("cluster" = String, Path, description = "Its name")),
    responses((status = 200, description = "As it was when the hosts were last asked", body = HostBackups)))]
pub(super) async fn list(
    State(here): State<Here>,
    Named(cluster): Named<String>,
) -> Result<Json<HostBackups>, ApiError> {
    known(&here, &cluster)?;
    Ok(Json(HostBackups { items: here.backups.on_hosts(&cluster).into_iter().map(BackupHost::from).collect() }))
}

impl From<OnHost> for BackupHost {
    fn from(host: OnHost) -> Self {
        let (backups, wrong) = match host.found {
            Ok(files) => (files.into_iter().map(HostBackup::from).collect(), None),
            Err(why) => (Vec::new(), Some(why)),
        };
        Self { host: host.host, asked: moment(host.at), wrong, backups }
    }
}

impl From<FoundFile> for HostBackup {
    fn from(file: FoundFile) -> Self {
        Self { path: file.path, written: moment(file.written), size: file.size, length_fits: file.fits }
    }
}
