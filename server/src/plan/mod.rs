//! Plans from files: read, judged, and shown without their secrets.

use std::{
    fs::File,
    io::Read,
    path::{Path, PathBuf},
};

use ::plan::{Finding, LONGEST, Plan, Severity, Stack};

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

/// Reads both files, or one of them, and says what was found, in the files' order.
pub fn judge(dha: Option<&[u8]>, network: Option<&[u8]>) -> (Plan, Vec<Finding>) {
    let (plan, mut findings) = Plan::read(dha, network);
    findings.sort();
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
            format!("{stack} of {hosts} hosts")
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
