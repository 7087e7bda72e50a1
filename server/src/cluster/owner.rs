//! Deployment, ReplicaSet, StatefulSet, DaemonSet and Job → fact.

use serde::Deserialize;
use topology::inventory::{Fact, Owner, OwnerKind};

use super::{
    intern::Intern,
    lenient::{lenient, maybe, texts},
    object::Object,
};

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Spec {
    #[serde(deserialize_with = "maybe")]
    replicas: Option<u32>,
    #[serde(deserialize_with = "maybe")]
    completions: Option<u32>,
    #[serde(deserialize_with = "lenient")]
    template: Template,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Template {
    #[serde(deserialize_with = "lenient")]
    metadata: Labelled,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Labelled {
    #[serde(deserialize_with = "texts")]
    labels: std::collections::BTreeMap<String, String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Status {
    #[serde(deserialize_with = "lenient")]
    active: u32,
    #[serde(deserialize_with = "lenient")]
    ready_replicas: u32,
    #[serde(deserialize_with = "lenient")]
    desired_number_scheduled: u32,
    #[serde(deserialize_with = "lenient")]
    number_ready: u32,
    #[serde(deserialize_with = "lenient")]
    succeeded: u32,
}

/// The fact.
pub(crate) fn fact(kind: OwnerKind, object: &Object<Spec, Status>, intern: &mut Intern) -> Fact {
    let Object { metadata, spec, status, .. } = object;
    let (wanted, ready) = match kind {
        OwnerKind::DaemonSet => (status.desired_number_scheduled, status.number_ready),
        OwnerKind::Job => (spec.completions.unwrap_or(1), status.succeeded),
        _ => (spec.replicas.unwrap_or(1), status.ready_replicas),
    };
    let active = if kind == OwnerKind::Job { status.active } else { 0 };
    Fact::Owner(Owner {
        kind,
        active,
        labels: intern.labels(spec.template.metadata.labels.iter()),
        key: metadata.key(intern),
        owner: metadata.controller(intern),
        wanted,
        ready,
        created: metadata.created(),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cluster::object::read;

    fn of(kind: OwnerKind, object: &serde_json::Value) -> Owner {
        let Fact::Owner(owner) = fact(kind, &read(object), &mut Intern::default()) else { panic!("no owner") };
        owner
    }

    #[test]
    fn each_kind_counts_in_its_own_fields() {
        let object = json!({
            "metadata": { "namespace": "shop", "name": "x", "ownerReferences": [{ "kind": "Deployment", "name": "web", "controller": true }] },
            "spec": { "replicas": 3, "completions": 5 },
            "status": { "readyReplicas": 2, "desiredNumberScheduled": 7, "numberReady": 6, "succeeded": 4 },
        });
        let counts = |kind| {
            let owner = of(kind, &object);
            (owner.wanted, owner.ready)
        };
        assert_eq!(counts(OwnerKind::ReplicaSet), (3, 2));
        assert_eq!(counts(OwnerKind::StatefulSet), (3, 2));
        assert_eq!(counts(OwnerKind::DaemonSet), (7, 6));
        assert_eq!(counts(OwnerKind::Job), (5, 4));
        assert_eq!(of(OwnerKind::ReplicaSet, &object).owner, Some((OwnerKind::Deployment, "web".into())));
    }

    #[test]
    fn odd_counts_are_those_of_nothing_said() {
        let odd = of(
            OwnerKind::Deployment,
            &json!({ "metadata": { "name": "x" }, "spec": { "replicas": -1 }, "status": { "readyReplicas": "two" } }),
        );
        assert_eq!((odd.wanted, odd.ready, odd.owner), (1, 0, None));
    }
}
