//! Budgets: a drain asks them, a loss uses them up.

use std::collections::BTreeMap;

use topology::inventory::{Budget, Key, Phase, Pod, Source};

use crate::{
    answer::{About, Part, counted},
    fate::{Fate, Lot},
    services::Return,
    supposed::{Standing, Supposed},
    verdict::Verdict,
    words::untold,
};

/// A lot whose pods a budget selects, and what becomes of them.
type Selected<'l> = (&'l Lot<'l>, &'l Return);

/// What becomes of each budget that selects pods of a touched host, counted after the step and not before.
pub(crate) fn budgets(supposed: &Supposed<'_, '_>, lots: &[Lot<'_>], returns: &[Return], drains: bool) -> Vec<Part> {
    let inventory = supposed.world.inventory;
    if !inventory.heard(Source::PodDisruptionBudgets).knows() {
        let why = untold(inventory.heard(Source::PodDisruptionBudgets));
        // A loss asks no budget.
        let unknown = Part::new(About::Budget, "disruption budgets", Verdict::Unknown).short("not known").why(why);
        return if drains { vec![unknown] } else { Vec::new() };
    }
    // Pods of one lot are alike, so that a budget selects all of them or none.
    let mut selected: BTreeMap<&Key, (&Budget, Vec<Selected<'_>>)> = BTreeMap::new();
    for (lot, returns) in lots.iter().zip(returns).filter(|(lot, _)| lot.fate != Fate::Stays) {
        for budget in &supposed.world.relation(lot.form).budgets {
            selected.entry(&budget.key).or_insert((budget, Vec::new())).1.push((lot, returns));
        }
    }
    let parts = selected.into_values().filter_map(|(budget, lots)| part(supposed, budget, &lots));
    parts.chain(doubled(supposed, lots)).collect()
}

fn part(supposed: &Supposed<'_, '_>, budget: &Budget, lots: &[Selected<'_>]) -> Option<Part> {
    let drained = |pod: &Pod| {
        let host = pod.node.as_ref().and_then(|node| supposed.world.host(node));
        host.is_some_and(|host| supposed.standing(host) == Standing::Drained)
    };
    let (mut lost, mut evicted, mut certain, mut back) = (0, 0, true, Some(0));
    for (lot, returns) in lots {
        let mine = lot.pods.iter().filter(|pod| pod.ready);
        let (gone, left): (Vec<&&Pod>, Vec<&&Pod>) = mine.partition(|pod| !drained(pod));
        if gone.is_empty() && left.is_empty() {
            continue;
        }
        lost += gone.len() as u32;
        evicted += left.len() as u32;
        certain &= returns.verdict == Verdict::Certain;
        back = back.zip(returns.after).map(|(a, b)| a.max(b));
    }
    // By the usual policy a pod that is not ready may go only while the others are enough.
    let unready = |pod: &&&Pod| !pod.ready && pod.phase == Phase::Running && !pod.leaving && drained(pod);
    let held = lots.iter().flat_map(|(lot, _)| lot.pods.iter().filter(unready)).count() as u32;
    let too_few = budget.healthy.saturating_sub(lost) < budget.desired;
    if held > 0 && !budget.evicts_unready && too_few && budget.allowed == Some(0) {
        let why = "pods that are not ready may go only while enough others are ready: drain waits for ever";
        let part = Part::new(About::Budget, budget.key.to_string(), Verdict::Impossible).count(held);
        return Some(part.short("blocks the drain").why(why));
    }
    if lost + evicted == 0 {
        return None;
    }
    let part = |verdict| Part::new(About::Budget, budget.key.to_string(), verdict).count(lost + evicted);
    let allowed = match (budget.allowed, lost) {
        (None, _) => None,
        (Some(allowed), 0) => Some(allowed),
        (Some(_), lost) => Some(budget.healthy.saturating_sub(lost).saturating_sub(budget.desired)),
    };
    let asked = format!("{} of {} must stay up", budget.desired, budget.expected);
    if evicted == 0 {
        let left = budget.healthy.saturating_sub(lost);
        let short = if left < budget.desired {
            "is overdrawn"
        } else if left == budget.desired {
            "is used up"
        } else {
            return None;
        };
        // It is whole again only when its pods are.
        let verdict = if certain { Verdict::Certain } else { Verdict::of(0, lost, lost) };
        let part = part(verdict).short(short).why(format!(
            "{} left, and {asked}: no eviction is allowed until new ones are ready",
            counted(left, "pod")
        ));
        return Some(match back {
            Some(after) if certain => part.after(after),
            _ => part,
        });
    }
    Some(match allowed {
        None => part(Verdict::Unknown).short("not known").why("its controller has not counted it yet"),
        Some(0) => part(Verdict::Impossible)
            .short("blocks the drain")
            .why(format!("it allows no eviction, as {asked}: drain waits for ever")),
        Some(allowed) if evicted <= allowed => part(Verdict::Certain)
            .short("allows the drain")
            .why(format!("{} at once, {asked}", counted(allowed, "eviction")))
            .after(0),
        Some(_) if certain => part(Verdict::Certain)
            .short("slows the drain")
            .why(format!("each eviction waits for a new pod, as {asked}"))
            .after(0),
        Some(allowed) => part(Verdict::Depends { from: allowed, to: evicted, of: evicted })
            .short("may block the drain")
            .why(format!("{} at once, and new pods may find no place", counted(allowed, "eviction"))),
    })
}

/// Pods that two budgets select cannot be evicted at all.
fn doubled(supposed: &Supposed<'_, '_>, lots: &[Lot<'_>]) -> Vec<Part> {
    let drained = |pod: &&&Pod| {
        let host = pod.node.as_ref().and_then(|node| supposed.world.host(node));
        host.is_some_and(|host| supposed.standing(host) == Standing::Drained)
    };
    let twice = |lot: &&Lot<'_>| lot.fate != Fate::Stays && supposed.world.relation(lot.form).budgets.len() > 1;
    let pods = lots.iter().filter(twice).flat_map(|lot| lot.pods.iter().filter(drained));
    let part = |pod: &&Pod| {
        Part::new(About::Budget, pod.key.to_string(), Verdict::Impossible)
            .short("blocks the drain")
            .why("two budgets select it, so every eviction of it is refused")
    };
    pods.map(part).collect()
}
