//! petgraph's view of the graph: its algorithms walk the compact storage as it lies, without a copy.
//!
//! A walk calls some of these functions for each relation. They are marked for inlining, because its code is generated
//! in the crate that walks.

use fixedbitset::FixedBitSet;
use petgraph::{
    Directed, Direction,
    visit::{
        Data, EdgeCount, EdgeRef, GraphBase, GraphProp, IntoEdgeReferences, IntoEdges, IntoEdgesDirected,
        IntoNeighbors, IntoNeighborsDirected, IntoNodeIdentifiers, IntoNodeReferences, NodeCompactIndexable, NodeCount,
        NodeIndexable, VisitMap, Visitable,
    },
};

use super::{Relation, Topology, Vertex};

/// A relation between two things. Two of one kind between the same things count as one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrow {
    from: Vertex,
    to: Vertex,
    relation: Relation,
}

impl EdgeRef for Arrow {
    type NodeId = Vertex;
    type EdgeId = (Vertex, Vertex, Relation);
    type Weight = Relation;

    fn source(&self) -> Vertex {
        self.from
    }

    fn target(&self) -> Vertex {
        self.to
    }

    fn weight(&self) -> &Relation {
        &self.relation
    }

    fn id(&self) -> Self::EdgeId {
        (self.from, self.to, self.relation)
    }
}

/// Things that a walk has seen: one bit each.
#[derive(Clone, Debug, Default)]
pub struct Seen(FixedBitSet);

impl VisitMap<Vertex> for Seen {
    #[inline]
    fn visit(&mut self, at: Vertex) -> bool {
        !self.0.put(at.index())
    }

    #[inline]
    fn is_visited(&self, at: &Vertex) -> bool {
        self.0.contains(at.index())
    }

    fn unvisit(&mut self, at: Vertex) -> bool {
        let seen = self.0.contains(at.index());
        self.0.set(at.index(), false);
        seen
    }
}

/// The other ends of a thing's relations, what was found last first.
#[derive(Clone, Debug)]
pub struct Neighbors<'t>(std::slice::Iter<'t, (Vertex, Relation)>);

impl Iterator for Neighbors<'_> {
    type Item = Vertex;

    #[inline]
    fn next(&mut self) -> Option<Vertex> {
        self.0.next().map(|(other, _)| *other)
    }

    #[inline]
    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint()
    }
}

/// The relations of a thing in one direction, each from its own beginning to its own end.
#[derive(Clone, Debug)]
pub struct Arrows<'t> {
    at: Vertex,
    direction: Direction,
    others: std::slice::Iter<'t, (Vertex, Relation)>,
}

impl Iterator for Arrows<'_> {
    type Item = Arrow;

    #[inline]
    fn next(&mut self) -> Option<Arrow> {
        let (other, relation) = *self.others.next()?;
        let (from, to) = match self.direction {
            Direction::Outgoing => (self.at, other),
            Direction::Incoming => (other, self.at),
        };
        Some(Arrow { from, to, relation })
    }
}

/// All relations, thing by thing.
#[derive(Clone, Debug)]
pub struct All<'t> {
    topology: &'t Topology,
    rest: std::ops::Range<usize>,
    now: Option<Arrows<'t>>,
}

impl Iterator for All<'_> {
    type Item = Arrow;

    fn next(&mut self) -> Option<Arrow> {
        loop {
            if let Some(arrow) = self.now.as_mut().and_then(Iterator::next) {
                return Some(arrow);
            }
            let at = Vertex::new(self.rest.next()?);
            self.now = Some(self.topology.edges(at));
        }
    }
}

impl GraphBase for Topology {
    type NodeId = Vertex;
    type EdgeId = (Vertex, Vertex, Relation);
}

impl Data for Topology {
    type NodeWeight = ();
    type EdgeWeight = Relation;
}

impl GraphProp for Topology {
    type EdgeType = Directed;
}

impl NodeCount for Topology {
    fn node_count(&self) -> usize {
        self.len()
    }
}

impl EdgeCount for Topology {
    fn edge_count(&self) -> usize {
        self.relations()
    }
}

impl NodeIndexable for Topology {
    fn node_bound(&self) -> usize {
        self.len()
    }

    #[inline]
    fn to_index(&self, at: Vertex) -> usize {
        at.index()
    }

    #[inline]
    fn from_index(&self, index: usize) -> Vertex {
        Vertex::new(index)
    }
}

impl NodeCompactIndexable for Topology {}

impl Visitable for Topology {
    type Map = Seen;

    fn visit_map(&self) -> Seen {
        Seen(FixedBitSet::with_capacity(self.len()))
    }

    fn reset_map(&self, seen: &mut Seen) {
        seen.0.clear();
        seen.0.grow(self.len());
    }
}

impl<'t> IntoNeighbors for &'t Topology {
    type Neighbors = Neighbors<'t>;

    #[inline]
    fn neighbors(self, at: Vertex) -> Neighbors<'t> {
        self.neighbors_directed(at, Direction::Outgoing)
    }
}

impl<'t> IntoNeighborsDirected for &'t Topology {
    type NeighborsDirected = Neighbors<'t>;

    #[inline]
    fn neighbors_directed(self, at: Vertex, direction: Direction) -> Neighbors<'t> {
        Neighbors(self.row(at, direction).iter())
    }
}

impl IntoNodeIdentifiers for &Topology {
    type NodeIdentifiers = std::iter::Map<std::ops::Range<usize>, fn(usize) -> Vertex>;

    fn node_identifiers(self) -> Self::NodeIdentifiers {
        (0..self.len()).map(Vertex::new)
    }
}

impl IntoNodeReferences for &Topology {
    type NodeRef = (Vertex, &'static ());
    type NodeReferences = std::iter::Map<std::ops::Range<usize>, fn(usize) -> (Vertex, &'static ())>;

    fn node_references(self) -> Self::NodeReferences {
        (0..self.len()).map(|index| (Vertex::new(index), &()))
    }
}

impl<'t> IntoEdgeReferences for &'t Topology {
    type EdgeRef = Arrow;
    type EdgeReferences = All<'t>;

    fn edge_references(self) -> All<'t> {
        All { topology: self, rest: 0..self.len(), now: None }
    }
}

impl<'t> IntoEdges for &'t Topology {
    type Edges = Arrows<'t>;

    #[inline]
    fn edges(self, at: Vertex) -> Arrows<'t> {
        self.edges_directed(at, Direction::Outgoing)
    }
}

impl<'t> IntoEdgesDirected for &'t Topology {
    type EdgesDirected = Arrows<'t>;

    #[inline]
    fn edges_directed(self, at: Vertex, direction: Direction) -> Arrows<'t> {
        Arrows { at, direction, others: self.row(at, direction).iter() }
    }
}
