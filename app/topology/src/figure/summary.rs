//! The state of a cluster in one sentence.

use std::collections::{BTreeMap, BTreeSet};

use scene::Health;

use super::{node::Digest, tally::Tally};
use crate::{
    Inventory, Stamp,
    health::pod_health,
    inventory::{Etcd, Heard, Name, Source},
    planned::PlannedHost,
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
    let (lost_masters, lost_nodes) = missing_hosts(inventory, digests);
    let masters: Vec<_> = digests.iter().filter(|(_, digest)| digest.exists && digest.master).collect();
    let others: Vec<_> = digests.iter().filter(|(_, digest)| digest.exists && !digest.master).collect();
    if masters.is_empty() && others.is_empty() && lost_masters.is_empty() && lost_nodes.is_empty() {
        return phrases.push(Phrase::new("No nodes", Some(Health::Unknown)));
    }
    if masters.is_empty() && lost_masters.is_empty() {
        phrases.push(Phrase::new("No master is known", Some(Health::Unknown)));
    } else {
        phrases.push(share(&masters, &lost_masters, "master"));
    }
    if !others.is_empty() || !lost_nodes.is_empty() {
        phrases.push(share(&others, &lost_nodes, "node"));
    }
    let unseen =
        digests.iter().filter(|(name, digest)| !digest.exists && inventory.planned_host(name).is_none()).count();
    if unseen > 0 {
        phrases.push(Phrase::new(format!("{unseen} named by pods alone"), Some(Health::Unknown)));
    }
}

/// The masters and the other hosts of the plan that are no nodes. Hosts that the plan does not make
/// a part of Kubernetes, as one of etcd alone, are not missed.
fn missing_hosts<'a>(inventory: &'a Inventory, digests: &BTreeMap<Name, Digest>) -> (Vec<&'a Name>, Vec<&'a Name>) {
    let Some(planned) = inventory.planned() else { return (Vec::new(), Vec::new()) };
    let there: BTreeSet<&Name> = digests
        .iter()
        .filter(|(_, digest)| digest.exists)
        .filter_map(|(name, _)| Some(&planned.host(name)?.name))
        .collect();
    let etcd_alone = |host: &PlannedHost| !host.roles.is_empty() && host.roles.iter().all(|role| &**role == "etcd");
    let missing = planned.hosts.iter().filter(|host| !there.contains(&host.name) && !etcd_alone(host));
    let (masters, others): (Vec<_>, Vec<_>) = missing.partition(|host| host.master);
    let names = |hosts: Vec<&'a PlannedHost>| hosts.into_iter().map(|host| &host.name).collect();
    (names(masters), names(others))
}

/// How a node counts: a warning does not take it down, and no news is no bad news.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Standing {
    Up,
    Down,
    Unheard,
}

fn standing(digest: &Digest) -> Standing {
    let of = |health| match health {
        Health::Ok | Health::Warn | Health::Done => Standing::Up,
        Health::Stale | Health::Unknown => Standing::Unheard,
        _ => Standing::Down,
    };
    // Where no source tells of an API server, as where it runs in no pod, its node's word counts.
    let apiserver = digest.apiserver.filter(|health| *health != Health::Unknown).map_or(Standing::Up, of);
    match (of(digest.health), apiserver) {
        (Standing::Down, _) | (_, Standing::Down) => Standing::Down,
        (Standing::Unheard, _) | (_, Standing::Unheard) => Standing::Unheard,
        _ => Standing::Up,
    }
}

/// At most so many hosts are named in a sentence.
const NAMED: usize = 3;

/// As in `2 of 3 masters up (not host3)`, `1 of 3 nodes up (host4 missing, 1 not heard of)`.
fn share(of: &[(&Name, &Digest)], missing: &[&Name], what: &str) -> Phrase {
    let are = |wanted| of.iter().filter(move |(_, digest)| standing(digest) == wanted);
    let (up, down, unheard) = (
        are(Standing::Up).count(),
        are(Standing::Down).collect::<Vec<_>>(),
        are(Standing::Unheard).collect::<Vec<_>>(),
    );
    let total = of.len() + missing.len();
    let opens = match (down.as_slice(), unheard.as_slice(), missing) {
        ([(name, _)], [], []) | ([], [(name, _)], []) => Some(format!("node/{name}")),
        _ => None,
    };
    if up == 0 && down.is_empty() && missing.is_empty() {
        let text = match unheard.as_slice() {
            [(name, _)] => format!("{what} {name} not heard of"),
            _ => format!("{total} {what}s not heard of"),
        };
        let worst = unheard.iter().map(|(_, digest)| news(digest)).max();
        return Phrase { text, health: worst, opens };
    }
    let mut why = Vec::new();
    match down.as_slice() {
        [(name, _)] => why.push(format!("not {name}")),
        [] => {}
        // The figure says which; a number alone would be told twice.
        _ if missing.is_empty() && unheard.is_empty() => {}
        many => why.push(format!("{} down", many.len())),
    }
    match missing {
        [] => {}
        few if few.len() <= NAMED => {
            let names: Vec<&str> = few.iter().map(|name| &***name).collect();
            why.push(format!("{} missing", names.join(", ")));
        }
        many => why.push(format!("{} missing", many.len())),
    }
    match unheard.as_slice() {
        [] => {}
        [(name, _)] => why.push(format!("{name} not heard of")),
        many => why.push(format!("{} not heard of", many.len())),
    }
    let mut text = format!("{up} of {total} {what}s up");
    if !why.is_empty() {
        text += &format!(" ({})", why.join(", "));
    }
    let worst = of.iter().map(|(_, digest)| news(digest)).max().unwrap_or(Health::Ok);
    let health = if missing.is_empty() { worst } else { Health::Bad };
    Phrase { text, health: Some(health), opens }
}

