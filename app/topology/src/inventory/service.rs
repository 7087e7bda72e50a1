//! A service.

use serde::{Deserialize, Serialize};

use super::{Key, Name};

/// What a Service object tells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Service {
    /// Namespace and name.
    pub key: Key,
    /// `spec.type`, as in `ClusterIP`.
    pub kind: Name,
    /// `spec.clusterIPs` without `None`.
    pub cluster_ips: Vec<Name>,
    /// `spec.externalIPs` and the load balancer's addresses.
    pub external_ips: Vec<Name>,
    /// `spec.ports`.
    pub ports: Vec<ServicePort>,
    /// Whether it has a selector; without one its endpoints are somebody else's business.
    pub selects: bool,
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
