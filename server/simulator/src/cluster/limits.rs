//! Budgets, quotas, classes of priority, autoscalers and ways in.

use serde_json::{Value, json};

use super::{owners, site::Site};
use crate::{kind::Kind, object::Key, profile::Profile, store::Store};

/// What every cluster has: the two classes of the system.
pub(super) fn system(site: &Site<'_>) {
    priority(site, "system-cluster-critical", 2_000_000_000);
    priority(site, "system-node-critical", 2_000_001_000);
}

fn priority(site: &Site<'_>, name: &str, value: i32) {
    if site.store.profile.serves(Kind::PriorityClass) {
        let metadata = site.metadata("", name, &Value::Null);
        let class = json!({"metadata": metadata, "value": value, "globalDefault": false,
            "preemptionPolicy": "PreemptLowerPriority"});
        site.store.put(Kind::PriorityClass, class);
    }
}

pub(super) fn build(site: &Site<'_>) {
    if site.store.profile == Profile::Current {
        budget(site, "ims", "cscf", &json!({"minAvailable": 2}));
        budget(site, "vepc", "mme", &json!({"maxUnavailable": 1}));
        // One copy that must be there: it can be drained only by hand.
        budget(site, "ims", "hss-db", &json!({"minAvailable": 1}));
        ingress(site);
    }
    priority(site, "signalling", 100_000);
    let metadata = site.metadata("ims", "cscf", &Value::Null);
    let target = json!({"apiVersion": "apps/v1", "kind": "Deployment", "name": "cscf"});
    site.store.put(
        Kind::HorizontalPodAutoscaler,
        json!({"metadata": metadata, "spec": {"scaleTargetRef": target, "minReplicas": 2, "maxReplicas": 6,
            "targetCPUUtilizationPercentage": 70}, "status": {"currentReplicas": 3, "desiredReplicas": 3,
            "currentCPUUtilizationPercentage": 61}}),
    );
    let metadata = site.metadata("vepc", "team", &Value::Null);
    let hard = json!({"pods": "20", "requests.cpu": "24", "requests.memory": "64Gi"});
    site.store.put(
        Kind::ResourceQuota,
        json!({"metadata": metadata, "spec": {"hard": hard}, "status": {"hard": hard, "used": used(site.store, "vepc")}}),
    );
}

/// What the pods of a namespace ask for, as far as a quota counts it.
fn used(store: &Store, namespace: &str) -> Value {
    let shelf = store.shelf(Kind::Pod);
    let inside = shelf.objects.range(Key::new(namespace, "")..).take_while(|(key, _)| &*key.namespace == namespace);
    let (mut pods, mut milli, mut mebibytes) = (0, 0, 0);
    for (_, pod) in inside {
        let value = pod.value();
        pods += 1;
        for container in value["spec"]["containers"].as_array().into_iter().flatten() {
            let asked = |name: &str| container["resources"]["requests"][name].as_str().unwrap_or("0").to_owned();
            let cpu = asked("cpu");
            milli += match cpu.strip_suffix('m') {
                Some(milli) => milli.parse().unwrap_or(0),
                None => 1_000 * cpu.parse::<u64>().unwrap_or(0),
            };
            let memory = asked("memory");
            mebibytes += match memory.strip_suffix("Gi") {
                Some(gibi) => 1_024 * gibi.parse::<u64>().unwrap_or(0),
                None => memory.trim_end_matches("Mi").parse().unwrap_or(0),
            };
        }
    }
    json!({"pods": pods.to_string(), "requests.cpu": format!("{milli}m"), "requests.memory": format!("{mebibytes}Mi")})
}

fn budget(site: &Site<'_>, namespace: &str, app: &str, rule: &Value) {
    let mut metadata = site.metadata(namespace, app, &Value::Null);
    metadata["generation"] = 1.into();
    let mut spec = json!({"selector": {"matchLabels": {"app": app}}});
    for (field, value) in rule.as_object().into_iter().flatten() {
        spec[field] = value.clone();
    }
    site.store.put(Kind::PodDisruptionBudget, json!({"metadata": metadata, "spec": spec, "status": {}}));
    recount(site.store, namespace);
}

/// Counts the pods of a namespace's budgets anew.
pub(crate) fn recount(store: &Store, namespace: &str) {
    let budgets: Vec<_> = {
        let shelf = store.shelf(Kind::PodDisruptionBudget);
        let inside = shelf.objects.range(Key::new(namespace, "")..).take_while(|(key, _)| &*key.namespace == namespace);
        inside.map(|(_, budget)| budget.clone()).collect()
    };
    for budget in budgets {
        let value = budget.value();
        let pods = owners::select(store, namespace, &value["spec"]["selector"]["matchLabels"]);
        let there: Vec<_> = pods.iter().filter(|pod| !pod.dying).collect();
        let expected = there.len() as u64;
        let healthy = there.iter().filter(|pod| owners::is_ready(&pod.value())).count() as u64;
        let desired = match (value["spec"]["minAvailable"].as_u64(), value["spec"]["maxUnavailable"].as_u64()) {
            (Some(least), _) => least,
            (None, Some(most)) => expected.saturating_sub(most),
            (None, None) => expected,
        };
        let status = json!({"observedGeneration": 1, "currentHealthy": healthy, "desiredHealthy": desired,
            "expectedPods": expected, "disruptionsAllowed": healthy.saturating_sub(desired)});
        if value["status"] != status {
            store.edit(Kind::PodDisruptionBudget, &budget.key, |budget| budget["status"] = status.clone());
        }
    }
}

/// The monitoring's page, by the ingress controller.
fn ingress(site: &Site<'_>) {
    let metadata = site.metadata("monitoring", "prometheus", &Value::Null);
    let backend = json!({"service": {"name": "prometheus", "port": {"number": 9_090}}});
    let rule = json!({"host": "prometheus.example.net",
        "http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": backend}]}});
    site.store.put(
        Kind::Ingress,
        json!({"metadata": metadata, "spec": {"ingressClassName": "nginx", "rules": [rule],
            "tls": [{"hosts": ["prometheus.example.net"], "secretName": "prometheus-tls"}]},
            "status": {"loadBalancer": {"ingress": [{"ip": "10.1.0.223"}]}}}),
    );
}
