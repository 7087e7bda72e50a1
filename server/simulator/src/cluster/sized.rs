//! Workloads for a cluster of any size: forty namespaces, workloads of one to sixty pods.

use serde_json::{Value, json};

use super::{
    owners::{Form, Workload},
    pods::{container, template},
    site::Site,
};
use crate::kind::Kind;

const NAMESPACES: usize = 40;
const TEAMS: [&str; 8] = ["vepc", "ims", "ran", "billing", "cache", "media", "edge", "tools"];
const ROLES: [&str; 10] =
    ["api", "worker", "gateway", "session", "store", "relay", "probe", "router", "broker", "portal"];

pub(super) fn build(site: &mut Site<'_>, seed: u64, pods: usize) {
    let mut random = fastrand::Rng::with_seed(seed ^ 0x5eed);
    let names: Vec<String> =
        (0..NAMESPACES).map(|index| format!("{}-{}", TEAMS[index % TEAMS.len()], index / TEAMS.len() + 1)).collect();
    for name in &names {
        site.namespace(name);
    }
    // What the system has already put on the hosts counts.
    let mut left = pods.saturating_sub(site.store.shelf(Kind::Pod).objects.len());
    let mut number = 0;
    while left > 0 {
        let role = ROLES[number % ROLES.len()];
        let replicas = random.usize(1..=60).min(left);
        let form = if role == "store" { Form::StatefulSet } else { Form::Deployment };
        let name = format!("{role}-{}", number / NAMESPACES);
        let image = format!("registry.example.net/{role}:{}.{}.0", random.u8(1..4), random.u8(0..20));
        let port = 8_000 + u16::try_from(number % 1_000).unwrap_or_default();
        let mut containers = vec![container(role, &image, Some(port), &[])];
        if number.is_multiple_of(7) {
            containers.push(container("proxy", "registry.example.net/proxy:1.4.0", Some(15_000), &[]));
        }
        let workload = Workload {
            namespace: names[number % NAMESPACES].clone(),
            labels: json!({"app": name}),
            name,
            form,
            replicas,
            template: template(&containers),
            annotations: Value::Null,
        };
        let backends = site.workload(&workload);
        if number.is_multiple_of(2) {
            site.service(&workload, port, "ClusterIP", &backends);
        }
        left -= replicas.min(left);
        number += 1;
    }
}
