//! Step 6 of the ladder: a snapshot is restored, an etcd starts on it and tells what it has, and all of it goes again.
//!
//! ```text
//! snapshot ─▶ etcdutl snapshot restore ─▶ folder (0700) ─▶ etcd, on sockets in that folder ─▶ revision, keys, HashKV
//! ```
//! That etcd has every Secret of the cluster and asks nobody who he is, so that it listens on no port: not even others on
//! this machine reach sockets in a folder that is not theirs.

mod ask;
mod programs;
mod running;
pub(crate) mod scratch;

use std::{
    io,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

pub use programs::Programs;
use running::Running;
use scratch::Scratch;
use snapshot::Examined;
use tokio::time::{sleep, timeout};
use tonic::{Code, transport::Channel};

use super::manifest::{Proved, Rehearsal};

/// Names that any version takes for sockets in its working directory: with a port, and without a path.
const CLIENTS: &str = "unix://clients:1";
const PEERS: &str = "unix://peers:1";
const SOCKET: &str = "clients:1";
/// So that a large database raises no alarm; etcd takes no more than it is told.
const LEAST_QUOTA: u64 = 8 << 30;
/// What etcd takes beside the database: its log, which it makes in advance.
const BESIDE: u64 = 256 << 20;
/// What etcd takes of memory, and what more for each record: it holds an index of all keys.
const MEMORY: u64 = 1 << 30;
const MEMORY_EACH: u64 = 1 << 10;

/// A rehearsal that went well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rehearsed {
    /// etcd's version.
    pub version: String,
    /// The cluster's, when it is another (without its last part).
    pub other: Option<String>,
    /// At which revision it was.
    pub revision: i64,
    /// How many keys it had, when that could be compared.
    pub keys: Option<u64>,
    /// Its HashKV, when that could be compared.
    pub hash: Option<u32>,
    /// The alarms that it had, as in `NOSPACE`.
    pub alarms: Vec<String>,
    /// Why it refused to write until they were disarmed; none when it wrote a key and gave it back at once.
    pub refused: Option<String>,
    /// How long the restore took.
    pub restored: Duration,
    /// How long it took until etcd answered.
    pub started: Duration,
    /// How long all of it took.
    pub whole: Duration,
}

impl Rehearsed {
    /// As a manifest has it; it was over just now.
    pub fn noted(&self) -> Rehearsal {
        let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        Rehearsal {
            at: jiff::Timestamp::now().as_millisecond(),
            etcd: self.version.clone(),
            cluster_version: self.other.clone(),
            revision: Some(self.revision),
            keys: self.keys,
            hash_kv: self.hash,
            restored_millis: millis(self.restored),
            started_millis: millis(self.started),
            millis: millis(self.whole),
            failure: None,
            refused: self.refused.clone(),
        }
    }

    /// The step as a manifest has it; it was there just now.
    pub fn proved(&self) -> Proved {
        Proved {
            step: snapshot::Step::Rehearsed.number(),
            at: jiff::Timestamp::now().as_millisecond(),
            tool: format!("etcd {}", self.version),
            millis: u64::try_from(self.whole.as_millis()).unwrap_or(u64::MAX),
        }
    }
}

/// Why a rehearsal went wrong or could not be held.
#[derive(Debug, thiserror::Error)]
pub enum RehearsalError {
    /// A program is not there; nothing is known of the snapshot.
    #[error(
        "a rehearsal needs {what}, and it is not in {place}: install etcd's programs, or name this one with {flag}"
    )]
    Missing {
        /// Which.
        what: &'static str,
        /// Where it was sought.
        place: String,
        /// How to name it.
        flag: &'static str,
    },
    /// A program cannot be used.
    #[error("{program} cannot be used: {said}")]
    Program {
        /// Which.
        program: PathBuf,
        /// Why.
        said: String,
    },
    /// etcd is too old for the snapshot; nothing is known of it.
    #[error(
        "the snapshot was written by etcd {storage}, and the etcd here is {found}, which does not read it: name a newer one with --etcd"
    )]
    Older {
        /// Version of its storage.
        storage: String,
        /// Ours.
        found: String,
    },
    /// The folder cannot be used.
    #[error("{folder} cannot be used for a rehearsal: {error}; name another with --scratch")]
    Folder {
        /// Which.
        folder: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// There is no room for it; nothing is known of the snapshot.
    #[error("{folder} has {free} MB of room, and a rehearsal takes {needed} MB: make room there")]
    Room {
        /// Where.
        folder: PathBuf,
        /// In megabytes.
        free: u64,
        /// In megabytes.
        needed: u64,
    },
    /// It cannot be restored.
    #[error("it cannot be restored: {0}")]
    Restore(String),
    /// etcd does not start on it.
    #[error("etcd does not start on it: {0}")]
    Start(String),
    /// Its store asks for users, so that nothing could be compared.
    #[error(
        "it restores and etcd starts on it, and its store asks for users (authentication is enabled in it): its keys were not \
         compared, because no user is known here. Keep root's password or certificate beside the backup"
    )]
    Users,
    /// etcd started on it, and does not answer.
    #[error("etcd started on it and does not tell {what}: {said}")]
    Ask {
        /// What was asked.
        what: &'static str,
        /// What it said.
        said: String,
    },
    /// etcd tells something else.
    #[error("etcd started on it and tells another {what}: {told}, and not {expected}")]
    Differs {
        /// What was compared.
        what: &'static str,
        /// What etcd tells.
        told: String,
        /// What stands in the snapshot.
        expected: String,
    },
    /// It took too long.
    #[error("it was not over within {0} s: give it more time, or see what keeps this machine busy")]
    Late(u64),
}

