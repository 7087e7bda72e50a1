//! What a pod's `spec` says of where it fits → its shape.

use std::collections::BTreeMap;

use serde::Deserialize;
use topology::inventory::{
    Effect, HostPort, Mount, Name, NodeOperator, NodeRequirement, NodeTerm, PodTerm, Resources, Shape, Spread,
    Toleration,
};

use super::{Container, InitContainer, Spec};
use crate::cluster::{
    intern::Intern,
    lenient::{each, lenient, maybe, texts},
    object::{Metadata, Nothing},
    quantity,
    selector::{Expression, LabelSelector},
};

/// `resources` of a container or of a whole pod.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Requests {
    #[serde(deserialize_with = "texts")]
    requests: BTreeMap<String, String>,
}

impl Requests {
    /// The amount of a resource, as told.
    pub(crate) fn of(&self, resource: &str) -> Option<&str> {
        self.requests.get(resource).map(String::as_str)
    }
}

/// One entry of a container's `ports`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Port {
    #[serde(deserialize_with = "lenient")]
    host_port: u16,
    #[serde(rename = "hostIP", deserialize_with = "lenient")]
    host_ip: String,
    #[serde(deserialize_with = "lenient")]
    protocol: String,
}

/// `spec.affinity`, without its preferences.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Affinity {
    #[serde(deserialize_with = "lenient")]
    node_affinity: NodeAffinity,
    #[serde(deserialize_with = "lenient")]
    pod_affinity: PodAffinity,
    #[serde(deserialize_with = "lenient")]
    pod_anti_affinity: PodAffinity,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct NodeAffinity {
    #[serde(rename = "requiredDuringSchedulingIgnoredDuringExecution", deserialize_with = "maybe")]
    required: Option<NodeSelector>,
}

/// A NodeSelector of the API, of a pod or of a volume.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct NodeSelector {
    #[serde(deserialize_with = "each")]
    node_selector_terms: Vec<Term>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Term {
    #[serde(deserialize_with = "each")]
    match_expressions: Vec<Expression>,
    #[serde(deserialize_with = "each")]
    match_fields: Vec<Expression>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct PodAffinity {
    #[serde(rename = "requiredDuringSchedulingIgnoredDuringExecution", deserialize_with = "each")]
    required: Vec<Near>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Near {
    #[serde(deserialize_with = "maybe")]
    label_selector: Option<LabelSelector>,
    #[serde(deserialize_with = "each")]
    namespaces: Vec<String>,
    #[serde(deserialize_with = "maybe")]
    namespace_selector: Option<LabelSelector>,
    #[serde(deserialize_with = "lenient")]
    topology_key: String,
}

/// One of `topologySpreadConstraints`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Constraint {
    #[serde(deserialize_with = "lenient")]
    max_skew: u32,
    #[serde(deserialize_with = "lenient")]
    topology_key: String,
    #[serde(deserialize_with = "lenient")]
    when_unsatisfiable: String,
    #[serde(deserialize_with = "maybe")]
    label_selector: Option<LabelSelector>,
    #[serde(deserialize_with = "maybe")]
    min_domains: Option<u32>,
    #[serde(deserialize_with = "lenient")]
    node_affinity_policy: String,
    #[serde(deserialize_with = "lenient")]
    node_taints_policy: String,
    #[serde(deserialize_with = "each")]
    match_label_keys: Vec<String>,
}

/// One of `tolerations`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct SpecToleration {
    #[serde(deserialize_with = "lenient")]
    key: String,
    #[serde(deserialize_with = "lenient")]
    operator: String,
    #[serde(deserialize_with = "lenient")]
    value: String,
    #[serde(deserialize_with = "lenient")]
    effect: String,
    #[serde(deserialize_with = "maybe")]
    toleration_seconds: Option<i64>,
}

