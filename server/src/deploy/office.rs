//! Where deployments are ordered, cancelled and looked at, and from where the one server that acts follows them.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use app::pages::deployments::RunLine;
use serde::Deserialize;
use serde_json::json;
use tokio::{
    sync::{Notify, broadcast, watch},
    task::JoinHandle,
};
use transcript::Outline;

use super::{
    Finish, HostError, JumpHost, Made, Order, State, Told, anew,
    follow::{Desk, Live, follow, now},
    made::{unpack_outline, unpacked},
    state::kind_word,
    story::Learnt,
};
use crate::{
    access,
    store::{Held, Ordered, RunRow, Runs, Store, StoreError},
};

/// How often what was ordered elsewhere is looked for.
const LOOK: Duration = Duration::from_secs(1);
/// Every so many looks what is left of ended runs is removed.
const TIDY: u32 = 30;
/// Every so many looks old logs go: it takes a look at all of them.
const FORGET: u32 = 3_600;
/// Every so many looks folders on the jump host are removed that no run in the database has.
const SWEEP: u32 = 600;
/// Pieces of a log that wait for one who reads slowly; who falls further behind reads the database.
const BEHIND: usize = 256;
/// Runs that stand beside a figure.
const LATEST: u32 = 3;
/// How many of the last runs may have left something on the jump host.
const RECENT: u32 = 50;

/// Everything about deployments. One for a server.
pub struct Office {
    store: Store,
    host: Arc<JumpHost>,
    finish: Arc<Finish>,
    keep: Keep,
    live: Mutex<HashMap<String, Followed>>,
    latest: Mutex<HashMap<String, (Instant, Vec<RunLine>)>>,
    nudge: Notify,
    /// Whether every stored log is known to be redacted by the rules of today.
    fresh: AtomicBool,
    /// Redacts stored logs anew.
    redacting: Mutex<Option<JoinHandle<()>>>,
}

/// A run that is followed here, and who follows it.
type Followed = (Arc<Live>, JoinHandle<()>);

/// How much of logs is kept.
#[derive(Clone, Copy, Debug)]
pub struct Keep {
    /// How long after a run ended.
    pub age: Duration,
    /// How many bytes in all, packed.
    pub size: u64,
}

/// Why an order was not taken.
#[derive(Debug, thiserror::Error)]
pub enum OrderError {
    /// The database is away.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The jump host is away, or refuses.
    #[error(transparent)]
    Host(#[from] HostError),
}

/// What came of an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// The run.
    pub id: String,
    /// Whether it was ordered before, and goes on.
    pub before: bool,
}

#[derive(Deserialize)]
struct Prepared {
    dir: String,
}

/// Folders of runs that may be left over.
#[derive(Deserialize)]
struct Orphans {
    orphans: Vec<String>,
}

/// Whether a folder is gone.
#[derive(Deserialize)]
struct Gone {
    gone: bool,
}

impl Office {
    /// For a jump host.
    pub fn new(store: Store, host: JumpHost, finish: Finish, keep: Keep) -> Arc<Self> {
        Arc::new(Self {
            store,
            host: Arc::new(host),
            finish: Arc::new(finish),
            keep,
            live: Mutex::default(),
            latest: Mutex::default(),
            nudge: Notify::new(),
            fresh: AtomicBool::new(false),
            redacting: Mutex::default(),
        })
    }

    /// The jump host.
    pub fn host(&self) -> &JumpHost {
        &self.host
    }

    /// Orders a deployment. The plan goes to the jump host, where alone its passwords are kept. Whoever hangs up
    /// meanwhile leaves an order that is whole: it is a task of its own.
    ///
    /// # Errors
    /// [`OrderError`]; then nothing was ordered.
    pub async fn order(self: &Arc<Self>, order: &Order, who: &str) -> Result<Taken, OrderError> {
        let (here, order, who) = (self.clone(), order.clone(), who.to_owned());
        let placing = tokio::spawn(async move { here.place(&order, &who).await });
        let stopped = |error: tokio::task::JoinError| StoreError::Away(format!("the order was not finished: {error}"));
        placing.await.unwrap_or_else(|error| Err(stopped(error).into()))
    }

