//! The answer's sentence, and what would help.

use std::collections::BTreeSet;

use topology::inventory::{Heard, OwnerKind};

use crate::{
    answer::{About, Outcome, Part, counted},
    fate::{Fate, Lot},
    filter::Refusal,
    question::{Question, listed},
    supposed::Supposed,
    timing::span,
    verdict::Verdict,
};

/// As in `If host5 is lost, 1 pod stays down, service ims/hss-db has no endpoint, and 9 pods run again after 5 min 50 s.`
pub(crate) fn sentence(question: &Question, outcome: Outcome, parts: &[Part]) -> String {
    let asked = question.words();
    let mut phrases: Vec<String> = Vec::new();
    let down =
        |about: About| parts.iter().filter(move |part| part.about == about && part.verdict == Verdict::Impossible);
    for part in
        parts.iter().filter(|part| matches!(part.about, About::Api | About::Etcd | About::Entrance | About::Leader))
    {
        if part.verdict == Verdict::Impossible {
            let name = if part.about == About::Api { "the Kubernetes API" } else { &*part.name };
            phrases.push(format!("{name} {}", part.short));
        }
    }
    match down(About::Service).collect::<Vec<_>>().as_slice() {
        [] => {}
        [only] => phrases.push(format!("service {} stays without endpoint", only.name)),
        many => phrases.push(format!("{} stay without endpoint", counted(many.len() as u32, "service"))),
    }
    match down(About::Pods).collect::<Vec<_>>().as_slice() {
        [] => {}
        [only] if only.count == 1 => phrases.push(format!("{} {}", only.name, only.short)),
        many => phrases.push(format!("{} stay down", counted(many.iter().map(|part| part.count).sum(), "pod"))),
    }
    match down(About::Budget).count() as u32 {
        0 => {}
        count => phrases.push(format!(
            "{} {} the drain",
            counted(count, "budget"),
            if count == 1 { "blocks" } else { "block" }
        )),
    }
    let open = |part: &&Part| part.about == About::Pods && matches!(part.verdict, Verdict::Depends { .. });
    let (mut from, mut of) = (0, 0);
    for part in parts.iter().filter(open) {
        if let Verdict::Depends { from: least, of: all, .. } = part.verdict {
            (from, of) = (from + least, of + all);
        }
    }
    if of > 0 {
        phrases.push(format!("{} to {of} of {} find a place", from, counted(of, "pod")));
    }
    let certain =
        |about: About| parts.iter().filter(move |part| part.about == about && part.verdict == Verdict::Certain);
    match certain(About::Service).collect::<Vec<_>>().as_slice() {
        [] => {}
        [only] => phrases.push(format!("service {} has {}", only.name, only.short)),
        many => phrases.push(format!("{} have no endpoint for a time", counted(many.len() as u32, "service"))),
    }
    let pods: u32 = certain(About::Pods).map(|part| part.count).sum();
    if pods > 0 {
        let verb = if pods == 1 { "runs" } else { "run" };
        phrases.push(match certain(About::Pods).filter_map(|part| part.after).max() {
            Some(after @ 1..) => format!("{} {verb} again after {}", counted(pods, "pod"), span(after)),
            _ => format!("{} {}", counted(pods, "pod"), if pods == 1 { "moves" } else { "move" }),
        });
    }
    let unknown = parts.iter().filter(|part| part.verdict == Verdict::Unknown).count() as u32;
    if unknown > 0 {
        let verb = if unknown == 1 { "is" } else { "are" };
        phrases.push(format!("{} {verb} not known", counted(unknown, "part")));
    }
    match (outcome, phrases.is_empty()) {
        (_, true) => format!("If {asked}, nothing is noticed."),
        (Outcome::Unnoticed, false) => format!("If {asked}, nothing is noticed: {}.", listed(&phrases)),
        (_, false) => format!("If {asked}, {}.", listed(&phrases)),
    }
}

/// Why a source tells nothing of its things, as in `the permission to list nodes is missing`.
pub(crate) fn untold(heard: &Heard) -> String {
    match heard {
        Heard::Forbidden { permission } => format!("the permission to {permission} is missing"),
        Heard::NotYet => "they are still being read".into(),
        Heard::Unread { reason } => format!("they cannot be read: {reason}"),
        Heard::Stale { reason, .. } => format!("there is no news of them: {reason}"),
        Heard::NotServed => "the cluster does not serve them".into(),
        Heard::Live | Heard::Listed { .. } => "the cluster has none".into(),
    }
}

/// Steps that would make it better, in sentences without a full stop.
pub(crate) fn helps(supposed: &Supposed<'_, '_>, lots: &[Lot<'_>], parts: &[Part]) -> Vec<String> {
    let mut helps = Vec::new();
    let waiting: BTreeSet<&str> = lots
        .iter()
        .filter(|lot| matches!(lot.fate, Fate::Stateful | Fate::Attached(_)))
        .flat_map(|lot| lot.hosts.iter().map(|host| &**supposed.name(*host)))
        .collect();
    for host in waiting.into_iter().take(3) {
        helps.push(format!(
            "Delete the Node object of {host} once its machine is surely off, or mark it out-of-service"
        ));
    }
    let mut kept = BTreeSet::new();
    let mut short = BTreeSet::new();
    for part in parts.iter().filter(|part| part.about == About::Pods && part.verdict != Verdict::Certain) {
        for refused in &part.refusals {
            match refused.refusal {
                Refusal::Volume(_) => kept.insert(part.name.as_str()),
                Refusal::Room(..) => short.insert(part.name.as_str()),
                _ => false,
            };
        }
    }
    if !short.is_empty() {
        helps.push(format!("More room: one more host, or smaller requests of {}", few(&short, 3)));
    }
    if !kept.is_empty() {
        helps.push(format!("Storage that other hosts reach, for {}", few(&kept, 3)));
    }
    let bare: BTreeSet<String> = lots
        .iter()
        .filter(|lot| lot.fate == Fate::Bare)
        .flat_map(|lot| &lot.pods)
        .map(|pod| pod.key.to_string())
        .collect();
    if !bare.is_empty() {
        helps.push(format!("A controller, such as a Deployment, for {}", few(&bare, 3)));
    }
    let alone: BTreeSet<&str> = parts
        .iter()
        .filter(|part| part.about == About::Service && part.after != Some(0))
        .map(|part| part.name.as_str())
        .collect();
    let replicates =
        lots.iter().any(|lot| matches!(lot.owner, Some((OwnerKind::Deployment | OwnerKind::ReplicaSet, _))));
    if !alone.is_empty() && replicates {
        helps.push(format!("A second pod on another host behind {}", few(&alone, 3)));
    }
    helps
}

/// As in `a, b and 7 more`.
pub(crate) fn few<T: AsRef<str>>(names: impl IntoIterator<Item = T>, most: usize) -> String {
    let mut names = names.into_iter();
    let mut shown: Vec<String> = names.by_ref().take(most).map(|name| name.as_ref().to_owned()).collect();
    let more = names.count();
    if more > 0 {
        shown.push(format!("{more} more"));
    }
    listed(&shown)
}
