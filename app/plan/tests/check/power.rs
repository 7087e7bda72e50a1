//! Power control of machines of their own.

use super::fixture::{bare_metal, kubernetes};
use plan::{Rule, Severity};

const POWER: Rule = Rule::Power;

#[test]
fn bare_metal_without_a_power_tool_is_an_error() {
    bare_metal().dha("POWER_TOOL: ipmitool\n", "").error(POWER, "TYPE", "POWER_TOOL is missing");
}

#[test]
fn a_host_without_an_ipmi_address_is_an_error() {
    bare_metal().dha("    ipmiIp: 172.16.130.5\n", "").error(POWER, "name: host5", "host5 has no ipmiIp");
}

#[test]
fn a_host_without_a_user_or_a_password_of_its_own_or_of_all_is_an_error() {
    for (line, key) in [("ipmiUser: operator", "ipmiUser"), ("ipmiPass: not-a-secret", "ipmiPass")] {
        let told: Vec<(String, String)> =
            (1..=5).map(|at| (format!("name: host{at}"), format!("host{at} has no {key}"))).collect();
        let case = bare_metal().dha(&format!("{line}\n"), "");
        case.finds(&told.iter().map(|(at, what)| (Severity::Error, POWER, &**at, &**what)).collect::<Vec<_>>());
        let mut own = case;
        for host in 1..=5 {
            own = own.dha(&format!("ipmiIp: 172.16.130.{host}\n"), &format!("ipmiIp: 172.16.130.{host}\n    {line}\n"));
        }
        own.finds(&[]);
    }
}

#[test]
fn a_version_of_ipmi_that_is_not_known_is_warned_of_and_none_noted() {
    bare_metal().dha("ipmiVer: '2.0'", "ipmiVer: '2'").warning(POWER, "ipmiVer: '2'", "ipmiVer 2 is not known");
    bare_metal().dha("ipmiVer: '2.0'", "ipmiVer: '1.0'").finds(&[]);
    bare_metal().dha("ipmiVer: '2.0'\n", "").note(POWER, "TYPE", "ipmiVer is missing");
}

#[test]
fn a_host_without_a_mac_is_an_error() {
    bare_metal().dha("    mac: 'F8:4A:BF:55:A2:05'\n", "").finds(&[]);
    bare_metal()
        .dha("    mac: 'F8:4A:BF:55:A2:05'\n", "")
        .dha("eth0: 'F8:4A:BF:55:A2:05', ", "")
        .network("- name: mgmt", "interface: eth0", "interface: eth1")
        .network("- name: mgmt", "vlan_tag: None", "vlan_tag: 9")
        .finds(&[
            (Severity::Error, POWER, "name: host5", "host5 has no mac"),
            (Severity::Note, Rule::Links, "vlan_tag: 9", "mgmt has the vlan_tag 9 and the type normal"),
        ]);
}

#[test]
fn a_host_without_interfaces_is_an_error() {
    let interfaces = "    interfaces: {eth0: 'F8:4A:BF:55:A2:05', eth1: 'F8:4A:BF:55:A2:15'}\n";
    let case = bare_metal().dha(interfaces, "");
    let told = plan::check(&case.plan());
    let power: Vec<_> = told.into_iter().filter(|one| one.rule == POWER).collect();
    case.found(&power, &[(Severity::Error, POWER, "name: host5", "host5 has no interfaces")]);
}

#[test]
fn a_host_without_what_the_newest_source_asks_for_is_warned_of_once() {
    bare_metal().dha("    power_ip: 172.16.130.4\n", "").dha("    power_ip: 172.16.130.5\n", "").warning(
        POWER,
        "name: host4",
        "host4 has no power_ip",
    );
}

#[test]
fn a_blade_without_its_slot_is_an_error() {
    let mut case = bare_metal().dha("POWER_TOOL: ipmitool", "POWER_TOOL: smmset");
    for host in 1..=4 {
        let ip = format!("    ipmiIp: 172.16.130.{host}\n");
        case = case.dha(&ip, &format!("    location: {host}\n"));
    }
    case.error(POWER, "name: host5", "host5 has no location");
}

#[test]
fn power_control_of_virtual_machines_is_noted_as_unused_once() {
    kubernetes()
        .dha("NAME: compass\n", "NAME: compass\nPOWER_TOOL: ipmitool\nipmiPass: not-a-secret\n")
        .dha("host5\n", "host5\n    mac: 'GG:00:00:00:00:00'\n")
        .note(POWER, "POWER_TOOL", "not used for virtual machines: POWER_TOOL, ipmiPass, mac");
}
