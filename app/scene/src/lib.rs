//! A figure as data: boxes, chips, links and texts with places and stable ids.
//!
//! ```text
//! topology ──draws──▶ Scene ──write──▶ SVG (page, file)
//!                       │
//!             diff(before, after) ──▶ Patch ──apply──▶ Scene (server) or DOM (browser)
//! ```
//!
//! Invariants:
//! - Nothing here knows Kubernetes, a clock, a file or a network; std and serde only; builds for
//!   wasm and native alike, and the same Scene gives the same bytes on both.
//! - Every mark has one id, ids do not repeat, and a parent stands before its children.
//! - `apply(diff(a, b), a) == b`.
//! - The writer escapes every text itself: a Scene may hold whatever a cluster's users typed.

mod alone;
mod diff;
mod mark;
mod patch;
mod svg;
mod text;

pub use alone::standing_alone;
pub use diff::{diff, diff_marks};
pub use mark::{Anchor, Differs, Health, Id, Kind, Mark, Place, Point, Scene, Style, Text, Tone};
pub use patch::{ApplyError, Op, Patch, apply};
pub use svg::{
    dark_document, document, encoded, escaped, figure, is_addressable, link, mark_svg, own_svg, readable, segment,
};
pub use text::{clip, lines, width};
