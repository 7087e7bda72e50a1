//! Ways into the cluster by the name of a host: Ingress, HTTPRoute and the Gateways of these.

use serde::{Deserialize, Serialize};

use super::{Key, Name};

/// What an Ingress or an HTTPRoute tells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Route {
    /// Which of the two.
    pub kind: RouteKind,
    /// Namespace and name.
    pub key: Key,
    /// The class of an Ingress; empty where none is said, and for an HTTPRoute.
    pub class: Name,
    /// The Gateways of an HTTPRoute.
    pub gateways: Vec<Key>,
    /// Addresses that the controller of an Ingress tells.
    pub addresses: Vec<Name>,
    /// Whether an Ingress ends TLS.
    pub secure: bool,
    /// Where it leads.
    pub doors: Vec<Way>,
}

/// The two kinds of routes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RouteKind {
    /// `networking.k8s.io`, of old `extensions`.
    Ingress,
    /// `gateway.networking.k8s.io`.
    HttpRoute,
}

impl RouteKind {
    /// As the API has it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Ingress => "Ingress",
            Self::HttpRoute => "HTTPRoute",
        }
    }
}

/// One host and path of a route, and the service behind it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Way {
    /// The host; empty for every host.
    pub host: Name,
    /// The path; empty for every path.
    pub path: Name,
    /// The service.
    pub service: Key,
    /// Its port, by number or name; empty where none is said.
    pub port: Name,
}

/// What a Gateway tells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gateway {
    /// Namespace and name.
    pub key: Key,
    /// `spec.gatewayClassName`.
    pub class: Name,
    /// `spec.listeners` as port and protocol, as in `443/HTTPS`.
    pub listeners: Vec<Name>,
    /// `status.addresses`.
    pub addresses: Vec<Name>,
}
