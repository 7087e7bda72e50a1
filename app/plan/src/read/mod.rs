//! From the tree to a plan, telling what Compass makes of a value where that is not what stands there.

mod dha;
mod fields;
mod network;
mod secrets;

use super::{
    Dha, File, Finding, Network, Place, Plan, Rule, Severity,
    check::shell,
    hidden::{Hidden, bounded},
};
use crate::document::{Node, Value, parse};

/// Keys that tell a DHA file.
const OF_DHA: [&str; 7] = ["hosts", "TYPE", "FLAVOR", "POWER_TOOL", "plugins", "ipmiUser", "ipmiVer"];

/// Keys that tell a network file.
const OF_NETWORK: [&str; 9] = [
    "sys_intf_mappings",
    "ip_settings",
    "provider_net_mappings",
    "nic_mappings",
    "bond_mappings",
    "internal_vip",
    "public_vip",
    "public_net_info",
    "tenant_net_info",
];

/// Which of the two files a text is, told from its keys; nothing when it is neither.
pub fn kind_of(text: &[u8]) -> Option<File> {
    // Whatever is wrong with it is told when it is read.
    kind(&parse(File::Dha, text).0?)
}

/// Reads a DHA file. Without one, a finding with [`Severity::Error`] says why.
pub fn read_dha(text: &[u8]) -> (Option<Dha>, Vec<Finding>) {
    let (plan, findings) = Plan::read(Some(text), None);
    (plan.dha, findings)
}

/// Reads a network file. Without one, a finding with [`Severity::Error`] says why.
pub fn read_network(text: &[u8]) -> (Option<Network>, Vec<Finding>) {
    let (plan, findings) = Plan::read(None, Some(text));
    (plan.network, findings)
}

impl Plan {
    /// Reads what is given of the two files. A file that cannot be read, or is not what it was given for, is left out,
    /// and a finding with [`Severity::Error`] says why.
    pub fn read(dha: Option<&[u8]>, network: Option<&[u8]>) -> (Self, Vec<Finding>) {
        let mut findings = Vec::new();
        let mut tree = |file, text: Option<&[u8]>| {
            let (root, more) = parse(file, text?);
            findings.extend(more);
            root.filter(|root| match misplaced(file, root) {
                Some(finding) => {
                    findings.push(finding);
                    false
                }
                None => true,
            })
        };
        let (dha, network) = (tree(File::Dha, dha), tree(File::Network, network));
        let secrets = [&dha, &network].into_iter().flatten().flat_map(secrets::found);
        let hidden = Hidden::new(secrets.collect::<Vec<_>>().iter().map(String::as_str));

        let mut dha_reader = Reader::new(File::Dha, &hidden);
        let dha = dha.and_then(|root| dha_reader.dha(&root));
        let mut network_reader = Reader::new(File::Network, &hidden);
        let network = network.and_then(|root| network_reader.network(&root));
        findings.append(&mut dha_reader.findings);
        findings.append(&mut network_reader.findings);

        let findings = bounded(findings, &hidden);
        (Self { dha, network }, findings)
    }

    /// Every secret of the plan, to be redacted wherever it could be shown.
    pub fn secrets(&self) -> Vec<&str> {
        secrets::of(self)
    }
}

/// Reads trees and collects findings.
struct Reader<'h> {
    file: File,
    hidden: &'h Hidden,
    findings: Vec<Finding>,
}

impl<'h> Reader<'h> {
    fn new(file: File, hidden: &'h Hidden) -> Self {
        Self { file, hidden, findings: Vec::new() }
    }

    fn say(&mut self, place: Place, (severity, rule): (Severity, Rule), what: String, why: &str, todo: &str) {
        let (why, todo) = (why.to_owned(), todo.to_owned());
        self.findings.push(Finding { file: self.file, place, severity, rule, what, why, todo });
    }

    /// Tells what a shell would run of a value that the types do not know.
    fn shell(&mut self, path: &str, node: &Node) {
        let mut left = vec![node];
        while let Some(node) = left.pop() {
            match &node.value {
                Value::Scalar { text, .. } if shell::would_run(text) => {
                    self.findings.push(shell::finding(self.file, node.place, &format!("a part of {path}"), None));
                }
                Value::Scalar { .. } => {}
                Value::List(nodes) => left.extend(nodes),
                Value::Map(entries) => {
                    for (key, node) in entries {
                        left.push(node);
                        if shell::would_run(key) {
                            let named = format!("a key of {path}");
                            self.findings.push(shell::finding(self.file, key.place, &named, None));
                        }
                    }
                }
            }
        }
    }
}

fn kind(root: &Node) -> Option<File> {
    let Value::Map(entries) = &root.value else { return None };
    let known = |keys: &[&str]| entries.iter().filter(|(key, _)| keys.contains(&key.as_str())).count();
    match (known(&OF_DHA), known(&OF_NETWORK)) {
        (0, 0) => None,
        (dha, network) if dha >= network => Some(File::Dha),
        _ => Some(File::Network),
    }
}

/// Why a tree cannot be the file that it was given for.
fn misplaced(file: File, root: &Node) -> Option<Finding> {
    let (what, todo) = match (file, kind(root)) {
        (File::Dha, Some(File::Dha)) | (File::Network, Some(File::Network)) => return None,
        (File::Dha, Some(File::Network)) => {
            ("this is a network file, given as the DHA file", "give it as the network file")
        }
        (File::Network, Some(File::Dha)) => {
            ("this is a DHA file, given as the network file", "give it as the DHA file")
        }
        (File::Dha, None) => {
            ("this is no DHA file: it has none of the keys hosts, TYPE and FLAVOR", "give the DHA file")
        }
        (File::Network, None) => (
            "this is no network file: it has none of the keys sys_intf_mappings and ip_settings",
            "give the network file",
        ),
    };
    Some(Finding {
        file,
        place: root.place,
        severity: Severity::Error,
        rule: Rule::Value,
        what: what.into(),
        why: "Compass would stop at the first key that it misses".into(),
        todo: todo.into(),
    })
}

#[cfg(test)]
mod tests;
