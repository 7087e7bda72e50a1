//! The conformance suite, and every source of the architecture figure, on a real control plane.
//!
//! `end2end/with-control-plane end2end/control-plane/tests` starts one for them; cases that make it
//! falter run after the others, one by one.

mod conformance;
mod differences;
mod drift;
mod namespaced_role;
#[path = "kubectl/pki.rs"]
mod pki;
mod restored;
mod sources;
mod troubles;

use std::process::Command;

use conformance::Target;
use kube::{
    Config,
    config::{KubeConfigOptions, Kubeconfig},
};
conformance!(target);

/// What a variable of the control plane's says.
fn told(variable: &str) -> String {
    std::env::var(variable)
        .unwrap_or_else(|_| panic!("{variable} is not set: run this through end2end/with-control-plane"))
}

async fn config(variable: &str) -> Config {
    let file = Kubeconfig::read_from(told(variable)).expect("a kubeconfig");
    Config::from_custom_kubeconfig(file, &KubeConfigOptions::default()).await.expect("a config")
}

async fn target() -> Target {
    Target {
        config: config("BINNACLE_TEST_KUBECONFIG").await,
        limited: config("BINNACLE_TEST_KUBECONFIG_LIMITED").await,
        forget: Box::new(|| Box::pin(restart())),
    }
}

/// A new API server has no memory of past changes.
async fn restart() {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../end2end/control-plane/restart");
    let done =
        tokio::task::spawn_blocking(move || Command::new(script).arg(told("BINNACLE_TEST_CONTROL_PLANE")).status());
    assert!(done.await.expect("it ran").expect("it started").success(), "the API server did not restart");
}
