//! The demonstration's etcd: three members on loopback that hold the simulated cluster's objects.
//!
//! ```text
//! simulator ─kept, kept_since─▶ mirror ─▶ three members ─▶ backups, and the figure's word of etcd itself
//! ```
//! Invariants: the members end with this process, also when it is killed, because each waits at a pipe that only this
//! process holds. Their folder goes with them. A member that was killed on purpose keeps its folder and comes back.
//! One that ended by itself, as on a full disk, is started again.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{self, Write},
    net::TcpListener,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use futures::future::join_all;
use simulator::{Kept, Simulator};

use crate::{
    access,
    backup::{Backups, rehearsal::scratch::Scratch},
    etcd::{Access, Client, Endpoint, EtcdError, Tls},
    running::environment,
};

/// The masters of the built-in cluster, which its members are called after.
const MEMBERS: [&str; 3] = ["host1", "host2", "host3"];
/// How often changes are carried over.
const EVERY: Duration = Duration::from_millis(500);
/// So many keys are written at once.
const AT_ONCE: usize = 32;
/// How often it is looked whether a backup was taken.
const LOOK: Duration = Duration::from_secs(3);
/// Who says that each start makes another etcd.
const BY: &str = "the demonstration";
/// After so many rounds of the mirror, members that ended by themselves are started again: every 10 s.
const REVIVED: usize = 20;
/// Runs a member until it ends by itself, or standard input tells a word or ends. Without a word whoever started it is
/// gone, and the folder of all members goes. A reader that has read is not ended any more: its status tells the word.
const KEEPER: &str = "folder=$1; shift; exec 3<&0; \"$@\" 3<&- & member=$!; \
     { read -r word <&3; trap '' TERM; kill -9 $member; [ \"$word\" = keep ]; } 2>/dev/null & reader=$!; exec 3<&-; \
     wait $member 2>/dev/null; kill $reader 2>/dev/null; wait $reader 2>/dev/null; [ $? != 1 ] || rm -rf \"$folder\"";

/// The members, and what holds them.
pub struct Etcd {
    program: PathBuf,
    ports: Vec<(u16, u16)>,
    token: String,
    held: Mutex<Held>,
    folder: Scratch,
}

#[derive(Default)]
struct Held {
    running: BTreeMap<String, Child>,
    killed: BTreeSet<String>,
    cut: BTreeSet<String>,
}

impl Etcd {
    /// Starts the members in a folder of their own below `data`; none where etcd is not in the PATH.
    ///
    /// # Errors
    /// When the folder cannot be made or etcd cannot be run.
    pub fn start(data: &Path) -> io::Result<Option<Arc<Self>>> {
        let paths = std::env::var_os("PATH").unwrap_or_default();
        let mut programs =
            std::env::split_paths(&paths).filter(|path| path.is_absolute()).map(|path| path.join("etcd"));
        let program = programs.find(|path| path.is_file());
        let Some(program) = program else { return Ok(None) };
        let parent = data.join("demo-etcd");
        std::fs::create_dir_all(&parent)?;
        let folder = Scratch::new(&parent)?;
        // All are held at once, so that no two are the same.
        let listeners = (0..MEMBERS.len() * 2).map(|_| TcpListener::bind("127.0.0.1:0"));
        let listeners = listeners.collect::<io::Result<Vec<_>>>()?;
        let ports = listeners.iter().map(|it| Ok(it.local_addr()?.port())).collect::<io::Result<Vec<_>>>()?;
        drop(listeners);
        let ports = ports.chunks(2).map(|pair| (pair[0], pair[1])).collect();
        let etcd = Self { program, ports, token: access::random::<16>(), held: Mutex::default(), folder };
        for member in MEMBERS {
            let child = etcd.spawn(member)?;
            etcd.held().running.insert(member.to_owned(), child);
        }
        Ok(Some(Arc::new(etcd)))
    }

    /// Where its members are asked.
    pub fn access(&self) -> Access {
        let endpoint = |(client, _): &(u16, u16)| Endpoint::parse(&format!("http://127.0.0.1:{client}")).ok();
        Access { endpoints: self.ports.iter().filter_map(endpoint).collect(), tls: Tls::default() }
    }

    /// Their names, as the hosts'.
    pub(super) fn members(&self) -> Vec<String> {
        MEMBERS.map(str::to_owned).into()
    }

    /// Those that were killed on purpose.
    pub(super) fn killed(&self) -> Vec<String> {
        self.held().killed.iter().cloned().collect()
    }

    /// Kills a member; false when there is none of this name.
    pub(super) fn kill(&self, member: &str) -> bool {
        self.changed(member, |held| held.killed.insert(member.to_owned()))
    }

