//! The way of a service, a pod, a port or an address: a column for each kind of place, from the
//! Internet at the left to the networks at the right.
//!
//! What belongs together stands in one row. A line between two columns that are no neighbours passes
//! through empty cells of its row, or between two rows, and crosses no box.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::Ipv4Addr,
};

use scene::{Anchor, Health, Id, Kind, Mark, Place, Point, Style, Text, Tone, clip, width};

use super::super::{chips::text, node::is_master};
use crate::{
    Inventory,
    graph::{self, Hop, Note, Passage, Question, Way},
    inventory::Key,
    layout::Detail,
    planned::{MGMT, Planned, PlannedNet},
};

const COLUMNS: usize = 8;
const PITCH: i32 = 141;
const WIDTH: i32 = 117;
const HEIGHT: i32 = 40;
const ROW: i32 = 52;
const LEFT: i32 = 10;
const TOP: i32 = 44;
/// Boxes of one column; more are counted.
const MOST: usize = 40;
const HEADINGS: [&str; COLUMNS] = ["From", "Entry", "Service", "Endpoint", "Pod", "Machine", "NIC", "Network"];
/// What each column holds, in a word.
pub const KINDS: [&str; COLUMNS] = ["outside", "entry", "service", "endpoint", "pod", "node", "card", "network"];

/// The whole way with its headings and what is to be said of it.
pub fn draw(inventory: &Inventory, question: &Question) -> Vec<Mark> {
    let mut way = graph::follow(inventory, question);
    lead_on(inventory, &mut way);
    let rows = rows(&way);
    let mut marks = Vec::with_capacity(way.hops.len() * 2 + 16);
    for (n, heading) in HEADINGS.iter().enumerate() {
        marks.push(caption(&format!("way/heading/{n}"), (column_x(n), 24), heading, Style::Note));
    }
    let taken: BTreeSet<(usize, usize)> = rows.iter().map(|(n, row)| (column_of(&way.hops[*n]), *row)).collect();
    for (from, to) in &way.links {
        if let (Some(a), Some(b)) = (rows.get(from), rows.get(to)) {
            let (from_column, to_column) = (column_of(&way.hops[*from]), column_of(&way.hops[*to]));
            let free = (from_column + 1..to_column).all(|column| !taken.contains(&(column, *a)));
            marks.push(link(&way, (*from, *to), place(&way.hops[*from], *a), place(&way.hops[*to], *b), free));
        }
    }
    for (n, hop) in way.hops.iter().enumerate() {
        if let Some(row) = rows.get(&n) {
            let at = place(hop, *row);
            let only = only_through(&way, hop);
            let mark = hop_mark(inventory, hop, at, only.as_deref());
            marks.extend(only.map(|only| ring(&mark.id, at, &only)));
            marks.push(mark);
        }
    }
    let mut y = TOP + rows.values().max().map_or(0, |row| (pixels(*row) + 1) * ROW) + 22;
    for (n, words) in said(&way, way.hops.len() - rows.len()).into_iter().enumerate() {
        marks.push(caption(&format!("way/said/{n}"), (LEFT, y), &words, Style::Body));
        y += 20;
    }
    marks
}

/// A way in words, for whoever sees no figure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TracedWay {
    /// Its hops in the order in which traffic passes them.
    pub hops: Vec<TracedHop>,
    /// What is to be said of it, in sentences.
    pub notes: Vec<String>,
}

/// A hop in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TracedHop {
    /// Unique in the way, as in `service/ims/hss`.
    pub id: String,
    /// What it is, as in `service`: one of [`KINDS`].
    pub kind: &'static str,
    /// Its name.
    pub name: String,
    /// Its ports, its namespace, or its role.
    pub note: String,
    /// Whether traffic gets through.
    pub passage: Passage,
    /// The ids of the hops that it leads to.
    pub to: Vec<String>,
}

