//! A cluster as a typed graph: what holds, owns, answers for and talks to what.
//!
//! The figure of every day is drawn from the Inventory, node by node, because a change touches one
//! node. The graph is for questions that cross nodes, and for the figure that shows everything.
//!
//! It is flat: a few bytes a thing, all names in one text, and the relations of each thing side by
//! side. A cluster of 50,000 things then lies in a core's cache, and whoever walks over it in any
//! order waits for memory no more than in a small one.
//!
//! Walks are petgraph's: [`visit`] shows it the rows as they lie, and [`points`] asks it for single points of failure.

mod build;
mod follow;
pub mod outline;
pub mod points;
mod rows;
pub mod visit;
mod way;

use std::ops::Range;

use petgraph::Direction;

use crate::inventory::{ComponentKind, Name, OwnerKind};

pub use follow::{NoQuestion, Question, follow};
pub use points::{Goal, SinglePoint, single_points, single_points_of};
pub use way::{Door, Entry, EntryKind, Guard, Hop, Note, Passage, Place, Target, Way};

/// Where a thing is in the graph, from 0 on without gaps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Vertex(u32);

impl Vertex {
    /// As an index into what is kept of each thing.
    #[inline]
    pub const fn index(self) -> usize {
        self.0 as usize
    }

    #[inline]
    fn new(index: usize) -> Self {
        // Names alone would fill all memory before there are so many things.
        Self(u32::try_from(index).unwrap_or(u32::MAX))
    }
}

/// A thing of the cluster, by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Thing<'t> {
    /// The cluster itself.
    Cluster,
    /// A node, or a name that pods give to one that does not exist.
    Node(&'t str),
    /// A component of a node.
    Component(&'t str, ComponentKind),
    /// A Deployment and its like, by namespace and name.
    Owner(&'t OwnerKind, &'t str, &'t str),
    /// A pod, by namespace and name.
    Pod(&'t str, &'t str),
    /// A service, by namespace and name.
    Service(&'t str, &'t str),
}

/// How one thing relates to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Relation {
    /// Cluster → node, node → component, node → pod.
    Holds,
    /// Deployment → ReplicaSet → pod.
    Owns,
    /// Pod → service: the pod is one of its endpoints.
    Answers {
        /// Whether the endpoint is ready.
        ready: bool,
    },
    /// Component → component, as the manual draws it.
    Talks,
}

/// The graph.
#[derive(Clone, Debug, Default)]
pub struct Topology {
    records: Vec<Record>,
    /// All names, one after another.
    names: String,
    namespaces: Vec<Name>,
    owner_kinds: Vec<OwnerKind>,
    /// What each thing leads to, thing by thing.
    outgoing: Vec<(Vertex, Relation)>,
    /// What leads to each thing, thing by thing.
    incoming: Vec<(Vertex, Relation)>,
}

/// A thing, and where what else is known of it begins. It ends where that of the next one begins.
#[derive(Clone, Copy, Debug)]
struct Record {
    kept: Kept,
    name: u32,
    outgoing: u32,
    incoming: u32,
}

/// What a thing is, without its name; numbers are indexes into the lists of a [`Topology`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kept {
    Cluster,
    Node,
    Component { kind: ComponentKind, node: Vertex },
    Owner { kind: u16, namespace: u32 },
    Pod { namespace: u32 },
    Service { namespace: u32 },
}

impl Kept {
    /// The same in one number, which is quick to hash.
    const fn number(self) -> u64 {
        let (which, more, at) = match self {
            Self::Cluster => (0, 0, 0),
            Self::Node => (1, 0, 0),
            Self::Component { kind, node } => (2, kind as u64, node.0),
            Self::Owner { kind, namespace } => (3, kind as u64, namespace),
            Self::Pod { namespace } => (4, 0, namespace),
            Self::Service { namespace } => (5, 0, namespace),
        };
        (which << 48) | (more << 32) | at as u64
    }
}

impl Topology {
    /// How many things there are.
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// Whether there is nothing at all.
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// How many relations there are.
    pub fn relations(&self) -> usize {
        self.outgoing.len()
    }

    /// All things, in the order in which they were found.
    pub fn vertices(&self) -> impl Iterator<Item = Vertex> + use<> {
        (0..self.len()).map(Vertex::new)
    }

    /// The cluster itself; `None` in an empty graph.
    pub fn root(&self) -> Option<Vertex> {
        self.vertices().next()
    }

    /// What it is.
    pub fn thing(&self, at: Vertex) -> Thing<'_> {
        let name = |at: Vertex| &self.names[self.name(at)];
        let namespace = |at: u32| &*self.namespaces[at as usize];
        match self.records[at.index()].kept {
            Kept::Cluster => Thing::Cluster,
            Kept::Node => Thing::Node(name(at)),
            Kept::Component { kind, node } => Thing::Component(name(node), kind),
            Kept::Owner { kind, namespace: of } => {
                Thing::Owner(&self.owner_kinds[usize::from(kind)], namespace(of), name(at))
            }
            Kept::Pod { namespace: of } => Thing::Pod(namespace(of), name(at)),
            Kept::Service { namespace: of } => Thing::Service(namespace(of), name(at)),
        }
    }

    /// Whether it is a Deployment or its like; quicker than a look at its names.
    pub fn is_owner(&self, at: Vertex) -> bool {
        matches!(self.records[at.index()].kept, Kept::Owner { .. })
    }

    /// Whether it is a pod.
    pub fn is_pod(&self, at: Vertex) -> bool {
        matches!(self.records[at.index()].kept, Kept::Pod { .. })
    }

    /// Whether it is a service.
    pub fn is_service(&self, at: Vertex) -> bool {
        matches!(self.records[at.index()].kept, Kept::Service { .. })
    }

    /// What a thing leads to, what was found last first.
    pub fn from(&self, at: Vertex) -> impl Iterator<Item = (Vertex, Relation)> {
        self.row(at, Direction::Outgoing).iter().copied()
    }

    /// What leads to a thing, what was found last first.
    pub fn to(&self, at: Vertex) -> impl Iterator<Item = (Vertex, Relation)> {
        self.row(at, Direction::Incoming).iter().copied()
    }

    #[inline]
    fn row(&self, at: Vertex, direction: Direction) -> &[(Vertex, Relation)] {
        match direction {
            Direction::Outgoing => &self.outgoing[self.range(at, self.outgoing.len(), |record| record.outgoing)],
            Direction::Incoming => &self.incoming[self.range(at, self.incoming.len(), |record| record.incoming)],
        }
    }

    fn name(&self, at: Vertex) -> Range<usize> {
        self.range(at, self.names.len(), |record| record.name)
    }

    #[inline]
    fn range(&self, at: Vertex, end: usize, start: impl Fn(&Record) -> u32) -> Range<usize> {
        let next = self.records.get(at.index() + 1).map_or(end, |next| start(next) as usize);
        start(&self.records[at.index()]) as usize..next
    }
}
