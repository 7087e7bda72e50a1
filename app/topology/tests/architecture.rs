//! The architecture figure as a whole, and what stays where when the cluster changes.

mod fixture;

use std::collections::{HashMap, HashSet};

use fixture::{NOW, THREE_AND_TWO, changes, inventory, line};
use proptest::prelude::*;
use scene::{Health, Kind, Mark, Place, Scene};
use topology::{
    Inventory, Touched,
    figure::{Drawing, Focus, View},
};

fn draw(text: &str) -> Scene {
    Drawing::draw(&inventory(text), &View::default(), NOW).scene()
}

fn mark<'a>(scene: &'a Scene, id: &str) -> &'a Mark {
    scene.marks.iter().find(|mark| mark.id.as_str() == id).unwrap_or_else(|| panic!("no mark {id}"))
}

/// Places on the canvas by id.
fn places(scene: &Scene) -> HashMap<String, Place> {
    let mut places: HashMap<String, Place> = HashMap::new();
    for mark in &scene.marks {
        let parent = mark.parent.as_ref().map_or(Place::default(), |parent| places[parent.as_str()]);
        places.insert(mark.id.to_string(), Place { x: mark.at.x + parent.x, y: mark.at.y + parent.y, ..mark.at });
    }
    places
}

#[test]
fn a_name_on_a_master_is_whole_in_one_line_or_two() {
    let names = ["keepalived", "kube-flannel-ds", "kube-multus-ds", "kube-proxy-of-old"];
    let pods: String =
        names.map(|name| format!("pod {name}-1 in kube-system on m1 of DaemonSet/{name} ready\n")).concat();
    let scene = draw(&format!("node m1 master\n{pods}"));
    for name in names {
        let slot = mark(&scene, &format!("group/m1/kube-system/DaemonSet/{name}"));
        let count = slot.texts.len() - 1;
        let written: String = slot.texts[..count].iter().map(|text| text.text.as_str()).collect();
        assert_eq!(written, name, "cut although there is a second line");
        assert_eq!(slot.texts[count].text, "1/1");
    }
}

const fn is_box(kind: Kind) -> bool {
    !matches!(kind, Kind::Link | Kind::Exchange | Kind::Line | Kind::Caption)
}

/// Boxes keep apart, children keep in, ids keep to one thing.
fn assert_orderly(scene: &Scene) {
    let places = places(scene);
    assert_eq!(places.len(), scene.marks.len(), "an id stands twice");
    let mut siblings: HashMap<Option<&str>, Vec<&Mark>> = HashMap::new();
    for mark in scene.marks.iter().filter(|mark| is_box(mark.kind)) {
        siblings.entry(mark.parent.as_ref().map(scene::Id::as_str)).or_default().push(mark);
    }
    for (parent, marks) in siblings {
        let outer =
            parent.map_or(Place::new(0, 0, scene.width, scene.height), |parent| Place { x: 0, y: 0, ..places[parent] });
        for (n, mark) in marks.iter().enumerate() {
            let at = mark.at;
            assert!(
                at.x >= 0 && at.y >= 0 && at.x + at.w <= outer.w && at.y + at.h <= outer.h,
                "{:?} at {at:?} is not inside {parent:?} {outer:?}",
                mark.id
            );
            for other in &marks[n + 1..] {
                assert!(!at.overlaps(other.at), "{:?} overlaps {:?}", mark.id, other.id);
            }
        }
    }
    for mark in scene.marks.iter().filter(|mark| is_box(mark.kind)) {
        for text in &mark.texts {
            let w = scene::width(&text.text, text.style);
            let (left, right) = match text.anchor {
                scene::Anchor::Start => (text.x, text.x + w),
                scene::Anchor::Middle => (text.x - w / 2, text.x + w / 2),
                scene::Anchor::End => (text.x - w, text.x),
            };
            assert!(
                left >= 0 && right <= mark.at.w,
                "{:?} is wider than {:?} ({left} to {right} of {})",
                text.text,
                mark.id,
                mark.at.w
            );
        }
    }
}

