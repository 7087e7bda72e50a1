//! Cards, VLANs, bonds and provider networks: what carries each network.

use std::collections::{BTreeMap, BTreeSet};

use super::report::{Report, SHOWN, called};
use crate::{At, Dha, File, Finding, Form, Host, Network, Plan, Rule, Severity, Stack, SystemInterface, Vlan, Wire};

/// The cards of a machine that Compass makes; it is asked for no others.
const VIRTUAL: [&str; 4] = ["eth0", "eth1", "eth2", "eth3"];
/// Those of them that are on Compass's networks.
const WIRED: [&str; 2] = ["eth0", "eth1"];
const TAGS: std::ops::RangeInclusive<i64> = 1..=4094;

pub(super) fn check(plan: &Plan) -> Vec<Finding> {
    let mut found = Vec::new();
    if let Some(dha) = &plan.dha {
        found.extend(form(dha));
    }
    let Some(network) = &plan.network else { return found };
    let stack = plan.dha.as_ref().map_or(Stack::Unknown, Dha::stack);
    let mut report = Report::of(File::Network, Rule::Links);
    let bridges = named(network.provider_nets.iter().map(|one| &one.name));
    for one in &network.interfaces {
        wire(one, &bridges, &mut report);
        vlan(one, stack, &mut report);
    }
    one_wire(&network.interfaces, &mut report);
    if let Some(dha) = &plan.dha {
        cards(dha, network, &mut report);
    }
    bonds(plan.dha.as_ref(), network, &mut report);
    all_on_bonds(network, &mut report);
    found.extend(report.found());
    found
}

/// Which of Compass's scripts understand how `interfaces` is written; once, however many hosts there are.
fn form(dha: &Dha) -> Vec<Finding> {
    let mut report = Report::of(File::Dha, Rule::Links);
    if dha.is_virtual() {
        return Vec::new();
    }
    let first = |form: Form| dha.hosts.iter().filter_map(|host| host.form.as_ref()).find(|one| one.value == form);
    if let Some(list) = first(Form::List) {
        report.warning(
            list.place,
            "interfaces is a list of NICs",
            "Compass's samples and its rename_nics.py have it so; the check and the parser of its newest source \
             (since December 2018) want a map and stop (AttributeError)",
            "for the newest Compass write a map, as in interfaces: {eth0: MAC, eth1: MAC}",
        );
    }
    if let Some(map) = first(Form::Map) {
        report.note(
            map.place,
            "interfaces is a map of NICs",
            "the check and the parser of Compass's newest source want it so; its rename_nics.py, which names NICs in \
             cobbler, and older releases want a list",
            "keep the map for the newest Compass, write a list for an older one",
        );
    }
    report.found()
}

fn wire(one: &SystemInterface, bridges: &BTreeSet<&str>, report: &mut Report) {
    let name = titled(one);
    match &one.wire {
        Some(At { value: Wire::Other(text), place }) => report.error(
            *place,
            format!("the type {text} of {name} is not known"),
            "Compass passes over it without a word: the network gets no NIC",
            "write normal, vlan, ovs or dpdk",
        ),
        Some(At { value: Wire::Ovs, .. }) => {
            let Some(bridge) = &one.interface else { return };
            if !bridges.contains(bridge.as_str()) {
                report.error(
                    bridge.place,
                    format!("{name} is a port of the bridge {}, which no provider network makes", bridge.as_str()),
                    "Compass looks the bridge's NIC up in provider_net_mappings and stops with a KeyError",
                    "name a bridge of provider_net_mappings, or add it there",
                );
            }
        }
        _ => {}
    }
}

