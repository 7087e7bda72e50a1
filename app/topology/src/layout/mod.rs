//! Places: how much of a cluster is shown, in which order, and where each box stands.
//!
//! A box's size never depends on what is in it, and a box's place only on those before it. So
//! losing a pod moves nothing outside its node, and adding a node moves no node before it.

mod detail;
mod grid;
mod order;

pub use detail::Detail;
pub use grid::Grid;
pub use order::natural;
