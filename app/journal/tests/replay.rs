//! Any life of a cluster, recorded and replayed, is the same life.

#[path = "../../topology/tests/fixture/mod.rs"]
mod fixture;

use std::collections::BTreeSet;

use fixture::{NOW, THREE_AND_TWO, inventory, line};
use journal::{Block, BlockError, Content, Record, Recorder, Replay, ReplayError, open, seal};
use proptest::prelude::*;
use topology::{
    Change, Inventory, Stamp,
    figure::{Drawing, Figure, View},
    inventory::{Fact, Heard, Key, Source},
};

/// A step of a life: how long after the last, and what.
#[derive(Clone, Debug)]
enum Step {
    Line(String),
    Renew(usize),
    Cut(usize),
    Live(usize),
    Relist,
    Look,
}

fn step() -> impl Strategy<Value = Step> {
    let word = |words: &'static [&'static str]| prop::sample::select(words);
    let pod =
        (0..6_u8, word(&["m1", "m2", "n1", "n2", "n9"]), word(&["ready", "crashing", "pending", "failed", "leaving"]))
            .prop_map(|(n, node, state)| Step::Line(format!("pod web-{n} on {node} of ReplicaSet/web-5d {state}")));
    let gone = (0..6_u8).prop_map(|n| Step::Line(format!("gone pod web-{n}")));
    let node = (word(&["m1", "m2", "n1", "n2", "n3"]), word(&["", "cordoned", "lost", "unready", "silent"]))
        .prop_map(|(node, state)| Step::Line(format!("node {node} {state}")));
    let leader = (word(&["kube-scheduler", "kube-controller-manager"]), word(&["m1", "m2", "m3", "-"]))
        .prop_map(|(what, who)| Step::Line(format!("leader {what} {who}")));
    let service = (0..4_u8).prop_map(|ready| Step::Line(format!("service web {ready}/4")));
    prop_oneof![
        6 => pod,
        2 => gone,
        2 => node,
        1 => leader,
        1 => service,
        6 => (0..64_usize).prop_map(Step::Renew),
        1 => (0..13_usize).prop_map(Step::Cut),
        1 => (0..13_usize).prop_map(Step::Live),
        1 => Just(Step::Relist),
        4 => Just(Step::Look),
    ]
}

/// A cluster that lives, and what was recorded of it.
struct Life {
    live: Inventory,
    now: Stamp,
    recorder: Recorder,
    blocks: Vec<Block>,
    number: u64,
}

impl Life {
    fn new() -> Self {
        let live = inventory(THREE_AND_TWO);
        let mut life = Self { live, now: NOW, recorder: Recorder::new(NOW), blocks: Vec::new(), number: 0 };
        life.checkpoint();
        life
    }

    fn checkpoint(&mut self) {
        let records: Vec<Record> =
            self.live.changes().into_iter().map(|change| Record { at: self.now, change }).collect();
        self.blocks.push(seal(Content::Whole, self.number, &records).expect("it is sealed"));
    }

    fn tell(&mut self, change: Change) {
        self.recorder.take(&self.live, &change, self.now);
        self.live.apply(change);
    }

    fn look(&mut self) {
        let records = self.recorder.give(&self.live, self.now);
        if !records.is_empty() {
            self.blocks.push(seal(Content::Changes, self.number, &records).expect("it is sealed"));
            self.number += records.len() as u64;
        }
    }

    fn go(&mut self, step: &Step) {
        match step {
            // Fixtures are of the moment NOW: their leases and heartbeats move with the clock.
            Step::Line(text) => line(text).into_iter().for_each(|change| {
                let change = later(change, self.now.since(NOW));
                self.tell(change);
            }),
            Step::Renew(which) => {
                let leases: Vec<_> = ["kube-node-lease", "kube-system"]
                    .into_iter()
                    .flat_map(|namespace| self.live.leases_in(namespace).cloned().collect::<Vec<_>>())
                    .collect();
                if let Some(mut lease) = leases.get(which % leases.len().max(1)).cloned() {
                    lease.renewed = Some(self.now);
                    self.tell(Change::Put(Fact::Lease(lease)));
                }
            }
            Step::Cut(which) => {
                let heard = Heard::Stale { since: self.now, reason: "the line is cut".into() };
                self.tell(Change::Heard(Source::ALL[*which], heard));
            }
            Step::Live(which) => self.tell(Change::Heard(Source::ALL[*which], Heard::Live)),
            Step::Relist => {
                let pods: Vec<Key> = self.live.pods().map(|pod| pod.key.clone()).collect();
                for key in &pods {
                    let pod = self.live.pod(key).expect("a pod").clone();
                    self.tell(Change::Put(Fact::Pod(Box::new(pod))));
                }
                self.tell(Change::Whole(Source::Pods, pods.into_iter().skip(1).collect()));
            }
            Step::Look => self.look(),
        }
    }
}

