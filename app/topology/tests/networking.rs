//! The networking figure: what it shows from a plan, from life, and from both.

mod fixture;

use std::{collections::BTreeMap, sync::Arc};

use fixture::{NOW, THREE_AND_TWO, inventory};
use proptest::prelude::*;
use scene::{Health, Kind, Mark, Scene};
use topology::{
    Change, Inventory, Touched,
    drift::{self, DriftKind},
    figure::{Drawing, Figure, Focus, View},
    inventory::{Address, AddressKind, Endpoint, EndpointSet, Fact, Key},
    planned::{Planned, PlannedHost, PlannedNet},
};

/// The address that the fixture gives a node of this name.
fn address(name: &str) -> [u8; 4] {
    let last: u32 = name.bytes().fold(7, |sum, byte| (sum * 31 + u32::from(byte)) % 250);
    [10, 1, 0, u8::try_from(last).expect("below 250")]
}

fn text(address: [u8; 4]) -> String {
    std::net::Ipv4Addr::from(address).to_string()
}

fn host(n: u8, master: bool) -> PlannedHost {
    let name = format!("host{n}");
    let roles: &[&str] = if master { &["kube_master", "etcd", "ha"] } else { &["kube_node"] };
    PlannedHost {
        name: name.as_str().into(),
        master,
        etcd: master,
        roles: roles.iter().map(|role| (*role).into()).collect(),
        addresses: vec![("mgmt".into(), address(&name).into()), ("external".into(), [192, 16, 1, 209 + n].into())],
    }
}

fn net(name: &str, card: &str, cidr: &str, vip: [u8; 4]) -> PlannedNet {
    PlannedNet {
        name: name.into(),
        card: card.into(),
        vlan: None,
        cidr: cidr.parse().ok(),
        gateway: None,
        vip: Some(vip.into()),
    }
}

fn plan() -> Planned {
    let hosts = (1..=5).map(|n| host(n, n <= 3)).collect();
    let nets = vec![
        net("mgmt", "eth0", "10.1.0.0/24", [10, 1, 0, 222]),
        net("external", "eth1", "192.16.1.0/24", [192, 16, 1, 222]),
    ];
    Planned::new(hosts, nets)
}

fn with_plan(mut facts: Inventory, planned: Planned) -> Inventory {
    facts.apply(Change::Planned(Some(Arc::new(planned))));
    facts
}

fn networking() -> View {
    View { figure: Figure::Networking, ..View::default() }
}

fn draw(facts: &Inventory) -> Scene {
    Drawing::draw(facts, &networking(), NOW).scene()
}

fn find<'a>(scene: &'a Scene, id: &str) -> &'a Mark {
    scene.marks.iter().find(|mark| mark.id.as_str() == id).unwrap_or_else(|| panic!("no mark {id}"))
}

fn words(mark: &Mark) -> String {
    mark.texts.iter().map(|text| text.text.as_str()).collect::<Vec<_>>().join(" | ")
}

#[test]
fn a_state_that_has_no_room_stands_in_fewer_words() {
    let planned = Planned::new(plan().hosts.into_iter().chain([host(6, false), host(7, true)]).collect(), plan().nets);
    let silent = ["host1", "host4"].into_iter().fold(THREE_AND_TWO.to_owned(), |text, name| {
        text.replace(&format!("node {name}"), &format!("node {name} silent"))
    });
    let facts = with_plan(inventory(&silent), planned);
    for view in [View::default(), networking()] {
        let scene = Drawing::draw(&facts, &view, NOW).scene();
        for (host, state) in [
            ("host1", "not responding"),
            ("host4", "not responding"),
            ("host6", "not in cluster"),
            ("host7", "not in cluster"),
        ] {
            let told = words(find(&scene, &format!("node/{host}")));
            assert!(told.contains(state) && !told.contains('…'), "{host}: {told}");
        }
        let cut = |mark: &&Mark| mark.health == Some(Health::Stale) && words(mark).contains('…');
        assert_eq!(scene.marks.iter().find(cut).map(words), None);
    }
}

