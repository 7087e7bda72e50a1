//! Relations side by side: all of one thing, then all of the next.

use super::{Relation, Vertex};

/// A relation between two things.
#[derive(Clone, Copy)]
pub(super) struct Edge {
    pub from: Vertex,
    pub to: Vertex,
    pub relation: Relation,
}

/// The other ends of relations, thing by thing, and where those of each begin. `ends` gives the end
/// that they are put under, and the other; what comes last in `edges` stands first. They are counted
/// and then put where they belong: linear, without a comparison.
pub(super) fn rows(
    things: usize,
    edges: &[Edge],
    ends: impl Fn(&Edge) -> (Vertex, Vertex),
) -> (Vec<u32>, Vec<(Vertex, Relation)>) {
    let mut starts = vec![0_u32; things];
    for edge in edges {
        starts[ends(edge).0.index()] += 1;
    }
    let mut sum = 0;
    for start in &mut starts {
        sum += *start;
        *start = sum;
    }
    let mut others = vec![(Vertex(0), Relation::Holds); edges.len()];
    for edge in edges {
        let (own, other) = ends(edge);
        let start = &mut starts[own.index()];
        *start -= 1;
        others[*start as usize] = (other, edge.relation);
    }
    (starts, others)
}
