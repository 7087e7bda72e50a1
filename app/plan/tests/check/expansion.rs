//! An expansion beside the plan of its cluster.

use super::fixture::{Case, bare_metal, kubernetes, open_stack, with};
use plan::{Plan, Rule, Severity, check, check_expansion};

const EXPANSION: Rule = Rule::Expansion;
const NEW: &str = "\
TYPE: virtual
FLAVOR: cluster
NAME: compass

hosts:
  - name: host6
    roles: [kube_node]

  - name: host7
    roles: [kube_node]
";
const NEW_BARE_METAL: &str = "\
TYPE: baremetal
FLAVOR: cluster
POWER_TOOL: ipmitool
ipmiUser: operator
ipmiPass: not-a-secret
ipmiVer: '2.0'

hosts:
  - name: host6
    mac: 'F8:4A:BF:55:A2:06'
    interfaces: {eth0: 'F8:4A:BF:55:A2:06', eth1: 'F8:4A:BF:55:A2:16'}
    ipmiIp: 172.16.130.6
    power_ip: 172.16.130.6
    roles: [kube_node]
";

/// The cluster's network.yml with its pools begun behind the addresses in use.
fn moved(case: Case) -> Case {
    case.network("", "10.1.0.50", "10.1.0.55")
        .network("", "172.16.1.1\"", "172.16.1.6\"")
        .network("", "172.16.2.1\"", "172.16.2.6\"")
        .network("", "192.16.1.210", "192.16.1.215")
}

fn collides(base: &Case, new: &Case, severity: Severity, line: &str, what: &str) {
    new.found(&check_expansion(&base.plan(), &new.plan()), &[(severity, EXPANSION, line, what)]);
}

#[test]
fn an_expansion_that_fits_has_no_finding() {
    for (base, new) in [(kubernetes(), moved(with(NEW))), (bare_metal(), moved(with(NEW_BARE_METAL)))] {
        assert_eq!(check_expansion(&base.plan(), &new.plan()), []);
    }
    assert!(check(&moved(with(NEW)).plan()).iter().all(|one| one.severity == Severity::Note));
    let alone = Plan { network: None, ..with(NEW).plan() };
    assert_eq!(check_expansion(&kubernetes().plan(), &alone), []);
}

#[test]
fn a_name_that_the_cluster_has_is_an_error() {
    let new = moved(with(NEW)).dha("host7", "HOST1");
    collides(&kubernetes(), &new, Severity::Error, "name: HOST1", "the cluster has a host HOST1 already");
}

#[test]
fn a_mac_that_the_cluster_has_is_an_error() {
    let new = moved(with(NEW_BARE_METAL)).dha("f8:4a:bf:55:a2:16".to_uppercase().as_str(), "f8:4a:bf:55:a2:01");
    collides(
        &bare_metal(),
        &new,
        Severity::Error,
        "eth1",
        "host1 of the cluster has the MAC f8:4a:bf:55:a2:01 already",
    );
}

#[test]
fn an_ipmi_address_that_the_cluster_has_is_an_error() {
    let new = moved(with(NEW_BARE_METAL)).dha("ipmiIp: 172.16.130.6", "ipmiIp: 172.16.130.2");
    collides(&bare_metal(), &new, Severity::Error, "ipmiIp", "ipmiIp 172.16.130.2 is that of host2 of the cluster");
}

#[test]
fn addresses_in_use_are_an_error() {
    let new = moved(with(NEW)).network("", "10.1.0.55", "10.1.0.54");
    let told = check_expansion(&kubernetes().plan(), &new.plan());
    new.found(&told, &[(Severity::Error, EXPANSION, "10.1.0.54", "ip_ranges of mgmt give 10.1.0.54, which a host")]);
    assert!(told[0].todo.contains("10.1.0.55 or later"), "{told:#?}");
    let same = with(NEW);
    let told = check_expansion(&kubernetes().plan(), &same.plan());
    assert_eq!(told.len(), 4, "one a network: {told:#?}");
}

#[test]
fn another_network_than_the_clusters_is_an_error() {
    let new = moved(with(NEW)).network("", "cidr: \"172.16.1.0/24\"", "cidr: \"172.16.1.0/25\"");
    collides(&kubernetes(), &new, Severity::Error, "172.16.1.0/25", "tenant is 172.16.1.0/25 here and 172.16.1.0/24");
}

#[test]
fn a_pool_that_does_not_hold_old_and_new_hosts_is_an_error() {
    let base = kubernetes().network("", "10.1.0.100", "10.1.0.55");
    let alone = Plan { network: None, ..with(NEW).plan() };
    let told = check_expansion(&base.plan(), &alone);
    let what = "ip_ranges of mgmt have 6 addresses for 5 hosts and 2 new ones";
    base.found(&told, &[(Severity::Error, EXPANSION, "10.1.0.50", what)]);
}

#[test]
fn a_role_that_is_not_a_workers_is_an_error() {
    let new = moved(with(NEW)).dha("[kube_node]", "[kube_node, etcd]");
    collides(&kubernetes(), &new, Severity::Error, "etcd", "host6 is to be etcd");
}

#[test]
fn workers_of_another_stack_are_an_error() {
    let new = moved(with(NEW)).dha("NAME: compass\n", "");
    collides(&open_stack(), &new, Severity::Error, "kube_node", "another stack than the cluster's");
}

#[test]
fn an_expansion_of_another_cluster_is_an_error() {
    let new = moved(with(NEW)).dha("NAME: compass\n", "");
    let what = "the expansion is for the cluster opnfv, the plan is of compass";
    collides(&kubernetes(), &new, Severity::Error, "name: host6", what);
}

#[test]
fn an_expansion_of_another_type_is_an_error() {
    let new = moved(with(NEW_BARE_METAL)).dha("FLAVOR", "NAME: compass\nFLAVOR");
    collides(&kubernetes(), &new, Severity::Error, "TYPE: baremetal", "TYPE is not the cluster's");
}
