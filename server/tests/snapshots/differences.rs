//! What changed between two snapshots of a real etcd.

use std::{
    path::Path,
    process::{Command, Output, Stdio},
};

use binnacle::backup::{
    manifest::Compression,
    seal::{Recipients, Sealing},
};
use serde_json::{Value, json};

use super::started::{Etcd, Folder, NEW, OLD};

fn diff(older: &Path, newer: &Path, more: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_binnacle"));
    command.args(["backup", "diff"]).arg(older).arg(newer).args(more).env_clear().stdin(Stdio::null());
    command.output().expect("it runs")
}

fn told(output: &Output) -> Value {
    let said = String::from_utf8_lossy(&output.stderr);
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {said}"))
}

fn put(etcd: &Etcd, key: &str, value: &str) {
    etcd.ctl(&["put", key], value);
}

/// Kind, namespace, and names that were added, removed, changed.
fn groups(told: &Value) -> Vec<Value> {
    let names = |group: &Value, what: &str| group[what]["names"].clone();
    let groups = told["groups"].as_array().expect("groups");
    let line = |group: &Value| {
        let (kind, namespace) = (&group["resource"], &group["namespace"]);
        json!([kind, namespace, names(group, "added"), names(group, "removed"), names(group, "changed")])
    };
    groups.iter().map(line).collect()
}

#[test]
fn objects_are_told_by_kind_and_namespace_and_what_they_hold_is_told_nowhere() {
    for age in [NEW, OLD] {
        let etcd = Etcd::start(age);
        for (key, value) in [
            ("/registry/minions/host1", "a node"),
            ("/registry/pods/default/stays", "same"),
            ("/registry/pods/default/goes", "same"),
            ("/registry/pods/default/goes-and-comes", "same"),
            ("/registry/secrets/default/password", "hunter2-before"),
            ("/registry/services/specs/default/web", "one"),
            ("/registry/example.org/widgets/blue/w1", "one"),
            ("of-somebody-else", "1"),
        ] {
            put(&etcd, key, value);
        }
        let older = etcd.save("older.db");
        // Put again, it holds what it held.
        put(&etcd, "/registry/pods/default/stays", "same");
        etcd.ctl(&["del", "/registry/pods/default/goes"], "");
        etcd.ctl(&["del", "/registry/pods/default/goes-and-comes"], "");
        put(&etcd, "/registry/pods/default/goes-and-comes", "another");
        put(&etcd, "/registry/secrets/default/password", "hunter2-after");
        put(&etcd, "/registry/example.org/widgets/blue/w2", "two");
        put(&etcd, "/registry/pods/kube-system/new", "new");
        put(&etcd, "/registry/pods/kube-system/short", "lived");
        etcd.ctl(&["del", "/registry/pods/kube-system/short"], "");
        etcd.ctl(&["del", "of-somebody-else"], "");
        let wanted = [
            json!(["example.org/widgets", "blue", ["w2"], [], []]),
            json!(["pods", "default", [], ["goes"], ["goes-and-comes"]]),
            json!(["pods", "kube-system", ["new"], [], []]),
            json!(["secrets", "default", [], [], ["password"]]),
            json!(["", "", [], ["of-somebody-else"], []]),
        ];
        let newer = etcd.save("newer.db");
        etcd.compact();
        for newer in [newer, etcd.save("compacted.db")] {
            let output = diff(&older, &newer, &["--json"]);
            let found = told(&output);
            assert_eq!(groups(&found), wanted, "{found:#}");
            assert_eq!(
                [&found["added"], &found["removed"], &found["changed"], &found["same"]],
                [&json!(2), &json!(2), &json!(2), &json!(4)],
            );
            let text = String::from_utf8(diff(&older, &newer, &[]).stdout).expect("text");
            assert!(text.contains("secrets in default\n  ~ password\n"), "{text}");
            assert!(!text.contains("hunter2") && !found.to_string().contains("hunter2"), "{text}");
            let back = told(&diff(&newer, &older, &["--json"]));
            assert_eq!((&back["added"], &back["removed"]), (&json!(2), &json!(2)));
            assert_eq!(told(&diff(&newer, &newer, &["--json"]))["groups"], json!([]));
        }
    }
}

#[test]
fn many_objects_are_counted_and_the_first_are_named() {
    let etcd = Etcd::start(NEW);
    let older = etcd.save("older.db");
    etcd.fill("/registry/pods/default/pod-", 30_000, 200);
    let newer = etcd.save("newer.db");
    let found = told(&diff(&older, &newer, &["--json"]));
    assert_eq!((&found["added"], &found["groups"][0]["added"]["count"]), (&json!(30_000), &json!(30_000)));
    assert_eq!(found["groups"][0]["added"]["names"].as_array().map(Vec::len), Some(200));
    let text = String::from_utf8(diff(&older, &newer, &[]).stdout).expect("text");
    assert!(text.contains("and 29800 more"), "{text}");
}

#[test]
fn sealed_ones_are_opened_broken_ones_are_refused_and_nothing_of_either_is_left() {
    let etcd = Etcd::start(NEW);
    put(&etcd, "/registry/secrets/default/a", "hunter2");
    let older = etcd.save("older.db");
    put(&etcd, "/registry/secrets/default/b", "hunter2");
    let newer = etcd.save("newer.db");
    let (key, scratch) = (age::x25519::Identity::generate(), Folder::new());
    let identity = etcd.folder.0.join("identity");
    std::fs::write(&identity, age::secrecy::ExposeSecret::expose_secret(&key.to_string())).expect("written");
    let recipients = Recipients::parse(&key.to_public().to_string()).expect("a key");
    let sealed = etcd.folder.0.join("newer.db.zst.age");
    Sealing { compression: Some(Compression::Zstd), recipients }.seal(&newer, &sealed).expect("sealed");
    let (identity, folder) = (identity.to_str().expect("text"), scratch.0.to_str().expect("text"));
    let with = ["--json", "--scratch", folder, "--identity", identity];
    let found = told(&diff(&older, &sealed, &with));
    assert_eq!(groups(&found), [json!(["secrets", "default", ["b"], [], []])]);
    let without = diff(&older, &sealed, &["--scratch", folder]);
    assert_eq!(without.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&without.stderr).contains("with --identity"), "{without:?}");
    let mut bytes = std::fs::read(&newer).expect("read");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&newer, bytes).expect("written");
    let broken = diff(&older, &newer, &["--scratch", folder]);
    assert_eq!(broken.status.code(), Some(1), "{broken:?}");
    assert!(String::from_utf8_lossy(&broken.stderr).contains("SHA-256"), "{broken:?}");
    assert_eq!(std::fs::read_dir(&scratch.0).expect("a folder").count(), 0);
}
