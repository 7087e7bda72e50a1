//! Whether the order in which pods come decides how many find a place: shown by two orders that end differently.

use crate::{
    filter::Gate,
    place::{Group, Placed, has_address},
    supposed::Supposed,
    verdict::Verdict,
    world::{FormId, HostId},
};

/// Orders that are tried at most.
const ORDERS: usize = 200;
/// A cluster with more hosts times pods than this is not tried: it would take longer than the answer.
const SMALL: usize = 600;

/// What is said where both ends of an interval came.
const DECIDES: &str = "the order in which pods come decides: one order ends with the fewest, another with the most";

/// Says of groups with an interval that the order decides, where both ends were reached by some order. `open` tells of
/// which groups it is asked.
pub(crate) fn explain(
    supposed: &Supposed<'_, '_>,
    groups: &[Group<'_>],
    rivals: &[(FormId, u32)],
    placed: &mut [Placed],
    open: impl Fn(&Placed) -> bool,
) {
    let mut wanted: Vec<(usize, u32, u32)> =
        placed.iter().enumerate().filter(|(_, one)| open(one)).filter_map(ends).collect();
    let waiting = supposed.world.waiting.iter();
    let waiting = waiting.map(|(pod, form)| Group { form: *form, claims: &pod.claims, pin: pod.pin.as_ref(), pods: 1 });
    let rivals = rivals.iter().map(|(form, pods)| Group { form: *form, claims: &[], pin: None, pods: *pods });
    let comers: Vec<Group<'_>> = groups.iter().cloned().chain(waiting).chain(rivals).collect();
    let pods: usize = comers.iter().map(|group| group.pods as usize).sum();
    if wanted.is_empty() || pods * supposed.world.hosts.len() > SMALL {
        return;
    }
    let mut chance = Chance(0);
    let mut seen: Vec<(u32, u32)> = vec![(u32::MAX, 0); groups.len()];
    for _ in 0..ORDERS {
        let found = in_some_order(supposed, &comers, &mut chance);
        for ((least, most), found) in seen.iter_mut().zip(found) {
            (*least, *most) = ((*least).min(found), (*most).max(found));
        }
        wanted.retain(|&(number, from, to)| {
            let both = seen[number] == (from, to);
            if both {
                placed[number].why = DECIDES.into();
            }
            !both
        });
        if wanted.is_empty() {
            return;
        }
    }
}

fn ends((number, placed): (usize, &Placed)) -> Option<(usize, u32, u32)> {
    match placed.verdict {
        Verdict::Depends { from, to, .. } if from < to => Some((number, from, to)),
        _ => None,
    }
}

/// How many pods of each group find a place, when groups come one after another and each tries the hosts in an order of
/// its own. A pod that found none tries again after the others, as the scheduler has it.
fn in_some_order(supposed: &Supposed<'_, '_>, groups: &[Group<'_>], chance: &mut Chance) -> Vec<u32> {
    let mut after = supposed.clone();
    let mut found = vec![0; groups.len()];
    let hosts: Vec<Vec<HostId>> = groups.iter().map(|_| chance.shuffled(supposed.world.hosts.len())).collect();
    let order = chance.shuffled(groups.len());
    loop {
        let mut moved = false;
        for &number in &order {
            while found[number] < groups[number].pods
                && let Some(host) = first(&after, &groups[number], &hosts[number])
            {
                after.place(groups[number].form, host);
                found[number] += 1;
                moved = true;
            }
        }
        if !moved {
            return found;
        }
    }
}

/// The first of these hosts on which a pod would run.
fn first(after: &Supposed<'_, '_>, group: &Group<'_>, hosts: &[HostId]) -> Option<HostId> {
    let gate = Gate::new(after, group.wanted()).ok()?;
    let runs = |host: HostId| {
        let is_up = after.world.hosts[host].ready && !after.is_off(host) && has_address(after, host);
        is_up && after.knows(host) && gate.admits(host).is_ok()
    };
    hosts.iter().copied().find(|host| runs(*host))
}

/// The same numbers each time: an answer is a function of its facts.
struct Chance(u64);

impl Chance {
    fn shuffled(&mut self, count: usize) -> Vec<usize> {
        let mut all: Vec<usize> = (0..count).collect();
        for last in (1..count).rev() {
            all.swap(last, self.below(last + 1));
        }
        all
    }

    /// Knuth's linear congruence; its upper bits are the better ones.
    fn below(&mut self, count: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) % count as u64) as usize
    }
}
