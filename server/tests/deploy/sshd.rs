//! A real sshd on loopback, with keys of its own, and the client's configuration that leads to it.

use std::{
    fs,
    net::{TcpListener, TcpStream},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

pub struct Sshd {
    child: Child,
    /// For `ssh -F`; knows the hosts `jump` and `stranger`, of which the first has its right key.
    pub config: PathBuf,
}

impl Sshd {
    pub fn start(dir: &Path) -> Self {
        let dir = dir.join("ssh");
        fs::create_dir_all(&dir).expect("a folder");
        fs::set_permissions(&dir, fs::Permissions::from_mode(0o700)).expect("private");
        for key in ["host", "client", "other"] {
            let made =
                Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(dir.join(key)).status();
            assert!(made.is_ok_and(|status| status.success()), "ssh-keygen");
        }
        let port = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a port").port();
        let text = |name: &str| fs::read_to_string(dir.join(name)).expect("a key");
        let at = |name: &str| dir.join(name).display().to_string();
        fs::write(dir.join("authorized"), text("client.pub")).expect("written");
        let known = format!("[127.0.0.1]:{port} {}", text("host.pub"));
        fs::write(dir.join("known"), known).expect("written");
        fs::write(dir.join("wrong"), format!("[127.0.0.1]:{port} {}", text("other.pub"))).expect("written");
        let server = format!(
            "Port {port}\nListenAddress 127.0.0.1\nHostKey {}\nAuthorizedKeysFile {}\nPidFile none\nStrictModes no\n\
             UsePAM no\nPasswordAuthentication no\nPermitRootLogin prohibit-password\n",
            at("host"),
            at("authorized")
        );
        fs::write(dir.join("sshd_config"), server).expect("written");
        let host = |name: &str, known: &str| {
            format!(
                "Host {name}\n  HostName 127.0.0.1\n  Port {port}\n  IdentityFile {}\n  IdentitiesOnly yes\n  \
                 UserKnownHostsFile {}\n  GlobalKnownHostsFile /dev/null\n",
                at("client"),
                at(known)
            )
        };
        let config = dir.join("config");
        let far = format!("{}  ProxyJump jump\n", host("far", "known"));
        fs::write(&config, format!("{}{}{far}", host("jump", "known"), host("stranger", "wrong"))).expect("written");
        // sshd wants this folder, and only a package's start-up script makes it.
        drop(fs::create_dir_all("/run/sshd"));
        let child = Command::new("/usr/sbin/sshd")
            .args(["-D", "-e", "-f"])
            .arg(dir.join("sshd_config"))
            .stdin(Stdio::null())
            .stderr(fs::File::create(dir.join("log")).expect("a log"))
            .spawn()
            .expect("sshd: end2end/install openssh");
        let began = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(began.elapsed() < Duration::from_secs(10), "sshd does not listen: {}", text("log"));
            std::thread::sleep(Duration::from_millis(50));
        }
        Self { child, config }
    }

    /// Ends every connection that is open, and none that comes later.
    pub fn cut(&self) {
        let id = self.child.id().to_string();
        let found = Command::new("pgrep").args(["-P", &id]).output().expect("pgrep");
        for pid in String::from_utf8_lossy(&found.stdout).split_whitespace() {
            drop(Command::new("kill").args(["-9", pid]).status());
            // What serves the session is a child of its child.
            let inner = Command::new("pgrep").args(["-P", pid]).output().expect("pgrep");
            for pid in String::from_utf8_lossy(&inner.stdout).split_whitespace() {
                drop(Command::new("kill").args(["-9", pid]).status());
            }
        }
    }
}

impl Drop for Sshd {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
