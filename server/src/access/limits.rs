//! How often somebody may ask, and when there is room again.

use std::{
    net::IpAddr,
    num::NonZeroU32,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use governor::{
    Quota, RateLimiter,
    clock::{Clock, DefaultClock},
    middleware::StateInformationMiddleware,
    state::keyed::DashMapStateStore,
};

use super::{Way, Who, household};

/// Requests after which those who were quiet since are forgotten.
const TIDY: u32 = 4_096;

/// Everybody's room, by who they are.
pub struct Limits {
    a_minute: NonZeroU32,
    clock: DefaultClock,
    seen: AtomicU32,
    limiter: RateLimiter<String, DashMapStateStore<String>, DefaultClock, StateInformationMiddleware>,
}

/// Whose room a request takes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller(String);

impl Caller {
    /// A token or a session has room of its own; all others share that of their address.
    pub fn of(who: &Who) -> Self {
        match &who.way {
            Way::Token(id) | Way::Link(id) | Way::Session { id, .. } => Self(format!("{}/{id}", who.way.word())),
            Way::Nobody | Way::Loopback => Self::at(who.from),
        }
    }

    /// Whoever is at an address, or at another of its household.
    pub fn at(address: IpAddr) -> Self {
        Self(household(address).to_string())
    }
}

impl Limits {
    /// So many requests a minute for each.
    pub fn new(a_minute: NonZeroU32) -> Self {
        let limiter = RateLimiter::dashmap(Quota::per_minute(a_minute)).with_middleware();
        Self { a_minute, clock: DefaultClock::default(), seen: AtomicU32::new(0), limiter }
    }

    /// Takes from a caller's room: what is left, or how long to wait.
    ///
    /// # Errors
    /// The wait, when there is no room.
    pub fn take(&self, caller: &Caller) -> Result<u32, Duration> {
        if self.seen.fetch_add(1, Ordering::Relaxed) % TIDY == TIDY - 1 {
            self.limiter.retain_recent();
        }
        match self.limiter.check_key(&caller.0) {
            Ok(state) => Ok(state.remaining_burst_capacity()),
            Err(not) => Err(not.wait_time_from(self.clock.now())),
        }
    }

    /// Tells what is left, and when all of it is there again.
    pub fn tell(&self, headers: &mut HeaderMap, taken: Result<u32, Duration>) {
        let (left, wait) = match taken {
            Ok(left) => (left, u64::from((self.a_minute.get() - left) * 60 / self.a_minute.get())),
            Err(wait) => (0, wait.as_secs() + 1),
        };
        let told = [
            ("ratelimit-policy", format!("\"caller\";q={};w=60", self.a_minute)),
            ("ratelimit", format!("\"caller\";r={left};t={wait}")),
        ];
        for (name, value) in told {
            if let Ok(value) = HeaderValue::from_str(&value) {
                headers.insert(HeaderName::from_static(name), value);
            }
        }
    }
}
