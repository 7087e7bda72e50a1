//! Reading plans: nothing dropped, nothing expanded, no secret shown.

use plan::{Checked, Finding, Form, Kind, Plan, Rule, Severity, Stack, Vlan, check};
use proptest::prelude::*;

const DHA: &str = "\
TYPE: baremetal
FLAVOR: cluster
POWER_TOOL: ipmitool
ipmiUser: admin
ipmiPass: 'hunter2-top'
ipmiVer: '2.0'
plugins:
  - stor4nfv: Enable
hosts:
  - name: host1
    mac: 'AA:BB:CC:00:00:01'
    interfaces:
      - eth1: 'AA:BB:CC:00:01:01'
    ipmiIp: 172.16.0.11
    ipmiPass: hunter2-one
    roles: [kube_master, etcd, ha]
  - name: host2
    mac: 'AA:BB:CC:00:00:02'
    interfaces: {eth0: 'AA:BB:CC:00:00:02', eth1: 'AA:BB:CC:00:01:02'}
    ipmiIp: 172.16.0.12
    power_pass: hunter2-two
    roles:
      - kube_node
";

const NETWORK: &str = "\
nic_mappings: []
sys_intf_mappings:
  - {name: mgmt, interface: eth0, type: normal, vlan_tag: None, role: []}
  - {name: storage, interface: eth1, type: vlan, vlan_tag: 102, role: []}
ip_settings:
  - name: mgmt
    cidr: 10.1.0.0/24
    gw: 10.1.0.1
    ip_ranges: [[10.1.0.50, 10.1.0.51]]
    dhcp_ranges: [[10.1.0.2, 10.1.0.49]]
internal_vip: {ip: 10.1.0.222, netmask: '24', interface: mgmt}
";

fn read(dha: &str) -> (Plan, Vec<Finding>) {
    Plan::read(Some(dha.as_bytes()), None)
}

fn never(dha: &str) -> bool {
    Checked::new(Some(dha.as_bytes()), Some(NETWORK.as_bytes())).never()
}

fn said(dha: &str) -> Vec<(Rule, Severity, u32)> {
    let (plan, mut findings) = read(dha);
    // Rules beyond reading and the shell have tests of their own.
    findings.extend(check(&plan).into_iter().filter(|finding| finding.rule == Rule::Shell));
    findings.iter().map(|finding| (finding.rule, finding.severity, finding.place.line)).collect()
}

#[test]
fn a_whole_plan_is_read_with_its_places() {
    let (plan, findings) = Plan::read(Some(DHA.as_bytes()), Some(NETWORK.as_bytes()));
    assert!(findings.is_empty(), "{findings:?}");
    let dha = plan.dha.as_ref().unwrap();
    assert_eq!(dha.stack(), Stack::Kubernetes);
    assert_eq!(dha.kind.as_ref().unwrap().value, Kind::Baremetal);
    let place = dha.hosts[1].name.as_ref().unwrap().place;
    assert_eq!((place.line, place.column), (17, 11));
    let forms: Vec<_> = dha.hosts.iter().map(|host| host.form.as_ref().unwrap().value).collect();
    assert_eq!(forms, [Form::List, Form::Map]);
    let network = plan.network.as_ref().unwrap();
    assert_eq!(network.interface("storage").unwrap().vlan.as_ref().unwrap().value, Vlan::Tag(102));
    assert_eq!(network.interface("mgmt").unwrap().vlan.as_ref().unwrap().value, Vlan::Untagged);
    assert_eq!(network.address_of("mgmt", 1), Some([10, 1, 0, 51].into()));
    assert_eq!(network.address_of("mgmt", 2), None);
}

#[test]
fn what_the_types_do_not_know_is_kept_and_reported() {
    let (plan, findings) = read(&DHA.replace("    power_pass", "    colour: [red, blue]\n    power_pass"));
    let rest = &plan.dha.unwrap().hosts[1].rest;
    assert_eq!((rest[0].key.value.as_str(), rest[0].value.as_str()), ("colour", "[red, blue]"));
    assert!(findings.iter().any(|finding| finding.rule == Rule::Unknown && finding.what.contains("colour")));
}

#[test]
fn a_key_that_would_become_an_environment_variable_is_an_error_of_its_own() {
    for key in ["PATH", "LD_PRELOAD", "TAR_URL", "anything"] {
        assert_eq!(said(&DHA.replace("ipmiUser", key)), [(Rule::Shell, Severity::Error, 4)], "{key}");
    }
}

