//! Where things stand in the networking figure.

use scene::Place;

use super::super::arrangement::{Arrangement, Below};
use crate::layout::{Detail, Grid};

/// Left edge and width of what stands beside the machines.
pub const BESIDE: (i32, i32) = (12, 224);
/// Top of the jump host.
pub const TOP: i32 = 16;
/// Height of the jump host.
pub const JUMP: i32 = 306;
/// The trunk of the management network.
pub const MGMT_X: i32 = 256;
/// The trunk of the container service network.
pub const NET_X: i32 = 272;
/// Left edge of the machines.
const LEFT: i32 = 292;
/// A machine with its cards at the lower edge.
pub const MACHINE: i32 = 268;
/// How far a card stands out of its machine, at the most.
pub const OUT: i32 = 12;
/// From a machine's lower edge to the management line below it, and to the service line.
pub const LINES: (i32, i32) = (28, 42);
/// From one row of machines to the next.
const PITCH: i32 = MACHINE + 64;
const COLUMNS: usize = 3;
const GAP: i32 = 14;
const WIDTH: i32 = 272;
/// From the top of a band of folded machines to the first of them.
const HEAD: i32 = 14;

/// Where the n-th box stands.
pub fn place(plan: &Arrangement, n: usize) -> Place {
    let masters = plan.masters.len();
    if n < masters {
        return machine(n, TOP);
    }
    let top = TOP + rows(masters) * PITCH;
    if framed(plan) { machine(n - masters, top) } else { fold_grid(plan, top).place(n - masters) }
}

/// Whether each machine below the masters has a frame of its own.
pub fn framed(plan: &Arrangement) -> bool {
    plan.framed() || plan.below.is_empty()
}

/// The frames' columns and the y of their lower edge, row by row: what the lines join.
pub fn frame_rows(plan: &Arrangement) -> Vec<(i32, Vec<Place>)> {
    let framed = if framed(plan) { plan.below.len() } else { 0 };
    let places = (0..plan.masters.len() + framed).map(|n| place(plan, n));
    let mut found: Vec<(i32, Vec<Place>)> = Vec::new();
    for at in places {
        match found.last_mut() {
            Some((bottom, row)) if *bottom == at.y + at.h => row.push(at),
            _ => found.push((at.y + at.h, vec![at])),
        }
    }
    found
}

/// The band around folded machines.
pub fn fold_band(plan: &Arrangement) -> Option<Place> {
    if framed(plan) {
        return None;
    }
    let top = TOP + rows(plan.masters.len()) * PITCH;
    let grid = fold_grid(plan, top);
    Some(Place::new(LEFT, top, Detail::WIDTH - LEFT - 8, HEAD + grid.height(plan.below.len()) + 12))
}

/// The lowest edge of the boxes and the lines below them.
pub fn bottom(plan: &Arrangement) -> i32 {
    let machines = match fold_band(plan) {
        Some(band) => band.y + band.h,
        None => TOP + (rows(plan.masters.len()) + rows(plan.below.len())) * PITCH,
    };
    machines.max(TOP + JUMP + 366)
}

fn machine(n: usize, top: i32) -> Place {
    let grid = Grid { x: LEFT, y: 0, w: WIDTH, h: 0, gap: GAP, columns: COLUMNS };
    let row = i32::try_from(n / COLUMNS).unwrap_or(0);
    Place::new(grid.place(n % COLUMNS).x, top + row * PITCH, WIDTH, MACHINE)
}

fn rows(count: usize) -> i32 {
    i32::try_from(count.div_ceil(COLUMNS)).unwrap_or(0)
}

fn fold_grid(plan: &Arrangement, top: i32) -> Grid {
    let (x, y) = (LEFT + 10, top + HEAD);
    let grouped = plan.below.iter().any(|below| matches!(below, Below::Group { .. }));
    match plan.detail {
        _ if grouped => Grid { x, y, w: 196, h: 84, gap: 8, columns: 4 },
        Some(Detail::Tiles) => Grid { x, y, w: 24, h: 24, gap: 3, columns: 30 },
        _ => Grid { x, y, w: 129, h: 58, gap: 8, columns: 6 },
    }
}
