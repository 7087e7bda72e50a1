//! Where traffic goes: ways through made-up clusters.

mod fixture;

use std::sync::Arc;

use fixture::{THREE_AND_TWO, changes, inventory, line};
use topology::{
    Change, Inventory,
    graph::{Entry, EntryKind, Hop, Note, Passage, Place, Question, Way, follow},
    inventory::{CniKind, EndpointPort, Heard, Key, Source, cni},
    planned::{Planned, PlannedNet},
};

const SHOP: &str = "
    node host1 master
    node host4
    node host5
    pod web-a on host4 at 10.244.0.0 labels app=web,tier=front ready
    pod web-b on host5 at 10.244.0.1 labels app=web,tier=front
    pod db-0 on host5 at 10.244.5.9 labels app=db ready
    service web 1/2 over web-a,web-b ip=10.96.0.80 port=80 target=8080 nodeport=30080 external=192.0.2.1 balancer=192.0.2.9
    service admin 1/1 over web-a ip=10.96.0.81 port=81
    service db 0/0 ip=10.96.0.90 port=5432
    policy walled app=web ingress
    policy sealed everything ingress egress
    policy others app!=web,tier egress
";

fn key(name: &str) -> Key {
    Key::new("default", name)
}

fn at(address: &str) -> Question {
    Question::Address(address.parse().expect("an address"))
}

fn text(place: &Place) -> String {
    let doors = |entry: &Entry| entry.doors.iter().map(|door| door.port.to_string()).collect::<Vec<_>>().join(",");
    let ports = |ports: &[EndpointPort]| ports.iter().map(|port| port.port.to_string()).collect::<Vec<_>>().join(",");
    match place {
        Place::Internet => "internet".into(),
        Place::Entry(entry) => {
            format!("{} {}:{}", entry.kind.word(), entry.address.as_deref().unwrap_or("*"), doors(entry))
        }
        Place::Service(key) => format!("service {}", key.name),
        Place::Endpoint(target) => format!("{}:{}", target.address, ports(&target.ports)),
        Place::Pod(key) => format!("pod {}", key.name),
        Place::Node(name) => format!("node {name}"),
        Place::Interface { node, name } => format!("{node} {name}"),
        Place::Network(name) => format!("network {name}"),
    }
}

fn texts(way: &Way) -> Vec<String> {
    let mark = |hop: &Hop| match hop.passage {
        Passage::Open => "",
        Passage::Closed => " closed",
        Passage::Unknown => " unknown",
    };
    way.hops.iter().map(|hop| text(&hop.place) + mark(hop)).collect()
}

fn links(way: &Way) -> Vec<String> {
    let text = |at: usize| text(&way.hops[at].place);
    way.links.iter().map(|(from, to)| format!("{} > {}", text(*from), text(*to))).collect()
}

#[test]
fn a_service_is_followed_from_outside_to_its_nodes() {
    let way = follow(&inventory(SHOP), &Question::Service(key("web")));
    assert_eq!(
        texts(&way),
        [
            "internet",
            "LoadBalancer 192.0.2.9:80",
            "ExternalIP 192.0.2.1:80",
            "NodePort *:30080",
            "ClusterIP 10.96.0.80:80",
            "service web",
            "10.244.0.0:8080",
            "10.244.0.1:8080 closed",
            "pod web-a",
            "pod web-b closed",
            "node host4",
            "node host5",
        ]
    );
    let links = links(&way);
    for link in [
        "internet > NodePort *:30080",
        "NodePort *:30080 > service web",
        "service web > 10.244.0.1:8080",
        "10.244.0.1:8080 > pod web-b",
        "pod web-b > node host5",
    ] {
        assert!(links.iter().any(|known| known == link), "{link} of {links:?}");
    }
    assert!(!links.iter().any(|link| link.starts_with("internet > ClusterIP")));
    assert_eq!(way.notes, [Note::OnlyThrough(key("web"), "host4".into())], "one endpoint is ready");
}

