//! From two Scenes to the Patch between them.

use std::collections::{HashMap, HashSet};

use crate::{Id, Mark, Op, Patch, Scene};

/// The Patch that turns `before` into `after`, in time linear in both.
pub fn diff(before: &Scene, after: &Scene) -> Patch {
    let canvas = (before.title != after.title
        || before.description != after.description
        || before.width != after.width
        || before.height != after.height)
        .then(|| (after.title.clone(), after.description.clone(), after.width, after.height));
    let mut ops = Vec::new();
    diff_marks(&before.marks, &after.marks, &mut ops);
    Patch { canvas, ops }
}

/// The ops that turn one list of marks into another; both obey the order of [`Scene::marks`].
/// The lists may be a part of a Scene, when that part begins with the same mark in both and all
/// the others lie in it.
pub fn diff_marks(before: &[Mark], after: &[Mark], ops: &mut Vec<Op>) {
    let old: HashMap<&Id, &Mark> = before.iter().map(|mark| (&mark.id, mark)).collect();
    let new: HashMap<&Id, &Mark> = after.iter().map(|mark| (&mark.id, mark)).collect();
    // A mark that goes takes along all that lies in it: only the topmost is named, and what stays
    // elsewhere must be put there again.
    let lost = lost_with_parents(before, &new);
    for mark in before {
        let goes_along = mark.parent.as_ref().is_some_and(|parent| lost.contains(parent));
        if !new.contains_key(&mark.id) && !goes_along {
            ops.push(Op::Gone(mark.id.clone()));
        }
    }
    let kept = kept_in_place(before, after, &lost, &old);
    let mut last: HashMap<Option<&Id>, &Id> = HashMap::new();
    for mark in after {
        let behind = last.insert(mark.parent.as_ref(), &mark.id);
        if !kept.contains(&mark.id) {
            ops.push(Op::Put { mark: mark.clone(), after: behind.cloned() });
        } else if old.get(&mark.id).is_none_or(|was| *was != mark) {
            ops.push(Op::Set(mark.clone()));
        }
    }
}

fn lost_with_parents<'a>(before: &'a [Mark], new: &HashMap<&Id, &Mark>) -> HashSet<&'a Id> {
    let mut gone: HashSet<&Id> = HashSet::new();
    for mark in before {
        if !new.contains_key(&mark.id) || mark.parent.as_ref().is_some_and(|parent| gone.contains(parent)) {
            gone.insert(&mark.id);
        }
    }
    gone
}

/// Marks that keep their parent and their order among the siblings that also keep theirs: a
/// longest increasing run of old positions in each parent, so that one mark that moves costs one op.
fn kept_in_place<'a>(
    before: &'a [Mark],
    after: &'a [Mark],
    lost: &HashSet<&Id>,
    old: &HashMap<&Id, &Mark>,
) -> HashSet<&'a Id> {
    let position: HashMap<&Id, usize> = before.iter().enumerate().map(|(at, mark)| (&mark.id, at)).collect();
    let mut by_parent: HashMap<Option<&Id>, Vec<(usize, &'a Id)>> = HashMap::new();
    for mark in after {
        let Some(was) = old.get(&mark.id) else { continue };
        if lost.contains(&mark.id) || was.parent != mark.parent {
            continue;
        }
        by_parent.entry(mark.parent.as_ref()).or_default().push((position[&mark.id], &mark.id));
    }
    by_parent.into_values().flat_map(|siblings| increasing(&siblings)).collect()
}

/// The longest strictly increasing subsequence, by patience: n log n.
fn increasing<'a>(items: &[(usize, &'a Id)]) -> Vec<&'a Id> {
    let mut tails: Vec<usize> = Vec::new();
    let mut previous: Vec<Option<usize>> = vec![None; items.len()];
    for (at, (value, _)) in items.iter().enumerate() {
        let pile = tails.partition_point(|tail| items[*tail].0 < *value);
        previous[at] = pile.checked_sub(1).map(|under| tails[under]);
        if pile == tails.len() {
            tails.push(at);
        } else {
            tails[pile] = at;
        }
    }
    let mut run = Vec::with_capacity(tails.len());
    let mut next = tails.last().copied();
    while let Some(at) = next {
        run.push(items[at].1);
        next = previous[at];
    }
    run
}
