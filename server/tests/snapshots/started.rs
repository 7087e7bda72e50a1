//! Real etcds with something in them, ended with the test, and their snapshots.

use std::{
    io::Write,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use serde_json::Value;

/// A folder that goes with the test.
pub struct Folder(pub PathBuf);

impl Folder {
    pub fn new() -> Self {
        let path = std::env::temp_dir().join(format!("binnacle-snap-{:x}", fastrand::u64(..)));
        std::fs::create_dir_all(&path).expect("a folder");
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// What `end2end/with-etcd` names.
pub fn program(variable: &str) -> PathBuf {
    std::env::var_os(variable).expect("run this through end2end/with-etcd").into()
}

pub const NEW: &str = "BINNACLE_TEST_ETCD";
/// Debian's 3.4.
pub const OLD: &str = "BINNACLE_TEST_ETCD_OLD";
/// 3.2, which Compass installs.
pub const OLDEST: &str = "BINNACLE_TEST_ETCD_OLDEST";

/// One member, on sockets in its folder.
pub struct Etcd {
    pub folder: Folder,
    /// As in [`NEW`].
    pub which: &'static str,
    child: Child,
}

impl Drop for Etcd {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Etcd {
    pub fn start(which: &'static str) -> Self {
        Self::with(which, &[])
    }

    pub fn with(which: &'static str, flags: &[&str]) -> Self {
        let folder = Folder::new();
        Self::on(which, flags, folder)
    }

    /// On the data that lies in the folder.
    pub fn on(which: &'static str, flags: &[&str], folder: Folder) -> Self {
        // 3.2 asks for the address of its first peers, sockets or not.
        let (clients, peers) =
            ("unix://clients:1", if which == OLDEST { "unix://localhost:1" } else { "unix://peers:1" });
        let newer = ["--unsafe-no-fsync", "--log-level", "error"];
        let child = Command::new(program(which))
            .args(["--data-dir", "data", "--name", "rehearsal"])
            .args(if which == OLDEST { &[][..] } else { &newer })
            .args(["--listen-client-urls", clients, "--advertise-client-urls", clients])
            .args(["--listen-peer-urls", peers, "--initial-advertise-peer-urls", peers])
            .args(["--initial-cluster", &format!("rehearsal={peers}")])
            .args(flags)
            .current_dir(&folder.0)
            .stdin(Stdio::null())
            .stderr(if which == OLDEST { Stdio::null() } else { Stdio::inherit() })
            .spawn()
            .expect("etcd starts");
        let etcd = Self { folder, which, child };
        let until = Instant::now() + Duration::from_secs(60);
        while !etcd.try_ctl(&["get", "ready"], "").status.success() {
            assert!(Instant::now() < until, "no etcd within a minute");
            sleep(Duration::from_millis(50));
        }
        etcd
    }

    fn try_ctl(&self, args: &[&str], input: &str) -> Output {
        let mut child = Command::new(program("BINNACLE_TEST_ETCDCTL"))
            .env_clear()
            .args(["--endpoints", "unix://clients:1", "--command-timeout", "60s"])
            .args(args)
            .current_dir(&self.folder.0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("etcdctl starts");
        child.stdin.take().expect("an input").write_all(input.as_bytes()).expect("written");
        child.wait_with_output().expect("it ends")
    }

    /// etcdctl, with this on its standard input.
    pub fn ctl(&self, args: &[&str], input: &str) -> String {
        let output = self.try_ctl(args, input);
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    pub fn json(&self, args: &[&str]) -> Value {
        let text = self.ctl(&[args, &["-w", "json"]].concat(), "");
        serde_json::from_str(&text).expect("JSON")
    }

    /// Puts so many keys, as `PREFIX1` and on, with values of so many bytes, in transactions of a hundred.
    pub fn fill(&self, prefix: &str, keys: usize, bytes: usize) {
        let value = "v".repeat(bytes);
        let all: Vec<usize> = (1..=keys).collect();
        for part in all.chunks(100) {
            let puts: String = part.iter().map(|number| format!("put {prefix}{number} {value}\n")).collect();
            self.ctl(&["txn"], &format!("\n{puts}\n\n"));
        }
    }

    /// How many keys it has.
    pub fn count(&self) -> Option<u64> {
        let fields = self.ctl(&["get", "", "--prefix", "--count-only", "-w", "fields"], "");
        fields.lines().find_map(|line| line.strip_prefix("\"Count\" : "))?.parse().ok()
    }

    pub fn revision(&self) -> i64 {
        self.json(&["get", "ready"])["header"]["revision"].as_i64().expect("a revision")
    }

    pub fn compact(&self) -> i64 {
        let revision = self.revision();
        self.ctl(&["compact", "--physical", &revision.to_string()], "");
        revision
    }

    /// A snapshot of it, as etcdctl saves it.
    pub fn save(&self, name: &str) -> PathBuf {
        self.ctl(&["snapshot", "save", name], "");
        self.folder.0.join(name)
    }
}

/// What `etcdutl snapshot status` tells.
pub fn status(file: &Path) -> Value {
    let output = Command::new(program("BINNACLE_TEST_ETCDUTL"))
        .args(["snapshot", "status", "-w", "json"])
        .arg(file)
        .output()
        .expect("etcdutl runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("JSON")
}
