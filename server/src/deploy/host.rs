//! The jump host: this machine, or one that the system's OpenSSH reaches. Both are asked by the same program,
//! `keeper.py` behind `witness.py`, which goes over standard input; what is asked goes the same way, as data, and no shell sees it.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::{
    io::AsyncWriteExt,
    process::{Child, ChildStdout, Command},
};

use crate::running::environment;

const KEEPER: &str = concat!(include_str!("witness.py"), include_str!("keeper.py"));
/// Reads the program and runs it; the one text that a shell on a jump host gets. Compass itself needs Python there.
/// Modules come from Python's own folders: a `json.py` in the working folder is not looked at.
const READS: &str = "import sys;sys.path[:]=[p for p in sys.path if p[:1]=='/'];\
    exec(compile(sys.stdin.read(int(sys.stdin.readline())),'keeper','exec'))";
/// Neither variables nor the user's own packages add to these folders; Python 2.7 knows both.
const ISOLATED: [&str; 2] = ["-E", "-s"];
/// Variables by which docker and sudo find their way, beside those that every program needs.
const KEEPS: [&str; 6] =
    ["DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_CONFIG", "DOCKER_CERT_PATH", "DOCKER_TLS_VERIFY", "XDG_RUNTIME_DIR"];
/// The same of OpenSSH: the agent, tickets of Kerberos, sockets of the user.
const SSH: [&str; 3] = ["SSH_AUTH_SOCK", "KRB5CCNAME", "XDG_RUNTIME_DIR"];
/// How long one question may take; a cancelled run has ten seconds to end, and Ansible ten more.
const PATIENCE: Duration = Duration::from_secs(60);
/// Longest part of an error that is told.
const TOLD: usize = 300;

/// A machine from which Compass deploys.
#[derive(Clone, Debug)]
pub struct JumpHost {
    /// How it is reached.
    pub way: Way,
    /// Compass4nfv's folder there, with deploy.sh in it.
    pub compass: String,
    /// Where runs have their folders: below the home directory there, or an absolute path.
    pub runs: String,
    /// Compass's working folder, when it is not `work` below its own.
    pub work: Option<String>,
    /// compass-deck's address and port; none to take the management network's gateway of the plan.
    pub deck: Option<String>,
    /// A program that stands for `docker exec compass-tasks`.
    pub reach: Option<String>,
    /// Further variables for deploy.sh, as the configuration gives them.
    pub variables: Vec<(String, String)>,
    /// The release of Compass that lies there.
    pub release: plan::Release,
}

/// How a jump host is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Way {
    /// It is this machine.
    Here,
    /// By the system's OpenSSH: keys, agent, known hosts and ProxyJump are its own.
    Ssh {
        /// As OpenSSH takes it: `[user@]host` or a name of its configuration.
        destination: String,
        /// Another configuration than the user's.
        config: Option<PathBuf>,
    },
}

/// Why a jump host did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum HostError {
    /// It cannot be reached now; asking again may help.
    #[error("the jump host {name} cannot be reached: {why}")]
    Away {
        /// Which.
        name: String,
        /// What OpenSSH or the system says.
        why: String,
    },
    /// It was reached and refuses.
    #[error("the jump host {name} refuses: {why}")]
    Refused {
        /// Which.
        name: String,
        /// Why.
        why: String,
    },
}

/// What is being told from there: a log that is being written, or how hosts fare.
pub struct Following {
    /// Its bytes, as they come; ends when nobody is left who writes.
    pub bytes: ChildStdout,
    // Killed with this.
    _child: Child,
}

impl Way {
    /// From the setting: empty is this machine. OpenSSH would take what begins with `-` for an option.
    pub fn parse(text: &str, config: Option<PathBuf>) -> Option<Self> {
        if text.is_empty() {
            return Some(Self::Here);
        }
        let usual = |byte: u8| byte.is_ascii_alphanumeric() || b"@._-:[]%".contains(&byte);
        let fits = !text.starts_with('-') && text.bytes().all(usual);
        fits.then(|| Self::Ssh { destination: text.to_owned(), config })
    }
}

impl JumpHost {
    /// What it is called, in the lock that lets one run go on it.
    pub fn name(&self) -> &str {
        match &self.way {
            Way::Here => "this machine",
            Way::Ssh { destination, .. } => destination,
        }
    }

