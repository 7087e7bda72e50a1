//! The state of a cluster in one sentence.

use std::collections::BTreeMap;

use scene::Health;

use super::{node::Digest, tally::Tally};
use crate::{
    Inventory, Stamp,
    health::{Leader, clock, leader, moment, pod_health},
    inventory::{ComponentKind, Etcd, Heard, Name, Node, Source, namespaces},
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
    let mut phrases = Vec::new();
    nodes(inventory, digests, &mut phrases);
    leaders(inventory, digests, now, &mut phrases);
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
            let named = match digests.values().filter(|digest| !digest.exists && digest.pods.total() > 0).count() {
                0 => String::new(),
                named => format!(" ({named} named by pods)"),
            };
            return phrases.push(Phrase::new(format!("Nodes are unknown{named}"), Some(Health::Unknown)));
        }
        Heard::Live | Heard::Listed { .. } | Heard::Stale { .. } => {}
    }
    if let Heard::Stale { since, .. } = inventory.heard(Source::Nodes) {
        return phrases.push(last_heard(digests, *since));
    }
    let of = |master: bool| -> Vec<_> {
        digests.iter().filter(|(_, digest)| digest.exists && digest.master == master).collect()
    };
    let missing = |master: bool| -> Vec<&Name> {
        // A host of etcd alone is to be no node.
        let etcd_alone = |host: &PlannedHost| !host.roles.is_empty() && host.roles.iter().all(|role| &**role == "etcd");
        let planned =
            |name: &&Name| inventory.planned_host(name).is_some_and(|host| host.master == master && !etcd_alone(host));
        inventory.missing_hosts().filter(planned).collect()
    };
    let (masters, others) = (of(true), of(false));
    let (missing_masters, missing_others) = (missing(true), missing(false));
    if digests.values().all(|digest| !digest.exists) && inventory.planned().is_none() {
        return phrases.push(Phrase::new("No nodes registered", Some(Health::Unknown)));
    }
    if !masters.is_empty() || !missing_masters.is_empty() {
        phrases.push(share(&masters, &missing_masters, "masters"));
    } else if !others.is_empty() {
        phrases.push(Phrase::new("The control plane is not visible here", Some(Health::Unknown)));
    }
    if !others.is_empty() || !missing_others.is_empty() {
        phrases.push(share(&others, &missing_others, "nodes"));
    }
    let planned = |name: &Name| inventory.planned_host(name).is_some();
    let strangers = digests.iter().filter(|(name, digest)| !digest.exists && !planned(name)).count();
    if strangers > 0 {
        let what = if strangers == 1 { "node" } else { "nodes" };
        phrases.push(Phrase::new(format!("{strangers} {what} unknown to the API"), Some(Health::Unknown)));
    }
}

/// What was there when the connection was lost. Nothing is said of how it fares now.
fn last_heard(digests: &BTreeMap<Name, Digest>, since: Stamp) -> Phrase {
    let (masters, others): (Vec<_>, Vec<_>) =
        digests.values().filter(|digest| digest.exists).partition(|digest| digest.master);
    let count = |n: usize, what: &str| format!("{n} {what}{}", if n == 1 { "" } else { "s" });
    let both = format!("{} and {}", count(masters.len(), "master"), count(others.len(), "node"));
    Phrase::new(format!("No news since {}: {both} when last heard", clock(since)), Some(Health::Stale))
}

/// Whether a node is up, as far as its sources tell.
fn is_up(digest: &Digest) -> bool {
    let serves = digest.apiserver.is_none_or(|health| matches!(health, Health::Ok | Health::Warn | Health::Unknown));
    matches!(digest.health, Health::Ok | Health::Warn) && serves
}

/// Names that a sentence has room for.
const NAMED: usize = 3;

