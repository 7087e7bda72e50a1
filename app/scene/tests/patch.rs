//! A patch turns one scene into the other, on the server and in the browser alike.

use std::collections::HashMap;

use proptest::prelude::*;
use scene::{Health, Id, Kind, Mark, Op, Patch, Place, Scene, apply, diff};

/// A scene from a list of (id, parent, look): parents that are missing or come later are dropped.
fn scene(things: &[(u8, u8, u8)]) -> Scene {
    let mut parents: HashMap<u8, Option<u8>> = HashMap::new();
    let mut children: HashMap<Option<u8>, Vec<(u8, u8)>> = HashMap::new();
    for (id, parent, look) in things {
        if parents.contains_key(id) {
            continue;
        }
        let parent = Some(*parent).filter(|parent| parents.contains_key(parent));
        parents.insert(*id, parent);
        children.entry(parent).or_default().push((*id, *look));
    }
    let mut marks = Vec::new();
    fn walk(at: Option<u8>, children: &HashMap<Option<u8>, Vec<(u8, u8)>>, marks: &mut Vec<Mark>) {
        for (id, look) in children.get(&at).into_iter().flatten() {
            let mut mark = Mark::new(Id::new(format!("m{id}")), Kind::Chip, Place::new(i32::from(*look), 0, 10, 10));
            mark.parent = at.map(|parent| Id::new(format!("m{parent}")));
            mark.health = Some(Health::ALL[usize::from(*look) % Health::ALL.len()]);
            marks.push(mark);
            walk(Some(*id), children, marks);
        }
    }
    walk(None, &children, &mut marks);
    Scene { title: format!("{} things", marks.len()), width: 100, height: 100, marks, ..Scene::default() }
}

fn things() -> impl Strategy<Value = Vec<(u8, u8, u8)>> {
    proptest::collection::vec((0..24u8, 0..24u8, 0..4u8), 0..24)
}

proptest! {
    #[test]
    fn applying_the_difference_gives_the_other_scene(before in things(), after in things()) {
        let (before, after) = (scene(&before), scene(&after));
        let mut held = before.clone();
        apply(&diff(&before, &after), &mut held).unwrap();
        prop_assert_eq!(held, after);
    }

    #[test]
    fn a_patch_survives_the_wire(before in things(), after in things()) {
        let patch = diff(&scene(&before), &scene(&after));
        let text = serde_json::to_string(&patch).unwrap();
        prop_assert_eq!(serde_json::from_str::<Patch>(&text).unwrap(), patch);
    }

    #[test]
    fn a_scene_that_did_not_change_costs_nothing(things in things()) {
        let scene = scene(&things);
        prop_assert!(diff(&scene, &scene.clone()).is_empty());
    }
}

#[test]
fn one_mark_that_moves_among_many_is_one_op() {
    let order: Vec<(u8, u8, u8)> = (0..20).map(|id| (id, 99, 0)).collect();
    let mut moved = order.clone();
    let mark = moved.remove(15);
    moved.insert(2, mark);
    let patch = diff(&scene(&order), &scene(&moved));
    assert!(matches!(patch.ops.as_slice(), [Op::Put { .. }]), "{patch:?}");
}

#[test]
fn a_patch_for_another_scene_is_refused_and_changes_nothing() {
    let mut held = scene(&[(1, 9, 0)]);
    let before = held.clone();
    let patch = Patch { canvas: None, ops: vec![Op::Gone("m1".into()), Op::Gone("m7".into())] };
    let error = apply(&patch, &mut held).unwrap_err();
    assert!(error.to_string().contains("m7"), "{error}");
    assert_eq!(held, before);
}
