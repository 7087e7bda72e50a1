//! What Compass was told to build, in the figure's terms: hosts with their cards and addresses,
//! and the networks that join them. Made from a [`plan::Plan`] once; a plan with faults gives what
//! can be told from it and leaves the rest unsaid.

use std::{collections::BTreeMap, net::Ipv4Addr};

use ipnet::Ipv4Net;
use plan::Plan;
use serde::{Deserialize, Serialize};

use crate::inventory::Name;

/// A plan as a figure needs it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Planned {
    /// The hosts in the DHA's order, in which they are given addresses.
    pub hosts: Vec<PlannedHost>,
    /// The networks that hosts have addresses in: management first, then in the file's order.
    pub nets: Vec<PlannedNet>,
    by_name: BTreeMap<Name, usize>,
}

/// A host that was to be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedHost {
    /// Its name.
    pub name: Name,
    /// Role `kube_master`.
    pub master: bool,
    /// Role `etcd`.
    pub etcd: bool,
    /// All its roles.
    pub roles: Vec<Name>,
    /// Network and the address that Compass gives it there.
    pub addresses: Vec<(Name, Ipv4Addr)>,
}

/// A network that was to be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedNet {
    /// As in `mgmt`, `external`.
    pub name: Name,
    /// The card that carries it, as in `eth0`; empty when the plan does not say.
    pub card: Name,
    /// Its VLAN; `None` for untagged.
    pub vlan: Option<u16>,
    /// Its addresses.
    pub cidr: Option<Ipv4Net>,
    /// Its gateway; of the management network, the jump host's own address.
    pub gateway: Option<Ipv4Addr>,
    /// The address that moves between the masters: keepalived's.
    pub vip: Option<Ipv4Addr>,
}

/// The network that machines are installed and managed over.
pub const MGMT: &str = "mgmt";

impl Planned {
    /// From its parts.
    pub fn new(hosts: Vec<PlannedHost>, nets: Vec<PlannedNet>) -> Self {
        let by_name = hosts.iter().enumerate().rev().map(|(n, host)| (host.name.clone(), n)).collect();
        Self { hosts, nets, by_name }
    }

    /// What a plan says of hosts and networks.
    pub fn of(plan: &Plan) -> Self {
        let mut nets: Vec<PlannedNet> = plan
            .network
            .iter()
            .flat_map(|network| network.settings.iter().filter_map(|one| net(network, one)))
            .collect();
        nets.sort_by_key(|net| &*net.name != MGMT);
        let hosts = plan.dha.iter().flat_map(|dha| dha.hosts.iter().enumerate());
        let hosts: Vec<PlannedHost> = hosts
            .filter_map(|(n, host)| {
                let address =
                    |net: &PlannedNet| Some((net.name.clone(), plan.network.as_ref()?.address_of(&net.name, n)?));
                Some(PlannedHost {
                    name: host.named()?.into(),
                    master: host.is_master() || host.plays("controller"),
                    etcd: host.plays("etcd"),
                    roles: host.roles.iter().map(|role| role.as_str().into()).collect(),
                    addresses: nets.iter().filter_map(address).collect(),
                })
            })
            .collect();
        Self::new(hosts, nets)
    }

    /// The host that a node is: by its whole name or by the first label of it.
    pub fn host(&self, node: &str) -> Option<&PlannedHost> {
        let label = node.split('.').next().unwrap_or(node);
        self.by_name.get(node).or_else(|| self.by_name.get(label)).and_then(|n| self.hosts.get(*n))
    }

    /// The management network.
    pub fn mgmt(&self) -> Option<&PlannedNet> {
        self.nets.first().filter(|net| &*net.name == MGMT)
    }

    /// The cards of every host, each once: management's first.
    pub fn cards(&self) -> Vec<&Name> {
        let mut cards: Vec<&Name> = Vec::new();
        for net in self.nets.iter().filter(|net| !net.card.is_empty()) {
            if !cards.contains(&&net.card) {
                cards.push(&net.card);
            }
        }
        cards
    }
}

impl PlannedHost {
    /// Its address in a network.
    pub fn address(&self, net: &str) -> Option<Ipv4Addr> {
        self.addresses.iter().find(|(name, _)| &**name == net).map(|(_, address)| *address)
    }
}

fn net(network: &plan::Network, settings: &plan::IpSettings) -> Option<PlannedNet> {
    let name = settings.name.as_ref()?.as_str();
    let carried = network.interface(name);
    let vlan = match carried.and_then(|one| one.vlan.as_ref()).map(|at| &at.value) {
        Some(plan::Vlan::Tag(tag)) => u16::try_from(*tag).ok(),
        _ => None,
    };
    let vips = [&network.internal_vip, &network.public_vip];
    let vip = vips.into_iter().flatten().find(|vip| vip.interface.as_ref().is_some_and(|at| at.as_str() == name));
    let card = carried.and_then(|one| one.interface.as_ref());
    // A bridge of Open vSwitch stands for the card below it.
    let card = card.map(|at| {
        let below =
            network.provider_nets.iter().find(|net| net.name.as_ref().is_some_and(|name| name.value == at.value));
        below.and_then(|net| net.interface.as_ref()).unwrap_or(at).as_str()
    });
    Some(PlannedNet {
        name: name.into(),
        card: card.unwrap_or_default().into(),
        vlan,
        cidr: settings.cidr.as_ref().and_then(|at| at.parse().ok()),
        gateway: settings.gateway.as_ref().and_then(|at| at.parse().ok()),
        vip: vip.and_then(|vip| vip.ip.as_ref()).and_then(|at| at.parse().ok()),
    })
}
