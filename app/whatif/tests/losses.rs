//! The loss of every host in short is the whole answer in short, whatever is shared between the questions.

#[expect(dead_code, reason = "no single part is looked at here")]
mod fixture;

#[path = "oracle/cluster.rs"]
#[expect(dead_code, reason = "only its dice are used here")]
mod cluster;

use std::fmt::Write;

use cluster::Dice;
use fixture::{NOW, ask, inventory};
use topology::Inventory;
use whatif::{answer::Outcome, losses};

/// A small cluster with little room and every kind of rule.
fn made(seed: u64) -> Inventory {
    let mut dice = Dice(seed * 7919);
    let mut text = fixture::MASTERS.to_owned();
    let hosts = 3 + dice.throw(5);
    for host in 0..hosts {
        let _ = writeln!(text, "host n{host} cpu={} zone=z{} pool:x", 2 + dice.throw(6), host % 3);
    }
    for owner in 0..3 + dice.throw(6) {
        let rule = match dice.throw(8) {
            0 => "apart=host".to_owned(),
            1 => "spread=zone/1 on-label=pool:x".to_owned(),
            2 => "near=zone".to_owned(),
            3 => format!("port={}", 8000 + dice.throw(2)),
            4 => format!("priority={}", dice.throw(3)),
            5 => format!("apart=host~o{}", dice.throw(4)),
            _ => String::new(),
        };
        let kind = ["ReplicaSet", "ReplicaSet", "ReplicaSet", "StatefulSet", "Job", "CloneSet"][dice.throw(6) as usize];
        let cpu = 200 + 300 * dice.throw(6);
        let pods = 1 + dice.throw(4);
        let names: Vec<String> = (0..pods).map(|n| format!("o{owner}-{n}")).collect();
        for name in &names {
            let on = if dice.throw(12) == 0 { String::new() } else { format!("on n{}", dice.throw(hosts)) };
            let _ = writeln!(text, "pod {name} {on} of {kind}/o{owner} app=o{owner} cpu={cpu} {rule}");
        }
        let _ = writeln!(text, "service o{owner} over {}", names.join(","));
        let _ = writeln!(text, "budget o{owner} allowed={} healthy={pods} desired=1", dice.throw(3));
    }
    inventory(&text)
}

#[test]
fn every_loss_in_short_is_the_whole_answer() {
    let mut seen = Vec::new();
    for seed in 1..=80 {
        let facts = made(seed);
        let all = losses(&facts, NOW);
        assert_eq!((all.single.len(), all.pairs.len()), (facts.nodes().len(), 3), "seed {seed}");
        for loss in all.single.iter().chain(&all.pairs) {
            let query: Vec<String> = loss.hosts.iter().map(|host| format!("lose={host}")).collect();
            let whole = ask(&facts, &query.join("&"));
            assert_eq!((loss.outcome, &loss.sentence), (whole.outcome, &whole.sentence), "seed {seed}");
            assert_eq!(loss.damage, whole.damage, "seed {seed}: {}", loss.sentence);
            seen.push(loss.outcome);
        }
        for losses in [&all.single, &all.pairs] {
            assert!(losses.is_sorted_by(|a, b| (a.outcome, a.damage) >= (b.outcome, b.damage)), "seed {seed}");
        }
    }
    for outcome in [Outcome::Unnoticed, Outcome::Interrupted, Outcome::Unknown, Outcome::AtRisk, Outcome::Damaged] {
        assert!(seen.contains(&outcome), "no loss is {}", outcome.word());
    }
}
