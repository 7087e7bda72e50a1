//! Plans from files: read, judged, and shown without their secrets.

use std::{
    fs::File,
    io::Read,
    path::{Path, PathBuf},
};

use ::plan::{self as plan_file, Finding, LONGEST, Plan, Purpose, Severity, Stack};
use topology::planned::Planned;

/// Why a file of a plan cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// It is a folder, a device or the like.
    #[error("{0} is no file: name a DHA file or a network.yml")]
    NoFile(PathBuf),
    /// It is too large for a plan.
    #[error("{file} has {bytes} bytes; a plan has at most {LONGEST}")]
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
    let (plan, findings) = load(dha, network)?;
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
    Ok((dha.is_some() || network.is_some()).then(|| Planned::of(&plan)))
}

/// Reads and judges the files that are named.
///
/// # Errors
/// [`PlanError`] when one of them cannot be read from the disk.
pub fn load(dha: Option<&Path>, network: Option<&Path>) -> Result<(Plan, Vec<Finding>), PlanError> {
    let dha = dha.map(read_file).transpose()?;
    let network = network.map(read_file).transpose()?;
    Ok(judge(dha.as_deref(), network.as_deref()))
}

/// Reads both files, or one of them, and says what was found, in the files' order.
pub fn judge(dha: Option<&[u8]>, network: Option<&[u8]>) -> (Plan, Vec<Finding>) {
    let (plan, mut findings) = Plan::read(dha, network);
    findings.extend(::plan::check(&plan));
    findings.sort();
    findings.dedup();
    (plan, findings)
}

/// What a plan is and how it fares, in a sentence.
pub fn headline(plan: &Plan, findings: &[Finding]) -> String {
    let what = match plan.dha.as_ref().map(|dha| (dha.stack(), dha.hosts.len())) {
        None => "Networks without hosts".to_owned(),
        Some((stack, hosts)) => {
            let stack = match stack {
                Stack::Kubernetes => "A Kubernetes plan",
                Stack::OpenStack => "An OpenStack plan",
                Stack::Mixed => "A plan of mixed roles",
                Stack::Unknown => "A plan without known roles",
            };
            let what = format!("{stack} of {hosts} hosts");
            let expands = plan.dha.as_ref().is_some_and(|dha| dha.purpose() == Purpose::Expansion);
            if expands { format!("{what}, all workers: an expansion") } else { what }
        }
    };
    let errors = findings.iter().filter(|finding| finding.severity == Severity::Error).count();
    match (errors, findings.len()) {
        (_, 0) => format!("{what}; nothing was found"),
        (errors, all) => format!("{what}; {errors} errors, {} other findings", all - errors),
    }
}

/// A file's lines, with its secrets masked: by their key, and wherever else they stand.
pub fn masked(plan: &Plan, bytes: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(bytes);
    let secrets: Vec<&str> = plan.secrets().into_iter().filter(|secret| secret.len() > 3).collect();
    let line = |line: &str| {
        let line = match line.split_once(':') {
            Some((key, value)) if key.to_lowercase().contains("pass") && !value.trim().is_empty() => {
                format!("{key}: …")
            }
            _ => line.to_owned(),
        };
        secrets.iter().fold(line, |line, secret| line.replace(secret, "…"))
    };
    text.lines().map(line).collect()
}
