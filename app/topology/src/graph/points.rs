//! Single points of failure: hosts that everything passes on its way from outside to a service or to the API, and from
//! a component of the control plane to etcd.
//!
//! A host is one where it dominates the goal in the graph of all ways: no way leads around it. Nothing is said of what
//! no source tells. An address that moves between hosts is no host. A host that one way enters by and another way ends
//! at counts only where it dominates alone, so that each one told is proved, and one may be missing.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::{IpAddr, Ipv4Addr},
};

use petgraph::{
    algo::dominators::{Dominators, simple_fast},
    graph::{DiGraph, NodeIndex},
};

use crate::{
    Inventory,
    figure::is_master,
    health::kinds,
    inventory::{ComponentKind, Endpoint, EtcdMember, Heard, Key, Name, Resident, Route, RouteKind, Service, Source},
    planned::Planned,
};

/// The end of a way.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Goal {
    /// The API server, by the address that clients use.
    Api,
    /// etcd, by these components of the control plane.
    Etcd(Vec<ComponentKind>),
    /// A service, from outside of the cluster.
    Service(Key),
}

/// A host that everything passes on its way to a goal.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SinglePoint {
    /// The end of the ways.
    pub goal: Goal,
    /// The host.
    pub host: Name,
}

impl std::fmt::Display for SinglePoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let host = &self.host;
        match &self.goal {
            Goal::Api => write!(f, "Everything that reaches the API by its address passes {host}."),
            Goal::Service(key) => write!(f, "Everything that reaches service {key} from outside passes {host}."),
            Goal::Etcd(kinds) => {
                let programs: Vec<&str> = kinds.iter().map(|kind| kind.program()).collect();
                write!(f, "Every way from {} to etcd passes {host}.", listed(&programs))
            }
        }
    }
}

fn listed(words: &[&str]) -> String {
    match words {
        [] => String::new(),
        [only] => (*only).to_owned(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

/// All of a cluster: those of the control plane first, then by service. A cluster of one host has none that is worth a
/// word.
pub fn single_points(inventory: &Inventory) -> Vec<SinglePoint> {
    if !several_hosts(inventory) {
        return Vec::new();
    }
    let mut found = control(inventory);
    found.extend(to_services(inventory, inventory.services()));
    found.sort();
    found
}

/// Those of some services, at the cost of the services on the way to them.
pub fn single_points_of(inventory: &Inventory, services: &[&Service]) -> Vec<SinglePoint> {
    if services.is_empty() || !several_hosts(inventory) {
        return Vec::new();
    }
    let mut found = to_services(inventory, services.iter().copied());
    let asked: BTreeSet<&Key> = services.iter().map(|service| &service.key).collect();
    found.retain(|point| matches!(&point.goal, Goal::Service(key) if asked.contains(key)));
    found.sort();
    found
}

fn several_hosts(inventory: &Inventory) -> bool {
    inventory.heard(Source::Nodes).is_fresh() && inventory.nodes().len() > 1
}

/// The API of the cluster itself, which has its own goal.
fn is_api(key: &Key) -> bool {
    &*key.namespace == "default" && &*key.name == "kubernetes"
}

/// A place in the graph of ways: a host's name, or none for what is no host.
type Spot<'i> = Option<&'i Name>;

/// The graph of ways, in which each service has its own places for its hosts: a way to one leads to no other.
struct Ways<'i> {
    graph: DiGraph<Spot<'i>, ()>,
    outside: NodeIndex,
}

impl<'i> Ways<'i> {
    fn new() -> Self {
        let mut graph = DiGraph::new();
        let outside = graph.add_node(None);
        Self { graph, outside }
    }

    fn spot(&mut self, host: Spot<'i>) -> NodeIndex {
        self.graph.add_node(host)
    }

    /// From one place to another, by a host where that is known.
    fn lead(&mut self, from: NodeIndex, by: Spot<'i>, to: NodeIndex) {
        let from = match by {
            Some(host) => {
                let spot = self.spot(Some(host));
                self.graph.add_edge(from, spot, ());
                spot
            }
            None => from,
        };
        self.graph.add_edge(from, to, ());
    }

    /// Hosts that every way to a goal passes, sorted.
    fn passed(&self, dominators: &Dominators<NodeIndex>, goal: NodeIndex) -> BTreeSet<&'i Name> {
        let all = dominators.strict_dominators(goal).into_iter().flatten();
        all.filter_map(|spot| self.graph[spot]).collect()
    }

    fn dominators(&self) -> Dominators<NodeIndex> {
        simple_fast(&self.graph, self.outside)
    }
}

/// Ways to services: where they begin, and where all endpoints that serve come together.
struct Search<'i> {
    inventory: &'i Inventory,
    ways: Ways<'i>,
    routes: BTreeMap<&'i Key, Vec<&'i Route>>,
    /// Whether there may be routes that no source tells.
    hidden: bool,
    /// The two ends of each service that was looked at.
    known: BTreeMap<&'i Key, (NodeIndex, NodeIndex)>,
    ahead: Vec<&'i Service>,
}

