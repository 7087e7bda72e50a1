//! The parts that make a machine a part of the cluster.

use serde::{Deserialize, Serialize};

use super::Name;

/// Which part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ComponentKind {
    /// kube-apiserver.
    ApiServer,
    /// etcd.
    Etcd,
    /// kube-controller-manager.
    ControllerManager,
    /// kube-scheduler.
    Scheduler,
    /// kubelet.
    Kubelet,
    /// kube-proxy.
    Proxy,
    /// Docker, containerd or CRI-O.
    Runtime,
}

impl ComponentKind {
    /// The name of the program, as in a pod's `component` label; `runtime` for the runtime.
    pub const fn program(self) -> &'static str {
        match self {
            Self::ApiServer => "kube-apiserver",
            Self::Etcd => "etcd",
            Self::ControllerManager => "kube-controller-manager",
            Self::Scheduler => "kube-scheduler",
            Self::Kubelet => "kubelet",
            Self::Proxy => "kube-proxy",
            Self::Runtime => "runtime",
        }
    }
}

/// What a pod tells of the component that it runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Component {
    /// Which one. From the label `component` or `k8s-app` in kube-system, or the pod's name.
    pub kind: ComponentKind,
    /// The tag of its image, as in `v1.34.4`.
    pub version: Name,
    /// `command` and `args` of its container, without the program, secrets out.
    pub flags: Vec<Name>,
}
