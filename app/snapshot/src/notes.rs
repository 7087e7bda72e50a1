//! What a sound snapshot lets expect of an etcd that starts on it.

use serde::{Deserialize, Serialize};

use crate::Examined;

/// What an etcd does, or lacks, that starts on a snapshot. A sound snapshot may have several.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Note {
    /// The alarm NOSPACE is in it.
    NoSpace,
    /// The alarm CORRUPT is in it.
    Corrupt,
    /// An alarm is in it that is not known here.
    OtherAlarm,
    /// It asks for users.
    Auth,
    /// It has no key at all.
    Empty,
    /// It has no namespace of Kubernetes.
    NoKubernetes,
}

impl Note {
    /// What it means, in sentences.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::NoSpace => {
                "The alarm NOSPACE is in it: an etcd restored from it refuses writes until the alarm is disarmed."
            }
            Self::Corrupt => {
                "The alarm CORRUPT is in it: its etcd found that members hold different data, and one restored from it \
                 refuses reads and writes until the alarm is disarmed."
            }
            Self::OtherAlarm => "An alarm of a kind that is unknown here is in it.",
            Self::Auth => {
                "Authentication is enabled in it: an etcd restored from it asks for users, and root's password or certificate \
                 is needed."
            }
            Self::Empty => {
                "It holds no key: it is of a new etcd, or of a learner that had not received its data. Restoring it brings \
                 nothing back."
            }
            Self::NoKubernetes => {
                "No namespace of Kubernetes was found in it: it is of another etcd, or the API server uses another prefix."
            }
        }
    }

    /// What to do about it, in sentences; empty when it only has to be known.
    pub fn todo(self) -> &'static str {
        match self {
            Self::NoSpace => {
                "After the restore, compact and defragment etcd, raise --quota-backend-bytes if it is still too small, and \
                 run: etcdctl alarm disarm"
            }
            Self::Corrupt => {
                "Choose an older backup without this alarm. After a restore of this one, compare the data and run: etcdctl \
                 alarm disarm"
            }
            Self::OtherAlarm => "After the restore run: etcdctl alarm list",
            Self::Auth => "Keep root's password or certificate beside the backup.",
            Self::Empty => "Take one from a voting member.",
            Self::NoKubernetes => "",
        }
    }

    /// Whether an etcd that starts on it refuses writes at first.
    pub fn refuses(self) -> bool {
        matches!(self, Self::NoSpace | Self::Corrupt)
    }
}

impl Examined {
    /// What to know of it before it is relied on, the worst first.
    pub fn notes(&self) -> Vec<Note> {
        let alarm = |kind| self.alarms.iter().any(|alarm| alarm.kind == kind);
        let kubernetes = self.namespaces.get("namespaces").is_some_and(|count| *count > 0);
        let empty = self.live == Some(0) || self.records == 0;
        // Where keys could not be counted, nothing is known of namespaces either.
        let without = !empty && self.live.is_some() && !kubernetes;
        [
            (Note::NoSpace, alarm(1)),
            (Note::Corrupt, alarm(2)),
            (Note::OtherAlarm, self.alarms.iter().any(|alarm| !(0..=2).contains(&alarm.kind))),
            (Note::Auth, self.auth),
            (Note::Empty, empty),
            (Note::NoKubernetes, without),
        ]
        .into_iter()
        .filter_map(|(note, holds)| holds.then_some(note))
        .collect()
    }
}
