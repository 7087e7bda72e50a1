//! A little life.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;

use crate::{cluster::Cluster, store::Store};

/// What happens in a cluster by itself.
pub struct Life {
    store: Arc<Store>,
}

impl Life {
    pub(crate) fn new(store: Arc<Store>, _cluster: &Cluster) -> Self {
        Self { store }
    }

    /// Lets everything happen that is due by `now`.
    pub fn step(&mut self, now: Timestamp) {
        self.store.clock.advance(now);
    }

    /// Lives in real time, a step a second.
    pub async fn run(mut self) {
        loop {
            self.step(Timestamp::now());
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }
}
