//! Pods in a frame, grouped by owner, each group in a slot of a fixed grid.

use scene::{Anchor, Health, Id, Kind, Mark, Place, Style, Text, Tone, clip, lines, width};

use super::{
    chips::text,
    node::{PodGroup, Sight},
    tally::Tally,
};
use crate::{
    health::{is_leftover, pod_words},
    inventory::Pod,
    layout::Grid,
};

/// Height of a slot: two lines of a name, and the pods below.
pub const SLOT: i32 = 52;
/// Room between slots.
pub const GAP: i32 = 7;
/// A pod's cylinder: its size and the distance from one to the next.
const POD: (i32, i32) = (11, 15);
const PITCH: i32 = 14;
/// Left edge and top of the cylinders in a slot.
const FIRST: (i32, i32) = (8, 32);
/// Baselines of a name of one line, and of one of two.
const NAME: [&[i32]; 2] = [&[20], &[14, 27]];

/// The groups of a node in a grid of `columns` by `rows` slots. What does not fit is counted in
/// the last slot; what is broken is never among it while something well could be.
pub fn draw(sight: &Sight, grid: &Grid, rows: usize) -> Vec<Mark> {
    let slots = grid.columns * rows;
    let (shown, folded) = choose(&sight.groups, slots);
    let mut marks = Vec::new();
    for (n, group) in shown.iter().enumerate() {
        slot(sight, group, grid.place(n), &mut marks);
    }
    if !folded.is_empty() {
        marks.push(rest(sight, &folded, grid.place(slots - 1)));
    }
    marks
}

type Chosen<'a, 'b> = (Vec<&'a PodGroup<'b>>, Vec<&'a PodGroup<'b>>);

/// Which groups get a slot: all, or the worst and then the first; both lists in their old order.
fn choose<'a, 'b>(groups: &'a [PodGroup<'b>], slots: usize) -> Chosen<'a, 'b> {
    if groups.len() <= slots {
        return (groups.iter().collect(), Vec::new());
    }
    let mut order: Vec<usize> = (0..groups.len()).collect();
    order.sort_by_key(|n| {
        (!groups[*n].matches, std::cmp::Reverse(groups[*n].tally.worst().filter(|h| *h > Health::Starting)), *n)
    });
    let mut kept = order[..slots - 1].to_vec();
    let mut folded = order[slots - 1..].to_vec();
    kept.sort_unstable();
    folded.sort_unstable();
    (kept.into_iter().map(|n| &groups[n]).collect(), folded.into_iter().map(|n| &groups[n]).collect())
}

fn slot(sight: &Sight, group: &PodGroup, at: Place, marks: &mut Vec<Mark>) {
    let id = Id::new(format!("group/{}/{}", sight.name, group.slug()));
    let mut mark = Mark::new(id.clone(), Kind::Group, at);
    let count = share(group);
    let name = lines(group.label(), Style::Body, at.w - 2 * FIRST.0);
    let baselines = NAME[usize::from(name.len() > 1)];
    mark.texts.extend(name.into_iter().zip(baselines).map(|(line, y)| text(FIRST.0, *y, Style::Body, line)));
    let beside = width(&count, Style::Note) + 6;
    mark.texts.push(Text { anchor: Anchor::End, ..text(at.w - 8, FIRST.1 + 12, Style::Note, count) });
    mark.health = group.tally.worst();
    mark.tone = tone(group.pods.first().is_some_and(|(pod, _)| pod.is_system()));
    mark.title = group_words(group);
    mark.opens = Some(format!("owner/{}/{}", sight.name, group.slug()));
    mark.faded = !group.matches;
    marks.push(mark);

    let capacity = usize::try_from((at.w - 2 * FIRST.0 - beside + PITCH - POD.0) / PITCH).unwrap_or(0);
    let mut pods: Vec<&(&Pod, Health)> = group.pods.iter().collect();
    let shown = if pods.len() <= capacity { pods.len() } else { capacity.saturating_sub(2) };
    if shown < pods.len() {
        pods.sort_by_key(|(_, health)| std::cmp::Reverse(Some(*health).filter(|health| *health > Health::Starting)));
    }
    for (n, (pod, health)) in pods[..shown].iter().enumerate() {
        let x = FIRST.0 + i32::try_from(n).unwrap_or(0) * PITCH;
        marks.push(cylinder(pod, *health, &id, Place::new(x, FIRST.1, POD.0, POD.1), group.matches));
    }
    if shown < pods.len() {
        let hidden: Tally = pods[shown..].iter().map(|(_, health)| *health).collect();
        let x = FIRST.0 + i32::try_from(shown).unwrap_or(0) * PITCH;
        let mut more = Mark::new(
            Id::new(format!("more/{}/{}", sight.name, group.slug())),
            Kind::Fold,
            Place::new(x, FIRST.1, at.w - 8 - beside - x, POD.1),
        );
        more.parent = Some(id);
        more.health = hidden.worst();
        more.title = format!("{} more pods of {}: {}", hidden.total(), group.label(), hidden.words());
        more.texts.push(Text {
            anchor: Anchor::Middle,
            ..text((at.w - 8 - beside - x) / 2, 11, Style::Tiny, format!("+{}", hidden.total()))
        });
        more.opens = Some(format!("?at=node/{}", sight.name));
        more.faded = !group.matches;
        marks.push(more);
    }
}

