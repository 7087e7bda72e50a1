//! A backup as it is stored: compressed, encrypted for whom it may concern, counted and hashed while it is written;
//! and back again. Nothing here holds more than a few buffers.
//!
//! ```text
//! database ─▶ zstd ─▶ age (recipients' public keys) ─▶ SHA-256, size ─▶ ID.part, synced, renamed: ID.db.zst.age
//! ```
//! Private keys never come here, except the identity file that somebody names on the command line to verify.

use std::{
    fs::{File, OpenOptions},
    io::{self, BufReader, BufWriter, Read, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use age::x25519;
use sha2::{Digest, Sha256};

use super::{
    manifest::{Compression, Stored},
    part,
    words::hex,
};

/// A good ratio for little time; its window is 2 MB.
const LEVEL: i32 = 3;
/// What is read may not ask for a larger window than this power of two: 8 MB.
const WINDOW: u32 = 23;
const BUFFER: usize = 128 << 10;

/// How backups are stored.
#[derive(Clone, Debug)]
pub struct Sealing {
    /// Whether they are compressed.
    pub compression: Option<Compression>,
    /// Whom they are encrypted for; for nobody means not at all.
    pub recipients: Recipients,
}

/// Public keys of age.
#[derive(Clone, Debug, Default)]
pub struct Recipients(Vec<(String, x25519::Recipient)>);

/// Private keys of age, from a file.
pub struct Identities(Vec<Box<dyn age::Identity + Send + Sync>>);

/// Why a backup could not be stored or read.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// A file could not be written or read.
    #[error("{file} cannot be used: {error}. {}", part::todo(error))]
    File {
        /// Which.
        file: String,
        /// Why.
        error: io::Error,
    },
    /// That is no public key.
    #[error(
        "{0:?} is no public key of age: it begins with age1 and is what age-keygen prints. A private key never belongs here"
    )]
    Recipient(String),
    /// Files with keys are to travel with it, and nobody is named to encrypt them for.
    #[error(
        "what travels with a backup holds keys, and is stored encrypted or not at all: name public keys of age that it is \
         for, with --recipient or backup_recipients"
    )]
    Open,
    /// It is encrypted, and no key is there that opens it.
    #[error("the backup is encrypted: name the identity file of one of its recipients")]
    Locked,
    /// It cannot be decrypted or decompressed.
    #[error("the backup cannot be opened: {0}")]
    Broken(String),
    /// It is whole, and in a form in which no snapshot is found here.
    #[error("the backup cannot be opened: {0}")]
    Form(String),
}

impl Recipients {
    /// From public keys with commas or white space between; an empty text names nobody.
    ///
    /// # Errors
    /// [`SealError::Recipient`]; what looks like a private key is not shown.
    pub fn parse(text: &str) -> Result<Self, SealError> {
        let words = text.split([',', ' ', '\n', '\t']).filter(|word| !word.is_empty());
        let keys = words.map(|word| {
            let shown = if word.starts_with("age1") { word } else { "…" };
            let key = word.parse::<x25519::Recipient>().map_err(|_| SealError::Recipient(shown.to_owned()))?;
            Ok((word.to_owned(), key))
        });
        keys.collect::<Result<_, _>>().map(Self)
    }

    /// As they stand in a manifest.
    pub fn names(&self) -> Vec<String> {
        self.0.iter().map(|(name, _)| name.clone()).collect()
    }

    /// Whether it is for nobody.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Identities {
    /// From a file such as age-keygen makes.
    ///
    /// # Errors
    /// [`SealError`] without anything of the file in it.
    pub fn read(path: &Path) -> Result<Self, SealError> {
        let file = |error| SealError::File { file: path.display().to_string(), error };
        let read = age::IdentityFile::from_buffer(BufReader::new(File::open(path).map_err(file)?))
            .map_err(|_| file(io::Error::other("this is no identity file of age: age-keygen makes one")))?;
        read.into_identities().map(Self).map_err(|_| SealError::Broken("the identity file holds no usable key".into()))
    }
}

