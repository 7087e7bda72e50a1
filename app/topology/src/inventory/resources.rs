//! Amounts of what nodes offer and pods ask for.

use serde::{Deserialize, Serialize};

use super::Name;

/// Amounts of compute resources, of a node or of a pod.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Resources {
    /// `cpu`, in thousandths of a core.
    pub cpu: u64,
    /// `memory`, in bytes.
    pub memory: u64,
    /// `ephemeral-storage`, in bytes.
    pub ephemeral: u64,
    /// `pods`: how many a node takes; 1 for a pod.
    pub pods: u64,
    /// Extended resources and huge pages by name, sorted: `nvidia.com/gpu`, `hugepages-2Mi`.
    pub extended: Vec<(Name, u64)>,
}

impl Resources {
    /// The amount of an extended resource.
    pub fn extended(&self, name: &str) -> u64 {
        self.extended.iter().find(|(known, _)| &**known == name).map_or(0, |(_, amount)| *amount)
    }

    /// Adds the other amounts.
    pub fn add(&mut self, other: &Self) {
        self.combine(other, u64::saturating_add);
    }

    /// Takes the other amounts away; none falls below zero.
    pub fn subtract(&mut self, other: &Self) {
        self.combine(other, u64::saturating_sub);
    }

    /// Raises each amount to the other one where that is larger.
    pub fn at_least(&mut self, other: &Self) {
        self.combine(other, u64::max);
    }

    /// Whether these amounts fit into what is free.
    pub fn fits(&self, free: &Self) -> bool {
        self.cpu <= free.cpu
            && self.memory <= free.memory
            && self.ephemeral <= free.ephemeral
            && self.pods <= free.pods
            && self.extended.iter().all(|(name, amount)| *amount <= free.extended(name))
    }

    fn combine(&mut self, other: &Self, with: impl Fn(u64, u64) -> u64) {
        self.cpu = with(self.cpu, other.cpu);
        self.memory = with(self.memory, other.memory);
        self.ephemeral = with(self.ephemeral, other.ephemeral);
        self.pods = with(self.pods, other.pods);
        for (name, amount) in &other.extended {
            match self.extended.binary_search_by(|(known, _)| known.cmp(name)) {
                Ok(at) => self.extended[at].1 = with(self.extended[at].1, *amount),
                Err(at) => self.extended.insert(at, (name.clone(), with(0, *amount))),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn amounts(cpu: u64, gpus: u64) -> Resources {
        Resources { cpu, extended: vec![("nvidia.com/gpu".into(), gpus)], ..Resources::default() }
    }

    #[test]
    fn amounts_are_added_taken_away_and_raised() {
        let mut sum = Resources { cpu: 100, ..Resources::default() };
        sum.add(&amounts(50, 2));
        assert_eq!(sum, amounts(150, 2));
        sum.at_least(&amounts(120, 3));
        assert_eq!(sum, amounts(150, 3));
        sum.subtract(&amounts(200, 1));
        assert_eq!(sum, amounts(0, 2));
    }

    #[test]
    fn a_request_of_a_resource_that_a_node_lacks_does_not_fit() {
        assert!(amounts(100, 1).fits(&amounts(100, 1)));
        assert!(!amounts(100, 1).fits(&Resources { cpu: 4_000, ..Resources::default() }));
        assert!(!amounts(101, 0).fits(&amounts(100, 1)));
    }
}
