//! `binnacle backup diff`: what changed between two backups, by name.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::{Exit, Failure, draw::write};
use crate::backup::{
    changes::{Changes, ChangesError, Group, Names, changes},
    seal::SealError,
    unseal::{Opened, opened},
};

#[derive(Args)]
pub(super) struct DiffArgs {
    /// The older: a snapshot of etcd, or a backup that was compressed or encrypted.
    older: PathBuf,
    /// The newer.
    newer: PathBuf,
    /// A file with a private key of age, when one is encrypted.
    #[arg(long, value_name = "FILE")]
    identity: Option<PathBuf>,
    /// Folder with room for both databases; a folder for its owner alone is made there, and wiped [default: the system's].
    #[arg(long, value_name = "DIR")]
    scratch: Option<PathBuf>,
    /// Write one JSON object.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &DiffArgs) -> Result<(), Failure> {
    let scratch = args.scratch.clone().unwrap_or_else(std::env::temp_dir);
    let open = |file: &PathBuf| -> Result<Opened, Failure> {
        opened(file, args.identity.as_deref(), &scratch).map_err(|error| match error {
            SealError::Broken(_) => (Exit::Failed, format!("{}: {error}", file.display())),
            SealError::Form(_) => (Exit::Usage, format!("{}: {error}", file.display())),
            SealError::Locked => (Exit::Usage, format!("{}: {error} with --identity", file.display())),
            error => (Exit::Usage, error.to_string()),
        })
    };
    let (older, newer) = (open(&args.older)?, open(&args.newer)?);
    let found = changes(older.path(), newer.path(), &scratch, None).map_err(|error| match error {
        ChangesError::Unsound { .. } => (Exit::Failed, error.to_string()),
        error => (Exit::Usage, error.to_string()),
    })?;
    let text = if args.json { format!("{:#}\n", json!(found)) } else { lines(&found) };
    write(None, &scene::readable(&text))
}

fn lines(found: &Changes) -> String {
    let Changes { added, removed, changed, same, .. } = found;
    let mut out = format!("{added} added, {removed} removed, {changed} changed, {same} the same\n");
    for group in &found.groups {
        let Group { resource, namespace, .. } = group;
        let kind = if resource.is_empty() { "keys outside of Kubernetes" } else { resource };
        out += &if namespace.is_empty() { format!("{kind}\n") } else { format!("{kind} in {namespace}\n") };
        for (mark, Names { count, names }) in [("+", &group.added), ("-", &group.removed), ("~", &group.changed)] {
            out.extend(names.iter().map(|name| format!("  {mark} {name}\n")));
            let more = count - names.len() as u64;
            if more > 0 {
                out += &format!("  {mark} and {more} more\n");
            }
        }
    }
    if found.elsewhere > 0 {
        out += &format!("{} of further kinds and namespaces\n", found.elsewhere);
    }
    out
}
