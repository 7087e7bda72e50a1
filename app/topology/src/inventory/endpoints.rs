//! Where a service's traffic ends.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Key, Name};

/// An EndpointSlice, or an Endpoints object where slices are not served.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndpointSet {
    /// The slice's own namespace and name; a service may have several.
    pub key: Key,
    /// The service's name (label kubernetes.io/service-name), in the same namespace.
    pub service: Name,
    /// Its endpoints.
    pub endpoints: Vec<Endpoint>,
}

/// One entry of a slice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endpoint {
    /// `addresses[0]`.
    pub address: Name,
    /// `conditions.ready`; absent counts as ready, as the API says.
    pub ready: bool,
    /// Whether it is terminating and serves still: traffic goes there while no other is ready.
    pub serves_last: bool,
    /// `conditions.terminating`.
    pub terminating: bool,
    /// The pod's name, when `targetRef` is a pod.
    pub pod: Option<Name>,
    /// `nodeName`.
    pub node: Option<Name>,
    /// `ports` of the slice or subset that it stands in, and that its neighbours share.
    pub ports: Arc<[EndpointPort]>,
}

/// One entry of a slice's `ports`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct EndpointPort {
    /// `name`: that of the service's port which leads here, often empty.
    pub name: Name,
    /// `protocol`.
    pub protocol: Name,
    /// `port`.
    pub port: u16,
}
