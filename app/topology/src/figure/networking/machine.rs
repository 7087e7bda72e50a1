//! A machine: what is on the management network above, what is on the service network below, and
//! the cards that lead out.

use scene::{Anchor, Health, Id, Kind, Mark, Place, Style, Text, Tone, clip, width};

use super::{
    super::{chips::text, drawing::Board, frame, groups, node::Sight, tally::Tally},
    card::{self, Card},
    comb::{Teeth, comb},
    geometry::{MACHINE, OUT},
};
use crate::{
    health::pod_words,
    inventory::{ComponentKind, Networks, Pod},
};

/// Left edge of what lies in a machine.
const LEFT: i32 = 26;
/// Where a machine's own trunks run: management left, service right.
const TRUNKS: (i32, i32) = (13, 259);
/// A labelled cylinder and the distance from one to the next.
const CAN: (i32, i32) = (70, 40);
const CAN_PITCH: i32 = 76;
/// A row of labelled cylinders with its line.
const CAN_ROW: i32 = 50;
/// A labelled pod, lower than a component.
const POD_CAN: i32 = 26;
const POD_CAN_ROW: i32 = 34;
/// A small cylinder and its distances.
const POD: (i32, i32) = (11, 15);
const POD_PITCH: i32 = 14;
const POD_ROW: i32 = 25;
const PODS_A_ROW: usize = 16;
/// From the heading to the first row.
const HEAD: i32 = 42;

/// What stands in the rows of one network, and the line that joins it.
struct Rows {
    marks: Vec<Mark>,
    teeth: Vec<Teeth>,
}

/// A pod that is to be drawn.
struct Seat<'a> {
    pod: &'a Pod,
    health: Health,
    owner: &'a str,
}

/// The machine `at` its place.
pub fn draw(board: &Board, sight: &Sight, at: Place) -> Vec<Mark> {
    let cards = card::of(board.inventory, sight);
    let (on_host, on_net): (Vec<Seat>, Vec<Seat>) = sight
        .groups
        .iter()
        .flat_map(|group| group.pods.iter().map(|(pod, health)| Seat { pod, health: *health, owner: group.label() }))
        .partition(|seat| seat.pod.host_network);
    let mut components = components(sight);
    let mut y = HEAD + CAN_ROW * i32::try_from(components.teeth.len()).unwrap_or(0);
    let host_pods = small(board, sight, &on_host, y, 1, "host");
    components.marks.extend(host_pods.marks);
    components.teeth.extend(host_pods.teeth);
    y += POD_ROW;
    let room = MACHINE - OUT - y;
    let service = pods(board, sight, &on_net, y, room);
    let foot = MACHINE - OUT;
    let mgmt = comb(Id::new(format!("wire/{}/mgmt", sight.name)), Tone::Mgmt, (TRUNKS.0, foot), &components.teeth);
    let net = comb(Id::new(format!("wire/{}/net", sight.name)), Tone::Net, (TRUNKS.1, foot), &service.teeth);
    let mut children: Vec<Mark> = mgmt.into_iter().chain(net).collect();
    children.extend(components.marks);
    children.extend(service.marks);
    children.extend(chips(sight, &cards, at.w));
    frame::framed(sight, at, at.w - 110, children)
}

fn components(sight: &Sight) -> Rows {
    let mut rows = Rows { marks: Vec::new(), teeth: Vec::new() };
    let parts = sight.parts.iter().filter(|part| part.kind != ComponentKind::Runtime);
    for (n, part) in parts.enumerate() {
        let (row, column) = (n / 3, n % 3);
        let (x, y) = slot(row, column, HEAD, CAN_ROW);
        let word = part.kind.program();
        let mut mark =
            Mark::new(Id::new(format!("chip/{}/{word}", sight.name)), Kind::Can, Place::new(x, y, CAN.0, CAN.1));
        mark.health = Some(part.health);
        mark.tone = Tone::System;
        let leads = if part.leads { ", the leader" } else { "" };
        mark.title = format!("{} on {}{leads}: {}", part.label, sight.name, part.long);
        mark.opens = Some(format!("component/{}/{word}", sight.name));
        mark.texts = label(&part.label, CAN);
        rows.marks.push(mark);
        tooth(&mut rows.teeth, (x + CAN.0 / 2, y + CAN.1), 5);
    }
    rows
}

/// Pods on the service network: with their names where they are few.
fn pods(board: &Board, sight: &Sight, all: &[Seat], top: i32, room: i32) -> Rows {
    let labelled = usize::try_from(room / POD_CAN_ROW).unwrap_or(0);
    if all.len() > labelled * 3 {
        let rows = usize::try_from((room - 2) / POD_ROW).unwrap_or(0);
        return small(board, sight, all, top, rows, "net");
    }
    let mut rows = Rows { marks: Vec::new(), teeth: Vec::new() };
    for (n, seat) in all.iter().enumerate() {
        let (x, y) = slot(n / 3, n % 3, top, POD_CAN_ROW);
        let mut mark = pod_mark(board, seat, Kind::Can, Place::new(x, y, CAN.0, POD_CAN));
        mark.texts.push(Text {
            anchor: Anchor::Middle,
            ..text(CAN.0 / 2, POD_CAN / 2 + 7, Style::Tiny, clip(seat.owner, Style::Tiny, CAN.0 - 6))
        });
        rows.marks.push(mark);
        tooth(&mut rows.teeth, (x + CAN.0 / 2, y + POD_CAN), 5);
    }
    rows
}

