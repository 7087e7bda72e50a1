//! A file under way: it has another name than a backup, is its writer's alone, and is gone unless it was finished.

use std::{
    collections::HashSet,
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use super::manifest::{COMPANION, ENDINGS};

/// What files under way end with.
pub(super) const ENDING: &str = "part";
/// What was written to in this time nobody takes for one that was left behind: not every writer locks, and not every
/// file system can.
const FRESH: Duration = Duration::from_secs(900);

/// A disk that does not do what it should.
#[derive(Debug, thiserror::Error)]
#[error("{file} {doing}: {error}. {}", todo(error))]
pub struct DiskError {
    /// Which file or folder.
    pub file: String,
    /// As in `cannot be written`.
    pub doing: &'static str,
    /// What the system says.
    pub error: io::Error,
}

/// What to do about what the system says.
pub(super) fn todo(error: &io::Error) -> &'static str {
    use io::ErrorKind::{NotFound, PermissionDenied, QuotaExceeded, ReadOnlyFilesystem, StorageFull};
    match error.kind() {
        NotFound => "See whether it is there",
        StorageFull | QuotaExceeded => "Make room there, or name another folder",
        PermissionDenied | ReadOnlyFilesystem => "Name a folder that this user may write to",
        _ => "See the system's log for what is wrong with that disk",
    }
}

pub(super) fn disk<'a>(file: &'a Path, doing: &'static str) -> impl Fn(io::Error) -> DiskError + use<'a> {
    move |error| DiskError { file: file.display().to_string(), doing, error }
}

/// Makes a folder for its owner alone, when it is not there.
pub(super) fn folder(path: &Path) -> Result<(), DiskError> {
    DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(disk(path, "cannot be made"))
}

/// A file under way. Dropped, it is removed.
#[derive(Debug)]
pub(super) struct Part {
    path: PathBuf,
    finished: bool,
}

