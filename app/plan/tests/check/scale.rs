//! Plans made to be slow to check.

use std::fmt::Write;

use super::fixture::{Case, with};
use plan::{check, check_expansion};

const MANY: usize = 1_000;

/// As many entries as fit, each of which is at odds with each other one.
fn hostile() -> Case {
    let mut dha = String::from("TYPE: baremetal\nFLAVOR: cluster\nPOWER_TOOL: ipmitool\nhosts:\n");
    let mut network = String::from("sys_intf_mappings:\n");
    for at in 0..MANY {
        let _ = writeln!(
            dha,
            "- {{name: h, mac: '00:00:00:00:00:00', interfaces: {{c{at}: x}}, ipmiIp: 10.0.0.1, roles: [etcd]}}"
        );
        let _ = writeln!(network, "- {{name: n, interface: e{at}, type: vlan, vlan_tag: 1, role: [r{at}]}}");
    }
    network.push_str("ip_settings:\n");
    for _ in 0..MANY {
        let _ = writeln!(network, "- {{name: n, cidr: 10.0.0.0/8, ip_ranges: [[10.0.0.1, 10.9.0.0]]}}");
    }
    let pools = "- [10.0.0.1, 10.9.0.0]\n  ".repeat(MANY);
    let _ = write!(network, "- name: pools\n  cidr: 10.0.0.0/8\n  ip_ranges:\n  {pools}");
    let (hosts, slaves) = ("h, ".repeat(MANY), "eth9, ".repeat(MANY));
    let _ = write!(network, "\nbond_mappings: [{{name: b, host: [{hosts}], bond-slaves: [{slaves}]}}]\n");
    with(&dha).of_network(&network)
}

#[test]
fn findings_grow_no_faster_than_the_plan() {
    let plan = hostile().plan();
    let (dha, network) = (plan.dha.as_ref().expect("a DHA"), plan.network.as_ref().expect("a network.yml"));
    assert_eq!((dha.hosts.len(), network.settings.len()), (MANY, MANY + 1));
    let found = check(&plan);
    assert!((1..30 * MANY).contains(&found.len()), "{}", found.len());
    let found = check_expansion(&plan, &plan);
    assert!((1..30 * MANY).contains(&found.len()), "{}", found.len());
}
