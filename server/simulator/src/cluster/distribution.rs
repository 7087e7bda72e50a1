//! A distribution's cluster, from its text: nodes, system pods, leases and one workload.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{
    hosts::{self, Host},
    kube_system,
    owners::{Form, Workload},
    pods::{self, Draft, Place, Stage},
    site::Site,
};
use crate::{
    clock,
    distribution::{Line, Machine, Plan},
    kind::Kind,
};

pub(super) fn build(site: &mut Site<'_>, plan: &Plan) {
    site.hosts = plan
        .machines
        .iter()
        .enumerate()
        .map(|(n, machine)| hosts::named(&machine.name, machine.master, &machine.address, format!("10.42.{n}")))
        .collect();
    for namespace in namespaces(plan) {
        site.namespace(namespace);
    }
    for (machine, host) in plan.machines.iter().zip(&site.hosts) {
        node(site, plan, machine, host);
    }
    for (program, place, words) in &plan.statics {
        for place in plan.places(place) {
            mirror(site, place, program, words);
        }
    }
    for (work, place) in &plan.daemons {
        let mut workload = workload(&work.namespace, &work.name, Form::DaemonSet, 0, &work.words);
        workload.template["hostNetwork"] = true.into();
        workload.template["tolerations"] = json!([{"operator": "Exists"}]);
        let _pods = site.placed(&workload, plan.places(place));
    }
    for (work, count) in &plan.deployments {
        let workload = workload(&work.namespace, &work.name, Form::Deployment, *count, &work.words);
        let backends = site.workload(&workload);
        if let Some(port) = work.words.value("port").and_then(|port| port.parse().ok()) {
            site.service(&workload, port, "ClusterIP", &backends);
        }
    }
    for (work, node) in &plan.done {
        ended(site, &work.namespace, &work.name, node, &work.words);
    }
    leases(site, plan);
    let endpoints: Vec<(&str, u16)> = plan.endpoints.iter().map(|(address, port)| (address.as_str(), *port)).collect();
    kube_system::api_service(site, &endpoints);
}

/// Every namespace that a line names, but those that each cluster has.
fn namespaces(plan: &Plan) -> BTreeSet<&str> {
    let works = plan.daemons.iter().map(|(work, _)| work);
    let works =
        works.chain(plan.deployments.iter().map(|(work, _)| work)).chain(plan.done.iter().map(|(work, _)| work));
    let inside = plan.statics.iter().map(|(.., words)| words).chain(plan.leases.iter().map(|(.., words)| words));
    let named = works.map(|work| work.namespace.as_str()).chain(inside.filter_map(|words| words.value("in")));
    named.filter(|name| !matches!(*name, "default" | "kube-system" | "kube-public" | "kube-node-lease")).collect()
}

fn node(site: &Site<'_>, plan: &Plan, machine: &Machine, host: &Host) {
    let (store, words, now) = (site.store, &machine.words, site.store.clock.now());
    let mut labels =
        json!({"kubernetes.io/hostname": machine.name, "kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64"});
    let value = words.value("value").unwrap_or_default();
    let master = (machine.master && !words.has("bare")).then_some("control-plane");
    for role in master.into_iter().chain(words.all("role")) {
        labels[format!("node-role.kubernetes.io/{role}")] = value.into();
    }
    for (name, value) in words.labels() {
        labels[name] = value.into();
    }
    let taints: Vec<Value> = words.all("taint").filter_map(taint).collect();
    let spec = if taints.is_empty() { json!({}) } else { json!({"taints": taints}) };
    let told = |name: &str, otherwise: &str| words.value(name).unwrap_or(otherwise).to_owned();
    let (version, runtime) = (told("version", &plan.version), told("runtime", &plan.runtime));
    let mut conditions = hosts::conditions(site.born, now);
    let beside = plan.conditions.iter().filter(|condition| condition.node == "*" || condition.node == machine.name);
    for condition in beside {
        let row = json!({"type": condition.kind, "status": condition.status, "reason": condition.reason,
            "message": condition.message, "lastHeartbeatTime": clock::seconds(now),
            "lastTransitionTime": clock::seconds(site.born)});
        conditions.as_array_mut().into_iter().for_each(|rows| rows.push(row.clone()));
    }
    let room = json!({"cpu": "8", "memory": "32903168Ki", "pods": "110"});
    store.put(
        Kind::Node,
        json!({"metadata": site.metadata("", &machine.name, &labels), "spec": spec, "status": {
            "addresses": [{"type": "InternalIP", "address": host.address}, {"type": "Hostname", "address": host.name}],
            "capacity": room, "allocatable": room, "conditions": conditions,
            "nodeInfo": {"architecture": "amd64", "operatingSystem": "linux", "kernelVersion": "6.8.0-60-generic",
                "osImage": plan.os, "kubeletVersion": version, "kubeProxyVersion": version,
                "containerRuntimeVersion": runtime}}}),
    );
    if !words.has("no-lease") {
        let metadata = site.metadata("kube-node-lease", &machine.name, &Value::Null);
        store.put(Kind::Lease, hosts::lease(&metadata, &machine.name, 40, now));
    }
}

