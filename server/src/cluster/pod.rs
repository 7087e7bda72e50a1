//! Pod → fact.

use serde::Deserialize;
use topology::inventory::{Component, ComponentKind, Fact, Name, Phase, Pod};

use super::{
    intern::Intern,
    lenient::{each, lenient, maybe},
    object::{MIRROR, Metadata, Object},
};

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Spec {
    #[serde(deserialize_with = "lenient")]
    node_name: String,
    #[serde(deserialize_with = "lenient")]
    host_network: bool,
    #[serde(deserialize_with = "each")]
    containers: Vec<Container>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Container {
    #[serde(deserialize_with = "lenient")]
    image: String,
    #[serde(deserialize_with = "each")]
    command: Vec<String>,
    #[serde(deserialize_with = "each")]
    args: Vec<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Status {
    #[serde(deserialize_with = "lenient")]
    phase: String,
    #[serde(deserialize_with = "lenient")]
    reason: String,
    #[serde(rename = "podIP", deserialize_with = "lenient")]
    pod_ip: String,
    #[serde(rename = "podIPs", deserialize_with = "each")]
    pod_ips: Vec<Ip>,
    #[serde(deserialize_with = "each")]
    conditions: Vec<PodCondition>,
    #[serde(deserialize_with = "each")]
    container_statuses: Vec<ContainerStatus>,
    #[serde(deserialize_with = "each")]
    init_container_statuses: Vec<ContainerStatus>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Ip {
    #[serde(deserialize_with = "lenient")]
    ip: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct PodCondition {
    #[serde(deserialize_with = "lenient")]
    r#type: String,
    #[serde(deserialize_with = "lenient")]
    status: String,
    #[serde(deserialize_with = "lenient")]
    reason: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct ContainerStatus {
    #[serde(deserialize_with = "lenient")]
    ready: bool,
    #[serde(deserialize_with = "lenient")]
    restart_count: u32,
    #[serde(deserialize_with = "lenient")]
    state: State,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct State {
    #[serde(deserialize_with = "maybe")]
    waiting: Option<Reason>,
    #[serde(deserialize_with = "maybe")]
    terminated: Option<Ended>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Reason {
    #[serde(deserialize_with = "lenient")]
    reason: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Ended {
    #[serde(deserialize_with = "lenient")]
    reason: String,
    #[serde(deserialize_with = "lenient")]
    exit_code: i32,
}

/// The fact.
pub(crate) fn fact(object: Object<Spec, Status>, intern: &mut Intern) -> Fact {
    let Object { metadata, spec, status, .. } = object;
    let statuses = || status.container_statuses.iter().chain(&status.init_container_statuses);
    let condition = |kind: &str| status.conditions.iter().find(|condition| condition.r#type == kind);
    let phase = match status.phase.as_str() {
        "Pending" | "" => Phase::Pending,
        "Running" => Phase::Running,
        "Succeeded" => Phase::Succeeded,
        "Failed" => Phase::Failed,
        _ => Phase::Unknown,
    };
    let waiting = statuses().find_map(|status| status.state.waiting.as_ref()).map(|waiting| waiting.reason.as_str());
    let ended = || statuses().find_map(|status| status.state.terminated.as_ref().filter(|ended| ended.exit_code != 0));
    let unscheduled = condition("PodScheduled").filter(|condition| condition.status == "False");
    let reason = waiting
        .filter(|reason| !reason.is_empty())
        .or(Some(status.reason.as_str()).filter(|reason| !reason.is_empty()))
        .or_else(|| unscheduled.map(|condition| condition.reason.as_str()))
        .or_else(|| ended().map(|ended| ended.reason.as_str()))
        .unwrap_or_default();
    let mut addresses: Vec<Name> = status.pod_ips.iter().map(|ip| ip.ip.as_str().into()).collect();
    if addresses.is_empty() && !status.pod_ip.is_empty() {
        addresses.push(status.pod_ip.as_str().into());
    }
    let count = |n: usize| u16::try_from(n).unwrap_or(u16::MAX);
    Fact::Pod(Box::new(Pod {
        key: metadata.key(intern),
        node: Some(spec.node_name.as_str()).filter(|node| !node.is_empty()).map(|node| intern.name(node)),
        phase,
        ready: condition("Ready").is_some_and(|ready| ready.status == "True"),
        containers_ready: count(status.container_statuses.iter().filter(|status| status.ready).count()),
        containers: count(spec.containers.len()),
        restarts: status.container_statuses.iter().map(|status| status.restart_count).sum(),
        reason: intern.name(reason),
        owner: metadata.controller(intern),
        host_network: spec.host_network,
        addresses,
        created: metadata.created(),
        leaving: metadata.leaving(),
        mirror: metadata.annotations.get(MIRROR).is_some(),
        component: component(&metadata, &spec, intern).map(Box::new),
    }))
}

/// Which of the cluster's components runs in a pod of kube-system, if any: by its labels, or by
/// the name of a static pod, which is the program's and the node's.
fn component(metadata: &Metadata, spec: &Spec, intern: &mut Intern) -> Option<Component> {
    if metadata.namespace != "kube-system" {
        return None;
    }
    let by_label = metadata.label("component").or_else(|| metadata.label("k8s-app"));
    let by_name = || metadata.name.strip_suffix(&spec.node_name).and_then(|name| name.strip_suffix('-'));
    let kind = by_label.and_then(kind_of).or_else(|| by_name().and_then(kind_of))?;
    let container = spec.containers.first()?;
    let words = container.command.iter().chain(&container.args);
    let flags = words.filter(|word| word.starts_with('-')).map(|word| intern.name(&without_secret(word))).collect();
    Some(Component { kind, version: intern.name(tag(&container.image)), flags })
}

fn kind_of(program: &str) -> Option<ComponentKind> {
    Some(match program {
        "kube-apiserver" => ComponentKind::ApiServer,
        "etcd" => ComponentKind::Etcd,
        "kube-controller-manager" => ComponentKind::ControllerManager,
        "kube-scheduler" => ComponentKind::Scheduler,
        "kube-proxy" => ComponentKind::Proxy,
        _ => return None,
    })
}

/// An image's tag, whether or not a registry's port or a digest stands beside it; empty without.
fn tag(image: &str) -> &str {
    let image = image.split_once('@').map_or(image, |(image, _)| image);
    image.rsplit_once('/').map_or(image, |(_, last)| last).split_once(':').map_or("", |(_, tag)| tag)
}

/// A flag as it may be shown: the value of one that could hold a secret is taken out. The path of
/// a file is none.
fn without_secret(flag: &str) -> String {
    const SECRET: [&str; 6] = ["token", "password", "passwd", "secret", "basic-auth", "credential"];
    let Some((name, value)) = flag.split_once('=') else { return flag.to_owned() };
    let holds = SECRET.iter().any(|word| name.to_lowercase().contains(word)) && !value.starts_with('/');
    // A user in an address brings a password along.
    let userinfo =
        value.split_once("://").is_some_and(|(_, rest)| rest.split('/').next().is_some_and(|host| host.contains('@')));
    if holds || userinfo { format!("{name}=•••") } else { flag.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tag_is_found_beside_a_port_and_a_digest() {
        assert_eq!(tag("registry.local:5000/kube-apiserver:v1.34.4@sha256:00ff"), "v1.34.4");
        assert_eq!(tag("registry.local:5000/etcd"), "");
        assert_eq!(tag("etcd:3.6.4-0"), "3.6.4-0");
    }

    #[test]
    fn a_flag_loses_what_might_be_a_secret_and_keeps_paths() {
        assert_eq!(without_secret("--token=abc"), "--token=•••");
        assert_eq!(without_secret("--basic-auth=a:b"), "--basic-auth=•••");
        assert_eq!(without_secret("--etcd-servers=https://root:pw@10.0.0.1:2379"), "--etcd-servers=•••");
        assert_eq!(without_secret("--token-auth-file=/etc/tokens.csv"), "--token-auth-file=/etc/tokens.csv");
        assert_eq!(without_secret("--v=2"), "--v=2");
    }
}