#[test]
fn a_plan_alone_is_drawn_as_ghosts_with_their_cards_and_addresses() {
    let scene = draw(&with_plan(Inventory::default(), plan()));
    for n in 1..=5 {
        assert_eq!(find(&scene, &format!("node/host{n}")).health, Some(Health::Ghost));
    }
    assert_eq!(words(find(&scene, "card/host2/0")), format!("eth0 {}", text(address("host2"))));
    assert_eq!(words(find(&scene, "card/host2/1")), "eth1 192.16.1.211");
    assert_eq!(find(&scene, "chip/host1/etcd").health, Some(Health::Ghost));
    assert!(!scene.marks.iter().any(|mark| mark.id.as_str() == "chip/host4/etcd"));
    assert!(words(find(&scene, "net/mgmt")).contains("10.1.0.0/24 · eth0"));
    assert!(words(find(&scene, "net/mgmt")).contains("VIP 10.1.0.222, current host unknown"));
}

#[test]
fn a_cluster_alone_names_no_card_and_no_network() {
    let scene = draw(&inventory(THREE_AND_TWO));
    assert!(words(find(&scene, "net/mgmt")).contains("unknown: no plan configured"));
    assert!(find(&scene, "card/host1/0").title.contains("its name stands in the plan, and none was given"));
    assert_eq!(find(&scene, "jump").health, Some(Health::Unknown));
}

/// Lines that run through a box which is neither their own nor around them, in words.
fn crossings(scene: &Scene) -> Vec<String> {
    let by_id: BTreeMap<&str, &Mark> = scene.marks.iter().map(|mark| (mark.id.as_str(), mark)).collect();
    let above = |mark: &Mark| -> Vec<&Mark> {
        let next = |mark: &&Mark| mark.parent.as_ref().map(|parent| by_id[parent.as_str()]);
        std::iter::successors(next(&mark), next).collect()
    };
    // Where a mark's own corner lies in the figure.
    let corner = |mark: &Mark| {
        let all = above(mark).into_iter().chain([mark]);
        all.fold((0, 0), |(x, y), mark| (x + mark.at.x, y + mark.at.y))
    };
    let solid = |kind: Kind| !matches!(kind, Kind::Line | Kind::Link | Kind::Exchange | Kind::Band | Kind::Caption);
    let boxes: Vec<_> = scene.marks.iter().filter(|mark| solid(mark.kind)).map(|mark| (mark, corner(mark))).collect();
    let mut found = Vec::new();
    for line in scene.marks.iter().filter(|mark| mark.path.len() > 1) {
        let (left, top) = corner(line);
        let around: Vec<&str> = above(line).iter().map(|mark| mark.id.as_str()).collect();
        for pair in line.path.windows(2) {
            let (x1, x2) = (left + pair[0].x.min(pair[1].x), left + pair[0].x.max(pair[1].x));
            let (y1, y2) = (top + pair[0].y.min(pair[1].y), top + pair[0].y.max(pair[1].y));
            for (one, (x, y)) in &boxes {
                let inside = x2 > *x && x1 < x + one.at.w && y2 > *y && y1 < y + one.at.h;
                if inside && !around.contains(&one.id.as_str()) {
                    found.push(format!("{} runs through {}", line.id, one.id));
                }
            }
        }
    }
    found
}

#[test]
fn lines_cross_no_box() {
    for facts in
        [with_plan(Inventory::default(), plan()), inventory(THREE_AND_TWO), with_plan(inventory(THREE_AND_TWO), plan())]
    {
        assert_eq!(crossings(&draw(&facts)), [""; 0]);
        for service in facts.services() {
            let question = topology::graph::Question::Service(service.key.clone());
            let view = View { focus: Focus::Way(question), ..networking() };
            assert_eq!(crossings(&Drawing::draw(&facts, &view, NOW).scene()), [""; 0], "{}", service.key);
        }
    }
}

#[test]
fn pods_on_the_hosts_network_hang_on_the_management_line_and_all_others_on_the_service_line() {
    let facts = inventory(THREE_AND_TWO);
    let scene = draw(&facts);
    for pod in facts.pods().filter(|pod| pod.node.is_some()) {
        let Some(mark) = scene.marks.iter().find(|mark| mark.id.as_str() == format!("pod/{}", pod.key)) else {
            continue;
        };
        let net = if pod.host_network { "on its node's own address" } else { "on the pod network" };
        assert!(mark.title.contains(net), "{}", mark.title);
    }
}

