//! The manual's networking figure.
//!
//! ```text
//! beside: jump host │ mgmt trunk, service trunk │ machines, each with its cards at its lower edge
//!         switches  │                           │   row of cards ── two lines ── to the trunks
//! ```
//!
//! Below the machines stand the services with their ways in.

mod beside;
mod card;
mod comb;
mod entries;
mod geometry;
mod machine;
mod way;
mod wires;

use scene::{Health, Mark};

pub use geometry::bottom;
pub use way::{KINDS, TracedHop, TracedWay, draw as draw_way, traced};

use super::{
    architecture::folded,
    arrangement::Below,
    bands::{self, States},
    drawing::{BELOW, Board, Segment},
};

/// The n-th box: a master, another node, or a group.
pub fn draw_box(board: &Board, n: usize) -> Vec<Mark> {
    let plan = board.plan;
    let place = geometry::place(plan, n);
    if let Some(name) = plan.masters.get(n) {
        return machine::draw(board, &board.sight(name), place);
    }
    match &plan.below[n - plan.masters.len()] {
        Below::Node(name) if plan.framed() || plan.detail.is_none() => machine::draw(board, &board.sight(name), place),
        below => folded(board, below, place),
    }
}

/// What stands around the boxes.
pub fn draw_around(board: &Board) -> Vec<(Segment, Vec<Mark>)> {
    let mut segments = vec![(Segment::Beside, beside::draw(board)), (Segment::Bus, wires::draw(board))];
    let unplaced = bands::unplaced(board.inventory, board.filter, geometry::bottom(board.plan) + BELOW);
    if !unplaced.is_empty() {
        segments.push((Segment::Unplaced, unplaced));
    }
    segments
}

/// The services with their ways in.
pub fn draw_services(board: &Board, states: &States, y: i32) -> Vec<Mark> {
    bands::with_ways(board, states, y, |service| {
        let ways = entries::ways_in(service);
        let dead = states.get(&service.key).is_some_and(|(health, ..)| *health == Health::Bad);
        Some(if dead { format!("no ready endpoint · {ways}") } else { ways })
    })
}
