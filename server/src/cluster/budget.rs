//! PodDisruptionBudget, PriorityClass, ResourceQuota and HorizontalPodAutoscaler → facts.

use std::collections::BTreeMap;

use serde::Deserialize;
use topology::inventory::{Autoscaler, Budget, Fact, Name, OwnerKind, PriorityClass, Quota};

use super::{
    intern::Intern,
    lenient::{each, lenient, maybe, texts},
    object::{Flat, Nothing, Object},
    quantity,
    selector::LabelSelector,
};

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Spec {
    #[serde(deserialize_with = "maybe")]
    selector: Option<LabelSelector>,
    #[serde(deserialize_with = "lenient")]
    min_available: Share,
    #[serde(deserialize_with = "lenient")]
    max_unavailable: Share,
    #[serde(deserialize_with = "lenient")]
    unhealthy_pod_eviction_policy: String,
}

/// A count, or a share of all, as in `50%`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(untagged)]
enum Share {
    #[default]
    None,
    Count(u32),
    Text(String),
}

impl Share {
    fn name(&self, intern: &mut Intern) -> Option<Name> {
        match self {
            Self::None => None,
            Self::Count(count) => Some(intern.name(&count.to_string())),
            Self::Text(text) => Some(intern.name(text)),
        }
    }
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Status {
    #[serde(deserialize_with = "maybe")]
    observed_generation: Option<i64>,
    // Versions before 1.17 name it with a prefix.
    #[serde(alias = "podDisruptionsAllowed", deserialize_with = "maybe")]
    disruptions_allowed: Option<u32>,
    #[serde(deserialize_with = "lenient")]
    current_healthy: u32,
    #[serde(deserialize_with = "lenient")]
    desired_healthy: u32,
    #[serde(deserialize_with = "lenient")]
    expected_pods: u32,
}

/// A budget of policy/v1.
pub(crate) fn budget(object: Object<Spec, Status>, intern: &mut Intern) -> Fact {
    of(object, intern, true)
}

/// A budget of policy/v1beta1, where an empty selector selects nothing.
pub(crate) fn budget_of_old(object: Object<Spec, Status>, intern: &mut Intern) -> Fact {
    of(object, intern, false)
}

fn of(object: Object<Spec, Status>, intern: &mut Intern, empty_selects: bool) -> Fact {
    let Object { metadata, spec, status, .. } = object;
    let counted = metadata.generation().is_none_or(|now| status.observed_generation.is_none_or(|seen| seen >= now));
    let selects = spec.selector.map(|selector| selector.selector(intern));
    Fact::Budget(Budget {
        key: metadata.key(intern),
        selects: selects.filter(|selector| empty_selects || !selector.0.is_empty()),
        min_available: spec.min_available.name(intern),
        max_unavailable: spec.max_unavailable.name(intern),
        allowed: status.disruptions_allowed.filter(|_| counted),
        healthy: status.current_healthy,
        desired: status.desired_healthy,
        expected: status.expected_pods,
        evicts_unready: spec.unhealthy_pod_eviction_policy == "AlwaysAllow",
    })
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Priority {
    #[serde(deserialize_with = "lenient")]
    value: i32,
    #[serde(deserialize_with = "lenient")]
    global_default: bool,
    #[serde(deserialize_with = "lenient")]
    preemption_policy: String,
}

/// A class of priority.
pub(crate) fn priority(object: &Flat<Priority>, intern: &mut Intern) -> Fact {
    Fact::PriorityClass(PriorityClass {
        name: intern.name(&object.metadata.name),
        value: object.fields.value,
        default: object.fields.global_default,
        preempts: object.fields.preemption_policy != "Never",
    })
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct QuotaSpec {
    #[serde(deserialize_with = "each")]
    scopes: Vec<String>,
    #[serde(deserialize_with = "maybe")]
    scope_selector: Option<Nothing>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct QuotaStatus {
    #[serde(deserialize_with = "texts")]
    hard: BTreeMap<String, String>,
    #[serde(deserialize_with = "texts")]
    used: BTreeMap<String, String>,
}

/// A quota. An amount that cannot be read is left out.
pub(crate) fn quota(object: &Object<QuotaSpec, QuotaStatus>, intern: &mut Intern) -> Fact {
    let read = |name: &str, text: &str| if is_cpu(name) { quantity::milli(text) } else { quantity::whole(text) };
    let used = |name: &str| object.status.used.get(name).map_or(Some(0), |text| read(name, text));
    let amounts = object.status.hard.iter().filter_map(|(name, text)| Some((name, read(name, text)?, used(name)?)));
    Fact::Quota(Quota {
        key: object.metadata.key(intern),
        amounts: amounts.map(|(name, hard, used)| (intern.name(name), hard, used)).collect(),
        scoped: !object.spec.scopes.is_empty() || object.spec.scope_selector.is_some(),
    })
}

/// Whether a resource of a quota is counted in thousandths.
fn is_cpu(name: &str) -> bool {
    matches!(name, "cpu" | "requests.cpu" | "limits.cpu")
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Scale {
    #[serde(deserialize_with = "lenient")]
    scale_target_ref: Target,
    #[serde(deserialize_with = "maybe")]
    min_replicas: Option<u32>,
    #[serde(deserialize_with = "lenient")]
    max_replicas: u32,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Target {
    #[serde(deserialize_with = "lenient")]
    kind: String,
    #[serde(deserialize_with = "lenient")]
    name: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Scaled {
    #[serde(deserialize_with = "lenient")]
    current_replicas: u32,
    #[serde(deserialize_with = "lenient")]
    desired_replicas: u32,
}

/// An autoscaler.
pub(crate) fn autoscaler(object: &Object<Scale, Scaled>, intern: &mut Intern) -> Fact {
    let target = &object.spec.scale_target_ref;
    Fact::Autoscaler(Autoscaler {
        key: object.metadata.key(intern),
        target: (OwnerKind::from_word(&target.kind), intern.name(&target.name)),
        min: object.spec.min_replicas.unwrap_or(1),
        max: object.spec.max_replicas,
        current: object.status.current_replicas,
        desired: object.status.desired_replicas,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::cluster::object::{read, read_flat};

    fn of(spec: &Value, status: &Value, generation: u32) -> [Budget; 2] {
        let object = json!({ "metadata": { "namespace": "ims", "name": "cscf", "generation": generation }, "spec": spec, "status": status });
        [budget(read(&object), &mut Intern::default()), budget_of_old(read(&object), &mut Intern::default())].map(
            |fact| {
                let Fact::Budget(budget) = fact else { panic!("no budget") };
                budget
            },
        )
    }

    #[test]
    fn a_budget_tells_whom_it_guards_and_how_many_may_go() {
        let spec = json!({ "selector": { "matchLabels": { "app": "cscf" } }, "minAvailable": 2, "maxUnavailable": "25%",
            "unhealthyPodEvictionPolicy": "AlwaysAllow" });
        let status = json!({ "observedGeneration": 3, "disruptionsAllowed": 1, "currentHealthy": 3, "desiredHealthy": 2, "expectedPods": 3 });
        let [now, old] = of(&spec, &status, 3);
        assert_eq!(now, old);
        assert_eq!((now.min_available.as_deref(), now.max_unavailable.as_deref()), (Some("2"), Some("25%")));
        assert_eq!((now.allowed, now.healthy, now.desired, now.expected, now.evicts_unready), (Some(1), 3, 2, 3, true));
        assert_eq!(now.selects.unwrap().to_string(), "app=cscf");
    }

    #[test]
    fn a_budget_that_was_changed_allows_nothing_that_is_known() {
        let [budget, _] =
            of(&json!({ "selector": {} }), &json!({ "observedGeneration": 3, "disruptionsAllowed": 1 }), 4);
        assert_eq!(budget.allowed, None);
    }

    #[test]
    fn an_empty_selector_selects_everything_today_and_nothing_of_old() {
        let [now, old] = of(&json!({ "selector": {} }), &json!({}), 1);
        assert!(now.selects.is_some() && old.selects.is_none());
        assert!(of(&json!({}), &json!({}), 1).iter().all(|budget| budget.selects.is_none()));
    }

    #[test]
    fn a_priority_class_tells_its_value_and_whether_it_preempts() {
        let object = json!({ "metadata": { "name": "batch" }, "value": -10, "globalDefault": true, "preemptionPolicy": "Never", "description": "x" });
        let Fact::PriorityClass(class) = priority(&read_flat(&object), &mut Intern::default()) else {
            panic!("no class")
        };
        assert_eq!((class.value, class.default, class.preempts), (-10, true, false));
    }

    #[test]
    fn a_quota_tells_what_is_used_of_what_is_allowed() {
        let object = json!({ "metadata": { "namespace": "vepc", "name": "all" }, "spec": { "scopes": ["NotTerminating"] },
            "status": { "hard": { "requests.cpu": "4", "pods": "10", "odd": "many" }, "used": { "requests.cpu": "2500m" } } });
        let Fact::Quota(quota) = quota(&read(&object), &mut Intern::default()) else { panic!("no quota") };
        assert_eq!(quota.amounts, [("pods".into(), 10, 0), ("requests.cpu".into(), 4_000, 2_500)]);
        assert!(quota.scoped);
    }

    #[test]
    fn an_autoscaler_tells_what_it_scales_and_how_far() {
        let object = json!({ "metadata": { "namespace": "ims", "name": "cscf" },
            "spec": { "scaleTargetRef": { "kind": "Deployment", "name": "cscf", "apiVersion": "apps/v1" }, "maxReplicas": 6 },
            "status": { "currentReplicas": 3, "desiredReplicas": 4 } });
        let Fact::Autoscaler(scaler) = autoscaler(&read(&object), &mut Intern::default()) else { panic!("none") };
        assert_eq!(scaler.target, (OwnerKind::Deployment, "cscf".into()));
        assert_eq!((scaler.min, scaler.max, scaler.current, scaler.desired), (1, 6, 3, 4));
    }
}
