//! Clusters that can be chosen.

use app::source::Source as _;
use axum::{Json, extract::State};
use serde::Serialize;
use topology::inventory::{Heard, Source};
use utoipa::ToSchema;

use super::{ApiError, Here, asked::Named};

/// A cluster that can be chosen.
#[derive(Debug, Serialize, ToSchema)]
pub struct ClusterLine {
    /// Its name in paths: a kubeconfig context, `in-cluster` or `demo`.
    pub name: String,
    /// Where it comes from, as in `context of ~/.kube/config`.
    pub origin: String,
    /// Whether it is the built-in demonstration, where nothing is real.
    pub demo: bool,
}

/// All clusters.
#[derive(Debug, Serialize, ToSchema)]
pub struct ClusterList {
    /// In the order of the configuration.
    pub items: Vec<ClusterLine>,
}

/// A cluster as it is now.
#[derive(Debug, Serialize, ToSchema)]
pub struct Cluster {
    /// Its name in paths.
    pub name: String,
    /// The API server's version, as in `v1.34.4`; null as long as it was not told.
    pub version: Option<String>,
    /// Where clients reach the API; null as long as it was not told.
    pub entrance: Option<String>,
    /// How many nodes it has.
    pub nodes: usize,
    /// How many pods.
    pub pods: usize,
    /// How many services.
    pub services: usize,
    /// What keeps us from reading it, in a sentence; null when nothing does.
    pub trouble: Option<String>,
    /// The namespaces that are looked at, when these are not all: counts are of what lies in them. Null for all.
    pub namespaces: Option<Vec<String>>,
    /// What is missing because not all namespaces are looked at, in sentences.
    pub missing: Vec<String>,
    /// How far each source of facts has spoken.
    pub sources: Vec<SourceLine>,
}

/// A source of facts.
#[derive(Debug, Serialize, ToSchema)]
pub struct SourceLine {
    /// As in `pods`.
    pub name: String,
    /// How far it has spoken.
    pub state: SourceState,
}

/// How far a source has spoken.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SourceState {
    /// Its first list is under way.
    NotYet,
    /// Nothing yet, for its list fails again and again.
    Unread,
    /// The cluster does not serve it.
    NotServed,
    /// We may not read it.
    Forbidden,
    /// Complete and followed.
    Live,
    /// It may be listed and not watched: it is listed again from time to time.
    Listed,
    /// It was complete, but the line is cut.
    Stale,
}

/// The clusters that can be chosen.
#[utoipa::path(get, path = "/api/v1/clusters", tag = "clusters",
    responses((status = 200, description = "All of them", body = ClusterList)))]
pub(super) async fn list(State(here): State<Here>) -> Json<ClusterList> {
    let line = |line: app::source::ClusterLine| ClusterLine { name: line.name, origin: line.origin, demo: line.demo };
    Json(ClusterList { items: here.asked.clusters().into_iter().map(line).collect() })
}

/// One cluster: its version, its size and how well it is heard.
#[utoipa::path(get, path = "/api/v1/clusters/{cluster}", tag = "clusters",
    params(("cluster" = String, Path, description = "Its name")),
    responses((status = 200, description = "As it is now", body = Cluster)))]
pub(super) async fn one(State(here): State<Here>, Named(name): Named<String>) -> Result<Json<Cluster>, ApiError> {
    let cluster = here.site.cluster(&name).await?;
    let trouble = cluster.trouble().map(|trouble| trouble.to_string());
    Ok(Json(cluster.read(|inventory| Cluster {
        name,
        version: inventory.version().map(ToString::to_string),
        entrance: inventory.entrance().map(ToString::to_string),
        nodes: inventory.nodes().len(),
        pods: inventory.pods().len(),
        services: inventory.services().len(),
        trouble,
        namespaces: inventory.scope().names().map(|names| names.iter().map(ToString::to_string).collect()),
        missing: inventory.missing(),
        sources: Source::every().map(|source| line(source, inventory.heard(source))).collect(),
    })))
}

fn line(source: Source, heard: &Heard) -> SourceLine {
    let state = match heard {
        Heard::NotYet => SourceState::NotYet,
        Heard::Unread { .. } => SourceState::Unread,
        Heard::NotServed => SourceState::NotServed,
        Heard::Forbidden { .. } => SourceState::Forbidden,
        Heard::Live => SourceState::Live,
        Heard::Listed { .. } => SourceState::Listed,
        Heard::Stale { .. } => SourceState::Stale,
    };
    SourceLine { name: source.word().into(), state }
}
