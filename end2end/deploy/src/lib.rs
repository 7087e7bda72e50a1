//! Rehearsals of deploy.sh for tests: each in a folder of its own, and nothing of it is left when it is dropped.

use std::{
    fs,
    io::{Read, Write},
    net::TcpStream,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use serde_json::Value;

/// The folder of deploy.sh.
pub fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// A rehearsal that was started.
pub struct Rehearsal {
    /// Its working directory.
    pub dir: PathBuf,
    child: Child,
}

impl Rehearsal {
    /// Starts a scenario, with more variables of deploy.sh; everything else of the environment is left out.
    ///
    /// # Panics
    /// When a folder or a process cannot be made.
    pub fn start(scenario: &str, more: &[(&str, &str)]) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let dir = std::env::temp_dir().join(format!("rehearsal-{}-{number}", std::process::id()));
        fs::create_dir_all(&dir).expect("a folder");
        let child = Command::new(folder().join("deploy.sh"))
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", &dir)
            .env("TERM", "dumb")
            .env("REHEARSAL", scenario)
            .envs(more.iter().copied())
            .current_dir(&dir)
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("deploy.sh");
        Self { dir, child }
    }

    /// What deploy.sh writes next; empty when it has ended.
    ///
    /// # Panics
    /// When the pipe breaks.
    pub fn read(&mut self) -> Vec<u8> {
        let mut chunk = vec![0; 64 * 1024];
        let length = self.child.stdout.as_mut().expect("a pipe").read(&mut chunk).expect("a pipe");
        chunk.truncate(length);
        chunk
    }

    /// Its exit status; none when a signal ended it. Waits for it.
    ///
    /// # Panics
    /// When it cannot be waited for.
    pub fn exit(&mut self) -> Option<i32> {
        self.child.wait().expect("deploy.sh").code()
    }

    /// Ends deploy.sh and its process group, but not what runs in the containers.
    pub fn cancel(&self) {
        drop(Command::new("kill").args(["-TERM", "--", &format!("-{}", self.child.id())]).status());
    }

    /// Whether Ansible runs in the tasks container.
    pub fn ansible_alive(&self) -> bool {
        self.tasks("alive")
    }

    /// Ends Ansible in the tasks container.
    pub fn end_ansible(&self) {
        self.tasks("end");
    }

    /// The log that Ansible writes itself; empty while there is none.
    pub fn ansible_log(&self) -> Vec<u8> {
        fs::read(self.container().join("ansible.log")).unwrap_or_default()
    }

    /// Hosts that have become nodes of the cluster, in order.
    pub fn nodes(&self) -> Vec<String> {
        let entries = fs::read_dir(self.container().join("cluster")).into_iter().flatten();
        let mut nodes: Vec<String> = entries
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .filter(|name| !name.contains('.'))
            .collect();
        nodes.sort();
        nodes
    }

    /// What the deck says of the cluster; none when it does not answer within two seconds.
    pub fn deck(&self) -> Option<Value> {
        let docker = self.dir.join("work/deploy/docker");
        let address = fs::read_to_string(docker.join("deck.address")).ok()?;
        let token = fs::read_to_string(docker.join("deck.token")).ok()?;
        let mut line = TcpStream::connect(&address).ok()?;
        line.set_read_timeout(Some(Duration::from_secs(2))).ok()?;
        let head = "GET /api/clusters/1/state HTTP/1.0\r\n";
        write!(line, "{head}X-Auth-Token: {token}\r\n\r\n").ok()?;
        let mut answer = String::new();
        line.read_to_string(&mut answer).ok()?;
        serde_json::from_str(answer.split_once("\r\n\r\n")?.1).ok()
    }

    /// The token with which the deck is asked, which no log may show.
    pub fn token(&self) -> String {
        fs::read_to_string(self.dir.join("work/deploy/docker/deck.token")).unwrap_or_default()
    }

    fn container(&self) -> PathBuf {
        self.dir.join("work/deploy/docker/ansible/run/kubernetes-opnfv")
    }

    fn tasks(&self, what: &str) -> bool {
        let dir: &Path = &self.dir;
        Command::new(folder().join("tasks")).arg(what).arg(dir).status().is_ok_and(|status| status.success())
    }
}

impl Drop for Rehearsal {
    fn drop(&mut self) {
        self.cancel();
        self.tasks("down");
        drop(self.child.wait());
        drop(fs::remove_dir_all(&self.dir));
    }
}
