//! What each part of a cluster is for, in a sentence for newcomers.

use topology::inventory::ComponentKind;

/// What a component does.
pub(super) const fn of(kind: ComponentKind) -> &'static str {
    match kind {
        ComponentKind::ApiServer => {
            "The front door of the control plane: every user, node and controller reads and changes the cluster through its \
             API and through nothing else. To carry more, run more of them."
        }
        ComponentKind::Etcd => {
            "The cluster's memory: the API servers keep every object here, copied to all members. It works as long as more \
             than half of them do; keep backups, for without it there is no cluster."
        }
        ComponentKind::ControllerManager => {
            "Keeps the cluster as it is meant to be, with many loops in one program: the node controller notices machines that \
             fall silent, the replication controller replaces pods that are missing, the endpoints controller ties services to \
             their pods, and the service-account and token controllers give new namespaces their accounts. Several may run; one leads."
        }
        ComponentKind::Scheduler => {
            "Assigns each new pod to a node with enough free resources. \
             Several may run; one leads."
        }
        ComponentKind::Kubelet => {
            "The cluster's hand on each machine: it starts the containers of the pods that are bound here, mounts their volumes, \
             fetches their secrets, probes whether they live, and reports on them and on the machine."
        }
        ComponentKind::Proxy => {
            "Makes services work on each machine: it keeps the rules that send what is meant for a service's address on to one \
             of its pods."
        }
        ComponentKind::Runtime => "Pulls images and runs containers on behalf of the kubelet.",
    }
}

/// What a pod is.
pub(super) const POD: &str = "One or more containers scheduled together on a node, sharing an IP address and volumes.";
/// What a service is.
pub(super) const SERVICE: &str = "A stable address that routes traffic to ready pods.";
/// What a node is.
pub(super) const NODE: &str = "A machine of the cluster that runs pods.";
/// What a master is.
pub(super) const MASTER: &str = "A machine of the cluster that runs its control plane, and may run pods as well.";

/// What an owner of pods does.
pub(super) fn owner(kind: &str) -> &'static str {
    match kind {
        "Deployment" => {
            "Keeps a number of like pods running and replaces them step by step when their template changes."
        }
        "ReplicaSet" => "Keeps a number of like pods running; mostly itself kept by a Deployment.",
        "StatefulSet" => "Keeps pods with lasting names and volumes, started and replaced in order.",
        "DaemonSet" => "Keeps one pod on every node that fits.",
        "Job" => "Runs pods until enough of them have ended well.",
        "Node" => "A static pod: the kubelet runs it from a file on the machine, whether or not the API server is up.",
        _ => "",
    }
}
