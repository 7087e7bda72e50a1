//! How things fare, judged from facts alone. What no source tells is [`scene::Health::Unknown`],
//! what was told too long ago is [`scene::Health::Stale`]; neither ever passes for healthy.

mod component;
mod node;
mod pod;

pub(crate) use component::OVERDUE;
pub use component::{Leader, Part, holder, kinds, leader, leader_lease, parts, planned_parts};
pub use node::{NodeState, host_health, node_state};
pub use pod::{ended_words, is_leftover, pod_health, pod_words};

use crate::{
    Inventory, Stamp,
    inventory::{Heard, Source},
};

/// How long a heartbeat in the Ready condition may lie back before the kubelet counts as silent,
/// in milliseconds: the controller-manager's own default grace period.
pub const HEARTBEAT_LASTS: i64 = 40_000;

/// The moment by which leases are judged: where they are only listed now and then, when they were listed.
fn leases_at(inventory: &Inventory, now: Stamp) -> Stamp {
    match inventory.heard(Source::Leases) {
        Heard::Listed { since, .. } => (*since).min(now),
        _ => now,
    }
}

/// A moment as a clock in UTC shows it, as in `12:03:20 UTC`.
pub fn clock(at: Stamp) -> String {
    let seconds = at.0.div_euclid(1000).rem_euclid(86_400);
    format!("{:02}:{:02}:{:02} UTC", seconds / 3_600, seconds / 60 % 60, seconds % 60)
}

/// A moment with its day, as in `2026-11-29 12:03:20 UTC`.
pub fn moment(at: Stamp) -> String {
    // Days since 1970-01-01 to a date of the Gregorian calendar, by 400-year eras that begin in March.
    let days = at.0.div_euclid(86_400_000) + 719_468;
    let (era, day) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let (date, month) = (day - (153 * month + 2) / 5 + 1, if month < 10 { month + 3 } else { month - 9 });
    let year = year + era * 400 + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{date:02} {}", clock(at))
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_has_its_day_and_its_time() {
        let at = |milliseconds: i64| moment(Stamp(milliseconds));
        assert_eq!(at(0), "1970-01-01 00:00:00 UTC");
        assert_eq!(at(951_782_400_000), "2000-02-29 00:00:00 UTC");
        assert_eq!(at(1_795_953_800_000), "2026-11-29 12:03:20 UTC");
        assert_eq!(at(4_107_542_399_000), "2100-02-28 23:59:59 UTC");
        assert_eq!(at(-1_000), "1969-12-31 23:59:59 UTC");
    }
}