/// The whole way in words, as far as the figure's cards and networks.
pub fn traced(inventory: &Inventory, question: &Question) -> TracedWay {
    let mut way = graph::follow(inventory, question);
    lead_on(inventory, &mut way);
    let told: Vec<Words> =
        way.hops.iter().map(|hop| words(inventory, hop, only_through(&way, hop).is_some())).collect();
    let mut leads: Vec<Vec<String>> = vec![Vec::new(); told.len()];
    for (from, to) in &way.links {
        if let (Some(leads), Some((id, ..))) = (leads.get_mut(*from), told.get(*to)) {
            leads.push(id.clone());
        }
    }
    let notes = said(&way, 0);
    let hops = way.hops.iter().zip(told).zip(leads).map(|((hop, (id, name, note, _)), to)| TracedHop {
        id,
        kind: KINDS[column_of(hop)],
        name,
        note,
        passage: hop.passage,
        to,
    });
    TracedWay { hops: hops.collect(), notes }
}

/// From nodes to their cards and networks, as far as the plan tells.
fn lead_on(inventory: &Inventory, way: &mut Way) {
    let Some(planned) = inventory.planned() else {
        let nodes = (0..way.hops.len()).filter(|n| matches!(way.hops[*n].place, graph::Place::Node(_)));
        for at in nodes.collect::<Vec<_>>() {
            if let graph::Place::Node(node) = way.hops[at].place.clone() {
                way.lead(at, graph::Place::Interface { node, name: "unknown".into() }, Passage::Unknown);
            }
        }
        return;
    };
    // A node, and the network by which it carries what leads to it.
    let mut leads: Vec<(usize, Option<&PlannedNet>)> = Vec::new();
    for (n, hop) in way.hops.iter().enumerate() {
        let net = match &hop.place {
            graph::Place::Pod(key) => {
                let on_host = inventory.pod(key).is_some_and(|pod| pod.host_network);
                planned.nets.iter().find(|net| if on_host { &*net.name == MGMT } else { &*net.name == "external" })
            }
            graph::Place::Endpoint(target) => net_of(planned, &target.address),
            graph::Place::Internet => planned.nets.iter().find(|net| &*net.name == "external"),
            _ => continue,
        };
        let nodes = way.after(n).filter(|(_, hop)| matches!(hop.place, graph::Place::Node(_)));
        leads.extend(nodes.map(|(node, _)| (node, net)));
    }
    for (at, net) in leads {
        let graph::Place::Node(node) = way.hops[at].place.clone() else { continue };
        let net = net.filter(|net| planned.host(&node).is_some() && !net.card.is_empty());
        let Some(net) = net else {
            let place = graph::Place::Interface { node, name: "unknown".into() };
            way.lead(at, place, Passage::Unknown);
            continue;
        };
        let passage = way.hops[at].passage;
        let card = way.lead(at, graph::Place::Interface { node, name: net.card.clone() }, passage);
        let label = net.vlan.map_or_else(|| net.name.to_string(), |vlan| format!("{} · VLAN {vlan}", net.name));
        way.lead(card, graph::Place::Network(label.into()), Passage::Unknown);
    }
}

/// The planned network that an address lies in.
fn net_of<'a>(planned: &'a Planned, address: &str) -> Option<&'a PlannedNet> {
    let address: Ipv4Addr = address.parse().ok()?;
    planned.nets.iter().find(|net| net.cidr.is_some_and(|cidr| cidr.contains(&address)))
}

/// A row for each hop that is drawn: that of the hop that leads to it, where it is free.
fn rows(way: &Way) -> BTreeMap<usize, usize> {
    let mut rows: BTreeMap<usize, usize> = BTreeMap::new();
    for column in 0..COLUMNS {
        let mut taken: Vec<bool> = Vec::new();
        for (n, _) in way.hops.iter().enumerate().filter(|(_, hop)| column_of(hop) == column).take(MOST) {
            let before = way.links.iter().filter(|(_, to)| *to == n).filter_map(|(from, _)| rows.get(from));
            let wanted = before.min().copied().filter(|_| column >= 4);
            let free = |row: usize| !taken.get(row).copied().unwrap_or(false);
            let row = wanted.filter(|row| free(*row)).or_else(|| (0..).find(|row| free(*row))).unwrap_or(0);
            taken.resize(taken.len().max(row + 1), false);
            taken[row] = true;
            rows.insert(n, row);
        }
    }
    rows
}

