//! What is wrong with a cluster at one moment, what explains it, and what is not known.

use std::collections::{BTreeMap, BTreeSet};

use scene::Health;
use topology::{
    Inventory, Stamp,
    figure::is_master,
    health::{Leader, clock, holder, leader, leader_lease, node_state},
    inventory::{ComponentKind, Heard, Name, Node, OwnerKind, Source, Truth},
};

use crate::{
    Backup, Beside, Family, Kind, Rules, Slot, certificates,
    etcd::{self, Standing},
    workloads,
};

/// Something that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Its kind.
    pub kind: Kind,
    /// What it is about, as in [`Slot::about`].
    pub about: String,
    /// Since when, where a fact tells.
    pub since: Option<Stamp>,
    /// In a sentence without a full stop.
    pub what: String,
    /// The finding that explains it.
    pub cause: Option<Slot>,
    /// What it reaches, by name, with a few words each.
    pub touched: BTreeMap<String, String>,
}

impl Finding {
    pub(crate) fn new(kind: Kind, about: impl Into<String>, since: Option<Stamp>, what: impl Into<String>) -> Self {
        Self { kind, about: about.into(), since, what: what.into(), cause: None, touched: BTreeMap::new() }
    }

    /// What names its incident while that is open.
    pub fn slot(&self) -> Slot {
        Slot::new(self.kind.family(), self.about.clone())
    }
}

/// Everything that can be said of one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Judgement {
    found: BTreeMap<Slot, Finding>,
    /// Families of which nothing is known.
    silent: BTreeSet<Family>,
    /// Single things of which nothing is known.
    unknown: BTreeSet<Slot>,
    /// The namespaces whose pods and services are told, when these are not all.
    told: Option<BTreeSet<Name>>,
}

impl Judgement {
    /// What is wrong, by slot.
    pub fn found(&self) -> impl Iterator<Item = (&Slot, &Finding)> {
        self.found.iter()
    }

    /// One finding.
    pub fn finding(&self, slot: &Slot) -> Option<&Finding> {
        self.found.get(slot)
    }

    /// Whether a thing can be judged: what is neither known nor found is not well.
    pub fn knows(&self, slot: &Slot) -> bool {
        !self.silent.contains(&slot.family) && !self.unknown.contains(slot) && self.sees(slot)
    }

    /// Whether it lies in a namespace that is told.
    fn sees(&self, slot: &Slot) -> bool {
        let Some(told) = &self.told else { return true };
        if !matches!(slot.family, Family::Workloads | Family::Scheduling | Family::Services) {
            return true;
        }
        slot.about.split('/').nth(1).is_some_and(|namespace| told.contains(namespace))
    }

    pub(crate) fn limit(&mut self, told: BTreeSet<Name>) {
        self.told = Some(told);
    }

    pub(crate) fn find(&mut self, finding: Finding) {
        self.found.insert(finding.slot(), finding);
    }

    pub(crate) fn silence(&mut self, family: Family) {
        self.silent.insert(family);
    }

    pub(crate) fn cannot_tell(&mut self, slot: Slot) {
        self.unknown.insert(slot);
    }
}

/// What is wrong with a cluster.
pub fn judge(inventory: &Inventory, beside: &Beside, rules: Rules, now: Stamp) -> Judgement {
    let mut judgement = Judgement::default();
    api(inventory, &mut judgement);
    let lost = hosts(inventory, now, &mut judgement);
    members(inventory, &lost, now, &mut judgement);
    leaders(inventory, now, &lost, &mut judgement);
    workloads::judge(inventory, &lost, &mut judgement);
    besides(beside, &mut judgement);
    certificates::judge(&beside.certificates, rules.ahead, now, &mut judgement);
    judgement
}

/// The watches of nodes and of pods are cut at once only where the API server itself is out of reach.
fn api(inventory: &Inventory, judgement: &mut Judgement) {
    let heard = [Source::Nodes, Source::Pods].map(|source| inventory.heard(source));
    if heard.iter().any(|heard| heard.is_fresh()) {
        return;
    }
    match heard {
        [Heard::Stale { since, reason }, Heard::Stale { since: other, .. }] => {
            let what = format!("The API server is out of reach: {}", reason.trim_end_matches('.'));
            judgement.find(Finding::new(Kind::ApiAway, "api", Some(*since.min(other)), what));
        }
        _ => drop(judgement.silent.insert(Family::Api)),
    }
}

/// Hosts that are lost, and since when.
pub(crate) type Lost<'a> = BTreeMap<&'a Name, Stamp>;

