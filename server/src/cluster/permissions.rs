//! What is asked of a cluster, as the rules of a ClusterRole: the chart's and the manifests' rules
//! are this list, and every watch is held to it.

use std::{collections::BTreeSet, fmt::Write};

use futures::{StreamExt, TryStreamExt, stream};
use http::header::CONTENT_TYPE;
use kube::Client;
use serde::Deserialize;
use serde_json::{Value, json};
use topology::inventory::Name;

use super::object::Served;

/// One rule: what may be done with which resources of an API group.
struct Rule {
    group: &'static str,
    resources: &'static [&'static str],
    verbs: &'static [&'static str],
}

const READ: &[&str] = &["get", "list", "watch"];

const RULES: [Rule; 16] = [
    Rule { group: "", resources: &["endpoints", "namespaces", "nodes", "pods", "services"], verbs: READ },
    Rule { group: "", resources: &["persistentvolumeclaims", "persistentvolumes", "resourcequotas"], verbs: READ },
    Rule { group: "", resources: &["events"], verbs: &["list"] },
    Rule { group: "", resources: &["pods/log"], verbs: &["get"] },
    Rule { group: "apps", resources: &["daemonsets", "deployments", "replicasets", "statefulsets"], verbs: READ },
    Rule { group: "autoscaling", resources: &["horizontalpodautoscalers"], verbs: READ },
    Rule { group: "batch", resources: &["jobs"], verbs: READ },
    Rule { group: "coordination.k8s.io", resources: &["leases"], verbs: READ },
    Rule { group: "discovery.k8s.io", resources: &["endpointslices"], verbs: READ },
    Rule { group: "extensions", resources: &["ingresses"], verbs: READ },
    Rule { group: "gateway.networking.k8s.io", resources: &["gateways", "httproutes"], verbs: READ },
    Rule { group: "metrics.k8s.io", resources: &["nodes", "pods"], verbs: &["get"] },
    Rule { group: "networking.k8s.io", resources: &["ingresses", "networkpolicies"], verbs: READ },
    Rule { group: "policy", resources: &["poddisruptionbudgets"], verbs: READ },
    Rule { group: "scheduling.k8s.io", resources: &["priorityclasses"], verbs: READ },
    Rule { group: "storage.k8s.io", resources: &["csinodes", "storageclasses"], verbs: READ },
];

/// What is asked of the whole cluster: what lies in no namespace, and the leases of its hosts and leaders. A Role of a
/// namespace grants nothing of it.
const CLUSTER_WIDE: [&str; 7] =
    ["csinodes", "leases", "namespaces", "nodes", "persistentvolumes", "priorityclasses", "storageclasses"];

/// Paths that belong to no resource.
const PATHS: [&str; 7] = ["/api", "/api/*", "/apis", "/apis/*", "/healthz/etcd", "/readyz", "/version"];

/// Whether a role with these rules may watch a kind.
pub(super) fn cover(served: &Served) -> bool {
    RULES.iter().any(|rule| {
        rule.group == served.group && rule.resources.contains(&served.plural) && rule.verbs.contains(&"watch")
    })
}

/// Questions to one API server at once.
const AT_ONCE: usize = 8;

#[derive(Deserialize)]
struct Review {
    status: Answer,
}

#[derive(Deserialize)]
struct Answer {
    allowed: bool,
}

/// What is needed and the account of a client may not do, as in `watch pods`; the API server is asked about each. Where
/// only some namespaces are looked at, it is asked about these.
///
/// # Errors
/// The client's, when the server does not tell.
pub(super) async fn missing(client: &Client, namespaces: &BTreeSet<Name>) -> kube::Result<Vec<String>> {
    let mut asked: Vec<(String, Value)> = Vec::new();
    for Rule { group, resources, verbs } in RULES {
        for (resource, verb) in resources.iter().flat_map(|resource| verbs.iter().map(move |verb| (resource, verb))) {
            let (whole, part) = resource.split_once('/').unwrap_or((resource, ""));
            let attributes = json!({ "group": group, "resource": whole, "subresource": part, "verb": verb });
            // As errors name it, and as kubectl auth can-i takes it.
            let named = if group.is_empty() {
                (*resource).to_owned()
            } else {
                format!("{whole}.{group}") + &resource[whole.len()..]
            };
            if namespaces.is_empty() || CLUSTER_WIDE.contains(resource) {
                asked.push((format!("{verb} {named}"), json!({ "resourceAttributes": attributes })));
                continue;
            }
            for namespace in namespaces {
                let mut attributes = attributes.clone();
                attributes["namespace"] = Value::from(&**namespace);
                asked.push((format!("{verb} {named} in {namespace}"), json!({ "resourceAttributes": attributes })));
            }
        }
    }
    let paths =
        PATHS.map(|path| (format!("get {path}"), json!({ "nonResourceAttributes": { "path": path, "verb": "get" } })));
    asked.extend(paths);
    let answers =
        stream::iter(asked).map(|(name, spec)| async move { Ok::<_, kube::Error>((name, may(client, spec).await?)) });
    let answers: Vec<(String, bool)> = answers.buffered(AT_ONCE).try_collect().await?;
    Ok(answers.into_iter().filter(|(_, allowed)| !allowed).map(|(name, _)| name).collect())
}

async fn may(client: &Client, spec: Value) -> kube::Result<bool> {
    let kind = "SelfSubjectAccessReview";
    let body = json!({ "apiVersion": "authorization.k8s.io/v1", "kind": kind, "spec": spec });
    let request = http::Request::post("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews")
        .header(CONTENT_TYPE, "application/json")
        .body(body.to_string().into_bytes())
        .map_err(kube::Error::HttpError)?;
    Ok(client.request::<Review>(request).await?.status.allowed)
}

/// The rules as YAML, to stand in a ClusterRole; or in a Role, for a namespace alone.
pub fn rules(namespaced: bool) -> String {
    let (of, flag) = if namespaced { ("a namespace", " --namespaced") } else { ("a cluster", "") };
    let mut text = format!(
        "# What Binnacle asks of {of}: `binnacle rbac{flag}` prints this file, and a test compares the two.\nrules:\n",
    );
    for Rule { group, resources, verbs } in &RULES {
        let resources: Vec<&str> =
            resources.iter().copied().filter(|resource| !namespaced || !CLUSTER_WIDE.contains(resource)).collect();
        if resources.is_empty() {
            continue;
        }
        let group = if group.is_empty() { "\"\"" } else { group };
        let _ = write!(
            text,
            "  - apiGroups: [{group}]\n    resources: [{}]\n    verbs: [{}]\n",
            resources.join(", "),
            verbs.join(", ")
        );
    }
    if namespaced {
        return text;
    }
    let _ = write!(text, "  - nonResourceURLs: [{}]\n    verbs: [get]\n", PATHS.join(", "));
    text
}