/// How a node and its API server fare, the worse of them; of an API server that nobody tells of, nothing.
fn news(digest: &Digest) -> Health {
    let apiserver = digest.apiserver.filter(|health| *health != Health::Unknown);
    digest.health.max(apiserver.unwrap_or(Health::Ok))
}

/// What the API server says of etcd now; what it said before the connection was lost is no news.
fn seen_etcd(inventory: &Inventory) -> Option<bool> {
    let live = matches!(inventory.heard(Source::Readyz), Heard::Live);
    inventory.checks().filter(|_| live).and_then(|checks| checks.get("etcd").copied())
}

fn etcd(inventory: &Inventory, digests: &BTreeMap<Name, Digest>, phrases: &mut Vec<Phrase>) {
    let seen = seen_etcd(inventory);
    if let Some(told) = inventory.etcd().filter(|etcd| etcd.silent.is_none() && !etcd.members.is_empty()) {
        return by_its_word(told, seen, phrases);
    }
    let members: Tally = digests.values().filter_map(|digest| digest.etcd).collect();
    let (total, well) = (members.total(), members.well());
    // A member that is planned, on a host that is no node, may run there all the same.
    let unheard: u32 = [Health::Stale, Health::Unknown, Health::Ghost].map(|health| members.count(health)).iter().sum();
    let (text, health) = match (total, seen) {
        (0, Some(true)) => ("etcd answers the API server".to_owned(), Health::Ok),
        (_, Some(true)) if unheard == total => ("etcd answers the API server".to_owned(), Health::Ok),
        (0, Some(false)) => ("etcd does not answer the API server".to_owned(), Health::Bad),
        (_, Some(false)) if unheard == total => ("etcd does not answer the API server".to_owned(), Health::Bad),
        (0, None) => ("etcd unknown".to_owned(), Health::Unknown),
        (_, None) if unheard == total => ("etcd not heard of".to_owned(), Health::Stale),
        (_, seen) => {
            // Only members that are known to be down are lost.
            let up = total - unheard - members.count(Health::Bad);
            let spare = (up + unheard).checked_sub(total / 2 + 1).map(|spare| spare as usize);
            let worst = members.worst().unwrap_or(Health::Ok);
            match (spare, seen) {
                (None, Some(true)) => (format!("etcd {well}/{total}, and answers the API server"), Health::Warn),
                (_, Some(false)) => (format!("etcd {well}/{total}, and does not answer the API server"), Health::Bad),
                (None, None) => (share_of(well as usize, total as usize, None), Health::Bad),
                (Some(_), _) if unheard > 0 => (format!("etcd {well}/{total}, {unheard} not heard of"), worst),
                (spare, _) => {
                    let health = if well == total { Health::Ok } else { worst };
                    (share_of(well as usize, total as usize, spare), health)
                }
            }
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

fn by_its_word(etcd: &Etcd, seen: Option<bool>, phrases: &mut Vec<Phrase>) {
    let (well, total, spare) = (etcd.well(), etcd.voters().count(), etcd.spare());
    let unheard = etcd.voters().filter(|member| member.told().is_none()).count();
    // A member follows a leader only while there is a quorum: the others are not lost, but not heard.
    let quorum = seen == Some(true) || well > 0;
    let (text, health) = match spare {
        None if quorum && unheard > 0 => (format!("etcd {well}/{total}, {unheard} not heard of"), Health::Warn),
        None if seen == Some(true) => (format!("etcd {well}/{total}, and answers the API server"), Health::Warn),
        None => (share_of(well, total, None), Health::Bad),
        Some(_) if well < total => (share_of(well, total, spare), Health::Warn),
        Some(_) => (share_of(well, total, spare), Health::Ok),
    };
    phrases.push(Phrase::new(text, Some(health)));
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