fn hosts<'a>(inventory: &'a Inventory, now: Stamp, judgement: &mut Judgement) -> Lost<'a> {
    let mut lost = Lost::new();
    if !inventory.heard(Source::Nodes).is_fresh() {
        judgement.silent.insert(Family::Hosts);
        return lost;
    }
    for node in inventory.nodes() {
        let about = format!("node/{}", node.name);
        let Some(ready) = node.condition("Ready") else {
            judgement.cannot_tell(Slot::new(Family::Hosts, about));
            continue;
        };
        if ready.truth == Truth::True {
            // A kubelet that is silent may be lost, and the cluster has not said so.
            if node_state(inventory, node, now).health == Health::Stale {
                judgement.cannot_tell(Slot::new(Family::Hosts, about));
            }
            continue;
        }
        let master = is_master(inventory, node);
        let why = match ready.truth {
            Truth::False if !ready.message.is_empty() => format!("is not ready: {}", ready.message),
            Truth::False => format!("is not ready: {}", ready.reason),
            _ => "is lost: its kubelet does not report".to_owned(),
        };
        let host = if master { "Master" } else { "Host" };
        let kind = if master { Kind::MasterLost } else { Kind::HostLost };
        let what = format!("{host} {} {}", node.name, why.trim_end_matches('.'));
        let mut finding = Finding::new(kind, about, Some(ready.since), what);
        finding.touched = on(inventory, node);
        lost.insert(&node.name, ready.since);
        judgement.find(finding);
    }
    lost
}

/// Workloads with pods on a host; what runs on every host goes with it and is no news.
fn on(inventory: &Inventory, node: &Node) -> BTreeMap<String, String> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for pod in inventory.pods_on(Some(&node.name)).filter(|pod| !pod.mirror) {
        let owner = inventory.top_owner(pod);
        if !matches!(owner, Some((OwnerKind::DaemonSet, _))) {
            *counts.entry(workloads::name(pod, owner.as_ref())).or_default() += 1;
        }
    }
    let words = |count: usize| format!("{count} pod{} on {}", if count == 1 { "" } else { "s" }, node.name);
    counts.into_iter().map(|(name, count)| (name, words(count))).collect()
}

fn members(inventory: &Inventory, lost: &Lost<'_>, now: Stamp, judgement: &mut Judgement) {
    let (quorum, spare) = (Slot::new(Family::Quorum, "etcd"), Slot::new(Family::Spare, "etcd"));
    match etcd::standing(inventory, lost, now) {
        Standing::Unknown => {
            judgement.cannot_tell(quorum);
            judgement.cannot_tell(spare);
        }
        Standing::Well => {}
        Standing::AtRisk { what, hosts } => {
            let mut finding = Finding::new(Kind::QuorumAtRisk, "etcd", None, what);
            // A member that is away with its host is what that loss has touched.
            if let [host] = hosts.as_slice() {
                finding.cause = Some(Slot::new(Family::Hosts, format!("node/{host}")));
            }
            judgement.find(finding);
        }
        Standing::Lost { what, hosts } => {
            let mut finding = Finding::new(Kind::QuorumLost, "etcd", None, what.clone());
            finding.touched = hosts.iter().map(|host| (host.to_string(), "a member of etcd".to_owned())).collect();
            judgement.find(finding);
            // Nothing is left to lose: an earlier risk still stands, and begins no incident beside the loss.
            judgement.find(Finding { cause: Some(quorum), ..Finding::new(Kind::QuorumAtRisk, "etcd", None, what) });
        }
    }
}

fn leaders(inventory: &Inventory, now: Stamp, lost: &Lost<'_>, judgement: &mut Judgement) {
    let masters: Vec<&Node> = inventory.nodes().filter(|node| is_master(inventory, node)).collect();
    let all_lost = !masters.is_empty() && masters.iter().all(|node| lost.contains_key(&node.name));
    for kind in [ComponentKind::Scheduler, ComponentKind::ControllerManager] {
        let about = format!("leader/{}", kind.program());
        match leader(inventory, kind, now) {
            Leader::Unknown => judgement.cannot_tell(Slot::new(Family::Leaders, about)),
            Leader::Node(_) | Leader::Stranger(_) => {}
            Leader::Nobody(last, renewed) => {
                let lease = leader_lease(inventory, kind);
                let since = renewed.zip(lease).map(|(renewed, lease)| Stamp(renewed.0 + lease.lasts));
                let what = match renewed {
                    Some(renewed) if !last.is_empty() => {
                        format!("Nobody leads {}: {last} renewed its lease last at {}", kind.program(), clock(renewed))
                    }
                    _ => format!("Nobody leads {}", kind.program()),
                };
                let mut finding = Finding::new(Kind::NoLeader, about, since, what);
                // With another master at work, its silence is a fault of its own.
                finding.cause = lease
                    .and_then(|lease| holder(inventory, lease))
                    .filter(|_| all_lost)
                    .map(|host| Slot::new(Family::Hosts, format!("node/{host}")));
                judgement.find(finding);
            }
        }
    }
}

fn besides(beside: &Beside, judgement: &mut Judgement) {
    match &beside.backup {
        Backup::Unknown => drop(judgement.silent.insert(Family::Backups)),
        Backup::Well => {}
        Backup::Overdue(what) => judgement.find(Finding::new(Kind::BackupOverdue, "backups", None, what.clone())),
    }
}
