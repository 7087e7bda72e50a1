//! The way to members that another machine reaches and this one does not: the system's OpenSSH carries each connection
//! (`ssh -W`), with the keys, agent, known hosts and jumps that it is configured with. No port is opened here that others
//! on this machine could use, and TLS is spoken through it with the member itself, whose name is checked as without it.

use std::{
    io,
    path::PathBuf,
    pin::Pin,
    process::Stdio,
    task::{Context, Poll, ready},
};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf},
    process::{Child, ChildStderr, ChildStdin, ChildStdout},
    task::JoinHandle,
};

use super::{Endpoint, Why};
use crate::deploy::openssh;

/// How much of what OpenSSH says is kept.
const SAID: u64 = 4_096;
/// How much of that is told.
const TOLD: usize = 300;

/// A machine through which members are reached.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Through {
    destination: String,
    config: Option<PathBuf>,
}

impl Through {
    /// From `[user@]host` or a name of OpenSSH's configuration, and another configuration than the user's; `None` for
    /// what OpenSSH would take for something else.
    pub fn parse(text: &str, config: Option<PathBuf>) -> Option<Self> {
        match crate::deploy::Way::parse(text, config)? {
            crate::deploy::Way::Ssh { destination, config } => Some(Self { destination, config }),
            crate::deploy::Way::Here => None,
        }
    }

    /// A connection from there to an endpoint. Why there is none is told by the first that is read from it.
    pub(super) fn open(&self, endpoint: &Endpoint) -> io::Result<Carried> {
        let mut command = openssh(self.config.as_deref());
        // Without a shared connection of the user's, which would outlive this one.
        command.args(["-o", "ControlMaster=no", "-o", "ControlPath=none", "-W"]).arg(endpoint.authority());
        command.arg("--").arg(&self.destination);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn()?;
        let gone = || io::Error::other("ssh has no input and output");
        let (input, output) = (child.stdin.take().ok_or_else(gone)?, child.stdout.take().ok_or_else(gone)?);
        let said = child.stderr.take().ok_or_else(gone)?;
        let said = Some(tokio::spawn(heard(said)));
        Ok(Carried { input, output, said, destination: self.destination.clone(), _child: child })
    }
}

impl std::fmt::Display for Through {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.destination)
    }
}

/// A connection that OpenSSH carries; it ends with this.
pub(super) struct Carried {
    input: ChildStdin,
    output: ChildStdout,
    /// What it says, until the first byte came through.
    said: Option<JoinHandle<String>>,
    destination: String,
    _child: Child,
}

async fn heard(said: ChildStderr) -> String {
    let mut bytes = Vec::new();
    let mut some = said.take(SAID);
    let _ = some.read_to_end(&mut bytes).await;
    // Whoever is not listened to would wait.
    let _ = tokio::io::copy(&mut some.into_inner(), &mut tokio::io::sink()).await;
    String::from_utf8_lossy(&bytes).into_owned()
}

/// What it means when OpenSSH ends before a byte came through.
fn why(destination: &str, said: &str) -> Why {
    let lines =
        said.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("Warning: Permanently"));
    let said: String = lines.collect::<Vec<_>>().join("; ").chars().filter(|letter| !letter.is_control()).collect();
    let said = &said[said.ceil_char_boundary(said.len().saturating_sub(TOLD))..];
    if said.contains("connect failed: Connection refused") {
        return Why::Refused;
    }
    if let Some((_, after)) = said.split_once("open failed: connect failed: ") {
        let what = after.split(';').next().unwrap_or_default();
        return Why::Unreachable(format!("{destination} says {what}"));
    }
    let said = if said.is_empty() { "ssh ended and said nothing" } else { said };
    Why::Through { destination: destination.to_owned(), said: said.to_owned() }
}

impl AsyncRead for Carried {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.output).poll_read(cx, buf))?;
        if buf.filled().len() > before {
            self.said = None;
        } else if let Some(said) = &mut self.said {
            let said = ready!(Pin::new(said).poll(cx)).unwrap_or_default();
            self.said = None;
            return Poll::Ready(Err(io::Error::other(why(&self.destination, &said))));
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Carried {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.input).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.input).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.input).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_openssh_says_is_told_as_what_it_means() {
        let said = "channel 0: open failed: connect failed: Connection refused\nstdio forwarding failed\n";
        assert_eq!(why("jump", said), Why::Refused);
        let said = "channel 0: open failed: connect failed: No route to host\nstdio forwarding failed\n";
        assert_eq!(why("jump", said), Why::Unreachable("jump says No route to host".into()));
        let told = why("jump", "Host key verification failed.\r\n").to_string();
        assert!(told.contains("jump") && told.contains("Host key verification failed."), "{told}");
        assert!(why("jump", "").to_string().contains("said nothing"));
    }

    #[test]
    fn no_destination_is_an_option_of_openssh() {
        for odd in ["", "-oProxyCommand=x", "a b", "a;b"] {
            assert_eq!(Through::parse(odd, None), None, "{odd}");
        }
        assert!(Through::parse("root@10.1.0.2", None).is_some());
    }
}
