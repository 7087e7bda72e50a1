//! Where backups are kept: folders and S3-compatible stores. What lies there is the truth; a catalogue only repeats it.
//!
//! ```text
//! PLACE/CLUSTER/ID.db.zst.age     first: written aside or in parts, never over another
//!               ID.with.tar.zst.age   then what travels with it, when something does
//!               ID.json           last: the manifest. What has none, or one that does not fit, is no backup
//! ```
//! Put: objects, read back (step 5), manifest with `If-None-Match: *`. Remove: manifest, then objects. So at every
//! moment, whatever is killed, what is listed is whole; what is left over is a stray, told of and never listed.
//! Every request is repeated with growing pauses and has an end; each place fares for itself.

mod address;
mod create;
mod credentials;
mod error;
mod moved;
mod stock;

use std::{
    path::Path as FilePath,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use futures::{TryStreamExt, future::join_all};
use object_store::{ObjectStore, ObjectStoreExt, PutPayload, WriteMultipart, path::Path};
use sha2::{Digest, Sha256};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

pub use address::{Address, Bucket};
pub use error::PlaceError;
pub use stock::{Found, Known, Stock, Stray};

use super::{
    manifest::{LONGEST, Manifest, Proved, Stored},
    part,
    words::hex,
};

/// Bytes of a part: the least that S3 takes, so that its 10,000 parts hold 50 GB.
const PART: usize = 5 << 20;
/// Parts on their way at once.
const AT_ONCE: usize = 2;
/// What reads back.
pub const TOOL: &str = concat!("binnacle ", env!("CARGO_PKG_VERSION"));
/// What to do where others may read a folder.
pub(in crate::backup) const OPEN: &str = "Mount that file system for this user alone (uid, umask=077), or set backup_recipients so that backups are encrypted.";
/// How long a manifest may take to come back.
const MANIFEST: Duration = Duration::from_secs(300);

/// What a manifest may be put over.
#[derive(Clone, Copy, Debug)]
enum Over {
    /// Nothing that is there.
    Nothing,
    /// The manifest of the same backup from before.
    Earlier,
}

/// A place for backups. Cheap to clone.
#[derive(Clone)]
pub struct Place {
    name: Arc<str>,
    address: Address,
    store: Arc<dyn ObjectStore>,
    root: Path,
    /// Whether it was said that others may read it.
    told: Arc<AtomicBool>,
}

impl Place {
    /// From its text: a folder, or `s3://BUCKET/PREFIX?…` as [`Bucket`] says. A folder is made, a bucket is not asked.
    ///
    /// # Errors
    /// [`PlaceError::Address`], [`PlaceError::File`].
    pub fn open(text: &str) -> Result<Self, PlaceError> {
        let address = Address::parse(text)?;
        let (store, root) = address.open()?;
        Ok(Self { name: address.name().into(), address, store, root, told: Arc::default() })
    }

    /// Several, with commas between.
    ///
    /// # Errors
    /// As [`Self::open`], of the first that cannot be used.
    pub fn open_all(text: &str) -> Result<Vec<Self>, PlaceError> {
        text.split(',').map(str::trim).filter(|place| !place.is_empty()).map(Self::open).collect()
    }

    /// Its name, for people and in the catalogue.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether it lies on another machine.
    pub const fn is_remote(&self) -> bool {
        matches!(self.address, Address::Bucket(_))
    }

    /// Puts a finished file there, reads it back and lists it, signed anew with that step. A backup that is there
    /// already, byte by byte, is in order: so an attempt of which nobody knows how it ended is repeated.
    ///
    /// # Errors
    /// [`PlaceError`]; then it is not listed there.
    pub async fn put(&self, file: &FilePath, manifest: &Manifest, key: &[u8]) -> Result<Manifest, PlaceError> {
        self.put_telling(file, manifest, key, &|_| ()).await
    }

    /// The same, which says how many bytes were sent of an object.
    ///
    /// # Errors
    /// The same.
    pub async fn put_telling(
        &self,
        file: &FilePath,
        manifest: &Manifest,
        key: &[u8],
        tell: &(dyn Fn(u64) + Send + Sync),
    ) -> Result<Manifest, PlaceError> {
        self.make_folder(&manifest.cluster)?;
        let began = Instant::now();
        self.put_object(file, manifest, &manifest.stored, tell).await?;
        // What travels with it lies beside it.
        for stored in objects(manifest).skip(1) {
            self.put_object(&file.with_file_name(&stored.name), manifest, stored, tell).await?;
        }
        let mut listed = manifest.clone();
        let millis = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        listed.prove(Proved { step: 5, at: jiff::Timestamp::now().as_millisecond(), tool: TOOL.into(), millis });
        listed.sign(key);
        self.put_manifest(&listed, Over::Nothing, key).await?;
        Ok(listed)
    }

    async fn put_object(
        &self,
        file: &FilePath,
        manifest: &Manifest,
        stored: &Stored,
        tell: &(dyn Fn(u64) + Send + Sync),
    ) -> Result<(), PlaceError> {
        let object = self.object(manifest, stored);
        let there = self.measured(manifest, stored).await;
        let is_free = matches!(there, Err(PlaceError::Missing { .. }))
            || matches!(there, Err(PlaceError::Differs { .. })) && self.is_claim(&object);
        match there {
            Ok(()) => Ok(()),
            Err(_) if is_free => {
                self.upload(file, manifest, &object, tell).await?;
                self.guard(&object)?;
                let read = self.measured(manifest, stored).await;
                // Whoever finds its own bytes changed takes them away again: no manifest ever named them.
                if matches!(read, Err(PlaceError::Differs { .. })) {
                    let _ = self.store.delete(&object).await;
                }
                read
            }
            Err(PlaceError::Differs { .. }) => {
                Err(PlaceError::Taken { place: self.name.to_string(), id: manifest.id.clone() })
            }
            Err(other) => Err(other),
        }
    }

    /// Replaces the manifest of a backup that is there, for a step that was climbed since; signs it.
    ///
    /// # Errors
    /// [`PlaceError`]; then the one from before stands.
    pub async fn renew(&self, manifest: &Manifest, key: &[u8]) -> Result<(), PlaceError> {
        let mut signed = manifest.clone();
        signed.sign(key);
        self.put_manifest(&signed, Over::Earlier, key).await?;
        // Whoever removed the backup meanwhile has left nothing that this could list.
        if let Err(object_store::Error::NotFound { .. }) =
            self.store.head(&self.object(manifest, &manifest.stored)).await
        {
            let _ = self.store.delete(&self.manifest_of(manifest)).await;
            return Err(PlaceError::Missing { place: self.name.to_string(), id: manifest.id.clone() });
        }
        Ok(())
    }

    /// Lists a backup anew whose manifest is gone and whose object lies there still, when that is as it was put.
    ///
    /// # Errors
    /// [`PlaceError`]; then it is not listed there.
    pub async fn list_again(&self, manifest: &Manifest, key: &[u8]) -> Result<(), PlaceError> {
        self.check(manifest).await?;
        self.put_manifest(manifest, Over::Nothing, key).await?;
        // Somebody may have been about to remove both.
        match self.store.head(&self.object(manifest, &manifest.stored)).await {
            Ok(_) => Ok(()),
            Err(error) => {
                let _ = self.store.delete(&self.manifest_of(manifest)).await;
                Err(self.failed(manifest, &format!("give {}", manifest.id), &error))
            }
        }
    }

    /// Reads it back, and what travels with it: all bytes and their SHA-256 are as the manifest says. Step 5.
    ///
    /// # Errors
    /// [`PlaceError::Differs`], [`PlaceError::Missing`], [`PlaceError::Away`].
    pub async fn check(&self, manifest: &Manifest) -> Result<(), PlaceError> {
        for stored in objects(manifest) {
            self.measured(manifest, stored).await?;
        }
        Ok(())
    }

    /// Fetches it into a file that appears only when all of it is there and right, for its owner alone.
    ///
    /// # Errors
    /// [`PlaceError`]; then the file is not there.
    pub async fn fetch(&self, manifest: &Manifest, to: &FilePath) -> Result<(), PlaceError> {
        let part = to.with_added_extension("part");
        let fetched = self.fetched(manifest, &part).await;
        let moved = match fetched {
            Ok(()) => tokio::fs::rename(&part, to)
                .await
                .map_err(|error| PlaceError::File { file: to.display().to_string(), error }),
            Err(error) => Err(error),
        };
        if moved.is_err() {
            let _ = tokio::fs::remove_file(&part).await;
        }
        moved
    }

    /// The bytes of one of its objects as they come, unchecked: for somebody who has the manifest's SHA-256 beside them.
    ///
    /// # Errors
    /// [`PlaceError`] when not even the first can be had.
    pub async fn read(
        &self,
        manifest: &Manifest,
        stored: &Stored,
    ) -> Result<impl futures::Stream<Item = Result<bytes::Bytes, std::io::Error>> + Send + use<>, PlaceError> {
        let what = format!("give {}", manifest.id);
        let got = self.store.get(&self.object(manifest, stored)).await;
        let got = got.map_err(|error| self.failed(manifest, &what, &error))?;
        Ok(got.into_stream().map_err(std::io::Error::from))
    }

    /// Takes a backup away: first what lists it. One that is gone already is in order.
    ///
    /// # Errors
    /// [`PlaceError`]; then it may still be there, whole, or be a stray.
    pub async fn remove(&self, manifest: &Manifest) -> Result<(), PlaceError> {
        let what = format!("remove {}", manifest.id);
        let objects = objects(manifest).map(|stored| self.object(manifest, stored));
        for object in std::iter::once(self.manifest_of(manifest)).chain(objects) {
            match self.store.delete(&object).await {
                Ok(()) | Err(object_store::Error::NotFound { .. }) => {}
                Err(error) => return Err(PlaceError::asked(&self.name, &what, &error)),
            }
        }
        Ok(())
    }

    async fn upload(
        &self,
        file: &FilePath,
        manifest: &Manifest,
        object: &Path,
        tell: &(dyn Fn(u64) + Send + Sync),
    ) -> Result<(), PlaceError> {
        let what = format!("store {}", manifest.id);
        let asked = |error: object_store::Error| PlaceError::asked(&self.name, &what, &error);
        let local = |error| PlaceError::File { file: file.display().to_string(), error };
        let mut input = tokio::fs::File::open(file).await.map_err(local)?;
        if input.metadata().await.map_err(local)?.len() <= PART as u64 {
            let mut whole = Vec::new();
            input.read_to_end(&mut whole).await.map_err(local)?;
            return match self.create(object, whole).await {
                // An attempt that was thought lost may have arrived; reading back tells.
                Ok(()) | Err(object_store::Error::AlreadyExists { .. }) => Ok(()),
                Err(error) => Err(asked(error)),
            };
        }
        let upload = self.store.put_multipart(object).await.map_err(asked)?;
        let mut parts = WriteMultipart::new_with_chunk_size(upload, PART);
        let mut sent = 0;
        loop {
            let mut part = bytes::BytesMut::with_capacity(PART);
            while part.len() < PART && input.read_buf(&mut part).await.map_err(local)? > 0 {}
            if part.is_empty() {
                break;
            }
            // At the first that fails the parts that went well are taken back: they would cost room for ever.
            if let Err(error) = parts.wait_for_capacity(AT_ONCE).await {
                let _ = parts.abort().await;
                return Err(asked(error));
            }
            sent += part.len() as u64;
            parts.put(part.freeze());
            tell(sent);
        }
        // It takes the parts back itself when it fails.
        parts.finish().await.map(|_| ()).map_err(asked)
    }

    async fn measured(&self, manifest: &Manifest, stored: &Stored) -> Result<(), PlaceError> {
        let what = format!("give {}", manifest.id);
        let failed = |error: object_store::Error| self.failed(manifest, &what, &error);
        let got = self.store.get(&self.object(manifest, stored)).await.map_err(failed)?;
        let mut measure = Measure::default();
        let mut stream = got.into_stream();
        while let Some(bytes) = stream.try_next().await.map_err(failed)? {
            self.no_page(&what, measure.size, &bytes)?;
            measure.add(&bytes);
        }
        measure.fits(self, manifest, stored)
    }

    /// A web page that comes in place of an object says nothing of the object: a proxy or a sign-in is in between.
    fn no_page(&self, what: &str, at: u64, bytes: &[u8]) -> Result<(), PlaceError> {
        let page = if at == 0 { PlaceError::of_page(&self.name, what, bytes) } else { None };
        page.map_or(Ok(()), Err)
    }

    async fn fetched(&self, manifest: &Manifest, part: &FilePath) -> Result<(), PlaceError> {
        let what = format!("give {}", manifest.id);
        let failed = |error: object_store::Error| self.failed(manifest, &what, &error);
        let local = |error| PlaceError::File { file: part.display().to_string(), error };
        let mut options = tokio::fs::OpenOptions::new();
        let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(part).await.map_err(local)?;
        let mut stream = self.store.get(&self.object(manifest, &manifest.stored)).await.map_err(failed)?.into_stream();
        let mut measure = Measure::default();
        while let Some(bytes) = stream.try_next().await.map_err(failed)? {
            self.no_page(&what, measure.size, &bytes)?;
            measure.add(&bytes);
            file.write_all(&bytes).await.map_err(local)?;
        }
        measure.fits(self, manifest, &manifest.stored)?;
        file.sync_all().await.map_err(local)
    }

    async fn put_manifest(&self, manifest: &Manifest, over: Over, key: &[u8]) -> Result<(), PlaceError> {
        let what = format!("list {}", manifest.id);
        let at = self.manifest_of(manifest);
        let bytes = manifest.text().into_bytes();
        let put = match over {
            Over::Nothing => self.create(&at, bytes).await,
            Over::Earlier => self.store.put(&at, PutPayload::from(bytes)).await.map(drop),
        };
        match put {
            Ok(()) => {}
            Err(object_store::Error::AlreadyExists { .. }) => {
                let there = self.manifest(&at, &manifest.id).await?;
                let same = there.verify(key).is_ok() && objects(&there).eq(objects(manifest));
                if !same {
                    return Err(PlaceError::Taken { place: self.name.to_string(), id: manifest.id.clone() });
                }
            }
            Err(error) => return Err(PlaceError::asked(&self.name, &what, &error)),
        }
        self.guard(&at)
    }

    /// The manifest at a path; its signature is not looked at.
    async fn manifest(&self, at: &Path, id: &str) -> Result<Manifest, PlaceError> {
        let asked = |error: object_store::Error| match error {
            object_store::Error::NotFound { .. } => {
                PlaceError::Missing { place: self.name.to_string(), id: id.to_owned() }
            }
            other => PlaceError::asked(&self.name, &format!("give the manifest of {id}"), &other),
        };
        let unreadable = |error| PlaceError::Manifest { place: self.name.to_string(), id: id.to_owned(), error };
        let asking = async {
            let got = self.store.get(at).await?;
            if got.meta.size > LONGEST as u64 { Ok(None) } else { got.bytes().await.map(Some) }
        };
        let got = tokio::time::timeout(MANIFEST, asking).await.map_err(|_| PlaceError::Away {
            place: self.name.to_string(),
            what: format!("give the manifest of {id}"),
            why: "no answer in time".into(),
        })?;
        let bytes = got.map_err(asked)?;
        self.no_page(&format!("give the manifest of {id}"), 0, bytes.as_deref().unwrap_or_default())?;
        Manifest::read(bytes.as_deref().unwrap_or_default()).map_err(unreadable)
    }

    fn failed(&self, manifest: &Manifest, what: &str, error: &object_store::Error) -> PlaceError {
        match error {
            object_store::Error::NotFound { .. } => {
                PlaceError::Missing { place: self.name.to_string(), id: manifest.id.clone() }
            }
            other => PlaceError::asked(&self.name, what, other),
        }
    }

    fn folder(&self, cluster: &str) -> Path {
        self.root.clone().join(folder_of(cluster))
    }

    fn object(&self, manifest: &Manifest, stored: &Stored) -> Path {
        self.folder(&manifest.cluster).join(stored.name.as_str())
    }

    fn manifest_of(&self, manifest: &Manifest) -> Path {
        self.folder(&manifest.cluster).join(format!("{}.json", manifest.id))
    }

    /// In a folder of ours nobody else reads, and nothing lies about that was left behind.
    fn make_folder(&self, cluster: &str) -> Result<(), PlaceError> {
        let Address::Folder(path) = &self.address else { return Ok(()) };
        let path = path.join(folder_of(cluster));
        address::private(&path)?;
        part::sweep(&path);
        Ok(())
    }

    /// Whether others on this machine may read what lies here of a cluster, as one of its files tells.
    pub(in crate::backup) fn is_open(&self, cluster: &str) -> bool {
        use std::os::unix::fs::PermissionsExt;
        let Address::Folder(path) = &self.address else { return false };
        let others =
            |path: &FilePath| std::fs::metadata(path).is_ok_and(|about| about.permissions().mode() & 0o077 != 0);
        let folder = path.join(folder_of(cluster));
        if !others(path) || !others(&folder) {
            return false;
        }
        std::fs::read_dir(folder).into_iter().flatten().flatten().next().is_some_and(|file| others(&file.path()))
    }

    fn guard(&self, object: &Path) -> Result<(), PlaceError> {
        use std::{
            io::ErrorKind::{PermissionDenied, Unsupported},
            os::unix::fs::PermissionsExt,
        };
        let Address::Folder(path) = &self.address else { return Ok(()) };
        let path = path.join(object.as_ref());
        let failed = |error| PlaceError::File { file: path.display().to_string(), error };
        let set = std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600));
        // Mounts without permissions refuse, or do not do it: what counts is who may read it now.
        let mode = std::fs::metadata(&path).map_err(failed)?.permissions().mode();
        if mode & 0o077 == 0 {
            return Ok(());
        }
        match set {
            Err(error) if !matches!(error.kind(), PermissionDenied | Unsupported) => return Err(failed(error)),
            _ => {}
        }
        if !self.told.swap(true, Ordering::Relaxed) {
            tracing::warn!("others on this machine may read {}: {OPEN}", self.name);
        }
        Ok(())
    }
}

