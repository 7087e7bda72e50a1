//! Facts that no Kubernetes object tells: backups of etcd.

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

/// What is known beside the Inventory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Beside {
    /// Backups of its etcd.
    pub backup: Backup,
}
