//! How a pod fares.

use scene::Health;

use super::moment;
use crate::{
    Inventory,
    inventory::{Ended, Key, Phase, Pod, Source},
};

/// Reasons for waiting that do not end by waiting.
const BROKEN: [&str; 15] = [
    "CrashLoopBackOff",
    "ImagePullBackOff",
    "ErrImagePull",
    "ErrImageNeverPull",
    "ImageInspectError",
    "InvalidImageName",
    "CreateContainerConfigError",
    "CreateContainerError",
    "RunContainerError",
    "ContainerCannotRun",
    "StartError",
    "PostStartHookError",
    "OOMKilled",
    "DeadlineExceeded",
    "Error",
];

/// Judges a pod by its own facts, by its owner and by its node. From a node that is silent or lost, and while there is
/// no news of pods, a pod's good news is old news. A failed pod whose owner has what it wants is a leftover.
pub fn pod_health(inventory: &Inventory, pod: &Pod, node: Option<Health>) -> Health {
    let own = own_health(pod);
    match (own, node) {
        (Health::Ok | Health::Starting, Some(Health::Stale | Health::Unknown | Health::Bad)) => Health::Stale,
        (Health::Ok | Health::Starting, _) if inventory.heard_in(Source::Pods, &pod.key.namespace).is_past() => {
            Health::Stale
        }
        (Health::Bad, _) if pod.phase == Phase::Failed && is_replaced(inventory, pod) => Health::Done,
        _ => own,
    }
}

/// Whether a failed pod is a leftover: of a try that a later one made good, or replaced by another pod.
pub fn is_leftover(pod: &Pod, health: Health) -> bool {
    pod.phase == Phase::Failed && health == Health::Done
}

fn is_replaced(inventory: &Inventory, pod: &Pod) -> bool {
    let Some((kind, name)) = &pod.owner else { return false };
    let key = Key { namespace: pod.key.namespace.clone(), name: name.clone() };
    inventory.owner(kind, &key).is_some_and(crate::inventory::Owner::is_settled)
}

fn own_health(pod: &Pod) -> Health {
    let reason = pod.reason.strip_prefix("Init:").unwrap_or(&pod.reason);
    let broken = || BROKEN.contains(&reason) || ["ExitCode:", "Signal:"].iter().any(|start| reason.starts_with(start));
    match pod.phase {
        Phase::Succeeded => Health::Done,
        Phase::Failed => Health::Bad,
        Phase::Unknown => Health::Unknown,
        _ if pod.leaving => Health::Starting,
        Phase::Running if pod.ready => Health::Ok,
        _ if broken() => Health::Bad,
        Phase::Running => Health::Warn,
        Phase::Pending if reason == "Unschedulable" => Health::Bad,
        Phase::Pending => Health::Starting,
    }
}

/// The same in words, as in `running, 1 of 2 containers ready, 14 restarts, CrashLoopBackOff`.
pub fn pod_words(pod: &Pod, health: Health) -> String {
    let mut words = String::from(match (pod.phase, pod.leaving) {
        (Phase::Succeeded, _) => "completed",
        (Phase::Failed, _) if is_leftover(pod, health) => "failed, a leftover: its owner has what it wants",
        (Phase::Failed, _) => "failed",
        (Phase::Unknown, _) => "state unknown",
        (_, true) => "terminating",
        (Phase::Running, _) => "running",
        (Phase::Pending, _) => "pending",
    });
    let further = pod.further.as_deref();
    if let Some(left) = further.and_then(|further| further.left) {
        words += &format!(" since {}", moment(left));
    }
    if let Some(finalizers) = further.map(|further| &further.finalizers).filter(|all| !all.is_empty()) {
        let plural = if finalizers.len() == 1 { "" } else { "s" };
        words += &format!(", held by the finalizer{plural} {}", finalizers.join(" and "));
    }
    if matches!(pod.phase, Phase::Running | Phase::Pending) && pod.containers > 0 {
        words += &format!(", {} of {} containers ready", pod.containers_ready, pod.containers);
    }
    if pod.restarts > 0 {
        words += &format!(", {} restart{}", pod.restarts, if pod.restarts == 1 { "" } else { "s" });
    }
    if !pod.reason.is_empty() {
        words += &format!(", {}", pod.reason);
    }
    if let Some(detail) = further.map(|further| &*further.detail).filter(|detail| !detail.is_empty()) {
        words += &format!(" ({detail})");
    }
    if let Some(ended) = further.and_then(|further| further.ended.as_ref()) {
        words += &format!(", {}", ended_words(ended));
    }
    if health == Health::Stale {
        words += ", as last heard";
    }
    words
}

/// As in `shop last ended with OOMKilled, exit code 137, at 2026-11-29 12:03:20 UTC`.
pub fn ended_words(ended: &Ended) -> String {
    let reason = if ended.reason.is_empty() { String::new() } else { format!(" with {},", ended.reason) };
    let at = ended.at.map(|at| format!(", at {}", moment(at))).unwrap_or_default();
    format!("{} last ended{reason} exit code {}{at}", ended.container, ended.code)
}
