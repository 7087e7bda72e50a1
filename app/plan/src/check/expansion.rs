//! An expansion beside the plan of the cluster that it expands.

use std::{collections::BTreeMap, net::Ipv4Addr};

use super::{
    block::{Block, Span, overlapping},
    identity::{cards, power_addresses},
    in_order,
    report::{Report, called},
};
use crate::{Dha, File, Finding, Host, IpSettings, Network, Plan, Rule, Stack};

/// Roles that a host can be given while the cluster runs.
const WORKERS: [&str; 4] = ["kube_node", "storage_node", "compute", "ceph-osd"];

/// Checks an expansion against the plan of its cluster. What is wrong with the expansion on its own, [`super::check`]
/// finds. Without a network.yml of its own it is given addresses from the cluster's pools, behind those in use.
pub fn check_expansion(base: &Plan, expansion: &Plan) -> Vec<Finding> {
    let (Some(old), Some(new)) = (&base.dha, &expansion.dha) else { return Vec::new() };
    let mut report = Report::of(File::Dha, Rule::Expansion);
    workers(old, new, &mut report);
    same_cluster(old, new, &mut report);
    reused(old, new, &mut report);
    let mut found = report.found();
    if let Some(network) = &base.network {
        let mut report = Report::of(File::Network, Rule::Expansion);
        match &expansion.network {
            Some(own) => free(old, new, network, own, &mut report),
            None => room(old, new, network, &mut report),
        }
        found.extend(report.found());
    }
    in_order(found)
}

fn workers(old: &Dha, new: &Dha, report: &mut Report) {
    for host in &new.hosts {
        for role in host.roles.iter().filter(|role| !WORKERS.contains(&role.as_str())) {
            report.error(
                role.place,
                format!("{} is to be {}", called(host), role.as_str()),
                "Compass runs the whole installation with it in the group: members of etcd and masters do not join a \
                 cluster that runs",
                if old.stack() == Stack::OpenStack { "expand with compute only" } else { "expand with kube_node only" },
            );
        }
    }
    let (was, is) = (old.stack(), new.stack());
    if let Some(host) = new.hosts.first().filter(|_| was != is && was != Stack::Unknown && is != Stack::Unknown) {
        report.error(
            host.roles.first().map_or(host.place, |role| role.place),
            "the expansion's roles are of another stack than the cluster's",
            "Compass's API refuses roles that the cluster does not know",
            "take the cluster's role for workers",
        );
    }
}

fn same_cluster(old: &Dha, new: &Dha, report: &mut Report) {
    const DEFAULT: &str = "opnfv";
    let name = |dha: &Dha| dha.name.as_ref().map_or_else(|| DEFAULT.to_owned(), |name| name.value.clone());
    let place = new.hosts.first().map_or(super::report::TOP, |host| host.place);
    if name(old) != name(new) {
        report.error(
            new.name.as_ref().map_or(place, |name| name.place),
            format!("the expansion is for the cluster {}, the plan is of {}", name(new), name(old)),
            "Compass finds the cluster by NAME (opnfv without one) and would make another",
            format!("write NAME: {}", name(old)),
        );
    }
    if let (Some(was), Some(is)) = (&old.kind, &new.kind)
        && was.value != is.value
    {
        report.error(
            is.place,
            "the expansion's TYPE is not the cluster's",
            "Compass sets its networks up for one of them, and the new hosts are not on them",
            "write the TYPE of the cluster",
        );
    }
}

