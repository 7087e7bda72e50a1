//! Putting bytes under a name that nobody has yet, wherever the usual way is missing.
//!
//! ```text
//! folder: staged file ─link()─▶ name       file systems without links: name claimed (O_EXCL) ◀─rename()─ staged file
//! bucket: PUT with If-None-Match: *        stores without it: HEAD, PUT, read back
//! ```
//! Names of backups are never used twice, and one server has the duty; so two writers of a name are two attempts of one.

use std::{
    fs::{self, OpenOptions},
    io,
    os::unix::fs::OpenOptionsExt,
    path::Path as FilePath,
    time::{Duration, SystemTime},
};

use object_store::{Error, ObjectStoreExt, PutMode, PutOptions, PutPayload, path::Path};

use super::{Address, Place};
use crate::backup::part;

/// An empty file of a name that is older was claimed by a process that is gone.
const CLAIMED: Duration = Duration::from_secs(60);
/// What systems say of links that their file system lacks: EPERM, ENOSYS, EOPNOTSUPP.
const NO_LINKS: [i32; 3] = [1, 38, 95];

impl Place {
    /// Puts bytes under a name, whole or not at all, and never over others.
    ///
    /// # Errors
    /// [`Error::AlreadyExists`] when something has that name; others when it is not known to be there.
    pub(super) async fn create(&self, at: &Path, bytes: Vec<u8>) -> Result<(), Error> {
        let payload = PutPayload::from(bytes);
        let create = PutOptions { mode: PutMode::Create, ..PutOptions::default() };
        let error = match self.store.put_opts(at, payload.clone(), create).await {
            Ok(_) => return Ok(()),
            Err(error) => error,
        };
        match &self.address {
            // A taken name is told before it is told that there are no links.
            Address::Folder(folder)
                if lacks_links(&error) || matches!(error, Error::AlreadyExists { .. }) && self.is_claim(at) =>
            {
                let (path, bytes) = (folder.join(at.as_ref()), bytes::Bytes::from(payload));
                let claiming = tokio::task::spawn_blocking(move || claimed(&path, &bytes));
                let failed = |error: io::Error| Error::Generic { store: "folder", source: error.into() };
                match claiming.await.map_err(io::Error::other).flatten() {
                    Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                        Err(Error::AlreadyExists { path: at.to_string(), source: error.into() })
                    }
                    other => other.map_err(failed),
                }
            }
            Address::Bucket(_) if lacks_conditions(&error) => self.put_where_nothing_is(at, payload).await,
            _ => Err(error),
        }
    }

    /// Whether a name is taken by an empty file alone: the claim of a process that writes it, or is gone.
    pub(super) fn is_claim(&self, at: &Path) -> bool {
        let Address::Folder(folder) = &self.address else { return false };
        fs::metadata(folder.join(at.as_ref())).is_ok_and(|there| there.len() == 0)
    }

    /// Looks, puts, and reads back: whoever came between has left other bytes.
    async fn put_where_nothing_is(&self, at: &Path, payload: PutPayload) -> Result<(), Error> {
        let taken = || Error::AlreadyExists { path: at.to_string(), source: "another was put there".into() };
        match self.store.head(at).await {
            Ok(_) => return Err(taken()),
            Err(Error::NotFound { .. }) => {}
            Err(error) => return Err(error),
        }
        self.store.put(at, payload.clone()).await?;
        let there = self.store.get(at).await?.bytes().await?;
        if there == bytes::Bytes::from(payload) { Ok(()) } else { Err(taken()) }
    }
}

/// Claims a name by an empty file, and has the whole one take its place.
fn claimed(path: &FilePath, bytes: &[u8]) -> io::Result<()> {
    let staged = path.with_added_extension(format!("{}.{}", crate::access::random::<4>(), part::ENDING));
    let part = part::written(staged, bytes).map_err(|failed| failed.error)?;
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            let there = fs::metadata(path)?;
            if there.len() > 0 {
                return Err(error);
            }
            let age = there.modified().ok().and_then(|at| SystemTime::now().duration_since(at).ok());
            if age.is_none_or(|age| age < CLAIMED) {
                return Err(io::Error::other("another process is writing it"));
            }
        }
        Err(error) => return Err(error),
    }
    part.replace(path).map_err(|failed| {
        // Nothing has taken the claim's place.
        let _ = fs::metadata(path).is_ok_and(|there| there.len() == 0).then(|| fs::remove_file(path));
        failed.error
    })
}

/// Whether a folder refused because its file system has no hard links.
fn lacks_links(error: &Error) -> bool {
    let said = sources(error).find_map(|source| source.downcast_ref::<io::Error>()?.raw_os_error());
    said.is_some_and(|number| NO_LINKS.contains(&number))
}

/// Whether a store refused because it knows no `If-None-Match`.
fn lacks_conditions(error: &Error) -> bool {
    sources(error).any(|source| {
        let said = source.to_string();
        said.contains("<Code>NotImplemented</Code>") || said.contains("501 Not Implemented")
    })
}

fn sources(error: &Error) -> impl Iterator<Item = &(dyn std::error::Error + 'static)> {
    std::iter::successors(Some(error as &(dyn std::error::Error + 'static)), |error| error.source())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> std::path::PathBuf {
        let path = std::env::temp_dir().join(format!("binnacle-claim-{}", crate::access::random::<8>()));
        fs::create_dir(&path).unwrap();
        path
    }

    #[test]
    fn a_claim_is_never_put_over_another_file() {
        let folder = folder();
        let path = folder.join("b.json");
        claimed(&path, b"one").unwrap();
        assert_eq!(claimed(&path, b"two").unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read(&path).unwrap(), b"one");
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1, "nothing is left beside it");
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn an_old_claim_of_a_killed_process_is_taken_over() {
        let folder = folder();
        let path = folder.join("b.json");
        let claim = fs::File::create(&path).unwrap();
        assert!(claimed(&path, b"one").is_err(), "somebody may be writing");
        claim.set_modified(SystemTime::now() - CLAIMED * 2).unwrap();
        claimed(&path, b"one").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"one");
        fs::remove_dir_all(folder).unwrap();
    }
}
