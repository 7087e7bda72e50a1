//! A program that runs for a rehearsal, and what it says.

use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom},
    path::{Path, PathBuf},
    process::{Child, Command},
    time::Duration,
};

use rustix::process::{Pid, Resource, Rlimit, prlimit};
use tokio::time::sleep;

/// What it says, both of it; each program has it for itself.
const LOG: &str = "log";
/// How much of that is read, and how much is told, from its end.
const READ: u64 = 4_096;
const TOLD: usize = 400;
const OFTEN: Duration = Duration::from_millis(20);

/// It is killed when nobody wants it any more.
pub(super) struct Running {
    child: Child,
    log: PathBuf,
}

impl Running {
    /// With so many bytes of memory of its own at most; pages of files, which the system takes back, do not count.
    pub fn start(mut command: Command, folder: &Path, memory: u64) -> io::Result<Self> {
        let log = folder.join(LOG);
        let file = File::create(&log)?;
        // Go tidies up more often before it comes to that.
        command.env("GOMEMLIMIT", (memory / 4 * 3).to_string());
        let child = command.stdout(file.try_clone()?).stderr(file).spawn()?;
        let running = Self { child, log };
        // Where memory is short all the same it is the first to go, and not what it is held for.
        let _ = std::fs::write(format!("/proc/{}/oom_score_adj", running.child.id()), "1000");
        let pid = i32::try_from(running.child.id()).ok().and_then(Pid::from_raw);
        prlimit(pid, Resource::Data, Rlimit { current: Some(memory), maximum: Some(memory) })?;
        Ok(running)
    }

    /// Whether it ended well; nothing as long as it runs.
    pub fn ended(&mut self) -> Option<bool> {
        match self.child.try_wait() {
            Ok(status) => Some(status?.success()),
            Err(_) => Some(false),
        }
    }

    /// Waits for its end.
    pub async fn end(&mut self) -> bool {
        loop {
            if let Some(well) = self.ended() {
                return well;
            }
            sleep(OFTEN).await;
        }
    }

    /// The end of what it said.
    pub fn said(&self) -> String {
        let mut bytes = Vec::new();
        let read = File::open(&self.log).and_then(|mut file| {
            let length = file.metadata()?.len();
            file.seek(SeekFrom::Start(length.saturating_sub(READ)))?;
            file.take(READ).read_to_end(&mut bytes)
        });
        read.map_or_else(|error| error.to_string(), |_| String::from_utf8_lossy(&bytes).into_owned())
    }

    /// The same for an error.
    pub fn told(&self) -> String {
        short(&self.said())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The end of a text, on one line.
pub(super) fn short(text: &str) -> String {
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let letters: Vec<char> = lines.join(" | ").chars().filter(|letter| !letter.is_control()).collect();
    let end: String = letters[letters.len().saturating_sub(TOLD)..].iter().collect();
    if end.is_empty() { "it says nothing".to_owned() } else { end }
}
