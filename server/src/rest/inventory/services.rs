//! Services.

use axum::{Json, extract::State};
use serde::Serialize;
use topology::figure::service_state;
use utoipa::ToSchema;

use topology::inventory::Source;

use super::{Wanted, known};
use crate::rest::{
    ApiError, Here,
    asked::{Asked, Named},
    page::{Page, page},
    words::Health,
};

/// A service.
#[derive(Debug, Serialize, ToSchema)]
pub struct Service {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// As in `ClusterIP`.
    pub kind: String,
    /// Its state.
    pub health: Health,
    /// Addresses inside the cluster.
    pub cluster_ips: Vec<String>,
    /// Addresses and host names outside: of load balancers and external ones.
    pub external: Vec<String>,
    /// Its ports.
    pub ports: Vec<Port>,
    /// Endpoints that are ready.
    pub endpoints_ready: u32,
    /// Endpoints that it has.
    pub endpoints: u32,
}

/// A port of a service.
#[derive(Debug, Serialize, ToSchema)]
pub struct Port {
    /// Its name, often empty.
    pub name: String,
    /// As in `TCP`.
    pub protocol: String,
    /// Its number.
    pub port: u16,
    /// The port on every node that leads here; null when none does.
    pub node_port: Option<u16>,
}

/// Services, by namespace and name. `node` and `owner` let none through.
#[utoipa::path(get, path = "/api/v1/clusters/{cluster}/services", tag = "inventory",
    params(("cluster" = String, Path, description = "The cluster's name"), Wanted),
    responses((status = 200, description = "A page", body = Page<Service>)))]
pub(in crate::rest) async fn list(
    State(here): State<Here>,
    Named(cluster): Named<String>,
    Asked(wanted): Asked<Wanted>,
) -> Result<Json<Page<Service>>, ApiError> {
    let cluster = here.site.cluster(&cluster).await?;
    let filter = wanted.filter();
    let found = cluster.read(|inventory| {
        known(inventory, Source::Services, &[Source::Endpoints], || {
            let items = inventory.services().filter_map(|service| {
                let (health, ready, total) = service_state(inventory, service);
                let passes = wanted.node.is_none() && filter.matches_service(&service.key, health);
                passes.then(|| {
                    let port = |port: &topology::inventory::ServicePort| Port {
                        name: port.name.to_string(),
                        protocol: port.protocol.to_string(),
                        port: port.port,
                        node_port: port.node_port,
                    };
                    let outside = service.balancer_ips.iter().chain(&service.external_ips);
                    let item = Service {
                        namespace: service.key.namespace.to_string(),
                        name: service.key.name.to_string(),
                        kind: service.kind.to_string(),
                        health: health.into(),
                        cluster_ips: service.cluster_ips.iter().map(ToString::to_string).collect(),
                        external: outside.map(ToString::to_string).collect(),
                        ports: service.ports.iter().map(port).collect(),
                        endpoints_ready: ready,
                        endpoints: total,
                    };
                    ([item.namespace.clone(), item.name.clone()], item)
                })
            });
            page(items, wanted.next.as_deref(), wanted.limit)
        })
    });
    found.map(Json)
}
