//! Where traffic goes in a made-up cluster of the size that the field is measured at: every service,
//! pods and addresses of every kind, followed one by one.

use std::{hint::black_box, net::Ipv4Addr, sync::Arc, time::Instant};

use serde_json::{Value, json};
use topology::{
    Change, Inventory, Stamp, drift,
    figure::{Drawing, Figure, View},
    graph::{Question, follow},
    inventory::{
        Endpoint, EndpointPort, EndpointSet, Fact, Heard, Key, Labels, NetworkPolicy, Operator, Phase, Pod,
        Requirement, Selector, Service, ServicePort, Source,
    },
    planned::{Planned, PlannedHost, PlannedNet},
};

use crate::{cluster::node, median};

/// Endpoints a service.
const BEHIND: usize = 10;
/// Namespaces, which policies are kept by.
const NAMESPACES: usize = 40;

fn namespace(n: usize) -> String {
    format!("team-{}", n % NAMESPACES)
}

fn pod_address(n: usize) -> String {
    format!("10.{}.{}.{}", 128 + n / 65_536, n / 256 % 256, n % 256)
}

fn service_address(n: usize) -> String {
    format!("10.96.{}.{}", n / 250, n % 250 + 1)
}

fn pod(n: usize, nodes: usize) -> Pod {
    let app = n / BEHIND;
    Pod {
        key: Key::new(namespace(app), format!("app-{app}-{n}")),
        node: Some(format!("host{}", n * 7_919 % nodes).into()),
        phase: Phase::Running,
        ready: true,
        containers_ready: 1,
        containers: 1,
        restarts: 0,
        reason: "".into(),
        owner: None,
        host_network: false,
        addresses: vec![pod_address(n).into()],
        created: Stamp(0),
        leaving: false,
        further: None,
        mirror: false,
        component: None,
        labels: Labels::new([("app".into(), format!("app-{app}").into())]),
        images: [].into(),
        networks: None,
        shape: Arc::default(),
        claims: Arc::default(),
        pin: None,
    }
}

fn service(n: usize) -> [Fact; 2] {
    let key = Key::new(namespace(n), format!("app-{n}"));
    let node_port = u16::try_from(n).ok().filter(|n| n.is_multiple_of(3)).map(|n| 30_000 + n);
    let port = ServicePort { name: "main".into(), protocol: "TCP".into(), port: 80, node_port };
    let ports = [EndpointPort { name: "main".into(), protocol: "TCP".into(), port: 8_080 }];
    let endpoint = |pod: usize| Endpoint {
        address: pod_address(pod).into(),
        ready: !pod.is_multiple_of(97),
        serves_last: false,
        terminating: false,
        pod: Some(format!("app-{n}-{pod}").into()),
        node: None,
        ports: ports.clone().into(),
    };
    let set = EndpointSet {
        key: Key { name: format!("app-{n}-x").into(), ..key.clone() },
        service: key.name.clone(),
        endpoints: (n * BEHIND..(n + 1) * BEHIND).map(endpoint).collect(),
    };
    let service = Service {
        key,
        kind: "ClusterIP".into(),
        cluster_ips: vec![service_address(n).into()],
        external_ips: Vec::new(),
        balancer_ips: Vec::new(),
        local: false,
        ports: vec![port],
        selects: true,
        selector: Labels::new([("app".into(), format!("app-{n}").into())]),
        external_name: "".into(),
    };
    [Fact::Service(service), Fact::Endpoints(set)]
}

fn policy(n: usize) -> Fact {
    let app = format!("app-{}", n * 7).into();
    let requirement = Requirement { label: "app".into(), operator: Operator::In, values: vec![app] };
    Fact::Policy(NetworkPolicy {
        key: Key::new(namespace(n * 7), format!("policy-{n}")),
        selects: Selector(vec![requirement]),
        ingress: true,
        egress: false,
    })
}

