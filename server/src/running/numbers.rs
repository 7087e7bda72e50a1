//! What is counted while it happens.

use std::{sync::LazyLock, time::Duration};

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::{Registry, Unit},
};

/// The process' numbers: there is one server in a process.
pub static NUMBERS: LazyLock<Numbers> = LazyLock::new(Numbers::default);

/// What is counted.
pub struct Numbers {
    pub(super) registry: Registry,
    /// Streams of views that are open.
    pub streams: Gauge,
    /// Readers that were dropped because they did not keep up.
    pub dropped: Counter,
    /// Connections that were turned away because their address had enough of them.
    pub turned_away: Counter,
    /// From the news of a change to its patch being on its way to every reader.
    pub patches: Histogram,
    /// Requests that were answered, in seconds to the head of the answer.
    pub took: Histogram,
    requests: Family<Request, Counter>,
    sign_ins: Family<Ended, Counter>,
    duties: Family<Duty, Gauge>,
}

/// How a sign-in ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Somebody is signed in.
    Well,
    /// Name or password, or what the provider said, was wrong.
    Failed,
    /// Too many had failed before.
    Slowed,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Request {
    method: &'static str,
    route: String,
    status: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Ended {
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Duty {
    duty: &'static str,
}

impl Default for Numbers {
    fn default() -> Self {
        let fine = [0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0];
        let numbers = Self {
            registry: Registry::with_prefix("binnacle"),
            streams: Gauge::default(),
            dropped: Counter::default(),
            turned_away: Counter::default(),
            patches: Histogram::new(fine),
            took: Histogram::new(fine),
            requests: Family::default(),
            sign_ins: Family::default(),
            duties: Family::default(),
        };
        let mut registry = Registry::with_prefix("binnacle");
        registry.register("streams", "Streams of views that are open", numbers.streams.clone());
        registry.register("readers_dropped", "Readers dropped because they did not keep up", numbers.dropped.clone());
        let turned = "Connections turned away because their address had enough of them";
        registry.register("connections_turned_away", turned, numbers.turned_away.clone());
        let patches = "From the news of a change to its patch being handed to every reader";
        registry.register_with_unit("patch_latency", patches, Unit::Seconds, numbers.patches.clone());
        let took = "From a request to the head of its answer";
        registry.register_with_unit("http_request_duration", took, Unit::Seconds, numbers.took.clone());
        registry.register("http_requests", "Requests by route and status", numbers.requests.clone());
        registry.register("sign_ins", "Sign-ins by how they ended", numbers.sign_ins.clone());
        registry.register("duty_held", "Whether this replica has the duty", numbers.duties.clone());
        Self { registry, ..numbers }
    }
}

impl Numbers {
    /// A request was answered.
    pub fn request(&self, method: &'static str, route: &str, status: u16, took: Duration) {
        self.requests.get_or_create(&Request { method, route: route.to_owned(), status }).inc();
        self.took.observe(took.as_secs_f64());
    }

    /// Somebody tried to sign in.
    pub fn sign_in(&self, outcome: Outcome) {
        let outcome = match outcome {
            Outcome::Well => "well",
            Outcome::Failed => "failed",
            Outcome::Slowed => "slowed",
        };
        self.sign_ins.get_or_create(&Ended { outcome }).inc();
    }

    /// This replica has a duty, or has it no more.
    pub fn duty(&self, duty: &'static str, held: bool) {
        self.duties.get_or_create(&Duty { duty }).set(i64::from(held));
    }
}