impl std::fmt::Debug for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.name)
    }
}

/// Puts a file into several places at once; each fares for itself.
pub async fn put_all(
    places: &[Place],
    file: &FilePath,
    manifest: &Manifest,
    key: &[u8],
) -> Vec<(String, Result<Manifest, PlaceError>)> {
    let putting = places.iter().map(|place| async {
        let put = place.put(file, manifest, key).await;
        (place.name().to_owned(), put)
    });
    join_all(putting).await
}

/// What lies in a place of a backup beside its manifest: itself, and what travels with it.
pub(in crate::backup) fn objects(manifest: &Manifest) -> impl Iterator<Item = &Stored> {
    let with = manifest.companion.as_ref().map(|companion| &companion.stored);
    std::iter::once(&manifest.stored).chain(with)
}

/// The folder of a cluster: its name where every store takes that, otherwise what it can keep of it, and a hash.
pub(crate) fn folder_of(cluster: &str) -> String {
    let usual = |character: char| character.is_ascii_alphanumeric() || "-_.".contains(character);
    if !cluster.is_empty() && cluster.len() <= 60 && cluster.chars().all(usual) && !cluster.starts_with('.') {
        return cluster.to_owned();
    }
    let kept: String =
        cluster.chars().map(|character| if usual(character) { character } else { '_' }).take(40).collect();
    format!("{}-{}", kept.trim_start_matches('.'), hex(&Sha256::digest(cluster.as_bytes())[..6]))
}

