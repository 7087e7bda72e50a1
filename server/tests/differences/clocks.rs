//! Binnacle's clock is off, by libfaketime; the API server's is right.

use std::{process::Command, time::Duration};

use k8s_openapi::api::coordination::v1::Lease;
use kube::{
    Api,
    api::{Patch, PatchParams},
};
use serde_json::{Value, json};

use super::between::Between;
use crate::{conformance::lease, sources::Stage, target};

const LIBRARY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../.tools/libfaketime.so");

/// The figure of a node, drawn by a Binnacle whose clock is off by so many seconds.
fn drawn(kubeconfig: &std::path::Path, node: &str, off: i64) -> Value {
    let mut command = Command::new(env!("CARGO_BIN_EXE_binnacle"));
    command.args(["draw", "architecture", "--format", "json", "--at", &format!("node/{node}"), "--kubeconfig"]);
    command.arg(kubeconfig).env("LD_PRELOAD", LIBRARY).env("FAKETIME", format!("{off:+}"));
    // A clock that is set changes the time of day and not the monotonic clock.
    command.env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
    let output = command.output().expect("it runs");
    assert!(output.status.success(), "{off} s: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("a figure")
}

fn health(figure: &Value, id: &str) -> Value {
    let marks = figure["marks"].as_array().expect("marks");
    marks.iter().find(|mark| mark["id"] == id).unwrap_or_else(|| panic!("no {id} in {figure:#}"))["health"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_off_makes_nobody_ill_and_nobody_well() {
    assert!(std::path::Path::new(LIBRARY).exists(), "libfaketime is lacking: run end2end/install faketime");
    let (between, stage) = (Between::new("", Duration::from_secs(600)).await, Stage::with(json!({})).await);
    let kubeconfig = std::env::temp_dir().join(format!("binnacle-clocks-{}", std::process::id()));
    let text = json!({ "current-context": "lab", "users": [{ "name": "u", "user": {} }],
        "clusters": [{ "name": "c", "cluster": { "server": between.url } }],
        "contexts": [{ "name": "lab", "context": { "cluster": "c", "user": "u" } }] });
    std::fs::write(&kubeconfig, text.to_string()).expect("written");
    let leases: Api<Lease> = Api::namespaced(target().await.admin(), "kube-node-lease");
    let chip = format!("chip/{}/kubelet", stage.name);
    let mut wrong = Vec::new();
    for off in [0, -35, 35, -90, 90, -7_200, 7_200] {
        for (ago, wanted) in [(1, "ok"), (300, "stale")] {
            let renewed = Patch::Merge(lease(&stage.name, &stage.name, ago));
            leases.patch(&stage.name, &PatchParams::default(), &renewed).await.expect("a lease");
            let (file, node) = (kubeconfig.clone(), stage.name.clone());
            let figure = tokio::task::spawn_blocking(move || drawn(&file, &node, off)).await.expect("drawn");
            let told = health(&figure, &chip);
            if told != wanted {
                wrong.push(format!("{off} s off, renewed {ago} s ago: {told}"));
            }
        }
    }
    std::fs::remove_file(&kubeconfig).expect("removed");
    stage.leave().await;
    assert!(wrong.is_empty(), "{wrong:#?}");
}
