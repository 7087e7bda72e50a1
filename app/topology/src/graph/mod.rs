//! A cluster as a typed graph: what holds, owns, answers for and talks to what.
//!
//! The figure of every day is drawn from the Inventory, node by node, because a change touches one
//! node. The graph is for questions that cross nodes, and for the figure that shows everything.

mod follow;
pub mod outline;
mod way;

use std::collections::{HashMap, hash_map};

use petgraph::{
    Direction,
    stable_graph::{NodeIndex, StableDiGraph},
    visit::EdgeRef,
};

use crate::{
    Inventory, Stamp,
    figure::is_master,
    health::{node_state, parts},
    inventory::{ComponentKind, Key, Name, OwnerKind},
};

/// Where a thing is in the graph, from 0 on without gaps.
pub use petgraph::stable_graph::NodeIndex as Vertex;

pub use follow::{NoQuestion, Question, follow};
pub use way::{Door, Entry, EntryKind, Guard, Hop, Note, Passage, Place, Target, Way};

/// A thing of the cluster, by its name.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Thing {
    /// The cluster itself.
    Cluster,
    /// A node, or a name that pods give to one that does not exist.
    Node(Name),
    /// A component of a node.
    Component(Name, ComponentKind),
    /// A Deployment and its like.
    Owner(OwnerKind, Key),
    /// A pod.
    Pod(Key),
    /// A service.
    Service(Key),
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
    graph: StableDiGraph<Thing, Relation>,
    index: HashMap<Thing, NodeIndex>,
}

impl Topology {
    /// The graph of all that an Inventory knows, in time linear in it. `now` only decides which
    /// components are seen, as [`crate::health::parts`] has it.
    pub fn of(inventory: &Inventory, now: Stamp) -> Self {
        let nodes = inventory.nodes().len();
        // Three components a node, and a cluster.
        let things = 1 + 4 * nodes + inventory.owners().len() + inventory.pods().len() + inventory.services().len();
        let mut topology =
            Self { graph: StableDiGraph::with_capacity(things, 2 * things), index: HashMap::with_capacity(things) };
        let cluster = topology.add(Thing::Cluster);
        topology.add_nodes(inventory, now, cluster);
        topology.add_owners(inventory);
        topology.add_pods(inventory, cluster);
        topology.add_services(inventory);
        topology
    }

    /// How many things there are.
    pub fn len(&self) -> usize {
        self.graph.node_count()
    }

    /// Whether there is nothing at all.
    pub fn is_empty(&self) -> bool {
        self.graph.node_count() == 0
    }

    /// How many relations there are.
    pub fn relations(&self) -> usize {
        self.graph.edge_count()
    }

    /// All things, in the order in which they were found.
    pub fn vertices(&self) -> impl Iterator<Item = Vertex> {
        self.graph.node_indices()
    }

    /// The cluster itself; `None` in an empty graph.
    pub fn root(&self) -> Option<Vertex> {
        self.graph.node_indices().next()
    }

    /// What it is.
    pub fn thing(&self, at: Vertex) -> &Thing {
        &self.graph[at]
    }

    /// What a thing leads to.
    pub fn from(&self, at: Vertex) -> impl Iterator<Item = (Vertex, Relation)> {
        self.graph.edges_directed(at, Direction::Outgoing).map(|edge| (edge.target(), *edge.weight()))
    }

    /// What leads to a thing.
    pub fn to(&self, at: Vertex) -> impl Iterator<Item = (Vertex, Relation)> {
        self.graph.edges_directed(at, Direction::Incoming).map(|edge| (edge.source(), *edge.weight()))
    }

    fn add(&mut self, thing: Thing) -> NodeIndex {
        match self.index.entry(thing) {
            hash_map::Entry::Occupied(known) => *known.get(),
            hash_map::Entry::Vacant(new) => {
                let at = self.graph.add_node(new.key().clone());
                *new.insert(at)
            }
        }
    }

    fn add_nodes(&mut self, inventory: &Inventory, now: Stamp, cluster: NodeIndex) {
        let mut servers = Vec::new();
        let mut kubelets = Vec::new();
        for node in inventory.nodes() {
            let at = self.add(Thing::Node(node.name.clone()));
            self.graph.add_edge(cluster, at, Relation::Holds);
            let state = node_state(inventory, node, now);
            let mut own_server = None;
            let mut clients = Vec::new();
            for part in parts(inventory, node, &state, is_master(inventory, node), now) {
                let part_at = self.add(Thing::Component(node.name.clone(), part.kind));
                self.graph.add_edge(at, part_at, Relation::Holds);
                match part.kind {
                    ComponentKind::ApiServer => own_server = Some(part_at),
                    ComponentKind::Kubelet => kubelets.push(part_at),
                    ComponentKind::Scheduler | ComponentKind::ControllerManager | ComponentKind::Etcd => {
                        clients.push((part.kind, part_at));
                    }
                    ComponentKind::Proxy | ComponentKind::Runtime => {}
                }
            }
            let Some(server) = own_server else { continue };
            servers.push(server);
            for (kind, client) in clients {
                let (from, to) = if kind == ComponentKind::Etcd { (server, client) } else { (client, server) };
                self.graph.add_edge(from, to, Relation::Talks);
            }
        }
        // A kubelet talks to one API server at a time, whichever its proxy picks: the first stands
        // for all, so that the graph grows with the cluster and not with its square.
        if let Some(server) = servers.first() {
            for kubelet in kubelets {
                self.graph.add_edge(kubelet, *server, Relation::Talks);
            }
        }
    }

    fn add_owners(&mut self, inventory: &Inventory) {
        for owner in inventory.owners() {
            let at = self.add(Thing::Owner(owner.kind.clone(), owner.key.clone()));
            if let Some((kind, name)) = &owner.owner {
                let above = Key { namespace: owner.key.namespace.clone(), name: name.clone() };
                let above = self.add(Thing::Owner(kind.clone(), above));
                self.graph.add_edge(above, at, Relation::Owns);
            }
        }
    }

    fn add_pods(&mut self, inventory: &Inventory, cluster: NodeIndex) {
        for pod in inventory.pods() {
            let at = self.add(Thing::Pod(pod.key.clone()));
            if let Some(node) = &pod.node {
                let known = self.len();
                let node = self.add(Thing::Node(node.clone()));
                if self.len() > known {
                    self.graph.add_edge(cluster, node, Relation::Holds);
                }
                self.graph.add_edge(node, at, Relation::Holds);
            }
            if let Some((kind, name)) = pod.owner.clone().filter(|(kind, _)| *kind != OwnerKind::Node) {
                let owner = Thing::Owner(kind, Key { namespace: pod.key.namespace.clone(), name });
                let owner = self.add(owner);
                self.graph.add_edge(owner, at, Relation::Owns);
            }
        }
    }

    fn add_services(&mut self, inventory: &Inventory) {
        for service in inventory.services() {
            let at = self.add(Thing::Service(service.key.clone()));
            for endpoint in inventory.endpoints_of(&service.key).flat_map(|set| &set.endpoints) {
                let Some(pod) = &endpoint.pod else { continue };
                let pod = Thing::Pod(Key { namespace: service.key.namespace.clone(), name: pod.clone() });
                if let Some(pod) = self.index.get(&pod) {
                    self.graph.add_edge(*pod, at, Relation::Answers { ready: endpoint.ready });
                }
            }
        }
    }
}