impl Sealing {
    /// How the name of an object goes on after the id.
    pub fn ending(&self) -> &'static str {
        match (self.compression, self.recipients.is_empty()) {
            (None, true) => ".db",
            (Some(Compression::Zstd), true) => ".db.zst",
            (None, false) => ".db.age",
            (Some(Compression::Zstd), false) => ".db.zst.age",
        }
    }

    /// Stores the file `from` as `to`, which appears only when all of it is there and on disk, for its owner alone.
    /// What is under way lies beside it as `.part`. Blocks.
    ///
    /// # Errors
    /// [`SealError::File`]; then neither `to` nor the part is there.
    pub fn seal(&self, from: &Path, to: &Path) -> Result<Stored, SealError> {
        let part = to.with_added_extension("part");
        let sealed = self.sealed(from, &part).and_then(|counted| {
            std::fs::hard_link(&part, to).map_err(|error| SealError::File { file: to.display().to_string(), error })?;
            Ok(counted)
        });
        let gone = std::fs::remove_file(&part);
        let (size, sha256) = sealed?;
        if let Err(error) = gone.and_then(|()| sync_folder(to)) {
            let _ = std::fs::remove_file(to);
            return Err(SealError::File { file: to.display().to_string(), error });
        }
        let name = to.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
        Ok(Stored { name, size, sha256, compression: self.compression, recipients: self.recipients.names() })
    }

    fn sealed(&self, from: &Path, part: &Path) -> Result<(u64, String), SealError> {
        let reading = |error| SealError::File { file: from.display().to_string(), error };
        let writing = |error| SealError::File { file: part.display().to_string(), error };
        let mut input = File::open(from).map_err(reading)?;
        let file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(part);
        let mut output = self.writer(BufWriter::with_capacity(BUFFER, file.map_err(writing)?)).map_err(writing)?;
        let mut buffer = vec![0; BUFFER];
        loop {
            let read = input.read(&mut buffer).map_err(reading)?;
            if read == 0 {
                break;
            }
            output.write_all(&buffer[..read]).map_err(writing)?;
        }
        let (file, size, sha256) = output.finish().map_err(writing)?;
        file.into_inner().map_err(|error| writing(error.into_error()))?.sync_all().map_err(writing)?;
        Ok((size, sha256))
    }

    /// Seals whatever is written to it.
    ///
    /// # Errors
    /// Those of `output`.
    pub fn writer<W: Write>(&self, output: W) -> io::Result<Writer<W>> {
        let counting = Counting { output, size: 0, digest: Sha256::new() };
        let locked = if self.recipients.is_empty() {
            Locked::Open(counting)
        } else {
            let keys = self.recipients.0.iter().map(|(_, key)| key as &dyn age::Recipient);
            let encryptor = age::Encryptor::with_recipients(keys).map_err(io::Error::other)?;
            Locked::Age(encryptor.wrap_output(counting)?)
        };
        Ok(match self.compression {
            Some(Compression::Zstd) => {
                let mut encoder = zstd::Encoder::new(locked, LEVEL)?;
                encoder.include_checksum(true)?;
                Writer::Zstd(encoder)
            }
            None => Writer::Plain(locked),
        })
    }
}

/// What was put into a folder is there after a power cut only when the folder is synced too.
fn sync_folder(file: &Path) -> io::Result<()> {
    file.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}

