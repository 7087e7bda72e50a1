//! A cluster that is being watched: its Inventory, and those who follow it.

use std::{
    sync::{Arc, Mutex, PoisonError, RwLock, Weak},
    time::{Duration, Instant, SystemTime},
};

use kube::{Client, runtime::watcher::DefaultBackoff};
use tokio::{
    sync::{Notify, watch},
    task::{JoinHandle, JoinSet},
};
use topology::{
    Change, Inventory, Stamp, Touched,
    inventory::{Heard, OwnerKind, Source},
};

use super::{
    Trouble,
    discovery::{self, Dialect},
    endpoints, lease, node,
    object::Served,
    owner, pod, pulse, readyz, service,
    watch::{Kind, follow},
};

/// How often leases are looked at that may have run out.
const TICK: Duration = Duration::from_secs(1);

/// A watched cluster. Dropping it ends every watch.
pub struct Cluster {
    shared: Arc<Shared>,
    client: Client,
    supervisor: JoinHandle<()>,
    started: Instant,
}

/// What the watches write and the views read.
pub(crate) struct Shared {
    name: String,
    address: String,
    inventory: RwLock<Inventory>,
    followers: Mutex<Vec<Weak<Mailbox>>>,
    trouble: RwLock<Option<Trouble>>,
    revived: watch::Sender<u64>,
}

#[derive(Default)]
struct Mailbox {
    touched: Mutex<Touched>,
    mail: Notify,
}

/// Hears what is touched; what comes while it is busy is kept, merged.
pub struct Follower(Arc<Mailbox>);

impl Cluster {
    /// Starts watching and returns at once. `address` is where clients reach the API, for people.
    pub fn start(name: &str, client: Client, address: &str) -> Self {
        let shared = Arc::new(Shared {
            name: name.into(),
            address: address.into(),
            inventory: RwLock::default(),
            followers: Mutex::default(),
            trouble: RwLock::default(),
            revived: watch::Sender::new(0),
        });
        let supervisor = tokio::spawn(supervise(client.clone(), shared.clone()));
        Self { shared, client, supervisor, started: Instant::now() }
    }

    /// Looks at the facts. Keep it short: writers wait.
    pub fn read<R>(&self, look: impl FnOnce(&Inventory) -> R) -> R {
        self.shared.read(look)
    }

    /// Takes changes in that did not come from the cluster itself.
    #[cfg(test)]
    pub(crate) fn apply(&self, changes: Vec<Change>) {
        self.shared.apply(changes);
    }

    /// Follows what is touched from now on.
    pub fn follow(&self) -> Follower {
        let mailbox = Arc::new(Mailbox::default());
        lock(&self.shared.followers).push(Arc::downgrade(&mailbox));
        Follower(mailbox)
    }

    /// What is wrong with the cluster as a whole, if anything.
    pub fn trouble(&self) -> Option<Trouble> {
        self.shared.trouble.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The client, for questions that are asked only now and then.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// The moment by which staleness is judged.
    pub fn now(&self) -> Stamp {
        self.shared.now()
    }

    /// For how long it has been watched.
    pub fn age(&self) -> Duration {
        self.started.elapsed()
    }

    /// Waits until every source has spoken once, or has said why it cannot; or until the cluster
    /// is found to be out of reach.
    ///
    /// # Errors
    /// The trouble, when there is one before everything was heard.
    pub async fn heard_everything(&self) -> Result<(), Trouble> {
        let mut follower = self.follow();
        loop {
            if self.read(|inventory| Source::ALL.iter().all(|source| *inventory.heard(*source) != Heard::NotYet)) {
                return Ok(());
            }
            if let Some(trouble) = self.trouble() {
                return Err(trouble);
            }
            follower.next().await;
        }
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.supervisor.abort();
    }
}

impl Follower {
    /// What was touched since the last call; waits when nothing was.
    pub async fn next(&mut self) -> Touched {
        loop {
            let touched = std::mem::take(&mut *lock(&self.0.touched));
            if !touched.is_nothing() {
                return touched;
            }
            self.0.mail.notified().await;
        }
    }
}

impl Follower {
    /// What was touched since the last call, without waiting.
    pub fn now(&self) -> Touched {
        std::mem::take(&mut *lock(&self.0.touched))
    }
}

impl Shared {
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    pub(crate) fn now(&self) -> Stamp {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Stamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }

