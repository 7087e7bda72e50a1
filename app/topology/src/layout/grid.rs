//! Boxes of one size in rows.

use scene::Place;

/// A grid of boxes of one size: the n-th has its place whatever comes after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grid {
    /// Left top corner of the first box.
    pub x: i32,
    /// Its top.
    pub y: i32,
    /// Width of a box.
    pub w: i32,
    /// Height of a box.
    pub h: i32,
    /// Room between boxes, both ways.
    pub gap: i32,
    /// Boxes in a row; at least 1.
    pub columns: usize,
}

impl Grid {
    /// Where the n-th box stands, from 0.
    pub fn place(&self, n: usize) -> Place {
        let (row, column) = (n / self.columns, n % self.columns);
        Place::new(
            self.x + pixels(column) * (self.w + self.gap),
            self.y + pixels(row) * (self.h + self.gap),
            self.w,
            self.h,
        )
    }

    /// Height of `count` boxes together, without a gap below.
    pub fn height(&self, count: usize) -> i32 {
        match count.div_ceil(self.columns) {
            0 => 0,
            rows => pixels(rows) * (self.h + self.gap) - self.gap,
        }
    }
}

fn pixels(count: usize) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX / 4096)
}
