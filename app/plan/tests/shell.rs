//! Values that Compass's shell would run.

use plan::{Checked, File, Finding, Rule, Severity};

/// A plan in which every value that goes through the shell can be replaced by its number.
const DHA: &str = "TYPE: <0>
FLAVOR: <1>
NAME: <2>
POWER_TOOL: <3>
ipmiUser: <4>
ipmiPass: <5>
ipmiVer: <6>
hosts:
  - name: <7>
    roles: [<8>]
    mac: <9>
    interfaces: [{eth1: <10>}]
    ipmiIp: <11>
    ipmiUser: <12>
    ipmiPass: <13>
    power_type: <14>
    power_ip: <15>
    power_user: <16>
    power_pass: <17>
    location: <18>
plugins:
  - stor4nfv: <19>
moon: <20>
deploy_options: {a: [<21>]}
cluster_param: [{a: <22>}]
";
const PLACES: usize = 23;

const NETWORK: &str = "sys_intf_mappings:
  - {name: <0>, interface: <1>}
ip_settings:
  - {name: <2>, cidr: <3>, gw: <4>, ip_ranges: [[<5>, <6>]], dhcp_ranges: [[<7>, <8>]]}
internal_vip: {ip: <9>, netmask: <10>, interface: <11>}
public_vip: {ip: <12>}
public_net_info: {external_gw: <13>, floating_ip_cidr: <14>, floating_ip_start: <15>, floating_ip_end: <16>}
";
const NETWORK_PLACES: usize = 17;

fn filled(text: &str, places: usize, at: usize, value: &str) -> String {
    (0..places).rev().fold(text.to_owned(), |text, place| {
        let value = if place == at { format!("{value:?}") } else { "'a'".into() };
        text.replace(&format!("<{place}>"), &value)
    })
}

/// What is said of the shell, and whether the plan may ever be started; with all its other faults it may not be now.
fn shell(dha: &str, network: &str) -> (Vec<Finding>, bool) {
    let mut checked = Checked::new(Some(dha.as_bytes()), Some(network.as_bytes()));
    let refused = checked.clone().start().expect_err("a plan of nothing but words has other faults");
    assert_eq!(refused.never(), checked.never());
    checked.findings.retain(|one| one.rule == Rule::Shell);
    assert_eq!(refused.shell, checked.findings);
    (checked.findings, !refused.never())
}

#[test]
fn a_plain_word_may_stand_anywhere() {
    let plain = filled(NETWORK, NETWORK_PLACES, 0, "a");
    for word in ["a", "host-1", "10.1.0.0/24", "aa:bb:cc:dd:ee:ff", "Opnfv@pharos", "a_b=c,d+e%f^g!h#i", "2.0"] {
        for at in (0..PLACES).filter(|at| ![1, 2, 3].contains(at) || !word.contains('/')) {
            let (findings, startable) = shell(&filled(DHA, PLACES, at, word), &plain);
            assert_eq!((findings, startable), (vec![], true), "{word} at {at}");
        }
    }
}

#[test]
fn what_a_shell_would_run_is_told_wherever_it_stands() {
    let plain = (filled(DHA, PLACES, 0, "a"), filled(NETWORK, NETWORK_PLACES, 0, "a"));
    let words = [
        "'",
        "\"",
        "$(reboot)",
        "`reboot`",
        "a;b",
        "a|b",
        "a&b",
        "a<b",
        "a>b",
        "$HOME",
        "a\nb",
        "a\\b",
        "a b",
        "a*",
        "a?b",
        "[a]",
        "{a,b}",
        "a}b",
        "(a)",
        "~",
        "a\tb",
        "é",
        "-x",
        "#a",
        "",
    ];
    for word in words.into_iter().filter(|word| !word.is_empty()) {
        for at in 0..PLACES {
            let (findings, startable) = shell(&filled(DHA, PLACES, at, word), &plain.1);
            assert!(!findings.is_empty(), "{word:?} at {at}");
            assert!(!startable && findings.iter().all(|one| one.severity == Severity::Error), "{word:?} at {at}");
        }
        for at in 0..NETWORK_PLACES {
            let (findings, startable) = shell(&plain.0, &filled(NETWORK, NETWORK_PLACES, at, word));
            assert!(!findings.is_empty() && !startable, "{word:?} at {at} of the network");
        }
    }
}

#[test]
fn a_plan_without_both_files_is_not_started() {
    let (dha, network) = (filled(DHA, PLACES, 0, "a"), filled(NETWORK, NETWORK_PLACES, 0, "a"));
    let given = [(Some(&dha), None), (None, Some(&network)), (Some(&dha), Some(&network)), (None, None)];
    let absent = given.map(|(dha, network)| {
        let checked = Checked::new(dha.map(String::as_bytes), network.map(String::as_bytes));
        checked.start().expect_err("refused").absent
    });
    assert_eq!(absent, [vec![File::Network], vec![File::Dha], vec![], vec![File::Dha, File::Network]]);
}
