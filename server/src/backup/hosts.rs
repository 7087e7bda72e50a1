//! What kubespray left on the hosts: it takes a snapshot of its own whenever it restarts etcd, and looks after none.
//! They are listed as what they are, files that nobody has proved.

use std::{
    process::Stdio,
    sync::{Mutex, OnceLock, PoisonError},
    time::Duration,
};

use futures::future::join_all;
use tokio::io::AsyncReadExt;

use super::house::Backups;
use crate::deploy::{Way, openssh};

/// Where kubespray leaves them, as `etcd-<date>_<time>/snapshot.db`.
const FOLDER: &str = "/var/backups";
/// How long a host may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// How much of an answer is read, in bytes.
const MOST: u64 = 256 << 10;
/// How often hosts are asked.
const EVERY: Duration = Duration::from_secs(300);
/// A database is pages of this many bytes or more, and the digest behind it has 32.
const PAGE: u64 = 512;

/// A host that is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host {
    destination: String,
    folder: String,
    config: Option<std::path::PathBuf>,
    through: Option<String>,
}

/// What is known of a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OnHost {
    /// How it is reached, as it was named.
    pub host: String,
    /// When it was asked, in milliseconds since the epoch.
    pub at: i64,
    /// What lies there, newest first, or why that is not known.
    pub found: Result<Vec<FoundFile>, String>,
}

/// A snapshot that lies on a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundFile {
    /// Where.
    pub path: String,
    /// When it was written, in milliseconds since the epoch.
    pub written: i64,
    /// Its bytes.
    pub size: u64,
    /// Whether its length is that of a database with its digest. One that was cut can have it too.
    pub fits: bool,
}

/// The hosts of one cluster.
#[derive(Debug, Default)]
pub(super) struct Hosts {
    of: OnceLock<(String, Vec<Host>)>,
    known: Mutex<Vec<OnHost>>,
}

impl Host {
    /// From `[user@]host` or a name of OpenSSH's configuration, with `:/folder` behind it when it is another than
    /// kubespray's; `None` for what OpenSSH or a shell would take for something else.
    pub fn parse(text: &str, config: Option<std::path::PathBuf>, through: Option<String>) -> Option<Self> {
        let (name, folder) = match text.split_once(":/") {
            Some((name, folder)) => (name, format!("/{}", folder.trim_end_matches('/'))),
            None => (text, FOLDER.to_owned()),
        };
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-".contains(&byte);
        let Way::Ssh { destination, config } = Way::parse(name, config)? else { return None };
        folder.bytes().all(plain).then_some(Self { destination, folder, config, through })
    }

    async fn ask(&self) -> Result<Vec<FoundFile>, String> {
        let folder = &self.folder;
        let mut command = openssh(self.config.as_deref());
        if let Some(through) = &self.through {
            command.arg("-J").arg(through);
        }
        // The folder has only letters that mean nothing to a shell.
        command.args(["-T", "--", &self.destination]).arg(format!(
            "d={folder}; s=; [ \"$(id -u)\" = 0 ] || s='sudo -n'; [ ! -d \"$d\" ] || \
             exec $s find \"$d\" -mindepth 2 -maxdepth 2 -path \"$d/etcd-*\" -name snapshot.db -type f -printf '%T@ %s %p\\n'"
        ));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().map_err(|error| format!("ssh cannot be started: {error}"))?;
        let (Some(out), Some(err)) = (child.stdout.take(), child.stderr.take()) else {
            return Err("ssh has no output".into());
        };
        let (mut said, mut wrong) = (String::new(), String::new());
        let (mut out, mut err) = (out.take(MOST), err.take(2_048));
        let (out, err) = tokio::join!(out.read_to_string(&mut said), err.read_to_string(&mut wrong));
        out.and(err).map_err(|error| format!("its answer cannot be read: {error}"))?;
        let status = child.wait().await.map_err(|error| error.to_string())?;
        if !status.success() {
            let wrong: Vec<&str> = wrong.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
            return Err(if wrong.is_empty() { status.to_string() } else { wrong.join("; ") });
        }
        let mut files: Vec<FoundFile> = said.lines().filter_map(|line| file(line, folder)).collect();
        files.sort_by_key(|file| std::cmp::Reverse(file.written));
        Ok(files)
    }

