//! Everything at once: owners, pods in their nodes, services, each in a lane, with every line.
//!
//! Nothing is folded, so this is a figure for files, for questions across nodes, and for measuring
//! against engines that lay out whole graphs. Nodes stack in one lane with their pods in rows; the
//! lanes beside it are ordered by the middle of what they lead to. Time grows as n log n.

use std::collections::HashMap;

use scene::{Id, Kind, Mark, Place, Point, Scene, Style, Tone, clip};

use super::chips::text;
use crate::{
    graph::{Relation, Thing, Topology},
    layout::natural,
};

/// A row's height, and the room that it takes.
const ROW: (i32, i32) = (18, 20);
/// Width of a box in a lane.
const BOX: i32 = 200;
/// From one lane's left edge to the next one's.
const LANE: i32 = 360;
/// Room for a node's name above its pods.
const HEAD: i32 = 26;

/// The scene, and how many of its lines cross.
pub fn lanes(topology: &Topology) -> (Scene, u64) {
    let size = topology.len() + topology.relations();
    let mut drawing = Drawing { marks: Vec::with_capacity(size), middles: HashMap::with_capacity(topology.len()) };
    drawing.nodes(topology);
    let replicas = drawing.lane(topology, 1, |thing| top_of(topology, thing).is_some() || owns_pods(topology, thing));
    let tops = drawing.lane(topology, 0, |thing| matches!(thing, Thing::Owner(..)));
    let services = drawing.services(topology);
    let mut crossings = 0;
    for edges in [&tops, &replicas, &services] {
        crossings += crossed(edges);
    }
    let height = drawing.marks.iter().filter(|mark| mark.parent.is_none()).map(|mark| mark.at.y + mark.at.h).max();
    let scene = Scene {
        title: "Everything in the cluster".into(),
        description: format!("{} things and {} relations", topology.len(), topology.relations()),
        width: 3 * LANE + BOX,
        height: height.unwrap_or(0) + ROW.1,
        marks: drawing.marks,
    };
    (scene, crossings)
}

/// Deployments and their like stand left of what they own.
fn top_of<'a>(topology: &'a Topology, thing: &Thing) -> Option<&'a Thing> {
    topology.to(thing).find(|(_, relation)| *relation == Relation::Owns).map(|(above, _)| above)
}

fn owns_pods(topology: &Topology, thing: &Thing) -> bool {
    topology.from(thing).any(|(below, _)| matches!(below, Thing::Pod(_)))
}

struct Drawing {
    marks: Vec<Mark>,
    /// The middle of a thing's edge, from the top.
    middles: HashMap<Thing, i32>,
}

impl Drawing {
    fn nodes(&mut self, topology: &Topology) {
        let mut nodes: Vec<&Thing> = topology.from(&Thing::Cluster).map(|(thing, _)| thing).collect();
        nodes.sort_by(|a, b| natural(&name(a), &name(b)));
        let mut y = ROW.1;
        for node in nodes {
            let id = Id::new(format!("node/{}", name(node)));
            let mut inside: Vec<(Option<&Thing>, &Thing)> =
                topology.from(node).map(|(thing, _)| (top_of(topology, thing), thing)).collect();
            inside.sort();
            let rows = i32::try_from(inside.len()).unwrap_or(i32::MAX / 64);
            let height = HEAD + rows * ROW.1 + 6;
            let mut frame = Mark::new(id.clone(), Kind::Frame, Place::new(2 * LANE - 12, y, BOX + 24, height));
            frame.texts.push(text(12, 18, Style::Body, clip(&name(node), Style::Body, BOX)));
            self.marks.push(frame);
            for (n, (_, thing)) in (0..).zip(&inside) {
                let mut mark = boxed(thing, Place::new(12, HEAD + n * ROW.1, BOX, ROW.0));
                mark.parent = Some(id.clone());
                self.middles.insert((*thing).clone(), y + mark.at.y + ROW.0 / 2);
                self.marks.push(mark);
            }
            y += height + 10;
        }
    }

    /// Owners that pass, in the order of the middles of what they own, with a line to each.
    fn lane(&mut self, topology: &Topology, lane: i32, passes: impl Fn(&Thing) -> bool) -> Vec<(i32, i32)> {
        let owners = topology.things().filter(|thing| matches!(thing, Thing::Owner(..)));
        let owners: Vec<&Thing> = owners.filter(|owner| !self.middles.contains_key(*owner) && passes(owner)).collect();
        let ends = |owner: &Thing| -> Vec<i32> {
            let below = topology.from(owner).filter(|(_, relation)| *relation == Relation::Owns);
            below.filter_map(|(below, _)| self.middles.get(below).copied()).collect()
        };
        let placed = owners.into_iter().map(|owner| (owner, ends(owner))).collect();
        self.stack(placed, lane, lane + 1)
    }

