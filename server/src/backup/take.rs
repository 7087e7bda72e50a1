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
    sync::Arc,
    time::Duration,
};

use jiff::Timestamp;

use super::{
    choice::{Candidate, candidates},
    companion::Gathered,
    course::Astray,
    fetch::{Fetched, fetch},
    manifest::Manifest,
    naming::{self, Leftovers, Sound, id, name},
    part::{self, DiskError, disk},
    proof::{OnDisk, prove_read},
    seal::{SealError, Sealing},
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
    /// Where it was compressed or encrypted: what it was before, beside it, as long as somebody has this.
    pub plain: Option<Arc<Plain>>,
}

/// A database as it came, on disk, and what it was found to hold.
#[derive(Debug)]
pub struct Plain(naming::Plain);

impl Plain {
    /// The file; it goes with this.
    pub fn path(&self) -> &Path {
        self.0.fetched.part.path()
    }

    /// What is in it.
    pub const fn examined(&self) -> &snapshot::Examined {
        &self.0.examined
    }
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
    /// Members answer, and none lets us take one.
    #[error("no member of etcd lets us take a backup:\n{}", .0.join("\n"))]
    Forbidden(Vec<String>),
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

impl Fault {
    /// Whether the member does not let us.
    const fn forbids(&self) -> bool {
        matches!(self, Self::Etcd(EtcdError { why: Why::Permission | Why::OurCertificate(_), .. }))
    }
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
    take_with(order, None, tell).await
}

/// The same, with files that travel with it.
///
/// # Errors
/// The same.
pub async fn take_with(
    order: &Order,
    with: Option<Gathered>,
    tell: &(dyn Fn(Progress) + Send + Sync),
) -> Result<Taken, TakeError> {
    let late = || TakeError::Late(order.bounds.whole.as_secs());
    tokio::time::timeout(order.bounds.whole, take_in_time(order, with, tell)).await.map_err(|_| late())?
}

async fn take_in_time(
    order: &Order,
    with: Option<Gathered>,
    tell: &(dyn Fn(Progress) + Send + Sync),
) -> Result<Taken, TakeError> {
    part::folder(&order.folder)?;
    part::sweep(&order.folder);
    tell(Progress::Looking);
    let endpoints = order.from.as_ref().map_or(order.endpoints.as_slice(), std::slice::from_ref);
    let members = look(endpoints, &order.tls, Hashes::Leave).await?;
    let (mut able, mut passed_over) = candidates(&members);
    if let Some(from) = &order.from {
        able.retain(|candidate| candidate.endpoint == *from);
    }
    let (mut forbidden, mut tried) = (0, 0);
    for candidate in able {
        let began = Timestamp::now().as_millisecond();
        match attempt(order, &candidate, tell).await {
            Ok((fetched, sound)) => {
                tell(Progress::Storing);
                let mut warnings = warnings(&members, &candidate);
                warnings.extend(sound.examined.notes().into_iter().map(told));
                passed_over.extend(unanswered(&members));
                let id = id(&order.cluster, sound.examined.revision, began);
                let leftovers = Leftovers::of(order, &id, &fetched);
                let (order, cluster) = (order.clone(), members.cluster);
                let sound = Sound { with: with.filter(|with| !with.is_empty()), ..sound };
                let name = move || name(&order, id, cluster, &candidate, fetched, sound, began);
                let (manifest, path, plain) = blocking(name).await??;
                leftovers.none();
                let plain = plain.map(|plain| Arc::new(Plain(plain)));
                return Ok(Taken { manifest, path, passed_over, warnings, plain });
            }
            Err(Failed::Here(error)) => return Err(error),
            Err(Failed::Member(fault)) => {
                let why = format!("{}: {fault}", candidate.name);
                tried += 1;
                forbidden += usize::from(fault.forbids());
                tell(Progress::Next { why: why.clone() });
                passed_over.push(why);
            }
        }
    }
    passed_over.extend(unanswered(&members));
    if tried > 0 && forbidden == tried {
        return Err(TakeError::Forbidden(passed_over));
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
    let (path, sum) = (fetched.part.path().to_owned(), fetched.digest);
    let proof = blocking(move || {
        let file = OnDisk::open(&path).map_err(disk(&path, "cannot be read"))?;
        Ok::<_, DiskError>(prove_read(&file, sum, &mut |_, _| ()))
    });
    let proof = proof.await??;
    let examined = match proof.sound {
        Ok(examined) => examined,
        Err(snapshot::Unsound::Read { source, .. }) => {
            return Err(disk(fetched.part.path(), "cannot be read")(source).into());
        }
        Err(unsound) => return Err(Fault::Unsound { endpoint: candidate.endpoint.clone(), unsound }.into()),
    };
    let (holds, told) = (examined.current(), candidate.revision);
    if holds < told {
        return Err(Fault::Behind { endpoint: candidate.endpoint.clone(), holds, told }.into());
    }
    Ok((fetched, Sound { examined, steps: proof.steps, with: None }))
}

/// Work that blocks, on a thread of its own.
pub(super) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, TakeError> {
    tokio::task::spawn_blocking(work).await.map_err(|_| TakeError::Ended)
}

/// A note on what was taken, as a warning.
fn told(note: snapshot::Note) -> String {
    format!("{} {}", note.sentence(), note.todo()).trim_end().to_owned()
}

/// Named endpoints that gave no answer, also where their members were reached elsewhere. A member that is silent at
/// such an endpoint is told by its name already.
fn unanswered(members: &Members) -> Vec<String> {
    let told = |endpoint: &str| {
        let silent = |member: &crate::etcd::Member| member.standing.as_ref().is_err_and(|why| why.endpoint == endpoint);
        members.members.iter().any(silent)
    };
    members.strangers.iter().filter(|why| !told(&why.endpoint)).map(ToString::to_string).collect()
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