/// What came, against what should have.
#[derive(Default)]
struct Measure {
    size: u64,
    digest: Sha256,
}

impl Measure {
    fn add(&mut self, bytes: &[u8]) {
        self.size += bytes.len() as u64;
        self.digest.update(bytes);
    }

    fn fits(self, place: &Place, manifest: &Manifest, stored: &Stored) -> Result<(), PlaceError> {
        let differs = |why| Err(PlaceError::Differs { place: place.name.to_string(), id: manifest.id.clone(), why });
        if self.size != stored.size {
            return differs(format!("{} bytes are there, and {} were stored", self.size, stored.size));
        }
        if hex(&self.digest.finalize()) != stored.sha256 {
            return differs("its SHA-256 is another: at least one byte was changed".into());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::folder_of;

    #[test]
    fn every_cluster_has_a_folder_of_its_own_that_leads_nowhere_else() {
        let odd =
            ["", ".", "..", "a/b", "a_b", "a b", "ä", "ö", "../x", "x\0y", "kubernetes-admin@kubernetes", "~", "%2e"];
        let long = "c".repeat(300);
        let folders: Vec<String> = odd.into_iter().chain([long.as_str()]).map(folder_of).collect();
        for folder in &folders {
            assert!(folder.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte)), "{folder}");
            assert!(!folder.starts_with('.') && folder.len() <= 60, "{folder}");
        }
        let different: std::collections::BTreeSet<_> = folders.iter().collect();
        assert_eq!(different.len(), folders.len(), "{folders:?}");
        assert_eq!(folder_of("harbour-1.east"), "harbour-1.east");
    }
}
