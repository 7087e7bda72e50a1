//! `binnacle backup verify`.

use std::{
    io::{IsTerminal, Write},
    path::{Path, PathBuf},
};

use clap::Args;
use serde_json::{Value, json};
use snapshot::{Examined, ReadAt, Step, Unsound};

use super::{Exit, Failure, beside::companion, draw::write};
use crate::backup::{
    proof::{OnDisk, Proof, prove},
    seal::SealError,
    unseal::{Opened, opened},
};

#[derive(Args)]
pub(super) struct VerifyArgs {
    #[command(flatten)]
    backup: StoredArgs,
    /// Write one JSON object.
    #[arg(long)]
    json: bool,
}

/// The backup that is meant.
#[derive(Args)]
pub(super) struct StoredArgs {
    /// A snapshot as etcd sends it, with its digest at the end, or a backup that was compressed or encrypted.
    pub file: PathBuf,
    /// A file with a private key of age, when it is encrypted.
    #[arg(long, value_name = "FILE")]
    identity: Option<PathBuf>,
    /// Folder with room for the database; a folder for its owner alone is made there, and wiped [default: the system's].
    #[arg(long, value_name = "DIR")]
    scratch: Option<PathBuf>,
}

impl StoredArgs {
    pub(super) fn scratch(&self) -> PathBuf {
        self.scratch.clone().unwrap_or_else(std::env::temp_dir)
    }

    /// Decrypts and decompresses it where that is needed.
    pub(super) fn opened(&self) -> Result<Opened, Failure> {
        let path = self.file.display();
        opened(&self.file, self.identity.as_deref(), &self.scratch()).map_err(|error| match error {
            SealError::Broken(_) => (Exit::Failed, format!("{path}: {error}")),
            SealError::Form(_) => (Exit::Usage, format!("{path}: {error}")),
            SealError::Locked => (Exit::Usage, format!("{path}: {error} with --identity")),
            error => (Exit::Usage, error.to_string()),
        })
    }
}

pub(super) fn run(args: &VerifyArgs) -> Result<(), Failure> {
    let (backup, json) = (&args.backup, args.json);
    let opened = backup.opened()?;
    let (file, proof) = proved(opened.path())?;
    let text =
        if json { format!("{:#}\n", answer(backup, &opened, &file, &proof)) } else { lines(&opened, &file, &proof) };
    let with = companion(&backup.file);
    let line = with.as_ref().ok().and_then(Option::clone).filter(|_| !json).unwrap_or_default();
    write(None, &(text + &line))?;
    refused(&backup.file, &proof)?;
    with.map(|_| ())
}

/// Proves it, and shows how far that is on a terminal.
pub(super) fn proved(path: &Path) -> Result<(OnDisk, Proof), Failure> {
    let file = OnDisk::open(path)
        .map_err(|error| (Exit::Usage, format!("cannot open {}: {error}; name a snapshot of etcd", path.display())))?;
    let terminal = std::io::stderr().is_terminal();
    let (length, mut shown) = (file.length().max(1), None);
    let proof = prove(&file, &mut |step, read| {
        let now = (step, read.saturating_mul(100) / length);
        if terminal && shown.replace(now) != Some(now) {
            let _ = write!(std::io::stderr(), "\r{}: {} %  ", step.word(), now.1);
        }
    });
    if terminal {
        let _ = write!(std::io::stderr(), "\r\x1b[K");
    }
    Ok((file, proof))
}

/// What the command ends with when a step does not hold.
pub(super) fn refused(path: &Path, proof: &Proof) -> Result<(), Failure> {
    let Err(unsound) = &proof.sound else { return Ok(()) };
    let exit = if matches!(unsound, Unsound::Read { .. }) { Exit::Usage } else { Exit::Failed };
    let step = unsound.step();
    let (path, todo) = (path.display(), unsound.todo());
    Err((exit, format!("{path} does not reach step {}, {}: {unsound}. {todo}", step.number(), step.word())))
}

/// What is known of it, for programs.
pub(super) fn answer(backup: &StoredArgs, opened: &Opened, file: &OnDisk, proof: &Proof) -> Value {
    let steps = proof.steps.iter().map(|climbed| {
        json!({ "step": climbed.step.number(), "name": climbed.step.word(), "at": climbed.at, "millis": climbed.millis })
    });
    let broken =
        proof.sound.as_ref().err().map(
            |unsound| json!({ "step": unsound.step().number(), "what": unsound.to_string(), "todo": unsound.todo() }),
        );
    json!({
        "file": backup.file.display().to_string(),
        "encrypted": opened.is_encrypted(),
        "bytes": file.length(),
        "open_to_others": file.is_open_to_others(),
        "reached": proof.reached().number(),
        "steps": steps.collect::<Vec<_>>(),
        "bare": proof.bare,
        "restore_with": proof.bare.then_some(SKIP),
        "notes": proof.sound.as_ref().map(Examined::notes).unwrap_or_default(),
        "inside": opened.inside(),
        "digest": proof.digest.map(|digest| digest.to_string()),
        "holds": proof.sound.as_ref().ok(),
        "broken": broken,
    })
}

