//! The networks that Multus puts a pod on.

use serde::{Deserialize, Serialize};

use super::Name;

/// What annotation `k8s.v1.cni.cncf.io/network-status` (of old: `networks-status`) tells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Networks {
    /// Its entries, in its order.
    Told(Vec<Attachment>),
    /// It is there and cannot be read: why, in words for people.
    Unreadable(Name),
}

/// One network of a pod.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// `name`: the NetworkAttachmentDefinition, as in `default/sriov-net`, or the default network's
    /// name, as in `cbr0`.
    pub name: Name,
    /// `interface`, as in `net1`; empty when untold, as all texts here.
    pub interface: Name,
    /// `ips`.
    pub addresses: Vec<Name>,
    /// `mac`.
    pub mac: Name,
    /// `default`: the network that the pod would have without Multus.
    pub default: bool,
    /// `vlan`, which only some plugins tell; the standard has none.
    pub vlan: Option<u16>,
    /// `device-info.pci.pci-address`: the virtual function that SR-IOV gave.
    pub device: Option<Name>,
}
