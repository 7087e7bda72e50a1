//! EndpointSlice, or Endpoints on clusters that have no slices → fact.

use serde::Deserialize;
use topology::inventory::{Endpoint, EndpointSet, Fact};

use super::{
    intern::Intern,
    lenient::{each, lenient, maybe, texts},
    object::{Nothing, Object},
};

/// `endpoints` of a slice.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(transparent)]
pub(crate) struct Slice(#[serde(deserialize_with = "each")] Vec<SliceEndpoint>);

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct SliceEndpoint {
    #[serde(deserialize_with = "each")]
    addresses: Vec<String>,
    #[serde(deserialize_with = "lenient")]
    conditions: Conditions,
    #[serde(deserialize_with = "maybe")]
    target_ref: Option<Target>,
    #[serde(deserialize_with = "maybe")]
    node_name: Option<String>,
    // Where discovery.k8s.io/v1beta1 keeps the node's name.
    #[serde(deserialize_with = "texts")]
    topology: std::collections::BTreeMap<String, String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Conditions {
    #[serde(deserialize_with = "maybe")]
    ready: Option<bool>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Target {
    #[serde(deserialize_with = "lenient")]
    kind: String,
    #[serde(deserialize_with = "lenient")]
    name: String,
}

/// `subsets` of an Endpoints object.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(transparent)]
pub(crate) struct Subsets(#[serde(deserialize_with = "each")] Vec<Subset>);

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Subset {
    #[serde(deserialize_with = "each")]
    addresses: Vec<SubsetAddress>,
    #[serde(deserialize_with = "each")]
    not_ready_addresses: Vec<SubsetAddress>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct SubsetAddress {
    #[serde(deserialize_with = "lenient")]
    ip: String,
    #[serde(deserialize_with = "maybe")]
    node_name: Option<String>,
    #[serde(deserialize_with = "maybe")]
    target_ref: Option<Target>,
}

/// The fact of a slice.
pub(crate) fn slice(object: Object<Slice, Nothing>, intern: &mut Intern) -> Fact {
    let service = object.metadata.label("kubernetes.io/service-name").unwrap_or_default();
    Fact::Endpoints(EndpointSet {
        key: object.metadata.key(intern),
        service: intern.name(service),
        endpoints: object
            .spec
            .0
            .into_iter()
            .map(|endpoint| Endpoint {
                address: endpoint.addresses.first().map(|address| address.as_str().into()).unwrap_or_default(),
                ready: endpoint.conditions.ready.unwrap_or(true),
                pod: pod(endpoint.target_ref),
                node: endpoint
                    .node_name
                    .as_deref()
                    .or(endpoint.topology.get("kubernetes.io/hostname").map(String::as_str))
                    .map(|node| intern.name(node)),
            })
            .collect(),
    })
}

/// The fact of an Endpoints object, which has its service's name.
pub(crate) fn endpoints(object: Object<Subsets, Nothing>, intern: &mut Intern) -> Fact {
    let mut endpoints = Vec::new();
    for subset in object.spec.0 {
        let ready = subset.addresses.into_iter().map(|address| (address, true));
        let unready = subset.not_ready_addresses.into_iter().map(|address| (address, false));
        endpoints.extend(ready.chain(unready).map(|(address, ready)| Endpoint {
            address: address.ip.as_str().into(),
            ready,
            pod: pod(address.target_ref),
            node: address.node_name.map(|node| intern.name(&node)),
        }));
    }
    Fact::Endpoints(EndpointSet {
        service: intern.name(&object.metadata.name),
        key: object.metadata.key(intern),
        endpoints,
    })
}

fn pod(target: Option<Target>) -> Option<topology::inventory::Name> {
    target.filter(|target| target.kind == "Pod").map(|target| target.name.as_str().into())
}
