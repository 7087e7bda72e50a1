//! Which of the cluster's components runs in a pod, and with which flags.

use topology::inventory::{Component, ComponentKind};

use super::{
    intern::Intern,
    object::Metadata,
    pod::{Container, Spec},
};

/// The component of a pod, if it is one: in kube-system by its labels, or there and on OpenShift by the
/// name of a static pod, which is the program's and the node's.
pub(crate) fn of(metadata: &Metadata, spec: &Spec, intern: &mut Intern) -> Option<Component> {
    let by_label = || ["component", "k8s-app"].into_iter().filter_map(|label| metadata.label(label)).find_map(kind_of);
    let by_name = || metadata.name.strip_suffix(&spec.node_name).and_then(|name| name.strip_suffix('-'));
    let kind = match metadata.namespace.as_str() {
        "kube-system" => by_label().or_else(|| by_name().and_then(kind_of))?,
        // Guards and installers stand beside the static pods, some with their labels.
        namespace if OPENSHIFT.contains(&namespace) => {
            by_name().map(|name| name.strip_prefix("openshift-").unwrap_or(name)).and_then(kind_of)?
        }
        _ => return None,
    };
    // Others may stand beside it in the pod.
    let container = spec.containers.iter().find(|container| runs(container, kind)).or(spec.containers.first())?;
    let words = container.command.iter().chain(&container.args);
    let flags = words.filter(|word| word.starts_with('-')).map(|word| intern.name(&without_secret(word))).collect();
    Some(Component { kind, version: intern.name(tag(&container.image)), flags })
}

/// Where OpenShift runs them: a namespace for each.
const OPENSHIFT: [&str; 4] =
    ["openshift-etcd", "openshift-kube-apiserver", "openshift-kube-controller-manager", "openshift-kube-scheduler"];

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

fn runs(container: &Container, kind: ComponentKind) -> bool {
    let path = container.command.first().map_or("", String::as_str);
    container.name == kind.program() || path.rsplit('/').next() == Some(kind.program())
}

/// An image's tag, whether or not a registry's port or a digest stands beside it; empty without.
fn tag(image: &str) -> &str {
    let image = image.split_once('@').map_or(image, |(image, _)| image);
    image.rsplit_once('/').map_or(image, |(_, last)| last).split_once(':').map_or("", |(_, tag)| tag)
}

/// Words in a flag's name that say that its value is a secret.
const SECRET: [&str; 9] =
    ["token", "password", "passwd", "secret", "credential", "basic-auth", "bearer", "apikey", "api-key"];
/// Ends of a flag's name that say that its value is where a secret is kept.
const PLACE: [&str; 5] = ["file", "path", "dir", "kubeconfig", "url"];

/// A flag as it may be shown: the value of one that could hold a secret is taken out. The path of
/// a file is none.
fn without_secret(flag: &str) -> String {
    let Some((name, value)) = flag.split_once('=') else {
        // A password may stand behind a blank as well.
        return if flag.contains(char::is_whitespace) { first_word(flag) } else { flag.to_owned() };
    };
    if holds_secret(&name.to_lowercase(), value) { format!("{name}=•••") } else { flag.to_owned() }
}

fn first_word(flag: &str) -> String {
    format!("{} •••", flag.split_whitespace().next().unwrap_or_default())
}

