//! network.yml: which network carries what, through which card.

use std::net::Ipv4Addr;

use super::{At, Place, Unknown};

/// A network.yml. Addresses are kept as written; whoever computes with them parses them and says what is wrong.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Network {
    /// `nic_mappings`, always empty in practice, as flow text.
    pub nic_mappings: Vec<At<String>>,
    /// `bond_mappings`.
    pub bonds: Vec<Bond>,
    /// `provider_net_mappings`.
    pub provider_nets: Vec<ProviderNet>,
    /// `sys_intf_mappings`.
    pub interfaces: Vec<SystemInterface>,
    /// `ip_settings`.
    pub settings: Vec<IpSettings>,
    /// `internal_vip`.
    pub internal_vip: Option<Vip>,
    /// `public_vip`.
    pub public_vip: Option<Vip>,
    /// `public_net_info`; Compass's check needs it even for Kubernetes.
    pub public_net: Option<PublicNet>,
    /// `tenant_net_info`.
    pub tenant_net: Option<TenantNet>,
    /// Every other key, `onos_nic` and `openo_net` among them.
    pub rest: Vec<Unknown>,
}

/// One of `sys_intf_mappings`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SystemInterface {
    /// Where the entry begins.
    pub place: Place,
    /// `name`: mgmt, tenant, storage, external, sriov.
    pub name: Option<At<String>>,
    /// `interface`, as in `eth0` or `br-prv`.
    pub interface: Option<At<String>>,
    /// `type`.
    pub wire: Option<At<Wire>>,
    /// `vlan_tag`.
    pub vlan: Option<At<Vlan>>,
    /// `role`.
    pub roles: Vec<At<String>>,
    /// Every other key.
    pub rest: Vec<Unknown>,
}

/// How an interface is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wire {
    /// The card itself.
    Normal,
    /// A VLAN on the card.
    Vlan,
    /// A port of Open vSwitch.
    Ovs,
    /// A card taken over by DPDK.
    Dpdk,
    /// Anything else.
    Other(String),
}

/// A `vlan_tag`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Vlan {
    /// `None`, `null` or nothing: untagged.
    Untagged,
    /// A number, in range or not.
    Tag(i64),
    /// Anything else.
    Other(String),
}

/// One of `ip_settings`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IpSettings {
    /// Where the entry begins.
    pub place: Place,
    /// `name`.
    pub name: Option<At<String>>,
    /// `cidr`.
    pub cidr: Option<At<String>>,
    /// `gw`.
    pub gateway: Option<At<String>>,
    /// `ip_ranges`: the pools that hosts are given addresses from.
    pub ranges: Vec<Range>,
    /// `dhcp_ranges`: the pools for installation.
    pub dhcp_ranges: Vec<Range>,
    /// `role`.
    pub roles: Vec<At<String>>,
    /// Every other key.
    pub rest: Vec<Unknown>,
}

/// A pool of addresses, both ends in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Range {
    /// Where it begins.
    pub place: Place,
    /// The first address, as written.
    pub first: At<String>,
    /// The last address, as written.
    pub last: At<String>,
}

/// `internal_vip` or `public_vip`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vip {
    /// Where it begins.
    pub place: Place,
    /// `ip`.
    pub ip: Option<At<String>>,
    /// `netmask`: the length of the prefix, as in `24`.
    pub netmask: Option<At<String>>,
    /// `interface`: the name of a network.
    pub interface: Option<At<String>>,
    /// Every other key.
    pub rest: Vec<Unknown>,
}

/// One of `bond_mappings`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bond {
    /// Where the entry begins.
    pub place: Place,
    /// `name`.
    pub name: Option<At<String>>,
    /// `host`.
    pub hosts: Vec<At<String>>,
    /// `bond-slaves`.
    pub slaves: Vec<At<String>>,
    /// `bond-mode`.
    pub mode: Option<At<String>>,
    /// Every other key.
    pub rest: Vec<Unknown>,
}

/// One of `provider_net_mappings`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderNet {
    /// Where the entry begins.
    pub place: Place,
    /// `name`.
    pub name: Option<At<String>>,
    /// `network`.
    pub network: Option<At<String>>,
    /// `interface`.
    pub interface: Option<At<String>>,
    /// `type`.
    pub wire: Option<At<String>>,
    /// `role`.
    pub roles: Vec<At<String>>,
    /// Every other key.
    pub rest: Vec<Unknown>,
}

/// `public_net_info`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicNet {
    /// Where it begins.
    pub place: Place,
    /// `enable`.
    pub enable: Option<At<String>>,
    /// `network`.
    pub network: Option<At<String>>,
    /// `type`: flat or vxlan.
    pub kind: Option<At<String>>,
    /// `segment_id`.
    pub segment: Option<At<String>>,
    /// `subnet`.
    pub subnet: Option<At<String>>,
    /// `provider_network`.
    pub provider: Option<At<String>>,
    /// `router`.
    pub router: Option<At<String>>,
    /// `enable_dhcp`.
    pub enable_dhcp: Option<At<String>>,
    /// `no_gateway`.
    pub no_gateway: Option<At<String>>,
    /// `external_gw`.
    pub gateway: Option<At<String>>,
    /// `floating_ip_cidr`.
    pub cidr: Option<At<String>>,
    /// `floating_ip_start`.
    pub first: Option<At<String>>,
    /// `floating_ip_end`.
    pub last: Option<At<String>>,
    /// Every other key.
    pub rest: Vec<Unknown>,
}

/// `tenant_net_info`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TenantNet {
    /// Where it begins.
    pub place: Place,
    /// `type`.
    pub kind: Option<At<String>>,
    /// `range`.
    pub range: Option<At<String>>,
    /// `provider_network`.
    pub provider: Option<At<String>>,
    /// Every other key.
    pub rest: Vec<Unknown>,
}

impl Network {
    /// The settings of a network.
    pub fn settings(&self, name: &str) -> Option<&IpSettings> {
        self.settings.iter().find(|one| one.name.as_ref().is_some_and(|at| at.as_str() == name))
    }

    /// The interface that carries a network.
    pub fn interface(&self, name: &str) -> Option<&SystemInterface> {
        self.interfaces.iter().find(|one| one.name.as_ref().is_some_and(|at| at.as_str() == name))
    }

    /// The address that Compass gives to the host at this place of the DHA's list: the pool's, in order.
    /// Only the first pool is used.
    pub fn address_of(&self, network: &str, host: usize) -> Option<Ipv4Addr> {
        let pool = self.settings(network)?.ranges.first()?;
        let (first, last): (Ipv4Addr, Ipv4Addr) = (pool.first.parse().ok()?, pool.last.parse().ok()?);
        let address = u32::from(first).checked_add(u32::try_from(host).ok()?)?;
        (address <= u32::from(last)).then(|| Ipv4Addr::from(address))
    }
}
