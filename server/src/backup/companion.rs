//! What travels with a backup: the files without which it cannot be used, as certificates and `etcd.env`. They hold keys,
//! so they are stored encrypted or not at all; a manifest has their paths and digests, and nothing else tells of them.
//!
//! `age -d -i KEY ID.with.tar.zst.age | zstd -d | tar -x` brings them back, wherever the private key is.

use std::{
    fs::{self, OpenOptions},
    io::{self, BufWriter, Read},
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::{Component, Path, PathBuf},
};

use sha2::{Digest, Sha256};

use super::{
    manifest::{COMPANION, Companion, Compression, Enclosed, Stored},
    part::ENDING,
    seal::{Recipients, SealError, Sealing},
    words::hex,
};

/// Certificates and settings are small: what is larger was named by mistake.
const LARGEST: u64 = 4 << 20;
/// All together, for they are held in memory until they are sealed.
const ALL: u64 = 16 << 20;
/// So many are named in a manifest, with so many bytes of paths in all.
const MANY: usize = 200;
const PATHS: usize = 32 << 10;
/// Folders within folders.
const DEEP: usize = 8;

/// Files as they are now.
#[derive(Clone, Debug)]
pub struct Gathered(Vec<File>);

#[derive(Clone, Debug)]
struct File {
    path: String,
    mode: u32,
    modified: u64,
    bytes: Vec<u8>,
}

/// Reads files and whole folders, before anything else is done; links are followed to files, not to folders. Blocks.
///
/// # Errors
/// [`SealError`]: without recipients, and for what cannot be read or is too much.
pub fn gather(paths: &[PathBuf], recipients: &Recipients) -> Result<Gathered, SealError> {
    if !paths.is_empty() && recipients.is_empty() {
        return Err(SealError::Open);
    }
    let mut found = Gathered(Vec::new());
    for path in paths {
        let path = whole(path)?;
        let facts = fs::metadata(&path).map_err(file(&path))?;
        if facts.is_dir() { found.folder(&path, 0)? } else { found.add(&path)? }
    }
    found.0.sort_by(|a, b| a.path.cmp(&b.path));
    found.0.dedup_by(|a, b| a.path == b.path);
    Ok(found)
}

impl Gathered {
    /// Whether it is nothing.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn folder(&mut self, folder: &Path, deep: usize) -> Result<(), SealError> {
        if deep > DEEP {
            return Err(refused(folder, "is a folder within too many others"));
        }
        for entry in fs::read_dir(folder).map_err(file(folder))? {
            let entry = entry.map_err(file(folder))?;
            let path = entry.path();
            if entry.file_type().map_err(file(&path))?.is_dir() {
                self.folder(&path, deep + 1)?;
            } else if fs::metadata(&path).map_err(file(&path))?.is_file() {
                self.add(&path)?;
            }
        }
        Ok(())
    }

    fn add(&mut self, path: &Path) -> Result<(), SealError> {
        let named = path.to_str().ok_or_else(|| refused(path, "has a name that is no text"))?;
        let opened = fs::File::open(path).map_err(file(path))?;
        let facts = opened.metadata().map_err(file(path))?;
        if !facts.is_file() {
            return Err(refused(path, "is neither a file nor a folder"));
        }
        let mut bytes = Vec::new();
        opened.take(LARGEST + 1).read_to_end(&mut bytes).map_err(file(path))?;
        if bytes.len() as u64 > LARGEST {
            return Err(refused(path, "is larger than 4 MB, and so is none of the files that a backup needs"));
        }
        let all: u64 = self.0.iter().map(|file| file.bytes.len() as u64).sum();
        let paths: usize = self.0.iter().map(|file| file.path.len()).sum();
        if all + bytes.len() as u64 > ALL || self.0.len() >= MANY || paths + named.len() > PATHS {
            return Err(refused(path, "is one too many: 200 files of 16 MB in all may travel with a backup"));
        }
        let modified = u64::try_from(facts.mtime()).unwrap_or_default();
        self.0.push(File { path: named.to_owned(), mode: facts.mode() & 0o777, modified, bytes });
        Ok(())
    }

    /// Seals them beside a backup, for the same recipients. Blocks.
    ///
    /// # Errors
    /// [`SealError`]; then nothing of it is there.
    pub(super) fn seal(&self, folder: &Path, id: &str, recipients: &Recipients) -> Result<Companion, SealError> {
        let name = format!("{id}{COMPANION}");
        let (path, part) = (folder.join(&name), folder.join(format!("{name}.{ENDING}")));
        let sealed = self.sealed(&part, recipients).and_then(|counted| fs::hard_link(&part, &path).map(|()| counted));
        let _ = fs::remove_file(&part);
        let (size, sha256) = sealed.map_err(file(&path))?;
        let (compression, recipients) = (Some(Compression::Zstd), recipients.names());
        let files = self.0.iter().map(|file| Enclosed {
            path: file.path.clone(),
            size: file.bytes.len() as u64,
            sha256: hex(&Sha256::digest(&file.bytes)),
        });
        Ok(Companion { stored: Stored { name, size, sha256, compression, recipients }, files: files.collect() })
    }

    fn sealed(&self, part: &Path, recipients: &Recipients) -> io::Result<(u64, String)> {
        let sealing = Sealing { compression: Some(Compression::Zstd), recipients: recipients.clone() };
        let output = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(part)?;
        let mut archive = tar::Builder::new(sealing.writer(BufWriter::new(output))?);
        for file in &self.0 {
            let mut header = tar::Header::new_gnu();
            header.set_size(file.bytes.len() as u64);
            header.set_mode(file.mode);
            header.set_mtime(file.modified);
            archive.append_data(&mut header, file.path.trim_start_matches('/'), file.bytes.as_slice())?;
        }
        let (output, size, sha256) = archive.into_inner()?.finish()?;
        output.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
        Ok((size, sha256))
    }
}