    async fn place(&self, order: &Order, who: &str) -> Result<Taken, OrderError> {
        let id = format!("{}-{}", jiff::Timestamp::now().strftime("%Y%m%d-%H%M%S"), access::random::<4>());
        let request = json!({
            "dir": format!("{}/{id}", self.host.runs),
            "owner": self.owner().await?,
            // What may be started is UTF-8.
            "dha.yml": String::from_utf8_lossy(order.plan.dha()),
            "network.yml": String::from_utf8_lossy(order.plan.network()),
        });
        let Prepared { dir } = self.host.ask("prepare", request).await?;
        let made = Made::of(order, &self.host, &dir);
        let plan = [order.plan.dha(), order.plan.network()];
        let plan = plan.map(|bytes| plan::masked(order.plan.plan(), bytes).join("\n"));
        let row = RunRow {
            id: id.clone(),
            cluster: order.cluster.clone(),
            kind: kind_word(order.kind).into(),
            host: self.host.name().into(),
            state: State::Queued.word().into(),
            who: who.into(),
            created: now(),
            started: None,
            ended: None,
            dir: dir.clone(),
            made: serde_json::to_string(&made).unwrap_or_default(),
            resume: String::new(),
            size: 0,
            judgement: None,
            trouble: String::new(),
            cancelled_by: None,
            seen: String::new(),
            versions: String::new(),
            rules: i64::from(transcript::RULES),
            hidden: String::new(),
            redacted: None,
        };
        let ordered = self.store.order(&row, &plan, &order.hash()).await;
        if !matches!(ordered, Ok(Ordered::New)) {
            // Nobody will come for it: its plan must not stay there.
            let _ = self.tidy(&dir).await;
        }
        self.nudge.notify_one();
        match ordered? {
            Ordered::New => Ok(Taken { id, before: false }),
            Ordered::Before(id) => Ok(Taken { id, before: true }),
        }
    }

    /// Wants a run to end. False when it has ended, or somebody wanted that before.
    ///
    /// # Errors
    /// [`StoreError::Away`].
    pub async fn cancel(&self, id: &str, who: &str) -> Result<bool, StoreError> {
        let asked = self.store.cancel_run(id, who).await?;
        self.nudge.notify_one();
        if let Some(live) = self.live(id) {
            live.nudge.notify_one();
        }
        Ok(asked)
    }

    /// A run.
    ///
    /// # Errors
    /// [`StoreError::Away`].
    pub async fn run(&self, id: &str) -> Result<Option<RunRow>, StoreError> {
        Ok(self.store.run(id).await?.as_ref().map(anew::told))
    }

    /// Runs, newest first.
    ///
    /// # Errors
    /// [`StoreError::Away`].
    pub async fn runs(&self, sought: &Runs, limit: u32) -> Result<Vec<RunRow>, StoreError> {
        Ok(self.store.runs(sought, limit).await?.iter().map(anew::told).collect())
    }

    /// A run's plan as it was, secrets masked.
    ///
    /// # Errors
    /// [`StoreError::Away`].
    pub async fn plan(&self, id: &str) -> Result<[String; 2], StoreError> {
        Ok(self.store.plan_of_run(id).await?.unwrap_or_default())
    }

