//! The steps of the ladder that a file can be proved to by itself: 1 to 4.

use std::{
    fs::File,
    io,
    os::unix::fs::FileExt,
    path::Path,
    time::{Instant, SystemTime, UNIX_EPOCH},
};

use snapshot::{Examined, ReadAt, Step, Unsound};

use super::manifest::Proved;

/// What a sound file holds, and the steps that say so.
#[derive(Clone, Debug)]
pub(super) struct Climbed {
    pub examined: Examined,
    pub steps: Vec<Proved>,
}

/// A file as the examination reads it.
struct OnDisk(File, u64);

impl ReadAt for OnDisk {
    fn length(&self) -> u64 {
        self.1
    }

    fn read_at(&self, at: u64, into: &mut [u8]) -> io::Result<()> {
        self.0.read_exact_at(into, at)
    }
}

/// Reads the whole file, twice. Blocks.
pub(super) fn climb(path: &Path) -> Result<Climbed, Unsound> {
    let unread = |source| Unsound::Read { at: 0, source };
    let file = File::open(path).map_err(unread)?;
    let length = file.metadata().map_err(unread)?.len();
    let file = OnDisk(file, length);
    let mut steps = Vec::new();
    let began = Instant::now();
    snapshot::complete(&file)?;
    steps.push(climbed(Step::Complete, began));
    let began = Instant::now();
    snapshot::digest(&file, &mut |_| ())?;
    steps.push(climbed(Step::Digest, began));
    let began = Instant::now();
    let examined = snapshot::examine(&file, &mut |_| ())?;
    // One reading shows both.
    steps.extend([Step::Bolt, Step::Mvcc].map(|step| climbed(step, began)));
    Ok(Climbed { examined, steps })
}

/// A step that was climbed just now.
fn climbed(step: Step, began: Instant) -> Proved {
    let millis = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    Proved { step: step.number(), at: now(), tool: concat!("binnacle ", env!("CARGO_PKG_VERSION")).into(), millis }
}

/// Milliseconds since the epoch.
pub(super) fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
