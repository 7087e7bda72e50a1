//! How much of each host its pods have asked for.
//!
//! Requests are what the scheduler counts: they say whether a pod fits, and nothing of what it uses.

use crate::{
    Inventory,
    inventory::{Name, Node, Phase, Resources, Source},
    layout::natural,
};

/// What the pods of a host have asked for, beside what they may ask for together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Load {
    /// The host.
    pub node: Name,
    /// The sum over its pods that have not ended.
    pub requested: Resources,
    /// `status.allocatable`; `None` when untold.
    pub allocatable: Option<Resources>,
    /// Whether a request could not be read, so that the sum is too small.
    pub odd: bool,
}

impl Load {
    /// The share of CPU that is asked for, in percent; `None` when unknown.
    pub fn cpu(&self) -> Option<u64> {
        self.share(|amounts| amounts.cpu)
    }

    /// The share of memory that is asked for, in percent; `None` when unknown.
    pub fn memory(&self) -> Option<u64> {
        self.share(|amounts| amounts.memory)
    }

    /// The share of a resource that is asked for, in percent, rounded; `None` when unknown or when there is none.
    pub fn share(&self, of: impl Fn(&Resources) -> u64) -> Option<u64> {
        let all = self.allocatable.as_ref().map(&of).filter(|all| *all > 0 && !self.odd)?;
        Some(percent(of(&self.requested), all))
    }

    fn fullest(&self) -> Option<u64> {
        self.cpu().max(self.memory())
    }
}

/// The load of one host; `None` while no source tells of its pods.
pub fn of_node(inventory: &Inventory, node: &Node) -> Option<Load> {
    // Pods of namespaces that are not seen take room as well.
    if !inventory.tells_all(Source::Pods) {
        return None;
    }
    let mut requested = Resources::default();
    let mut odd = false;
    let ended = |phase| matches!(phase, Phase::Succeeded | Phase::Failed);
    for pod in inventory.pods_on(Some(&node.name)).filter(|pod| !ended(pod.phase)) {
        requested.add(&pod.shape.requests);
        odd |= pod.shape.odd;
    }
    Some(Load { node: node.name.clone(), requested, allocatable: node.allocatable.clone(), odd })
}

/// The load of every host, the fullest first, and by name among equals; `None` while no source tells.
pub fn loads(inventory: &Inventory) -> Option<Vec<Load>> {
    if !inventory.heard(Source::Nodes).knows() {
        return None;
    }
    let mut loads = inventory.nodes().map(|node| of_node(inventory, node)).collect::<Option<Vec<Load>>>()?;
    loads.sort_by(|a, b| b.fullest().cmp(&a.fullest()).then_with(|| natural(&a.node, &b.node)));
    Some(loads)
}

/// A part of a whole that is not zero, in percent, rounded.
pub fn percent(part: u64, whole: u64) -> u64 {
    let whole = u128::from(whole.max(1));
    u64::try_from((u128::from(part) * 100 + whole / 2) / whole).unwrap_or(u64::MAX)
}

/// Thousandths of a core for people, as in `3.25`.
pub fn cores(milli: u64) -> String {
    let text = format!("{}.{:03}", milli / 1_000, milli % 1_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Bytes for people, as in `64 MiB` or `3.5 GiB`.
pub fn bytes(amount: u64) -> String {
    const UNITS: [&str; 6] = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
    let power = (0..UNITS.len() - 1).take_while(|power| amount >> (10 * (power + 1)) > 0).count();
    let unit = 1_u128 << (10 * power);
    let tenths = (u128::from(amount) * 10 + unit / 2) / unit;
    match tenths % 10 {
        0 => format!("{} {}", tenths / 10, UNITS[power]),
        tenth => format!("{}.{tenth} {}", tenths / 10, UNITS[power]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_read_as_people_write_them() {
        assert_eq!([0, 250, 3_500, 16_000].map(cores), ["0", "0.25", "3.5", "16"]);
        assert_eq!(
            [0, 1_023, 1 << 20, 3_758_096_384, u64::MAX].map(bytes),
            ["0 B", "1023 B", "1 MiB", "3.5 GiB", "16384 PiB"]
        );
    }

    #[test]
    fn a_share_is_unknown_where_a_request_cannot_be_read() {
        let amounts = |cpu| Resources { cpu, ..Resources::default() };
        let load = Load { node: "a".into(), requested: amounts(333), allocatable: Some(amounts(1_000)), odd: false };
        assert_eq!((load.cpu(), load.memory()), (Some(33), None));
        assert_eq!(Load { odd: true, ..load.clone() }.cpu(), None);
        assert_eq!(Load { allocatable: None, ..load }.cpu(), None);
    }
}
