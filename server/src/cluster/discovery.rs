//! What a cluster serves, and which of it tells what, from Kubernetes 1.11 to today's.

use kube::Client;
use serde::{Deserialize, de::DeserializeOwned};

use super::{
    lenient::{each, lenient},
    object::Served,
};

/// How this cluster tells what Binnacle wants to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Dialect {
    /// EndpointSlices, at the newest version that is served and filled; else Endpoints are read.
    pub(crate) slices: Option<Served>,
    /// Leases, at the newest version that is served.
    pub(crate) leases: Option<Served>,
    /// Whether kubelets renew leases; else their heartbeat is in the node's conditions.
    pub(crate) beats_in_leases: bool,
    /// Whether leaders hold leases; else an annotation on Endpoints names them.
    pub(crate) leaders_in_leases: bool,
    /// PodDisruptionBudgets, at the newest version that is served.
    pub(crate) budgets: Option<Served>,
    /// PriorityClasses, at the newest version that is served.
    pub(crate) priorities: Option<Served>,
    /// CSINodes, at the newest version that is served.
    pub(crate) csi_nodes: Option<Served>,
    /// Ingresses, at the newest version that is served.
    pub(crate) ingresses: Served,
    /// HTTPRoutes, where they are installed.
    pub(crate) routes: Option<Served>,
    /// Gateways, where they are installed.
    pub(crate) gateways: Option<Served>,
}

