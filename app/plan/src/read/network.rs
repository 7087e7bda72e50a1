//! network.yml.

use super::{Fields, wrong};
use crate::{
    At, Bond, File, Finding, IpSettings, Network, ProviderNet, PublicNet, Range, SystemInterface, TenantNet, Vip, Vlan,
    Wire,
    document::{Node, Value},
};

/// Top-level keys of other stacks, kept as they are.
const LEGACY: [&str; 2] = ["onos_nic", "openo_net"];

pub(super) fn read(mut fields: Fields, findings: &mut Vec<Finding>) -> Network {
    let nic_mappings = fields.list("nic_mappings", findings);
    Network {
        nic_mappings: nic_mappings.iter().map(|node| At::new(node.flow(), node.place)).collect(),
        bonds: fields.maps("bond_mappings", findings).into_iter().map(|one| bond(one, findings)).collect(),
        provider_nets: fields
            .maps("provider_net_mappings", findings)
            .into_iter()
            .map(|one| provider_net(one, findings))
            .collect(),
        interfaces: fields
            .maps("sys_intf_mappings", findings)
            .into_iter()
            .map(|one| interface(one, findings))
            .collect(),
        settings: fields.maps("ip_settings", findings).into_iter().map(|one| settings(one, findings)).collect(),
        internal_vip: fields.map("internal_vip", findings).map(|one| vip(one, findings)),
        public_vip: fields.map("public_vip", findings).map(|one| vip(one, findings)),
        public_net: fields.map("public_net_info", findings).map(|one| public_net(one, findings)),
        tenant_net: fields.map("tenant_net_info", findings).map(|one| tenant_net(one, findings)),
        rest: fields.rest(&LEGACY, findings),
    }
}

fn bond(mut fields: Fields, findings: &mut Vec<Finding>) -> Bond {
    Bond {
        place: fields.place,
        name: fields.word("name", findings),
        hosts: fields.words("host", findings),
        slaves: fields.words("bond-slaves", findings),
        mode: fields.word("bond-mode", findings),
        rest: fields.rest(&["bond-miimon", "bond-lacp_rate", "bond-xmit_hash_policy", "mtu"], findings),
    }
}

fn provider_net(mut fields: Fields, findings: &mut Vec<Finding>) -> ProviderNet {
    ProviderNet {
        place: fields.place,
        name: fields.word("name", findings),
        network: fields.word("network", findings),
        interface: fields.word("interface", findings),
        wire: fields.word("type", findings),
        roles: fields.words("role", findings),
        rest: fields.rest(&[], findings),
    }
}

fn interface(mut fields: Fields, findings: &mut Vec<Finding>) -> SystemInterface {
    let wire = fields.word("type", findings).map(|at| {
        let wire = match at.value.as_str() {
            "normal" => Wire::Normal,
            "vlan" => Wire::Vlan,
            "ovs" => Wire::Ovs,
            "dpdk" => Wire::Dpdk,
            _ => Wire::Other(at.value),
        };
        At::new(wire, at.place)
    });
    let vlan = fields.take("vlan_tag").map(|node| At::new(tag(&node), node.place));
    SystemInterface {
        place: fields.place,
        name: fields.word("name", findings),
        interface: fields.word("interface", findings),
        wire,
        vlan,
        roles: fields.words("role", findings),
        rest: fields.rest(&[], findings),
    }
}

fn tag(node: &Node) -> Vlan {
    match node.scalar() {
        _ if node.is_null() => Vlan::Untagged,
        Some("None" | "none") => Vlan::Untagged,
        Some(text) => text.parse().map_or_else(|_| Vlan::Other(text.to_owned()), Vlan::Tag),
        None => Vlan::Other(node.flow()),
    }
}

fn settings(mut fields: Fields, findings: &mut Vec<Finding>) -> IpSettings {
    IpSettings {
        place: fields.place,
        name: fields.word("name", findings),
        cidr: fields.word("cidr", findings),
        gateway: fields.word("gw", findings),
        ranges: ranges(fields.list("ip_ranges", findings), findings),
        dhcp_ranges: ranges(fields.list("dhcp_ranges", findings), findings),
        roles: fields.words("role", findings),
        rest: fields.rest(&[], findings),
    }
}

fn ranges(nodes: Vec<Node>, findings: &mut Vec<Finding>) -> Vec<Range> {
    let mut ranges = Vec::with_capacity(nodes.len());
    for node in nodes {
        let ends = match &node.value {
            Value::List(ends) => ends.as_slice(),
            _ => &[],
        };
        match ends {
            [first, last] => {
                let first = super::word(File::Network, first, "the first address", findings);
                let last = super::word(File::Network, last, "the last address", findings);
                ranges.extend(first.zip(last).map(|(first, last)| Range { place: node.place, first, last }));
            }
            _ => findings.push(wrong(File::Network, node.place, "a range is no pair of addresses")),
        }
    }
    ranges
}

fn vip(mut fields: Fields, findings: &mut Vec<Finding>) -> Vip {
    Vip {
        place: fields.place,
        ip: fields.word("ip", findings),
        netmask: fields.word("netmask", findings),
        interface: fields.word("interface", findings),
        rest: fields.rest(&[], findings),
    }
}

fn public_net(mut fields: Fields, findings: &mut Vec<Finding>) -> PublicNet {
    PublicNet {
        place: fields.place,
        enable: fields.word("enable", findings),
        network: fields.word("network", findings),
        kind: fields.word("type", findings),
        segment: fields.word("segment_id", findings),
        subnet: fields.word("subnet", findings),
        provider: fields.word("provider_network", findings),
        router: fields.word("router", findings),
        enable_dhcp: fields.word("enable_dhcp", findings),
        no_gateway: fields.word("no_gateway", findings),
        gateway: fields.word("external_gw", findings),
        cidr: fields.word("floating_ip_cidr", findings),
        first: fields.word("floating_ip_start", findings),
        last: fields.word("floating_ip_end", findings),
        rest: fields.rest(&[], findings),
    }
}

fn tenant_net(mut fields: Fields, findings: &mut Vec<Finding>) -> TenantNet {
    TenantNet {
        place: fields.place,
        kind: fields.word("type", findings),
        range: fields.word("range", findings),
        provider: fields.word("provider_network", findings),
        rest: fields.rest(&[], findings),
    }
}
