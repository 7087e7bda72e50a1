//! petgraph's algorithms on the graph as it lies.

#[expect(dead_code, reason = "of the fixture only its language is used here")]
mod fixture;

use fixture::inventory;
use petgraph::{
    Direction, algo,
    visit::{
        Bfs, EdgeCount, EdgeRef, IntoEdgeReferences, IntoEdgesDirected, IntoNeighbors, IntoNodeReferences, VisitMap,
        Visitable,
    },
};
use topology::{
    Change,
    graph::{Thing, Topology, Vertex},
    inventory::{Fact, Key, Labels, Owner, OwnerKind},
};

/// Two hosts with a pod each, and a service over both.
const DIAMOND: &str = "
    node n1
    node n2
    pod a on n1 of ReplicaSet/web ready
    pod b on n2 of ReplicaSet/web ready
    service web 2/2 over a,b
";

fn at(topology: &Topology, wanted: Thing<'_>) -> Vertex {
    topology.vertices().find(|at| topology.thing(*at) == wanted).expect("a thing")
}

#[test]
fn every_relation_is_seen_from_both_ends() {
    let topology = Topology::of(&inventory(DIAMOND));
    let all: Vec<_> = topology.edge_references().collect();
    assert_eq!((all.len(), topology.edge_count()), (topology.relations(), topology.relations()));
    for arrow in all {
        assert!(topology.edges_directed(arrow.target(), Direction::Incoming).any(|other| other == arrow));
        assert!((&topology).neighbors(arrow.source()).any(|other| other == arrow.target()));
    }
    assert_eq!(topology.node_references().count(), topology.len());
}

#[test]
fn reach_order_and_dominators_are_petgraphs() {
    let topology = Topology::of(&inventory(DIAMOND));
    let [n1, a, service] =
        [Thing::Node("n1"), Thing::Pod("default", "a"), Thing::Service("default", "web")].map(|one| at(&topology, one));
    let mut walk = Bfs::new(&topology, n1);
    let reached: Vec<Vertex> = std::iter::from_fn(|| walk.next(&topology)).collect();
    assert!(reached.contains(&a) && reached.contains(&service));
    assert!(!reached.contains(&at(&topology, Thing::Node("n2"))));
    let order = algo::toposort(&topology, None).expect("no circle");
    let place = |wanted| order.iter().position(|at| *at == wanted);
    assert!(place(n1) < place(a) && place(a) < place(service));
    let root = topology.root().expect("the cluster");
    let dominators = algo::dominators::simple_fast(&topology, root);
    assert_eq!(dominators.immediate_dominator(a), Some(n1));
    assert_eq!(dominators.immediate_dominator(service), Some(root), "two ways lead there");
}

#[test]
fn owners_that_own_each_other_are_one_circle() {
    let mut facts = inventory("");
    for (above, below) in [("a", "b"), ("b", "a"), ("b", "c")] {
        facts.apply(Change::Put(Fact::Owner(Owner {
            kind: OwnerKind::ReplicaSet,
            key: Key::new("default", below),
            owner: Some((OwnerKind::ReplicaSet, above.into())),
            wanted: 1,
            ready: 1,
            active: 0,
            labels: Labels::default(),
            created: fixture::NOW,
        })));
    }
    let topology = Topology::of(&facts);
    let circles: Vec<usize> = algo::tarjan_scc(&topology).iter().map(Vec::len).filter(|len| *len > 1).collect();
    assert_eq!(circles, [2]);
    assert!(algo::toposort(&topology, None).is_err());
}

#[test]
fn a_map_of_what_was_seen_is_used_again() {
    let topology = Topology::of(&inventory(DIAMOND));
    let mut seen = topology.visit_map();
    let n1 = at(&topology, Thing::Node("n1"));
    assert!(seen.visit(n1) && !seen.visit(n1) && seen.is_visited(&n1));
    assert!(seen.unvisit(n1) && !seen.is_visited(&n1));
    seen.visit(n1);
    topology.reset_map(&mut seen);
    assert!(!seen.is_visited(&n1));
}
