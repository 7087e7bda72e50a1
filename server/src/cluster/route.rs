//! Ingress, HTTPRoute and Gateway → facts.

use serde::Deserialize;
use topology::inventory::{Fact, Gateway, Key, Name, Route, RouteKind, Way};

use super::{
    intern::Intern,
    lenient::{each, lenient, maybe},
    object::{INGRESS_CLASS, Metadata, Nothing, Object},
};

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct IngressSpec {
    #[serde(deserialize_with = "lenient")]
    ingress_class_name: String,
    #[serde(deserialize_with = "each")]
    rules: Vec<IngressRule>,
    #[serde(deserialize_with = "each")]
    tls: Vec<Nothing>,
    // The second name is that of versions before v1.
    #[serde(alias = "backend", deserialize_with = "maybe")]
    default_backend: Option<Backend>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct IngressRule {
    #[serde(deserialize_with = "lenient")]
    host: String,
    #[serde(deserialize_with = "lenient")]
    http: Http,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Http {
    #[serde(deserialize_with = "each")]
    paths: Vec<Path>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Path {
    #[serde(deserialize_with = "lenient")]
    path: String,
    #[serde(deserialize_with = "lenient")]
    backend: Backend,
}

/// A service and its port, as v1 and as earlier versions write them.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Backend {
    #[serde(deserialize_with = "lenient")]
    service: BackendService,
    #[serde(deserialize_with = "lenient")]
    service_name: String,
    #[serde(deserialize_with = "lenient")]
    service_port: Port,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct BackendService {
    #[serde(deserialize_with = "lenient")]
    name: String,
    #[serde(deserialize_with = "lenient")]
    port: BackendPort,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct BackendPort {
    #[serde(deserialize_with = "lenient")]
    name: String,
    #[serde(deserialize_with = "maybe")]
    number: Option<u16>,
}

/// A port by number or name.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(untagged)]
enum Port {
    #[default]
    None,
    Number(u16),
    Name(String),
}

impl Port {
    fn text(&self) -> String {
        match self {
            Self::None => String::new(),
            Self::Number(number) => number.to_string(),
            Self::Name(name) => name.clone(),
        }
    }
}

impl Backend {
    /// Where it leads; `None` for one that is no service.
    fn way(&self, host: &str, path: &str, namespace: &Name, intern: &mut Intern) -> Option<Way> {
        let name = if self.service.name.is_empty() { &self.service_name } else { &self.service.name };
        let port = match self.service.port.number {
            Some(number) => number.to_string(),
            None if self.service.port.name.is_empty() => self.service_port.text(),
            None => self.service.port.name.clone(),
        };
        let service = Key { namespace: namespace.clone(), name: intern.name(name) };
        let way = Way { host: intern.name(host), path: intern.name(path), service, port: intern.name(&port) };
        (!name.is_empty()).then_some(way)
    }
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct IngressStatus {
    #[serde(deserialize_with = "lenient")]
    load_balancer: Balancer,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Balancer {
    #[serde(deserialize_with = "each")]
    ingress: Vec<Address>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Address {
    #[serde(deserialize_with = "lenient")]
    ip: String,
    #[serde(deserialize_with = "lenient")]
    hostname: String,
}

/// An Ingress.
pub(crate) fn ingress(object: &Object<IngressSpec, IngressStatus>, intern: &mut Intern) -> Fact {
    let Object { metadata, spec, status, .. } = object;
    let key = metadata.key(intern);
    let mut doors = Vec::new();
    for rule in &spec.rules {
        let ways = rule.http.paths.iter();
        doors.extend(ways.filter_map(|path| path.backend.way(&rule.host, &path.path, &key.namespace, intern)));
    }
    doors.extend(spec.default_backend.iter().filter_map(|backend| backend.way("", "", &key.namespace, intern)));
    let of_old = metadata.annotations.get(INGRESS_CLASS).unwrap_or_default();
    let class = if spec.ingress_class_name.is_empty() { of_old } else { &spec.ingress_class_name };
    let addresses = status.load_balancer.ingress.iter();
    Fact::Route(Box::new(Route {
        kind: RouteKind::Ingress,
        class: intern.name(class),
        gateways: Vec::new(),
        addresses: addresses
            .map(|address| intern.name(if address.ip.is_empty() { &address.hostname } else { &address.ip }))
            .collect(),
        secure: !spec.tls.is_empty(),
        doors,
        key,
    }))
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct RouteSpec {
    #[serde(deserialize_with = "each")]
    parent_refs: Vec<Reference>,
    #[serde(deserialize_with = "each")]
    hostnames: Vec<String>,
    #[serde(deserialize_with = "each")]
    rules: Vec<RouteRule>,
}

/// A parent or a backend of a route.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Reference {
    #[serde(deserialize_with = "lenient")]
    kind: String,
    #[serde(deserialize_with = "lenient")]
    namespace: String,
    #[serde(deserialize_with = "lenient")]
    name: String,
    #[serde(deserialize_with = "maybe")]
    port: Option<u16>,
}

impl Reference {
    fn is(&self, kind: &str) -> bool {
        self.kind.is_empty() || self.kind == kind
    }

    fn key(&self, metadata: &Metadata, intern: &mut Intern) -> Key {
        let namespace = if self.namespace.is_empty() { &metadata.namespace } else { &self.namespace };
        Key { namespace: intern.name(namespace), name: intern.name(&self.name) }
    }
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct RouteRule {
    #[serde(deserialize_with = "each")]
    matches: Vec<Match>,
    #[serde(deserialize_with = "each")]
    backend_refs: Vec<Reference>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Match {
    #[serde(deserialize_with = "lenient")]
    path: MatchPath,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct MatchPath {
    #[serde(deserialize_with = "lenient")]
    value: String,
}

/// An HTTPRoute.
pub(crate) fn http_route(object: &Object<RouteSpec, Nothing>, intern: &mut Intern) -> Fact {
    let Object { metadata, spec, .. } = object;
    let every = [String::new()];
    let hosts = if spec.hostnames.is_empty() { &every[..] } else { &spec.hostnames };
    let mut doors = Vec::new();
    for rule in &spec.rules {
        let paths: Vec<&str> = rule.matches.iter().map(|one| one.path.value.as_str()).collect();
        let paths = if paths.is_empty() { vec![""] } else { paths };
        for backend in rule.backend_refs.iter().filter(|backend| backend.is("Service")) {
            let port = backend.port.map(|port| port.to_string()).unwrap_or_default();
            for (host, path) in hosts.iter().flat_map(|host| paths.iter().map(move |path| (host, *path))) {
                let service = backend.key(metadata, intern);
                doors.push(Way { host: intern.name(host), path: intern.name(path), service, port: intern.name(&port) });
            }
        }
    }
    let gateways = spec.parent_refs.iter().filter(|parent| parent.is("Gateway"));
    Fact::Route(Box::new(Route {
        kind: RouteKind::HttpRoute,
        key: metadata.key(intern),
        class: intern.name(""),
        gateways: gateways.map(|gateway| gateway.key(metadata, intern)).collect(),
        addresses: Vec::new(),
        secure: false,
        doors,
    }))
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct GatewaySpec {
    #[serde(deserialize_with = "lenient")]
    gateway_class_name: String,
    #[serde(deserialize_with = "each")]
    listeners: Vec<Listener>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Listener {
    #[serde(deserialize_with = "lenient")]
    port: u16,
    #[serde(deserialize_with = "lenient")]
    protocol: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct GatewayStatus {
    #[serde(deserialize_with = "each")]
    addresses: Vec<GatewayAddress>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct GatewayAddress {
    #[serde(deserialize_with = "lenient")]
    value: String,
}

/// A Gateway.
pub(crate) fn gateway(object: &Object<GatewaySpec, GatewayStatus>, intern: &mut Intern) -> Fact {
    let Object { metadata, spec, status, .. } = object;
    let listeners = spec.listeners.iter().map(|listener| format!("{}/{}", listener.port, listener.protocol));
    Fact::Gateway(Gateway {
        key: metadata.key(intern),
        class: intern.name(&spec.gateway_class_name),
        listeners: listeners.map(|listener| intern.name(&listener)).collect(),
        addresses: status.addresses.iter().map(|address| intern.name(&address.value)).collect(),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::cluster::object::read;

    fn ways(fact: Fact) -> Vec<String> {
        let Fact::Route(route) = fact else { panic!("no route") };
        route.doors.iter().map(|way| format!("{}{} → {}:{}", way.host, way.path, way.service, way.port)).collect()
    }

    fn ingress_of(spec: &Value) -> Vec<String> {
        let object = json!({ "metadata": { "namespace": "shop", "name": "web" }, "spec": spec });
        ways(ingress(&read(&object), &mut Intern::default()))
    }

    #[test]
    fn an_ingress_leads_by_host_and_path_to_services_in_old_and_new_words() {
        let new = json!({ "defaultBackend": { "service": { "name": "rest", "port": { "name": "http" } } },
            "rules": [{ "host": "a.example.net", "http": { "paths": [{ "path": "/x", "backend": { "service": { "name": "web", "port": { "number": 80 } } } }] } }] });
        assert_eq!(ingress_of(&new), ["a.example.net/x → shop/web:80", " → shop/rest:http"]);
        let old = json!({ "backend": { "serviceName": "rest", "servicePort": "http" },
            "rules": [{ "host": "a.example.net", "http": { "paths": [{ "path": "/x", "backend": { "serviceName": "web", "servicePort": 80 } }] } }] });
        assert_eq!(ingress_of(&old), ["a.example.net/x → shop/web:80", " → shop/rest:http"]);
        assert!(ingress_of(&json!({ "defaultBackend": { "resource": { "kind": "Bucket" } } })).is_empty());
    }

    #[test]
    fn an_ingress_tells_its_class_address_and_whether_it_ends_tls() {
        let object = json!({ "metadata": { "namespace": "shop", "name": "web", "annotations": { "kubernetes.io/ingress.class": "nginx" } },
            "spec": { "tls": [{ "secretName": "never-read" }] }, "status": { "loadBalancer": { "ingress": [{ "ip": "10.1.0.223" }, { "hostname": "lb.example.net" }] } } });
        let Fact::Route(route) = ingress(&read(&object), &mut Intern::default()) else { panic!("no route") };
        assert_eq!((&*route.class, route.secure), ("nginx", true));
        assert_eq!(route.addresses, ["10.1.0.223".into(), "lb.example.net".into()]);
    }

    #[test]
    fn a_route_leads_from_its_gateways_to_services_of_any_namespace() {
        let object = json!({ "metadata": { "namespace": "shop", "name": "web" }, "spec": {
            "parentRefs": [{ "name": "edge", "namespace": "infra" }, { "kind": "Service", "name": "mesh" }],
            "hostnames": ["a.example.net", "b.example.net"],
            "rules": [{ "matches": [{ "path": { "type": "PathPrefix", "value": "/x" } }], "backendRefs": [{ "name": "web", "port": 80 }] },
                { "backendRefs": [{ "name": "other", "namespace": "team", "port": 81 }, { "kind": "Bucket", "name": "no" }] }] } });
        let fact = http_route(&read(&object), &mut Intern::default());
        let Fact::Route(route) = &fact else { panic!("no route") };
        assert_eq!(route.gateways, [Key::new("infra", "edge")]);
        let expected = [
            "a.example.net/x → shop/web:80",
            "b.example.net/x → shop/web:80",
            "a.example.net → team/other:81",
            "b.example.net → team/other:81",
        ];
        assert_eq!(ways(fact), expected);
    }

    #[test]
    fn a_gateway_tells_its_listeners_and_addresses() {
        let object = json!({ "metadata": { "namespace": "infra", "name": "edge" },
            "spec": { "gatewayClassName": "envoy", "listeners": [{ "name": "https", "port": 443, "protocol": "HTTPS" }] },
            "status": { "addresses": [{ "type": "IPAddress", "value": "10.1.0.9" }] } });
        let Fact::Gateway(gateway) = gateway(&read(&object), &mut Intern::default()) else { panic!("no gateway") };
        assert_eq!(
            (&*gateway.class, &*gateway.listeners[0], &*gateway.addresses[0]),
            ("envoy", "443/HTTPS", "10.1.0.9")
        );
    }
}
