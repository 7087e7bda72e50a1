//! Single points of failure: hosts that no way leads around.

#[expect(dead_code, reason = "of the fixture only its language is used here")]
mod fixture;

use fixture::inventory;
use topology::{
    Change, Inventory,
    graph::{Goal, Question, SinglePoint, follow, single_points, single_points_of},
    inventory::{Address, AddressKind, Fact, Gateway, Heard, Key, Route, RouteKind, Source, Way},
};

const HOSTS: &str = "
    node host1
    node host2
    node host3
    pod web-a on host1 ready
    pod web-b on host2 ready
    pod in-a on host3 ready
";

/// A cluster whose routes are known as well.
fn cluster(text: &str) -> Inventory {
    let mut facts = inventory(&format!("{HOSTS}\n{text}"));
    for source in [Source::Ingresses, Source::HttpRoutes, Source::Gateways] {
        facts.apply(Change::Heard(source, Heard::Live));
    }
    facts
}

fn said(facts: &Inventory) -> Vec<String> {
    single_points(facts).iter().map(ToString::to_string).collect()
}

fn route(kind: RouteKind, to: &str, addresses: &[&str]) -> Change {
    Change::Put(Fact::Route(Box::new(Route {
        kind,
        key: Key::new("default", format!("to-{to}")),
        class: "".into(),
        gateways: (kind == RouteKind::HttpRoute).then(|| Key::new("default", "gate")).into_iter().collect(),
        addresses: addresses.iter().map(|address| (*address).into()).collect(),
        secure: false,
        doors: vec![Way { host: "".into(), path: "/".into(), service: Key::new("default", to), port: "80".into() }],
    })))
}

/// Gives a host one more address.
fn address(facts: &mut Inventory, host: &str, value: &str) {
    let mut node = facts.node(host).expect("a host").clone();
    node.addresses.push(Address { kind: AddressKind::External, value: value.into() });
    facts.apply(Change::Put(Fact::Node(Box::new(node))));
}

#[test]
fn a_service_on_two_hosts_has_no_single_point() {
    let facts = cluster("service web 2/2 over web-a,web-b port=80 nodeport=30080");
    assert_eq!(said(&facts), [""; 0]);
}

#[test]
fn the_only_host_of_all_ready_endpoints_is_one() {
    let facts = cluster("service web 1/2 over web-a,web-b port=80 nodeport=30080");
    assert_eq!(said(&facts), ["Everything that reaches service default/web from outside passes host1."]);
    let way = follow(&facts, &Question::Service(Key::new("default", "web")));
    assert!(way.notes.iter().any(|note| note.to_string() == said(&facts)[0]), "{:?}", way.notes);
}

#[test]
fn a_service_for_the_inside_alone_is_not_told() {
    let facts = cluster("service web 1/1 over web-a port=80");
    assert_eq!(said(&facts), [""; 0]);
}

#[test]
fn an_external_address_of_one_host_is_one_though_endpoints_are_two() {
    let mut facts = cluster("service web 2/2 over web-a,web-b port=80 external=192.0.2.1");
    assert_eq!(said(&facts), [""; 0], "nobody tells where that address is");
    address(&mut facts, "host3", "192.0.2.1");
    assert_eq!(said(&facts), ["Everything that reaches service default/web from outside passes host3."]);
    facts.apply(Change::Heard(Source::Ingresses, Heard::NotYet));
    assert_eq!(said(&facts), [""; 0], "an Ingress may lead there as well");
}

#[test]
fn an_ingress_controller_on_one_host_is_one_of_every_service_behind() {
    let text = "service web 2/2 over web-a,web-b port=80\nservice ingress 1/1 over in-a port=80 balancer=192.0.2.9";
    let mut facts = cluster(text);
    facts.apply(route(RouteKind::Ingress, "web", &["192.0.2.9"]));
    let both = ["ingress", "web"]
        .map(|name| format!("Everything that reaches service default/{name} from outside passes host3."));
    assert_eq!(said(&facts), both);
    let web = facts.service(&Key::new("default", "web")).expect("web");
    assert_eq!(single_points_of(&facts, &[web]).len(), 1, "only what was asked for");
}

#[test]
fn a_gateway_at_one_hosts_address_is_one() {
    let mut facts = cluster("service web 2/2 over web-a,web-b port=80");
    facts.apply(route(RouteKind::HttpRoute, "web", &[]));
    assert_eq!(said(&facts), [""; 0], "no Gateway tells its address");
    facts.apply(Change::Put(Fact::Gateway(Gateway {
        key: Key::new("default", "gate"),
        class: "".into(),
        listeners: Vec::new(),
        addresses: vec!["192.0.2.1".into()],
    })));
    address(&mut facts, "host3", "192.0.2.1");
    assert_eq!(said(&facts), ["Everything that reaches service default/web from outside passes host3."]);
}

