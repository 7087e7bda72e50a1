//! One object of any kind, without secrets.

use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    ApiError, Here,
    asked::{Asked, Named},
    events::refused,
};
use crate::{cluster::manifest::manifest, pages::objects::kind_of};

/// Where the object lies.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Wanted {
    /// Its namespace; left out for what lies in none.
    namespace: Option<String>,
}

/// An object as the API server tells it.
#[derive(Debug, Serialize, ToSchema)]
pub struct Manifest {
    /// The object, without managed fields. Values that look secret are `•••`.
    #[schema(value_type = Object)]
    pub object: serde_json::Value,
    /// How many values are hidden.
    pub hidden: usize,
}

/// One object. `group` is `core` for Kubernetes' own first group. Secrets are never opened.
#[utoipa::path(get, path = "/api/v1/clusters/{cluster}/objects/{group}/{plural}/{name}", tag = "inventory",
    params(("cluster" = String, Path, description = "The cluster's name"),
        ("group" = String, Path, description = "The API group, `core` for the first"),
        ("plural" = String, Path, description = "The kind as in paths of the API server, such as `pods`"),
        ("name" = String, Path, description = "The object's name"), Wanted),
    responses((status = 200, description = "The object", body = Manifest)))]
pub(super) async fn one(
    State(here): State<Here>,
    Named((cluster, group, plural, name)): Named<(String, String, String, String)>,
    Asked(wanted): Asked<Wanted>,
) -> Result<Json<Manifest>, ApiError> {
    let cluster = here.site.cluster(&cluster).await?;
    let kind = kind_of(&cluster, &group, &plural).await?;
    if kind.is_secret() {
        return Err(ApiError::Unclear("Secrets are never opened".into()));
    }
    let namespace = wanted.namespace.unwrap_or_default();
    if kind.namespaced == namespace.is_empty() {
        let what = if kind.namespaced { "needs a namespace" } else { "lies in no namespace" };
        return Err(ApiError::Unclear(format!("{} {what}", kind.kind)));
    }
    let told = manifest(cluster.client(), &kind, &namespace, &name).await.map_err(refused)?;
    Ok(Json(Manifest { object: told.object, hidden: told.hidden }))
}