/// As in `4 of 5 nodes up (host4 missing)`. What is silent or unknown is told as that, and not as lost.
fn share(of: &[(&Name, &Digest)], missing: &[&Name], what: &str) -> Phrase {
    let (mut lost, mut silent, mut unknown) = (Vec::new(), Vec::new(), Vec::new());
    for (name, digest) in of.iter().filter(|(_, digest)| !is_up(digest)) {
        let worst = digest.health.max(digest.apiserver.unwrap_or(Health::Ok));
        match worst {
            Health::Stale => silent.push(*name),
            Health::Unknown => unknown.push(*name),
            _ => lost.push(*name),
        }
    }
    let total = of.len() + missing.len();
    let up = of.len() - lost.len() - silent.len() - unknown.len();
    let groups =
        [(&lost, "not ready"), (&missing.to_vec(), "missing"), (&silent, "not responding"), (&unknown, "unknown")];
    let words: Vec<String> = groups
        .into_iter()
        .filter(|(names, _)| !names.is_empty())
        .map(|(names, word)| match names.len() {
            ..=NAMED => format!("{} {word}", names.iter().map(|name| &***name).collect::<Vec<_>>().join(", ")),
            count => format!("{count} {word}"),
        })
        .collect();
    let health = if !lost.is_empty() || !missing.is_empty() {
        Health::Bad
    } else if !silent.is_empty() {
        Health::Stale
    } else if !unknown.is_empty() {
        Health::Unknown
    } else {
        Health::Ok
    };
    let tail = if words.is_empty() { String::new() } else { format!(" ({})", words.join("; ")) };
    let mut one = lost.iter().chain(&silent).chain(&unknown).copied().chain(missing.iter().copied());
    let opens = match (one.next(), one.next()) {
        (Some(name), None) => Some(format!("node/{name}")),
        _ => None,
    };
    // With nobody known to be up, a count of zero would tell of a loss that no source told of.
    let text = match (up, health) {
        (0, Health::Stale | Health::Unknown) => {
            format!("{total} {}{tail}", if total == 1 { what.trim_end_matches('s') } else { what })
        }
        _ => format!("{up} of {total} {what} up{tail}"),
    };
    Phrase { text, health: Some(health), opens }
}

/// Who leads, where that is not as it should be.
fn leaders(inventory: &Inventory, digests: &BTreeMap<Name, Digest>, now: Stamp, phrases: &mut Vec<Phrase>) {
    let has_masters = digests.values().any(|digest| digest.exists && digest.master);
    for kind in [ComponentKind::Scheduler, ComponentKind::ControllerManager] {
        let program = kind.program();
        match leader(inventory, kind, now) {
            Leader::Nobody(host, since) => {
                let held = match (host, since) {
                    ("", _) => String::new(),
                    (host, Some(since)) => format!(" ({host} has not renewed its lease since {})", moment(since)),
                    (host, None) => format!(" ({host} never renewed its lease)"),
                };
                phrases.push(Phrase::new(format!("nobody leads {program}{held}"), Some(Health::Bad)));
            }
            Leader::Stranger(host) if has_masters => {
                phrases.push(Phrase::new(
                    format!("{program} is led by {host}, which is no node here"),
                    Some(Health::Warn),
                ));
            }
            Leader::Node(_) | Leader::Stranger(_) | Leader::Unknown => {}
        }
    }
}

