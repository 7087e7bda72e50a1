//! Virtual addresses.

use super::fixture::kubernetes;
use plan::{Rule, Severity, check};

const ADDRESSES: Rule = Rule::Addresses;

#[test]
fn a_vip_that_is_no_address_is_an_error() {
    kubernetes().network("", "10.1.0.222", "10.1.0.999").error(ADDRESSES, "ip:", "internal_vip 10.1.0.999 is no IPv4");
}

#[test]
fn a_vip_outside_its_network_is_an_error() {
    kubernetes().network("", "10.1.0.222", "10.2.0.222").error(
        ADDRESSES,
        "ip:",
        "internal_vip 10.2.0.222 is not in mgmt (10.1.0.0/24)",
    );
    kubernetes().network("", "192.16.1.222", "192.16.1.255").error(ADDRESSES, "ip:", "its broadcast");
}

#[test]
fn a_vip_inside_a_pool_is_an_error_where_a_host_is_given_it() {
    let case = kubernetes().network("", "10.1.0.222", "10.1.0.54");
    case.error(ADDRESSES, "ip:", "internal_vip 10.1.0.54 lies in ip_ranges of mgmt (line 39)");
    assert!(check(&case.plan())[0].why.contains("gives it to host5"));
    let case = kubernetes().network("", "10.1.0.222", "10.1.0.100");
    case.warning(ADDRESSES, "ip:", "internal_vip 10.1.0.100 lies in ip_ranges of mgmt");
    assert!(check(&case.plan())[0].why.contains("do not use the pool up that far"));
    // The first of a second range is given to the sixth host, and there are five.
    let ranges = "      - - \"192.16.1.210\"\n        - \"192.16.1.214\"\n      - - \"192.16.1.215\"\n        - \"192.16.1.220\"\n";
    let case = kubernetes().network("", "192.16.1.222", "192.16.1.215");
    let case = case.network("", "      - - \"192.16.1.210\"\n        - \"192.16.1.220\"\n", ranges);
    case.warning(ADDRESSES, "ip:", "lies in ip_ranges of external");
    kubernetes().network("", "10.1.0.222", "10.1.0.2").error(ADDRESSES, "ip:", "lies in dhcp_ranges of mgmt");
    kubernetes().network("", "192.16.1.222", "192.16.1.215").warning(ADDRESSES, "ip:", "lies in ip_ranges of external");
}

#[test]
fn a_vip_that_is_the_gateway_is_an_error() {
    kubernetes().network("", "10.1.0.222", "10.1.0.1").error(
        ADDRESSES,
        "ip:",
        "internal_vip 10.1.0.1 is the gateway of mgmt",
    );
}

#[test]
fn a_netmask_that_is_no_prefix_is_an_error() {
    for netmask in ["255.255.255.0", "0", "33", "x"] {
        let to = format!("netmask: \"{netmask}\"");
        kubernetes().network("internal_vip", "netmask: \"24\"", &to).error(ADDRESSES, &to, "is no length of a prefix");
    }
}

#[test]
fn a_netmask_that_is_not_the_networks_is_warned_of() {
    kubernetes().network("public_vip", "netmask: \"24\"", "netmask: \"16\"").warning(
        ADDRESSES,
        "netmask: \"16\"",
        "the netmask 16 of public_vip is not the prefix of external",
    );
}

#[test]
fn a_vip_on_no_network_is_an_error() {
    kubernetes().network("internal_vip", "interface: mgmt", "interface: eth0").error(
        ADDRESSES,
        "interface: eth0",
        "internal_vip is on eth0, which is no network of the plan",
    );
}

#[test]
fn a_vip_on_another_network_than_keepalived_expects_is_warned_of() {
    kubernetes()
        .network("", "10.1.0.222", "172.16.1.222")
        .network("internal_vip", "interface: mgmt", "interface: tenant")
        .warning(ADDRESSES, "interface: tenant", "internal_vip is on tenant instead of mgmt");
}

#[test]
fn one_address_for_both_vips_is_an_error() {
    kubernetes().network("public_vip", "192.16.1.222", "10.1.0.222").finds(&[
        (Severity::Error, ADDRESSES, "ip:", "internal_vip and public_vip are both 10.1.0.222"),
        (Severity::Error, ADDRESSES, "ip:", "public_vip 10.1.0.222 is not in external"),
    ]);
}
