//! Questions about a cluster that is watched, and the standing answers: the loss of each host, kept fresh as it changes.

use std::{
    collections::HashMap,
    sync::{Arc, LazyLock, Mutex, PoisonError},
    time::{Duration, Instant},
};

use tokio::sync::{OwnedMutexGuard, Semaphore};
use topology::{
    Inventory,
    inventory::{Heard, Source},
};
use whatif::{Answer, DrainOrder, Mistake, Question, Standing};

use crate::{cluster::Cluster, placed::placed};

/// Standing answers that are worked out at once: those of a large cluster take a processor for seconds.
static PLACES: LazyLock<Arc<Semaphore>> = LazyLock::new(|| Arc::new(Semaphore::new(1)));

/// Questions that are worked out at once.
static QUESTIONS: LazyLock<Arc<Semaphore>> = LazyLock::new(|| Arc::new(Semaphore::new(2)));

/// They are worked out once in this time, however many look.
const MOMENT: Duration = Duration::from_secs(2);
/// And take no more than one part in so many of the time.
const SHARE: u32 = 20;
/// A reader waits no longer than this for them.
const PATIENCE: Duration = Duration::from_millis(900);
/// Facts that stand in no figure come after the others: a question waits so long for them.
const BESIDE: Duration = Duration::from_secs(3);

/// The standing answers of each cluster, and its last drain order.
#[derive(Clone, Default)]
pub(crate) struct Losses {
    kept: Arc<Mutex<HashMap<String, Kept>>>,
    orders: Arc<Mutex<HashMap<String, Arc<tokio::sync::Mutex<Ordered>>>>>,
}

/// A drain order, and until when it serves.
type Ordered = Option<(Instant, Arc<DrainOrder>)>;

struct Kept {
    found: Option<Arc<whatif::Losses>>,
    /// The ground of those, so that the next ones cost only the change; none while it is worked with.
    standing: Option<Standing>,
    until: Instant,
    working: bool,
}

impl Losses {
    /// Those of a cluster; none while they are worked out for the first time. Old ones serve until new ones are there.
    pub(crate) async fn of(&self, name: &str, cluster: &Arc<Cluster>) -> Option<Arc<whatif::Losses>> {
        if let Some(work) = self.renew(name, cluster)
            && self.peek(name).is_none()
        {
            let _ = tokio::time::timeout(PATIENCE, work).await;
        }
        self.peek(name)
    }

    /// The same without waiting: what is known now, and is renewed behind it.
    pub(crate) fn glance(&self, name: &str, cluster: &Arc<Cluster>) -> Option<Arc<whatif::Losses>> {
        self.renew(name, cluster);
        self.peek(name)
    }

    /// Works them out where they are old and nobody does.
    fn renew(&self, name: &str, cluster: &Arc<Cluster>) -> Option<tokio::task::JoinHandle<()>> {
        self.begin(name).then(|| tokio::spawn(self.clone().work(name.to_owned(), cluster.clone())))
    }

