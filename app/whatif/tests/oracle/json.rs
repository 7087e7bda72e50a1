//! The same cluster as the API has it.

use serde_json::{Value, json};
use topology::inventory::{
    Effect, Labels, NodeOperator, NodeTerm, Operator, Pod, PodTerm, Resources, Selector, Spread, Toleration,
};

use super::cluster::Made;

impl Made {
    pub fn json(&self) -> Value {
        let csi = |node: &topology::inventory::CsiNode| {
            let drivers = node.drivers.iter().map(|(name, limit)| {
                json!({ "name": &**name, "nodeID": "x", "topologyKeys": [], "allocatable": limit.map(|count| json!({ "count": count })) })
            });
            json!({ "metadata": { "name": &*node.name }, "spec": { "drivers": drivers.collect::<Vec<_>>() } })
        };
        json!({
            "nodes": self.nodes.iter().map(node).collect::<Vec<_>>(),
            "pods": self.pods.iter().map(pod).collect::<Vec<_>>(),
            "wanted": self.wanted.iter().map(pod).collect::<Vec<_>>(),
            "claims": self.claims.iter().map(claim).collect::<Vec<_>>(),
            "volumes": self.volumes.iter().map(volume).collect::<Vec<_>>(),
            "classes": self.classes.iter().map(class).collect::<Vec<_>>(),
            "csinodes": self.csi.iter().map(csi).collect::<Vec<_>>(),
            "namespaces": self.namespaces.iter().map(|one| json!({ "metadata": { "name": &*one.name, "labels": labels(&one.labels) } })).collect::<Vec<_>>(),
        })
    }
}

fn labels(labels: &Labels) -> Value {
    labels.iter().map(|(name, value)| (name.to_string(), json!(&**value))).collect::<serde_json::Map<_, _>>().into()
}

fn amounts(amounts: &Resources, with_pods: bool) -> Value {
    let mut out = serde_json::Map::new();
    let mut put = |name: &str, value: String| out.insert(name.to_owned(), json!(value));
    if with_pods || amounts.cpu > 0 {
        put("cpu", format!("{}m", amounts.cpu));
    }
    if with_pods || amounts.memory > 0 {
        put("memory", amounts.memory.to_string());
    }
    if with_pods || amounts.ephemeral > 0 {
        put("ephemeral-storage", amounts.ephemeral.to_string());
    }
    if with_pods {
        put("pods", amounts.pods.to_string());
    }
    for (name, amount) in &amounts.extended {
        put(name, amount.to_string());
    }
    out.into()
}

fn effect(effect: Effect) -> &'static str {
    effect.word()
}

fn node(node: &topology::inventory::Node) -> Value {
    let taints = node
        .taints
        .iter()
        .map(|taint| json!({ "key": &*taint.key, "value": &*taint.value, "effect": effect(taint.effect) }));
    json!({
        "metadata": { "name": &*node.name, "labels": labels(&node.labels) },
        "spec": { "unschedulable": node.cordoned, "taints": taints.collect::<Vec<_>>() },
        "status": { "allocatable": node.allocatable.as_ref().map(|all| amounts(all, true)) },
    })
}

fn terms(terms: &[NodeTerm]) -> Value {
    let requirement = |one: &topology::inventory::NodeRequirement| {
        let operator = match one.operator {
            NodeOperator::In => "In",
            NodeOperator::NotIn => "NotIn",
            NodeOperator::Exists => "Exists",
            NodeOperator::DoesNotExist => "DoesNotExist",
            NodeOperator::Above => "Gt",
            NodeOperator::Below => "Lt",
        };
        let values: Vec<&str> = one.values.iter().map(|value| &**value).collect();
        json!({ "key": &*one.key, "operator": operator, "values": values })
    };
    let term = |term: &NodeTerm| {
        json!({
            "matchExpressions": term.labels.iter().map(requirement).collect::<Vec<_>>(),
            "matchFields": term.names.iter().map(requirement).collect::<Vec<_>>(),
        })
    };
    terms.iter().map(term).collect::<Vec<_>>().into()
}

fn selector(selector: Option<&Selector>) -> Value {
    let Some(selector) = selector else { return Value::Null };
    let one = |one: &topology::inventory::Requirement| {
        let operator = match one.operator {
            Operator::In => "In",
            Operator::NotIn => "NotIn",
            Operator::Exists => "Exists",
            Operator::DoesNotExist => "DoesNotExist",
        };
        let values: Vec<&str> = one.values.iter().map(|value| &**value).collect();
        json!({ "key": &*one.label, "operator": operator, "values": values })
    };
    json!({ "matchExpressions": selector.0.iter().map(one).collect::<Vec<_>>() })
}

fn pod_terms(terms: &[PodTerm]) -> Value {
    let term = |term: &PodTerm| {
        let namespaces: Vec<&str> = term.namespaces.iter().map(|name| &**name).collect();
        json!({
            "labelSelector": selector(term.selector.as_ref()),
            "namespaces": namespaces,
            "namespaceSelector": selector(term.namespace_selector.as_ref()),
            "topologyKey": &*term.topology,
        })
    };
    json!({ "requiredDuringSchedulingIgnoredDuringExecution": terms.iter().map(term).collect::<Vec<_>>() })
}

