//! Facts that no Kubernetes object tells: backups of etcd, and certificates.

use topology::Stamp;

/// How the backups of a cluster's etcd stand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Backup {
    /// No backups are taken here, or nothing was found out yet.
    #[default]
    Unknown,
    /// The newest proved one is young enough.
    Well,
    /// It is not, as this sentence says.
    Overdue(String),
}

/// A certificate whose end is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// Its owner, as in `the API server`.
    pub of: String,
    /// When it ends.
    pub ends: Stamp,
}

/// What is known beside the Inventory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Beside {
    /// Backups of its etcd.
    pub backup: Backup,
    /// Certificates whose end is known. One that is not in the list is unknown.
    pub certificates: Vec<Certificate>,
}
