//! `binnacle backup verify` and `binnacle backup rehearse`, by running the binary.

use std::{
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Command, Output, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use binnacle::backup::{
    manifest::Compression,
    seal::{Recipients, Sealing},
};
use serde_json::Value;

use super::{
    started::{Etcd, Folder, NEW, OLD, OLDEST, program},
    told::live,
};

fn binnacle(what: &str, file: &Path, more: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_binnacle"));
    command.args(["backup", what]).arg(file).args(more).env_clear().stdin(Stdio::null());
    command
}

fn rehearse(file: &Path, etcd: &str, scratch: &Path) -> Command {
    let mut command = binnacle("rehearse", file, &[]);
    command.arg("--etcd").arg(program(etcd)).arg("--etcdutl").arg(program("BINNACLE_TEST_ETCDUTL"));
    command.arg("--scratch").arg(scratch);
    command
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout)
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {}", said(output)))
}

#[test]
fn verify_tells_the_steps_and_what_it_holds_and_nothing_of_any_value() {
    let etcd = Etcd::start(NEW);
    live(&etcd);
    let file = etcd.save("a.db");
    std::fs::set_permissions(&file, PermissionsExt::from_mode(0o644)).expect("rights");
    let output = binnacle("verify", &file, &[]).output().expect("it runs");
    let text = said(&output);
    assert_eq!(output.status.code(), Some(0), "{text}");
    for words in ["step 4, revisions", "290 pods", "whoever has it has its 20 Secrets", "chmod 600", "3.6.0"] {
        assert!(text.contains(words), "{words}: {text}");
    }
    assert!(!text.contains("vvv"), "{text}");
    let told = json(&binnacle("verify", &file, &["--json"]).output().expect("it runs"));
    assert_eq!((told["reached"].as_u64(), told["holds"]["namespaces"]["pods"].as_u64()), (Some(4), Some(290)));
    assert_eq!(told["steps"].as_array().map(Vec::len), Some(5));
}

#[test]
fn verify_says_what_is_wrong_and_what_to_do_and_exits_with_the_code_for_it() {
    let folder = Folder::new();
    let file = folder.0.join("a.db");
    let output = binnacle("verify", &file, &[]).output().expect("it runs");
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    let etcd = Etcd::start(NEW);
    etcd.fill("key-", 10, 10);
    let mut bytes = std::fs::read(etcd.save("a.db")).expect("read");
    std::fs::write(&file, &bytes[..bytes.len() - 512]).expect("written");
    let output = binnacle("verify", &file, &[]).output().expect("it runs");
    assert_eq!(output.status.code(), Some(1));
    let text = said(&output);
    assert!(text.contains("does not reach step 2") && text.contains("take another"), "{text}");
    bytes.truncate(bytes.len() - 1);
    std::fs::write(&file, &bytes).expect("written");
    let output = binnacle("verify", &file, &["--json"]).output().expect("it runs");
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(json(&output)["broken"]["step"], 1);
}

#[test]
fn what_was_compressed_and_encrypted_is_opened_with_an_identity_and_nothing_of_it_is_left() {
    let etcd = Etcd::start(NEW);
    live(&etcd);
    let file = etcd.save("a.db");
    let (key, scratch) = (age::x25519::Identity::generate(), Folder::new());
    let identity = etcd.folder.0.join("identity");
    std::fs::write(&identity, age::secrecy::ExposeSecret::expose_secret(&key.to_string())).expect("written");
    let recipients = Recipients::parse(&key.to_public().to_string()).expect("a key");
    let scratched = ["--scratch", scratch.0.to_str().expect("text")];
    for compression in [None, Some(Compression::Zstd)] {
        for recipients in [Recipients::default(), recipients.clone()] {
            let sealed = etcd.folder.0.join(format!("sealed-{}-{}", compression.is_some(), recipients.is_empty()));
            let encrypted = !recipients.is_empty();
            Sealing { compression, recipients }.seal(&file, &sealed).expect("sealed");
            let with = [scratched.as_slice(), &["--json", "--identity", identity.to_str().expect("text")]].concat();
            let told = json(&binnacle("verify", &sealed, &with).output().expect("it runs"));
            assert_eq!((told["reached"].as_u64(), told["encrypted"].as_bool()), (Some(4), Some(encrypted)), "{told:#}");
            let without = binnacle("verify", &sealed, &scratched).output().expect("it runs");
            assert_eq!(without.status.code(), Some(if encrypted { 2 } else { 0 }), "{}", said(&without));
            assert_eq!(said(&without).contains("with --identity"), encrypted);
            if compression.is_some() || encrypted {
                let mut bytes = std::fs::read(&sealed).expect("read");
                bytes.pop();
                std::fs::write(&sealed, bytes).expect("written");
                let cut = binnacle("verify", &sealed, &with).output().expect("it runs");
                assert_eq!(cut.status.code(), Some(1), "{}", said(&cut));
            } else {
                let open = rehearse(&sealed, NEW, &scratch.0).output().expect("it runs");
                assert_eq!(open.status.code(), Some(0), "{}", said(&open));
            }
            assert_eq!(std::fs::read_dir(&scratch.0).expect("a folder").count(), 0);
        }
    }
}