fn to_services<'i>(inventory: &'i Inventory, services: impl Iterator<Item = &'i Service>) -> Vec<SinglePoint> {
    let mut routes: BTreeMap<&Key, Vec<&Route>> = BTreeMap::new();
    for route in inventory.catalog().routes() {
        for service in route.doors.iter().map(|door| &door.service).collect::<BTreeSet<_>>() {
            routes.entry(service).or_default().push(route);
        }
    }
    // An HTTPRoute may lead to a service of another namespace, one that is not seen among them.
    let is_told = |source: &Source| {
        let heard = inventory.heard(*source);
        *heard == Heard::NotServed || (heard.is_fresh() && inventory.tells_all(*source))
    };
    let hidden = ![Source::Ingresses, Source::HttpRoutes, Source::Gateways].iter().all(is_told);
    let mut search = Search { inventory, ways: Ways::new(), routes, hidden, known: BTreeMap::new(), ahead: Vec::new() };
    for service in services.filter(|service| !is_api(&service.key)) {
        search.ends(service);
        while let Some(next) = search.ahead.pop() {
            search.enter(next);
        }
    }
    let dominators = search.ways.dominators();
    let points = search.known.iter().flat_map(|(key, (_, goal))| {
        let hosts = search.ways.passed(&dominators, *goal);
        hosts.into_iter().map(|host| SinglePoint { goal: Goal::Service((*key).clone()), host: host.clone() })
    });
    points.collect()
}

impl<'i> Search<'i> {
    /// Both ends of a service. One that is new is looked at later.
    fn ends(&mut self, service: &'i Service) -> (NodeIndex, NodeIndex) {
        if let Some(ends) = self.known.get(&service.key) {
            return *ends;
        }
        let ends = (self.ways.spot(None), self.ways.spot(None));
        self.known.insert(&service.key, ends);
        self.ahead.push(service);
        ends
    }

    fn enter(&mut self, service: &'i Service) {
        let (door, goal) = self.ends(service);
        let outside = self.ways.outside;
        let inventory = self.inventory;
        let is_fresh = |source| inventory.heard_in(source, &service.key.namespace).is_fresh();
        if !is_fresh(Source::Services) || !is_fresh(Source::Endpoints) {
            // Another endpoint may serve it by now.
            return self.ways.lead(outside, None, goal);
        }
        // By its own addresses it is reached, whatever other services share them.
        for address in service.balancer_ips.iter().chain(&service.external_ips) {
            self.enter_at(address, door);
        }
        // Every node opens it, of which there are several.
        if service.ports.iter().any(|port| port.node_port.is_some()) {
            self.ways.lead(outside, None, door);
        }
        for route in self.routes.get(&service.key).cloned().unwrap_or_default() {
            self.enter_by(route, door, &service.key);
        }
        if self.hidden {
            // It may be reached by a route as well. A service that is not reached otherwise stays unreached.
            let is_reached = self.ways.graph.neighbors_directed(door, petgraph::Direction::Incoming).next().is_some();
            if is_reached {
                self.ways.lead(outside, None, door);
            }
        }
        let mut hosts: BTreeSet<Spot<'i>> = BTreeSet::new();
        for set in inventory.endpoints_of(&service.key) {
            let serve = set.endpoints.iter().filter(|endpoint| endpoint.ready || endpoint.serves_last);
            hosts.extend(serve.map(|endpoint| host_of(inventory, &service.key, endpoint)));
        }
        for host in hosts {
            self.ways.lead(door, host, goal);
        }
    }

