//! The state of a cluster in one sentence.

use scene::Health;

use crate::{Inventory, Stamp};

/// A piece of a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Phrase {
    /// With its own spaces and commas.
    pub text: String,
    /// How it fares, when that is to be marked.
    pub health: Option<Health>,
    /// What it leads to, as in [`scene::Mark::opens`].
    pub opens: Option<String>,
}

/// The state of the cluster in one sentence, as in "3 of 3 masters up, etcd 3/3, 1 pod not ready".
pub fn sentence(inventory: &Inventory, now: Stamp) -> Vec<Phrase> {
    let _ = now;
    vec![Phrase { text: format!("{} nodes", inventory.nodes().len()), health: None, opens: None }]
}
