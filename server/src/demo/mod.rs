//! The built-in cluster: Compass's three masters and two nodes, made up, with a life of its own.

mod deploying;

use ::plan::Plan;
use kube::Client;
use simulator::{Cluster, Distribution, Simulator};

use crate::cluster::contexts::Context;

/// The seed of its life: the same cluster does the same things after every start.
const SEED: u64 = 5;
/// Its name in addresses.
pub const NAME: &str = "demo";

pub use deploying::{rehearsal, stage};

/// The built-in cluster, alive from now on, and what its machines are held by.
pub fn context() -> (Context, Simulator) {
    let simulator = Simulator::new(Cluster::compass(SEED).at(jiff::Timestamp::now()));
    drop(simulator.live());
    let client = Client::new(simulator.clone(), "default");
    (Context::ready(NAME, "built in", client, "10.1.0.222:6443", true).with_plan(planned()), simulator)
}

/// What it was to be.
fn planned() -> Plan {
    let (dha, network) = (include_bytes!("plan/dha.yml"), include_bytes!("plan/network.yml"));
    Plan::read(Some(dha), Some(network)).0
}

/// A distribution's small cluster, alive from now on. It has no plan, and cannot be deployed.
pub fn context_of(distribution: Distribution) -> Context {
    let simulator = Simulator::new(Cluster::of(SEED, distribution).at(jiff::Timestamp::now()));
    drop(simulator.live());
    beside(distribution, simulator)
}

fn beside(distribution: Distribution, simulator: Simulator) -> Context {
    let client = Client::new(simulator, "default");
    Context::ready(distribution.word(), "built in", client, &distribution.entrance(), true)
}

/// The built-in clusters' names.
pub fn names() -> Vec<&'static str> {
    std::iter::once(NAME).chain(Distribution::ALL.map(Distribution::word)).collect()
}

/// The same cluster at rest, for a figure that comes out the same each time it is drawn.
pub fn still() -> Context {
    let client = Client::new(at_rest(Cluster::compass(SEED)), "default");
    Context::ready(NAME, "built in", client, "10.1.0.222:6443", true).with_plan(planned())
}

/// A distribution's small cluster at rest.
pub fn still_of(distribution: Distribution) -> Context {
    beside(distribution, at_rest(Cluster::of(SEED, distribution)))
}

fn at_rest(cluster: Cluster) -> Simulator {
    Simulator::new(cluster.at(jiff::Timestamp::now()))
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_plan_of_the_built_in_cluster_is_without_fault() {
        let (dha, network) = (include_bytes!("plan/dha.yml"), include_bytes!("plan/network.yml"));
        let checked = ::plan::Checked::new(Some(dha), Some(network));
        assert!(checked.findings.is_empty(), "{checked:?}");
        assert_eq!(checked.plan.dha.map(|dha| dha.hosts.len()), Some(5));
    }
}