#[test]
fn three_masters_and_two_nodes() {
    let scene = draw(THREE_AND_TWO);
    assert_orderly(&scene);
    insta::with_settings!({ omit_expression => true }, {
        insta::assert_binary_snapshot!(".svg", scene::document(&scene).into_bytes());
    });
}

#[test]
fn the_sentence_says_what_is_up_and_what_is_not() {
    let figure = Drawing::draw(&inventory(THREE_AND_TWO), &View::default(), NOW);
    let sentence: String = figure.sentence().iter().map(|phrase| phrase.text.as_str()).collect();
    assert_eq!(sentence, "3 of 3 masters up, 2 of 2 nodes up, etcd 3/3, 35 pods, 3 not ready (2 failing)");
}

#[test]
fn a_pod_is_drawn_in_the_node_that_it_runs_on() {
    let scene = draw(THREE_AND_TWO);
    let node_of = |id: &str| {
        let mut at = mark(&scene, id);
        while let Some(parent) = &at.parent {
            at = mark(&scene, parent.as_str());
        }
        at.id.to_string()
    };
    assert_eq!(node_of("pod/default/mme-1"), "node/host4");
    assert_eq!(node_of("pod/default/mme-2"), "node/host5");
    assert_eq!(node_of("pod/default/lonely-1"), "unplaced");
}

#[test]
fn the_leader_is_marked_on_its_chip_and_on_no_other() {
    let scene = draw(THREE_AND_TWO);
    let leads =
        |host: &str| mark(&scene, &format!("chip/{host}/kube-scheduler")).texts.iter().any(|t| t.text.contains('★'));
    assert_eq!([leads("host1"), leads("host2"), leads("host3")], [false, true, false]);
}

#[test]
fn a_leader_that_falls_silent_is_stale() {
    let scene = draw(&format!("{THREE_AND_TWO}\nleader kube-scheduler host2 120"));
    assert_eq!(mark(&scene, "chip/host2/kube-scheduler").health, Some(Health::Stale));
}

#[test]
fn a_node_without_a_word_is_unknown_and_its_pods_are_old_news() {
    let scene = draw("node n1 untold\npod web on n1 ready");
    assert_eq!(mark(&scene, "node/n1").health, Some(Health::Unknown));
    assert_eq!(mark(&scene, "pod/default/web").health, Some(Health::Stale));
}

#[test]
fn a_node_that_misses_its_lease_is_stale_with_its_age() {
    let scene = draw("node n1 silent");
    let frame = mark(&scene, "node/n1");
    assert_eq!(frame.health, Some(Health::Stale));
    assert!(frame.texts.iter().any(|text| text.text.contains("not responding 90 s")), "{:?}", frame.texts);
}

#[test]
fn what_may_not_be_read_is_unknown_and_the_permission_is_named() {
    let mut facts = inventory("node m1 master");
    for change in line("deny pods") {
        facts.apply(change);
    }
    let scene = Drawing::draw(&facts, &View::default(), NOW).scene();
    let chip = mark(&scene, "chip/m1/kube-scheduler");
    assert_eq!(chip.health, Some(Health::Unknown));
    assert!(chip.title.contains("list pods"), "{}", chip.title);
}

#[test]
fn nothing_is_left_out_of_a_crowded_node() {
    let mut text = String::from("node n1\n");
    for owner in 0..60 {
        for pod in 0..20 {
            text += &format!("pod p-{owner}-{pod} on n1 of Deployment/d{owner} ready\n");
        }
    }
    text += "pod bad on n1 of Deployment/zzz crashing\n";
    let scene = draw(&text);
    assert_orderly(&scene);
    let drawn = scene.marks.iter().filter(|mark| mark.kind == Kind::Pod).count();
    let folded: usize = scene
        .marks
        .iter()
        .filter(|mark| mark.kind == Kind::Fold)
        .map(|mark| {
            mark.texts
                .iter()
                .find_map(|text| {
                    text.text
                        .strip_suffix(" pods")
                        .or_else(|| text.text.strip_prefix('+')?.parse::<usize>().ok().map(|_| &text.text[1..]))
                })
                .map_or(0, |n| n.parse().unwrap())
        })
        .sum();
    assert_eq!(drawn + folded, 1_201);
    assert_eq!(mark(&scene, "pod/default/bad").health, Some(Health::Bad), "what is broken stays in sight");
}

