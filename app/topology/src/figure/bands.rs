//! Bands below the nodes: services, and pods that are on no node.

use std::collections::BTreeMap;

use scene::{Anchor, Health, Id, Kind, Mark, Place, Style, Text, Tone, clip, width};

use super::{Filter, chips::text, drawing::Board, groups::tone, tally::Tally};
use crate::{
    Inventory,
    health::{pod_health, pod_words},
    inventory::{Heard, Key, Name, Service, Source},
    layout::{Detail, Grid},
};

const HEAD: i32 = 30;
const MOST: usize = 24;

/// How a service fares, and how many of its endpoints are ready of how many.
pub fn service_state(inventory: &Inventory, service: &Service) -> (Health, u32, u32) {
    let mut sets = inventory.endpoints_of(&service.key).peekable();
    let told = sets.peek().is_some();
    let mut last = false;
    let mut known: Vec<(usize, &Name, bool, bool)> = Vec::new();
    for endpoint in sets.flat_map(|set| &set.endpoints) {
        last |= endpoint.serves_last;
        let (of, name) = match &endpoint.pod {
            Some(pod) => (0, pod),
            None => (1 + usize::from(endpoint.address.contains(':')), &endpoint.address),
        };
        known.push((of, name, endpoint.ready, endpoint.terminating));
    }
    known.sort_unstable();
    // A pod with addresses of both families, or in several slices, is one; those without a pod count by family.
    let (mut ready, mut all) = ([0_u32; 3], [0_u32; 3]);
    for same in known.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1)) {
        let is_ready = same.iter().any(|one| one.2);
        ready[same[0].0] += u32::from(is_ready);
        // One that terminates beside others is on its way out, and nothing that should be ready.
        all[same[0].0] += u32::from(is_ready || !same.iter().all(|one| one.3));
    }
    let (ready, all) = (ready[0] + ready[1].max(ready[2]), all[0] + all[1].max(all[2]));
    let old = |sources: &[Source]| sources.iter().any(|one| inventory.heard_in(*one, &service.key.namespace).is_past());
    let well = |sources: &[Source]| if old(sources) { Health::Stale } else { Health::Ok };
    let health = match (inventory.heard_in(Source::Endpoints, &service.key.namespace).knows(), told) {
        // A name for a host elsewhere has no endpoints by nature.
        _ if &*service.kind == "ExternalName" => well(&[Source::Services]),
        (false, _) => Health::Unknown,
        _ if ready > 0 && ready == all => well(&[Source::Endpoints]),
        _ if ready > 0 || last => Health::Warn,
        // Without a selector its endpoints are somebody else's business, perhaps a DNS name's.
        (_, false) if !service.selects => Health::Unknown,
        _ if all == 0 && inventory.is_scaled_to_zero(service) => {
            well(&[Source::Endpoints, Source::Deployments, Source::StatefulSets])
        }
        _ => Health::Bad,
    };
    (health, ready, all)
}

/// How each service fares, kept between two drawings: health, ready endpoints, all of them.
pub type States = BTreeMap<Key, (Health, u32, u32)>;

/// How all services fare.
pub fn states(inventory: &Inventory) -> States {
    inventory.services().map(|service| (service.key.clone(), service_state(inventory, service))).collect()
}

/// The services of the cluster, those without a ready endpoint first when not all fit.
pub fn services(board: &Board, states: &States, y: i32) -> Vec<Mark> {
    with_ways(board, states, y, |_| None)
}

/// The same, each with a second line.
pub fn with_ways(board: &Board, states: &States, y: i32, second: impl Fn(&Service) -> Option<String>) -> Vec<Mark> {
    let (inventory, filter) = (board.inventory, board.filter);
    // Both are in the order of their names.
    let all: Vec<(&Service, Health, u32, u32)> = inventory
        .services()
        .zip(states.values())
        .map(|(service, (health, ready, total))| (service, *health, *ready, *total))
        .collect();
    let heading = match inventory.heard(Source::Services) {
        Heard::Forbidden { permission } => format!("Services are unknown: the permission to {permission} is missing"),
        Heard::NotYet => "Services are being read".to_owned(),
        Heard::Unread { .. } => "Services are unknown: they cannot be read".to_owned(),
        _ => match inventory.scope().words() {
            Some(words) => format!("Services of {words} · {}", all.len()),
            None => format!("Services · {}", all.len()),
        },
    };
    let tall = all.first().is_some_and(|(service, ..)| second(service).is_some());
    let grid = Grid { x: 12, y: HEAD, w: 263, h: if tall { 40 } else { 26 }, gap: 8, columns: 4 };
    let (shown, folded) =
        worst_first(&all, |(service, health, ..)| (filter.matches_service(&service.key, *health), *health));
    let boxes = shown.len() + usize::from(!folded.is_empty());
    let mut marks = vec![band("services", y, HEAD + grid.height(boxes) + 12, &heading)];
    for (n, (service, health, ready, total)) in shown.iter().enumerate() {
        let mut mark = Mark::new(Id::new(format!("service/{}", service.key)), Kind::Row, grid.place(n));
        mark.health = Some(*health);
        mark.tone = Tone::Net;
        mark.title = service_words(service, *health, *ready, *total);
        mark.opens = Some(format!("service/{}", service.key));
        mark.faded = !filter.matches_service(&service.key, *health);
        label(&mut mark, &service.key, &format!("{ready}/{total}"));
        if let Some(line) = second(service) {
            mark.title = format!("{}; {line}", mark.title);
            mark.texts.push(text(24, 32, Style::Tiny, clip(&line, Style::Tiny, mark.at.w - 34)));
        }
        marks.push(mark);
    }
    if !folded.is_empty() {
        let tally: Tally = folded.iter().map(|(_, health, ..)| *health).collect();
        marks.push(fold("services/fold", "services", &tally, grid.place(shown.len())));
    }
    in_band(marks)
}

