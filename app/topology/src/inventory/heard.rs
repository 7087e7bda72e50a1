//! What each source has told so far, and why it is silent when it is.

use serde::{Deserialize, Serialize};

use super::{Name, Stamp};

/// Where facts come from: a kind of object that is watched, or a question that is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// `nodes`.
    Nodes,
    /// `pods`.
    Pods,
    /// `services`.
    Services,
    /// `endpointslices` of discovery.k8s.io, or `endpoints` where there are none.
    Endpoints,
    /// `namespaces`.
    Namespaces,
    /// `leases` of coordination.k8s.io, or leader annotations on `endpoints` where there are none.
    Leases,
    /// `deployments`.
    Deployments,
    /// `replicasets`.
    ReplicaSets,
    /// `statefulsets`.
    StatefulSets,
    /// `daemonsets`.
    DaemonSets,
    /// `jobs`.
    Jobs,
    /// `networkpolicies` of networking.k8s.io.
    NetworkPolicies,
    /// The API server's own check of its etcd: `/readyz?verbose`, or `/healthz/etcd` on old ones.
    Readyz,
    /// `poddisruptionbudgets` of policy.
    PodDisruptionBudgets,
    /// `persistentvolumeclaims`.
    PersistentVolumeClaims,
    /// `persistentvolumes`.
    PersistentVolumes,
    /// `storageclasses` of storage.k8s.io.
    StorageClasses,
    /// `priorityclasses` of scheduling.k8s.io.
    PriorityClasses,
    /// `csinodes` of storage.k8s.io.
    CsiNodes,
    /// `resourcequotas`.
    ResourceQuotas,
    /// `horizontalpodautoscalers` of autoscaling.
    Autoscalers,
    /// `ingresses` of networking.k8s.io.
    Ingresses,
    /// `httproutes` of gateway.networking.k8s.io.
    HttpRoutes,
    /// `gateways` of gateway.networking.k8s.io.
    Gateways,
}

impl Source {
    /// Those that are told beside the figures, in panels and to questions: no picture waits for them.
    pub const BESIDE: [Self; 11] = [
        Self::PodDisruptionBudgets,
        Self::PersistentVolumeClaims,
        Self::PersistentVolumes,
        Self::StorageClasses,
        Self::PriorityClasses,
        Self::CsiNodes,
        Self::ResourceQuotas,
        Self::Autoscalers,
        Self::Ingresses,
        Self::HttpRoutes,
        Self::Gateways,
    ];

    /// Those that the figures are drawn from, in the order in which they are named to people.
    pub const ALL: [Self; 13] = [
        Self::Nodes,
        Self::Pods,
        Self::Services,
        Self::Endpoints,
        Self::Namespaces,
        Self::Leases,
        Self::Deployments,
        Self::ReplicaSets,
        Self::StatefulSets,
        Self::DaemonSets,
        Self::Jobs,
        Self::NetworkPolicies,
        Self::Readyz,
    ];

    /// Those of both lists.
    pub fn every() -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().chain(Self::BESIDE)
    }

    /// The word for it in sentences and addresses.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Nodes => "nodes",
            Self::Pods => "pods",
            Self::Services => "services",
            Self::Endpoints => "endpoints",
            Self::Namespaces => "namespaces",
            Self::Leases => "leases",
            Self::Deployments => "deployments",
            Self::ReplicaSets => "replicasets",
            Self::StatefulSets => "statefulsets",
            Self::DaemonSets => "daemonsets",
            Self::Jobs => "jobs",
            Self::NetworkPolicies => "networkpolicies",
            Self::Readyz => "readyz",
            Self::PodDisruptionBudgets => "poddisruptionbudgets",
            Self::PersistentVolumeClaims => "persistentvolumeclaims",
            Self::PersistentVolumes => "persistentvolumes",
            Self::StorageClasses => "storageclasses",
            Self::PriorityClasses => "priorityclasses",
            Self::CsiNodes => "csinodes",
            Self::ResourceQuotas => "resourcequotas",
            Self::Autoscalers => "horizontalpodautoscalers",
            Self::Ingresses => "ingresses",
            Self::HttpRoutes => "httproutes",
            Self::Gateways => "gateways",
        }
    }
}

/// How far a source has spoken.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "state")]
pub enum Heard {
    /// Nothing yet: the first list is still under way.
    #[default]
    NotYet,
    /// Nothing yet, and not for want of trying: its list fails again and again.
    Unread {
        /// What goes wrong, in words for people, without secrets.
        reason: Name,
    },
    /// The cluster does not serve it.
    NotServed,
    /// The one who asks may not read it.
    Forbidden {
        /// What a role lacks, as in `list nodes` or `watch leases.coordination.k8s.io`.
        permission: Name,
    },
    /// Complete and followed.
    Live,
    /// It may be listed and not watched: it is listed again from time to time.
    Listed {
        /// When it was listed last.
        since: Stamp,
        /// What a role lacks to follow it, as in `watch nodes`.
        permission: Name,
    },
    /// It was complete, but the line is cut.
    Stale {
        /// When it was last heard.
        since: Stamp,
        /// What went wrong, in words for people, without secrets.
        reason: Name,
    },
}

impl Heard {
    /// Whether facts of this source are as fresh as they can be: followed, or listed now and then.
    pub const fn is_fresh(&self) -> bool {
        matches!(self, Self::Live | Self::Listed { .. })
    }

    /// Whether facts of this source that are held are old news: it told once, and tells no more.
    pub const fn is_past(&self) -> bool {
        matches!(self, Self::Unread { .. } | Self::NotServed | Self::Forbidden { .. } | Self::Stale { .. })
    }

    /// Whether facts of this source are there at all, fresh or stale.
    pub const fn knows(&self) -> bool {
        matches!(self, Self::Live | Self::Listed { .. } | Self::Stale { .. })
    }
}
