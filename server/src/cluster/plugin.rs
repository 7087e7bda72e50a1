//! Credential plugins of kubeconfigs: programs that print a token or a certificate.
//!
//! A plugin runs in a process group of its own, without a terminal, for a bounded time, and is killed with all that it
//! started when it takes longer or nobody waits. What it prints is never shown; of its errors, the last line is, redacted.

use std::{pin::pin, process::Stdio, time::Duration};

use jiff::Timestamp;
use kube::config::{ExecConfig, ExecInteractiveMode};
use rustix::process::{Pid, Signal, kill_process_group};
use serde::Deserialize;
use tokio::{
    io::{AsyncRead, AsyncReadExt as _},
    process::{Child, Command},
};
use transcript::Redactor;

use super::{kubeconfig::unreadable, trouble::first_line};

/// A plugin that takes longer is killed.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);
/// A program that has ended may have left its output open to another: what comes within this is still read.
const LEFT_OPEN: Duration = Duration::from_millis(500);
/// Credentials are no larger than this.
const MOST: u64 = 1 << 20;
/// So much of its errors is read.
const ERRORS: u64 = 16 << 10;
/// Variables that are ours alone.
const OURS: [&str; 3] = ["BINNACLE_", "NOTIFY_SOCKET", "LISTEN_"];

/// What a plugin gave.
#[derive(Default)]
pub(super) struct Given {
    pub(super) token: Option<String>,
    /// Certificate and key in PEM.
    pub(super) pair: Option<(String, String)>,
    /// When it ends, if it said.
    pub(super) until: Option<Timestamp>,
}

/// Why there are no credentials. Nothing that the plugin printed on its output is in it.
#[derive(Debug, thiserror::Error)]
pub(super) enum PluginError {
    #[error("its credential plugin has no command")]
    NoCommand,
    #[error("its credential plugin {0} is not installed, or not on the PATH{1}")]
    NotInstalled(String, String),
    #[error("its credential plugin {0} cannot be started: {1}")]
    NotStarted(String, String),
    #[error("its credential plugin {0} needs a terminal (interactiveMode: Always), and a server has none")]
    Interactive(String),
    #[error("its credential plugin {0} does not come to an end: it was killed after {1} s")]
    Late(String, u64),
    #[error("its credential plugin {0} failed ({1}){2}: run it by hand to see why")]
    Failed(String, String, String),
    #[error("its credential plugin {0} printed no credentials")]
    Nothing(String),
    #[error("its credential plugin {0} speaks {1}, but the kubeconfig asks for {2}")]
    Version(String, String, String),
    #[error("its credential plugin speaks {0}: kubectl and Binnacle know client.authentication.k8s.io/v1 and v1beta1")]
    Unknown(String),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Printed {
    #[serde(default)]
    api_version: String,
    kind: Option<String>,
    status: Option<Status>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Status {
    token: Option<String>,
    client_certificate_data: Option<String>,
    client_key_data: Option<String>,
    expiration_timestamp: Option<Timestamp>,
}

/// Kills a plugin and what it started when nobody waits for it any more.
struct Group(Option<Pid>);

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(group) = self.0 {
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}

/// Runs the plugin of a context once.
pub(super) async fn run(exec: &ExecConfig, patience: Duration) -> Result<Given, PluginError> {
    let program = exec.command.clone().filter(|command| !command.is_empty()).ok_or(PluginError::NoCommand)?;
    let name = shown(&program);
    let version = exec.api_version.clone().unwrap_or_default();
    if !matches!(version.as_str(), "client.authentication.k8s.io/v1" | "client.authentication.k8s.io/v1beta1") {
        return Err(PluginError::Unknown(if version.is_empty() { "no apiVersion".into() } else { shown(&version) }));
    }
    if matches!(exec.interactive_mode, Some(ExecInteractiveMode::Always)) {
        return Err(PluginError::Interactive(name));
    }
    let started = command(exec, &program, &version).spawn();
    let mut child = started.map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => {
            let hint = exec.install_hint.as_deref().map(first_line).filter(|hint| !hint.is_empty());
            PluginError::NotInstalled(name.clone(), hint.map(|hint| format!(". {hint}")).unwrap_or_default())
        }
        std::io::ErrorKind::InvalidInput => PluginError::NotStarted(name.clone(), "its command has a NUL".into()),
        _ => PluginError::NotStarted(name.clone(), unreadable(&error)),
    })?;
    // Its id is its group's, as long as it is not waited for.
    let mut group = Group(child.id().and_then(|id| Pid::from_raw(id.cast_signed())));
    let Ok((out, errors, status)) = tokio::time::timeout(patience, ended(&mut child)).await else {
        return Err(PluginError::Late(name, patience.as_secs()));
    };
    if let Some(pid) = group.0.take() {
        // What it left in the background goes with it.
        let _ = kill_process_group(pid, Signal::KILL);
    }
    let status = status.map_err(|error| PluginError::NotStarted(name.clone(), unreadable(&error)))?;
    if !status.success() {
        return Err(PluginError::Failed(name, status.to_string(), last_line(&errors)));
    }
    let printed: Printed = serde_json::from_slice(&out).map_err(|_| PluginError::Nothing(name.clone()))?;
    if printed.api_version != version {
        return Err(PluginError::Version(name, shown(&printed.api_version), version));
    }
    if printed.kind.is_some_and(|kind| kind != "ExecCredential") {
        return Err(PluginError::Nothing(name));
    }
    let status = printed.status.unwrap_or_default();
    let pair = status.client_certificate_data.zip(status.client_key_data);
    let token = status.token.filter(|token| !token.is_empty());
    if token.is_none() && pair.is_none() {
        return Err(PluginError::Nothing(name));
    }
    Ok(Given { token, pair, until: status.expiration_timestamp })
}

