//! What the server says of itself: its version, its groups and their resources.

use serde_json::{Value, json};

use crate::{kind::Kind, profile::Profile, refusal::Refusal};

/// `/version`, of a server that passes for a version, as in `v1.34.4`.
pub(crate) fn version(profile: Profile, version: &str) -> Value {
    let (go, date) = match profile {
        Profile::Current => ("go1.24.12", "2026-02-10T12:38:08Z"),
        Profile::V1_11 => ("go1.10.3", "2018-11-26T14:31:35Z"),
    };
    let minor = version.split('.').nth(1).unwrap_or_default();
    json!({"major": "1", "minor": minor, "gitVersion": version, "gitCommit": "", "gitTreeState": "clean",
        "buildDate": date, "goVersion": go, "compiler": "gc", "platform": "linux/amd64"})
}

/// `/api`.
pub(crate) fn core_versions() -> Value {
    json!({"kind": "APIVersions", "versions": ["v1"],
        "serverAddressByClientCIDRs": [{"clientCIDR": "0.0.0.0/0", "serverAddress": "10.1.0.222:6443"}]})
}

/// `/apis`.
pub(crate) fn groups(profile: Profile) -> Value {
    let groups: Vec<Value> = group_names(profile).into_iter().map(group_value).collect();
    json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": groups})
}

/// `/apis/GROUP`.
pub(crate) fn group(profile: Profile, name: &str) -> Result<Value, Refusal> {
    if !group_names(profile).contains(&name) {
        return Err(Refusal::no_path());
    }
    let mut value = group_value(name);
    value["kind"] = "APIGroup".into();
    value["apiVersion"] = "v1".into();
    Ok(value)
}

/// `/api/v1` and `/apis/GROUP/VERSION`.
pub(crate) fn resources(profile: Profile, api_version: &str) -> Result<Value, Refusal> {
    let resources: Vec<Value> = Kind::ALL
        .into_iter()
        .filter(|kind| profile.serves(*kind) && kind.names().api_version == api_version)
        .flat_map(entries)
        .collect();
    if resources.is_empty() {
        return Err(Refusal::no_path());
    }
    Ok(json!({"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": api_version, "resources": resources}))
}

fn group_names(profile: Profile) -> Vec<&'static str> {
    let mut names: Vec<_> = Kind::ALL
        .into_iter()
        .filter(|kind| profile.serves(*kind))
        .map(Kind::group)
        .filter(|name| !name.is_empty())
        .collect();
    names.dedup();
    names
}

fn group_value(name: &str) -> Value {
    let version = json!({"groupVersion": format!("{name}/v1"), "version": "v1"});
    json!({"name": name, "versions": [version], "preferredVersion": version})
}

fn entries(kind: Kind) -> Vec<Value> {
    let names = kind.names();
    let verbs = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];
    let mut whole = json!({"name": names.plural, "singularName": names.singular, "namespaced": names.namespaced,
        "kind": names.kind, "verbs": verbs});
    if !names.short.is_empty() {
        whole["shortNames"] = json!(names.short);
    }
    let mut entries = vec![whole];
    let mut part = |part: &str, verbs: &[&str]| {
        entries.push(json!({"name": format!("{}/{part}", names.plural), "singularName": "",
            "namespaced": names.namespaced, "kind": names.kind, "verbs": verbs}));
    };
    if names.status {
        part("status", &["get", "patch", "update"]);
    }
    if kind == Kind::Pod {
        part("log", &["get"]);
    }
    entries
}