/// What discovery found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    /// `v1.34.4`; nothing where it may not be asked.
    pub(crate) version: Option<String>,
    /// What follows from it and from what is served.
    pub(crate) dialect: Dialect,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Version {
    #[serde(deserialize_with = "lenient")]
    git_version: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Groups {
    #[serde(deserialize_with = "each")]
    groups: Vec<Group>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Group {
    #[serde(deserialize_with = "lenient")]
    name: String,
    #[serde(deserialize_with = "each")]
    versions: Vec<GroupVersion>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct GroupVersion {
    #[serde(deserialize_with = "lenient")]
    version: String,
}

/// Asks the API server. Who may not ask is taken to speak with a server of today.
pub(crate) async fn ask(client: &Client) -> kube::Result<Found> {
    let version = allowed(get::<Version>(client, "/version").await)?;
    let groups = allowed(get::<Groups>(client, "/apis").await)?;
    let version = version.map(|version| version.git_version).filter(|version| !version.is_empty());
    let dialect = dialect(version.as_deref(), groups.as_ref());
    Ok(Found { version, dialect })
}

/// In 1.14 kubelets began to renew leases; they were served before.
const BEATS: u32 = 14;
/// In 1.18 the controller that fills EndpointSlices was switched on; they were served before.
const SLICES: u32 = 18;
/// In 1.20 leaders took to leases alone, after some versions of both.
const LEADERS: u32 = 20;

/// In 1.14 CSINodes came to be served by default, in 1.17 at v1.
const CSI_NODES: u32 = 14;
const CSI_NODES_V1: u32 = 17;
/// In 1.14 Ingresses moved to networking.k8s.io, in 1.19 to v1.
const INGRESSES: u32 = 14;
const INGRESSES_V1: u32 = 19;

fn dialect(version: Option<&str>, groups: Option<&Groups>) -> Dialect {
    let minor = version.and_then(minor).unwrap_or(u32::MAX);
    let newest = |group: &str| -> Option<&'static str> {
        let Some(groups) = groups else { return Some("v1") };
        let group = groups.groups.iter().find(|served| served.name == group)?;
        ["v1", "v1beta1"].into_iter().find(|version| group.versions.iter().any(|served| served.version == *version))
    };
    let slices = newest("discovery.k8s.io").filter(|_| minor >= SLICES).map(|version| Served {
        group: "discovery.k8s.io",
        version,
        plural: "endpointslices",
        kind: "EndpointSlice",
    });
    let leases = newest("coordination.k8s.io").map(|version| Served {
        group: "coordination.k8s.io",
        version,
        plural: "leases",
        kind: "Lease",
    });
    let some = leases.is_some();
    let kind = |group, plural, kind| newest(group).map(|version| Served { group, version, plural, kind });
    let csi_nodes = (minor >= CSI_NODES).then_some(if minor >= CSI_NODES_V1 { "v1" } else { "v1beta1" });
    // Extensions are not there for certain where it cannot be asked what is.
    let installed = |plural, name| groups.and_then(|_| kind("gateway.networking.k8s.io", plural, name));
    let (group, version) = match minor {
        INGRESSES_V1.. => ("networking.k8s.io", "v1"),
        INGRESSES.. => ("networking.k8s.io", "v1beta1"),
        _ => ("extensions", "v1beta1"),
    };
    Dialect {
        slices,
        leases,
        beats_in_leases: some && minor >= BEATS,
        leaders_in_leases: some && minor >= LEADERS,
        budgets: kind("policy", "poddisruptionbudgets", "PodDisruptionBudget"),
        priorities: kind("scheduling.k8s.io", "priorityclasses", "PriorityClass"),
        csi_nodes: csi_nodes.filter(|_| newest("storage.k8s.io").is_some()).map(|version| Served {
            group: "storage.k8s.io",
            version,
            plural: "csinodes",
            kind: "CSINode",
        }),
        ingresses: Served { group, version, plural: "ingresses", kind: "Ingress" },
        routes: installed("httproutes", "HTTPRoute"),
        gateways: installed("gateways", "Gateway"),
    }
}

/// 34 of `v1.34.4`, 17 of `v1.17+`; nothing of what is no Kubernetes 1.
fn minor(version: &str) -> Option<u32> {
    let minor = version.trim_start_matches('v').strip_prefix("1.")?;
    minor.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

fn allowed<T>(answer: kube::Result<T>) -> kube::Result<Option<T>> {
    match answer {
        Err(kube::Error::Api(status)) if status.code == 403 => Ok(None),
        answer => answer.map(Some),
    }
}

async fn get<T: DeserializeOwned>(client: &Client, path: &str) -> kube::Result<T> {
    client.request(http::Request::get(path).body(Vec::new()).map_err(kube::Error::HttpError)?).await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(version: &str, groups: &str) -> Dialect {
        let groups: Groups = serde_json::from_str(groups).unwrap();
        dialect(Some(version), Some(&groups))
    }

    const NONE: &str = r#"{"groups":[{"name":"apps","versions":[{"version":"v1"}]}]}"#;
    const BETA: &str = r#"{"groups":[{"name":"coordination.k8s.io","versions":[{"version":"v1beta1"}]},
        {"name":"discovery.k8s.io","versions":[{"version":"v1beta1"},{"version":"v1alpha1"}]}]}"#;
    const BOTH: &str = r#"{"groups":[null,{"name":"coordination.k8s.io","versions":[{"version":"v1beta1"},{"version":"v1"}]},
        {"name":"discovery.k8s.io","versions":[{"version":"v1"}]},{"name":"policy","versions":[{"version":"v1"}]},
        {"name":"scheduling.k8s.io","versions":[{"version":"v1"}]},{"name":"storage.k8s.io","versions":[{"version":"v1"}]}]}"#;

    #[test]
    fn what_compass_installs_tells_everything_the_old_way() {
        let dialect = of("v1.11.5", NONE);
        assert_eq!((dialect.slices, dialect.leases), (None, None));
        assert!(!dialect.beats_in_leases && !dialect.leaders_in_leases);
    }

    #[test]
    fn what_is_served_before_it_is_filled_is_not_relied_on() {
        assert!(!of("v1.13.12", BETA).beats_in_leases);
        let dialect = of("v1.17.9-gke.1", BETA);
        assert_eq!(dialect.slices, None);
        assert_eq!(dialect.leases.as_ref().map(|served| served.version), Some("v1beta1"));
        assert!(dialect.beats_in_leases && !dialect.leaders_in_leases);
        assert_eq!(of("v1.18.0", BETA).slices.map(|served| served.version), Some("v1beta1"));
    }

    #[test]
    fn todays_cluster_tells_by_slices_and_leases_at_v1() {
        for version in ["v1.34.4", "v1.34.4+rke2r1", "v2.0.0", "unheard of"] {
            let dialect = of(version, BOTH);
            assert_eq!(dialect.slices.as_ref().map(|served| served.version), Some("v1"), "{version}");
            assert!(dialect.beats_in_leases && dialect.leaders_in_leases, "{version}");
        }
    }

    #[test]
    fn what_is_told_beside_the_figures_is_asked_at_the_version_that_is_served() {
        const OLD: &str = r#"{"groups":[{"name":"policy","versions":[{"version":"v1beta1"}]},
            {"name":"storage.k8s.io","versions":[{"version":"v1"},{"version":"v1beta1"}]}]}"#;
        let versions = |version: &str| {
            let dialect = of(version, OLD);
            [dialect.budgets, dialect.priorities, dialect.csi_nodes].map(|served| served.map(|served| served.version))
        };
        assert_eq!(versions("v1.11.5"), [Some("v1beta1"), None, None]);
        assert_eq!(versions("v1.15.0"), [Some("v1beta1"), None, Some("v1beta1")]);
        assert_eq!(versions("v1.20.0"), [Some("v1beta1"), None, Some("v1")]);
    }

    #[test]
    fn who_may_not_ask_is_taken_to_speak_with_a_server_of_today() {
        assert_eq!(dialect(None, None), of("v1.34.4", BOTH));
        let ingresses = |version: &str| of(version, BOTH).ingresses;
        assert_eq!((ingresses("v1.34.4").version, ingresses("v1.15.0").version), ("v1", "v1beta1"));
        assert_eq!(ingresses("v1.11.5").group, "extensions");
    }
}
