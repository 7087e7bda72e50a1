//! Node → fact.

use std::collections::BTreeMap;

use serde::Deserialize;
use topology::inventory::{
    Address, AddressKind, Condition, Effect, Fact, MICROK8S, Name, Node, Resources, Taint, Truth,
};

use super::{
    intern::Intern,
    lenient::{each, lenient, maybe, texts},
    object::{Object, stamp},
    quantity,
};

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Spec {
    #[serde(deserialize_with = "lenient")]
    unschedulable: bool,
    #[serde(deserialize_with = "each")]
    taints: Vec<SpecTaint>,
    // Kubernetes before 1.16 has only the one without the s.
    #[serde(rename = "podCIDR", deserialize_with = "lenient")]
    pod_cidr: String,
    #[serde(rename = "podCIDRs", deserialize_with = "each")]
    pod_cidrs: Vec<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct SpecTaint {
    #[serde(deserialize_with = "lenient")]
    key: String,
    #[serde(deserialize_with = "lenient")]
    value: String,
    #[serde(deserialize_with = "lenient")]
    effect: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Status {
    #[serde(deserialize_with = "each")]
    addresses: Vec<StatusAddress>,
    #[serde(deserialize_with = "each")]
    conditions: Vec<StatusCondition>,
    #[serde(deserialize_with = "lenient")]
    node_info: Info,
    #[serde(deserialize_with = "texts")]
    allocatable: BTreeMap<String, String>,
    #[serde(deserialize_with = "texts")]
    capacity: BTreeMap<String, String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct StatusAddress {
    #[serde(deserialize_with = "lenient")]
    r#type: String,
    #[serde(deserialize_with = "lenient")]
    address: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct StatusCondition {
    #[serde(deserialize_with = "lenient")]
    r#type: String,
    #[serde(deserialize_with = "lenient")]
    status: String,
    #[serde(deserialize_with = "lenient")]
    reason: String,
    #[serde(deserialize_with = "lenient")]
    message: String,
    #[serde(deserialize_with = "maybe")]
    last_transition_time: Option<String>,
    #[serde(deserialize_with = "maybe")]
    last_heartbeat_time: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Info {
    #[serde(deserialize_with = "lenient")]
    kubelet_version: String,
    #[serde(deserialize_with = "lenient")]
    kube_proxy_version: String,
    #[serde(deserialize_with = "lenient")]
    container_runtime_version: String,
    #[serde(deserialize_with = "lenient")]
    os_image: String,
    #[serde(deserialize_with = "lenient")]
    kernel_version: String,
}

/// The fact. Heartbeats in the condition are kept only when nothing better tells (`leases` false):
/// they change every few seconds.
pub(crate) fn fact(object: Object<Spec, Status>, intern: &mut Intern) -> Fact {
    let Object { metadata, spec, status, .. } = object;
    let mut roles: Vec<Name> = metadata
        .labels
        .keys()
        .filter_map(|label| label.strip_prefix("node-role.kubernetes.io/"))
        .map(|role| intern.name(role))
        .collect();
    if metadata.labels.contains_key("node.kubernetes.io/microk8s-controlplane") {
        roles.push(intern.name(MICROK8S));
    }
    roles.sort();
    let mut conditions: Vec<Condition> =
        status.conditions.into_iter().map(|condition| condition.fact(intern)).collect();
    conditions.sort();
    let mut taints: Vec<Taint> = spec.taints.iter().filter_map(|taint| taint.fact(intern)).collect();
    taints.sort();
    let zone = metadata
        .label("topology.kubernetes.io/zone")
        .or_else(|| metadata.label("failure-domain.beta.kubernetes.io/zone"));
    let info = &status.node_info;
    let cidrs =
        if spec.pod_cidrs.is_empty() && !spec.pod_cidr.is_empty() { vec![spec.pod_cidr] } else { spec.pod_cidrs };
    Fact::Node(Box::new(Node {
        name: intern.name(&metadata.name),
        created: metadata.created(),
        roles,
        addresses: status.addresses.iter().map(|address| address.fact(intern)).collect(),
        conditions,
        cordoned: spec.unschedulable,
        taints,
        labels: intern.labels(metadata.labels.iter()),
        allocatable: amounts(&status.allocatable, intern),
        capacity: amounts(&status.capacity, intern),
        kubelet: intern.name(&info.kubelet_version),
        proxy: intern.name(&info.kube_proxy_version),
        runtime: intern.name(&info.container_runtime_version),
        os: intern.name(&info.os_image),
        kernel: intern.name(&info.kernel_version),
        pod_cidrs: cidrs.iter().map(|cidr| cidr.as_str().into()).collect(),
        room: status.allocatable.get("pods").and_then(|pods| pods.parse().ok()),
        zone: zone.map(|zone| intern.name(zone)),
    }))
}

/// Amounts, where all of them can be read.
fn amounts(told: &BTreeMap<String, String>, intern: &mut Intern) -> Option<Resources> {
    let (amounts, good) = quantity::resources(told.iter(), intern);
    (good && !told.is_empty()).then_some(amounts)
}

impl StatusAddress {
    fn fact(&self, intern: &mut Intern) -> Address {
        let kind = match self.r#type.as_str() {
            "InternalIP" => AddressKind::Internal,
            "ExternalIP" => AddressKind::External,
            _ => AddressKind::Host,
        };
        Address { kind, value: intern.name(&self.address) }
    }
}

impl StatusCondition {
    fn fact(self, intern: &mut Intern) -> Condition {
        let truth = match self.status.as_str() {
            "True" => Truth::True,
            "False" => Truth::False,
            _ => Truth::Unknown,
        };
        let heartbeat = self.last_heartbeat_time.as_deref().and_then(stamp).filter(|_| self.r#type == "Ready");
        Condition {
            kind: intern.name(&self.r#type),
            truth,
            reason: intern.name(&self.reason),
            message: intern.name(&self.message),
            since: self.last_transition_time.as_deref().and_then(stamp).unwrap_or_default(),
            heartbeat,
        }
    }
}

impl SpecTaint {
    /// The API server takes no other effects than those that are known.
    fn fact(&self, intern: &mut Intern) -> Option<Taint> {
        let effect = Effect::from_word(&self.effect)?;
        Some(Taint { key: intern.name(&self.key), value: intern.name(&self.value), effect })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cluster::object::read;

    fn of(object: &serde_json::Value) -> Node {
        let Fact::Node(node) = fact(read(object), &mut Intern::default()) else { panic!("no node") };
        *node
    }

    #[test]
    fn a_node_tells_its_roles_addresses_and_conditions_in_order() {
        let node = of(&json!({
            "metadata": { "name": "host1", "labels": { "node-role.kubernetes.io/worker": "", "node-role.kubernetes.io/control-plane": "",
                "failure-domain.beta.kubernetes.io/zone": "z1" } },
            "spec": { "unschedulable": true, "podCIDR": "10.244.0.0/24",
                "taints": [{ "key": "b", "effect": "NoSchedule" }, { "key": "a", "value": "v", "effect": "NoExecute" }] },
            "status": { "addresses": [{ "type": "InternalIP", "address": "10.1.0.50" }, { "type": "Hostname", "address": "host1" }],
                "conditions": [{ "type": "Ready", "status": "True", "lastTransitionTime": "1970-01-01T00:00:01Z", "lastHeartbeatTime": "1970-01-01T00:00:09Z" },
                    { "type": "DiskPressure", "status": "False" }],
                "nodeInfo": { "kubeletVersion": "v1.11.5", "containerRuntimeVersion": "docker://17.3.2" },
                "allocatable": { "pods": "110", "cpu": "7910m", "memory": "64Gi", "example.com/nic": "2" },
                "capacity": { "pods": "110", "cpu": "8" } },
        }));
        let texts = |names: &[Name]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(texts(&node.roles), ["control-plane", "worker"]);
        let taints: Vec<String> = node.taints.iter().map(ToString::to_string).collect();
        assert_eq!(taints, ["a=v:NoExecute", "b:NoSchedule"]);
        assert_eq!(texts(&node.pod_cidrs), ["10.244.0.0/24"]);
        assert_eq!(node.address(AddressKind::Internal).map(|name| &**name), Some("10.1.0.50"));
        assert_eq!((node.room, node.zone.as_deref(), node.cordoned), (Some(110), Some("z1"), true));
        let allocatable = node.allocatable.unwrap();
        assert_eq!((allocatable.cpu, allocatable.memory >> 30, allocatable.pods), (7_910, 64, 110));
        assert_eq!((allocatable.extended("example.com/nic"), node.capacity.unwrap().cpu), (2, 8_000));
        assert_eq!(node.labels.get("failure-domain.beta.kubernetes.io/zone").map(|zone| &**zone), Some("z1"));
        let ready = node.conditions.iter().find(|condition| &*condition.kind == "Ready").unwrap();
        assert_eq!((ready.truth, ready.heartbeat.map(|stamp| stamp.0)), (Truth::True, Some(9_000)));
    }

    #[test]
    fn an_odd_condition_is_unknown() {
        let node = of(&json!({ "metadata": { "name": "n" }, "spec": { "taints": "x", "unschedulable": 1 },
                "status": { "conditions": [{ "type": "Ready", "status": true, "lastTransitionTime": {} }, 4], "nodeInfo": [], "allocatable": { "pods": 9 } } }));
        assert_eq!(node.condition("Ready").map(|ready| ready.truth), Some(Truth::Unknown));
        assert_eq!((node.conditions.len(), node.room, node.cordoned), (1, None, false));
    }
}
