//! From the tree to the types. Whatever has another kind than expected is reported, and the rest
//! is read all the same.

mod dha;
mod network;

use super::{
    At, Dha, File, Finding, Network, Place, Plan, Rule, Secret, Severity, Unknown,
    document::{Node, Value, tree},
    secret::names_a_secret,
};

/// Reads a DHA file; `None` when it cannot be read at all.
pub fn read_dha(bytes: &[u8]) -> (Option<Dha>, Vec<Finding>) {
    let mut findings = Vec::new();
    let read = tree(File::Dha, bytes, &mut findings)
        .and_then(|root| Fields::of(File::Dha, root, "the file", &mut findings))
        .map(|fields| dha::read(fields, &mut findings));
    (read, findings)
}

/// Reads a network.yml; `None` when it cannot be read at all.
pub fn read_network(bytes: &[u8]) -> (Option<Network>, Vec<Finding>) {
    let mut findings = Vec::new();
    let read = tree(File::Network, bytes, &mut findings)
        .and_then(|root| Fields::of(File::Network, root, "the file", &mut findings))
        .map(|fields| network::read(fields, &mut findings));
    (read, findings)
}

impl Plan {
    /// Reads both files, or one of them.
    pub fn read(dha: Option<&[u8]>, network: Option<&[u8]>) -> (Self, Vec<Finding>) {
        let (dha, mut findings) = dha.map(read_dha).unwrap_or_default();
        let (network, more) = network.map(read_network).unwrap_or_default();
        findings.extend(more);
        (Self { dha, network }, findings)
    }

    /// Every secret value in it, for whoever must keep them out of texts.
    pub fn secrets(&self) -> Vec<&str> {
        let Some(dha) = &self.dha else { return Vec::new() };
        let hosts = dha.hosts.iter().flat_map(|host| [&host.ipmi_pass, &host.power_pass]);
        let all = std::iter::once(&dha.ipmi_pass).chain(hosts).flatten().map(|at| at.value.reveal());
        all.filter(|value| !value.is_empty()).collect()
    }
}

/// The keys of a map, taken out one by one; what is left in the end is unknown.
struct Fields {
    file: File,
    place: Place,
    pairs: Vec<(At<String>, Node)>,
}

impl Fields {
    fn of(file: File, node: Node, what: &str, findings: &mut Vec<Finding>) -> Option<Self> {
        let place = node.place;
        let kind = node.kind();
        match node.value {
            Value::Map(pairs) => Some(Self { file, place, pairs }),
            _ => {
                findings.push(wrong(file, place, &format!("{what} is {kind}, not a map")));
                None
            }
        }
    }

    fn take(&mut self, key: &str) -> Option<Node> {
        // Of a key that stands twice, Compass takes the last.
        let at = self.pairs.iter().rposition(|(known, _)| known.value == key)?;
        let (_, node) = self.pairs.remove(at);
        self.pairs.retain(|(known, _)| known.value != key);
        Some(node)
    }

    fn word(&mut self, key: &str, findings: &mut Vec<Finding>) -> Option<At<String>> {
        let node = self.take(key).filter(|node| !node.is_null())?;
        word(self.file, &node, key, findings)
    }

    fn secret(&mut self, key: &str, findings: &mut Vec<Finding>) -> Option<At<Secret>> {
        let word = self.word(key, findings)?;
        Some(At::new(Secret::new(word.value), word.place))
    }

    fn list(&mut self, key: &str, findings: &mut Vec<Finding>) -> Vec<Node> {
        let Some(node) = self.take(key).filter(|node| !node.is_null()) else { return Vec::new() };
        let (place, kind) = (node.place, node.kind());
        match node.value {
            Value::List(items) => items,
            _ => {
                findings.push(wrong(self.file, place, &format!("{key} is {kind}, not a list")));
                Vec::new()
            }
        }
    }

    fn words(&mut self, key: &str, findings: &mut Vec<Finding>) -> Vec<At<String>> {
        let file = self.file;
        self.list(key, findings).iter().filter_map(|node| word(file, node, key, findings)).collect()
    }

    fn maps(&mut self, key: &str, findings: &mut Vec<Finding>) -> Vec<Self> {
        let file = self.file;
        let what = format!("an entry of {key}");
        self.list(key, findings).into_iter().filter_map(|node| Self::of(file, node, &what, findings)).collect()
    }

    fn map(&mut self, key: &str, findings: &mut Vec<Finding>) -> Option<Self> {
        let node = self.take(key).filter(|node| !node.is_null())?;
        Self::of(self.file, node, key, findings)
    }

    /// What no type knows, kept and reported.
    fn rest(self, known: &[&str], findings: &mut Vec<Finding>) -> Vec<Unknown> {
        let unknown = |(key, node): (At<String>, Node)| {
            let value = if names_a_secret(&key) { "…".to_owned() } else { node.flow() };
            if !known.contains(&key.value.as_str()) {
                findings.push(Finding {
                    file: self.file,
                    place: key.place,
                    severity: Severity::Warning,
                    rule: Rule::Unknown,
                    what: format!("the key {} is not known", key.value),
                    why: "Compass leaves it alone, or does something that is not known here.".into(),
                    todo: "Check its spelling, or leave it out.".into(),
                });
            }
            Unknown { key, value }
        };
        self.pairs.into_iter().map(unknown).collect()
    }
}

fn word(file: File, node: &Node, key: &str, findings: &mut Vec<Finding>) -> Option<At<String>> {
    match node.scalar() {
        Some(text) => Some(At::new(text.to_owned(), node.place)),
        None => {
            findings.push(wrong(file, node.place, &format!("{key} is {}, not a word", node.kind())));
            None
        }
    }
}

fn wrong(file: File, place: Place, what: &str) -> Finding {
    Finding {
        file,
        place,
        severity: Severity::Error,
        rule: Rule::Value,
        what: what.to_owned(),
        why: "Compass's parser expects the other kind and fails, or goes on without it.".into(),
        todo: "Write it as the samples of Compass do.".into(),
    }
}
