//! Cards, VLANs, bonds and provider networks.

use super::fixture::{OF_EVERY_BARE_METAL, bare_metal, kubernetes, open_stack};
use plan::{Rule, Severity, check};

const LINKS: Rule = Rule::Links;
const BOND: &str = "bond_mappings:
  - name: bond1
    host: [host1, host2]
    bond-slaves: [eth0, eth1]
    bond-mode: 802.3ad
    bond-miimon: 100
    bond-lacp_rate: fast
    bond-xmit_hash_policy: layer2
    mtu: 9000
";

#[test]
fn a_vlan_without_a_tag_is_an_error() {
    kubernetes().network("", "vlan_tag: 101", "vlan_tag: None").error(
        LINKS,
        "vlan_tag: None",
        "tenant is of type vlan and has no vlan_tag",
    );
    kubernetes().network("", "    vlan_tag: 101\n", "").error(LINKS, "- name: tenant", "has no vlan_tag");
}

#[test]
fn a_tag_that_no_vlan_has_is_an_error() {
    for tag in ["0", "4095", "-1"] {
        let to = format!("vlan_tag: {tag}");
        kubernetes().network("", "vlan_tag: 101", &to).error(LINKS, &to, "of tenant is none");
    }
    kubernetes().network("", "vlan_tag: 101", "vlan_tag: blue").error(LINKS, "blue", "the vlan_tag blue of tenant");
    for tag in ["1", "4094"] {
        kubernetes().network("", "vlan_tag: 101", &format!("vlan_tag: {tag}")).finds(&[]);
    }
}

#[test]
fn a_tag_that_kubernetes_playbooks_pass_over_is_noted() {
    let normal = |case: super::fixture::Case, tag: &str| {
        case.network("", &format!("type: vlan\n    vlan_tag: {tag}"), &format!("type: normal\n    vlan_tag: {tag}"))
    };
    normal(kubernetes(), "102").note(LINKS, "vlan_tag: 102", "storage has the vlan_tag 102 and the type normal");
    normal(kubernetes(), "101").finds(&[]);
    normal(open_stack(), "102").finds(&[]);
}

#[test]
fn a_type_that_is_not_known_is_an_error() {
    kubernetes().network("- name: mgmt", "type: normal", "type: bridge").error(
        LINKS,
        "type: bridge",
        "the type bridge of mgmt is not known",
    );
}

#[test]
fn two_networks_on_one_wire_are_warned_of() {
    kubernetes().network("", "vlan_tag: 102", "vlan_tag: 101").warning(
        LINKS,
        "interface: eth1",
        "storage and tenant are both on eth1 with the tag 101",
    );
    kubernetes().network("- name: external", "interface: eth1", "interface: eth0").warning(
        LINKS,
        "interface: eth0",
        "external and mgmt are both on eth0 untagged",
    );
}

#[test]
fn a_card_that_no_virtual_machine_has_is_an_error_one_without_mac_a_warning() {
    kubernetes().network("- name: tenant", "interface: eth1", "interface: eth7").error(
        LINKS,
        "interface: eth7",
        "tenant is on eth7, which virtual machines do not have",
    );
    bare_metal().network("- name: tenant", "interface: eth1", "interface: eth2").warning(
        LINKS,
        "interface: eth2",
        "tenant is on eth2, which the DHA does not name for host1, host2, host3, host4, host5",
    );
    bare_metal().dha("eth1: 'F8:4A:BF:55:A2:15'", "eth2: 'F8:4A:BF:55:A2:15'").finds(&[
        (Severity::Warning, LINKS, "interface: eth1", "br-provider is on eth1, which the DHA does not name for host5"),
        (Severity::Warning, LINKS, "interface: eth1", "tenant is on eth1, which the DHA does not name for host5"),
        (Severity::Warning, LINKS, "interface: eth1", "storage is on eth1"),
        (Severity::Warning, LINKS, "interface: eth1", "external is on eth1"),
    ]);
}

