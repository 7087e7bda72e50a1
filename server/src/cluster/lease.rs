//! Lease, or the leader annotation on Endpoints where leases are not served → fact.

use serde::Deserialize;
use topology::inventory::{Fact, Lease};

use super::{
    endpoints::Subsets,
    intern::Intern,
    lenient::{lenient, maybe},
    object::{LEADER, Nothing, Object, stamp},
};

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Spec {
    #[serde(deserialize_with = "lenient")]
    holder_identity: String,
    #[serde(deserialize_with = "maybe")]
    lease_duration_seconds: Option<i32>,
    #[serde(deserialize_with = "maybe")]
    renew_time: Option<String>,
}

/// How long a lease lasts that does not say.
const LASTS: i32 = 15;

impl Spec {
    fn lasts(&self) -> i64 {
        i64::from(self.lease_duration_seconds.unwrap_or(LASTS)) * 1000
    }
}

/// The fact of a lease.
pub(crate) fn fact(object: Object<Spec, Nothing>, intern: &mut Intern) -> Fact {
    let Object { metadata, spec, .. } = object;
    Fact::Lease(Lease {
        key: metadata.key(intern),
        holder: intern.name(&spec.holder_identity),
        host: metadata.label("kubernetes.io/hostname").map(|host| intern.name(host)),
        apiserver: metadata.label("apiserver.kubernetes.io/identity") == Some("kube-apiserver"),
        renewed: spec.renew_time.as_deref().and_then(stamp),
        lasts: spec.lasts(),
    })
}

/// The fact of a lease, where leaders do not hold leases alone: theirs are left out, because the
/// annotations tell.
pub(crate) fn not_a_leaders(object: Object<Spec, Nothing>, intern: &mut Intern) -> Option<Fact> {
    (object.metadata.namespace != "kube-system").then(|| fact(object, intern))
}

/// The fact of a leader annotation; nothing for Endpoints without one.
pub(crate) fn annotation(object: &Object<Subsets, Nothing>, intern: &mut Intern) -> Option<Fact> {
    let text = object.metadata.annotations.get(LEADER)?;
    let spec: Spec = serde_json::from_str(text).ok()?;
    Some(Fact::Lease(Lease {
        key: object.metadata.key(intern),
        holder: intern.name(&spec.holder_identity),
        host: None,
        apiserver: false,
        renewed: spec.renew_time.as_deref().and_then(stamp),
        lasts: spec.lasts(),
    }))
}
