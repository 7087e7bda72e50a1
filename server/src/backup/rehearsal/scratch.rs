//! The folder of a rehearsal, or of the demonstration's etcd: for its owner alone, and gone afterwards, together with
//! whatever runs in it.
//!
//! What was left by a Binnacle that was killed is swept by the next rehearsal. Whose folder it is tells a lock, which
//! the system takes away from the dead; what runs in it is known by its working directory.

use std::{
    fs::{self, DirBuilder, File},
    io,
    os::unix::fs::{DirBuilderExt, MetadataExt},
    path::{Path, PathBuf},
    thread::sleep,
    time::{Duration, Instant, SystemTime},
};

use rustix::process::{Pid, Signal, kill_process};

use crate::backup::words::hex;

const PREFIX: &str = "binnacle-rehearsal-";
const LOCK: &str = "lock";
/// A folder without a lock is being made, unless it is older than this.
const MAKING: Duration = Duration::from_secs(60);
/// For processes to end that were killed.
const DYING: Duration = Duration::from_secs(5);

/// A folder that goes with its owner.
#[derive(Debug)]
pub(crate) struct Scratch {
    path: PathBuf,
    _lock: File,
}

impl Scratch {
    /// A new one in `folder`, after the left ones there were swept.
    pub fn new(folder: &Path) -> io::Result<Self> {
        let folder = folder.canonicalize()?;
        let mut random = [0; 8];
        getrandom::fill(&mut random).map_err(|error| io::Error::other(error.to_string()))?;
        let path = folder.join(format!("{PREFIX}{}", hex(&random)));
        DirBuilder::new().mode(0o700).create(&path)?;
        let made = File::create(path.join("making")).and_then(|lock| {
            lock.lock()?;
            // Only a locked one has this name.
            fs::rename(path.join("making"), path.join(LOCK))?;
            Ok(lock)
        });
        let lock = made.inspect_err(|_| _ = fs::remove_dir_all(&path))?;
        let owner = fs::metadata(&path)?.uid();
        sweep(&folder, owner);
        Ok(Self { path, _lock: lock })
    }

    /// Wipes what rehearsals left in `folder` that were killed, and ends what still runs there.
    pub fn sweep(folder: &Path) {
        if let Ok((folder, facts)) =
            folder.canonicalize().and_then(|folder| Ok((folder.clone(), fs::metadata(folder)?)))
        {
            sweep(&folder, facts.uid());
        }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Err(error) = wipe(&self.path) {
            tracing::warn!(folder = %self.path.display(), %error, "a rehearsal's folder stays: remove it");
        }
    }
}

/// Wipes what is nobody's any more of what this user made.
fn sweep(folder: &Path, owner: u32) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let ours = entry.file_name().to_str().is_some_and(|name| name.starts_with(PREFIX));
        // Of the entry itself: a link is none.
        let Some(facts) = entry.metadata().ok().filter(|facts| ours && facts.is_dir() && facts.uid() == owner) else {
            continue;
        };
        let left = match File::open(entry.path().join(LOCK)) {
            Ok(lock) => lock.try_lock().is_ok(),
            Err(_) => {
                let since = facts.modified().ok().and_then(|made| SystemTime::now().duration_since(made).ok());
                since.is_some_and(|since| since > MAKING)
            }
        };
        if left {
            let wiped = wipe(&entry.path());
            tracing::info!(folder = %entry.path().display(), done = wiped.is_ok(), "swept what a rehearsal left");
        }
    }
}

/// Ends whatever runs in the folder, and removes it.
fn wipe(path: &Path) -> io::Result<()> {
    let until = Instant::now() + DYING;
    while let running @ [_, ..] = inside(path).as_slice() {
        for pid in running {
            // It may have ended meanwhile.
            let _ = kill_process(*pid, Signal::KILL);
        }
        if Instant::now() > until {
            return Err(io::Error::other("a process in it does not end"));
        }
        sleep(Duration::from_millis(10));
    }
    fs::remove_dir_all(path)
}

/// The processes whose working directory it is.
fn inside(path: &Path) -> Vec<Pid> {
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    let inside = processes.filter(|process| fs::read_link(process.path().join("cwd")).is_ok_and(|cwd| cwd == path));
    let pid = |process: fs::DirEntry| Pid::from_raw(process.file_name().to_str()?.parse().ok()?);
    inside.filter_map(pid).filter(|pid| pid.as_raw_nonzero().get().unsigned_abs() != std::process::id()).collect()
}

#[cfg(test)]
mod tests {
    use std::{os::unix::fs::PermissionsExt, process::Command};

    use super::*;

    fn place() -> PathBuf {
        let mut random = [0; 8];
        getrandom::fill(&mut random).unwrap();
        let path = std::env::temp_dir().join(format!("binnacle-place-{}", hex(&random)));
        fs::create_dir(&path).unwrap();
        path.canonicalize().unwrap()
    }

    fn count(place: &Path) -> usize {
        fs::read_dir(place).unwrap().count()
    }

    #[test]
    fn a_folder_is_its_owners_alone_and_goes_with_what_runs_in_it() {
        let place = place();
        let scratch = Scratch::new(&place).unwrap();
        assert_eq!(fs::metadata(scratch.path()).unwrap().permissions().mode() & 0o777, 0o700);
        let mut child = Command::new("sleep").arg("60").current_dir(scratch.path()).spawn().unwrap();
        fs::write(scratch.path().join("data"), "x").unwrap();
        drop(scratch);
        assert!(!child.wait().unwrap().success());
        assert_eq!(count(&place), 0);
        fs::remove_dir(&place).unwrap();
    }

    #[test]
    fn what_the_dead_left_is_swept_and_what_the_living_have_is_not() {
        let place = place();
        let living = Scratch::new(&place).unwrap();
        let left = place.join(format!("{PREFIX}0011"));
        fs::create_dir(&left).unwrap();
        fs::write(left.join(LOCK), "").unwrap();
        let making = place.join(format!("{PREFIX}0022"));
        fs::create_dir(&making).unwrap();
        fs::create_dir(place.join("anything")).unwrap();
        let mut child = Command::new("sleep").arg("60").current_dir(&left).spawn().unwrap();
        drop(Scratch::new(&place).unwrap());
        assert!(!left.exists() && making.exists() && living.path().exists() && place.join("anything").exists());
        assert!(!child.wait().unwrap().success());
        drop(living);
        fs::remove_dir_all(&place).unwrap();
    }
}
