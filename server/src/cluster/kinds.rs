//! Every kind of object that the API server serves, custom ones too.

use std::{collections::BTreeMap, time::Duration};

use futures::{StreamExt, stream};
use kube::Client;
use serde::Deserialize;
use tokio::time::Instant;

use super::{
    bounded::{PATIENCE, Refused, in_time, json, json_as, part},
    lenient::{each, lenient},
};

/// A server of today tells all of its kinds at once; an older one passes over what it does not know.
const ALL_AT_ONCE: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,\
     application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json";
/// Groups that are asked for at the same time.
const AT_ONCE: usize = 6;
/// Groups that are asked for in all, and the time in which the last is begun.
const MOST: usize = 400;
const ALL: Duration = Duration::from_secs(10);

/// A kind of object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kind {
    /// Its API group; empty for the core's.
    pub group: String,
    /// The version that is read: the one that the server prefers.
    pub version: String,
    /// As in a path, such as `pods`.
    pub plural: String,
    /// As in an object, such as `Pod`.
    pub kind: String,
    /// Whether its objects lie in namespaces.
    pub namespaced: bool,
    /// Whether the server lists them at all.
    pub listed: bool,
}

impl Kind {
    /// Whether these are Secrets, of which nothing but names and types is ever asked for.
    pub fn is_secret(&self) -> bool {
        self.group.is_empty() && self.plural == "secrets"
    }

    /// As a role names it: `pods`, `leases.coordination.k8s.io`.
    pub fn resource(&self) -> String {
        if self.group.is_empty() { self.plural.clone() } else { format!("{}.{}", self.plural, self.group) }
    }

    /// The path of its objects in a namespace; in all of them, or in none, where that is empty.
    pub(super) fn path(&self, namespace: &str) -> String {
        let root = if self.group.is_empty() { "/api".to_owned() } else { format!("/apis/{}", part(&self.group)) };
        let inside = if namespace.is_empty() { String::new() } else { format!("/namespaces/{}", part(namespace)) };
        format!("{root}/{}{inside}/{}", part(&self.version), part(&self.plural))
    }
}

/// What is served.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kinds {
    /// By group, then by name.
    pub kinds: Vec<Kind>,
    /// Groups that do not tell their kinds, and why.
    pub missing: Vec<String>,
}

