//! What hosts are told apart by: names, MACs and addresses of their power control.

use std::{collections::BTreeMap, net::Ipv4Addr};

use super::{
    block::Span,
    report::{Report, called},
};
use crate::{At, Dha, File, Finding, Host, Network, Place, Plan, Rule};

const LONGEST_LABEL: usize = 63;

pub(super) fn check(plan: &Plan) -> Vec<Finding> {
    let Some(dha) = &plan.dha else { return Vec::new() };
    let mut report = Report::of(File::Dha, Rule::Identity);
    names(dha, &mut report);
    // Compass makes up the MACs of virtual machines.
    if !dha.is_virtual() {
        macs(dha, &mut report);
    }
    powers(dha, &mut report);
    if let Some(network) = &plan.network {
        against_pools(dha, network, &mut report);
    }
    report.found()
}

fn names(dha: &Dha, report: &mut Report) {
    let mut seen: BTreeMap<String, Place> = BTreeMap::new();
    for name in dha.hosts.iter().filter_map(|host| host.name.as_ref()).filter(|name| !name.is_empty()) {
        if !is_label(name) {
            report.error(
                name.place,
                format!("{} is no host name", name.as_str()),
                "Compass hands it to virsh, to cobbler and to rm -rf as a part of a path",
                format!("take 1 to {LONGEST_LABEL} letters, digits and -, not beginning or ending with - (RFC 1123)"),
            );
        } else if name.bytes().any(|byte| byte.is_ascii_uppercase()) {
            report.warning(
                name.place,
                format!("the host name {} has capital letters", name.as_str()),
                "Kubernetes names its nodes in lower case, so that its node and Compass's host differ in name",
                format!("write {}", name.to_ascii_lowercase()),
            );
        }
        if let Some(first) = seen.insert(name.to_ascii_lowercase(), name.place) {
            report.error(
                name.place,
                format!("duplicate host name “{}” (first used on line {})", name.as_str(), first.line),
                "Compass keeps its hosts by name: one takes the place of the other",
                "give each host a unique name (case-insensitive)",
            );
        }
    }
}

fn macs(dha: &Dha, report: &mut Report) {
    let mut seen: BTreeMap<String, Place> = BTreeMap::new();
    for host in &dha.hosts {
        two_of_one_card(host, report);
        for (card, mac) in cards(host) {
            let Some(octets) = octets(mac) else {
                report.error(
                    mac.place,
                    format!("{} is no MAC ({card} of {})", mac.as_str(), called(host)),
                    "Compass's own check lets any letter through; cobbler and DHCP then never know the machine",
                    "write six pairs of 0-9 and A-F, with colons between them",
                );
                continue;
            };
            if octets.iter().all(|octet| *octet == 0) || octets[0] & 1 == 1 {
                let kind = if octets[0] & 1 == 1 { "a multicast" } else { "the zero" };
                report.error(
                    mac.place,
                    format!("{} is {kind} address ({card} of {})", mac.as_str(), called(host)),
                    "no NIC has it, so that the machine is never known when it boots",
                    "write the MAC of the NIC",
                );
            }
            if let Some(first) = seen.insert(mac.to_ascii_lowercase(), mac.place) {
                report.error(
                    mac.place,
                    format!(
                        "duplicate MAC {} ({card} of {}; first used on line {})",
                        mac.as_str(),
                        called(host),
                        first.line
                    ),
                    "Compass tells machines apart by MAC: two would be taken for one, or one NIC for two",
                    "write the MAC of each NIC",
                );
            }
        }
    }
}

/// A card has one MAC, wherever it is written.
fn two_of_one_card(host: &Host, report: &mut Report) {
    let mut first: BTreeMap<&str, &At<String>> = BTreeMap::new();
    for (card, mac) in cards(host) {
        let Some(other) = first.get(card) else {
            first.insert(card, mac);
            continue;
        };
        if !other.eq_ignore_ascii_case(mac) {
            report.warning(
                mac.place,
                format!(
                    "{card} of {} has two MACs: {} (line {}) and {}",
                    called(host),
                    other.as_str(),
                    other.place.line,
                    mac.as_str()
                ),
                if card == "eth0" {
                    "the host boots by the first; rename_nics.py tells cobbler the second soon after"
                } else {
                    "rename_nics.py tells cobbler both for the same NIC, and the second stays"
                },
                "write one MAC for each NIC",
            );
        }
    }
}

