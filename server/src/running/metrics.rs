//! The numbers, for Prometheus.

use axum::{
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use prometheus_client::{
    encoding::{
        EncodeLabelSet,
        text::{encode_eof, encode_registry},
    },
    metrics::{family::Family, gauge::Gauge},
    registry::{Registry, Unit},
};
use topology::inventory::{Heard, Source};

use super::{NUMBERS, Running};

const KIND: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Watch {
    cluster: String,
    kind: &'static str,
    state: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Told {
    cluster: String,
    kind: &'static str,
}

/// What was counted, and what is watched now.
pub(super) async fn metrics(State(running): State<Running>) -> Response {
    let mut text = String::new();
    let written = encode_registry(&mut text, &NUMBERS.registry)
        .and_then(|()| encode_registry(&mut text, &watched(&running)))
        .and_then(|()| encode_eof(&mut text));
    match written {
        Ok(()) => ([(header::CONTENT_TYPE, KIND), (header::CACHE_CONTROL, "no-store")], text).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

fn watched(running: &Running) -> Registry {
    let (watches, stale) = (Family::<Watch, Gauge>::default(), Family::<Told, Gauge<f64, _>>::default());
    let _: &Family<Told, Gauge<f64, std::sync::atomic::AtomicU64>> = &stale;
    for (name, cluster) in running.site.watched_now() {
        let now = cluster.now();
        cluster.read(|inventory| {
            for source in Source::ALL {
                let heard = inventory.heard(source);
                let kind = source.word();
                watches.get_or_create(&Watch { cluster: name.clone(), kind, state: word(heard) }).set(1);
                let since = match heard {
                    #[expect(clippy::cast_precision_loss, reason = "milliseconds of an age")]
                    Heard::Stale { since, .. } => (now.0 - since.0).max(0) as f64 / 1e3,
                    _ => 0.0,
                };
                stale.get_or_create(&Told { cluster: name.clone(), kind }).set(since);
            }
        });
    }
    let mut registry = Registry::with_prefix("binnacle");
    registry.register("watch", "What is watched, by cluster and kind, and how that goes", watches);
    let since = "For how long nothing was heard of a kind; 0 while its watch lives";
    registry.register_with_unit("staleness", since, Unit::Seconds, stale);
    registry
}

const fn word(heard: &Heard) -> &'static str {
    match heard {
        Heard::NotYet => "not-yet",
        Heard::Unread { .. } => "unread",
        Heard::Live => "live",
        Heard::Stale { .. } => "stale",
        Heard::Forbidden { .. } => "forbidden",
        Heard::NotServed => "not-served",
    }
}
