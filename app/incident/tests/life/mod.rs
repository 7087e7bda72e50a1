//! A cluster that lives, in lines of text: what its incidents are, told in short words.

#[path = "../../../topology/tests/fixture/mod.rs"]
mod fixture;

use std::collections::BTreeMap;

use fixture::{NOW, THREE_AND_TWO};
use incident::{Beside, Course, Incident, Rules, judge};
use topology::{
    Change, Inventory, Stamp,
    inventory::{Fact, Further, Heard, Lease, Source},
};

/// Without what the fixture has broken from the start.
const WELL: &str = "
    pod sgw-c on host4 of Deployment/vepc-sgw ready
    pod hss-b on host5 of Deployment/ims-hss ready
    gone pod lonely-1
    service vepc-sgw 3/3 over sgw-a,sgw-b,sgw-c
    service ims-hss 2/2 over hss-a,hss-b
    gone service nobody
";

pub const RULES: Rules = Rules { patience: 60_000, calm: 30_000, ahead: 30 * 24 * 3_600_000 };

/// A cluster and its incidents.
pub struct Life {
    pub inventory: Inventory,
    pub course: Course,
    pub beside: Beside,
    pub now: Stamp,
    /// Incidents by id, as they were last.
    pub known: BTreeMap<String, Incident>,
}

impl Life {
    /// A cluster that is well.
    pub fn new() -> Self {
        let mut life = Self {
            inventory: fixture::inventory(THREE_AND_TWO),
            course: Course::new(RULES, []),
            beside: Beside::default(),
            now: NOW,
            known: BTreeMap::new(),
        };
        let well: Vec<&str> = WELL.lines().filter(|line| !line.trim().is_empty()).collect();
        assert!(life.after(0, &well).is_empty(), "it is well");
        life
    }

    /// Some seconds later these lines are so; answers the news.
    pub fn after(&mut self, seconds: i64, lines: &[&str]) -> Vec<String> {
        self.pass(seconds * 1_000, changes(lines))
    }

    /// The same with changes, in milliseconds.
    pub fn pass(&mut self, milliseconds: i64, changes: Vec<Change>) -> Vec<String> {
        let before = self.now;
        self.now = Stamp(self.now.0 + milliseconds);
        self.renew(before);
        for change in changes {
            let change = self.dated(change);
            self.inventory.apply(change);
        }
        let news = self.course.look(&judge(&self.inventory, &self.beside, RULES, self.now), self.now);
        let told = news.iter().map(|one| self.words(one)).collect();
        self.known.extend(news.into_iter().map(|one| (one.id(), one)));
        told
    }

    /// Everybody renews their leases, as far as they are alive and leases are heard of.
    fn renew(&mut self, before: Stamp) {
        for namespace in ["kube-node-lease", "kube-system"] {
            let leases: Vec<Lease> = self.inventory.leases_in(namespace).cloned().collect();
            for lease in leases.into_iter().filter(|lease| !lease.holder.is_empty() && lease.is_in_time(before)) {
                let renewed = Some(self.now);
                self.inventory.apply(Change::Put(Fact::Lease(Lease { renewed, ..lease })));
            }
        }
    }

    /// Conditions change when they are told.
    fn dated(&self, change: Change) -> Change {
        match change {
            Change::Put(Fact::Node(mut node)) => {
                let before = self.inventory.node(&node.name).and_then(|node| node.condition("Ready")).cloned();
                for ready in node.conditions.iter_mut().filter(|one| &*one.kind == "Ready") {
                    let same = before.as_ref().filter(|before| before.truth == ready.truth);
                    ready.since = same.map_or(self.now, |before| before.since);
                }
                Change::Put(Fact::Node(node))
            }
            // One that had run out in the text has run out here.
            Change::Put(Fact::Lease(lease)) if lease.is_in_time(NOW) => {
                Change::Put(Fact::Lease(Lease { renewed: Some(self.now), ..lease }))
            }
            Change::Put(Fact::Pod(mut pod)) if pod.is_behind() => {
                let before = self.inventory.pod(&pod.key).filter(|before| before.is_behind());
                let since = before.and_then(|before| before.further.as_ref()?.unready).unwrap_or(self.now);
                pod.further = Some(Box::new(Further { unready: Some(since), ..Further::default() }));
                Change::Put(Fact::Pod(pod))
            }
            change => change,
        }
    }

    fn words(&self, one: &Incident) -> String {
        let ago = |at: Stamp| format!("{} s ago", self.now.since(at) / 1_000);
        let state = match (one.ended, one.well) {
            (Some(ended), _) => format!("ended {}", ago(ended)),
            (None, Some(well)) => format!("well since {}", ago(well)),
            (None, None) if self.known.contains_key(&one.id()) => "goes on".to_owned(),
            _ => format!("began {}", ago(one.began)),
        };
        format!("{} {} {state}", one.kind.word(), one.about)
    }
}

/// What lines of text stand for.
pub fn changes<T: AsRef<str>>(lines: &[T]) -> Vec<Change> {
    lines.iter().flat_map(|text| fixture::line(text.as_ref())).collect()
}

/// The watch of each source is cut.
pub fn cut(now: Stamp) -> Vec<Change> {
    let stale = Heard::Stale { since: now, reason: "the connection was cut".into() };
    Source::ALL.into_iter().map(|source| Change::Heard(source, stale.clone())).collect()
}

/// Each source is followed again.
pub fn mended() -> Vec<Change> {
    Source::ALL.into_iter().map(|source| Change::Heard(source, Heard::Live)).collect()
}
