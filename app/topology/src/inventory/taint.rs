//! Taints of nodes, and what tolerates them.

use serde::{Deserialize, Serialize};

use super::Name;

/// One entry of a node's `spec.taints`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Taint {
    /// `key`.
    pub key: Name,
    /// `value`; often empty.
    pub value: Name,
    /// `effect`.
    pub effect: Effect,
}

/// `effect` of a taint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Effect {
    /// `NoSchedule`: no new pods.
    NoSchedule,
    /// `PreferNoSchedule`: new pods only where nothing else is left.
    PreferNoSchedule,
    /// `NoExecute`: no new pods, and those that run are evicted.
    NoExecute,
}

impl Effect {
    /// As the API has it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::NoSchedule => "NoSchedule",
            Self::PreferNoSchedule => "PreferNoSchedule",
            Self::NoExecute => "NoExecute",
        }
    }

    /// From the API's word.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::NoSchedule, Self::PreferNoSchedule, Self::NoExecute].into_iter().find(|effect| effect.word() == word)
    }
}

impl std::fmt::Display for Taint {
    /// As kubectl writes it: `key=value:effect`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.key)?;
        if !self.value.is_empty() {
            write!(f, "={}", self.value)?;
        }
        write!(f, ":{}", self.effect.word())
    }
}

/// One entry of a pod's `spec.tolerations`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Toleration {
    /// `key`; empty with no value tolerates every key.
    pub key: Name,
    /// `value` where the operator is `Equal`; `None` where it is `Exists`.
    pub value: Option<Name>,
    /// `effect`; `None` for every effect.
    pub effect: Option<Effect>,
    /// `tolerationSeconds`: how long a `NoExecute` taint is borne; `None` for ever.
    pub seconds: Option<i64>,
}

impl Toleration {
    /// Whether it tolerates a taint, for however long.
    pub fn tolerates(&self, taint: &Taint) -> bool {
        self.effect.is_none_or(|effect| effect == taint.effect)
            && (self.key.is_empty() || self.key == taint.key)
            && self.value.as_ref().is_none_or(|value| *value == taint.value)
    }
}
