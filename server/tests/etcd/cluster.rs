//! Real etcds on loopback, ended with the test.

use std::{
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU16, Ordering},
    time::{Duration, Instant},
};

use binnacle::etcd::{Endpoint, Hashes, Members, Tls, look};

use super::certificates::{Authority, Pair, tls};

/// Which etcd.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Age {
    /// Today's.
    New,
    /// Debian's 3.4.
    Old,
    /// 3.2, which Compass installs.
    Oldest,
}

impl Age {
    pub const ALL: [Self; 3] = [Self::New, Self::Old, Self::Oldest];
}

/// A folder that goes with the test.
pub struct Folder(pub PathBuf);

impl Folder {
    pub fn new() -> Self {
        let path = std::env::temp_dir().join(format!("binnacle-etcd-{}-{:x}", std::process::id(), fastrand::u64(..)));
        std::fs::create_dir_all(&path).expect("a folder");
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

pub struct Cluster {
    pub members: Vec<One>,
    pub folder: Folder,
    pub tls: Tls,
}

pub struct One {
    pub name: String,
    pub endpoint: Endpoint,
    command: Command,
    child: Child,
}

impl One {
    /// As when its machine loses power.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// As by hand: all that it knows is in its database then.
    pub fn stop(&mut self) {
        self.signal("TERM");
        let _ = self.child.wait();
    }

    /// With what it has on its disk.
    pub fn start_again(&mut self) {
        self.child = self.command.spawn().expect("etcd");
    }

    /// As `STOP` for a machine that hangs, `CONT` for one that goes on.
    pub fn signal(&self, signal: &str) {
        run(Command::new("kill").args([&format!("-{signal}"), &self.child.id().to_string()]), b"");
    }
}

impl Drop for One {
    fn drop(&mut self) {
        self.kill();
    }
}

pub fn program(variable: &str) -> String {
    std::env::var(variable).expect("run this through end2end/with-etcd")
}

/// A port that nobody has, and that no connection is given by the system meanwhile: these begin at 32768.
pub fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    NEXT.compare_exchange(0, fastrand::u16(10_000..19_000), Ordering::Relaxed, Ordering::Relaxed).ok();
    std::iter::repeat_with(|| 10_000 + NEXT.fetch_add(1, Ordering::Relaxed) % 10_000)
        .take(10_000)
        .find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok())
        .expect("a port")
}

impl Cluster {
    /// So many members without TLS.
    pub async fn plain(age: Age, count: usize) -> Self {
        let cluster = Self::start(age, count, Folder::new(), "127.0.0.1", None);
        cluster.until("it is well", |members| members.quorum().well == count).await;
        cluster
    }

    /// So many members that take clients with certificates alone. The authority is `ca.pem`, ours is `client.pem`.
    pub async fn with_tls(age: Age, count: usize) -> Self {
        let folder = Folder::new();
        let authority = Authority::new(&folder.0, "ca");
        let server = authority.issue("server", &["127.0.0.1", "localhost"], 2050);
        let client = authority.issue("client", &["client"], 2050);
        let tls = tls(&folder.0, "ca", Some(&client));
        let cluster = Self::start(age, count, folder, "127.0.0.1", Some((server, tls)));
        cluster.until("it is well", |members| members.quorum().well == count).await;
        cluster
    }

    /// On loopback, under this name of it; with a pair for the servers, and what clients trust and have.
    pub fn start(age: Age, count: usize, folder: Folder, host: &str, secured: Option<(Pair, Tls)>) -> Self {
        Self::start_named("etcd", age, count, folder, host, secured)
    }

