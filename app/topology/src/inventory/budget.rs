//! What limits how many pods may go or come: budgets, priorities, quotas and autoscalers.

use serde::{Deserialize, Serialize};

use super::{Key, Name, OwnerKind, Selector};

/// What a PodDisruptionBudget tells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Budget {
    /// Namespace and name.
    pub key: Key,
    /// `spec.selector`: pods of its own namespace; `None` selects none.
    pub selects: Option<Selector>,
    /// `spec.minAvailable`, as in `2` or `50%`.
    pub min_available: Option<Name>,
    /// `spec.maxUnavailable`, as in `1` or `25%`.
    pub max_unavailable: Option<Name>,
    /// `status.disruptionsAllowed`; `None` until its controller has counted this specification.
    pub allowed: Option<u32>,
    /// `status.currentHealthy`.
    pub healthy: u32,
    /// `status.desiredHealthy`.
    pub desired: u32,
    /// `status.expectedPods`.
    pub expected: u32,
    /// Whether pods that are not ready may always be evicted: `spec.unhealthyPodEvictionPolicy` is
    /// `AlwaysAllow`.
    pub evicts_unready: bool,
}

/// What a PriorityClass tells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PriorityClass {
    /// `metadata.name`.
    pub name: Name,
    /// `value`.
    pub value: i32,
    /// `globalDefault`.
    pub default: bool,
    /// Whether its pods may evict others: `preemptionPolicy` is not `Never`.
    pub preempts: bool,
}

/// What a ResourceQuota tells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quota {
    /// Namespace and name.
    pub key: Key,
    /// Each of `status.hard` with its amount and that of `status.used`, in the resource's unit:
    /// thousandths for CPU, bytes for memory and storage, else a count.
    pub amounts: Vec<(Name, u64, u64)>,
    /// Whether it counts only some pods: `spec.scopes` or `spec.scopeSelector` is set.
    pub scoped: bool,
}

/// What a HorizontalPodAutoscaler tells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Autoscaler {
    /// Namespace and name.
    pub key: Key,
    /// `spec.scaleTargetRef`.
    pub target: (OwnerKind, Name),
    /// `spec.minReplicas`; 1 where none is said.
    pub min: u32,
    /// `spec.maxReplicas`.
    pub max: u32,
    /// `status.currentReplicas`.
    pub current: u32,
    /// `status.desiredReplicas`.
    pub desired: u32,
}
