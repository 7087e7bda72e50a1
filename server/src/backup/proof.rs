//! Steps 1 to 4 of the ladder, for a snapshot on disk.

use std::{
    fs::File,
    io,
    os::unix::fs::{FileExt, MetadataExt},
    path::Path,
    time::Instant,
};

use jiff::Timestamp;
use snapshot::{Digest, Examined, ReadAt, Step, Unsound, complete, digest, examine, examine_bare, is_bare};

/// A snapshot on disk. Its length is what it had when it was opened.
#[derive(Debug)]
pub struct OnDisk {
    file: File,
    length: u64,
    mode: u32,
}

impl OnDisk {
    /// Opens it to read.
    ///
    /// # Errors
    /// What the system says; that it is no file.
    pub fn open(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        let facts = file.metadata()?;
        if !facts.is_file() {
            return Err(io::Error::other("this is no file"));
        }
        Ok(Self { file, length: facts.len(), mode: facts.mode() })
    }

    /// Whether others than its owner may read it.
    pub fn is_open_to_others(&self) -> bool {
        self.mode & 0o044 != 0
    }
}

impl ReadAt for OnDisk {
    fn length(&self) -> u64 {
        self.length
    }

    fn read_at(&self, at: u64, into: &mut [u8]) -> io::Result<()> {
        self.file.read_exact_at(into, at)
    }
}

/// A step that was climbed.
#[derive(Clone, Copy, Debug)]
pub struct Climbed {
    /// Which.
    pub step: Step,
    /// When it was there.
    pub at: Timestamp,
    /// How long it took, in milliseconds; steps 3 and 4 are one reading.
    pub millis: u64,
}

/// How far a snapshot is proved, and what it holds.
#[derive(Debug)]
pub struct Proof {
    /// From [`Step::Listed`] on, without gaps; of a bare one without steps 1 and 2.
    pub steps: Vec<Climbed>,
    /// From step 2 on.
    pub digest: Option<Digest>,
    /// Whether it is a database without a digest, as a copy of `member/snap/db` is: etcd restores it with
    /// `--skip-hash-check`, and nobody can tell whether it was changed.
    pub bare: bool,
    /// What it holds, or why the next step does not hold.
    pub sound: Result<Examined, Unsound>,
}

impl Proof {
    /// The last step that holds.
    pub fn reached(&self) -> Step {
        self.steps.last().map_or(Step::Listed, |climbed| climbed.step)
    }
}

/// Climbs as far as it holds, at most to step 4. Blocks: it reads the file twice. `progress` hears the step that is being
/// proved and how many bytes were read for it.
pub fn prove<R: ReadAt + ?Sized>(file: &R, progress: &mut dyn FnMut(Step, u64)) -> Proof {
    proved(file, None, progress)
}

/// The same for a file that was read back while it was written, and whose digest is known from that. Blocks: it reads the
/// file once.
pub(super) fn prove_read<R: ReadAt + ?Sized>(file: &R, sum: Digest, progress: &mut dyn FnMut(Step, u64)) -> Proof {
    proved(file, Some(sum), progress)
}

fn proved<R: ReadAt + ?Sized>(file: &R, mut sum: Option<Digest>, progress: &mut dyn FnMut(Step, u64)) -> Proof {
    let mut steps = Vec::new();
    climbed(&mut steps, Step::Listed, Instant::now());
    // What etcd sends has a digest: only a file from elsewhere may lack it.
    let bare = sum.is_none() && is_bare(file);
    let sound = if bare {
        contents(&mut steps, || examine_bare(file, &mut |read| progress(Step::Bolt, read)))
    } else {
        climb(file, &mut steps, &mut sum, progress)
    };
    Proof { steps, digest: sum, bare, sound }
}

fn climb<R: ReadAt + ?Sized>(
    file: &R,
    steps: &mut Vec<Climbed>,
    sum: &mut Option<Digest>,
    progress: &mut dyn FnMut(Step, u64),
) -> Result<Examined, Unsound> {
    let since = Instant::now();
    let length = complete(file)?;
    climbed(steps, Step::Complete, since);
    let since = Instant::now();
    if let Some(computed) = *sum {
        let mut written = [0; 32];
        file.read_at(length, &mut written).map_err(|source| Unsound::Read { at: length, source })?;
        if written != computed.0 {
            return Err(Unsound::Digest { written: Digest(written), computed });
        }
    } else {
        *sum = Some(digest(file, &mut |read| progress(Step::Digest, read))?);
    }
    climbed(steps, Step::Digest, since);
    contents(steps, || examine(file, &mut |read| progress(Step::Bolt, read)))
}

/// Steps 3 and 4.
fn contents(
    steps: &mut Vec<Climbed>,
    examine: impl FnOnce() -> Result<Examined, Unsound>,
) -> Result<Examined, Unsound> {
    let since = Instant::now();
    let examined = examine();
    if examined.as_ref().map_or_else(Unsound::step, |_| Step::Mvcc) >= Step::Mvcc {
        climbed(steps, Step::Bolt, since);
    }
    let examined = examined?;
    climbed(steps, Step::Mvcc, since);
    Ok(examined)
}

fn climbed(steps: &mut Vec<Climbed>, step: Step, since: Instant) {
    let millis = u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX);
    steps.push(Climbed { step, at: Timestamp::now(), millis });
}