#[test]
fn a_host_that_is_no_node_is_drift_and_is_drawn_as_missing() {
    let mut planned = plan();
    planned = Planned::new(planned.hosts.into_iter().chain([host(6, false)]).collect(), planned.nets);
    let facts = with_plan(inventory(THREE_AND_TWO), planned);
    let report = drift::compare(&facts).unwrap();
    assert!(report.drifts.iter().any(|drift| drift.kind == DriftKind::HostMissing && &*drift.about == "host6"));
    let ghost = draw(&facts);
    assert_eq!(find(&ghost, "node/host6").health, Some(Health::Ghost));
    assert!(find(&ghost, "node/host6").title.contains("the cluster has no such node"));
}

#[test]
fn a_machine_that_answers_and_is_no_node_was_installed_and_did_not_join() {
    let planned = plan();
    let planned = Planned::new(planned.hosts.into_iter().chain([host(6, false)]).collect(), planned.nets);
    let mut facts = with_plan(inventory(THREE_AND_TWO), planned);
    facts.apply(Change::Answers([(address("host6").into(), true)].into()));
    let report = drift::compare(&facts).unwrap();
    let about: Vec<_> = report.about("host6").map(|drift| drift.kind).collect();
    assert_eq!(about, [DriftKind::HostAnswersOnly]);
    for figure in [View::default(), networking()] {
        let scene = Drawing::draw(&facts, &figure, NOW).scene();
        assert!(words(find(&scene, "node/host6")).contains("answers, no node"));
    }
}

#[test]
fn a_node_in_no_plan_another_role_and_another_address_are_drift_and_are_marked() {
    let mut hosts = plan().hosts;
    hosts.pop();
    hosts[3].master = true;
    hosts[0].addresses[0].1 = [10, 1, 0, 99].into();
    let facts = with_plan(inventory(THREE_AND_TWO), Planned::new(hosts, plan().nets));
    let report = drift::compare(&facts).unwrap();
    let kinds = |name: &str| report.about(name).map(|drift| drift.kind).collect::<Vec<_>>();
    assert_eq!(kinds("host5"), [DriftKind::NodeUnplanned]);
    assert_eq!(kinds("host4"), [DriftKind::OtherRole]);
    assert_eq!(kinds("host1"), [DriftKind::OtherAddress]);
    let scene = draw(&facts);
    assert_eq!(find(&scene, "card/host1/0").health, Some(Health::Warn));
    for figure in [scene, Drawing::draw(&facts, &View::default(), NOW).scene()] {
        assert!(words(find(&figure, "node/host4")).contains("≠ plan"));
        assert!(!words(find(&figure, "node/host2")).contains("≠ plan"));
    }
}

#[test]
fn an_address_outside_every_planned_network_is_drift() {
    let nets = vec![net("mgmt", "eth0", "10.9.0.0/24", [10, 9, 0, 222])];
    let facts = with_plan(inventory(THREE_AND_TWO), Planned::new(plan().hosts, nets));
    let report = drift::compare(&facts).unwrap();
    assert!(report.about("host1").any(|drift| drift.kind == DriftKind::OutsideNetwork));
}

#[test]
fn a_vip_that_nobody_answers_for_is_drift_and_an_untried_one_is_unknown() {
    let mut facts = with_plan(inventory(THREE_AND_TWO), plan());
    let report = drift::compare(&facts).unwrap();
    assert!(report.unknown.iter().any(|what| what.contains("192.16.1.222")), "{:?}", report.unknown);
    facts.apply(Change::Answers([([192, 16, 1, 222].into(), false)].into()));
    let report = drift::compare(&facts).unwrap();
    assert!(report.about("external").any(|drift| drift.kind == DriftKind::VipUnheld));
    assert!(words(find(&draw(&facts), "net/service")).contains("no answer"));
    let clients = Drawing::draw(&facts, &View::default(), NOW).scene();
    assert!(words(find(&clients, "clients")).contains("≠ VIP 192.16.1.222: no answer"));
    assert_eq!(find(&clients, "clients").health, Some(Health::Bad));
}