const fn column_of(hop: &Hop) -> usize {
    match hop.place {
        graph::Place::Internet => 0,
        graph::Place::Entry(_) => 1,
        graph::Place::Service(_) => 2,
        graph::Place::Endpoint(_) => 3,
        graph::Place::Pod(_) => 4,
        graph::Place::Node(_) => 5,
        graph::Place::Interface { .. } => 6,
        graph::Place::Network(_) => 7,
    }
}

fn hop_mark(inventory: &Inventory, hop: &Hop, at: Place, only: Option<&str>) -> Mark {
    let (id, name, note, opens) = words(inventory, hop, only.is_some());
    let mut mark = Mark::new(Id::new(format!("way/{id}")), Kind::Chip, at);
    mark.health = Some(match hop.passage {
        Passage::Open => Health::Ok,
        Passage::Closed => Health::Bad,
        Passage::Unknown => Health::Unknown,
    });
    mark.tone = match hop.place {
        graph::Place::Internet | graph::Place::Entry(_) | graph::Place::Service(_) => Tone::Net,
        _ => Tone::Plain,
    };
    let said = match hop.passage {
        Passage::Open => "traffic gets through",
        Passage::Closed => "traffic does not get through",
        Passage::Unknown => "whether traffic gets through is unknown",
    };
    mark.title = format!("{}: {name}, {note}: {said}.", HEADINGS[column_of(hop)]);
    if let Some(only) = only {
        mark.title = format!("{} {only}", mark.title);
    }
    // An address is read whole, if need be in smaller letters.
    let style = if width(&name, Style::Body) <= WIDTH - 28 { Style::Body } else { Style::Tiny };
    mark.texts.push(text(24, 17, style, clip(&name, style, WIDTH - 28)));
    mark.texts.push(text(24, 31, Style::Tiny, clip(&note, Style::Tiny, WIDTH - 28)));
    mark.opens = opens;
    mark
}

/// The sentence of a machine that no way leads around.
fn only_through(way: &Way, hop: &Hop) -> Option<String> {
    let graph::Place::Node(name) = &hop.place else { return None };
    let is_it = |note: &&Note| matches!(note, Note::OnlyThrough(_, node) if node == name);
    way.notes.iter().find(is_it).map(ToString::to_string)
}

/// Around a machine's box, which says in words that it is the only way.
fn ring(id: &Id, at: Place, only: &str) -> Mark {
    const GAP: i32 = 4;
    let around = Place::new(at.x - GAP, at.y - GAP, at.w + 2 * GAP, at.h + 2 * GAP);
    let mut ring = Mark::new(Id::new(format!("ring/{id}")), Kind::Band, around);
    only.clone_into(&mut ring.title);
    ring
}

type Words = (String, String, String, Option<String>);

