//! Recording: one task a cluster, on the replica that has its lease.

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

use incident::Course;
use journal::{Content, Record, seal};
use tokio::{sync::watch, task::JoinHandle};
use topology::{Change, Stamp};

use super::{
    History, MADE_UP,
    lanes::{Stands, plan_before},
    retention::forget,
    row,
};
use crate::{
    cluster::{Cluster, Clusters},
    incidents::{self, Judging},
    store::{BlockRow, Head, HistoryMark, IncidentRow, Learnt, StoreError},
};

/// What was learnt is kept after this time.
const COMMIT: Duration = Duration::from_millis(500);
/// How long a lease is good for, how often it is renewed, and how often others look whether it is free.
pub(super) const LEASE: Duration = Duration::from_secs(9);
const RENEW: Duration = Duration::from_secs(3);
/// How often it is kept that a cluster at rest was followed.
const TOUCH: Duration = Duration::from_secs(5);
/// After so many changes, or this time if there were any, everything is kept.
const WHOLE_CHANGES: usize = 20_000;
pub(super) const WHOLE_AFTER: i64 = 6 * 3_600_000;
/// Records of one block.
const BLOCK: usize = 4_096;
/// Small blocks become one after so many records, so many blocks or this time.
const MERGE_RECORDS: usize = 2_048;
const MERGE_BLOCKS: u32 = 240;
const MERGE_AFTER: i64 = 3_600_000;
/// More than these may not wait for a database that is away, in bytes.
const MOST_WAITING: usize = 32 << 20;
/// A pause of recording that is shorter than this is no gap.
const NO_GAP: i64 = 2_000;
/// A cluster that cannot be reached is tried again after this at the latest.
const LONGEST_PAUSE: Duration = Duration::from_secs(300);
/// Without news, incidents are judged this often: leases run out, and something may be well for long enough.
const JUDGE: Duration = Duration::from_secs(2);
/// And judging takes no more than one part in so many of the time: changes of the cluster wait meanwhile.
const SHARE: u32 = 20;
/// How often what is old is looked for.
const FORGET: Duration = Duration::from_secs(600);

/// Records these clusters until `stopping` is true; what was learnt until then is kept.
pub async fn record(history: History, clusters: Arc<Clusters>, stopping: watch::Receiver<bool>) {
    let names: Vec<String> = clusters.contexts().iter().map(|context| context.name.clone()).collect();
    let each = names.into_iter().map(|name| follow(history.clone(), clusters.clone(), name, stopping.clone()));
    futures::future::join_all(each).await;
}

async fn follow(history: History, clusters: Arc<Clusters>, name: String, mut stopping: watch::Receiver<bool>) {
    let lease = format!("history {name}");
    let mut failing = RENEW;
    while !*stopping.borrow() {
        // Whoever holds the lease may die: it is asked for as often as ever.
        let mut pause = RENEW;
        let held = history.0.store.hold(&lease, &history.0.holder, LEASE).await;
        if matches!(held, Ok(Some(_)))
            && let Ok(cluster) = clusters.get(&name).await
            // What was never heard is nothing to keep; asked for again, it stays watched.
            && tokio::time::timeout(RENEW, cluster.heard_everything()).await.is_ok_and(|heard| heard.is_ok())
        {
            let recorded = Session::begin(&history, &name, &lease, &cluster).await;
            let ended = match recorded {
                Ok(session) => session.run(&mut stopping).await,
                Err(error) => Err(error),
            };
            cluster.record_no_more();
            if let Err(error) = ended {
                tracing::warn!(cluster = name, "the history is not written: {error}");
            }
            failing = RENEW;
        } else if matches!(held, Ok(Some(_))) {
            // Another replica may reach it; and a plugin that fails is not run again and again.
            let _ = history.0.store.let_go(&lease, &history.0.holder).await;
            failing = (failing * 2).min(LONGEST_PAUSE);
            pause = failing;
        }
        // A session that ended for this has taken the news already.
        if *stopping.borrow() {
            break;
        }
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            _ = stopping.changed() => {}
        }
    }
    if let Err(error) = history.0.store.let_go(&lease, &history.0.holder).await {
        tracing::debug!("the lease {lease} ends only by itself: {error}");
    }
}