/// Times in milliseconds of questions in a cluster of so many nodes, pods and services.
pub(crate) fn measure(nodes: usize, pods: usize, services: usize) -> Value {
    let mut facts = Inventory::default();
    let mut put = |fact| drop(facts.apply(Change::Put(fact)));
    (0..nodes).for_each(|n| put(Fact::Node(Box::new(node(n)))));
    (0..pods).for_each(|n| put(Fact::Pod(Box::new(pod(n, nodes)))));
    (0..services).flat_map(service).for_each(&mut put);
    (0..services / 10).map(policy).for_each(&mut put);
    for source in Source::ALL {
        facts.apply(Change::Heard(source, Heard::Live));
    }
    let address = |text: String| Question::Address(text.parse().expect("an address"));
    let pod_key = |n: usize| pod(n, nodes).key;
    let (whole, endpoint) = networking(&facts, services);
    json!({
        "whole": whole,
        "endpoint": endpoint,
        "planned": planned(&facts, nodes),
        "service": spread(&facts, (0..services).map(|n| Question::Service(Key::new(namespace(n), format!("app-{n}"))))),
        "pod": spread(&facts, (0..pods).step_by(7).map(|n| Question::Pod(pod_key(n)))),
        "address": spread(&facts, (0..services).map(|n| address(service_address(n)))
            .chain((0..pods).step_by(11).map(|n| address(pod_address(n))))),
    })
}

/// The networking figure whole, and after a change of one endpoint, in milliseconds.
fn networking(facts: &Inventory, services: usize) -> (f64, Value) {
    let view = View { figure: Figure::Networking, ..View::default() };
    let whole = median(|| Drawing::draw(facts, &view, Stamp(0)).scene());
    let mut facts = facts.clone();
    let mut figure = Drawing::draw(&facts, &view, Stamp(0));
    let mut times: Vec<f64> = (0..services.min(200))
        .map(|n| {
            let [_, changed] = service(n);
            let Fact::Endpoints(mut set) = changed else { unreachable!("a service's second fact is its endpoints") };
            set.endpoints[0].ready = !set.endpoints[0].ready;
            let start = Instant::now();
            let touched = facts.apply(Change::Put(Fact::Endpoints(set)));
            black_box(figure.redraw(&facts, &touched, Stamp(0)));
            start.elapsed().as_secs_f64() * 1e3
        })
        .collect();
    times.sort_by(f64::total_cmp);
    (whole, json!({ "p50": times[times.len() / 2], "p99": times[times.len() * 99 / 100], "worst": times.last() }))
}

/// The figure beside a plan of as many hosts, and where the two disagree, in milliseconds.
fn planned(facts: &Inventory, nodes: usize) -> Value {
    let host = |n: usize| PlannedHost {
        name: format!("host{n}").into(),
        master: n < 3,
        etcd: n < 3,
        roles: vec!["kube_node".into()],
        addresses: vec![("mgmt".into(), Ipv4Addr::from(0x0A01_0000 + u32::try_from(n).unwrap_or(0)))],
    };
    let net = PlannedNet {
        name: "mgmt".into(),
        card: "eth0".into(),
        vlan: None,
        cidr: "10.1.0.0/16".parse().ok(),
        gateway: None,
        vip: Some(Ipv4Addr::new(10, 1, 200, 222)),
    };
    let plan = Planned::new((0..nodes + 10).map(host).collect(), vec![net]);
    let mut facts = facts.clone();
    facts.apply(Change::Planned(Some(Arc::new(plan))));
    let view = View { figure: Figure::Networking, ..View::default() };
    let found = drift::compare(&facts).map_or(0, |report| report.drifts.len());
    assert!(found >= 10, "ten hosts are missing");
    json!({
        "whole": median(|| Drawing::draw(&facts, &view, Stamp(0)).scene()),
        "drift": median(|| drift::compare(&facts)),
    })
}

fn spread(facts: &Inventory, questions: impl Iterator<Item = Question>) -> Value {
    let mut times: Vec<f64> = questions
        .map(|question| {
            let start = Instant::now();
            let way = black_box(follow(facts, &question));
            let time = start.elapsed().as_secs_f64() * 1e3;
            assert!(way.hops.len() > 2, "nothing found by {question:?}");
            time
        })
        .collect();
    times.sort_by(f64::total_cmp);
    json!({ "p50": times[times.len() / 2], "p99": times[times.len() * 99 / 100], "worst": times.last() })
}
