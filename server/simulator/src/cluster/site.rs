//! A cluster while it is being built: its hosts, and who gets which of them next.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    endpoints::{self, Backend},
    hosts::Host,
    multus,
    owners::{self, Form, Workload},
    pods::{self, Draft, Stage},
};
use crate::{clock, kind::Kind, store::Store};

/// What is being built, and where.
pub(super) struct Site<'a> {
    pub(super) store: &'a Store,
    pub(super) hosts: Vec<Host>,
    /// When the cluster was set up, a while before the simulator's time starts.
    pub(super) born: Timestamp,
    next_host: usize,
    next_service: u32,
}

impl<'a> Site<'a> {
    pub(super) fn new(store: &'a Store, start: Timestamp) -> Self {
        Self { store, hosts: Vec::new(), born: clock::after(start, -9 * 86_400), next_host: 0, next_service: 10 }
    }

    /// Metadata of an object that is as old as the cluster.
    pub(super) fn metadata(&self, namespace: &str, name: &str, labels: &Value) -> Value {
        let mut metadata =
            json!({"name": name, "uid": self.store.uid(), "creationTimestamp": clock::seconds(self.born)});
        if !namespace.is_empty() {
            metadata["namespace"] = namespace.into();
        }
        if !labels.is_null() {
            metadata["labels"] = labels.clone();
        }
        metadata
    }

    pub(super) fn namespace(&self, name: &str) {
        let metadata = self.metadata("", name, &json!({"kubernetes.io/metadata.name": name}));
        let namespace =
            json!({"metadata": metadata, "spec": {"finalizers": ["kubernetes"]}, "status": {"phase": "Active"}});
        self.store.put(Kind::Namespace, namespace);
    }

    /// The next worker in turn; any host where there are no workers.
    fn worker(&mut self) -> Option<usize> {
        let count = self.hosts.len();
        let place = (0..count).map(|step| (self.next_host + step) % count).find(|place| !self.hosts[*place].master);
        let place = place.or((count > 0).then(|| self.next_host % count.max(1)))?;
        self.next_host = place + 1;
        Some(place)
    }

    /// Puts a workload's owners and pods in place, all of them ready (or done), and returns the pods.
    pub(super) fn workload(&mut self, workload: &Workload) -> Vec<Backend> {
        let places: Vec<usize> = match workload.form {
            Form::DaemonSet => (0..self.hosts.len()).collect(),
            _ => (0..workload.replicas).filter_map(|_| self.worker()).collect(),
        };
        self.placed(workload, places)
    }

    /// The same, with a pod on each of these hosts.
    pub(super) fn placed(&mut self, workload: &Workload, places: Vec<usize>) -> Vec<Backend> {
        let owner = owners::put(self.store, workload, self.born, places.len());
        let stage = if workload.form == Form::Job { Stage::Done } else { Stage::Ready };
        let mut backends = Vec::with_capacity(places.len());
        for (ordinal, place) in places.into_iter().enumerate() {
            let name = owner.pod_name(self.store, ordinal);
            let host = &mut self.hosts[place];
            let address =
                if workload.template["hostNetwork"] == true { host.address.clone() } else { host.next_address() };
            let draft = Draft {
                namespace: &workload.namespace,
                name: &name,
                uid: self.store.uid(),
                labels: owner.pod_labels.clone(),
                owner: Some(owner.reference.clone()),
                template: &workload.template,
                born: self.born,
                annotations: workload.annotations.clone(),
            };
            let node = pods::Place { node: host.name.clone(), host: host.address.clone(), pod: address.clone() };
            let mut pod = pods::pod(self.store.profile, &draft, Some(&node), &stage, self.born);
            if workload.form == Form::DaemonSet {
                pods::pin(&mut pod, &node.node);
            }
            multus::attach(self.store.profile, &mut pod, &address);
            self.store.put(Kind::Pod, pod);
            let uid = draft.uid;
            backends.push(Backend { address, node: node.node, pod: name, uid, ready: true, terminating: false });
        }
        backends
    }

    /// Puts a service in place that leads to these pods.
    pub(super) fn service(&mut self, workload: &Workload, port: u16, kind: &str, backends: &[Backend]) {
        self.next_service += 1;
        let address = format!(
            "10.{}.{}.{}",
            96 + self.next_service / 62_500,
            self.next_service / 250 % 250,
            self.next_service % 250 + 1
        );
        let mut ports = json!([{"name": "main", "port": port, "targetPort": port, "protocol": "TCP"}]);
        if kind != "ClusterIP" {
            ports[0]["nodePort"] = (30_000 + self.next_service % 2_768).into();
        }
        let headless = workload.form == Form::StatefulSet && kind == "ClusterIP";
        let address = if headless { "None".to_owned() } else { address };
        let service = json!({
            "metadata": self.metadata(&workload.namespace, &workload.name, &workload.labels),
            "spec": {"type": kind, "clusterIP": address, "clusterIPs": [address], "selector": workload.labels,
                "ports": ports, "sessionAffinity": "None", "ipFamilies": ["IPv4"], "ipFamilyPolicy": "SingleStack"},
            "status": {"loadBalancer": if kind == "LoadBalancer" {
                json!({"ingress": [{"ip": "10.1.0.223"}]})
            } else { json!({}) }},
        });
        self.store.put(Kind::Service, service.clone());
        endpoints::put(self.store, &service, backends);
    }
}
