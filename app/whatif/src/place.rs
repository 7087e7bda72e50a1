//! Where pods that are made anew can go: a proved interval of how many, reasons by host, and one placement as a witness.

use std::collections::{BTreeMap, BTreeSet};

use topology::inventory::{Name, Resources};

use crate::{
    bound::{Demand, Ground, attachable, comers, lower, upper},
    fate::Lot,
    filter::{Gate, Refusal, Unknown, Wanted},
    orders::explain,
    supposed::Supposed,
    verdict::Verdict,
    world::{FormId, HostId},
};

/// Pods that are alike and are made anew together.
#[derive(Clone, Debug)]
pub struct Group<'w> {
    /// Their form.
    pub form: FormId,
    /// Claims that each mounts.
    pub claims: &'w [Name],
    /// The one node that each asks for by its name.
    pub pin: Option<&'w Name>,
    /// How many there are.
    pub pods: u32,
}

/// What becomes of a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placed {
    /// The verdict.
    pub verdict: Verdict,
    /// Why, where it is not certain.
    pub why: String,
    /// Hosts that refuse one of them now, by their reason.
    pub refusals: BTreeMap<Refusal, Vec<HostId>>,
    /// One placement that the filters allow, in one order: hosts and how many pods each takes.
    pub witness: BTreeMap<HostId, u32>,
    /// Whether it may evict pods of lower priority.
    pub evicts: bool,
}