fn cylinder(pod: &Pod, health: Health, group: &Id, at: Place, matches: bool) -> Mark {
    let mut mark = Mark::new(Id::new(format!("pod/{}", pod.key)), Kind::Pod, at);
    mark.parent = Some(group.clone());
    mark.health = Some(health);
    mark.tone = tone(pod.is_system());
    mark.title = format!("{}: {}", pod.key, pod_words(pod, health));
    mark.opens = Some(format!("pod/{}", pod.key));
    mark.faded = !matches;
    mark
}

fn rest(sight: &Sight, folded: &[&PodGroup], at: Place) -> Mark {
    let mut tally = Tally::default();
    folded.iter().for_each(|group| tally.merge(&group.tally));
    let mut mark = Mark::new(Id::new(format!("fold/{}", sight.name)), Kind::Fold, at);
    mark.health = tally.worst();
    mark.title =
        format!("{} more owners with {} pods on {}: {}", folded.len(), tally.total(), sight.name, tally.words());
    mark.texts.push(text(8, 16, Style::Body, clip(&format!("+{} owners", folded.len()), Style::Body, at.w - 16)));
    mark.texts.push(text(8, 30, Style::Tiny, clip(&format!("{} pods", tally.total()), Style::Tiny, at.w - 16)));
    mark.tally = tally.shares();
    mark.opens = Some(format!("?at=node/{}", sight.name));
    mark.faded = !folded.iter().any(|group| group.matches);
    mark
}

/// A group in words: what, where, how many, how they fare.
pub fn group_words(group: &PodGroup) -> String {
    let kind = group.owner.as_ref().map_or("Pods", |(kind, _)| match kind {
        crate::inventory::OwnerKind::Node => "Static pod",
        other => other.word(),
    });
    let left = leftovers(group);
    let tail = if left > 0 { format!("; {left} failed before and left over") } else { String::new() };
    format!("{kind} {} in {}: {}{tail}", group.label(), group.namespace, group.tally.words())
}

fn leftovers(group: &PodGroup) -> u32 {
    let left = group.pods.iter().filter(|(pod, health)| is_leftover(pod, *health));
    u32::try_from(left.count()).unwrap_or(u32::MAX)
}

/// How many are well of how many, leftovers not counted.
pub fn share(group: &PodGroup) -> String {
    let left = leftovers(group);
    format!("{}/{}", group.tally.well().saturating_sub(left), group.tally.total().saturating_sub(left))
}

/// The family of colours of a pod.
pub const fn tone(system: bool) -> Tone {
    if system { Tone::System } else { Tone::Service }
}
