//! From a question to its answer.

use std::collections::{BTreeMap, BTreeSet};

use topology::{
    Inventory, Stamp,
    graph::{SinglePoint, single_points},
    inventory::{OwnerKind, Source},
};

use crate::{
    answer::{About, Answer, Damage, Event, Outcome, Part, Refused, Seat, counted},
    bound::Ground,
    budgets::budgets,
    control::{Control, control},
    fate::{Fate, Lot, lots},
    filter::Refusal,
    losses::Loss,
    place::{Group, Placed, grounded, place},
    question::{Question, Step},
    quota,
    services::{Hit, Return, services},
    supposed::{Standing, Supposed},
    timing::{self, Evictions, Timing, span},
    verdict::Verdict,
    words,
    world::{FormId, Host, World, has_empty_dir, is_daemon},
};

/// Answers a question about a cluster as it was at a moment.
pub fn ask(inventory: &Inventory, now: Stamp, question: &Question) -> Answer {
    let mut world = World::new(inventory, now);
    for step in question.steps() {
        if let Step::Add(like) = step
            && let Some(like) = world.host(like)
        {
            world.add(like);
        }
    }
    answer(&world, question)
}

/// Answers a question about a cluster that was counted before. Hosts that it adds count for nothing here.
pub fn answer(world: &World<'_>, question: &Question) -> Answer {
    let supposed = Supposed::new(world, question);
    let Found { parts, lots, evictions, control, hit, shrunk } = found(&supposed, question, place);
    let course = course(&supposed, &lots, world.timing(), &evictions, &control, hit, shrunk);
    let damage = damage(&parts, &lots);
    let outcome = outcome(&parts);
    let helps = words::helps(&supposed, &lots, &parts);
    let mut returns: BTreeMap<&str, u32> = BTreeMap::new();
    parts.iter().flat_map(|part| &part.witness).for_each(|seat| *returns.entry(&seat.host).or_default() += seat.pods);
    let returns = returns.into_iter().map(|(host, pods)| Seat { host: host.to_owned(), pods }).collect();
    Answer {
        asked: question.words(),
        question: question.clone(),
        outcome,
        sentence: words::sentence(question, outcome, &parts),
        returns,
        points: points(&supposed),
        parts,
        course,
        helps,
        pods: damage.stopped,
        damage,
    }
}

/// Single points of failure among the hosts that go.
fn points(supposed: &Supposed<'_, '_>) -> Vec<SinglePoint> {
    let goes = |point: &SinglePoint| {
        let standing = supposed.world.host(&point.host).map(|host| supposed.standing(host));
        matches!(standing, Some(Standing::Lost | Standing::Removed | Standing::Drained))
    };
    let mut points = single_points(supposed.world.inventory);
    points.retain(goes);
    points
}

/// The same in short, with the hosts that its proofs rest on; none where these are all hosts.
pub(crate) fn in_short(supposed: &Supposed<'_, '_>, question: &Question) -> (Loss, Option<Ground>) {
    let mut ground = None;
    let judge = |supposed: &Supposed<'_, '_>, groups: &[Group<'_>], rivals: &[(FormId, u32)]| {
        let (placed, rests) = grounded(supposed, groups, rivals);
        ground = rests;
        placed
    };
    let Found { parts, lots, .. } = found(supposed, question, judge);
    let outcome = outcome(&parts);
    let sentence = words::sentence(question, outcome, &parts);
    let loss = Loss { hosts: question.off().cloned().collect(), outcome, sentence, damage: damage(&parts, &lots) };
    (loss, ground)
}

/// What is found out before it is put into words.
pub(crate) struct Found<'w> {
    /// Parts, worst first.
    pub(crate) parts: Vec<Part>,
    pub(crate) lots: Vec<Lot<'w>>,
    evictions: BTreeMap<usize, Evictions>,
    control: Control,
    /// Services without an endpoint.
    hit: u32,
    /// Services that keep some.
    shrunk: u32,
}

