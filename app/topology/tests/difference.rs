//! Two moments on one figure.

mod fixture;

use std::collections::BTreeMap;

use fixture::{NOW, THREE_AND_TWO, inventory, line};
use scene::{Differs, Place, Scene};
use topology::{
    Change, Inventory, Stamp,
    figure::{View, difference},
    inventory::Fact,
};

fn after(lines: &[&str]) -> Inventory {
    let mut inventory = inventory(THREE_AND_TWO);
    for change in lines.iter().flat_map(|text| line(text)) {
        inventory.apply(change);
    }
    inventory
}

fn compared(lines: &[&str]) -> Scene {
    difference(&inventory(THREE_AND_TWO), &after(lines), &View::default(), NOW).scene
}

fn differing(scene: &Scene) -> Vec<(String, Differs)> {
    let marks = scene.marks.iter().filter(|mark| !mark.id.as_str().starts_with("legend/"));
    marks.filter_map(|mark| Some((mark.id.to_string(), mark.differs?))).collect()
}

const LOST: [&str; 8] = [
    "node host5 lost",
    "gone pod pgw-a",
    "pod pgw-c on host4 of Deployment/vepc-pgw ready",
    "pod mme-2 on host4 of StatefulSet/vepc-mme ready",
    "pod sgw-a on host4 of Deployment/vepc-sgw crashing",
    "pod new-a on host4 of Deployment/new ready",
    "gone pod migrate-1",
    "service ims-hss 0/2",
];

#[test]
fn gone_new_moved_and_changed_are_told_apart() {
    let scene = compared(&LOST);
    let found: BTreeMap<String, Differs> = differing(&scene).into_iter().collect();
    let is = |id: &str| found.get(id).copied();
    assert_eq!(is("node/host5"), Some(Differs::Changed));
    assert_eq!(is("node/host4"), None);
    assert_eq!(is("pod/default/migrate-1"), Some(Differs::Gone));
    assert_eq!(is("pod/default/new-a"), Some(Differs::New));
    assert_eq!(is("pod/default/sgw-a"), Some(Differs::Changed));
    assert_eq!((is("pod/default/pgw-a"), is("pod/default/pgw-c")), (Some(Differs::Gone), Some(Differs::Moved)));
    assert_eq!((is("pod/default/mme-2@host5"), is("pod/default/mme-2")), (Some(Differs::Gone), Some(Differs::Moved)));
    assert_eq!(is("moved/default/pgw-a/default/pgw-c"), Some(Differs::Moved));
    assert_eq!(is("service/default/ims-hss"), Some(Differs::Changed));
    assert_eq!(is("pod/default/pgw-b"), None);
}

#[test]
fn a_pod_that_was_made_anew_under_its_name_is_changed() {
    let now = |change: Change| match change {
        Change::Put(Fact::Pod(mut pod)) => {
            pod.created = Stamp(pod.created.0 + 60_000);
            Change::Put(Fact::Pod(pod))
        }
        other => other,
    };
    let mut after = inventory(THREE_AND_TWO);
    for change in line("pod mme-1 on host4 of StatefulSet/vepc-mme ready") {
        after.apply(now(change));
    }
    let scene = difference(&inventory(THREE_AND_TWO), &after, &View::default(), NOW).scene;
    let mark = scene.marks.iter().find(|mark| mark.id.as_str() == "pod/default/mme-1").expect("the pod");
    assert_eq!(mark.differs, Some(Differs::Changed));
    assert!(mark.title.starts_with("Changed: recreated."), "{}", mark.title);
}

#[test]
fn each_difference_has_its_word_and_its_sign() {
    let scene = compared(&LOST);
    let svg = scene::document(&scene);
    for mark in scene.marks.iter().filter(|mark| mark.differs.is_some()) {
        let word = mark.differs.expect("one").word();
        let named = mark.title.to_lowercase().contains(word) || mark.texts.iter().any(|text| text.text.contains(word));
        assert!(named, "{}: {:?}", mark.id, mark.title);
    }
    assert!(svg.contains("class=\"delta\"") && svg.contains("d-moved"), "{svg}");
    assert!(scene.description.contains("2 moved"), "{}", scene.description);
}

#[test]
fn without_a_difference_nothing_is_marked() {
    let scene = compared(&[]);
    assert_eq!(differing(&scene), []);
    assert_eq!(scene.description, "Nothing that is drawn differs.");
}

#[test]
fn both_directions_have_the_same_layout() {
    let (one, other) = (inventory(THREE_AND_TWO), after(&LOST));
    let places = |before: &Inventory, after: &Inventory| -> BTreeMap<String, Place> {
        let scene = difference(before, after, &View::default(), NOW).scene;
        let frames = scene.marks.into_iter().filter(|mark| {
            ["node/", "chip/", "service/", "group/"].iter().any(|kind| mark.id.as_str().starts_with(kind))
        });
        frames.map(|mark| (mark.id.to_string(), mark.at)).collect()
    };
    assert_eq!(places(&one, &other), places(&other, &one));
}

#[test]
fn a_source_that_does_not_tell_makes_no_difference() {
    let scene = compared(&["gone pod mme-1", "deny pods"]);
    assert!(differing(&scene).iter().all(|(id, _)| !id.starts_with("pod/")), "{:?}", differing(&scene));
}

#[test]
fn a_host_that_went_and_one_that_came_have_their_places() {
    let scene = compared(&["gone node host5", "node host6"]);
    let found: BTreeMap<String, Differs> = differing(&scene).into_iter().collect();
    assert_eq!(found.get("node/host5"), Some(&Differs::Gone));
    assert_eq!(found.get("node/host6"), Some(&Differs::New));
}

#[test]
fn a_lost_host_compared_with_before() {
    let svg = scene::document(&compared(&LOST));
    insta::assert_binary_snapshot!(".svg", svg.into_bytes());
}
