//! The worst case against one pod: whether others can close every host to it.
//!
//! The first look is at their demand as a whole, which does for clusters of any size. Where that proves nothing and all is
//! small, every way in which others may lie is tried.

use std::collections::{BTreeMap, BTreeSet};

use topology::inventory::{Name, Resources};

use crate::{
    bound::Demand,
    search::withstands,
    supposed::Supposed,
    world::{Form, FormId, HOSTNAME, HostId},
};

/// The worst case against one pod.
pub(crate) struct Proof<'p, 'w, 'a> {
    pub(crate) supposed: &'p Supposed<'w, 'a>,
    /// Its form, by number and as it is.
    pub(crate) number: FormId,
    pub(crate) form: &'p Form<'a>,
    pub(crate) demand: &'p Demand<'p>,
    /// Forms with keys within whose domains one pod closes hosts.
    pub(crate) keys: BTreeMap<FormId, BTreeSet<&'p str>>,
    /// How many pods of others close a domain, by its key.
    pub(crate) closers: BTreeMap<&'p str, u32>,
    pub(crate) own_keys: BTreeSet<&'p str>,
    /// Whether nothing but what is asked for by other forms can close a host: no volume can.
    pub(crate) is_plain: bool,
}

/// Sums of fractions are off by a hair's breadth.
const HAIR: f64 = 1e-6;
/// Few hosts prove what all of them do only by more than that.
const CLEAR: f64 = 1e-3;
/// Beyond so many hosts it takes as long to look at all of them.
const FEW: usize = 256;

impl<'p> Proof<'p, '_, '_> {
    /// At least so many of its pods surely find one of these hosts.
    pub(crate) fn most(&self, hosts: &[HostId], pods: u32) -> u32 {
        let by_demand = (1..=pods).rev().find(|count| self.holds(hosts, count - 1, HAIR)).unwrap_or(0);
        // What is proved of so many pods is proved of fewer.
        let more = (by_demand + 1..=pods).take_while(|count| withstands(self, hosts, count - 1, pods));
        more.last().unwrap_or(by_demand)
    }

    /// How many domains others close by each key, once `own` of its group are placed.
    fn closed(&self, own: u32) -> BTreeMap<&'p str, u32> {
        let mut keys = self.closers.clone();
        self.own_keys.iter().for_each(|key| *keys.entry(*key).or_default() += own);
        keys.retain(|_, count| *count > 0);
        keys
    }

    /// Whether the first of these hosts prove already that all pods find one. By at most one key a host more never
    /// takes from a proof, so that all hosts prove it too; by more keys it may.
    pub(crate) fn is_soon_found(
        &self,
        pods: u32,
        hosts: impl Iterator<Item = HostId>,
        admits: impl Fn(&HostId) -> bool,
    ) -> bool {
        let closed = self.closed(pods - 1);
        if closed.len() > 1 {
            return false;
        }
        let mut some = Vec::new();
        let mut next = 1 + closed.values().sum::<u32>() as usize;
        for host in hosts.filter(admits) {
            some.push(host);
            if some.len() >= next {
                if self.holds(&some, pods - 1, CLEAR) {
                    self.demand.rests_on(some);
                    return true;
                }
                next = (next + next / 2).max(next + 2);
            }
            if next > FEW {
                return false;
            }
        }
        false
    }

    /// The domains of a key, when some of the hosts of each prove already that all pods find one there.
    pub(crate) fn soon_found_in_all(
        &self,
        pods: u32,
        topology: &str,
        admits: impl Fn(&HostId) -> bool,
    ) -> Option<BTreeSet<&'p Name>> {
        let world = self.supposed.world;
        let closed = self.closed(pods - 1);
        if closed.len() > 1 {
            return None;
        }
        let all = world.domains(topology);
        let mut found: BTreeSet<&Name> = BTreeSet::new();
        let mut some: BTreeMap<&Name, (Vec<HostId>, usize)> = BTreeMap::new();
        for host in world.roomiest() {
            let Some(domain) = world.hosts[*host].label(topology).filter(|domain| !found.contains(domain)) else {
                continue;
            };
            if !admits(host) {
                continue;
            }
            let (hosts, next) = some.entry(domain).or_insert((Vec::new(), 1));
            hosts.push(*host);
            if hosts.len() < *next {
                continue;
            }
            if self.holds(hosts, pods - 1, CLEAR) {
                self.demand.rests_on(hosts.iter().copied());
                found.insert(domain);
                if found.len() == all {
                    return Some(found);
                }
            }
            *next = (*next + *next / 2).max(*next + 2);
            if *next > FEW {
                return None;
            }
        }
        None
    }

    /// Whether one more pod surely finds one of these hosts, after `own` of its group and all others were placed in the
    /// worst way.
    fn holds(&self, hosts: &[HostId], own: u32, margin: f64) -> bool {
        let asked = &self.form.shape.requests;
        let mut others = self.demand.total.clone();
        others.subtract(asked);
        let demanded = [others.pods, others.cpu, others.memory, others.ephemeral];
        let extended = self.demand.names.iter().filter(|name| others.extended(name) > 0).count();
        let resources = (demanded.iter().filter(|amount| **amount > 0).count() + extended) as f64;
        let costs: Vec<f64> = hosts.iter().map(|host| self.cost(*host, &others, resources)).collect();
        let mut left: f64 = costs.iter().sum();
        for (key, count) in self.closed(own) {
            let mut domains: BTreeMap<&str, f64> = BTreeMap::new();
            for (host, cost) in hosts.iter().zip(&costs) {
                // Ports close a host, whatever its labels say.
                let host = &self.supposed.world.hosts[*host];
                let domain = host.label(key).map(|value| &**value).or((key == HOSTNAME).then_some(&*host.name));
                *domains.entry(domain.unwrap_or_default()).or_default() += cost;
            }
            let mut sums: Vec<f64> = domains.into_values().collect();
            sums.sort_by(|a, b| b.total_cmp(a));
            left -= sums.into_iter().take(count as usize).sum::<f64>();
        }
        left > resources + margin
    }

    /// Which share of the others' demand it takes to close a host; more than all of it where that cannot be done.
    fn cost(&self, host: HostId, others: &Resources, resources: f64) -> f64 {
        let world = self.supposed.world;
        let Some(free) = self.supposed.room(host).filter(|_| world.hosts[host].ready) else { return 0.0 };
        let asked = &self.form.shape.requests;
        let addresses = world.hosts[host].addresses.map_or(u64::MAX, |left| left);
        let plain = [
            (asked.pods, free.pods.min(addresses), others.pods),
            (asked.cpu, free.cpu, others.cpu),
            (asked.memory, free.memory, others.memory),
            (asked.ephemeral, free.ephemeral, others.ephemeral),
        ];
        let extended = asked.extended.iter().map(|(name, asked)| (*asked, free.extended(name), others.extended(name)));
        let share = |(asked, free, others): (u64, u64, u64)| match free.checked_sub(asked) {
            None => Some(0.0),
            Some(_) if others == 0 || asked == 0 => None,
            Some(spare) => Some((spare + 1) as f64 / others as f64),
        };
        let least = plain.into_iter().chain(extended).filter_map(share).fold(f64::INFINITY, f64::min);
        if least > 1.0 { resources + 1.0 } else { least }
    }
}