pub(crate) fn found<'w>(
    supposed: &Supposed<'w, '_>,
    question: &Question,
    place: impl FnOnce(&Supposed<'_, '_>, &[Group<'_>], &[(FormId, u32)]) -> Vec<Placed>,
) -> Found<'w> {
    let world = supposed.world;
    let timing = world.timing();
    let evictions = timing::evictions(supposed, timing);
    let lots = lots(supposed, timing, &evictions);
    let drains = question.steps().iter().any(|step| matches!(step, Step::Drain(_)));
    let mut control = control(supposed);
    let (pods, returns) = pods(supposed, &lots, &control, place);
    let Hit { parts: hit, shrunk } = services(supposed, &lots, &returns, drains);
    let mut parts = std::mem::take(&mut control.parts);
    let count = hit.len() as u32;
    parts.extend(hit);
    parts.extend(pods);
    parts.extend(budgets(supposed, &lots, &returns, drains));
    parts.extend(unread(world.inventory));
    parts.sort_by_cached_key(Part::rank);
    Found { parts, lots, evictions, control, hit: count, shrunk }
}

/// Sources without which nothing is certain.
fn unread(inventory: &Inventory) -> Vec<Part> {
    let needed = [(Source::Nodes, About::Pods), (Source::Pods, About::Pods), (Source::Endpoints, About::Service)];
    let parts = needed.into_iter().filter(|(source, _)| !inventory.heard(*source).is_fresh()).map(|(source, about)| {
        let why = words::untold(inventory.heard(source));
        Part::new(about, source.word(), Verdict::Unknown).short("not known").why(why)
    });
    let unseen = inventory.scope().gap().map(|gap| {
        let words = format!("pods of other namespaces take room that nobody can tell: {gap}");
        Part::new(About::Pods, "other namespaces", Verdict::Unknown).short("not known").why(words)
    });
    parts.chain(unseen).collect()
}

