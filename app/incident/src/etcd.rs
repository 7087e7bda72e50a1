//! Whether etcd has its quorum, and what it may still lose.

use scene::Health;
use topology::{
    Inventory, Stamp,
    figure::is_master,
    health::{node_state, parts},
    inventory::{ComponentKind, Etcd, Name, Source},
};

use crate::judge::Lost;

/// How etcd stands.
pub(crate) enum Standing {
    /// Too few members are heard of.
    Unknown,
    /// It has a quorum, and may lose a member or is meant to have one alone.
    Well,
    /// It has a quorum and may lose none.
    AtRisk {
        /// In a sentence without a full stop.
        what: String,
        /// Lost hosts of members; empty where a member is away that is on none.
        hosts: Vec<Name>,
    },
    /// It has no quorum.
    Lost {
        /// In a sentence without a full stop.
        what: String,
        /// Lost hosts of members.
        hosts: Vec<Name>,
    },
}

/// The members by how they fare.
#[derive(Default)]
struct Members {
    total: usize,
    well: usize,
    /// Away, and not with a lost host.
    away: usize,
    /// Away with their hosts.
    hosts: Vec<Name>,
}

/// How etcd stands, by its own word, by the API server's, and by the pods of its members.
pub(crate) fn standing(inventory: &Inventory, lost: &Lost<'_>, now: Stamp) -> Standing {
    let fresh = inventory.heard(Source::Readyz).is_fresh();
    let seen = inventory.checks().filter(|_| fresh).and_then(|checks| checks.get("etcd").copied());
    let members = match inventory.etcd().filter(|etcd| etcd.silent.is_none() && !etcd.members.is_empty()) {
        Some(etcd) => by_word(inventory, etcd, lost),
        None => by_pods(inventory, lost, now),
    };
    if seen == Some(false) {
        let what = "etcd does not answer the API server".to_owned();
        return Standing::Lost { what, hosts: members.hosts };
    }
    let needed = members.total / 2 + 1;
    let gone = members.away + members.hosts.len();
    let unheard = members.total - members.well - gone;
    let share = format!("etcd has {} of {} members", members.well, members.total);
    match () {
        // One that answers the API server has its quorum, whatever is heard of its members.
        () if members.total == 0 => {
            if seen.is_some() {
                Standing::Well
            } else {
                Standing::Unknown
            }
        }
        () if gone == 0 && unheard == 0 => Standing::Well,
        () if members.well >= needed => match members.well + unheard - needed {
            _ if gone == 0 => Standing::Unknown,
            0 if members.total > 1 => {
                let hosts = if members.away == 0 { members.hosts } else { Vec::new() };
                Standing::AtRisk { what: format!("{share}, and may lose none"), hosts }
            }
            _ if unheard > 0 => Standing::Unknown,
            _ => Standing::Well,
        },
        () if seen == Some(true) => Standing::Unknown,
        () if gone > members.total - needed => {
            Standing::Lost { what: format!("{share}, and no quorum"), hosts: members.hosts }
        }
        () => Standing::Unknown,
    }
}

fn by_word(inventory: &Inventory, etcd: &Etcd, lost: &Lost<'_>) -> Members {
    let mut members = Members::default();
    for member in etcd.voters() {
        members.total += 1;
        let planned = |name: &Name| inventory.planned_host(name);
        let host = lost.keys().find(|name| inventory.node(name).is_some_and(|node| member.is_on(node, planned(name))));
        match (member.told(), host) {
            (Some(told), _) if told.follows => members.well += 1,
            (_, Some(host)) => members.hosts.push((**host).clone()),
            (Some(_), None) => members.away += 1,
            // It could not be asked: that may be the way to it.
            (None, None) => {}
        }
    }
    members
}

fn by_pods(inventory: &Inventory, lost: &Lost<'_>, now: Stamp) -> Members {
    let mut members = Members::default();
    if !inventory.tells_all(Source::Pods)
        || !inventory.heard(Source::Pods).is_fresh()
        || !inventory.heard(Source::Nodes).is_fresh()
    {
        return members;
    }
    for node in inventory.nodes() {
        let has = |pod: &topology::inventory::Pod| {
            pod.component.as_ref().is_some_and(|component| component.kind == ComponentKind::Etcd)
        };
        if !inventory.components_on(&node.name).any(has) {
            continue;
        }
        members.total += 1;
        let (state, master) = (node_state(inventory, node, now), is_master(inventory, node));
        let part =
            parts(inventory, node, &state, master, now).into_iter().find(|part| part.kind == ComponentKind::Etcd);
        match part.map(|part| part.health) {
            _ if lost.contains_key(&node.name) => members.hosts.push(node.name.clone()),
            Some(Health::Ok | Health::Warn) => members.well += 1,
            Some(Health::Bad) => members.away += 1,
            _ => {}
        }
    }
    members
}
