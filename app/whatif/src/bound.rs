//! Proofs of how many pods of a group find a place in any order: at least, and at most.
//!
//! A host refuses a pod for want of room only when others have used up one of its resources. The demand of all
//! others is known, so the number of hosts that they can close at once is bounded. Others that keep a pod away by
//! anti-affinity or by a port close one domain each. A pod that still has a host in the worst case is certain.

use std::collections::{BTreeMap, BTreeSet};

use topology::inventory::{Name, Resources};

use crate::{
    filter::{Counted, Gate, concerns},
    place::Group,
    supposed::Supposed,
    world::{Form, FormId, HOSTNAME, HostId},
};

/// What all pods that look for a place ask for together.
pub(crate) struct Demand<'w> {
    /// Their sum, those that wait already among them.
    total: Resources,
    /// Forms that look for a place, with how many pods.
    forms: Vec<(FormId, u32)>,
    names: BTreeSet<&'w Name>,
}

/// Of so many forms at most is it found out whether each finds a host at all.
const SOUGHT: usize = 400;

impl<'w> Demand<'w> {
    pub(crate) fn of(supposed: &Supposed<'w, '_>, groups: &[Group<'_>], rivals: &[(FormId, u32)]) -> Self {
        let world = supposed.world;
        let mut counts: BTreeMap<FormId, u32> = BTreeMap::new();
        groups.iter().for_each(|group| *counts.entry(group.form).or_default() += group.pods);
        world.waiting.iter().for_each(|(_, form)| *counts.entry(*form).or_default() += 1);
        rivals.iter().for_each(|(form, pods)| *counts.entry(*form).or_default() += pods);
        // A pod that finds no host in any order takes no room from others.
        if counts.len() <= SOUGHT {
            let form_of = |(_, form): &(&topology::inventory::Pod, FormId)| *form;
            let claims = |form: FormId| -> &[Name] {
                let waiting = world.waiting.iter().find(|one| form_of(one) == form).map(|(pod, _)| &*pod.claims);
                waiting.unwrap_or_default()
            };
            counts.retain(|form, _| {
                // With claims of its own a pod may fare otherwise than its form.
                let has_claims = !claims(*form).is_empty()
                    || groups.iter().any(|group| group.form == *form && !group.claims.is_empty());
                let alone = [Group { form: *form, claims: &[], pin: None, pods: 1 }];
                has_claims
                    || Gate::new(supposed, alone[0].wanted()).is_err()
                    || upper_among(supposed, &alone[0], groups) > 0
            });
        }
        let mut demand =
            Self { total: Resources::default(), forms: counts.into_iter().collect(), names: BTreeSet::new() };
        for (form, count) in &demand.forms {
            let requests = &world.forms[*form].shape.requests;
            demand.total.add(&times(requests, *count));
            demand.names.extend(requests.extended.iter().map(|(name, _)| name));
        }
        demand
    }
}

fn times(requests: &Resources, count: u32) -> Resources {
    let count = u64::from(count);
    Resources {
        cpu: requests.cpu.saturating_mul(count),
        memory: requests.memory.saturating_mul(count),
        ephemeral: requests.ephemeral.saturating_mul(count),
        pods: requests.pods.saturating_mul(count),
        extended: requests.extended.iter().map(|(name, amount)| (name.clone(), amount.saturating_mul(count))).collect(),
    }
}

/// How another form meddles with this one.
#[derive(Default)]
struct Meddling<'w> {
    /// Keys within whose domains one pod of it closes hosts.
    keys: BTreeSet<&'w str>,
    /// Whether it counts in a constraint of this one's spread.
    spread: bool,
    /// Whether this one may be near it.
    near: bool,
}

fn meddling<'w>(supposed: &Supposed<'w, '_>, form: &'w Form<'_>, other: &'w Form<'_>) -> Meddling<'w> {
    let mut found = Meddling::default();
    let keeps = form.shape.apart.iter().filter(|term| concerns(supposed, term, form.namespace, other));
    let kept = other.shape.apart.iter().filter(|term| concerns(supposed, term, other.namespace, form));
    found.keys.extend(keeps.chain(kept).map(|term| &*term.topology));
    let port =
        |port: &topology::inventory::HostPort| other.shape.host_ports.iter().any(|taken| taken.port == port.port);
    if form.shape.host_ports.iter().any(port) {
        found.keys.insert(HOSTNAME);
    }
    found.spread = form.namespace == other.namespace
        && form.shape.spread.iter().any(|one| one.selector.as_ref().is_some_and(|all| all.matches(other.labels)));
    found.near = form.shape.near.iter().any(|term| concerns(supposed, term, form.namespace, other));
    found
}

