//! The way of traffic to a service, a pod, a port or an address.

use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use topology::{
    figure::traced,
    graph::{Passage, Question},
};
use utoipa::{IntoParams, ToSchema};

use super::{
    ApiError, Here,
    asked::{Asked, Named},
    words::moment,
};

/// What is followed, and when.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Followed {
    /// As in `service/ims/hss`, `pod/ims/hss-0`, `30080` for a node port, `10.1.0.222` or a host name with a dot.
    of: String,
    /// As it was at this moment, RFC 3339; else as it is now.
    #[param(example = "2026-11-29T03:02:00Z")]
    t: Option<String>,
}

/// The way of traffic, from outside to the network that carries it.
#[derive(Debug, Serialize, ToSchema)]
pub struct TrafficWay {
    /// What was followed, in words.
    pub of: String,
    /// The moment that this is of, RFC 3339.
    #[schema(format = DateTime)]
    pub at: String,
    /// What is to be said of it, in sentences: what is unknown or old as well.
    pub notes: Vec<String>,
    /// The places that traffic passes, in order.
    pub items: Vec<TrafficHop>,
}

/// A place that traffic passes.
#[derive(Debug, Serialize, ToSchema)]
pub struct TrafficHop {
    /// Names it in this way.
    pub id: String,
    /// `outside`, `entry`, `service`, `endpoint`, `pod`, `node`, `card` or `network`.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Its ports, its namespace, or its role.
    pub note: String,
    /// Whether traffic gets through.
    pub passage: TrafficPassage,
    /// The ids of the places that it leads to.
    pub to: Vec<String>,
}

/// Whether traffic gets through a place.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TrafficPassage {
    /// It does.
    Open,
    /// It does not.
    Closed,
    /// No source tells.
    Unknown,
}

/// Follows traffic to a service, a pod, a node port, an address or a host name.
#[utoipa::path(get, path = "/api/v1/clusters/{cluster}/follow", tag = "diagrams",
    params(("cluster" = String, Path, description = "The cluster's name"), Followed),
    responses((status = 200, description = "The way", body = TrafficWay)))]
pub(super) async fn one(
    State(here): State<Here>,
    Named(cluster): Named<String>,
    Asked(followed): Asked<Followed>,
) -> Result<Json<TrafficWay>, ApiError> {
    let question: Question =
        followed.of.parse().map_err(|unclear| ApiError::Unclear(format!("of leads nowhere: you can {unclear}")))?;
    let cluster = here.site.cluster_at(&cluster, &followed.t.unwrap_or_default()).await?;
    let way = cluster.read(|inventory| traced(inventory, &question));
    let hop = |hop: topology::figure::TracedHop| TrafficHop {
        id: hop.id,
        kind: hop.kind.into(),
        name: hop.name,
        note: hop.note,
        passage: match hop.passage {
            Passage::Open => TrafficPassage::Open,
            Passage::Closed => TrafficPassage::Closed,
            Passage::Unknown => TrafficPassage::Unknown,
        },
        to: hop.to,
    };
    Ok(Json(TrafficWay {
        of: question.to_string(),
        at: moment(cluster.now().0),
        notes: way.notes,
        items: way.hops.into_iter().map(hop).collect(),
    }))
}