/// The recording of one cluster, as long as the lease is ours.
pub(super) struct Session<'a> {
    history: &'a History,
    name: &'a str,
    lease: &'a str,
    pub(super) cluster: &'a Cluster,
    /// As it stands in the database.
    head: Option<Head>,
    /// Blocks that are not in the database yet.
    waiting: Vec<BlockRow>,
    pub(super) marks: Vec<HistoryMark>,
    next: u64,
    /// The time of the last record: none is earlier.
    last: Stamp,
    pub(super) since_whole: (usize, Stamp),
    tail: Tail,
    stands: Stands,
    /// The lowest revision that a member of etcd told last.
    revision: Option<i64>,
    pub(super) judging: Judging,
    course: Course,
    /// When incidents were judged last, and how long that took.
    judged: Option<(Instant, Duration)>,
    /// Incidents that are not in the database yet as they are now, by their ids.
    pub(super) incidents: BTreeMap<String, IncidentRow>,
}

/// Records of small blocks that lie in the database, to become one.
#[derive(Default)]
struct Tail {
    number: u64,
    blocks: u32,
    records: Vec<Record>,
}

impl<'a> Session<'a> {
    pub(super) async fn begin(
        history: &'a History,
        name: &'a str,
        lease: &'a str,
        cluster: &'a Cluster,
    ) -> Result<Self, StoreError> {
        let head = history.0.store.history_head(name).await?;
        let judging = history.judges();
        let open = history.0.store.open_incidents(name).await?;
        let course = Course::new(judging.rules, open.iter().filter_map(incidents::incident));
        let (now, changes) = cluster.record();
        let mut stands = cluster.read(|inventory| Stands::of(inventory, now));
        // A plan is given at the start: whoever gave another one ended the server before.
        if let Some(head) = head
            && let Some(plan) = plan_before(history.store(), name, head.seen).await?
        {
            stands.plan = plan;
        }
        let mut session = Self {
            history,
            name,
            lease,
            cluster,
            head,
            waiting: Vec::new(),
            marks: Vec::new(),
            next: head.map_or(0, |head| u64::try_from(head.next).unwrap_or_default()),
            last: head.map_or(now, |head| Stamp(head.seen).max(now)),
            since_whole: (0, now),
            tail: Tail::default(),
            stands,
            revision: None,
            judging,
            course,
            judged: None,
            incidents: BTreeMap::new(),
        };
        if let Some(head) = head {
            let gap = |ended, what: &str| HistoryMark {
                lane: "gap".into(),
                about: String::new(),
                began: head.seen,
                ended: Some(ended),
                what: what.into(),
            };
            let marks = history.0.store.history_marks(name, head.seen, head.seen).await?;
            if marks.iter().any(|mark| mark.lane == MADE_UP && mark.ended == Some(head.seen)) {
                session
                    .marks
                    .push(gap(now.0.max(head.seen), "Nothing was recorded between the made-up days and the start."));
            } else if now.0 - head.seen > NO_GAP {
                session.marks.push(gap(now.0, "Nothing was recorded: Binnacle was not running, or could not write."));
            } else if head.seen - now.0 > NO_GAP {
                // Nothing is dated before what is there; until the clock comes there, all is of that moment.
                session.marks.push(gap(head.seen, "The clock was set back."));
            }
        }
        session.whole(changes, now).await?;
        Ok(session)
    }