    /// Restarts a member that was killed.
    pub(super) fn restart(&self, member: &str) -> bool {
        self.changed(member, |held| held.killed.remove(member))
    }

    /// Ends a member with the network of its host, which may have none.
    pub(super) fn cut(&self, host: &str) {
        self.changed(host, |held| held.cut.insert(host.to_owned()));
    }

    /// Lets a member come back with the network of its host.
    pub(super) fn join(&self, host: &str) {
        self.changed(host, |held| held.cut.remove(host));
    }

    /// Ends all members; their folder goes when nobody holds this any more.
    pub fn stop(&self) {
        let running = std::mem::take(&mut self.held().running);
        running.into_values().for_each(|child| end(child, "keep\n"));
    }

    /// Whether so many members run that they agree.
    fn agrees(&self) -> bool {
        self.held().running.values_mut().map(lives).filter(|lives| *lives).count() * 2 > MEMBERS.len()
    }

    /// Starts the members again that ended by themselves, as they do where a disk is full or another has their port.
    fn revive(&self) {
        let mut held = self.held();
        for member in MEMBERS {
            let meant = held.killed.contains(member) || held.cut.contains(member);
            if meant || held.running.get_mut(member).is_some_and(lives) {
                continue;
            }
            let said = std::fs::read_to_string(self.log(member)).unwrap_or_default();
            tracing::warn!("etcd's member {member} ended: {}", said.lines().next_back().unwrap_or_default());
            match self.spawn(member) {
                Ok(child) => drop(held.running.insert(member.to_owned(), child)),
                Err(error) => tracing::warn!("etcd's member {member} cannot be started: {error}"),
            }
        }
    }

    fn log(&self, member: &str) -> PathBuf {
        self.folder.path().join(format!("{member}.log"))
    }

    fn changed(&self, member: &str, change: impl FnOnce(&mut Held) -> bool) -> bool {
        if !MEMBERS.contains(&member) {
            return false;
        }
        let mut held = self.held();
        change(&mut held);
        let wanted = !held.killed.contains(member) && !held.cut.contains(member);
        match (held.running.remove(member), wanted) {
            (Some(child), true) => drop(held.running.insert(member.to_owned(), child)),
            (Some(child), false) => end(child, "keep\n"),
            (None, true) => match self.spawn(member) {
                Ok(child) => drop(held.running.insert(member.to_owned(), child)),
                Err(error) => tracing::warn!("etcd's member {member} cannot be started: {error}"),
            },
            (None, false) => {}
        }
        true
    }

    fn spawn(&self, member: &str) -> io::Result<Child> {
        let index = MEMBERS.iter().position(|name| *name == member).unwrap_or_default();
        let (client, peer) = self.ports[index];
        let url = |port: u16| format!("http://127.0.0.1:{port}");
        let all: Vec<String> =
            MEMBERS.iter().zip(&self.ports).map(|(name, (_, peer))| format!("{name}={}", url(*peer))).collect();
        let log = std::fs::File::create(self.log(member))?;
        let mut command = environment::bare("sh", &[]).into_std();
        command.arg("-c").arg(KEEPER).arg("etcd").arg(self.folder.path()).arg(&self.program);
        command.args(["--name", member, "--data-dir", member, "--log-level", "error"]);
        command.args(["--listen-client-urls", &url(client), "--advertise-client-urls", &url(client)]);
        command.args(["--listen-peer-urls", &url(peer), "--initial-advertise-peer-urls", &url(peer)]);
        command.args(["--initial-cluster", &all.join(","), "--initial-cluster-token", &self.token]);
        command.args(["--auto-compaction-mode", "periodic", "--auto-compaction-retention", "10m"]);
        // Each file of the log is 64 MB: those before the newest are not needed after a snapshot of etcd's own.
        command.args(["--max-wals", "1"]);
        self.run(command, log)
    }