fn etcd(inventory: &Inventory, digests: &BTreeMap<Name, Digest>, phrases: &mut Vec<Phrase>) {
    let fresh = inventory.heard(Source::Readyz).is_fresh();
    let seen = inventory.checks().filter(|_| fresh).and_then(|checks| checks.get("etcd").copied());
    if let Some(told) = inventory.etcd().filter(|etcd| etcd.silent.is_none() && !etcd.members.is_empty()) {
        return by_its_word(told, seen, phrases);
    }
    let members: Tally = digests.values().filter_map(|digest| digest.etcd).collect();
    let (total, well, lost) = (members.total(), members.well(), members.count(Health::Bad));
    let unheard = members.count(Health::Stale) + members.count(Health::Unknown);
    let quorum = total / 2 + 1;
    let spare = well.checked_sub(quorum).map(|spare| spare as usize);
    let share = share_of(well as usize, total as usize, spare);
    let (text, health) = match seen {
        Some(false) => ("etcd does not answer the API server".to_owned(), Health::Bad),
        // It answers, so it has a quorum, whatever is known of its members.
        Some(true) if total == 0 || spare.is_none() => {
            (format!("{} answers the API server", kept_in(inventory)), Health::Ok)
        }
        _ if total == 0 => ("etcd unknown".to_owned(), Health::Unknown),
        _ if spare.is_some() && well == total => (share, Health::Ok),
        // Who does not respond is not lost: how many more may be is not known.
        _ if spare.is_some() && lost == 0 && unheard > 0 => {
            (format!("etcd {well}/{total}, {unheard} not responding"), members.worst().unwrap_or(Health::Unknown))
        }
        _ if spare.is_some() => (share, members.worst().unwrap_or(Health::Warn)),
        _ if lost > total - quorum => (share, Health::Bad),
        _ if well == 0 && lost == 0 => ("etcd not responding".to_owned(), members.worst().unwrap_or(Health::Unknown)),
        // Too few are known to be well, and too few are known to be lost.
        _ => (format!("etcd unknown ({well} of {total} members respond)"), Health::Unknown),
    };
    phrases.push(Phrase::new(text, Some(health)));
}

/// What the API server keeps its data in: k3s without members of etcd, and MicroK8s with dqlite, pass the check of that
/// name with another.
fn kept_in(inventory: &Inventory) -> &'static str {
    if inventory.nodes().any(Node::is_microk8s) {
        return "the datastore";
    }
    let is_k3s = inventory.nodes().any(|node| node.kubelet.contains("+k3s"));
    let members = || inventory.nodes().any(|node| node.roles.iter().any(|role| &**role == "etcd"));
    if is_k3s && !members() { "the datastore" } else { "etcd" }
}

/// As in `etcd 2/3 and may lose none`.
fn share_of(well: usize, total: usize, spare: Option<usize>) -> String {
    let tail = match spare {
        None => ", no quorum".to_owned(),
        _ if well == total => String::new(),
        Some(0) => " and may lose none".to_owned(),
        Some(spare) => format!(" and may lose {spare}"),
    };
    format!("etcd {well}/{total}{tail}")
}

/// `seen` is what the API server says of its etcd.
fn by_its_word(etcd: &Etcd, seen: Option<bool>, phrases: &mut Vec<Phrase>) {
    let (well, total, spare) = (etcd.well(), etcd.voters().count(), etcd.spare());
    let unheard = etcd.voters().filter(|member| member.told().is_none()).count();
    // A member follows a leader only while there is a quorum: the others are not lost, but do not respond.
    let (text, health) = match spare {
        None if (seen == Some(true) || well > 0) && unheard > 0 => {
            (format!("etcd {well}/{total}, {unheard} not responding"), Health::Warn)
        }
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
        Heard::Live | Heard::Listed { .. } | Heard::Stale { .. } => {}
    }
    let mut tally = Tally::default();
    digests.values().for_each(|digest| tally.merge(&digest.pods));
    inventory.pods_on(None).for_each(|pod| tally.add(pod_health(inventory, pod, None)));
    let total = inventory.pods().len();
    // Nobody is to take the part for the whole: a namespace that tells of no pods is not counted as one without any.
    let tells = |name: &&Name| inventory.heard_in(Source::Pods, name).knows();
    let of = inventory.scope().names().map(|names| format!(" of {}", namespaces(names.iter().filter(tells))));
    let of = of.unwrap_or_default();
    phrases.push(Phrase::new(format!("{total} pod{}{of}", if total == 1 { "" } else { "s" }), None));
    let not_ready = tally.total() - tally.well();
    // Of old news nothing is counted: the first phrase says since when there is none.
    if not_ready > 0 && inventory.heard(Source::Pods).is_fresh() {
        let verb = if tally.count(Health::Bad) > 0 {
            format!(" ({} failing)", tally.count(Health::Bad))
        } else {
            String::new()
        };
        phrases.push(Phrase {
            opens: Some("?show=table#t-pods".to_owned()),
            ..Phrase::new(format!("{not_ready} not ready{verb}"), tally.worst())
        });
    }
}