/// As in `virtual-kubelet.io/provider=azure:NoSchedule`.
fn taint(text: &str) -> Option<Value> {
    let (name, effect) = text.rsplit_once(':')?;
    let (key, value) = name.split_once('=').unwrap_or((name, ""));
    let mut taint = json!({"key": key, "effect": effect});
    if !value.is_empty() {
        taint["value"] = value.into();
    }
    Some(taint)
}

/// A container for each image that a line names, called by the image's last step.
fn template(words: &Line, first: &str) -> Value {
    let images = words.value("image").unwrap_or("registry.example/app:1.0").split(',');
    let containers: Vec<Value> = images
        .enumerate()
        .map(|(n, image)| {
            let last = image.rsplit('/').next().unwrap_or_default();
            let name = last.split([':', '@']).next().unwrap_or_default();
            let name = if n == 0 { first } else { name };
            let command: Vec<String> = if n == 0 { vec![first.to_owned()] } else { Vec::new() };
            let command = command.into_iter().chain(words.all("flag").filter(|_| n == 0).map(str::to_owned));
            pods::container(name, image, None, &command.collect::<Vec<_>>())
        })
        .collect();
    pods::template(&containers)
}

fn workload(namespace: &str, name: &str, form: Form, replicas: usize, words: &Line) -> Workload {
    let mut labels = json!({});
    for (name, value) in words.labels() {
        labels[name] = value.into();
    }
    if words.value("label").is_none() {
        labels["app"] = name.into();
    }
    Workload {
        namespace: namespace.to_owned(),
        name: name.to_owned(),
        form,
        replicas,
        labels,
        template: template(words, name),
        annotations: Value::Null,
    }
}

fn mirror(site: &Site<'_>, place: usize, program: &str, words: &Line) {
    let mut labels = json!({});
    for (name, value) in words.labels() {
        labels[name] = value.into();
    }
    let pod = kube_system::Mirror {
        namespace: words.value("in").unwrap_or("kube-system"),
        name: words.value("name").unwrap_or(program),
        labels,
        template: template(words, program),
    };
    kube_system::mirror(site, place, pod);
}

/// A pod of its node that has done its work, as OpenShift's installers are.
fn ended(site: &Site<'_>, namespace: &str, name: &str, node: &str, words: &Line) {
    let Some(host) = site.hosts.iter().find(|host| host.name == node) else { return };
    let mut template = template(words, name);
    template["restartPolicy"] = "Never".into();
    let draft = Draft {
        namespace,
        name: &format!("{name}-{node}"),
        uid: site.store.uid(),
        labels: json!({"app": name}),
        owner: None,
        template: &template,
        born: site.born,
        annotations: Value::Null,
    };
    let here = Place { node: host.name.clone(), host: host.address.clone(), pod: host.address.clone() };
    site.store.put(Kind::Pod, pods::pod(site.store.profile, &draft, Some(&here), &Stage::Done, site.born));
}

fn leases(site: &Site<'_>, plan: &Plan) {
    let (store, now) = (site.store, site.store.clock.now());
    for (name, holder, words) in &plan.leases {
        let metadata = site.metadata(words.value("in").unwrap_or("kube-system"), name, &Value::Null);
        let seconds = words.value("seconds").and_then(|seconds| seconds.parse().ok()).unwrap_or(15);
        let lease = match holder {
            Some(holder) => hosts::lease(&metadata, &format!("{holder}_{}", store.uid()), seconds, now),
            // Let go when the cluster was made, and never taken again.
            None => hosts::lease(&metadata, "", 1, site.born),
        };
        store.put(Kind::Lease, lease);
    }
    for host in &plan.identities {
        kube_system::identity(site, host);
    }
}
