//! The order in which all hosts are drained for an upgrade, in waves: no budget blocks one, no service that has two
//! endpoints loses the last, every pod surely finds another place, and masters go one at a time.
//!
//! The scheduler's choice is not known, so that a wave rests on one placement of those before it. It is right to ask
//! again once a wave is done.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use topology::{
    Inventory, Stamp,
    inventory::{Key, Name, Pod, Resources},
    layout::natural,
};

use crate::{
    answer::{About, Part, Seat, counted},
    ask::{found, left_behind},
    control::control,
    fate::{Fate, lots},
    filter::amount,
    place::{Group, judge, settled},
    question::{Question, Step, listed},
    services::backend,
    supposed::Supposed,
    verdict::Verdict,
    words::few,
    world::{FormId, HostId, World},
};

/// All hosts of a cluster in the order in which they can be drained.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DrainOrder {
    /// Hosts that can be drained together, wave after wave. After each its hosts come back and take pods again.
    pub waves: Vec<Wave>,
    /// Hosts that cannot be drained so.
    pub stuck: Vec<Stuck>,
    /// What more room on one host would have to be, so that the pods of each of those find a place; none where room is
    /// not what they lack.
    pub missing: Option<Resources>,
    /// What `kubectl drain` has to be told.
    pub flags: Vec<&'static str>,
}

/// Hosts that can be drained together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wave {
    /// The hosts.
    pub hosts: Vec<Name>,
    /// How many pods are evicted.
    pub pods: u32,
    /// Hosts that take these, by one placement that the filters allow.
    pub takes: Vec<Seat>,
    /// Budgets that let pods go only one after another.
    pub slow: Vec<Key>,
    /// Services whose only endpoint is evicted.
    pub interrupted: Vec<Key>,
}

/// A host that cannot be drained without harm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stuck {
    /// The host.
    pub host: Name,
    /// Whether a missing fact decides.
    pub unknown: bool,
    /// Why, in phrases: the worst first.
    pub why: Vec<String>,
}

impl DrainOrder {
    /// Whether all hosts can be drained; none where a missing fact decides.
    pub fn is_whole(&self) -> Option<bool> {
        match (self.waves.is_empty(), self.stuck.is_empty()) {
            (true, true) => None,
            (false, true) => Some(true),
            (_, false) if self.stuck.iter().all(|stuck| stuck.unknown) => None,
            (_, false) => Some(false),
        }
    }

    /// The room that is missing, as in `one more host with 2 of cpu, 4 GiB of memory and room for 3 pods`.
    pub fn room(&self) -> Option<String> {
        let missing = self.missing.as_ref()?;
        let plain = [
            ("cpu", missing.cpu),
            ("memory", missing.memory),
            ("ephemeral-storage", missing.ephemeral),
            ("pods", missing.pods),
        ];
        let extended = missing.extended.iter().map(|(name, many)| (&**name, *many));
        let all = plain.into_iter().chain(extended).filter(|(_, many)| *many > 0);
        let amounts: Vec<String> = all.map(|(name, many)| amount(name, many)).collect();
        Some(format!("one more host with {}", listed(&amounts)))
    }

    /// Hosts that cannot be drained for the same reasons, together.
    pub fn alike(&self) -> Vec<(Vec<&Name>, &Stuck)> {
        let mut alike: Vec<(Vec<&Name>, &Stuck)> = Vec::new();
        let mut places: HashMap<(&[String], bool), usize> = HashMap::new();
        for stuck in &self.stuck {
            let place = *places.entry((stuck.why.as_slice(), stuck.unknown)).or_insert(alike.len());
            match alike.get_mut(place) {
                Some((hosts, _)) => hosts.push(&stuck.host),
                None => alike.push((vec![&stuck.host], stuck)),
            }
        }
        alike
    }