    /// By an address: a host's own, or one that no host keeps to itself.
    fn enter_at(&mut self, address: &'i Name, door: NodeIndex) {
        let outside = self.ways.outside;
        let host = address.parse::<IpAddr>().ok().and_then(|address| host_at(self.inventory, address));
        self.ways.lead(outside, host, door);
    }

    /// By an Ingress or HTTPRoute, at the addresses that its controller tells.
    fn enter_by(&mut self, route: &'i Route, door: NodeIndex, own: &Key) {
        let outside = self.ways.outside;
        let catalog = self.inventory.catalog();
        let doors: Vec<&'i [Name]> = match route.kind {
            RouteKind::Ingress => vec![route.addresses.as_slice()],
            RouteKind::HttpRoute => {
                let gateways = route.gateways.iter().map(|key| catalog.gateway(key));
                gateways.map(|one| one.map(|one| one.addresses.as_slice()).unwrap_or_default()).collect()
            }
        };
        if doors.is_empty() || doors.iter().any(|addresses| addresses.is_empty()) {
            // Nobody tells where it is reached, or where one of its Gateways is.
            self.ways.lead(outside, None, door);
        }
        for address in doors.into_iter().flatten() {
            self.enter_through(address, door, own);
        }
    }

    /// By an address of a route: through the services that have it, or else as by any other.
    fn enter_through(&mut self, address: &'i Name, door: NodeIndex, own: &Key) {
        let inventory = self.inventory;
        let residents = address.parse::<IpAddr>().ok().into_iter().flat_map(|address| inventory.at(address));
        let mut services: Vec<&'i Service> = Vec::new();
        let mut by_others = false;
        for resident in residents {
            match resident {
                Resident::Service(key) if key != own => services.extend(inventory.service(key)),
                // A controller on the host's own network answers there, whatever service has the address too.
                Resident::Node(_) | Resident::Service(_) | Resident::Pod(_) => by_others = true,
            }
        }
        if by_others || services.is_empty() {
            self.enter_at(address, door);
        }
        for service in services {
            let (_, served) = self.ends(service);
            self.ways.lead(served, None, door);
        }
    }
}

/// The host that has an address to itself. One that moves, or that several hosts tell of, has none.
fn host_at(inventory: &Inventory, address: IpAddr) -> Spot<'_> {
    let is = |vip: Ipv4Addr| IpAddr::V4(vip) == address.to_canonical();
    let has = |planned: &Planned| planned.nets.iter().any(|net| net.vip.is_some_and(is));
    if inventory.planned().is_some_and(has) {
        return None;
    }
    let mut hosts = inventory
        .at(address)
        .filter_map(|resident| if let Resident::Node(name) = resident { Some(name) } else { None });
    let first = hosts.next()?;
    hosts.next().is_none().then_some(first)
}

/// The host of an endpoint, where a source tells.
fn host_of<'i>(inventory: &'i Inventory, service: &Key, endpoint: &'i Endpoint) -> Spot<'i> {
    if let Some(node) = &endpoint.node {
        return Some(node);
    }
    if let Some(pod) = &endpoint.pod {
        let key = Key { namespace: service.namespace.clone(), name: pod.clone() };
        return inventory.pod(&key).and_then(|pod| pod.node.as_ref());
    }
    host_at(inventory, endpoint.address.parse().ok()?)
}

