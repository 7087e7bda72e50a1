//! Proofs of how many pods of a group find a place in any order: at least, and at most.
//!
//! A host refuses a pod for want of room only when others have used up one of its resources. The demand of all
//! others is known, so the number of hosts that they can close at once is bounded. Others that keep a pod away by
//! anti-affinity or by a port close one domain each. A pod that still has a host in the worst case is certain.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
};

use topology::inventory::{HostPort, Name, Resources};

use crate::{
    fate::attached,
    filter::{Counted, Gate},
    place::Group,
    supposed::Supposed,
    world::{Form, FormId, HOSTNAME, HostId, World},
    worst::Proof,
};

/// Hosts that proofs rest on. While these stay as they are, others may change without harm to what was proved.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ground {
    /// The hosts.
    pub(crate) hosts: BTreeSet<HostId>,
    /// Whether every host was looked at, so that any change may matter.
    pub(crate) all: bool,
}

/// What all pods that look for a place ask for together.
pub(crate) struct Demand<'w> {
    /// Their sum, those that wait already among them.
    pub(crate) total: Resources,
    /// Forms that look for a place, with how many pods.
    pub(crate) forms: BTreeMap<FormId, u32>,
    pub(crate) names: BTreeSet<&'w Name>,
    /// The hosts that this and the proofs about it rest on.
    ground: RefCell<Ground>,
}

/// All forms that look for a place, those that find none among them.
pub(crate) fn comers(world: &World<'_>, groups: &[Group<'_>], rivals: &[(FormId, u32)]) -> BTreeSet<FormId> {
    let waiting = world.waiting.iter().map(|(_, form)| *form);
    groups.iter().map(|group| group.form).chain(waiting).chain(rivals.iter().map(|(form, _)| *form)).collect()
}

/// Of so many forms at most is it found out whether each finds a host at all.
const SOUGHT: usize = 400;