/// Seals while it is written to; nothing is complete before [`Writer::finish`].
pub enum Writer<W: Write> {
    /// Compressed.
    Zstd(zstd::Encoder<'static, Locked<W>>),
    /// As it is.
    Plain(Locked<W>),
}

/// Encrypts, or does not.
pub enum Locked<W: Write> {
    /// For recipients.
    Age(age::stream::StreamWriter<Counting<W>>),
    /// For everybody who has the file.
    Open(Counting<W>),
}

/// Counts and hashes what is stored.
pub struct Counting<W> {
    output: W,
    size: u64,
    digest: Sha256,
}

impl<W: Write> Writer<W> {
    /// Writes what is still held back; answers the output, its bytes and their SHA-256.
    ///
    /// # Errors
    /// Those of the output.
    pub fn finish(self) -> io::Result<(W, u64, String)> {
        let locked = match self {
            Self::Zstd(encoder) => encoder.finish()?,
            Self::Plain(locked) => locked,
        };
        let mut counted = match locked {
            Locked::Age(writer) => writer.finish()?,
            Locked::Open(counting) => counting,
        };
        counted.output.flush()?;
        Ok((counted.output, counted.size, hex(&counted.digest.finalize())))
    }
}

impl<W: Write> Write for Writer<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Zstd(encoder) => encoder.write(bytes),
            Self::Plain(locked) => locked.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Zstd(encoder) => encoder.flush(),
            Self::Plain(locked) => locked.flush(),
        }
    }
}

impl<W: Write> Write for Locked<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Age(writer) => writer.write(bytes),
            Self::Open(counting) => counting.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Age(writer) => writer.flush(),
            Self::Open(counting) => counting.flush(),
        }
    }
}

impl<W: Write> Write for Counting<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.output.write(bytes)?;
        self.digest.update(&bytes[..written]);
        self.size += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.output.flush()
    }
}

