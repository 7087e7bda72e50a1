//! One run from its start to its end: its log read, freed of secrets, kept and told, and its verdict.
//!
//! It may stop at any point, with the server or without it, and goes on from what is in the database: a piece of
//! the log and the place to read on from are kept in one transaction.

use std::{sync::Arc, time::Duration};

use app::texts::deployments as words;
use serde::Deserialize;
use serde_json::json;
use tokio::{
    io::AsyncReadExt,
    sync::{Notify, broadcast},
    task::JoinHandle,
    time::Instant,
};
use transcript::{Judgement, Kind, Phase, Redactor, Resume, Transcript, Verdict};

use super::{
    Finish, HostError, JumpHost, Made, State, anew,
    evidence::{Look, judged, look, versions},
    hosts::{self, Seen, System},
    made::{LARGE, pack_outline, packed, unpacked},
    order,
    tail::{Grown, Tail},
    torn,
};
use crate::store::{RunRow, Stand, Store, StoreError};

/// Largest part of a log that is read, kept and told at once, in bytes.
const CHUNK: usize = 256 << 10;
/// How often what the log tells is kept, and what was cancelled is looked for.
const OFTEN: Duration = Duration::from_secs(1);
/// How often it is looked whether what goes on there has come to its end.
const NOW_AND_THEN: Duration = Duration::from_secs(5);
/// After the last word of deploy.sh: how long Ansible may take to end before it is said to go on.
const SETTLES: Duration = Duration::from_secs(6);
/// How long hosts may take to install their systems after a cancel before no Ansible is waited for any more.
const INSTALLS: Duration = Duration::from_secs(90 * 60);
/// How long is waited before what failed is tried again.
const AGAIN: Duration = Duration::from_secs(2);

/// What those who follow a run are told.
#[derive(Clone, Debug)]
pub enum Told {
    /// More of its log.
    Log(Grown),
    /// Its state, its structure or its verdict has changed.
    Changed,
}

/// A run that is followed here.
pub(super) struct Live {
    /// To those who look.
    pub tell: broadcast::Sender<Told>,
    /// Something is to be looked at now.
    pub nudge: Notify,
}

/// What following needs.
#[derive(Clone)]
pub(super) struct Desk {
    pub store: Store,
    pub host: Arc<JumpHost>,
    pub live: Arc<Live>,
    pub finish: Arc<Finish>,
}

