//! Releases of Compass4nfv, as far as their Kubernetes differs.

use std::{fmt, str::FromStr};

/// A release of Compass4nfv, by its name at OPNFV.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Release {
    /// 5.x, whose Kubernetes has no role `ha`.
    Euphrates,
    /// 6.x.
    Fraser,
    /// 7.x, the newest with Kubernetes.
    #[default]
    Gambia,
}

/// No release has this name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no release of Compass with Kubernetes: name euphrates, fraser or gambia")]
pub struct UnknownRelease(pub String);

impl Release {
    /// Whether Kubernetes' hosts can have the role `ha`, and one must.
    pub const fn has_ha(self) -> bool {
        !matches!(self, Self::Euphrates)
    }
}

impl FromStr for Release {
    type Err = UnknownRelease;

    fn from_str(text: &str) -> Result<Self, UnknownRelease> {
        match text.trim().to_ascii_lowercase().as_str() {
            "euphrates" => Ok(Self::Euphrates),
            "fraser" => Ok(Self::Fraser),
            "gambia" => Ok(Self::Gambia),
            _ => Err(UnknownRelease(text.to_owned())),
        }
    }
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Euphrates => "Euphrates",
            Self::Fraser => "Fraser",
            Self::Gambia => "Gambia",
        })
    }
}
