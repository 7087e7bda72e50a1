//! From an Inventory to its graph.

use std::{
    collections::HashMap,
    hash::{BuildHasher, Hasher},
    hint::black_box,
    sync::Arc,
};

use hashbrown::{DefaultHashBuilder, HashTable};

use super::{
    Kept, Record, Relation, Topology, Vertex,
    rows::{Edge, rows},
};
use crate::{
    Inventory,
    figure::is_master,
    health::kinds,
    inventory::{ComponentKind, EndpointSet, Name, Owner, OwnerKind, Pod},
};

impl Topology {
    /// The graph of all that an Inventory knows, in time linear in it.
    pub fn of(inventory: &Inventory) -> Self {
        let nodes = inventory.nodes().len();
        // Seven components a node at most, and a cluster.
        let things = 1 + 8 * nodes + inventory.owners().len() + inventory.pods().len() + inventory.services().len();
        let mut builder = Builder::for_so_many(things);
        let cluster = builder.add(Kept::Cluster, "cluster");
        builder.add_nodes(inventory, cluster);
        builder.add_owners(inventory);
        builder.add_pods(inventory, cluster);
        builder.add_services(inventory);
        builder.finish()
    }
}

fn hash(hasher: &DefaultHashBuilder, kept: Kept, name: &[u8]) -> u64 {
    let mut hasher = hasher.build_hasher();
    hasher.write_u64(kept.number());
    hasher.write(name);
    hasher.finish()
}

/// How many facts are sent for together.
const BATCH: usize = 64;

/// Takes facts one by one, after a look at each of the next few: a large cluster's facts lie far
/// from the core, and asked for together they come together instead of one after the other.
fn each<'i, T: 'i>(mut facts: impl Iterator<Item = &'i T>, look: impl Fn(&T) -> usize, mut take: impl FnMut(&'i T)) {
    let mut batch = Vec::with_capacity(BATCH);
    loop {
        batch.clear();
        batch.extend(facts.by_ref().take(BATCH));
        if batch.is_empty() {
            return;
        }
        black_box(batch.iter().map(|fact| look(fact)).sum::<usize>());
        batch.iter().for_each(|fact| take(fact));
    }
}

/// A look at a name.
fn first(name: &str) -> usize {
    name.as_bytes().first().copied().map_or(0, usize::from)
}

/// A graph in the making.
struct Builder<'i> {
    topology: Topology,
    edges: Vec<Edge>,
    /// Things by what they are and their name, both of which lie in the graph.
    index: HashTable<Vertex>,
    hasher: DefaultHashBuilder,
    namespaces: HashMap<&'i str, u32>,
    /// The last namespace that was asked for: those of neighbours are mostly the same.
    last: Option<(&'i Name, u32)>,
}

impl<'i> Builder<'i> {
    fn for_so_many(things: usize) -> Self {
        let mut topology = Topology::default();
        topology.records.reserve(things);
        topology.names.reserve(16 * things);
        Self {
            topology,
            edges: Vec::with_capacity(things + things / 2),
            index: HashTable::with_capacity(things),
            hasher: DefaultHashBuilder::default(),
            namespaces: HashMap::new(),
            last: None,
        }
    }

    fn finish(self) -> Topology {
        let Self { mut topology, edges, .. } = self;
        let (outgoing, incoming);
        (outgoing, topology.outgoing) = rows(topology.len(), &edges, |edge| (edge.from, edge.to));
        (incoming, topology.incoming) = rows(topology.len(), &edges, |edge| (edge.to, edge.from));
        for (record, (outgoing, incoming)) in topology.records.iter_mut().zip(outgoing.into_iter().zip(incoming)) {
            (record.outgoing, record.incoming) = (outgoing, incoming);
        }
        topology
    }

    fn relate(&mut self, from: Vertex, relation: Relation, to: Vertex) {
        self.edges.push(Edge { from, to, relation });
    }

    /// A thing that is not there yet and that nobody will ask for.
    fn push(&mut self, kept: Kept, name: &str) -> Vertex {
        let Topology { records, names, .. } = &mut self.topology;
        let at = Vertex::new(records.len());
        records.push(Record { kept, name: Vertex::new(names.len()).0, outgoing: 0, incoming: 0 });
        names.push_str(name);
        at
    }

    /// A thing that is not there yet.
    fn add(&mut self, kept: Kept, name: &str) -> Vertex {
        let hash = hash(&self.hasher, kept, name.as_bytes());
        self.add_hashed(hash, kept, name)
    }

    fn add_hashed(&mut self, hash: u64, kept: Kept, name: &str) -> Vertex {
        let at = self.push(kept, name);
        let Self { topology, index, hasher, .. } = self;
        index.insert_unique(hash, at, |at| {
            let name = &topology.names.as_bytes()[topology.name(*at)];
            self::hash(hasher, topology.records[at.index()].kept, name)
        });
        at
    }

    fn find_hashed(&self, hash: u64, kept: Kept, name: &str) -> Option<Vertex> {
        let Self { topology, index, .. } = self;
        let same = |at: &Vertex| {
            topology.names.as_bytes()[topology.name(*at)] == *name.as_bytes()
                && topology.records[at.index()].kept == kept
        };
        index.find(hash, same).copied()
    }

    fn find(&self, kept: Kept, name: &str) -> Option<Vertex> {
        self.find_hashed(hash(&self.hasher, kept, name.as_bytes()), kept, name)
    }

    fn find_or_add(&mut self, kept: Kept, name: &str) -> Vertex {
        let hash = hash(&self.hasher, kept, name.as_bytes());
        self.find_hashed(hash, kept, name).unwrap_or_else(|| self.add_hashed(hash, kept, name))
    }