    async fn look(&self) -> OnHost {
        let found = tokio::time::timeout(PATIENCE, self.ask()).await;
        let found = found.unwrap_or_else(|_| Err("no answer within half a minute".into()));
        OnHost { host: self.destination.clone(), at: jiff::Timestamp::now().as_millisecond(), found }
    }
}

/// A line of the answer; `None` for what is none.
fn file(line: &str, folder: &str) -> Option<FoundFile> {
    let mut words = line.splitn(3, ' ');
    let (seconds, size, path) = (words.next()?, words.next()?, words.next()?);
    let day = path.strip_prefix(folder)?.strip_prefix("/etcd-")?.strip_suffix("/snapshot.db")?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_:.-".contains(&byte);
    let written = seconds.split('.').next()?.parse::<i64>().ok()?.checked_mul(1_000)?;
    let size: u64 = size.parse().ok()?;
    day.bytes().all(plain).then(|| FoundFile { path: path.to_owned(), written, size, fits: size % PAGE == 32 })
}

impl Backups {
    /// From now on a cluster's hosts are asked for what kubespray left there. Only the first word counts.
    pub fn ask_hosts(&self, cluster: &str, hosts: Vec<Host>) {
        let _ = self.hosts().of.set((cluster.to_owned(), hosts));
    }

    /// What was last known of a cluster's hosts.
    pub fn on_hosts(&self, cluster: &str) -> Vec<OnHost> {
        let is_its = self.hosts().of.get().is_some_and(|(name, _)| name == cluster);
        let known = || self.hosts().known.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if is_its { known() } else { Vec::new() }
    }

    /// Asks all of them, at once. A host that does not answer is said so.
    pub async fn look_at_hosts(&self) {
        let Some((_, hosts)) = self.hosts().of.get() else { return };
        let found = join_all(hosts.iter().map(Host::look)).await;
        *self.hosts().known.lock().unwrap_or_else(PoisonError::into_inner) = found;
    }
}

/// Goes on until it is dropped.
pub(super) async fn asked(backups: Backups) {
    loop {
        backups.look_at_hosts().await;
        tokio::time::sleep(EVERY).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_host_is_an_option_or_a_command() {
        for odd in ["-oProxyCommand=x", "a b", "host:/a b", "host:/$(x)", "host:/'", "", "host:/a;b"] {
            assert_eq!(Host::parse(odd, None, None), None, "{odd}");
        }
        let host = Host::parse("root@10.1.0.50", None, None).unwrap();
        assert_eq!((host.destination.as_str(), host.folder.as_str()), ("root@10.1.0.50", "/var/backups"));
        assert_eq!(Host::parse("host:/srv/kept/", None, None).unwrap().folder, "/srv/kept");
    }

    #[test]
    fn a_line_is_one_of_kubesprays_or_none() {
        let line = "1753797825.1234 20512 /var/backups/etcd-2026-11-25_03:00:07/snapshot.db";
        let found = file(line, "/var/backups").unwrap();
        assert_eq!((found.written, found.size, found.fits), (1_753_797_825_000, 20_512, true));
        assert!(!file(&line.replace("20512", "20480"), "/var/backups").unwrap().fits, "there is no digest behind it");
        for odd in [
            "",
            "x y z",
            "1 2 /etc/etcd-1/snapshot.db",
            "1 2 /var/backups/etcd-<b>/snapshot.db",
            "1 -2 /var/backups/etcd-1/snapshot.db",
        ] {
            assert_eq!(file(odd, "/var/backups"), None, "{odd}");
        }
    }
}
