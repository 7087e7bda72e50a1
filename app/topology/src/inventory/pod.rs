//! A pod.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Component, Key, Labels, Name, Networks, OwnerKind, Shape, Stamp};

/// What a Pod object tells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pod {
    /// Namespace and name.
    pub key: Key,
    /// `spec.nodeName`; `None` while no node was found for it.
    pub node: Option<Name>,
    /// `status.phase`.
    pub phase: Phase,
    /// Condition Ready.
    pub ready: bool,
    /// Containers that are ready, native sidecars among them.
    pub containers_ready: u16,
    /// `spec.containers` and native sidecars (init containers that are restarted always), counted.
    pub containers: u16,
    /// Restarts as kubectl counts them: of containers and native sidecars, and of init containers while they run.
    pub restarts: u32,
    /// Why a container waits or ended, as in `CrashLoopBackOff`, `Init:0/2` or `OOMKilled`, or why the
    /// pod is not scheduled or not ready; empty when nothing is wrong.
    pub reason: Name,
    /// Its controller, from `metadata.ownerReferences`.
    pub owner: Option<(OwnerKind, Name)>,
    /// `spec.hostNetwork`.
    pub host_network: bool,
    /// `status.podIPs`.
    pub addresses: Vec<Name>,
    /// `metadata.creationTimestamp`.
    pub created: Stamp,
    /// Whether it is being deleted.
    pub leaving: bool,
    /// What few pods have to tell; `None` for those that have not.
    pub further: Option<Box<Further>>,
    /// Whether it is a mirror of a static pod (annotation kubernetes.io/config.mirror).
    pub mirror: bool,
    /// Set when the pod is one of the cluster's own components.
    pub component: Option<Box<Component>>,
    /// `metadata.labels`.
    pub labels: Labels,
    /// `spec.containers[].image`, as in `flannel/flannel:v0.26.4`, in the order of the containers.
    pub images: Arc<[Name]>,
    /// The networks that Multus put it on; `None` where no annotation tells of any.
    pub networks: Option<Box<Networks>>,
    /// Where it fits and how it is evicted: shared by the pods of one template.
    #[serde(default)]
    pub shape: Arc<Shape>,
    /// Claims of its own namespace that it mounts, in the order of its volumes.
    #[serde(default)]
    pub claims: Arc<[Name]>,
    /// The one node that its required affinity names, as a DaemonSet's controller writes it; its
    /// shape leaves that out.
    #[serde(default)]
    pub pin: Option<Name>,
}

/// What few pods have to tell.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Further {
    /// What the reason leaves out: the gates that are closed, or the containers that are not ready.
    pub detail: Name,
    /// The last termination of a container, when one ended badly or was started again.
    pub ended: Option<Ended>,
    /// When its deletion was asked for.
    pub left: Option<Stamp>,
    /// `metadata.finalizers` of a pod that is being deleted.
    pub finalizers: Vec<Name>,
    /// Since when it is not ready, or waits for a node: the time of that condition.
    #[serde(default)]
    pub unready: Option<Stamp>,
}

/// How a container ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    /// The container.
    pub container: Name,
    /// As in `OOMKilled`; empty when not told.
    pub reason: Name,
    /// `exitCode`.
    pub code: i32,
    /// `finishedAt`, when told.
    pub at: Option<Stamp>,
}

/// `status.phase`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// Accepted, not yet running.
    Pending,
    /// Bound, at least one container started.
    Running,
    /// All containers ended well.
    Succeeded,
    /// All ended, one badly.
    Failed,
    /// The node does not answer, or the phase is none that is known.
    Unknown,
}

/// Namespaces whose pods belong to the cluster itself: drawn dark, as the manual has them.
const SYSTEM_NAMESPACES: [&str; 5] = ["kube-system", "kube-public", "kube-node-lease", "kube-flannel", "calico-system"];

/// Beginnings of such names, as platforms have them.
const SYSTEM_PREFIXES: [&str; 6] = ["openshift-", "cattle-", "gke-managed-", "gke-gmp-", "gmp-", "tigera-"];

impl Pod {
    /// Whether it failed, is not ready where it should be or come to be, or is about to go.
    pub const fn is_behind(&self) -> bool {
        match self.phase {
            Phase::Pending | Phase::Running if self.leaving => true,
            Phase::Failed => true,
            Phase::Pending | Phase::Running => !self.ready,
            Phase::Succeeded | Phase::Unknown => false,
        }
    }

    /// Whether it belongs to the cluster itself rather than to its users.
    pub fn is_system(&self) -> bool {
        let namespace = &*self.key.namespace;
        SYSTEM_NAMESPACES.contains(&namespace) || SYSTEM_PREFIXES.iter().any(|prefix| namespace.starts_with(prefix))
    }
}
