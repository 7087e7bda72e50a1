//! The state of a cluster in one sentence.

use std::collections::BTreeMap;

use scene::Health;

use super::{node::Digest, tally::Tally};
use crate::{
    Inventory, Stamp,
    health::pod_health,
    inventory::{Etcd, Heard, Name, Source},
};

/// A piece of a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Phrase {
    /// With its own spaces and commas.
    pub text: String,
    /// How it fares, when that is to be marked.
    pub health: Option<Health>,
    /// What it leads to, as in [`scene::Mark::opens`].
    pub opens: Option<String>,
}

impl Phrase {
    fn new(text: impl Into<String>, health: Option<Health>) -> Self {
        Self { text: text.into(), health, opens: None }
    }
}

/// The sentence, from what is known of each node.
pub fn sentence(inventory: &Inventory, digests: &BTreeMap<Name, Digest>, now: Stamp) -> Vec<Phrase> {
    let _ = now;
    let mut phrases = Vec::new();
    nodes(inventory, digests, &mut phrases);
    etcd(inventory, digests, &mut phrases);
    pods(inventory, digests, &mut phrases);
    let mut sentence = Vec::with_capacity(phrases.len() * 2);
    for phrase in phrases {
        if !sentence.is_empty() {
            sentence.push(Phrase::new(", ", None));
        }
        sentence.push(phrase);
    }
    sentence
}

fn nodes(inventory: &Inventory, digests: &BTreeMap<Name, Digest>, phrases: &mut Vec<Phrase>) {
    match inventory.heard(Source::Nodes) {
        Heard::NotYet if inventory.planned().is_some() => {
            let hosts = inventory.planned().map(|planned| planned.hosts.as_slice()).unwrap_or_default();
            let masters = hosts.iter().filter(|host| host.master).count();
            let words = format!("Planned: {masters} masters, {} nodes", hosts.len() - masters);
            return phrases.push(Phrase::new(words, Some(Health::Ghost)));
        }
        Heard::NotYet => return phrases.push(Phrase::new("Nodes are being read", Some(Health::Unknown))),
        Heard::Unread { .. } | Heard::Forbidden { .. } | Heard::NotServed => {
            return phrases.push(Phrase::new("Nodes are unknown", Some(Health::Unknown)));
        }
        Heard::Live | Heard::Stale { .. } => {}
    }
    let masters: Vec<_> = digests.iter().filter(|(_, digest)| digest.exists && digest.master).collect();
    let others: Vec<_> = digests.iter().filter(|(_, digest)| digest.exists && !digest.master).collect();
    if masters.is_empty() && others.is_empty() {
        return phrases.push(Phrase::new("No nodes", Some(Health::Unknown)));
    }
    if masters.is_empty() {
        phrases.push(Phrase::new("No master is known", Some(Health::Unknown)));
    } else {
        let up = |digest: &Digest| digest.health == Health::Ok && digest.apiserver == Some(Health::Ok);
        phrases.push(share(&masters, up, "masters"));
    }
    if !others.is_empty() {
        phrases.push(share(&others, |digest| matches!(digest.health, Health::Ok | Health::Warn), "nodes"));
    }
    let missing = digests.values().filter(|digest| !digest.exists).count();
    if missing > 0 {
        phrases.push(Phrase::new(format!("{missing} named by pods alone"), Some(Health::Unknown)));
    }
}

fn share(of: &[(&Name, &Digest)], up: impl Fn(&Digest) -> bool, what: &str) -> Phrase {
    let down: Vec<_> = of.iter().filter(|(_, digest)| !up(digest)).collect();
    let worst = down.iter().map(|(_, digest)| digest.health.max(digest.apiserver.unwrap_or(Health::Ok))).max();
    let worst = worst.map(|health| if health == Health::Ok { Health::Warn } else { health });
    let mut text = format!("{} of {} {what} up", of.len() - down.len(), of.len());
    let mut opens = None;
    if let [(name, _)] = down.as_slice() {
        text += &format!(" (not {name})");
        opens = Some(format!("node/{name}"));
    }
    Phrase { text, health: Some(worst.unwrap_or(Health::Ok)), opens }
}

