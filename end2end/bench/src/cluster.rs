//! A made-up cluster of any size: cluster → machines → pods, deployments → replicasets → pods,
//! services → pods; pods are half of all things, about 1.35 relations a thing. Names that repeat are
//! shared, as whoever reads a cluster shares them.

use std::sync::Arc;

use scene::{Kind, Mark};
use serde_json::{Value, json};
use topology::{
    Change, Inventory, Stamp,
    inventory::{
        Endpoint, EndpointSet, Fact, Heard, Key, Labels, Name, Node, Owner, OwnerKind, Phase, Pod, Service, Source,
    },
};

pub(crate) struct Cluster {
    machines: usize,
    pods: usize,
    deployments: usize,
    services: usize,
    namespace: Name,
    hosts: Vec<Name>,
    replicasets: Vec<Name>,
}

impl Cluster {
    pub(crate) fn of(things: usize) -> Self {
        let pods = things / 2;
        let machines = (things / 60).max(3);
        let services = things / 20;
        let deployments = things.saturating_sub(1 + pods + machines + services) / 2;
        let hosts = (0..machines).map(|n| format!("host{n}").into()).collect();
        let replicasets = (0..deployments).map(|n| format!("app-{n}-5d4f").into()).collect();
        Self { machines, pods, services, deployments, namespace: "default".into(), hosts, replicasets }
    }

    /// Where the n-th pod runs: scattered, as a scheduler does it.
    fn machine(&self, pod: usize) -> usize {
        (pod * 7_919 + pod / 3) % self.machines
    }

    fn deployment(&self, pod: usize) -> usize {
        pod % self.deployments
    }

    fn members(&self, service: usize) -> Vec<usize> {
        (0..self.pods).skip(service * 5 % self.pods).step_by(self.deployments).take(3).collect()
    }

    /// Things by number and the pairs between them, machines first.
    pub(crate) fn numbered(&self) -> (usize, Vec<(u32, u32)>) {
        let machine = |n: usize| 1 + n;
        let pod = |n: usize| 1 + self.machines + n;
        let deployment = |n: usize| 1 + self.machines + self.pods + n;
        let replicaset = |n: usize| 1 + self.machines + self.pods + self.deployments + n;
        let service = |n: usize| 1 + self.machines + self.pods + 2 * self.deployments + n;
        let mut edges = Vec::new();
        edges.extend((0..self.machines).map(|n| (0, machine(n))));
        edges.extend((0..self.deployments).map(|n| (deployment(n), replicaset(n))));
        edges.extend((0..self.pods).map(|n| (machine(self.machine(n)), pod(n))));
        edges.extend((0..self.pods).map(|n| (replicaset(self.deployment(n)), pod(n))));
        edges.extend(
            (0..self.services)
                .flat_map(|n| self.members(n).into_iter().map(move |member| (n, member)))
                .map(|(n, member)| (service(n), pod(member))),
        );
        let number = |n: usize| u32::try_from(n).expect("fits");
        (service(self.services), edges.into_iter().map(|(a, b)| (number(a), number(b))).collect())
    }

    pub(crate) fn graph(&self) -> Value {
        let (nodes, edges) = self.numbered();
        json!({ "nodes": nodes, "edges": edges })
    }

    pub(crate) fn inventory(&self) -> Inventory {
        let mut facts = Inventory::default();
        let mut put = |fact| {
            facts.apply(Change::Put(fact));
        };
        let owner = |kind, name: Name, owner| {
            let key = Key::new(self.namespace.clone(), name);
            Fact::Owner(Owner {
                kind,
                key,
                owner,
                wanted: 1,
                ready: 1,
                active: 0,
                labels: Labels::default(),
                created: Stamp(0),
            })
        };
        (0..self.machines).for_each(|n| put(Fact::Node(Box::new(Node { name: self.hosts[n].clone(), ..node(n) }))));
        for n in 0..self.deployments {
            let deployment = Name::from(format!("app-{n}"));
            put(owner(OwnerKind::Deployment, deployment.clone(), None));
            let above = Some((OwnerKind::Deployment, deployment));
            put(owner(OwnerKind::ReplicaSet, self.replicasets[n].clone(), above));
        }
        for n in 0..self.services {
            let key = Key::new(self.namespace.clone(), format!("svc-{n}"));
            put(Fact::Endpoints(EndpointSet {
                key: Key::new(self.namespace.clone(), format!("svc-{n}-x")),
                service: key.name.clone(),
                endpoints: self
                    .members(n)
                    .into_iter()
                    .map(|pod| Endpoint {
                        address: "10.0.0.1".into(),
                        ready: true,
                        serves_last: false,
                        terminating: false,
                        pod: Some(format!("pod-{pod}").into()),
                        node: None,
                        ports: [].into(),
                    })
                    .collect(),
            }));
            put(Fact::Service(Service {
                key,
                kind: "ClusterIP".into(),
                cluster_ips: Vec::new(),
                external_ips: Vec::new(),
                balancer_ips: Vec::new(),
                local: false,
                ports: Vec::new(),
                selects: true,
                selector: Labels::default(),
                external_name: "".into(),
            }));
        }
        for n in 0..self.pods {
            facts.apply(self.numbered_pod(n, true));
        }
        for source in Source::ALL {
            facts.apply(Change::Heard(source, Heard::Live));
        }
        facts
    }

    /// The pod of this name, as a change.
    pub(crate) fn pod(&self, key: &Key, ready: bool) -> Change {
        let n = key.name.rsplit('-').next().and_then(|n| n.parse().ok()).unwrap_or(0);
        self.numbered_pod(n, ready)
    }

    fn numbered_pod(&self, n: usize, ready: bool) -> Change {
        let owner = self.replicasets[self.deployment(n)].clone();
        Change::Put(Fact::Pod(Box::new(Pod {
            key: Key::new(self.namespace.clone(), format!("pod-{n}")),
            node: Some(self.hosts[self.machine(n)].clone()),
            phase: Phase::Running,
            ready,
            containers_ready: u16::from(ready),
            containers: 1,
            restarts: 0,
            reason: "".into(),
            owner: Some((OwnerKind::ReplicaSet, owner)),
            host_network: false,
            addresses: Vec::new(),
            created: Stamp(0),
            leaving: false,
            further: None,
            mirror: false,
            component: None,
            labels: Labels::default(),
            images: [].into(),
            networks: None,
            shape: Arc::default(),
            claims: Arc::default(),
            pin: None,
        })))
    }
}

pub(crate) fn node(n: usize) -> Node {
    let role = (n < 3).then(|| Name::from("control-plane"));
    Node {
        name: format!("host{n}").into(),
        created: Stamp(0),
        roles: role.into_iter().collect(),
        addresses: Vec::new(),
        conditions: Vec::new(),
        cordoned: false,
        taints: Vec::new(),
        labels: Labels::default(),
        allocatable: None,
        capacity: None,
        kubelet: "v1.34.4".into(),
        proxy: "".into(),
        runtime: "containerd://1.7".into(),
        os: "".into(),
        kernel: "".into(),
        pod_cidrs: Vec::new(),
        room: None,
        zone: None,
    }
}

/// The straight lines of a mark, which lead from one point to others: there and back.
pub(crate) fn segments(mark: &Mark) -> impl Iterator<Item = [f64; 4]> {
    let lines = if mark.kind == Kind::Line { mark.path.as_slice() } else { &[] };
    lines.chunks_exact(2).map(|ends| {
        let [from, to] = [ends[0], ends[1]];
        [f64::from(from.x), f64::from(from.y), f64::from(to.x), f64::from(to.y)]
    })
}