#[test]
fn a_snapshot_is_rehearsed_by_the_etcd_that_wrote_it() {
    for (which, version) in [(NEW, "3.6."), (OLD, "3.4."), (OLDEST, "3.2.")] {
        let etcd = Etcd::start(which);
        live(&etcd);
        let file = etcd.save("a.db");
        let scratch = Folder::new();
        let output = rehearse(&file, which, &scratch.0).arg("--json").output().expect("it runs");
        let told = json(&output);
        let held = &told["rehearsal"];
        assert!(held["etcd"].as_str().is_some_and(|etcd| etcd.starts_with(version)), "{told:#}");
        assert_eq!((&held["revision"], &held["keys"]), (&told["holds"]["revision"], &told["holds"]["live"]));
        assert_eq!(told["reached"], 6);
        // Today's etcdutl restores it for 3.2 as well, which hashes nothing.
        let hash = if which == OLDEST { &Value::Null } else { &told["holds"]["hash_kv"] };
        assert_eq!((&held["hash_kv"], held["hash_kv"].is_u64()), (hash, which != OLDEST), "{told:#}");
        assert_eq!(std::fs::read_dir(&scratch.0).expect("a folder").count(), 0);
    }
}

#[test]
fn a_snapshot_of_a_newer_etcd_is_not_tried_with_an_older_one() {
    let etcd = Etcd::start(NEW);
    let file = etcd.save("a.db");
    let scratch = Folder::new();
    let output = rehearse(&file, OLD, &scratch.0).output().expect("it runs");
    assert_eq!(output.status.code(), Some(2));
    assert!(said(&output).contains("name a newer one with --etcd"), "{}", said(&output));
}

#[test]
fn programs_that_are_not_there_are_named() {
    let folder = Folder::new();
    let output = binnacle("rehearse", &folder.0.join("a.db"), &[]).env("PATH", "/nonexistent").output();
    let output = output.expect("it runs");
    assert_eq!(output.status.code(), Some(2));
    assert!(said(&output).contains("a rehearsal needs etcd, and it is not in the PATH"), "{}", said(&output));
    let bin = folder.0.join("etcd");
    std::fs::copy("/bin/true", &bin).expect("copied");
    let output = binnacle("rehearse", &folder.0.join("a.db"), &[]).env("PATH", &folder.0).output().expect("it runs");
    assert!(said(&output).contains("needs etcdutl") && said(&output).contains("--etcdutl"), "{}", said(&output));
}

/// The processes whose working directory is below this folder.
fn running(folder: &Path) -> usize {
    let processes = std::fs::read_dir("/proc").expect("processes").flatten();
    let inside = processes
        .filter(|process| std::fs::read_link(process.path().join("cwd")).is_ok_and(|cwd| cwd.starts_with(folder)));
    inside.count()
}

/// Begins a rehearsal, and waits until its etcd runs.
fn begun(file: &Path, scratch: &Path) -> std::process::Child {
    let child = rehearse(file, NEW, scratch).stderr(Stdio::null()).stdout(Stdio::null()).spawn().expect("it starts");
    let until = Instant::now() + Duration::from_secs(60);
    let socket = || {
        let folders = std::fs::read_dir(scratch).expect("a folder").flatten();
        folders.into_iter().any(|folder| folder.path().join("clients:1").exists())
    };
    while !socket() {
        assert!(Instant::now() < until, "no etcd within a minute");
        sleep(Duration::from_millis(5));
    }
    child
}

#[test]
fn what_a_killed_rehearsal_leaves_is_swept_by_the_next() {
    let etcd = Etcd::start(NEW);
    live(&etcd);
    let file = etcd.save("a.db");
    let scratch = Folder::new();
    let mut child = begun(&file, &scratch.0);
    child.kill().expect("killed");
    child.wait().expect("it ended");
    assert!(running(&scratch.0) == 1 && std::fs::read_dir(&scratch.0).expect("a folder").count() == 1);
    let output = rehearse(&file, NEW, &scratch.0).output().expect("it runs");
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert_eq!((running(&scratch.0), std::fs::read_dir(&scratch.0).expect("a folder").count()), (0, 0));
}

#[test]
fn a_rehearsal_that_is_told_to_end_leaves_nothing() {
    let etcd = Etcd::start(NEW);
    live(&etcd);
    let file = etcd.save("a.db");
    let scratch = Folder::new();
    let mut child = begun(&file, &scratch.0);
    let told = Command::new("kill").args(["-TERM", &child.id().to_string()]).status().expect("kill runs");
    assert!(told.success() && !child.wait().expect("it ended").success());
    assert_eq!((running(&scratch.0), std::fs::read_dir(&scratch.0).expect("a folder").count()), (0, 0));
}