fn etcd(inventory: &Inventory, digests: &BTreeMap<Name, Digest>, phrases: &mut Vec<Phrase>) {
    if let Some(told) = inventory.etcd().filter(|etcd| etcd.silent.is_none() && !etcd.members.is_empty()) {
        return by_its_word(told, phrases);
    }
    let members: Tally = digests.values().filter_map(|digest| digest.etcd).collect();
    let seen = inventory.checks().and_then(|checks| checks.get("etcd").copied());
    let (text, health) = match (members.total(), seen) {
        (0, Some(true)) => ("etcd answers the API server".to_owned(), Health::Ok),
        (0, Some(false)) => ("etcd does not answer the API server".to_owned(), Health::Bad),
        (0, None) => ("etcd unknown".to_owned(), Health::Unknown),
        (total, seen) => {
            let well = members.well();
            let quorum = total / 2 + 1;
            let spare = well.checked_sub(quorum);
            let health = match spare {
                None => Health::Bad,
                _ if seen == Some(false) => Health::Bad,
                Some(_) if well < total => members.worst().unwrap_or(Health::Warn),
                Some(_) => Health::Ok,
            };
            (share_of(well as usize, total as usize, spare.map(|spare| spare as usize)), health)
        }
    };
    phrases.push(Phrase::new(text, Some(health)));
}

/// As in `etcd 2/3 and may lose none`.
fn share_of(well: usize, total: usize, spare: Option<usize>) -> String {
    let tail = match spare {
        None => " and has no quorum".to_owned(),
        _ if well == total => String::new(),
        Some(0) => " and may lose none".to_owned(),
        Some(spare) => format!(" and may lose {spare}"),
    };
    format!("etcd {well}/{total}{tail}")
}

fn by_its_word(etcd: &Etcd, phrases: &mut Vec<Phrase>) {
    let (well, total, spare) = (etcd.well(), etcd.voters().count(), etcd.spare());
    let health = match spare {
        None => Health::Bad,
        Some(_) if well < total => Health::Warn,
        Some(_) => Health::Ok,
    };
    phrases.push(Phrase::new(share_of(well, total, spare), Some(health)));
    phrases.extend(etcd.alarms.iter().map(|alarm| Phrase::new(format!("etcd: {alarm}"), Some(Health::Bad))));
}

fn pods(inventory: &Inventory, digests: &BTreeMap<Name, Digest>, phrases: &mut Vec<Phrase>) {
    match inventory.heard(Source::Pods) {
        Heard::NotYet => return phrases.push(Phrase::new("pods are being read", Some(Health::Unknown))),
        Heard::Unread { .. } | Heard::Forbidden { .. } | Heard::NotServed => {
            return phrases.push(Phrase::new("pods are unknown", Some(Health::Unknown)));
        }
        Heard::Live | Heard::Stale { .. } => {}
    }
    let mut tally = Tally::default();
    digests.values().for_each(|digest| tally.merge(&digest.pods));
    inventory.pods_on(None).for_each(|pod| tally.add(pod_health(pod, None)));
    let total = inventory.pods().len();
    phrases.push(Phrase::new(format!("{total} pod{}", if total == 1 { "" } else { "s" }), None));
    let not_ready = tally.total() - tally.well();
    if not_ready > 0 {
        let verb = if tally.count(Health::Bad) > 0 {
            format!(" ({} failing)", tally.count(Health::Bad))
        } else {
            String::new()
        };
        phrases.push(Phrase {
            opens: Some("?show=table".to_owned()),
            ..Phrase::new(format!("{not_ready} not ready{verb}"), tally.worst())
        });
    }
}
