//! The phases of Compass's deploy.sh, each by the line that begins it, and the troubles it tells of.

use serde::{Deserialize, Serialize};

/// What deploy.sh is at, in its order. What the lines are is read from its source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// Packages, docker and a Python environment on the jump host.
    Python,
    /// The plan is looked through.
    Input,
    /// The plan becomes variables.
    Config,
    /// Virtual machines of an earlier deployment are destroyed.
    Teardown,
    /// Hardware addresses are collected.
    Addresses,
    /// Networks are set up on the jump host.
    Networks,
    /// Compass's containers are installed.
    Core,
    /// Machines are made known to Compass.
    Machines,
    /// Virtual machines are started.
    Boot,
    /// Compass is told about the cluster.
    Cluster,
    /// Hosts are set to boot from the network and reset, beside the other phases.
    Reset,
    /// Ansible runs, and kubespray within it. Before it the hosts install their systems, in silence.
    Ansible,
    /// Compass sums up.
    Summary,
}

/// Where a phase began.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// The phase.
    pub phase: Phase,
    /// The line that began it; counts from 0.
    pub line: u64,
    /// Where that line begins in the log, in bytes.
    pub offset: u64,
    /// When it was heard, in the caller's milliseconds.
    pub heard: i64,
}

/// A line that tells of a failure outside of Ansible.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trouble {
    /// The line; counts from 0.
    pub line: u64,
    /// The phase it was told in.
    pub phase: Option<Phase>,
    /// What it says.
    pub text: String,
    /// Whether deploy.sh ends for it.
    pub ends: bool,
}

/// The phase that a line begins. Traces of `set -x` begin those that print nothing themselves; of the others
/// a trace is only the mark's shadow.
pub(crate) fn begun(line: &str) -> Option<Phase> {
    let traced = line.strip_prefix("+ ");
    if let Some(command) = traced {
        return match command {
            "check_input_para" => Some(Phase::Input),
            "tear_down_machines" => Some(Phase::Teardown),
            _ if command.starts_with("source ") && command.ends_with("/deploy_config.sh") => Some(Phase::Config),
            _ if command.starts_with("python ") && command.contains("/client.py ") => Some(Phase::Cluster),
            _ if is_reset(command) => Some(Phase::Reset),
            _ => None,
        };
    }
    match line.as_bytes().first()? {
        b'#' if is_title(line, "get host mac begin") => Some(Phase::Addresses),
        b'#' if is_title(line, "set up network begin") => Some(Phase::Networks),
        b'P' if line.starts_with("PLAY [Install Compass]") => Some(Phase::Core),
        b'P' if line.starts_with("PLAY [Add Machine]") => Some(Phase::Machines),
        b'b' if line == "bringing up pxe boot vms" => Some(Phase::Boot),
        b's' if is_reset(line) => Some(Phase::Reset),
        b'|' if line.contains("To Use OpenStack CLI and Access Horizon") => Some(Phase::Summary),
        b'/' if line.ends_with("/work/deploy/venv/bin/python") => Some(Phase::Python),
        _ => None,
    }
}

/// Whether this is the line that deploy.sh's exit status is made from.
pub(crate) fn is_success(line: &str) -> bool {
    line == "compass deploy success"
}

fn is_title(line: &str, title: &str) -> bool {
    line.trim_matches(['#', ' ']) == title
}

fn is_reset(line: &str) -> bool {
    line.starts_with("set pxe and reset ")
        || line.starts_with("sudo docker exec compass-cobbler") && line.contains("cobbler system edit")
}

/// Whole lines, or beginnings of lines, by which deploy.sh tells of a failure, and whether it ends there.
const TOLD: [(&str, bool); 14] = [
    ("There is no jh_env_package.", true),
    ("invalid address:", true),
    ("format error in ", true),
    ("get_host_macs failed", true),
    ("prepare_env failed", true),
    ("create_nets failed", true),
    ("launch_compass failed", true),
    ("launch_harbor failed", true),
    ("set_compass_machine fail", false),
    ("can not get ansible log", false),
    ("can not get cluster state", false),
    ("('get cluster ", false),
    ("RuntimeError: ", true),
    ("config is not right", false),
];

/// What a line tells of a failure, if it does; with whether deploy.sh ends there.
pub(crate) fn told(line: &str) -> Option<bool> {
    if line.starts_with('+') {
        return None;
    }
    if let Some((_, ends)) = TOLD.iter().find(|(start, _)| line.starts_with(start)) {
        return Some(*ends);
    }
    let missing = line.ends_with("file doesn't exist") || line.ends_with("only supports 'devicemapper'.");
    let power = line.ends_with(" power on fail")
        || line.ends_with(" pxe fail")
        || line.starts_with("reset ") && line.ends_with(" fail");
    (missing || power).then_some(missing)
}
