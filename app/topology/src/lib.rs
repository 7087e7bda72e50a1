//! From facts to a figure.
//!
//! ```text
//! Fact ──apply──▶ Inventory ──▶ Graph ──▶ layout ──▶ figure ──▶ Scene
//!   one change       │ by node                            only touched nodes are drawn again
//! ```
//!
//! Invariants:
//! - No I/O, no clock, no async, no Kubernetes client: time comes in as [`Stamp`]s, facts come in
//!   as [`Change`]s. The same facts in any order give the same Scene, byte for byte.
//! - What no source tells is unknown, and unknown is never drawn as healthy.
//! - Adding or losing a pod moves nothing outside its node; adding a node moves no node before it.

pub mod attention;
pub mod drift;
pub mod figure;
pub mod find;
pub mod graph;
pub mod health;
pub mod inventory;
pub mod layout;
pub mod load;
pub mod planned;

pub use inventory::{Change, Inventory, Stamp, Touched};
