//! All clusters that can be chosen; each is watched from the first time that it is asked for until
//! nobody has asked for a while.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use super::{Cluster, Trouble, contexts::Context};

/// The clusters by name.
pub struct Clusters {
    contexts: Vec<Context>,
    idle: Duration,
    running: Mutex<HashMap<String, Running>>,
}

struct Running {
    cluster: Arc<Cluster>,
    asked: Instant,
}

impl Clusters {
    /// None of them is watched yet. One that nobody holds for `idle` is no longer watched.
    pub fn new(contexts: Vec<Context>, idle: Duration) -> Self {
        Self { contexts, idle, running: Mutex::default() }
    }

    /// What can be chosen.
    pub fn contexts(&self) -> &[Context] {
        &self.contexts
    }

    /// The cluster of this name, watched from now on at the latest.
    ///
    /// # Errors
    /// [`Trouble::NoSuchCluster`], or what keeps a client from being made.
    pub async fn get(&self, name: &str) -> Result<Arc<Cluster>, Trouble> {
        self.forget_idle();
        if let Some(cluster) = self.running_now(name) {
            return Ok(cluster);
        }
        let context = self.contexts.iter().find(|context| context.name == name);
        let context = context.ok_or_else(|| Trouble::NoSuchCluster(name.into()))?;
        let (client, address) = context.client().await?;
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        // Somebody else may have been quicker.
        let entry = running.entry(name.into()).or_insert_with(|| Running {
            cluster: Arc::new(Cluster::start(name, client, &address)),
            asked: Instant::now(),
        });
        Ok(entry.cluster.clone())
    }

    fn running_now(&self, name: &str) -> Option<Arc<Cluster>> {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = running.get_mut(name)?;
        entry.asked = Instant::now();
        Some(entry.cluster.clone())
    }

    /// Ends the watches that nobody holds any more; called whenever a cluster is asked for, and by
    /// whoever wants to be sure.
    pub fn forget_idle(&self) {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        running.retain(|_, entry| Arc::strong_count(&entry.cluster) > 1 || entry.asked.elapsed() < self.idle);
    }
}