impl RehearsalError {
    /// Whether it says something of the snapshot, and not only of this machine.
    pub const fn is_of_the_snapshot(&self) -> bool {
        matches!(self, Self::Restore(_) | Self::Start(_) | Self::Ask { .. } | Self::Differs { .. })
    }
}

/// Bytes that may be written in a folder.
///
/// # Errors
/// What the system says.
pub(crate) fn room(folder: &Path) -> io::Result<u64> {
    let facts = rustix::fs::statvfs(folder)?;
    Ok(facts.f_bavail.saturating_mul(facts.f_frsize))
}

/// Restores a snapshot in a folder of its own in `folder`, starts an etcd on it, holds what it tells to what was
/// examined, and wipes all of it, also when it is dropped in between.
///
/// # Errors
/// [`RehearsalError`].
pub async fn rehearse(
    file: &Path,
    expected: &Examined,
    programs: &Programs,
    folder: &Path,
    whole: Duration,
) -> Result<Rehearsed, RehearsalError> {
    let unusable = |error| RehearsalError::Folder { folder: folder.to_owned(), error };
    let file = file.canonicalize().map_err(|error| RehearsalError::Restore(error.to_string()))?;
    let (free, needed) = (room(folder).map_err(unusable)? >> 20, expected.size.saturating_add(BESIDE) >> 20);
    if free < needed {
        return Err(RehearsalError::Room { folder: folder.to_owned(), free, needed });
    }
    let folder = folder.to_owned();
    let scratch = tokio::task::spawn_blocking(move || Scratch::new(&folder)).await;
    let scratch = scratch.map_err(io::Error::other).flatten().map_err(unusable)?;
    let ended = timeout(whole, rehearsed(&file, expected, programs, scratch.path())).await;
    // Wiped before it is said to be over, and not in the way of others.
    let _ = tokio::task::spawn_blocking(move || drop(scratch)).await;
    ended.map_err(|_| RehearsalError::Late(whole.as_secs()))?
}

async fn rehearsed(
    file: &Path,
    expected: &Examined,
    programs: &Programs,
    folder: &Path,
) -> Result<Rehearsed, RehearsalError> {
    let begun = Instant::now();
    let version = programs.version(folder).await?;
    let minor = minor(&version);
    if let Some(storage) = expected.storage_version.as_ref().filter(|storage| self::minor(storage) > minor) {
        return Err(RehearsalError::Older { storage: storage.clone(), found: version });
    }
    let other = expected.cluster_version.clone().filter(|cluster| self::minor(cluster) != minor);
    let memory = MEMORY.saturating_add(expected.records.saturating_mul(MEMORY_EACH));
    restore(file, programs, folder, memory).await?;
    let (restored, since) = (begun.elapsed(), Instant::now());
    let mut etcd = start(programs, folder, expected.size, memory)?;
    let line = answering(&mut etcd, folder).await?;
    let started = since.elapsed();
    let (alarms, silenced) = readable(&line).await?;
    let (revision, keys, hash) = compare(&line, expected).await?;
    let refused = writes(&line).await?.or(silenced);
    Ok(Rehearsed { version, other, revision, keys, hash, alarms, refused, restored, started, whole: begun.elapsed() })
}

/// 3 and 6 of `3.6.4`.
fn minor(version: &str) -> Option<(u32, u32)> {
    let mut parts = version.split('.').map(str::parse);
    Some((parts.next()?.ok()?, parts.next()?.ok()?))
}

async fn restore(file: &Path, programs: &Programs, folder: &Path, memory: u64) -> Result<(), RehearsalError> {
    let mut command = programs.restore(folder);
    command
        .arg(file)
        .args(["--data-dir", "data", "--name", "rehearsal", "--initial-advertise-peer-urls", PEERS])
        .args(["--initial-cluster", &format!("rehearsal={PEERS}"), "--initial-cluster-token", "rehearsal"]);
    // A copy from a member's folder has no digest, and is restored by this alone.
    if std::fs::metadata(file).is_ok_and(|file| file.len().is_multiple_of(512)) {
        command.arg("--skip-hash-check");
    }
    let mut running =
        Running::start(command, folder, memory).map_err(|error| RehearsalError::Restore(error.to_string()))?;
    if running.end().await { Ok(()) } else { Err(RehearsalError::Restore(running.told())) }
}

