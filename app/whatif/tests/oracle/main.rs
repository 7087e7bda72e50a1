//! Our filters are held to those of the real scheduler, pair by pair, on made-up clusters that use every rule.
//!
//! `ORACLE` names the program of `end2end/control-plane/oracle`, `ORACLE_CLUSTERS` how many clusters are asked about at
//! least, `ORACLE_PAIRS` how many pairs at least.

mod cluster;
mod json;

use std::{
    io::{BufRead, BufReader, Write},
    process::{Command, Stdio},
};

use cluster::{Made, made};
use topology::{Stamp, inventory::Pod};
use whatif::{
    filter::{Gate, Wanted},
    supposed::Supposed,
    world::World,
};

/// What both say of one pod: for each node a reason, empty where it is feasible.
fn ours(made: &Made) -> Vec<(String, Vec<String>)> {
    let facts = made.inventory();
    let world = World::new(&facts, Stamp(0));
    let supposed = Supposed::same(&world);
    let judge = |(pod, form): &(&Pod, usize)| {
        let gate = Gate::new(&supposed, Wanted { form: *form, claims: &pod.claims, pin: None });
        let reason = |host: usize| match &gate {
            Ok(gate) => gate.admits(host).err().map(|refusal| refusal.to_string()).unwrap_or_default(),
            Err(unknown) => format!("unknown: {}", unknown.0),
        };
        (pod.key.name.to_string(), (0..world.hosts.len()).map(reason).collect())
    };
    world.waiting().iter().map(judge).collect()
}

#[test]
fn every_pair_is_feasible_here_where_the_real_scheduler_says_so() {
    let program = std::env::var("ORACLE").expect("ORACLE names the program of end2end/control-plane/oracle");
    let number = |name: &str, usual: u64| std::env::var(name).map_or(usual, |text| text.parse().expect("a number"));
    let (least, wanted, first) = (number("ORACLE_CLUSTERS", 200), number("ORACLE_PAIRS", 0), number("ORACLE_SEED", 1));
    let mut child = Command::new(program)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .expect("the oracle starts");
    let (mut to, from) = (child.stdin.take().expect("a pipe"), child.stdout.take().expect("a pipe"));
    let mut answers = BufReader::new(from).lines();
    let (mut pairs, mut feasible, mut unknown) = (0_u64, 0_u64, 0_u64);
    let mut reasons = std::collections::BTreeMap::<String, u64>::new();
    let mut clusters = 0;
    while clusters < least || pairs < wanted {
        let seed = first + clusters;
        clusters += 1;
        let made = made(seed);
        writeln!(to, "{}", made.json()).expect("the oracle reads");
        to.flush().expect("the oracle reads");
        let line = answers.next().expect("an answer").expect("a line");
        let theirs: Vec<Vec<String>> = serde_json::from_str(&line).expect("rows");
        let ours = ours(&made);
        assert_eq!(ours.len(), theirs.len(), "seed {seed}");
        for ((name, mine), theirs) in ours.iter().zip(&theirs) {
            for (node, (mine, theirs)) in mine.iter().zip(theirs).enumerate() {
                pairs += 1;
                if mine.starts_with("unknown") {
                    unknown += 1;
                    continue;
                }
                let plugin = theirs.split(':').next().unwrap_or_default().to_owned();
                *reasons.entry(plugin).or_default() += 1;
                feasible += u64::from(theirs.is_empty());
                assert_eq!(
                    mine.is_empty(),
                    theirs.is_empty(),
                    "seed {seed}, pod {name}, node {}: here {mine:?}, there {theirs:?}\n{}",
                    made.nodes[node].name,
                    made.about(name)
                );
            }
        }
    }
    drop(to);
    assert!(child.wait().expect("the oracle ends").success(), "the oracle ended with an error");
    println!("{pairs} pairs of {clusters} clusters agree, {feasible} feasible, {unknown} left out as unknown");
    println!("first reasons there: {reasons:?}");
    // A made-up cluster that uses no rule would agree with anything.
    assert!(feasible * 50 > pairs && feasible * 50 < pairs * 49, "{feasible} of {pairs} feasible");
    assert!(unknown * 10 < pairs, "{unknown} of {pairs} unknown");
    for plugin in [
        "NodeAffinity",
        "TaintToleration",
        "NodeUnschedulable",
        "NodePorts",
        "NodeResourcesFit",
        "VolumeBinding",
        "PodTopologySpread",
        "InterPodAffinity",
        "NodeVolumeLimits",
        "VolumeZone",
    ] {
        assert!(reasons.contains_key(plugin), "no pair is refused by {plugin}: {reasons:?}");
    }
}