fn later(mut change: Change, by: i64) -> Change {
    let move_on = |stamp: &mut Option<Stamp>| *stamp = stamp.map(|stamp| Stamp(stamp.0 + by));
    match &mut change {
        Change::Put(Fact::Lease(lease)) => move_on(&mut lease.renewed),
        Change::Put(Fact::Node(node)) => {
            node.conditions.iter_mut().for_each(|condition| move_on(&mut condition.heartbeat));
        }
        _ => {}
    }
    change
}

fn replayed(blocks: &[Block], t: Stamp) -> Replay {
    let at =
        blocks.iter().rposition(|block| block.content == Content::Whole && block.first <= t).expect("a whole block");
    let (block, records) = open(&blocks[at].bytes).expect("it opens");
    let mut replay = Replay::of(&block, records);
    for block in &blocks[at + 1..] {
        let (block, records) = open(&block.bytes).expect("it opens");
        replay.go_on(&block, records, t).expect("it goes on");
    }
    replay
}

/// As it is when every renewal in time came right now.
fn renewed(mut inventory: Inventory, t: Stamp) -> Inventory {
    let leases: BTreeSet<Key> = ["kube-node-lease", "kube-system"]
        .into_iter()
        .flat_map(|namespace| inventory.leases_in(namespace).filter(|lease| lease.is_in_time(t)))
        .map(|lease| lease.key.clone())
        .collect();
    let nodes = inventory.nodes().filter(|node| node.beats_in_time(t)).map(|node| Key::new("", node.name.clone()));
    let nodes: BTreeSet<Key> = nodes.collect();
    inventory.renew(&leases, &nodes, t);
    inventory
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 30, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_past_is_drawn_as_it_was_drawn_live(
        steps in prop::collection::vec((0..20_000_i64, step()), 1..80),
        checkpoint in 0..80_usize,
    ) {
        let mut life = Life::new();
        let mut moments = vec![(life.now, life.live.clone())];
        for (n, (pause, step)) in steps.iter().enumerate() {
            life.now.0 += pause;
            life.go(step);
            if n == checkpoint {
                life.look();
                life.checkpoint();
            }
            match moments.last_mut() {
                Some((at, live)) if *at == life.now => live.clone_from(&life.live),
                _ => moments.push((life.now, life.live.clone())),
            }
        }
        life.look();
        for (t, live) in &moments {
            let mut replay = replayed(&life.blocks, *t);
            let past = replay.moment(*t);
            for figure in [Figure::Architecture, Figure::Networking] {
                let view = View { figure, ..View::default() };
                let drawn = |inventory: &Inventory| scene::document(&Drawing::draw(inventory, &view, *t).scene());
                prop_assert_eq!(drawn(past), drawn(live), "at {}", t.0);
            }
            prop_assert!(*past == renewed(live.clone(), *t), "the facts differ at {}", t.0);
        }
    }

    #[test]
    fn what_was_cut_or_altered_does_not_open(at in any::<prop::sample::Index>(), bit in 0..8_u8, cut in any::<bool>()) {
        let life = Life::new();
        let mut bytes = life.blocks[0].bytes.clone();
        let at = at.index(bytes.len());
        if cut { bytes.truncate(at) } else { bytes[at] ^= 1 << bit }
        prop_assert!(open(&bytes).is_err());
    }

    #[test]
    fn bytes_of_any_kind_are_refused_and_nothing_falls_over(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let mut headed = b"BNJ\x01".to_vec();
        headed.extend_from_slice(&bytes);
        prop_assert!(open(&bytes).is_err() && open(&headed).is_err());
    }
}

#[test]
fn renewals_and_lists_of_what_is_known_make_no_record() {
    let mut life = Life::new();
    for _ in 0..100 {
        life.now.0 += 1_000;
        for which in 0..16 {
            life.go(&Step::Renew(which));
        }
        let known: BTreeSet<Key> = life.live.pods().map(|pod| pod.key.clone()).collect();
        for key in &known {
            let pod = life.live.pod(key).unwrap().clone();
            life.tell(Change::Put(Fact::Pod(Box::new(pod))));
        }
        life.tell(Change::Whole(Source::Pods, known));
        life.look();
    }
    assert_eq!(life.number, 0);
    assert_eq!(life.blocks.len(), 1);
}

#[test]
fn a_lost_block_is_noticed() {
    let mut life = Life::new();
    for n in 0..3 {
        life.now.0 += 1_000;
        life.go(&Step::Line(format!("pod web-{n} on n1 of ReplicaSet/web-5d ready")));
        life.look();
    }
    let (block, records) = open(&life.blocks[0].bytes).unwrap();
    let mut replay = Replay::of(&block, records);
    let (block, records) = open(&life.blocks[2].bytes).unwrap();
    let lost = replay.go_on(&block, records, life.now);
    assert!(matches!(lost, Err(ReplayError::Lost { from: 0, .. })), "{lost:?}");
}

#[test]
fn a_block_of_a_later_format_says_so() {
    let mut bytes = Life::new().blocks[0].bytes.clone();
    bytes[3] = 9;
    assert_eq!(open(&bytes).unwrap_err(), BlockError::Newer(9));
}
