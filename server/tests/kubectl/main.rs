//! kubectl and Binnacle read the same kubeconfigs and must agree on each.
//!
//! kubectl is built with the control plane of the tests; `end2end/test` runs these by their name.

mod cases;
mod front;
mod pki;
#[path = "../served/mod.rs"]
mod served;

use std::{
    io::Read,
    path::Path,
    process::{Command, Stdio},
    sync::Mutex,
    time::{Duration, Instant},
};

use cases::{Asks, Case, Verdict};
use served::{Folder, Process, command};

/// A program that runs longer is killed and has failed.
const PATIENCE: Duration = Duration::from_secs(100);

/// kubectl of this project's install.
const KUBECTL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../.tools/bin/kubectl");

/// Runs a program: its success, and its standard error.
fn ends_well(command: &mut Command) -> (bool, String) {
    let mut child =
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("it starts");
    let mut errors = child.stderr.take().expect("its errors");
    let heard = std::thread::spawn(move || {
        let mut said = Vec::new();
        let _ = errors.read_to_end(&mut said);
        String::from_utf8_lossy(&said).into_owned()
    });
    let began = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().expect("a status") {
            break Some(status);
        }
        if began.elapsed() > PATIENCE {
            let _ = child.kill();
            let _ = child.wait();
            break None;
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    (status.is_some_and(|status| status.success()), heard.join().expect("heard"))
}

/// Gives both programs the same environment.
fn prepared(command: &mut Command, case: &Case, folder: &Path) {
    command.env_clear().env("PATH", "/usr/bin:/bin").env("HOME", folder).current_dir("/");
    command.envs(case.environment.iter().map(|(name, value)| (name, value)));
    match &case.asks {
        Asks::File(file) => {
            command.arg("--kubeconfig").arg(folder.join(file));
        }
        Asks::Context(file, context) => {
            command.arg("--kubeconfig").arg(folder.join(file)).args(["--context", context]);
        }
        Asks::Variable(files) => {
            let paths = files.iter().map(|file| folder.join(file));
            command.env("KUBECONFIG", std::env::join_paths(paths).expect("paths"));
        }
    }
}

/// Runs both programs on a case and describes a disagreement.
fn wrong(case: &Case, within: &Path) -> Option<String> {
    let folder = within.join(format!("{:x}", fastrand::u64(..)));
    for (name, bytes) in &case.files {
        let path = folder.join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(&path, bytes).expect("written");
        #[cfg(unix)]
        if bytes.starts_with(b"#!") {
            use std::os::unix::fs::PermissionsExt as _;
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o700)).expect("a program");
        }
    }
    let mut theirs = Command::new(KUBECTL);
    theirs.args(["get", "--raw", "/api/v1/nodes", "--request-timeout=30s"]);
    prepared(&mut theirs, case, &folder);
    let mut ours = command(&["draw", "architecture"]);
    prepared(&mut ours, case, &folder);
    let ((they, they_say), (we, we_say)) = (ends_well(&mut theirs), ends_well(&mut ours));
    let (wanted, why) = match case.verdict {
        Verdict::Passes => ((true, true), "both reach the server"),
        Verdict::Fails => ((false, false), "neither reaches the server"),
        Verdict::OnlyHere(why) => ((false, true), why),
    };
    let panicked = we_say.contains("panicked");
    let silent = !we && !case.says.is_empty() && !we_say.contains(case.says);
    if (they, we) == wanted && !panicked && !silent {
        return None;
    }
    Some(format!("{}: {why}\n  kubectl: {they} {they_say}\n  binnacle: {we} {we_say}", case.name))
}

#[tokio::test(flavor = "multi_thread")]
async fn every_kubeconfig_gets_through_where_kubectl_does() {
    assert!(Path::new(KUBECTL).exists(), "kubectl is lacking: run end2end/install control-plane");
    let folder = Folder::new();
    let simulated = Process::start(&mut command(&["simulate", "--listen", "127.0.0.1:0", "--life", "off"]));
    let cases = cases::all(&folder.0.join("pki"), simulated.address).await;
    let within = folder.0.clone();
    let wrong = tokio::task::spawn_blocking(move || {
        let (next, wrong) = (Mutex::new(cases.iter()), Mutex::new(Vec::new()));
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    loop {
                        let Some(case) = next.lock().expect("cases").next() else { return };
                        wrong.lock().expect("faults").extend(self::wrong(case, &within));
                    }
                });
            }
        });
        wrong.into_inner().expect("faults")
    });
    let wrong = wrong.await.expect("they ran");
    assert!(wrong.is_empty(), "{} cases:\n{}", wrong.len(), wrong.join("\n"));
}