fn command(exec: &ExecConfig, program: &str, version: &str) -> Command {
    let mut command = Command::new(program);
    command.args(exec.args.iter().flatten());
    // The environment as kubectl passes it on, without what is meant for this server.
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if OURS.iter().any(|ours| text.starts_with(ours)) {
            command.env_remove(&name);
        }
    }
    for pair in exec.env.iter().flatten() {
        if let (Some(name), Some(value)) = (pair.get("name"), pair.get("value"))
            && !name.is_empty()
            && !name.contains(['=', '\0'])
        {
            command.env(name, value);
        }
    }
    let mut spec = serde_json::json!({ "interactive": false });
    if exec.provide_cluster_info
        && let Some(cluster) = exec.cluster.as_ref().and_then(|cluster| serde_json::to_value(cluster).ok())
    {
        spec["cluster"] = cluster;
    }
    let told = serde_json::json!({ "apiVersion": version, "kind": "ExecCredential", "spec": spec });
    command.env("KUBERNETES_EXEC_INFO", told.to_string());
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0).kill_on_drop(true);
    command
}

type Ended = (Vec<u8>, Vec<u8>, std::io::Result<std::process::ExitStatus>);

/// Its output, its errors and its status. What it left running may hold both open: that is hardly waited for.
async fn ended(child: &mut Child) -> Ended {
    let (from, of_errors) = (child.stdout.take(), child.stderr.take());
    let (mut out, mut errors) = (Vec::new(), Vec::new());
    let status = {
        let mut heard = pin!(async { tokio::join!(some(from, MOST, &mut out), some(of_errors, ERRORS, &mut errors)) });
        tokio::select! {
            _ = &mut heard => child.wait().await,
            status = child.wait() => {
                let _ = tokio::time::timeout(LEFT_OPEN, heard).await;
                status
            }
        }
    };
    (out, errors, status)
}

/// Keeps the first bytes of what a program prints; the rest is read and dropped, so that it does not wait.
async fn some(from: Option<impl AsyncRead + Unpin>, most: u64, kept: &mut Vec<u8>) {
    let Some(mut from) = from else { return };
    let _ = (&mut from).take(most).read_to_end(kept).await;
    let _ = tokio::io::copy(&mut from, &mut tokio::io::sink()).await;
}

/// The last line of its errors, without secrets.
fn last_line(errors: &[u8]) -> String {
    let mut redacted = Vec::new();
    let mut redactor = Redactor::new([]);
    redactor.push(errors, &mut redacted);
    redactor.finish(&mut redacted);
    let text = String::from_utf8_lossy(&redacted);
    let last = text.lines().rev().map(str::trim).find(|line| !line.is_empty());
    last.map(|line| format!(", and says: {}", first_line(line))).unwrap_or_default()
}

