//! All clusters that can be chosen; each is watched from the first time that it is asked for until
//! nobody has asked for a while.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use futures::{
    FutureExt,
    future::{BoxFuture, Shared},
};
use kube::Client;

use super::{Cluster, Pace, Trouble, contexts::Context, etcd, probe::Ports};

/// Who asks for a cluster waits no longer than this for its client; a credential plugin may take
/// longer, and goes on meanwhile.
const PATIENCE: Duration = Duration::from_millis(1_800);

/// The clusters by name.
pub struct Clusters {
    contexts: Vec<Context>,
    idle: Duration,
    running: Mutex<HashMap<String, Running>>,
    opening: Mutex<HashMap<String, Opening>>,
}

/// A client in the making, and where it can be reached.
type Opening = Shared<BoxFuture<'static, Result<(Client, String), Trouble>>>;

struct Running {
    cluster: Arc<Cluster>,
    asked: Instant,
}

impl Clusters {
    /// None of them is watched yet. One that nobody holds for `idle` is no longer watched.
    pub fn new(contexts: Vec<Context>, idle: Duration) -> Self {
        Self { contexts, idle, running: Mutex::default(), opening: Mutex::default() }
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
        let (client, address) = self.open(context).await?;
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        // Somebody else may have been quicker.
        let entry = running.entry(name.into()).or_insert_with(|| {
            let cluster = Cluster::start_in(Pace::default(), name, client, &address, &context.namespaces);
            let cluster = cluster.found_in(&context.origin);
            if let Some(planned) = &context.planned {
                cluster.plan(planned.clone());
            }
            // The built-in cluster's addresses are made up: whoever answers there is somebody else.
            let planned = context.planned.clone().filter(|_| !context.demo);
            let cluster = match planned {
                Some(planned) => cluster.probed(&planned, Ports::default()),
                None => cluster,
            };
            let cluster = match &context.etcd {
                Some(access) => cluster.asking_etcd(access, if context.demo { etcd::OFTEN } else { etcd::EVERY }),
                None => cluster,
            };
            Running { cluster: Arc::new(cluster), asked: Instant::now() }
        });
        Ok(entry.cluster.clone())
    }

    async fn open(&self, context: &Context) -> Result<(Client, String), Trouble> {
        let late = Trouble::Kubeconfig {
            file: context.origin.clone(),
            what: format!("context {}: its credential plugin has not come to an end yet", context.name),
        };
        let opening = {
            let mut opening = self.opening.lock().unwrap_or_else(PoisonError::into_inner);
            let make = || {
                let (context, name) = (context.clone(), context.name.clone());
                // A task of its own, so that it goes on when nobody waits.
                let task = tokio::spawn(async move { context.client().await });
                let ended = move |_| Trouble::NoSuchCluster(name);
                async move { task.await.map_err(ended)? }.boxed().shared()
            };
            opening.entry(context.name.clone()).or_insert_with(make).clone()
        };
        let opened = tokio::time::timeout(PATIENCE, opening).await;
        if opened.is_ok() {
            self.opening.lock().unwrap_or_else(PoisonError::into_inner).remove(&context.name);
        }
        opened.unwrap_or(Err(late))
    }

    fn running_now(&self, name: &str) -> Option<Arc<Cluster>> {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = running.get_mut(name)?;
        entry.asked = Instant::now();
        Some(entry.cluster.clone())
    }

    /// Those that are watched now, by name; asking keeps none of them.
    pub fn watched(&self) -> Vec<(String, Arc<Cluster>)> {
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        let mut watched: Vec<_> = running.iter().map(|(name, entry)| (name.clone(), entry.cluster.clone())).collect();
        watched.sort_by(|(a, _), (b, _)| a.cmp(b));
        watched
    }

    /// Ends the watches that nobody holds any more; called whenever a cluster is asked for, and by
    /// whoever wants to be sure.
    pub fn forget_idle(&self) {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        running.retain(|_, entry| Arc::strong_count(&entry.cluster) > 1 || entry.asked.elapsed() < self.idle);
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::cluster::contexts;

    #[tokio::test]
    async fn a_slow_credential_plugin_is_waited_for_while_others_are_told() {
        let dir = std::env::temp_dir().join(format!("binnacle-plugin-{}", std::process::id()));
        fs::create_dir_all(&dir).unwrap();
        let (file, gate) = (dir.join("config"), dir.join("gate"));
        let credential =
            r#"{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"t"}}"#;
        let script = format!("while [ ! -e {} ]; do sleep 0.1; done; echo '{credential}'", gate.display());
        let text = serde_json::json!({
            "apiVersion": "v1", "kind": "Config",
            "clusters": [{ "name": "c", "cluster": { "server": "https://127.0.0.1:1" } }],
            "users": [{ "name": "u", "user": { "exec": { "apiVersion": "client.authentication.k8s.io/v1", "command": "sh",
                "args": ["-c", script], "interactiveMode": "Never" } } }],
            "contexts": [{ "name": "slow", "context": { "cluster": "c", "user": "u" } }],
        });
        // JSON is YAML as well.
        fs::write(&file, text.to_string()).unwrap();
        let clusters = Clusters::new(contexts::find(Some(&file)).unwrap(), Duration::from_secs(60));
        let said = clusters.get("slow").await.err().unwrap().to_string();
        assert!(said.ends_with("context slow: its credential plugin has not come to an end yet"), "{said}");
        fs::write(&gate, "").unwrap();
        let mut cluster = clusters.get("slow").await;
        for _ in 0..10 {
            if cluster.is_ok() {
                break;
            }
            cluster = clusters.get("slow").await;
        }
        fs::remove_dir_all(&dir).unwrap();
        assert!(cluster.is_ok(), "{:?}", cluster.err());
    }
}
