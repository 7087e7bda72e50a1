//! A backup as it is stored, opened to be proved or rehearsed: decrypted, decompressed and taken out of archives into a
//! folder for its owner alone, which goes again.
//!
//! Others store snapshots otherwise than Binnacle does: gzip, zip, tar and tar.gz are opened as well, one within another.

use std::{
    fs::{File, OpenOptions},
    io::{self, BufReader, Read, Seek},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use super::{
    manifest::{Compression, Stored},
    rehearsal::{room, scratch::Scratch},
    seal::{Identities, SealError, open},
};

/// More than a member's database has: etcd warns beyond 8 GB. What unpacks to more is no snapshot.
const LARGEST: u64 = 64 << 30;
/// Layers of compression and archives within each other.
const DEEPEST: usize = 5;
/// Entries of an archive that are looked at.
const MOST_ENTRIES: usize = 10_000;
/// What is looked at of a file to tell what it is: a header of tar.
const HEAD: usize = 512;

/// A snapshot on disk, as long as this is held.
#[derive(Debug)]
pub struct Opened {
    path: PathBuf,
    encrypted: bool,
    inside: Vec<String>,
    _scratch: Option<Scratch>,
}

impl Opened {
    /// The snapshot: the file itself when it was neither compressed nor encrypted.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether what is stored is encrypted.
    pub fn is_encrypted(&self) -> bool {
        self.encrypted
    }

    /// The layers that were opened, from the outermost: `age`, `zstd`, `gzip`, `tar: NAME`, `zip: NAME`.
    pub fn inside(&self) -> &[String] {
        &self.inside
    }
}

/// What a file is, by its first bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Age,
    Zstd,
    Gzip,
    Zip,
    Tar,
    /// What is not opened here, and its name.
    Other(&'static str),
    /// A database of bbolt.
    Bolt,
    Unknown,
}

impl Form {
    fn of(head: &[u8]) -> Self {
        let tar = || head.get(257..262) == Some(b"ustar") || is_old_tar(head);
        match () {
            () if head.starts_with(b"age-encryption.org/v1") => Self::Age,
            () if head.starts_with(&[0x28, 0xB5, 0x2F, 0xFD]) => Self::Zstd,
            () if head.starts_with(&[0x1F, 0x8B]) => Self::Gzip,
            () if head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06") => Self::Zip,
            () if head.starts_with(b"BZh") => Self::Other("bzip2"),
            () if head.starts_with(b"\xFD7zXZ\0") => Self::Other("xz"),
            () if head.starts_with(&[0x04, 0x22, 0x4D, 0x18]) => Self::Other("lz4"),
            () if head.starts_with(b"7z\xBC\xAF\x27\x1C") => Self::Other("7-Zip"),
            () if head.get(16..20) == Some(&[0xED, 0xDA, 0x0C, 0xED]) => Self::Bolt,
            () if tar() => Self::Tar,
            () => Self::Unknown,
        }
    }

    /// Whether something may be in it.
    const fn is_layer(self) -> bool {
        matches!(self, Self::Age | Self::Zstd | Self::Gzip | Self::Zip | Self::Tar)
    }
}

/// A header of tar from before `ustar`: nothing but its sum tells it.
fn is_old_tar(head: &[u8]) -> bool {
    let Some(head) = head.get(..HEAD).filter(|head| head[0] != 0) else { return false };
    let digits = std::str::from_utf8(&head[148..156]).unwrap_or_default();
    let told = u32::from_str_radix(digits.trim_matches(['\0', ' ']), 8).ok();
    let counted = |(at, byte): (usize, &u8)| if (148..156).contains(&at) { 32 } else { u32::from(*byte) };
    told == Some(head.iter().enumerate().map(counted).sum())
}

/// Opens what its first bytes tell it to be; `identity` is a file with a private key of age, `folder` has room for the
/// database. Blocks.
///
/// # Errors
/// [`SealError`].
pub fn opened(path: &Path, identity: Option<&Path>, folder: &Path) -> Result<Opened, SealError> {
    let reading = |error| SealError::File { file: path.display().to_string(), error };
    let (form, _) = begun(File::open(path).map_err(reading)?).map_err(reading)?;
    if let Form::Other(name) = form {
        return Err(SealError::Form(format!("it is packed with {name}, which is not opened here: unpack it first")));
    }
    if !form.is_layer() {
        return Ok(Opened { path: path.to_owned(), encrypted: false, inside: Vec::new(), _scratch: None });
    }
    let identities = identity.map(Identities::read).transpose()?;
    let writing = |error| SealError::File { file: folder.display().to_string(), error };
    let scratch = Scratch::new(folder).map_err(writing)?;
    // Checked before the disk is full: others need it as well.
    let most = LARGEST.min(room(folder).map_err(writing)?);
    let mut layers = Layers { scratch, identities, inside: Vec::new(), files: 0, most };
    let found = layers.peeled(path)?;
    let encrypted = layers.inside.iter().any(|layer| layer == "age");
    Ok(Opened { path: found, encrypted, inside: layers.inside, _scratch: Some(layers.scratch) })
}

/// What is read from its beginning again, after its first bytes were looked at.
type Again<R> = io::Chain<io::Cursor<Vec<u8>>, R>;

/// The form of what is read, and all of it, from its beginning.
fn begun<R: Read>(mut input: R) -> io::Result<(Form, Again<R>)> {
    let mut head = Vec::new();
    input.by_ref().take(HEAD as u64).read_to_end(&mut head)?;
    Ok((Form::of(&head), io::Cursor::new(head).chain(input)))
}

/// What is opened so far.
struct Layers {
    scratch: Scratch,
    identities: Option<Identities>,
    inside: Vec<String>,
    /// Files that were made.
    files: usize,
    /// Bytes that each may have.
    most: u64,
}

impl Layers {
    /// The file within all layers.
    fn peeled(&mut self, path: &Path) -> Result<PathBuf, SealError> {
        let mut at = path.to_owned();
        loop {
            let next = self.next(&at)?;
            if at != path {
                let _ = std::fs::remove_file(&at);
            }
            at = next.0;
            if !next.1.is_layer() {
                return Ok(at);
            }
        }
    }

    /// Opens what streams, and then at most one archive. Answers a file, and what it is.
    fn next(&mut self, path: &Path) -> Result<(PathBuf, Form), SealError> {
        let reading = |error| SealError::File { file: path.display().to_string(), error };
        let file = File::open(path).map_err(reading)?;
        let (mut form, _) = begun(&file).map_err(reading)?;
        if form == Form::Zip {
            return self.unzipped(file);
        }
        (&file).rewind().map_err(reading)?;
        let identities = self.identities.take();
        let mut plain: Box<dyn Read + '_> = Box::new(BufReader::with_capacity(128 << 10, file));
        while let Form::Age | Form::Zstd | Form::Gzip = form {
            if self.inside.len() >= DEEPEST {
                return Err(too_deep());
            }
            let (name, opened): (_, Box<dyn Read + '_>) = match form {
                Form::Age => ("age", open(&stored(None, true), plain, identities.as_ref())?),
                Form::Zstd => ("zstd", open(&stored(Some(Compression::Zstd), false), plain, None)?),
                _ => ("gzip", Box::new(flate2::read::MultiGzDecoder::new(plain))),
            };
            self.inside.push(name.to_owned());
            let (found, whole) = begun(opened).map_err(|error| broken(&error))?;
            (form, plain) = (found, Box::new(whole));
        }
        let next = match form {
            Form::Tar => self.untarred(plain),
            Form::Other(name) => {
                Err(SealError::Form(format!("{name} is in it, which is not opened here: unpack it first")))
            }
            form => self.kept(&mut plain).map(|path| (path, form)),
        };
        self.identities = identities;
        next
    }

    /// Writes what is read into a file of its own.
    fn kept(&mut self, input: &mut dyn Read) -> Result<PathBuf, SealError> {
        self.files += 1;
        let path = self.scratch.path().join(format!("snapshot-{}", self.files));
        let writing = |error| SealError::File { file: path.display().to_string(), error };
        let output = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
        let mut bounded = input.take(self.most.saturating_add(1));
        let copied = copy(&mut bounded, &mut output.map_err(writing)?).map_err(|(read, error)| match read {
            true => broken(&error),
            false => writing(error),
        })?;
        if copied > self.most {
            let _ = std::fs::remove_file(&path);
            return Err(SealError::Form(format!(
                "it unpacks to more than {} MB, for which there is no room",
                self.most >> 20
            )));
        }
        Ok(path)
    }

    fn untarred(&mut self, input: impl Read) -> Result<(PathBuf, Form), SealError> {
        let mut found = Found::default();
        let mut archive = tar::Archive::new(input);
        for entry in archive.entries().map_err(|error| broken(&error))? {
            let mut entry = entry.map_err(|error| broken(&error))?;
            let name = entry.path().map(|path| path.display().to_string()).unwrap_or_default();
            if entry.header().entry_type().is_file() {
                found.look(self, &name, &mut entry)?;
            }
        }
        found.chosen(self, "tar")
    }

    fn unzipped(&mut self, file: File) -> Result<(PathBuf, Form), SealError> {
        let broken = |error: &dyn std::fmt::Display| SealError::Broken(error.to_string());
        let mut archive = zip::ZipArchive::new(BufReader::new(file)).map_err(|error| broken(&error))?;
        let mut found = Found::default();
        for at in 0..archive.len() {
            let mut entry = archive.by_index(at).map_err(|error| match error {
                zip::result::ZipError::UnsupportedArchive(why) => SealError::Form(format!(
                    "it is a zip archive with {why}, which is not opened here: unpack it first"
                )),
                error => broken(&error),
            })?;
            let name = entry.name().to_owned();
            if entry.is_file() {
                found.look(self, &name, &mut entry)?;
            }
        }
        found.chosen(self, "zip")
    }
}

/// What of an archive may be the snapshot.
#[derive(Default)]
struct Found {
    names: Vec<String>,
    databases: Vec<(String, PathBuf)>,
    /// Archives and compressed files in it; taken when there is no database.
    layers: Vec<(String, PathBuf, Form)>,
}

impl Found {
    fn look(&mut self, layers: &mut Layers, name: &str, entry: &mut dyn Read) -> Result<(), SealError> {
        if self.names.len() >= MOST_ENTRIES {
            return Err(SealError::Form(format!(
                "more than {MOST_ENTRIES} files are in it: take the snapshot out of it"
            )));
        }
        self.names.push(name.to_owned());
        let (form, mut whole) = begun(entry).map_err(|error| broken(&error))?;
        match form {
            // Two are enough to refuse it, and fill no disk.
            Form::Bolt if self.databases.len() < 2 => self.databases.push((name.to_owned(), layers.kept(&mut whole)?)),
            form if form.is_layer() && self.databases.is_empty() && self.layers.len() < 2 => {
                self.layers.push((name.to_owned(), layers.kept(&mut whole)?, form));
            }
            _ => {}
        }
        Ok(())
    }

    fn chosen(mut self, layers: &mut Layers, archive: &str) -> Result<(PathBuf, Form), SealError> {
        let several = |names: Vec<&str>| {
            let names = names.join(" and ");
            Err(SealError::Form(format!("several files of the archive may be meant ({names}): take one out of it")))
        };
        let (name, path, form) = match (self.databases.len(), self.layers.len()) {
            (1, _) => {
                let (name, path) = self.databases.swap_remove(0);
                (name, path, Form::Bolt)
            }
            (0, 1) if layers.inside.len() < DEEPEST => self.layers.swap_remove(0),
            (0, 1) => return Err(too_deep()),
            (0, 0) => {
                let names: Vec<&str> = self.names.iter().take(5).map(String::as_str).collect();
                let names = if names.is_empty() { "nothing".to_owned() } else { names.join(", ") };
                return Err(SealError::Form(format!("no snapshot of etcd is in the archive, but {names}")));
            }
            (0, _) => return several(self.layers.iter().map(|(name, ..)| name.as_str()).collect()),
            _ => return several(self.databases.iter().map(|(name, _)| name.as_str()).collect()),
        };
        layers.inside.push(format!("{archive}: {name}"));
        Ok((path, form))
    }
}

fn too_deep() -> SealError {
    SealError::Form(format!("more than {DEEPEST} layers are in each other: unpack it first"))
}

fn broken(error: &io::Error) -> SealError {
    SealError::Broken(error.to_string())
}

fn stored(compression: Option<Compression>, encrypted: bool) -> Stored {
    let recipients = if encrypted { vec![String::new()] } else { Vec::new() };
    Stored { name: String::new(), size: 0, sha256: String::new(), compression, recipients }
}

/// The bytes; or whose fault an error is: of reading, or of writing.
fn copy(input: &mut dyn Read, output: &mut dyn io::Write) -> Result<u64, (bool, io::Error)> {
    let (mut buffer, mut copied) = (vec![0; 128 << 10], 0);
    loop {
        let read = input.read(&mut buffer).map_err(|error| (true, error))?;
        if read == 0 {
            return Ok(copied);
        }
        output.write_all(&buffer[..read]).map_err(|error| (false, error))?;
        copied += read as u64;
    }
}