/// Id, name, note, and what a click asks for.
fn words(inventory: &Inventory, hop: &Hop, only: bool) -> Words {
    let keyed = |kind: &str, key: &Key, note: String| {
        (format!("{kind}/{key}"), key.name.to_string(), note, Some(format!("{kind}/{key}")))
    };
    match &hop.place {
        graph::Place::Internet => ("internet".into(), "Internet".into(), "and other networks".into(), None),
        graph::Place::Entry(entry) => {
            let doors: Vec<String> = entry.doors.iter().map(|door| door.port.to_string()).collect();
            let doors = doors.join(", ");
            let id = format!("entry/{}/{}/{doors}", entry.kind.word(), entry.address.as_deref().unwrap_or("any node"));
            let address = entry.address.as_deref().unwrap_or("every node");
            (id, address.to_owned(), format!("{} {doors}", entry.kind.word()).trim_end().to_owned(), None)
        }
        graph::Place::Service(key) => {
            let kind = inventory.service(key).map_or("", |service| &service.kind);
            keyed("service", key, format!("{} · {kind}", key.namespace))
        }
        graph::Place::Endpoint(target) => {
            let ports: Vec<String> = target.ports.iter().map(|port| port.port.to_string()).collect();
            let ready = if hop.passage == Passage::Open { "ready" } else { "not ready" };
            let id = format!("endpoint/{}/{}", target.service, target.address);
            (id, target.address.to_string(), format!("{ready} {}", ports.join(", ")), None)
        }
        graph::Place::Pod(key) => keyed("pod", key, key.namespace.to_string()),
        graph::Place::Node(name) => {
            let master = inventory.node(name).is_some_and(|node| is_master(inventory, node));
            let role = if master { "master" } else { "node" };
            let role = if only { format!("only way · {role}") } else { role.to_owned() };
            (format!("node/{name}"), name.to_string(), role, Some(format!("node/{name}")))
        }
        graph::Place::Interface { node, name } => {
            (format!("card/{node}/{name}"), name.to_string(), format!("of {node}"), None)
        }
        graph::Place::Network(name) => (format!("network/{name}"), name.to_string(), "planned".into(), None),
    }
}

/// A line from one box to another: along its own row where that is `free`, else between the rows.
fn link(way: &Way, (from, to): (usize, usize), a: Place, b: Place, free: bool) -> Mark {
    let mut mark = Mark::new(Id::new(format!("way/link/{from}/{to}")), Kind::Link, Place::default());
    let ((x1, y1), (x2, y2)) = ((a.x + a.w, a.y + a.h / 2), (b.x - 2, b.y + b.h / 2));
    let half = (PITCH - WIDTH) / 2;
    let turn = b.x - half;
    let corners = match (free, y1 == y2) {
        (true, true) => vec![(x1, y1), (x2, y2)],
        (true, false) => vec![(x1, y1), (turn, y1), (turn, y2), (x2, y2)],
        (false, _) => {
            let lane = a.y + a.h + (ROW - HEIGHT) / 2;
            vec![(x1, y1), (x1 + half, y1), (x1 + half, lane), (turn, lane), (turn, y2), (x2, y2)]
        }
    };
    mark.path = corners.into_iter().map(|(x, y)| Point { x, y }).collect();
    let open = |n: usize| way.hops[n].passage == Passage::Open;
    mark.tone = if open(from) && open(to) { Tone::Net } else { Tone::Plain };
    mark
}

fn said(way: &Way, hidden: usize) -> Vec<String> {
    let mut said: Vec<String> = way.notes.iter().map(ToString::to_string).collect();
    for guard in &way.guards {
        let what = match (guard.ingress, guard.egress) {
            (true, true) => "what comes in and what goes out",
            (false, true) => "what goes out",
            _ => "what comes in",
        };
        said.push(format!("NetworkPolicy {} restricts {what} of {} pods on this way.", guard.policy, guard.pods.len()));
    }
    if hidden > 0 {
        said.push(format!("{hidden} more places are on this way than are drawn."));
    }
    said
}

fn caption(id: &str, (x, y): (i32, i32), words: &str, style: Style) -> Mark {
    let mut mark = Mark::new(Id::new(id), Kind::Caption, Place::new(x, y, 0, 0));
    let room = if matches!(style, Style::Note) { WIDTH } else { Detail::WIDTH - 2 * LEFT };
    mark.texts.push(Text { anchor: Anchor::Start, ..text(0, 0, style, clip(words, style, room)) });
    mark.title = words.to_owned();
    mark
}

fn place(hop: &Hop, row: usize) -> Place {
    Place::new(column_x(column_of(hop)), TOP + pixels(row) * ROW, WIDTH, HEIGHT)
}

fn column_x(column: usize) -> i32 {
    LEFT + pixels(column) * PITCH
}

fn pixels(count: usize) -> i32 {
    i32::try_from(count).unwrap_or(0)
}