    /// Asks the keeper there, and reads its answer.
    pub(super) async fn ask<A: DeserializeOwned>(&self, what: &str, mut request: Value) -> Result<A, HostError> {
        request["do"] = json!(what);
        let child = self.start(&request, Stdio::piped()).await?;
        let output = tokio::time::timeout(PATIENCE, child.wait_with_output()).await;
        let output = output.map_err(|_| self.away("no answer within a minute"))?;
        let output = output.map_err(|error| self.away(&error.to_string()))?;
        let answer: Option<Value> = serde_json::from_slice(&output.stdout).ok();
        let Some(answer) = answer else { return Err(self.away(&said(&output.stderr))) };
        if let Some(why) = answer["wrong"].as_str() {
            return Err(HostError::Refused { name: self.name().to_owned(), why: why.to_owned() });
        }
        serde_json::from_value(answer).map_err(|error| self.away(&format!("its answer is not understood: {error}")))
    }

    /// Follows a run's log from a place on.
    pub(super) async fn follow(&self, dir: &str, from: u64) -> Result<Following, HostError> {
        self.tell("follow", json!({ "dir": dir, "from": from })).await
    }

    /// Has the keeper there tell something as long as it lasts.
    pub(super) async fn tell(&self, what: &str, mut request: Value) -> Result<Following, HostError> {
        request["do"] = json!(what);
        let mut child = self.start(&request, Stdio::null()).await?;
        let bytes = child.stdout.take().ok_or_else(|| self.away("no output"))?;
        Ok(Following { bytes, _child: child })
    }

    async fn start(&self, request: &Value, errors: Stdio) -> Result<Child, HostError> {
        let mut command = self.command();
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(errors).kill_on_drop(true);
        let mut child = command.spawn().map_err(|error| self.away(&error.to_string()))?;
        let mut stdin = child.stdin.take().ok_or_else(|| self.away("no input"))?;
        let sent = format!("{}\n{KEEPER}{request}\n", KEEPER.len());
        // Whoever ends before it has read all says why on its standard error.
        let _ = tokio::time::timeout(PATIENCE, stdin.write_all(sent.as_bytes())).await;
        Ok(child)
    }

    fn command(&self) -> Command {
        match &self.way {
            Way::Here => {
                let mut command = environment::bare("python3", &KEEPS);
                command.args(ISOLATED).args(["-c", READS]).current_dir("/");
                command
            }
            Way::Ssh { destination, config } => {
                let mut command = openssh(config.as_deref());
                command.args(["-T", "--", destination]);
                command.arg(format!(
                    "for p in python3 python2 python; do command -v $p >/dev/null && exec $p {} -c \"{READS}\"; done; \
                     echo 'there is no python' >&2; exit 1",
                    ISOLATED.join(" ")
                ));
                command
            }
        }
    }

    fn away(&self, why: &str) -> HostError {
        let why = if why.is_empty() { "it said nothing" } else { why };
        HostError::Away { name: self.name().to_owned(), why: why.to_owned() }
    }

    /// Compass's working folder for a run.
    pub(super) fn work(&self, dir: &str) -> String {
        match &self.work {
            Some(work) => work.replace("{run}", dir),
            None => format!("{}/work", self.compass),
        }
    }
}

/// OpenSSH, which asks nobody and trusts no host that it does not know.
pub(crate) fn openssh(config: Option<&Path>) -> Command {
    let mut command = environment::bare("ssh", &SSH);
    if let Some(config) = config {
        command.arg("-F").arg(config);
    }
    for option in [
        "BatchMode=yes",
        "StrictHostKeyChecking=yes",
        "ConnectTimeout=10",
        "ServerAliveInterval=5",
        "ServerAliveCountMax=3",
        "ClearAllForwardings=yes",
    ] {
        command.args(["-o", option]);
    }
    command
}

/// The last lines of an error, short enough to be shown.
fn said(error: &[u8]) -> String {
    let text = String::from_utf8_lossy(error);
    let text = text.trim();
    text[text.ceil_char_boundary(text.len().saturating_sub(TOLD))..].replace('\n', "; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_destination_is_an_option_of_openssh() {
        for odd in ["-oProxyCommand=x", "a b", "a;b", "$(x)", "a'b"] {
            assert_eq!(Way::parse(odd, None), None, "{odd}");
        }
        assert_eq!(Way::parse("", None), Some(Way::Here));
        assert!(matches!(Way::parse("root@10.0.0.1", None), Some(Way::Ssh { .. })));
    }
}
