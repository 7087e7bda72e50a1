//! etcd as its own API tells of it, which knows more than pods and the API server do.

use serde::{Deserialize, Serialize};

use super::{Name, Node};
use crate::planned::PlannedHost;

/// A cluster of etcd.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Etcd {
    /// Its members by name, learners among them.
    pub members: Vec<EtcdMember>,
    /// How many votes it takes.
    pub needed: usize,
    /// What is wrong with all of it, in phrases, as in `no space left under its quota on etcd2`.
    pub alarms: Vec<Name>,
    /// Why nothing newer is known; what stands above is old then.
    pub silent: Option<Silence>,
}

/// Why etcd tells nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Silence {
    /// As in `https://10.1.0.50:2379: nothing listens there`.
    pub reason: Name,
    /// What to do about it, without a full stop.
    pub todo: Name,
}

/// A member of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EtcdMember {
    /// Its name, or its id as long as it has none.
    pub name: Name,
    /// Hosts in its addresses.
    pub hosts: Vec<Name>,
    /// Whether it has no vote.
    pub learner: bool,
    /// How it fares by its own word.
    pub standing: EtcdStanding,
}

/// How a member fares.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EtcdStanding {
    /// It was asked, and said so.
    Told(EtcdTold),
    /// It could not be asked, and why.
    Unknown(Name),
}

/// What a member says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EtcdTold {
    /// As in `3.6.4`.
    pub version: Name,
    /// Whether it leads.
    pub leads: bool,
    /// Whether it follows a leader, or leads.
    pub follows: bool,
    /// What is wrong with it, in words.
    pub wrong: Option<Name>,
    /// Bytes of its database.
    pub size: u64,
    /// Bytes of these in use; from 3.4.
    pub in_use: Option<u64>,
    /// The revision of its keys.
    pub revision: i64,
    /// Entries of the log that it is behind the one that is farthest.
    pub lag: u64,
}

/// More entries than these behind, and a member is said to lag.
pub const ETCD_LAGS: u64 = 1_000;

impl Etcd {
    /// Members with a vote.
    pub fn voters(&self) -> impl Iterator<Item = &EtcdMember> {
        self.members.iter().filter(|member| !member.learner)
    }

    /// Members with a vote that follow a leader.
    pub fn well(&self) -> usize {
        self.voters().filter(|member| member.told().is_some_and(|told| told.follows)).count()
    }

    /// How many of them may still be lost; `None` without a quorum.
    pub fn spare(&self) -> Option<usize> {
        self.well().checked_sub(self.needed)
    }

    /// The same without numbers that grow all the time.
    pub(super) fn drawn(&self) -> Self {
        let mut drawn = self.clone();
        for member in &mut drawn.members {
            if let EtcdStanding::Told(told) = &mut member.standing {
                let lag = if told.lag > ETCD_LAGS { ETCD_LAGS + 1 } else { 0 };
                *told = EtcdTold { size: 0, in_use: None, revision: 0, lag, ..told.clone() };
            }
        }
        drawn
    }
}

impl EtcdMember {
    /// What it says, when it could be asked.
    pub fn told(&self) -> Option<&EtcdTold> {
        match &self.standing {
            EtcdStanding::Told(told) => Some(told),
            EtcdStanding::Unknown(_) => None,
        }
    }

    /// Whether it runs on this node: by an address of the node or of the plan's host, or by a name.
    pub fn is_on(&self, node: &Node, planned: Option<&PlannedHost>) -> bool {
        let named = |host: &Name| {
            *host == node.name
                || node.addresses.iter().any(|own| own.value == *host)
                || planned.is_some_and(|planned| planned.addresses.iter().any(|(_, own)| own.to_string() == **host))
        };
        // Everybody has a loopback.
        let near = |host: &&Name| matches!(&***host, "localhost" | "::1") || host.starts_with("127.");
        self.name == node.name || self.hosts.iter().filter(|host| !near(host)).any(named)
    }
}