fn start(programs: &Programs, folder: &Path, size: u64, memory: u64) -> Result<Running, RehearsalError> {
    let quota = LEAST_QUOTA.max(size.saturating_mul(2)).to_string();
    let mut command = programs.etcd(folder);
    command
        .args(["--data-dir", "data", "--name", "rehearsal", "--initial-cluster-token", "rehearsal"])
        .args(["--listen-client-urls", CLIENTS, "--advertise-client-urls", CLIENTS, "--listen-peer-urls", PEERS])
        .args(["--initial-advertise-peer-urls", PEERS, "--initial-cluster", &format!("rehearsal={PEERS}")])
        .args(["--quota-backend-bytes", &quota]);
    Running::start(command, folder, memory).map_err(|error| RehearsalError::Start(error.to_string()))
}

/// Waits until it has elected itself and answers.
async fn answering(etcd: &mut Running, folder: &Path) -> Result<Channel, RehearsalError> {
    loop {
        if etcd.ended().is_some() {
            return Err(RehearsalError::Start(etcd.told()));
        }
        let asked = async {
            let line = ask::connect(folder.join(SOCKET)).await?;
            ask::count(&line, 0).await.map(|_| line)
        };
        match timeout(Duration::from_secs(5), asked).await {
            Ok(Ok(line)) => return Ok(line),
            // It answers and refuses to read, for its alarm CORRUPT.
            Ok(Err(status)) if status.message().contains("corrupt cluster") => {
                return ask::connect(folder.join(SOCKET))
                    .await
                    .map_err(|status| RehearsalError::Start(running::short(status.message())));
            }
            Ok(Err(status)) if matches!(status.code(), Code::InvalidArgument | Code::Unauthenticated) => {
                return Err(RehearsalError::Users);
            }
            Ok(Err(_)) | Err(_) => sleep(Duration::from_millis(50)).await,
        }
    }
}

/// At the snapshot's own revision: as soon as it runs, it may end leases and so delete keys.
async fn compare(line: &Channel, expected: &Examined) -> Result<(i64, Option<u64>, Option<u32>), RehearsalError> {
    let revision = expected.current();
    let counted = ask::count(line, revision).await.map_err(silent("its keys"))?;
    if counted.revision < revision || counted.revision > revision && expected.leases == 0 {
        return differs("revision", &counted.revision, &revision);
    }
    let keys = expected.live.map(|keys| (keys, counted.keys));
    if let Some((expected, told)) = keys.filter(|(expected, told)| expected != told) {
        return differs("number of keys", &told, &expected);
    }
    let keys = keys.map(|keys| keys.0);
    let Some(hash) = expected.hash_kv else { return Ok((revision, keys, None)) };
    match ask::hash(line, revision, expected.compacted).await.map_err(silent("its hash"))? {
        Some(told) if told != hash => differs("hash", &format!("{told:x}"), &format!("{hash:x}")),
        told => Ok((revision, keys, told)),
    }
}

/// Its alarms. With CORRUPT it refuses to read as well: that is disarmed, and why it refused is answered.
async fn readable(line: &Channel) -> Result<(Vec<String>, Option<String>), RehearsalError> {
    let raised = ask::alarms(line).await.map_err(silent("its alarms"))?;
    let mut refused = None;
    for alarm in raised.iter().filter(|alarm| alarm.is_corrupt()) {
        ask::disarm(line, alarm).await.map_err(silent("that its alarm is disarmed"))?;
        refused = Some("corrupt cluster".to_owned());
    }
    Ok((raised.iter().map(ask::Alarm::name).collect(), refused))
}

/// Writes a key and reads it. What refuses that for its alarms is disarmed first, as somebody would have to who restores
/// it; answers why it refused.
async fn writes(line: &Channel) -> Result<Option<String>, RehearsalError> {
    let wrote = async |what| match ask::write_and_read(line).await {
        Ok(true) => Ok(None),
        Ok(false) => differs("value of a key that was just written", &"another one", &"the one that was written"),
        Err(status) if status.code() == Code::ResourceExhausted => Ok(Some(running::short(status.message()))),
        Err(status) => Err(silent(what)(status)),
    };
    let Some(refused) = wrote("that it wrote a key").await? else { return Ok(None) };
    for alarm in ask::alarms(line).await.map_err(silent("its alarms"))? {
        ask::disarm(line, &alarm).await.map_err(silent("that its alarm is disarmed"))?;
    }
    match wrote("that it wrote a key, with its alarms disarmed").await? {
        None => Ok(Some(refused)),
        Some(said) => Err(RehearsalError::Ask { what: "that it wrote a key, with its alarms disarmed", said }),
    }
}

fn silent(what: &'static str) -> impl Fn(tonic::Status) -> RehearsalError {
    move |status| RehearsalError::Ask { what, said: running::short(status.message()) }
}

fn differs<T>(what: &'static str, told: &dyn ToString, expected: &dyn ToString) -> Result<T, RehearsalError> {
    Err(RehearsalError::Differs { what, told: told.to_string(), expected: expected.to_string() })
}
