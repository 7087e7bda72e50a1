//! How a service is reached, in a line: that nobody answers, then what leads in from outside.

use crate::inventory::Service;

/// Its ways in, as in `LoadBalancer 192.16.1.230:80 · NodePort 30080 · 10.233.1.5:80`.
pub fn ways_in(service: &Service) -> String {
    let ports: Vec<String> = service.ports.iter().map(|port| port.port.to_string()).collect();
    let ports = if ports.is_empty() { String::new() } else { format!(":{}", ports.join(",")) };
    let mut ways: Vec<String> =
        service.balancer_ips.iter().map(|address| format!("LoadBalancer {address}{ports}")).collect();
    ways.extend(service.external_ips.iter().map(|address| format!("ExternalIP {address}{ports}")));
    let node_ports: Vec<String> =
        service.ports.iter().filter_map(|port| port.node_port).map(|port| port.to_string()).collect();
    if !node_ports.is_empty() {
        ways.push(format!("NodePort {}", node_ports.join(",")));
    }
    let own = service.cluster_ips.iter().find(|address| &***address != "None");
    ways.extend(own.map(|address| format!("{address}{ports}")));
    if ways.is_empty() { "no address of its own".into() } else { ways.join(" · ") }
}
