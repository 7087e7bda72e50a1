//! A disk on which everything that can go wrong does, one thing after the other.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

/// What a disk says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Says {
    /// It is full, and stays so.
    Full,
    /// It cannot, this once.
    Broken,
}

/// The shared object that goes before a program's own library.
pub struct Disk {
    /// Where it is.
    pub object: PathBuf,
    mark: PathBuf,
}

impl Disk {
    /// Builds it in a folder.
    pub fn new(folder: &Path) -> Self {
        let object = folder.join("faulty.so");
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/faulty/faulty.c");
        let built = Command::new("cc").args(["-shared", "-fPIC", "-O1", "-o"]).arg(&object).arg(source).status();
        assert!(built.expect("cc, which Rust needs as well").success());
        Self { object, mark: folder.join("failed") }
    }

    /// From now on the program's `at`th request, from 1, of the disk below a folder fails.
    pub fn fail(&self, command: &mut Command, below: &Path, at: usize, says: Says) {
        let _ = std::fs::remove_file(&self.mark);
        command.env("LD_PRELOAD", &self.object).env("FAULTY_MARK", &self.mark);
        command.env("FAULTY_FOLDER", below).env("FAULTY_AT", at.to_string());
        match says {
            Says::Full => command.env("FAULTY_ERROR", "28"),
            Says::Broken => command.env("FAULTY_ERROR", "5").env("FAULTY_ONCE", "1"),
        };
    }

    /// Whether it came to that.
    pub fn failed(&self) -> bool {
        self.mark.exists()
    }
}
