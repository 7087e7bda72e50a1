//! Reading plans.

use crate::{At, File, Finding, Form, Kind, Place, Plan, Rule, Severity, Stack, Vlan, Wire};

/// Lines of a DHA file with one host, to which keys of the host can be added.
const DHA: &str = "TYPE: virtual
FLAVOR: cluster
hosts:
  - name: host1
    roles:
      - kube_master
      - etcd
";

const NETWORK: &str = "nic_mappings: []
bond_mappings: []
provider_net_mappings:
  - {name: br-prv, network: physnet, interface: eth1, type: ovs, role: [controller]}
sys_intf_mappings:
  - name: mgmt
    interface: eth0
    type: normal
    vlan_tag: None
    role:
      - controller
  - name: storage
    interface: eth1
    type: vlan
    vlan_tag: 102
ip_settings:
  - name: mgmt
    ip_ranges:
      - - '10.1.0.50'
        - '10.1.0.100'
    dhcp_ranges: [['10.1.0.2', '10.1.0.49']]
    cidr: 10.1.0.0/24
    gw: 10.1.0.1
internal_vip: {ip: 10.1.0.222, netmask: '24', interface: mgmt}
public_vip:
  ip: 192.168.10.222
  netmask: 24
  interface: external
onos_nic: eth2
public_net_info: {enable: 'True', segment_id: 10, external_gw: 192.168.10.1}
tenant_net_info: {type: vxlan, range: '1:1000', provider_network: None}
";

/// What is said, each with its place and severity.
fn told(findings: &[Finding]) -> Vec<String> {
    let line = |one: &Finding| {
        format!("{}:{} {:?} {:?}: {}", one.place.line, one.place.column, one.severity, one.rule, one.what)
    };
    findings.iter().map(line).collect()
}

/// What is said of a DHA file.
fn of_dha(text: &str) -> Vec<String> {
    told(&Plan::read(Some(text.as_bytes()), None).1)
}

/// What is said of a network file.
fn of_network(text: &str) -> Vec<String> {
    told(&Plan::read(None, Some(text.as_bytes())).1)
}

/// What is said when keys of the one host are added.
fn of_host(more: &str) -> Vec<String> {
    of_dha(&format!("{DHA}    {more}\n"))
}

fn line(word: &At<String>) -> (&str, u32, u32) {
    (word, word.place.line, word.place.column)
}

#[test]
fn a_plan_is_read_with_places() {
    let more = "    mac: 'aa:bb:cc:00:00:01'\n    interfaces:\n      - eth1: 'aa:bb:cc:00:00:02'\n    ipmiIp: 10.0.0.1\n\
                plugins:\n  - stor4nfv: Enable\nipmiVer: '2.0'\n";
    let (plan, findings) = Plan::read(Some(format!("{DHA}{more}").as_bytes()), Some(NETWORK.as_bytes()));
    assert_eq!(told(&findings), Vec::<String>::new());
    let dha = plan.dha.as_ref().expect("a DHA");
    assert_eq!(dha.kind.as_ref().map(|kind| &kind.value), Some(&Kind::Virtual));
    assert_eq!(dha.stack(), Stack::Kubernetes);
    let host = &dha.hosts[0];
    assert_eq!(host.place, Place { line: 4, column: 5 });
    assert_eq!(line(host.name.as_ref().expect("a name")), ("host1", 4, 11));
    assert_eq!(host.roles.iter().map(line).collect::<Vec<_>>(), [("kube_master", 6, 9), ("etcd", 7, 9)]);
    assert_eq!(line(&host.interfaces[0].name), ("eth1", 10, 9));
    assert_eq!(line(&host.interfaces[0].mac), ("aa:bb:cc:00:00:02", 10, 15));
    assert_eq!(host.form.as_ref().map(|form| form.value), Some(Form::List));
    assert_eq!(line(&dha.plugins[0].name), ("stor4nfv", 13, 5));

    let network = plan.network.as_ref().expect("a network");
    assert_eq!(line(network.provider_nets[0].name.as_ref().expect("a name")), ("br-prv", 4, 12));
    let [mgmt, storage] = &network.interfaces[..] else { panic!("two interfaces") };
    assert_eq!(mgmt.vlan.as_ref().map(|vlan| &vlan.value), Some(&Vlan::Untagged));
    assert_eq!(storage.vlan.as_ref().map(|vlan| &vlan.value), Some(&Vlan::Tag(102)));
    assert_eq!(storage.wire.as_ref().map(|wire| &wire.value), Some(&Wire::Vlan));
    let settings = network.settings("mgmt").expect("settings");
    assert_eq!((settings.ranges.len(), settings.dhcp_ranges.len()), (1, 1));
    assert_eq!(network.address_of("mgmt", 2).map(|one| one.to_string()).as_deref(), Some("10.1.0.52"));
    assert_eq!(network.rest[0].value, "eth2");
}

