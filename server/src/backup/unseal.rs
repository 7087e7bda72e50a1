//! A backup as it is stored, opened to be proved or rehearsed: decrypted and decompressed into a folder for its owner
//! alone, which goes again.

use std::{
    fs::{File, OpenOptions},
    io::{self, BufRead, BufReader, Read},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use super::{
    manifest::{Compression, Stored},
    rehearsal::scratch::Scratch,
    seal::{Identities, SealError, open},
};

const AGE: &[u8] = b"age-encryption.org/v1";
const ZSTD: &[u8] = &[0x28, 0xB5, 0x2F, 0xFD];

/// A snapshot on disk, as long as this is held.
#[derive(Debug)]
pub struct Opened {
    path: PathBuf,
    encrypted: bool,
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
}

/// Opens what its first bytes tell it to be; `identity` is a file with a private key of age, `folder` has room for the
/// database. Blocks.
///
/// # Errors
/// [`SealError`].
pub fn opened(path: &Path, identity: Option<&Path>, folder: &Path) -> Result<Opened, SealError> {
    let reading = |error| SealError::File { file: path.display().to_string(), error };
    let mut input = BufReader::with_capacity(128 << 10, File::open(path).map_err(reading)?);
    let encrypted = input.fill_buf().map_err(reading)?.starts_with(AGE);
    if !encrypted && !input.fill_buf().map_err(reading)?.starts_with(ZSTD) {
        return Ok(Opened { path: path.to_owned(), encrypted, _scratch: None });
    }
    let identities = identity.map(Identities::read).transpose()?;
    let mut plain: Box<dyn Read + '_> = Box::new(input);
    if encrypted {
        plain = open(&stored(None, true), plain, identities.as_ref())?;
    }
    let mut plain = BufReader::with_capacity(128 << 10, plain);
    let broken = |error: io::Error| SealError::Broken(error.to_string());
    let compressed = plain.fill_buf().map_err(broken)?.starts_with(ZSTD);
    let mut plain = open(&stored(compressed.then_some(Compression::Zstd), false), plain, None)?;
    let writing = |error| SealError::File { file: folder.display().to_string(), error };
    let scratch = Scratch::new(folder).map_err(writing)?;
    let path = scratch.path().join("snapshot");
    let output = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
    copy(&mut plain, &mut output.map_err(writing)?).map_err(|(read, error)| match read {
        true => broken(error),
        false => writing(error),
    })?;
    Ok(Opened { path, encrypted, _scratch: Some(scratch) })
}

fn stored(compression: Option<Compression>, encrypted: bool) -> Stored {
    let recipients = if encrypted { vec![String::new()] } else { Vec::new() };
    Stored { name: String::new(), size: 0, sha256: String::new(), compression, recipients }
}

/// Whose fault an error is: of reading, or of writing.
fn copy(input: &mut dyn Read, output: &mut dyn io::Write) -> Result<(), (bool, io::Error)> {
    let mut buffer = vec![0; 128 << 10];
    loop {
        match input.read(&mut buffer).map_err(|error| (true, error))? {
            0 => return Ok(()),
            read => output.write_all(&buffer[..read]).map_err(|error| (false, error))?,
        }
    }
}
