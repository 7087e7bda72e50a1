//! How far a deployment is, as a word for the database, the API and the style sheet.

use serde::{Deserialize, Serialize};
use transcript::{Kind, Verdict};

/// How far a deployment is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// It waits for its jump host.
    Queued,
    /// It goes on.
    Running,
    /// Every witness says that it went well.
    Succeeded,
    /// It did not.
    Failed,
    /// deploy.sh ended, and Ansible goes on.
    FailedButRunning,
    /// Somebody ended it.
    Cancelled,
    /// deploy.sh is gone, and Ansible goes on.
    Lost,
    /// Nobody knows.
    Unknown,
}

impl State {
    /// All, in the order of a life.
    pub const ALL: [Self; 8] = [
        Self::Queued,
        Self::Running,
        Self::Succeeded,
        Self::Failed,
        Self::FailedButRunning,
        Self::Cancelled,
        Self::Lost,
        Self::Unknown,
    ];

    /// Its word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::FailedButRunning => "failed-but-running",
            Self::Cancelled => "cancelled",
            Self::Lost => "lost",
            Self::Unknown => "unknown",
        }
    }

    /// From its word; what is no word of ours is unknown.
    pub fn from_word(word: &str) -> Self {
        Self::ALL.into_iter().find(|state| state.word() == word).unwrap_or(Self::Unknown)
    }

    /// Whether something still goes on there.
    pub const fn is_live(self) -> bool {
        matches!(self, Self::Queued | Self::Running | Self::FailedButRunning | Self::Lost)
    }
}

impl From<Verdict> for State {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Running => Self::Running,
            Verdict::Succeeded => Self::Succeeded,
            Verdict::Failed => Self::Failed,
            Verdict::FailedButRunning => Self::FailedButRunning,
            Verdict::Cancelled => Self::Cancelled,
            Verdict::Lost => Self::Lost,
            Verdict::Unknown => Self::Unknown,
        }
    }
}

/// A kind's word.
pub const fn kind_word(kind: Kind) -> &'static str {
    match kind {
        Kind::Deploy => "deploy",
        Kind::Expand => "expand",
        Kind::Redeploy => "redeploy",
    }
}

/// A kind from its word.
pub fn kind_from(word: &str) -> Option<Kind> {
    [Kind::Deploy, Kind::Expand, Kind::Redeploy].into_iter().find(|kind| kind_word(*kind) == word)
}