#[test]
fn a_value_that_a_shell_would_run_is_found_wherever_it_stands() {
    for value in ["'a$(reboot)'", "'`reboot`'", "'a b'", "'a;b'", "\"a'b\"", "'a|b'", "'a\\b'", "\"a\\nb\"", "'a*'"] {
        let text = DHA.replace("name: host2", &format!("name: {value}"));
        assert_eq!(said(&text), [(Rule::Shell, Severity::Error, 17)], "{value}");
        assert!(never(&text));
    }
    assert!(!never(DHA));
}

#[test]
fn a_secret_with_a_dangerous_value_is_reported_without_it() {
    let (plan, _) = read(&DHA.replace("hunter2-one", "'pa$$word'"));
    let findings: Vec<_> = check(&plan).into_iter().filter(|finding| finding.rule == Rule::Shell).collect();
    assert_eq!(findings.len(), 1);
    assert!(!format!("{findings:?}").contains("pa$$"));
}

#[test]
fn no_debug_shows_a_secret() {
    let (plan, findings) = Plan::read(Some(DHA.as_bytes()), Some(NETWORK.as_bytes()));
    assert_eq!(plan.secrets(), ["hunter2-one", "hunter2-top", "hunter2-two"]);
    let shown = format!("{plan:#?} {findings:#?}");
    assert!(!shown.contains("hunter2"));
    let (odd, findings) = read(&DHA.replace("power_pass", "sudo_password").replace("ipmiVer", "MY_TOKEN"));
    assert!(!format!("{odd:?} {findings:?}").contains("hunter2-two"));
}

#[test]
fn yaml_traps_are_named() {
    assert_eq!(said(&DHA.replace("'2.0'", "2.0")), [(Rule::Value, Severity::Warning, 6)]);
    assert_eq!(said(&DHA.replace("'AA:BB:CC:00:00:01'", "11:22:33:44:55:10")), [(Rule::Value, Severity::Error, 11)]);
    assert!(said(&DHA.replace("FLAVOR", "TYPE")).iter().any(|(rule, ..)| *rule == Rule::Yaml));
    assert_eq!(said(&format!("\u{feff}{DHA}")), [(Rule::Yaml, Severity::Note, 1)]);
    assert!(said(&DHA.replace("  - name: host2", "\t- name: host2")).iter().any(|(rule, ..)| *rule == Rule::Yaml));
    assert!(
        said(&DHA.replace("ipmiUser: admin", "ipmiUser: &a admin").replace("host1", "*a"))
            .iter()
            .any(|(rule, ..)| *rule == Rule::Yaml)
    );
    assert!(said(&DHA.replace("hunter2-one", "*b")).iter().any(|(rule, ..)| *rule == Rule::Yaml));
    assert!(
        said(&DHA.replace("host1", "!!python/object/apply:os.system x")).iter().any(|(rule, ..)| *rule == Rule::Shell)
    );
    assert!(said(&format!("{DHA}---\nTYPE: virtual\n")).iter().any(|(rule, ..)| *rule == Rule::Yaml));
}

#[test]
fn crlf_is_read_as_lines() {
    let (plan, findings) = read(&DHA.replace('\n', "\r\n"));
    assert_eq!(plan.dha.unwrap().hosts.len(), 2);
    assert!(findings.iter().all(|finding| finding.severity < Severity::Error), "{findings:?}");
}

#[test]
fn what_is_no_plan_is_said_and_comes_to_an_end() {
    let deep = "[".repeat(1 << 20);
    let wide = "a: [".to_owned() + &"x,".repeat(300_000) + "]";
    let bomb = "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a]\nc: [*b,*b,*b,*b,*b]\n";
    let large = "a".repeat(100 << 20);
    for text in [&deep, &wide, bomb, &large, "", "just words", "- a\n- b\n", "a: 'open", "\0"] {
        let (plan, findings) = read(text);
        assert!(plan.dha.is_none_or(|dha| dha.hosts.is_empty()));
        assert!(!findings.is_empty(), "{:?}", text.get(..20));
        assert!(findings.iter().all(|finding| finding.what.len() < 400));
    }
    assert!(Plan::read(Some(b"TYPE: \xff\xfe"), None).1[0].what.contains("not UTF-8"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = Plan::read(Some(&bytes), Some(&bytes));
    }

    #[test]
    fn no_mutation_of_a_plan_makes_it_panic(at in 0..DHA.len(), with in any::<char>()) {
        let mut text: Vec<char> = DHA.chars().collect();
        text[at] = with;
        let text: String = text.into_iter().collect();
        let (plan, _) = read(&text);
        let _ = check(&plan);
    }
}