fn reused(old: &Dha, new: &Dha, report: &mut Report) {
    let named: BTreeMap<String, &Host> =
        old.hosts.iter().filter_map(|host| Some((host.named()?.to_ascii_lowercase(), host))).collect();
    let mut macs: BTreeMap<String, &Host> = BTreeMap::new();
    let mut powers: BTreeMap<Ipv4Addr, &Host> = BTreeMap::new();
    for host in &old.hosts {
        macs.extend(cards(host).iter().map(|(_, mac)| (mac.to_ascii_lowercase(), host)));
        powers.extend(power_addresses(host).iter().filter_map(|(_, ip)| Some((ip.parse().ok()?, host))));
    }
    for host in &new.hosts {
        if let Some(name) = host.name.as_ref().filter(|name| named.contains_key(&name.to_ascii_lowercase())) {
            report.error(
                name.place,
                format!("the cluster has a host {} already", name.as_str()),
                "Compass takes it for that one; a virtual machine of the name, and its disk, are deleted",
                "give the new host a name of its own",
            );
        }
        if !new.is_virtual() {
            for (card, mac) in cards(host) {
                if let Some(has) = macs.get(&mac.to_ascii_lowercase()) {
                    report.error(
                        mac.place,
                        format!("{} of the cluster has the MAC {} already ({card})", called(has), mac.as_str()),
                        "Compass tells machines apart by MAC: it would install the running host anew",
                        "write the MAC of the new machine's NIC",
                    );
                }
            }
        }
        for (key, text) in power_addresses(host) {
            if let Some(has) = text.parse().ok().and_then(|ip: Ipv4Addr| powers.get(&ip)) {
                report.error(
                    text.place,
                    format!("{key} {} is that of {} of the cluster", text.as_str(), called(has)),
                    "Compass resets the running host, and lets it boot into the installation",
                    "write the address of the new machine's BMC",
                );
            }
        }
    }
}

/// The addresses that so many hosts are given: of the pools in order, from the first on.
fn given(settings: &IpSettings, hosts: usize) -> Vec<Span> {
    let mut left = hosts;
    let mut spans = Vec::new();
    for span in settings.ranges.iter().filter_map(Span::of) {
        let Some(begun) = span.begun(left) else { break };
        left = left.saturating_sub(usize::try_from(begun.len()).unwrap_or(usize::MAX));
        spans.push(begun);
    }
    spans
}

/// Whether the expansion's own pools give addresses that hosts of the cluster have.
fn free(old: &Dha, new: &Dha, was: &Network, own: &Network, report: &mut Report) {
    let networks: BTreeMap<&str, &IpSettings> =
        was.settings.iter().rev().filter_map(|one| Some((one.name.as_ref()?.as_str(), one))).collect();
    for one in &own.settings {
        let Some((name, before)) = one.name.as_ref().and_then(|name| Some((name, *networks.get(name.as_str())?)))
        else {
            continue;
        };
        if let (Some(text), Some(block), Some(theirs)) = (&one.cidr, Block::of(one), Block::of(before))
            && block.span() != theirs.span()
        {
            report.error(
                text.place,
                format!("{} is {} here and {} for the cluster", name.as_str(), block.written(), theirs.written()),
                "the new hosts do not reach the others",
                format!("write {}", theirs.written()),
            );
        }
        let used = given(before, old.hosts.len());
        let own = given(one, new.hosts.len());
        let all: Vec<Span> = used.iter().chain(&own).copied().collect();
        let both = overlapping(&all).into_iter().find(|(a, b)| *a < used.len() && used.len() <= *b);
        let Some(taken) = both.map(|(a, b)| all[a].first.max(all[b].first)) else { continue };
        let place = one.ranges.first().map_or(one.place, |range| range.first.place);
        let next = used.iter().map(|span| span.last).max().and_then(|last| u32::from(last).checked_add(1));
        report.error(
            place,
            format!("ip_ranges of {} give {taken}, which a host of the cluster has", name.as_str()),
            "Compass gives a pool's addresses from the first on, whatever is in use",
            next.map_or_else(
                || "begin behind them".into(),
                |next| format!("begin the pool at {} or later", Ipv4Addr::from(next)),
            ),
        );
    }
}

/// Whether the cluster's pools hold its own hosts and the new ones.
fn room(old: &Dha, new: &Dha, network: &Network, report: &mut Report) {
    let hosts = old.hosts.len().saturating_add(new.hosts.len());
    let needed = u64::try_from(hosts).unwrap_or(u64::MAX);
    for one in &network.settings {
        let (Some(name), Some(first)) = (&one.name, one.ranges.first()) else { continue };
        let usable = if name.as_str() == "mgmt" { 1 } else { one.ranges.len() };
        let Some(spans) = one.ranges.iter().take(usable).map(Span::of).collect::<Option<Vec<Span>>>() else { continue };
        let room: u64 = spans.iter().map(|span| span.len()).sum();
        if room < needed {
            report.error(
                first.first.place,
                format!(
                    "ip_ranges of {} have {room} addresses for {} hosts and {} new ones",
                    name.as_str(),
                    old.hosts.len(),
                    new.hosts.len()
                ),
                "Compass stops at the first host for which there is no address left",
                format!("expand with a network.yml whose pool has {} more addresses", new.hosts.len()),
            );
        }
    }
}
