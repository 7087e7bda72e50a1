//! Plans from files: read, checked, and put into a sentence.

mod turn;

use std::{
    fs::File,
    io::Read,
    path::{Path, PathBuf},
    sync::{Arc, LazyLock},
};

use ::plan::{self as plan_file, Checked, LONGEST, Purpose, Severity, Stack};
use tokio::sync::Semaphore;
use topology::planned::Planned;

pub(crate) use turn::in_turn;

/// Plans that are worked on at once: a large one takes a processor for a while.
static PLACES: LazyLock<Arc<Semaphore>> = LazyLock::new(|| Arc::new(Semaphore::new(2)));
/// More bytes than any real plan has. A parser may need a hundred times as much memory, so one such plan has all places.
const LARGE: usize = 256 << 10;

/// Works on a plan of so many bytes, as [`crate::placed::placed`] does.
pub(crate) async fn placed<T: Send + 'static>(bytes: usize, work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    crate::placed::placed_wide(&PLACES, if bytes > LARGE { 2 } else { 1 }, work).await
}

/// Why a file of a plan cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// It is a folder, a device or the like.
    #[error("{0} is no file: name a DHA file or a network.yml")]
    NoFile(PathBuf),
    /// It is too large for a plan.
    #[error(
        "{file} has {bytes} bytes and was not read; a plan has at most {LONGEST}: name the DHA file or the network.yml itself"
    )]
    TooLarge {
        /// The file.
        file: PathBuf,
        /// Its size.
        bytes: u64,
    },
    /// What it holds cannot be read as a plan.
    #[error("{file}: {what}")]
    NoPlan {
        /// The file.
        file: PathBuf,
        /// What is wrong.
        what: String,
    },
    /// It cannot be opened or read.
    #[error("{file} cannot be read: {error}")]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// Why.
        error: std::io::Error,
    },
}

/// A file's bytes; what is no plan by its kind or size is not read at all.
///
/// # Errors
/// [`PlanError`] with the file's name.
pub fn read_file(path: &Path) -> Result<Vec<u8>, PlanError> {
    let file = || path.to_owned();
    let unreadable = |error| PlanError::Unreadable { file: file(), error };
    let meta = std::fs::metadata(path).map_err(unreadable)?;
    if !meta.is_file() {
        return Err(PlanError::NoFile(file()));
    }
    let longest = u64::try_from(LONGEST).unwrap_or(u64::MAX);
    if meta.len() > longest {
        return Err(PlanError::TooLarge { file: file(), bytes: meta.len() });
    }
    let mut bytes = Vec::new();
    // It may have grown since.
    File::open(path).and_then(|open| open.take(longest + 1).read_to_end(&mut bytes)).map_err(unreadable)?;
    Ok(bytes)
}

/// The plan in two files, or in one of them, as a figure needs it; nothing when none is named.
///
/// # Errors
/// [`PlanError`], also when a file holds nothing that can be read as a plan.
pub fn planned(dha: Option<&Path>, network: Option<&Path>) -> Result<Option<Planned>, PlanError> {
    Ok(whole(dha, network)?.as_ref().map(Planned::of))
}

/// The plan in two files, or in one of them; nothing when none is named.
///
/// # Errors
/// [`PlanError`], also when a file holds nothing that can be read as a plan.
pub fn whole(dha: Option<&Path>, network: Option<&Path>) -> Result<Option<plan_file::Plan>, PlanError> {
    let Checked { plan, findings, .. } = load(dha, network)?;
    let unread = |path: Option<&Path>, file: plan_file::File, read: bool| {
        let path = path.filter(|_| !read)?;
        let why = findings.iter().find(|finding| finding.file == file && finding.severity == Severity::Error);
        let what =
            why.map_or_else(|| "it cannot be read".to_owned(), |why| format!("line {}: {}", why.place.line, why.what));
        Some(PlanError::NoPlan { file: path.to_owned(), what })
    };
    let unread_dha = unread(dha, plan_file::File::Dha, plan.dha.is_some());
    if let Some(error) = unread_dha.or_else(|| unread(network, plan_file::File::Network, plan.network.is_some())) {
        return Err(error);
    }
    Ok((dha.is_some() || network.is_some()).then_some(plan))
}

/// Reads and checks the files that are named.
///
/// # Errors
/// [`PlanError`] when one of them cannot be read from the disk.
pub fn load(dha: Option<&Path>, network: Option<&Path>) -> Result<Checked, PlanError> {
    load_for(plan_file::Release::default(), dha, network)
}

/// The same for a release of Compass.
///
/// # Errors
/// [`PlanError`] when one of them cannot be read from the disk.
pub fn load_for(release: plan_file::Release, dha: Option<&Path>, network: Option<&Path>) -> Result<Checked, PlanError> {
    let dha = dha.map(read_file).transpose()?;
    let network = network.map(read_file).transpose()?;
    Ok(Checked::of(release, dha.as_deref(), network.as_deref()))
}

/// What a plan is and how it fares, in a sentence.
pub fn headline(checked: &Checked) -> String {
    let what = match (&checked.plan.dha, &checked.plan.network) {
        (None, None) => "Not a readable plan".to_owned(),
        (None, Some(_)) => "Networks without hosts".to_owned(),
        (Some(dha), _) => {
            let stack = match dha.stack() {
                Stack::Kubernetes => "A Kubernetes plan",
                Stack::OpenStack => "An OpenStack plan",
                Stack::Mixed => "A plan of mixed roles",
                Stack::Unknown => "A plan without known roles",
            };
            let what = format!("{stack} of {}", counted(dha.hosts.len(), "host"));
            match dha.purpose() {
                Purpose::Expansion => format!("{what}, all workers: an expansion"),
                Purpose::Deployment => what,
            }
        }
    };
    let counts = [(Severity::Error, "error"), (Severity::Warning, "warning"), (Severity::Note, "note")];
    let counts = counts.map(|(severity, word)| (checked.count(severity), word));
    let said: Vec<String> =
        counts.into_iter().filter(|(count, _)| *count > 0).map(|(count, word)| counted(count, word)).collect();
    let said = if said.is_empty() { "no problems found".to_owned() } else { said.join(", ") };
    let never = if checked.never() { "; it can be looked at, never started" } else { "" };
    format!("{what}; {said}{never}")
}

fn counted(count: usize, word: &str) -> String {
    format!("{count} {word}{}", if count == 1 { "" } else { "s" })
}
