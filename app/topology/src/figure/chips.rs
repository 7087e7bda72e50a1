//! The components of a node as chips.

use scene::{Health, Id, Kind, Mark, Place, Point, Style, Text, Tone, clip, width};

use crate::{
    health::Part,
    inventory::{ComponentKind, Name},
};

/// Height of a chip with a name and a note below it.
pub const CHIP: i32 = 38;
/// Height of the API server's chip, which has its note beside the name.
const WIDE_CHIP: i32 = 28;
/// Top of the first chips in a frame.
pub const TOP: i32 = 44;
/// Top of the chips that talk to the API server, with room for arrows above.
const SECOND: i32 = 88;
/// Top of what every machine has.
const THIRD: i32 = 138;
/// Where the line to a master's kubelet leaves the frame.
pub const KUBELET: i32 = THIRD + CHIP / 2;
const GAP: i32 = 8;
/// How far left of a frame the lines between frames run.
pub const GUTTER: i32 = 10;
/// Left edge of what lies in a frame.
pub const INSET: i32 = 16;

/// A master's chips with the links among them, in a frame `w` wide.
pub fn master(node: &Name, parts: &[Part], w: i32) -> Vec<Mark> {
    let room = w - 2 * INSET;
    let mut marks = Vec::with_capacity(12);
    if let Some(part) = find(parts, ComponentKind::ApiServer) {
        marks.push(chip(node, part, Place::new(INSET, TOP, room, WIDE_CHIP)));
        marks.push(stub(
            node,
            "apiserver",
            TOP + WIDE_CHIP / 2,
            Kind::Link,
            "Kubelets report to this API server and take their orders from it.",
        ));
    }
    let mut x = INSET;
    for (kind, share) in
        [(ComponentKind::Scheduler, 90), (ComponentKind::ControllerManager, 146), (ComponentKind::Etcd, 69)]
    {
        if let Some(part) = find(parts, kind) {
            marks.push(chip(node, part, Place::new(x, SECOND, share, CHIP)));
            marks.push(up_link(node, kind, x + share / 2));
        }
        x += share + GAP;
    }
    marks.extend(everywhere(node, parts, THIRD, room));
    marks
}

/// The chips of a node that is no master, in one row.
pub fn worker(node: &Name, parts: &[Part], w: i32) -> Vec<Mark> {
    let room = w - 2 * INSET;
    let others: Vec<&Part> = parts.iter().filter(|part| !is_everywhere(part.kind)).collect();
    if others.is_empty() {
        return everywhere(node, parts, TOP, room);
    }
    // A machine that holds etcd alone, say: all in one row.
    row(node, parts, TOP, room)
}

/// All chips in one row: for a frame as wide as the figure.
pub fn row(node: &Name, parts: &[Part], top: i32, room: i32) -> Vec<Mark> {
    let count = i32::try_from(parts.len()).unwrap_or(1).max(1);
    let w = (room - GAP * (count - 1)) / count;
    let places = (0..).map(|n| Place::new(INSET + n * (w + GAP), top, w, CHIP));
    parts.iter().zip(places).map(|(part, place)| chip(node, part, place)).collect()
}

fn everywhere(node: &Name, parts: &[Part], top: i32, room: i32) -> Vec<Mark> {
    let w = (room - 2 * GAP) / 3;
    let places = (0..).map(|n| Place::new(INSET + n * (w + GAP), top, w, CHIP));
    let mut marks: Vec<Mark> = parts
        .iter()
        .filter(|part| is_everywhere(part.kind))
        .zip(places)
        .map(|(part, place)| chip(node, part, place))
        .collect();
    marks.push(stub(node, "kubelet", top + CHIP / 2, Kind::Line, "This kubelet talks to the API servers."));
    marks
}

const fn is_everywhere(kind: ComponentKind) -> bool {
    matches!(kind, ComponentKind::Kubelet | ComponentKind::Proxy | ComponentKind::Runtime)
}

fn find(parts: &[Part], kind: ComponentKind) -> Option<&Part> {
    parts.iter().find(|part| part.kind == kind)
}