/// At least so many pods of a group find a place, whatever happens first.
pub(crate) fn lower(
    supposed: &Supposed<'_, '_>,
    gate: &Gate<'_, '_, '_>,
    groups: &[Group<'_>],
    number: usize,
    demand: &Demand<'_>,
) -> u32 {
    let group = &groups[number];
    let world = supposed.world;
    let form = &world.forms[group.form];
    let mut closers: BTreeMap<&str, u32> = BTreeMap::new();
    let (mut own_keys, mut spread_others, mut spread_own) = (BTreeSet::new(), false, false);
    for (other, count) in &demand.forms {
        let found = meddling(supposed, form, &world.forms[*other]);
        let others = if *other == group.form { count.saturating_sub(group.pods) } else { *count };
        found.keys.iter().for_each(|key| *closers.entry(*key).or_default() += others);
        spread_others |= found.spread && others > 0;
        if *other == group.form {
            own_keys = found.keys;
            spread_own = found.spread;
        }
    }
    // A volume more closes a host to other volumes of its driver.
    let limits =
        world.inventory.catalog().csi_nodes().any(|node| node.drivers.iter().any(|(_, limit)| limit.is_some()));
    if !group.claims.is_empty() && limits {
        let others = groups.iter().enumerate().filter(|(other, one)| *other != number && !one.claims.is_empty());
        *closers.entry(HOSTNAME).or_default() += others.map(|(_, one)| one.pods).sum::<u32>();
        *closers.entry(HOSTNAME).or_default() +=
            world.waiting.iter().filter(|(pod, _)| !pod.claims.is_empty()).count() as u32;
        own_keys.insert(HOSTNAME);
    }
    let free: Vec<HostId> = supposed.known().map(|(host, _)| host).filter(|host| gate.admits(*host).is_ok()).collect();
    // A pod that tolerates a dead host may be sent there, and claims that one pod alone may hold are had once.
    if free.iter().any(|host| supposed.is_off(*host)) {
        return 0;
    }
    let proof = Proof { supposed, form, demand, closers, own_keys };
    let holds = |hosts: &[HostId], own: u32| proof.holds(hosts, own);
    let most = |hosts: &[HostId]| (1..=group.pods).rev().find(|count| holds(hosts, count - 1)).unwrap_or(0);
    if gate.is_first() && group.pods > 1 {
        // Those that follow go where the first one went, which may be any domain.
        let Some(term) = form.shape.near.first() else { return 0 };
        let domains = by_domain(supposed, &free, &term.topology);
        return domains.values().map(|hosts| most(hosts)).min().unwrap_or(0);
    }
    match gate.spread() {
        [] => most(&free),
        _ if group.pods == 1 && !spread_others => most(&free),
        // Each of its pods changes nothing in what it is spread by.
        _ if !spread_own && !spread_others => most(&free),
        [only] if !spread_others => spread_evenly(supposed, gate, only, group, &most),
        _ => 0,
    }
}

/// With one constraint the emptiest domain always admits a pod: every domain that counts must have room, and one that
/// takes none bounds all others.
fn spread_evenly(
    supposed: &Supposed<'_, '_>,
    gate: &Gate<'_, '_, '_>,
    counted: &Counted<'_>,
    group: &Group<'_>,
    most: &dyn Fn(&[HostId]) -> u32,
) -> u32 {
    let on = |host: &HostId| !supposed.is_off(*host) && gate.holds(*host).is_ok();
    let hosts: Vec<HostId> = supposed.known().map(|(host, _)| host).filter(on).collect();
    let domains = by_domain(supposed, &hosts, &counted.spread.topology);
    let all_have_room = domains.values().all(|hosts| most(hosts) == group.pods);
    let capacity = capacity(counted, &domains);
    if all_have_room { capacity.map_or(group.pods, |capacity| capacity.min(group.pods)) } else { 0 }
}

/// How many more pods a spread admits, when a domain that counts takes none; `None` for any number.
fn capacity(counted: &Counted<'_>, open: &BTreeMap<&Name, Vec<HostId>>) -> Option<u32> {
    let few = counted.spread.min_domains.is_some_and(|wanted| counted.domains.len() < wanted as usize);
    let closed = counted.domains.iter().filter(|(domain, _)| !open.contains_key(*domain)).map(|(_, count)| *count);
    let least = if few { Some(0) } else { closed.min() }?;
    let most = least + counted.spread.max_skew;
    let room = |domain: &&Name| most.saturating_sub(counted.domains.get(*domain).copied().unwrap_or(0));
    Some(open.keys().filter(|domain| counted.domains.contains_key(**domain)).map(room).sum())
}

fn by_domain<'w>(supposed: &Supposed<'w, '_>, hosts: &[HostId], topology: &str) -> BTreeMap<&'w Name, Vec<HostId>> {
    let mut domains: BTreeMap<&Name, Vec<HostId>> = BTreeMap::new();
    for host in hosts {
        if let Some(value) = supposed.world.hosts[*host].label(topology) {
            domains.entry(value).or_default().push(*host);
        }
    }
    domains
}

/// The worst case against one pod.
struct Proof<'p, 'w, 'a> {
    supposed: &'p Supposed<'w, 'a>,
    form: &'p Form<'a>,
    demand: &'p Demand<'p>,
    closers: BTreeMap<&'p str, u32>,
    own_keys: BTreeSet<&'p str>,
}