/// Every card of a host with its MAC; eth0 once, although `mac` and `interfaces` may both tell it.
pub(super) fn cards(host: &Host) -> Vec<(&str, &At<String>)> {
    let mut cards: Vec<(&str, &At<String>)> = host.mac.iter().map(|mac| ("eth0", mac)).collect();
    for interface in &host.interfaces {
        let again = interface.name.as_str() == "eth0"
            && host.mac.as_ref().is_some_and(|mac| mac.eq_ignore_ascii_case(&interface.mac));
        if !again {
            cards.push((interface.name.as_str(), &interface.mac));
        }
    }
    cards
}

/// Addresses of a host's power control: `ipmiIp`, and `power_ip` if it is another.
pub(super) fn power_addresses(host: &Host) -> Vec<(&'static str, &At<String>)> {
    let mut addresses: Vec<(&'static str, &At<String>)> = host.ipmi_ip.iter().map(|ip| ("ipmiIp", ip)).collect();
    if let Some(ip) =
        host.power_ip.as_ref().filter(|ip| host.ipmi_ip.as_ref().is_none_or(|ipmi| ipmi.value != ip.value))
    {
        addresses.push(("power_ip", ip));
    }
    addresses
}

fn powers(dha: &Dha, report: &mut Report) {
    let mut seen: BTreeMap<Ipv4Addr, Place> = BTreeMap::new();
    for host in &dha.hosts {
        for (key, text) in power_addresses(host) {
            let Ok(address) = text.parse::<Ipv4Addr>() else {
                report.error(
                    text.place,
                    format!("{key} {} of {} is no IPv4 address", text.as_str(), called(host)),
                    "ipmitool cannot reach the machine: it is never reset, and the installation times out",
                    "write the address of the machine's BMC, without zeros in front",
                );
                continue;
            };
            if let Some(first) = seen.insert(address, text.place) {
                report.error(
                    text.place,
                    format!("duplicate {key} {address} of {} (first used on line {})", called(host), first.line),
                    "one machine is reset twice and another never",
                    "write the address of each machine's own BMC",
                );
            }
        }
    }
}

fn against_pools(dha: &Dha, network: &Network, report: &mut Report) {
    let mut pools: Vec<(&str, &str, Span)> = network
        .settings
        .iter()
        .flat_map(|one| {
            let name = one.name.as_ref().map_or("a network", |name| name.as_str());
            let ranges = one.ranges.iter().map(move |range| (name, "ip_ranges", range));
            ranges.chain(one.dhcp_ranges.iter().map(move |range| (name, "dhcp_ranges", range)))
        })
        .filter_map(|(name, key, range)| Some((name, key, Span::of(range)?)))
        .collect();
    // The widest pool that begins no later than each: it holds an address if any of them does.
    pools.sort_by_key(|(_, _, span)| span.first);
    let starts: Vec<Ipv4Addr> = pools.iter().map(|(_, _, span)| span.first).collect();
    for at in 1..pools.len() {
        if pools[at - 1].2.last > pools[at].2.last {
            pools[at] = pools[at - 1];
        }
    }
    for host in &dha.hosts {
        for (key, text) in power_addresses(host) {
            let Ok(address) = text.parse::<Ipv4Addr>() else { continue };
            let before = starts.partition_point(|first| *first <= address);
            if let Some((name, pool, _)) = pools[..before].last().filter(|(_, _, span)| span.contains(address)) {
                report.error(
                    text.place,
                    format!("{key} {address} of {} lies in {pool} of {name}", called(host)),
                    "Compass gives it to a machine as well; then resets reach the wrong one, or none",
                    "move the pool, or the BMC",
                );
            }
        }
    }
}

fn is_label(name: &str) -> bool {
    name.len() <= LONGEST_LABEL
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        && !name.starts_with('-')
        && !name.ends_with('-')
}

fn octets(mac: &str) -> Option<[u8; 6]> {
    let mut octets = [0; 6];
    let mut parts = mac.split(':');
    for octet in &mut octets {
        let part = parts.next().filter(|part| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
        *octet = u8::from_str_radix(part, 16).ok()?;
    }
    parts.next().is_none().then_some(octets)
}