#[test]
fn interfaces_may_be_one_map() {
    let text = format!("{DHA}    interfaces: {{eth0: 'aa:bb:cc:00:00:01', eth1: 'aa:bb:cc:00:00:02'}}\n");
    let (plan, _) = Plan::read(Some(text.as_bytes()), None);
    let host = &plan.dha.expect("a DHA").hosts[0];
    assert_eq!(host.interfaces.len(), 2);
    assert_eq!(host.form.as_ref().map(|form| form.value), Some(Form::Map));
}

#[test]
fn words_that_yaml_takes_for_something_else_are_told() {
    assert_eq!(
        of_host("mac: 52:54:00:12:34:56"),
        ["8:10 Error Value: hosts[0].mac is 52:54:00:12:34:56 without quotes"]
    );
    assert_eq!(of_host("interfaces: [{eth1: '11:22:33:44:55:10'}]"), Vec::<String>::new());
    assert_eq!(
        of_host("interfaces:\n      - eth1: 11:22:33:44:55:10"),
        ["9:15 Error Value: hosts[0].interfaces.eth1 is 11:22:33:44:55:10 without quotes"]
    );
    assert_eq!(of_host("mac: 52:54:00:12:34:5a"), Vec::<String>::new());
    assert_eq!(of_dha(&format!("{DHA}ipmiVer: 2.0\n")), ["8:10 Warning Value: ipmiVer is 2.0 without quotes"]);
    assert_eq!(of_dha(&format!("{DHA}ipmiUser: yes\n")), ["8:11 Warning Value: ipmiUser is yes without quotes"]);
    assert_eq!(of_dha(&format!("{DHA}NAME: 0123\n")), ["8:7 Warning Value: NAME is 0123 without quotes"]);
    assert_eq!(of_dha(&format!("{DHA}NAME: 123\n")), ["8:7 Note Value: NAME is 123 without quotes"]);
    assert_eq!(of_dha(&format!("{DHA}NAME: None\n")), ["8:7 Note Value: NAME is the word None"]);
    assert_eq!(of_dha(&format!("{DHA}NAME:\n")).len(), 1);
    let (_, findings) = Plan::read(Some(format!("{DHA}NAME: 0123\n").as_bytes()), None);
    assert_eq!(findings[0].why, "Compass sees the number 83");
}

#[test]
fn a_vlan_is_a_number_or_none() {
    let tag = |text: &str| {
        let text = NETWORK.replace("vlan_tag: 102", &format!("vlan_tag: {text}"));
        let (plan, findings) = Plan::read(None, Some(text.as_bytes()));
        let network = plan.network.expect("a network");
        let tag = network.interfaces[1].vlan.as_ref().map(|vlan| vlan.value.clone());
        (tag, told(&findings).len(), network.interfaces[1].rest.len())
    };
    assert_eq!(tag("102"), (Some(Vlan::Tag(102)), 0, 0));
    assert_eq!(tag("'102'"), (Some(Vlan::Tag(102)), 1, 0));
    assert_eq!(tag("0102"), (Some(Vlan::Tag(66)), 1, 0));
    assert_eq!(tag("-1"), (Some(Vlan::Tag(-1)), 0, 0));
    assert_eq!(tag(""), (Some(Vlan::Untagged), 0, 0));
    assert_eq!(tag("'None'"), (Some(Vlan::Untagged), 0, 0));
    assert_eq!(tag("'~'"), (Some(Vlan::Other("~".into())), 0, 0));
    assert_eq!(tag("many"), (Some(Vlan::Other("many".into())), 0, 0));
    assert_eq!(tag("99999999999999999999"), (Some(Vlan::Other("99999999999999999999".into())), 0, 0));
    assert_eq!(tag("[1]"), (None, 1, 1));
}

