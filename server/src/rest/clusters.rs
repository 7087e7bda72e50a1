//! Clusters that can be chosen.

use app::source::Source as _;
use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use topology::{
    attention::Concern,
    inventory::{Heard, Source},
};
use utoipa::{IntoParams, ToSchema};

use super::{
    ApiError, Here,
    asked::{Asked, Named},
    words::{Health, moment},
};

/// What needs attention is listed up to so many; it is counted whole.
const LISTED: usize = 50;

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

/// When a cluster is looked at.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct When {
    /// As it was at this moment, RFC 3339; else as it is now.
    #[param(example = "2026-11-29T03:02:00Z")]
    t: Option<String>,
}

/// A cluster as it is now, or was.
#[derive(Debug, Serialize, ToSchema)]
pub struct Cluster {
    /// Its name in paths.
    pub name: String,
    /// The past moment that this is of, RFC 3339; null for now.
    #[schema(format = DateTime)]
    pub at: Option<String>,
    /// How it fares, in a sentence.
    pub sentence: String,
    /// What needs attention.
    pub attention: AttentionList,
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

/// What needs attention, worst first.
#[derive(Debug, Serialize, ToSchema)]
pub struct AttentionList {
    /// Whether nodes and pods are heard well enough for an empty list to mean that nothing does.
    pub known: bool,
    /// The worst.
    pub items: Vec<AttentionLine>,
    /// How many there are in all.
    pub total: usize,
}

/// Something that needs attention.
#[derive(Debug, Serialize, ToSchema)]
pub struct AttentionLine {
    /// How it fares.
    pub health: Health,
    /// Its name for people, as in `Deployment ims/hss`.
    pub what: String,
    /// What is wrong.
    pub why: String,
    /// Since when, RFC 3339; null where no source tells.
    #[schema(format = DateTime)]
    pub since: Option<String>,
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

/// One cluster: how it fares, its version, its size and how well it is heard.
#[utoipa::path(get, path = "/api/v1/clusters/{cluster}", tag = "clusters",
    params(("cluster" = String, Path, description = "Its name"), When),
    responses((status = 200, description = "As it is now, or was", body = Cluster)))]
pub(super) async fn one(
    State(here): State<Here>,
    Named(name): Named<String>,
    Asked(when): Asked<When>,
) -> Result<Json<Cluster>, ApiError> {
    let is_past = when.t.is_some();
    let cluster = here.site.cluster_at(&name, &when.t.unwrap_or_default()).await?;
    let state = crate::pages::state(&here.asked, &name, &cluster).await;
    let state = state.ok_or(ApiError::Fault("the sentence of the cluster"))?;
    let attention = AttentionList {
        known: state.known,
        items: state.concerns.iter().take(LISTED).map(attention).collect(),
        total: state.concerns.len(),
    };
    let trouble = cluster.trouble().map(|trouble| trouble.to_string());
    let at = is_past.then(|| moment(cluster.now().0));
    Ok(Json(cluster.read(|inventory| Cluster {
        name,
        at,
        sentence: state.sentence,
        attention,
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

fn attention(concern: &Concern) -> AttentionLine {
    AttentionLine {
        health: concern.health.into(),
        what: concern.what.clone(),
        why: concern.why.clone(),
        since: concern.since.map(|since| moment(since.0)),
    }
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
