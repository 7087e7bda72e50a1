//! The graph of a cluster, and the figure that shows all of it.

mod fixture;

use std::collections::BTreeSet;

use fixture::{THREE_AND_TWO, changes, inventory};
use proptest::prelude::*;
use topology::{
    Inventory,
    figure::lanes,
    graph::{Relation, Thing, Topology},
};

fn name(thing: Thing) -> String {
    match thing {
        Thing::Cluster => "cluster".into(),
        Thing::Node(name) => name.into(),
        Thing::Component(node, kind) => format!("{}@{node}", kind.program()),
        Thing::Owner(kind, _, name) => format!("{} {name}", kind.word()),
        Thing::Pod(_, name) => format!("pod {name}"),
        Thing::Service(_, name) => format!("service {name}"),
    }
}

/// What leads to what, but for what every node has.
fn relations(topology: &Topology) -> BTreeSet<String> {
    let word = |relation| match relation {
        Relation::Holds => "holds",
        Relation::Owns => "owns",
        Relation::Answers { ready: true } => "answers",
        Relation::Answers { ready: false } => "waits for",
        Relation::Talks => "talks to",
    };
    let of = |at| topology.from(at).map(move |(to, relation)| (at, relation, to));
    let line = |(from, relation, to)| {
        format!("{} {} {}", name(topology.thing(from)), word(relation), name(topology.thing(to)))
    };
    topology.vertices().flat_map(of).map(line).filter(|line| !line.contains('@')).collect()
}

#[test]
fn a_thing_is_once_in_the_graph_whoever_names_it() {
    let facts = inventory(
        "node n1
         pod web-1 on n1 of ReplicaSet/web-5d ready
         pod web-2 on lost of ReplicaSet/web-5d
         service web 1/2 over web-1,web-2",
    );
    let topology = Topology::of(&facts);
    let told = relations(&topology);
    let expected = [
        "ReplicaSet web-5d owns pod web-1",
        "ReplicaSet web-5d owns pod web-2",
        "cluster holds lost",
        "cluster holds n1",
        "lost holds pod web-2",
        "n1 holds pod web-1",
        "pod web-1 answers service web",
        "pod web-2 waits for service web",
    ];
    assert_eq!(told, BTreeSet::from(expected.map(str::to_owned)));
}

#[test]
fn what_leads_to_a_thing_is_what_things_lead_to() {
    let topology = Topology::of(&inventory(THREE_AND_TWO));
    let mut there: Vec<_> = Vec::new();
    let mut back: Vec<_> = Vec::new();
    for at in topology.vertices() {
        there.extend(topology.from(at).map(|(to, relation)| (at, to, format!("{relation:?}"))));
        back.extend(topology.to(at).map(|(from, relation)| (from, at, format!("{relation:?}"))));
    }
    there.sort();
    back.sort();
    assert_eq!(there.len(), topology.relations());
    assert_eq!(there, back);
}

#[test]
fn everything_of_three_masters_and_two_nodes() {
    let (scene, crossings) = lanes(&Topology::of(&inventory(THREE_AND_TWO)));
    let ids: BTreeSet<&str> = scene.marks.iter().map(|mark| mark.id.as_str()).collect();
    assert_eq!(ids.len(), scene.marks.len(), "an id stands twice");
    assert_eq!(crossings, 26);
    insta::with_settings!({ omit_expression => true }, {
        insta::assert_binary_snapshot!(".svg", scene::document(&scene).into_bytes());
    });
}

proptest! {
    #[test]
    fn the_order_of_facts_does_not_move_anything(seed in any::<u64>()) {
        let straight = changes(THREE_AND_TWO);
        let mut shuffled = straight.clone();
        let mut state = seed | 1;
        for n in (1..shuffled.len()).rev() {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            shuffled.swap(n, usize::try_from(state >> 33).unwrap() % (n + 1));
        }
        let draw = |changes: Vec<topology::Change>| {
            let mut facts = Inventory::default();
            changes.into_iter().for_each(|change| { facts.apply(change); });
            lanes(&Topology::of(&facts))
        };
        prop_assert_eq!(draw(straight), draw(shuffled));
    }
}
