//! Relations side by side: all that lead from one thing, then all that lead from the next.

use super::{Relation, Vertex};

/// A relation between two things.
#[derive(Clone, Copy)]
pub(super) struct Edge {
    pub from: Vertex,
    pub to: Vertex,
    pub relation: Relation,
}

/// The other ends of relations, thing by thing.
#[derive(Clone, Debug, Default)]
pub(super) struct Rows {
    /// Where the row of each thing begins; one more stands at the end.
    starts: Vec<u32>,
    others: Vec<(Vertex, Relation)>,
}

impl Rows {
    /// The rows of so many things, by one of the ends of each edge; edges come last first. They are
    /// counted and then put where they belong: linear, without a comparison.
    pub(super) fn of(things: usize, edges: &[Edge], ends: impl Fn(&Edge) -> (Vertex, Vertex)) -> Self {
        let mut starts = vec![0_u32; things + 1];
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
        Self { starts, others }
    }

    pub(super) fn len(&self) -> usize {
        self.others.len()
    }

    pub(super) fn row(&self, at: Vertex) -> &[(Vertex, Relation)] {
        let [start, end] = [self.starts[at.index()], self.starts[at.index() + 1]];
        &self.others[start as usize..end as usize]
    }
}
