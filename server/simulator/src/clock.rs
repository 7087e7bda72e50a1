//! Moments as Kubernetes writes them, and the simulator's own time, which only its life moves.

use std::sync::atomic::{AtomicI64, Ordering};

use jiff::Timestamp;

/// The simulator's time: it starts where the caller says and stands still between steps.
pub(crate) struct Clock(AtomicI64);

impl Clock {
    pub(crate) fn at(start: Timestamp) -> Self {
        Self(AtomicI64::new(start.as_microsecond()))
    }

    pub(crate) fn now(&self) -> Timestamp {
        Timestamp::from_microsecond(self.0.load(Ordering::Relaxed)).unwrap_or(Timestamp::UNIX_EPOCH)
    }

    /// Moves on to `now`; time never goes back.
    pub(crate) fn advance(&self, now: Timestamp) {
        self.0.fetch_max(now.as_microsecond(), Ordering::Relaxed);
    }
}

/// `2026-11-23T18:00:31Z`, as in `creationTimestamp`.
pub(crate) fn seconds(moment: Timestamp) -> String {
    moment.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// `2026-11-23T18:00:31.000000Z`, as in a lease's `renewTime`.
pub(crate) fn micros(moment: Timestamp) -> String {
    moment.strftime("%Y-%m-%dT%H:%M:%S.%6fZ").to_string()
}

/// `moment` and so many seconds.
pub(crate) fn after(moment: Timestamp, seconds: i64) -> Timestamp {
    moment.checked_add(jiff::SignedDuration::from_secs(seconds)).unwrap_or(moment)
}

/// 2026-01-01T00:00:00Z: when time starts that nobody has set.
pub(crate) fn default_start() -> Timestamp {
    Timestamp::constant(1_767_225_600, 0)
}
