//! Which Kubernetes the simulator passes for: what that version serves and how it writes.

use serde::{Deserialize, Serialize};

use crate::kind::Kind;

/// A version of Kubernetes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Profile {
    /// v1.34.4: Leases, EndpointSlices, bookmarks, streamed lists, `/readyz`.
    #[default]
    Current,
    /// v1.11.5, as Compass4nfv installs it: Endpoints only, heartbeats in node conditions, leaders
    /// in annotations, Docker, etcd as a service of the host.
    V1_11,
}

impl Profile {
    /// As in `gitVersion` and `kubeletVersion`.
    pub const fn version(self) -> &'static str {
        match self {
            Self::Current => "v1.34.4",
            Self::V1_11 => "v1.11.5",
        }
    }

    /// Whether this version has the kind.
    pub fn serves(self, kind: Kind) -> bool {
        match self {
            Self::Current => true,
            // What it has at a beta version only is left out.
            Self::V1_11 => !matches!(
                kind,
                Kind::Lease
                    | Kind::EndpointSlice
                    | Kind::Ingress
                    | Kind::PodDisruptionBudget
                    | Kind::PriorityClass
                    | Kind::CSINode
            ),
        }
    }

    /// Whether watches may ask for bookmarks and for streamed lists; an older server ignores both.
    pub(crate) const fn bookmarks(self) -> bool {
        matches!(self, Self::Current)
    }

    /// Whether `/readyz` and `/livez` exist beside `/healthz`.
    pub(crate) const fn readyz(self) -> bool {
        matches!(self, Self::Current)
    }

    /// As in `containerRuntimeVersion`.
    pub(crate) const fn runtime(self) -> &'static str {
        match self {
            Self::Current => "containerd://1.7.24",
            Self::V1_11 => "docker://17.3.2",
        }
    }

    /// The label that makes a node a master.
    pub(crate) const fn master_label(self) -> &'static str {
        match self {
            Self::Current => "node-role.kubernetes.io/control-plane",
            Self::V1_11 => "node-role.kubernetes.io/master",
        }
    }
}
