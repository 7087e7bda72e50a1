//! Bytes that can be read at any place.

use std::io;

/// A file, or bytes in memory.
pub trait ReadAt {
    /// How many bytes there are. Whoever changes them meanwhile gets errors or refusals, nothing worse.
    fn length(&self) -> u64;

    /// Fills all of `into` with what stands at `at`.
    ///
    /// # Errors
    /// What the system says; `UnexpectedEof` where there are fewer bytes.
    fn read_at(&self, at: u64, into: &mut [u8]) -> io::Result<()>;
}

impl ReadAt for [u8] {
    fn length(&self) -> u64 {
        self.len() as u64
    }

    fn read_at(&self, at: u64, into: &mut [u8]) -> io::Result<()> {
        let from = usize::try_from(at).ok();
        let part = from.and_then(|from| self.get(from..from.checked_add(into.len())?));
        into.copy_from_slice(part.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }
}

impl<T: ReadAt + ?Sized> ReadAt for &T {
    fn length(&self) -> u64 {
        (**self).length()
    }

    fn read_at(&self, at: u64, into: &mut [u8]) -> io::Result<()> {
        (**self).read_at(at, into)
    }
}
