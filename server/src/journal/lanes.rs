//! What time lines have lanes for: how it stands, and what is marked when it comes to stand otherwise.

use std::sync::Arc;

use journal::open;
use topology::{
    Change, Inventory, Stamp,
    health::{Leader, leader},
    inventory::{ComponentKind, Source, Truth},
    planned::Planned,
};

use super::reading::TURNS;
use crate::{
    placed::placed,
    store::{HistoryMark, Store, StoreError},
};

/// Changes of a plan that are named; of more, how many.
const NAMED: usize = 5;

/// What time lines have lanes for, as it stands.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Stands {
    leaders: Vec<(ComponentKind, String)>,
    /// Hosts that are not ready.
    lost: Vec<String>,
    /// Why what is drawn is old, while the watch is cut.
    cut: Option<String>,
    /// What the cluster was to be.
    pub(super) plan: Option<Arc<Planned>>,
}

impl Stands {
    pub(super) fn of(inventory: &Inventory, now: Stamp) -> Self {
        let kinds = [ComponentKind::Scheduler, ComponentKind::ControllerManager];
        let leads = |kind| match leader(inventory, kind, now) {
            Leader::Node(node) => Some((kind, node.to_string())),
            Leader::Stranger(host) => Some((kind, host.to_owned())),
            Leader::Nobody(..) => Some((kind, "nobody".to_owned())),
            Leader::Unknown => None,
        };
        let lost =
            inventory.nodes().filter(|node| node.condition("Ready").is_none_or(|ready| ready.truth != Truth::True));
        let cut = [Source::Nodes, Source::Pods].into_iter().find(|source| !inventory.heard(*source).is_fresh());
        Self {
            leaders: kinds.into_iter().filter_map(leads).collect(),
            lost: lost.map(|node| node.name.to_string()).collect(),
            plan: inventory.planned().cloned().map(Arc::new),
            cut: cut.map(|source| format!("The watch of {} was cut: what is drawn is old.", source.word())),
        }
    }

    /// What is to be put on the lanes when it comes to stand otherwise.
    pub(super) fn marks(&self, now: &Self, at: i64) -> Vec<HistoryMark> {
        let mark = |lane: &str, about: &str, what: String| HistoryMark {
            lane: lane.into(),
            about: about.into(),
            began: at,
            ended: None,
            what,
        };
        let mut marks = Vec::new();
        if let Some(what) = plan_change(self.plan.as_deref(), now.plan.as_deref()) {
            marks.push(mark("plan", "", what));
        }
        for (kind, leads) in &now.leaders {
            let before = self.leaders.iter().find(|(one, _)| one == kind).map(|(_, leads)| leads);
            if before.is_some_and(|before| before != leads) {
                let what =
                    format!("{}: {leads} leads, and no longer {}.", kind.program(), before.map_or("", |one| one));
                marks.push(mark("leader", kind.program(), what));
            }
        }
        for host in now.lost.iter().filter(|host| !self.lost.contains(host)) {
            marks.push(mark("host", host, format!("{host} is not ready.")));
        }
        for host in self.lost.iter().filter(|host| !now.lost.contains(host)) {
            marks.push(mark("host", host, format!("{host} is ready again, or gone.")));
        }
        match (&self.cut, &now.cut) {
            (None, Some(why)) => marks.push(mark("watch", "", why.clone())),
            (Some(_), None) => marks.push(mark("watch", "", "The cluster is watched again.".to_owned())),
            _ => {}
        }
        marks
    }
}

/// What a cluster was to be when everything of it was kept last before a moment; none where that cannot be read.
pub(super) async fn plan_before(
    store: &Store,
    cluster: &str,
    at: i64,
) -> Result<Option<Option<Arc<Planned>>>, StoreError> {
    let Some(whole) = store.whole_before(cluster, at).await? else { return Ok(None) };
    let read = placed(&TURNS, move || {
        let (_, records) = open(&whole.body).ok()?;
        let mut plans = records.into_iter().filter_map(|record| match record.change {
            Change::Planned(plan) => Some(plan),
            _ => None,
        });
        Some(plans.next_back().flatten())
    });
    Ok(read.await.flatten())
}

/// What was altered in a plan; none where nothing was.
fn plan_change(before: Option<&Planned>, now: Option<&Planned>) -> Option<String> {
    let (before, now) = match (before, now) {
        (Some(before), Some(now)) => (before, now),
        (None, Some(now)) => return Some(format!("A plan was given, of {} hosts.", now.hosts.len())),
        (Some(_), None) => return Some("No plan is given any more.".to_owned()),
        (None, None) => return None,
    };
    let mut changes = Vec::new();
    for host in &now.hosts {
        match before.hosts.iter().find(|one| one.name == host.name) {
            None => changes.push(format!("host {} is new", host.name)),
            Some(one) if one.roles != host.roles => changes.push(format!("host {} has other roles", host.name)),
            Some(one) if one != host => changes.push(format!("host {} has other addresses", host.name)),
            Some(_) => {}
        }
    }
    let gone = before.hosts.iter().filter(|host| !now.hosts.iter().any(|one| one.name == host.name));
    changes.extend(gone.map(|host| format!("host {} is gone", host.name)));
    for net in &now.nets {
        match before.nets.iter().find(|one| one.name == net.name) {
            None => changes.push(format!("network {} is new", net.name)),
            Some(one) if one != net => changes.push(format!("network {} is another", net.name)),
            Some(_) => {}
        }
    }
    let gone = before.nets.iter().filter(|net| !now.nets.iter().any(|one| one.name == net.name));
    changes.extend(gone.map(|net| format!("network {} is gone", net.name)));
    if changes.is_empty() {
        // Hosts in another order have other addresses; what is left alters nothing that is drawn.
        return (before != now).then(|| "The plan was changed.".to_owned());
    }
    let more = changes.len().saturating_sub(NAMED);
    changes.truncate(NAMED);
    let more = if more > 0 { format!(", and {more} more") } else { String::new() };
    Some(format!("The plan was changed: {}{more}.", changes.join(", ")))
}

#[cfg(test)]
mod tests {
    use topology::planned::PlannedHost;

    use super::*;

    fn host(name: &str, role: &str) -> PlannedHost {
        let master = role == "kube_master";
        PlannedHost { name: name.into(), master, etcd: master, roles: vec![role.into()], addresses: Vec::new() }
    }

    fn plan(hosts: &[(&str, &str)]) -> Planned {
        Planned::new(hosts.iter().map(|(name, role)| host(name, role)).collect(), Vec::new())
    }

    #[test]
    fn a_plan_change_names_the_hosts_and_an_equal_plan_is_none() {
        let before = plan(&[("host1", "kube_master"), ("host2", "kube_node"), ("host3", "kube_node")]);
        let now = plan(&[("host1", "kube_master"), ("host2", "kube_master"), ("host4", "kube_node")]);
        let told = plan_change(Some(&before), Some(&now));
        let expected = "The plan was changed: host host2 has other roles, host host4 is new, host host3 is gone.";
        assert_eq!(told.as_deref(), Some(expected));
        assert_eq!(plan_change(Some(&before), Some(&before)), None);
        assert_eq!(plan_change(None, Some(&now)).as_deref(), Some("A plan was given, of 3 hosts."));
        let many: Vec<String> = (0..9).map(|n| format!("host{n}")).collect();
        let many: Vec<(&str, &str)> = many.iter().map(|name| (name.as_str(), "kube_node")).collect();
        let told = plan_change(Some(&plan(&[])), Some(&plan(&many))).unwrap_or_default();
        assert!(told.ends_with("host host4 is new, and 4 more."), "{told}");
    }
}
