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
    /// v1.
    PersistentVolumeClaim,
    /// v1.
    PersistentVolume,
    /// v1.
    ResourceQuota,
    /// apps/v1.
    Deployment,
    /// apps/v1.
    ReplicaSet,
    /// apps/v1.
    StatefulSet,
    /// apps/v1.
    DaemonSet,
    /// autoscaling/v1.
    HorizontalPodAutoscaler,
    /// batch/v1.
    Job,
    /// coordination.k8s.io/v1.
    Lease,
    /// discovery.k8s.io/v1.
    EndpointSlice,
    /// networking.k8s.io/v1.
    NetworkPolicy,
    /// networking.k8s.io/v1.
    Ingress,
    /// policy/v1.
    PodDisruptionBudget,
    /// scheduling.k8s.io/v1.
    PriorityClass,
    /// storage.k8s.io/v1.
    StorageClass,
    /// storage.k8s.io/v1.
    CSINode,
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
    pub const ALL: [Self; 23] = [
        Self::Namespace,
        Self::Node,
        Self::Pod,
        Self::Service,
        Self::Endpoints,
        Self::Event,
        Self::PersistentVolumeClaim,
        Self::PersistentVolume,
        Self::ResourceQuota,
        Self::Deployment,
        Self::ReplicaSet,
        Self::StatefulSet,
        Self::DaemonSet,
        Self::HorizontalPodAutoscaler,
        Self::Job,
        Self::Lease,
        Self::EndpointSlice,
        Self::NetworkPolicy,
        Self::Ingress,
        Self::PodDisruptionBudget,
        Self::PriorityClass,
        Self::StorageClass,
        Self::CSINode,
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
            Self::PersistentVolumeClaim => {
                let short = &["pvc"];
                row(
                    "PersistentVolumeClaim",
                    "v1",
                    "persistentvolumeclaims",
                    "persistentvolumeclaim",
                    short,
                    (true, true),
                )
            }
            Self::PersistentVolume => {
                let short = &["pv"];
                row("PersistentVolume", "v1", "persistentvolumes", "persistentvolume", short, (false, true))
            }
            Self::ResourceQuota => {
                let short = &["quota"];
                row("ResourceQuota", "v1", "resourcequotas", "resourcequota", short, (true, true))
            }
            Self::HorizontalPodAutoscaler => {
                let short = &["hpa"];
                row(
                    "HorizontalPodAutoscaler",
                    "autoscaling/v1",
                    "horizontalpodautoscalers",
                    "horizontalpodautoscaler",
                    short,
                    (true, true),
                )
            }
            Self::Ingress => {
                let short = &["ing"];
                row("Ingress", "networking.k8s.io/v1", "ingresses", "ingress", short, (true, true))
            }
            Self::PodDisruptionBudget => {
                let short = &["pdb"];
                row(
                    "PodDisruptionBudget",
                    "policy/v1",
                    "poddisruptionbudgets",
                    "poddisruptionbudget",
                    short,
                    (true, true),
                )
            }
            Self::PriorityClass => {
                let short = &["pc"];
                row("PriorityClass", "scheduling.k8s.io/v1", "priorityclasses", "priorityclass", short, (false, false))
            }
            Self::StorageClass => {
                let short = &["sc"];
                row("StorageClass", "storage.k8s.io/v1", "storageclasses", "storageclass", short, (false, false))
            }
            Self::CSINode => {
                let short = &[];
                row("CSINode", "storage.k8s.io/v1", "csinodes", "csinode", short, (false, false))
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
