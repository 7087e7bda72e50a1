//! etcd by its own word, on the figure and in the first sentence.

mod fixture;

use fixture::{NOW, THREE_AND_TWO, inventory, line};
use scene::{Health, Mark};
use topology::{
    Inventory,
    figure::{Drawing, View},
};

const THREE: &str = "node m1 master\nnode m2 master\nnode m3 master\n";

fn drawn(inventory: &Inventory) -> (String, Vec<Mark>) {
    let drawing = Drawing::draw(inventory, &View::default(), NOW);
    (drawing.sentence().iter().map(|phrase| phrase.text.as_str()).collect(), drawing.scene().marks)
}

fn chip(marks: &[Mark], node: &str) -> Option<(Health, String)> {
    let mark = marks.iter().find(|mark| mark.id.to_string() == format!("chip/{node}/etcd"))?;
    Some((mark.health.expect("a health"), mark.title.clone()))
}

#[test]
fn members_outside_of_kubernetes_have_chips_that_say_who_leads() {
    let (sentence, marks) = drawn(&inventory(&format!("{THREE}etcd m1 m2:leads m3\n")));
    assert!(sentence.contains("etcd 3/3"), "{sentence}");
    for (node, words) in [("m1", "follows the leader"), ("m2", "it leads"), ("m3", "follows the leader")] {
        let (health, said) = chip(&marks, node).expect("a chip");
        assert!(health == Health::Ok && said.contains(words), "{node}: {said}");
    }
}

#[test]
fn without_etcds_own_word_there_is_no_chip_where_no_pod_is() {
    let (sentence, marks) = drawn(&inventory(THREE));
    assert!(sentence.contains("etcd answers the API server") && chip(&marks, "m1").is_none(), "{sentence}");
}

#[test]
fn what_may_still_be_lost_is_said_and_who_cannot_be_asked_is_unknown() {
    let (sentence, marks) = drawn(&inventory(&format!("{THREE}etcd m1:leads m2 m3:away\n")));
    assert!(sentence.contains("etcd 2/3 and may lose none"), "{sentence}");
    let (health, said) = chip(&marks, "m3").expect("a chip");
    assert!(health == Health::Unknown && said.contains("nothing listens there"), "{said}");
    let mut facts = inventory(&format!("{THREE}etcd m1:leaderless m2:away m3:away\n"));
    let (sentence, _) = drawn(&facts);
    assert!(sentence.contains("etcd 0/3, 2 not responding"), "the API server says that etcd is well: {sentence}");
    facts.apply(topology::Change::Checks([("etcd".into(), false)].into()));
    let (sentence, marks) = drawn(&facts);
    assert!(sentence.contains("etcd 0/3, no quorum"), "{sentence}");
    assert_eq!(chip(&marks, "m1").expect("a chip").0, Health::Bad);
}

#[test]
fn a_pod_that_is_ready_does_not_hide_a_member_that_is_not_well() {
    let (sentence, marks) = drawn(&inventory(&format!("{THREE_AND_TWO}etcd host1:corrupt host2:leads host3:lags\n")));
    assert!(sentence.contains("etcd 3/3, etcd: members hold different data"), "{sentence}");
    assert_eq!(chip(&marks, "host1").expect("a chip").0, Health::Bad);
    assert_eq!(chip(&marks, "host2").expect("a chip").0, Health::Ok);
    assert_eq!(chip(&marks, "host3").expect("a chip").0, Health::Warn);
}

#[test]
fn a_learner_has_no_vote() {
    let (sentence, marks) = drawn(&inventory(&format!("{THREE}etcd m1:leads m2:learns m3:learns\n")));
    assert!(sentence.contains("etcd 1/1"), "{sentence}");
    assert!(chip(&marks, "m2").expect("a chip").1.contains("has no vote yet"));
}

#[test]
fn what_was_said_too_long_ago_is_stale_and_counts_no_more() {
    let (sentence, marks) = drawn(&inventory(&format!("{THREE}etcd m1:leads m2 m3 silent\n")));
    let (health, said) = chip(&marks, "m1").expect("a chip");
    assert!(health == Health::Stale && said.contains("no member answers"), "{said}");
    assert!(!sentence.contains("etcd 3/3"), "{sentence}");
}

#[test]
fn numbers_that_grow_touch_their_nodes_alone_and_a_new_leader_everything() {
    let mut inventory = inventory(&format!("{THREE}node n1\netcd m1:leads m2 m3\n"));
    let touched = |inventory: &mut Inventory, words: &str| {
        let changes = line(words);
        changes.into_iter().map(|change| inventory.apply(change)).next().expect("a change")
    };
    assert!(touched(&mut inventory, "etcd m1:leads m2 m3").is_nothing());
    let mut grown = line("etcd m1:leads m2 m3").remove(0);
    if let topology::Change::Etcd(etcd) = &mut grown {
        let etcd = std::sync::Arc::make_mut(etcd);
        for member in &mut etcd.members {
            if let topology::inventory::EtcdStanding::Told(told) = &mut member.standing {
                told.revision += 1;
            }
        }
    }
    let grown = inventory.apply(grown);
    assert!(!grown.all && !grown.around && grown.nodes.len() == 3, "{grown:?}");
    assert!(touched(&mut inventory, "etcd m1 m2:leads m3").all);
}
