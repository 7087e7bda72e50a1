//! A service.

use serde::{Deserialize, Serialize};

use super::{Key, Labels, Name};

/// What a Service object tells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Service {
    /// Namespace and name.
    pub key: Key,
    /// `spec.type`, as in `ClusterIP`.
    pub kind: Name,
    /// `spec.clusterIPs` without `None`.
    pub cluster_ips: Vec<Name>,
    /// `spec.externalIPs`.
    pub external_ips: Vec<Name>,
    /// `status.loadBalancer.ingress`: addresses or host names.
    pub balancer_ips: Vec<Name>,
    /// Whether traffic from outside stays on the node that it reaches first
    /// (`spec.externalTrafficPolicy` is `Local`): nodes without an endpoint answer nobody.
    pub local: bool,
    /// `spec.ports`.
    pub ports: Vec<ServicePort>,
    /// Whether it has a selector; without one its endpoints are somebody else's business.
    pub selects: bool,
    /// `spec.selector`.
    pub selector: Labels,
    /// `spec.externalName` of an `ExternalName`; empty for others.
    pub external_name: Name,
}

impl Service {
    /// The host names that lead to it or that it leads to, and its addresses outside.
    pub fn hosts(&self) -> impl Iterator<Item = &Name> {
        let external = Some(&self.external_name).filter(|name| !name.is_empty());
        self.balancer_ips.iter().chain(&self.external_ips).chain(external)
    }
}

/// One entry of `spec.ports`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServicePort {
    /// `name`, often empty.
    pub name: Name,
    /// `protocol`.
    pub protocol: Name,
    /// `port`.
    pub port: u16,
    /// `nodePort`.
    pub node_port: Option<u16>,
}

/// What a Namespace object tells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Namespace {
    /// `metadata.name`.
    pub name: Name,
    /// `metadata.labels`.
    pub labels: Labels,
}
