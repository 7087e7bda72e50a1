//! Service and Namespace → fact.

use serde::Deserialize;
use topology::inventory::{Fact, Namespace, Service, ServicePort};

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
    #[serde(deserialize_with = "lenient")]
    external_traffic_policy: String,
    #[serde(deserialize_with = "each")]
    ports: Vec<Port>,
    #[serde(deserialize_with = "texts")]
    selector: std::collections::BTreeMap<String, String>,
    #[serde(deserialize_with = "lenient")]
    external_name: String,
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
        external_ips: spec.external_ips.iter().map(|ip| ip.as_str().into()).collect(),
        balancer_ips: balanced.filter(|way| !way.is_empty()).map(|way| way.as_str().into()).collect(),
        local: spec.external_traffic_policy == "Local",
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
        selector: intern.labels(spec.selector.iter()),
        external_name: match spec.r#type.as_str() {
            "ExternalName" => spec.external_name.as_str().into(),
            _ => intern.name(""),
        },
    })
}

/// Of a namespace, its name is all there is.
pub(crate) fn namespace(object: &Object<Nothing, Nothing>, intern: &mut Intern) -> Fact {
    let labels = intern.labels(object.metadata.labels.iter());
    Fact::Namespace(Namespace { name: intern.name(&object.metadata.name), labels })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cluster::object::read;

    fn of(object: &serde_json::Value) -> Service {
        let Fact::Service(service) = fact(read(object), &mut Intern::default()) else { panic!("no service") };
        service
    }

    #[test]
    fn a_service_tells_every_way_in() {
        let service = of(&json!({
            "metadata": { "namespace": "shop", "name": "web" },
            "spec": { "type": "LoadBalancer", "clusterIP": "10.233.0.7", "externalIPs": ["192.0.2.1"],
                "externalTrafficPolicy": "Local", "selector": { "app": "web" },
                "ports": [{ "port": 80, "protocol": "TCP", "nodePort": 30080 }, { "port": 443, "nodePort": 0 }] },
            "status": { "loadBalancer": { "ingress": [{ "ip": "192.0.2.9" }, { "hostname": "lb.example" }] } },
        }));
        let texts = |names: &[topology::inventory::Name]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(texts(&service.cluster_ips), ["10.233.0.7"]);
        assert_eq!(texts(&service.external_ips), ["192.0.2.1"]);
        assert_eq!(texts(&service.balancer_ips), ["192.0.2.9", "lb.example"]);
        assert_eq!(
            service.ports.iter().map(|port| (port.port, port.node_port)).collect::<Vec<_>>(),
            [(80, Some(30_080)), (443, None)]
        );
        assert!(service.selects && service.local);
    }

    #[test]
    fn a_headless_or_odd_service_has_no_address() {
        assert!(
            of(&json!({ "metadata": { "name": "x" }, "spec": { "clusterIP": "None", "clusterIPs": ["None"] } }))
                .cluster_ips
                .is_empty()
        );
        let odd = of(
            &json!({ "metadata": { "name": "x" }, "spec": { "clusterIPs": 4, "ports": [{ "port": 70_000, "nodePort": "a" }], "selector": [] }, "status": 1 }),
        );
        assert_eq!(
            (odd.cluster_ips.len(), odd.ports[0].port, odd.ports[0].node_port, odd.selects),
            (0, 0, None, false)
        );
    }
}
