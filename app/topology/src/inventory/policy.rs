//! Which pods' traffic is restricted.

use serde::{Deserialize, Serialize};

use super::{Key, Selector};

/// What a NetworkPolicy of networking.k8s.io tells: whom it is about and which way, without its
/// rules.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NetworkPolicy {
    /// Namespace and name.
    pub key: Key,
    /// `spec.podSelector`: pods of its own namespace.
    pub selects: Selector,
    /// Whether it restricts what comes in: `spec.policyTypes`, or always where that is not said.
    pub ingress: bool,
    /// Whether it restricts what goes out: `spec.policyTypes`, or where that is not said, when
    /// there are `spec.egress` rules.
    pub egress: bool,
}