/// One of `volumes`: those kinds of it that tie a pod to a place.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Volume {
    #[serde(deserialize_with = "lenient")]
    name: String,
    #[serde(deserialize_with = "maybe")]
    empty_dir: Option<Nothing>,
    #[serde(deserialize_with = "maybe")]
    host_path: Option<HostPath>,
    #[serde(deserialize_with = "maybe")]
    persistent_volume_claim: Option<ClaimOf>,
    #[serde(deserialize_with = "maybe")]
    ephemeral: Option<Nothing>,
    #[serde(deserialize_with = "maybe")]
    aws_elastic_block_store: Option<Nothing>,
    #[serde(deserialize_with = "maybe")]
    azure_disk: Option<Nothing>,
    #[serde(deserialize_with = "maybe")]
    cinder: Option<Nothing>,
    #[serde(deserialize_with = "maybe")]
    csi: Option<Nothing>,
    #[serde(deserialize_with = "maybe")]
    fc: Option<Nothing>,
    #[serde(deserialize_with = "maybe")]
    gce_persistent_disk: Option<Nothing>,
    #[serde(deserialize_with = "maybe")]
    iscsi: Option<Nothing>,
    #[serde(deserialize_with = "maybe")]
    rbd: Option<Nothing>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct HostPath {
    #[serde(deserialize_with = "lenient")]
    path: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct ClaimOf {
    #[serde(deserialize_with = "lenient")]
    claim_name: String,
}

impl Volume {
    fn mount(&self, intern: &mut Intern) -> Option<Mount> {
        if self.empty_dir.is_some() {
            return Some(Mount::EmptyDir);
        }
        if let Some(host) = &self.host_path {
            return Some(Mount::HostPath(intern.name(&host.path)));
        }
        let disks = [
            ("awsElasticBlockStore", &self.aws_elastic_block_store),
            ("azureDisk", &self.azure_disk),
            ("cinder", &self.cinder),
            ("csi", &self.csi),
            ("fc", &self.fc),
            ("gcePersistentDisk", &self.gce_persistent_disk),
            ("iscsi", &self.iscsi),
            ("rbd", &self.rbd),
        ];
        disks.into_iter().find(|(_, disk)| disk.is_some()).map(|(word, _)| Mount::Disk(intern.name(word)))
    }
}

/// The names of the claims that a pod mounts; the claim of an ephemeral volume is named by both.
pub(super) fn claims(metadata: &Metadata, spec: &Spec) -> Vec<String> {
    let claim = |volume: &Volume| match (&volume.persistent_volume_claim, &volume.ephemeral) {
        (Some(claim), _) => Some(claim.claim_name.clone()),
        (None, Some(_)) => Some(format!("{}-{}", metadata.name, volume.name)),
        (None, None) => None,
    };
    spec.volumes.iter().filter_map(claim).collect()
}

/// The shape, and the one node that the pod's required affinity names.
pub(super) fn of(spec: &Spec, intern: &mut Intern) -> (Shape, Option<Name>) {
    let mut odd = false;
    let requests = requests(spec, intern, &mut odd);
    let selector = spec.affinity.node_affinity.required.as_ref();
    let (node_affinity, pin) = unpinned(selector.map(|selector| selector.terms(intern, &mut odd)));
    let shape = Shape {
        requests,
        node_selector: intern.labels(spec.node_selector.iter()),
        node_affinity,
        near: spec.affinity.pod_affinity.required.iter().map(|near| near.term(intern, &mut odd)).collect(),
        apart: spec.affinity.pod_anti_affinity.required.iter().map(|near| near.term(intern, &mut odd)).collect(),
        spread: spec.topology_spread_constraints.iter().filter_map(|one| one.spread(intern, &mut odd)).collect(),
        tolerations: spec.tolerations.iter().filter_map(|one| one.toleration(intern, &mut odd)).collect(),
        priority: spec.priority,
        preempts: spec.preemption_policy != "Never",
        scheduler: intern.name(&spec.scheduler_name),
        host_ports: host_ports(spec, intern),
        volumes: spec.volumes.iter().filter_map(|volume| volume.mount(intern)).collect(),
        gates: spec.scheduling_gates.iter().map(|gate| intern.name(&gate.name)).collect(),
        grace: spec.termination_grace_period_seconds.unwrap_or(GRACE),
        devices: !spec.resource_claims.is_empty(),
        odd,
    };
    (shape, pin)
}

/// Seconds that a pod has to end where it says nothing else.
const GRACE: u32 = 30;

/// The sum that the scheduler takes: see [`Shape::requests`].
fn requests(spec: &Spec, intern: &mut Intern, odd: &mut bool) -> Resources {
    let mut read = |told: &BTreeMap<String, String>| {
        let (amounts, good) = quantity::resources(told.iter(), intern);
        *odd |= !good;
        amounts
    };
    let mut sum = Resources::default();
    for container in &spec.containers {
        sum.add(&read(&container.resources.requests));
    }
    let (mut sidecars, mut largest) = (Resources::default(), Resources::default());
    for init in &spec.init_containers {
        let mut asked = read(&init.resources.requests);
        if init.is_sidecar() {
            sum.add(&asked);
            sidecars.add(&asked);
            asked.clone_from(&sidecars);
        } else {
            asked.add(&sidecars);
        }
        largest.at_least(&asked);
    }
    sum.at_least(&largest);
    if !spec.resources.requests.is_empty() {
        let whole = read(&spec.resources.requests);
        let says = |name: &str| spec.resources.requests.contains_key(name);
        sum.cpu = if says("cpu") { whole.cpu } else { sum.cpu };
        sum.memory = if says("memory") { whole.memory } else { sum.memory };
        let pages = |(name, _): &&(Name, u64)| name.starts_with("hugepages-");
        for (name, amount) in whole.extended.iter().filter(pages) {
            sum.extended.retain(|(known, _)| known != name);
            sum.extended.push((name.clone(), *amount));
        }
        sum.extended.sort();
    }
    sum.add(&read(&spec.overhead));
    sum.pods = 1;
    sum
}

/// Terms without the one node that all of them name, and that node.
fn unpinned(terms: Option<Vec<NodeTerm>>) -> (Option<Vec<NodeTerm>>, Option<Name>) {
    let pinned = |term: &NodeTerm| match term.names.as_slice() {
        [one] if one.operator == NodeOperator::In && &*one.key == "metadata.name" && one.values.len() == 1 => {
            one.values.first().cloned()
        }
        _ => None,
    };
    let pin = terms.as_ref().and_then(|terms| pinned(terms.first()?));
    let (mut terms, pin) = match (terms, pin) {
        (Some(terms), Some(pin)) => (terms, pin),
        (terms, _) => return (terms, None),
    };
    if terms.iter().any(|term| pinned(term).as_ref() != Some(&pin)) {
        return (Some(terms), None);
    }
    if terms.iter().any(|term| term.labels.is_empty()) {
        return (None, Some(pin));
    }
    terms.iter_mut().for_each(|term| term.names.clear());
    (Some(terms), Some(pin))
}

fn host_ports(spec: &Spec, intern: &mut Intern) -> Vec<HostPort> {
    let of_sidecars = spec.init_containers.iter().filter(|init| init.is_sidecar()).flat_map(InitContainer::ports);
    let ports = spec.containers.iter().flat_map(Container::ports).chain(of_sidecars);
    let mut taken: Vec<HostPort> = ports
        .filter(|port| port.host_port > 0)
        .map(|port| HostPort {
            port: port.host_port,
            protocol: intern.name(if port.protocol.is_empty() { "TCP" } else { &port.protocol }),
            address: intern.name(if port.host_ip == "0.0.0.0" { "" } else { &port.host_ip }),
        })
        .collect();
    taken.sort();
    taken
}

impl NodeSelector {
    pub(crate) fn terms(&self, intern: &mut Intern, odd: &mut bool) -> Vec<NodeTerm> {
        let mut all = |expressions: &[Expression]| -> Vec<NodeRequirement> {
            let known = expressions.iter().filter_map(|expression| expression.of_node(intern));
            let known: Vec<NodeRequirement> = known.collect();
            *odd |= known.len() < expressions.len();
            known
        };
        let terms = self.node_selector_terms.iter();
        terms.map(|term| NodeTerm { labels: all(&term.match_expressions), names: all(&term.match_fields) }).collect()
    }
}

impl Expression {
    pub(crate) fn of_node(&self, intern: &mut Intern) -> Option<NodeRequirement> {
        let operator = match self.operator.as_str() {
            "In" => NodeOperator::In,
            "NotIn" => NodeOperator::NotIn,
            "Exists" => NodeOperator::Exists,
            "DoesNotExist" => NodeOperator::DoesNotExist,
            "Gt" => NodeOperator::Above,
            "Lt" => NodeOperator::Below,
            _ => return None,
        };
        let values = self.values.iter().map(|value| intern.name(value)).collect();
        Some(NodeRequirement { key: intern.name(&self.key), operator, values })
    }
}

/// A selector, noting one that is not understood.
fn selector(
    told: Option<&LabelSelector>,
    intern: &mut Intern,
    odd: &mut bool,
) -> Option<topology::inventory::Selector> {
    let told = told?;
    *odd |= !told.is_known();
    Some(told.selector(intern))
}

impl Near {
    fn term(&self, intern: &mut Intern, odd: &mut bool) -> PodTerm {
        PodTerm {
            selector: selector(self.label_selector.as_ref(), intern, odd),
            namespaces: self.namespaces.iter().map(|name| intern.name(name)).collect(),
            namespace_selector: selector(self.namespace_selector.as_ref(), intern, odd),
            topology: intern.name(&self.topology_key),
        }
    }
}

impl Constraint {
    /// One that only prefers is left out.
    fn spread(&self, intern: &mut Intern, odd: &mut bool) -> Option<Spread> {
        if self.when_unsatisfiable != "DoNotSchedule" {
            *odd |= self.when_unsatisfiable != "ScheduleAnyway";
            return None;
        }
        Some(Spread {
            max_skew: self.max_skew.max(1),
            topology: intern.name(&self.topology_key),
            selector: selector(self.label_selector.as_ref(), intern, odd),
            match_label_keys: self.match_label_keys.iter().map(|key| intern.name(key)).collect(),
            min_domains: self.min_domains,
            by_affinity: self.node_affinity_policy != "Ignore",
            by_taints: self.node_taints_policy == "Honor",
        })
    }
}

impl SpecToleration {
    fn toleration(&self, intern: &mut Intern, odd: &mut bool) -> Option<Toleration> {
        let effect = Effect::from_word(&self.effect);
        let value = match self.operator.as_str() {
            "" | "Equal" => Some(intern.name(&self.value)),
            "Exists" => None,
            _ => {
                *odd = true;
                return None;
            }
        };
        if effect.is_none() && !self.effect.is_empty() {
            *odd = true;
            return None;
        }
        Some(Toleration { key: intern.name(&self.key), value, effect, seconds: self.toleration_seconds })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use topology::inventory::{Fact, Labels, Pod};

    use super::*;
    use crate::cluster::{object::read, pod::fact};

    fn pod(spec: &Value) -> Pod {
        let object = json!({ "metadata": { "namespace": "shop", "name": "web-1" }, "spec": spec });
        let Fact::Pod(pod) = fact(read(&object), &mut Intern::default()) else { panic!("no pod") };
        *pod
    }

    fn asks(cpu: &str, memory: &str) -> Value {
        json!({ "requests": { "cpu": cpu, "memory": memory } })
    }

    fn requested(spec: &Value) -> (u64, u64) {
        let requests = &pod(spec).shape.requests;
        (requests.cpu, requests.memory / 1_048_576)
    }

    #[test]
    fn containers_and_sidecars_are_summed_against_the_largest_init_container() {
        let web = json!({ "name": "web", "resources": asks("100m", "64Mi") });
        let mesh = json!({ "name": "mesh", "restartPolicy": "Always", "resources": asks("50m", "32Mi") });
        let migrate = json!({ "name": "migrate", "resources": asks("1", "16Mi") });
        assert_eq!(requested(&json!({ "containers": [web, web] })), (200, 128));
        assert_eq!(requested(&json!({ "containers": [web], "initContainers": [migrate] })), (1_000, 64));
        // A sidecar runs beside the init containers that come after it, not before.
        assert_eq!(requested(&json!({ "containers": [web], "initContainers": [mesh, migrate] })), (1_050, 96));
        assert_eq!(requested(&json!({ "containers": [web], "initContainers": [migrate, mesh] })), (1_000, 96));
    }

    #[test]
    fn the_pod_level_stands_in_for_its_containers_and_overhead_is_added() {
        let spec = json!({
            "containers": [{ "resources": { "requests": { "cpu": "1", "memory": "64Mi", "nvidia.com/gpu": "2", "ephemeral-storage": "1k" } } }],
            "resources": { "requests": { "cpu": "300m" } }, "overhead": { "cpu": "20m", "memory": "6Mi" },
        });
        let requests = &pod(&spec).shape.requests;
        assert_eq!((requests.cpu, requests.memory / 1_048_576, requests.ephemeral, requests.pods), (320, 70, 1_000, 1));
        assert_eq!(requests.extended("nvidia.com/gpu"), 2);
    }

    #[test]
    fn a_pod_of_a_daemon_set_shares_its_shape_and_keeps_its_node() {
        let mut intern = Intern::default();
        let mut on = |node: &str| {
            let term = json!({ "matchFields": [{ "key": "metadata.name", "operator": "In", "values": [node] }] });
            let required = json!({ "requiredDuringSchedulingIgnoredDuringExecution": { "nodeSelectorTerms": [term] } });
            let object = json!({ "metadata": { "name": node }, "spec": { "affinity": { "nodeAffinity": required } } });
            let Fact::Pod(pod) = fact(read(&object), &mut intern) else { panic!("no pod") };
            *pod
        };
        let pods = [on("host1"), on("host2")];
        assert_eq!((pods[0].pin.as_deref(), pods[1].pin.as_deref()), (Some("host1"), Some("host2")));
        assert!(std::sync::Arc::ptr_eq(&pods[0].shape, &pods[1].shape));
        assert_eq!(pods[0].shape.node_affinity, None);
    }

    #[test]
    fn required_affinity_is_kept_and_preferences_are_not() {
        let near = json!({ "labelSelector": { "matchLabels": { "app": "db" } }, "topologyKey": "kubernetes.io/hostname",
            "namespaceSelector": {} });
        let rack = json!({ "matchExpressions": [{ "key": "rack", "operator": "Gt", "values": ["3"] }] });
        let shape = pod(&json!({
            "nodeSelector": { "disk": "ssd" },
            "affinity": {
                "nodeAffinity": { "requiredDuringSchedulingIgnoredDuringExecution": { "nodeSelectorTerms": [rack] } },
                "podAffinity": { "requiredDuringSchedulingIgnoredDuringExecution": [near] },
                "podAntiAffinity": { "preferredDuringSchedulingIgnoredDuringExecution": [{ "weight": 1, "podAffinityTerm": near }] },
            },
            "topologySpreadConstraints": [
                { "maxSkew": 2, "topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule", "minDomains": 3,
                    "nodeTaintsPolicy": "Honor", "matchLabelKeys": ["pod-template-hash"], "labelSelector": {} },
                { "maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "ScheduleAnyway" },
            ],
        }))
        .shape;
        assert_eq!(shape.node_selector, Labels::new([("disk".into(), "ssd".into())]));
        assert_eq!(shape.node_affinity.as_ref().unwrap()[0].labels[0].operator, NodeOperator::Above);
        assert_eq!(shape.near[0].selector.as_ref().unwrap().to_string(), "app=db");
        assert!(shape.near[0].namespace_selector.is_some() && shape.apart.is_empty());
        let [spread] = shape.spread.as_slice() else { panic!("one constraint") };
        assert_eq!(
            (spread.max_skew, spread.min_domains, spread.by_taints, spread.by_affinity),
            (2, Some(3), true, true)
        );
        assert!(!shape.odd);
    }

    #[test]
    fn claims_ports_volumes_tolerations_and_the_rest_are_told() {
        let pod = pod(&json!({
            "containers": [{ "name": "web", "ports": [{ "containerPort": 80, "hostPort": 8080 }, { "containerPort": 81 }] }],
            "volumes": [{ "name": "data", "persistentVolumeClaim": { "claimName": "data-web-1" } }, { "name": "tmp", "emptyDir": {} },
                { "name": "scratch", "ephemeral": {} }, { "name": "logs", "hostPath": { "path": "/var/log" } },
                { "name": "config", "configMap": { "name": "web" } }, { "name": "key", "secret": { "secretName": "web-tls" } }],
            "tolerations": [{ "key": "node.kubernetes.io/unreachable", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300 }],
            "priority": 1000, "preemptionPolicy": "Never", "schedulerName": "default-scheduler",
            "schedulingGates": [{ "name": "example.com/hold" }], "terminationGracePeriodSeconds": 5, "resourceClaims": [{ "name": "gpu" }],
        }));
        let shape = &pod.shape;
        assert_eq!(pod.claims.iter().map(|name| &**name).collect::<Vec<_>>(), ["data-web-1", "web-1-scratch"]);
        assert_eq!(shape.volumes, [Mount::EmptyDir, Mount::HostPath("/var/log".into())]);
        assert_eq!(
            (shape.host_ports.len(), shape.host_ports[0].port, &*shape.host_ports[0].protocol),
            (1, 8080, "TCP")
        );
        assert_eq!((shape.tolerations[0].value.as_ref(), shape.tolerations[0].seconds), (None, Some(300)));
        assert_eq!((shape.priority, shape.preempts, &*shape.scheduler), (1000, false, "default-scheduler"));
        assert_eq!((shape.gates.len(), shape.grace, shape.devices, shape.odd), (1, 5, true, false));
    }

    #[test]
    fn an_operator_or_amount_that_is_not_understood_makes_a_shape_odd() {
        let odd = |spec: &Value| pod(spec).shape.odd;
        assert!(!odd(&json!({})));
        assert!(odd(&json!({ "containers": [{ "resources": { "requests": { "cpu": "much" } } }] })));
        assert!(odd(&json!({ "tolerations": [{ "key": "sla", "operator": "Gt", "value": "950" }] })));
        let term = json!({ "matchExpressions": [{ "key": "a", "operator": "Resembles" }] });
        let required = json!({ "requiredDuringSchedulingIgnoredDuringExecution": { "nodeSelectorTerms": [term] } });
        assert!(odd(&json!({ "affinity": { "nodeAffinity": required } })));
    }
}