/// The same for people.
pub(super) fn lines(opened: &Opened, file: &OnDisk, proof: &Proof) -> String {
    let mut out: String = opened.inside().iter().map(|layer| format!("inside: {}\n", printable(layer))).collect();
    for climbed in proof.steps.iter().filter(|climbed| climbed.step > Step::Listed) {
        let (number, word, sentence) = (climbed.step.number(), climbed.step.word(), climbed.step.sentence());
        let seconds = f64::from(u32::try_from(climbed.millis).unwrap_or(u32::MAX)) / 1_000.0;
        out += &format!("step {number}, {word}: {sentence} ({seconds:.3} s)\n");
    }
    if let Some(digest) = proof.digest {
        out += &format!("sha256 {digest}\n");
    }
    let Ok(found) = &proof.sound else { return out };
    if proof.bare {
        out += BARE;
    }
    out += &held(found);
    out += &noted(found);
    if file.is_open_to_others() {
        out += OPEN;
    }
    if opened.is_encrypted() { out } else { out + &secrets(found) }
}

/// What restores a database without a digest.
const SKIP: &str = "--skip-hash-check";

const BARE: &str = "\
steps 1 and 2 are not proved: it has no digest at its end, as a copy of member/snap/db
warning: etcd restores it with --skip-hash-check. A change or damage within a value cannot be noticed, and writes that were \
in the member's log (member/wal) alone are missing. Prefer a snapshot that etcd sent, where there is one.
";

/// What an etcd does that starts on it.
fn noted(found: &Examined) -> String {
    let mut out: String = found
        .notes()
        .into_iter()
        .map(|note| format!("warning: {} {}", note.sentence(), note.todo()).trim_end().to_owned() + "\n")
        .collect();
    for alarm in &found.alarms {
        let kind = match alarm.kind {
            1 => "NOSPACE".to_owned(),
            2 => "CORRUPT".to_owned(),
            other => format!("of kind {other}"),
        };
        out += &format!("alarm {kind} of member {:x}\n", alarm.member);
    }
    if let Some(count) = found.namespaces.get("namespaces") {
        out += &format!("Kubernetes' own namespaces were found: {count}\n");
    }
    out
}

const OPEN: &str = "Others on this machine may read it: chmod 600 keeps it to its owner.\n";

fn secrets(found: &Examined) -> String {
    match found.namespaces.get("secrets") {
        None => String::new(),
        Some(count) => format!("It is not encrypted: whoever has it has its {count} Secrets.\n"),
    }
}

fn held(found: &Examined) -> String {
    let counted = |count: Option<u64>| count.map_or("unknown".to_owned(), |count| count.to_string());
    let Examined { revision, records, size, page_size, free_pages, compacted, leases, .. } = found;
    let mut out = format!(
        "revision {revision}, {} keys in {records} records, compacted to {compacted}, {leases} leases\n\
         {size} bytes in pages of {page_size}, {free_pages} of them free; hash {:x}\n",
        counted(found.keys),
        found.hash,
    );
    let facts = [
        ("consistent index", found.consistent_index.map(|index| index.to_string())),
        ("cluster version", found.cluster_version.clone()),
        ("storage version", found.storage_version.clone()),
    ];
    let facts: Vec<String> = facts.into_iter().filter_map(|(name, fact)| Some(format!("{name} {}", fact?))).collect();
    if !facts.is_empty() {
        out += &(facts.join(", ") + "\n");
    }
    for member in &found.members {
        let named = if member.name.is_empty() { "a member that never started" } else { &member.name };
        out += &format!("member {:x}: {}, {}\n", member.id, printable(named), printable(&member.peer_urls.join(" ")));
    }
    for (resource, count) in &found.namespaces {
        out += &format!("{count:>8} {resource}\n");
    }
    if found.elsewhere > 0 {
        out += &format!("{:>8} of further resources\n", found.elsewhere);
    }
    out
}

/// Names come from the file, and may hold what a terminal would obey.
fn printable(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_control()).take(200).collect()
}
