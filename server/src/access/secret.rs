//! Secrets that we make, and what is kept of them.

use std::fmt::Write;

use sha2::{Digest, Sha256};

/// Random bytes of the system's, hexadecimal.
pub(crate) fn random<const BYTES: usize>() -> String {
    let mut bytes = [0; BYTES];
    // Without randomness nothing here is safe, and Linux always has some.
    getrandom::fill(&mut bytes).expect("the system's random numbers");
    hex(&bytes)
}

/// What is kept of a secret of at least 128 random bits: its SHA-256, hexadecimal.
pub(super) fn hash(secret: &str) -> String {
    hex(&Sha256::digest(secret.as_bytes()))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
