//! A node as a frame with its components and its pods.

use scene::{Anchor, Health, Id, Kind, Mark, Place, Style, Text, Tone, clip, width};

use super::{
    chips::{self, INSET, fitting, text},
    groups::{self, GAP, SLOT},
    node::{MISSING, Sight},
};
use crate::{health::NodeState, inventory::AddressKind, layout::Grid};

/// Top of a master's pods.
const MASTER_PODS: i32 = 188;
/// Top of the pods of any other node.
const PODS: i32 = 94;

/// The frame of a master, `at` in the figure.
pub fn master(sight: &Sight, at: Place) -> Vec<Mark> {
    let grid = slots(at.w, MASTER_PODS, 3);
    let parts = chips::master(sight.name, &sight.parts, at.w);
    // The line from the clients comes in through the middle of the heading.
    framed(sight, at, at.w / 2 - 8, [parts, groups::draw(sight, &grid, 2)].concat())
}

/// The frame of any other node.
pub fn worker(sight: &Sight, at: Place) -> Vec<Mark> {
    let (columns, rows) = if at.w > 400 { (4, 3) } else { (3, 4) };
    let parts = chips::worker(sight.name, &sight.parts, at.w);
    let pods = groups::draw(sight, &slots(at.w, PODS, columns), rows);
    framed(sight, at, at.w - INSET, [parts, pods].concat())
}

fn slots(w: i32, y: i32, columns: i32) -> Grid {
    let room = w - 2 * INSET;
    Grid {
        x: INSET,
        y,
        w: (room - GAP * (columns - 1)) / columns,
        h: SLOT,
        gap: GAP,
        columns: columns.unsigned_abs() as usize,
    }
}

/// A frame with its heading, and what lies in it as its children. The heading's left half ends at
/// `middle`.
pub fn framed(sight: &Sight, at: Place, middle: i32, children: Vec<Mark>) -> Vec<Mark> {
    let id = Id::new(format!("node/{}", sight.name));
    let mut frame = Mark::new(id.clone(), Kind::Frame, at);
    frame.health = Some(sight.state.health);
    frame.tone = if sight.digest.master { Tone::System } else { Tone::Service };
    frame.title = words(sight);
    frame.opens = Some(format!("node/{}", sight.name));
    frame.faded = !sight.digest.matches;
    let drifted = if sight.drift.is_empty() { "" } else { " ≠ plan" };
    let role = format!("{}{drifted}", role(sight));
    let address = sight.node.and_then(|node| node.address(AddressKind::Internal));
    let (short, brief) = (&*sight.state.short, brief(&sight.state));
    let whole = address.map_or_else(|| short.to_owned(), |address| format!("{address} · {short}"));
    let right_edge = at.w - INSET;
    let room = (right_edge - middle - 16).max((right_edge - INSET) / 2 - 12);
    // A state is not cut: where there is no room it stands without the address, and then without its age.
    let right = match sight.state.health {
        Health::Stale | Health::Ghost => fitting([&whole, short, brief], Style::Note, room),
        _ => clip(&whole, Style::Note, room),
    };
    let left_room = middle.min(right_edge - width(&right, Style::Note) - 12) - INSET;
    let name = clip(sight.name, Style::Head, left_room - width(&role, Style::Note) - 8);
    let role_x = INSET + width(&name, Style::Head) + 8;
    frame.texts.push(text(INSET, 27, Style::Head, name));
    frame.texts.push(text(role_x, 27, Style::Note, role));
    frame.texts.push(Text { anchor: Anchor::End, ..text(right_edge, 27, Style::Note, right) });
    let mut marks = vec![frame];
    marks.extend(
        children.into_iter().map(|mark| Mark { parent: mark.parent.clone().or_else(|| Some(id.clone())), ..mark }),
    );
    marks
}

/// The state in as few words as there are.
fn brief(state: &NodeState) -> &str {
    match state.health {
        Health::Stale => "not responding",
        Health::Ghost if state.short == MISSING => "not in cluster",
        _ => &state.short,
    }
}

/// What a node is called beside its name.
fn role(sight: &Sight) -> String {
    let Some(node) = sight.node else {
        return if sight.digest.master { "master".into() } else { "node".into() };
    };
    if sight.digest.master {
        return "master".into();
    }
    let roles: Vec<&str> =
        node.roles.iter().map(|role| &**role).filter(|role| !matches!(*role, "node" | "worker")).collect();
    if roles.is_empty() { "node".into() } else { roles.join(", ") }
}

/// A node in words.
pub fn words(sight: &Sight) -> String {
    let what = if sight.digest.master { "Master" } else { "Node" };
    let drift: String = sight.drift.iter().map(|drift| format!(" Not as planned: {drift}.")).collect();
    format!("{what} {}: {} Pods: {}.{drift}", sight.name, sight.state.long, sight.digest.pods.words())
}
