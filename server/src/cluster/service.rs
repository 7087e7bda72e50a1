//! Service and Namespace → fact.

use serde::Deserialize;
use topology::inventory::{Fact, Service, ServicePort};

use super::{
    intern::Intern,
    lenient::{each, lenient, maybe, texts},
    object::{Nothing, Object},
};

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Spec {
    #[serde(deserialize_with = "lenient")]
    r#type: String,
    #[serde(rename = "clusterIP", deserialize_with = "lenient")]
    cluster_ip: String,
    #[serde(rename = "clusterIPs", deserialize_with = "each")]
    cluster_ips: Vec<String>,
    #[serde(rename = "externalIPs", deserialize_with = "each")]
    external_ips: Vec<String>,
    #[serde(deserialize_with = "each")]
    ports: Vec<Port>,
    #[serde(deserialize_with = "texts")]
    selector: std::collections::BTreeMap<String, String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Port {
    #[serde(deserialize_with = "lenient")]
    name: String,
    #[serde(deserialize_with = "lenient")]
    protocol: String,
    #[serde(deserialize_with = "lenient")]
    port: u16,
    #[serde(deserialize_with = "maybe")]
    node_port: Option<u16>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Status {
    #[serde(deserialize_with = "lenient")]
    load_balancer: LoadBalancer,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct LoadBalancer {
    #[serde(deserialize_with = "each")]
    ingress: Vec<Ingress>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Ingress {
    #[serde(deserialize_with = "lenient")]
    ip: String,
    #[serde(deserialize_with = "lenient")]
    hostname: String,
}

/// The fact.
pub(crate) fn fact(object: Object<Spec, Status>, intern: &mut Intern) -> Fact {
    let Object { metadata, spec, status, .. } = object;
    let mut cluster_ips = spec.cluster_ips;
    if cluster_ips.is_empty() {
        cluster_ips.push(spec.cluster_ip);
    }
    cluster_ips.retain(|ip| !ip.is_empty() && ip != "None");
    let balanced =
        status.load_balancer.ingress.into_iter().map(|way| if way.ip.is_empty() { way.hostname } else { way.ip });
    Fact::Service(Service {
        key: metadata.key(intern),
        kind: intern.name(&spec.r#type),
        cluster_ips: cluster_ips.iter().map(|ip| ip.as_str().into()).collect(),
        external_ips: spec.external_ips.into_iter().chain(balanced).map(|ip| ip.as_str().into()).collect(),
        ports: spec
            .ports
            .iter()
            .map(|port| ServicePort {
                name: intern.name(&port.name),
                protocol: intern.name(&port.protocol),
                port: port.port,
                node_port: port.node_port.filter(|port| *port > 0),
            })
            .collect(),
        selects: !spec.selector.is_empty(),
    })
}

/// Of a namespace, its name is all there is.
pub(crate) fn namespace(object: &Object<Nothing, Nothing>, intern: &mut Intern) -> Fact {
    Fact::Namespace(intern.name(&object.metadata.name))
}
