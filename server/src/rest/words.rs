//! Words that several answers share: the API's own, whatever the inner ones come to be.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::access;

/// The state of a thing, from best to worst. Pages call `ok` healthy, `done` completed, `ghost` planned, `stale` not
/// responding, `warn` not ready and `bad` failing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Health {
    /// Known to be healthy.
    Ok,
    /// Finished and meant to be.
    Done,
    /// Planned, not there yet.
    Ghost,
    /// On its way up or down.
    Starting,
    /// No source tells.
    Unknown,
    /// A source told, but longer ago than it should have.
    Stale,
    /// Works, but not as it should.
    Warn,
    /// Known to be broken.
    Bad,
}

impl From<scene::Health> for Health {
    fn from(health: scene::Health) -> Self {
        match health {
            scene::Health::Ok => Self::Ok,
            scene::Health::Done => Self::Done,
            scene::Health::Ghost => Self::Ghost,
            scene::Health::Starting => Self::Starting,
            scene::Health::Unknown => Self::Unknown,
            scene::Health::Stale => Self::Stale,
            scene::Health::Warn => Self::Warn,
            scene::Health::Bad => Self::Bad,
        }
    }
}

impl From<Health> for scene::Health {
    fn from(health: Health) -> Self {
        match health {
            Health::Ok => Self::Ok,
            Health::Done => Self::Done,
            Health::Ghost => Self::Ghost,
            Health::Starting => Self::Starting,
            Health::Unknown => Self::Unknown,
            Health::Stale => Self::Stale,
            Health::Warn => Self::Warn,
            Health::Bad => Self::Bad,
        }
    }
}

/// What somebody may do; each includes those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// See everything.
    Viewer,
    /// Deploy and back up.
    Operator,
    /// Tokens, links, the audit.
    Admin,
}

impl From<Role> for access::Role {
    fn from(role: Role) -> Self {
        match role {
            Role::Viewer => Self::Viewer,
            Role::Operator => Self::Operator,
            Role::Admin => Self::Admin,
        }
    }
}

impl Role {
    /// From the word that is kept; what is none may see and no more.
    pub(super) fn kept(word: &str) -> Self {
        match access::Role::from_word(word) {
            Some(access::Role::Admin) => Self::Admin,
            Some(access::Role::Operator) => Self::Operator,
            Some(access::Role::Viewer) | None => Self::Viewer,
        }
    }
}

/// Which figure.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Figure {
    /// Masters and nodes with their components and pods.
    #[default]
    Architecture,
    /// Which network carries what.
    Networking,
}

/// Colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Theme {
    /// Dark on white.
    #[default]
    Light,
    /// Light on dark.
    Dark,
}

/// A moment as RFC 3339, as in `2026-01-31T12:00:00Z`.
pub(super) fn moment(milliseconds: i64) -> String {
    jiff::Timestamp::from_millisecond(milliseconds).unwrap_or(jiff::Timestamp::UNIX_EPOCH).to_string()
}
