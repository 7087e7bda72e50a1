//! Every way in which others may close all hosts to a pod, tried one after another.
//!
//! What is allowed to others is more than the scheduler allows them: where they must be spread, or near something, is not
//! asked. So what withstands all of this withstands what may really come.

use std::collections::{BTreeSet, HashSet};

use topology::inventory::Resources;

use crate::{
    filter::{Gate, Wanted},
    world::{FormId, HOSTNAME, HostId},
    worst::Proof,
};

/// A search among more hosts than this, more pods or more steps is given up, and proves nothing.
const HOSTS: usize = 32;
const PODS: u32 = 64;
const STEPS: u32 = 5_000;

/// Pods of one form that may be placed before.
struct Rival<'p> {
    asked: &'p Resources,
    /// Whether it may lie on each of the hosts.
    lies: Vec<bool>,
    /// Whether two of them never lie on one host.
    is_alone: bool,
    /// Hosts that one of them closes by being near, as bits, for each place where it may lie.
    closes: BTreeSet<u32>,
}

struct Search<'s> {
    rivals: Vec<Rival<'s>>,
    asked: &'s Resources,
    /// What each host has left, and how many addresses.
    hosts: Vec<(Resources, u64)>,
    /// Bits of closed hosts, and how many of each rival are left: all of these have failed.
    failed: HashSet<(u32, Vec<u32>)>,
    steps: u32,
}

/// Whether one more pod finds one of these hosts however all others were placed before it, `own` of its group of so many
/// among them.
pub(crate) fn withstands(proof: &Proof<'_, '_, '_>, hosts: &[HostId], own: u32, pods: u32) -> bool {
    let world = proof.supposed.world;
    let open: Vec<HostId> = hosts.iter().copied().filter(|host| world.hosts[*host].ready).collect();
    let left = |(form, count): (&FormId, &u32)| match *form == proof.number {
        true => (*form, count.saturating_sub(pods) + own),
        false => (*form, *count),
    };
    let others: Vec<(FormId, u32)> = proof.demand.forms.iter().map(left).filter(|(_, count)| *count > 0).collect();
    let count: u32 = others.iter().map(|(_, count)| count).sum();
    if !proof.is_plain || open.is_empty() || open.len() > HOSTS || count > PODS {
        return false;
    }
    let Some(rivals) = others.iter().map(|(form, _)| rival(proof, &open, *form)).collect() else { return false };
    let room = |host: &HostId| Some((proof.supposed.free(*host)?, world.hosts[*host].addresses.unwrap_or(u64::MAX)));
    let Some(hosts) = open.iter().map(room).collect() else { return false };
    let mut search = Search { rivals, asked: &proof.form.shape.requests, hosts, failed: HashSet::new(), steps: 0 };
    let mut left = others.into_iter().map(|(_, count)| count).collect();
    !search.closes(0, &mut left) && search.steps < STEPS
}

/// A form as a rival; nothing where too little is known of it.
fn rival<'p>(proof: &Proof<'p, '_, '_>, open: &[HostId], form: FormId) -> Option<Rival<'p>> {
    let (supposed, world) = (proof.supposed, proof.supposed.world);
    let shape = world.forms[form].shape;
    // Of such a pod no template is known.
    if shape.requests.pods == 0 {
        return None;
    }
    let gate = Gate::new(supposed, Wanted { form, claims: &[], pin: None }).ok();
    let may_lie = |host: HostId| gate.as_ref().is_none_or(|gate| gate.may_admit(host));
    let mut closes = BTreeSet::new();
    if let Some(keys) = proof.keys.get(&form) {
        let domain = |key: &str, host: HostId| {
            let host = &world.hosts[host];
            host.label(key).or((key == HOSTNAME).then_some(&host.name))
        };
        // By a key that a host lacks, a pod closes some hosts and takes room on another.
        if open.iter().any(|host| keys.iter().any(|key| domain(key, *host).is_none())) {
            return None;
        }
        for (at, _) in supposed.known().filter(|(host, _)| may_lie(*host)) {
            let is_near = |host: HostId| keys.iter().any(|key| domain(key, host) == domain(key, at));
            closes.insert((0..open.len()).filter(|bit| is_near(open[*bit])).map(|bit| 1 << bit).sum());
        }
    }
    let by_itself = |key: &str| open.iter().all(|host| world.hosts[*host].label(key).is_some());
    let kept_apart = world.relation(form).apart.iter().any(|(other, key)| *other == form && by_itself(key));
    Some(Rival {
        asked: &shape.requests,
        lies: open.iter().map(|host| may_lie(*host)).collect(),
        is_alone: kept_apart || !shape.host_ports.is_empty(),
        closes,
    })
}

impl Search<'_> {
    /// Whether the rivals that are left can close all hosts that are not closed yet, or the search was given up.
    fn closes(&mut self, closed: u32, left: &mut Vec<u32>) -> bool {
        let Some(host) = (0..self.hosts.len()).find(|host| closed & (1 << host) == 0) else { return true };
        if self.failed.contains(&(closed, left.clone())) {
            return false;
        }
        for number in 0..left.len() {
            if left[number] == 0 {
                continue;
            }
            let near: Vec<u32> =
                self.rivals[number].closes.iter().copied().filter(|bits| bits & (1 << host) != 0).collect();
            for bits in near {
                left[number] -= 1;
                let done = self.closes(closed | bits, left);
                left[number] += 1;
                if done {
                    return true;
                }
            }
        }
        let (free, addresses) = self.hosts[host].clone();
        if self.fills(closed, left, host, &free, addresses, 0) {
            return true;
        }
        self.failed.insert((closed, left.clone()));
        false
    }

    /// Whether rivals from this one on can fill a host, and close all others besides.
    fn fills(
        &mut self,
        closed: u32,
        left: &mut Vec<u32>,
        host: usize,
        free: &Resources,
        addresses: u64,
        from: usize,
    ) -> bool {
        self.steps += 1;
        if self.steps >= STEPS {
            return true;
        }
        if !self.asked.fits(free) || (self.asked.pods > addresses) {
            return self.closes(closed | (1 << host), left);
        }
        for number in from..left.len() {
            let rival = &self.rivals[number];
            if left[number] == 0 || !rival.lies[host] || !rival.asked.fits(free) {
                continue;
            }
            let mut rest = free.clone();
            rest.subtract(rival.asked);
            let next = number + usize::from(rival.is_alone);
            left[number] -= 1;
            let done = self.fills(closed, left, host, &rest, addresses.saturating_sub(1), next);
            left[number] += 1;
            if done {
                return true;
            }
        }
        false
    }
}
