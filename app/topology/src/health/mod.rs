//! How things fare, judged from facts alone. What no source tells is [`scene::Health::Unknown`],
//! what was told too long ago is [`scene::Health::Stale`]; neither ever passes for healthy.

mod component;
mod node;
mod pod;

pub use component::{Part, kinds, parts, planned_parts};
pub use node::{NodeState, node_state};
pub use pod::{pod_health, pod_words};

/// How long a heartbeat in the Ready condition may lie back before the kubelet counts as silent,
/// in milliseconds: the controller-manager's own default grace period.
pub const HEARTBEAT_LASTS: i64 = 40_000;

/// A span of time in words, as in `12 s`, `3 min`, `5 h`, `12 d`.
pub fn age(milliseconds: i64) -> String {
    let seconds = milliseconds.max(0) / 1000;
    match seconds {
        0..=119 => format!("{seconds} s"),
        120..=7_199 => format!("{} min", seconds / 60),
        7_200..=172_799 => format!("{} h", seconds / 3_600),
        _ => format!("{} d", seconds / 86_400),
    }
}
