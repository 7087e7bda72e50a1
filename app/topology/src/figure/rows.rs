//! One node that fills the figure: all its components, and each pod by its name.

use scene::{Anchor, Id, Kind, Mark, Place, Style, Text, clip, width};

use super::{
    chips::{self, CHIP, INSET, TOP, text},
    frame,
    groups::{group_words, tone},
    node::Sight,
    tally::Tally,
};
use crate::{
    health::pod_words,
    layout::{Detail, Grid},
};

/// Rows beyond this are counted.
const MOST: usize = 1_500;

/// The node's frame, as high as its pods need.
pub fn draw(sight: &Sight, at: (i32, i32)) -> Vec<Mark> {
    let w = Detail::WIDTH - 40;
    let mut marks = chips::row(sight.name, &sight.parts, TOP, w - 2 * INSET);
    let mut y = TOP + CHIP + 14;
    let mut left = MOST;
    let mut hidden = Tally::default();
    for group in &sight.groups {
        if left == 0 {
            hidden.merge(&group.tally);
            continue;
        }
        let id = Id::new(format!("group/{}/{}", sight.name, group.slug()));
        let grid = Grid { x: 0, y: 24, w: 256, h: 24, gap: 6, columns: 4 };
        let shown = group.pods.len().min(left);
        left -= shown;
        let height = 24 + grid.height(shown);
        let mut band = Mark::new(id.clone(), Kind::Caption, Place::new(INSET, y, w - 2 * INSET, height));
        band.title = group_words(group);
        band.faded = !group.matches;
        let heading =
            format!("{} · {} · {}/{}", group.label(), group.namespace, group.tally.well(), group.tally.total());
        band.texts.push(text(0, 15, Style::Note, clip(&heading, Style::Note, w - 2 * INSET)));
        marks.push(band);
        for (n, (pod, health)) in group.pods[..shown].iter().enumerate() {
            let mut row = Mark::new(Id::new(format!("pod/{}", pod.key)), Kind::Row, grid.place(n));
            row.parent = Some(id.clone());
            row.health = Some(*health);
            row.tone = tone(pod.is_system());
            row.title = format!("{}: {}", pod.key, pod_words(pod, *health));
            row.opens = Some(format!("pod/{}", pod.key));
            row.faded = !group.matches;
            let note = if pod.reason.is_empty() {
                format!("{}/{}", pod.containers_ready, pod.containers)
            } else {
                pod.reason.to_string()
            };
            let note = clip(&note, Style::Tiny, 110);
            let room = 256 - 24 - 8 - width(&note, Style::Tiny) - 6;
            row.texts.push(text(24, 16, Style::Body, clip(&pod.key.name, Style::Body, room)));
            row.texts.push(Text { anchor: Anchor::End, ..text(256 - 8, 16, Style::Tiny, note) });
            marks.push(row);
        }
        group.pods[shown..].iter().for_each(|(_, health)| hidden.add(*health));
        y += height + 10;
    }
    if hidden.total() > 0 {
        let mut more =
            Mark::new(Id::new(format!("fold/{}", sight.name)), Kind::Fold, Place::new(INSET, y, w - 2 * INSET, 30));
        more.health = hidden.worst();
        more.title = format!("{} more pods: {}", hidden.total(), hidden.words());
        more.texts.push(text(10, 19, Style::Body, clip(&more.title, Style::Body, w - 2 * INSET - 20)));
        marks.push(more);
        y += 40;
    }
    frame::framed(sight, Place::new(at.0, at.1, w, y.max(TOP + CHIP + 24)), w / 2, marks)
}
