//! What Multus writes on pods that ask for more than one network.

use serde_json::{Value, json};

use crate::profile::Profile;

/// The annotation by which a pod asks, as in `s1u, sgi`.
pub(crate) const ASKED: &str = "k8s.v1.cni.cncf.io/networks";

/// The networks that can be asked for, by the names of their NetworkAttachmentDefinitions, and what
/// their addresses begin with.
const KNOWN: [(&str, &str); 2] = [("s1u", "172.16.101"), ("sgi", "172.16.102")];

/// Writes which networks a pod has got, beside its address in the cluster's own.
pub(crate) fn attach(profile: Profile, pod: &mut Value, address: &str) {
    let Some(asked) = pod["metadata"]["annotations"][ASKED].as_str() else { return };
    let namespace = pod["metadata"]["namespace"].as_str().unwrap_or_default();
    let octets: Vec<u8> = address.split('.').filter_map(|octet| octet.parse().ok()).collect();
    let [.., net, host] = octets.as_slice() else { return };
    let mac = |first: &str, network: usize| format!("{first}:{network:02x}:{net:02x}:{host:02x}");
    let mut networks = vec![json!({"name": "cbr0", "interface": "eth0", "ips": [address], "mac": mac("0a:58:0a", 0),
        "default": true, "dns": {}})];
    for (index, name) in asked.split(',').map(str::trim).enumerate() {
        let Some((_, prefix)) = KNOWN.into_iter().find(|(known, _)| *known == name) else { continue };
        networks.push(json!({"name": format!("{namespace}/{name}"), "interface": format!("net{}", index + 1),
            "ips": [format!("{prefix}.{}", u16::from(*net) * 16 % 240 + u16::from(*host) % 16)],
            "mac": mac("02:1c:16", index + 1), "dns": {}}));
    }
    let written = match profile {
        Profile::Current => "k8s.v1.cni.cncf.io/network-status",
        Profile::V1_11 => "k8s.v1.cni.cncf.io/networks-status",
    };
    pod["metadata"]["annotations"][written] = Value::Array(networks).to_string().into();
}