#[test]
fn a_service_without_a_ready_endpoint_is_said_to_be_so() {
    let facts = inventory(&format!("{SHOP} service slow 0/1 over web-b ip=10.96.0.91 port=80"));
    let way = |name| follow(&facts, &Question::Service(key(name)));
    assert!(way("db").says(&Note::NoEndpoint(key("db"))));
    assert!(way("slow").says(&Note::NoReadyEndpoint(key("slow"))));
    assert!(way("slow").says(&Note::InsideOnly(key("slow"))));
    let service = way("slow").find(&Place::Service(key("slow"))).expect("the service");
    assert_eq!(way("slow").hops[service].passage, Passage::Closed);
    assert!(way("nowhere").says(&Note::Nothing) && way("nowhere").hops.is_empty());
}

#[test]
fn a_pod_is_followed_back_to_every_entry_and_policy() {
    let facts = inventory(SHOP);
    let way = follow(&facts, &Question::Pod(key("web-a")));
    let texts = texts(&way);
    for hop in ["service web", "service admin", "NodePort *:30080", "ClusterIP 10.96.0.81:81", "node host4"] {
        assert!(texts.iter().any(|known| known == hop), "{hop} of {texts:?}");
    }
    assert!(!texts.iter().any(|hop| hop.contains("web-b") || hop.contains("host5")), "{texts:?}");
    let guards: Vec<_> = way.guards.iter().map(|guard| (&*guard.policy.name, guard.ingress, guard.egress)).collect();
    assert_eq!(guards, [("sealed", true, true), ("walled", true, false)]);
    assert_eq!(way.guards[0].pods, [way.find(&Place::Pod(key("web-a"))).expect("the pod")]);
    let alone = follow(&facts, &Question::Pod(key("db-0")));
    assert_eq!(alone.hops.len(), 2, "{:?}", alone.hops);
    assert_eq!(alone.guards.len(), 1);
}

#[test]
fn an_address_leads_on_from_whatever_has_it() {
    let facts = inventory(SHOP);
    let way = |address: &str| texts(&follow(&facts, &at(address)));
    assert_eq!(way("192.0.2.9")[..3], ["internet", "LoadBalancer 192.0.2.9:80", "service web"]);
    assert_eq!(way("192.0.2.1")[..3], ["internet", "ExternalIP 192.0.2.1:80", "service web"]);
    assert_eq!(way("::ffff:10.96.0.80")[..2], ["ClusterIP 10.96.0.80:80", "service web"]);
    assert!(way("10.244.0.0").contains(&"service admin".to_owned()));
    let node = facts.node("host4").expect("a node").addresses[0].value.to_string();
    let of_node = way(&node);
    assert!(of_node.contains(&"node host4".to_owned()), "{of_node:?}");
    assert!(of_node.contains(&format!("NodePort {node}:30080")) && of_node.contains(&"service web".to_owned()));
    assert!(follow(&facts, &at("203.0.113.1")).says(&Note::Nothing));
    let port = texts(&follow(&facts, &Question::NodePort(30_080)));
    assert_eq!(port[..3], ["internet", "NodePort *:30080", "service web"]);
    assert!(follow(&facts, &Question::NodePort(30_081)).says(&Note::Nothing));
}

#[test]
fn the_vip_leads_to_the_api_servers() {
    let mut facts =
        inventory("node host1 master\n entrance 192.0.2.222:6443\n service kubernetes 1/1 ip=10.96.0.1 port=443");
    let way = follow(&facts, &at("192.0.2.222"));
    assert_eq!(texts(&way)[..3], ["internet", "VIP 192.0.2.222:6443", "service kubernetes"]);
    let vip = &way.hops[1];
    assert!(matches!(&vip.place, Place::Entry(Entry { kind: EntryKind::Vip, .. })) && vip.passage == Passage::Open);
    let node = facts.node("host1").expect("a node").addresses[0].value.clone();
    facts.apply(Change::Entrance(format!("{node}:6443").into()));
    assert!(!texts(&follow(&facts, &at(&node))).iter().any(|hop| hop.starts_with("VIP")), "a node is no VIP");
}

