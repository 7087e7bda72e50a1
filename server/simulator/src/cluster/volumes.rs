//! Claims and volumes of the databases: one on a disk of its host, one on a file server.

use serde_json::{Value, json};

use super::site::Site;
use crate::{kind::Kind, object::Key, profile::Profile};

/// A template whose pod mounts a claim.
pub(super) fn claiming(mut template: Value, claim: &str) -> Value {
    template["volumes"] = json!([{"name": "data", "persistentVolumeClaim": {"claimName": claim}}]);
    template["containers"][0]["volumeMounts"] = json!([{"name": "data", "mountPath": "/data"}]);
    template
}

pub(super) fn build(site: &Site<'_>) {
    class(site, "local", "kubernetes.io/no-provisioner", "WaitForFirstConsumer");
    class(site, "nfs", "nfs.csi.k8s.io", "Immediate");
    // A local volume ties its pod to the host that has the disk.
    let host = site
        .store
        .get(Kind::Pod, "ims", "hss-db-0")
        .and_then(|pod| pod.value()["spec"]["nodeName"].as_str().map(str::to_owned))
        .unwrap_or_default();
    let within = json!({"required": {"nodeSelectorTerms": [{"matchExpressions": [
        {"key": "kubernetes.io/hostname", "operator": "In", "values": [host]}]}]}});
    bound(
        site,
        &Key::new("ims", "data-hss-db-0"),
        "local",
        "100Gi",
        &json!({"local": {"path": "/mnt/disks/ssd1"}, "nodeAffinity": within}),
    );
    let served = json!({"nfs": {"server": "10.1.0.5", "path": "/export/prometheus"}});
    bound(site, &Key::new("monitoring", "data-prometheus-0"), "nfs", "250Gi", &served);
    if site.store.profile == Profile::V1_11 {
        return;
    }
    for host in &site.hosts {
        let metadata = site.metadata("", &host.name, &Value::Null);
        let drivers = json!([{"name": "nfs.csi.k8s.io", "nodeID": host.name, "topologyKeys": []}]);
        site.store.put(Kind::CSINode, json!({"metadata": metadata, "spec": {"drivers": drivers}}));
    }
}

fn class(site: &Site<'_>, name: &str, provisioner: &str, binding: &str) {
    let metadata = site.metadata("", name, &Value::Null);
    let class = json!({"metadata": metadata, "provisioner": provisioner, "reclaimPolicy": "Retain",
        "volumeBindingMode": binding});
    site.store.put(Kind::StorageClass, class);
}

/// A claim with the volume that it is bound to.
fn bound(site: &Site<'_>, claim: &Key, class: &str, size: &str, source: &Value) {
    let volume = format!("pv-{}", claim.name.trim_start_matches("data-"));
    let capacity = json!({"storage": size});
    let metadata = site.metadata(&claim.namespace, &claim.name, &Value::Null);
    site.store.put(
        Kind::PersistentVolumeClaim,
        json!({"metadata": metadata, "spec": {"accessModes": ["ReadWriteOnce"], "storageClassName": class,
            "volumeMode": "Filesystem", "volumeName": volume, "resources": {"requests": capacity}},
            "status": {"phase": "Bound", "accessModes": ["ReadWriteOnce"], "capacity": capacity}}),
    );
    let metadata = site.metadata("", &volume, &Value::Null);
    let mut spec = json!({"accessModes": ["ReadWriteOnce"], "storageClassName": class, "volumeMode": "Filesystem",
        "capacity": capacity, "persistentVolumeReclaimPolicy": "Retain",
        "claimRef": {"kind": "PersistentVolumeClaim", "namespace": claim.namespace, "name": claim.name}});
    for (field, value) in source.as_object().into_iter().flatten() {
        spec[field] = value.clone();
    }
    site.store.put(Kind::PersistentVolume, json!({"metadata": metadata, "spec": spec, "status": {"phase": "Bound"}}));
}