#[test]
fn an_etcd_member_that_is_missing_or_not_ready_is_drift_and_is_marked() {
    let lines = |etcd: &str| {
        format!(
            "node host1 master\n node host2 master\n part host1 etcd ready\n {etcd}\n node host3\n node host4\n node host5"
        )
    };
    let hosts = |planned: Planned| {
        let masters = |host: PlannedHost| PlannedHost { master: host.etcd && &*host.name != "host3", ..host };
        Planned::new(planned.hosts.into_iter().map(masters).collect(), planned.nets)
    };
    let drifts = |facts: &Inventory, name: &str| {
        let report = drift::compare(facts).unwrap();
        report.about(name).map(|drift| (drift.kind, drift.found.clone())).collect::<Vec<_>>()
    };
    let missing = with_plan(inventory(&lines("")), hosts(plan()));
    assert_eq!(drifts(&missing, "host2"), [(DriftKind::FewerEtcd, "no member".to_owned())]);
    let crashing = with_plan(inventory(&lines("part host2 etcd crashing")), hosts(plan()));
    assert_eq!(drifts(&crashing, "host2"), [(DriftKind::FewerEtcd, "a member that is not ready".to_owned())]);
    for figure in [View::default(), networking()] {
        let scene = Drawing::draw(&missing, &figure, NOW).scene();
        assert_eq!(find(&scene, "chip/host2/etcd").health, Some(Health::Unknown));
        assert!(find(&scene, "chip/host2/etcd").title.contains("Planned here, and no pod of it is known"));
        let scene = Drawing::draw(&crashing, &figure, NOW).scene();
        assert!(words(find(&scene, "node/host2")).contains("≠ plan"));
        assert_eq!(find(&scene, "chip/host2/etcd").health, Some(Health::Bad));
    }
}

#[test]
fn a_network_with_a_vip_opens_the_vips_way() {
    let facts = with_plan(inventory(THREE_AND_TWO), plan());
    assert_eq!(find(&draw(&facts), "net/mgmt").opens.as_deref(), Some("?at=follow/10.1.0.222"));
    assert_eq!(find(&draw(&inventory(THREE_AND_TWO)), "net/mgmt").opens, None);
}

#[test]
fn a_service_without_a_ready_endpoint_says_so() {
    let scene = draw(&inventory("node host1 master\n service web 0/2 ip=10.96.0.5 port=80\n service db 1/2 port=81"));
    let web = find(&scene, "service/default/web");
    assert_eq!(web.health, Some(Health::Bad));
    assert!(words(web).contains("no ready endpoint · 10.96.0.5:80"), "{}", words(web));
    assert!(!words(find(&scene, "service/default/db")).contains("no ready endpoint"));
}

#[test]
fn a_pod_on_further_networks_names_them() {
    let scene = draw(&inventory("node host4\n pod upf on host4 net vepc/s1u@192.0.2.4 ready"));
    let pod = find(&scene, "pod/default/upf");
    assert!(pod.title.ends_with("on the pod network, and on vepc/s1u 192.0.2.4."), "{}", pod.title);
}

#[test]
fn a_cluster_alone_tells_where_its_nodes_are_and_which_plugin_serves_its_pods() {
    let scene = draw(&inventory(
        "node host1 master\n node host4\n
         pod a on host4 in kube-flannel of DaemonSet/kube-flannel-ds image flannel/flannel:v0.26.4 ready",
    ));
    let mut all = [address("host1"), address("host4")];
    all.sort_unstable();
    let wanted = format!("nodes at {} to {}", text(all[0]), text(all[1]));
    assert!(words(find(&scene, "net/mgmt")).contains(&wanted), "{}", words(find(&scene, "net/mgmt")));
    assert!(words(find(&scene, "net/service")).contains("CNI flannel"));
}

#[test]
fn without_nodes_nothing_is_drift() {
    let report = drift::compare(&with_plan(Inventory::default(), plan())).unwrap();
    assert!(report.drifts.is_empty());
    assert_eq!(report.unknown, ["Nodes have not been read."]);
    assert!(drift::compare(&inventory(THREE_AND_TWO)).is_none());
}

