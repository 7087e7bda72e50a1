//! From an Inventory to a Scene.

/// How long a heartbeat in the Ready condition may lie back before the kubelet counts as silent,
/// in milliseconds: the controller-manager's own default grace period.
pub const HEARTBEAT_LASTS: i64 = 40_000;
