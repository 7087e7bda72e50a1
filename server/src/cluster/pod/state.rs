//! What the statuses of a pod's containers come to: kubectl's counts and reason, the last
//! termination, and the container whose log tells most.

use topology::inventory::{Ended, Name};

use super::{ContainerStatus, Spec, Status};
use crate::cluster::{
    logs::{Container, Containers},
    object::{DEFAULT_CONTAINER, Object, stamp},
};

/// Reasons to wait that are no trouble.
const STARTING: [&str; 2] = ["ContainerCreating", "PodInitializing"];

/// What the statuses come to.
pub(super) struct Seen {
    pub(super) ready: usize,
    pub(super) containers: usize,
    pub(super) restarts: u32,
    pub(super) reason: String,
    pub(super) detail: String,
    pub(super) ended: Option<Ended>,
}

pub(super) fn of(spec: &Spec, status: &Status) -> Seen {
    let sidecar = |name: &str| spec.init_containers.iter().any(|init| init.name == name && init.is_sidecar());
    let beside = || status.init_container_statuses.iter().filter(|one| sidecar(&one.name));
    let lasting = || status.container_statuses.iter().chain(beside());
    let initialized = initialized(status);
    let stopped = initializing(spec, status);
    let restarts = |all: &mut dyn Iterator<Item = &ContainerStatus>| {
        all.fold(0, |sum: u32, one| sum.saturating_add(one.restart_count))
    };
    let restarts = match (initialized, &stopped) {
        (false, Some(_)) => restarts(&mut status.init_container_statuses.iter()),
        _ => restarts(&mut lasting()),
    };
    let ready_condition = status.condition("Ready").filter(|ready| ready.status == "False");
    let unready = ready_condition.map_or("", |ready| ready.reason.as_str());
    let scheduled = status.condition("PodScheduled").filter(|scheduled| scheduled.status == "False");
    let reason = match (initialized, stopped) {
        (false, Some(stopped)) if status.reason.is_empty() => stopped,
        _ => reason(status, &mut lasting()).unwrap_or_default(),
    };
    let still = |one: &&ContainerStatus| !one.ready && one.state.running.is_some();
    let (reason, detail) = match reason.as_str() {
        "" if unready == "ReadinessGatesNotReady" => (unready.to_owned(), closed_gates(spec, status)),
        "" if ready_condition.is_some() && initialized && lasting().any(|one| still(&one)) => {
            let names: Vec<&str> = lasting().filter(still).map(|one| one.name.as_str()).collect();
            ("ContainersNotReady".to_owned(), names.join(", "))
        }
        "SchedulingGated" if scheduled.is_some() => {
            (reason, spec.scheduling_gates.iter().map(|gate| gate.name.as_str()).collect::<Vec<_>>().join(", "))
        }
        _ => (reason, String::new()),
    };
    Seen {
        ready: lasting().filter(|one| one.ready).count(),
        containers: spec.containers.len() + spec.init_containers.iter().filter(|init| init.is_sidecar()).count(),
        restarts,
        reason,
        detail,
        ended: ended(status),
    }
}

/// Whether the init containers are through, as the condition says, or as the phase has it where none is told.
fn initialized(status: &Status) -> bool {
    let told = status.condition("Initialized").map(|condition| condition.status == "True");
    told.unwrap_or(status.phase != "Pending")
}

/// What an init container holds up, as in `Init:CrashLoopBackOff` or `Init:0/2`.
fn initializing(spec: &Spec, status: &Status) -> Option<String> {
    for (place, one) in status.init_container_statuses.iter().enumerate() {
        let sidecar = spec.init_containers.iter().any(|init| init.name == one.name && init.is_sidecar());
        match (&one.state.terminated, &one.state.waiting) {
            (Some(ended), _) if ended.exit_code == 0 && ended.signal == 0 => {}
            _ if sidecar && one.started => {}
            (Some(ended), _) => return Some(format!("Init:{}", ended.word())),
            (_, Some(waiting)) if !waiting.reason.is_empty() && waiting.reason != "PodInitializing" => {
                return Some(format!("Init:{}", waiting.reason));
            }
            _ => return Some(format!("Init:{place}/{}", spec.init_containers.len())),
        }
    }
    None
}

/// A container that will not start tells more than its neighbours, which wait their turn.
fn reason(status: &Status, lasting: &mut dyn Iterator<Item = &ContainerStatus>) -> Option<String> {
    let lasting: Vec<_> = lasting.collect();
    let waiting = || lasting.iter().filter_map(|one| one.state.waiting.as_ref()).map(|waiting| waiting.reason.as_str());
    let ended = || lasting.iter().filter_map(|one| one.state.terminated.as_ref()).find(|ended| ended.exit_code != 0);
    let unscheduled = status.condition("PodScheduled").filter(|scheduled| scheduled.status == "False");
    let said = |reason: &&str| !reason.is_empty();
    waiting()
        .filter(said)
        .find(|reason| !STARTING.contains(reason))
        .or_else(|| Some(status.reason.as_str()).filter(said))
        .or_else(|| unscheduled.map(|scheduled| scheduled.reason.as_str()).filter(said))
        .map(str::to_owned)
        .or_else(|| ended().map(super::Ended::word))
        .or_else(|| waiting().find(said).map(str::to_owned))
}

