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

#[cfg(test)]
mod tests {
    use serde_json::json;
    use topology::Stamp;

    use super::*;
    use crate::cluster::object::read;

    fn of(object: &serde_json::Value) -> Lease {
        let Fact::Lease(lease) = fact(read(object), &mut Intern::default()) else { panic!("no lease") };
        lease
    }

    #[test]
    fn a_lease_tells_who_holds_it_and_until_when() {
        let lease = of(&json!({
            "metadata": { "namespace": "kube-system", "name": "apiserver-x",
                "labels": { "apiserver.kubernetes.io/identity": "kube-apiserver", "kubernetes.io/hostname": "host1" } },
            "spec": { "holderIdentity": "host1_4f", "leaseDurationSeconds": 40, "renewTime": "1970-01-01T00:00:02.500000Z" },
        }));
        assert_eq!((&*lease.holder, lease.host.as_deref(), lease.apiserver), ("host1_4f", Some("host1"), true));
        assert_eq!((lease.renewed, lease.lasts), (Some(Stamp(2_500)), 40_000));
    }

    #[test]
    fn a_lease_that_says_odd_things_was_never_renewed() {
        for spec in [
            json!(null),
            json!([]),
            json!({ "holderIdentity": 5, "leaseDurationSeconds": i64::MAX, "renewTime": "soon" }),
        ] {
            let lease = of(&json!({ "metadata": { "name": "x" }, "spec": spec }));
            assert_eq!((&*lease.holder, lease.renewed, lease.lasts), ("", None, 15_000));
        }
    }

    #[test]
    fn a_leader_annotation_is_a_lease() {
        let endpoints = |text: &str| {
            read::<Subsets, Nothing>(&json!({ "metadata": { "namespace": "kube-system", "name": "kube-scheduler",
                "annotations": { (LEADER): text } } }))
        };
        let held = r#"{"holderIdentity":"host2_7c","leaseDurationSeconds":15,"renewTime":"1970-01-01T00:00:01Z","leaderTransitions":3}"#;
        let Some(Fact::Lease(lease)) = annotation(&endpoints(held), &mut Intern::default()) else { panic!("no lease") };
        assert_eq!((lease.key.to_string().as_str(), &*lease.holder), ("kube-system/kube-scheduler", "host2_7c"));
        assert_eq!(lease.renewed, Some(Stamp(1_000)));
        assert_eq!(annotation(&endpoints("{cut"), &mut Intern::default()), None);
    }
}
