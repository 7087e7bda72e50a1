//! etcd's quorum: of its configured members, mapped to hosts by address.

use topology::inventory::{ComponentKind, Name, Source};
use topology::{
    figure::is_master,
    health::{node_state, parts},
};

use crate::{
    answer::{About, Part},
    supposed::Supposed,
    verdict::Verdict,
    world::World,
};

/// A configured member with a vote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Member {
    name: Name,
    /// The host that it runs on, where that is known.
    pub(crate) host: Option<Name>,
    /// Whether it works now; none where no source tells.
    well: Option<bool>,
}

/// What becomes of etcd; none where it runs outside of these hosts with the rest of the control plane.
pub(crate) fn etcd(supposed: &Supposed<'_, '_>, outside: bool) -> Option<Part> {
    let off: Vec<&Name> =
        supposed.touched().filter(|(host, _)| supposed.is_off(*host)).map(|(host, _)| supposed.name(host)).collect();
    let members = &supposed.world.plane().members;
    if members.is_empty() {
        let part = Part::new(About::Etcd, "etcd", Verdict::Unknown).short("not known");
        let why = "no source tells its members: set etcd_endpoints, or name the plan";
        return (!outside && !off.is_empty()).then(|| part.why(why));
    }
    let total = members.len() as u32;
    let needed = total / 2 + 1;
    let is_off = |member: &&Member| member.host.as_ref().is_some_and(|host| off.contains(&host));
    let lost = members.iter().filter(is_off).count() as u32;
    let left: Vec<&Member> = members.iter().filter(|member| !is_off(member)).collect();
    let well = left.iter().filter(|member| member.well == Some(true)).count() as u32;
    let unheard = left.iter().filter(|member| member.well.is_none()).count() as u32;
    // A member whose host is not known may run on one that is lost, unless each of these has its own.
    let strangers = left.iter().filter(|member| member.host.is_none()).count();
    let housed = |host: &&&Name| members.iter().any(|member| member.host.as_ref() == Some(**host));
    let bare = off.iter().filter(|host| !housed(host)).count();
    let hidden = strangers.min(bare) as u32;
    let sure = well.saturating_sub(hidden);
    let count = format!("{} of {total}", well + unheard);
    let part = |verdict| Part::new(About::Etcd, "etcd", verdict).count(total);
    let names = |chosen: &dyn Fn(&Member) -> bool| {
        let names: Vec<&str> = left.iter().filter(|member| chosen(member)).map(|member| &*member.name).collect();
        crate::question::listed(&names)
    };
    Some(match () {
        () if sure >= needed => {
            let then = match sure - needed {
                0 => "it may then lose none".to_owned(),
                more => format!("it may then lose {more}"),
            };
            part(Verdict::Certain).short("keeps its quorum").why(format!("{count} members are left, {then}")).after(0)
        }
        () if well + unheard < needed && lost > 0 => part(Verdict::Impossible)
            .short("loses its quorum")
            .why(format!("{count} members are left and {needed} are needed: restore it, or bring hosts back")),
        () if well + unheard < needed => part(Verdict::Impossible)
            .short("has no quorum")
            .why(format!("{count} members work, and {needed} are needed")),
        () if hidden > 0 => part(Verdict::Unknown).short("not known").why(format!(
            "no address tells on which host {} runs: a plan would",
            names(&|member| member.host.is_none())
        )),
        () => part(Verdict::Unknown)
            .short("not known")
            .why(format!("no source tells whether {} works", names(&|member| member.well.is_none()))),
    })
}

/// By etcd's own word, by the pods of its members, or by the plan, in this order.
pub(crate) fn members(world: &World<'_>) -> Vec<Member> {
    let inventory = world.inventory;
    if let Some(etcd) = inventory.etcd().filter(|etcd| !etcd.members.is_empty()) {
        let on = |name: &Name| {
            let mut nodes = inventory.nodes().filter(|node| inventory.etcd_on(node).is_some());
            nodes.find(|node| inventory.etcd_on(node).is_some_and(|(_, member)| member.name == *name))
        };
        let member = |member: &topology::inventory::EtcdMember| Member {
            name: member.name.clone(),
            host: on(&member.name).map(|node| node.name.clone()),
            well: member.told().filter(|_| etcd.silent.is_none()).map(|told| told.follows && told.wrong.is_none()),
        };
        return etcd.voters().map(member).collect();
    }
    let fresh = inventory.tells_all(Source::Pods) && inventory.heard(Source::Pods).is_fresh();
    let seen = inventory.checks().and_then(|checks| checks.get("etcd").copied());
    let mut members = Vec::new();
    for node in inventory.nodes() {
        let master = is_master(inventory, node);
        let planned = inventory.planned_host(&node.name).is_some_and(|host| host.etcd);
        let k3s = node.kubelet.contains("+k3s") && node.roles.iter().any(|role| &**role == "etcd");
        let mut pods = inventory.components_on(&node.name).filter_map(|pod| pod.component.as_deref());
        let has_pod = pods.any(|component| component.kind == ComponentKind::Etcd);
        if !has_pod && !planned && !k3s {
            continue;
        }
        let state = node_state(inventory, node, world.now);
        let parts = parts(inventory, node, &state, master, world.now);
        let health = parts.iter().find(|part| part.kind == ComponentKind::Etcd).map(|part| part.health);
        let well = match health {
            Some(scene::Health::Ok | scene::Health::Warn) if fresh => Some(true),
            Some(scene::Health::Bad) => Some(false),
            _ => None,
        };
        members.push(Member { name: node.name.clone(), host: Some(node.name.clone()), well });
    }
    // Configured by the plan, and no node: it counts, and no source tells whether it works.
    for name in inventory.missing_hosts().filter(|name| inventory.planned_host(name).is_some_and(|host| host.etcd)) {
        members.push(Member { name: name.clone(), host: Some(name.clone()), well: None });
    }
    // One member alone answers for itself.
    if let ([only], Some(seen)) = (members.as_mut_slice(), seen) {
        only.well = only.well.or(Some(seen));
    }
    members
}
