//! `public_net_info`: the public network of OpenStack, which lies in external.

use std::net::Ipv4Addr;

use super::{
    block::{Block, Span},
    report::Report,
};
use crate::{At, File, Finding, Network, Plan, PublicNet, Rule, Severity, Stack};

pub(super) fn check(plan: &Plan) -> Vec<Finding> {
    let Some(network) = &plan.network else { return Vec::new() };
    let Some(public) = &network.public_net else { return Vec::new() };
    let mut report = Report::of(File::Network, Rule::Addresses);
    let block = well_formed(public, &mut report);
    // Kubernetes does not use what it says, only that it can be read.
    let kubernetes = plan.dha.as_ref().is_some_and(|dha| dha.stack() == Stack::Kubernetes);
    let severity = if kubernetes { Severity::Note } else { Severity::Error };
    let why = |text: &str| {
        if kubernetes { format!("OpenStack only, Kubernetes does not use it: {text}") } else { text.into() }
    };
    let mut add = |place, what: String, text: &str, todo: &str| report.add(severity, place, what, why(text), todo);

    if let (Some(first), Some(last)) = (&public.first, &public.last) {
        match Span::between(first, last) {
            None if parse(first).is_some() && parse(last).is_some() => add(
                first.place,
                format!("floating_ip_start {} comes after floating_ip_end {}", first.as_str(), last.as_str()),
                "the pool is refused when the public network is made",
                "write the lower address as floating_ip_start",
            ),
            Some(span) => {
                for (key, text, address) in
                    [("floating_ip_start", first, span.first), ("floating_ip_end", last, span.last)]
                {
                    if let Some(block) = block.filter(|block| !block.span().contains(address)) {
                        add(
                            text.place,
                            format!("{key} {address} is not in {}", block.written()),
                            "the pool is refused when the public network is made",
                            "keep both ends within floating_ip_cidr",
                        );
                    }
                }
                for what in taken(span, network) {
                    add(
                        first.place,
                        format!("the floating addresses {} to {} hold {what}", span.first, span.last),
                        "OpenStack gives the address to a virtual machine as well",
                        "keep the floating addresses apart from what hosts and VIPs use",
                    );
                }
            }
            None => {}
        }
    }
    let Some(external) = network.settings("external") else { return report.found() };
    if let (Some(block), Some(theirs), Some(text)) = (block, Block::of(external), &public.cidr)
        && block.span() != theirs.span()
    {
        add(
            text.place,
            format!("floating_ip_cidr {} is not external's cidr {}", block.written(), theirs.written()),
            "the public network is made with addresses that its NIC does not carry",
            "write the cidr of external",
        );
    }
    if let (Some(text), Some(theirs)) = (&public.gateway, &external.gateway)
        && parse(text).is_some_and(|address| parse(theirs).is_some_and(|theirs| theirs != address))
    {
        add(
            text.place,
            format!("external_gw {} is not external's gw {}", text.as_str(), theirs.as_str()),
            "virtual machines send their way out to where no gateway is",
            "write the gw of external",
        );
    }
    report.found()
}

fn parse(text: &At<String>) -> Option<Ipv4Addr> {
    text.parse().ok()
}

/// Says what is malformed, at which Compass's own check stops; gives the block if it is well formed.
fn well_formed(public: &PublicNet, report: &mut Report) -> Option<Block> {
    let why = "Compass's check of the files stops at it (invalid address) or takes it for something else";
    let addresses =
        [("external_gw", &public.gateway), ("floating_ip_start", &public.first), ("floating_ip_end", &public.last)];
    for (key, text) in addresses {
        if let Some(text) = text.as_ref().filter(|text| parse(text).is_none()) {
            let what = format!("{key} {} is no IPv4 address", text.as_str());
            report.error(text.place, what, why, "write four numbers from 0 to 255, without zeros in front");
        }
    }
    let text = public.cidr.as_ref()?;
    let block = Block::parse(text).ok();
    if block.is_none() {
        let what = format!("floating_ip_cidr {} is malformed", text.as_str());
        report.error(text.place, what, why, "write an IPv4 network and its prefix, as in 10.1.0.0/24");
    }
    block
}

/// What else uses addresses among the floating ones.
fn taken(span: Span, network: &Network) -> Vec<String> {
    let mut taken = Vec::new();
    let Some(external) = network.settings("external") else { return taken };
    for range in &external.ranges {
        if Span::of(range).is_some_and(|pool| pool.overlaps(span)) {
            taken.push(format!("addresses of external's ip_ranges (line {})", range.place.line));
        }
    }
    let holds = |text: &At<String>| parse(text).is_some_and(|address| span.contains(address));
    if let Some(gateway) = external.gateway.as_ref().filter(|gateway| holds(gateway)) {
        taken.push(format!("external's gateway {}", gateway.as_str()));
    }
    if let Some(ip) = network.public_vip.as_ref().and_then(|vip| vip.ip.as_ref()).filter(|ip| holds(ip)) {
        taken.push(format!("public_vip {}", ip.as_str()));
    }
    taken
}
