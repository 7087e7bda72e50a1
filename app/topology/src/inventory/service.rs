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
