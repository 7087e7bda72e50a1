//! Where life has left the plan, both ways.
//!
//! What cannot be compared, because a source is silent, is said to be unknown and is no drift.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::Ipv4Addr,
};

use serde::{Deserialize, Serialize};

use crate::{
    Inventory,
    figure::is_master,
    inventory::{AddressKind, ComponentKind, Heard, Name, Node, Pod, Source},
    planned::{Planned, PlannedHost, PlannedNet},
};

/// What is another way than planned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DriftKind {
    /// A planned host is no node.
    HostMissing,
    /// A planned host is no node, but its machine answers: it was installed and did not join.
    HostAnswersOnly,
    /// A node is in no plan.
    NodeUnplanned,
    /// A master that was to be a node, or the other way round.
    OtherRole,
    /// Another address of the planned network.
    OtherAddress,
    /// An address in none of the planned networks.
    OutsideNetwork,
    /// Nothing answers at a VIP.
    VipUnheld,
    /// A node holds a VIP that is no planned master.
    VipElsewhere,
    /// A planned etcd member is not there.
    FewerEtcd,
}

impl DriftKind {
    /// The word in documents and addresses.
    pub const fn word(self) -> &'static str {
        match self {
            Self::HostMissing => "host-missing",
            Self::HostAnswersOnly => "host-answers-only",
            Self::NodeUnplanned => "node-unplanned",
            Self::OtherRole => "other-role",
            Self::OtherAddress => "other-address",
            Self::OutsideNetwork => "outside-network",
            Self::VipUnheld => "vip-unheld",
            Self::VipElsewhere => "vip-elsewhere",
            Self::FewerEtcd => "fewer-etcd",
        }
    }

    /// Whether it endangers the cluster, and is not only worth a look.
    pub const fn is_error(self) -> bool {
        !matches!(self, Self::NodeUnplanned | Self::OtherAddress)
    }

    /// What to do about it.
    pub const fn todo(self) -> &'static str {
        match self {
            Self::HostMissing => {
                "Look at the machine and at the deployment's log, or take the host out of the DHA file."
            }
            Self::HostAnswersOnly => {
                "Its operating system is there, Kubernetes is not: look for the host in the deployment's Ansible recap."
            }
            Self::NodeUnplanned => "Write the host into the DHA file, or remove the node.",
            Self::OtherRole => "Label the node as planned if it plays the role, or change its roles in the DHA file.",
            Self::OtherAddress => "Check the order of hosts in the DHA file: Compass gives addresses in that order.",
            Self::OutsideNetwork => "Check the node's NICs and ip_settings in network.yml.",
            Self::VipUnheld => "Look at keepalived and haproxy on the masters.",
            Self::VipElsewhere => "Look at keepalived on the masters, and for another machine with this address.",
            Self::FewerEtcd => "Look at etcd on that host: while it is away the cluster bears fewer failures.",
        }
    }
}

/// One difference.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Drift {
    /// Of which kind.
    pub kind: DriftKind,
    /// The host, node or network that it is about.
    pub about: Name,
    /// What was planned.
    pub planned: String,
    /// What there is.
    pub found: String,
}

impl std::fmt::Display for Drift {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: planned {}, found {}", self.about, self.planned, self.found)
    }
}

/// All that was found, and what could not be compared.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// Differences by kind, then by name.
    pub drifts: Vec<Drift>,
    /// What no source tells, in sentences.
    pub unknown: Vec<String>,
}

impl Report {
    /// The differences of a host or node.
    pub fn about<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Drift> {
        self.drifts.iter().filter(move |drift| &*drift.about == name)
    }
}

/// Compares; `None` when there is no plan.
pub fn compare(inventory: &Inventory) -> Option<Report> {
    let planned = inventory.planned()?;
    let mut report = Report::default();
    match inventory.heard(Source::Nodes) {
        Heard::Live | Heard::Stale { .. } => {}
        Heard::Forbidden { permission } => {
            report.unknown.push(format!("Nodes: the permission to {permission} is missing."));
            return Some(report);
        }
        _ => {
            report.unknown.push("Nodes have not been read.".into());
            return Some(report);
        }
    }
    hosts(inventory, planned, &mut report);
    for node in inventory.nodes() {
        match planned.host(&node.name) {
            Some(host) => one_node(inventory, planned, host, node, &mut report),
            None => report.drifts.push(unplanned(node)),
        }
    }
    etcd(inventory, planned, &mut report);
    for net in &planned.nets {
        vip(inventory, net, &mut report);
    }
    report.drifts.sort();
    Some(report)
}

/// The drift of one node, for its marks; the same rules as [`compare`], as far as the node itself tells.
pub fn of_node(inventory: &Inventory, node: &Node) -> Vec<Drift> {
    let Some(planned) = inventory.planned() else { return Vec::new() };
    let mut report = Report::default();
    match planned.host(&node.name) {
        Some(host) => {
            one_node(inventory, planned, host, node, &mut report);
            if host.etcd && member(inventory, node) == Some(false) {
                report.drifts.push(fewer(host, "a member that is not ready"));
            }
        }
        None => report.drifts.push(unplanned(node)),
    }
    report.drifts
}

fn unplanned(node: &Node) -> Drift {
    let (kind, about) = (DriftKind::NodeUnplanned, node.name.clone());
    Drift { kind, about, planned: "nothing".into(), found: "a node".into() }
}