impl<'w> Demand<'w> {
    pub(crate) fn of(supposed: &Supposed<'w, '_>, groups: &[Group<'_>], rivals: &[(FormId, u32)]) -> Self {
        let world = supposed.world;
        let mut ground = Ground::default();
        let mut forms: BTreeMap<FormId, u32> = BTreeMap::new();
        groups.iter().for_each(|group| *forms.entry(group.form).or_default() += group.pods);
        world.waiting.iter().for_each(|(_, form)| *forms.entry(*form).or_default() += 1);
        rivals.iter().for_each(|(form, pods)| *forms.entry(*form).or_default() += pods);
        // A pod that finds no host in any order takes no room from others. With claims of its own it may fare otherwise
        // than its form.
        if forms.len() <= SOUGHT {
            let comers = comers(world, groups, rivals);
            let mounts = |(pod, form): &(&topology::inventory::Pod, FormId)| (!pod.claims.is_empty()).then_some(*form);
            let waiting = world.waiting.iter().filter_map(mounts);
            let placed = groups.iter().filter(|group| !group.claims.is_empty()).map(|group| group.form);
            let with_claims: BTreeSet<FormId> = waiting.chain(placed).collect();
            forms.retain(|form, _| with_claims.contains(form) || finds_some(supposed, &comers, *form, &mut ground));
        }
        let ground = RefCell::new(ground);
        let mut demand = Self { total: Resources::default(), forms, names: BTreeSet::new(), ground };
        for (form, count) in &demand.forms {
            let requests = &world.forms[*form].shape.requests;
            demand.total.add(&times(requests, *count));
            demand.names.extend(requests.extended.iter().map(|(name, _)| name));
        }
        demand
    }

    /// The hosts that it and the proofs so far rest on.
    pub(crate) fn into_ground(self) -> Ground {
        self.ground.into_inner()
    }

    pub(crate) fn rests_on(&self, hosts: impl IntoIterator<Item = HostId>) {
        self.ground.borrow_mut().hosts.extend(hosts);
    }

    fn rests_on_all(&self) {
        self.ground.borrow_mut().all = true;
    }
}

/// Whether a pod of a form may find a host in some order, or nothing can be said of it.
fn finds_some(supposed: &Supposed<'_, '_>, comers: &BTreeSet<FormId>, form: FormId, ground: &mut Ground) -> bool {
    let world = supposed.world;
    let alone = Group { form, claims: &[], pin: None, pods: 1 };
    let Ok(gate) = Gate::new(supposed, alone.wanted()) else { return true };
    let on = |host: HostId| !supposed.is_off(host);
    // Where no host takes it as it is, only one that the question changes may.
    if world.is_closed(form) && !supposed.touched().any(|(host, _)| on(host) && gate.holds(host).is_ok()) {
        return false;
    }
    // One host that takes it now is enough, and is soon found. What else there is to say needs all of them.
    let takes = |host: HostId| {
        let counts = |one: &Counted<'_>| {
            let domain = world.hosts[host].label(&one.spread.topology);
            !one.counts_itself || domain.is_some_and(|domain| one.domains.contains_key(domain))
        };
        on(host)
            && world.hosts[host].addresses.is_none_or(|left| left > 0)
            && gate.spread().iter().all(counts)
            && gate.admits(host).is_ok()
    };
    if let Some(host) = world.roomiest().iter().find(|host| takes(**host)) {
        ground.hosts.insert(*host);
        return true;
    }
    ground.all = true;
    upper(supposed, &gate, comers, &alone) > 0
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

/// Whether two forms ask for one port of their host.
fn share_a_port(form: &Form<'_>, other: &Form<'_>) -> bool {
    let taken = |port: &HostPort| other.shape.host_ports.iter().any(|taken| taken.port == port.port);
    form.shape.host_ports.iter().any(taken)
}

/// Keys within whose domains one pod of another form closes hosts to this one, by that form.
fn keys<'w>(
    supposed: &Supposed<'w, '_>,
    number: FormId,
    among: &BTreeMap<FormId, u32>,
) -> BTreeMap<FormId, BTreeSet<&'w str>> {
    let world = supposed.world;
    let mut keys: BTreeMap<FormId, BTreeSet<&'w str>> = BTreeMap::new();
    for (other, key) in world.relation(number).apart.iter().filter(|(other, _)| among.contains_key(other)) {
        keys.entry(*other).or_default().insert(key);
    }
    let form = &world.forms[number];
    if !form.shape.host_ports.is_empty() {
        for other in among.keys().filter(|other| share_a_port(form, &world.forms[**other])) {
            keys.entry(*other).or_default().insert(HOSTNAME);
        }
    }
    keys
}

