//! Pods.

use std::collections::HashMap;

use axum::{Json, extract::State};
use serde::Serialize;
use topology::{
    health::{host_health, pod_health, pod_words},
    inventory::Name,
};
use utoipa::ToSchema;

use topology::inventory::Source;

use super::{Wanted, known};
use crate::rest::{
    ApiError, Here,
    asked::{Asked, Named},
    page::{Page, page},
    words::{Health, moment},
};

/// A pod.
#[derive(Debug, Serialize, ToSchema)]
pub struct Pod {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// The node that it is on; null while it is on none.
    pub node: Option<String>,
    /// Its state.
    pub health: Health,
    /// The same in words, as in `running, 3 restarts`.
    pub words: String,
    /// What it belongs to in the end, as `Deployment/web`; null when to nothing.
    pub owner: Option<String>,
    /// Containers that are ready.
    pub containers_ready: u16,
    /// Containers that it has.
    pub containers: u16,
    /// Restarts of all containers together.
    pub restarts: u32,
    /// Its addresses.
    pub addresses: Vec<String>,
    /// Whether it uses the node's own network.
    pub host_network: bool,
    /// Images of its containers.
    pub images: Vec<String>,
    /// Since when it is there, RFC 3339.
    #[schema(format = DateTime)]
    pub created: String,
}

/// Pods, by namespace and name.
#[utoipa::path(get, path = "/api/v1/clusters/{cluster}/pods", tag = "inventory",
    params(("cluster" = String, Path, description = "The cluster's name"), Wanted),
    responses((status = 200, description = "A page", body = Page<Pod>)))]
pub(in crate::rest) async fn list(
    State(here): State<Here>,
    Named(cluster): Named<String>,
    Asked(wanted): Asked<Wanted>,
) -> Result<Json<Page<Pod>>, ApiError> {
    let cluster = here.site.cluster(&cluster).await?;
    let (now, filter) = (cluster.now(), wanted.filter());
    let found = cluster.read(|inventory| {
        known(inventory, Source::Pods, &[Source::Nodes, Source::Leases], || {
            let mut nodes: HashMap<Name, Option<scene::Health>> = HashMap::new();
            let items = inventory.pods().filter_map(|pod| {
                if !wanted.has_node(pod.node.as_deref()) {
                    return None;
                }
                let node = pod
                    .node
                    .as_ref()
                    .and_then(|node| *nodes.entry(node.clone()).or_insert_with(|| host_health(inventory, node, now)));
                let health = pod_health(inventory, pod, node);
                filter.matches(inventory, pod, health).then(|| {
                    let item = Pod {
                        namespace: pod.key.namespace.to_string(),
                        name: pod.key.name.to_string(),
                        node: pod.node.as_ref().map(ToString::to_string),
                        health: health.into(),
                        words: pod_words(pod, health),
                        owner: inventory.top_owner(pod).map(|(kind, name)| format!("{}/{name}", kind.word())),
                        containers_ready: pod.containers_ready,
                        containers: pod.containers,
                        restarts: pod.restarts,
                        addresses: pod.addresses.iter().map(ToString::to_string).collect(),
                        host_network: pod.host_network,
                        images: pod.images.iter().map(ToString::to_string).collect(),
                        created: moment(pod.created.0),
                    };
                    ([item.namespace.clone(), item.name.clone()], item)
                })
            });
            page(items, wanted.next.as_deref(), wanted.limit)
        })
    });
    found.map(Json)
}
