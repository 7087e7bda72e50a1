//! Differences of real control planes: addresses, kubelets, certificates, proxies and clocks.

mod between;
mod clocks;
mod identities;
mod lists;
mod servers;
mod stand_ins;

use std::process::{Child, Command, Stdio};

/// A program that end2end/install put into .tools.
fn program(name: &str) -> Command {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../.tools/bin/");
    let mut command = Command::new(format!("{path}{name}"));
    command.stdin(Stdio::null());
    command
}

/// A process that ends with its test.
struct Process(Child);

impl Process {
    fn start(command: &mut Command) -> Self {
        Self(command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it starts"))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
