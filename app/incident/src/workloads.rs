//! Workloads that fail or find no host, and services without an endpoint.

use std::collections::BTreeMap;

use scene::Health;
use topology::{
    Inventory, Stamp,
    figure::service_state,
    health::pod_health,
    inventory::{Endpoint, Heard, Key, Name, OwnerKind, Pod, Service, Source},
};

use crate::{Family, Finding, Judgement, Kind, Slot, judge::Lost};

/// A workload's name for people, as in `Deployment ims/hss`; a pod without an owner stands for itself.
pub(crate) fn name(pod: &Pod, owner: Option<&(OwnerKind, Name)>) -> String {
    match owner {
        Some((OwnerKind::Node, _)) | None => format!("Pod {}", pod.key),
        Some((kind, name)) => format!("{} {}/{name}", kind.word(), pod.key.namespace),
    }
}

fn about(pod: &Pod, owner: Option<&(OwnerKind, Name)>) -> String {
    match owner {
        Some((OwnerKind::Node, _)) | None => format!("pod/{}", pod.key),
        Some((kind, name)) => format!("workload/{}/{}/{name}", pod.key.namespace, kind.word()),
    }
}

/// Pods of one workload that are wrong in one way.
#[derive(Default)]
struct Wrong<'a> {
    name: String,
    pods: usize,
    since: Option<Stamp>,
    reason: Option<&'a str>,
    /// The cause, when it explains each of them.
    cause: Option<Slot>,
    has_own: bool,
}

impl<'a> Wrong<'a> {
    fn add(&mut self, pod: &'a Pod, reason: &'a str, cause: Option<Slot>) {
        // A pod with a cause counts only while all have one: the others are the workload's own fault.
        match (&cause, self.has_own) {
            (Some(_), true) => return,
            (None, false) => *self = Self { name: std::mem::take(&mut self.name), has_own: true, ..Self::default() },
            _ => {}
        }
        self.pods += 1;
        let since = pod.further.as_ref().and_then(|further| further.unready);
        self.since = match self.pods {
            1 => since,
            _ => self.since.zip(since).map(|(one, other)| one.min(other)).or(self.since).or(since),
        };
        self.reason = self.reason.or(Some(reason));
        self.cause = self.cause.take().or(cause);
    }

    fn finding(self, kind: Kind, about: String) -> Finding {
        let pods = if self.pods == 1 { "1 pod".to_owned() } else { format!("{} pods", self.pods) };
        let reason = self.reason.unwrap_or_default();
        let what = match kind {
            Kind::WorkloadUnschedulable => format!("{}: no host is found for {pods}", self.name),
            _ if reason.is_empty() => format!("{}: {pods} not ready", self.name),
            _ => format!("{}: {pods} not ready, {reason}", self.name),
        };
        Finding { cause: self.cause, ..Finding::new(kind, about, self.since, what) }
    }
}

/// What is wrong with workloads and services. Of hosts that are lost, it is told as what that loss touched.
pub(crate) fn judge(inventory: &Inventory, lost: &Lost<'_>, judgement: &mut Judgement) {
    let nodes_stale = matches!(inventory.heard(Source::Nodes), Heard::Stale { .. } | Heard::NotYet);
    if !inventory.heard(Source::Pods).is_fresh() || nodes_stale {
        for family in [Family::Workloads, Family::Scheduling, Family::Services] {
            judgement.silence(family);
        }
        return;
    }
    if let Some(names) = inventory.scope().names() {
        let sources = [Source::Pods, Source::Services, Source::Endpoints];
        let told = |name: &&Name| sources.iter().all(|source| inventory.heard_in(*source, name).is_fresh());
        judgement.limit(names.iter().filter(told).cloned().collect());
    }
    let mut wrong: BTreeMap<(Kind, String), Wrong<'_>> = BTreeMap::new();
    for pod in inventory.pods_behind() {
        // Of a namespace that is not told, nothing begins and nothing ends.
        if !inventory.heard_in(Source::Pods, &pod.key.namespace).is_fresh() {
            continue;
        }
        let kind = match pod_health(inventory, pod, None) {
            Health::Bad if pod.node.is_none() && &*pod.reason == "Unschedulable" => Kind::WorkloadUnschedulable,
            Health::Bad | Health::Warn => Kind::WorkloadBroken,
            _ => continue,
        };
        let owner = inventory.top_owner(pod);
        let one = wrong.entry((kind, about(pod, owner.as_ref()))).or_default();
        if one.name.is_empty() {
            one.name = name(pod, owner.as_ref());
        }
        one.add(pod, &pod.reason, cause(pod, lost));
    }
    for ((kind, about), wrong) in wrong {
        judgement.find(wrong.finding(kind, about));
    }
    services(inventory, lost, judgement);
}