#[test]
fn a_card_of_a_virtual_machine_that_is_on_no_network_of_the_plan_is_warned_of() {
    kubernetes().network("- name: tenant", "interface: eth1", "interface: eth2").warning(
        LINKS,
        "interface: eth2",
        "tenant is on eth2 of virtual machines",
    );
}

#[test]
fn a_port_of_a_bridge_that_nobody_makes_is_an_error() {
    let bridged = |case: super::fixture::Case, bridge: &str| {
        let to = format!("interface: {bridge}\n    type: ovs");
        case.network("- name: external", "interface: eth1\n    type: normal", &to)
    };
    bridged(open_stack(), "br-provider").finds(&[]);
    bridged(bare_metal(), "eth1").error(LINKS, "interface: eth1", "external is a port of the bridge eth1");
}

#[test]
fn a_provider_network_on_a_card_that_nobody_has_is_warned_of() {
    open_stack().network("", "interface: eth1", "interface: external-nic").warning(
        LINKS,
        "interface: external-nic",
        "br-provider is on external-nic",
    );
}

#[test]
fn a_bond_is_warned_of_as_it_is_never_made() {
    bare_metal().network("", "bond_mappings: []\n", BOND).warning(LINKS, "- name: bond1", "bond1 is a bond");
}

#[test]
fn a_bond_of_hosts_or_cards_that_are_not_there_is_an_error() {
    let bonded = || bare_metal().network("", "bond_mappings: []\n", BOND);
    bonded().network("", "[host1, host2]", "[host1, host9]").finds(&[
        (Severity::Warning, LINKS, "- name: bond1", "bond1 is a bond"),
        (Severity::Error, LINKS, "host9", "bond1 is for host9, which is no host of the DHA"),
    ]);
    bonded().network("", "[host1, host2]", "[host2]").network("", "[eth0, eth1]", "[eth0, eth4]").finds(&[
        (Severity::Warning, LINKS, "- name: bond1", "bond1 is a bond"),
        (Severity::Error, LINKS, "eth4", "eth4 of bond1 is no NIC of host2"),
    ]);
}

#[test]
fn a_network_may_be_on_a_bond() {
    bare_metal()
        .network("", "bond_mappings: []\n", BOND)
        .network("- name: tenant", "interface: eth1", "interface: bond1")
        .warning(LINKS, "- name: bond1", "bond1 is a bond");
}

#[test]
fn a_plan_whose_every_network_is_on_bonds_cannot_start() {
    let on_bonds = |names: &[&str]| {
        let bonded = bare_metal().network("", "bond_mappings: []\n", BOND);
        names.iter().fold(bonded, |case, name| {
            let card = if *name == "mgmt" { "interface: eth0" } else { "interface: eth1" };
            case.network(&format!("- name: {name}"), card, "interface: bond1")
        })
    };
    let errors = |case: super::fixture::Case| -> Vec<String> {
        let found = check(&case.plan());
        found.into_iter().filter(|one| one.severity == Severity::Error).map(|one| one.what).collect()
    };
    assert_eq!(errors(on_bonds(&["mgmt", "tenant", "storage", "external"])), ["every network is on a bond"]);
    assert!(errors(on_bonds(&["tenant", "storage", "external"])).is_empty(), "mgmt has a card");
}

#[test]
fn the_form_of_interfaces_is_told_once() {
    let case = bare_metal();
    let told = check(&case.plan());
    case.found(&told, &[(Severity::Note, LINKS, "interfaces: {", OF_EVERY_BARE_METAL)]);
    let mut case = bare_metal();
    for host in 1..=5 {
        let (eth0, eth1) = (format!("eth0: 'F8:4A:BF:55:A2:0{host}'"), format!("eth1: 'F8:4A:BF:55:A2:1{host}'"));
        case = case.dha(&format!("{{{eth0}, {eth1}}}"), &format!("[{{{eth0}}}, {{{eth1}}}]"));
    }
    case.warning(LINKS, "interfaces: [", "interfaces is a list of NICs");
}