#[test]
fn a_vip_of_the_plan_leads_to_the_api_servers_as_far_as_somebody_holds_it() {
    let vip = std::net::Ipv4Addr::new(192, 168, 60, 222);
    let net = PlannedNet {
        name: "external".into(),
        card: "eth1".into(),
        vlan: None,
        cidr: "192.168.60.0/24".parse().ok(),
        gateway: None,
        vip: Some(vip),
    };
    let mut facts = inventory("node host1 master\n service kubernetes 1/1 ip=10.96.0.1 port=443");
    facts.apply(Change::Planned(Some(Arc::new(Planned::new(Vec::new(), vec![net])))));
    let passage = |facts: &Inventory| {
        let way = follow(facts, &at("192.168.60.222"));
        let places: Vec<_> = way.hops.iter().map(|hop| text(&hop.place)).collect();
        assert_eq!(places[..3], ["internet", "VIP 192.168.60.222:", "service kubernetes"]);
        (way.hops[1].passage, way.notes)
    };
    assert_eq!(passage(&facts).0, Passage::Unknown);
    facts.apply(Change::Answers([(vip, true)].into()));
    assert_eq!(passage(&facts).0, Passage::Open);
    facts.apply(Change::Answers([(vip, false)].into()));
    let (closed, notes) = passage(&facts);
    assert!(!notes.contains(&Note::InsideOnly(key("kubernetes"))), "{notes:?}");
    assert!(closed == Passage::Closed && notes.contains(&Note::Unheld("192.168.60.222".into())), "{notes:?}");
}

#[test]
fn what_was_not_heard_is_unknown_and_never_nothing() {
    let denied = |source: &str| inventory(&format!("{SHOP} deny {source}"));
    let facts = denied("networkpolicies");
    assert_eq!(facts.policies_selecting(facts.pod(&key("web-a")).expect("a pod")), None);
    assert!(follow(&facts, &Question::Pod(key("web-a"))).says(&Note::Unheard(Source::NetworkPolicies)));
    let way = follow(&denied("endpoints"), &Question::Service(key("web")));
    assert!(way.says(&Note::Unheard(Source::Endpoints)));
    let service = way.find(&Place::Service(key("web"))).expect("the service");
    assert_eq!(way.hops[service].passage, Passage::Unknown);
    let nowhere = Question::Service(key("nowhere"));
    assert!(!follow(&denied("services"), &nowhere).says(&Note::Nothing));
    assert!(follow(&denied("services"), &nowhere).says(&Note::Unheard(Source::Services)));
    let mut facts = inventory(SHOP);
    facts.apply(Change::Heard(Source::Pods, Heard::Stale { since: fixture::NOW, reason: "cut".into() }));
    assert!(follow(&facts, &Question::Pod(key("web-a"))).says(&Note::Stale(Source::Pods)));
    assert_eq!(cni::found(&Inventory::default()), None);
}

#[test]
fn endpoints_that_name_no_pod_or_one_that_is_gone_are_followed_all_the_same() {
    let mut facts = inventory(SHOP);
    line("gone pod web-b").into_iter().for_each(|change| drop(facts.apply(change)));
    let way = follow(&facts, &Question::Service(key("web")));
    assert!(way.says(&Note::PodGone(key("web-b"))));
    assert!(texts(&way).contains(&"pod web-b closed".to_owned()));
    let outer = follow(&inventory("service outer 1/1 port=80 headless"), &Question::Service(key("outer")));
    assert_eq!(texts(&outer), ["service outer", "10.244.0.0:8080"]);
    assert!(outer.says(&Note::Headless(key("outer"))));
    let three = follow(&inventory(THREE_AND_TWO), &Question::Service(key("vepc-sgw")));
    let endpoints: Vec<&Hop> = three.hops.iter().filter(|hop| matches!(hop.place, Place::Endpoint(_))).collect();
    assert_eq!(endpoints.iter().filter(|hop| hop.passage == Passage::Open).count(), 2);
    assert_eq!(endpoints.len(), 3);
}

