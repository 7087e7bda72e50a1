//! A cluster that is being watched: its Inventory, and those who follow it.

use std::{
    collections::BTreeSet,
    sync::{
        Arc, Mutex, PoisonError, RwLock, Weak,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use journal::{Record, Recorder};
use kube::Client;
use tokio::{
    sync::{Notify, watch},
    task::JoinHandle,
};
use topology::{
    Change, Inventory, Stamp, Touched,
    inventory::{Heard, Source},
    planned::Planned,
};

use crate::etcd::Access;

use super::{
    Trouble,
    clock::Clock,
    etcd,
    looked::Looked,
    probe::{Ports, probe},
    scope,
    supervision::supervise,
};

/// How often what is not watched is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// A kind that may not be read, or is not served.
    pub refused: Duration,
    /// A kind that may be listed and not watched.
    pub listed: Duration,
    /// The API server's own checks.
    pub checks: Duration,
    /// Whether the API server answers at all.
    pub pulse: Duration,
    /// Which namespaces may be read, where these are not all.
    pub scope: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            refused: Duration::from_secs(30),
            listed: Duration::from_secs(15),
            checks: Duration::from_secs(5),
            pulse: Duration::from_secs(3),
            scope: Duration::from_secs(300),
        }
    }
}

/// More touched nodes than these are all nodes.
const MOST_NODES: usize = 8_192;

