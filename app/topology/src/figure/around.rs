//! What stands around the nodes: the clients, the lines between frames, captions.

use scene::{Anchor, Health, Id, Kind, Mark, Place, Point, Style, Text, Tone, clip};

use super::chips::{GUTTER, KUBELET, TOP, text};
use crate::{
    Inventory,
    drift::{self, Holder},
    inventory::{Heard, Source},
    layout::{Detail, Grid},
};

/// Top of the masters' frames.
pub const MASTERS: i32 = 76;
/// Room between the masters and the nodes below them.
pub const BETWEEN: i32 = 52;

/// Where the frames stand, as the lines need to know it.
pub struct Frames<'a> {
    pub masters: Option<(&'a Grid, usize)>,
    /// The grid below, how many boxes it holds, and whether they are frames with kubelets.
    pub below: Option<(&'a Grid, usize, bool)>,
    /// The line that joins both.
    pub bus: i32,
}

/// The clients' pill.
pub fn clients(inventory: &Inventory) -> Mark {
    let middle = Detail::WIDTH / 2;
    let mut pill = Mark::new(Id::new("clients"), Kind::Pill, Place::new(middle - 170, 4, 340, 34));
    let mut words = match inventory.entrance() {
        Some(entrance) => format!("kubectl and other clients · {entrance}"),
        None => "kubectl and other clients".to_owned(),
    };
    let vips = inventory.planned().into_iter().flat_map(|planned| planned.nets.iter().filter_map(|net| net.vip));
    for vip in vips {
        let found = match drift::holder(inventory, vip) {
            Holder::Nobody => "no answer".to_owned(),
            Holder::Other(node) => format!("on {node}"),
            _ => continue,
        };
        pill.health = Some(Health::Bad);
        words = format!("{} · ≠ VIP {vip}: {found}", words.trim_start_matches("kubectl and other "));
    }
    pill.texts.push(Text { anchor: Anchor::Middle, ..text(170, 22, Style::Body, clip(&words, Style::Body, 316)) });
    pill.title = format!("{words}: whoever uses the cluster talks to its API servers, and to nothing else.");
    pill
}

/// The clients' lines to every master's API server.
pub fn client_links(masters: &Grid, count: usize) -> Vec<Mark> {
    let middle = Detail::WIDTH / 2;
    let mut marks = Vec::with_capacity(count);
    for n in 0..count {
        let at = masters.place(n);
        let (x, y) = (at.x + at.w / 2, at.y + TOP);
        let mut line = Mark::new(Id::new(format!("clients/{n}")), Kind::Link, Place::new(0, 38, 0, 0));
        line.path = if n < masters.columns {
            corners(&[(middle, 0), (middle, 18), (x, 18), (x, y - 38)])
        } else {
            // Past the frames above, through the gutter at the right.
            let gutter = at.x + at.w + masters.gap - GUTTER;
            corners(&[(middle, 0), (middle, 18), (gutter, 18), (gutter, y - 38 + 14), (at.x + at.w - 16, y - 38 + 14)])
        };
        line.tone = Tone::Mgmt;
        line.title = "Clients talk to the API servers.".into();
        marks.push(line);
    }
    marks
}

/// The line that joins kubelets and API servers, and its trunks beside the frames.
pub fn bus(frames: &Frames) -> Vec<Mark> {
    let mut marks = Vec::new();
    let mut trunks: Vec<(i32, i32, i32)> = Vec::new();
    if let Some((grid, count)) = frames.masters {
        for column in 0..count.min(grid.columns) {
            let at = grid.place(column);
            // A master that is alone needs no line to others: it ends at its own kubelet.
            let end = if count == 1 && frames.below.is_none() { at.y + KUBELET } else { frames.bus };
            trunks.push((at.x - GUTTER, at.y + TOP + 14, end));
        }
    }
    if let Some((grid, count, true)) = frames.below {
        for column in 0..count.min(grid.columns) {
            let last = (count - 1 - column) / grid.columns * grid.columns + column;
            let at = grid.place(last);
            trunks.push((at.x - GUTTER, frames.bus, at.y + TOP + 19));
        }
    }
    let (Some(left), Some(right)) = (trunks.iter().map(|t| t.0).min(), trunks.iter().map(|t| t.0).max()) else {
        return marks;
    };
    if let ([(x, top, end)], None) = (trunks.as_slice(), frames.below) {
        marks.push(line("trunk/0".into(), &[(*x, *top), (*x, *end)]));
        return marks;
    }
    let folded = matches!(frames.below, Some((_, _, false)));
    let right = if folded { right.max(Detail::WIDTH / 2) } else { right };
    marks.push(line("bus".into(), &[(left.min(right), frames.bus), (right.max(left), frames.bus)]));
    for (n, (x, top, bottom)) in trunks.iter().enumerate() {
        marks.push(line(format!("trunk/{n}"), &[(*x, *top), (*x, *bottom)]));
    }
    if let (true, Some((grid, ..))) = (folded, frames.below) {
        let mut down = line("trunk/below".into(), &[(Detail::WIDTH / 2, frames.bus), (Detail::WIDTH / 2, grid.y - 2)]);
        down.kind = Kind::Exchange;
        marks.push(down);
    }
    marks.push(caption("bus-caption", Detail::WIDTH - 20, frames.bus - 7, "every kubelet talks to the API servers"));
    marks
}

/// What is said instead of nodes when there are none to draw.
pub fn no_nodes(inventory: &Inventory) -> Mark {
    let words = match inventory.heard(Source::Nodes) {
        Heard::NotYet => "Nodes are being read.".to_owned(),
        Heard::Unread { .. } => "Nodes are unknown: they cannot be read.".to_owned(),
        Heard::NotServed => "This API serves no nodes.".to_owned(),
        Heard::Forbidden { permission } => format!("Nodes are unknown: the permission to {permission} is missing."),
        Heard::Live | Heard::Listed { .. } | Heard::Stale { .. } => "This cluster has no nodes.".to_owned(),
    };
    let mut mark = caption("no-nodes", Detail::WIDTH / 2, MASTERS + 30, &words);
    mark.texts[0].anchor = Anchor::Middle;
    mark.texts[0].style = Style::Body;
    mark.title = words;
    mark
}

/// What is said where masters would stand, of a cluster that has nodes and shows none of its masters.
pub fn no_masters(bus: i32) -> Mark {
    let mut mark = caption("no-masters", 20, bus - 7, "the control plane is not visible here");
    mark.texts[0].anchor = Anchor::Start;
    mark.title =
        "No node is a master: the control plane runs elsewhere, as in clouds, and nothing here tells of it.".into();
    mark
}

fn line(id: String, points: &[(i32, i32)]) -> Mark {
    let mut mark = Mark::new(Id::new(id), Kind::Line, Place::default());
    mark.tone = Tone::Mgmt;
    mark.path = corners(points);
    mark
}

fn corners(points: &[(i32, i32)]) -> Vec<Point> {
    points.iter().map(|(x, y)| Point { x: *x, y: *y }).collect()
}

fn caption(id: &str, x: i32, y: i32, words: &str) -> Mark {
    let mut mark = Mark::new(Id::new(id), Kind::Caption, Place::new(x, y, 0, 0));
    mark.texts.push(Text { anchor: Anchor::End, ..text(0, 0, Style::Note, words.to_owned()) });
    mark
}
