//! Kubeconfigs: found and read, but no client is made of them, for a plugin would be a program to run.
#![no_main]

use std::{path::PathBuf, sync::LazyLock};

use binnacle::cluster::contexts;
use libfuzzer_sys::fuzz_target;

static FILE: LazyLock<PathBuf> =
    LazyLock::new(|| std::env::temp_dir().join(format!("binnacle-fuzz-kubeconfig-{}", std::process::id())));

fuzz_target!(|bytes: &[u8]| {
    std::fs::write(&*FILE, bytes).expect("a file");
    match contexts::find(Some(&FILE)) {
        Ok(found) => assert!(!found.is_empty()),
        Err(trouble) => assert!(trouble.to_string().contains("binnacle-fuzz-kubeconfig"), "{trouble}"),
    }
});