#[test]
fn a_gateway_that_nobody_tells_of_may_be_a_way_around() {
    let mut facts = cluster("service web 2/2 over web-a,web-b port=80");
    let Change::Put(Fact::Route(mut two)) = route(RouteKind::HttpRoute, "web", &[]) else { panic!("no route") };
    two.gateways.push(Key::new("elsewhere", "other"));
    facts.apply(Change::Put(Fact::Route(two)));
    facts.apply(Change::Put(Fact::Gateway(Gateway {
        key: Key::new("default", "gate"),
        class: "".into(),
        listeners: Vec::new(),
        addresses: vec!["192.0.2.1".into()],
    })));
    address(&mut facts, "host3", "192.0.2.1");
    assert_eq!(said(&facts), [""; 0]);
}

#[test]
fn services_that_share_an_address_are_no_way_to_each_other() {
    let text = "service web 2/2 over web-a,web-b port=80 external=192.0.2.1\n\
        service side 1/1 over in-a port=81 nodeport=30081 external=192.0.2.1";
    let facts = cluster(text);
    assert_eq!(said(&facts), ["Everything that reaches service default/side from outside passes host3."]);
}

#[test]
fn a_controller_on_the_hosts_network_answers_beside_a_service_there() {
    let text = "service web 2/2 over web-a,web-b port=80\nservice side 1/1 over web-a port=81 external=192.0.2.1";
    let mut facts = cluster(text);
    address(&mut facts, "host3", "192.0.2.1");
    facts.apply(route(RouteKind::Ingress, "web", &["192.0.2.1"]));
    let web = facts.service(&Key::new("default", "web")).expect("web");
    assert!(single_points_of(&facts, &[web]).is_empty(), "host1 serves only the other service");
}

#[test]
fn an_address_that_two_hosts_tell_of_is_neithers_own() {
    let mut facts = inventory(&masters(3));
    address(&mut facts, "m1", "10.1.200.222");
    address(&mut facts, "m2", "10.1.200.222");
    assert_eq!(said(&facts), [""; 0]);
}

#[test]
fn services_that_lead_to_each_other_end() {
    let text =
        "service web 1/1 over web-a port=80 balancer=192.0.2.8\nservice back 1/1 over web-b port=80 balancer=192.0.2.9";
    let mut facts = cluster(text);
    facts.apply(route(RouteKind::Ingress, "web", &["192.0.2.9"]));
    facts.apply(route(RouteKind::Ingress, "back", &["192.0.2.8"]));
    assert_eq!(said(&facts).len(), 2, "{:?}", said(&facts));
}

#[test]
fn what_no_source_tells_is_no_single_point() {
    let text = "service web 1/2 over web-a,web-b port=80 nodeport=30080";
    let mut facts = cluster(text);
    facts.apply(Change::Heard(Source::Endpoints, Heard::Stale { since: topology::Stamp(0), reason: "away".into() }));
    assert_eq!(said(&facts), [""; 0]);
    let mut control = inventory(&masters(1));
    control.apply(Change::Heard(Source::Pods, Heard::NotYet));
    assert_eq!(said(&control), [""; 0], "parts on other hosts may not be seen yet");
    let alone = inventory("node host1 master\npart host1 kube-apiserver\npart host1 etcd\npod web-a on host1 ready");
    assert_eq!(said(&alone), [""; 0], "a cluster of one host");
}

fn masters(count: usize) -> String {
    let mut text = String::new();
    for n in 1..=count {
        for program in ["kube-apiserver", "kube-scheduler", "kube-controller-manager", "etcd"] {
            text += &format!("part m{n} {program}\n");
        }
        text += &format!("node m{n} master\n");
    }
    text + "node w1\nnode w2\nentrance 10.1.200.222:6443\n"
}

#[test]
fn three_masters_behind_an_address_that_moves_have_none() {
    assert_eq!(said(&inventory(&masters(3))), [""; 0]);
}

#[test]
fn one_master_is_the_single_point_of_the_api_and_of_etcd() {
    let facts = inventory(&masters(1));
    let etcd = "Every way from kube-apiserver, kube-scheduler and kube-controller-manager to etcd passes m1.";
    assert_eq!(said(&facts), ["Everything that reaches the API by its address passes m1.", etcd]);
}

#[test]
fn two_members_of_etcd_are_needed_both() {
    let hosts: Vec<String> = single_points(&inventory(&masters(2)))
        .into_iter()
        .filter(|point| matches!(point.goal, Goal::Etcd(_)))
        .map(|point| point.host.to_string())
        .collect();
    assert_eq!(hosts, ["m1", "m2"]);
}

#[test]
fn the_address_of_one_master_is_the_single_point_of_the_api() {
    let mut facts = inventory(&masters(3));
    address(&mut facts, "m2", "10.1.200.222");
    assert_eq!(single_points(&facts), [SinglePoint { goal: Goal::Api, host: "m2".into() }]);
}
