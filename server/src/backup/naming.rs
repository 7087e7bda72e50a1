//! Giving a backup its name: what it is stands on the disk before, and from one moment to the next it is there.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use snapshot::{Examined, Step};

use super::{
    choice::Candidate,
    companion::Gathered,
    fetch::Fetched,
    manifest::{COMPANION, FORMAT, Manifest, Proved, Stored},
    part::{self, DiskError, ENDING},
    proof::Climbed,
    take::{Order, TakeError},
    words::hex,
};

/// What is in it, and the steps that say so.
pub(super) struct Sound {
    pub examined: Examined,
    pub steps: Vec<Climbed>,
    /// What is to travel with it.
    pub with: Option<Gathered>,
}

/// Files that lie about while it gets its name. Dropped, they are removed, and whoever is at work on them fails.
pub(super) struct Leftovers(Vec<PathBuf>);

impl Leftovers {
    pub(super) fn of(order: &Order, id: &str, fetched: &Fetched) -> Self {
        let part = |ending: &str| order.folder.join(format!("{id}{ending}.{ENDING}"));
        let parts = [order.sealing.ending(), COMPANION, ".json"].map(part);
        Self([fetched.part.path().to_owned()].into_iter().chain(parts).collect())
    }

    /// It has its name.
    pub(super) fn none(mut self) {
        self.0.clear();
    }
}

impl Drop for Leftovers {
    fn drop(&mut self) {
        for file in &self.0 {
            let _ = std::fs::remove_file(file);
        }
    }
}

/// Gives it its name. Blocks. First what it is goes to the disk under another name, then both get theirs.
pub(super) fn name(
    order: &Order,
    id: String,
    cluster: u64,
    candidate: &Candidate,
    fetched: Fetched,
    sound: Sound,
    began: i64,
) -> Result<(Manifest, PathBuf, Option<Plain>), TakeError> {
    let Sound { examined, steps, with } = sound;
    let plain = order.sealing.compression.is_none() && order.sealing.recipients.is_empty();
    let path = order.folder.join(format!("{id}{}", order.sealing.ending()));
    let stored = if plain {
        let name = format!("{id}{}", order.sealing.ending());
        Stored { name, size: fetched.size, sha256: fetched.sha256.clone(), compression: None, recipients: Vec::new() }
    } else {
        order.sealing.seal(fetched.part.path(), &path)?
    };
    let mut sealed = Whole { paths: if plain { Vec::new() } else { vec![path.clone()] } };
    let companion = with.map(|with| with.seal(&order.folder, &id, &order.sealing.recipients)).transpose()?;
    sealed.paths.extend(companion.iter().map(|companion| order.folder.join(&companion.stored.name)));
    let mut manifest = Manifest {
        format: FORMAT,
        id,
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
        sha256: fetched.digest.to_string(),
        stored,
        began,
        ended: Timestamp::now().as_millisecond(),
        by: order.by.clone(),
        steps: Vec::new(),
        rehearsal: None,
        notes: Some(examined.notes()),
        companion,
        signature: String::new(),
    };
    for step in steps.into_iter().filter_map(proved) {
        manifest.prove(step);
    }
    if !order.key.is_empty() {
        manifest.sign(&order.key);
    }
    let left = both(&order.folder, &manifest, fetched, plain, &path)?.map(|fetched| Plain { fetched, examined });
    sealed.stays();
    Ok((manifest, path, left))
}

/// Files that are a backup only when all of them are there. Dropped before, they are removed.
struct Whole {
    paths: Vec<PathBuf>,
}

impl Whole {
    fn stays(mut self) {
        self.paths.clear();
    }
}

impl Drop for Whole {
    fn drop(&mut self) {
        for path in &self.paths {
            let _ = std::fs::remove_file(path);
        }
    }
}

/// What was sealed, as it came; it goes with this.
#[derive(Debug)]
pub(super) struct Plain {
    pub fetched: Fetched,
    pub examined: Examined,
}

fn both(
    folder: &Path,
    manifest: &Manifest,
    fetched: Fetched,
    plain: bool,
    path: &Path,
) -> Result<Option<Fetched>, DiskError> {
    let beside = folder.join(format!("{}.json", manifest.id));
    let text = part::written(beside.with_added_extension(ENDING), manifest.text().as_bytes())?;
    let left = if plain {
        fetched.part.become_file(path)?;
        None
    } else {
        Some(fetched)
    };
    let done = text.become_file(&beside).and_then(|()| part::sync(folder));
    if done.is_err() {
        let _ = std::fs::remove_file(path);
        let _ = std::fs::remove_file(&beside);
    }
    done.map(|()| left)
}

/// As in `harbour-20261125t102427z-r4711-5f3a9c`.
pub(super) fn id(cluster: &str, revision: i64, began: i64) -> String {
    let usual = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    let cluster: String = cluster.chars().map(usual).take(40).collect();
    let cluster = Some(cluster.trim_matches('-')).filter(|cluster| !cluster.is_empty()).unwrap_or("etcd").to_owned();
    let at = Timestamp::from_millisecond(began).unwrap_or_default().strftime("%Y%m%dt%H%M%Sz").to_string();
    let mut random = [0; 3];
    // Without randomness a name that is taken is refused, and nothing is lost.
    let _ = getrandom::fill(&mut random);
    format!("{cluster}-{at}-r{revision}-{}", hex(&random))
}

/// For its manifest, which needs no word that it is there.
fn proved(climbed: Climbed) -> Option<Proved> {
    let tool = concat!("binnacle ", env!("CARGO_PKG_VERSION")).into();
    let Climbed { step, at, millis } = climbed;
    (step > Step::Listed).then(|| Proved { step: step.number(), at: at.as_millisecond(), tool, millis })
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
