//! CIDRs, gateways, networks beside each other, and what is said of the public network.

use super::fixture::{kubernetes, open_stack};
use plan::{Rule, Severity};

const ADDRESSES: Rule = Rule::Addresses;

#[test]
fn a_cidr_that_is_malformed_is_an_error() {
    for cidr in ["172.16.1/24", "172.16.1.0/33", "172.16.1.256/24", "172.16.1.0/x"] {
        kubernetes().network("", "172.16.1.0/24", cidr).error(ADDRESSES, cidr, "of tenant is malformed");
    }
    kubernetes().network("", "172.16.1.0/24", "172.16.1.0").error(ADDRESSES, "cidr", "of tenant has no prefix");
}

#[test]
fn a_cidr_with_the_address_of_a_host_is_warned_of() {
    kubernetes().network("", "172.16.1.0/24", "172.16.1.7/24").warning(ADDRESSES, "172.16.1.7/24", "a host's address");
}

#[test]
fn a_cidr_without_room_for_hosts_is_an_error() {
    kubernetes().network("", "172.16.1.0/24", "172.16.9.0/31").finds(&[
        (Severity::Error, ADDRESSES, "172.16.1.1\"", "172.16.1.1 in ip_ranges of tenant is not in 172.16.9.0/31"),
        (Severity::Error, ADDRESSES, "172.16.1.50\"", "172.16.1.50 in ip_ranges of tenant is not in"),
        (Severity::Error, ADDRESSES, "cidr", "cannot hold hosts"),
    ]);
}

#[test]
fn a_gateway_that_is_no_address_is_an_error() {
    kubernetes().network("", "gw: \"10.1.0.1\"", "gw: \"10.1.0\"").error(ADDRESSES, "gw", "of mgmt is no IPv4 address");
}

#[test]
fn a_gateway_outside_its_network_is_an_error() {
    kubernetes().network("", "gw: \"10.1.0.1\"", "gw: \"10.1.1.1\"").error(
        ADDRESSES,
        "gw",
        "the gateway 10.1.1.1 of mgmt is not in 10.1.0.0/24",
    );
    kubernetes().network("", "gw: \"10.1.0.1\"", "gw: \"10.1.0.255\"").error(ADDRESSES, "gw", "or its broadcast");
}

#[test]
fn a_gateway_in_a_pool_is_an_error() {
    kubernetes().network("", "gw: \"10.1.0.1\"", "gw: \"10.1.0.50\"").error(ADDRESSES, "gw", "lies in its ip_ranges");
    kubernetes().network("", "gw: \"10.1.0.1\"", "gw: \"10.1.0.2\"").error(ADDRESSES, "gw", "lies in its dhcp_ranges");
}

#[test]
fn networks_that_overlap_are_an_error() {
    kubernetes().network("", "cidr: \"172.16.2.0/24\"", "cidr: \"172.16.0.0/16\"").error(
        ADDRESSES,
        "172.16.0.0/16",
        "storage (172.16.0.0/16) overlaps tenant (172.16.1.0/24)",
    );
}

#[test]
fn a_network_over_the_addresses_of_services_or_pods_is_an_error_for_kubernetes() {
    for (address, what) in [("10.233.1", "services"), ("10.233.100", "pods")] {
        let moved = |case: super::fixture::Case| {
            case.network("", "172.16.1.1", &format!("{address}.1"))
                .network("", "172.16.1.50", &format!("{address}.50"))
                .network("", "172.16.1.0/24", &format!("{address}.0/24"))
        };
        moved(kubernetes()).error(ADDRESSES, "cidr", what);
        moved(open_stack()).finds(&[]);
    }
}

#[test]
fn an_address_of_public_net_info_that_is_none_is_an_error() {
    let edits = [
        ("external_gw: \"192.16.1.1\"", "external_gw: \"192.16.1\""),
        ("floating_ip_start: \"192.16.1.101\"", "floating_ip_start: \"192.16.1.301\""),
        ("floating_ip_end: \"192.16.1.199\"", "floating_ip_end: \"none\""),
    ];
    for (from, to) in edits {
        kubernetes().network("", from, to).error(ADDRESSES, to, "is no IPv4 address");
    }
    let cidr = "floating_ip_cidr: \"192.16.1.0\"";
    kubernetes().network("", "floating_ip_cidr: \"192.16.1.0/24\"", cidr).error(ADDRESSES, cidr, "is malformed");
}

#[test]
fn floating_addresses_in_the_wrong_order_are_an_error_for_open_stack() {
    open_stack().network("", "192.16.1.101", "192.16.1.200").error(
        ADDRESSES,
        "floating_ip_start",
        "floating_ip_start 192.16.1.200 comes after floating_ip_end 192.16.1.199",
    );
}

#[test]
fn floating_addresses_outside_their_cidr_are_an_error_for_open_stack() {
    open_stack().network("", "192.16.1.199", "192.16.2.199").finds(&[
        (Severity::Error, ADDRESSES, "floating_ip_start", "hold addresses of external's ip_ranges"),
        (Severity::Error, ADDRESSES, "floating_ip_start", "hold public_vip 192.16.1.222"),
        (Severity::Error, ADDRESSES, "floating_ip_end", "floating_ip_end 192.16.2.199 is not in 192.16.1.0/24"),
    ]);
}

#[test]
fn floating_addresses_that_hosts_or_the_vip_use_are_an_error_for_open_stack() {
    open_stack().network("", "192.16.1.199", "192.16.1.215").error(
        ADDRESSES,
        "floating_ip_start",
        "hold addresses of external's ip_ranges (line 64)",
    );
    open_stack().network("floating_ip", "192.16.1.101", "192.16.1.1").error(
        ADDRESSES,
        "floating_ip_start",
        "hold external's gateway 192.16.1.1",
    );
}

#[test]
fn a_public_network_that_is_not_external_is_an_error_for_open_stack_and_noted_for_kubernetes() {
    open_stack().network("", "floating_ip_cidr: \"192.16.1.0/24\"", "floating_ip_cidr: \"192.16.0.0/16\"").error(
        ADDRESSES,
        "floating_ip_cidr",
        "floating_ip_cidr 192.16.0.0/16 is not external's cidr 192.16.1.0/24",
    );
    let gateway = ("external_gw: \"192.16.1.1\"", "external_gw: \"192.16.1.2\"");
    open_stack().network("", gateway.0, gateway.1).error(
        ADDRESSES,
        "external_gw",
        "external_gw 192.16.1.2 is not external's gw 192.16.1.1",
    );
    kubernetes().network("", gateway.0, gateway.1).note(ADDRESSES, "external_gw", "external_gw 192.16.1.2");
}