    /// Those that are known now, without working any out.
    pub(crate) fn peek(&self, name: &str) -> Option<Arc<whatif::Losses>> {
        self.kept().get(name)?.found.clone()
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, HashMap<String, Kept>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The order in which all hosts of a cluster can be drained. It takes a processor for seconds, so those who ask while
    /// it is worked out, or soon after, share one.
    pub(crate) async fn order(&self, name: &str, cluster: &Arc<Cluster>) -> Result<Arc<DrainOrder>, Mistake> {
        let asked = Instant::now();
        let last = {
            let mut orders = self.orders.lock().unwrap_or_else(PoisonError::into_inner);
            orders.entry(name.to_owned()).or_default().clone()
        };
        let last = last.lock_owned().await;
        if let Some((until, order)) = &*last
            && *until > asked
        {
            return Ok(order.clone());
        }
        // On a task of its own: a client that hangs up leaves the answer to the others.
        tokio::spawn(ordered(last, cluster.clone())).await.unwrap_or(Err(Mistake::Unanswered))
    }

    /// Whether the caller has to work.
    fn begin(&self, name: &str) -> bool {
        let mut kept = self.kept();
        let now = Instant::now();
        let last =
            kept.entry(name.to_owned()).or_insert(Kept { found: None, standing: None, until: now, working: false });
        let old = last.until <= now && !last.working;
        last.working |= old;
        old
    }

    async fn work(self, name: String, cluster: Arc<Cluster>) {
        beside(&cluster).await;
        let standing = self.kept().get_mut(&name).and_then(|last| last.standing.take());
        // The copy is made once there is a place: waiting takes no memory, and does not count as work.
        let work = move || {
            let mut standing = standing.unwrap_or_default();
            let began = Instant::now();
            let now = cluster.now();
            // A copy, so that what comes in meanwhile waits for nothing.
            let facts = cluster.read(Inventory::clone);
            let found = Arc::new(standing.renew(&facts, now));
            (found, standing, began.elapsed())
        };
        let done = placed(&PLACES, work).await;
        let took = done.as_ref().map_or(Duration::ZERO, |(_, _, took)| *took);
        let (found, standing) = done.map_or((None, None), |(found, standing, _)| (Some(found), Some(standing)));
        let until = Instant::now() + MOMENT.max(took * SHARE);
        let mut kept = self.kept();
        if let Some(last) = kept.get_mut(&name) {
            last.found = found.or_else(|| last.found.take());
            last.standing = standing;
            (last.until, last.working) = (until, false);
        }
    }
}

/// Answers a question about a cluster as it is now.
pub(crate) async fn ask(cluster: &Arc<Cluster>, pairs: &[(String, String)]) -> Result<Answer, Mistake> {
    beside(cluster).await;
    let (cluster, pairs) = (cluster.clone(), pairs.to_vec());
    let answer = placed(&QUESTIONS, move || {
        let pairs = pairs.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let now = cluster.now();
        // Of a copy, so that what comes in meanwhile waits for nothing; a mistake needs none.
        let (question, facts) =
            cluster.read(|facts| Question::of(facts, pairs).map(|question| (question, facts.clone())))?;
        Ok(whatif::ask(&facts, now, &question))
    });
    answer.await.unwrap_or(Err(Mistake::Unanswered))
}

/// Works out a drain order, and keeps it for as long as that took.
async fn ordered(mut last: OwnedMutexGuard<Ordered>, cluster: Arc<Cluster>) -> Result<Arc<DrainOrder>, Mistake> {
    let began = Instant::now();
    let order = Arc::new(drain_order(&cluster).await?);
    *last = Some((Instant::now() + MOMENT.max(began.elapsed()), order.clone()));
    Ok(order)
}

/// The order in which all hosts of a cluster can be drained, as it is now.
pub(crate) async fn drain_order(cluster: &Arc<Cluster>) -> Result<DrainOrder, Mistake> {
    beside(cluster).await;
    let cluster = cluster.clone();
    let order = placed(&QUESTIONS, move || {
        let now = cluster.now();
        let facts = cluster.read(Inventory::clone);
        whatif::drain_order(&facts, now)
    });
    order.await.ok_or(Mistake::Unanswered)
}

/// Waits for the facts that stand in no figure, for a while.
pub(crate) async fn beside(cluster: &Cluster) {
    let mut follower = cluster.follow();
    let heard = |inventory: &Inventory| Source::BESIDE.iter().all(|one| *inventory.heard(*one) != Heard::NotYet);
    let wait = async {
        while !cluster.read(heard) {
            follower.next().await;
        }
    };
    let _ = tokio::time::timeout(BESIDE, wait).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn those_who_ask_at_once_share_one_drain_order() {
        let context = crate::demo::still();
        let (client, address) = context.client().await.expect("a client of the built-in cluster");
        let cluster = Arc::new(Cluster::start(&context.name, client, &address));
        cluster.heard_everything().await.expect("its facts");
        let losses = Losses::default();
        let (first, second) = tokio::join!(losses.order("demo", &cluster), losses.order("demo", &cluster));
        assert!(Arc::ptr_eq(&first.expect("an order"), &second.expect("an order")));
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn kept_losses_equal_new_ones_through_simulated_lives() {
        use simulator::{Cluster as Made, Simulator};
        for seed in 1..=3 {
            let began = jiff::Timestamp::now();
            let simulator = Simulator::new(Made::compass(seed).at(began));
            let client = kube::Client::new(simulator.clone(), "default");
            let cluster = Arc::new(Cluster::start("demo", client, "10.1.0.222:6443"));
            cluster.heard_everything().await.expect("its facts");
            let (mut life, mut follower) = (simulator.life(), cluster.follow());
            let (mut standing, mut kept) = (Standing::default(), 0);
            for step in 1..=60 {
                life.step(began + Duration::from_secs(3 * step));
                // Whatever has come in by then: both look at one copy.
                let _ = tokio::time::timeout(Duration::from_millis(100), follower.next()).await;
                let (facts, now) = (cluster.read(Inventory::clone), cluster.now());
                let fresh = standing.renew(&facts, now);
                assert!(fresh == whatif::losses(&facts, now), "seed {seed}, step {step}");
                kept += fresh.single.len() + fresh.pairs.len() - standing.asked();
            }
            assert!(kept > 0, "every answer was worked out anew");
        }
    }
}