#[test]
fn a_value_of_the_wrong_kind_is_told_and_kept_and_the_rest_read() {
    let text = format!("{DHA}    mac: [a, b]\n    location: rack\n  - just a word\n");
    let (plan, findings) = Plan::read(Some(text.as_bytes()), None);
    assert_eq!(
        told(&findings),
        [
            "8:10 Error Value: hosts[0].mac is a list, and a single value is expected",
            "10:5 Error Value: hosts[1] is a single value, and a map is expected",
            r#"10:5 Error Shell: a part of hosts[1] is no plain word to a shell"#,
        ]
    );
    let dha = plan.dha.expect("a DHA");
    assert_eq!(dha.hosts.len(), 1);
    assert_eq!(dha.hosts[0].rest[0].value, "[a, b]");
    assert_eq!(dha.hosts[0].location.as_ref().map(|one| one.as_str()), Some("rack"));
    assert_eq!(dha.rest[0].value, "just a word");

    for (key, kind) in [("hosts", "a list"), ("plugins", "a list")] {
        let said = of_dha(&format!("TYPE: virtual\n{key}: word\n"));
        assert_eq!(said, [format!("2:{} Error Value: {key} is a single value, and {kind} is expected", key.len() + 3)]);
    }
    assert_eq!(
        of_host("location: {a: b}"),
        ["8:15 Error Value: hosts[0].location is a map, and a single value is expected"]
    );
    assert_eq!(of_network("ip_settings: [{ip_ranges: [a, [b], [c, d, e], [[f], g]]}]").len(), 4);
    assert_eq!(of_network("internal_vip: [a]").len(), 1);
    assert_eq!(of_network("sys_intf_mappings: {a: b}\nnic_mappings: c\n").len(), 2);
}

#[test]
fn roles_in_one_word_are_seen_and_told() {
    let text = DHA.replace("\n      - kube_master\n      - etcd", " kube_master");
    let (plan, findings) = Plan::read(Some(text.as_bytes()), None);
    assert!(plan.dha.expect("a DHA").hosts[0].is_master());
    assert_eq!(
        told(&findings),
        ["5:12 Error Value: hosts[0].roles is a single value, and a list of words is expected"]
    );
}

