//! The network plugins in use, told from what runs in the namespaces of the cluster itself.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use serde::{Deserialize, Serialize};

use super::{Inventory, Name, OwnerKind, Source};

/// A network plugin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CniKind {
    /// Amazon's VPC CNI.
    AmazonVpc,
    /// Antrea.
    Antrea,
    /// Azure CNI.
    AzureCni,
    /// Calico.
    Calico,
    /// Calico's policies over flannel's network, in one pod.
    Canal,
    /// Cilium.
    Cilium,
    /// Contrail, `OpenContrail` or Tungsten Fabric.
    Contrail,
    /// Flannel.
    Flannel,
    /// kind's own.
    Kindnet,
    /// Kube-OVN.
    KubeOvn,
    /// Kube-router.
    KubeRouter,
    /// Multus, which stands beside another and calls it.
    Multus,
    /// `OpenShift`'s own until 4.16.
    OpenShiftSdn,
    /// OVN-Kubernetes.
    OvnKubernetes,
    /// Weave Net.
    Weave,
}

impl CniKind {
    /// Its name, as its makers write it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::AmazonVpc => "Amazon VPC CNI",
            Self::Antrea => "Antrea",
            Self::AzureCni => "Azure CNI",
            Self::Calico => "Calico",
            Self::Canal => "Canal",
            Self::Cilium => "Cilium",
            Self::Contrail => "Contrail",
            Self::Flannel => "flannel",
            Self::Kindnet => "kindnet",
            Self::KubeOvn => "Kube-OVN",
            Self::KubeRouter => "kube-router",
            Self::Multus => "Multus",
            Self::OpenShiftSdn => "OpenShift SDN",
            Self::OvnKubernetes => "OVN-Kubernetes",
            Self::Weave => "Weave Net",
        }
    }
}

/// A network plugin as it runs in a cluster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cni {
    /// Which one.
    pub kind: CniKind,
    /// The tags of its agents' images, as in `v0.26.4`, sorted: several while it is being upgraded,
    /// none where images go by digest.
    pub versions: BTreeSet<Name>,
    /// The nodes that its agent is ready on.
    pub ready: BTreeSet<Name>,
    /// The nodes that its agent is bound to and not ready on.
    pub unready: BTreeSet<Name>,
}

/// Where plugins are installed by their makers' manifests, by Compass4nfv, kubespray and `OpenShift`.
const NAMESPACES: [&str; 16] = [
    "antrea-system",
    "calico-system",
    "canal",
    "cilium",
    "contrail",
    "kube-flannel",
    "kube-ovn",
    "kube-router",
    "kube-system",
    "multus",
    "opencontrail",
    "openshift-multus",
    "openshift-ovn-kubernetes",
    "openshift-sdn",
    "ovn-kubernetes",
    "weave",
];

/// The last step of an agent's image, without what distributions put before it.
const AGENTS: [(&str, CniKind); 25] = [
    ("amazon-k8s-cni", CniKind::AmazonVpc),
    ("azure-cns", CniKind::AzureCni),
    ("kindnetd", CniKind::Kindnet),
    ("antrea-agent", CniKind::Antrea),
    ("antrea-agent-ubuntu", CniKind::Antrea),
    ("antrea-ubuntu", CniKind::Antrea),
    ("calico-node", CniKind::Calico),
    ("calico", CniKind::Calico),
    ("cilium", CniKind::Cilium),
    ("cilium-cilium", CniKind::Cilium),
    ("contrail-vrouter-agent", CniKind::Contrail),
    ("opencontrail-vrouter-agent", CniKind::Contrail),
    ("tf-vrouter-agent", CniKind::Contrail),
    ("flannel", CniKind::Flannel),
    ("flannelcni-flannel", CniKind::Flannel),
    ("kube-ovn", CniKind::KubeOvn),
    ("kube-router", CniKind::KubeRouter),
    ("multus", CniKind::Multus),
    ("multus-cni", CniKind::Multus),
    ("multus-thick", CniKind::Multus),
    ("ovn-kube", CniKind::OvnKubernetes),
    ("ovn-kube-u", CniKind::OvnKubernetes),
    ("ovn-kubernetes", CniKind::OvnKubernetes),
    ("weave-kube", CniKind::Weave),
    ("weave-net", CniKind::Weave),
];