    fn namespace(&mut self, name: &'i Name) -> u32 {
        if let Some((_, number)) = self.last.filter(|(last, _)| Arc::ptr_eq(last, name)) {
            return number;
        }
        let list = &mut self.topology.namespaces;
        let number = *self.namespaces.entry(name).or_insert_with(|| {
            list.push(name.clone());
            Vertex::new(list.len() - 1).0
        });
        self.last = Some((name, number));
        number
    }

    fn owner(&mut self, kind: &OwnerKind, namespace: &'i Name) -> Kept {
        let known = &mut self.topology.owner_kinds;
        let at = known.iter().position(|other| other == kind).unwrap_or_else(|| {
            known.push(kind.clone());
            known.len() - 1
        });
        Kept::Owner { kind: u16::try_from(at).unwrap_or(u16::MAX), namespace: self.namespace(namespace) }
    }

    fn add_nodes(&mut self, inventory: &Inventory, cluster: Vertex) {
        let mut servers = Vec::new();
        let mut kubelets = Vec::new();
        for node in inventory.nodes() {
            let at = self.add(Kept::Node, &node.name);
            self.relate(cluster, Relation::Holds, at);
            let mut own_server = None;
            let mut clients = Vec::new();
            for kind in kinds(inventory, node, is_master(inventory, node)) {
                let part = self.push(Kept::Component { kind, node: at }, "");
                self.relate(at, Relation::Holds, part);
                match kind {
                    ComponentKind::ApiServer => own_server = Some(part),
                    ComponentKind::Kubelet => kubelets.push(part),
                    ComponentKind::Scheduler | ComponentKind::ControllerManager | ComponentKind::Etcd => {
                        clients.push((kind, part));
                    }
                    ComponentKind::Proxy | ComponentKind::Runtime => {}
                }
            }
            let Some(server) = own_server else { continue };
            servers.push(server);
            for (kind, client) in clients {
                let (from, to) = if kind == ComponentKind::Etcd { (server, client) } else { (client, server) };
                self.relate(from, Relation::Talks, to);
            }
        }
        // A kubelet talks to one API server at a time, whichever its proxy picks: the first stands
        // for all, so that the graph grows with the cluster and not with its square.
        if let Some(server) = servers.first() {
            for kubelet in kubelets {
                self.relate(kubelet, Relation::Talks, *server);
            }
        }
    }

    fn add_owners(&mut self, inventory: &'i Inventory) {
        let mut ahead = false;
        let above = |owner: &Owner| owner.owner.as_ref().map_or(0, |(_, name)| first(name));
        each(
            inventory.owners(),
            |owner| first(&owner.key.name) + above(owner),
            |owner| {
                let kept = self.owner(&owner.kind, &owner.key.namespace);
                let name = &owner.key.name;
                // Most owners come after what owns them: only then can one be there before its turn.
                let at = if ahead { self.find_or_add(kept, name) } else { self.add(kept, name) };
                if let Some((kind, name)) = &owner.owner {
                    let above = self.owner(kind, &owner.key.namespace);
                    let known = self.topology.len();
                    let above = self.find_or_add(above, name);
                    ahead |= self.topology.len() > known;
                    self.relate(above, Relation::Owns, at);
                }
            },
        );
    }

    fn add_pods(&mut self, inventory: &'i Inventory, cluster: Vertex) {
        let links = |pod: &Pod| usize::from(pod.node.is_some()) + pod.owner.as_ref().map_or(0, |(_, name)| first(name));
        each(
            inventory.pods(),
            |pod| first(&pod.key.name) + links(pod),
            |pod| {
                let namespace = self.namespace(&pod.key.namespace);
                let at = self.add(Kept::Pod { namespace }, &pod.key.name);
                if let Some(name) = &pod.node {
                    let node = self.find(Kept::Node, name).unwrap_or_else(|| {
                        let node = self.add(Kept::Node, name);
                        self.relate(cluster, Relation::Holds, node);
                        node
                    });
                    self.relate(node, Relation::Holds, at);
                }
                if let Some((kind, name)) = pod.owner.as_ref().filter(|(kind, _)| *kind != OwnerKind::Node) {
                    let owner = self.owner(kind, &pod.key.namespace);
                    let owner = self.find_or_add(owner, name);
                    self.relate(owner, Relation::Owns, at);
                }
            },
        );
    }

    fn add_services(&mut self, inventory: &'i Inventory) {
        each(
            inventory.services(),
            |service| first(&service.key.name),
            |service| {
                let namespace = self.namespace(&service.key.namespace);
                self.add(Kept::Service { namespace }, &service.key.name);
            },
        );
        // All sets in turn, rather than those of each service: they are found where they lie.
        let pods = |set: &EndpointSet| -> usize {
            set.endpoints.iter().filter_map(|endpoint| endpoint.pod.as_ref()).map(|pod| first(pod)).sum()
        };
        each(
            inventory.endpoint_sets(),
            |set| first(&set.service) + pods(set),
            |set| {
                let namespace = self.namespace(&set.key.namespace);
                let Some(service) = self.find(Kept::Service { namespace }, &set.service) else { return };
                for endpoint in &set.endpoints {
                    let Some(pod) = &endpoint.pod else { continue };
                    if let Some(pod) = self.find(Kept::Pod { namespace }, pod) {
                        self.relate(pod, Relation::Answers { ready: endpoint.ready }, service);
                    }
                }
            },
        );
    }
}