    pub(crate) fn read<R>(&self, look: impl FnOnce(&Inventory) -> R) -> R {
        look(&self.inventory.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn apply(&self, changes: Vec<Change>) {
        if changes.is_empty() {
            return;
        }
        let mut touched = Touched::default();
        let mut inventory = self.inventory.write().unwrap_or_else(PoisonError::into_inner);
        for change in changes {
            touched.merge(inventory.apply(change));
        }
        drop(inventory);
        self.tell(&touched);
    }

    fn tell(&self, touched: &Touched) {
        if touched.is_nothing() {
            return;
        }
        lock(&self.followers).retain(|follower| {
            let Some(mailbox) = follower.upgrade() else { return false };
            lock(&mailbox.touched).merge(touched.clone());
            mailbox.mail.notify_one();
            true
        });
    }

    /// The cluster as a whole is out of reach.
    pub(crate) fn fail(&self, trouble: &Trouble) {
        let before = self.trouble.write().unwrap_or_else(PoisonError::into_inner).replace(trouble.clone());
        if before.as_ref() != Some(trouble) {
            tracing::warn!(cluster = self.name, "{trouble}. {}", trouble.todo());
            self.tell(&Touched { around: true, ..Touched::default() });
        }
    }

    /// The line is cut: what is known is stale from now on.
    pub(crate) fn cut(&self, trouble: &Trouble) {
        self.fail(trouble);
        let stale = Heard::Stale { since: self.now(), reason: trouble.to_string().into() };
        let live = |inventory: &Inventory| -> Vec<Source> {
            Source::ALL.into_iter().filter(|source| *inventory.heard(*source) == Heard::Live).collect()
        };
        self.apply(self.read(live).into_iter().map(|source| Change::Heard(source, stale.clone())).collect());
    }

    /// The cluster answers again.
    pub(crate) fn recover(&self) {
        if self.trouble.write().unwrap_or_else(PoisonError::into_inner).take().is_some() {
            tracing::info!(cluster = self.name, "the cluster answers again");
            self.tell(&Touched { around: true, ..Touched::default() });
        }
    }

    /// Makes every watch start over.
    pub(crate) fn revive(&self) {
        self.revived.send_modify(|count| *count += 1);
    }

    pub(crate) fn revived(&self) -> watch::Receiver<u64> {
        self.revived.subscribe()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Finds out what is served, then keeps every watch running.
async fn supervise(client: Client, shared: Arc<Shared>) {
    let dialect = discover(&client, &shared).await;
    shared.apply(vec![
        Change::Version(dialect.version.as_str().into()),
        Change::Entrance(shared.address.as_str().into()),
    ]);
    let mut tasks = JoinSet::new();
    spawn_watches(&mut tasks, &client, &shared, dialect);
    tasks.spawn(readyz::follow(client.clone(), shared.clone()));
    tasks.spawn(pulse::follow(client, shared.clone()));
    tasks.spawn(tick(shared));
    while let Some(ended) = tasks.join_next().await {
        if let Err(error) = ended {
            tracing::error!("a watch ended: {error}");
        }
    }
}

async fn discover(client: &Client, shared: &Shared) -> Dialect {
    let mut backoff = DefaultBackoff::default();
    loop {
        match discovery::ask(client).await {
            Ok(dialect) => {
                shared.recover();
                return dialect;
            }
            Err(error) => shared.fail(&Trouble::of(&error, &shared.name, &shared.address)),
        }
        tokio::time::sleep(backoff.next().unwrap_or(TICK)).await;
    }
}

async fn tick(shared: Arc<Shared>) {
    let mut before = shared.now();
    loop {
        tokio::time::sleep(TICK).await;
        let now = shared.now();
        let touched = shared.read(|inventory| inventory.elapsed(before, now));
        shared.tell(&touched);
        before = now;
    }
}

const fn served(group: &'static str, plural: &'static str, kind: &'static str) -> Served {
    Served { group, version: "v1", plural, kind }
}

fn spawn_watches(tasks: &mut JoinSet<()>, client: &Client, shared: &Arc<Shared>, dialect: Dialect) {
    let (c, s) = (|| client.clone(), || shared.clone());
    let nodes = served("", "nodes", "Node");
    let fact: fn(_, &mut _) -> _ = if dialect.leases.is_some() {
        |object, intern| vec![node::fact(object, intern, true)]
    } else {
        |object, intern| vec![node::fact(object, intern, false)]
    };
    tasks.spawn(follow(c(), Kind { served: nodes, sources: &[Source::Nodes], facts: fact }, s()));
    let pods = served("", "pods", "Pod");
    tasks.spawn(follow(c(), Kind { served: pods, sources: &[Source::Pods], facts: |o, i| vec![pod::fact(o, i)] }, s()));
    let services = served("", "services", "Service");
    tasks.spawn(follow(
        c(),
        Kind { served: services, sources: &[Source::Services], facts: |o, i| vec![service::fact(o, i)] },
        s(),
    ));
    let namespaces = served("", "namespaces", "Namespace");
    let kind =
        Kind { served: namespaces, sources: &[Source::Namespaces], facts: |o, i| vec![service::namespace(&o, i)] };
    tasks.spawn(follow(c(), kind, s()));
    spawn_endpoints_and_leases(tasks, client, shared, dialect);

    macro_rules! owners {
        ($($group:literal $plural:literal $kind:ident $source:ident),+ $(,)?) => {$(
            let kind = Kind {
                served: served($group, $plural, stringify!($kind)),
                sources: &[Source::$source],
                facts: |object, intern| vec![owner::fact(OwnerKind::$kind, &object, intern)],
            };
            tasks.spawn(follow(c(), kind, s()));
        )+};
    }
    owners! {
        "apps" "deployments" Deployment Deployments,
        "apps" "replicasets" ReplicaSet ReplicaSets,
        "apps" "statefulsets" StatefulSet StatefulSets,
        "apps" "daemonsets" DaemonSet DaemonSets,
        "batch" "jobs" Job Jobs,
    }
}

/// Slices and leases, or what stands in for them: Endpoints, and the annotations on these.
fn spawn_endpoints_and_leases(tasks: &mut JoinSet<()>, client: &Client, shared: &Arc<Shared>, dialect: Dialect) {
    let (c, s) = (|| client.clone(), || shared.clone());
    let endpoints = served("", "endpoints", "Endpoints");
    let (slices, leases) = (dialect.slices, dialect.leases);
    if let Some(served) = slices.clone() {
        tasks.spawn(follow(
            c(),
            Kind { served, sources: &[Source::Endpoints], facts: |o, i| vec![endpoints::slice(o, i)] },
            s(),
        ));
    }
    if let Some(served) = leases.clone() {
        tasks.spawn(follow(
            c(),
            Kind { served, sources: &[Source::Leases], facts: |o, i| vec![lease::fact(o, i)] },
            s(),
        ));
    }
    match (slices, leases) {
        (Some(_), Some(_)) => {}
        (None, Some(_)) => {
            let kind = Kind {
                served: endpoints,
                sources: &[Source::Endpoints],
                facts: |o, i| vec![endpoints::endpoints(o, i)],
            };
            tasks.spawn(follow(c(), kind, s()));
        }
        (Some(_), None) => {
            let facts: fn(_, &mut _) -> _ = |o, i| lease::annotation(&o, i).into_iter().collect();
            tasks.spawn(follow(c(), Kind { served: endpoints, sources: &[Source::Leases], facts }, s()));
        }
        (None, None) => {
            let facts: fn(_, &mut _) -> _ = |o, i| {
                let lease = lease::annotation(&o, i);
                std::iter::once(endpoints::endpoints(o, i)).chain(lease).collect()
            };
            tasks.spawn(follow(
                c(),
                Kind { served: endpoints, sources: &[Source::Endpoints, Source::Leases], facts },
                s(),
            ));
        }
    }
}
