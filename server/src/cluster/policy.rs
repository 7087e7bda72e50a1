//! NetworkPolicy → fact.

use serde::Deserialize;
use topology::inventory::{Fact, NetworkPolicy, Selector};

use super::{
    intern::Intern,
    lenient::{each, maybe},
    object::{Nothing, Object},
    selector::{LabelSelector, nothing},
};

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Spec {
    // One that cannot be read must not pass for the empty one, which selects every pod.
    #[serde(deserialize_with = "maybe")]
    pod_selector: Option<LabelSelector>,
    #[serde(deserialize_with = "maybe")]
    policy_types: Option<Vec<String>>,
    #[serde(deserialize_with = "each")]
    egress: Vec<Nothing>,
}

/// The fact. A selector or operator that is none of the API's selects nothing.
pub(crate) fn fact(object: Object<Spec, Nothing>, intern: &mut Intern) -> Fact {
    let Object { metadata, spec, .. } = object;
    let selects = match spec.pod_selector {
        Some(selector) => selector.selector(intern),
        None => Selector(vec![nothing(intern, "")]),
    };
    let types = spec.policy_types.unwrap_or_default();
    let says = |word: &str| types.iter().any(|known| known == word);
    Fact::Policy(NetworkPolicy {
        key: metadata.key(intern),
        selects,
        ingress: types.is_empty() || says("Ingress"),
        egress: says("Egress") || (types.is_empty() && !spec.egress.is_empty()),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use topology::inventory::Labels;

    use super::*;
    use crate::cluster::object::read;

    fn of(spec: &Value) -> NetworkPolicy {
        let object = json!({ "metadata": { "namespace": "shop", "name": "walled" }, "spec": spec });
        let Fact::Policy(policy) = fact(read(&object), &mut Intern::default()) else { panic!("no policy") };
        policy
    }

    fn selects(selector: &Value, labels: &[(&str, &str)]) -> bool {
        let labels = Labels::new(labels.iter().map(|(name, value)| ((*name).into(), (*value).into())));
        of(&json!({ "podSelector": selector })).selects.matches(&labels)
    }

    #[test]
    fn labels_and_expressions_must_hold_together() {
        let selector = json!({ "matchLabels": { "app": "web" }, "matchExpressions": [
            { "key": "tier", "operator": "In", "values": ["front", "edge"] }, { "key": "app", "operator": "Exists" },
            { "key": "zone", "operator": "NotIn", "values": ["b"] }, { "key": "old", "operator": "DoesNotExist" }] });
        assert!(selects(&selector, &[("app", "web"), ("tier", "edge")]));
        assert!(!selects(&selector, &[("app", "web"), ("tier", "back")]));
        assert!(!selects(&selector, &[("app", "web"), ("tier", "edge"), ("zone", "b")]));
        assert!(!selects(&selector, &[("app", "web"), ("tier", "edge"), ("old", "")]));
        let text = of(&json!({ "podSelector": selector })).selects.to_string();
        assert_eq!(text, "app=web,tier in (front,edge),app,zone!=b,!old");
    }

    #[test]
    fn an_empty_selector_selects_every_pod_and_an_odd_one_none() {
        assert!(selects(&json!({}), &[("app", "web")]) && selects(&json!({}), &[]));
        let odd = json!({ "matchExpressions": [{ "key": "app", "operator": "Resembles", "values": ["web"] }] });
        for odd in [odd, json!(null), json!("app=web"), json!(7)] {
            assert!(!selects(&odd, &[("app", "web")]), "{odd}");
        }
    }

    #[test]
    fn what_is_restricted_is_said_or_follows_from_the_rules() {
        let ways = |spec: Value| {
            let policy = of(&spec);
            (policy.ingress, policy.egress)
        };
        assert_eq!(ways(json!({ "policyTypes": ["Ingress"] })), (true, false));
        assert_eq!(ways(json!({ "policyTypes": ["Egress"], "ingress": [{}] })), (false, true));
        assert_eq!(ways(json!({ "policyTypes": ["Ingress", "Egress"] })), (true, true));
        assert_eq!(ways(json!({})), (true, false));
        assert_eq!(ways(json!({ "egress": [{ "to": [] }] })), (true, true));
    }
}
