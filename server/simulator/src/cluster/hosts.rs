//! Hosts: which there are, and the Node and Lease of each.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::{clock, profile::Profile};

/// A host, as far as pods on it need to know it.
#[derive(Clone, Debug)]
pub(crate) struct Host {
    pub(crate) name: String,
    pub(crate) master: bool,
    /// On the management network.
    pub(crate) address: String,
    zone: Option<(String, String)>,
    /// The first three bytes of its pods' addresses.
    prefix: String,
    given: u32,
}

impl Host {
    /// An address for the next pod on it.
    pub(crate) fn next_address(&mut self) -> String {
        self.given += 1;
        format!("{}.{}", self.prefix, self.given % 253 + 2)
    }
}

/// host1 to host3 as masters at 10.1.0.50 to .52, host4 and host5 as workers after them: the first so many.
pub(crate) fn compass(count: usize) -> Vec<Host> {
    (0..count).map(|index| host(index, index < 3, None, format!("10.244.{index}"))).collect()
}

/// Any number of hosts, over three zones, twenty to a rack.
pub(crate) fn sized(count: usize) -> Vec<Host> {
    let masters = if count > 3 { 3 } else { 1 };
    (0..count)
        .map(|index| {
            let zone = (format!("zone-{}", ["a", "b", "c"][index % 3]), format!("rack-{:03}", index / 20 + 1));
            host(index, index < masters, Some(zone), format!("10.{}.{}", 64 + index / 256, index % 256))
        })
        .collect()
}

fn host(index: usize, master: bool, zone: Option<(String, String)>, prefix: String) -> Host {
    let number = index + 50;
    let address = format!("10.1.{}.{}", number / 256, number % 256);
    Host { name: format!("host{}", index + 1), master, address, zone, prefix, given: 0 }
}

/// A host of this name and address, whose pods' addresses begin with `prefix`.
pub(crate) fn named(name: &str, master: bool, address: &str, prefix: String) -> Host {
    Host { name: name.to_owned(), master, address: address.to_owned(), zone: None, prefix, given: 0 }
}

/// Its Node.
pub(crate) fn node(host: &Host, profile: Profile, mut metadata: Value, born: Timestamp, now: Timestamp) -> Value {
    let labels = &mut metadata["labels"];
    *labels = json!({"kubernetes.io/hostname": host.name, "kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64"});
    if profile == Profile::V1_11 {
        *labels = json!({"kubernetes.io/hostname": host.name, "beta.kubernetes.io/os": "linux",
            "beta.kubernetes.io/arch": "amd64"});
    }
    if host.master {
        labels[profile.master_label()] = "".into();
    }
    if let Some((zone, rack)) = &host.zone {
        let label = match profile {
            Profile::Current => "topology.kubernetes.io/zone",
            Profile::V1_11 => "failure-domain.beta.kubernetes.io/zone",
        };
        labels[label] = zone.as_str().into();
        labels["compass4nfv.org/rack"] = rack.as_str().into();
    }
    metadata["annotations"] = json!({"flannel.alpha.coreos.com/public-ip": host.address,
        "flannel.alpha.coreos.com/backend-type": "vxlan", "volumes.kubernetes.io/controller-managed-attach-detach": "true"});
    let cidr = format!("{}.0/24", host.prefix);
    let mut spec = json!({"podCIDR": cidr});
    if profile == Profile::Current {
        spec["podCIDRs"] = json!([cidr]);
    }
    if host.master {
        spec["taints"] = json!([{"key": profile.master_label(), "effect": "NoSchedule"}]);
    }
    let room = json!({"cpu": "16", "memory": "65806336Ki", "pods": "110", "ephemeral-storage": "479151816Ki"});
    json!({"metadata": metadata, "spec": spec, "status": {
        "addresses": [{"type": "InternalIP", "address": host.address}, {"type": "Hostname", "address": host.name}],
        "capacity": room, "allocatable": room,
        "conditions": conditions(born, now),
        "daemonEndpoints": {"kubeletEndpoint": {"Port": 10250}},
        "nodeInfo": {"architecture": "amd64", "operatingSystem": "linux", "kernelVersion": "5.15.0-130-generic",
            "osImage": if profile == Profile::V1_11 { "CentOS Linux 7 (Core)" } else { "Ubuntu 22.04.5 LTS" },
            "kubeletVersion": profile.version(), "kubeProxyVersion": profile.version(),
            "containerRuntimeVersion": profile.runtime(), "machineID": "", "systemUUID": "", "bootID": ""}}})
}

/// The kubelet's own conditions, all well.
pub(crate) fn conditions(born: Timestamp, now: Timestamp) -> Value {
    let row = |kind: &str, status: &str, reason: &str, message: &str| {
        json!({"type": kind, "status": status, "reason": reason, "message": message,
            "lastHeartbeatTime": clock::seconds(now), "lastTransitionTime": clock::seconds(born)})
    };
    json!([
        row("MemoryPressure", "False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
        row("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
        row("PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
        row("Ready", "True", "KubeletReady", "kubelet is posting ready status"),
    ])
}

/// A Lease that somebody holds.
pub(crate) fn lease(metadata: &Value, holder: &str, seconds: u32, now: Timestamp) -> Value {
    json!({"metadata": metadata, "spec": {"holderIdentity": holder, "leaseDurationSeconds": seconds,
        "acquireTime": clock::micros(now), "renewTime": clock::micros(now), "leaseTransitions": 0}})
}