    /// The answer in one sentence.
    pub fn sentence(&self) -> String {
        let drained: usize = self.waves.iter().map(|wave| wave.hosts.len()).sum();
        let waves = counted(self.waves.len() as u32, "wave");
        let names = || few(self.stuck.iter().map(|stuck| &*stuck.host), 5);
        match (drained, self.stuck.len()) {
            (0, 0) => "No host is known, so there is none to drain.".to_owned(),
            (1, 0) => "The only host can be drained.".to_owned(),
            (all, 0) => format!("All {all} hosts can be drained, in {waves}."),
            (0, _) => format!("No host can be drained unnoticed: see {}.", names()),
            (some, more) => format!(
                "{some} of {} can be drained, in {waves}; not {}.",
                counted((some + more) as u32, "host"),
                names()
            ),
        }
    }
}

/// Works out the order in which all hosts are drained.
pub fn drain_order(inventory: &Inventory, now: Stamp) -> DrainOrder {
    let mut planner = Planner::new(World::new(inventory, now));
    let mut left = planner.screened();
    let mut guess = left.len();
    let mut masters = true;
    while let Some(first) = left.front().copied() {
        if masters && !planner.is_master(first) {
            masters = false;
            planner.retry_masters();
        }
        let candidates = planner.together(&left);
        let mut size = candidates.len().min(guess.max(1));
        loop {
            let some = &candidates[..size];
            if let Some(step) = planner.step(some).filter(|step| size == 1 || !planner.gathers(some, step)) {
                left.retain(|host| !some.contains(host));
                planner.go(some, &step);
                guess = size * 2;
                break;
            }
            if size <= 1 {
                left.pop_front();
                planner.later.push(first);
                break;
            }
            size = size * 3 / 4;
        }
    }
    planner.retry();
    planner.order
}

struct Planner<'a> {
    world: World<'a>,
    order: DrainOrder,
    masters: BTreeSet<Name>,
    /// Services of the ready endpoints of a pod.
    services: HashMap<&'a Key, Vec<usize>>,
    names: Vec<Key>,
    /// How many ready endpoints each service has.
    ready: Vec<u32>,
    /// Pods of these.
    members: Vec<Vec<&'a Key>>,
    /// The host of each of them by now.
    places: HashMap<&'a Key, HostId>,
    /// Hosts that were drained.
    done: BTreeSet<HostId>,
    /// Hosts that found too little room in the cluster as it was: it may be better spread once others were drained.
    later: Vec<HostId>,
}

/// What the drain of one host takes.
#[derive(Debug, Default)]
struct Taken<'a> {
    /// Ready pods of each budget, and how many it allows.
    budgets: BTreeMap<&'a Key, (u32, u32)>,
    /// Ready endpoints of each service.
    services: BTreeMap<usize, u32>,
    /// Services that keep one only since a budget lets their pods go one after another.
    guarded: BTreeSet<usize>,
}

/// A pod that moves with its form, from which host and to which.
type Move<'a> = (&'a Pod, FormId, HostId, Option<HostId>);

impl<'a> Planner<'a> {
    fn new(world: World<'a>) -> Self {
        let masters = world.plane().hosts().cloned().collect();
        let mut numbers: BTreeMap<Key, usize> = BTreeMap::new();
        let mut planner = Self {
            order: DrainOrder::default(),
            masters,
            services: HashMap::new(),
            names: Vec::new(),
            ready: Vec::new(),
            members: Vec::new(),
            places: HashMap::new(),
            done: BTreeSet::new(),
            later: Vec::new(),
            world,
        };
        let mut seen = BTreeSet::new();
        for set in planner.world.inventory.endpoint_sets() {
            let service = Key { namespace: set.key.namespace.clone(), name: set.service.clone() };
            let next = planner.names.len();
            let number = *numbers.entry(service.clone()).or_insert(next);
            if number == next {
                planner.names.push(service);
                planner.ready.push(0);
                planner.members.push(Vec::new());
            }
            for endpoint in set.endpoints.iter().filter(|one| one.ready) {
                if !seen.insert((number, backend(endpoint))) {
                    continue;
                }
                planner.ready[number] += 1;
                let key =
                    endpoint.pod.as_ref().map(|pod| Key { namespace: set.key.namespace.clone(), name: pod.clone() });
                if let Some(pod) = key.and_then(|key| planner.world.inventory.pod(&key)) {
                    planner.services.entry(&pod.key).or_default().push(number);
                    planner.members[number].push(&pod.key);
                    if let Some(host) = pod.node.as_ref().and_then(|node| planner.world.host(node)) {
                        planner.places.insert(&pod.key, host);
                    }
                }
            }
        }
        planner
    }

