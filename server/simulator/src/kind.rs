//! The kinds that are served: their names, groups and scopes. One row a kind; what is done with
//! them lives elsewhere.

use serde::{Deserialize, Serialize};

/// A kind of object that the simulator stores and serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Kind {
    /// v1.
    Namespace,
    /// v1.
    Node,
    /// v1.
    Pod,
    /// v1.
    Service,
    /// v1.
    Endpoints,
    /// v1.
    Event,
    /// apps/v1.
    Deployment,
    /// apps/v1.
    ReplicaSet,
    /// apps/v1.
    StatefulSet,
    /// apps/v1.
    DaemonSet,
    /// batch/v1.
    Job,
    /// coordination.k8s.io/v1.
    Lease,
    /// discovery.k8s.io/v1.
    EndpointSlice,
    /// networking.k8s.io/v1.
    NetworkPolicy,
}

/// What the API calls a kind.
pub(crate) struct Names {
    /// As in an object's `kind`.
    pub(crate) kind: &'static str,
    /// As in `apiVersion`: `v1`, or `group/v1`.
    pub(crate) api_version: &'static str,
    /// As in a path.
    pub(crate) plural: &'static str,
    /// As in kubectl's messages.
    pub(crate) singular: &'static str,
    /// What kubectl also takes.
    pub(crate) short: &'static [&'static str],
    /// Whether its objects live in namespaces.
    pub(crate) namespaced: bool,
    /// Whether it has a status of its own, at `…/status`.
    pub(crate) status: bool,
}

impl Kind {
    /// Every kind, in the order of their groups.
    pub const ALL: [Self; 14] = [
        Self::Namespace,
        Self::Node,
        Self::Pod,
        Self::Service,
        Self::Endpoints,
        Self::Event,
        Self::Deployment,
        Self::ReplicaSet,
        Self::StatefulSet,
        Self::DaemonSet,
        Self::Job,
        Self::Lease,
        Self::EndpointSlice,
        Self::NetworkPolicy,
    ];

    pub(crate) const fn names(self) -> Names {
        const fn row(
            kind: &'static str,
            api_version: &'static str,
            plural: &'static str,
            singular: &'static str,
            short: &'static [&'static str],
            scope_and_status: (bool, bool),
        ) -> Names {
            let (namespaced, status) = scope_and_status;
            Names { kind, api_version, plural, singular, short, namespaced, status }
        }
        match self {
            Self::Namespace => row("Namespace", "v1", "namespaces", "namespace", &["ns"], (false, true)),
            Self::Node => row("Node", "v1", "nodes", "node", &["no"], (false, true)),
            Self::Pod => row("Pod", "v1", "pods", "pod", &["po"], (true, true)),
            Self::Service => row("Service", "v1", "services", "service", &["svc"], (true, true)),
            Self::Endpoints => row("Endpoints", "v1", "endpoints", "endpoints", &["ep"], (true, false)),
            Self::Event => row("Event", "v1", "events", "event", &["ev"], (true, false)),
            Self::Deployment => row("Deployment", "apps/v1", "deployments", "deployment", &["deploy"], (true, true)),
            Self::ReplicaSet => row("ReplicaSet", "apps/v1", "replicasets", "replicaset", &["rs"], (true, true)),
            Self::StatefulSet => row("StatefulSet", "apps/v1", "statefulsets", "statefulset", &["sts"], (true, true)),
            Self::DaemonSet => row("DaemonSet", "apps/v1", "daemonsets", "daemonset", &["ds"], (true, true)),
            Self::Job => row("Job", "batch/v1", "jobs", "job", &[], (true, true)),
            Self::Lease => row("Lease", "coordination.k8s.io/v1", "leases", "lease", &[], (true, false)),
            Self::EndpointSlice => {
                row("EndpointSlice", "discovery.k8s.io/v1", "endpointslices", "endpointslice", &[], (true, false))
            }
            Self::NetworkPolicy => {
                let short = &["netpol"];
                row("NetworkPolicy", "networking.k8s.io/v1", "networkpolicies", "networkpolicy", short, (true, false))
            }
        }
    }

    /// Its API group; empty for the core's.
    pub(crate) fn group(self) -> &'static str {
        self.names().api_version.split_once('/').map_or("", |(group, _)| group)
    }

    /// `pods`, `leases.coordination.k8s.io`: as messages name it.
    pub(crate) fn qualified(self) -> String {
        match self.group() {
            "" => self.names().plural.to_owned(),
            group => format!("{}.{group}", self.names().plural),
        }
    }

    /// By group and plural, as a path has them.
    pub(crate) fn from_path(group: &str, plural: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.names().plural == plural && kind.group() == group)
    }
}
