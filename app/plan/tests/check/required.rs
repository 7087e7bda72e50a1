//! Keys that Compass cannot do without.

use super::fixture::{NETWORK, kubernetes, open_stack};
use plan::{Rule, Severity};

const MISSING: Rule = Rule::Missing;

/// An entry of the fixture's network.yml, from how it begins to the next one.
fn entry(begins: &str) -> String {
    let rest = &NETWORK[NETWORK.find(begins).expect("it is in the fixture")..];
    rest.split_inclusive("\n\n").next().unwrap_or_default().to_owned()
}

#[test]
fn a_plan_without_type_is_an_error() {
    kubernetes().dha("TYPE: virtual\n", "").error(MISSING, "FLAVOR", "TYPE is missing");
}

#[test]
fn a_plan_without_flavor_is_noted_as_compass_knows_what_to_take() {
    kubernetes().dha("FLAVOR: cluster\n", "").note(MISSING, "TYPE", "FLAVOR is missing");
}

#[test]
fn a_plan_without_hosts_is_an_error() {
    super::fixture::with("TYPE: virtual\nFLAVOR: cluster\n").error(MISSING, "TYPE", "no hosts");
}

#[test]
fn a_host_without_a_name_or_roles_is_an_error() {
    kubernetes().dha("- name: host4\n    roles", "- roles").error(MISSING, "- roles", "a host has no name");
    kubernetes().dha("host4\n    roles: [kube_node]\n", "host4\n").error(MISSING, "host4", "host4 has no roles");
}

#[test]
fn mgmt_without_a_gateway_or_a_dhcp_pool_is_an_error() {
    kubernetes().network("", "    gw: \"10.1.0.1\"\n", "").error(MISSING, "- name: mgmt", "mgmt has no gw");
    kubernetes().network("", "    dhcp_ranges:\n      - - \"10.1.0.2\"\n        - \"10.1.0.49\"\n", "").error(
        MISSING,
        "- name: mgmt",
        "mgmt has no dhcp_ranges",
    );
}

#[test]
fn external_without_a_gateway_is_an_error() {
    kubernetes().network("", "    gw: \"192.16.1.1\"\n", "").error(MISSING, "- name: external", "external has no gw");
}

#[test]
fn a_network_without_a_cidr_or_a_pool_is_an_error() {
    kubernetes().network("", "    cidr: \"172.16.1.0/24\"\n", "").error(
        MISSING,
        "- name: tenant",
        "tenant has no cidr",
    );
    kubernetes().network("", "    ip_ranges:\n      - - \"172.16.1.1\"\n        - \"172.16.1.50\"\n", "").error(
        MISSING,
        "- name: tenant",
        "tenant has no ip_ranges",
    );
}

#[test]
fn a_network_that_kubernetes_needs_is_missed() {
    let storage =
        "  - name: storage\n    interface: eth1\n    type: vlan\n    vlan_tag: 102\n    role: [controller, compute]\n";
    kubernetes().network("", storage, "").finds(&[
        (Severity::Error, MISSING, "nic_mappings", "storage is missing in sys_intf_mappings"),
        (Severity::Error, MISSING, "- name: storage", "storage is in ip_settings but not in sys_intf_mappings"),
    ]);
    let pool = entry("  - name: storage\n    ip_ranges");
    kubernetes().network("", &pool, "").error(MISSING, "- name: storage", "storage is missing in ip_settings");
    open_stack().network("", &pool, "").finds(&[]);
}

#[test]
fn kubernetes_without_tenant_is_warned_of() {
    let card =
        "  - name: tenant\n    interface: eth1\n    type: vlan\n    vlan_tag: 101\n    role: [controller, compute]\n";
    let pool = entry("  - name: tenant\n    ip_ranges");
    kubernetes().network("", card, "").network("", &pool, "").warning(
        MISSING,
        "nic_mappings",
        "tenant is missing in sys_intf_mappings",
    );
}

#[test]
fn settings_of_a_network_without_a_card_are_an_error() {
    kubernetes().network("ip_settings", "- name: tenant", "- name: tenants").error(
        MISSING,
        "- name: tenants",
        "tenants is in ip_settings but not in sys_intf_mappings",
    );
}

#[test]
fn entries_without_a_name_are_errors() {
    kubernetes().network("ip_settings", "- name: tenant\n    ip_ranges", "- ip_ranges").error(
        MISSING,
        "- ip_ranges",
        "ip_settings has no name",
    );
    open_stack().network("", "- name: storage\n    interface: eth1", "- interface: eth1").finds(&[
        (Severity::Error, MISSING, "- interface", "sys_intf_mappings has no name"),
        (Severity::Error, MISSING, "- name: storage", "storage is in ip_settings but not in sys_intf_mappings"),
    ]);
}

#[test]
fn a_network_without_a_card_or_a_type_is_an_error() {
    kubernetes().network("- name: tenant", "    interface: eth1\n", "").error(
        MISSING,
        "- name: tenant",
        "tenant has no interface",
    );
    kubernetes().network("- name: mgmt", "    type: normal\n", "").error(MISSING, "- name: mgmt", "mgmt has no type");
}

#[test]
fn a_missing_vip_or_a_part_of_it_is_an_error() {
    kubernetes().network("", "internal_vip:\n  ip: 10.1.0.222\n  netmask: \"24\"\n  interface: mgmt\n", "").error(
        MISSING,
        "nic_mappings",
        "internal_vip is missing",
    );
    kubernetes().network("", "public_vip:\n  ip: 192.16.1.222\n  netmask: \"24\"\n  interface: external\n", "").error(
        MISSING,
        "nic_mappings",
        "public_vip is missing",
    );
    for part in ["ip: 10.1.0.222", "netmask: \"24\"", "interface: mgmt"] {
        let key = part.split(':').next().unwrap_or_default();
        let case = kubernetes().network("internal_vip", &format!("  {part}\n"), "");
        case.finds(&[(Severity::Error, MISSING, "", &format!("internal_vip has no {key}"))]);
    }
}

#[test]
fn public_net_info_is_needed_for_kubernetes_too() {
    let network = super::fixture::NETWORK;
    let at = network.find("public_net_info").expect("it is in the fixture");
    kubernetes().network("", &network[at..], "").error(MISSING, "nic_mappings", "public_net_info is missing");
}
