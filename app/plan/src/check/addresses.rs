//! CIDRs and gateways of the networks, and networks that overlap.

use std::net::Ipv4Addr;

use super::{
    block::{Block, NoBlock, Span, overlapping},
    report::Report,
};
use crate::{File, Finding, IpSettings, Place, Plan, Rule, Stack};

/// What kubespray, as Compass runs it, takes for services and for pods.
const OF_KUBERNETES: [(&str, &str); 2] = [("services", "10.233.0.0/18"), ("pods", "10.233.64.0/18")];
/// The longest prefix with room for a gateway and a host.
const LONGEST_PREFIX: u32 = 30;

pub(super) fn check(plan: &Plan) -> Vec<Finding> {
    let Some(network) = &plan.network else { return Vec::new() };
    let mut report = Report::of(File::Network, Rule::Addresses);
    for one in &network.settings {
        cidr(one, &mut report);
        gateway(one, &mut report);
    }
    overlaps(&network.settings, &mut report);
    if plan.dha.as_ref().is_some_and(|dha| dha.stack() == Stack::Kubernetes) {
        over_kubernetes(&network.settings, &mut report);
    }
    report.found()
}

/// How to speak of a network.
pub(super) fn titled(settings: &IpSettings) -> &str {
    settings.name.as_ref().map_or("a network without a name", |name| name.as_str())
}

fn cidr(one: &IpSettings, report: &mut Report) {
    let Some(text) = &one.cidr else { return };
    let name = titled(one);
    match Block::parse(text) {
        Err(NoBlock::NoPrefix) => report.error(
            text.place,
            format!("the cidr {} of {name} has no prefix", text.as_str()),
            "Compass's check lets it through, then its parser fails on it or takes it for one single address",
            "write the prefix too, as in 10.1.0.0/24",
        ),
        Err(NoBlock::Malformed) => report.error(
            text.place,
            format!("the cidr {} of {name} is malformed", text.as_str()),
            "Compass's check of the files stops at it (invalid address), or its parser later",
            "write an IPv4 network and its prefix, as in 10.1.0.0/24",
        ),
        Ok(block) if block.prefix > LONGEST_PREFIX || block.prefix == 0 => report.error(
            text.place,
            format!("the cidr {} of {name} cannot hold hosts", text.as_str()),
            "Compass needs an address for each host, one for the gateway and a broadcast, and a way out of it",
            format!("take a prefix from 1 to {LONGEST_PREFIX}, as in 10.1.0.0/24"),
        ),
        Ok(block) if block.has_host_bits() => report.warning(
            text.place,
            format!("the cidr {} of {name} is a host's address, not the network's", text.as_str()),
            "some parts of Compass compute the network from it, others compare it as text",
            format!("write {}", block.written()),
        ),
        Ok(_) => {}
    }
}

fn gateway(one: &IpSettings, report: &mut Report) {
    let Some(text) = &one.gateway else { return };
    let name = titled(one);
    let Ok(address) = text.parse::<Ipv4Addr>() else {
        report.error(
            text.place,
            format!("the gateway {} of {name} is no IPv4 address", text.as_str()),
            "Compass's check of the files stops at external's; mgmt's becomes the jump host's own address",
            "write the address of the gateway, without zeros in front",
        );
        return;
    };
    let Some(block) = Block::of(one) else { return };
    let (todo, place) = ("write an address of the network that is in no pool", text.place);
    if !block.span().contains(address) {
        report.error(
            place,
            format!("the gateway {address} of {name} is not in {}", block.written()),
            "hosts of the network cannot reach it, so that they have no way out",
            todo,
        );
    } else if block.reserves(address) {
        report.error(
            place,
            format!("the gateway {address} of {name} is the network's own address or its broadcast"),
            "no machine can have it",
            todo,
        );
    }
    let pools = [("ip_ranges", &one.ranges), ("dhcp_ranges", &one.dhcp_ranges)];
    for (key, range) in pools.into_iter().flat_map(|(key, ranges)| ranges.iter().map(move |range| (key, range))) {
        if Span::of(range).is_some_and(|span| span.contains(address)) {
            report.error(
                place,
                format!("the gateway {address} of {name} lies in its {key} of line {}", range.place.line),
                "Compass gives the address to a host as well",
                "move the gateway or the pool",
            );
        }
    }
}

fn overlaps(all: &[IpSettings], report: &mut Report) {
    let blocks: Vec<(&str, Block, Place)> =
        all.iter().filter_map(|one| Some((titled(one), Block::of(one)?, one.cidr.as_ref()?.place))).collect();
    let spans: Vec<Span> = blocks.iter().map(|(_, block, _)| block.span()).collect();
    for (first, second) in overlapping(&spans) {
        let ((other, theirs, _), (name, block, place)) = (&blocks[first], &blocks[second]);
        report.error(
            *place,
            format!("{name} ({}) overlaps {other} ({})", block.written(), theirs.written()),
            "each host gets a NIC in both: it cannot tell through which to answer",
            "give each network addresses of its own",
        );
    }
}

fn over_kubernetes(all: &[IpSettings], report: &mut Report) {
    for one in all {
        let Some((block, text)) = Block::of(one).zip(one.cidr.as_ref()) else { continue };
        for (what, taken) in OF_KUBERNETES {
            if Block::parse(taken).is_ok_and(|taken| taken.span().overlaps(block.span())) {
                report.error(
                    text.place,
                    format!("{} ({}) overlaps {taken}, the addresses of {what}", titled(one), block.written()),
                    "kubespray, as Compass runs it, takes them; hosts then send to the cluster what is meant for the \
                     network",
                    "take other addresses for the network",
                );
            }
        }
    }
}
