//! How much of each node is shown.

use super::Grid;

/// How nodes are drawn. A figure stays within about 2,000 marks at every level, and the level
/// follows from the number of nodes alone, never from pods.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Detail {
    /// Wide frames, two in a row: each pod is a mark.
    Close,
    /// Frames, three in a row: each pod is a mark, fewer fit.
    Frames,
    /// A card a node: counts and worst state.
    Cards,
    /// A small square a node: worst state.
    Tiles,
    /// A card for about a hundred nodes.
    Groups,
}

impl Detail {
    /// The level for so many nodes that are no masters.
    pub const fn of(nodes: usize) -> Self {
        match nodes {
            0..=6 => Self::Close,
            7..=18 => Self::Frames,
            19..=400 => Self::Cards,
            401..=1_600 => Self::Tiles,
            _ => Self::Groups,
        }
    }

    /// Where the boxes of this level stand, on a canvas that is [`Detail::WIDTH`] wide.
    pub const fn grid(self, y: i32) -> Grid {
        match self {
            Self::Close => Grid { x: 20, y, w: 540, h: 277, gap: 20, columns: 2 },
            Self::Frames => Grid { x: 20, y, w: 353, h: 334, gap: 20, columns: 3 },
            Self::Cards => Grid { x: 20, y, w: 130, h: 58, gap: 8, columns: 8 },
            Self::Tiles => Grid { x: 20, y, w: 24, h: 24, gap: 3, columns: 40 },
            Self::Groups => Grid { x: 20, y, w: 213, h: 84, gap: 8, columns: 5 },
        }
    }

    /// Where masters stand: always three in a row, so that another node never moves them.
    pub const fn masters(y: i32) -> Grid {
        Grid { x: 20, y, w: 353, h: 310, gap: 20, columns: 3 }
    }

    /// Masters that get a frame of their own; more are drawn like other nodes.
    pub const MASTERS: usize = 9;

    /// Width of every figure, in CSS pixels.
    pub const WIDTH: i32 = 1_140;

    /// Nodes in a group.
    pub const GROUP: usize = 100;
}
