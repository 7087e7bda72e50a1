//! The networking figure: what it shows from a plan, from life, and from both.

mod fixture;

use std::sync::Arc;

use fixture::{NOW, THREE_AND_TWO, inventory};
use proptest::prelude::*;
use scene::{Health, Kind, Mark, Scene};
use topology::{
    Change, Inventory, Touched,
    drift::{self, DriftKind},
    figure::{Drawing, Figure, Focus, View},
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
    assert!(words(find(&scene, "net/mgmt")).contains("VIP 10.1.0.222, holder unknown"));
}

#[test]
fn a_cluster_alone_names_no_card_and_no_network() {
    let scene = draw(&inventory(THREE_AND_TWO));
    assert!(words(find(&scene, "net/mgmt")).contains("unknown: no plan was given"));
    assert!(find(&scene, "card/host1/0").title.contains("its name stands in the plan, and none was given"));
    assert_eq!(find(&scene, "jump").health, Some(Health::Unknown));
}

#[test]
fn lines_cross_no_box() {
    for facts in [inventory(THREE_AND_TWO), with_plan(inventory(THREE_AND_TWO), plan())] {
        let scene = draw(&facts);
        let boxes: Vec<_> = scene
            .marks
            .iter()
            .filter(|mark| mark.parent.is_none() && matches!(mark.kind, Kind::Frame | Kind::Switch | Kind::Pill))
            .collect();
        for line in scene.marks.iter().filter(|mark| mark.parent.is_none() && mark.path.len() > 1) {
            for pair in line.path.windows(2) {
                let (x1, x2) = (pair[0].x.min(pair[1].x) + line.at.x, pair[0].x.max(pair[1].x) + line.at.x);
                let (y1, y2) = (pair[0].y.min(pair[1].y) + line.at.y, pair[0].y.max(pair[1].y) + line.at.y);
                for one in &boxes {
                    let inside = x2 > one.at.x && x1 < one.at.x + one.at.w && y2 > one.at.y && y1 < one.at.y + one.at.h;
                    assert!(!inside, "{} runs through {}", line.id, one.id);
                }
            }
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

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

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