/// From the root, and without going back in between.
fn whole(path: &Path) -> Result<PathBuf, SealError> {
    let path = std::path::absolute(path).map_err(file(path))?;
    let goes_back = path.components().any(|part| part == Component::ParentDir);
    if goes_back { path.canonicalize().map_err(file(&path)) } else { Ok(path) }
}

fn file<'a>(path: &'a Path) -> impl Fn(io::Error) -> SealError + use<'a> {
    move |error| SealError::File { file: path.display().to_string(), error }
}

fn refused(path: &Path, why: &str) -> SealError {
    file(path)(io::Error::other(why.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> PathBuf {
        let path = std::env::temp_dir().join(format!("binnacle-with-{}-{:x}", std::process::id(), fastrand::u64(..)));
        fs::create_dir_all(path.join("ssl/deep")).unwrap();
        fs::write(path.join("ssl/ca.pem"), "an authority").unwrap();
        fs::write(path.join("ssl/deep/key.pem"), "a key").unwrap();
        std::os::unix::fs::symlink(path.join("ssl"), path.join("ssl/deep/loop")).unwrap();
        path
    }

    fn somebody() -> (Recipients, age::x25519::Identity) {
        let key = age::x25519::Identity::generate();
        (Recipients::parse(&key.to_public().to_string()).unwrap(), key)
    }

    #[test]
    fn files_come_back_as_they_were_for_whom_they_are_sealed_alone() {
        let (folder, (recipients, key)) = (folder(), somebody());
        let named = [folder.join("ssl"), folder.join("ssl/../ssl/ca.pem")];
        let gathered = gather(&named, &recipients).unwrap();
        let companion = gathered.seal(&folder, "b", &recipients).unwrap();
        assert_eq!(companion.files.len(), 2);
        let sealed = fs::read(folder.join("b.with.tar.zst.age")).unwrap();
        assert_eq!(
            (sealed.len() as u64, hex(&Sha256::digest(&sealed))),
            (companion.stored.size, companion.stored.sha256)
        );
        for secret in ["an authority", "a key", "ca.pem"] {
            assert!(!sealed.windows(secret.len()).any(|bytes| bytes == secret.as_bytes()), "{secret}");
        }
        let mut packed = Vec::new();
        let opened = age::Decryptor::new(&sealed[..]).unwrap();
        opened.decrypt(std::iter::once(&key as &dyn age::Identity)).unwrap().read_to_end(&mut packed).unwrap();
        let mut archive = tar::Archive::new(zstd::Decoder::new(&packed[..]).unwrap());
        let found: Vec<(String, String)> = archive
            .entries()
            .unwrap()
            .map(|entry| {
                let mut entry = entry.unwrap();
                let mut text = String::new();
                entry.read_to_string(&mut text).unwrap();
                (format!("/{}", entry.path().unwrap().display()), text)
            })
            .collect();
        let told: Vec<&str> = companion.files.iter().map(|file| file.path.as_str()).collect();
        assert_eq!(found.iter().map(|(path, _)| path.as_str()).collect::<Vec<_>>(), told);
        assert_eq!(found[0].1, "an authority");
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn without_recipients_nothing_travels() {
        assert!(matches!(gather(&["/etc/passwd".into()], &Recipients::default()), Err(SealError::Open)));
        assert!(gather(&[], &Recipients::default()).unwrap().is_empty());
    }

    #[test]
    fn what_is_not_there_or_too_large_is_said_before_anything_is_taken() {
        let (folder, (recipients, _)) = (folder(), somebody());
        let said = |path: &Path| gather(&[path.to_owned()], &recipients).unwrap_err().to_string();
        assert!(said(&folder.join("nothing")).contains("nothing"));
        fs::write(folder.join("large"), vec![0; (4 << 20) + 1]).unwrap();
        assert!(said(&folder.join("large")).contains("larger than 4 MB"));
        assert!(said(Path::new("/dev/null")).contains("neither a file nor a folder"));
        fs::remove_dir_all(&folder).unwrap();
    }
}
