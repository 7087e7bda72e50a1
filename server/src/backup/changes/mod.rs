//! What is different between two snapshots: which objects are new, gone, or have another content. Names only.
//!
//! ```text
//! snapshot ─▶ records ─▶ sorted (runs on disk) ─┐
//! snapshot ─▶ records ─▶ sorted (runs on disk) ─┴▶ side by side, key by key ─▶ Changes
//! ```
//!
//! Of a value only a number is kept, drawn with a secret of this run; in memory there is a run of each at a time.

mod sorted;
mod stored;

use std::{hash::RandomState, io, path::Path, time::Instant};

use serde::Serialize;
use snapshot::{Object, Unsound, digest, records};

use super::{proof::OnDisk, rehearsal::scratch::Scratch};
use sorted::{Latest, Sorting};

pub(super) use stored::Comparing;
pub use stored::{Compared, ComparedError};

/// Kinds and namespaces that are told apart.
const MOST_GROUPS: usize = 2_000;
/// Names that are told of one of them, of each sort.
const MOST_NAMES: usize = 200;
/// Names that are told in all.
const MOST_IN_ALL: usize = 20_000;

/// What is different.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Changes {
    /// Objects that only the newer has.
    pub added: u64,
    /// Objects that only the older has.
    pub removed: u64,
    /// Objects of both that are not the same in both.
    pub changed: u64,
    /// Objects that are.
    pub same: u64,
    /// By kind and namespace, those without differences left out.
    pub groups: Vec<Group>,
    /// Differences of further kinds and namespaces, when there are more than can be told apart.
    pub elsewhere: u64,
}

/// What is different of a kind in a namespace.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Group {
    /// As in `pods` or `example.org/widgets`; empty for keys that are not of Kubernetes.
    pub resource: String,
    /// Empty for what belongs to the whole cluster.
    pub namespace: String,
    /// What only the newer has.
    pub added: Names,
    /// What only the older has.
    pub removed: Names,
    /// What is in both, and not the same.
    pub changed: Names,
}

/// Names, the first of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Names {
    /// How many there are.
    pub count: u64,
    /// The first of them, in order.
    pub names: Vec<String>,
}

/// Why two cannot be compared.
#[derive(Debug, thiserror::Error)]
pub enum ChangesError {
    /// One is no sound snapshot.
    #[error("{file}: {unsound}. {}", unsound.todo())]
    Unsound {
        /// Which.
        file: String,
        /// What is wrong with it.
        unsound: Unsound,
    },
    /// A file or the folder for what is sorted.
    #[error("{file}: {error}. Name a folder with room, about as much as all names take")]
    File {
        /// Which.
        file: String,
        /// What the system says.
        error: io::Error,
    },
    /// It took too long.
    #[error("it took too long; compare them with binnacle backup diff, which takes as long as it needs")]
    Late,
}

/// What became of the older until the newer; what is sorted lies in a folder of its own in `scratch`, and goes. Blocks,
/// at most about until then.
///
/// # Errors
/// [`ChangesError`].
pub fn changes(older: &Path, newer: &Path, scratch: &Path, until: Option<Instant>) -> Result<Changes, ChangesError> {
    let folder = Scratch::new(scratch).map_err(|error| at(scratch)(error))?;
    let draw = RandomState::new();
    let late = || until.is_some_and(|until| Instant::now() > until);
    let read = |file: &Path, name: &str| -> Result<Latest, ChangesError> {
        let unsound = |unsound| ChangesError::Unsound { file: file.display().to_string(), unsound };
        let on_disk = OnDisk::open(file).map_err(at(file))?;
        digest(&on_disk, &mut |_| {}).map_err(unsound)?;
        let (mut sorting, mut failed) = (Sorting::new(folder.path().join(name)), None);
        let read = records(&on_disk, &draw, &mut |_| {}, &mut |record| {
            // What cannot be kept ends it; until the pages are through, nothing more is.
            if failed.is_none() {
                failed = sorting.add(record.key, record.content).err().map(Some).or_else(|| late().then_some(None));
            }
        });
        match failed {
            Some(None) => return Err(ChangesError::Late),
            Some(Some(error)) => return Err(at(folder.path())(error)),
            None => read.map_err(unsound)?,
        }
        sorting.latest().map_err(at(folder.path()))
    };
    let (mut older, mut newer) = (read(older, "older")?, read(newer, "newer")?);
    let mut changes = Telling::default();
    let next = |latest: &mut Latest| latest.next_key().map_err(at(folder.path()));
    let (mut was, mut is) = (next(&mut older)?, next(&mut newer)?);
    loop {
        let order = match (&was, &is) {
            (None, None) => break,
            (Some(_), None) => std::cmp::Ordering::Less,
            (None, Some(_)) => std::cmp::Ordering::Greater,
            (Some(was), Some(is)) => was.0.cmp(&is.0),
        };
        let (before, after) = (order.is_le().then(|| was.take()).flatten(), order.is_ge().then(|| is.take()).flatten());
        if let Some((key, _)) = before.as_ref().or(after.as_ref()) {
            changes.tell(key, before.as_ref().map(|one| one.1), after.as_ref().map(|one| one.1));
        }
        if order.is_le() {
            was = next(&mut older)?;
        }
        if order.is_ge() {
            is = next(&mut newer)?;
        }
    }
    Ok(changes.told)
}

fn at(file: &Path) -> impl Fn(io::Error) -> ChangesError + use<> {
    let file = file.display().to_string();
    move |error| ChangesError::File { file: file.clone(), error }
}

/// Keys come in order, and so by kind and namespace; those of kinds that share a folder, one after the other.
#[derive(Default)]
struct Telling {
    told: Changes,
    names: usize,
}

impl Telling {
    fn tell(&mut self, key: &[u8], was: Option<u64>, is: Option<u64>) {
        let told = &mut self.told;
        match (was, is) {
            (None, None) => return,
            (Some(was), Some(is)) if was == is => {
                told.same += 1;
                return;
            }
            (Some(_), Some(_)) => told.changed += 1,
            (Some(_), None) => told.removed += 1,
            (None, Some(_)) => told.added += 1,
        }
        let Object { resource, namespace, name } = Object::of(key);
        let last = told.groups.last().is_some_and(|group| group.resource == resource && group.namespace == namespace);
        if !last {
            if told.groups.len() == MOST_GROUPS {
                told.elsewhere += 1;
                return;
            }
            told.groups.push(Group { resource, namespace, ..Group::default() });
        }
        let Some(group) = told.groups.last_mut() else { return };
        let names = match (was, is) {
            (Some(_), Some(_)) => &mut group.changed,
            (Some(_), None) => &mut group.removed,
            _ => &mut group.added,
        };
        names.count += 1;
        if names.names.len() < MOST_NAMES && self.names < MOST_IN_ALL {
            self.names += 1;
            names.names.push(name);
        }
    }
}
