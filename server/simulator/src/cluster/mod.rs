//! The clusters that can be built: the same objects, byte for byte, for the same seed and start.

mod distribution;
pub(crate) mod endpoints;
pub(crate) mod hosts;
mod kube_system;
pub(crate) mod limits;
pub(crate) mod multus;
pub(crate) mod owners;
pub(crate) mod pods;
mod site;
mod sized;
mod volumes;
mod workloads;

use jiff::Timestamp;

use crate::{clock, distribution::Distribution, profile::Profile, store::Store};
use site::Site;

/// What to build.
#[derive(Clone, Debug)]
pub struct Cluster {
    pub(crate) seed: u64,
    pub(crate) start: Timestamp,
    profile: Profile,
    history: usize,
    shape: Shape,
}

#[derive(Clone, Copy, Debug)]
enum Shape {
    Empty,
    Compass { hosts: usize },
    Sized { nodes: usize, pods: usize },
    Of(Distribution),
}

impl Cluster {
    fn new(seed: u64, shape: Shape) -> Self {
        Self { seed, start: clock::default_start(), profile: Profile::Current, history: 4_096, shape }
    }

    /// Nothing but the namespaces that every cluster has.
    pub fn empty(seed: u64) -> Self {
        Self::new(seed, Shape::Empty)
    }

    /// What Compass4nfv deploys: host1 to host3 as masters, host4 and host5 as workers, and a few
    /// network functions on them.
    pub fn compass(seed: u64) -> Self {
        Self::new(seed, Shape::Compass { hosts: 5 })
    }

    /// The same before host5 joined.
    pub fn compass_of_four(seed: u64) -> Self {
        Self::new(seed, Shape::Compass { hosts: 4 })
    }

    /// So many nodes (3 masters among them where there are more than 3) and about as many pods as
    /// asked, over forty namespaces. Meant for up to 5,000 nodes and 150,000 pods.
    pub fn sized(seed: u64, nodes: usize, pods: usize) -> Self {
        Self { history: 16_384, ..Self::new(seed, Shape::Sized { nodes, pods }) }
    }

    /// A small cluster as a distribution makes it.
    pub fn of(seed: u64, distribution: Distribution) -> Self {
        Self::new(seed, Shape::Of(distribution))
    }

    /// Which Kubernetes it is; today's unless told.
    #[must_use]
    pub fn profile(self, profile: Profile) -> Self {
        Self { profile, ..self }
    }

    /// When the simulator's time starts; 2026-01-01 unless told. Give the present moment where
    /// ages are shown to people.
    #[must_use]
    pub fn at(self, start: Timestamp) -> Self {
        Self { start, ..self }
    }

    /// How many changes of each kind are remembered: a watch or a paged list that falls further
    /// back is told 410.
    #[must_use]
    pub fn history(self, history: usize) -> Self {
        Self { history, ..self }
    }

    pub(crate) fn build(&self) -> Store {
        let mut store = Store::new(self.seed, self.start, self.profile, self.history);
        let plan = match self.shape {
            Shape::Of(distribution) => Some(distribution.plan()),
            _ => None,
        };
        if let Some(plan) = &plan {
            store.kubernetes.clone_from(&plan.version);
        }
        let mut site = Site::new(&store, self.start);
        for namespace in ["default", "kube-system", "kube-public", "kube-node-lease"] {
            if namespace != "kube-node-lease" || self.profile == Profile::Current {
                site.namespace(namespace);
            }
        }
        match self.shape {
            Shape::Empty => {}
            Shape::Compass { hosts } => {
                site.hosts = hosts::compass(hosts);
                kube_system::build(&mut site);
                workloads::build(&mut site);
            }
            Shape::Of(_) => plan.iter().for_each(|plan| distribution::build(&mut site, plan)),
            Shape::Sized { nodes, pods } => {
                site.hosts = hosts::sized(nodes);
                kube_system::build(&mut site);
                sized::build(&mut site, self.seed, pods);
            }
        }
        limits::system(&site);
        // Building is not history: whoever lists sees the cluster as built.
        store.forget();
        store
    }
}
