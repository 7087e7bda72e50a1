//! Pools of addresses: in their network, in order, apart from each other, and large enough.

use super::{
    addresses::titled,
    block::{Block, Span, overlapping},
    report::Report,
};
use crate::{File, Finding, IpSettings, Plan, Range, Rule};

pub(super) fn check(plan: &Plan) -> Vec<Finding> {
    let Some(network) = &plan.network else { return Vec::new() };
    let hosts = plan.dha.as_ref().map_or(0, |dha| dha.hosts.len());
    let mut report = Report::of(File::Network, Rule::Addresses);
    for one in &network.settings {
        for (key, range) in pools(one) {
            ends(one, key, range, &mut report);
        }
        apart(one, &mut report);
        large_enough(one, hosts, &mut report);
    }
    report.found()
}

/// All pools of a network with the key that they stand under.
pub(super) fn pools(one: &IpSettings) -> impl Iterator<Item = (&'static str, &Range)> {
    let given = one.ranges.iter().map(|range| ("ip_ranges", range));
    given.chain(one.dhcp_ranges.iter().map(|range| ("dhcp_ranges", range)))
}

fn ends(one: &IpSettings, key: &str, range: &Range, report: &mut Report) {
    let name = titled(one);
    let mut parsed = true;
    for text in [&range.first, &range.last] {
        if text.parse::<std::net::Ipv4Addr>().is_err() {
            parsed = false;
            report.error(
                text.place,
                format!("{} in {key} of {name} is no IPv4 address", text.as_str()),
                "Compass's check of the files stops at it (invalid address), or its parser later",
                "write four numbers from 0 to 255, without zeros in front",
            );
        }
    }
    if !parsed {
        return;
    }
    let Some(span) = Span::of(range) else {
        report.error(
            range.first.place,
            format!("{key} of {name} goes from {} back to {}", range.first.as_str(), range.last.as_str()),
            "the pool is empty for Compass: it stops when it looks for the first host's address",
            "write the lower address first",
        );
        return;
    };
    let Some(block) = Block::of(one) else { return };
    for (text, address) in [(&range.first, span.first), (&range.last, span.last)] {
        if !block.span().contains(address) {
            report.error(
                text.place,
                format!("{address} in {key} of {name} is not in {}", block.written()),
                "Compass gives such addresses to hosts, which nobody in the network reaches",
                "keep the pool within the cidr",
            );
        } else if block.reserves(address) {
            let what = if address == block.span().first { "the network's own address" } else { "the broadcast" };
            report.error(
                text.place,
                format!("{key} of {name} holds {address}, {what}"),
                "a host that is given it cannot be reached",
                "leave the first and the last address of the cidr out",
            );
        }
    }
}

fn apart(one: &IpSettings, report: &mut Report) {
    let all: Vec<_> = pools(one).filter_map(|(key, range)| Some((key, range, Span::of(range)?))).collect();
    let spans: Vec<Span> = all.iter().map(|(_, _, span)| *span).collect();
    for (first, second) in overlapping(&spans) {
        let ((other, theirs, _), (key, range, _)) = (&all[first], &all[second]);
        report.error(
            range.first.place,
            format!("{key} of {} overlaps its {other} of line {}", titled(one), theirs.place.line),
            "one address is given to two machines",
            "let each pool begin after the last address of the other",
        );
    }
}

fn large_enough(one: &IpSettings, hosts: usize, report: &mut Report) {
    let name = titled(one);
    let needed = u64::try_from(hosts).unwrap_or(u64::MAX);
    let (Some(first), Some(spans)) =
        (one.ranges.first(), one.ranges.iter().map(Span::of).collect::<Option<Vec<Span>>>())
    else {
        return;
    };
    if name == "mgmt" {
        let room = spans.first().map_or(0, |span| span.len());
        if room < needed {
            report.error(
                first.first.place,
                format!("the first pool in ip_ranges of mgmt has {room} addresses for {hosts} hosts"),
                "hosts get its addresses in their order and no other pool is used: config_parse.py stops \
                 (StopIteration) and deploy.sh goes on with half of the settings",
                format!("make the first pool {needed} addresses long"),
            );
        }
        if let Some(second) = one.ranges.get(1) {
            report.note(
                second.first.place,
                "only the first pool in ip_ranges of mgmt is used",
                "hosts are installed with its addresses in their order",
                "remove the others, or make the first one longer",
            );
        }
    } else {
        let room: u64 = spans.iter().map(|span| span.len()).sum();
        if room < needed {
            report.error(
                first.first.place,
                format!("ip_ranges of {name} have {room} addresses for {hosts} hosts"),
                "each host gets one of them; Compass stops (StopIteration) at the first host that goes without",
                format!("make them {needed} addresses long"),
            );
        }
    }
    let Some(lease) = one.dhcp_ranges.first() else { return };
    if let Some(room) = Span::of(lease).map(Span::len).filter(|room| *room < needed) {
        report.warning(
            lease.first.place,
            format!("dhcp_ranges of {name} have {room} addresses for {hosts} hosts"),
            "all hosts boot from the network at once; those that get no lease are not installed",
            format!("make the first pool {needed} addresses long"),
        );
    }
}
