//! A cluster as a typed graph: what holds, owns, answers for and talks to what.
//!
//! The figure of every day is drawn from the Inventory, node by node, because a change touches one
//! node. The graph is for questions that cross nodes, and for the figure that shows everything.
//!
//! It is flat: a few bytes a thing, all names in one text, and the relations of each thing side by
//! side. A cluster of 50,000 things then lies in a core's cache, and whoever walks over it in any
//! order waits for memory no more than in a small one.

mod build;
mod follow;
pub mod outline;
mod rows;
mod way;

use rows::Rows;

use crate::inventory::{ComponentKind, Name, OwnerKind};

pub use follow::{NoQuestion, Question, follow};
pub use way::{Door, Entry, EntryKind, Guard, Hop, Note, Passage, Place, Target, Way};

/// Where a thing is in the graph, from 0 on without gaps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Vertex(u32);

impl Vertex {
    /// As an index into what is kept of each thing.
    pub const fn index(self) -> usize {
        self.0 as usize
    }

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
    kinds: Vec<Kept>,
    names: Names,
    namespaces: Vec<Name>,
    owner_kinds: Vec<OwnerKind>,
    outgoing: Rows,
    incoming: Rows,
}

/// What is kept of a thing beside its name; numbers are indexes into the lists of a [`Topology`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Kept {
    Cluster,
    Node,
    Component { kind: ComponentKind, node: Vertex },
    Owner { kind: u16, namespace: u32 },
    Pod { namespace: u32 },
    Service { namespace: u32 },
}

/// Names in one text, one after another.
#[derive(Clone, Debug, Default)]
struct Names {
    text: String,
    ends: Vec<u32>,
}

impl Names {
    fn push(&mut self, name: &str) {
        self.text.push_str(name);
        self.ends.push(u32::try_from(self.text.len()).unwrap_or(u32::MAX));
    }

    fn get(&self, at: usize) -> &str {
        let from = at.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.text[from as usize..self.ends[at] as usize]
    }
}

impl Topology {
    /// How many things there are.
    pub fn len(&self) -> usize {
        self.kinds.len()
    }

    /// Whether there is nothing at all.
    pub fn is_empty(&self) -> bool {
        self.kinds.is_empty()
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
        let name = self.names.get(at.index());
        let namespace = |at: u32| &*self.namespaces[at as usize];
        match self.kinds[at.index()] {
            Kept::Cluster => Thing::Cluster,
            Kept::Node => Thing::Node(name),
            Kept::Component { kind, node } => Thing::Component(self.names.get(node.index()), kind),
            Kept::Owner { kind, namespace: at } => {
                Thing::Owner(&self.owner_kinds[usize::from(kind)], namespace(at), name)
            }
            Kept::Pod { namespace: at } => Thing::Pod(namespace(at), name),
            Kept::Service { namespace: at } => Thing::Service(namespace(at), name),
        }
    }

    /// What a thing leads to, what was found last first.
    pub fn from(&self, at: Vertex) -> impl Iterator<Item = (Vertex, Relation)> {
        self.outgoing.row(at).iter().copied()
    }

    /// What leads to a thing, what was found last first.
    pub fn to(&self, at: Vertex) -> impl Iterator<Item = (Vertex, Relation)> {
        self.incoming.row(at).iter().copied()
    }
}