/// The lost host that explains why a pod is not well: it was there, or found no host after the loss.
fn cause(pod: &Pod, lost: &Lost<'_>) -> Option<Slot> {
    let host = match &pod.node {
        Some(node) => lost.get_key_value(node).map(|(name, _)| *name),
        None => {
            let since = pod.further.as_ref().and_then(|further| further.unready).unwrap_or(pod.created);
            let earlier = lost.iter().filter(|(_, lost)| **lost <= since);
            earlier.max_by_key(|(name, lost)| (**lost, **name)).map(|(name, _)| *name)
        }
    };
    host.map(|host| Slot::new(Family::Hosts, format!("node/{host}")))
}

fn services(inventory: &Inventory, lost: &Lost<'_>, judgement: &mut Judgement) {
    if ![Source::Services, Source::Endpoints].iter().all(|source| inventory.heard(*source).is_fresh()) {
        return judgement.silence(Family::Services);
    }
    // Namespaces have many pods, and few that are not well.
    let mut behind: BTreeMap<&Name, Vec<&Pod>> = BTreeMap::new();
    for pod in inventory.pods_behind() {
        behind.entry(&pod.key.namespace).or_default().push(pod);
    }
    for service in inventory.services() {
        let told = |source: &Source| inventory.heard_in(*source, &service.key.namespace).is_fresh();
        if ![Source::Services, Source::Endpoints].iter().all(told) {
            continue;
        }
        let (health, ready, all) = service_state(inventory, service);
        if health != Health::Bad || ready > 0 {
            continue;
        }
        let what = match all {
            0 => format!("Service {} has no endpoint", service.key),
            _ => format!("Service {}: none of {all} endpoints is ready", service.key),
        };
        let mut finding = Finding::new(Kind::ServiceEmpty, format!("service/{}", service.key), None, what);
        let behind = behind.get(&service.key.namespace).map(Vec::as_slice).unwrap_or_default();
        finding.cause = explained(inventory, service, behind, lost, judgement);
        judgement.find(finding);
    }
}

/// The host or the workload that explains why a service has no endpoint; `behind` are pods of its namespace.
fn explained(
    inventory: &Inventory,
    service: &Service,
    behind: &[&Pod],
    lost: &Lost<'_>,
    judgement: &Judgement,
) -> Option<Slot> {
    let selects = |pod: &&&Pod| {
        service.selects
            && !service.selector.is_empty()
            && service.selector.iter().all(|(name, value)| pod.labels.get(name) == Some(value))
    };
    let on = |endpoint: &Endpoint| {
        let pod =
            endpoint.pod.as_ref().map(|name| Key { namespace: service.key.namespace.clone(), name: name.clone() });
        endpoint.node.clone().or_else(|| inventory.pod(&pod?)?.node.clone())
    };
    let mut endpoints = inventory.endpoints_of(&service.key).flat_map(|set| &set.endpoints);
    if let Some(host) = endpoints.find_map(|endpoint| on(endpoint).filter(|node| lost.contains_key(node))) {
        return Some(Slot::new(Family::Hosts, format!("node/{host}")));
    }
    let mut workload = None;
    for pod in behind.iter().filter(selects) {
        if let Some(cause) = cause(pod, lost) {
            return Some(cause);
        }
        let about = about(pod, inventory.top_owner(pod).as_ref());
        let slots = [Family::Workloads, Family::Scheduling].map(|family| Slot::new(family, about.clone()));
        workload = workload.or_else(|| slots.into_iter().find(|slot| judgement.finding(slot).is_some()));
    }
    workload
}