#[test]
fn a_change_gives_the_same_figure_as_drawing_anew() {
    let whole = inventory(THREE_AND_TWO);
    let mut facts = with_plan(Inventory::default(), plan());
    let mut figure = Drawing::draw(&facts, &networking(), NOW);
    let mut held = figure.scene();
    for change in fixture::changes(THREE_AND_TWO) {
        let touched: Touched = facts.apply(change);
        scene::apply(&figure.redraw(&facts, &touched, NOW), &mut held).unwrap();
    }
    assert_eq!(facts.nodes().len(), whole.nodes().len());
    assert_eq!(held, draw(&facts));
}

#[test]
fn who_holds_a_vip_and_the_pods_addresses_follow_the_nodes() {
    for view in [networking(), View::default()] {
        let mut facts = with_plan(inventory(THREE_AND_TWO), plan());
        let mut figure = Drawing::draw(&facts, &view, NOW);
        let mut held = figure.scene();
        for (name, extra) in [("host1", "10.1.0.222"), ("host4", "192.16.1.222"), ("host1", "10.1.0.1")] {
            let mut node = facts.node(name).unwrap().clone();
            node.addresses.truncate(1);
            node.addresses.push(Address { kind: AddressKind::External, value: extra.into() });
            node.pod_cidrs = vec!["10.244.9.0/24".into()];
            let touched = facts.apply(Change::Put(Fact::Node(Box::new(node))));
            scene::apply(&figure.redraw(&facts, &touched, NOW), &mut held).unwrap();
            assert_eq!(held, Drawing::draw(&facts, &view, NOW).scene(), "{name} {extra}");
        }
    }
}

#[test]
fn the_way_of_a_service_leads_to_cards_and_networks() {
    let facts = with_plan(inventory(THREE_AND_TWO), plan());
    let service = facts.services().next().unwrap().key.clone();
    let question = topology::graph::Question::Service(service.clone());
    let view = View { focus: Focus::Way(question), ..networking() };
    let scene = Drawing::draw(&facts, &view, NOW).scene();
    assert!(find(&scene, &format!("way/service/{service}")).opens.is_some());
    let overlapping = scene.marks.iter().enumerate().any(|(n, a)| {
        let after = scene.marks[n + 1..].iter().filter(|b| a.kind == Kind::Chip && b.kind == Kind::Chip);
        after.into_iter().any(|b| a.at.overlaps(b.at))
    });
    assert!(!overlapping);
}

#[test]
fn the_only_machine_of_a_way_has_a_ring_and_says_so() {
    let text = "node host4\n node host5\n pod a on host4 ready\n pod b on host5 ready\n
         service web 1/2 over a,b port=80 nodeport=30080";
    let question = topology::graph::Question::Service(Key::new("default", "web"));
    let view = View { focus: Focus::Way(question), ..networking() };
    let mut facts = inventory(text);
    let mut drawing = Drawing::draw(&facts, &view, NOW);
    let scene = drawing.scene();
    let said = "Everything that reaches service default/web from outside passes host4.";
    assert_eq!(find(&scene, "ring/way/node/host4").title, said);
    let machine = find(&scene, "way/node/host4");
    assert!(machine.texts.iter().any(|text| text.text == "only way · node") && machine.title.ends_with(said));
    assert!(scene.marks.iter().any(|mark| mark.kind == Kind::Caption && mark.title == said));
    for change in fixture::line("service web 2/2 over a,b port=80 nodeport=30080") {
        let touched = facts.apply(change);
        drawing.redraw(&facts, &touched, NOW);
    }
    assert!(!drawing.scene().marks.iter().any(|mark| mark.id.as_str().starts_with("ring/")), "two ways lead there");
}

