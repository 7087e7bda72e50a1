//! Standing answers, kept fresh: after a change only those are worked out anew that rest on what has changed.
//!
//! An answer whose pods are all certain to find a place rests on its own hosts, on the forms of their pods, and on the
//! few hosts that prove it. Any other answer rests on all hosts, and is worked out anew each time. So is every answer
//! where what all of them look at has changed: a host came, went, was lost or got another label; a pod waits for a
//! host; a source fell silent.

use std::collections::HashMap;

use topology::{Inventory, Stamp, inventory::Name};

use crate::{
    ask::in_short,
    control::control,
    losses::{Loss, Losses, in_parallel, questions, ranked},
    print::{Print, Prints},
    question::Question,
    supposed::Supposed,
    world::{HostId, World},
};

/// The losses of a cluster as they were last worked out, and what each of them rests on.
#[derive(Debug, Default)]
pub struct Standing {
    whole: u64,
    kept: HashMap<Vec<Name>, Kept>,
    asked: usize,
}

#[derive(Clone, Debug)]
struct Kept {
    loss: Loss,
    print: Print,
    /// Hosts that prove it, as they were; none where it rests on all.
    ground: Option<Vec<(HostId, u64)>>,
}

impl Standing {
    /// The losses of a cluster as it is now: the same as [`losses`](crate::losses()) finds.
    pub fn renew(&mut self, inventory: &Inventory, now: Stamp) -> Losses {
        let world = World::new(inventory, now);
        let prints = Prints::new(&world);
        let whole = prints.whole();
        if whole != self.whole {
            self.kept.clear();
        }
        let last = &self.kept;
        let found = in_parallel(&questions(inventory), |question| renewed(last, &prints, &world, question));
        self.asked = found.iter().filter(|(_, anew)| *anew).count();
        self.whole = whole;
        let all: Vec<Loss> = found.iter().map(|(kept, _)| kept.loss.clone()).collect();
        self.kept = found.into_iter().map(|(kept, _)| (kept.loss.hosts.clone(), kept)).collect();
        ranked(inventory, all)
    }

    /// How many questions were worked out anew the last time.
    pub const fn asked(&self) -> usize {
        self.asked
    }
}

/// The answer to a question, and whether it was worked out anew.
fn renewed(
    last: &HashMap<Vec<Name>, Kept>,
    prints: &Prints<'_, '_>,
    world: &World<'_>,
    question: &Question,
) -> (Kept, bool) {
    let supposed = Supposed::new(world, question);
    let hosts: Vec<HostId> = supposed.touched().map(|(host, _)| host).collect();
    let print = prints.question(&hosts, &control(&supposed));
    let names: Vec<Name> = question.off().cloned().collect();
    let stands = |kept: &&Kept| {
        let ground = kept.ground.as_ref();
        kept.print == print && ground.is_some_and(|all| all.iter().all(|(host, as_was)| prints.host(*host) == *as_was))
    };
    if let Some(kept) = last.get(&names).filter(stands) {
        return (kept.clone(), false);
    }
    let (loss, ground) = in_short(&supposed, question);
    let ground = ground.map(|ground| ground.hosts.into_iter().map(|host| (host, prints.host(host))).collect());
    (Kept { loss, print, ground }, true)
}
