//! What a cluster serves, from Kubernetes 1.11 to today's.

use kube::Client;

use super::object::Served;

/// How this cluster tells what Binnacle wants to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Dialect {
    /// `v1.34.4`.
    pub(crate) version: String,
    /// EndpointSlices, at the newest version that is served; else Endpoints are read.
    pub(crate) slices: Option<Served>,
    /// Leases, at the newest version that is served; else leader annotations and heartbeats.
    pub(crate) leases: Option<Served>,
}

/// Asks the API server.
pub(crate) async fn ask(client: &Client) -> kube::Result<Dialect> {
    let version = client.apiserver_version().await?.git_version;
    let groups = client.list_api_groups().await?.groups;
    let newest = |group: &str, known: &[&'static str]| {
        let group = groups.iter().find(|served| served.name == group)?;
        known.iter().copied().find(|version| group.versions.iter().any(|served| served.version == *version))
    };
    let slices = newest("discovery.k8s.io", &["v1", "v1beta1"]).map(|version| Served {
        group: "discovery.k8s.io",
        version,
        plural: "endpointslices",
        kind: "EndpointSlice",
    });
    // Node leases came with v1beta1 in 1.13; before, the group is not there at all.
    let leases = newest("coordination.k8s.io", &["v1", "v1beta1"]).map(|version| Served {
        group: "coordination.k8s.io",
        version,
        plural: "leases",
        kind: "Lease",
    });
    Ok(Dialect { version, slices, leases })
}
