//! A server of deployments as a process of its own, to be killed.

use std::{
    os::unix::process::ExitStatusExt,
    process::{Child, Command, Stdio},
};

use super::Yard;

const YARD: &str = "BINNACLE_TEST_YARD";

pub struct Server(Child);

impl Server {
    /// Starts one, which lives until it is killed. A file that grows too large is an error for it, not its end.
    pub fn start(yard: &Yard) -> Self {
        let program = std::env::current_exe().expect("this program");
        let child = Command::new("sh")
            .args(["-c", "trap '' XFSZ; exec \"$0\" --exact a_server_that_is_killed --nocapture"])
            .arg(program)
            .env(YARD, yard.told())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("it runs");
        Self(child)
    }

    pub fn id(&self) -> u32 {
        self.0.id()
    }

    /// kill -9; whether it was that which ended it.
    pub fn kill(mut self) -> bool {
        drop(self.0.kill());
        self.0.wait().expect("it ended").signal() == Some(9)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// What such a process does; whether this is one.
pub async fn serve() -> bool {
    let Ok(told) = std::env::var(YARD) else { return false };
    let yard = Yard::of(&told);
    let _open = yard.open().await;
    tokio::time::sleep(std::time::Duration::from_secs(300)).await;
    true
}