fn holds_secret(name: &str, value: &str) -> bool {
    let switch = value.parse::<bool>().is_ok() || value.parse::<u32>().is_ok();
    let place = PLACE.iter().any(|end| name.ends_with(end));
    let named = SECRET.iter().any(|word| name.contains(word)) && !switch && !place;
    // What is called a key is one of a pair: a path to it, or the key itself.
    let key = name.ends_with("key") && !value.starts_with('/');
    let lower = value.to_lowercase();
    // A user in an address brings a password along; so do words within a value.
    let userinfo = lower.split(',').filter_map(|part| part.split_once("://")).any(|(_, rest)| {
        let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
        host.contains('@')
    });
    let within = SECRET.iter().any(|word| [":", "=", " "].iter().any(|then| lower.contains(&format!("{word}{then}"))));
    named || key || userinfo || within || value.contains("-----BEGIN")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cluster::object::{Nothing, Object, read};

    fn component(object: &serde_json::Value) -> Option<Component> {
        let Object { metadata, spec, .. } = read::<Spec, Nothing>(object);
        of(&metadata, &spec, &mut Intern::default())
    }

    #[test]
    fn the_tag_is_found_beside_a_port_and_a_digest() {
        assert_eq!(tag("registry.local:5000/kube-apiserver:v1.34.4@sha256:00ff"), "v1.34.4");
        assert_eq!(tag("registry.local:5000/etcd"), "");
        assert_eq!(tag("registry.local:5000/etcd@sha256:00ff"), "");
        assert_eq!(tag("etcd:3.6.4-0"), "3.6.4-0");
    }

    #[test]
    fn a_component_is_known_by_its_labels_or_by_its_static_pods_name() {
        let containers = json!([{ "image": "it:v1" }]);
        let pod = |namespace: &str, name: &str, labels: serde_json::Value| {
            json!({ "metadata": { "namespace": namespace, "name": name, "labels": labels },
                "spec": { "nodeName": "host1", "containers": containers } })
        };
        let kind = |object| component(&object).map(|component| component.kind);
        assert_eq!(
            kind(pod("kube-system", "x", json!({ "component": "kube-scheduler", "tier": "control-plane" }))),
            Some(ComponentKind::Scheduler)
        );
        assert_eq!(
            kind(pod("kube-system", "kube-proxy-5xk2p", json!({ "k8s-app": "kube-proxy" }))),
            Some(ComponentKind::Proxy)
        );
        assert_eq!(
            kind(pod("kube-system", "x", json!({ "component": "node", "k8s-app": "kube-proxy" }))),
            Some(ComponentKind::Proxy)
        );
        assert_eq!(kind(pod("kube-system", "kube-apiserver-host1", json!({}))), Some(ComponentKind::ApiServer));
        assert_eq!(kind(pod("kube-system", "kube-apiserver-host2", json!({}))), None);
        assert_eq!(kind(pod("default", "etcd-host1", json!({ "component": "etcd" }))), None);
    }

    #[test]
    fn version_and_flags_are_those_of_its_own_container() {
        let found = component(&json!({
            "metadata": { "namespace": "kube-system", "name": "kube-apiserver-host1" },
            "spec": { "nodeName": "host1", "containers": [
                { "name": "audit", "image": "audit:2.0", "command": ["audit", "--level=all"] },
                { "name": "main", "image": "it:v1.34.4", "command": ["/usr/bin/kube-apiserver", "--v=2", "--token", "abc"] },
            ] },
        }))
        .unwrap();
        assert_eq!(&*found.version, "v1.34.4");
        assert_eq!(found.flags.iter().map(|flag| &**flag).collect::<Vec<_>>(), ["--v=2", "--token"]);
    }

    #[test]
    fn a_flag_loses_what_might_be_a_secret() {
        for flag in [
            "--token=abc",
            "--password=/starts+like/a+path",
            "--basic-auth=a:b",
            "--oidc-client-secret=abc",
            "--encryption-key=abc",
            "--etcd-servers=https://root:pw@10.0.0.1:2379",
            "--etcd-servers=https://10.0.0.1:2379,https://root:pw@10.0.0.2:2379",
            "--config=user=x password=abc",
            "--header=Authorization: Bearer abc",
            "--data=-----BEGIN PRIVATE KEY-----",
        ] {
            let name = flag.split_once('=').map(|(name, _)| name).unwrap();
            assert_eq!(without_secret(flag), format!("{name}=•••"));
        }
        assert_eq!(without_secret("--token abc"), "--token •••");
    }

    #[test]
    fn a_flag_keeps_what_is_none() {
        for flag in [
            "--v=2",
            "--token-auth-file=/etc/tokens.csv",
            "--tls-private-key-file=pki/apiserver.key",
            "--kubelet-client-key=/etc/kubernetes/pki/kubelet.key",
            "--enable-bootstrap-token-auth=true",
            "--concurrent-serviceaccount-token-syncs=5",
            "--etcd-servers=https://127.0.0.1:2379",
            "--authorization-mode=Node,RBAC",
            "--use-service-account-credentials",
        ] {
            assert_eq!(without_secret(flag), flag);
        }
    }
}