fn vlan(one: &SystemInterface, stack: Stack, report: &mut Report) {
    let name = titled(one);
    let is_vlan = matches!(&one.wire, Some(At { value: Wire::Vlan, .. }));
    let todo = format!("write a number from {} to {}", TAGS.start(), TAGS.end());
    let why = "the NIC of the VLAN cannot be made, and the network is not set up";
    match &one.vlan {
        None | Some(At { value: Vlan::Untagged, .. }) if is_vlan => {
            let place = one.vlan.as_ref().map_or(one.place, |vlan| vlan.place);
            report.error(place, format!("{name} is of type vlan and has no vlan_tag"), why, todo);
        }
        Some(At { value: Vlan::Tag(tag), place }) if !TAGS.contains(tag) => {
            let severity = if is_vlan { Severity::Error } else { Severity::Warning };
            report.add(severity, *place, format!("the vlan_tag {tag} of {name} is none"), why, todo);
        }
        Some(At { value: Vlan::Other(text), place }) => {
            let severity = if is_vlan { Severity::Error } else { Severity::Warning };
            report.add(severity, *place, format!("the vlan_tag {text} of {name} is no number"), why, todo);
        }
        // OpenStack's playbooks heed the tag, whatever the type is, and Kubernetes' do so for tenant.
        Some(At { value: Vlan::Tag(tag), place })
            if stack == Stack::Kubernetes
                && name != "tenant"
                && matches!(&one.wire, Some(At { value: Wire::Normal, .. })) =>
        {
            report.note(
                *place,
                format!("{name} has the vlan_tag {tag} and the type normal"),
                "Compass's playbooks for Kubernetes make a VLAN for the type vlan only: the network goes untagged",
                "write type: vlan if a VLAN is meant, vlan_tag: None if not",
            );
        }
        _ => {}
    }
}

fn one_wire(all: &[SystemInterface], report: &mut Report) {
    let mut seen: BTreeMap<(&str, i64), &SystemInterface> = BTreeMap::new();
    for one in all {
        let Some(interface) = &one.interface else { continue };
        let is_vlan = matches!(&one.wire, Some(At { value: Wire::Vlan, .. }));
        let tag = match &one.vlan {
            Some(At { value: Vlan::Tag(tag), .. }) if TAGS.contains(tag) => *tag,
            None | Some(At { value: Vlan::Untagged, .. }) if !is_vlan => 0,
            _ => continue,
        };
        let Some(first) = seen.get(&(interface.as_str(), tag)) else {
            seen.insert((interface.as_str(), tag), one);
            continue;
        };
        if titled(first) == titled(one) {
            continue;
        }
        let on = if tag == 0 { "untagged".into() } else { format!("with the tag {tag}") };
        report.warning(
            interface.place,
            format!("{} and {} are both on {} {on}", titled(one), titled(first), interface.as_str()),
            "hosts get the addresses of both on one wire: nothing keeps the networks apart",
            "give one of them another NIC or tag",
        );
    }
}

/// The cards that a host has; nothing if that is not said.
fn known_cards(host: &Host) -> Option<BTreeSet<&str>> {
    let cards: BTreeSet<&str> =
        host.interfaces.iter().map(|one| one.name.as_str()).chain(host.mac.iter().map(|_| "eth0")).collect();
    (!cards.is_empty()).then_some(cards)
}

/// Which hosts have which cards.
struct Cards<'a> {
    hosts: Vec<(&'a Host, BTreeSet<&'a str>)>,
}

impl<'a> Cards<'a> {
    /// Of hosts of which any is known.
    fn of(hosts: impl Iterator<Item = &'a Host>) -> Self {
        Self { hosts: hosts.filter_map(|host| Some((host, known_cards(host)?))).collect() }
    }

    /// The hosts that do not have a card, as one speaks of them; nothing if all have it.
    fn without(&self, card: &str) -> Option<String> {
        // No more than are shown, and one: a hostile plan has many cards that many hosts lack.
        let lacking = self.hosts.iter().filter(|(_, cards)| !cards.contains(card));
        let names: Vec<String> = lacking.take(SHOWN + 1).map(|(host, _)| called(host)).collect();
        let shown = names.iter().take(SHOWN).map(String::as_str).collect::<Vec<_>>().join(", ");
        (!names.is_empty()).then(|| if names.len() > SHOWN { format!("{shown} and more") } else { shown })
    }
}

fn cards(dha: &Dha, network: &Network, report: &mut Report) {
    let known = Cards::of(dha.hosts.iter());
    let bridges: BTreeSet<&str> = named(network.provider_nets.iter().map(|one| &one.name));
    let bonds: BTreeSet<&str> = named(network.bonds.iter().map(|one| &one.name));
    // Compass writes the card's name into the host's settings whether the DHA names it or not.
    let unnamed = if dha.is_virtual() { Severity::Error } else { Severity::Warning };
    let mapped = network.interfaces.iter().filter_map(|one| Some((titled(one), one.interface.as_ref()?, unnamed)));
    // Only OpenStack's playbooks make the bridges, and some name a card that is made on the way.
    let bridged = network.provider_nets.iter().filter_map(|one| {
        Some((
            one.name.as_ref().map_or("a provider network", |name| name.as_str()),
            one.interface.as_ref()?,
            Severity::Warning,
        ))
    });
    for (name, card, severity) in mapped.chain(bridged) {
        if bridges.contains(card.as_str()) || bonds.contains(card.as_str()) {
            continue;
        }
        if dha.is_virtual() {
            virtual_card(name, card, severity, report);
            continue;
        }
        if let Some(without) = known.without(card) {
            report.add(
                severity,
                card.place,
                format!("{name} is on {}, which the DHA does not name for {without}", card.as_str()),
                "Compass renames NICs by the MACs in the DHA; without one the network comes up only if the kernel happens to \
                 give the NIC this name",
                format!("add {} with its MAC to interfaces, or take a NIC that all hosts have", card.as_str()),
            );
        }
    }
}