/// Pods that no node was found for; nothing at all when there are none.
pub fn unplaced(inventory: &Inventory, filter: &Filter, y: i32) -> Vec<Mark> {
    let all: Vec<_> = inventory.pods_on(None).map(|pod| (pod, pod_health(inventory, pod, None))).collect();
    if all.is_empty() {
        return Vec::new();
    }
    let grid = Grid { x: 12, y: HEAD, w: 263, h: 26, gap: 8, columns: 4 };
    let (shown, folded) = worst_first(&all, |(pod, health)| (filter.matches(inventory, pod, *health), *health));
    let boxes = shown.len() + usize::from(!folded.is_empty());
    let mut marks =
        vec![band("unplaced", y, HEAD + grid.height(boxes) + 12, &format!("Unscheduled pods · {}", all.len()))];
    for (n, (pod, health)) in shown.iter().enumerate() {
        let mut mark = Mark::new(Id::new(format!("pod/{}", pod.key)), Kind::Row, grid.place(n));
        mark.health = Some(*health);
        mark.tone = tone(pod.is_system());
        mark.title = format!("{}: {}", pod.key, pod_words(pod, *health));
        mark.opens = Some(format!("pod/{}", pod.key));
        mark.faded = !filter.matches(inventory, pod, *health);
        label(&mut mark, &pod.key, &pod.reason);
        marks.push(mark);
    }
    if !folded.is_empty() {
        let tally: Tally = folded.iter().map(|(_, health)| *health).collect();
        marks.push(fold("unplaced/fold", "unscheduled pods", &tally, grid.place(shown.len())));
    }
    in_band(marks)
}

/// All, or the matching and the worst of them, in their old order, and the rest.
fn worst_first<T>(all: &[T], rank: impl Fn(&T) -> (bool, Health)) -> (Vec<&T>, Vec<&T>) {
    if all.len() <= MOST {
        return (all.iter().collect(), Vec::new());
    }
    let mut order: Vec<usize> = (0..all.len()).collect();
    order.sort_by_key(|n| {
        let (matches, health) = rank(&all[*n]);
        (!matches, std::cmp::Reverse(health), *n)
    });
    let mut shown = order[..MOST - 1].to_vec();
    shown.sort_unstable();
    (shown.into_iter().map(|n| &all[n]).collect(), order[MOST - 1..].iter().map(|n| &all[*n]).collect())
}

fn band(id: &str, y: i32, h: i32, heading: &str) -> Mark {
    let mut band = Mark::new(Id::new(id), Kind::Band, Place::new(20, y, Detail::WIDTH - 40, h));
    band.texts.push(text(12, 20, Style::Note, clip(heading, Style::Note, Detail::WIDTH - 60)));
    band.title = heading.to_owned();
    band
}

fn label(mark: &mut Mark, key: &Key, note: &str) {
    let w = mark.at.w;
    let note = clip(note, Style::Tiny, 90);
    let room = w - 24 - 10 - width(&note, Style::Tiny) - 6;
    let name =
        if key.namespace.is_empty() { key.name.to_string() } else { format!("{} · {}", key.name, key.namespace) };
    mark.texts.push(text(24, 17, Style::Body, clip(&name, Style::Body, room)));
    mark.texts.push(Text { anchor: Anchor::End, ..text(w - 10, 17, Style::Tiny, note) });
}

fn fold(id: &str, what: &str, tally: &Tally, at: Place) -> Mark {
    let mut mark = Mark::new(Id::new(id), Kind::Fold, at);
    mark.health = tally.worst();
    mark.title = format!("{} more {what}: {}", tally.total(), tally.words());
    mark.texts.push(text(
        24,
        17,
        Style::Body,
        clip(&format!("+{} more: {}", tally.total(), tally.words()), Style::Body, at.w - 34),
    ));
    mark.opens = Some("?show=table".to_owned());
    mark
}

fn in_band(mut marks: Vec<Mark>) -> Vec<Mark> {
    let root = marks[0].id.clone();
    marks[1..].iter_mut().for_each(|mark| mark.parent = Some(root.clone()));
    marks
}

fn service_words(service: &Service, health: Health, ready: u32, total: u32) -> String {
    let end = match health {
        _ if &*service.kind == "ExternalName" => match &*service.external_name {
            "" => "it leads to a host elsewhere".to_owned(),
            host => format!("it leads to {host}, elsewhere"),
        },
        Health::Ok | Health::Stale if total == 0 => "scaled to zero".to_owned(),
        Health::Warn if ready == 0 => "none is ready, and endpoints that terminate serve still".to_owned(),
        Health::Unknown if !service.selects => "it selects no pods, and nobody gave it endpoints".to_owned(),
        Health::Unknown => "its endpoints are unknown".to_owned(),
        Health::Bad if total == 0 => "no pod answers for it".to_owned(),
        _ => format!("{ready} of {total} endpoints ready"),
    };
    format!("Service {}, {}: {end}", service.key, service.kind)
}