/// A watched cluster. Dropping it ends every watch.
pub struct Cluster {
    shared: Arc<Shared>,
    client: Client,
    supervisor: JoinHandle<()>,
    probe: Option<JoinHandle<()>>,
    etcd: Option<JoinHandle<()>>,
    origin: String,
    pub(super) looked: Looked,
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
    missed: watch::Sender<u64>,
    /// Whether the namespaces that a limited role may read were looked for.
    sought: AtomicBool,
    pace: Pace,
    clock: Clock,
    /// What is worth keeping, while somebody records. It is locked within the Inventory's lock.
    tape: Mutex<Option<Recorder>>,
    /// Whether these are the facts of a past moment, which nobody may ask the cluster about.
    past: bool,
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
        Self::start_at(Pace::default(), name, client, address)
    }

    /// The same at another pace.
    pub fn start_at(pace: Pace, name: &str, client: Client, address: &str) -> Self {
        Self::start_in(pace, name, client, address, &BTreeSet::new())
    }

    /// The same, limited to these namespaces, if there are any.
    pub fn start_in(
        pace: Pace,
        name: &str,
        client: Client,
        address: &str,
        namespaces: &BTreeSet<topology::inventory::Name>,
    ) -> Self {
        let shared = Arc::new(Shared::new(name, address, pace));
        let supervisor = tokio::spawn(supervise(client.clone(), shared.clone(), scope::first(namespaces)));
        Self::of(shared, client, supervisor)
    }

    fn of(shared: Arc<Shared>, client: Client, supervisor: JoinHandle<()>) -> Self {
        Self {
            shared,
            client,
            supervisor,
            probe: None,
            etcd: None,
            origin: String::new(),
            looked: Looked::default(),
            started: Instant::now(),
        }
    }

    /// A cluster as it was at a moment. It is not watched, its time stands still, and it cannot be asked anything.
    pub fn past(name: &str, inventory: Inventory, at: Stamp) -> Self {
        let shared = Shared {
            inventory: RwLock::new(inventory),
            clock: Clock::still(at),
            // Nobody looks for more.
            sought: AtomicBool::new(true),
            past: true,
            ..Shared::new(name, "", Pace::default())
        };
        let nobody = tower::service_fn(|_: http::Request<kube::client::Body>| async {
            Err::<http::Response<kube::client::Body>, _>(std::io::Error::other("the past cannot be asked"))
        });
        Self::of(Arc::new(shared), Client::new(nobody, "default"), tokio::spawn(async {}))
    }

    /// A cluster that nobody watches: its facts are told, and its time stands still until it is set.
    pub(super) fn told(name: &str, client: Client, address: &str, at: Stamp) -> Self {
        let shared = Shared { clock: Clock::still(at), ..Shared::new(name, address, Pace::default()) };
        Self::of(Arc::new(shared), client, tokio::spawn(async {}))
    }

    pub(super) const fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// Whether it is a past moment's.
    pub fn is_past(&self) -> bool {
        self.shared.past
    }

    /// Records from now on, and answers what there is now, and when that is.
    pub fn record(&self) -> (Stamp, Vec<Change>) {
        // Writers wait meanwhile, so that no change comes in between; readers do not.
        self.read(|inventory| {
            let now = self.now();
            *lock(&self.shared.tape) = Some(Recorder::new(now));
            (now, inventory.changes())
        })
    }

    /// What was recorded since the last call, up to when, and with `whole` everything that there is at that moment.
    pub fn recorded(&self, whole: bool) -> (Stamp, Vec<Record>, Option<Vec<Change>>) {
        self.read(|inventory| {
            let now = self.now();
            let records = lock(&self.shared.tape).as_mut().map(|tape| tape.give(inventory, now)).unwrap_or_default();
            (now, records, whole.then(|| inventory.changes()))
        })
    }

    /// Records no more.
    pub fn record_no_more(&self) {
        *lock(&self.shared.tape) = None;
    }

    /// Looks at the facts. Keep it short: writers wait.
    pub fn read<R>(&self, look: impl FnOnce(&Inventory) -> R) -> R {
        self.shared.read(look)
    }

    /// Tells it what it was to be.
    pub fn plan(&self, planned: Arc<Planned>) {
        self.shared.apply(vec![Change::Planned(Some(planned))]);
    }

    /// From now on also asks, now and then, whether the plan's addresses answer.
    #[must_use]
    pub fn probed(mut self, planned: &Arc<Planned>, ports: Ports) -> Self {
        self.probe = Some(tokio::spawn(probe(self.shared.clone(), planned.clone(), ports)));
        self
    }

    /// From now on also asks etcd itself how it fares.
    #[must_use]
    pub fn asking_etcd(mut self, access: &Arc<Access>, every: Duration) -> Self {
        self.etcd = Some(tokio::spawn(etcd::follow(self.shared.clone(), access.clone(), every)));
        self
    }

    /// Names the file that its address and credentials come from.
    #[must_use]
    pub fn found_in(mut self, origin: &str) -> Self {
        self.origin = origin.into();
        self
    }

    /// What to do about a trouble with it, and in which file.
    pub fn todo(&self, trouble: &Trouble) -> String {
        format!("{} Binnacle keeps trying.", trouble.todo_in(&self.origin))
    }

    /// Takes changes in that did not come from the cluster itself.
    #[cfg(test)]
    pub(crate) fn apply(&self, changes: Vec<Change>) {
        self.shared.apply(changes);
    }

    /// Follows what is touched from now on.
    pub fn follow(&self) -> Follower {
        self.shared.follow()
    }

    /// What is wrong with the cluster as a whole, if anything.
    pub fn trouble(&self) -> Option<Trouble> {
        self.shared.trouble.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The client, for questions that are asked only now and then.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// The moment by which staleness is judged: the API server's time.
    pub fn now(&self) -> Stamp {
        self.shared.now()
    }

    /// By how many milliseconds this machine's clock is ahead of the API server's, when it is off.
    pub fn clock_off(&self) -> Option<i64> {
        self.shared.clock().ours_off()
    }

    /// Nodes whose clock is off, and by how many milliseconds each is ahead of the API server's.
    pub fn clocks_off(&self) -> Vec<(topology::inventory::Name, i64)> {
        self.shared.clock().nodes_off()
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
            if self.shared.has_heard_everything() && self.shared.has_sought() {
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
        self.probe.iter().chain(&self.etcd).for_each(JoinHandle::abort);
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
    fn new(name: &str, address: &str, pace: Pace) -> Self {
        Self {
            name: name.into(),
            address: address.into(),
            inventory: RwLock::default(),
            followers: Mutex::default(),
            trouble: RwLock::default(),
            revived: watch::Sender::new(0),
            missed: watch::Sender::new(0),
            sought: AtomicBool::new(false),
            pace,
            clock: Clock::default(),
            tape: Mutex::default(),
            past: false,
        }
    }

    /// Follows what is touched from now on.
    pub(crate) fn follow(&self) -> Follower {
        let mailbox = Arc::new(Mailbox::default());
        lock(&self.followers).push(Arc::downgrade(&mailbox));
        Follower(mailbox)
    }

    /// Whether every source that a figure is drawn from has spoken once, or has said why it cannot.
    pub(crate) fn has_heard_everything(&self) -> bool {
        self.read(|inventory| Source::ALL.iter().all(|source| *inventory.heard(*source) != Heard::NotYet))
    }

    /// Whether nothing is refused that would have the namespaces looked for that may be read, or they were.
    fn has_sought(&self) -> bool {
        self.sought.load(Ordering::Relaxed) || !self.read(scope::is_refused)
    }

    /// The namespaces that may be read were looked for, and no others are to be watched.
    pub(super) fn sought(&self) {
        if !self.sought.swap(true, Ordering::Relaxed) {
            self.tell(&Touched { around: true, ..Touched::default() });
        }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    pub(crate) fn now(&self) -> Stamp {
        self.clock.now()
    }

    pub(crate) fn clock(&self) -> &Clock {
        &self.clock
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
        let (mut tape, now) = (lock(&self.tape), self.now());
        for change in changes {
            let change = self.clock.timed(&inventory, change);
            if let Some(tape) = tape.as_mut() {
                tape.take(&inventory, &change, now);
            }
            touched.merge(inventory.apply(change));
        }
        drop(tape);
        drop(inventory);
        self.tell(&touched);
    }

    pub(crate) fn tell(&self, touched: &Touched) {
        if touched.is_nothing() {
            return;
        }
        lock(&self.followers).retain(|follower| {
            let Some(mailbox) = follower.upgrade() else { return false };
            let mut held = lock(&mailbox.touched);
            held.merge(touched.clone());
            // However long nobody reads and however many nodes come and go, it stays small.
            if held.nodes.len() > MOST_NODES {
                *held = Touched { nodes: BTreeSet::new(), all: true, ..std::mem::take(&mut held) };
            }
            drop(held);
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

    /// Takes changes in of which no record is kept: renewals that came in time, as many did before them.
    pub(super) fn renew(&self, changes: Vec<Change>) {
        let tape = lock(&self.tape).take();
        self.apply(changes);
        *lock(&self.tape) = tape;
    }

    /// The line is cut: what is known is stale from now on.
    pub(crate) fn cut(&self, trouble: &Trouble) {
        self.fail(trouble);
        let stale = Heard::Stale { since: self.now(), reason: trouble.to_string().into() };
        let live = |inventory: &Inventory| -> Vec<Change> {
            let fresh = inventory.standings().filter(|(.., heard)| heard.is_fresh());
            let cut = fresh.map(|(source, namespace, _)| match namespace {
                Some(namespace) => Change::HeardIn(source, namespace.clone(), stale.clone()),
                None => Change::Heard(source, stale.clone()),
            });
            cut.collect()
        };
        self.apply(self.read(live));
    }

    /// The cluster answers again.
    pub(crate) fn recover(&self) {
        if self.trouble.write().unwrap_or_else(PoisonError::into_inner).take().is_some() {
            tracing::info!(cluster = self.name, "the cluster answers again");
            self.tell(&Touched { around: true, ..Touched::default() });
        }
    }

    /// Makes every watch resume on a new line.
    pub(crate) fn revive(&self) {
        self.revived.send_modify(|count| *count += 1);
    }

    /// A kind is not served, although it was thought to be.
    pub(crate) fn miss(&self) {
        self.missed.send_modify(|count| *count += 1);
    }

    pub(crate) fn missed(&self) -> watch::Receiver<u64> {
        self.missed.subscribe()
    }

    pub(crate) fn pace(&self) -> Pace {
        self.pace
    }

    pub(crate) fn revived(&self) -> watch::Receiver<u64> {
        self.revived.subscribe()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