    /// In a group of its own: an interrupt at the terminal is for the server, which ends its members itself.
    fn run(&self, mut command: Command, log: std::fs::File) -> io::Result<Child> {
        command.current_dir(self.folder.path()).process_group(0);
        command.stdin(Stdio::piped()).stdout(log.try_clone()?).stderr(log).spawn()
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Etcd {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Whether a member runs.
fn lives(child: &mut Child) -> bool {
    matches!(child.try_wait(), Ok(None))
}

/// Ends a member, and waits for that.
fn end(mut child: Child, word: &str) {
    if let Some(mut pipe) = child.stdin.take() {
        let _ = pipe.write_all(word.as_bytes());
    }
    let _ = child.wait();
}

/// Carries the simulated cluster's objects over into its etcd, for ever.
pub(super) async fn mirror(simulator: Simulator, etcd: Arc<Etcd>) {
    let mut waiting = Kept::new();
    let mut since = None;
    let endpoints = etcd.access().endpoints;
    let mut line: Option<Client> = None;
    for round in 0_usize.. {
        let (version, changes) =
            since.and_then(|since| simulator.kept_since(since)).unwrap_or_else(|| simulator.kept());
        since = Some(version);
        waiting.extend(changes);
        if round % REVIVED == REVIVED - 1 {
            etcd.revive();
        }
        let down = !etcd.agrees();
        simulator.faults().set(|plan| plan.etcd_down = down);
        if !waiting.is_empty() && !down {
            let endpoint = &endpoints[round % endpoints.len()];
            match written(&mut line, endpoint, &mut waiting).await {
                Ok(()) => {}
                Err(error) => {
                    tracing::debug!("the demonstration's objects wait for its etcd: {error}");
                    line = None;
                }
            }
        }
        tokio::time::sleep(EVERY).await;
    }
}

/// Writes what waits; what is written waits no more.
async fn written(line: &mut Option<Client>, endpoint: &Endpoint, waiting: &mut Kept) -> Result<(), EtcdError> {
    let client = match line {
        Some(client) => client,
        None => line.insert(Client::connect(endpoint, &Tls::default()).await?),
    };
    while !waiting.is_empty() {
        let some: Vec<(String, Option<Vec<u8>>)> = std::iter::from_fn(|| waiting.pop_first()).take(AT_ONCE).collect();
        let done = join_all(some.iter().map(|(key, value)| async {
            match value {
                Some(value) => client.put(key, value).await,
                None => client.delete(key).await,
            }
        }));
        let mut failed = None;
        for (done, (key, value)) in done.await.into_iter().zip(some) {
            if let Err(error) = done {
                waiting.insert(key, value);
                failed = Some(error);
            }
        }
        if let Some(error) = failed {
            return Err(error);
        }
    }
    Ok(())
}

/// Says after each backup that the etcd is meant to be another than at the start before; for ever.
pub(super) async fn accept_lives(backups: Backups, cluster: String) {
    let mut last = None;
    loop {
        let newest = backups.told_of(&cluster).and_then(|told| told.newest);
        if newest != last {
            last = newest;
            if let Err(error) = backups.accept_life(&cluster, BY).await {
                tracing::debug!("the demonstration's new etcd is not noted: {error}");
            }
        }
        tokio::time::sleep(LOOK).await;
    }
}

#[cfg(test)]
mod tests {
    use simulator::{Cluster, Damage};

    use super::{super::Demonstration, *};

    #[test]
    fn mending_everything_leaves_members_down_whose_hosts_were_torn_down() {
        let parent = std::env::temp_dir().join(format!("binnacle-members-{}", access::random::<8>()));
        std::fs::create_dir(&parent).unwrap();
        let etcd = Arc::new(Etcd {
            program: "false".into(),
            ports: vec![(1, 2), (3, 4), (5, 6)],
            token: "token".into(),
            held: Mutex::default(),
            folder: Scratch::new(&parent).unwrap(),
        });
        let simulator = Simulator::new(Cluster::compass(5));
        let demonstration = Demonstration { name: "demo".into(), simulator, etcd: Some(etcd.clone()) };
        assert!(demonstration.simulator.damage(Damage::NetworkCut { host: "host2".into() }));
        etcd.cut("host1");
        etcd.cut("host2");
        assert!(etcd.kill("host3"));
        demonstration.mend_all();
        assert_eq!(etcd.killed(), Vec::<String>::new());
        assert_eq!(etcd.held().cut, BTreeSet::from(["host1".to_owned()]));
        drop((demonstration, etcd));
        std::fs::remove_dir(&parent).unwrap();
    }

    #[test]
    fn a_keeper_ends_with_its_member_and_clears_up_after_its_server() {
        let folder = std::env::temp_dir().join(format!("binnacle-keeper-{}", access::random::<8>()));
        let keeper = |program: &str| {
            std::fs::create_dir_all(&folder).unwrap();
            let mut command = Command::new("sh");
            command.args(["-c", KEEPER, "etcd"]).arg(&folder).args([program, "600"]);
            command.stdin(Stdio::piped()).spawn().unwrap()
        };
        let mut failed = keeper("false");
        let pipe = failed.stdin.take();
        failed.wait().unwrap();
        assert!(folder.exists(), "a member that ended by itself is started again there");
        drop(pipe);
        end(keeper("sleep"), "keep\n");
        assert!(folder.exists());
        end(keeper("sleep"), "");
        assert!(!folder.exists());
    }
}