    /// Hosts that can be drained alone as the cluster is, masters first: a kubelet may not be newer than its API server.
    fn screened(&mut self) -> VecDeque<HostId> {
        let mut hosts: Vec<HostId> = (0..self.world.hosts.len()).collect();
        let name = |host: &HostId| &self.world.hosts[*host].name;
        hosts.sort_by(|a, b| self.is_master(*b).cmp(&self.is_master(*a)).then_with(|| natural(name(a), name(b))));
        let mut left = VecDeque::new();
        let mut flags = BTreeSet::new();
        for host in hosts {
            flags.extend(crate::ask::flags(&self.world.hosts[host]));
            let stuck = self.stuck(host);
            match stuck.is_empty() {
                true => left.push_back(host),
                false => self.refuse(host, &stuck),
            }
        }
        self.order.flags = flags.into_iter().collect();
        left
    }

    /// Parts that speak against the drain of one host as the cluster is.
    fn stuck(&self, host: HostId) -> Vec<Part> {
        let name = &self.world.hosts[host].name;
        if !self.world.hosts[host].ready {
            let part = Part::new(About::Pods, "its kubelet", Verdict::Impossible).short("is not ready");
            return vec![part.why("evicted pods cannot be seen to end")];
        }
        let one = Question::one(Step::Drain(name.clone()));
        let supposed = Supposed::new(&self.world, &one);
        let guarded = self.taken(host).guarded;
        let is_guarded = |part: &Part| guarded.iter().any(|number| self.names[*number].to_string() == part.name);
        let harms = |part: &Part| match part.about {
            About::Service if part.verdict == Verdict::Certain => part.count > 1 && !is_guarded(part),
            _ => part.verdict != Verdict::Certain,
        };
        let mut parts = found(&supposed, &one, judge).parts;
        parts.retain(harms);
        if self.is_master(host) {
            // Its machine is off for a while as well.
            let off = Question::one(Step::Lose(name.clone()));
            let control = control(&Supposed::new(&self.world, &off));
            parts.extend(control.parts.into_iter().filter(|part| part.verdict != Verdict::Certain));
            parts.sort_by_cached_key(Part::rank);
        }
        // A service that its pods leave without an endpoint follows from these, so the cause comes first.
        parts.sort_by_key(|part| part.about == About::Service && part.verdict != Verdict::Certain);
        parts
    }

    /// Keeps a host for later where nothing but room speaks against it, or tells why it cannot be drained.
    fn refuse(&mut self, host: HostId, parts: &[Part]) {
        let by_room = |part: &Part| match part.about {
            About::Pods => part.is_short_of_room(),
            // What becomes of these follows from their pods.
            About::Service => matches!(part.verdict, Verdict::Depends { .. } | Verdict::Impossible),
            About::Budget => matches!(part.verdict, Verdict::Depends { .. }),
            _ => false,
        };
        if parts.iter().all(by_room) {
            self.later.push(host);
            return;
        }
        self.tell(host, parts);
    }

