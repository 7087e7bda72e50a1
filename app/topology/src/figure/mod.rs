//! From an Inventory to a Scene.
//!
//! A figure is made of segments: one a node (or group of nodes) and a few around them. Each is a
//! run of marks that begins with its root; a change draws the touched segments again and no other.

mod architecture;
mod around;
mod bands;
mod card;
mod chips;
mod frame;
mod groups;
mod lanes;
mod node;
mod rows;
mod summary;
mod tally;
mod view;

pub use architecture::Architecture;
pub use bands::service_state;
pub use lanes::lanes;
pub use node::is_master;
pub use summary::Phrase;
pub use view::{Filter, Focus, View};
