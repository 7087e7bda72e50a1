//! Records in the making: what is worth keeping, in the order of its time.

use std::collections::BTreeSet;

use topology::{
    Change, Inventory, Stamp,
    inventory::{Fact, Heard, Key, Scope, Source, Volume},
};

/// A change, and when it was learnt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// When, by the API server's clock as far as it is known.
    pub at: Stamp,
    /// What.
    pub change: Change,
}

impl Record {
    /// The same without what belongs to a namespace: a record that says nothing stands in its place, so that the numbers
    /// of others stay. None where nothing of it belongs there.
    pub fn without(&self, namespace: &str) -> Option<Self> {
        if let Change::Put(Fact::Volume(volume)) = &self.change
            && volume.claim.as_ref().is_some_and(|key| *key.namespace == *namespace)
        {
            let volume = Volume { claim: None, ..(**volume).clone() };
            return Some(Self { at: self.at, change: Change::Put(Fact::Volume(Box::new(volume))) });
        }
        match &self.change {
            Change::Scope(Scope::Only { names, by, left }) if names.contains(namespace) => {
                let names = names.iter().filter(|name| ***name != *namespace).cloned().collect();
                return Some(Self { at: self.at, change: Change::Scope(Scope::Only { names, by: *by, left: *left }) });
            }
            // A refusal of some namespaces names them behind the permission.
            Change::Heard(source, Heard::Forbidden { permission }) => {
                let (permission, places) = permission.split_once(" in the namespace")?;
                let named = places.trim_start_matches('s').split([' ', ',']).any(|word| word == namespace);
                let heard = Heard::Forbidden { permission: permission.into() };
                return named.then_some(Self { at: self.at, change: Change::Heard(*source, heard) });
            }
            _ => {}
        }
        let belongs = match &self.change {
            Change::Put(fact) => fact.namespace() == Some(namespace),
            Change::Gone(Source::Namespaces, key) => *key.name == *namespace,
            Change::Gone(_, key) => *key.namespace == *namespace,
            Change::HeardIn(_, told, _) | Change::WholeIn(_, told, _) => **told == *namespace,
            Change::Whole(_, named) => named.iter().any(|key| *key.namespace == *namespace),
            _ => false,
        };
        let nothing = || Change::Gone(Source::Pods, Key::new("", ""));
        belongs.then(|| Self { at: self.at, change: nothing() })
    }
}

/// Takes changes in before they are applied, and gives records out.
#[derive(Debug)]
pub struct Recorder {
    /// No record is earlier: a block that was given out is never written again.
    floor: Stamp,
    /// Up to when it was looked for what ran out.
    looked: Stamp,
    /// What came when it had run out already: that is told, and told once.
    late: BTreeSet<(Renewed, Key)>,
    held: Vec<Record>,
}

impl Recorder {
    /// From a moment on.
    pub fn new(from: Stamp) -> Self {
        Self { floor: from, looked: from, late: BTreeSet::new(), held: Vec::new() }
    }

    /// A change that is about to be applied.
    pub fn take(&mut self, inventory: &Inventory, change: &Change, now: Stamp) {
        for (at, change) in inventory.news(change, now) {
            // What ran out before the last look has been told.
            let told = at < now && (at <= self.looked || renewed(&change).is_some_and(|one| self.late.contains(&one)));
            if told {
                continue;
            }
            if let Some(one) = renewed(&change) {
                if is_in_time(&change, at) {
                    self.late.remove(&one)
                } else {
                    self.late.insert(one)
                };
            }
            self.held.push(Record { at, change });
        }
    }

    /// How many records wait.
    pub fn waiting(&self) -> usize {
        self.held.len()
    }

    /// Everything up to now.
    pub fn give(&mut self, inventory: &Inventory, now: Stamp) -> Vec<Record> {
        let now = now.max(self.looked);
        let out = inventory.ran_out(self.looked, now).into_iter();
        let late = &self.late;
        let out = out.filter(|(_, change)| renewed(change).is_none_or(|one| !late.contains(&one)));
        self.held.extend(out.map(|(at, change)| Record { at, change }));
        self.looked = now;
        let mut records = std::mem::take(&mut self.held);
        for record in &mut records {
            record.at = record.at.max(self.floor);
        }
        // Those of one moment stay in the order in which they came.
        records.sort_by_key(|record| record.at);
        self.floor = records.last().map_or(self.floor, |last| last.at);
        records
    }
}

/// What is renewed again and again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Renewed {
    Lease,
    Heartbeat,
}

fn renewed(change: &Change) -> Option<(Renewed, Key)> {
    match change {
        Change::Put(Fact::Lease(lease)) => Some((Renewed::Lease, lease.key.clone())),
        Change::Put(Fact::Node(node)) => Some((Renewed::Heartbeat, Key::new("", node.name.clone()))),
        _ => None,
    }
}

fn is_in_time(change: &Change, at: Stamp) -> bool {
    match change {
        Change::Put(Fact::Lease(lease)) => lease.is_in_time(at),
        Change::Put(Fact::Node(node)) => node.beats_in_time(at),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use topology::inventory::Limit;

    use super::*;

    #[test]
    fn a_namespace_that_is_forgotten_is_named_by_no_limit() {
        let of = |change| Record { at: Stamp(1), change };
        let names = |names: &[&str]| names.iter().map(|name| (*name).into()).collect();
        let scope = |seen: &[&str]| of(Change::Scope(Scope::Only { names: names(seen), by: Limit::Role, left: 0 }));
        assert_eq!(scope(&["a", "b"]).without("a"), Some(scope(&["b"])));
        assert_eq!(scope(&["b"]).without("a"), None);
        let lacks =
            |permission: &str| of(Change::Heard(Source::Pods, Heard::Forbidden { permission: permission.into() }));
        assert_eq!(lacks("list pods in the namespaces a, c and b").without("b"), Some(lacks("list pods")));
        assert_eq!(lacks("list pods in the namespace a").without("a"), Some(lacks("list pods")));
        assert_eq!(lacks("list pods in the namespace ab").without("a"), None);
        assert_eq!(lacks("list pods").without("a"), None);
    }
}
