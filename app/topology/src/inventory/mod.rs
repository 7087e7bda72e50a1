//! What exists, as slim facts: each holds the parts that a figure, a table or a panel shows, and
//! nothing else. Comparing two facts of a thing tells whether anything that matters has changed.

mod budget;
mod catalog;
mod change;
pub mod cni;
mod component;
mod endpoints;
mod etcd;
mod heard;
mod labels;
mod lease;
mod network;
mod node;
mod owner;
mod places;
mod pod;
mod policy;
mod resources;
mod route;
mod scope;
mod service;
mod shape;
mod storage;
mod store;
mod taint;

use std::{cmp::Ordering, sync::Arc};

use serde::{Deserialize, Serialize};

pub use budget::{Autoscaler, Budget, PriorityClass, Quota};
pub use catalog::Catalog;
pub use change::{Change, Fact, Touched};
pub use cni::{Cni, CniKind};
pub use component::{Component, ComponentKind};
pub use endpoints::{Endpoint, EndpointPort, EndpointSet};
pub use etcd::{ETCD_LAGS, Etcd, EtcdMember, EtcdStanding, EtcdTold, Silence};
pub use heard::{Heard, Source};
pub use labels::{Labels, Operator, Requirement, Selector};
pub(crate) use lease::LEADERS;
pub use lease::Lease;
pub use network::{Attachment, Networks};
pub use node::{Address, AddressKind, Condition, MICROK8S, Node, Truth};
pub use owner::{Owner, OwnerKind};
pub use places::Resident;
pub use pod::{Ended, Further, Phase, Pod};
pub use policy::NetworkPolicy;
pub use resources::Resources;
pub use route::{Gateway, Route, RouteKind, Way};
pub use scope::{Limit, Scope, namespaces};
pub use service::{Namespace, Service, ServicePort};
pub use shape::{HostPort, Mount, NodeOperator, NodeRequirement, NodeTerm, PodTerm, Shape, Spread};
pub use storage::{AccessMode, Claim, CsiNode, StorageClass, Volume};
pub use store::Inventory;
pub use taint::{Effect, Taint, Toleration};

/// A shared text: names repeat thousands of times, their bytes do not.
pub type Name = Arc<str>;

/// A moment, in milliseconds since 1970-01-01 UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Stamp(pub i64);

impl Stamp {
    /// Milliseconds from `earlier` to this moment; negative when it lies before.
    pub const fn since(self, earlier: Self) -> i64 {
        self.0 - earlier.0
    }
}

/// A namespace and a name. Order is by namespace, then by name.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Key {
    /// Empty for what belongs to no namespace.
    pub namespace: Name,
    /// The object's name.
    pub name: Name,
}

impl Key {
    /// From its two parts.
    pub fn new(namespace: impl Into<Name>, name: impl Into<Name>) -> Self {
        Self { namespace: namespace.into(), name: name.into() }
    }
}

impl Ord for Key {
    fn cmp(&self, other: &Self) -> Ordering {
        // Keys are mostly compared with others of the same namespace, which share its name.
        let namespaces = match Arc::ptr_eq(&self.namespace, &other.namespace) {
            true => Ordering::Equal,
            false => self.namespace.cmp(&other.namespace),
        };
        namespaces.then_with(|| self.name.cmp(&other.name))
    }
}

impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl std::fmt::Display for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.namespace.is_empty() { f.write_str(&self.name) } else { write!(f, "{}/{}", self.namespace, self.name) }
    }
}