#[test]
fn a_name_of_253_characters_is_clipped_and_whole_in_the_tooltip() {
    let name = "x".repeat(253);
    let scene = draw(&format!("node {name} master\npod {name} on {name} ready"));
    assert_orderly(&scene);
    assert!(mark(&scene, &format!("node/{name}")).title.contains(&name));
}

#[test]
fn markup_in_a_name_stays_text() {
    let scene = draw("node n1\npod <script>alert(1)</script> on n1 ready");
    let svg = scene::figure(&scene, "?");
    assert!(!svg.contains("<script"), "{svg}");
    assert!(svg.contains("&lt;script&gt;"));
}

#[test]
fn pods_on_a_node_that_is_none_are_drawn_for_what_they_are() {
    let scene = draw("node n1\npod web on ghost ready");
    let frame = mark(&scene, "node/ghost");
    assert_eq!(frame.health, Some(Health::Unknown));
    assert!(frame.title.contains("there is no such node"), "{}", frame.title);
}

#[test]
fn a_service_without_a_ready_endpoint_stands_out() {
    let scene = draw(THREE_AND_TWO);
    assert_eq!(mark(&scene, "service/default/nobody").health, Some(Health::Bad));
    assert_eq!(mark(&scene, "service/default/vepc-sgw").health, Some(Health::Warn));
}

#[test]
fn a_filter_fades_the_others_and_moves_nothing() {
    let facts = inventory(THREE_AND_TWO);
    let whole = Drawing::draw(&facts, &View::default(), NOW).scene();
    let mut view = View::default();
    view.filter.text = Some("HSS".into());
    let filtered = Drawing::draw(&facts, &view, NOW).scene();
    assert_eq!(places(&whole), places(&filtered));
    assert!(!mark(&filtered, "pod/default/hss-a").faded);
    assert!(mark(&filtered, "pod/default/mme-0").faded);
}

#[test]
fn every_level_of_detail_is_orderly_and_small() {
    for nodes in [1, 6, 7, 18, 19, 400, 401, 1_600, 1_601, 5_000] {
        let mut text = String::new();
        for n in 0..nodes {
            text += &format!("node host{n} zone=z{}\n", n % 3);
            for pod in 0..8 {
                text += &format!("pod p{n}-{pod} on host{n} of Deployment/d{pod} ready\n");
            }
        }
        let scene = draw(&text);
        assert_orderly(&scene);
        assert!(scene.marks.len() <= 2_000, "{nodes} nodes make {} marks", scene.marks.len());
    }
}

#[test]
fn a_group_and_a_node_of_a_large_cluster_can_be_opened() {
    let mut text = String::new();
    for n in 0..2_000 {
        text += &format!("node host{n} zone=z{}\npod web{n} on host{n} of Deployment/web ready\n", n % 3);
    }
    let facts = inventory(&text);
    let cluster = Drawing::draw(&facts, &View::default(), NOW).scene();
    let group =
        cluster.marks.iter().find_map(|mark| mark.opens.as_deref()?.strip_prefix("?at=group/")).expect("groups");
    let view = View { focus: Focus::Group(group.into()), ..View::default() };
    let inside = Drawing::draw(&facts, &view, NOW).scene();
    assert_orderly(&inside);
    let card = inside.marks.iter().find_map(|mark| mark.opens.as_deref()?.strip_prefix("?at=node/")).expect("nodes");
    let view = View { focus: Focus::Node(card.into()), ..View::default() };
    let node = Drawing::draw(&facts, &view, NOW).scene();
    assert_orderly(&node);
    assert!(node.marks.iter().any(|mark| mark.kind == Kind::Row));
}

