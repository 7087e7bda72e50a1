//! Counting what is folded.

use scene::Health;

/// How many things fare how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally([u32; Health::ALL.len()]);

impl Tally {
    /// Counts one more.
    pub fn add(&mut self, health: Health) {
        self.0[health as usize] += 1;
    }

    /// Adds another tally to this.
    pub fn merge(&mut self, other: &Self) {
        for (count, more) in self.0.iter_mut().zip(other.0) {
            *count += more;
        }
    }

    /// How many fare like this.
    pub fn count(&self, health: Health) -> u32 {
        self.0[health as usize]
    }

    /// How many there are.
    pub fn total(&self) -> u32 {
        self.0.iter().sum()
    }

    /// How many are as they should be: well, or done.
    pub fn well(&self) -> u32 {
        self.count(Health::Ok) + self.count(Health::Done)
    }

    /// The worst of them; `None` of nothing.
    pub fn worst(&self) -> Option<Health> {
        Health::ALL.into_iter().rev().find(|health| self.count(*health) > 0)
    }

    /// Worst first, as a bar is drawn.
    pub fn shares(&self) -> Vec<(Health, u32)> {
        Health::ALL
            .into_iter()
            .rev()
            .map(|health| (health, self.count(health)))
            .filter(|(_, count)| *count > 0)
            .collect()
    }

    /// In words, worst first, as in `2 failing, 31 healthy`.
    pub fn words(&self) -> String {
        let words: Vec<String> =
            self.shares().into_iter().map(|(health, count)| format!("{count} {}", health.adjective())).collect();
        if words.is_empty() { "none".to_owned() } else { words.join(", ") }
    }
}

impl FromIterator<Health> for Tally {
    fn from_iter<I: IntoIterator<Item = Health>>(all: I) -> Self {
        let mut tally = Self::default();
        all.into_iter().for_each(|health| tally.add(health));
        tally
    }
}
