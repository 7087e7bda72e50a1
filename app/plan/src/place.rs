//! Where in which file a value stands.

use std::ops::Deref;

use serde::Serialize;

use super::Secret;

/// One of the two files of a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum File {
    /// Roles of hosts, in Compass's words `DHA`.
    Dha,
    /// Networks, in Compass's words `NETWORK`.
    Network,
}

impl std::fmt::Display for File {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Dha => "DHA file",
            Self::Network => "network file",
        })
    }
}

/// A place in a text; both count from 1, columns in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Place {
    /// The line.
    pub line: u32,
    /// The character in that line.
    pub column: u32,
}

/// A value and where it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct At<T> {
    /// The value.
    pub value: T,
    /// Its first character.
    pub place: Place,
}

impl<T> At<T> {
    /// A value at a place.
    pub fn new(value: T, place: Place) -> Self {
        Self { value, place }
    }
}

impl<T> Deref for At<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

/// A key that the types do not know, kept as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unknown {
    /// The key, and where it stands.
    pub key: At<String>,
    /// Its value as one line of YAML flow text; a password's value is masked.
    pub value: String,
    /// What was masked, to be redacted wherever else it stands.
    pub secrets: Vec<Secret>,
}
