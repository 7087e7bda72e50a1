//! Quotas: a replacement is not even created where the dead pod still counts and no more is allowed.

use std::collections::BTreeMap;

use topology::inventory::{Heard, Quota, Resources, Source};

use crate::{
    fate::Lot,
    filter::amount,
    place::Placed,
    supposed::{Standing, Supposed},
    verdict::Verdict,
    words::untold,
};

/// Lowers verdicts where a quota has no room for all new pods beside the old ones, which count until they are gone.
pub(crate) fn limit(supposed: &Supposed<'_, '_>, lots: &[Lot<'_>], placed: &mut BTreeMap<usize, Placed>) {
    let heard = supposed.world.inventory.heard(Source::ResourceQuotas);
    if !heard.knows() && *heard != Heard::NotServed {
        let why = format!("quotas are not known: {}", untold(heard));
        let lost = |lot: &Lot<'_>| lot.hosts.iter().any(|host| supposed.standing(*host) == Standing::Lost);
        for (_, placed) in placed.iter_mut().filter(|(number, _)| lost(&lots[**number])) {
            if placed.verdict != Verdict::Impossible {
                (placed.verdict, placed.why) = (Verdict::Unknown, why.clone());
            }
        }
        return;
    }
    for quota in supposed.world.inventory.catalog().quotas() {
        let concerned = |number: &usize| {
            let lot = &lots[*number];
            // A drain deletes each pod before another is asked for.
            lot.namespace == &quota.key.namespace
                && lot.hosts.iter().any(|host| supposed.standing(*host) == Standing::Lost)
        };
        let numbers: Vec<usize> = placed.keys().copied().filter(concerned).collect();
        let requests = |number: &usize| &supposed.world.forms[lots[*number].form].shape.requests;
        let mut asked: BTreeMap<&str, u64> = BTreeMap::new();
        for number in &numbers {
            for (name, _, _) in &quota.amounts {
                *asked.entry(name).or_default() += ask(name, requests(number)) * u64::from(lots[*number].count());
            }
        }
        let Some(short) = quota.amounts.iter().find(|(name, hard, used)| {
            let over = |asked: &u64| *asked > 0 && used.saturating_add(*asked) > *hard;
            // Limits are not told, so how much of them a pod takes is not known.
            name.starts_with("limits.") || asked.get(&**name).is_some_and(over)
        }) else {
            continue;
        };
        for number in numbers {
            let one = ask(&short.0, requests(&number));
            let Some(placed) = placed.get_mut(&number).filter(|_| one > 0) else { continue };
            lower(placed, quota, short, lots[number].count());
        }
    }
}

fn lower(placed: &mut Placed, quota: &Quota, (name, hard, used): &(topology::inventory::Name, u64, u64), of: u32) {
    let to = match placed.verdict {
        Verdict::Certain => of,
        Verdict::Depends { to, .. } => to,
        Verdict::Impossible | Verdict::Unknown => return,
    };
    placed.verdict = Verdict::Depends { from: 0, to, of };
    let left = hard.saturating_sub(*used);
    let said = match () {
        () if name.starts_with("limits.") => format!("bounds {name}, and the limits of pods are not read"),
        () if left == 0 => format!("is full of {name}, and dead pods count until they are gone"),
        () => {
            let left = amount(name.strip_prefix("requests.").unwrap_or(name), left);
            format!("has only {left} left, and dead pods count until they are gone")
        }
    };
    placed.why = format!("the quota {} {said}", quota.key.name);
}

/// How much one pod takes of a quota's resource. Limits are no facts here, so a quota of them may refuse any pod.
fn ask(name: &str, requests: &Resources) -> u64 {
    match name {
        "pods" | "count/pods" => 1,
        "cpu" | "requests.cpu" => requests.cpu,
        "memory" | "requests.memory" => requests.memory,
        "ephemeral-storage" | "requests.ephemeral-storage" => requests.ephemeral,
        "limits.cpu" | "limits.memory" => 1,
        other => other.strip_prefix("requests.").map_or(0, |name| requests.extended(name)),
    }
}
