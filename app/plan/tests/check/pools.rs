//! Pools that hosts are given addresses from.

use super::fixture::kubernetes;
use plan::{Rule, Severity};

const ADDRESSES: Rule = Rule::Addresses;

#[test]
fn an_end_of_a_pool_that_is_no_address_is_an_error() {
    for address in ["172.16.1.300", "172.16.1", "172.16.1.05", "host"] {
        kubernetes().network("", "\"172.16.1.50\"", &format!("\"{address}\"")).error(
            ADDRESSES,
            address,
            "in ip_ranges of tenant is no IPv4 address",
        );
    }
}

#[test]
fn a_pool_that_goes_backwards_is_an_error() {
    kubernetes().network("", "\"172.16.1.1\"", "\"172.16.1.60\"").error(
        ADDRESSES,
        "172.16.1.60",
        "ip_ranges of tenant goes from 172.16.1.60 back to 172.16.1.50",
    );
}

#[test]
fn a_pool_that_leaves_its_network_is_an_error() {
    kubernetes().network("", "\"172.16.1.50\"", "\"172.16.2.1\"").error(
        ADDRESSES,
        "172.16.2.1",
        "172.16.2.1 in ip_ranges of tenant is not in 172.16.1.0/24",
    );
}

#[test]
fn a_pool_with_the_address_of_the_network_or_the_broadcast_is_an_error() {
    kubernetes().network("", "\"172.16.1.1\"", "\"172.16.1.0\"").error(
        ADDRESSES,
        "172.16.1.0",
        "ip_ranges of tenant holds 172.16.1.0, the network's own address",
    );
    kubernetes().network("", "\"172.16.1.50\"", "\"172.16.1.255\"").error(ADDRESSES, "172.16.1.255", "the broadcast");
}

#[test]
fn pools_of_one_network_that_overlap_are_an_error() {
    kubernetes().network("", "\"10.1.0.49\"", "\"10.1.0.50\"").error(
        ADDRESSES,
        "10.1.0.2",
        "dhcp_ranges of mgmt overlaps its ip_ranges of line 39",
    );
    let second = "\"172.16.1.50\"\n      - - \"172.16.1.50\"\n        - \"172.16.1.60\"";
    kubernetes().network("", "\"172.16.1.50\"", second).error(
        ADDRESSES,
        "- - \"172.16.1.50\"",
        "ip_ranges of tenant overlaps its ip_ranges of line 50",
    );
}

#[test]
fn a_pool_with_fewer_addresses_than_hosts_is_an_error() {
    kubernetes().network("", "\"10.1.0.100\"", "\"10.1.0.53\"").error(
        ADDRESSES,
        "10.1.0.50",
        "the first pool in ip_ranges of mgmt has 4 addresses for 5 hosts",
    );
    kubernetes().network("", "\"192.16.1.220\"", "\"192.16.1.213\"").error(
        ADDRESSES,
        "192.16.1.210",
        "ip_ranges of external have 4 addresses for 5 hosts",
    );
    kubernetes().network("", "\"192.16.1.220\"", "\"192.16.1.214\"").finds(&[]);
}

#[test]
fn only_the_first_pool_of_mgmt_counts() {
    let second = "\"10.1.0.53\"\n      - - \"10.1.0.60\"\n        - \"10.1.0.99\"";
    kubernetes().network("", "\"10.1.0.100\"", second).finds(&[
        (Severity::Error, ADDRESSES, "10.1.0.50", "has 4 addresses for 5 hosts"),
        (Severity::Note, ADDRESSES, "10.1.0.60", "only the first pool"),
    ]);
    let split = "\"192.16.1.211\"\n      - - \"192.16.1.213\"\n        - \"192.16.1.216\"";
    kubernetes().network("", "\"192.16.1.220\"", split).finds(&[]);
}

#[test]
fn too_few_leases_for_all_hosts_are_warned_of() {
    kubernetes().network("", "\"10.1.0.49\"", "\"10.1.0.5\"").warning(
        ADDRESSES,
        "10.1.0.2",
        "dhcp_ranges of mgmt have 4 addresses for 5 hosts",
    );
}
