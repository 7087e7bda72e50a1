//! Exit codes, the same for every command.

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// All is well.
    Fine = 0,
    /// It was tried and did not work, or something was found that should not be.
    Failed = 1,
    /// What was asked cannot be understood or read: a flag, a setting, a file.
    Usage = 2,
    /// The cluster cannot be reached or does not let us in.
    Unreachable = 3,
    /// A missing fact decides, so the question has no answer.
    Unknown = 4,
}

/// The codes for people.
pub const EXIT_CODES: &str = "Exit codes:
  0  all is well
  1  it was tried and did not work; errors in a plan, differences from it; no backup to rely on
  2  a flag, a setting or a file cannot be understood or read
  3  the cluster, or its etcd, cannot be reached or does not let us in
  4  a missing fact or permission decides";

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}
