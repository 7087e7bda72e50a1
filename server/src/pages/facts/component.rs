//! A component of a node.

use app::source::{FactLine, Facts};
use topology::{
    Inventory, Stamp,
    figure::is_master,
    health::{Leader, leader, leader_lease, node_state, parts},
    inventory::{ComponentKind, Etcd, EtcdMember, Key},
};

use super::{blank, line, link, moment};
use crate::pages::purpose;

/// The facts, and the pod that it runs in when it does.
pub(super) fn facts(inventory: &Inventory, node: &str, program: &str, now: Stamp) -> Option<(Facts, Option<Key>)> {
    let node = inventory.node(node)?;
    let state = node_state(inventory, node, now);
    let parts = parts(inventory, node, &state, is_master(inventory, node), now);
    let part = parts.into_iter().find(|part| part.kind.program() == program)?;
    let name = if part.kind == ComponentKind::Runtime { part.label.clone() } else { program.to_owned() };
    let mut facts = blank("Component", &format!("{name} on {}", node.name), Some(part.health), purpose::of(part.kind));
    facts.lines.push(line("State", part.long));
    facts.lines.push(line("Version", part.version.map_or_else(|| "unknown".into(), |version| version.to_string())));
    facts.lines.push(link("Node", &*node.name, format!("node/{}", node.name)));
    let elects = matches!(part.kind, ComponentKind::Scheduler | ComponentKind::ControllerManager);
    if let Some(lease) = leader_lease(inventory, part.kind).filter(|_| elects) {
        facts.lines.push(match leader(inventory, part.kind, now) {
            _ if part.leads => line("Leader", "this one"),
            Leader::Node(name) => link("Leader", &**name, format!("component/{name}/{program}")),
            Leader::Stranger(_) => line("Leader", format!("{}, which is no node here", lease.holder)),
            Leader::Nobody(..) => line("Leader", "nobody"),
            Leader::Unknown => line("Leader", "unknown"),
        });
        facts.lines.push(line("Leader's lease renewed", lease.renewed.map_or_else(|| "never".into(), moment)));
    }
    if let Some(checks) =
        inventory.checks().filter(|_| matches!(part.kind, ComponentKind::ApiServer | ComponentKind::Etcd))
    {
        let failed: Vec<&str> = checks.iter().filter(|(_, passed)| !**passed).map(|(name, _)| &**name).collect();
        let words = if failed.is_empty() {
            format!("all {} pass", checks.len())
        } else {
            format!("failing: {}", failed.join(", "))
        };
        facts.lines.push(line("API server's own checks", words));
    }
    if let Some((etcd, member)) = inventory.etcd_on(node).filter(|_| part.kind == ComponentKind::Etcd) {
        facts.lines.extend(of_etcd(etcd, member));
    }
    if let Some(pod) = &part.pod {
        facts.lines.push(link("Pod", pod.to_string(), format!("pod/{pod}")));
        let flags =
            inventory.pod(pod).and_then(|pod| pod.component.as_ref()).map(|component| component.flags.as_slice());
        let flags: Vec<&str> = flags.unwrap_or_default().iter().map(|flag| &**flag).collect();
        facts.lines.push(line("Flags", if flags.is_empty() { "unknown".into() } else { flags.join("\n") }));
    }
    Some((facts, part.pod))
}

/// What etcd itself tells.
fn of_etcd(etcd: &Etcd, member: &EtcdMember) -> Vec<FactLine> {
    let mut lines = vec![line("Member", &*member.name)];
    if let Some(told) = member.told() {
        let role = match () {
            () if member.learner => "learner, without a vote",
            () if told.leads => "leader",
            () if told.follows => "follower",
            () => "without a leader",
        };
        let in_use = told.in_use.map(|bytes| format!(", {} of it in use", size(bytes))).unwrap_or_default();
        lines.push(line("Its role", role));
        lines.push(line("Database", format!("{}{in_use}", size(told.size))));
        lines.push(line("Revision of its keys", told.revision.to_string()));
        lines.push(line("Behind the farthest member", format!("{} entries", told.lag)));
    }
    let may_lose = etcd.spare().map_or_else(|| "none: there is no quorum".to_owned(), |spare| spare.to_string());
    lines.push(line("Members that may still be lost", may_lose));
    for alarm in &etcd.alarms {
        lines.push(line("Alarm", &**alarm));
    }
    lines
}

fn size(bytes: u64) -> String {
    let tenths = bytes / 100_000;
    if bytes < 1_000_000 { format!("{} kB", bytes / 1_000) } else { format!("{}.{} MB", tenths / 10, tenths % 10) }
}
