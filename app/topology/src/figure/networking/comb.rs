//! A comb: one line that joins many things to a trunk at right angles.

use scene::{Id, Kind, Mark, Place, Point, Tone};

/// A row of teeth: the line that they stand on, and where each ends.
pub struct Teeth {
    /// The y of the row's line.
    pub y: i32,
    /// Where each tooth ends.
    pub ends: Vec<(i32, i32)>,
}

/// A comb from `foot` upwards; where it goes back over itself nothing new is painted. Rows may
/// stand in any order.
pub fn comb(id: Id, tone: Tone, foot: (i32, i32), rows: &[Teeth]) -> Option<Mark> {
    let mut rows: Vec<&Teeth> = rows.iter().filter(|row| !row.ends.is_empty()).collect();
    if rows.is_empty() {
        return None;
    }
    rows.sort_by_key(|row| std::cmp::Reverse(row.y));
    let mut path = vec![point(foot)];
    for row in rows {
        path.push(point((foot.0, row.y)));
        let mut ends = row.ends.clone();
        ends.sort_by_key(|(x, _)| (x - foot.0).abs());
        for (x, y) in ends {
            path.extend([point((x, row.y)), point((x, y)), point((x, row.y))]);
        }
        path.push(point((foot.0, row.y)));
    }
    path.dedup();
    let mut mark = Mark::new(id, Kind::Line, Place::default());
    mark.tone = tone;
    mark.path = path;
    Some(mark)
}

fn point((x, y): (i32, i32)) -> Point {
    Point { x, y }
}