/// Places groups of pods. The order in which the scheduler takes them is not known, so an interval is proved for each.
/// `rivals` may be placed before any of them, and are not themselves judged.
pub fn place(supposed: &Supposed<'_, '_>, groups: &[Group<'_>], rivals: &[(FormId, u32)]) -> Vec<Placed> {
    let judged = proved(supposed, groups, &Demand::of(supposed, groups, rivals));
    let mut placed = with_witnesses(supposed, groups, rivals, judged);
    explain(supposed, groups, rivals, &mut placed, |placed| placed.why == UNPROVED);
    placed
}

/// The same verdicts, without a witness where all of them are certain.
pub(crate) fn judge(supposed: &Supposed<'_, '_>, groups: &[Group<'_>], rivals: &[(FormId, u32)]) -> Vec<Placed> {
    grounded(supposed, groups, rivals).0
}

/// The same with the hosts that the proofs rest on; none where these are all hosts.
pub(crate) fn grounded(
    supposed: &Supposed<'_, '_>,
    groups: &[Group<'_>],
    rivals: &[(FormId, u32)],
) -> (Vec<Placed>, Option<Ground>) {
    if groups.is_empty() {
        return (Vec::new(), Some(Ground::default()));
    }
    let demand = Demand::of(supposed, groups, rivals);
    let judged = proved(supposed, groups, &demand);
    let is_certain =
        |(group, proof): (&Group<'_>, &Proof<'_, '_, '_>)| proof.as_ref().is_ok_and(|proof| proof.from >= group.pods);
    match groups.iter().zip(&judged).all(is_certain) {
        true => {
            let ground = Some(demand.into_ground()).filter(|ground| !ground.all);
            (vec![Placed::certain(BTreeMap::new()); groups.len()], ground)
        }
        false => (with_witnesses(supposed, groups, rivals, judged), None),
    }
}

/// One placement of all groups, where each surely finds a place in any order; none where one may not.
pub(crate) fn settled(
    supposed: &Supposed<'_, '_>,
    groups: &[Group<'_>],
    rivals: &[(FormId, u32)],
) -> Option<Vec<BTreeMap<HostId, u32>>> {
    let demand = Demand::of(supposed, groups, rivals);
    let is_certain = |(number, group): (usize, &Group<'_>)| {
        let gate = Gate::new(supposed, group.wanted());
        gate.is_ok_and(|gate| lower(supposed, &gate, groups, number, &demand) >= group.pods)
    };
    if !groups.iter().enumerate().all(is_certain) {
        return None;
    }
    let found = witnesses(supposed, groups);
    let is_whole = |(group, seats): (&Group<'_>, &BTreeMap<HostId, u32>)| seats.values().sum::<u32>() == group.pods;
    groups.iter().zip(&found).all(is_whole).then_some(found)
}

/// How many of a group at least find a place.
struct Proved<'s, 'w, 'a> {
    gate: Gate<'s, 'w, 'a>,
    from: u32,
    /// Whether its pods share a volume that one host at a time may hold.
    shares: bool,
}

type Proof<'s, 'w, 'a> = Result<Proved<'s, 'w, 'a>, Unknown>;

fn proved<'s, 'w, 'a>(
    supposed: &'s Supposed<'w, 'a>,
    groups: &[Group<'w>],
    demand: &Demand<'_>,
) -> Vec<Proof<'s, 'w, 'a>> {
    let prove = |(number, group): (usize, &Group<'w>)| {
        let gate = Gate::new(supposed, group.wanted())?;
        let from = lower(supposed, &gate, groups, number, demand);
        Ok(Proved { gate, from, shares: attachable(supposed, groups, number) < group.pods })
    };
    groups.iter().enumerate().map(prove).collect()
}

fn with_witnesses(
    supposed: &Supposed<'_, '_>,
    groups: &[Group<'_>],
    rivals: &[(FormId, u32)],
    judged: Vec<Proof<'_, '_, '_>>,
) -> Vec<Placed> {
    let witnesses = witnesses(supposed, groups);
    let comers = comers(supposed.world, groups, rivals);
    let mut placed = Vec::new();
    for ((group, witness), proof) in groups.iter().zip(witnesses).zip(judged) {
        placed.push(match proof {
            Ok(proof) => self::placed(supposed, &comers, group, &proof, witness),
            Err(Unknown(why)) => Placed { verdict: Verdict::Unknown, why, ..Placed::certain(BTreeMap::new()) },
        });
    }
    preempted(supposed, groups, &mut placed);
    placed
}

fn placed(
    supposed: &Supposed<'_, '_>,
    comers: &BTreeSet<FormId>,
    group: &Group<'_>,
    Proved { gate, from, shares }: &Proved<'_, '_, '_>,
    witness: BTreeMap<HostId, u32>,
) -> Placed {
    let found: u32 = witness.values().sum();
    if *from >= group.pods {
        return Placed::certain(witness);
    }
    let to = if found >= group.pods { group.pods } else { upper(supposed, gate, comers, group) };
    let mut refusals: BTreeMap<Refusal, Vec<HostId>> = BTreeMap::new();
    for (host, _) in supposed.known().filter(|(host, _)| !supposed.is_off(*host)) {
        if let Err(refusal) = gate.admits(host) {
            refusals.entry(refusal).or_default().push(host);
        }
    }
    let verdict = Verdict::of(*from, to.max(found), group.pods);
    let why = match verdict {
        Verdict::Certain => String::new(),
        Verdict::Depends { .. } if *shares => "pods share a volume that one host at a time may hold".into(),
        _ => why(&verdict, &refusals),
    };
    Placed { verdict, why, refusals, witness, evicts: false }
}

impl Placed {
    const fn certain(witness: BTreeMap<HostId, u32>) -> Self {
        Self { verdict: Verdict::Certain, why: String::new(), refusals: BTreeMap::new(), witness, evicts: false }
    }
}

/// What is said of an interval before it is tried whether both its ends come.
const UNPROVED: &str = "room for all of them is not proved: the order in which pods come decides";

/// The reason in one phrase: what most hosts say, or that the order decides.
fn why(verdict: &Verdict, refusals: &BTreeMap<Refusal, Vec<HostId>>) -> String {
    if let Verdict::Depends { from, to, .. } = verdict {
        let is_exact = || format!("no more than {to} of them find a place, and these do in whatever order they come");
        return if from == to { is_exact() } else { UNPROVED.into() };
    }
    let kind = |refusal: &Refusal| std::mem::discriminant(refusal);
    let kinds = refusals.keys().next().map(kind);
    let alike = refusals.keys().all(|refusal| Some(kind(refusal)) == kinds);
    match refusals.keys().next() {
        None => "no host is left".into(),
        Some(Refusal::Volume(claim)) if alike => format!("no host that is left reaches the volume of {claim}"),
        Some(Refusal::Affinity) if alike => "no host that is left has the labels that the pod asks for".into(),
        Some(Refusal::Cordoned) if alike => "no host that is left takes new pods".into(),
        Some(Refusal::Apart) if alike => {
            "every host that is left has a pod that this one must be kept apart from".into()
        }
        Some(Refusal::Near) if alike => "no host that is left has a pod that this one must be near".into(),
        Some(Refusal::Spread(topology)) if alike => {
            format!("the spread by {topology} counts a domain that has no host left")
        }
        Some(Refusal::Room(resource, missing)) if refusals.len() == 1 => {
            format!("every host that is left lacks {}", crate::filter::amount(resource, *missing))
        }
        Some(Refusal::Room(..)) if alike => "every host that is left has too little room".into(),
        Some(_) => "no host that is left is feasible".into(),
    }
}

impl<'w> Group<'w> {
    /// The pods of a lot.
    pub(crate) fn of(lot: &Lot<'w>) -> Self {
        let pin = lot.pods.first().and_then(|pod| pod.pin.as_ref());
        Self { form: lot.form, claims: lot.claims, pin, pods: lot.count() }
    }

    /// One of its pods.
    pub const fn wanted(&self) -> Wanted<'w> {
        Wanted { form: self.form, claims: self.claims, pin: self.pin }
    }
}

/// One placement of all groups: those of higher priority and of larger requests first, each on the host with most left.
fn witnesses(supposed: &Supposed<'_, '_>, groups: &[Group<'_>]) -> Vec<BTreeMap<HostId, u32>> {
    let mut after = supposed.clone();
    let mut found = vec![BTreeMap::new(); groups.len()];
    let shape = |group: &Group<'_>| supposed.world.forms[group.form].shape;
    let mut order: Vec<usize> = (0..groups.len()).collect();
    order.sort_by_key(|number| {
        let shape = shape(&groups[*number]);
        (std::cmp::Reverse((shape.priority, shape.requests.cpu, shape.requests.memory)), *number)
    });
    for number in order {
        let group = &groups[number];
        for _ in 0..group.pods {
            let Some(host) = roomiest(&after, group) else { break };
            after.place(group.form, host);
            *found[number].entry(host).or_insert(0) += 1;
        }
    }
    found
}

/// The feasible host that is on and has the largest share of its processors left, one without a pod of this kind first:
/// by default the scheduler prefers that as well.
fn roomiest(supposed: &Supposed<'_, '_>, group: &Group<'_>) -> Option<HostId> {
    let gate = Gate::new(supposed, group.wanted()).ok()?;
    let alike: BTreeSet<HostId> = supposed.seats(group.form).map(|(host, ..)| host).collect();
    let mut best = None;
    for (host, _) in supposed.known().filter(|(host, _)| !supposed.is_off(*host)) {
        let left = Some((!alike.contains(&host), supposed.share(host), std::cmp::Reverse(host)));
        if left > best && has_address(supposed, host) && gate.admits(host).is_ok() {
            best = left;
        }
    }
    best.map(|(.., std::cmp::Reverse(host))| host)
}

/// Whether a host's pod network has an address left. The scheduler does not ask for that.
pub(crate) fn has_address(supposed: &Supposed<'_, '_>, host: HostId) -> bool {
    supposed.world.hosts[host].addresses.is_none_or(|left| left > supposed.placed_on(host))
}

/// Pods without room may evict others: both are then by no means certain.
fn preempted(supposed: &Supposed<'_, '_>, groups: &[Group<'_>], placed: &mut [Placed]) {
    let mut highest = None;
    for (group, placed) in groups.iter().zip(placed.iter_mut()) {
        let shape = supposed.world.forms[group.form].shape;
        let open = matches!(placed.verdict, Verdict::Impossible | Verdict::Depends { .. });
        if !open || !shape.preempts {
            continue;
        }
        let hosts = placed.refusals.iter().filter(|(why, _)| matches!(why, Refusal::Room(..))).flat_map(|(_, h)| h);
        let count = hosts.filter(|host| makes_room(supposed, **host, shape.priority, &shape.requests)).count();
        if count == 0 {
            continue;
        }
        let from = if let Verdict::Depends { from, .. } = placed.verdict { from } else { 0 };
        placed.verdict = Verdict::Depends { from, to: group.pods, of: group.pods };
        let hosts = if count == 1 { "1 host".to_owned() } else { format!("{count} hosts") };
        placed.why = format!("it has room only where it evicts pods of lower priority, on {hosts}");
        placed.evicts = true;
        highest = highest.max(Some(shape.priority));
    }
    let Some(highest) = highest else { return };
    for (group, placed) in groups.iter().zip(placed.iter_mut()) {
        let lower = supposed.world.forms[group.form].shape.priority < highest;
        if lower && placed.verdict == Verdict::Certain {
            placed.verdict = Verdict::Depends { from: 0, to: group.pods, of: group.pods };
            placed.why = "pods of higher priority may evict it again".into();
        }
    }
}

fn makes_room(supposed: &Supposed<'_, '_>, host: HostId, priority: i32, asked: &Resources) -> bool {
    let Some(mut free) = supposed.free(host) else { return false };
    let below = supposed.world.hosts[host].pods.iter().filter(|(pod, _)| pod.shape.priority < priority);
    let mut any = false;
    for (pod, _) in below {
        free.add(&pod.shape.requests);
        any = true;
    }
    any && asked.fits(&free)
}
