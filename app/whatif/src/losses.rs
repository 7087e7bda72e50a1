//! The loss of every single host, and of every pair of masters, ranked by damage.

use std::{
    num::NonZero,
    sync::atomic::{AtomicUsize, Ordering},
};

use topology::{
    Inventory, Stamp,
    figure::is_master,
    graph::{SinglePoint, single_points},
    inventory::Name,
};

use crate::{
    answer::{Damage, Outcome},
    ask::in_short,
    question::{Question, Step},
    supposed::Supposed,
    world::World,
};

/// The loss of one host or of a pair, in short.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loss {
    /// The hosts.
    pub hosts: Vec<Name>,
    /// What becomes of the cluster.
    pub outcome: Outcome,
    /// The answer in one sentence.
    pub sentence: String,
    /// Its weight among the others.
    pub damage: Damage,
}

/// All of them, worst first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Losses {
    /// The loss of each single host.
    pub single: Vec<Loss>,
    /// The loss of each pair of masters.
    pub pairs: Vec<Loss>,
    /// Hosts that everything passes on its way to a service, the API or etcd.
    pub points: Vec<SinglePoint>,
}

/// Pairs are told of at most so many masters.
const MASTERS: usize = 9;

/// No more processors than this are taken: the others are for those who look.
const THREADS: usize = 2;

/// Works out the loss of every host of a cluster, and of every pair of masters.
pub fn losses(inventory: &Inventory, now: Stamp) -> Losses {
    let world = World::new(inventory, now);
    let loss = |question: &Question| in_short(&Supposed::new(&world, question), question).0;
    ranked(inventory, in_parallel(&questions(inventory), loss))
}

/// All questions about one host, and about pairs of masters.
pub(crate) fn questions(inventory: &Inventory) -> Vec<Question> {
    let singles = inventory.nodes().map(|node| Question::one(Step::Lose(node.name.clone())));
    let masters: Vec<&Name> =
        inventory.nodes().filter(|node| is_master(inventory, node)).map(|node| &node.name).take(MASTERS).collect();
    let pairs = masters.iter().enumerate().flat_map(|(at, first)| {
        let both = |second: &&Name| vec![Step::Lose((*first).clone()), Step::Lose((*second).clone())];
        masters[at + 1..].iter().filter_map(move |second| Question::new(inventory, both(second)).ok())
    });
    singles.chain(pairs).collect()
}

/// The worst first.
pub(crate) fn ranked(inventory: &Inventory, mut all: Vec<Loss>) -> Losses {
    all.sort_by(|a, b| (b.outcome, b.damage).cmp(&(a.outcome, a.damage)).then_with(|| a.hosts.cmp(&b.hosts)));
    let (pairs, single) = all.into_iter().partition(|loss| loss.hosts.len() > 1);
    Losses { single, pairs, points: single_points(inventory) }
}

/// Answers each question, on as many threads as there are processors for it. The answers come in no order.
pub(crate) fn in_parallel<T: Send>(questions: &[Question], answer: impl Fn(&Question) -> T + Sync) -> Vec<T> {
    let next = AtomicUsize::new(0);
    let work = || {
        let take = || questions.get(next.fetch_add(1, Ordering::Relaxed));
        std::iter::from_fn(take).map(&answer).collect::<Vec<_>>()
    };
    let threads = std::thread::available_parallelism().map_or(1, NonZero::get).min(THREADS).min(questions.len());
    std::thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
        let mut found = work();
        for other in others {
            // A panic of one is a panic of all.
            found.extend(other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        }
        found
    })
}

impl Losses {
    /// How many single hosts can be lost with this outcome.
    pub fn count(&self, outcome: Outcome) -> usize {
        self.single.iter().filter(|loss| loss.outcome == outcome).count()
    }
}
