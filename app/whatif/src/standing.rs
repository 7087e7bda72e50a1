//! Standing answers: the loss of every single host, and of every pair of masters, ranked by damage.

use serde::Serialize;
use topology::{Inventory, Stamp, figure::is_master, inventory::Name};

use crate::{
    answer::{Damage, Outcome},
    ask::answer,
    question::{Question, Step},
    world::World,
};

/// The loss of one host or of a pair, in short.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Loss {
    /// The hosts.
    pub hosts: Vec<Name>,
    /// What becomes of the cluster.
    pub outcome: Outcome,
    /// The answer in one sentence.
    pub sentence: String,
    /// Its weight among the others.
    #[serde(skip)]
    pub damage: Damage,
}

/// All of them, worst first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Standing {
    /// The loss of each single host.
    pub single: Vec<Loss>,
    /// The loss of each pair of masters.
    pub pairs: Vec<Loss>,
}

/// Pairs are told of at most so many masters.
const MASTERS: usize = 9;

/// Answers for every host of a cluster.
pub fn standing(inventory: &Inventory, now: Stamp) -> Standing {
    let world = World::new(inventory, now);
    let loss = |question: Question| {
        let hosts = question.off().cloned().collect();
        let answer = answer(&world, &question);
        Loss { hosts, outcome: answer.outcome, sentence: answer.sentence, damage: answer.damage }
    };
    let mut single: Vec<Loss> = inventory.nodes().map(|node| loss(Question::loss(&node.name))).collect();
    let masters: Vec<&Name> =
        inventory.nodes().filter(|node| is_master(inventory, node)).map(|node| &node.name).take(MASTERS).collect();
    let mut pairs = Vec::new();
    for (at, first) in masters.iter().enumerate() {
        for second in &masters[at + 1..] {
            let steps = vec![Step::Lose((*first).clone()), Step::Lose((*second).clone())];
            if let Ok(question) = Question::new(inventory, steps) {
                pairs.push(loss(question));
            }
        }
    }
    for losses in [&mut single, &mut pairs] {
        losses.sort_by(|a, b| (b.outcome, b.damage).cmp(&(a.outcome, a.damage)).then_with(|| a.hosts.cmp(&b.hosts)));
    }
    Standing { single, pairs }
}

impl Standing {
    /// How many single hosts can be lost with this outcome.
    pub fn count(&self, outcome: Outcome) -> usize {
        self.single.iter().filter(|loss| loss.outcome == outcome).count()
    }
}
