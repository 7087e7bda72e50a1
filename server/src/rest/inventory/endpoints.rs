//! Where services' traffic ends.

use axum::{Json, extract::State};
use serde::Serialize;
use utoipa::ToSchema;

use topology::inventory::Source;

use super::{Wanted, known, services::Port};
use crate::rest::{
    ApiError, Here,
    asked::{Asked, Named},
    page::{Page, page},
    words::Health,
};

/// An address that answers for a service.
#[derive(Debug, Serialize, ToSchema)]
pub struct Endpoint {
    /// The service's namespace.
    pub namespace: String,
    /// The service.
    pub service: String,
    /// Its slice; a service may have several.
    pub slice: String,
    /// The address.
    pub address: String,
    /// Whether it takes traffic.
    pub ready: bool,
    /// The pod behind it; null when it is none.
    pub pod: Option<String>,
    /// The node that it is on; null when not told.
    pub node: Option<String>,
    /// Its ports.
    pub ports: Vec<Port>,
}

/// Endpoints of all services, by namespace, service and slice. `state` is `ok` or `warn`, `search` looks into
/// names of services; `owner` lets none through.
#[utoipa::path(get, path = "/api/v1/clusters/{cluster}/endpoints", tag = "inventory",
    params(("cluster" = String, Path, description = "The cluster's name"), Wanted),
    responses((status = 200, description = "A page", body = Page<Endpoint>)))]
pub(in crate::rest) async fn list(
    State(here): State<Here>,
    Named(cluster): Named<String>,
    Asked(wanted): Asked<Wanted>,
) -> Result<Json<Page<Endpoint>>, ApiError> {
    let cluster = here.site.cluster(&cluster).await?;
    let found = cluster.read(|inventory| {
        known(inventory, Source::Endpoints, &[Source::Services], || {
            let services = inventory.services().filter(|service| {
                wanted.owner.is_none()
                    && wanted.namespace.as_ref().is_none_or(|namespace| **namespace == *service.key.namespace)
                    && wanted.has_text(&service.key.name)
            });
            let wanted = &wanted;
            let items = services.flat_map(|service| {
                let sets = inventory.endpoints_of(&service.key);
                let mut items: Vec<_> = sets
                    .flat_map(|set| set.endpoints.iter().map(move |endpoint| (&set.key.name, endpoint)))
                    .filter(|(_, endpoint)| {
                        let health = if endpoint.ready { Health::Ok } else { Health::Warn };
                        wanted.has_node(endpoint.node.as_deref()) && wanted.has_health(health)
                    })
                    .map(|(slice, endpoint)| {
                        let port = |port: &topology::inventory::EndpointPort| Port {
                            name: port.name.to_string(),
                            protocol: port.protocol.to_string(),
                            port: port.port,
                            node_port: None,
                        };
                        let item = Endpoint {
                            namespace: service.key.namespace.to_string(),
                            service: service.key.name.to_string(),
                            slice: slice.to_string(),
                            address: endpoint.address.to_string(),
                            ready: endpoint.ready,
                            pod: endpoint.pod.as_ref().map(ToString::to_string),
                            node: endpoint.node.as_ref().map(ToString::to_string),
                            ports: endpoint.ports.iter().map(port).collect(),
                        };
                        let key =
                            [item.namespace.clone(), item.service.clone(), item.slice.clone(), item.address.clone()];
                        (key, item)
                    })
                    .collect();
                items.sort_by(|(a, _), (b, _)| a.cmp(b));
                items
            });
            page(items, wanted.next.as_deref(), wanted.limit)
        })
    });
    found.map(Json)
}