#[test]
fn the_caller_leads_on_to_interfaces_and_networks() {
    let mut way = follow(&inventory(SHOP), &Question::Service(key("web")));
    let node = way.find(&Place::Node("host4".into())).expect("a node");
    let interface = Place::Interface { node: "host4".into(), name: "eth1".into() };
    let interface = way.lead(node, interface, Passage::Unknown);
    let network = way.lead(interface, Place::Network("external".into()), Passage::Unknown);
    assert_eq!(way.lead(interface, Place::Network("external".into()), Passage::Open), network);
    assert_eq!(way.after(interface).map(|(to, _)| to).collect::<Vec<_>>(), [network]);
    assert!(links(&way).contains(&"node host4 > host4 eth1".to_owned()));
}

#[test]
fn what_is_looked_up_follows_every_change() {
    let mut facts = inventory(SHOP);
    for change in [
        "service web 1/1 over db-0 ip=10.96.0.99 port=80 nodeport=30099",
        "pod web-a on host4 at 10.244.7.7 ready",
        "gone service admin",
        "gone policy sealed",
        "gone node host1",
    ] {
        line(change).into_iter().for_each(|change| drop(facts.apply(change)));
    }
    let empty = |question: Question| follow(&facts, &question).says(&Note::Nothing);
    assert!(empty(at("10.96.0.80")) && empty(at("192.0.2.9")) && empty(Question::NodePort(30_080)));
    assert!(empty(at("10.244.0.0")) && empty(at("10.96.0.81")));
    assert!(!empty(at("10.96.0.99")) && !empty(Question::NodePort(30_099)) && !empty(at("10.244.7.7")));
    assert!(texts(&follow(&facts, &Question::Pod(key("db-0")))).contains(&"service web".to_owned()));
    assert!(!texts(&follow(&facts, &Question::Pod(key("web-a")))).contains(&"service web".to_owned()));
}

#[test]
fn the_same_facts_in_any_order_are_followed_the_same_way() {
    let forward = inventory(SHOP);
    let mut backward = Inventory::default();
    for change in changes(SHOP).into_iter().rev() {
        backward.apply(change);
    }
    for question in [Question::Service(key("web")), Question::Pod(key("web-a")), at("192.0.2.9")] {
        assert_eq!(follow(&forward, &question), follow(&backward, &question));
    }
}

#[test]
fn selectors_select_as_the_api_says() {
    let labels = "app=web,tier=front";
    let selected = |selector: &str| {
        let facts = inventory(&format!("pod p labels {labels}\n policy it {selector} ingress"));
        facts.policies_selecting(facts.pod(&key("p")).expect("a pod")).expect("heard").len() == 1
    };
    for held in ["everything", "app=web", "app=db|web,tier", "!gone", "gone!=x", "app!=db", "tier"] {
        assert!(selected(held), "{held}");
    }
    for broken in ["app=db", "gone", "!app", "app!=db|web", "app=web,tier=back", "gone=web"] {
        assert!(!selected(broken), "{broken}");
    }
    let elsewhere = inventory("pod p in other\n policy it everything ingress");
    let pod = elsewhere.pod(&Key::new("other", "p")).expect("a pod");
    assert!(elsewhere.policies_selecting(pod).expect("heard").is_empty(), "a policy is about its own namespace");
}

