//! Whether we are well, and which version we are.

use axum::{Json, extract::State};
use serde::Serialize;
use utoipa::ToSchema;

use super::{ApiError, Here};

/// The state of the server.
#[derive(Debug, Serialize, ToSchema)]
pub struct ServerHealth {
    /// Whether it does all that it should: the database answers.
    pub ok: bool,
}

/// Which version answers.
#[derive(Debug, Serialize, ToSchema)]
pub struct Version {
    /// The program's name.
    pub name: String,
    /// Its version, as in `0.1.0`.
    pub version: String,
    /// The version of the API: the number in its paths.
    pub api: u32,
}

/// Whether the server is healthy; 503 when its database does not answer.
#[utoipa::path(get, path = "/api/v1/health", tag = "server",
    responses((status = 200, description = "It is healthy", body = ServerHealth)))]
pub(super) async fn health(State(here): State<Here>) -> Result<Json<ServerHealth>, ApiError> {
    here.door.store().ping().await?;
    Ok(Json(ServerHealth { ok: true }))
}

/// Which version answers.
#[utoipa::path(get, path = "/api/v1/version", tag = "server",
    responses((status = 200, description = "The version", body = Version)))]
pub(super) async fn version() -> Json<Version> {
    Json(Version { name: "binnacle".into(), version: env!("CARGO_PKG_VERSION").into(), api: 1 })
}
