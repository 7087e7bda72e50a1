//! From an Inventory to a Scene.

mod architecture;
mod summary;
mod view;

pub use architecture::Architecture;
pub use summary::{Phrase, sentence};
pub use view::{Filter, Focus, View};

/// How long a heartbeat in the Ready condition may lie back before the kubelet counts as silent,
/// in milliseconds: the controller-manager's own default grace period.
pub const HEARTBEAT_LASTS: i64 = 40_000;
