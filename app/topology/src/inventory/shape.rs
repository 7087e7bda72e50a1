//! What a pod's template says of where its pods may run. Pods of one template share one shape.

use serde::{Deserialize, Serialize};

use super::{Labels, Name, Node, Resources, Selector, Toleration};

/// The part of a pod's `spec` that decides where it fits and how it is evicted, without what differs
/// from pod to pod of one template: claims and the node of a DaemonSet's pod are facts of the pod.
/// Preferences are left out, as they rule no node out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Shape {
    /// As the scheduler sums them: the larger of containers with sidecars and of any init container
    /// with the sidecars started before it; what the pod level says instead; and the overhead.
    pub requests: Resources,
    /// `nodeSelector`.
    pub node_selector: Labels,
    /// Required terms of `affinity.nodeAffinity`, of which one must match; `None` without a rule.
    pub node_affinity: Option<Vec<NodeTerm>>,
    /// Required terms of `affinity.podAffinity`, all of which must match.
    pub near: Vec<PodTerm>,
    /// Required terms of `affinity.podAntiAffinity`, none of which may match.
    pub apart: Vec<PodTerm>,
    /// `topologySpreadConstraints` whose `whenUnsatisfiable` is `DoNotSchedule`.
    pub spread: Vec<Spread>,
    /// `tolerations`.
    pub tolerations: Vec<Toleration>,
    /// `priority`; 0 where none is said.
    pub priority: i32,
    /// Whether it may evict pods of lower priority: `preemptionPolicy` is not `Never`.
    pub preempts: bool,
    /// `schedulerName`.
    pub scheduler: Name,
    /// Ports of the host that its containers take.
    pub host_ports: Vec<HostPort>,
    /// Volumes that are kept by the node or tied to one; ConfigMaps and the like are left out.
    pub volumes: Vec<Mount>,
    /// `schedulingGates` that are not lifted yet.
    pub gates: Vec<Name>,
    /// `terminationGracePeriodSeconds`.
    pub grace: u32,
    /// Whether it has `resourceClaims`: devices, whose place no fact here tells.
    pub devices: bool,
    /// Whether something of the above could not be read, as an operator of a newer API: no answer
    /// may then be built on this shape.
    pub odd: bool,
}

/// One of `nodeSelectorTerms`: all that it requires must hold. An empty one matches no node.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct NodeTerm {
    /// `matchExpressions`.
    pub labels: Vec<NodeRequirement>,
    /// `matchFields`: of a node's `metadata.name`.
    pub names: Vec<NodeRequirement>,
}

/// One entry of a node selector's `matchExpressions` or `matchFields`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct NodeRequirement {
    /// `key`.
    pub key: Name,
    /// `operator`.
    pub operator: NodeOperator,
    /// `values`; empty for the two operators that take none.
    pub values: Vec<Name>,
}

/// `operator` of a node selector.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NodeOperator {
    /// The label is there with one of the values.
    In,
    /// It is not there, or with another value.
    NotIn,
    /// It is there.
    Exists,
    /// It is not.
    DoesNotExist,
    /// `Gt`: it is a whole number above the value.
    Above,
    /// `Lt`: it is a whole number below the value.
    Below,
}

impl NodeTerm {
    /// Whether a node meets all of it.
    pub fn matches(&self, node: &Node) -> bool {
        let is_empty = self.labels.is_empty() && self.names.is_empty();
        let named = |field: &NodeRequirement| &*field.key == "metadata.name" && field.holds(Some(&node.name));
        !is_empty
            && self.labels.iter().all(|label| label.holds(node.labels.get(&label.key)))
            && self.names.iter().all(named)
    }
}

impl NodeRequirement {
    fn holds(&self, value: Option<&Name>) -> bool {
        let number = |text: &Name| text.parse::<i64>().ok();
        let bound = || self.values.first().and_then(number);
        match self.operator {
            NodeOperator::In => value.is_some_and(|value| self.values.contains(value)),
            NodeOperator::NotIn => value.is_none_or(|value| !self.values.contains(value)),
            NodeOperator::Exists => value.is_some(),
            NodeOperator::DoesNotExist => value.is_none(),
            NodeOperator::Above => value.and_then(number).zip(bound()).is_some_and(|(value, bound)| value > bound),
            NodeOperator::Below => value.and_then(number).zip(bound()).is_some_and(|(value, bound)| value < bound),
        }
    }
}

/// A required term of a pod affinity or anti-affinity.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct PodTerm {
    /// `labelSelector`; `None` selects no pod.
    pub selector: Option<Selector>,
    /// `namespaces`. With no namespace here and no selector of them, the pod's own is meant.
    pub namespaces: Vec<Name>,
    /// `namespaceSelector`, of the labels of namespaces; one that is empty selects all.
    pub namespace_selector: Option<Selector>,
    /// `topologyKey`: the label of nodes within whose value the pods are near.
    pub topology: Name,
}

/// A topology spread constraint that rules nodes out.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Spread {
    /// `maxSkew`.
    pub max_skew: u32,
    /// `topologyKey`.
    pub topology: Name,
    /// `labelSelector`; `None` selects no pod.
    pub selector: Option<Selector>,
    /// `matchLabelKeys`: labels whose values, as the pod itself has them, are selected as well.
    pub match_label_keys: Vec<Name>,
    /// `minDomains`.
    pub min_domains: Option<u32>,
    /// Whether only nodes that the pod's selector and affinity allow are counted:
    /// `nodeAffinityPolicy` is not `Ignore`.
    pub by_affinity: bool,
    /// Whether nodes with taints that the pod does not tolerate are not counted: `nodeTaintsPolicy`
    /// is `Honor`.
    pub by_taints: bool,
}

/// A port of the host that a container takes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct HostPort {
    /// `hostPort`.
    pub port: u16,
    /// `protocol`, as in `TCP`.
    pub protocol: Name,
    /// `hostIP`; empty for every address.
    pub address: Name,
}

/// A volume of a pod that is no claim.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mount {
    /// `emptyDir`: lost with the pod.
    EmptyDir,
    /// `hostPath`, with its path.
    HostPath(Name),
    /// A disk that the pod names itself, by the word of its kind, as in `iscsi` or `awsElasticBlockStore`.
    Disk(Name),
}
