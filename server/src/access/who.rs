//! Who asks.

use std::net::IpAddr;

use super::Role;
use crate::store::Entry;

/// Who asks, found once for each request and handed on in its extensions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Who {
    /// What they are called: a user's name, a token's, `nobody`. Who they are is [`Who::subject`].
    pub name: String,
    /// What they may do; `None`: nothing that needs a role.
    pub role: Option<Role>,
    /// How we know.
    pub way: Way,
    /// From where, behind trusted proxies.
    pub from: IpAddr,
}

/// How we know who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Way {
    /// We do not.
    Nobody,
    /// They are on this machine, and no sign-in is asked for.
    Loopback,
    /// They signed in.
    Session {
        /// The session's id.
        id: String,
        /// Whose it is, whatever they are called.
        subject: String,
    },
    /// They have a token; its id.
    Token(String),
    /// They have a link to an embedded figure; its id.
    Link(String),
}

impl Way {
    /// In one word, for the audit.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Nobody => "nobody",
            Self::Loopback => "loopback",
            Self::Session { .. } => "session",
            Self::Token(_) => "token",
            Self::Link(_) => "link",
        }
    }
}

impl Who {
    /// Somebody we do not know.
    pub fn nobody(from: IpAddr) -> Self {
        Self { name: "nobody".into(), role: None, way: Way::Nobody, from }
    }

    /// Whether they may do what a role may.
    pub fn may(&self, role: Role) -> bool {
        self.role.is_some_and(|has| has >= role)
    }

    /// Who they are: the same for as long as they are the same, and nobody else's. Names may change hands.
    pub fn subject(&self) -> String {
        match &self.way {
            Way::Session { subject, .. } => subject.clone(),
            Way::Token(id) | Way::Link(id) => format!("{} {id}", self.way.word()),
            Way::Nobody | Way::Loopback => self.way.word().into(),
        }
    }

    /// An entry of the audit in their name.
    pub fn entry(&self, action: &str, target: &str, cluster: &str, allowed: bool, detail: &str) -> Entry {
        // A hostile path must not fill the database.
        let short = |text: &str| text.chars().take(300).collect::<String>();
        Entry {
            at: jiff::Timestamp::now().as_millisecond(),
            who: self.name.clone(),
            subject: self.subject(),
            way: self.way.word().into(),
            address: self.from.to_string(),
            action: action.into(),
            target: short(target),
            cluster: short(cluster),
            allowed,
            detail: short(detail),
        }
    }
}
