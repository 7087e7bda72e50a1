//! What is asked of a cluster, as the rules of a ClusterRole: the chart's and the manifests' rules
//! are this list, and every watch is held to it.

use std::fmt::Write;

use super::object::Served;

/// One rule: what may be done with which resources of an API group.
struct Rule {
    group: &'static str,
    resources: &'static [&'static str],
    verbs: &'static [&'static str],
}

const READ: &[&str] = &["get", "list", "watch"];

const RULES: [Rule; 9] = [
    Rule { group: "", resources: &["endpoints", "namespaces", "nodes", "pods", "services"], verbs: READ },
    Rule { group: "", resources: &["events"], verbs: &["list"] },
    Rule { group: "", resources: &["pods/log"], verbs: &["get"] },
    Rule { group: "apps", resources: &["daemonsets", "deployments", "replicasets", "statefulsets"], verbs: READ },
    Rule { group: "batch", resources: &["jobs"], verbs: READ },
    Rule { group: "coordination.k8s.io", resources: &["leases"], verbs: READ },
    Rule { group: "discovery.k8s.io", resources: &["endpointslices"], verbs: READ },
    Rule { group: "metrics.k8s.io", resources: &["nodes", "pods"], verbs: &["get"] },
    Rule { group: "networking.k8s.io", resources: &["networkpolicies"], verbs: READ },
];

/// Paths that belong to no resource.
const PATHS: [&str; 7] = ["/api", "/api/*", "/apis", "/apis/*", "/healthz/etcd", "/readyz", "/version"];

/// Whether a role with these rules may watch a kind.
pub(super) fn cover(served: &Served) -> bool {
    RULES.iter().any(|rule| {
        rule.group == served.group && rule.resources.contains(&served.plural) && rule.verbs.contains(&"watch")
    })
}

/// The rules as YAML, to stand in a ClusterRole.
pub fn rules() -> String {
    let mut text = String::from(
        "# What Binnacle asks of a cluster: `binnacle rbac` prints this file, and a test compares the two.\nrules:\n",
    );
    for Rule { group, resources, verbs } in &RULES {
        let group = if group.is_empty() { "\"\"" } else { group };
        let _ = write!(
            text,
            "  - apiGroups: [{group}]\n    resources: [{}]\n    verbs: [{}]\n",
            resources.join(", "),
            verbs.join(", ")
        );
    }
    let _ = write!(text, "  - nonResourceURLs: [{}]\n    verbs: [get]\n", PATHS.join(", "));
    text
}
