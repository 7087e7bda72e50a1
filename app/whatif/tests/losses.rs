//! The loss of every host in short is the whole answer in short, whatever is shared between the questions.

#[expect(dead_code, reason = "no single part is looked at here")]
mod fixture;

#[path = "oracle/cluster.rs"]
#[expect(dead_code, reason = "only its dice are used here")]
mod cluster;

#[expect(dead_code, reason = "only its small clusters are used here")]
mod life;

use fixture::{NOW, ask};
use whatif::{answer::Outcome, losses};

#[test]
fn every_loss_in_short_is_the_whole_answer() {
    let mut seen = Vec::new();
    for seed in 1..=80 {
        let facts = life::made(seed);
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
