//! The kinds of incidents, and what makes two findings the same one.

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// The API server is out of reach.
    ApiAway,
    /// A master is not ready, or the cluster counts it as lost.
    MasterLost,
    /// The same of any other host.
    HostLost,
    /// etcd has no quorum.
    QuorumLost,
    /// etcd would lose its quorum with one more member.
    QuorumAtRisk,
    /// Nobody leads the scheduler or the controller-manager.
    NoLeader,
    /// No endpoint of a service is ready.
    ServiceEmpty,
    /// Pods of a workload fail or are not ready.
    WorkloadBroken,
    /// Pods of a workload find no host.
    WorkloadUnschedulable,
    /// The newest proved backup of etcd is too old, or there is none.
    BackupOverdue,
    /// A certificate of the API server or of etcd ends soon, or has run out.
    CertificateEnds,
}

/// Kinds that are the same thing at another time: a host may become a master.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    /// Whether the API server is in reach.
    Api,
    /// Hosts.
    Hosts,
    /// The quorum of etcd.
    Quorum,
    /// How many members etcd may lose.
    Spare,
    /// Leaders of components.
    Leaders,
    /// Services and their endpoints.
    Services,
    /// Workloads and how they run.
    Workloads,
    /// Workloads and where they run.
    Scheduling,
    /// Backups of etcd.
    Backups,
    /// Certificates that servers present.
    Certificates,
}

/// What names an incident while it is open: of two findings with one slot, the later goes on where the earlier was.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slot {
    /// Its family.
    pub family: Family,
    /// What it is about, as a page opens it: `node/host4`, `service/ims/hss`, `workload/ims/Deployment/hss`.
    pub about: String,
}

impl Slot {
    /// From its two parts.
    pub fn new(family: Family, about: impl Into<String>) -> Self {
        Self { family, about: about.into() }
    }
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::ApiAway,
        Self::MasterLost,
        Self::HostLost,
        Self::QuorumLost,
        Self::QuorumAtRisk,
        Self::NoLeader,
        Self::ServiceEmpty,
        Self::WorkloadBroken,
        Self::WorkloadUnschedulable,
        Self::BackupOverdue,
        Self::CertificateEnds,
    ];

    /// Its word in addresses, in the database and in the API.
    pub const fn word(self) -> &'static str {
        match self {
            Self::ApiAway => "api-away",
            Self::MasterLost => "master-lost",
            Self::HostLost => "host-lost",
            Self::QuorumLost => "quorum-lost",
            Self::QuorumAtRisk => "quorum-at-risk",
            Self::NoLeader => "no-leader",
            Self::ServiceEmpty => "service-without-endpoint",
            Self::WorkloadBroken => "workload-broken",
            Self::WorkloadUnschedulable => "workload-unschedulable",
            Self::BackupOverdue => "backup-overdue",
            Self::CertificateEnds => "certificate-ends",
        }
    }

    /// From its word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }

    /// Whether the cluster as a whole may be in danger.
    pub const fn is_grave(self) -> bool {
        matches!(self, Self::ApiAway | Self::MasterLost | Self::QuorumLost | Self::QuorumAtRisk | Self::NoLeader)
    }

    /// Its family.
    pub const fn family(self) -> Family {
        match self {
            Self::ApiAway => Family::Api,
            Self::MasterLost | Self::HostLost => Family::Hosts,
            Self::QuorumLost => Family::Quorum,
            Self::QuorumAtRisk => Family::Spare,
            Self::NoLeader => Family::Leaders,
            Self::ServiceEmpty => Family::Services,
            Self::WorkloadBroken => Family::Workloads,
            Self::WorkloadUnschedulable => Family::Scheduling,
            Self::BackupOverdue => Family::Backups,
            Self::CertificateEnds => Family::Certificates,
        }
    }
}
