//! Facts that no Kubernetes object tells: backups of etcd, and certificates that servers present.

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

/// What is known beside the Inventory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Beside {
    /// Backups of its etcd.
    pub backup: Backup,
    /// Certificates that its servers present; of a kind of server that is not among them, nothing is known.
    pub certificates: Vec<Certificate>,
}

/// A kind of server that presents certificates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Server {
    /// The API server.
    Api,
    /// A member of etcd.
    Etcd,
}

/// A certificate that a server presents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// By which kind of server.
    pub server: Server,
    /// Where, as in `10.1.0.50:6443`.
    pub address: String,
    /// From when until when it holds; none where it could not be looked at.
    pub holds: Option<(Stamp, Stamp)>,
}
