//! What the cluster says has happened.

use app::pages::objects::EventsSought;
use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    ApiError, Here,
    asked::{Asked, Named},
    page::Limit,
};
use crate::{
    cluster::ask::{Event as Told, Refused},
    pages::objects::{events_told, fits},
};

/// Which events are wanted; what is not said lets everything through.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Wanted {
    /// Only of objects in this namespace.
    namespace: Option<String>,
    /// Only of objects of this kind, as in `Pod`.
    kind: Option<String>,
    /// Only of the object of this name.
    name: Option<String>,
    /// Only of this type: `Normal` or `Warning`.
    #[serde(rename = "type")]
    of_type: Option<String>,
    /// Only what has this text in its reason, message or object, whatever its case.
    search: Option<String>,
    /// Events at most.
    #[param(value_type = Option<u16>, minimum = 1, maximum = 1000, default = 100)]
    limit: Option<Limit>,
}

/// Events, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct ClusterEvents {
    /// The newest.
    pub items: Vec<ClusterEvent>,
    /// How many match in all.
    pub total: usize,
    /// Whether all events of the cluster were read; where not, a namespace narrows them down.
    pub complete: bool,
}

/// One event.
#[derive(Debug, Serialize, ToSchema)]
pub struct ClusterEvent {
    /// When it was last seen, RFC 3339; empty where that is not told.
    pub last_seen: String,
    /// `Normal` or `Warning`.
    #[serde(rename = "type")]
    pub of_type: String,
    /// A word.
    pub reason: String,
    /// A sentence.
    pub message: String,
    /// How often it was seen.
    pub count: u32,
    /// The kind of the object that it is about.
    pub kind: String,
    /// That object's namespace; empty for none.
    pub namespace: String,
    /// That object's name.
    pub name: String,
}

/// Events of the cluster, newest first.
#[utoipa::path(get, path = "/api/v1/clusters/{cluster}/events", tag = "inventory",
    params(("cluster" = String, Path, description = "The cluster's name"), Wanted),
    responses((status = 200, description = "The newest events", body = ClusterEvents)))]
pub(super) async fn list(
    State(here): State<Here>,
    Named(cluster): Named<String>,
    Asked(wanted): Asked<Wanted>,
) -> Result<Json<ClusterEvents>, ApiError> {
    let cluster = here.site.cluster(&cluster).await?;
    let sought = EventsSought {
        namespace: wanted.namespace.unwrap_or_default(),
        kind: wanted.kind.unwrap_or_default(),
        name: wanted.name.unwrap_or_default(),
        of_type: wanted.of_type.unwrap_or_default(),
        text: wanted.search.unwrap_or_default(),
    };
    let told = events_told(&cluster, &sought).await.map_err(refused)?;
    let found: Vec<&Told> = told.0.iter().filter(|event| fits(event, &sought)).collect();
    let most = usize::from(wanted.limit.unwrap_or(Limit::USUAL).get());
    let items = found.iter().take(most).map(|event| self::event(event)).collect();
    Ok(Json(ClusterEvents { items, total: found.len(), complete: told.1 }))
}

fn event(event: &Told) -> ClusterEvent {
    let about = &event.involved_object;
    ClusterEvent {
        last_seen: event.at().to_owned(),
        of_type: event.r#type.clone(),
        reason: event.reason.clone(),
        message: event.message().to_owned(),
        count: event.count(),
        kind: about.kind.clone(),
        namespace: about.namespace.clone(),
        name: about.name.clone(),
    }
}

/// Why the API server told nothing.
pub(super) fn refused(why: Refused) -> ApiError {
    let todo = match why {
        Refused::Missing(what) => return ApiError::Missing(what),
        Refused::Forbidden(_) => app::texts::objects::GRANT,
        Refused::Nothing(_) | Refused::Late(_) => "Ask again: Binnacle asks the API server anew.",
    };
    ApiError::Unreachable { what: format!("The API server does not tell: {why}."), todo: todo.into() }
}
