//! A change takes few bytes: a rolling update of many pods, as the API server tells it.

use std::sync::Arc;

use journal::{Content, Record, open, seal};
use topology::{
    Change, Stamp,
    inventory::{Fact, Key, Labels, Name, OwnerKind, Phase, Pod, Source},
};

/// As many as a merged block has.
const BLOCK: usize = 2_048;

/// Numbers without an order, the same in each run.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % below
    }

    fn letters(&mut self, count: usize) -> String {
        (0..count).map(|_| char::from(b"bcdfghjklmnpqrstvwxz2456789"[self.next(27) as usize])).collect()
    }
}

fn pod(numbers: &mut Numbers, owner: u64, created: Stamp) -> Pod {
    let set = format!("app-{owner}-{:x}", owner * 7_919 + 0x5d5d_0000);
    let labels = [("app", format!("app-{owner}")), ("pod-template-hash", set.clone()), ("tier", "backend".to_owned())];
    Pod {
        key: Key::new(format!("team-{}", owner % 40), format!("{set}-{}", numbers.letters(5))),
        node: None,
        phase: Phase::Pending,
        ready: false,
        containers_ready: 0,
        containers: 2,
        restarts: 0,
        reason: "".into(),
        owner: Some((OwnerKind::ReplicaSet, set.as_str().into())),
        host_network: false,
        addresses: Vec::new(),
        created,
        leaving: false,
        further: None,
        mirror: false,
        component: None,
        labels: Labels::new(labels.map(|(name, value)| (Name::from(name), value.as_str().into()))),
        images: Arc::from([
            Name::from(format!("registry.lab/app-{owner}:v1.{}", owner % 9).as_str()),
            "proxy:2".into(),
        ]),
        networks: None,
        shape: Arc::default(),
        claims: Arc::default(),
        pin: None,
    }
}

/// New, bound, starting, addressed, one container, ready; and an old one: leaving, not ready, gone.
fn rolling(pods: u64) -> Vec<Record> {
    let (mut numbers, mut at, mut records) = (Numbers(7), 1_764_000_000_000, Vec::new());
    let mut under_way: Vec<(Pod, u8)> = Vec::new();
    let mut begun = 0;
    while begun < pods || !under_way.is_empty() {
        at += i64::try_from(numbers.next(120)).expect("a small number");
        if begun < pods && (under_way.len() < 40 || numbers.next(4) == 0) {
            let owner = numbers.next(300);
            under_way.push((pod(&mut numbers, owner, Stamp(at / 1000 * 1000)), 0));
            begun += 1;
        }
        let which = numbers.next(under_way.len() as u64) as usize;
        let (pod, step) = &mut under_way[which];
        *step += 1;
        match *step {
            1 => {}
            2 => pod.node = Some(format!("node-{}", numbers.next(1_000)).as_str().into()),
            3 => pod.reason = "ContainerCreating".into(),
            4 => {
                let address = format!("10.{}.{}.{}", 64 + numbers.next(8), numbers.next(256), numbers.next(256));
                (pod.addresses, pod.reason, pod.phase) = (vec![address.as_str().into()], "".into(), Phase::Running);
            }
            5 => pod.containers_ready = 1,
            6 => (pod.containers_ready, pod.ready) = (2, true),
            7 => (pod.leaving, pod.ready) = (true, false),
            _ => {
                records.push(Record { at: Stamp(at), change: Change::Gone(Source::Pods, pod.key.clone()) });
                under_way.swap_remove(which);
                continue;
            }
        }
        records.push(Record { at: Stamp(at), change: Change::Put(Fact::Pod(Box::new(pod.clone()))) });
    }
    records
}

#[test]
fn a_change_of_a_rolling_update_takes_at_most_20_bytes() {
    let records = rolling(4_000);
    let mut number = 0;
    let mut taken = 0;
    for block in records.chunks(BLOCK) {
        let sealed = seal(Content::Changes, number, block).unwrap();
        assert!(open(&sealed.bytes).unwrap().1 == block, "what is read is not what was written");
        taken += sealed.bytes.len();
        number += block.len() as u64;
    }
    let each = taken as f64 / records.len() as f64;
    println!("{} changes, {taken} bytes, {each:.1} a change", records.len());
    assert!(each <= 20.0, "{each:.1} bytes a change");
}

#[test]
fn a_large_fact_that_alters_again_and_again_is_read_as_it_was_written() {
    let mut pod = pod(&mut Numbers(7), 1, Stamp(1_764_000_000_000));
    pod.addresses = vec!["10.0.0.1".into(); 50_000];
    let mut records: Vec<Record> = (0..100)
        .map(|n| {
            pod.restarts = n;
            Record { at: pod.created, change: Change::Put(Fact::Pod(Box::new(pod.clone()))) }
        })
        .collect();
    records.push(Record { at: pod.created, change: Change::Gone(Source::Pods, pod.key.clone()) });
    let sealed = seal(Content::Changes, 0, &records).unwrap();
    assert!(open(&sealed.bytes).unwrap().1 == records);
}
