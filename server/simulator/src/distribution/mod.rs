//! Clusters of other makers than Compass4nfv, each in a few lines of text: what their nodes, system pods and
//! leases are called, as far as their documents and public reports tell. All names and addresses are invented.
//!
//! ```text
//! version v1.33.5+k3s1                 the server's and, unless told, every kubelet's
//! runtime containerd://2.1.4           each node's, unless told
//! entrance 10.9.0.10:6443              where clients reach the API
//! os Ubuntu 24.04.3 LTS                the same
//! master srv1 10.9.0.11 role=etcd …    a machine of the control plane: role=NAME, value=VALUE of role labels,
//!                                      label=NAME=VALUE, taint=NAME=VALUE:EFFECT, version=, runtime=, no-lease,
//!                                      bare for one without role=control-plane
//! node agent1 10.9.0.21 …              another machine, with the same words
//! condition * EtcdIsVoter True REASON message in words
//!                                      a condition beside the kubelet's own, of a node or of all
//! static kube-scheduler masters image=IMAGE …
//!                                      a mirror pod on masters, nodes, all, or one machine: in=NAMESPACE,
//!                                      label=NAME=VALUE, name=PREFIX
//! daemon kube-system/aws-node all image=IMAGE[,IMAGE] …
//! deployment default/shop 3 image=IMAGE port=8080 …
//!                                      with a service when a port is told
//! done openshift-etcd/installer-5 master-0 image=IMAGE
//!                                      a pod that has ended well
//! lease kube-scheduler HOLDER …        a lease of a leader: in=NAMESPACE, seconds=N; `-` for one that was let go
//! identity HOST …                      the lease of an API server on a host
//! endpoints 10.9.0.11:6443 …           where the service kubernetes leads
//! ```

mod read;

pub(crate) use read::{Line, Machine, Plan};

/// A distribution of Kubernetes, or a service that runs one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Distribution {
    /// k3s, three servers with etcd inside.
    K3s,
    /// k3s on one machine, with SQLite in etcd's place.
    K3sSingle,
    /// Rancher's first, with components as containers outside of Kubernetes.
    Rke1,
    /// Rancher's second.
    Rke2,
    /// Amazon's service.
    Eks,
    /// Google's service.
    Gke,
    /// Microsoft's service.
    Aks,
    /// Red Hat's platform.
    OpenShift,
    /// kubeadm, as its manual has it.
    Kubeadm,
    /// kubespray of today, with etcd as a service of its hosts.
    Kubespray,
    /// Canonical's, all in one process.
    MicroK8s,
    /// Sidero's, with etcd beside Kubernetes.
    Talos,
    /// A cluster with a node that is a program, without a lease.
    VirtualKubelet,
}

impl Distribution {
    /// All of them.
    pub const ALL: [Self; 13] = [
        Self::K3s,
        Self::K3sSingle,
        Self::Rke1,
        Self::Rke2,
        Self::Eks,
        Self::Gke,
        Self::Aks,
        Self::OpenShift,
        Self::Kubeadm,
        Self::Kubespray,
        Self::MicroK8s,
        Self::Talos,
        Self::VirtualKubelet,
    ];

    /// Its word on the command line, as in `k3s`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::K3s => "k3s",
            Self::K3sSingle => "k3s-single",
            Self::Rke1 => "rke1",
            Self::Rke2 => "rke2",
            Self::Eks => "eks",
            Self::Gke => "gke",
            Self::Aks => "aks",
            Self::OpenShift => "openshift",
            Self::Kubeadm => "kubeadm",
            Self::Kubespray => "kubespray",
            Self::MicroK8s => "microk8s",
            Self::Talos => "talos",
            Self::VirtualKubelet => "virtual-kubelet",
        }
    }

    /// The one that a word names.
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|distribution| distribution.word() == word)
    }

    const fn text(self) -> &'static str {
        match self {
            Self::K3s => include_str!("k3s.txt"),
            Self::K3sSingle => include_str!("k3s-single.txt"),
            Self::Rke1 => include_str!("rke1.txt"),
            Self::Rke2 => include_str!("rke2.txt"),
            Self::Eks => include_str!("eks.txt"),
            Self::Gke => include_str!("gke.txt"),
            Self::Aks => include_str!("aks.txt"),
            Self::OpenShift => include_str!("openshift.txt"),
            Self::Kubeadm => include_str!("kubeadm.txt"),
            Self::Kubespray => include_str!("kubespray.txt"),
            Self::MicroK8s => include_str!("microk8s.txt"),
            Self::Talos => include_str!("talos.txt"),
            Self::VirtualKubelet => include_str!("virtual-kubelet.txt"),
        }
    }

    /// Where clients reach the API of its cluster, for people.
    pub fn entrance(self) -> String {
        self.plan().entrance
    }

    pub(crate) fn plan(self) -> Plan {
        Plan::read(self.text())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_distribution_is_read_and_has_machines() {
        for distribution in Distribution::ALL {
            let plan = distribution.plan();
            assert_eq!(plan.unread, Vec::<String>::new(), "{distribution:?}");
            assert!(
                !plan.entrance.is_empty() && plan.version.starts_with("v1.") && !plan.machines.is_empty(),
                "{distribution:?}"
            );
            assert_eq!(Distribution::named(distribution.word()), Some(distribution));
        }
    }
}
