//! The network file.

use super::{
    Reader,
    fields::{Fields, Wanted},
};
use crate::{
    At, Bond, IpSettings, Network, Place, ProviderNet, PublicNet, Range, Rule, Severity, SystemInterface, TenantNet,
    Vip, Vlan, Wire,
    document::{Meaning, Node, Style, Value, meaning},
    hidden::is_secret,
};

/// Keys that Compass hands on to roles of OpenStack.
const OF_OPENSTACK: [&str; 2] = ["onos_nic", "openo_net"];

/// Further keys of a bond that Compass reads.
const OF_BOND: [&str; 4] = ["bond-miimon", "bond-lacp_rate", "bond-xmit_hash_policy", "mtu"];

impl Reader<'_> {
    pub(super) fn network(&mut self, root: &Node) -> Option<Network> {
        let mut file = Fields::of(self, "", root)?;
        let nic_mappings = match file.take("nic_mappings") {
            Some((_, node)) => self.list("nic_mappings", node).iter().map(|node| self.flow(node)).collect(),
            None => Vec::new(),
        };
        let bonds = file.maps(self, "bond_mappings");
        let provider_nets = file.maps(self, "provider_net_mappings");
        let interfaces = file.maps(self, "sys_intf_mappings");
        let settings = file.maps(self, "ip_settings");
        let internal_vip = file.map(self, "internal_vip");
        let public_vip = file.map(self, "public_vip");
        let public_net = file.map(self, "public_net_info");
        let tenant_net = file.map(self, "tenant_net_info");
        let mut network = Network {
            nic_mappings,
            bonds: bonds.into_iter().map(|(place, bond)| self.bond(place, bond)).collect(),
            provider_nets: provider_nets.into_iter().map(|(place, net)| self.provider_net(place, net)).collect(),
            interfaces: interfaces.into_iter().map(|(place, one)| self.interface(place, one)).collect(),
            settings: settings.into_iter().map(|(place, one)| self.settings(place, one)).collect(),
            internal_vip: internal_vip.map(|(place, vip)| self.vip(place, vip)),
            public_vip: public_vip.map(|(place, vip)| self.vip(place, vip)),
            public_net: public_net.map(|(place, net)| self.public_net(place, net)),
            tenant_net: tenant_net.map(|(place, net)| self.tenant_net(place, net)),
            rest: Vec::new(),
        };
        let passed: Vec<_> = OF_OPENSTACK.into_iter().filter_map(|key| file.take(key)).collect();
        for (key, node) in passed {
            file.keep(key, node);
        }
        network.rest = file.rest(self);
        Some(network)
    }

    fn flow(&self, node: &Node) -> At<String> {
        let mut text = node.flow(is_secret);
        self.hidden.text(&mut text);
        At::new(text, node.place)
    }

    fn bond(&mut self, place: Place, mut bond: Fields<'_>) -> Bond {
        let (name, mode) = (bond.word(self, "name", Wanted::Text), bond.word(self, "bond-mode", Wanted::Text));
        let (hosts, slaves) = (bond.words(self, "host"), bond.words(self, "bond-slaves"));
        let passed: Vec<_> = OF_BOND.into_iter().filter_map(|key| bond.take(key)).collect();
        for (key, node) in passed {
            bond.keep(key, node);
        }
        Bond { place, name, hosts, slaves, mode, rest: bond.rest(self) }
    }

    fn provider_net(&mut self, place: Place, mut net: Fields<'_>) -> ProviderNet {
        ProviderNet {
            place,
            name: net.word(self, "name", Wanted::Text),
            network: net.word(self, "network", Wanted::Text),
            interface: net.word(self, "interface", Wanted::Text),
            wire: net.word(self, "type", Wanted::Text),
            roles: net.words(self, "role"),
            rest: net.rest(self),
        }
    }

    fn interface(&mut self, place: Place, mut one: Fields<'_>) -> SystemInterface {
        let wire = one.word(self, "type", Wanted::Text).map(|word| {
            let wire = match word.as_str() {
                "normal" => Wire::Normal,
                "vlan" => Wire::Vlan,
                "ovs" => Wire::Ovs,
                "dpdk" => Wire::Dpdk,
                other => Wire::Other(other.to_owned()),
            };
            At::new(wire, word.place)
        });
        SystemInterface {
            place,
            name: one.word(self, "name", Wanted::Text),
            interface: one.word(self, "interface", Wanted::Text),
            wire,
            vlan: self.vlan(&mut one),
            roles: one.words(self, "role"),
            rest: one.rest(self),
        }
    }

    fn vlan(&mut self, fields: &mut Fields<'_>) -> Option<At<Vlan>> {
        let (at, node) = fields.take("vlan_tag")?;
        let path = fields.path("vlan_tag");
        let Value::Scalar { text, style } = &node.value else {
            self.wrong(&path, node, "a number or the word None");
            fields.keep(at, node);
            return None;
        };
        let vlan = match meaning(text) {
            Meaning::Nothing if *style == Style::Plain => Vlan::Untagged,
            _ if text == "None" => Vlan::Untagged,
            Meaning::Number(number) => {
                if *style == Style::Quoted {
                    self.say(
                        node.place,
                        (Severity::Note, Rule::Value),
                        format!("{path} is a text of digits"),
                        "every sample of Compass has a number without quotes here",
                        "write the number without quotes",
                    );
                } else if number != *text {
                    let what = format!("{path} is {} without quotes", self.hidden.shown(text).trim_matches('"'));
                    let why = format!("Compass sees the number {number}");
                    let kind = (Severity::Warning, Rule::Value);
                    self.say(node.place, kind, what, &why, "write the number to the base of 10");
                }
                let seen = if *style == Style::Quoted { text } else { &number };
                seen.parse().map_or_else(|_| Vlan::Other(text.clone()), Vlan::Tag)
            }
            _ => Vlan::Other(text.clone()),
        };
        Some(At::new(vlan, node.place))
    }

    fn settings(&mut self, place: Place, mut one: Fields<'_>) -> IpSettings {
        IpSettings {
            place,
            name: one.word(self, "name", Wanted::Text),
            cidr: one.word(self, "cidr", Wanted::Text),
            gateway: one.word(self, "gw", Wanted::Text),
            ranges: self.ranges(&mut one, "ip_ranges"),
            dhcp_ranges: self.ranges(&mut one, "dhcp_ranges"),
            roles: one.words(self, "role"),
            rest: one.rest(self),
        }
    }

    fn ranges(&mut self, fields: &mut Fields<'_>, key: &str) -> Vec<Range> {
        let Some((at, node)) = fields.take(key) else { return Vec::new() };
        let path = fields.path(key);
        let nodes = self.list(&path, node);
        if nodes.is_empty() && !matches!(&node.value, Value::List(_)) && !node.is_nothing() {
            fields.keep(at, node);
        }
        let mut ranges = Vec::new();
        for node in nodes {
            let ends = match &node.value {
                Value::List(ends) => ends.as_slice(),
                _ => &[],
            };
            let [first, last] = ends else {
                self.wrong(&path, node, "a list of its first and its last address");
                fields.keep(at, node);
                continue;
            };
            let ends = (self.word(&path, first, Wanted::Text), self.word(&path, last, Wanted::Text));
            match ends {
                (Some(first), Some(last)) => ranges.push(Range { place: node.place, first, last }),
                _ => fields.keep(at, node),
            }
        }
        ranges
    }

    fn vip(&mut self, place: Place, mut vip: Fields<'_>) -> Vip {
        Vip {
            place,
            ip: vip.word(self, "ip", Wanted::Text),
            netmask: vip.word(self, "netmask", Wanted::Number),
            interface: vip.word(self, "interface", Wanted::Text),
            rest: vip.rest(self),
        }
    }

    fn public_net(&mut self, place: Place, mut net: Fields<'_>) -> PublicNet {
        PublicNet {
            place,
            enable: net.word(self, "enable", Wanted::Text),
            network: net.word(self, "network", Wanted::Text),
            kind: net.word(self, "type", Wanted::Text),
            segment: net.word(self, "segment_id", Wanted::Number),
            subnet: net.word(self, "subnet", Wanted::Text),
            provider: net.word(self, "provider_network", Wanted::TextOrNone),
            router: net.word(self, "router", Wanted::Text),
            enable_dhcp: net.word(self, "enable_dhcp", Wanted::Text),
            no_gateway: net.word(self, "no_gateway", Wanted::Text),
            gateway: net.word(self, "external_gw", Wanted::Text),
            cidr: net.word(self, "floating_ip_cidr", Wanted::Text),
            first: net.word(self, "floating_ip_start", Wanted::Text),
            last: net.word(self, "floating_ip_end", Wanted::Text),
            rest: net.rest(self),
        }
    }

    fn tenant_net(&mut self, place: Place, mut net: Fields<'_>) -> TenantNet {
        TenantNet {
            place,
            kind: net.word(self, "type", Wanted::Text),
            range: net.word(self, "range", Wanted::Text),
            provider: net.word(self, "provider_network", Wanted::TextOrNone),
            rest: net.rest(self),
        }
    }
}
