//! The virtual addresses that masters take over from each other.

use std::net::Ipv4Addr;

use super::{
    addresses::titled,
    block::{Block, Span},
    pools::pools,
    report::{Report, called},
};
use crate::{File, Finding, IpSettings, Network, Plan, Rule, Severity, Vip};

pub(super) fn check(plan: &Plan) -> Vec<Finding> {
    let Some(network) = &plan.network else { return Vec::new() };
    let mut report = Report::of(File::Network, Rule::Addresses);
    let vips = [("internal_vip", "mgmt", &network.internal_vip), ("public_vip", "external", &network.public_vip)];
    for (key, usual, vip) in vips {
        let Some(vip) = vip else { continue };
        carrier(key, usual, vip, network, &mut report);
        netmask(key, vip, network, &mut report);
        address(key, vip, plan, network, &mut report);
    }
    same(network, &mut report);
    report.found()
}

/// The network that a VIP belongs to.
fn of<'a>(vip: &Vip, network: &'a Network) -> Option<&'a IpSettings> {
    network.settings(vip.interface.as_ref()?)
}

fn carrier(key: &str, usual: &str, vip: &Vip, network: &Network, report: &mut Report) {
    let Some(name) = &vip.interface else { return };
    if network.interface(name).is_none() && network.settings(name).is_none() {
        report.error(
            name.place,
            format!("{key} is on {}, which is no network of the plan", name.as_str()),
            "Compass looks its NIC up in sys_intf_mappings and stops with a KeyError",
            format!("write {usual}"),
        );
    } else if name.as_str() != usual {
        report.warning(
            name.place,
            format!("{key} is on {} instead of {usual}", name.as_str()),
            format!("for Kubernetes, Compass lets keepalived hold it on {usual}'s NIC, whatever is written here"),
            format!("write {usual}, and an address of it"),
        );
    }
}

fn netmask(key: &str, vip: &Vip, network: &Network, report: &mut Report) {
    let Some(text) = &vip.netmask else { return };
    let why = "keepalived sets the address up with it";
    match text.parse::<u32>() {
        Ok(prefix) if (1..=32).contains(&prefix) => {
            let Some((one, block)) = of(vip, network).and_then(|one| Some((one, Block::of(one)?))) else { return };
            if block.prefix != prefix {
                report.warning(
                    text.place,
                    format!("the netmask {prefix} of {key} is not the prefix of {} ({})", titled(one), block.written()),
                    format!("{why}, so that the master that holds it takes other machines for neighbours"),
                    format!("write \"{}\"", block.prefix),
                );
            }
        }
        _ => report.error(
            text.place,
            format!("the netmask {} of {key} is no length of a prefix", text.as_str()),
            format!("{why} and fails"),
            "write the length of the network's prefix, as in \"24\"",
        ),
    }
}

fn address(key: &str, vip: &Vip, plan: &Plan, network: &Network, report: &mut Report) {
    let Some(text) = &vip.ip else { return };
    let Ok(address) = text.parse::<Ipv4Addr>() else {
        report.error(
            text.place,
            format!("{key} {} is no IPv4 address", text.as_str()),
            "Compass does not check it; keepalived fails on it when all hosts are installed",
            "write an address of the network that is in no pool",
        );
        return;
    };
    let Some(one) = of(vip, network) else { return };
    let name = titled(one);
    if let Some(block) = Block::of(one) {
        if !block.span().contains(address) {
            report.error(
                text.place,
                format!("{key} {address} is not in {name} ({})", block.written()),
                "a master holds it on that network's NIC, where nobody looks for it",
                "write an address of the network that is in no pool",
            );
        } else if block.reserves(address) {
            report.error(
                text.place,
                format!("{key} {address} is {name}'s own address or its broadcast"),
                "no machine can have it",
                "write another address of the network that is in no pool",
            );
        }
    }
    if one.gateway.as_ref().and_then(|gateway| gateway.parse().ok()) == Some(address) {
        report.error(
            text.place,
            format!("{key} {address} is the gateway of {name}"),
            "a master takes the gateway's address: hosts lose their way out",
            "write another address of the network that is in no pool",
        );
    }
    // Ranges are used up one after the other.
    let mut earlier = 0_usize;
    for (pool, range) in pools(one) {
        let Some(span) = Span::of(range) else { continue };
        let before = earlier;
        earlier = earlier.saturating_add(usize::try_from(span.len()).unwrap_or(usize::MAX));
        if !span.contains(address) {
            continue;
        }
        let (severity, why) = given_to(plan, (pool, before), span, address);
        report.add(
            severity,
            text.place,
            format!("{key} {address} lies in {pool} of {name} (line {})", range.place.line),
            why,
            "move the VIP out of the pool, or end the pool before it",
        );
    }
}

/// Whether a host is given the address of a VIP that lies in a pool, and which one.
fn given_to(plan: &Plan, (pool, before): (&str, usize), span: Span, address: Ipv4Addr) -> (Severity, String) {
    let hosts = plan.dha.as_ref().map_or(&[][..], |dha| &dha.hosts);
    match span.place_of(address).filter(|_| pool == "ip_ranges").and_then(|at| hosts.get(at.saturating_add(before))) {
        Some(host) => (Severity::Error, format!("Compass gives it to {} as well", called(host))),
        // A DHCP pool is used in no order that is known beforehand.
        None if pool == "dhcp_ranges" => (
            Severity::Error,
            "the DHCP server may give it to any machine that boots; Compass's manual forbids it".into(),
        ),
        None => (
            Severity::Warning,
            "the hosts of this plan do not use the pool up that far; an expansion may; Compass's manual forbids it"
                .into(),
        ),
    }
}

fn same(network: &Network, report: &mut Report) {
    let ip = |vip: &Option<Vip>| vip.as_ref().and_then(|vip| vip.ip.clone());
    let (Some(internal), Some(public)) = (ip(&network.internal_vip), ip(&network.public_vip)) else { return };
    if internal.value == public.value {
        report.error(
            internal.place.max(public.place),
            format!("internal_vip and public_vip are both {}", internal.as_str()),
            "keepalived holds it on two NICs: answers leave through the wrong one",
            "give each an address of its own network",
        );
    }
}
