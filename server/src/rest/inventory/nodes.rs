//! Nodes and their components.

use axum::{Json, extract::State};
use serde::Serialize;
use topology::{
    figure::is_master,
    health::{node_state, parts},
    inventory::AddressKind,
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

/// A machine of the cluster.
#[derive(Debug, Serialize, ToSchema)]
pub struct Node {
    /// Its name.
    pub name: String,
    /// Whether it is a master.
    pub master: bool,
    /// Roles by its labels, as in `control-plane`.
    pub roles: Vec<String>,
    /// The state of its kubelet, and with it of the machine.
    pub health: Health,
    /// Why, in a sentence.
    pub why: String,
    /// Its address inside; null when none was told.
    pub address: Option<String>,
    /// Whether it takes no new pods.
    pub cordoned: bool,
    /// The version of its kubelet; empty when not told, as the texts below.
    pub kubelet: String,
    /// Its container runtime, as in `containerd://1.7.24`.
    pub runtime: String,
    /// Its operating system.
    pub os: String,
    /// Networks of its pods.
    pub pod_cidrs: Vec<String>,
    /// How many pods are on it.
    pub pods: usize,
    /// Since when it is in the cluster, RFC 3339.
    #[schema(format = DateTime)]
    pub created: String,
}

/// A part that makes a machine a part of the cluster.
#[derive(Debug, Serialize, ToSchema)]
pub struct Component {
    /// The node that it is on.
    pub node: String,
    /// The program, as in `kube-apiserver`; `runtime` for the container runtime.
    pub kind: String,
    /// Its name for people.
    pub name: String,
    /// Its state.
    pub health: Health,
    /// What was found, by which source.
    pub why: String,
    /// Whether it leads where only one can.
    pub leads: bool,
    /// Its version; null when no source tells.
    pub version: Option<String>,
    /// The pod that it runs in, as `NAMESPACE/NAME`; null when in none.
    pub pod: Option<String>,
}

/// Nodes, by name. `namespace` and `owner` let no node through.
#[utoipa::path(get, path = "/api/v1/clusters/{cluster}/nodes", tag = "inventory",
    params(("cluster" = String, Path, description = "The cluster's name"), Wanted),
    responses((status = 200, description = "A page", body = Page<Node>)))]
pub(in crate::rest) async fn list(
    State(here): State<Here>,
    Named(cluster): Named<String>,
    Asked(wanted): Asked<Wanted>,
) -> Result<Json<Page<Node>>, ApiError> {
    let cluster = here.site.cluster(&cluster).await?;
    let now = cluster.now();
    let found = cluster.read(|inventory| {
        known(inventory, Source::Nodes, &[Source::Leases, Source::Pods], || {
            let nodes = inventory.nodes().filter_map(|node| {
                let state = node_state(inventory, node, now);
                let passes = wanted.namespace.is_none()
                    && wanted.owner.is_none()
                    && wanted.has_node(Some(&node.name))
                    && wanted.has_text(&node.name)
                    && wanted.has_health(state.health.into());
                let texts = |names: &[topology::inventory::Name]| names.iter().map(ToString::to_string).collect();
                passes.then(|| {
                    let item = Node {
                        name: node.name.to_string(),
                        master: is_master(inventory, node),
                        roles: texts(&node.roles),
                        health: state.health.into(),
                        why: state.long,
                        address: node.address(AddressKind::Internal).map(ToString::to_string),
                        cordoned: node.cordoned,
                        kubelet: node.kubelet.to_string(),
                        runtime: node.runtime.to_string(),
                        os: node.os.to_string(),
                        pod_cidrs: texts(&node.pod_cidrs),
                        pods: inventory.pods_on(Some(&node.name)).count(),
                        created: moment(node.created.0),
                    };
                    ([item.name.clone()], item)
                })
            });
            page(nodes, wanted.next.as_deref(), wanted.limit)
        })
    });
    found.map(Json)
}

/// Components of all nodes, by node. `namespace` and `owner` let none through; `search` looks into their names.
#[utoipa::path(get, path = "/api/v1/clusters/{cluster}/components", tag = "inventory",
    params(("cluster" = String, Path, description = "The cluster's name"), Wanted),
    responses((status = 200, description = "A page", body = Page<Component>)))]
pub(in crate::rest) async fn components(
    State(here): State<Here>,
    Named(cluster): Named<String>,
    Asked(wanted): Asked<Wanted>,
) -> Result<Json<Page<Component>>, ApiError> {
    let cluster = here.site.cluster(&cluster).await?;
    let now = cluster.now();
    let found = cluster.read(|inventory| {
        known(inventory, Source::Nodes, &[Source::Leases, Source::Pods], || {
            let wanted = &wanted;
            let nodes = inventory.nodes().filter(|node| {
                wanted.namespace.is_none() && wanted.owner.is_none() && wanted.has_node(Some(&node.name))
            });
            let items = nodes.flat_map(|node| {
                let state = node_state(inventory, node, now);
                let mut parts = parts(inventory, node, &state, is_master(inventory, node), now);
                parts.sort_by_key(|part| part.kind.program());
                parts.into_iter().filter_map(move |part| {
                    let item = Component {
                        node: node.name.to_string(),
                        kind: part.kind.program().into(),
                        name: part.label,
                        health: part.health.into(),
                        why: part.long,
                        leads: part.leads,
                        version: part.version.map(|version| version.to_string()),
                        pod: part.pod.map(|pod| pod.to_string()),
                    };
                    let passes = wanted.has_text(&item.name) && wanted.has_health(item.health);
                    passes.then(|| ([item.node.clone(), item.kind.clone()], item))
                })
            });
            page(items, wanted.next.as_deref(), wanted.limit)
        })
    });
    found.map(Json)
}
