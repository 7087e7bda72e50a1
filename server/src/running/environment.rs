//! What child processes know of ours: the variables that programs need, and none of its secrets.

use std::{env, ffi::OsStr};

use tokio::process::Command;

/// Variables by which every program finds files, people and words.
const NEEDED: [&str; 13] = [
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "SHELL",
    "LANG",
    "LANGUAGE",
    "LC_ALL",
    "LC_CTYPE",
    "TZ",
    "TMPDIR",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
];

/// A command that gets these variables of ours and `more`, where they are set, and no other.
pub(crate) fn bare(program: impl AsRef<OsStr>, more: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.env_clear();
    let given = NEEDED.iter().chain(more).filter_map(|name| Some((name, env::var_os(name)?)));
    command.envs(given);
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_child_process_gets_no_variable_that_nobody_named() {
        // Cargo sets some for every test, as a service's unit would set secrets.
        assert!(env::var_os("CARGO_MANIFEST_DIR").is_some());
        let output = bare("env", &["CARGO_PKG_NAME"]).output().await.unwrap();
        let told = String::from_utf8(output.stdout).unwrap();
        let names: Vec<_> = told.lines().filter_map(|line| line.split_once('=')).map(|(name, _)| name).collect();
        assert!(names.contains(&"PATH") && names.contains(&"CARGO_PKG_NAME"), "{names:?}");
        assert!(!names.contains(&"CARGO_MANIFEST_DIR"), "{names:?}");
    }
}
