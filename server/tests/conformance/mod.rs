//! What Binnacle's client must do on every Kubernetes API, the real one and the simulated one alike.

mod cut;
mod outages;
mod relations;
mod suite;
mod ways;

use std::{future::Future, time::Duration};

use binnacle::cluster::Cluster;
use kube::{Api, Client, Config, api::PostParams};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use topology::{Inventory, inventory::Key};

pub use cut::Line;
pub use outages::*;
pub use relations::*;
pub use suite::*;
pub use ways::*;

/// An API under test.
pub struct Target {
    /// How an administrator reaches it over TCP.
    pub config: Config,
    /// How somebody reaches it who may read neither leases nor endpoints.
    pub limited: Config,
    /// Makes the API forget its past, so that whoever resumes from before is told 410.
    pub forget: Box<dyn Fn() -> std::pin::Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync>,
}

impl Target {
    pub fn admin(&self) -> Client {
        client(&self.config)
    }

    /// A cluster as Binnacle watches it.
    pub fn watch(&self) -> Cluster {
        Cluster::start("test", self.admin(), "the test's API")
    }

    /// The same through a line that can be cut.
    pub async fn watch_through(&self, line: &Line) -> Cluster {
        let mut config = self.config.clone();
        let scheme = config.cluster_url.scheme_str().expect("a scheme");
        config.cluster_url = format!("{scheme}://{}", line.address()).parse().expect("an address");
        Cluster::start("test", client(&config), "the test's API")
    }
}

pub fn client(config: &Config) -> Client {
    Client::try_from(config.clone()).expect("a client")
}

/// Waits until the facts are as wanted; fails after a while with what was waited for.
pub async fn until(cluster: &Cluster, what: &str, wanted: impl Fn(&Inventory) -> bool) {
    let mut follower = cluster.follow();
    let seen = async {
        while !cluster.read(&wanted) {
            follower.next().await;
        }
    };
    let outcome = tokio::time::timeout(Duration::from_secs(120), seen).await;
    assert!(outcome.is_ok(), "never came: {what}; trouble: {:?}", cluster.trouble());
}

/// A name that no other test uses.
pub fn unique(what: &str) -> String {
    use std::sync::atomic::{AtomicU32, Ordering};
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let moment = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970").as_millis();
    format!("{what}-{:x}-{}", moment % 0xff_ffff, NEXT.fetch_add(1, Ordering::Relaxed))
}

/// Creates an object; tries again for a while, because a new control plane still makes accounts.
pub async fn create<K>(api: &Api<K>, object: Value) -> K
where
    K: DeserializeOwned + serde::Serialize + Clone + std::fmt::Debug,
{
    let object: K = serde_json::from_value(object).expect("an object");
    let mut last = None;
    for _ in 0..50 {
        match api.create(&PostParams::default(), &object).await {
            Ok(created) => return created,
            Err(error) => last = Some(error),
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    panic!("cannot create {object:?}: {last:?}");
}

pub fn pod(name: &str, node: &str) -> Value {
    json!({
        "metadata": { "name": name },
        "spec": { "nodeName": node, "automountServiceAccountToken": false, "containers": [{ "name": "c", "image": "none:1" }] },
    })
}

pub fn node(name: &str, labels: &Value) -> Value {
    json!({ "metadata": { "name": name, "labels": labels } })
}

pub fn lease(name: &str, holder: &str, seconds_ago: i64) -> Value {
    let renewed = jiff::Timestamp::now() - jiff::SignedDuration::from_secs(seconds_ago);
    json!({
        "metadata": { "name": name },
        "spec": { "holderIdentity": holder, "leaseDurationSeconds": 40, "renewTime": renewed.strftime("%Y-%m-%dT%H:%M:%S.%6fZ").to_string() },
    })
}

pub fn key(namespace: &str, name: &str) -> Key {
    Key::new(namespace, name)
}