#[test]
fn unknown_keys_are_kept_and_told() {
    let (plan, findings) = Plan::read(Some(format!("{DHA}    rack: {{row: 1, slot: 'b'}}\n").as_bytes()), None);
    assert_eq!(told(&findings), [r#"8:5 Warning Unknown: "hosts[0].rack" is no key of Compass"#]);
    assert_eq!(plan.dha.expect("a DHA").hosts[0].rest[0].value, r#"{row: 1, slot: "b"}"#);
    assert_eq!(of_network("ip_settings: []\nmtu: 9000\n"), [r#"2:1 Warning Unknown: "mtu" is no key of Compass"#]);
}

#[test]
fn an_unknown_word_of_the_whole_file_is_a_variable_of_the_environment() {
    for key in ["PATH", "LD_PRELOAD", "TAR_URL", "type"] {
        let text = format!("{DHA}{key}: x\n");
        let (_, findings) = Plan::read(Some(text.as_bytes()), Some(NETWORK.as_bytes()));
        assert_eq!(told(&findings), [format!("8:1 Error Shell: {key:?} is no key of Compass")]);
        assert!(crate::Checked::new(Some(text.as_bytes()), Some(NETWORK.as_bytes())).never());
    }
    assert_eq!(
        of_dha(&format!("{DHA}deploy_options: {{a: b}}\n")),
        [r#"8:1 Warning Unknown: "deploy_options" is a map"#]
    );
    assert_eq!(of_dha(&format!("{DHA}moon: Enable\n")), ["8:1 Note Unknown: moon is for OpenStack"]);
    assert_eq!(of_dha(&format!("{DHA}moon: $(reboot)\n")).len(), 2);
    assert_eq!(of_dha(&format!("{DHA}deploy_options: {{a: ['`b`'], 'c;': d}}\n")).len(), 3);
}

#[test]
fn of_a_key_written_twice_the_last_is_taken_and_the_others_kept() {
    let (plan, findings) = Plan::read(Some(format!("NAME: a\n{DHA}NAME: b\n").as_bytes()), None);
    let dha = plan.dha.expect("a DHA");
    assert_eq!(dha.name.as_ref().map(|one| one.as_str()), Some("b"));
    assert_eq!(dha.rest[0].value, "a");
    assert_eq!(findings.len(), 1);
}

#[test]
fn a_file_given_for_the_other_is_told() {
    let (plan, findings) = Plan::read(Some(NETWORK.as_bytes()), Some(DHA.as_bytes()));
    assert_eq!(plan, Plan::default());
    assert_eq!(
        told(&findings),
        [
            "1:1 Error Value: this is a network file, given as the DHA file",
            "1:1 Error Value: this is a DHA file, given as the network file",
        ]
    );
    assert!(of_dha("a: b")[0].contains("this is no DHA file"));
    assert!(of_dha("- hosts")[0].contains("this is no DHA file"));
    assert!(of_network("hello")[0].contains("this is no network file"));
    assert_eq!(crate::kind_of(DHA.as_bytes()), Some(File::Dha));
    assert_eq!(crate::kind_of(NETWORK.as_bytes()), Some(File::Network));
    assert_eq!([b"a: b".as_slice(), b"[", b"", b"hosts"].map(crate::kind_of), [None; 4]);
}

#[test]
fn a_text_with_more_findings_than_one_can_read_tells_the_worst() {
    let many: String = (0..2_000).map(|n| format!("moon{n}: []\n")).collect();
    let (_, findings) = Plan::read(Some(format!("{DHA}{many}PATH: x\n").as_bytes()), None);
    assert_eq!(findings.len(), 501);
    assert!(findings.iter().any(|one| one.rule == Rule::Shell));
    assert!(
        findings.iter().any(|one| one.what == "1501 more findings are left out" && one.severity == Severity::Error)
    );
}

#[test]
fn samples_of_compass_are_read_whole() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/compass4nfv");
    let Some(files) = files(&folder) else {
        eprintln!("not tried: there are no samples at {}", folder.display());
        return;
    };
    assert!(!files.is_empty());
    for path in files {
        let text = std::fs::read(&path).expect("a file");
        let kind = crate::kind_of(&text).unwrap_or_else(|| panic!("{} is neither", path.display()));
        let given = |file| (kind == file).then_some(text.as_slice());
        let (plan, findings) = Plan::read(given(File::Dha), given(File::Network));
        assert!(plan.dha.is_some() || plan.network.is_some());
        let checked = crate::check(&plan);
        assert!(checked.iter().all(|one| one.rule != Rule::Shell), "{} {checked:#?}", path.display());
        assert!(findings.iter().all(|one| one.severity != Severity::Error), "{} {findings:#?}", path.display());
    }
}

fn files(folder: &std::path::Path) -> Option<Vec<std::path::PathBuf>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).ok()? {
        let path = entry.ok()?.path();
        if path.is_dir() {
            found.extend(files(&path)?);
        } else if path.extension().is_some_and(|end| end == "yml" || end == "yaml") {
            found.push(path);
        }
    }
    Some(found)
}