    async fn run(mut self, stopping: &mut watch::Receiver<bool>) -> Result<(), StoreError> {
        let (mut renewed, mut touched, mut forgot) = (Instant::now(), None::<Instant>, None::<Instant>);
        let mut forgetting = None::<JoinHandle<()>>;
        loop {
            let ends = *stopping.borrow();
            let due = self.since_whole.0 >= WHOLE_CHANGES
                || (self.since_whole.0 > 0 && self.cluster.now().since(self.since_whole.1) > WHOLE_AFTER);
            let (now, records, changes) = self.cluster.recorded(due);
            let news = !records.is_empty();
            self.take(records)?;
            if let Some(changes) = changes {
                self.whole(changes, now).await?;
            }
            self.look(now);
            let pause = if news { Duration::ZERO } else { JUDGE };
            if self.judged.is_none_or(|(last, took)| last.elapsed() >= pause.max(took * SHARE)) {
                self.judge(now);
            }
            let quiet = self.waiting.is_empty() && self.marks.is_empty() && self.incidents.is_empty();
            if !quiet || ends || touched.is_none_or(|last| last.elapsed() >= TOUCH) {
                match self.commit(now).await {
                    Ok(true) => {
                        touched = Some(Instant::now());
                        self.history.reach(self.name, now.0);
                    }
                    Ok(false) => return Ok(()),
                    Err(error) => {
                        let waits: usize = self.waiting.iter().map(|block| block.body.len()).sum();
                        if waits > MOST_WAITING || ends {
                            return Err(error);
                        }
                        tracing::debug!(cluster = self.name, "the history waits: {error}");
                    }
                }
            }
            if quiet {
                self.history.reach(self.name, now.0);
            }
            if ends {
                return Ok(());
            }
            if renewed.elapsed() >= RENEW {
                let held = self.history.0.store.hold(self.lease, &self.history.0.holder, LEASE).await;
                match held {
                    Ok(Some(_)) => renewed = Instant::now(),
                    Ok(None) => return Ok(()),
                    // Whether it is still ours is asked with the next commit.
                    Err(_) => {}
                }
            }
            if forgot.is_none_or(|last| last.elapsed() >= FORGET)
                && forgetting.as_ref().is_none_or(JoinHandle::is_finished)
            {
                // Beside the recording: it takes long where much goes, and the lease must be renewed meanwhile.
                let (history, name) = (self.history.clone(), self.name.to_owned());
                forgetting = Some(tokio::spawn(async move {
                    if let Err(error) = forget(&history, &name).await {
                        tracing::debug!(cluster = name, "what is old in the history stays for now: {error}");
                    }
                }));
                forgot = Some(Instant::now());
            }
            tokio::select! {
                () = tokio::time::sleep(COMMIT) => {}
                _ = stopping.changed() => {}
            }
        }
    }

    /// Records become blocks that wait.
    pub(super) fn take(&mut self, records: Vec<Record>) -> Result<(), StoreError> {
        self.since_whole.0 += records.len();
        for mut records in chunks(records) {
            for record in &mut records {
                record.at = record.at.max(self.last);
                self.last = record.at;
            }
            self.waiting.push(row(seal(Content::Changes, self.next, &records).map_err(|error| unwritable(&error))?));
            // To make one block of many is for the disk alone; memory is dearer while the database is away.
            if self.tail.records.len() >= 2 * MERGE_RECORDS {
                self.tail = Tail::default();
            }
            if self.tail.records.is_empty() {
                self.tail.number = self.next;
            }
            self.next += records.len() as u64;
            self.tail.blocks += 1;
            self.tail.records.extend(records);
        }
        Ok(())
    }

    /// Everything as it was at `now`, which waits too.
    pub(super) async fn whole(&mut self, changes: Vec<Change>, now: Stamp) -> Result<(), StoreError> {
        let (at, next) = (self.last.max(now), self.next);
        self.last = at;
        let sealing = tokio::task::spawn_blocking(move || {
            let records: Vec<Record> = changes.into_iter().map(|change| Record { at, change }).collect();
            seal(Content::Whole, next, &records)
        });
        let block = sealing.await.map_err(|error| StoreError::Away(error.to_string()))?;
        self.waiting.push(row(block.map_err(|error| unwritable(&error))?));
        self.since_whole = (0, at);
        Ok(())
    }