fn spread(spread: &Spread) -> Value {
    let keys: Vec<&str> = spread.match_label_keys.iter().map(|key| &**key).collect();
    json!({
        "maxSkew": spread.max_skew,
        "topologyKey": &*spread.topology,
        "whenUnsatisfiable": "DoNotSchedule",
        "labelSelector": selector(spread.selector.as_ref()),
        "matchLabelKeys": keys,
        "minDomains": spread.min_domains,
        "nodeAffinityPolicy": if spread.by_affinity { "Honor" } else { "Ignore" },
        "nodeTaintsPolicy": if spread.by_taints { "Honor" } else { "Ignore" },
    })
}

fn toleration(one: &Toleration) -> Value {
    json!({
        "key": &*one.key,
        "operator": if one.value.is_some() { "Equal" } else { "Exists" },
        "value": one.value.as_deref().unwrap_or_default(),
        "effect": one.effect.map(effect).unwrap_or_default(),
    })
}

fn pod(pod: &Pod) -> Value {
    let shape = &pod.shape;
    let mut affinity = serde_json::Map::new();
    if let Some(all) = &shape.node_affinity {
        affinity.insert(
            "nodeAffinity".into(),
            json!({ "requiredDuringSchedulingIgnoredDuringExecution": { "nodeSelectorTerms": terms(all) } }),
        );
    }
    if !shape.near.is_empty() {
        affinity.insert("podAffinity".into(), pod_terms(&shape.near));
    }
    if !shape.apart.is_empty() {
        affinity.insert("podAntiAffinity".into(), pod_terms(&shape.apart));
    }
    let ports = shape.host_ports.iter().map(|port| {
        json!({ "containerPort": port.port, "hostPort": port.port, "protocol": &*port.protocol, "hostIP": &*port.address })
    });
    let volumes =
        pod.claims.iter().map(|claim| json!({ "name": &**claim, "persistentVolumeClaim": { "claimName": &**claim } }));
    let mut metadata = json!({ "name": &*pod.key.name, "namespace": &*pod.key.namespace, "labels": labels(&pod.labels), "uid": &*pod.key.name });
    if pod.leaving {
        metadata["deletionTimestamp"] = json!("2026-11-29T12:00:00Z");
        metadata["finalizers"] = json!(["example.org/held"]);
    }
    json!({
        "metadata": metadata,
        "spec": {
            "nodeName": pod.node.as_deref().unwrap_or_default(),
            "schedulerName": &*shape.scheduler,
            "nodeSelector": labels(&shape.node_selector),
            "affinity": affinity,
            "tolerations": shape.tolerations.iter().map(toleration).collect::<Vec<_>>(),
            "topologySpreadConstraints": shape.spread.iter().map(spread).collect::<Vec<_>>(),
            "containers": [{ "name": "main", "image": "x", "resources": { "requests": amounts(&shape.requests, false) }, "ports": ports.collect::<Vec<_>>() }],
            "volumes": volumes.collect::<Vec<_>>(),
        },
    })
}

fn claim(claim: &topology::inventory::Claim) -> Value {
    let annotations = if claim.bound { json!({ "pv.kubernetes.io/bind-completed": "yes" }) } else { json!({}) };
    let modes: Vec<&str> = claim.modes.iter().map(|mode| mode.word()).collect();
    json!({
        "metadata": { "name": &*claim.key.name, "namespace": &*claim.key.namespace, "annotations": annotations, "uid": &*claim.key.name },
        "spec": {
            "volumeName": claim.volume.as_deref().unwrap_or_default(),
            "storageClassName": claim.class.as_deref(),
            "accessModes": modes,
            "volumeMode": "Filesystem",
            "resources": { "requests": { "storage": "1Gi" } },
        },
        "status": { "phase": &*claim.phase },
    })
}

fn volume(volume: &topology::inventory::Volume) -> Value {
    let modes: Vec<&str> = volume.modes.iter().map(|mode| mode.word()).collect();
    let key = volume.claim.as_ref();
    let mut spec = json!({
        "storageClassName": &*volume.class,
        "accessModes": modes,
        "capacity": { "storage": "1Gi" },
        "volumeMode": "Filesystem",
        "claimRef": key.map(|key| json!({ "namespace": &*key.namespace, "name": &*key.name, "uid": &*key.name })),
    });
    match &*volume.backing {
        "nfs" => spec["nfs"] = json!({ "server": "10.0.0.9", "path": "/" }),
        driver => spec["csi"] = json!({ "driver": driver, "volumeHandle": &*volume.name }),
    }
    if let Some(all) = &volume.affinity {
        spec["nodeAffinity"] = json!({ "required": { "nodeSelectorTerms": terms(all) } });
    }
    json!({
        "metadata": { "name": &*volume.name, "labels": labels(&volume.zones) },
        "spec": spec,
        "status": { "phase": "Bound" },
    })
}

fn class(class: &topology::inventory::StorageClass) -> Value {
    let allowed: Vec<Value> = class
        .allowed
        .iter()
        .map(|term| {
            let one = |one: &topology::inventory::NodeRequirement| {
                let values: Vec<&str> = one.values.iter().map(|value| &**value).collect();
                json!({ "key": &*one.key, "values": values })
            };
            json!({ "matchLabelExpressions": term.labels.iter().map(one).collect::<Vec<_>>() })
        })
        .collect();
    json!({
        "metadata": { "name": &*class.name },
        "provisioner": &*class.provisioner,
        "volumeBindingMode": if class.waits { "WaitForFirstConsumer" } else { "Immediate" },
        "allowedTopologies": allowed,
    })
}