    fn services(&mut self, topology: &Topology) -> Vec<(i32, i32)> {
        let services = topology.things().filter(|thing| matches!(thing, Thing::Service(_)));
        let ends = |service: &Thing| -> Vec<i32> {
            topology.to(service).filter_map(|(pod, _)| self.middles.get(pod).copied()).collect()
        };
        let placed = services.map(|service| (service, ends(service))).collect();
        self.stack(placed, 3, 2)
    }

    /// Boxes in a lane, each beside the middle of its ends, and lines to these in another lane.
    fn stack(&mut self, mut boxes: Vec<(&Thing, Vec<i32>)>, lane: i32, other: i32) -> Vec<(i32, i32)> {
        boxes.sort_by_cached_key(|(thing, ends)| (middle(ends), (*thing).clone()));
        let mut lines = Vec::new();
        let mut y = ROW.1;
        for (thing, ends) in boxes {
            y = y.max(middle(&ends) - ROW.0 / 2);
            let mark = boxed(thing, Place::new(lane * LANE, y, BOX, ROW.0));
            let from = y + ROW.0 / 2;
            self.middles.insert(thing.clone(), from);
            let id = mark.id.clone();
            self.marks.push(mark);
            for (n, to) in ends.iter().enumerate() {
                let (x1, x2) =
                    if lane < other { (lane * LANE + BOX, other * LANE) } else { (lane * LANE, other * LANE + BOX) };
                let mut line = Mark::new(Id::new(format!("line/{id}/{n}")), Kind::Line, Place::default());
                line.path = vec![Point { x: x1, y: from }, Point { x: x2, y: *to }];
                self.marks.push(line);
                lines.push((from, *to));
            }
            y += ROW.1;
        }
        lines
    }
}

fn middle(ends: &[i32]) -> i32 {
    let sum: i64 = ends.iter().map(|end| i64::from(*end)).sum();
    let count = i64::try_from(ends.len().max(1)).unwrap_or(1);
    i32::try_from(sum / count).unwrap_or(i32::MAX)
}

fn name(thing: &Thing) -> String {
    match thing {
        Thing::Cluster => "cluster".to_owned(),
        Thing::Node(name) => name.to_string(),
        Thing::Component(_, kind) => kind.program().to_owned(),
        Thing::Owner(kind, key) => format!("{} {}", kind.word(), key.name),
        Thing::Pod(key) | Thing::Service(key) => key.name.to_string(),
    }
}

fn boxed(thing: &Thing, at: Place) -> Mark {
    let id = match thing {
        Thing::Component(node, kind) => format!("chip/{node}/{}", kind.program()),
        Thing::Owner(kind, key) => format!("owner/{}/{key}", kind.word()),
        Thing::Pod(key) => format!("pod/{key}"),
        Thing::Service(key) => format!("service/{key}"),
        Thing::Cluster | Thing::Node(_) => format!("thing/{}", name(thing)),
    };
    let mut mark = Mark::new(Id::new(id), Kind::Row, at);
    mark.tone = match thing {
        Thing::Component(..) => Tone::System,
        Thing::Service(_) => Tone::Net,
        _ => Tone::Service,
    };
    let label = name(thing);
    mark.texts.push(text(8, 13, Style::Note, clip(&label, Style::Note, at.w - 16)));
    mark.title = label;
    mark
}

/// How many pairs of lines between two lanes cross: inversions, counted while merging.
fn crossed(lines: &[(i32, i32)]) -> u64 {
    let mut sorted = lines.to_vec();
    sorted.sort_unstable();
    let mut ends: Vec<i32> = sorted.into_iter().map(|(_, to)| to).collect();
    inversions(&mut ends)
}

fn inversions(ends: &mut [i32]) -> u64 {
    if ends.len() < 2 {
        return 0;
    }
    let half = ends.len() / 2;
    let (left, right) = ends.split_at_mut(half);
    let mut count = inversions(left) + inversions(right);
    let mut merged = Vec::with_capacity(left.len() + right.len());
    let (mut i, mut j) = (0, 0);
    while i < left.len() && j < right.len() {
        if left[i] <= right[j] {
            merged.push(left[i]);
            i += 1;
        } else {
            merged.push(right[j]);
            j += 1;
            count += (left.len() - i) as u64;
        }
    }
    merged.extend_from_slice(&left[i..]);
    merged.extend_from_slice(&right[j..]);
    ends.copy_from_slice(&merged);
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_cross_when_their_ends_are_in_another_order() {
        assert_eq!(crossed(&[(1, 10), (2, 20), (3, 30)]), 0);
        assert_eq!(crossed(&[(1, 30), (2, 20), (3, 10)]), 3);
        assert_eq!(crossed(&[(1, 10), (1, 20), (2, 10)]), 1);
    }
}
