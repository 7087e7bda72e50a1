//! What lies beside a backup that is verified: its manifest names what travels with it.

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};

use sha2::{Digest, Sha256};

use super::{Exit, Failure};
use crate::backup::manifest::{ENDINGS, LONGEST, Manifest};

/// What travels with a backup, in a line, once its digest was found right; nothing when nothing does, or when no manifest
/// lies beside it.
pub(super) fn companion(backup: &Path) -> Result<Option<String>, Failure> {
    let Some(manifest) = manifest(backup) else { return Ok(None) };
    let Some(companion) = manifest.companion else { return Ok(None) };
    let path = backup.with_file_name(&companion.stored.name);
    let wrong = |what: String| (Exit::Failed, format!("{}, which travels with the backup, {what}", path.display()));
    let sum = digest(&path).map_err(|error| wrong(format!("cannot be read: {error}")))?;
    if sum != (companion.stored.size, companion.stored.sha256) {
        return Err(wrong("is not as it was taken: its SHA-256 or its length is another".into()));
    }
    let files = companion.files.len();
    Ok(Some(format!("With it travel {files} files, encrypted, in {}: their digest is right.\n", companion.stored.name)))
}

/// The one that lies beside it and is of it.
fn manifest(backup: &Path) -> Option<Manifest> {
    let name = backup.file_name()?.to_str()?;
    let id = ENDINGS.iter().find_map(|ending| name.strip_suffix(ending).filter(|id| Manifest::is_id(id)))?;
    let mut text = Vec::new();
    let file = File::open(backup.with_file_name(format!("{id}.json"))).ok()?;
    file.take(LONGEST as u64 + 1).read_to_end(&mut text).ok()?;
    Manifest::read(&text).ok().filter(|manifest| manifest.stored.name == name)
}

fn digest(path: &Path) -> io::Result<(u64, String)> {
    let mut sum = Sha256::new();
    let size = io::copy(&mut File::open(path)?, &mut sum)?;
    Ok((size, sum.finalize().iter().map(|byte| format!("{byte:02x}")).collect()))
}
