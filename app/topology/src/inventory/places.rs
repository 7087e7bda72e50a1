//! Where things are found by what traffic knows of them: an address, a port, the pod behind an
//! endpoint; and the few pods of a node that are components of it, among its many. Kept change by
//! change, in flat sets, because most addresses have one owner.

use std::{collections::BTreeSet, net::IpAddr};

use super::{AddressKind, EndpointSet, Key, Name, Node, Pod, Service};

/// What has an address.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Resident {
    /// A node, by `status.addresses`.
    Node(Name),
    /// A pod, by `status.podIPs`; not one on the node's own network, whose address is the node's.
    Pod(Key),
    /// A service, by its cluster, external and load balancer's addresses.
    Service(Key),
}

#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Places {
    residents: BTreeSet<(IpAddr, Resident)>,
    node_ports: BTreeSet<(u16, Key)>,
    /// Pods and the names of the endpoint sets, in the same namespace, that name them.
    sets: BTreeSet<(Key, Name)>,
    /// Nodes and the pods on them that are components.
    components: BTreeSet<(Name, Key)>,
}

impl Places {
    pub(super) fn at(&self, address: IpAddr) -> impl Iterator<Item = &Resident> {
        let address = address.to_canonical();
        let first = (address, Resident::Node("".into()));
        self.residents.range(first..).take_while(move |(at, _)| *at == address).map(|(_, resident)| resident)
    }

    pub(super) fn node_port(&self, port: u16) -> impl Iterator<Item = &Key> {
        self.node_ports.range((port, Key::new("", ""))..).take_while(move |(at, _)| *at == port).map(|(_, key)| key)
    }

    pub(super) fn node_ports(&self) -> impl Iterator<Item = (u16, &Key)> {
        self.node_ports.iter().map(|(port, key)| (*port, key))
    }

    pub(super) fn sets_of(&self, pod: &Key) -> impl Iterator<Item = Key> {
        let first = (pod.clone(), Name::from(""));
        let named = move |name: &Name| Key { namespace: pod.namespace.clone(), name: name.clone() };
        self.sets.range(first..).take_while(move |(of, _)| of == pod).map(move |(_, name)| named(name))
    }

    pub(super) fn components_on<'a>(&'a self, node: &'a Name) -> impl Iterator<Item = &'a Key> {
        let first = (node.clone(), Key::new("", ""));
        self.components.range(first..).take_while(move |(on, _)| on == node).map(|(_, key)| key)
    }

    pub(super) fn node(&mut self, node: &Node, there: bool) {
        let addresses = node.addresses.iter().filter(|address| address.kind != AddressKind::Host);
        self.resident(addresses.map(|address| &address.value), &Resident::Node(node.name.clone()), there);
    }

    /// Whether two facts of one pod are found at the same places.
    pub(super) fn same(a: &Pod, b: &Pod) -> bool {
        (&a.addresses, a.host_network) == (&b.addresses, b.host_network)
            && (&a.node, a.component.is_some()) == (&b.node, b.component.is_some())
    }

    pub(super) fn pod(&mut self, pod: &Pod, there: bool) {
        if let (Some(node), true) = (&pod.node, pod.component.is_some()) {
            put(&mut self.components, (node.clone(), pod.key.clone()), there);
        }
        if !pod.host_network {
            self.resident(pod.addresses.iter(), &Resident::Pod(pod.key.clone()), there);
        }
    }

    pub(super) fn service(&mut self, service: &Service, there: bool) {
        let addresses = service.cluster_ips.iter().chain(&service.external_ips).chain(&service.balancer_ips);
        self.resident(addresses, &Resident::Service(service.key.clone()), there);
        for port in service.ports.iter().filter_map(|port| port.node_port) {
            put(&mut self.node_ports, (port, service.key.clone()), there);
        }
    }

    pub(super) fn set(&mut self, set: &EndpointSet, there: bool) {
        for pod in set.endpoints.iter().filter_map(|endpoint| endpoint.pod.as_ref()) {
            let pod = Key { namespace: set.key.namespace.clone(), name: pod.clone() };
            put(&mut self.sets, (pod, set.key.name.clone()), there);
        }
    }

    fn resident<'a>(&mut self, addresses: impl Iterator<Item = &'a Name>, who: &Resident, there: bool) {
        for address in addresses.filter_map(|address| address.parse::<IpAddr>().ok()) {
            put(&mut self.residents, (address.to_canonical(), who.clone()), there);
        }
    }
}

fn put<T: Ord>(set: &mut BTreeSet<T>, entry: T, there: bool) {
    if there {
        set.insert(entry);
    } else {
        set.remove(&entry);
    }
}
