//! From an Inventory to a Scene.
//!
//! A figure is made of segments: one a node (or group of nodes) and a few around them. Each is a
//! run of marks that begins with its root; a change draws the touched segments again and no other.

mod architecture;
mod around;
mod arrangement;
mod bands;
mod card;
mod chips;
mod difference;
mod drawing;
mod frame;
mod groups;
mod lanes;
mod networking;
mod node;
mod rows;
mod small;
mod summary;
mod tally;
mod view;

pub use bands::service_state;
pub use difference::{Compared, difference, words};
pub use drawing::Drawing;
pub use lanes::lanes;
pub use networking::{KINDS, TracedHop, TracedWay, traced};
pub use node::is_master;
pub use small::{Small, SmallHost, small};
pub use summary::Phrase;
pub use view::{Figure, Filter, Focus, View};
