//! Lease, or the leader annotation on Endpoints where leases are not served → fact.

use serde::Deserialize;
use topology::inventory::{Fact, Lease};

use super::{
    endpoints::Subsets,
    intern::Intern,
    object::{LEADER, Nothing, Object, stamp},
};

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Spec {
    holder_identity: Option<String>,
    lease_duration_seconds: Option<i64>,
    renew_time: Option<String>,
}

/// How long a lease lasts that does not say.
const LASTS: i64 = 15;

/// The fact of a lease.
pub(crate) fn fact(object: Object<Spec, Nothing>, intern: &mut Intern) -> Fact {
    let Object { metadata, spec, .. } = object;
    Fact::Lease(Lease {
        key: metadata.key(intern),
        holder: intern.name(spec.holder_identity.as_deref().unwrap_or_default()),
        host: metadata.label("kubernetes.io/hostname").map(|host| intern.name(host)),
        apiserver: metadata.label("apiserver.kubernetes.io/identity") == Some("kube-apiserver"),
        renewed: spec.renew_time.as_deref().and_then(stamp),
        lasts: spec.lease_duration_seconds.unwrap_or(LASTS) * 1000,
    })
}

/// The fact of a leader annotation; nothing for Endpoints without one.
pub(crate) fn annotation(object: &Object<Subsets, Nothing>, intern: &mut Intern) -> Option<Fact> {
    let text = object.metadata.annotations.get(LEADER)?;
    let spec: Spec = serde_json::from_str(text).ok()?;
    Some(Fact::Lease(Lease {
        key: object.metadata.key(intern),
        holder: intern.name(spec.holder_identity.as_deref().unwrap_or_default()),
        host: None,
        apiserver: false,
        renewed: spec.renew_time.as_deref().and_then(stamp),
        lasts: spec.lease_duration_seconds.unwrap_or(LASTS) * 1000,
    }))
}
