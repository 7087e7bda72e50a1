//! What pods belong to.

use serde::{Deserialize, Serialize};

use super::{Key, Labels, Name, Stamp};

/// A Deployment, ReplicaSet, StatefulSet, DaemonSet or Job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    /// Which kind.
    pub kind: OwnerKind,
    /// Namespace and name.
    pub key: Key,
    /// Its own controller: a ReplicaSet's Deployment, a Job's CronJob.
    pub owner: Option<(OwnerKind, Name)>,
    /// How many pods it wants.
    pub wanted: u32,
    /// How many of them are ready (completed, for a Job).
    pub ready: u32,
    /// How many pods of a Job are at work; 0 for other kinds.
    pub active: u32,
    /// Labels of its pods (`spec.template.metadata.labels`).
    pub labels: Labels,
    /// `metadata.creationTimestamp`.
    pub created: Stamp,
}

impl Owner {
    /// Whether it has what it wants, or is at work on it: a failed pod of it is then a leftover.
    pub fn is_settled(&self) -> bool {
        self.ready >= self.wanted || self.active > 0
    }
}

/// The kinds of owners; others keep their name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OwnerKind {
    /// apps/v1.
    Deployment,
    /// apps/v1.
    ReplicaSet,
    /// apps/v1.
    StatefulSet,
    /// apps/v1.
    DaemonSet,
    /// batch/v1.
    Job,
    /// batch/v1.
    CronJob,
    /// A node, which owns the mirrors of its static pods.
    Node,
    /// Any other kind, by its name.
    Other(Name),
}

impl OwnerKind {
    /// As the API has it.
    pub fn word(&self) -> &str {
        match self {
            Self::Deployment => "Deployment",
            Self::ReplicaSet => "ReplicaSet",
            Self::StatefulSet => "StatefulSet",
            Self::DaemonSet => "DaemonSet",
            Self::Job => "Job",
            Self::CronJob => "CronJob",
            Self::Node => "Node",
            Self::Other(name) => name,
        }
    }

    /// From the API's word.
    pub fn from_word(word: &str) -> Self {
        match word {
            "Deployment" => Self::Deployment,
            "ReplicaSet" => Self::ReplicaSet,
            "StatefulSet" => Self::StatefulSet,
            "DaemonSet" => Self::DaemonSet,
            "Job" => Self::Job,
            "CronJob" => Self::CronJob,
            "Node" => Self::Node,
            other => Self::Other(other.into()),
        }
    }
}