    /// The same, with names that begin so and end with numbers from 1.
    pub fn start_named(
        names: &str,
        age: Age,
        count: usize,
        folder: Folder,
        host: &str,
        secured: Option<(Pair, Tls)>,
    ) -> Self {
        let ports: Vec<(u16, u16)> = (0..count).map(|_| (free_port(), free_port())).collect();
        let peers = ports.iter().enumerate();
        let peers: Vec<String> =
            peers.map(|(n, (_, peer))| format!("{names}{}=http://127.0.0.1:{peer}", n + 1)).collect();
        let scheme = if secured.is_some() { "https" } else { "http" };
        let start = |(n, (client, peer)): (usize, &(u16, u16))| {
            let name = format!("{names}{}", n + 1);
            let (listens, url) = (format!("{scheme}://127.0.0.1:{client}"), format!("{scheme}://{host}:{client}"));
            let peer = format!("http://127.0.0.1:{peer}");
            let mut command = Command::new(program(match age {
                Age::New => "BINNACLE_TEST_ETCD",
                Age::Old => "BINNACLE_TEST_ETCD_OLD",
                Age::Oldest => "BINNACLE_TEST_ETCD_OLDEST",
            }));
            let log = std::fs::File::create(folder.0.join(format!("{name}.log"))).expect("a log");
            command.args(["--name", &name, "--listen-client-urls", &listens]);
            if age != Age::Oldest {
                command.args(["--log-level", "warn", "--logger", "zap"]);
            }
            command.args(["--advertise-client-urls", &url, "--listen-peer-urls", &peer]);
            command.args(["--initial-advertise-peer-urls", &peer, "--initial-cluster", &peers.join(",")]);
            command.arg("--data-dir").arg(folder.0.join(&name));
            if age == Age::New {
                command.arg("--unsafe-no-fsync");
            }
            if let Some((pair, tls)) = &secured {
                command.arg("--client-cert-auth").arg("--cert-file").arg(&pair.cert).arg("--key-file").arg(&pair.key);
                command.arg("--trusted-ca-file").arg(tls.cacert.as_ref().expect("an authority"));
            }
            let child = command.env_clear().stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn();
            One { name, endpoint: Endpoint::parse(&url).expect("an endpoint"), command, child: child.expect("etcd") }
        };
        let members = ports.iter().enumerate().map(start).collect();
        let tls = secured.map(|(_, tls)| tls).unwrap_or_default();
        Self { members, folder, tls }
    }

    pub fn endpoints(&self) -> Vec<Endpoint> {
        self.members.iter().map(|one| one.endpoint.clone()).collect()
    }

    pub async fn look(&self, hashes: Hashes) -> Members {
        look(&self.endpoints(), &self.tls, hashes).await.expect("somebody answers")
    }

    /// Looks until it is so.
    pub async fn until(&self, what: &str, so: impl Fn(&Members) -> bool) -> Members {
        let began = Instant::now();
        loop {
            let seen = look(&self.endpoints(), &self.tls, Hashes::Leave).await;
            match seen {
                Ok(members) if so(&members) => return members,
                seen => assert!(began.elapsed() < Duration::from_secs(60), "{what} does not come true: {seen:#?}"),
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    pub fn one(&mut self, name: &str) -> &mut One {
        self.members.iter_mut().find(|one| one.name == name).expect("a member")
    }

    /// Runs etcdctl on it.
    pub fn ctl(&self, args: &[&str], input: &[u8]) -> String {
        let urls: Vec<String> = self.endpoints().iter().map(ToString::to_string).collect();
        let mut command = Command::new(program("BINNACLE_TEST_ETCDCTL"));
        command.args(["--endpoints", &urls.join(",")]);
        if let (Some(ca), Some(cert), Some(key)) = (&self.tls.cacert, &self.tls.cert, &self.tls.key) {
            command.arg("--cacert").arg(ca).arg("--cert").arg(cert).arg("--key").arg(key);
        }
        run(command.args(args), input)
    }

    /// Puts keys with values of so many random bytes.
    pub fn fill(&self, keys: usize, bytes: usize) {
        let mut random = fastrand::Rng::with_seed(11);
        for key in 0..keys {
            let value: Vec<u8> = (0..bytes).map(|_| random.alphanumeric() as u8).collect();
            self.ctl(&["put", &format!("/registry/pods/default/pod-{key}")], &value);
        }
    }
}

/// Runs a program that must go well, and answers its output.
pub fn run(command: &mut Command, input: &[u8]) -> String {
    use std::io::Write;
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it runs");
    child.stdin.take().expect("its input").write_all(input).expect("taken");
    let output = child.wait_with_output().expect("an end");
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

/// What etcd's own tool says of a snapshot.
pub fn status(file: &Path) -> serde_json::Value {
    let mut command = Command::new(program("BINNACLE_TEST_ETCDUTL"));
    serde_json::from_str(&run(command.args(["snapshot", "status", "-w", "json"]).arg(file), b"")).expect("JSON")
}
