//! Whatever the bytes, reading and checking end, in order, and without a panic.

use plan::{Plan, Severity};
use proptest::prelude::*;

const DHA: &str = "TYPE: baremetal\nFLAVOR: cluster\nipmiVer: '2.0'\nipmiPass: hunter22\nhosts:\n  - name: host1\n    \
                   mac: '52:54:00:00:00:01'\n    interfaces:\n      - eth1: '52:54:00:00:00:02'\n    ipmiIp: 10.0.0.1\n    \
                   roles:\n      - kube_master\n      - etcd\n      - ha\n  - name: host2\n    roles: [kube_node]\n\
                   plugins:\n  - stor4nfv: Enable\n";
const NETWORK: &str = "nic_mappings: []\nsys_intf_mappings:\n  - name: mgmt\n    interface: eth0\n    type: vlan\n    \
                       vlan_tag: 101\n    role: [kube_node]\nip_settings:\n  - name: mgmt\n    ip_ranges:\n      - \
                       - '10.1.0.50'\n        - '10.1.0.100'\n    cidr: 10.1.0.0/24\n    gw: 10.1.0.1\n\
                       internal_vip: {ip: 10.1.0.222, netmask: '24', interface: mgmt}\npublic_net_info: {enable: 'True'}\n";

/// Pieces that mean something to YAML, to a shell or to Compass.
const PIECES: [&str; 40] = [
    "\n",
    "\n  ",
    "\n    - ",
    " ",
    "\t",
    "\r\n",
    ":",
    ": ",
    "- ",
    "[",
    "]",
    "{",
    "}",
    ",",
    "'",
    "\"",
    "|\n",
    ">-\n",
    "&a ",
    "*a",
    "<<: *a",
    "!!str ",
    "!x ",
    "#",
    " #",
    "%",
    "---\n",
    "...\n",
    "? ",
    "~",
    "None",
    "yes",
    "0x1",
    "10:20:30",
    "1.5",
    "$(x)",
    "\u{FEFF}",
    "é",
    "hosts: ",
    "ipmiPass: ",
];

fn judged(dha: &[u8], network: &[u8]) -> Result<(), TestCaseError> {
    let (plan, findings) = Plan::read(Some(dha), Some(network));
    prop_assert!(findings.is_sorted());
    let said = findings.iter().any(|one| one.severity == Severity::Error);
    prop_assert!(said || plan.dha.is_some() && plan.network.is_some(), "nothing read and nothing said");
    let checked = plan::check(&plan);
    prop_assert!(checked.is_sorted());
    let printed = format!("{findings:?} {checked:?}");
    for secret in plan.secrets().into_iter().filter(|secret| secret.chars().count() > 12) {
        prop_assert!(!printed.contains(secret));
    }
    prop_assert_eq!(Plan::read(Some(dha), Some(network)).0, plan, "read twice alike");
    Ok(())
}

/// A text with some of it cut out and other pieces put in.
fn changed(text: &'static str) -> impl Strategy<Value = Vec<u8>> {
    let change = (any::<prop::sample::Index>(), 0..40_usize, prop::sample::select(PIECES.as_slice()), any::<bool>());
    prop::collection::vec(change, 0..8).prop_map(move |changes| {
        let mut bytes = text.as_bytes().to_vec();
        for (at, cut, piece, put) in changes {
            let from = at.index(bytes.len() + 1);
            let to = bytes.len().min(from + if put { cut / 8 } else { cut });
            bytes.splice(from..to, piece.bytes());
        }
        bytes
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes(dha in prop::collection::vec(any::<u8>(), 0..400), network in prop::collection::vec(any::<u8>(), 0..400)) {
        judged(&dha, &network)?;
    }

    #[test]
    fn any_text(dha in "\\PC{0,300}", network in "[ \n:#&*!|>'\"%@`{}\\[\\],?a-c0-9-]{0,300}") {
        judged(dha.as_bytes(), network.as_bytes())?;
    }

    #[test]
    fn pieces_of_yaml(pieces in prop::collection::vec(prop::sample::select(PIECES.as_slice()), 0..80)) {
        let text = pieces.concat();
        judged(text.as_bytes(), format!("ip_settings: {text}").as_bytes())?;
        judged(format!("hosts: {text}").as_bytes(), text.as_bytes())?;
    }

    #[test]
    fn changed_plans(dha in changed(DHA), network in changed(NETWORK)) {
        judged(&dha, &network)?;
    }
}

#[test]
fn the_plans_that_are_changed_are_right() {
    let (plan, findings) = Plan::read(Some(DHA.as_bytes()), Some(NETWORK.as_bytes()));
    assert_eq!(findings, []);
    assert_eq!(plan.dha.map(|dha| dha.hosts.len()), Some(2));
}
