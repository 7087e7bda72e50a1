//! How often somebody may ask, and when there is room again.

use std::{
    num::NonZeroU32,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use axum::{
    Extension,
    extract::{Request, State},
    http::{HeaderName, HeaderValue},
    middleware::Next,
    response::{IntoResponse, Response},
};
use governor::{
    Quota, RateLimiter,
    clock::{Clock, DefaultClock},
    middleware::StateInformationMiddleware,
    state::keyed::DashMapStateStore,
};

use super::{ApiError, Here};
use crate::access::{Way, Who};

/// Requests after which those who were quiet since are forgotten.
const TIDY: u32 = 4_096;

/// Everybody's room, by who they are.
pub(super) struct Limits {
    a_minute: NonZeroU32,
    clock: DefaultClock,
    seen: AtomicU32,
    limiter: RateLimiter<String, DashMapStateStore<String>, DefaultClock, StateInformationMiddleware>,
}

impl Limits {
    /// So many requests a minute for each.
    pub(super) fn new(a_minute: NonZeroU32) -> Self {
        let limiter = RateLimiter::dashmap(Quota::per_minute(a_minute)).with_middleware();
        Self { a_minute, clock: DefaultClock::default(), seen: AtomicU32::new(0), limiter }
    }

    /// What is left, or how long to wait.
    fn take(&self, key: &String) -> Result<u32, Duration> {
        if self.seen.fetch_add(1, Ordering::Relaxed) % TIDY == TIDY - 1 {
            self.limiter.retain_recent();
        }
        match self.limiter.check_key(key) {
            Ok(state) => Ok(state.remaining_burst_capacity()),
            Err(not) => Err(not.wait_time_from(self.clock.now())),
        }
    }
}

/// A token or a session has room of its own; all others share that of their address.
fn key(who: &Who) -> String {
    match &who.way {
        Way::Token(id) | Way::Link(id) | Way::Session { id, .. } => format!("{}/{id}", who.way.word()),
        Way::Nobody | Way::Loopback => who.from.to_string(),
    }
}

/// Refuses those who ask too often, and tells everybody what is left.
pub(super) async fn limited(
    State(here): State<Here>,
    Extension(who): Extension<Who>,
    request: Request,
    next: Next,
) -> Response {
    let limits = &here.limits;
    let (mut response, left, wait) = match limits.take(&key(&who)) {
        Ok(left) => (next.run(request).await, left, 0),
        Err(wait) => (ApiError::Slow(wait).into_response(), 0, wait.as_secs() + 1),
    };
    let wait = if wait > 0 { wait } else { u64::from((limits.a_minute.get() - left) * 60 / limits.a_minute.get()) };
    let told = [
        ("ratelimit-policy", format!("\"caller\";q={};w=60", limits.a_minute)),
        ("ratelimit", format!("\"caller\";r={left};t={wait}")),
    ];
    for (name, value) in told {
        if let Ok(value) = HeaderValue::from_str(&value) {
            response.headers_mut().insert(HeaderName::from_static(name), value);
        }
    }
    response
}