fn virtual_card(name: &str, card: &At<String>, severity: Severity, report: &mut Report) {
    if !VIRTUAL.contains(&card.as_str()) {
        report.add(
            severity,
            card.place,
            format!("{name} is on {}, which virtual machines do not have", card.as_str()),
            "Compass makes them with eth0 to eth3: the network is not set up",
            "write eth0 or eth1",
        );
    } else if !WIRED.contains(&card.as_str()) {
        report.warning(
            card.place,
            format!("{name} is on {} of virtual machines", card.as_str()),
            "Compass ties eth2 and eth3 to libvirt's own network, not to one of the plan's",
            "write eth0 or eth1, unless hosts need only reach each other there",
        );
    }
}

fn bonds(dha: Option<&Dha>, network: &Network, report: &mut Report) {
    let hosts: BTreeMap<&str, &Host> =
        dha.iter().flat_map(|dha| &dha.hosts).filter_map(|host| Some((host.named()?, host))).collect();
    for bond in &network.bonds {
        let name = bond.name.as_ref().map_or("a bond without a name", |name| name.as_str());
        report.warning(
            bond.place,
            format!("{name} is a bond"),
            "Compass's bonding.py logs in with a key that no release makes any more: the bond is never made, and the \
             deployment goes on without",
            "bond the NICs after the deployment, or use one of them alone",
        );
        let Some(dha) = dha else { continue };
        for unknown in bond.hosts.iter().filter(|one| !hosts.contains_key(one.as_str())) {
            report.error(
                unknown.place,
                format!("{name} is for {}, which is no host of the DHA", unknown.as_str()),
                "cobbler does not know it and refuses the bond",
                "name a host of the DHA",
            );
        }
        let known = Cards::of(bond.hosts.iter().filter_map(|one| hosts.get(one.as_str()).copied()));
        for slave in &bond.slaves {
            let made = dha.is_virtual().then(|| VIRTUAL.contains(&slave.as_str()));
            let without = match made {
                Some(true) => None,
                Some(false) => Some("a virtual machine".to_owned()),
                None => known.without(slave),
            };
            if let Some(without) = without {
                report.error(
                    slave.place,
                    format!("{} of {name} is no NIC of {without}", slave.as_str()),
                    "a bond needs NICs that the host has",
                    "name NICs that the DHA names for the host",
                );
            }
        }
    }
}

/// Bonds are never made: a plan that has nothing beside them makes hosts without a network.
fn all_on_bonds(network: &Network, report: &mut Report) {
    let bonds: BTreeSet<&str> = named(network.bonds.iter().map(|one| &one.name));
    let mut bridges: BTreeMap<&str, &str> = BTreeMap::new();
    for one in &network.provider_nets {
        if let (Some(name), Some(card)) = (&one.name, &one.interface) {
            bridges.insert(name.as_str(), card.as_str());
        }
    }
    let bonded = |one: &&SystemInterface| {
        one.interface
            .as_ref()
            .is_some_and(|card| bonds.contains(bridges.get(card.as_str()).copied().unwrap_or(card.as_str())))
    };
    let carried = network.interfaces.iter().filter(bonded).count();
    if let Some(first) = network.interfaces.first().filter(|_| carried == network.interfaces.len()) {
        report.error(
            first.interface.as_ref().map_or(first.place, |card| card.place),
            "every network is on a bond",
            "Compass never makes its bonds, so that the hosts have no network but the one they were installed over",
            "put the networks on NICs of their own, and bond the NICs after the deployment",
        );
    }
}

fn titled(one: &SystemInterface) -> &str {
    one.name.as_ref().map_or("an entry without a name", |name| name.as_str())
}

fn named<'a>(names: impl Iterator<Item = &'a Option<At<String>>>) -> BTreeSet<&'a str> {
    names.filter_map(|name| name.as_ref().map(|name| name.as_str())).collect()
}
