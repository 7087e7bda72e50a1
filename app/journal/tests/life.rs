//! The history of one thing, from records.

#[path = "../../topology/tests/fixture/mod.rs"]
mod fixture;

use fixture::{NOW, THREE_AND_TWO, inventory, line};
use journal::{Content, Life, Record, Thing, seal, unpack};
use topology::{
    Change, Stamp,
    inventory::{Heard, Limit, Scope, Source},
};

fn at(seconds: i64) -> Stamp {
    Stamp(NOW.0 + seconds * 1_000)
}

fn whole(text: &str) -> Vec<Record> {
    inventory(text).changes().into_iter().map(|change| Record { at: NOW, change }).collect()
}

/// The life of a thing through lines a second apart.
fn life(thing: &str, lines: &[&str]) -> Vec<String> {
    let mut life = Life::of(thing.parse().expect("a thing"));
    life.whole(&whole(THREE_AND_TWO), NOW, None);
    for (text, seconds) in lines.iter().zip(1_i64..) {
        let changes: Vec<Change> = line(text);
        changes.into_iter().for_each(|change| take(&mut life, &Record { at: at(seconds), change }));
    }
    told(life)
}

/// Takes a record, and finds out whether its block could have been passed over.
fn take(life: &mut Life, record: &Record) {
    let before = life.clone().events().len();
    let block = seal(Content::Changes, 0, std::slice::from_ref(record)).expect("it is sealed");
    let mentioned = unpack(&block.bytes).expect("it is whole").mentions(&life.texts());
    life.take(record);
    assert!(mentioned || life.clone().events().len() == before, "{record:?} was passed over");
}

fn told(life: Life) -> Vec<String> {
    let words = life.events().into_iter();
    words.map(|event| format!("{}: {}", event.at.since(NOW) / 1_000, event.what.join("; "))).collect()
}

#[test]
fn a_pod_has_its_hosts_states_and_faults() {
    let lines = [
        "pod sgw-a on host4 of Deployment/vepc-sgw crashing",
        "pod sgw-b on host4 of Deployment/vepc-sgw crashing",
        "pod sgw-a on host4 of Deployment/vepc-sgw leaving",
        "gone pod sgw-a",
        "pod sgw-a on host5 of Deployment/vepc-sgw image sgw:2 ready",
    ];
    let expected = [
        "0: there already: new, on host4, running and ready",
        "1: no longer ready; fault none, now CrashLoopBackOff; restarts 0, now 14; 0 of 1 containers ready",
        "3: deletion was asked for; fault CrashLoopBackOff, now none",
        "4: gone",
        "5: new, on host5; running and ready; images sgw:2",
    ];
    assert_eq!(life("pod/default/sgw-a", &lines), expected);
}

#[test]
fn a_host_and_a_service_have_theirs() {
    let lines = ["node host5 lost", "service ims-hss 0/2", "node host5 cordoned", "service ims-hss 2/2"];
    let host = [
        "0: there already: new, kubelet v1.34.4",
        "1: Ready True, now Unknown",
        "3: Ready Unknown, now True; cordoned",
    ];
    assert_eq!(life("node/host5", &lines), host);
    let service = ["0: there already: new, ClusterIP", "2: ready endpoints 1, now 0", "4: ready endpoints 0, now 2"];
    assert_eq!(life("service/default/ims-hss", &lines), service);
}

#[test]
fn a_change_within_a_gap_is_told_as_not_seen() {
    let mut life = Life::of("pod/default/mme-0".parse().expect("a thing"));
    life.whole(&whole(THREE_AND_TWO), NOW, None);
    let after = format!("{THREE_AND_TWO}\npod mme-0 on host5 of StatefulSet/vepc-mme ready");
    life.whole(&whole(&after), at(600), Some(at(5)));
    let expected = [
        "0: there already: new, on host4, running and ready",
        "600: between 2023-11-14 22:13:25 UTC and now, not seen: on host5",
    ];
    assert_eq!(told(life), expected);
}

#[test]
fn a_block_of_other_things_is_passed_over_and_a_cut_is_not() {
    let mut life = Life::of("pod/default/mme-0".parse().expect("a thing"));
    life.whole(&whole(THREE_AND_TWO), NOW, None);
    let block = |change| seal(Content::Changes, 0, &[Record { at: at(1), change }]).expect("it is sealed");
    for change in line("pod sgw-a on host4 of Deployment/vepc-sgw crashing") {
        assert!(!unpack(&block(change).bytes).expect("it is whole").mentions(&life.texts()));
    }
    let cut = Change::Heard(Source::Pods, Heard::Stale { since: at(1), reason: "no answer".into() });
    take(&mut life, &Record { at: at(1), change: cut });
    let refused = Change::Heard(Source::Pods, Heard::Forbidden { permission: "watch pods".into() });
    take(&mut life, &Record { at: at(2), change: refused });
    let expected = [1, 2].map(|second| format!("{second}: the watch of pods is cut: what follows was learnt later"));
    assert_eq!(told(life)[1..], expected);
}

#[test]
fn what_is_out_of_sight_after_a_gap_is_not_gone() {
    let hidden = |change: Change| {
        let mut life = Life::of("pod/default/mme-0".parse().expect("a thing"));
        life.whole(&whole(THREE_AND_TWO), NOW, None);
        life.whole(&[Record { at: at(600), change }], at(600), Some(at(5)));
        life.whole(&whole(THREE_AND_TWO), at(1_200), Some(at(1_000)));
        told(life)
    };
    let scope = Change::Scope(Scope::Only { names: ["elsewhere".into()].into(), by: Limit::Role, left: 0 });
    let refused = Change::Heard(Source::Pods, Heard::Forbidden { permission: "list pods".into() });
    for change in [scope, refused] {
        let told = hidden(change);
        assert_eq!(told[1..], ["600: not known any more: pods of that place cannot be seen"], "{told:?}");
    }
    let told = hidden(Change::Heard(Source::Pods, Heard::Live));
    assert!(told[1].ends_with("not seen: gone"), "{told:?}");
}

#[test]
fn what_names_no_thing_is_refused() {
    for odd in ["", "pod/web", "node/", "secret/a/b", "pod/a/b/c"] {
        assert!(odd.parse::<Thing>().is_err(), "{odd}");
    }
}