fn chip(node: &Name, part: &Part, at: Place) -> Mark {
    let word = part.kind.program();
    let mut mark = Mark::new(Id::new(format!("chip/{node}/{word}")), Kind::Chip, at);
    mark.health = Some(part.health);
    mark.tone = Tone::System;
    mark.title = title(node, part);
    mark.opens = Some(format!("component/{node}/{word}"));
    let x = 24;
    let room = at.w - x - 5;
    let note = match (part.health, part.leads) {
        // Of the smallest chips the word is too long.
        (Health::Stale, false) => fitting(["not responding", "silent"], Style::Tiny, room),
        (Health::Stale, true) => fitting(["★ not responding", "★ silent"], Style::Tiny, room),
        _ => note(part),
    };
    if at.h < CHIP {
        let beside = width(&note, Style::Note);
        mark.texts.push(text(x, at.h / 2 + 4, Style::Body, clip(&part.label, Style::Body, room - beside - 8)));
        mark.texts.push(Text { anchor: scene::Anchor::End, ..text(at.w - 10, at.h / 2 + 4, Style::Note, note) });
    } else {
        mark.texts.push(text(x, 16, Style::Body, clip(&part.label, Style::Body, room)));
        mark.texts.push(text(x, 30, Style::Tiny, clip(&note, Style::Tiny, room)));
    }
    mark
}

/// The first of some words that fits into so many pixels, from the best on; the last is cut where none does.
pub fn fitting<const COUNT: usize>(words: [&str; COUNT], style: Style, room: i32) -> String {
    let fits = words.into_iter().find(|words| width(words, style) <= room);
    fits.map_or_else(|| clip(words.last().copied().unwrap_or_default(), style, room), str::to_owned)
}

/// What stands below the name: what is wrong, else who leads, else the version.
fn note(part: &Part) -> String {
    match part.health {
        Health::Ok | Health::Done if part.leads => "★ leader".into(),
        Health::Ok | Health::Done => part.version.as_deref().unwrap_or_default().to_owned(),
        Health::Unknown => "unknown".into(),
        Health::Stale => "not responding".into(),
        Health::Starting => "starting".into(),
        Health::Warn => "not ready".into(),
        Health::Bad => "failing".into(),
        Health::Ghost => "planned".into(),
    }
}

fn title(node: &Name, part: &Part) -> String {
    let version = part.version.as_ref().map(|version| format!(" {version}")).unwrap_or_default();
    let leads = if part.leads { ", the leader" } else { "" };
    format!("{}{version} on {node}{leads}: {}", part.label, part.long)
}

fn up_link(node: &Name, kind: ComponentKind, x: i32) -> Mark {
    let (look, words) = match kind {
        ComponentKind::Etcd => (Kind::Exchange, "The API server keeps all of the cluster's data in etcd."),
        ComponentKind::Scheduler => {
            (Kind::Link, "The scheduler asks the API server for pods without a node, and tells it where they go.")
        }
        _ => (
            Kind::Link,
            "The controller-manager follows the API server and asks it to set right what is not as wanted.",
        ),
    };
    let (top, bottom) = (TOP + WIDE_CHIP, SECOND);
    let mut mark =
        Mark::new(Id::new(format!("link/{node}/{}", kind.program())), look, Place::new(x, top, 0, bottom - top));
    mark.path = vec![Point { x: 0, y: bottom - top }, Point { x: 0, y: 0 }];
    mark.title = words.into();
    mark
}

/// A short line from the gutter beside the frame to a chip at its left edge.
fn stub(node: &Name, end: &str, y: i32, look: Kind, words: &str) -> Mark {
    let mut mark = Mark::new(Id::new(format!("link/{node}/to-{end}")), look, Place::new(-GUTTER, y, GUTTER + INSET, 0));
    mark.tone = Tone::Mgmt;
    mark.path = vec![Point { x: 0, y: 0 }, Point { x: GUTTER + INSET, y: 0 }];
    mark.title = words.into();
    mark
}

/// A text that starts at `x` on the baseline `y`.
pub fn text(x: i32, y: i32, style: Style, text: String) -> Text {
    Text { x, y, anchor: scene::Anchor::Start, style, text }
}