fn shown(text: &str) -> String {
    first_line(text)
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    fn exec(script: &str) -> ExecConfig {
        ExecConfig {
            api_version: Some("client.authentication.k8s.io/v1".into()),
            command: Some("sh".into()),
            args: Some(vec!["-c".into(), script.into()]),
            env: None,
            drop_env: None,
            install_hint: None,
            interactive_mode: Some(ExecInteractiveMode::Never),
            provide_cluster_info: false,
            cluster: None,
            other: std::collections::BTreeMap::default(),
        }
    }

    const PRINTS: &str = r#"printf '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"%s","expirationTimestamp":"2030-01-01T00:00:00Z"}}'"#;

    async fn said(script: &str) -> String {
        run(&exec(script), PATIENCE).await.err().unwrap().to_string()
    }

    #[tokio::test]
    async fn a_plugin_gives_a_token_and_when_it_ends() {
        let given = run(&exec(&format!("{PRINTS} t1")), PATIENCE).await.unwrap();
        assert_eq!(given.token.as_deref(), Some("t1"));
        assert_eq!(given.until, "2030-01-01T00:00:00Z".parse().ok());
    }

    #[tokio::test]
    async fn a_plugin_is_told_what_kubectl_tells_and_has_no_terminal() {
        let mut told =
            exec(&format!("read line && exit 9; {PRINTS} \"$(echo $MORE $KUBERNETES_EXEC_INFO | tr -d '\"{{}}')\""));
        told.env = Some(vec![[("name", "MORE"), ("value", "more")].map(|(a, b)| (a.to_owned(), b.to_owned())).into()]);
        let token = run(&told, PATIENCE).await.unwrap().token.unwrap();
        assert_eq!(token, "more apiVersion:client.authentication.k8s.io/v1,kind:ExecCredential,spec:interactive:false");
    }

    #[tokio::test]
    async fn a_plugin_that_hangs_is_killed_with_all_that_it_started() {
        let began = Instant::now();
        let file = std::env::temp_dir().join(format!("binnacle-hangs-{}", std::process::id()));
        let script = format!("sleep 600 & echo $! > {}; wait", file.display());
        let error = run(&exec(&script), Duration::from_secs(1)).await.err().unwrap();
        assert_eq!(error.to_string(), "its credential plugin sh does not come to an end: it was killed after 1 s");
        assert!(began.elapsed() < Duration::from_secs(60));
        let child: u32 = std::fs::read_to_string(&file).unwrap().trim().parse().unwrap();
        std::fs::remove_file(&file).unwrap();
        let lives = || {
            // A killed process that nobody has waited for yet is dead all the same.
            let status = std::fs::read_to_string(format!("/proc/{child}/stat")).unwrap_or_default();
            !status.is_empty() && !status.contains(") Z")
        };
        for _ in 0..100 {
            if !lives() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("{child} lives");
    }

    #[tokio::test]
    async fn errors_are_told_without_secrets_and_output_never() {
        let failed = said("echo hidden-token; echo first >&2; echo 'token: s3cr3t-s3cr3t-s3cr3t' >&2; exit 3").await;
        assert!(failed.starts_with("its credential plugin sh failed (exit status: 3), and says: token: "), "{failed}");
        assert!(!failed.contains("s3cr3t") && !failed.contains("hidden"), "{failed}");
        assert_eq!(said("exit 1").await, "its credential plugin sh failed (exit status: 1): run it by hand to see why");
        for none in ["echo hidden-token", "true", "head -c 3000000 /dev/zero", &format!("{PRINTS} ''")] {
            assert_eq!(said(none).await, "its credential plugin sh printed no credentials", "{none}");
        }
        let other = said(&format!("{} t", PRINTS.replace("k8s.io/v1", "k8s.io/v1beta1"))).await;
        assert!(other.ends_with("speaks client.authentication.k8s.io/v1beta1, but the kubeconfig asks for client.authentication.k8s.io/v1"), "{other}");
    }

    #[tokio::test]
    async fn a_plugin_that_cannot_run_here_says_why() {
        let with = |change: fn(&mut ExecConfig)| {
            let mut odd = exec("true");
            change(&mut odd);
            async move { run(&odd, PATIENCE).await.err().unwrap().to_string() }
        };
        let missing = with(|exec| {
            exec.command = Some("no-such-plugin".into());
            exec.install_hint = Some("Get it from your cloud.\nmore".into());
        });
        assert_eq!(
            missing.await,
            "its credential plugin no-such-plugin is not installed, or not on the PATH. Get it from your cloud."
        );
        assert!(
            with(|exec| exec.interactive_mode = Some(ExecInteractiveMode::Always)).await.contains("needs a terminal")
        );
        assert!(
            with(|exec| exec.api_version = Some("client.authentication.k8s.io/v1alpha1".into()))
                .await
                .contains("v1alpha1")
        );
        assert!(with(|exec| exec.command = Some("a\0b".into())).await.contains("cannot be started"));
        assert_eq!(with(|exec| exec.command = None).await, "its credential plugin has no command");
    }
}
