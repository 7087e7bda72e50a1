//! Claims, volumes and their classes.

use serde::{Deserialize, Serialize};

use super::{Key, Labels, Name, Node, NodeTerm};

/// What a PersistentVolumeClaim tells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// Namespace and name.
    pub key: Key,
    /// `spec.volumeName`: the volume that it is bound to, or wants.
    pub volume: Option<Name>,
    /// `spec.storageClassName` (old: an annotation); `None` where none is said, empty for no class.
    pub class: Option<Name>,
    /// `status.phase` is `Bound`.
    pub bound: bool,
    /// `status.phase`, as in `Pending` or `Lost`.
    pub phase: Name,
    /// `spec.accessModes`.
    pub modes: Vec<AccessMode>,
    /// `spec.resources.requests.storage` in bytes.
    pub asked: Option<u64>,
}

/// What a PersistentVolume tells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Volume {
    /// `metadata.name`.
    pub name: Name,
    /// `spec.storageClassName`; empty for none.
    pub class: Name,
    /// `spec.accessModes`.
    pub modes: Vec<AccessMode>,
    /// `spec.capacity.storage` in bytes.
    pub capacity: Option<u64>,
    /// `status.phase`, as in `Bound` or `Released`.
    pub phase: Name,
    /// `spec.claimRef`.
    pub claim: Option<Key>,
    /// `spec.nodeAffinity.required`: nodes that reach it; `None` for all.
    pub affinity: Option<Vec<NodeTerm>>,
    /// Its labels that name zones and regions; a value may hold several, joined by `__`.
    pub zones: Labels,
    /// Where it is kept: `local`, `hostPath`, `nfs` and the like, or the name of a CSI driver.
    pub backing: Name,
    /// Whether its node affinity could not be read.
    pub odd: bool,
}

impl Volume {
    /// Whether a pod on this node reaches it, as far as its node affinity tells.
    pub fn reachable_from(&self, node: &Node) -> bool {
        self.affinity.as_ref().is_none_or(|terms| terms.iter().any(|term| term.matches(node)))
    }
}

/// `accessModes` of claims and volumes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AccessMode {
    /// `ReadWriteOnce`: one node.
    Once,
    /// `ReadWriteOncePod`: one pod.
    OncePod,
    /// `ReadOnlyMany`.
    ReadMany,
    /// `ReadWriteMany`.
    Many,
}

impl AccessMode {
    /// As the API has it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Once => "ReadWriteOnce",
            Self::OncePod => "ReadWriteOncePod",
            Self::ReadMany => "ReadOnlyMany",
            Self::Many => "ReadWriteMany",
        }
    }

    /// From the API's word.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Once, Self::OncePod, Self::ReadMany, Self::Many].into_iter().find(|mode| mode.word() == word)
    }
}

/// What a StorageClass tells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StorageClass {
    /// `metadata.name`.
    pub name: Name,
    /// `provisioner`; `kubernetes.io/no-provisioner` makes no volumes.
    pub provisioner: Name,
    /// Whether a volume is bound once a pod wants it: `volumeBindingMode` is `WaitForFirstConsumer`.
    pub waits: bool,
    /// Whether claims that name no class get this one.
    pub default: bool,
    /// `allowedTopologies`; empty for every node.
    pub allowed: Vec<NodeTerm>,
}

/// What a CSINode tells: how many volumes of each driver a node takes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CsiNode {
    /// `metadata.name`, which is the node's.
    pub name: Name,
    /// `spec.drivers`: the driver, and `allocatable.count` where it sets a limit.
    pub drivers: Vec<(Name, Option<u32>)>,
}
