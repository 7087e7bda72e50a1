//! Everything at once: owners, pods in their nodes, services, each in a lane, with every line.
//!
//! Nothing is folded, so this is a figure for files, for questions across nodes, and for measuring
//! against engines that lay out whole graphs. Nodes stack in one lane with their pods in rows; the
//! lanes beside it are ordered by the middle of what they lead to. Time grows as n log n.

use std::ops::Range;

use scene::{Id, Kind, Mark, Place, Point, Scene, Style, Tone, clip};

use super::chips::text;
use crate::{
    graph::{Relation, Thing, Topology, Vertex},
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

/// Where the middle of a thing's edge is before it has a place.
const NOWHERE: i32 = i32::MIN;

/// The scene, and how many of its lines cross.
pub fn lanes(topology: &Topology) -> (Scene, u64) {
    let size = 2 * topology.len();
    let mut drawing = Drawing {
        topology,
        marks: Vec::with_capacity(size),
        middles: vec![NOWHERE; topology.len()],
        ends: Vec::new(),
        id: String::new(),
    };
    drawing.nodes();
    let replicas = drawing.owners(1, |owner| owner_of(topology, owner).is_some() || owns_pods(topology, owner));
    let tops = drawing.owners(0, |_| true);
    let services = drawing.services();
    let crossings = [tops, replicas, services].into_iter().map(crossed).sum();
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
fn owner_of(topology: &Topology, at: Vertex) -> Option<Vertex> {
    topology.to(at).find(|(_, relation)| *relation == Relation::Owns).map(|(above, _)| above)
}

fn owns_pods(topology: &Topology, owner: Vertex) -> bool {
    topology.from(owner).any(|(below, _)| topology.is_pod(below))
}

struct Drawing<'t> {
    topology: &'t Topology,
    marks: Vec<Mark>,
    /// The middle of a thing's edge, from the top, by its vertex.
    middles: Vec<i32>,
    /// The middles of what the boxes of a lane lead to, box after box.
    ends: Vec<i32>,
    /// Where ids are written before they are kept.
    id: String,
}

/// A box of a lane that has no place yet.
struct Waiting {
    /// Of its ends; where it wants to be.
    middle: i32,
    at: Vertex,
    ends: Range<u32>,
}

impl Drawing<'_> {
    fn nodes(&mut self) {
        let topology = self.topology;
        let Some(root) = topology.root() else { return };
        let mut nodes: Vec<(&str, Vertex)> =
            topology.from(root).map(|(node, _)| (name(topology.thing(node)), node)).collect();
        nodes.sort_by(|a, b| natural(a.0, b.0));
        let mut inside: Vec<(Option<Vertex>, Vertex)> = Vec::new();
        let mut y = ROW.1;
        for (name, node) in nodes {
            let id = Id::new(format!("node/{name}"));
            // Vertices stand in the order of names, and are compared without looking at these.
            inside.clear();
            inside.extend(topology.from(node).map(|(at, _)| (owner_of(topology, at), at)));
            inside.sort_unstable();
            let rows = i32::try_from(inside.len()).unwrap_or(i32::MAX / 64);
            let height = HEAD + rows * ROW.1 + 6;
            let mut frame = Mark::new(id.clone(), Kind::Frame, Place::new(2 * LANE - 12, y, BOX + 24, height));
            frame.texts = vec![text(12, 18, Style::Body, clip(name, Style::Body, BOX))];
            self.marks.push(frame);
            for (n, (_, at)) in (0..).zip(&inside) {
                let mut mark = boxed(&mut self.id, topology.thing(*at), Place::new(12, HEAD + n * ROW.1, BOX, ROW.0));
                mark.parent = Some(id.clone());
                self.middles[at.index()] = y + mark.at.y + ROW.0 / 2;
                self.marks.push(mark);
            }
            y += height + 10;
        }
    }

    /// Owners that pass and have no place yet, in the order of the middles of what they own, with a line to each.
    fn owners(&mut self, lane: i32, passes: impl Fn(Vertex) -> bool) -> Vec<(i32, i32)> {
        let topology = self.topology;
        let mut waiting = Vec::new();
        for at in topology.vertices().filter(|at| topology.is_owner(*at)) {
            if self.middles[at.index()] == NOWHERE && passes(at) {
                let below = topology.from(at).filter(|(_, relation)| *relation == Relation::Owns);
                waiting.push(self.wait(at, below.map(|(below, _)| below)));
            }
        }
        self.stack(waiting, lane, lane + 1)
    }

    fn services(&mut self) -> Vec<(i32, i32)> {
        let topology = self.topology;
        let services = topology.vertices().filter(|at| topology.is_service(*at));
        let waiting = services.map(|at| self.wait(at, topology.to(at).map(|(pod, _)| pod))).collect();
        self.stack(waiting, 3, 2)
    }

    fn wait(&mut self, at: Vertex, others: impl Iterator<Item = Vertex>) -> Waiting {
        let from = self.ends.len();
        let middles = &self.middles;
        self.ends.extend(others.map(|other| middles[other.index()]).filter(|middle| *middle != NOWHERE));
        let number = |end: usize| u32::try_from(end).unwrap_or(u32::MAX);
        Waiting { middle: middle(&self.ends[from..]), at, ends: number(from)..number(self.ends.len()) }
    }

    /// Boxes in a lane, each beside the middle of its ends, and lines to these in another lane.
    fn stack(&mut self, mut boxes: Vec<Waiting>, lane: i32, other: i32) -> Vec<(i32, i32)> {
        boxes.sort_unstable_by_key(|one| (one.middle, one.at));
        let (x1, x2) = if lane < other { (lane * LANE + BOX, other * LANE) } else { (lane * LANE, other * LANE + BOX) };
        let mut lines = Vec::with_capacity(self.ends.len());
        let mut y = ROW.1;
        for one in boxes {
            y = y.max(one.middle - ROW.0 / 2);
            let from = y + ROW.0 / 2;
            self.middles[one.at.index()] = from;
            let mark = boxed(&mut self.id, self.topology.thing(one.at), Place::new(lane * LANE, y, BOX, ROW.0));
            self.marks.push(mark);
            let ends = &self.ends[one.ends.start as usize..one.ends.end as usize];
            if !ends.is_empty() {
                self.id.insert_str(0, "lines/");
                let mut fan = Mark::new(Id::new(&*self.id), Kind::Line, Place::default());
                // From the box to each end and back: one mark, however many lines.
                fan.path.reserve_exact(2 * ends.len());
                fan.path.extend(ends.iter().flat_map(|to| [Point { x: x1, y: from }, Point { x: x2, y: *to }]));
                self.marks.push(fan);
                lines.extend(ends.iter().map(|to| (from, *to)));
            }
            y += ROW.1;
        }
        self.ends.clear();
        lines
    }
}

