//! Taking a backup: from the member that is best for it, to local disk, checked before it has a name.
//!
//! ```text
//! look ─▶ choice ─▶ stream ─▶ ID.part ─▶ proof: steps 1 to 4 ─▶ sealed ─▶ ID.db…, ID.json
//!            ▲         │ another member
//!            └─────────┘
//! ```
//! What goes wrong with a member is answered by asking the next; what goes wrong with the disk ends it. Dropped at any
//! moment, it leaves nothing but what was there.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use jiff::Timestamp;
use snapshot::{Examined, Step};

use super::{
    choice::{Candidate, candidates},
    course::Astray,
    fetch::{Fetched, fetch},
    manifest::{FORMAT, Manifest, Proved, Stored},
    part::{self, DiskError, ENDING, disk},
    proof::{Climbed, OnDisk, prove},
    seal::{SealError, Sealing},
    words::hex,
};
use crate::etcd::{Endpoint, EtcdError, Hashes, Members, NoneAnswers, Tls, Why, look};

/// What is to be taken.
#[derive(Clone, Debug)]
pub struct Order {
    /// Where members may be asked.
    pub endpoints: Vec<Endpoint>,
    /// With what.
    pub tls: Tls,
    /// Only from this one, whatever speaks for another.
    pub from: Option<Endpoint>,
    /// Where it is to lie; made when it is not there.
    pub folder: PathBuf,
    /// The cluster's name here.
    pub cluster: String,
    /// Who asks for it.
    pub by: String,
    /// How it is stored.
    pub sealing: Sealing,
    /// What its manifest is signed with; empty for not at all.
    pub key: Vec<u8>,
    /// How long it may take.
    pub bounds: Bounds,
}

/// How long a backup may take: while it streams, etcd keeps every page that is replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// From all members that are tried together.
    pub whole: Duration,
    /// From one piece to the next.
    pub silence: Duration,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { whole: Duration::from_secs(600), silence: Duration::from_secs(30) }
    }
}

/// How far it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Members are asked how they fare.
    Looking,
    /// The database comes.
    Streaming {
        /// From whom.
        member: String,
        /// Bytes that are here.
        done: u64,
        /// Bytes in all.
        total: u64,
    },
    /// A member did not do, and the next is asked.
    Next {
        /// What was wrong with it.
        why: String,
    },
    /// What came is read again and examined.
    Proving,
    /// It is compressed or encrypted, and gets its name.
    Storing,
}

/// A backup that was taken.
#[derive(Clone, Debug)]
pub struct Taken {
    /// What it is.
    pub manifest: Manifest,
    /// Where it lies.
    pub path: PathBuf,
    /// Members that were tried before, or were not fit to be, and why.
    pub passed_over: Vec<String>,
    /// What to know of it, in sentences.
    pub warnings: Vec<String>,
}

/// Why there is no backup.
#[derive(Debug, thiserror::Error)]
pub enum TakeError {
    /// Nobody says who the members are.
    #[error(transparent)]
    NoneAnswers(#[from] NoneAnswers),
    /// No member is fit for it, or each failed.
    #[error("no member of etcd gave a backup to rely on:\n{}", .0.join("\n"))]
    Members(Vec<String>),
    /// The disk here.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// It could not be compressed or encrypted.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// The time is over.
    #[error(
        "the backup took longer than {0} s and was given up, because etcd keeps what is replaced meanwhile. \
         Take it over a faster network, to a faster disk, or give it more time"
    )]
    Late(u64),
    /// The work was ended from outside.
    #[error("the backup was ended from outside, and nothing of it is left")]
    Ended,
}

/// What is wrong with what a member gave.
#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    #[error(transparent)]
    Etcd(#[from] EtcdError),
    #[error("{endpoint}: {astray}. See its log, and whether something between here and there cuts connections")]
    Astray { endpoint: Endpoint, astray: Astray },
    #[error("{endpoint}: {unsound}. {}", unsound.todo())]
    Unsound { endpoint: Endpoint, unsound: snapshot::Unsound },
    #[error(
        "{endpoint}: what it sent ends at revision {holds}, and before it said that it was at {told}. \
         See whether it was restored meanwhile, or whether another member answers there"
    )]
    Behind { endpoint: Endpoint, holds: i64, told: i64 },
}