    /// What a time line's lanes show of what has changed.
    pub(super) fn look(&mut self, now: Stamp) {
        let stands = self.cluster.read(|inventory| Stands::of(inventory, now));
        if stands != self.stands {
            let at = self.last.max(now).0;
            self.marks.extend(self.stands.marks(&stands, at));
            self.stands = stands;
        }
        self.look_for_restore(now);
    }

    /// Revisions of etcd go back in a restore alone. Those of one member may lie behind those of another.
    fn look_for_restore(&mut self, now: Stamp) {
        let told = self.cluster.read(|inventory| {
            let members = inventory.etcd().into_iter().flat_map(|etcd| &etcd.members);
            let told: Vec<i64> = members.filter_map(|member| Some(member.told()?.revision)).collect();
            told.iter().min().copied().zip(told.iter().max().copied())
        });
        let Some((lowest, highest)) = told else { return };
        if let Some(before) = self.revision.filter(|before| highest < *before) {
            self.marks.push(HistoryMark {
                lane: "restore".into(),
                about: "etcd".into(),
                began: self.last.max(now).0,
                ended: None,
                what: format!("etcd was restored: its revision went from {before} back to {highest}."),
            });
        }
        self.revision = Some(lowest);
    }

    /// What broke and what is well again, as far as the facts of this moment tell.
    pub(super) fn judge(&mut self, now: Stamp) {
        let began = Instant::now();
        let beside = (self.judging.beside)(self.name);
        let rules = self.judging.rules;
        let judgement = self.cluster.read(|inventory| incident::judge(inventory, &beside, rules, now));
        for incident in self.course.look(&judgement, now) {
            let row = incidents::row(self.name, &incident);
            self.incidents.insert(row.id.clone(), row);
        }
        self.judged = Some((Instant::now(), began.elapsed()));
    }

    /// Keeps what waits. False when the lease is no longer ours.
    pub(super) async fn commit(&mut self, now: Stamp) -> Result<bool, StoreError> {
        let store = &self.history.0.store;
        let next = i64::try_from(self.next).unwrap_or(i64::MAX);
        let head = Head { seen: self.last.max(now).0, next };
        let lease = (self.lease, self.history.0.holder.as_str());
        let rows: Vec<IncidentRow> = self.incidents.values().cloned().collect();
        let learnt = Learnt { blocks: &self.waiting, marks: &self.marks, incidents: &rows };
        if !store.append_history(self.name, lease, learnt, self.head, head).await? {
            return Ok(false);
        }
        if !rows.is_empty() {
            self.incidents.clear();
            self.history.0.written.notify_one();
        }
        self.head = Some(head);
        self.waiting.clear();
        self.marks.clear();
        let Some(first) = self.tail.records.first().map(|record| record.at) else { return Ok(true) };
        let full = self.tail.records.len() >= MERGE_RECORDS
            || self.tail.blocks >= MERGE_BLOCKS
            || now.since(first) > MERGE_AFTER;
        if full {
            let tail = std::mem::take(&mut self.tail);
            if tail.blocks > 1 {
                let block = seal(Content::Changes, tail.number, &tail.records).map_err(|error| unwritable(&error))?;
                store.merge_history(self.name, &row(block)).await?;
            }
        }
        Ok(true)
    }
}

fn chunks(mut records: Vec<Record>) -> Vec<Vec<Record>> {
    let mut chunks = Vec::new();
    while records.len() > BLOCK {
        let rest = records.split_off(BLOCK);
        chunks.push(std::mem::replace(&mut records, rest));
    }
    if !records.is_empty() {
        chunks.push(records);
    }
    chunks
}

/// The derives of facts write everything that they hold.
fn unwritable(error: &journal::CodeError) -> StoreError {
    StoreError::Away(format!("a fact cannot be written: {error}"))
}
