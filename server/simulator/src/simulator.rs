//! The handle on a simulated cluster: clones share one.

use std::{sync::Arc, time::Duration};

use tokio::task::JoinHandle;

use crate::{
    cluster::Cluster,
    damage::Asked,
    faults::{self, Faults},
    life::Life,
    store::Store,
};

/// A Kubernetes API in process.
///
/// It is a tower service: `kube::Client::new(simulator.clone(), "default")` talks to it, and so
/// does any HTTP client by way of [`crate::listen`].
#[derive(Clone)]
pub struct Simulator(Arc<Inner>);

struct Inner {
    store: Arc<Store>,
    faults: Faults,
    asked: Asked,
    cluster: Cluster,
    bookmarks_every: Duration,
}

impl Simulator {
    /// Builds a cluster and serves it. Nothing in it changes until its life is lived or somebody
    /// writes to it.
    pub fn new(cluster: Cluster) -> Self {
        Self::with_bookmarks(cluster, Duration::from_secs(60))
    }

    /// The same, with another time between two bookmarks of a watch (a minute, as kube-apiserver).
    pub fn with_bookmarks(cluster: Cluster, bookmarks_every: Duration) -> Self {
        let store = Arc::new(cluster.build());
        Self(Arc::new(Inner { store, faults: Faults::default(), asked: Asked::default(), cluster, bookmarks_every }))
    }

    /// What goes wrong on demand.
    pub fn faults(&self) -> &Faults {
        &self.0.faults
    }

    /// Puts a plan of faults in place and does its actions.
    pub fn plan_faults(&self, plan: faults::Plan) {
        let (drop_watches, forget) = (plan.drop_watches, plan.forget);
        self.faults().set(|held| *held = faults::Plan { drop_watches: false, forget: false, ..plan });
        if forget {
            self.forget();
        } else if drop_watches {
            self.faults().drop_watches();
        }
    }

    /// Forgets all past changes and ends all watches: what was read before can not be resumed.
    pub fn forget(&self) {
        self.store().forget();
        self.faults().drop_watches();
    }

    /// The cluster's life, to be driven step by step. Live only one.
    pub fn life(&self) -> Life {
        Life::new(self.0.store.clone(), &self.0.cluster, self.0.asked.clone())
    }

    /// Lives in real time, a step about every second and at once when damage is asked for, until the task is aborted.
    pub fn live(&self) -> JoinHandle<()> {
        tokio::spawn(self.life().run())
    }

    /// The latest resourceVersion.
    pub fn version(&self) -> u64 {
        self.store().version()
    }

    pub(crate) fn store(&self) -> &Arc<Store> {
        &self.0.store
    }

    pub(crate) fn asked(&self) -> &Asked {
        &self.0.asked
    }

    pub(crate) fn bookmarks_every(&self) -> Duration {
        self.0.bookmarks_every
    }
}
