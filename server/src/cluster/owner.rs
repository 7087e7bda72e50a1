//! Deployment, ReplicaSet, StatefulSet, DaemonSet and Job → fact.

use serde::Deserialize;
use topology::inventory::{Fact, Owner, OwnerKind};

use super::{
    intern::Intern,
    lenient::{lenient, maybe},
    object::Object,
};

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Spec {
    #[serde(deserialize_with = "maybe")]
    replicas: Option<u32>,
    #[serde(deserialize_with = "maybe")]
    completions: Option<u32>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Status {
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
    Fact::Owner(Owner {
        kind,
        key: metadata.key(intern),
        owner: metadata.controller(intern),
        wanted,
        ready,
        created: metadata.created(),
    })
}