/// The readiness gates whose condition is not True.
fn closed_gates(spec: &Spec, status: &Status) -> String {
    let closed = |kind: &str| status.condition(kind).is_none_or(|condition| condition.status != "True");
    let gates = spec.readiness_gates.iter().map(|gate| gate.condition_type.as_str()).filter(|kind| closed(kind));
    gates.collect::<Vec<_>>().join(", ")
}

/// How bad a container stands: waits after a failure, ended badly, is not ready, is well.
fn standing(one: &ContainerStatus) -> u8 {
    match (&one.state.waiting, &one.state.terminated) {
        (Some(waiting), _) if !waiting.reason.is_empty() && !STARTING.contains(&waiting.reason.as_str()) => 3,
        (_, Some(ended)) if ended.exit_code != 0 || ended.signal != 0 => 2,
        _ if one.state.running.is_some() && !one.ready => 1,
        _ => 0,
    }
}

/// The last termination: of the container that stands worst, then the latest.
fn ended(status: &Status) -> Option<Ended> {
    let all = status.container_statuses.iter().chain(&status.init_container_statuses);
    let of = |one: &ContainerStatus| {
        let now = one.state.terminated.clone().filter(|ended| ended.exit_code != 0 || ended.signal != 0);
        let ended = now.or_else(|| one.last_state.terminated.clone())?;
        let at = ended.finished_at.as_deref().and_then(stamp);
        let told = Ended {
            container: one.name.as_str().into(),
            reason: Name::from(ended.reason.as_str()),
            code: ended.exit_code,
            at,
        };
        Some(((standing(one), at), told))
    };
    all.filter_map(of).max_by_key(|(rank, _)| *rank).map(|(_, told)| told)
}

/// The containers of a pod, and which of them is looked at first.
pub(crate) fn containers(pod: &Object<Spec, Status>) -> Containers {
    let of = |name: &str, init: bool, statuses: &[ContainerStatus]| {
        let status = statuses.iter().find(|status| status.name == name);
        Container {
            name: name.to_owned(),
            init,
            state: status.map(word).unwrap_or_default(),
            restarts: status.map_or(0, |status| status.restart_count),
        }
    };
    let (spec, status) = (&pod.spec, &pod.status);
    let inits = spec.init_containers.iter().map(|one| of(&one.name, true, &status.init_container_statuses));
    let lasting = spec.containers.iter().map(|one| of(&one.name, false, &status.container_statuses));
    let all: Vec<Container> = inits.chain(lasting).collect();
    let (first, why) = match log_of(pod) {
        Some((name, why, _)) => (name, why),
        None => (spec.containers.first().map(|one| one.name.clone()).unwrap_or_default(), ""),
    };
    Containers { all, first, why }
}

/// How a container is, in a word.
fn word(one: &ContainerStatus) -> String {
    match (&one.state.waiting, &one.state.terminated, &one.state.running) {
        (Some(waiting), ..) if waiting.reason.is_empty() => "waiting".into(),
        (Some(waiting), ..) => waiting.reason.clone(),
        (_, Some(ended), _) => ended.word(),
        (.., Some(_)) if one.ready => "running".into(),
        (.., Some(_)) => "not ready".into(),
        _ => String::new(),
    }
}

/// The container whose log is offered first, why that one, and how many there are to choose from;
/// `None` where the pod has one alone, which the server takes by itself.
pub(crate) fn log_of(pod: &Object<Spec, Status>) -> Option<(String, &'static str, usize)> {
    let (spec, status) = (&pod.spec, &pod.status);
    let count = spec.containers.len() + spec.init_containers.len();
    let first = spec.containers.first()?;
    if count == 1 {
        return None;
    }
    let failing = |all: &'_ [ContainerStatus], least: u8| {
        let worst = all.iter().rev().filter(|one| !one.name.is_empty() && standing(one) >= least);
        worst.max_by_key(|one| standing(one)).map(|one| one.name.clone())
    };
    let inits = &status.init_container_statuses;
    // An init container that ended badly once and well then holds nothing up.
    let failing = failing(inits, 2).or_else(|| failing(&status.container_statuses, 2)).or_else(|| {
        inits.iter().find(|one| !initialized(status) && one.state.running.is_some()).map(|one| one.name.clone())
    });
    if let Some(name) = failing {
        return Some((name, "it holds the pod up", count));
    }
    let named = pod.metadata.annotations.get(DEFAULT_CONTAINER);
    let named = named.filter(|named| spec.containers.iter().any(|container| container.name == **named));
    match named {
        Some(name) => Some((name.to_owned(), "the default", count)),
        None => Some((first.name.clone(), "the first", count)),
    }
}