/// Those of the control plane; none where there may be parts of it that are not seen.
fn control(inventory: &Inventory) -> Vec<SinglePoint> {
    if !inventory.heard(Source::Pods).is_fresh() || !inventory.tells_all(Source::Pods) {
        return Vec::new();
    }
    let on = |kind: ComponentKind| -> Vec<&Name> {
        let has = |node: &&crate::inventory::Node| {
            kinds(inventory, node, is_master(inventory, node)).any(|found| found == kind)
        };
        inventory.nodes().filter(has).map(|node| &node.name).collect()
    };
    let servers = on(ComponentKind::ApiServer);
    let mut found = to_api(inventory, &servers);
    let Some(members) = members(inventory, || on(ComponentKind::Etcd)) else { return found };
    let mut passed: BTreeMap<&Name, Vec<ComponentKind>> = BTreeMap::new();
    for kind in [ComponentKind::ApiServer, ComponentKind::Scheduler, ComponentKind::ControllerManager] {
        let own = if kind == ComponentKind::ApiServer { Vec::new() } else { on(kind) };
        if own.is_empty() && kind != ComponentKind::ApiServer {
            continue;
        }
        for host in to_etcd(&own, &servers, &members) {
            passed.entry(host).or_default().push(kind);
        }
    }
    found.extend(passed.into_iter().map(|(host, kinds)| SinglePoint { goal: Goal::Etcd(kinds), host: host.clone() }));
    found
}

/// From outside by the address that clients use, to an API server.
fn to_api(inventory: &Inventory, servers: &[&Name]) -> Vec<SinglePoint> {
    let mut ways = Ways::new();
    let (door, goal) = (ways.spot(None), ways.spot(None));
    let entrance = inventory.entrance().and_then(|entrance| entrance.rsplit_once(':'));
    let address = entrance.and_then(|(host, _)| host.trim_matches(['[', ']']).parse::<IpAddr>().ok());
    let host = address.and_then(|address| host_at(inventory, address));
    ways.lead(ways.outside, host, door);
    for server in servers {
        ways.lead(door, Some(server), goal);
    }
    let dominators = ways.dominators();
    let hosts = ways.passed(&dominators, goal);
    hosts.into_iter().map(|host| SinglePoint { goal: Goal::Api, host: host.clone() }).collect()
}

/// The host of each configured member of etcd; none where no source tells of one, or it runs elsewhere.
fn members<'i>(inventory: &'i Inventory, on: impl Fn() -> Vec<&'i Name>) -> Option<Vec<Spot<'i>>> {
    let told = inventory.etcd().filter(|etcd| !etcd.members.is_empty());
    let members: Vec<Spot<'i>> = match told {
        Some(etcd) => {
            let host = |member: &EtcdMember| {
                let is = |node: &&crate::inventory::Node| {
                    inventory.etcd_on(node).is_some_and(|(_, found)| found.name == member.name)
                };
                inventory.nodes().find(is).map(|node| &node.name)
            };
            etcd.voters().map(host).collect()
        }
        None => on().into_iter().map(Some).collect(),
    };
    (!members.is_empty()).then_some(members)
}

/// Hosts that every way passes from a component to a quorum of etcd.
fn to_etcd<'i>(own: &[&'i Name], servers: &[&'i Name], members: &[Spot<'i>]) -> BTreeSet<&'i Name> {
    let mut ways = Ways::new();
    let (served, stored, goal) = (ways.spot(None), ways.spot(None), ways.spot(None));
    let asks = ways.spot(None);
    match own {
        [] => ways.lead(ways.outside, None, asks),
        hosts => hosts.iter().for_each(|host| ways.lead(ways.outside, Some(*host), asks)),
    }
    match servers {
        [] => ways.lead(asks, None, served),
        hosts => hosts.iter().for_each(|host| ways.lead(asks, Some(*host), served)),
    }
    ways.lead(served, None, stored);
    if members.len() > 2 {
        members.iter().for_each(|member| ways.lead(stored, *member, goal));
    } else {
        // One or two make a quorum only together: one after the other stands for both.
        let mut last = stored;
        for member in members {
            let next = ways.spot(None);
            ways.lead(last, *member, next);
            last = next;
        }
        ways.lead(last, None, goal);
    }
    ways.passed(&ways.dominators(), goal)
}