impl Kinds {
    /// A kind by its group and its plural name.
    pub fn find(&self, group: &str, plural: &str) -> Option<&Kind> {
        self.kinds.iter().find(|kind| kind.group == group && kind.plural == plural)
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Told {
    #[serde(deserialize_with = "lenient")]
    kind: String,
    /// Of a server of today.
    #[serde(deserialize_with = "each")]
    items: Vec<Group>,
    /// Of an older one, at `/api`.
    #[serde(deserialize_with = "each")]
    versions: Vec<String>,
    /// Of an older one, at `/apis`.
    #[serde(deserialize_with = "each")]
    groups: Vec<OldGroup>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Group {
    #[serde(deserialize_with = "lenient")]
    metadata: Name,
    #[serde(deserialize_with = "each")]
    versions: Vec<GroupVersion>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Name {
    #[serde(deserialize_with = "lenient")]
    name: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct GroupVersion {
    #[serde(deserialize_with = "lenient")]
    version: String,
    #[serde(deserialize_with = "lenient")]
    freshness: String,
    #[serde(deserialize_with = "each")]
    resources: Vec<Resource>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Resource {
    #[serde(deserialize_with = "lenient")]
    resource: String,
    #[serde(deserialize_with = "lenient")]
    response_kind: ResponseKind,
    #[serde(deserialize_with = "lenient")]
    scope: String,
    #[serde(deserialize_with = "each")]
    verbs: Vec<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ResponseKind {
    #[serde(deserialize_with = "lenient")]
    kind: String,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct OldGroup {
    #[serde(deserialize_with = "lenient")]
    name: String,
    #[serde(deserialize_with = "each")]
    versions: Vec<OldVersion>,
    #[serde(deserialize_with = "lenient")]
    preferred_version: OldVersion,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct OldVersion {
    #[serde(deserialize_with = "lenient")]
    version: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Resources {
    #[serde(deserialize_with = "each")]
    resources: Vec<OldResource>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct OldResource {
    #[serde(deserialize_with = "lenient")]
    name: String,
    #[serde(deserialize_with = "lenient")]
    kind: String,
    #[serde(deserialize_with = "lenient")]
    namespaced: bool,
    #[serde(deserialize_with = "each")]
    verbs: Vec<String>,
}

/// Asks what is served. A group that is broken costs no other.
///
/// # Errors
/// [`Refused`] where nothing is told at all.
pub async fn kinds(client: &Client) -> Result<Kinds, Refused> {
    let ask =
        |path: &'static str| in_time(PATIENCE, "get /api and /apis", json_as::<Told>(client, path, &[], ALL_AT_ONCE));
    let (core, groups) = tokio::join!(ask("/api"), ask("/apis"));
    let (core, groups) = (core?, groups?);
    let mut found = Found::default();
    let mut old = Vec::new();
    if core.kind == "APIGroupDiscoveryList" {
        core.items.into_iter().for_each(|group| found.group(group));
    } else {
        old.extend(core.versions.into_iter().map(|version| (String::new(), version)));
    }
    if groups.kind == "APIGroupDiscoveryList" {
        groups.items.into_iter().for_each(|group| found.group(group));
    } else {
        old.extend(groups.groups.into_iter().flat_map(preferred_first));
    }
    if old.len() > MOST {
        found.missing.push(format!("{} further groups: Binnacle asks for {MOST}", old.len() - MOST));
        old.truncate(MOST);
    }
    let until = Instant::now() + ALL;
    let told = stream::iter(old).map(|(group, version)| async move {
        let root = if group.is_empty() { "/api".to_owned() } else { format!("/apis/{}", part(&group)) };
        let path = format!("{root}/{}", part(&version));
        if Instant::now() > until {
            return (group, version, Err(Refused::Late(ALL)));
        }
        let told = in_time(PATIENCE, &format!("get {path}"), json::<Resources>(client, &path, &[])).await;
        (group, version, told)
    });
    let told: Vec<_> = told.buffered(AT_ONCE).collect().await;
    for (group, version, resources) in told {
        match resources {
            Ok(resources) => found.resources(&group, &version, resources),
            Err(why) => found.missing.push(format!("{}: {why}", group_version(&group, &version))),
        }
    }
    Ok(Kinds { kinds: found.kinds.into_values().collect(), missing: found.missing })
}

/// A group's versions, the preferred one first: what only an older one has is found there.
fn preferred_first(group: OldGroup) -> Vec<(String, String)> {
    let preferred = group.preferred_version.version;
    let rest = group.versions.into_iter().map(|one| one.version).filter(|version| *version != preferred);
    let mut versions: Vec<String> = rest.collect();
    if !preferred.is_empty() {
        versions.insert(0, preferred);
    }
    versions.into_iter().map(|version| (group.name.clone(), version)).collect()
}

fn group_version(group: &str, version: &str) -> String {
    if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") }
}

#[derive(Default)]
struct Found {
    kinds: BTreeMap<(String, String), Kind>,
    missing: Vec<String>,
}

impl Found {
    fn group(&mut self, group: Group) {
        for version in group.versions {
            if version.freshness == "Stale" {
                let name = group_version(&group.metadata.name, &version.version);
                self.missing.push(format!("{name}: its server does not answer"));
            }
            for one in version.resources {
                self.add(Kind {
                    group: group.metadata.name.clone(),
                    version: version.version.clone(),
                    listed: one.verbs.iter().any(|verb| verb == "list"),
                    plural: one.resource,
                    kind: one.response_kind.kind,
                    namespaced: one.scope == "Namespaced",
                });
            }
        }
    }

    fn resources(&mut self, group: &str, version: &str, resources: Resources) {
        // What has a slash in its name is a part of an object.
        for one in resources.resources.into_iter().filter(|one| !one.name.contains('/')) {
            self.add(Kind {
                group: group.to_owned(),
                version: version.to_owned(),
                listed: one.verbs.iter().any(|verb| verb == "list"),
                plural: one.name,
                kind: one.kind,
                namespaced: one.namespaced,
            });
        }
    }

    fn add(&mut self, kind: Kind) {
        let named = !kind.plural.is_empty() && !kind.version.is_empty();
        if named {
            self.kinds.entry((kind.group.clone(), kind.plural.clone())).or_insert(kind);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cluster::bounded::tests::{refusal, server};

    fn names(kinds: &Kinds) -> Vec<String> {
        kinds.kinds.iter().map(|kind| format!("{} {} {}", kind.resource(), kind.version, kind.namespaced)).collect()
    }

    #[tokio::test]
    async fn a_server_of_today_tells_all_kinds_in_two_answers() {
        let client = server(|path, _| {
            let resource = |name: &str, kind: &str, scope: &str| json!({ "resource": name, "responseKind": { "kind": kind }, "scope": scope, "verbs": ["get", "list"] });
            let group =
                |name: &str, versions: serde_json::Value| json!({ "metadata": { "name": name }, "versions": versions });
            let items = match path {
                "/api" => json!([group(
                    "",
                    json!([{ "version": "v1", "resources": [resource("nodes", "Node", "Cluster")] }])
                )]),
                "/apis" => json!([
                    group(
                        "example.org",
                        json!([
                            { "version": "v2", "resources": [resource("ships", "Ship", "Namespaced")] },
                            { "version": "v1", "resources": [resource("ships", "Ship", "Namespaced"), resource("boats", "Boat", "Namespaced")] },
                        ])
                    ),
                    group("metrics.k8s.io", json!([{ "version": "v1beta1", "freshness": "Stale" }])),
                ]),
                _ => return refusal(404, "not found"),
            };
            (200, json!({ "kind": "APIGroupDiscoveryList", "items": items }).to_string().into())
        });
        let found = kinds(&client).await.unwrap();
        assert_eq!(names(&found), ["nodes v1 false", "boats.example.org v1 true", "ships.example.org v2 true"]);
        assert_eq!(found.missing, ["metrics.k8s.io/v1beta1: its server does not answer"]);
    }

    #[tokio::test]
    async fn an_old_server_is_asked_group_by_group_and_a_broken_group_costs_no_other() {
        let client = server(|path, _| {
            let answer = match path {
                "/api" => json!({ "kind": "APIVersions", "versions": ["v1"] }),
                "/apis" => json!({ "kind": "APIGroupList", "groups": [
                    { "name": "batch", "versions": [{ "version": "v1beta1" }, { "version": "v1" }], "preferredVersion": { "version": "v1" } },
                    { "name": "broken.org", "versions": [{ "version": "v1" }], "preferredVersion": { "version": "v1" } }] }),
                "/api/v1" => {
                    json!({ "resources": [{ "name": "pods", "kind": "Pod", "namespaced": true, "verbs": ["list"] }, { "name": "pods/log", "kind": "Pod" }] })
                }
                "/apis/batch/v1" => json!({ "resources": [{ "name": "jobs", "kind": "Job", "namespaced": true }] }),
                "/apis/batch/v1beta1" => {
                    json!({ "resources": [{ "name": "cronjobs", "kind": "CronJob", "namespaced": true }, { "name": "jobs", "kind": "Job" }] })
                }
                _ => return refusal(503, "the server is currently unable to handle the request"),
            };
            (200, answer.to_string().into())
        });
        let found = kinds(&client).await.unwrap();
        assert_eq!(names(&found), ["pods v1 true", "cronjobs.batch v1beta1 true", "jobs.batch v1 true"]);
        assert!(found.kinds[0].listed && !found.kinds[1].listed);
        assert_eq!(found.missing, ["broken.org/v1: the server is currently unable to handle the request"]);
    }
}
