//! A service.

use app::source::Facts;
use topology::{Inventory, figure::service_state, inventory::Key};

use super::{blank, joined, line, link};
use crate::pages::purpose;

/// Endpoints that are listed; the rest is counted.
const MOST: usize = 40;

pub(super) fn facts(inventory: &Inventory, key: &Key) -> Option<Facts> {
    let service = inventory.service(key)?;
    let (health, ready, total) = service_state(inventory, service);
    let mut facts = blank("Service", &key.name, Some(health), purpose::SERVICE);
    facts.lines.push(line("Namespace", &*key.namespace));
    facts.lines.push(link("Way", "from outside to its pods", format!("?at=follow/service/{key}")));
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
