//! The same facts make the same incidents, however they are grouped and however often they are looked at.

mod life;

use std::collections::BTreeMap;

use incident::Incident;
use life::{Life, cut, mended};
use proptest::prelude::*;
use topology::{Change, Stamp};

/// Something that happens at one moment, to things that have nothing to do with each other.
fn happening() -> impl Strategy<Value = Vec<String>> {
    let node = (1..6_u8, prop_oneof!["", "lost", "unready", "silent", "untold"]).prop_map(|(host, state)| {
        let master = if host < 4 { "master" } else { "" };
        format!("node host{host} {master} {state}")
    });
    let pod = (0..4_usize, prop_oneof!["ready", "crashing", "leaving"]).prop_map(|(which, state)| {
        let (name, host, owner) = [
            ("hss-a", "host5", "ims-hss"),
            ("hss-b", "host5", "ims-hss"),
            ("sgw-a", "host4", "vepc-sgw"),
            ("pgw-a", "host5", "vepc-pgw"),
        ][which];
        format!("pod {name} on {host} of Deployment/{owner} {state}")
    });
    let waiting = prop_oneof!["pod new-a of Deployment/new waiting", "gone pod new-a"];
    let service = (0..3_u8).prop_map(|ready| format!("service ims-hss {ready}/2 over hss-a,hss-b"));
    let etcd = prop_oneof!["etcd host1:leads host2 host3", "etcd host1:leads host2 host3:leaderless"];
    let one = prop_oneof![4 => node, 4 => pod, 1 => waiting, 2 => service, 1 => etcd];
    // Of one thing only the last word of a moment counts, in whatever order: it is said once.
    proptest::collection::vec(one, 0..4).prop_map(|lines| {
        let named = |line: &String| line.split_whitespace().take(2).collect::<Vec<_>>().join(" ");
        let by_name: BTreeMap<String, String> = lines.into_iter().map(|line| (named(&line), line)).collect();
        let mut lines: Vec<String> = by_name.into_values().collect();
        if lines.iter().any(|line| line.starts_with("pod new-a")) {
            lines.retain(|line| line != "gone pod new-a");
        }
        lines
    })
}

#[derive(Clone, Debug)]
struct Step {
    seconds: i64,
    lines: Vec<String>,
    cut: Option<bool>,
    /// The same lines in another order, and looks in between.
    turned: bool,
    between: Vec<i64>,
}

fn step() -> impl Strategy<Value = Step> {
    let cut = prop_oneof![8 => Just(None), 1 => Just(Some(true)), 1 => Just(Some(false))];
    let between = proptest::collection::vec(0..1_000_i64, 0..4);
    (1..90_i64, happening(), cut, any::<bool>(), between).prop_map(|(seconds, lines, cut, turned, between)| Step {
        seconds,
        lines,
        cut,
        turned,
        between,
    })
}

fn changes(life: &Life, step: &Step) -> Vec<Change> {
    let now = Stamp(life.now.0 + step.seconds * 1_000);
    let mut changes = match step.cut {
        Some(true) => cut(now),
        Some(false) => mended(),
        None => Vec::new(),
    };
    changes.extend(life::changes(&step.lines));
    changes
}

/// Looks once at each moment at which something happens, and now and then in between.
fn plain(steps: &[Step]) -> BTreeMap<String, Incident> {
    let mut life = Life::new();
    for step in steps {
        let changes = changes(&life, step);
        life.pass(step.seconds * 1_000, changes);
    }
    life.pass(3_600_000, Vec::new());
    life.known
}

/// The same in another order within a moment, with more looks in between.
fn grouped(steps: &[Step]) -> BTreeMap<String, Incident> {
    let mut life = Life::new();
    for step in steps {
        let mut changes = changes(&life, step);
        if step.turned {
            changes.reverse();
        }
        let mut passed = 0;
        let mut looks: Vec<i64> = step.between.iter().map(|part| part * step.seconds).collect();
        looks.sort_unstable();
        for at in looks {
            life.pass(at - passed, Vec::new());
            passed = at;
        }
        life.pass(step.seconds * 1_000 - passed, changes);
    }
    life.pass(3_600_000, Vec::new());
    life.known
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn any_grouping_of_the_same_facts_makes_the_same_incidents(steps in proptest::collection::vec(step(), 1..24)) {
        prop_assert_eq!(plain(&steps), grouped(&steps));
    }
}
