//! How a pod fares.

use scene::Health;

use crate::inventory::{Phase, Pod};

/// Reasons for waiting that do not end by waiting.
const BROKEN: [&str; 10] = [
    "CrashLoopBackOff",
    "ImagePullBackOff",
    "ErrImagePull",
    "ErrImageNeverPull",
    "InvalidImageName",
    "CreateContainerConfigError",
    "CreateContainerError",
    "RunContainerError",
    "OOMKilled",
    "Error",
];

/// Judges a pod by its own facts. `node` is how its node fares: from a node that is silent, a pod's
/// good news is old news.
pub fn pod_health(pod: &Pod, node: Option<Health>) -> Health {
    let own = own_health(pod);
    match (own, node) {
        (Health::Ok | Health::Starting, Some(Health::Stale | Health::Unknown)) => Health::Stale,
        _ => own,
    }
}

fn own_health(pod: &Pod) -> Health {
    match pod.phase {
        Phase::Succeeded => Health::Done,
        Phase::Failed => Health::Bad,
        Phase::Unknown => Health::Unknown,
        _ if pod.leaving => Health::Starting,
        Phase::Running if pod.ready => Health::Ok,
        _ if BROKEN.contains(&&*pod.reason) => Health::Bad,
        Phase::Running => Health::Warn,
        Phase::Pending if &*pod.reason == "Unschedulable" => Health::Bad,
        Phase::Pending => Health::Starting,
    }
}

/// The same in words, as in `running, 1 of 2 containers ready, 14 restarts, CrashLoopBackOff`.
pub fn pod_words(pod: &Pod, health: Health) -> String {
    let mut words = String::from(match (pod.phase, pod.leaving) {
        (Phase::Succeeded, _) => "completed",
        (Phase::Failed, _) => "failed",
        (Phase::Unknown, _) => "state unknown",
        (_, true) => "terminating",
        (Phase::Running, _) => "running",
        (Phase::Pending, _) => "pending",
    });
    if matches!(pod.phase, Phase::Running | Phase::Pending) && pod.containers > 0 {
        words += &format!(", {} of {} containers ready", pod.containers_ready, pod.containers);
    }
    if pod.restarts > 0 {
        words += &format!(", {} restart{}", pod.restarts, if pod.restarts == 1 { "" } else { "s" });
    }
    if !pod.reason.is_empty() {
        words += &format!(", {}", pod.reason);
    }
    if health == Health::Stale {
        words += ", as last heard";
    }
    words
}
