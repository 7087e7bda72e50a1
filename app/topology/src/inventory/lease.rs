//! A lease: who holds something, and when they last said so.

use serde::{Deserialize, Serialize};

use super::{Key, Name, Stamp};

/// A Lease object, or the leader annotation that clusters before 1.14 keep on Endpoints.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// As in `kube-node-lease/host1`, `kube-system/kube-scheduler`.
    pub key: Key,
    /// `spec.holderIdentity`, as in `host1_4f0c…`.
    pub holder: Name,
    /// Label kubernetes.io/hostname, which API servers write on their identity leases.
    pub host: Option<Name>,
    /// Whether it is an API server's identity (label apiserver.kubernetes.io/identity).
    pub apiserver: bool,
    /// `spec.renewTime`.
    pub renewed: Option<Stamp>,
    /// `spec.leaseDurationSeconds`, in milliseconds.
    pub lasts: i64,
}

/// Namespaces in which the leaders of components keep their leases: the first everywhere but on `OpenShift`.
pub(crate) const LEADERS: [&str; 3] = ["kube-system", "openshift-kube-scheduler", "openshift-kube-controller-manager"];

impl Lease {
    /// Whether its namespace is one of those in which leaders keep theirs.
    pub(crate) fn is_a_leaders(&self) -> bool {
        LEADERS.contains(&&*self.key.namespace)
    }
}
