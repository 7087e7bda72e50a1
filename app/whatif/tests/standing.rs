//! Standing answers that are kept fresh are the same as those that are worked out from nothing.

#[expect(dead_code, reason = "no single part is looked at here")]
mod fixture;

#[path = "oracle/cluster.rs"]
#[expect(dead_code, reason = "only its dice are used here")]
mod cluster;

mod life;

use cluster::Dice;
use fixture::NOW;
use topology::{
    Change, Inventory, Stamp,
    inventory::{Fact, Key},
};
use whatif::{Standing, losses};

/// Clusters of each kind. One has 25 changes, so that each kind of change happens ten times and more.
const SEEDS: u64 = 12;

/// Lives through so many changes, and gives how many answers were kept and how many there were.
fn lived(mut facts: Inventory, seed: u64, changes: u32) -> (usize, usize) {
    let mut dice = Dice(seed * 15_485_863);
    let mut standing = Standing::default();
    let (mut kept, mut all) = (0, 0);
    let mut said = vec!["the beginning".to_owned()];
    let mut now = NOW;
    for _ in 0..changes {
        let fresh = standing.renew(&facts, now);
        let anew = losses(&facts, now);
        assert!(fresh == anew, "seed {seed}, after {said:?}:\n{fresh:#?}\n{anew:#?}");
        let count = anew.single.len() + anew.pairs.len();
        (kept, all) = (kept + count - standing.asked(), all + count);
        // Now and then several things happen before anybody asks, and time passes.
        for _ in 0..1 + dice.throw(3) / 2 {
            said.push(life::happens(&mut facts, &mut dice));
        }
        if dice.throw(10) == 0 {
            now = Stamp(now.0 + 20_000);
        }
    }
    (kept, all)
}

#[test]
fn kept_answers_equal_new_ones_in_clusters_with_little_room() {
    for seed in 1..=SEEDS {
        lived(life::made(seed), seed, 25);
    }
}

#[test]
fn kept_answers_equal_new_ones_in_clusters_with_much_room() {
    let (mut kept, mut all) = (0, 0);
    for seed in 1..=SEEDS {
        let life = lived(life::roomy(seed), seed, 25);
        (kept, all) = (kept + life.0, all + life.1);
    }
    assert!(kept * 20 > all, "only {kept} of {all} were kept");
}

#[test]
fn nothing_is_asked_anew_where_nothing_has_changed() {
    let facts = fixture::with_masters(
        "host n1 cpu=8\nhost n2 cpu=8\nhost n3 cpu=8\npod web on n1 of ReplicaSet/web app=web\nservice web over web",
    );
    let mut standing = Standing::default();
    standing.renew(&facts, NOW);
    assert_eq!(standing.asked(), 9, "six hosts, and three pairs of masters");
    standing.renew(&facts, NOW);
    assert_eq!(standing.asked(), 0);
}

#[test]
fn a_pod_that_changes_asks_only_for_its_own_host_anew() {
    let mut text = String::new();
    for host in 0..12 {
        text +=
            &format!("host n{host} cpu=16\npod web{host} on n{host} of ReplicaSet/web{host} app=web{host} cpu=100\n");
        text += &format!("service web{host} over web{host}\n");
    }
    text += "host spare cpu=64\n";
    let mut facts = fixture::with_masters(&text);
    let mut standing = Standing::default();
    standing.renew(&facts, NOW);
    let mut pod = facts.pod(&Key::new("default", "web7")).expect("a pod").clone();
    pod.ready = false;
    facts.apply(Change::Put(Fact::Pod(Box::new(pod))));
    assert_eq!(standing.renew(&facts, NOW), losses(&facts, NOW));
    assert_eq!(standing.asked(), 1);
}