/// Why following stopped before the run did.
#[derive(Debug, thiserror::Error)]
pub(super) enum Stopped {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Host(#[from] HostError),
    #[error("another server follows it")]
    Elsewhere,
    #[error("what is kept of it cannot be read: {0}")]
    Unreadable(String),
}

/// Both files of the plan as they lie there; none when the run's folder is gone.
#[derive(Deserialize)]
struct There {
    plan: Option<[String; 2]>,
}

struct Following {
    desk: Desk,
    row: RunRow,
    made: Made,
    secrets: Vec<String>,
    transcript: Transcript,
    tail: Tail,
    resume: Resume,
    /// Whether the transcript tells more than what is kept of it, and whether that is more than further lines.
    grown: bool,
    changed: bool,
    cancelling: bool,
    /// Whoever looks at the hosts, once Compass was told about them.
    looking: Option<Looking>,
}

/// A task that ends with whoever has it.
struct Looking(JoinHandle<()>);

impl Drop for Looking {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Follows a run until it has ended; what fails on the way is said in the run's own row, and tried again.
pub(super) async fn follow(desk: Desk, id: String) {
    loop {
        let why = match once(&desk, &id).await {
            Ok(()) => return,
            Err(why) => why,
        };
        tracing::warn!("the deployment {id} is not followed: {why}");
        let row = desk.store.run(&id).await.ok().flatten();
        if let Some(row) = row.filter(|_| !matches!(why, Stopped::Store(_))) {
            let _ =
                desk.store.note_run(&id, &row.state, &transcript::redacted(&format!("{why}; tried again")), None).await;
            let _ = desk.live.tell.send(Told::Changed);
        }
        tokio::time::sleep(AGAIN).await;
    }
}

async fn once(desk: &Desk, id: &str) -> Result<(), Stopped> {
    let Some(row) = desk.store.run(id).await?.filter(|row| row.ended.is_none()) else { return Ok(()) };
    let made: Made = serde_json::from_str(&row.made).map_err(|error| Stopped::Unreadable(error.to_string()))?;
    let There { plan } = desk.host.ask("plan", json!({ "dir": row.dir })).await?;
    let Some(plan) = plan else { return lost(desk, &row, "its folder on the jump host is gone").await };
    let [dha, network] = plan;
    let bytes = dha.len() + network.len();
    let reading = move || plan::Plan::read(Some(dha.as_bytes()), Some(network.as_bytes())).0;
    let plan = crate::plan::placed(bytes, reading).await.ok_or_else(|| Stopped::Unreadable("a run's plan".into()))?;
    let own = desk.host.variables.iter().filter(|(name, value)| order::is_secret(name, value));
    let secrets: Vec<String> =
        plan.secrets().into_iter().map(str::to_owned).chain(own.map(|(_, value)| value.clone())).collect();
    // What is kept so far is redacted anew before more is kept behind it.
    let row = if anew::is_stale(&row) {
        if !anew::redact_anew(&desk.store, &row, &secrets).await? {
            return Err(Stopped::Elsewhere);
        }
        tracing::info!("the log of {id}, which goes on, was redacted anew");
        let Some(row) = desk.store.run(id).await? else { return Ok(()) };
        row
    } else {
        row
    };
    let (transcript, tail) = reread(desk, id).await?;
    let resume = if row.resume.is_empty() {
        Resume::default()
    } else {
        serde_json::from_str(&row.resume).map_err(|error| Stopped::Unreadable(error.to_string()))?
    };
    let mut following = Following {
        desk: desk.clone(),
        row,
        made,
        secrets,
        transcript,
        tail,
        resume,
        grown: true,
        changed: true,
        cancelling: false,
        looking: None,
    };
    if !following.launched().await? {
        return Ok(());
    }
    if following.row.state == State::Running.word() {
        following.note(State::Running, "").await?;
    }
    following.read().await?;
    following.conclude().await
}

/// What the log told so far, read once more from what is kept of it.
async fn reread(desk: &Desk, id: &str) -> Result<(Transcript, Tail), Stopped> {
    let (mut transcript, mut tail) = (Transcript::default(), Tail::default());
    loop {
        let at = i64::try_from(transcript.taken()).unwrap_or(i64::MAX);
        let pieces = desk.store.log_from(id, at, 16).await?;
        let fresh = pieces.iter().filter(|piece| piece.at >= at);
        let mut any = false;
        for piece in fresh {
            let bytes = unpacked(piece).map_err(|error| Stopped::Unreadable(error.to_string()))?;
            transcript.feed(&bytes, piece.heard);
            tail.pass(&bytes);
            any = true;
        }
        if !any {
            return Ok((transcript, tail));
        }
    }
}

async fn lost(desk: &Desk, row: &RunRow, why: &str) -> Result<(), Stopped> {
    let judgement = Judgement { verdict: Verdict::Unknown, headline: why.to_owned(), proofs: Vec::new() };
    let judgement = serde_json::to_string(&judgement).unwrap_or_default();
    desk.store.end_run(&row.id, State::Unknown.word(), Some(&judgement), now()).await?;
    let _ = desk.live.tell.send(Told::Changed);
    Ok(())
}

impl Following {
    /// Starts deploy.sh, unless it was started before. False when it will never be.
    async fn launched(&mut self) -> Result<bool, Stopped> {
        let (host, dir) = (self.desk.host.clone(), self.row.dir.clone());
        if self.row.cancelled_by.is_some() && self.row.size == 0 {
            let look: Look = look(&host, &dir, &self.made, false).await?;
            if look.is_waiting() {
                self.end(Verdict::Cancelled, "Cancelled before it began.").await?;
                return Ok(false);
            }
        }
        let run = order::run(self.made.kind, &self.made.options, self.made.is_virtual, &host, &dir);
        let env: serde_json::Map<_, _> = run.env.into_iter().map(|(name, value)| (name, json!(value))).collect();
        let work = host.work(&dir);
        // deploy.sh ends early there, and what Ansible writes for itself is all that tells.
        let tail = (self.made.kind != Kind::Deploy)
            .then(|| format!("{work}/deploy/docker/ansible/run/{}/ansible.log", self.made.folder));
        let request = json!({
            "dir": dir, "argv": run.argv, "env": env, "work": work, "tail": tail, "reach": host.reach,
            "deck": self.made.deck,
        });
        match host.ask::<serde_json::Value>("launch", request).await {
            Ok(_) => Ok(true),
            Err(HostError::Refused { why, .. }) => {
                self.end(Verdict::Failed, &format!("it did not begin: {why}")).await?;
                Ok(false)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Reads the log to its end, over as many connections as it takes.
    async fn read(&mut self) -> Result<(), Stopped> {
        loop {
            let mut redactor = Redactor::resume(self.secrets.iter().map(String::as_str), self.resume);
            let mut following = self.desk.host.follow(&self.row.dir, self.resume.offset).await?;
            let mut chunk = vec![0; CHUNK];
            let mut ticks = tokio::time::interval(OFTEN);
            loop {
                tokio::select! {
                    read = following.bytes.read(&mut chunk) => match read {
                        Ok(length) if length > 0 => self.take(&mut redactor, &chunk[..length]).await?,
                        _ => break,
                    },
                    () = self.desk.live.nudge.notified() => self.cancel().await?,
                    _ = ticks.tick() => {
                        self.cancel().await?;
                        self.keep_outline().await?;
                        self.look_at_hosts();
                    }
                }
            }
            let look = look(&self.desk.host, &self.row.dir, &self.made, false).await?;
            // Whoever looked after it was killed: another does from here on.
            if !look.done && !self.launched().await? {
                return Ok(());
            }
            if look.done {
                let mut rest = Vec::new();
                redactor.finish(&mut rest);
                return self.keep(&rest, redactor.state()).await;
            }
        }
    }

    async fn take(&mut self, redactor: &mut Redactor, bytes: &[u8]) -> Result<(), Stopped> {
        let mut clean = Vec::with_capacity(bytes.len() + 64);
        redactor.push(bytes, &mut clean);
        if clean.is_empty() { Ok(()) } else { self.keep(&clean, redactor.state()).await }
    }

    /// Keeps a piece of the log, then tells of it: nobody sees what a power cut could take back.
    async fn keep(&mut self, clean: &[u8], resume: Resume) -> Result<(), Stopped> {
        let at = self.transcript.taken();
        let heard = now();
        let piece = packed(at, heard, clean).map_err(|error| Stopped::Unreadable(error.to_string()))?;
        let after = serde_json::to_string(&resume).map_err(|error| Stopped::Unreadable(error.to_string()))?;
        let stand = Stand { before: &self.row.resume, after: &after };
        if !self.desk.store.append_log(&self.row.id, &piece, stand).await? {
            return Err(Stopped::Elsewhere);
        }
        self.row.resume = after;
        self.row.size += piece.size;
        self.resume = resume;
        self.grown = true;
        self.changed |= !self.transcript.feed(clean, heard).is_empty();
        if !clean.is_empty() {
            let tell = &self.desk.live.tell;
            let _ = tell.send(Told::Log(self.tail.grow(clean, tell.receiver_count() > 0)));
        }
        Ok(())
    }

    async fn keep_outline(&mut self) -> Result<(), Stopped> {
        if !self.grown {
            return Ok(());
        }
        let packed = pack_outline(self.transcript.outline()).map_err(|error| Stopped::Unreadable(error.to_string()))?;
        self.desk.store.outline_run(&self.row.id, &packed).await?;
        self.grown = false;
        if std::mem::take(&mut self.changed) {
            let _ = self.desk.live.tell.send(Told::Changed);
        }
        Ok(())
    }

    /// Has the hosts looked at from when Compass is told about them: before, its deck is an earlier deployment's.
    fn look_at_hosts(&mut self) {
        let told = |mark: &transcript::Mark| matches!(mark.phase, Phase::Cluster | Phase::Reset | Phase::Ansible);
        if self.looking.is_some() || !self.transcript.outline().phases.iter().any(told) {
            return;
        }
        let Desk { store, host, live, .. } = self.desk.clone();
        let run = (self.row.id.clone(), self.row.dir.clone());
        let watch = hosts::watch(store, host, live.tell.clone(), run, self.made.clone(), Seen::of(&self.row.seen));
        self.looking = Some(Looking(tokio::spawn(watch)));
    }

    /// Ends deploy.sh and Ansible, when somebody wants that and it was not done yet.
    async fn cancel(&mut self) -> Result<(), Stopped> {
        if self.cancelling {
            return Ok(());
        }
        let Some(row) = self.desk.store.run(&self.row.id).await? else { return Ok(()) };
        self.row.cancelled_by = row.cancelled_by;
        if self.row.cancelled_by.is_none() {
            return Ok(());
        }
        self.note(State::Running, "it is being cancelled").await?;
        let (host, dir) = (&self.desk.host, &self.row.dir);
        let request = json!({ "dir": dir, "reach": host.reach, "work": host.work(dir) });
        host.ask::<serde_json::Value>("cancel", request).await?;
        self.cancelling = true;
        Ok(())
    }

    /// The log is whole: waits until nothing goes on there, and judges.
    async fn conclude(&mut self) -> Result<(), Stopped> {
        self.transcript.finish(now());
        (self.grown, self.changed) = (true, true);
        self.keep_outline().await?;
        self.look_at_hosts();
        let ended = Instant::now();
        loop {
            self.cancel().await?;
            let look = look(&self.desk.host, &self.row.dir, &self.made, true).await?;
            let cancelled = self.row.cancelled_by.is_some();
            let mut judgement = judged(&look, &self.made, self.transcript.outline(), cancelled);
            let state = State::from(judgement.verdict);
            if !state.is_live() {
                self.keep_versions().await?;
                if judgement.verdict == Verdict::Cancelled {
                    judgement.headline = self.left(look.ansible.is_some()).await?;
                }
                return self.finished(&judgement).await;
            }
            if cancelled && look.ansible != Some(true) && ended.elapsed() > INSTALLS {
                return self.end(Verdict::Cancelled, "Cancelled. Ansible did not start within 90 minutes.").await;
            }
            // Whoever cancelled is told at once what still goes on.
            if cancelled || ended.elapsed() > SETTLES {
                let kept = serde_json::to_string(&judgement).unwrap_or_default();
                self.desk.store.note_run(&self.row.id, state.word(), "", Some(&kept)).await?;
                let _ = self.desk.live.tell.send(Told::Changed);
                self.cancelling &= look.ansible != Some(true);
            }
            tokio::select! {
                () = self.desk.live.nudge.notified() => {}
                () = tokio::time::sleep(if ended.elapsed() < SETTLES { OFTEN / 2 } else { NOW_AND_THEN }) => {}
            }
        }
    }

    /// What a cancel leaves: what is half-made, and which hosts go on by themselves.
    async fn left(&self, looked: bool) -> Result<String, Stopped> {
        let outline = self.transcript.outline();
        let Some(last) = outline.phases.last() else { return Ok(words::CANCELLED_AT_ONCE.into()) };
        let row = self.desk.store.run(&self.row.id).await?;
        let seen = row.map(|row| Seen::of(&row.seen)).unwrap_or_default();
        let installs =
            |host: &&hosts::Host| host.answers != Some(true) && !host.system.as_ref().is_none_or(System::is_there);
        let installing: Vec<_> = seen.hosts.iter().filter(installs).map(|host| host.name.clone()).collect();
        let reset = outline.phases.iter().any(|mark| mark.phase == Phase::Reset);
        let gone = torn::gone(outline, &self.made.hosts, &seen);
        let phase = super::story::word(&last.phase);
        Ok(words::cancelled_in(words::phase(&phase), looked, reset, &installing, &gone))
    }

    /// Keeps what was deployed, by its versions. Who cannot be asked changes nothing of how it went.
    async fn keep_versions(&self) -> Result<(), Stopped> {
        match versions(&self.desk.host, &self.row.dir, &self.made).await {
            Ok(versions) if versions.is_empty() => Ok(()),
            Ok(versions) => {
                let kept = serde_json::to_string(&versions).unwrap_or_default();
                Ok(self.desk.store.versions_run(&self.row.id, &kept).await?)
            }
            Err(why) => {
                tracing::warn!("the versions of what the deployment {} came to are not known: {why}", self.row.id);
                Ok(())
            }
        }
    }

    async fn note(&self, state: State, trouble: &str) -> Result<(), Stopped> {
        self.desk.store.note_run(&self.row.id, state.word(), trouble, None).await?;
        let _ = self.desk.live.tell.send(Told::Changed);
        Ok(())
    }

    async fn end(&mut self, verdict: Verdict, headline: &str) -> Result<(), Stopped> {
        let judgement = Judgement { verdict, headline: headline.to_owned(), proofs: Vec::new() };
        self.finished(&judgement).await
    }

    async fn finished(&mut self, judgement: &Judgement) -> Result<(), Stopped> {
        let state = State::from(judgement.verdict);
        self.merge().await?;
        let kept = serde_json::to_string(judgement).unwrap_or_default();
        self.desk.store.end_run(&self.row.id, state.word(), Some(&kept), now()).await?;
        let _ = self.desk.live.tell.send(Told::Changed);
        if let Some(row) = self.desk.store.run(&self.row.id).await? {
            self.desk.finish.tell(&row, judgement).await;
        }
        Ok(())
    }

    /// Thousands of small pieces become a few large ones.
    async fn merge(&self) -> Result<(), Stopped> {
        let unreadable = |error: std::io::Error| Stopped::Unreadable(error.to_string());
        let (mut at, mut large) = (0_i64, Vec::new());
        let mut from = 0_i64;
        let mut heard = 0;
        loop {
            let pieces = self.desk.store.log_from(&self.row.id, at, 64).await?;
            let pieces: Vec<_> = pieces.into_iter().filter(|piece| piece.at >= at).collect();
            for piece in &pieces {
                if large.is_empty() {
                    (from, heard) = (piece.at, piece.heard);
                }
                large.extend(unpacked(piece).map_err(unreadable)?);
                at = piece.at + piece.size;
                if large.len() >= LARGE {
                    self.desk.store.merge_log(&self.row.id, &whole(from, heard, &large).map_err(unreadable)?).await?;
                    large.clear();
                }
            }
            if pieces.is_empty() {
                break;
            }
        }
        if !large.is_empty() {
            self.desk.store.merge_log(&self.row.id, &whole(from, heard, &large).map_err(unreadable)?).await?;
        }
        Ok(())
    }
}

fn whole(from: i64, heard: i64, bytes: &[u8]) -> std::io::Result<crate::store::Piece> {
    packed(u64::try_from(from).unwrap_or(0), heard, bytes)
}

pub(super) fn now() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}