#[test]
fn a_way_ends_at_the_card_and_the_network_that_carry_it() {
    let mut facts = inventory(
        "node host1 master\n node host4\n service kubernetes 0/0\n pod web-a on host4 at 10.244.0.7 ready\n
         pod proxy on host4 host ready\n service web 1/1 over web-a port=80\n service edge 1/1 over proxy port=81",
    );
    facts.apply(Change::Put(Fact::Endpoints(EndpointSet {
        key: Key::new("default", "kubernetes"),
        service: "kubernetes".into(),
        endpoints: vec![Endpoint {
            address: text(address("host1")).into(),
            ready: true,
            serves_last: false,
            terminating: false,
            pod: None,
            node: None,
            ports: [].into(),
        }],
    })));
    let ends = |facts: &Inventory, service: &str| -> Vec<String> {
        let view = View { focus: Focus::Way(format!("default/{service}").parse().unwrap()), ..networking() };
        let scene = Drawing::draw(facts, &view, NOW).scene();
        let ids = scene.marks.iter().map(|mark| mark.id.as_str().to_owned());
        ids.filter(|id| id.starts_with("way/card/") || id.starts_with("way/network/")).collect()
    };
    let planned = with_plan(facts.clone(), plan());
    assert_eq!(ends(&planned, "web"), ["way/card/host4/eth1", "way/network/external"]);
    assert_eq!(ends(&planned, "edge"), ["way/card/host4/eth0", "way/network/mgmt"]);
    assert_eq!(ends(&planned, "kubernetes"), ["way/card/host1/eth0", "way/network/mgmt"]);
    assert_eq!(ends(&facts, "web"), ["way/card/host4/unknown"]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn lines_cross_no_box_of_any_cluster(
        masters in 1_u8..6, nodes in 0_u8..40, pods in 0_usize..120, services in 0_usize..30, planned in any::<bool>()
    ) {
        let all = masters + nodes;
        let mut text: String = (1..=all).map(|n| format!("node host{n} {}\n", if n <= masters { "master" } else { "" })).collect();
        for n in 0..pods {
            let states = ["ready", "crashing", "pending", "ready host", "done"][n % 5];
            text += &format!("pod p{n} on host{} of Deployment/app-{} {states}\n", n % usize::from(all) + 1, n % 7);
        }
        for n in 0..services {
            let over: Vec<String> = (0..n % 9).map(|k| format!("p{}", (n * 3 + k) % pods.max(1))).collect();
            let over = if over.is_empty() || pods == 0 { String::new() } else { format!("over {}", over.join(",")) };
            text += &format!("service s{n} {}/{} {over} ip=10.96.0.{} port=80 nodeport={}\n", n % 4, n % 9, n + 1, 30_000 + n);
        }
        let mut facts = inventory(&text);
        if planned {
            facts = with_plan(facts, Planned::new((1..=all).map(|n| host(n, n <= masters)).collect(), plan().nets));
        }
        prop_assert_eq!(crossings(&draw(&facts)), [""; 0]);
        for n in 0..services.min(4) {
            let question = topology::graph::Question::Service(Key::new("default", format!("s{n}")));
            let view = View { focus: Focus::Way(question), ..networking() };
            prop_assert_eq!(crossings(&Drawing::draw(&facts, &view, NOW).scene()), [""; 0]);
        }
        let port = View { focus: Focus::Way(topology::graph::Question::Address(std::net::Ipv4Addr::from(address("host1")).into())), ..networking() };
        prop_assert_eq!(crossings(&Drawing::draw(&facts, &port, NOW).scene()), [""; 0]);
    }

    #[test]
    fn machines_never_overlap_and_adding_one_moves_none_before_it(masters in 1_u8..6, nodes in 0_u8..30) {
        let hosts = |count: u8| (1..=masters + count).map(|n| host(n, n <= masters)).collect::<Vec<_>>();
        let scene = |count| draw(&with_plan(Inventory::default(), Planned::new(hosts(count), plan().nets)));
        let now = scene(nodes);
        let boxes = |scene: &Scene| -> Vec<(String, scene::Place)> {
            scene.marks.iter().filter(|mark| mark.id.as_str().starts_with("node/")).map(|mark| (mark.id.to_string(), mark.at)).collect()
        };
        let before = boxes(&now);
        for (n, (_, a)) in before.iter().enumerate() {
            prop_assert!(before[n + 1..].iter().all(|(_, b)| !a.overlaps(*b)));
        }
        // Where the level of detail stays, every machine stays.
        if !(18..=19).contains(&nodes) {
            let after = boxes(&scene(nodes + 1));
            prop_assert!(before.iter().all(|one| after.contains(one)));
        }
    }
}

#[test]
fn three_masters_and_two_nodes() {
    let facts = with_plan(inventory(THREE_AND_TWO), plan());
    insta::assert_binary_snapshot!("networking.svg", scene::document(&draw(&facts)).into_bytes());
}