fn hosts(inventory: &Inventory, planned: &Planned, report: &mut Report) {
    for name in inventory.missing_hosts() {
        let Some(host) = planned.host(name) else { continue };
        let answers = host.addresses.iter().find(|(_, address)| inventory.answers(*address) == Some(true));
        let (kind, found) = match answers {
            Some((net, address)) => {
                (DriftKind::HostAnswersOnly, format!("a machine that answers at {address} in {net}, and no node"))
            }
            None => (DriftKind::HostMissing, "no node".to_owned()),
        };
        report.drifts.push(Drift { kind, about: name.clone(), planned: host.roles.join(", "), found });
    }
}

fn one_node(inventory: &Inventory, planned: &Planned, host: &PlannedHost, node: &Node, report: &mut Report) {
    let about = node.name.clone();
    let master = is_master(inventory, node);
    if master != host.master {
        let role = |master: bool| if master { "a master" } else { "no master" };
        report.drifts.push(Drift {
            kind: DriftKind::OtherRole,
            about: about.clone(),
            planned: role(host.master).into(),
            found: role(master).into(),
        });
    }
    let vips: Vec<Ipv4Addr> = planned.nets.iter().filter_map(|net| net.vip).collect();
    let told = node.addresses.iter().filter(|one| matches!(one.kind, AddressKind::Internal | AddressKind::External));
    let told = told.filter_map(|one| one.value.parse::<Ipv4Addr>().ok());
    for address in told.filter(|address| !vips.contains(address)) {
        let net = planned.nets.iter().find(|net| net.cidr.is_some_and(|cidr| cidr.contains(&address)));
        let (kind, wanted) = match net {
            Some(net) => match host.address(&net.name) {
                Some(wanted) if wanted != address => (DriftKind::OtherAddress, format!("{wanted} in {}", net.name)),
                _ => continue,
            },
            // A plan without networks says nothing of addresses.
            None if planned.nets.iter().all(|net| net.cidr.is_none()) => continue,
            None => (DriftKind::OutsideNetwork, "an address in a planned network".to_owned()),
        };
        report.drifts.push(Drift { kind, about: about.clone(), planned: wanted, found: address.to_string() });
    }
}

/// Whether the etcd member on a node is ready; `None` where neither a pod of it is known nor its own word.
fn member(inventory: &Inventory, node: &Node) -> Option<bool> {
    let is_etcd = |pod: &&Pod| pod.component.as_ref().is_some_and(|one| one.kind == ComponentKind::Etcd);
    let pod = inventory.components_on(&node.name).find(is_etcd).map(|pod| pod.ready);
    // Its own word counts where there is one.
    let told = inventory.etcd_on(node).and_then(|(_, member)| Some(member.told()?.follows));
    told.or(pod)
}

fn fewer(host: &PlannedHost, found: &str) -> Drift {
    let (kind, about) = (DriftKind::FewerEtcd, host.name.clone());
    Drift { kind, about, planned: "an etcd member".into(), found: found.into() }
}

fn etcd(inventory: &Inventory, planned: &Planned, report: &mut Report) {
    let mut seen: BTreeMap<&str, bool> = BTreeMap::new();
    for node in inventory.nodes() {
        if let Some((host, ready)) = planned.host(&node.name).zip(member(inventory, node)) {
            seen.insert(&host.name, ready);
        }
    }
    let mut wanted = planned.hosts.iter().filter(|host| host.etcd).peekable();
    if seen.is_empty() {
        if wanted.peek().is_some() {
            report.unknown.push("etcd members: etcd runs in no pod that is known here.".into());
        }
        return;
    }
    let missing: BTreeSet<&Name> = inventory.missing_hosts().collect();
    for host in wanted.filter(|host| !missing.contains(&host.name)) {
        match seen.get(&*host.name) {
            Some(true) => {}
            Some(false) => report.drifts.push(fewer(host, "a member that is not ready")),
            None => report.drifts.push(fewer(host, "no member")),
        }
    }
}

/// Who holds a VIP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Holder {
    /// A planned master.
    Master(Name),
    /// A node that is no planned master.
    Other(Name),
    /// Somebody: it answers, or the API is reached through it.
    Somebody,
    /// Nobody: it was tried, and nothing answered.
    Nobody,
    /// No source tells.
    Unknown,
}

/// Who holds a VIP, by what nodes say of their addresses, by where the API is reached, and by
/// whether it answers.
pub fn holder(inventory: &Inventory, vip: Ipv4Addr) -> Holder {
    let text = vip.to_string();
    let holds = |node: &&Node| node.addresses.iter().any(|one| *one.value == *text);
    if let Some(node) = inventory.nodes().find(holds) {
        let master = inventory.planned_host(&node.name).is_some_and(|host| host.master);
        return if master { Holder::Master(node.name.clone()) } else { Holder::Other(node.name.clone()) };
    }
    let entrance = inventory.entrance().and_then(|at| at.rsplit_once(':')).is_some_and(|(host, _)| host == text);
    match inventory.answers(vip) {
        Some(true) => Holder::Somebody,
        _ if entrance && matches!(inventory.heard(Source::Nodes), Heard::Live) => Holder::Somebody,
        Some(false) => Holder::Nobody,
        None => Holder::Unknown,
    }
}

fn vip(inventory: &Inventory, net: &PlannedNet, report: &mut Report) {
    let Some(vip) = net.vip else { return };
    let mut drift = |kind, found: String| {
        let planned = format!("VIP {vip} on a master");
        report.drifts.push(Drift { kind, about: net.name.clone(), planned, found });
    };
    match holder(inventory, vip) {
        Holder::Master(_) | Holder::Somebody => {}
        Holder::Other(node) => drift(DriftKind::VipElsewhere, format!("it on {node}")),
        Holder::Nobody => drift(DriftKind::VipUnheld, "nothing that answers".into()),
        Holder::Unknown => report.unknown.push(format!("VIP {vip} of {}: current holder unknown.", net.name)),
    }
}
