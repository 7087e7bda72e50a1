//! The real server as a process of its own, and the plainest client there is.
#![expect(dead_code, reason = "each test needs a part of it")]

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

/// A folder that goes with the test.
pub struct Folder(pub PathBuf);

impl Folder {
    pub fn new() -> Self {
        let path = std::env::temp_dir().join(format!("binnacle-served-{}-{:x}", std::process::id(), fastrand::u64(..)));
        std::fs::create_dir_all(&path).expect("a folder");
        Self(path)
    }

    pub fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.join(name);
        std::fs::write(&path, text).expect("written");
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A process that says where it listens, ended with the test.
pub struct Process {
    child: Child,
    pub url: String,
    pub address: SocketAddr,
    log: Arc<Mutex<String>>,
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_binnacle"));
    command.args(args).env_clear().env("HOME", "/nonexistent").stdin(Stdio::null());
    command
}

impl Process {
    pub fn start(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it runs");
        let log = Arc::new(Mutex::new(String::new()));
        let (mut errors, kept) = (BufReader::new(child.stderr.take().expect("its log")), log.clone());
        std::thread::spawn(move || {
            let mut line = String::new();
            while errors.read_line(&mut line).is_ok_and(|read| read > 0) {
                kept.lock().expect("the log").push_str(&line);
                line.clear();
            }
        });
        Self::listening(child, log)
    }

    /// One whose log goes to a pipe that nobody reads any more.
    pub fn unheard(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it runs");
        drop(child.stderr.take());
        Self::listening(child, Arc::default())
    }

    fn listening(mut child: Child, log: Arc<Mutex<String>>) -> Self {
        let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines();
        let said = lines.find_map(|line| line.ok()?.strip_prefix("Listening on ").map(str::to_owned));
        let url = said.unwrap_or_else(|| panic!("it does not listen: {}", log.lock().expect("the log")));
        let address =
            url.split_once("://").and_then(|(_, rest)| rest.split('/').next()?.parse().ok()).expect("an address");
        Self { child, url, address, log }
    }

    /// Serves the built-in cluster.
    pub fn demo(folder: &Folder, more: &[&str]) -> Self {
        let data = folder.0.to_str().expect("text");
        let args = [&["serve", "--demo", "--listen", "127.0.0.1:0", "--data", data, "--log", "binnacle=trace"], more];
        Self::start(&mut command(&args.concat()))
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    pub fn log(&self) -> String {
        self.log.lock().expect("the log").clone()
    }

    /// Asks it to end; its exit code.
    pub fn terminate(&mut self) -> Option<i32> {
        let kill = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status();
        assert!(kill.is_ok_and(|status| status.success()));
        for _ in 0..1200 {
            if let Some(status) = self.child.try_wait().expect("a child") {
                return status.code();
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("it does not end: {}", self.log())
    }

    pub fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).expect("a connection");
        stream.set_read_timeout(Some(Duration::from_secs(60))).expect("a timeout");
        stream
    }

    /// Sends bytes as they are, and reads to the end.
    pub fn raw(&self, bytes: &[u8]) -> Answer {
        let mut stream = self.connect();
        // Whoever is refused early may find the line closed while it still sends.
        let _ = stream.write_all(bytes);
        let mut said = Vec::new();
        let _ = stream.read_to_end(&mut said);
        Answer::of(&said)
    }

    /// Asks for a path, with further lines of the head.
    pub fn ask(&self, method: &str, path: &str, head: &str, body: &str) -> Answer {
        let length = if body.is_empty() { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
        let host = self.address;
        let text = format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{length}{head}\r\n{body}");
        self.raw(text.as_bytes())
    }

    pub fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, "", "")
    }

    /// Opens a stream; what was answered so far.
    pub fn stream(&self, path: &str, mut line: TcpStream) -> (TcpStream, String) {
        let host = self.address;
        let head = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==";
        write!(line, "GET {path} HTTP/1.1\r\nHost: {host}\r\n{head}\r\n\r\n").expect("sent");
        let mut said = Vec::new();
        let mut byte = [0];
        while !said.ends_with(b"\r\n\r\n") && line.read(&mut byte).expect("an answer") == 1 {
            said.push(byte[0]);
        }
        (line, String::from_utf8_lossy(&said).into_owned())
    }
}

/// What came back; status 0 when nothing did.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Answer {
    fn of(said: &[u8]) -> Self {
        let text = String::from_utf8_lossy(said);
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0);
        Self { status, head: head.to_ascii_lowercase(), body: body.to_owned() }
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }
}

/// A kubeconfig with one context.
pub fn kubeconfig(folder: &Folder, server: &str) -> PathBuf {
    let text = format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: lab\nclusters: [{{name: c, cluster: {{server: '{server}'}}}}]\nusers: [{{name: u, user: {{}}}}]\ncontexts: [{{name: lab, context: {{cluster: c, user: u}}}}]\n"
    );
    folder.file("kubeconfig", &text)
}

pub fn text(path: &Path) -> &str {
    path.to_str().expect("text")
}

/// Waits until something holds.
pub fn until(what: &str, patience: Duration, mut holds: impl FnMut() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < patience, "never came: {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// A token of this role, made before the server starts.
pub fn token(folder: &Folder, role: &str) -> String {
    let made = command(&["token", "add", "test", "--role", role, "--days", "1", "--data", text(&folder.0)]).output();
    let said = String::from_utf8_lossy(&made.expect("it runs").stdout).into_owned();
    said.split_whitespace()
        .find(|word| word.starts_with("bnc_"))
        .unwrap_or_else(|| panic!("no token: {said}"))
        .to_owned()
}