/// At least so many pods of a group find a place, whatever happens first.
pub(crate) fn lower(
    supposed: &Supposed<'_, '_>,
    gate: &Gate<'_, '_, '_>,
    groups: &[Group<'_>],
    number: usize,
    demand: &Demand<'_>,
) -> u32 {
    match attachable(supposed, groups, number) {
        0 => 0,
        most => feasible(supposed, gate, groups, number, demand).min(most),
    }
}

/// How many pods of a group surely get their volumes. The scheduler does not ask whether a volume that one host at a
/// time may hold is attached elsewhere, so only the first of the pods that share one is sure of it.
pub(crate) fn attachable(supposed: &Supposed<'_, '_>, groups: &[Group<'_>], number: usize) -> u32 {
    let group = &groups[number];
    let namespace = supposed.world.forms[group.form].namespace;
    let is_exclusive = |claim: &&Name| attached(supposed, namespace, std::slice::from_ref(*claim)).is_some();
    let exclusive: BTreeSet<&Name> = group.claims.iter().filter(is_exclusive).collect();
    if exclusive.is_empty() {
        return u32::MAX;
    }
    let shares = |other: &Name, claims: &[Name]| other == namespace && claims.iter().any(|one| exclusive.contains(one));
    let of_groups = groups
        .iter()
        .enumerate()
        .any(|(other, one)| other != number && shares(supposed.world.forms[one.form].namespace, one.claims));
    let of_waiting = supposed.world.waiting.iter().any(|(pod, _)| shares(&pod.key.namespace, &pod.claims));
    if of_groups || of_waiting { 0 } else { 1 }
}

/// At least so many pods of a group find a feasible host, whatever happens first.
fn feasible(
    supposed: &Supposed<'_, '_>,
    gate: &Gate<'_, '_, '_>,
    groups: &[Group<'_>],
    number: usize,
    demand: &Demand<'_>,
) -> u32 {
    let group = &groups[number];
    let world = supposed.world;
    let form = &world.forms[group.form];
    // Pods of a form beside those of this group.
    let others = |other: FormId| {
        let count = demand.forms.get(&other).copied().unwrap_or(0);
        if other == group.form { count.saturating_sub(group.pods) } else { count }
    };
    let mut closers: BTreeMap<&str, u32> = BTreeMap::new();
    let keys = keys(supposed, group.form, &demand.forms);
    let mut own_keys = keys.get(&group.form).cloned().unwrap_or_default();
    for (other, keys) in &keys {
        keys.iter().for_each(|key| *closers.entry(*key).or_default() += others(*other));
    }
    let meddles = &world.relation(group.form).meddles;
    let spread_others = meddles.iter().any(|other| others(*other) > 0);
    let spread_own = demand.forms.contains_key(&group.form) && meddles.contains(&group.form);
    // A volume more closes a host to other volumes of its driver.
    let limit = |node: &topology::inventory::CsiNode| node.drivers.iter().any(|(_, limit)| limit.is_some());
    let is_plain = group.claims.is_empty() || !world.inventory.catalog().csi_nodes().any(limit);
    if !is_plain {
        let others = groups.iter().enumerate().filter(|(other, one)| *other != number && !one.claims.is_empty());
        *closers.entry(HOSTNAME).or_default() += others.map(|(_, one)| one.pods).sum::<u32>();
        *closers.entry(HOSTNAME).or_default() +=
            world.waiting.iter().filter(|(pod, _)| !pod.claims.is_empty()).count() as u32;
        own_keys.insert(HOSTNAME);
    }
    // A pod that tolerates a dead host may be sent there.
    let dead = |host: HostId| supposed.is_off(host) && supposed.knows(host);
    if supposed.touched().any(|(host, _)| dead(host) && gate.admits(host).is_ok()) {
        return 0;
    }
    let proof = Proof { supposed, number: group.form, form, demand, keys, closers, own_keys, is_plain };
    let admits = |host: &HostId| supposed.knows(*host) && gate.admits(*host).is_ok();
    let free = || -> Vec<HostId> { supposed.known().map(|(host, _)| host).filter(admits).collect() };
    let most = || match proof.is_soon_found(group.pods, world.roomiest().iter().copied(), admits) {
        true => group.pods,
        false => {
            demand.rests_on_all();
            proof.most(&free(), group.pods)
        }
    };
    // Pods of others that it must be near may come first, and to a domain that takes none of it.
    let near_others = world.relation(group.form).near.iter().any(|other| others(*other) > 0);
    if gate.is_first() && (group.pods > 1 || near_others) {
        // Those that follow go where the first one went, which may be any domain. By more terms, or spread besides,
        // they may fit nowhere there.
        let [term] = form.shape.near.as_slice() else { return 0 };
        if near_others || spread_own || spread_others {
            return 0;
        }
        demand.rests_on_all();
        let free = free();
        let domains = by_domain(supposed, &free, &term.topology);
        return domains.values().map(|hosts| proof.most(hosts, group.pods)).min().unwrap_or(0);
    }
    match gate.spread() {
        [] => most(),
        _ if group.pods == 1 && !spread_others => most(),
        // Each of its pods changes nothing in what it is spread by.
        _ if !spread_own && !spread_others => most(),
        [only] if !spread_others => spread_evenly(supposed, gate, only, group, &proof),
        _ => 0,
    }
}

/// With one constraint the emptiest domain always admits a pod, as long as it has room.
fn spread_evenly(
    supposed: &Supposed<'_, '_>,
    gate: &Gate<'_, '_, '_>,
    counted: &Counted<'_>,
    group: &Group<'_>,
    proof: &Proof<'_, '_, '_>,
) -> u32 {
    let on = |host: &HostId| !supposed.is_off(*host) && gate.admits_unspread(*host).is_ok();
    let topology = &counted.spread.topology;
    let bounded = |open: &BTreeSet<&Name>| capacity(counted, open).map_or(group.pods, |most| most.min(group.pods));
    if let Some(open) = proof.soon_found_in_all(group.pods, topology, on) {
        return bounded(&open);
    }
    proof.demand.rests_on_all();
    let hosts: Vec<HostId> = supposed.known().map(|(host, _)| host).filter(on).collect();
    let rooms = by_domain(supposed, &hosts, topology).into_iter();
    at_least(counted, &rooms.map(|(domain, hosts)| (domain, proof.most(&hosts, group.pods))).collect()).min(group.pods)
}

/// At least so many pods of a spread find a place, when each domain surely has room for so many of them. Where one of them
/// finds none, the emptiest domain has no room left, and every other has none either or as many more as may be.
fn at_least(counted: &Counted<'_>, rooms: &BTreeMap<&Name, u32>) -> u32 {
    let skew = counted.spread.max_skew;
    let room = |domain: &Name| rooms.get(domain).copied().unwrap_or(0);
    let missing = |count: u32, least: u32| least.saturating_add(skew).saturating_sub(count);
    if counted.has_few_domains() {
        return counted.domains.iter().map(|(domain, count)| room(domain).min(missing(*count, 0))).sum();
    }
    let with_emptiest = |(emptiest, count): (&&Name, &u32)| {
        let least = count + room(emptiest);
        let placed = |(domain, count): (&&Name, &u32)| match room(domain) {
            room if domain == emptiest => room,
            room if count + room >= least => room.min(missing(*count, least)),
            _ => missing(*count, least),
        };
        counted.domains.iter().map(placed).fold(0, u32::saturating_add)
    };
    counted.domains.iter().map(with_emptiest).min().unwrap_or(0)
}

/// How many more pods a spread admits, when a domain that counts takes none; `None` for any number.
fn capacity(counted: &Counted<'_>, open: &BTreeSet<&Name>) -> Option<u32> {
    let closed = counted.domains.iter().filter(|(domain, _)| !open.contains(*domain)).map(|(_, count)| *count);
    let least = if counted.has_few_domains() { Some(0) } else { closed.min() }?;
    let most = least + counted.spread.max_skew;
    let room = |domain: &&Name| most.saturating_sub(counted.domains.get(*domain).copied().unwrap_or(0));
    Some(open.iter().copied().filter(|domain| counted.domains.contains_key(*domain)).map(|domain| room(&domain)).sum())
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

/// At most so many pods of a group find a place, whatever the order.
pub(crate) fn upper(
    supposed: &Supposed<'_, '_>,
    gate: &Gate<'_, '_, '_>,
    comers: &BTreeSet<FormId>,
    group: &Group<'_>,
) -> u32 {
    let world = supposed.world;
    let form = &world.forms[group.form];
    let relation = world.relation(group.form);
    let itself = BTreeMap::from([(group.form, 1)]);
    let own_keys = keys(supposed, group.form, &itself).remove(&group.form).unwrap_or_default();
    let among = |forms: &[FormId]| forms.iter().any(|other| *other != group.form && comers.contains(other));
    // Pods placed before may bring a pod that it must be near, or fill the emptiest domain.
    let near = relation.near_some.contains(&group.form) || among(&relation.near_some);
    let filled = among(&relation.meddles);
    let spread = relation.meddles.contains(&group.form) || filled;
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
    for key in &own_keys {
        let domains = by_domain(supposed, &hosts, key).len();
        let unlabelled = hosts.iter().filter(|host| world.hosts[**host].label(key).is_none()).count();
        most = most.min((domains + unlabelled) as u64);
    }
    if let ([only], false) = (gate.spread(), filled) {
        let open = |host: &HostId| !supposed.is_off(*host) && gate.holds(*host).is_ok();
        let open: Vec<HostId> = supposed.known().map(|(host, _)| host).filter(open).collect();
        let domains = by_domain(supposed, &open, &only.spread.topology);
        if let Some(capacity) = capacity(only, &domains.into_keys().collect()).filter(|_| only.counts_itself) {
            most = most.min(u64::from(capacity));
        }
    }
    u32::try_from(most).unwrap_or(u32::MAX).min(group.pods)
}
