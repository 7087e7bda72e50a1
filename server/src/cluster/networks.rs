//! The annotation that Multus writes on a pod → the networks that it is on.

use serde::Deserialize;
use topology::inventory::{Attachment, Name, Networks};

use super::{
    intern::Intern,
    lenient::{Item, each, lenient, maybe},
    object::{Annotations, NETWORKS, NETWORKS_OF_OLD},
};

/// An entry of the annotation's list, as the Network Plumbing Working Group has it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
struct Status {
    #[serde(deserialize_with = "lenient")]
    name: String,
    #[serde(deserialize_with = "lenient")]
    interface: String,
    #[serde(deserialize_with = "each")]
    ips: Vec<String>,
    #[serde(deserialize_with = "lenient")]
    mac: String,
    #[serde(deserialize_with = "lenient")]
    default: bool,
    #[serde(deserialize_with = "maybe")]
    vlan: Option<u16>,
    #[serde(deserialize_with = "lenient")]
    device_info: Device,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Device {
    #[serde(deserialize_with = "lenient")]
    pci: Pci,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
struct Pci {
    #[serde(deserialize_with = "maybe")]
    pci_address: Option<String>,
}

/// What the annotation tells; of the two names that it had, the newer one.
pub(crate) fn told(annotations: &Annotations, intern: &mut Intern) -> Option<Networks> {
    let (name, text) = [NETWORKS, NETWORKS_OF_OLD].into_iter().find_map(|name| Some((name, annotations.get(name)?)))?;
    let list: Vec<Item<Status>> = match serde_json::from_str(text) {
        Ok(list) => list,
        // What is written there is not repeated: it may be anything.
        Err(error) => {
            let place = format!("line {}, column {}", error.line(), error.column());
            return Some(Networks::Unreadable(intern.name(&format!("{name} is no list of networks: {place}"))));
        }
    };
    if list.iter().any(|entry| entry.0.is_none()) {
        return Some(Networks::Unreadable(intern.name(&format!("{name} holds what is no network"))));
    }
    Some(Networks::Told(list.into_iter().filter_map(|entry| Some(attachment(entry.0?, intern))).collect()))
}

fn attachment(status: Status, intern: &mut Intern) -> Attachment {
    Attachment {
        name: intern.name(&status.name),
        interface: intern.name(&status.interface),
        addresses: status.ips.iter().map(|ip| Name::from(ip.as_str())).collect(),
        mac: status.mac.as_str().into(),
        default: status.default,
        vlan: status.vlan,
        device: status.device_info.pci.pci_address.map(|address| intern.name(&address)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use topology::inventory::Fact;

    use super::*;
    use crate::cluster::{object::read, pod};

    fn of(annotations: &Value) -> Option<Networks> {
        let object = json!({ "metadata": { "name": "upf-0", "annotations": annotations } });
        let Fact::Pod(pod) = pod::fact(read(&object), &mut Intern::default()) else { panic!("no pod") };
        pod.networks.map(|networks| *networks)
    }

    fn texts(names: &[Name]) -> Vec<&str> {
        names.iter().map(|name| &**name).collect()
    }

    #[test]
    fn multus_tells_every_network_of_a_pod() {
        let text = json!([
            { "name": "cbr0", "interface": "eth0", "ips": ["10.244.1.4", "fd00::4"], "mac": "0a:58:0a:f4:01:04", "default": true, "dns": {} },
            { "name": "vepc/s1u", "interface": "net1", "ips": ["192.0.2.4"], "mac": "52:54:00:00:00:04", "vlan": 101,
                "device-info": { "type": "pci", "version": "1.0.0", "pci": { "pci-address": "0000:18:02.5" } } },
        ]);
        let Some(Networks::Told(networks)) = of(&json!({ NETWORKS: text.to_string() })) else { panic!("unread") };
        assert_eq!(networks.len(), 2);
        assert_eq!((&*networks[0].name, &*networks[0].interface, networks[0].default), ("cbr0", "eth0", true));
        assert_eq!(texts(&networks[0].addresses), ["10.244.1.4", "fd00::4"]);
        assert_eq!((&*networks[1].name, &*networks[1].mac), ("vepc/s1u", "52:54:00:00:00:04"));
        assert_eq!((networks[1].vlan, networks[1].device.as_deref()), (Some(101), Some("0000:18:02.5")));
        assert!(!networks[1].default);
    }

    #[test]
    fn the_annotation_of_old_tells_where_there_is_no_newer_one() {
        let text = |name: &str| json!([{ "name": name }]).to_string();
        let name = |annotations: Value| match of(&annotations) {
            Some(Networks::Told(networks)) => networks.into_iter().map(|network| network.name.to_string()).collect(),
            _ => Vec::new(),
        };
        assert_eq!(name(json!({ NETWORKS_OF_OLD: text("old") })), ["old"]);
        assert_eq!(name(json!({ NETWORKS_OF_OLD: text("old"), NETWORKS: text("new") })), ["new"]);
        assert_eq!(of(&json!({ "k8s.v1.cni.cncf.io/networks": "s1u" })), None);
    }

    #[test]
    fn an_annotation_that_cannot_be_read_is_said_to_be_so() {
        for broken in ["", "{", "[{]", "7", "{\"name\":\"a\"}", "[1]", "[null]", "[[]]"] {
            let told = of(&json!({ NETWORKS: broken }));
            let Some(Networks::Unreadable(why)) = told else { panic!("{broken}: {told:?}") };
            assert!(why.contains("network-status"), "{why}");
        }
        let odd = json!([{ "name": 7, "ips": "none", "default": "yes", "vlan": 70_000, "device-info": [] }]);
        assert_eq!(
            of(&json!({ NETWORKS: odd.to_string() })),
            Some(Networks::Told(vec![Attachment::default()])),
            "an odd field spoils nothing beside it"
        );
        assert_eq!(of(&json!({ NETWORKS: "[]" })), Some(Networks::Told(Vec::new())));
    }
}