/// A part for each lot, and what services need of it.
fn pods(
    supposed: &Supposed<'_, '_>,
    lots: &[Lot<'_>],
    control: &Control,
    place: impl FnOnce(&Supposed<'_, '_>, &[Group<'_>], &[(FormId, u32)]) -> Vec<Placed>,
) -> (Vec<Part>, Vec<Return>) {
    let moved = |lot: &Lot<'_>| control.halted.is_none() && matches!(lot.fate, Fate::Anew(_));
    let numbers: Vec<usize> = (0..lots.len()).filter(|number| moved(&lots[*number])).collect();
    let groups: Vec<Group<'_>> = numbers.iter().map(|number| Group::of(&lots[*number])).collect();
    // What a controller that is not known makes anew may take room before them.
    let foreign = lots.iter().filter(|lot| matches!(lot.fate, Fate::Foreign(_)));
    let rivals: Vec<(FormId, u32)> = foreign.map(|lot| (lot.form, lot.count())).chain(left_behind(supposed)).collect();
    let mut placed: BTreeMap<usize, Placed> = numbers.into_iter().zip(place(supposed, &groups, &rivals)).collect();
    quota::limit(supposed, lots, &mut placed);
    // Pods that nobody sees take room, and may keep others away. A host that is full without them stays full.
    let unseen = supposed.world.inventory.scope().gap();
    for why in control.unsure.iter().chain(&unseen) {
        for placed in placed.values_mut().filter(|placed| placed.verdict != Verdict::Impossible) {
            placed.verdict = Verdict::Unknown;
            placed.why.clone_from(why);
        }
    }
    let mut parts = Vec::new();
    let mut returns = Vec::new();
    for (number, lot) in lots.iter().enumerate() {
        let part = match placed.remove(&number) {
            Some(placed) => Some(anew(supposed, lot, placed)),
            None => stays(supposed, lot, control.halted.as_deref()),
        };
        returns.push(match &part {
            Some(part) => Return { verdict: part.verdict.clone(), after: part.after },
            None if lot.fate == Fate::Stays => Return { verdict: Verdict::Certain, after: Some(0) },
            None => Return { verdict: Verdict::Impossible, after: None },
        });
        parts.extend(part);
    }
    (parts, returns)
}

/// Pods of hosts that are lost already, which the question leaves as they are: these are made anew as well.
pub(crate) fn left_behind(supposed: &Supposed<'_, '_>) -> Vec<(FormId, u32)> {
    let hosts = supposed.world.hosts.iter().enumerate();
    let is_left = |host| matches!(supposed.standing(host), Standing::Same | Standing::Cordoned);
    let lost = hosts.filter(|(host, one)| !one.ready && is_left(*host));
    let pods = lost.flat_map(|(_, host)| &host.pods).filter(|(pod, _)| {
        let owned = !matches!(pod.owner, None | Some((OwnerKind::StatefulSet | OwnerKind::Node, _)));
        owned && !pod.leaving && !pod.mirror && !is_daemon(pod)
    });
    pods.map(|(_, form)| (*form, 1)).collect()
}

/// As in `Deployment ims/pgw`, or the pod's own name where it has no controller.
fn name(lot: &Lot<'_>) -> String {
    match (&lot.owner, lot.pods.as_slice()) {
        (None, [pod, ..]) => pod.key.to_string(),
        (Some((OwnerKind::StatefulSet, _)), [pod]) => pod.key.to_string(),
        (Some((kind, name)), _) => format!("{} {}/{name}", kind.word(), lot.namespace),
        (None, []) => String::new(),
    }
}

fn anew(supposed: &Supposed<'_, '_>, lot: &Lot<'_>, placed: Placed) -> Part {
    let Fate::Anew(after) = lot.fate else { return Part::new(About::Pods, name(lot), Verdict::Unknown) };
    let count = lot.count();
    let drained = lot.hosts.iter().all(|host| supposed.standing(*host) == Standing::Drained);
    let removed = lot.hosts.iter().any(|host| supposed.standing(*host) == Standing::Removed);
    let attached = removed && !lot.claims.is_empty();
    // A volume of a node that is gone is detached by force after six minutes.
    let after = if attached { after.max(360) } else { after };
    let names = |hosts: &[usize]| hosts.iter().map(|host| supposed.name(*host).to_string()).collect();
    let mut part = Part::new(About::Pods, name(lot), placed.verdict.clone()).count(count).why(placed.why);
    let refused =
        |(refusal, hosts): (Refusal, Vec<usize>)| Refused { why: refusal.to_string(), hosts: names(&hosts), refusal };
    part.refusals = placed.refusals.into_iter().map(refused).collect();
    part.witness = placed
        .witness
        .iter()
        .map(|(host, pods)| Seat { host: supposed.name(*host).to_string(), pods: *pods })
        .collect();
    let one = if count == 1 { "runs" } else { "run" };
    part.short = match &placed.verdict {
        Verdict::Certain if drained => if count == 1 { "moves" } else { "move" }.to_owned(),
        Verdict::Certain => format!("{one} again after {}", span(after)),
        Verdict::Impossible if drained => "finds no other host".to_owned(),
        Verdict::Impossible => if count == 1 { "stays down" } else { "stay down" }.to_owned(),
        Verdict::Depends { from, to, of } => {
            let again = if drained { "find a place" } else { "run again" };
            match to - from {
                0 => format!("{from} of {of} {again}"),
                1 => format!("{from} or {to} of {of} {again}"),
                _ => format!("{from} to {to} of {of} {again}"),
            }
        }
        Verdict::Unknown => "not known".to_owned(),
    };
    part.after = match placed.verdict {
        Verdict::Certain | Verdict::Depends { .. } => Some(after),
        _ => None,
    };
    let is_job = matches!(lot.owner, Some((OwnerKind::Job | OwnerKind::CronJob, _)));
    part.stands_still = !is_job && !lot.owner_is_up(supposed);
    part
}

impl Lot<'_> {
    /// Whether its owner has ready pods elsewhere, so that nothing stands still meanwhile.
    fn owner_is_up(&self, supposed: &Supposed<'_, '_>) -> bool {
        let stays = |host: &usize| {
            let standing = supposed.standing(*host);
            supposed.world.hosts[*host].ready
                && !self.hosts.contains(host)
                && !supposed.is_off(*host)
                && standing != Standing::Drained
        };
        let ready = |host: usize| {
            let mut pods = supposed.world.hosts[host].pods.iter();
            pods.any(|(pod, form)| *form == self.form && pod.ready && !pod.leaving)
        };
        supposed.seats(self.form).map(|(host, ..)| host).filter(stays).any(ready)
    }
}

/// The part of a lot that is not made anew; none where nothing is lost by it.
fn stays(supposed: &Supposed<'_, '_>, lot: &Lot<'_>, halted: Option<&str>) -> Option<Part> {
    let count = lot.count();
    let down = if count == 1 { "stays down" } else { "stay down" };
    let part = |verdict| Part::new(About::Pods, name(lot), verdict).count(count);
    let host = lot.hosts.first().map(|host| &**supposed.name(*host)).unwrap_or_default();
    Some(match &lot.fate {
        Fate::OfHost | Fate::Leaving | Fate::Stays => return None,
        Fate::Bare if lot.hosts.iter().all(|host| supposed.standing(*host) == Standing::Drained) => {
            let why = "no controller makes it anew: drain refuses it without --force";
            part(Verdict::Impossible).short("would be deleted").why(why)
        }
        Fate::Bare => part(Verdict::Impossible).short("never returns").why("no controller makes it anew"),
        Fate::Anew(_) => part(Verdict::Impossible).short(down).why(halted.unwrap_or_default()),
        Fate::Bears => {
            part(Verdict::Impossible).short(down).why("it tolerates an unreachable host for ever, so nothing evicts it")
        }
        Fate::Stateful => part(Verdict::Impossible)
            .short(down)
            .why(format!("a StatefulSet waits until {host}'s Node object is deleted or marked out-of-service")),
        Fate::Attached(claim) => part(Verdict::Impossible).short(down).why(format!(
            "the volume of {claim} stays attached to {host} until its Node object is deleted or marked out-of-service"
        )),
        Fate::Halted(Evictions::Stopped { unhealthy, of, zone }) => {
            let zone = if zone.is_empty() { "the cluster".to_owned() } else { format!("zone {zone}") };
            let why = format!("{unhealthy} of {of} hosts of {zone} are not ready, so nothing is evicted");
            part(Verdict::Impossible).short(down).why(why)
        }
        Fate::Halted(Evictions::Run(_)) => return None,
        Fate::Foreign(kind) => part(Verdict::Unknown)
            .short("not known")
            .why(format!("what its controller does, a {kind}, is not known here")),
    })
}

fn course(
    supposed: &Supposed<'_, '_>,
    lots: &[Lot<'_>],
    timing: &Timing,
    evictions: &BTreeMap<usize, Evictions>,
    control: &Control,
    hit: u32,
    shrunk: u32,
) -> Vec<Event> {
    let mut course = control.course.clone();
    let stop = |standing: Standing| matches!(standing, Standing::Lost | Standing::Removed);
    let on = |wanted: &dyn Fn(Standing) -> bool| -> Vec<&str> {
        supposed.touched().filter(|(_, one)| wanted(*one)).map(|(host, _)| &**supposed.name(host)).collect()
    };
    let (off, drained) = (on(&stop), on(&|one| one == Standing::Drained));
    let of = |wanted: &dyn Fn(&Lot<'_>) -> bool| lots.iter().filter(|lot| wanted(lot)).map(Lot::count).sum::<u32>();
    let gone = |lot: &Lot<'_>| lot.hosts.iter().any(|host| supposed.is_off(*host));
    if !off.is_empty() {
        let pods = of(&|lot| gone(lot) && !matches!(lot.fate, Fate::Leaving));
        let mut what = vec![format!("{} {}", counted(pods, "pod"), if pods == 1 { "stops" } else { "stop" })];
        if hit > 0 {
            let verb = if hit == 1 { "has" } else { "have" };
            what.push(format!("{} {verb} no endpoint", counted(hit, "service")));
        }
        if shrunk > 0 {
            what.push(format!("{} {}", counted(shrunk, "service"), if shrunk == 1 { "shrinks" } else { "shrink" }));
        }
        course.push(Event::at(0, crate::question::listed(&what)));
    }
    let lost = on(&|one| one == Standing::Lost);
    if !lost.is_empty() && control.halted.is_none() {
        let what = match lost.len() {
            ..=4 => crate::question::listed(&lost),
            count => format!("{count} hosts"),
        };
        course.push(Event::at(
            timing.grace,
            format!("{what} NotReady; services drop {} endpoints", if lost.len() == 1 { "its" } else { "their" }),
        ));
    }
    if let Some(Evictions::Stopped { unhealthy, of, .. }) =
        evictions.values().find(|one| matches!(one, Evictions::Stopped { .. }))
    {
        course.push(Event {
            after: None,
            what: format!("nothing is moved, for {unhealthy} of {of} hosts are not ready"),
        });
    }
    if control.halted.is_none() {
        let mut anew: BTreeMap<u32, u32> = BTreeMap::new();
        for lot in lots.iter().filter(|lot| gone(lot)) {
            if let Fate::Anew(after) = lot.fate {
                *anew.entry(after).or_default() += lot.count();
            }
        }
        for (after, pods) in anew {
            let verb = if pods == 1 { "is" } else { "are" };
            course.push(Event::at(after, format!("{} {verb} made anew", counted(pods, "pod"))));
        }
    }
    let waits = of(&|lot| matches!(lot.fate, Fate::Stateful | Fate::Attached(_)));
    if waits > 0 {
        let verb = if waits == 1 { "waits" } else { "wait" };
        course.push(Event { after: None, what: format!("{} {verb} for the Node object to go", counted(waits, "pod")) });
    }
    if let Some(why) = &control.halted {
        course.push(Event { after: None, what: why.clone() });
    }
    if !drained.is_empty() {
        let moves = of(&|lot| matches!(lot.fate, Fate::Anew(_)) && !gone(lot));
        let verb = if moves == 1 { "is" } else { "are" };
        let hosts = supposed.touched().filter(|(_, one)| *one == Standing::Drained);
        let flags: BTreeSet<&str> = hosts.flat_map(|(host, _)| flags(&supposed.world.hosts[host])).collect();
        let flags: Vec<&str> = flags.into_iter().collect();
        let needs =
            if flags.is_empty() { String::new() } else { format!(" (kubectl drain needs {})", flags.join(" ")) };
        course.push(Event::at(
            0,
            format!(
                "{} of {} {verb} evicted one by one{needs}",
                counted(moves, "pod"),
                crate::question::listed(&drained)
            ),
        ));
    }
    course.sort_by_key(|event| (event.after.is_none(), event.after));
    course
}

/// What `kubectl drain` has to be told for the pods of a host.
pub(crate) fn flags(host: &Host<'_>) -> BTreeSet<&'static str> {
    let mut flags = BTreeSet::new();
    for (pod, _) in &host.pods {
        if is_daemon(pod) {
            flags.insert("--ignore-daemonsets");
        } else if has_empty_dir(pod) && !pod.mirror {
            flags.insert("--delete-emptydir-data");
        }
        if pod.owner.is_none() && !pod.mirror {
            flags.insert("--force");
        }
    }
    flags
}

fn damage(parts: &[Part], lots: &[Lot<'_>]) -> Damage {
    let mut damage = Damage::default();
    for part in parts {
        match (&part.verdict, part.about) {
            (Verdict::Impossible, About::Service) => damage.services += 1,
            (Verdict::Impossible, About::Pods) => damage.pods += part.count,
            (Verdict::Impossible, _) => damage.control += 1,
            (Verdict::Depends { from, of, .. }, About::Pods) => damage.open += of - from,
            (Verdict::Depends { .. }, _) => damage.open += 1,
            (Verdict::Unknown, _) => damage.unknown += 1,
            (Verdict::Certain, About::Service) => damage.interrupted += u32::from(part.after != Some(0)),
            (Verdict::Certain, _) => {}
        }
    }
    let stops = |lot: &&Lot<'_>| !matches!(lot.fate, Fate::Stays | Fate::Leaving);
    damage.stopped = lots.iter().filter(stops).map(Lot::count).sum();
    damage
}

fn outcome(parts: &[Part]) -> Outcome {
    let has = |wanted: &dyn Fn(&Part) -> bool| parts.iter().any(wanted);
    let down = |part: &Part| part.verdict == Verdict::Impossible;
    // A budget that a loss uses up, an address that moves and a leader that changes are not noticed by those it serves.
    let stands_still = |part: &Part| match part.about {
        About::Service => part.after != Some(0),
        About::Pods => part.stands_still,
        About::Api | About::Etcd | About::Entrance | About::Leader | About::Budget => false,
    };
    match () {
        () if has(&down) => Outcome::Damaged,
        () if has(&|part| matches!(part.verdict, Verdict::Depends { .. })) => Outcome::AtRisk,
        () if has(&|part| part.verdict == Verdict::Unknown) => Outcome::Unknown,
        () if has(&stands_still) => Outcome::Interrupted,
        () => Outcome::Unnoticed,
    }
}