    /// The last few runs of a cluster, as pages show them; however many pages ask, they are looked up once a second.
    ///
    /// # Errors
    /// [`StoreError::Away`].
    pub async fn latest(&self, cluster: &str) -> Result<Vec<RunLine>, StoreError> {
        let known = self.latest.lock().unwrap_or_else(PoisonError::into_inner).get(cluster).cloned();
        if let Some((_, lines)) = known.filter(|(at, _)| at.elapsed() < LOOK) {
            return Ok(lines);
        }
        let sought = Runs { cluster: cluster.to_owned(), ..Runs::default() };
        let lines: Vec<_> = self.runs(&sought, LATEST).await?.iter().map(super::story::line).collect();
        let mut latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner);
        latest.insert(cluster.to_owned(), (Instant::now(), lines.clone()));
        Ok(lines)
    }

    /// How far a run is, learnt from earlier ones of its kind.
    ///
    /// # Errors
    /// [`StoreError::Away`].
    pub(crate) async fn learnt(&self, row: &RunRow) -> Result<Option<Learnt>, StoreError> {
        Ok(super::story::learnt(row, &super::story::earlier(self, row).await?))
    }

    /// What a run's log tells so far.
    ///
    /// # Errors
    /// [`StoreError::Away`].
    pub async fn outline(&self, id: &str) -> Result<Outline, StoreError> {
        if self.is_withheld(id).await? {
            return Ok(Outline::default());
        }
        let packed = self.store.outline_of(id).await?;
        Ok(packed.as_deref().and_then(unpack_outline).unwrap_or_default())
    }

    /// A run's log from a place on, at most so many bytes; fewer when it ends before.
    ///
    /// # Errors
    /// [`StoreError::Away`].
    pub async fn log(&self, id: &str, from: u64, most: usize) -> Result<Vec<u8>, StoreError> {
        let mut bytes = Vec::new();
        if self.is_withheld(id).await? {
            return Ok(bytes);
        }
        let mut at = i64::try_from(from).unwrap_or(i64::MAX);
        while bytes.len() < most {
            let pieces = self.store.log_from(id, at, 32).await?;
            let before = at;
            for piece in &pieces {
                if piece.at + piece.size <= at {
                    continue;
                }
                let whole = unpacked(piece).map_err(|error| StoreError::Refused(error.to_string()))?;
                let skip = usize::try_from(at - piece.at).unwrap_or(0).min(whole.len());
                bytes.extend_from_slice(&whole[skip..]);
                at = piece.at + piece.size;
                if bytes.len() >= most {
                    break;
                }
            }
            if at == before {
                break;
            }
        }
        bytes.truncate(most);
        Ok(bytes)
    }

    /// Whether a run's log is not shown yet, because earlier rules redacted it.
    ///
    /// # Errors
    /// [`StoreError::Away`].
    pub async fn is_withheld(&self, id: &str) -> Result<bool, StoreError> {
        if self.fresh.load(Ordering::Relaxed) {
            return Ok(false);
        }
        let rules = i64::from(transcript::RULES);
        if self.store.stale_logs(rules, 1).await?.is_empty() {
            self.fresh.store(true, Ordering::Relaxed);
        }
        Ok(self.store.rules_of_log(id).await?.is_some_and(|of| of < rules))
    }

    /// Tells what comes of a run that is followed here; none when it is not.
    pub fn listen(&self, id: &str) -> Option<broadcast::Receiver<Told>> {
        self.live(id).map(|live| live.tell.subscribe())
    }

    /// What the jump host is and has, judged.
    ///
    /// # Errors
    /// [`HostError::Away`].
    pub async fn preflight(&self, order: Option<&Order>) -> Result<Vec<super::Check>, HostError> {
        super::preflight::preflight(&self.host, order).await
    }

    fn live(&self, id: &str) -> Option<Arc<Live>> {
        let live = self.live.lock().unwrap_or_else(PoisonError::into_inner);
        live.get(id).map(|(live, _)| live.clone())
    }

    /// Follows all runs for as long as this server has the duty; ends never.
    pub async fn attend(self: Arc<Self>, mut duty: watch::Receiver<Option<Held>>) {
        let mut round = 0_u32;
        loop {
            if duty.borrow_and_update().is_none() {
                self.leave();
                if duty.changed().await.is_err() {
                    return;
                }
                continue;
            }
            if let Err(error) = self.round().await {
                tracing::warn!("deployments are not looked after: {error}");
            }
            if round.is_multiple_of(TIDY) {
                self.redact_anew();
                self.tidy_up().await;
            }
            if round.is_multiple_of(SWEEP) {
                self.sweep().await;
            }
            if round.is_multiple_of(FORGET) {
                self.forget().await;
            }
            round = round.wrapping_add(1);
            tokio::select! {
                () = tokio::time::sleep(LOOK) => {}
                () = self.nudge.notified() => {}
                _ = duty.changed() => {}
            }
        }
    }

    async fn round(&self) -> Result<(), StoreError> {
        let runs = self.store.live_runs().await?;
        for run in runs.into_iter().filter(|run| run.host == self.host.name()) {
            let queued = State::from_word(&run.state) == State::Queued;
            if queued && run.cancelled_by.is_some() {
                let said = json!({ "verdict": "cancelled", "headline": "Cancelled before it began.", "proofs": [] });
                self.store.end_run(&run.id, State::Cancelled.word(), Some(&said.to_string()), now()).await?;
                continue;
            }
            if queued && !self.store.take_host(&run.id, State::Running.word(), now()).await? {
                continue;
            }
            self.follow(&run.id);
        }
        let mut live = self.live.lock().unwrap_or_else(PoisonError::into_inner);
        live.retain(|_, (_, task)| !task.is_finished());
        Ok(())
    }

    fn follow(&self, id: &str) {
        let mut all = self.live.lock().unwrap_or_else(PoisonError::into_inner);
        if all.get(id).is_some_and(|(_, task)| !task.is_finished()) {
            return;
        }
        let live = Arc::new(Live { tell: broadcast::channel(BEHIND).0, nudge: Notify::new() });
        let desk = Desk {
            store: self.store.clone(),
            host: self.host.clone(),
            live: live.clone(),
            finish: self.finish.clone(),
        };
        let task = tokio::spawn(follow(desk, id.to_owned()));
        all.insert(id.to_owned(), (live, task));
    }

    /// Has stored logs redacted anew that earlier rules redacted, unless that goes on already.
    fn redact_anew(&self) {
        let mut redacting = self.redacting.lock().unwrap_or_else(PoisonError::into_inner);
        if self.fresh.load(Ordering::Relaxed) || redacting.as_ref().is_some_and(|task| !task.is_finished()) {
            return;
        }
        *redacting = Some(tokio::spawn(anew::all(self.store.clone())));
    }

    fn leave(&self) {
        if let Some(task) = self.redacting.lock().unwrap_or_else(PoisonError::into_inner).take() {
            task.abort();
        }
        let mut live = self.live.lock().unwrap_or_else(PoisonError::into_inner);
        for (_, (_, task)) in live.drain() {
            task.abort();
        }
    }

    /// Nothing that holds a secret stays of runs that are over.
    async fn tidy_up(&self) {
        let ended = self.store.runs(&Runs::default(), RECENT).await.unwrap_or_default();
        for run in ended.iter().filter(|run| run.ended.is_some() && !run.dir.is_empty() && run.host == self.host.name())
        {
            match self.tidy(&run.dir).await {
                Ok(()) => drop(self.store.left_run(&run.id).await),
                Err(error) => tracing::warn!("what the deployment {} left is not removed yet: {error}", run.id),
            }
        }
    }

    /// The name of this database on jump hosts, which several may use.
    async fn owner(&self) -> Result<String, StoreError> {
        self.store.key("runs", &access::random::<8>()).await
    }

    /// A server that was killed between a run's folder and its row leaves a plan with passwords: it goes.
    async fn sweep(&self) {
        if let Err(error) = self.swept().await {
            tracing::warn!("folders without a deployment are not looked for on the jump host yet: {error}");
        }
    }

    async fn swept(&self) -> Result<(), OrderError> {
        let request = json!({ "dir": self.host.runs, "owner": self.owner().await? });
        let Orphans { orphans } = self.host.ask("orphans", request).await?;
        for dir in orphans {
            let id = dir.rsplit('/').next().unwrap_or_default();
            if self.store.run(id).await?.is_none() {
                match self.tidy(&dir).await {
                    Ok(()) => tracing::info!("the folder {dir}, which no deployment has, was removed with its plan"),
                    Err(error) => tracing::warn!("a folder that no deployment has stays: {error}"),
                }
            }
        }
        Ok(())
    }

    /// Old logs go, and the oldest of too many.
    async fn forget(&self) {
        let age = i64::try_from(self.keep.age.as_millis()).unwrap_or(i64::MAX);
        let size = i64::try_from(self.keep.size).unwrap_or(i64::MAX);
        if let Err(error) = self.store.forget_logs(now().saturating_sub(age), size).await {
            tracing::warn!("old logs are not removed yet: {error}");
        }
    }

    async fn tidy(&self, dir: &str) -> Result<(), HostError> {
        let Gone { gone } = self.host.ask("tidy", json!({ "dir": dir })).await?;
        let why = || format!("{dir} could not be removed whole");
        if gone { Ok(()) } else { Err(HostError::Refused { name: self.host.name().to_owned(), why: why() }) }
    }
}

impl Drop for Office {
    fn drop(&mut self) {
        self.leave();
    }
}
