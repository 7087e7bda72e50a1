//! PersistentVolumeClaim, PersistentVolume, StorageClass and CSINode → facts.

use std::collections::BTreeMap;

use serde::Deserialize;
use topology::inventory::{AccessMode, Claim, CsiNode, Fact, Key, NodeTerm, StorageClass, Volume};

use super::{
    intern::Intern,
    lenient::{each, lenient, maybe, texts},
    object::{CLASS, DEFAULT_CLASS, DEFAULT_CLASS_OF_OLD, Flat, Nothing, Object},
    pod::shape::{NodeSelector, Requests},
    quantity,
    selector::Expression,
};

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct ClaimSpec {
    #[serde(deserialize_with = "lenient")]
    volume_name: String,
    #[serde(deserialize_with = "maybe")]
    storage_class_name: Option<String>,
    #[serde(deserialize_with = "each")]
    access_modes: Vec<String>,
    #[serde(deserialize_with = "lenient")]
    resources: Requests,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Phase {
    #[serde(deserialize_with = "lenient")]
    phase: String,
}

/// A claim.
pub(crate) fn claim(object: Object<ClaimSpec, Phase>, intern: &mut Intern) -> Fact {
    let Object { metadata, spec, status, .. } = object;
    let class = spec.storage_class_name.as_deref().or_else(|| metadata.annotations.get(CLASS));
    Fact::Claim(Claim {
        key: metadata.key(intern),
        volume: Some(spec.volume_name.as_str()).filter(|name| !name.is_empty()).map(|name| intern.name(name)),
        class: class.map(|class| intern.name(class)),
        bound: status.phase == "Bound",
        phase: intern.name(&status.phase),
        modes: modes(&spec.access_modes),
        asked: spec.resources.of("storage").and_then(quantity::whole),
    })
}

fn modes(words: &[String]) -> Vec<AccessMode> {
    words.iter().filter_map(|word| AccessMode::from_word(word)).collect()
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct VolumeSpec {
    #[serde(deserialize_with = "lenient")]
    storage_class_name: String,
    #[serde(deserialize_with = "each")]
    access_modes: Vec<String>,
    #[serde(deserialize_with = "texts")]
    capacity: BTreeMap<String, String>,
    #[serde(deserialize_with = "maybe")]
    claim_ref: Option<Reference>,
    #[serde(deserialize_with = "lenient")]
    node_affinity: Affinity,
    #[serde(deserialize_with = "maybe")]
    csi: Option<Driver>,
    #[serde(deserialize_with = "maybe")]
    local: Option<Nothing>,
    #[serde(deserialize_with = "maybe")]
    host_path: Option<Nothing>,
    #[serde(deserialize_with = "maybe")]
    nfs: Option<Nothing>,
    #[serde(deserialize_with = "maybe")]
    iscsi: Option<Nothing>,
    #[serde(deserialize_with = "maybe")]
    fc: Option<Nothing>,
    #[serde(deserialize_with = "maybe")]
    rbd: Option<Nothing>,
    #[serde(deserialize_with = "maybe")]
    cephfs: Option<Nothing>,
    #[serde(deserialize_with = "maybe")]
    glusterfs: Option<Nothing>,
    #[serde(deserialize_with = "maybe")]
    cinder: Option<Nothing>,
    #[serde(deserialize_with = "maybe")]
    aws_elastic_block_store: Option<Nothing>,
    #[serde(deserialize_with = "maybe")]
    gce_persistent_disk: Option<Nothing>,
    #[serde(deserialize_with = "maybe")]
    azure_disk: Option<Nothing>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Reference {
    #[serde(deserialize_with = "lenient")]
    namespace: String,
    #[serde(deserialize_with = "lenient")]
    name: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Affinity {
    #[serde(deserialize_with = "maybe")]
    required: Option<NodeSelector>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Driver {
    #[serde(deserialize_with = "lenient")]
    driver: String,
}

impl VolumeSpec {
    fn backing(&self) -> &str {
        let kinds = [
            ("local", &self.local),
            ("hostPath", &self.host_path),
            ("nfs", &self.nfs),
            ("iscsi", &self.iscsi),
            ("fc", &self.fc),
            ("rbd", &self.rbd),
            ("cephfs", &self.cephfs),
            ("glusterfs", &self.glusterfs),
            ("cinder", &self.cinder),
            ("awsElasticBlockStore", &self.aws_elastic_block_store),
            ("gcePersistentDisk", &self.gce_persistent_disk),
            ("azureDisk", &self.azure_disk),
        ];
        let found = kinds.into_iter().find(|(_, kind)| kind.is_some()).map(|(word, _)| word);
        self.csi.as_ref().map(|csi| csi.driver.as_str()).or(found).unwrap_or_default()
    }
}

/// Labels of a volume that tie it to a zone or region.
const ZONES: [&str; 4] = [
    "topology.kubernetes.io/zone",
    "topology.kubernetes.io/region",
    "failure-domain.beta.kubernetes.io/zone",
    "failure-domain.beta.kubernetes.io/region",
];

/// A volume.
pub(crate) fn volume(object: Object<VolumeSpec, Phase>, intern: &mut Intern) -> Fact {
    let Object { metadata, spec, status, .. } = object;
    let mut odd = false;
    let affinity = spec.node_affinity.required.as_ref().map(|required| required.terms(intern, &mut odd));
    Fact::Volume(Box::new(Volume {
        name: intern.name(&metadata.name),
        class: intern.name(&spec.storage_class_name),
        modes: modes(&spec.access_modes),
        capacity: spec.capacity.get("storage").and_then(|amount| quantity::whole(amount)),
        phase: intern.name(&status.phase),
        claim: spec.claim_ref.as_ref().map(|claim| Key::new(intern.name(&claim.namespace), intern.name(&claim.name))),
        affinity,
        zones: intern.labels(metadata.labels.iter().filter(|(label, _)| ZONES.contains(&label.as_str()))),
        backing: intern.name(spec.backing()),
        odd,
    }))
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Class {
    #[serde(deserialize_with = "lenient")]
    provisioner: String,
    #[serde(deserialize_with = "lenient")]
    volume_binding_mode: String,
    #[serde(deserialize_with = "each")]
    allowed_topologies: Vec<Allowed>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Allowed {
    #[serde(deserialize_with = "each")]
    match_label_expressions: Vec<Expression>,
}

/// A class of volumes.
pub(crate) fn class(object: Flat<Class>, intern: &mut Intern) -> Fact {
    let Flat { metadata, fields, .. } = object;
    let term = |allowed: &Allowed, intern: &mut Intern| {
        // These expressions have no operator: one of the values must be there.
        let within = |expression: &Expression| Expression { operator: "In".into(), ..expression.clone() };
        let labels = allowed.match_label_expressions.iter().map(within);
        NodeTerm { labels: labels.filter_map(|one| one.of_node(intern)).collect(), names: Vec::new() }
    };
    let default =
        [DEFAULT_CLASS, DEFAULT_CLASS_OF_OLD].into_iter().any(|name| metadata.annotations.get(name) == Some("true"));
    Fact::StorageClass(StorageClass {
        name: intern.name(&metadata.name),
        provisioner: intern.name(&fields.provisioner),
        waits: fields.volume_binding_mode == "WaitForFirstConsumer",
        default,
        allowed: fields.allowed_topologies.iter().map(|allowed| term(allowed, intern)).collect(),
    })
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Drivers {
    #[serde(deserialize_with = "each")]
    drivers: Vec<NodeDriver>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct NodeDriver {
    #[serde(deserialize_with = "lenient")]
    name: String,
    #[serde(deserialize_with = "lenient")]
    allocatable: Count,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Count {
    #[serde(deserialize_with = "maybe")]
    count: Option<u32>,
}

/// A node's drivers of volumes.
pub(crate) fn csi_node(object: &Object<Drivers, Nothing>, intern: &mut Intern) -> Fact {
    let drivers = object.spec.drivers.iter().map(|driver| (intern.name(&driver.name), driver.allocatable.count));
    let drivers = drivers.collect();
    Fact::CsiNode(CsiNode { name: intern.name(&object.metadata.name), drivers })
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use topology::inventory::NodeOperator;

    use super::*;
    use crate::cluster::object::{read, read_flat};

    #[test]
    fn a_claim_tells_its_volume_class_and_size() {
        let object = json!({ "metadata": { "namespace": "ims", "name": "data-hss-db-0" },
            "spec": { "volumeName": "pv-1", "storageClassName": "local", "accessModes": ["ReadWriteOnce", "New"],
                "resources": { "requests": { "storage": "20Gi" } } }, "status": { "phase": "Bound" } });
        let Fact::Claim(claim) = claim(read(&object), &mut Intern::default()) else { panic!("no claim") };
        assert_eq!((claim.volume.as_deref(), claim.class.as_deref(), claim.bound), (Some("pv-1"), Some("local"), true));
        assert_eq!((claim.modes.as_slice(), claim.asked), ([AccessMode::Once].as_slice(), Some(20 << 30)));
    }

    #[test]
    fn a_claim_of_old_tells_its_class_in_an_annotation() {
        let object = json!({ "metadata": { "name": "x", "annotations": { "volume.beta.kubernetes.io/storage-class": "slow" } },
            "status": { "phase": "Pending" } });
        let Fact::Claim(claim) = claim(read(&object), &mut Intern::default()) else { panic!("no claim") };
        assert_eq!(
            (claim.class.as_deref(), claim.volume, claim.bound, &*claim.phase),
            (Some("slow"), None, false, "Pending")
        );
    }

    #[test]
    fn a_local_volume_tells_the_nodes_that_reach_it() {
        let term =
            json!({ "matchExpressions": [{ "key": "kubernetes.io/hostname", "operator": "In", "values": ["host4"] }] });
        let object = json!({ "metadata": { "name": "pv-1", "labels": { "topology.kubernetes.io/zone": "a", "app": "x" } },
            "spec": { "local": { "path": "/disks/1" }, "capacity": { "storage": "100G" }, "storageClassName": "local",
                "claimRef": { "namespace": "ims", "name": "data-hss-db-0" }, "accessModes": ["ReadWriteOnce"],
                "nodeAffinity": { "required": { "nodeSelectorTerms": [term] } } }, "status": { "phase": "Bound" } });
        let Fact::Volume(volume) = volume(read(&object), &mut Intern::default()) else { panic!("no volume") };
        assert_eq!((&*volume.backing, volume.capacity, volume.zones.iter().len()), ("local", Some(100_000_000_000), 1));
        assert_eq!(volume.claim, Some(Key::new("ims", "data-hss-db-0")));
        assert_eq!(volume.affinity.unwrap()[0].labels[0].operator, NodeOperator::In);
        assert!(!volume.odd);
    }

    #[test]
    fn a_class_tells_when_it_binds_and_where() {
        let object = json!({ "metadata": { "name": "local", "annotations": { "storageclass.kubernetes.io/is-default-class": "true" } },
            "provisioner": "kubernetes.io/no-provisioner", "volumeBindingMode": "WaitForFirstConsumer", "reclaimPolicy": "Delete",
            "allowedTopologies": [{ "matchLabelExpressions": [{ "key": "zone", "values": ["a", "b"] }] }] });
        let Fact::StorageClass(class) = class(read_flat(&object), &mut Intern::default()) else { panic!("no class") };
        assert!(class.waits && class.default);
        assert_eq!((&*class.provisioner, class.allowed[0].labels[0].values.len()), ("kubernetes.io/no-provisioner", 2));
    }

    #[test]
    fn a_node_tells_how_many_volumes_each_driver_takes() {
        let object = json!({ "metadata": { "name": "host4" }, "spec": { "drivers": [
            { "name": "disk.csi.example.com", "nodeID": "4", "allocatable": { "count": 16 } }, { "name": "nfs.csi.k8s.io" }] } });
        let Fact::CsiNode(node) = csi_node(&read(&object), &mut Intern::default()) else { panic!("no node") };
        assert_eq!(node.drivers, [("disk.csi.example.com".into(), Some(16)), ("nfs.csi.k8s.io".into(), None)]);
    }
}
