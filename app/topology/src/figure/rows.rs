//! One node that fills the figure: all its components, and each pod by its name.

use scene::{Anchor, Id, Kind, Mark, Place, Style, Text, clip, width};

use super::{
    chips::{self, CHIP, INSET, TOP, text},
    frame,
    groups::{group_words, share, tone},
    node::{PodGroup, Sight},
    tally::Tally,
};
use crate::{
    health::pod_words,
    layout::{Detail, Grid},
};

/// Rows beyond this are counted.
const MOST: usize = 1_500;
/// Columns of rows, their width and the room between them.
const COLUMNS: usize = 4;
const COLUMN: i32 = 260;
const GAP: i32 = 8;

/// The node's frame, as high as its pods need.
pub fn draw(sight: &Sight, at: (i32, i32)) -> Vec<Mark> {
    let w = Detail::WIDTH - 40;
    let mut marks = chips::row(sight.name, &sight.parts, TOP, w - 2 * INSET);
    // Each group is a block of rows; blocks fill the column that is shortest so far.
    let mut columns = [TOP + CHIP + 14; COLUMNS];
    let mut left = MOST;
    let mut hidden = Tally::default();
    for group in &sight.groups {
        let shown = group.pods.len().min(left);
        left -= shown;
        group.pods[shown..].iter().for_each(|(_, health)| hidden.add(*health));
        if shown == 0 {
            continue;
        }
        let column = (0..COLUMNS).min_by_key(|column| (columns[*column], *column)).unwrap_or(0);
        let x = INSET + i32::try_from(column).unwrap_or(0) * (COLUMN + GAP);
        let height = block(sight, group, shown, (x, columns[column]), &mut marks);
        columns[column] += height + 12;
    }
    let mut y = columns.into_iter().max().unwrap_or(0);
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

/// A group's heading and its first pods, one a row, at a place; returns how high it is.
fn block(sight: &Sight, group: &PodGroup, shown: usize, at: (i32, i32), marks: &mut Vec<Mark>) -> i32 {
    let id = Id::new(format!("group/{}/{}", sight.name, group.slug()));
    let grid = Grid { x: 0, y: 20, w: COLUMN, h: 24, gap: 4, columns: 1 };
    let height = grid.y + grid.height(shown);
    let mut band = Mark::new(id.clone(), Kind::Caption, Place::new(at.0, at.1, COLUMN, height));
    band.title = group_words(group);
    band.faded = !group.matches;
    let heading = format!("{} · {} · {}", group.label(), group.namespace, share(group));
    band.texts.push(text(0, 14, Style::Note, clip(&heading, Style::Note, COLUMN)));
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
        let room = COLUMN - 24 - 8 - width(&note, Style::Tiny) - 6;
        row.texts.push(text(24, 16, Style::Body, clip(&pod.key.name, Style::Body, room)));
        row.texts.push(Text { anchor: Anchor::End, ..text(COLUMN - 8, 16, Style::Tiny, note) });
        marks.push(row);
    }
    height
}