#[test]
fn plugins_are_told_by_the_agents_that_run() {
    let facts = inventory(
        "
        pod flannel-a on host4 in kube-flannel of DaemonSet/kube-flannel-ds image flannel/flannel:v0.26.4 ready
        pod flannel-b on host5 in kube-flannel of DaemonSet/kube-flannel-ds image flannel/flannel:v0.26.5
        pod multus-a on host4 in kube-system of DaemonSet/multus image site:5000/k8s/multus-cni:v4.1.0@sha256:00 ready
        pod operator-1 on host4 in kube-system of ReplicaSet/cilium-operator image cilium/cilium:v1.16.0 ready
        pod mine on host4 of DaemonSet/mine image calico/node:v3.1.3 ready
        pod proxy on host4 in kube-system of DaemonSet/kube-proxy image kube-proxy:v1.34.4 ready
        ",
    );
    let found = cni::found(&facts).expect("pods are known");
    let kinds: Vec<_> = found.iter().map(|cni| cni.kind).collect();
    assert_eq!(kinds, [CniKind::Flannel, CniKind::Multus]);
    let list = |names: &std::collections::BTreeSet<topology::inventory::Name>| {
        names.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(list(&found[0].versions), ["v0.26.4", "v0.26.5"]);
    assert_eq!((list(&found[0].ready), list(&found[0].unready)), (vec!["host4".into()], vec!["host5".into()]));
    assert_eq!(list(&found[1].versions), ["v4.1.0"]);
}

#[test]
fn every_plugin_is_known_by_its_makers_image() {
    for (images, wanted) in [
        ("coreos/flannel:v0.10.0-amd64", CniKind::Flannel),
        ("rancher/hardened-flannel:v0.26.1", CniKind::Flannel),
        ("calico/node:v3.1.3", CniKind::Calico),
        ("rancher/mirrored-calico-node:v3.28.1", CniKind::Calico),
        ("calico/node:v3.28.1,flannel/flannel:v0.24.4", CniKind::Canal),
        ("flannel/flannel:v0.24.4,calico/node:v3.28.1", CniKind::Canal),
        ("cilium/cilium:v1.16.0", CniKind::Cilium),
        ("kubeovn/kube-ovn:v1.12.0", CniKind::KubeOvn),
        ("weaveworks/weave-kube:2.5.0,weaveworks/weave-npc:2.5.0", CniKind::Weave),
        ("antrea/antrea-agent-ubuntu:v2.2.0", CniKind::Antrea),
        ("cloudnativelabs/kube-router:v2.2.1", CniKind::KubeRouter),
        ("ovn-org/ovn-kubernetes/ovn-kube-u:master", CniKind::OvnKubernetes),
        ("opencontrailnightly/contrail-vrouter-agent:latest", CniKind::Contrail),
    ] {
        let facts = inventory(&format!("pod a on n in kube-system of DaemonSet/a image {images} ready"));
        let found = cni::found(&facts).expect("pods are known");
        assert_eq!(found.iter().map(|cni| cni.kind).collect::<Vec<_>>(), [wanted], "{images}");
    }
}

#[test]
fn a_pods_multus_networks_are_kept() {
    let facts = inventory("pod upf on host4 net vepc/s1u@192.0.2.4 ready");
    let Some(networks) = &facts.pod(&key("upf")).expect("a pod").networks else { panic!("no networks") };
    let topology::inventory::Networks::Told(networks) = &**networks else { panic!("unreadable") };
    assert_eq!((&*networks[0].name, &*networks[0].addresses[0]), ("vepc/s1u", "192.0.2.4"));
}

#[test]
fn a_way_in_words_has_the_hops_and_notes_of_the_way_itself() {
    let facts = inventory(SHOP);
    let question = Question::Service(key("web"));
    let (way, told) = (follow(&facts, &question), topology::figure::traced(&facts, &question));
    assert_eq!(told.notes[..way.notes.len()], way.notes.iter().map(ToString::to_string).collect::<Vec<_>>());
    for (hop, told) in way.hops.iter().zip(&told.hops) {
        assert_eq!((told.passage, told.kind.is_empty()), (hop.passage, false), "{}", told.id);
    }
    let cards: Vec<&str> = told.hops[way.hops.len()..].iter().map(|hop| hop.kind).collect();
    assert!(
        !cards.is_empty() && cards.iter().all(|kind| *kind == "card"),
        "without a plan cards are unknown: {cards:?}"
    );
    let service = told.hops.iter().find(|hop| hop.kind == "service").expect("the service");
    assert_eq!((service.id.as_str(), service.note.as_str()), ("service/default/web", "default · ClusterIP"));
    let links = told.hops.iter().flat_map(|hop| hop.to.iter());
    assert_eq!(links.clone().count(), way.links.len() + cards.len());
    for to in links {
        assert!(told.hops.iter().any(|hop| hop.id == *to), "{to} is no hop");
    }
    let nothing = topology::figure::traced(&facts, &Question::Service(key("gone")));
    assert!(nothing.hops.is_empty() && !nothing.notes.is_empty());
}
