//! Names, MACs and addresses that tell hosts and networks apart.

use super::fixture::{bare_metal, kubernetes, open_stack};
use plan::{Rule, Severity};

const IDENTITY: Rule = Rule::Identity;

#[test]
fn a_host_name_that_is_none_is_an_error() {
    for name in ["host_5", "-host5", "host5-", "host.5", "hôst5", &"h".repeat(64)] {
        kubernetes().dha("name: host5", &format!("name: {name}")).error(IDENTITY, "- name", "is no host name");
    }
    kubernetes().dha("name: host5", &format!("name: {}", "h".repeat(63))).finds(&[]);
}

#[test]
fn two_hosts_of_one_name_are_an_error_even_if_capitals_differ() {
    kubernetes().dha("name: host5", "name: host1").error(
        IDENTITY,
        "name: host1",
        "duplicate host name “host1” (first used on line 6)",
    );
    kubernetes().dha("name: host5", "name: Host1").finds(&[
        (Severity::Warning, IDENTITY, "name: Host1", "has capital letters"),
        (Severity::Error, IDENTITY, "name: Host1", "duplicate host name “Host1” (first used on line 6)"),
    ]);
}

#[test]
fn a_mac_that_is_none_is_an_error() {
    for mac in ["GG:4A:BF:55:A2:15", "F8-4A-BF-55-A2-15", "F8:4A:BF:55:A2", "F8:4A:BF:55:A2:15:16", "F8:4A:BF:55:A2:+5"]
    {
        bare_metal().dha("F8:4A:BF:55:A2:15", mac).error(IDENTITY, mac, "is no MAC (eth1 of host5)");
    }
}

#[test]
fn a_mac_that_no_card_has_is_an_error() {
    bare_metal().dha("F8:4A:BF:55:A2:15", "01:00:5E:00:00:01").error(IDENTITY, "01:00", "is a multicast address");
    bare_metal().dha("F8:4A:BF:55:A2:15", "FF:FF:FF:FF:FF:FF").error(IDENTITY, "FF:FF", "is a multicast address");
    bare_metal().dha("F8:4A:BF:55:A2:15", "00:00:00:00:00:00").error(IDENTITY, "00:00", "is the zero address");
}

#[test]
fn a_mac_twice_is_an_error_on_one_host_and_across_hosts() {
    bare_metal().dha("F8:4A:BF:55:A2:15", "F8:4A:BF:55:A2:05").error(
        IDENTITY,
        "eth1: 'F8:4A:BF:55:A2:05'",
        "(eth1 of host5; first used on line 38)",
    );
    bare_metal().dha("F8:4A:BF:55:A2:15", "f8:4a:bf:55:a2:11").error(
        IDENTITY,
        "f8:4a:bf:55:a2:11",
        "(eth1 of host5; first used on line 11)",
    );
}

#[test]
fn two_macs_of_one_card_are_warned_of() {
    bare_metal().dha("{eth0: 'F8:4A:BF:55:A2:05'", "{eth0: 'F8:4A:BF:55:A2:25'").warning(
        IDENTITY,
        "eth0: 'F8:4A:BF:55:A2:25'",
        "eth0 of host5 has two MACs: F8:4A:BF:55:A2:05 (line 38) and F8:4A:BF:55:A2:25",
    );
    bare_metal().dha("{eth0: 'F8:4A:BF:55:A2:05'", "{eth0: 'f8:4a:bf:55:a2:05'").finds(&[]);
}

#[test]
fn an_ipmi_address_that_is_none_is_an_error() {
    for address in ["172.16.130.256", "172.16.130", "172.16.130.05", "bmc5"] {
        bare_metal().dha("ipmiIp: 172.16.130.5", &format!("ipmiIp: {address}")).error(
            IDENTITY,
            address,
            "of host5 is no IPv4 address",
        );
    }
}

#[test]
fn an_ipmi_address_twice_is_an_error() {
    bare_metal().dha("ipmiIp: 172.16.130.5", "ipmiIp: 172.16.130.1").error(
        IDENTITY,
        "ipmiIp: 172.16.130.1",
        "duplicate ipmiIp 172.16.130.1 of host5 (first used on line 12)",
    );
}

#[test]
fn an_ipmi_address_in_a_pool_is_an_error() {
    for (address, pool) in [("10.1.0.60", "ip_ranges of mgmt"), ("10.1.0.20", "dhcp_ranges of mgmt")] {
        bare_metal().dha("ipmiIp: 172.16.130.5", &format!("ipmiIp: {address}")).error(IDENTITY, address, pool);
    }
}

#[test]
fn a_network_named_twice_is_an_error() {
    kubernetes().network("ip_settings", "- name: storage", "- name: tenant").finds(&[
        (Severity::Error, Rule::Missing, "- name: storage", "storage is missing in ip_settings"),
        (Severity::Error, IDENTITY, "- name: tenant", "duplicate name “tenant” in ip_settings (first used on line 48)"),
    ]);
}

#[test]
fn a_card_for_a_network_twice_is_an_error_unless_open_stacks_roles_keep_them_apart() {
    let twice =
        "  - name: mgmt\n    interface: eth1\n    type: vlan\n    vlan_tag: 7\n    role: [compute]\n\n  - name: tenant";
    let split = |case: super::fixture::Case| {
        case.network("", "role: [controller, compute]", "role: [controller]").network("", "  - name: tenant", twice)
    };
    split(kubernetes()).error(
        IDENTITY,
        "- name: mgmt",
        "duplicate name “mgmt” in sys_intf_mappings (first used on line 12)",
    );
    split(open_stack()).finds(&[]);
    open_stack().network("", "  - name: tenant", twice).error(IDENTITY, "- name: mgmt", "(first used on line 12)");
}

#[test]
fn a_provider_network_twice_is_an_error() {
    let twice =
        "provider_net_mappings:\n  - name: br-provider\n    network: other\n    interface: eth0\n    type: ovs\n";
    kubernetes().network("", "provider_net_mappings:\n", twice).error(
        IDENTITY,
        "- name: br-provider",
        "duplicate name “br-provider” in provider_net_mappings (first used on line 5)",
    );
}