impl Proof<'_, '_, '_> {
    /// Whether one more pod surely finds one of these hosts, after `own` of its group and all others were placed in the
    /// worst way.
    fn holds(&self, hosts: &[HostId], own: u32) -> bool {
        let asked = &self.form.shape.requests;
        let mut others = self.demand.total.clone();
        others.subtract(asked);
        let demanded = [others.pods, others.cpu, others.memory, others.ephemeral];
        let extended = self.demand.names.iter().filter(|name| others.extended(name) > 0).count();
        let resources = (demanded.iter().filter(|amount| **amount > 0).count() + extended) as f64;
        let costs: Vec<f64> = hosts.iter().map(|host| self.cost(*host, &others, resources)).collect();
        let mut left: f64 = costs.iter().sum();
        let mut keys = self.closers.clone();
        self.own_keys.iter().for_each(|key| *keys.entry(*key).or_default() += own);
        for (key, count) in keys.into_iter().filter(|(_, count)| *count > 0) {
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
        // With a hair's breadth for the sums of fractions.
        left > resources + 1e-6
    }

    /// Which share of the others' demand it takes to close a host; more than all of it where that cannot be done.
    fn cost(&self, host: HostId, others: &Resources, resources: f64) -> f64 {
        let world = self.supposed.world;
        let Some(free) = self.supposed.free(host).filter(|_| world.hosts[host].ready) else { return 0.0 };
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

/// The same for a group that need not be one of those that look for a place.
fn upper_among(supposed: &Supposed<'_, '_>, group: &Group<'_>, groups: &[Group<'_>]) -> u32 {
    Gate::new(supposed, group.wanted()).map_or(0, |gate| upper(supposed, &gate, groups, group))
}

/// At most so many pods of a group find a place, whatever the order.
pub(crate) fn upper(
    supposed: &Supposed<'_, '_>,
    gate: &Gate<'_, '_, '_>,
    groups: &[Group<'_>],
    group: &Group<'_>,
) -> u32 {
    let world = supposed.world;
    let form = &world.forms[group.form];
    let own = meddling(supposed, form, form);
    let forms = groups.iter().map(|group| group.form).chain(world.waiting.iter().map(|(_, form)| *form));
    let others: BTreeSet<FormId> = forms.filter(|other| *other != group.form).collect();
    let others: Vec<Meddling<'_>> =
        others.into_iter().map(|other| meddling(supposed, form, &world.forms[other])).collect();
    // Pods placed before may bring a pod that it must be near, or fill the emptiest domain.
    let near = own.near || others.iter().any(|other| other.near);
    let filled = others.iter().any(|other| other.spread);
    let spread = own.spread || filled;
    let admits = |host: &HostId| {
        let refused = gate.admits(*host).err();
        match refused {
            None => true,
            Some(crate::filter::Refusal::Near) => near,
            Some(crate::filter::Refusal::Spread(_)) => spread,
            Some(_) => false,
        }
    };
    let on = supposed.known().map(|(host, _)| host).filter(|host| !supposed.is_off(*host));
    let hosts: Vec<HostId> = on.filter(admits).collect();
    let asked = &form.shape.requests;
    let slots = |host: &HostId| {
        let free = supposed.free(*host).unwrap_or_default();
        let addresses = world.hosts[*host].addresses.unwrap_or(u64::MAX);
        let plain = [
            (asked.pods, free.pods.min(addresses)),
            (asked.cpu, free.cpu),
            (asked.memory, free.memory),
            (asked.ephemeral, free.ephemeral),
        ];
        let extended = asked.extended.iter().map(|(name, asked)| (*asked, free.extended(name)));
        let fits = plain.into_iter().chain(extended).filter_map(|(asked, free)| free.checked_div(asked));
        fits.min().unwrap_or(u64::MAX).min(u64::from(group.pods))
    };
    let mut most: u64 = hosts.iter().map(slots).sum();
    for key in &own.keys {
        let domains = by_domain(supposed, &hosts, key).len();
        let unlabelled = hosts.iter().filter(|host| world.hosts[**host].label(key).is_none()).count();
        most = most.min((domains + unlabelled) as u64);
    }
    if let ([only], false) = (gate.spread(), filled) {
        let open = |host: &HostId| !supposed.is_off(*host) && gate.holds(*host).is_ok();
        let open: Vec<HostId> = supposed.known().map(|(host, _)| host).filter(open).collect();
        let domains = by_domain(supposed, &open, &only.spread.topology);
        if let Some(capacity) = capacity(only, &domains).filter(|_| only.counts_itself) {
            most = most.min(u64::from(capacity));
        }
    }
    u32::try_from(most).unwrap_or(u32::MAX).min(group.pods)
}
