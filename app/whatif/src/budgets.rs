//! Budgets: a drain asks them, a loss uses them up.

use topology::inventory::{Budget, Phase, Pod, Source};

use crate::{
    answer::{About, Part, counted},
    fate::{Fate, Lot},
    services::Return,
    supposed::{Standing, Supposed},
    verdict::Verdict,
    words::untold,
};

/// What becomes of each budget that selects pods of a touched host, counted after the step and not before.
pub(crate) fn budgets(supposed: &Supposed<'_, '_>, lots: &[Lot<'_>], returns: &[Return], drains: bool) -> Vec<Part> {
    let inventory = supposed.world.inventory;
    if !inventory.heard(Source::PodDisruptionBudgets).knows() {
        let why = untold(inventory.heard(Source::PodDisruptionBudgets));
        // A loss asks no budget.
        let unknown = Part::new(About::Budget, "disruption budgets", Verdict::Unknown).short("not known").why(why);
        return if drains { vec![unknown] } else { Vec::new() };
    }
    let mut parts = Vec::new();
    for budget in inventory.catalog().budgets() {
        if let Some(part) = part(supposed, budget, lots, returns) {
            parts.push(part);
        }
    }
    parts.extend(doubled(supposed, lots));
    parts
}

fn selects(budget: &Budget, pod: &Pod) -> bool {
    let selector = budget.selects.as_ref();
    pod.key.namespace == budget.key.namespace && selector.is_some_and(|selector| selector.matches(&pod.labels))
}

fn part(supposed: &Supposed<'_, '_>, budget: &Budget, lots: &[Lot<'_>], returns: &[Return]) -> Option<Part> {
    let drained = |pod: &Pod| {
        let host = pod.node.as_ref().and_then(|node| supposed.world.host(node));
        host.is_some_and(|host| supposed.standing(host) == Standing::Drained)
    };
    let (mut lost, mut evicted, mut certain, mut back) = (0, 0, true, Some(0));
    for (lot, returns) in
        lots.iter().zip(returns).filter(|(lot, _)| lot.fate != Fate::Stays && lot.namespace == &budget.key.namespace)
    {
        let mine = lot.pods.iter().filter(|pod| pod.ready && selects(budget, pod));
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
    let unready =
        |pod: &&&Pod| !pod.ready && pod.phase == Phase::Running && !pod.leaving && selects(budget, pod) && drained(pod);
    let held = lots.iter().filter(|lot| lot.fate != Fate::Stays).flat_map(|lot| lot.pods.iter().filter(unready)).count()
        as u32;
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
        let part = part(Verdict::Certain).short(short).why(format!(
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
    let catalog = supposed.world.inventory.catalog();
    let twice = |pod: &&&Pod| {
        let host = pod.node.as_ref().and_then(|node| supposed.world.host(node));
        host.is_some_and(|host| supposed.standing(host) == Standing::Drained)
            && catalog.budgets_of(pod).nth(1).is_some()
    };
    let pods = lots.iter().filter(|lot| lot.fate != Fate::Stays).flat_map(|lot| lot.pods.iter().filter(twice));
    let part = |pod: &&Pod| {
        Part::new(About::Budget, pod.key.to_string(), Verdict::Impossible)
            .short("blocks the drain")
            .why("two budgets select it, so every eviction of it is refused")
    };
    pods.map(part).collect()
}
