//! EndpointSlice, or Endpoints on clusters that have no slices → fact.

use std::sync::Arc;

use serde::Deserialize;
use topology::inventory::{Endpoint, EndpointPort, EndpointSet, Fact};

use super::{
    intern::Intern,
    lenient::{each, lenient, maybe, texts},
    object::{Nothing, Object},
};

/// `endpoints` of a slice.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(transparent)]
pub(crate) struct Slice(#[serde(deserialize_with = "each")] Vec<SliceEndpoint>);

/// `ports` of a slice or of a subset.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(transparent)]
pub(crate) struct Ports(#[serde(deserialize_with = "each")] Vec<Port>);

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Port {
    #[serde(deserialize_with = "lenient")]
    name: String,
    #[serde(deserialize_with = "maybe")]
    protocol: Option<String>,
    // Absent for all ports, which no service's endpoints are.
    #[serde(deserialize_with = "maybe")]
    port: Option<u16>,
}

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
    ready: Option<serde_json::Value>,
    #[serde(deserialize_with = "lenient")]
    serving: bool,
    #[serde(deserialize_with = "lenient")]
    terminating: bool,
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
    #[serde(deserialize_with = "lenient")]
    ports: Ports,
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
pub(crate) fn slice(object: Object<Slice, Ports>, intern: &mut Intern) -> Fact {
    let ports = ports(object.status, intern);
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
                // Absent counts as ready, as the API says; odd does not.
                ready: endpoint.conditions.ready.is_none_or(|ready| ready == true),
                serves_last: endpoint.conditions.serving && endpoint.conditions.terminating,
                terminating: endpoint.conditions.terminating,
                pod: pod(endpoint.target_ref),
                node: endpoint
                    .node_name
                    .as_deref()
                    .or(endpoint.topology.get("kubernetes.io/hostname").map(String::as_str))
                    .map(|node| intern.name(node)),
                ports: ports.clone(),
            })
            .collect(),
    })
}

/// The fact of an Endpoints object, which has its service's name.
pub(crate) fn endpoints(object: Object<Subsets, Nothing>, intern: &mut Intern) -> Fact {
    let mut endpoints = Vec::new();
    for subset in object.spec.0 {
        let ports = ports(subset.ports, intern);
        let ready = subset.addresses.into_iter().map(|address| (address, true));
        let unready = subset.not_ready_addresses.into_iter().map(|address| (address, false));
        endpoints.extend(ready.chain(unready).map(|(address, ready)| Endpoint {
            address: address.ip.as_str().into(),
            ready,
            serves_last: false,
            terminating: false,
            pod: pod(address.target_ref),
            node: address.node_name.map(|node| intern.name(&node)),
            ports: ports.clone(),
        }));
    }
    Fact::Endpoints(EndpointSet {
        service: intern.name(&object.metadata.name),
        key: object.metadata.key(intern),
        endpoints,
    })
}

fn ports(ports: Ports, intern: &mut Intern) -> Arc<[EndpointPort]> {
    let port = |port: Port| {
        let (name, protocol) = (intern.name(&port.name), intern.name(port.protocol.as_deref().unwrap_or("TCP")));
        Some(EndpointPort { name, protocol, port: port.port? })
    };
    ports.0.into_iter().filter_map(port).collect()
}

fn pod(target: Option<Target>) -> Option<topology::inventory::Name> {
    target.filter(|target| target.kind == "Pod").map(|target| target.name.as_str().into())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cluster::object::read;

    type Told = (String, bool, Option<String>, Option<String>);

    fn ports(fact: &Fact) -> Vec<String> {
        let Fact::Endpoints(set) = fact else { panic!("no endpoints") };
        let ports = set.endpoints.iter().flat_map(|endpoint| endpoint.ports.iter());
        ports.map(|port| format!("{} {}/{}", port.name, port.port, port.protocol)).collect()
    }

    fn told(fact: Fact) -> (String, Vec<Told>) {
        let Fact::Endpoints(set) = fact else { panic!("no endpoints") };
        let text = |name: Option<topology::inventory::Name>| name.map(|name| name.to_string());
        let told = |e: Endpoint| (e.address.to_string(), e.ready, text(e.pod), text(e.node));
        (set.service.to_string(), set.endpoints.into_iter().map(told).collect())
    }

    #[test]
    fn a_slice_tells_whose_it_is_and_who_is_ready() {
        let object = json!({
            "metadata": { "namespace": "shop", "name": "web-x1", "labels": { "kubernetes.io/service-name": "web" } },
            "endpoints": [
                { "addresses": ["10.0.0.1"], "conditions": { "ready": true }, "nodeName": "a", "targetRef": { "kind": "Pod", "name": "web-1" } },
                { "addresses": ["10.0.0.2"], "conditions": { "ready": false }, "topology": { "kubernetes.io/hostname": "b" } },
                { "addresses": ["10.0.0.3"], "conditions": {}, "targetRef": { "kind": "Node", "name": "c" } },
                { "addresses": null, "conditions": { "ready": "yes" } },
            ],
            "ports": [{ "name": "http", "port": 8080, "protocol": "TCP" }, { "name": "all" }, 7],
        });
        let fact = slice(read(&object), &mut Intern::default());
        assert_eq!(ports(&fact), ["http 8080/TCP"; 4]);
        let (service, endpoints) = told(fact);
        assert_eq!(service, "web");
        assert_eq!(endpoints[0], ("10.0.0.1".into(), true, Some("web-1".into()), Some("a".into())));
        assert_eq!(endpoints[1], ("10.0.0.2".into(), false, None, Some("b".into())));
        assert_eq!(endpoints[2], ("10.0.0.3".into(), true, None, None));
        assert_eq!(endpoints[3], (String::new(), false, None, None));
    }

    #[test]
    fn old_endpoints_tell_the_same() {
        let object = json!({
            "metadata": { "namespace": "shop", "name": "web" },
            "subsets": [{ "addresses": [{ "ip": "10.0.0.1", "nodeName": "a", "targetRef": { "kind": "Pod", "name": "web-1" } }],
                "notReadyAddresses": [{ "ip": "10.0.0.2" }, 5], "ports": [{ "port": 53, "protocol": "UDP" }] },
                null, { "addresses": {} }, { "addresses": [{ "ip": "10.0.0.3" }], "ports": 4 }],
        });
        let fact = super::endpoints(read(&object), &mut Intern::default());
        assert_eq!(ports(&fact), [" 53/UDP"; 2]);
        let (service, mut endpoints) = told(fact);
        assert_eq!(endpoints.pop().map(|(address, ..)| address), Some("10.0.0.3".into()));
        assert_eq!(service, "web");
        assert_eq!(endpoints.len(), 2);
        assert_eq!(endpoints[0], ("10.0.0.1".into(), true, Some("web-1".into()), Some("a".into())));
        assert_eq!(endpoints[1], ("10.0.0.2".into(), false, None, None));
    }
}
