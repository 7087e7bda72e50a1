//! A machine of the cluster.

use serde::{Deserialize, Serialize};

use super::{Labels, Name, Resources, Stamp, Taint};

/// What a Node object tells, without what changes at every heartbeat and is not shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Node {
    /// `metadata.name`.
    pub name: Name,
    /// `metadata.creationTimestamp`.
    pub created: Stamp,
    /// X of every label `node-role.kubernetes.io/X`, sorted, as in `control-plane`, `master`; [`MICROK8S`], too.
    pub roles: Vec<Name>,
    /// `status.addresses`.
    pub addresses: Vec<Address>,
    /// `status.conditions`, Ready among them, sorted by their type.
    pub conditions: Vec<Condition>,
    /// `spec.unschedulable`: cordoned.
    pub cordoned: bool,
    /// `spec.taints`, sorted.
    pub taints: Vec<Taint>,
    /// `metadata.labels`.
    #[serde(default)]
    pub labels: Labels,
    /// `status.allocatable`: what pods may ask for together; `None` when untold.
    #[serde(default)]
    pub allocatable: Option<Resources>,
    /// `status.capacity`: what the machine has; `None` when untold.
    #[serde(default)]
    pub capacity: Option<Resources>,
    /// `status.nodeInfo.kubeletVersion`; empty when untold, as all texts here.
    pub kubelet: Name,
    /// `status.nodeInfo.kubeProxyVersion`.
    pub proxy: Name,
    /// `status.nodeInfo.containerRuntimeVersion`, as in `containerd://1.7.24`.
    pub runtime: Name,
    /// `status.nodeInfo.osImage`.
    pub os: Name,
    /// `status.nodeInfo.kernelVersion`.
    pub kernel: Name,
    /// `spec.podCIDRs`.
    pub pod_cidrs: Vec<Name>,
    /// `status.allocatable.pods`.
    pub room: Option<u32>,
    /// Label `topology.kubernetes.io/zone` (old: `failure-domain.beta.kubernetes.io/zone`).
    pub zone: Option<Name>,
}

/// The role of MicroK8s' masters, by their label `node.kubernetes.io/microk8s-controlplane`.
pub const MICROK8S: &str = "microk8s-controlplane";

impl Node {
    /// Whether its labels make it a master.
    pub fn labelled_master(&self) -> bool {
        self.roles.iter().any(|role| matches!(&**role, "control-plane" | "controlplane" | "master"))
            || self.is_microk8s()
    }

    /// Whether it is a master of MicroK8s, which has a label of its own for it.
    pub fn is_microk8s(&self) -> bool {
        self.roles.iter().any(|role| &**role == MICROK8S)
    }

    /// The condition of this type.
    pub fn condition(&self, kind: &str) -> Option<&Condition> {
        self.conditions.iter().find(|condition| &*condition.kind == kind)
    }

    /// The first address of a kind.
    pub fn address(&self, kind: AddressKind) -> Option<&Name> {
        self.addresses.iter().find(|address| address.kind == kind).map(|address| &address.value)
    }
}

/// One of a node's addresses.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Address {
    /// Which of them.
    pub kind: AddressKind,
    /// The address or host name.
    pub value: Name,
}

/// `status.addresses[].type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AddressKind {
    /// `InternalIP`.
    Internal,
    /// `ExternalIP`.
    External,
    /// `Hostname` and the DNS types.
    Host,
}

/// One entry of `status.conditions`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Condition {
    /// `type`, as in `Ready`.
    pub kind: Name,
    /// `status`.
    pub truth: Truth,
    /// `reason`.
    pub reason: Name,
    /// `message`.
    pub message: Name,
    /// `lastTransitionTime`.
    pub since: Stamp,
    /// `lastHeartbeatTime` of Ready where no node leases are served; else `None`, so that a
    /// heartbeat alone changes nothing.
    pub heartbeat: Option<Stamp>,
}

/// `True`, `False` or `Unknown`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Truth {
    /// The condition holds.
    True,
    /// It does not.
    False,
    /// Nobody knows.
    Unknown,
}