    fn tell(&mut self, host: HostId, parts: &[Part]) {
        let phrase = |part: &Part| match part.about {
            About::Service if part.verdict == Verdict::Certain => {
                format!("service {}: {}, and no budget lets them go one after another", part.name, part.why)
            }
            About::Service => format!("service {}: {}, {}", part.name, part.short, part.why),
            _ if part.why.is_empty() => format!("{} {}", part.name, part.short),
            _ => format!("{} {}: {}", part.name, part.short, part.why),
        };
        let lacks = self.lacks(host);
        if lacks != Resources::default() {
            self.order.missing.get_or_insert_default().at_least(&lacks);
        }
        self.order.stuck.push(Stuck {
            host: self.world.hosts[host].name.clone(),
            unknown: parts.iter().all(|part| part.verdict == Verdict::Unknown),
            why: parts.iter().map(phrase).collect(),
        });
    }

    /// What the pods of a host ask for that find no room in one placement.
    fn lacks(&self, host: HostId) -> Resources {
        let one = Question::one(Step::Drain(self.world.hosts[host].name.clone()));
        let supposed = Supposed::new(&self.world, &one);
        let mut lacks = Resources::default();
        let lots = lots(&supposed, self.world.timing(), &BTreeMap::new());
        let groups: Vec<Group<'_>> =
            lots.iter().filter(|lot| matches!(lot.fate, Fate::Anew(_))).map(Group::of).collect();
        let placed = crate::place::place(&supposed, &groups, &[]);
        for (group, placed) in groups.iter().zip(placed) {
            let by_room = placed.refusals.keys().any(|why| matches!(why, crate::filter::Refusal::Room(..)));
            let without = group.pods - placed.witness.values().sum::<u32>().min(group.pods);
            for _ in 0..if by_room { without } else { 0 } {
                lacks.add(&self.world.forms[group.form].shape.requests);
            }
        }
        lacks
    }