/// The database and its trailer from what is stored. A missing or changed byte is an error of some read, at the latest
/// of the last.
///
/// # Errors
/// [`SealError::Locked`] without a fitting identity, [`SealError::Broken`].
pub fn open<'a>(
    stored: &Stored,
    input: impl Read + 'a,
    identities: Option<&Identities>,
) -> Result<Box<dyn Read + 'a>, SealError> {
    let broken = |error: &dyn std::fmt::Display| SealError::Broken(error.to_string());
    let unlocked: Box<dyn Read + 'a> = if stored.recipients.is_empty() {
        Box::new(input)
    } else {
        let keys = identities.ok_or(SealError::Locked)?.0.iter().map(|key| key.as_ref() as &dyn age::Identity);
        let decryptor = age::Decryptor::new(input).map_err(|error| broken(&error))?;
        let opened = decryptor.decrypt(keys).map_err(|error| match error {
            age::DecryptError::NoMatchingKeys => SealError::Locked,
            other => broken(&other),
        })?;
        Box::new(opened)
    };
    Ok(match stored.compression {
        None => unlocked,
        Some(Compression::Zstd) => {
            let mut decoder = zstd::Decoder::new(unlocked).map_err(|error| broken(&error))?;
            decoder.window_log_max(WINDOW).map_err(|error| broken(&error))?;
            Box::new(decoder)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Dir(std::path::PathBuf);

    impl Drop for Dir {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }

    fn dir(name: &str) -> Dir {
        let path = std::env::temp_dir().join(format!("binnacle-seal-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Dir(path)
    }

    fn database() -> Vec<u8> {
        let mut random = fastrand::Rng::with_seed(7);
        (0..200_000).map(|at| if at % 3 == 0 { random.u8(..) } else { b'k' }).collect()
    }

    fn key() -> (age::x25519::Identity, String) {
        let key = age::x25519::Identity::generate();
        let public = key.to_public().to_string();
        (key, public)
    }

    fn identities(dir: &Dir, key: &age::x25519::Identity) -> Identities {
        use age::secrecy::ExposeSecret;
        let path = dir.0.join("identity");
        std::fs::write(&path, format!("# made for a test\n{}\n", key.to_string().expose_secret())).unwrap();
        Identities::read(&path).unwrap()
    }

    fn sealed(dir: &Dir, compression: Option<Compression>, recipients: &str) -> (Stored, Vec<u8>) {
        let from = dir.0.join("plain");
        std::fs::write(&from, database()).unwrap();
        let sealing = Sealing { compression, recipients: Recipients::parse(recipients).unwrap() };
        let to = dir.0.join(format!("a{}", sealing.ending()));
        let stored = sealing.seal(&from, &to).unwrap();
        assert!(!to.with_added_extension("part").exists());
        (stored, std::fs::read(&to).unwrap())
    }

    fn opened(stored: &Stored, bytes: &[u8], identities: Option<&Identities>) -> Result<Vec<u8>, String> {
        let mut plain = Vec::new();
        open(stored, bytes, identities)
            .map_err(|error| error.to_string())?
            .read_to_end(&mut plain)
            .map_err(|error| error.to_string())?;
        Ok(plain)
    }

    #[test]
    fn in_each_form_what_is_stored_opens_as_it_was() {
        let dir = dir("forms");
        let (key, public) = key();
        let identities = identities(&dir, &key);
        for (compression, recipients, name) in [
            (None, "", "a.db"),
            (Some(Compression::Zstd), "", "a.db.zst"),
            (None, public.as_str(), "a.db.age"),
            (Some(Compression::Zstd), public.as_str(), "a.db.zst.age"),
        ] {
            let (stored, bytes) = sealed(&dir, compression, recipients);
            assert_eq!((stored.name.as_str(), stored.size), (name, bytes.len() as u64));
            assert_eq!(stored.sha256, hex(&Sha256::digest(&bytes)));
            assert_eq!(opened(&stored, &bytes, Some(&identities)).unwrap(), database(), "{name}");
            let start = &database()[..64];
            assert_eq!(bytes.windows(64).any(|window| window == start), name == "a.db", "{name}");
        }
    }

    #[test]
    fn only_its_recipients_open_it() {
        let dir = dir("recipients");
        let ((key, public), (other, _)) = (key(), key());
        let (stored, bytes) = sealed(&dir, Some(Compression::Zstd), &public);
        assert!(opened(&stored, &bytes, None).unwrap_err().contains("name the identity file"));
        let wrong = opened(&stored, &bytes, Some(&identities(&dir, &other)));
        assert!(wrong.unwrap_err().contains("name the identity file"));
        assert!(opened(&stored, &bytes, Some(&identities(&dir, &key))).is_ok());
    }

    #[test]
    fn whatever_byte_is_missing_or_changed_it_does_not_open() {
        let dir = dir("changed");
        let (key, public) = key();
        let identities = identities(&dir, &key);
        let mut random = fastrand::Rng::with_seed(11);
        for recipients in ["", public.as_str()] {
            let (stored, bytes) = sealed(&dir, Some(Compression::Zstd), recipients);
            for _ in 0..25 {
                let cut = random.usize(..bytes.len());
                assert!(opened(&stored, &bytes[..cut], Some(&identities)).is_err(), "cut at {cut}");
                let mut changed = bytes.clone();
                let at = random.usize(..bytes.len());
                changed[at] ^= 1 << random.u8(..8);
                let read = opened(&stored, &changed, Some(&identities));
                assert!(read.is_err_and(|error| !error.is_empty()), "changed at {at}");
            }
        }
    }

    #[test]
    fn what_is_stored_is_for_its_owner_alone_and_never_replaced() {
        use std::os::unix::fs::PermissionsExt;
        let dir = dir("mode");
        sealed(&dir, None, "");
        let path = dir.0.join("a.db");
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let sealing = Sealing { compression: None, recipients: Recipients::default() };
        assert!(sealing.seal(&dir.0.join("plain"), &path).unwrap_err().to_string().contains("exists"));
        assert!(!path.with_added_extension("part").exists());
    }

    #[test]
    fn a_private_key_among_the_public_ones_is_refused_and_not_shown() {
        use age::secrecy::ExposeSecret;
        let secret = key().0.to_string().expose_secret().to_owned();
        let error = Recipients::parse(&secret).unwrap_err().to_string();
        assert!(!error.contains(&secret) && error.contains("private key never belongs here"), "{error}");
        assert!(Recipients::parse("age1nonsense").is_err());
        assert!(Recipients::parse(" , ").unwrap().is_empty());
    }
}
