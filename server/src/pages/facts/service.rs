//! A service.

use app::{
    source::{FactLine, Facts},
    texts::what_if::SINGLE_POINT,
};
use topology::{
    Inventory,
    figure::service_state,
    graph::single_points_of,
    inventory::{Heard, Key, Route, RouteKind, Source, Way},
};

use super::{blank, joined, line, link, standing};
use crate::pages::purpose;

/// Endpoints that are listed; the rest is counted.
const MOST: usize = 40;

/// By which names of hosts it is reached from outside. An extension that is not installed has nothing to say.
fn ways_in(inventory: &Inventory, service: &Key) -> Vec<FactLine> {
    let mut lines = Vec::new();
    for (source, kind) in [(Source::Ingresses, RouteKind::Ingress), (Source::HttpRoutes, RouteKind::HttpRoute)] {
        let aged = match standing(inventory, source, &service.namespace) {
            Ok(aged) => aged,
            Err(_) if *inventory.heard_in(source, &service.namespace) == Heard::NotServed => continue,
            Err(unknown) => {
                lines.push(line(kind.word(), unknown));
                continue;
            }
        };
        for route in inventory.catalog().routes_to(service).filter(|route| route.kind == kind) {
            let ways = route.doors.iter().filter(|way| way.service == *service);
            lines.extend(ways.map(|way| line(kind.word(), format!("{}{aged}", way_in(inventory, route, way)))));
        }
    }
    lines.truncate(MOST);
    lines
}

/// One way in, as in `prometheus: https://prometheus.example.net/ to port 9090, class nginx, at 10.1.0.223`.
fn way_in(inventory: &Inventory, route: &Route, way: &Way) -> String {
    let scheme = match (route.kind, route.secure) {
        (RouteKind::Ingress, true) => "https://",
        (RouteKind::Ingress, false) => "http://",
        (RouteKind::HttpRoute, _) => "",
    };
    let host = if way.host.is_empty() { "any host" } else { &way.host };
    let port = if way.port.is_empty() { String::new() } else { format!(" to port {}", way.port) };
    let mut text = format!("{}: {scheme}{host}{}{port}", route.key.name, way.path);
    if !route.class.is_empty() {
        text += &format!(", class {}", route.class);
    }
    if !route.addresses.is_empty() {
        text += &format!(", at {}", joined(&route.addresses));
    }
    for key in &route.gateways {
        text += &format!(", Gateway {key}{}", gateway(inventory, key));
    }
    text
}

fn gateway(inventory: &Inventory, key: &Key) -> String {
    if let Err(unknown) = standing(inventory, Source::Gateways, &key.namespace) {
        return format!(" ({unknown})");
    }
    let Some(gateway) = inventory.catalog().gateway(key) else { return " (there is no such Gateway)".into() };
    let at = if gateway.addresses.is_empty() { "no address yet".into() } else { joined(&gateway.addresses) };
    format!(" of class {} on {} at {at}", gateway.class, joined(&gateway.listeners))
}

pub(super) fn facts(inventory: &Inventory, key: &Key) -> Option<Facts> {
    let service = inventory.service(key)?;
    let (health, ready, total) = service_state(inventory, service);
    let mut facts = blank("Service", &key.name, Some(health), purpose::SERVICE);
    facts.lines.push(line("Namespace", &*key.namespace));
    facts.lines.push(link("Traffic", "trace from outside", format!("?at=follow/service/{key}")));
    facts.lines.push(line("Kind", &*service.kind));
    facts.lines.push(line("Cluster addresses", joined(&service.cluster_ips)));
    if !service.external_ips.is_empty() {
        facts.lines.push(line("External addresses", joined(&service.external_ips)));
    }
    if !service.balancer_ips.is_empty() {
        facts.lines.push(line("Load balancer", joined(&service.balancer_ips)));
    }
    for port in &service.ports {
        let node_port = port.node_port.map(|port| format!(", {port} on every node")).unwrap_or_default();
        let name = if port.name.is_empty() { String::new() } else { format!("{} · ", port.name) };
        facts.lines.push(line("Port", format!("{name}{}/{}{node_port}", port.port, port.protocol)));
    }
    facts.lines.extend(ways_in(inventory, key));
    let points = single_points_of(inventory, &[service]);
    facts.lines.extend(points.into_iter().map(|point| line(SINGLE_POINT, point.to_string())));
    facts.lines.push(line("Endpoints ready", format!("{ready} of {total}")));
    for endpoint in inventory.endpoints_of(key).flat_map(|set| &set.endpoints).take(MOST) {
        let state = if endpoint.ready { "Ready" } else { "Not ready" };
        facts.lines.push(match &endpoint.pod {
            Some(pod) => link(state, format!("{pod} · {}", endpoint.address), format!("pod/{}/{pod}", key.namespace)),
            None => line(state, &*endpoint.address),
        });
    }
    if total as usize > MOST {
        facts.lines.push(line("More", format!("{} endpoints", total as usize - MOST)));
    }
    Some(facts)
}