    /// What the drain of a host takes, where its pods are now.
    fn taken(&self, host: HostId) -> Taken<'a> {
        let mut taken = Taken::default();
        let mut guards: BTreeMap<usize, BTreeMap<&Key, (u32, u32)>> = BTreeMap::new();
        for &(pod, form) in self.world.hosts[host].pods.iter().filter(|(pod, _)| crate::fate::goes_by_drain(pod)) {
            let budgets = &self.world.relation(form).budgets;
            for budget in budgets.iter().filter(|_| pod.ready) {
                taken.budgets.entry(&budget.key).or_insert((0, budget.allowed.unwrap_or(0))).0 += 1;
            }
            for number in self.services.get(&pod.key).into_iter().flatten() {
                *taken.services.entry(*number).or_default() += 1;
                if let ([only], true) = (budgets.as_slice(), pod.ready) {
                    let guard = guards.entry(*number).or_default();
                    guard.entry(&only.key).or_insert((0, only.allowed.unwrap_or(0))).0 += 1;
                }
            }
        }
        let holds =
            |guard: &BTreeMap<&Key, (u32, u32)>| guard.values().any(|(pods, allowed)| *allowed > 0 && pods > allowed);
        taken.guarded = guards.into_iter().filter(|(_, guard)| holds(guard)).map(|(number, _)| number).collect();
        taken
    }

    /// The first host that is left, and those that go well with it by budgets and services.
    fn together(&self, left: &VecDeque<HostId>) -> Vec<HostId> {
        let mut together = Vec::new();
        let mut budgets: BTreeMap<&Key, (u32, u32)> = BTreeMap::new();
        let mut services: BTreeMap<usize, (u32, u32)> = BTreeMap::new();
        for &host in left {
            let master = self.is_master(host);
            if master && !together.is_empty() {
                continue;
            }
            let taken = self.taken(host);
            // One host alone may take more than a budget allows at once, for its pods then go one after another.
            let budget = |(key, (pods, allowed)): (&&Key, &(u32, u32))| {
                let (before, others) = budgets.get(*key).copied().unwrap_or_default();
                *allowed > 0 && (others == 0 || before + pods <= *allowed)
            };
            let service = |(number, pods): (&usize, &u32)| {
                let (before, others) = services.get(number).copied().unwrap_or_default();
                let all = self.ready[*number];
                match others {
                    0 => all == 1 || *pods < all || taken.guarded.contains(number),
                    _ => before + pods < all,
                }
            };
            let fits = taken.budgets.iter().all(budget) && taken.services.iter().all(service);
            if !fits {
                if together.is_empty() {
                    return vec![host];
                }
                continue;
            }
            for (key, (pods, _)) in &taken.budgets {
                let (sum, hosts) = budgets.entry(*key).or_default();
                (*sum, *hosts) = (*sum + pods, *hosts + 1);
            }
            for (number, pods) in &taken.services {
                let (sum, hosts) = services.entry(*number).or_default();
                (*sum, *hosts) = (*sum + pods, *hosts + 1);
            }
            together.push(host);
            if master {
                break;
            }
        }
        together
    }

    /// Whether one host may go where its pods are now, by budgets and services.
    fn may_go(&self, host: HostId) -> Vec<String> {
        let taken = self.taken(host);
        let blocks = taken.budgets.iter().filter(|(_, (_, allowed))| *allowed == 0);
        let mut why: Vec<String> =
            blocks.map(|(key, _)| format!("{key} blocks the drain: it allows no eviction")).collect();
        for (number, pods) in &taken.services {
            if *pods > 1 && *pods >= self.ready[*number] && !taken.guarded.contains(number) {
                let all = counted(*pods, "endpoint");
                why.push(format!(
                    "service {}: after the waves before, all of its {all} are there",
                    self.names[*number]
                ));
            }
        }
        why
    }

    /// The pods that move when these hosts are drained together; none where one of them may find no place.
    fn step(&self, hosts: &[HostId]) -> Option<Vec<Move<'a>>> {
        if let [only] = hosts
            && !self.may_go(*only).is_empty()
        {
            return None;
        }
        let names = hosts.iter().map(|host| Step::Drain(self.world.hosts[*host].name.clone()));
        let question = Question::each(names);
        let supposed = Supposed::new(&self.world, &question);
        let lots = lots(&supposed, self.world.timing(), &BTreeMap::new());
        let moved = |fate: &Fate| matches!(fate, Fate::Anew(_));
        let groups: Vec<Group<'_>> = lots.iter().filter(|lot| moved(&lot.fate)).map(Group::of).collect();
        let mut seats = settled(&supposed, &groups, &left_behind(&supposed))?.into_iter();
        let mut moves = Vec::new();
        for lot in lots.iter().filter(|lot| lot.fate != Fate::Stays) {
            let seats = if moved(&lot.fate) { seats.next().unwrap_or_default() } else { BTreeMap::new() };
            let mut to = seats.into_iter().flat_map(|(host, pods)| std::iter::repeat_n(host, pods as usize));
            for (pod, from) in lot.pods.iter().zip(&lot.places) {
                moves.push((*pod, lot.form, *from, to.next()));
            }
        }
        Some(moves)
    }

    /// Whether all endpoints of a service come to one host that is still to be drained.
    fn gathers(&self, hosts: &[HostId], moves: &[Move<'a>]) -> bool {
        let moved: HashMap<&Key, HostId> = moves.iter().filter_map(|(pod, .., to)| Some((&pod.key, (*to)?))).collect();
        let touched = moved.keys().flat_map(|pod| self.services.get(*pod).into_iter().flatten());
        let touched: BTreeSet<usize> = touched.copied().filter(|number| self.ready[*number] > 1).collect();
        let gathered = |number: &usize| {
            let members = &self.members[*number];
            let place = |pod: &&Key| moved.get(*pod).or_else(|| self.places.get(*pod)).copied();
            let places: BTreeSet<Option<HostId>> = members.iter().map(place).collect();
            let whole = members.len() == self.ready[*number] as usize;
            let open = |host: HostId| !self.done.contains(&host) && !hosts.contains(&host);
            whole && places.len() == 1 && places.first().is_some_and(|only| only.is_some_and(open))
        };
        touched.iter().any(gathered)
    }

    fn settle(&mut self, hosts: &[HostId], moves: &[Move<'a>]) {
        self.done.extend(hosts);
        for (pod, _, _, to) in moves {
            if let Some(to) = to
                && let Some(place) = self.places.get_mut(&pod.key)
            {
                *place = *to;
            }
        }
        self.world.resettle(moves);
    }

    /// Drains hosts: their pods stay where they went, and the hosts come back.
    fn go(&mut self, hosts: &[HostId], moves: &[Move<'a>]) {
        let mut wave =
            Wave { hosts: hosts.iter().map(|host| self.world.hosts[*host].name.clone()).collect(), ..Wave::default() };
        let (mut slow, mut interrupted) = (BTreeSet::new(), BTreeSet::new());
        for host in hosts {
            let taken = self.taken(*host);
            slow.extend(
                taken.budgets.iter().filter(|(_, (pods, allowed))| pods > allowed).map(|(key, _)| (*key).clone()),
            );
            let alone = taken.services.keys().filter(|number| self.ready[**number] == 1);
            interrupted.extend(alone.map(|number| self.names[*number].clone()));
        }
        let mut takes: BTreeMap<HostId, u32> = BTreeMap::new();
        moves.iter().filter_map(|(.., to)| *to).for_each(|host| *takes.entry(host).or_default() += 1);
        wave.pods = takes.values().sum();
        let seat = |(host, pods): (HostId, u32)| Seat { host: self.world.hosts[host].name.to_string(), pods };
        wave.takes = takes.into_iter().map(seat).collect();
        (wave.slow, wave.interrupted) = (slow.into_iter().collect(), interrupted.into_iter().collect());
        self.order.waves.push(wave);
        self.settle(hosts, moves);
    }

    fn is_master(&self, host: HostId) -> bool {
        self.masters.contains(&self.world.hosts[host].name)
    }

    /// Tries masters once more, before the first of the other hosts goes.
    fn retry_masters(&mut self) {
        let (masters, others): (Vec<HostId>, Vec<HostId>) =
            std::mem::take(&mut self.later).into_iter().partition(|host| self.is_master(*host));
        self.later = others;
        for host in masters {
            match self.step(&[host]) {
                Some(moves) => self.go(&[host], &moves),
                None => self.later.push(host),
            }
        }
    }

    /// Tries once more, one by one, what found too little room before.
    fn retry(&mut self) {
        for host in std::mem::take(&mut self.later) {
            let late = self.is_master(host) && self.done.iter().any(|done| !self.is_master(*done));
            let mut why = self.may_go(host);
            match self.step(&[host]) {
                Some(moves) if !late => {
                    self.go(&[host], &moves);
                    continue;
                }
                Some(_) => {
                    why.push("its pods find room only once other hosts are drained, and masters go first".into());
                }
                None => {}
            }
            if why.is_empty() {
                let one = Question::one(Step::Drain(self.world.hosts[host].name.clone()));
                let mut parts = found(&Supposed::new(&self.world, &one), &one, judge).parts;
                parts.retain(|part| part.about == About::Pods && part.verdict != Verdict::Certain);
                if !parts.is_empty() {
                    self.tell(host, &parts);
                    continue;
                }
                why.push("no placement of its pods was found".to_owned());
            }
            self.order.stuck.push(Stuck { host: self.world.hosts[host].name.clone(), unknown: false, why });
        }
        self.order.stuck.sort_by(|a, b| natural(&a.host, &b.host));
    }
}

/// Budgets or services in words, as in `default/web and default/db`.
pub fn named(keys: &[Key]) -> String {
    listed(&keys.iter().map(ToString::to_string).collect::<Vec<_>>())
}