/// A few lines that change a small cluster.
fn lines() -> impl Strategy<Value = Vec<String>> {
    let node =
        (0..9u8, prop_oneof!["", "master", "silent", "lost", "unready"]).prop_map(|(n, s)| format!("node n{n} {s}"));
    let pod = (0..30u8, 0..10u8, 0..4u8, prop_oneof!["ready", "pending", "crashing", "done"])
        .prop_map(|(p, n, d, s)| format!("pod p{p} on n{n} of Deployment/d{d} {s}"));
    let loose = (0..30u8).prop_map(|p| format!("pod q{p} waiting"));
    let part =
        (0..9u8, prop_oneof!["etcd", "kube-apiserver", "kube-proxy"]).prop_map(|(n, c)| format!("part n{n} {c}"));
    let service = (0..9u8, 0..3u8).prop_map(|(s, r)| format!("service s{s} {r}/3"));
    let gone = (0..30u8).prop_map(|p| format!("gone pod p{p}"));
    let away = (0..9u8).prop_map(|n| format!("gone node n{n}"));
    let etcd = (0..9u8, prop_oneof!["", ":leads", ":away", ":lags", ":corrupt"], prop_oneof!["", " silent"])
        .prop_map(|(n, s, old)| format!("etcd n{n}{s} n{}:leads{old}", n + 1));
    let line = prop_oneof![3 => node, 6 => pod, 1 => loose, 1 => part, 1 => service, 2 => gone, 1 => away, 1 => etcd];
    proptest::collection::vec(line, 0..40)
}

proptest! {
    #[test]
    fn what_is_redrawn_is_what_would_be_drawn(before in lines(), after in lines()) {
        let mut facts = inventory(&before.join("\n"));
        let mut figure = Drawing::draw(&facts, &View::default(), NOW);
        let mut held = figure.scene();
        for batch in after.chunks(3) {
            let mut touched = Touched::default();
            for text in batch {
                for change in line(text) {
                    touched.merge(facts.apply(change));
                }
            }
            let patch = figure.redraw(&facts, &touched, NOW);
            scene::apply(&patch, &mut held).unwrap();
            prop_assert_eq!(&held, &figure.scene());
            prop_assert_eq!(&held, &Drawing::draw(&facts, &View::default(), NOW).scene());
        }
        assert_orderly(&held);
    }

    #[test]
    fn the_order_of_facts_does_not_matter(lines in lines(), seed in any::<u64>()) {
        // The last word on each thing counts, so each thing is named once; etcd is one.
        let mut once = HashSet::new();
        let lines: Vec<String> = lines.into_iter().filter(|l| !l.starts_with("gone") && once.insert(l.split(' ').take(if l.starts_with("etcd") { 1 } else { 2 }).map(str::to_owned).collect::<Vec<_>>())).collect();
        let straight = changes(&lines.join("\n"));
        let mut shuffled = straight.clone();
        let mut state = seed | 1;
        for n in (1..shuffled.len()).rev() {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            shuffled.swap(n, (state >> 33) as usize % (n + 1));
        }
        let scene = |changes: Vec<topology::Change>| {
            let mut facts = Inventory::default();
            changes.into_iter().for_each(|change| { facts.apply(change); });
            scene::document(&Drawing::draw(&facts, &View::default(), NOW).scene())
        };
        prop_assert_eq!(scene(straight), scene(shuffled));
    }

    #[test]
    fn a_pod_that_comes_or_goes_moves_nothing_outside_its_node(lines in lines(), pod in 0..30u8) {
        // A pod bound to a node that is none brings that node into sight.
        let lines: Vec<_> = lines.into_iter().filter(|line| line != "gone node n0").collect();
        let text = format!("node n0\nnode n1 master\n{}", lines.join("\n"));
        let before = places(&draw(&format!("{text}\npod extra{pod} on n0 of Deployment/new ready")));
        let after = places(&draw(&text));
        for (id, place) in &after {
            if id.starts_with("node/") || id.starts_with("chip/") || id.starts_with("service") {
                prop_assert_eq!(before.get(id), Some(place), "{} moved", id);
            }
        }
    }

    #[test]
    fn a_node_that_comes_moves_no_node_before_it(count in 1..60usize) {
        let text: String = (0..count).map(|n| format!("node host{n}\n")).collect();
        let detail = |count| topology::layout::Detail::of(count);
        prop_assume!(detail(count) == detail(count + 1));
        let before = places(&draw(&text));
        let after = places(&draw(&format!("{text}node host{count}\n")));
        for n in 0..count {
            let id = format!("node/host{n}");
            prop_assert_eq!(&before[&id], &after[&id]);
        }
    }
}
