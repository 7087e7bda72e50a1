//! The built-in cluster: Compass's three masters and two nodes, made up, with a life of its own.

mod breaking;
mod deploying;
mod etcd;
mod past;
mod tour;

use std::{path::Path, sync::Arc};

use ::plan::Plan;
use kube::Client;
use simulator::{Cluster, Distribution, Simulator};

use crate::{backup::Backups, cluster::contexts::Context};

/// The seed of its life: the same cluster does the same things after every start.
const SEED: u64 = 5;
/// Its name in addresses.
pub const NAME: &str = app::texts::demo::TOURED;

pub use breaking::{ROUTES, router};
pub use deploying::{rehearsal, rehearses, stage};
pub use etcd::Etcd;
pub use past::make_past;
pub(crate) use tour::step;

/// The demonstration: a simulated cluster, and its etcd where one can be run.
#[derive(Clone)]
pub struct Demonstration {
    /// Its name in addresses.
    pub name: String,
    /// The cluster.
    pub simulator: Simulator,
    /// Its etcd.
    pub etcd: Option<Arc<Etcd>>,
}

impl Demonstration {
    /// Of a simulated cluster without an etcd.
    pub fn new(name: &str, simulator: Simulator) -> Self {
        Self { name: name.to_owned(), simulator, etcd: None }
    }

    /// Starts its etcd, where etcd is at hand; else one line says what to install.
    pub fn start_etcd(&mut self, data: &Path) {
        match Etcd::start(data) {
            Ok(Some(etcd)) => self.etcd = Some(etcd),
            Ok(None) => {
                tracing::warn!("{}", app::texts::backups::UNKNOWN_DEMO);
            }
            Err(error) => tracing::warn!("the demonstration's etcd cannot be started: {error}"),
        }
    }

    /// Fills its etcd and keeps it as the cluster is, for ever.
    pub async fn fill_etcd(self, backups: Backups) {
        let Some(etcd) = self.etcd else { return };
        tokio::join!(etcd::mirror(self.simulator, etcd), etcd::accept_lives(backups, self.name));
    }
}

/// The built-in cluster, alive from now on, and what its machines are held by.
pub fn context() -> (Context, Simulator) {
    let simulator = Simulator::new(Cluster::compass(SEED).at(jiff::Timestamp::now()));
    drop(simulator.live());
    let client = Client::new(simulator.clone(), "default");
    (Context::ready(NAME, "built in", client, "10.1.0.222:6443", true).with_plan(planned()), simulator)
}

/// The same without host5, which joined later.
fn planned_of_four() -> Plan {
    let dha = include_str!("plan/dha.yml");
    let four = dha.split_inclusive('\n').take_while(|line| !line.contains("host5")).collect::<String>();
    Plan::read(Some(four.as_bytes()), Some(include_bytes!("plan/network.yml"))).0
}

/// What it was to be.
fn planned() -> Plan {
    let (dha, network) = (include_bytes!("plan/dha.yml"), include_bytes!("plan/network.yml"));
    Plan::read(Some(dha), Some(network)).0
}

/// A distribution's small cluster, alive from now on. It has no plan, and cannot be deployed.
pub fn context_of(distribution: Distribution) -> (Context, Simulator) {
    let simulator = Simulator::new(Cluster::of(SEED, distribution).at(jiff::Timestamp::now()));
    drop(simulator.live());
    (beside(distribution, simulator.clone()), simulator)
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
