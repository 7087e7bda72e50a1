//! What a cluster serves, from Kubernetes 1.11 to today's.

use kube::Client;

use serde::{Deserialize, de::DeserializeOwned};

use super::object::{Served, nullable};

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

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Version {
    git_version: String,
}

#[derive(Deserialize)]
struct Groups {
    #[serde(default, deserialize_with = "nullable")]
    groups: Vec<Group>,
}

#[derive(Deserialize)]
struct Group {
    name: String,
    versions: Vec<GroupVersion>,
}

#[derive(Deserialize)]
struct GroupVersion {
    version: String,
}

/// Asks the API server.
pub(crate) async fn ask(client: &Client) -> kube::Result<Dialect> {
    let version = get::<Version>(client, "/version").await?.git_version;
    let groups = get::<Groups>(client, "/apis").await?.groups;
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

async fn get<T: DeserializeOwned>(client: &Client, path: &str) -> kube::Result<T> {
    client.request(http::Request::get(path).body(Vec::new()).map_err(kube::Error::HttpError)?).await
}