/// What went wrong with one attempt: another member may do better, or not.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failed {
    #[error(transparent)]
    Member(#[from] Fault),
    #[error(transparent)]
    Here(#[from] TakeError),
}

impl From<DiskError> for Failed {
    fn from(error: DiskError) -> Self {
        Self::Here(error.into())
    }
}

/// Takes one, and says how far it is.
///
/// # Errors
/// [`TakeError`]; then the folder holds what it held before.
pub async fn take(order: &Order, tell: &(dyn Fn(Progress) + Send + Sync)) -> Result<Taken, TakeError> {
    let late = || TakeError::Late(order.bounds.whole.as_secs());
    tokio::time::timeout(order.bounds.whole, take_in_time(order, tell)).await.map_err(|_| late())?
}

async fn take_in_time(order: &Order, tell: &(dyn Fn(Progress) + Send + Sync)) -> Result<Taken, TakeError> {
    part::folder(&order.folder)?;
    part::sweep(&order.folder);
    tell(Progress::Looking);
    let endpoints = order.from.as_ref().map_or(order.endpoints.as_slice(), std::slice::from_ref);
    let members = look(endpoints, &order.tls, Hashes::Leave).await?;
    let (mut able, mut passed_over) = candidates(&members);
    if let Some(from) = &order.from {
        able.retain(|candidate| candidate.endpoint == *from);
    }
    for candidate in able {
        let began = Timestamp::now().as_millisecond();
        match attempt(order, &candidate, tell).await {
            Ok((fetched, sound)) => {
                tell(Progress::Storing);
                let warnings = warnings(&members, &candidate);
                let (order, cluster) = (order.clone(), members.cluster);
                let store = move || store(&order, cluster, &candidate, fetched, sound, began);
                let (manifest, path) = blocking(store).await??;
                return Ok(Taken { manifest, path, passed_over, warnings });
            }
            Err(Failed::Here(error)) => return Err(error),
            Err(Failed::Member(fault)) => {
                let why = format!("{}: {fault}", candidate.name);
                tell(Progress::Next { why: why.clone() });
                passed_over.push(why);
            }
        }
    }
    if passed_over.is_empty() {
        passed_over.push(Why::Address("it belongs to no member that can be asked".into()).at("--endpoint").to_string());
    }
    Err(TakeError::Members(passed_over))
}

async fn attempt(
    order: &Order,
    candidate: &Candidate,
    tell: &(dyn Fn(Progress) + Send + Sync),
) -> Result<(Fetched, Sound), Failed> {
    let fetched = fetch(order, candidate, tell).await?;
    tell(Progress::Proving);
    let path = fetched.part.path().to_owned();
    let proof = blocking(move || {
        let file = OnDisk::open(&path).map_err(disk(&path, "cannot be read"))?;
        Ok::<_, DiskError>(prove(&file, &mut |_, _| ()))
    });
    let proof = proof.await??;
    let examined = match (proof.examined, proof.unsound) {
        (_, Some(snapshot::Unsound::Read { source, .. })) => {
            return Err(disk(fetched.part.path(), "cannot be read")(source).into());
        }
        (Some(examined), None) => examined,
        (_, Some(unsound)) => return Err(Fault::Unsound { endpoint: candidate.endpoint.clone(), unsound }.into()),
        (None, None) => return Err(TakeError::Ended.into()),
    };
    let (holds, told) = (examined.current(), candidate.revision);
    if holds < told {
        return Err(Fault::Behind { endpoint: candidate.endpoint.clone(), holds, told }.into());
    }
    Ok((fetched, Sound { examined, steps: proof.steps.into_iter().filter_map(proved).collect() }))
}

/// What is in it, and the steps that say so.
struct Sound {
    examined: Examined,
    steps: Vec<Proved>,
}

/// For its manifest, which needs no word that it is there.
fn proved(climbed: Climbed) -> Option<Proved> {
    let tool = concat!("binnacle ", env!("CARGO_PKG_VERSION")).into();
    let Climbed { step, at, millis } = climbed;
    (step > Step::Listed).then(|| Proved { step: step.number(), at: at.as_millisecond(), tool, millis })
}

/// Work that blocks, on a thread of its own.
pub(super) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, TakeError> {
    tokio::task::spawn_blocking(work).await.map_err(|_| TakeError::Ended)
}

/// Gives it its name: first what it is goes to the disk under another name, then both get theirs.
fn store(
    order: &Order,
    cluster: u64,
    candidate: &Candidate,
    fetched: Fetched,
    sound: Sound,
    began: i64,
) -> Result<(Manifest, PathBuf), TakeError> {
    let Sound { examined, steps } = sound;
    let id = id(&order.cluster, examined.revision, began);
    let plain = order.sealing.compression.is_none() && order.sealing.recipients.is_empty();
    let path = order.folder.join(format!("{id}{}", order.sealing.ending()));
    let stored = if plain {
        let name = format!("{id}{}", order.sealing.ending());
        Stored { name, size: fetched.size, sha256: fetched.sha256.clone(), compression: None, recipients: Vec::new() }
    } else {
        order.sealing.seal(fetched.part.path(), &path)?
    };
    let mut manifest = Manifest {
        format: FORMAT,
        id: id.clone(),
        cluster: order.cluster.clone(),
        cluster_id: format!("{cluster:x}"),
        member: candidate.name.clone(),
        member_id: format!("{:x}", candidate.id),
        etcd_version: candidate.version.clone(),
        revision: examined.revision,
        raft_index: examined.consistent_index.unwrap_or(candidate.raft_index),
        keys: examined.keys.unwrap_or(examined.records),
        size: examined.size,
        hash: examined.hash,
        sha256: fetched.digest.clone(),
        stored,
        began,
        ended: Timestamp::now().as_millisecond(),
        by: order.by.clone(),
        steps: Vec::new(),
        signature: String::new(),
    };
    for step in steps {
        manifest.prove(step);
    }
    if !order.key.is_empty() {
        manifest.sign(&order.key);
    }
    let named = name(&order.folder, &manifest, fetched, plain, &path);
    if named.is_err() && !plain {
        let _ = std::fs::remove_file(&path);
    }
    named?;
    Ok((manifest, path))
}

fn name(folder: &Path, manifest: &Manifest, fetched: Fetched, plain: bool, path: &Path) -> Result<(), DiskError> {
    let beside = folder.join(format!("{}.json", manifest.id));
    let text = part::written(beside.with_added_extension(ENDING), manifest.text().as_bytes())?;
    if plain {
        fetched.part.become_file(path)?;
    }
    let done = text.become_file(&beside).and_then(|()| part::sync(folder));
    if done.is_err() {
        let _ = std::fs::remove_file(path);
        let _ = std::fs::remove_file(&beside);
    }
    done
}

/// As in `harbour-20261125t102427z-r4711-5f3a9c`.
fn id(cluster: &str, revision: i64, began: i64) -> String {
    let usual = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    let cluster: String = cluster.chars().map(usual).take(40).collect();
    let cluster = Some(cluster.trim_matches('-')).filter(|cluster| !cluster.is_empty()).unwrap_or("etcd").to_owned();
    let at = Timestamp::from_millisecond(began).unwrap_or_default().strftime("%Y%m%dt%H%M%Sz").to_string();
    let mut random = [0; 3];
    // Without randomness a name that is taken is refused, and nothing is lost.
    let _ = getrandom::fill(&mut random);
    format!("{cluster}-{at}-r{revision}-{}", hex(&random))
}

fn warnings(members: &Members, candidate: &Candidate) -> Vec<String> {
    let mut warnings = Vec::new();
    if !candidate.follows {
        warnings.push(format!(
            "{} follows no leader: what others promised to clients since may not be in it.",
            candidate.name
        ));
    }
    let ahead = members.revision().unwrap_or_default();
    if ahead > candidate.revision {
        warnings.push(format!("Another member was {} revisions ahead when it began.", ahead - candidate.revision));
    }
    warnings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_tells_cluster_time_and_revision_and_is_fit_for_stores_and_addresses() {
        let id = id("Harbour / Süd", 4_711, 1_769_860_800_000);
        assert!(id.starts_with("harbour---s-d-20260131t120000z-r4711-"), "{id}");
        assert!(Manifest::is_id(&id));
        for odd in ["", "///", "..", &"x".repeat(200)] {
            assert!(Manifest::is_id(&super::id(odd, i64::MAX, 0)), "{odd}");
        }
    }
}