fn middle(ends: &[i32]) -> i32 {
    let sum: i64 = ends.iter().map(|end| i64::from(*end)).sum();
    let count = i64::try_from(ends.len().max(1)).unwrap_or(1);
    i32::try_from(sum / count).unwrap_or(i32::MAX)
}

/// The part of a thing's name that tells it apart.
const fn name(thing: Thing<'_>) -> &str {
    match thing {
        Thing::Cluster => "cluster",
        Thing::Component(_, kind) => kind.program(),
        Thing::Node(name) | Thing::Owner(_, _, name) | Thing::Pod(_, name) | Thing::Service(_, name) => name,
    }
}

/// A thing's box; its id is left in `id`.
fn boxed(id: &mut String, thing: Thing, at: Place) -> Mark {
    let name = name(thing);
    id.clear();
    let parts: [&str; 6] = match thing {
        Thing::Component(node, _) => ["chip", "/", node, "/", name, ""],
        Thing::Owner(kind, namespace, _) => {
            id.push_str("owner/");
            [kind.word(), "/", namespace, "/", name, ""]
        }
        Thing::Pod(namespace, _) => ["pod", "/", namespace, "/", name, ""],
        Thing::Service(namespace, _) => ["service", "/", namespace, "/", name, ""],
        Thing::Cluster | Thing::Node(_) => ["thing", "/", name, "", "", ""],
    };
    parts.into_iter().for_each(|part| id.push_str(part));
    let label = match thing {
        Thing::Owner(kind, ..) => format!("{} {name}", kind.word()),
        _ => name.to_owned(),
    };
    let mut mark = Mark::new(Id::new(&**id), Kind::Row, at);
    mark.tone = match thing {
        Thing::Component(..) => Tone::System,
        Thing::Service(..) => Tone::Net,
        _ => Tone::Service,
    };
    // One text, and no room for more: a vector that is pushed to begins with room for four.
    mark.texts = vec![text(8, 13, Style::Note, clip(&label, Style::Note, at.w - 16))];
    mark.title = label;
    mark
}

/// How many pairs of lines between two lanes cross: inversions, counted while merging.
fn crossed(mut lines: Vec<(i32, i32)>) -> u64 {
    lines.sort_unstable();
    let mut ends: Vec<i32> = lines.into_iter().map(|(_, to)| to).collect();
    let mut room = ends.clone();
    inversions(&mut ends, &mut room)
}

/// Sorts, too; `room` is as long as `ends`, what it holds does not matter.
fn inversions(ends: &mut [i32], room: &mut [i32]) -> u64 {
    if ends.len() < 2 {
        return 0;
    }
    let half = ends.len() / 2;
    let mut count = inversions(&mut ends[..half], &mut room[..half]) + inversions(&mut ends[half..], &mut room[half..]);
    let (left, right) = ends.split_at(half);
    let (mut i, mut j) = (0, 0);
    for place in room.iter_mut() {
        if j == right.len() || (i < left.len() && left[i] <= right[j]) {
            *place = left[i];
            i += 1;
        } else {
            *place = right[j];
            j += 1;
            count += (left.len() - i) as u64;
        }
    }
    ends.copy_from_slice(room);
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_cross_when_their_ends_are_in_another_order() {
        assert_eq!(crossed(vec![(1, 10), (2, 20), (3, 30)]), 0);
        assert_eq!(crossed(vec![(1, 30), (2, 20), (3, 10)]), 3);
        assert_eq!(crossed(vec![(1, 10), (1, 20), (2, 10)]), 1);
    }
}