/// `DaemonSet`s of agents, for images that go by a digest or have a name of their owner's choice.
const DAEMONS: [(&str, CniKind); 24] = [
    ("anetd", CniKind::Cilium),
    ("antrea-agent", CniKind::Antrea),
    ("aws-node", CniKind::AmazonVpc),
    ("azure-cns", CniKind::AzureCni),
    ("calico-node", CniKind::Calico),
    ("canal", CniKind::Canal),
    ("cilium", CniKind::Cilium),
    ("kindnet", CniKind::Kindnet),
    ("kube-flannel", CniKind::Flannel),
    ("kube-flannel-ds", CniKind::Flannel),
    ("kube-flannel-ds-amd64", CniKind::Flannel),
    ("kube-multus-ds", CniKind::Multus),
    ("kube-multus-ds-amd64", CniKind::Multus),
    ("kube-ovn-cni", CniKind::KubeOvn),
    ("kube-router", CniKind::KubeRouter),
    ("multus", CniKind::Multus),
    ("ovnkube-node", CniKind::OvnKubernetes),
    ("ovs-node", CniKind::OvnKubernetes),
    ("rke2-canal", CniKind::Canal),
    ("rke2-cilium", CniKind::Cilium),
    ("rke2-multus", CniKind::Multus),
    ("sdn", CniKind::OpenShiftSdn),
    ("tungstenfabric-agent", CniKind::Contrail),
    ("weave-net", CniKind::Weave),
];

/// Which plugin a `DaemonSet`'s name is known for.
fn by_name(owner: Option<&(OwnerKind, Name)>) -> Option<CniKind> {
    let Some((OwnerKind::DaemonSet, name)) = owner else { return None };
    DAEMONS.into_iter().find(|(daemon, _)| **daemon == **name).map(|(_, kind)| kind)
}

/// The plugins whose agents run, by kind; `None` while pods are not known, and empty where none of
/// those known here is found: others exist, and some put no agent on a node.
pub fn found(inventory: &Inventory) -> Option<Vec<Cni>> {
    if !inventory.heard(Source::Pods).knows() {
        return None;
    }
    let mut found: BTreeMap<CniKind, Cni> = BTreeMap::new();
    // Pods of one template share their images: the same agent is read once, not once a node.
    let mut read: BTreeMap<Arc<[Name]>, Option<(CniKind, Name)>> = BTreeMap::new();
    for namespace in NAMESPACES {
        for pod in inventory.pods_in(namespace) {
            let Some(node) = &pod.node else { continue };
            // An agent is on every node; what a Deployment runs is an operator or a controller.
            let alone = matches!(&pod.owner, Some((OwnerKind::DaemonSet | OwnerKind::Node, _)) | None);
            if !alone || pod.leaving {
                continue;
            }
            let agent = read.entry(pod.images.clone()).or_insert_with(|| agent(&pod.images));
            let named = || by_name(pod.owner.as_ref()).map(|kind| (kind, Name::from("")));
            let Some((kind, version)) = agent.clone().or_else(named) else { continue };
            let new = || Cni { kind, versions: BTreeSet::new(), ready: BTreeSet::new(), unready: BTreeSet::new() };
            let cni = found.entry(kind).or_insert_with(new);
            if !version.is_empty() {
                cni.versions.insert(version.clone());
            }
            if pod.ready { &mut cni.ready } else { &mut cni.unready }.insert(node.clone());
        }
    }
    // Kube-OVN has several agents a node: one that is not ready speaks for all.
    for cni in found.values_mut() {
        let Cni { ready, unready, .. } = cni;
        ready.retain(|node| !unready.contains(node));
    }
    // An agent may run in a namespace that is not seen.
    if found.is_empty() && !inventory.tells_all(Source::Pods) {
        return None;
    }
    Some(found.into_values().collect())
}

/// Which plugin's agent the containers of a pod are, and its version.
fn agent(images: &[Name]) -> Option<(CniKind, Name)> {
    let agents: Vec<(CniKind, &str)> = images.iter().filter_map(|image| read(image)).collect();
    let kind = |wanted: CniKind| agents.iter().find(|(kind, _)| *kind == wanted);
    let canal = kind(CniKind::Calico).filter(|_| kind(CniKind::Flannel).is_some());
    let (kind, version) = match canal {
        Some((_, version)) => (CniKind::Canal, version),
        None => agents.first().map(|(kind, version)| (*kind, version))?,
    };
    Some((kind, (*version).into()))
}

fn read(image: &str) -> Option<(CniKind, &str)> {
    let image = image.split_once('@').map_or(image, |(image, _)| image);
    let (path, last) = image.rsplit_once('/').unwrap_or(("", image));
    let (name, tag) = last.split_once(':').unwrap_or((last, ""));
    // Calico's own image is `calico/node`.
    if name == "node" && path.rsplit('/').next() == Some("calico") {
        return Some((CniKind::Calico, tag));
    }
    let bare = ["hardened-", "mirrored-"].into_iter().find_map(|prefix| name.strip_prefix(prefix)).unwrap_or(name);
    AGENTS.into_iter().find(|(agent, _)| *agent == bare).map(|(_, kind)| (kind, tag))
}
