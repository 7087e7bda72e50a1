//! The manual's architecture figure: masters and nodes with their components and pods.

use scene::Mark;

use super::{
    around::{self, BETWEEN, Frames, MASTERS},
    arrangement::{Arrangement, Below},
    bands, card,
    drawing::{BELOW, Board, Segment},
    frame,
    node::Digest,
};
use crate::{
    inventory::Name,
    layout::{Detail, Grid},
};

/// The n-th box: a master, another node, or a group.
pub fn draw_box(board: &Board, n: usize) -> Vec<Mark> {
    let plan = board.plan;
    if let Some(name) = plan.masters.get(n) {
        return frame::master(&board.sight(name), master_grid().place(n));
    }
    let n = n - plan.masters.len();
    let at = below_grid(plan).place(n);
    match &plan.below[n] {
        Below::Node(name) if plan.framed() || plan.detail.is_none() => frame::worker(&board.sight(name), at),
        below => folded(board, below, at),
    }
}

/// A node or a group where there are too many for frames.
pub fn folded(board: &Board, below: &Below, at: scene::Place) -> Vec<Mark> {
    match below {
        Below::Group { key, label, members } => {
            let members: Vec<(&Name, &Digest)> =
                members.iter().filter_map(|name| board.digests.get_key_value(name)).collect();
            vec![card::group(key, label, &members, at)]
        }
        Below::Node(name) => match board.digests.get(name) {
            Some(digest) if board.plan.detail == Some(Detail::Tiles) => vec![card::tile(name, digest, at)],
            Some(digest) => vec![card::card(name, digest, at)],
            None => Vec::new(),
        },
    }
}

/// What stands around the boxes.
pub fn draw_around(board: &Board) -> Vec<(Segment, Vec<Mark>)> {
    let (inventory, plan) = (board.inventory, board.plan);
    let (masters, below) = (master_grid(), below_grid(plan));
    let frames = Frames {
        masters: (!plan.masters.is_empty()).then_some((&masters, plan.masters.len())),
        below: (!plan.below.is_empty()).then_some((&below, plan.below.len(), plan.framed())),
        bus: bus(plan),
    };
    let mut lines = around::client_links(&masters, plan.masters.len());
    lines.extend(around::bus(&frames));
    if plan.len() == 0 {
        lines.push(around::no_nodes(inventory));
    } else if plan.masters.is_empty() && inventory.nodes().len() > 0 {
        lines.push(around::no_masters(frames.bus));
    }
    let mut segments = vec![(Segment::Clients, vec![around::clients(inventory)]), (Segment::Bus, lines)];
    let unplaced = bands::unplaced(inventory, board.filter, bottom(plan) + BELOW);
    if !unplaced.is_empty() {
        segments.push((Segment::Unplaced, unplaced));
    }
    segments
}

/// The lowest edge of the boxes.
pub fn bottom(plan: &Arrangement) -> i32 {
    let grid = below_grid(plan);
    if plan.below.is_empty() {
        // The line that joins several masters runs below them.
        let joined = if plan.masters.len() > 1 { BETWEEN / 2 } else { 0 };
        (masters_bottom(plan) + joined).max(MASTERS + 60)
    } else {
        grid.y + grid.height(plan.below.len())
    }
}

fn master_grid() -> Grid {
    Detail::masters(MASTERS)
}

fn masters_bottom(plan: &Arrangement) -> i32 {
    MASTERS + master_grid().height(plan.masters.len())
}

fn bus(plan: &Arrangement) -> i32 {
    if plan.masters.is_empty() { MASTERS - 20 } else { masters_bottom(plan) + BETWEEN / 2 }
}

fn below_grid(plan: &Arrangement) -> Grid {
    let y = if plan.masters.is_empty() { MASTERS } else { masters_bottom(plan) + BETWEEN };
    plan.detail.unwrap_or(Detail::Close).grid(y)
}