impl Part {
    /// Makes it, new. The lock says to others that somebody writes, for as long as the file is open.
    pub(super) fn new(path: PathBuf) -> Result<(Self, File), DiskError> {
        let file = OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(&path);
        let file = file.map_err(disk(&path, "cannot be made"))?;
        let part = Self { path, finished: false };
        // A file system without locks has none to heed either.
        let _ = file.try_lock();
        Ok((part, file))
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Gives it its name. What has that name already stays.
    pub(super) fn become_file(mut self, path: &Path) -> Result<(), DiskError> {
        if path.exists() {
            return Err(disk(path, "is there already")(io::ErrorKind::AlreadyExists.into()));
        }
        fs::rename(&self.path, path).map_err(disk(path, "cannot be given its name"))?;
        self.finished = true;
        Ok(())
    }

    /// Gives it its name in the place of what has that name.
    pub(super) fn replace(mut self, path: &Path) -> Result<(), DiskError> {
        fs::rename(&self.path, path).map_err(disk(path, "cannot be given its name"))?;
        self.finished = true;
        path.parent().map_or(Ok(()), sync)
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        if !self.finished {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// A small file under way, whole and synced.
pub(super) fn written(path: PathBuf, bytes: &[u8]) -> Result<Part, DiskError> {
    let (part, mut file) = Part::new(path)?;
    file.write_all(bytes).map_err(disk(part.path(), "cannot be written"))?;
    file.sync_all().map_err(disk(part.path(), "cannot be brought to the disk"))?;
    Ok(part)
}

/// Writes a small file anew: at every moment it is the old one or the new one.
pub(super) fn replaced(path: &Path, bytes: &[u8]) -> Result<(), DiskError> {
    written(path.with_added_extension(ENDING), bytes)?.replace(path)
}

/// Brings a folder's names to the disk.
pub(super) fn sync(folder: &Path) -> Result<(), DiskError> {
    let synced = File::open(folder).and_then(|folder| folder.sync_all());
    synced.map_err(disk(folder, "cannot be brought to the disk"))
}

/// Removes what writers left behind that were killed; what is being written stays. Answers how many.
pub(super) fn sweep(folder: &Path) -> usize {
    let Ok(entries) = fs::read_dir(folder) else { return 0 };
    let left = entries.flatten().map(|entry| entry.path()).filter(|path| is_under_way(path));
    left.filter(|path| is_left(path) && fs::remove_file(path).is_ok()).count()
}

/// Removes backups without a manifest that nobody writes and that are none of these. Answers how many. Blocks.
pub(super) fn sweep_nameless(folder: &Path, known: &HashSet<String>) -> usize {
    let Ok(entries) = fs::read_dir(folder) else { return 0 };
    let nameless = |path: &PathBuf| {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let id = endings().find_map(|ending| name.strip_suffix(ending));
        id.is_some_and(|id| !known.contains(id) && !folder.join(format!("{id}.json")).exists())
    };
    let left = entries.flatten().map(|entry| entry.path()).filter(nameless);
    left.filter(|path| is_left(path) && fs::remove_file(path).is_ok()).count()
}

/// How the names of what is kept end.
fn endings() -> impl Iterator<Item = &'static str> {
    ENDINGS.into_iter().chain([COMPANION])
}

/// Whether it is named as what is being written: by us, or, as in `ID.db.zst#1`, by the library that keeps folders.
fn is_under_way(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let staged = name.rsplit_once('#').is_some_and(|(name, number)| {
        let ours = name.ends_with(".json") || endings().any(|ending| name.ends_with(ending));
        ours && !number.is_empty() && number.bytes().all(|digit| digit.is_ascii_digit())
    });
    staged || path.extension().is_some_and(|ending| ending == ENDING)
}

/// Whether nobody writes it, and nobody did for a while.
fn is_left(path: &Path) -> bool {
    let Ok(file) = OpenOptions::new().write(true).open(path) else { return false };
    let touched = file.metadata().and_then(|about| about.modified());
    let age = touched.ok().and_then(|at| SystemTime::now().duration_since(at).ok());
    age.is_some_and(|age| age > FRESH) && file.try_lock().is_ok()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn dir(name: &str) -> PathBuf {
        let path = std::env::temp_dir().join(format!("binnacle-part-{name}-{}", std::process::id()));
        folder(&path).unwrap();
        path
    }

    #[test]
    fn a_part_is_its_owners_alone_and_gone_unless_it_was_finished() {
        let dir = dir("gone");
        let (part, file) = Part::new(dir.join("a.db.part")).unwrap();
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::metadata(&dir).unwrap().permissions().mode() & 0o777, 0o700);
        assert!(Part::new(dir.join("a.db.part")).is_err(), "two writers of one file");
        drop(part);
        assert_eq!(fs::read_dir(&dir).unwrap().count(), 0);
        let (part, _file) = Part::new(dir.join("a.db.part")).unwrap();
        part.become_file(&dir.join("a.db")).unwrap();
        let (part, _file) = Part::new(dir.join("a.db.part")).unwrap();
        assert!(part.become_file(&dir.join("a.db")).is_err(), "a backup was overwritten");
        assert_eq!(fs::read_dir(&dir).unwrap().count(), 1);
        fs::remove_dir_all(&dir).unwrap();
    }

    #[test]
    fn a_backup_without_a_manifest_goes_and_one_that_is_known_or_new_stays() {
        let dir = dir("nameless");
        let old = SystemTime::now() - Duration::from_secs(3_600);
        for name in ["a.db", "b.db.zst.age", "c.db.zst", "c.json", "d.db", "other.txt"] {
            File::create(dir.join(name)).unwrap().set_modified(old).unwrap();
        }
        File::create(dir.join("new.db")).unwrap();
        assert_eq!(sweep_nameless(&dir, &HashSet::from(["d".to_owned()])), 2);
        assert!(!dir.join("a.db").exists() && dir.join("c.db.zst").exists() && dir.join("new.db").exists());
        fs::remove_dir_all(&dir).unwrap();
    }

    #[test]
    fn what_a_killed_writer_left_is_swept_and_what_is_being_written_is_not() {
        let dir = dir("sweep");
        let old = SystemTime::now() - Duration::from_secs(3_600);
        for name in ["left.db.part", "left.db.zst#12", "left.json#1", "whole.db", "whole#1", "whole.db#x", "#1"] {
            File::create(dir.join(name)).unwrap().set_modified(old).unwrap();
        }
        let (_part, busy) = Part::new(dir.join("busy.db.part")).unwrap();
        busy.set_modified(old).unwrap();
        let (_part, _fresh) = Part::new(dir.join("fresh.db.part")).unwrap();
        File::create(dir.join("fresh.db.age#1")).unwrap();
        assert_eq!(sweep(&dir), 3);
        assert!(!dir.join("left.db.part").exists());
        assert_eq!(fs::read_dir(&dir).unwrap().count(), 7);
        fs::remove_dir_all(&dir).unwrap();
    }
}
