//! The steps of the ladder that a file can be proved to by itself, as a manifest has them.

use std::{
    path::Path,
    time::{SystemTime, UNIX_EPOCH},
};

use snapshot::{Examined, Step, Unsound};

use super::{
    manifest::Proved,
    proof::{OnDisk, prove},
};

/// What a sound file holds, and the steps that say so.
#[derive(Clone, Debug)]
pub(super) struct Climbed {
    pub examined: Examined,
    pub steps: Vec<Proved>,
}

/// Reads the whole file, twice. Blocks.
pub(super) fn climb(path: &Path) -> Result<Climbed, Unsound> {
    let file = OnDisk::open(path).map_err(|source| Unsound::Read { at: 0, source })?;
    let proof = prove(&file, &mut |_, _| ());
    let steps = proof.steps.into_iter().filter(|climbed| climbed.step > Step::Listed).map(|climbed| Proved {
        step: climbed.step.number(),
        at: climbed.at.as_millisecond(),
        tool: concat!("binnacle ", env!("CARGO_PKG_VERSION")).into(),
        millis: climbed.millis,
    });
    Ok(Climbed { steps: steps.collect(), examined: proof.sound? })
}

/// Milliseconds since the epoch.
pub(super) fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