/// Pods as small cylinders; those that do not fit are counted, the broken never among them while
/// something well could be.
fn small(board: &Board, sight: &Sight, all: &[Seat], top: i32, rows: usize, net: &str) -> Rows {
    let room = PODS_A_ROW * rows;
    let mut order: Vec<usize> = (0..all.len()).collect();
    let shown = if all.len() <= room { all.len() } else { room.saturating_sub(3) };
    if shown < all.len() {
        order.sort_by_key(|n| std::cmp::Reverse(Some(all[*n].health).filter(|health| *health > Health::Starting)));
        order[..shown].sort_unstable();
    }
    let mut drawn = Rows { marks: Vec::new(), teeth: Vec::new() };
    let place = |n: usize| {
        let (row, column) = (n / PODS_A_ROW, n % PODS_A_ROW);
        (LEFT + pixels(column) * POD_PITCH, top + pixels(row) * POD_ROW)
    };
    for (n, of) in order[..shown].iter().enumerate() {
        let (x, y) = place(n);
        drawn.marks.push(pod_mark(board, &all[*of], Kind::Pod, Place::new(x, y, POD.0, POD.1)));
        tooth(&mut drawn.teeth, (x + POD.0 / 2, y + POD.1), 4);
    }
    if shown < all.len() {
        let hidden: Tally = order[shown..].iter().map(|n| all[*n].health).collect();
        let (x, y) = place(shown);
        let at = Place::new(x, y, 2 * POD_PITCH + POD.0, POD.1);
        let mut more = Mark::new(Id::new(format!("more/{}/{net}", sight.name)), Kind::Fold, at);
        more.health = hidden.worst();
        more.title = format!("{} more pods: {}", hidden.total(), hidden.words());
        let words = clip(&format!("+{}", hidden.total()), Style::Tiny, at.w - 4);
        more.texts.push(Text { anchor: Anchor::Middle, ..text(at.w / 2, 11, Style::Tiny, words) });
        more.opens = Some(format!("?at=node/{}", sight.name));
        drawn.marks.push(more);
        tooth(&mut drawn.teeth, (x + at.w / 2, y + POD.1), 4);
    }
    drawn
}

fn chips(sight: &Sight, cards: &[Card], w: i32) -> Vec<Mark> {
    let chip = |(card, place): (&Card, Place)| {
        let mut mark = Mark::new(Id::new(format!("card/{}/{}", sight.name, card.slot)), Kind::Chip, place);
        mark.health = Some(card.health);
        mark.tone = card.tone;
        mark.title.clone_from(&card.title);
        mark.opens = Some(format!("node/{}", sight.name));
        // Where both do not fit, the address says more than the card's name.
        let room = place.w - 24;
        let label = Some(&*card.label).filter(|label| width(label, Style::Tiny) <= room);
        let label = label.or(card.label.rsplit(' ').next()).unwrap_or_default();
        mark.texts.push(text(22, 16, Style::Tiny, clip(label, Style::Tiny, room)));
        mark
    };
    cards.iter().zip(card::places(cards.len(), w)).map(chip).collect()
}

fn pod_mark(board: &Board, seat: &Seat, kind: Kind, at: Place) -> Mark {
    let (pod, health) = (seat.pod, seat.health);
    let mut mark = Mark::new(Id::new(format!("pod/{}", pod.key)), kind, at);
    mark.health = Some(health);
    mark.tone = groups::tone(pod.is_system());
    let addresses = pod.addresses.join(", ");
    let net = if pod.host_network { "on its node's own address" } else { "on the pod network" };
    mark.title = format!("{}: {} {addresses} {net}{}.", pod.key, pod_words(pod, health), further(pod));
    mark.opens = Some(format!("pod/{}", pod.key));
    mark.faded = !board.filter.is_empty() && !board.filter.matches(board.inventory, pod, health);
    mark
}

/// The networks that Multus put a pod on.
fn further(pod: &Pod) -> String {
    let Some(Networks::Told(all)) = pod.networks.as_deref() else { return String::new() };
    let named: Vec<String> = all
        .iter()
        .filter(|one| !one.default)
        .map(|one| format!("{} {}", one.name, one.addresses.join(", ")).trim_end().to_owned())
        .collect();
    if named.is_empty() { String::new() } else { format!(", and on {}", named.join(" and ")) }
}

/// A name in the middle of a cylinder, on two lines where it has a joint.
pub fn label(name: &str, (w, h): (i32, i32)) -> Vec<Text> {
    let room = w - 6;
    let line = |y: i32, words: &str| Text {
        anchor: Anchor::Middle,
        ..text(w / 2, y, Style::Tiny, clip(words, Style::Tiny, room))
    };
    let fits = scene::width(name, Style::Tiny) <= room;
    let mut joint =
        name.match_indices('-').map(|(at, _)| at + 1).filter(|at| scene::width(&name[..*at], Style::Tiny) <= room);
    match joint.next_back() {
        Some(at) if !fits => vec![line(h / 2 + 2, &name[..at]), line(h / 2 + 13, &name[at..])],
        _ => vec![line(h / 2 + 7, name)],
    }
}

fn slot(row: usize, column: usize, top: i32, pitch: i32) -> (i32, i32) {
    (LEFT + pixels(column) * CAN_PITCH, top + pixels(row) * pitch)
}

/// Adds a tooth to the row whose line runs `below` its end.
fn tooth(teeth: &mut Vec<Teeth>, end: (i32, i32), below: i32) {
    let y = end.1 + below;
    match teeth.last_mut() {
        Some(row) if row.y == y => row.ends.push(end),
        _ => teeth.push(Teeth { y, ends: vec![end] }),
    }
}

fn pixels(count: usize) -> i32 {
    i32::try_from(count).unwrap_or(0)
}
