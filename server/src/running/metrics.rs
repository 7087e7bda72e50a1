//! The numbers, for Prometheus.

use std::time::Duration;

use axum::{
    extract::State,
    http::{HeaderMap, StatusCode, header},
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

use super::{NUMBERS, Running, exposition, process};
use crate::rest::preferred;

const PLAIN: &str = "text/plain";
const OPEN: &str = "application/openmetrics-text";
const PLAIN_KIND: &str = "text/plain; version=0.0.4; charset=utf-8";

const KIND: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// No longer than this the database is waited for: a Prometheus gives up after ten seconds.
const PATIENCE: Duration = Duration::from_secs(2);

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

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Cluster {
    cluster: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Member {
    cluster: String,
    member: String,
}

/// What was counted, and what is watched now.
pub(super) async fn metrics(State(running): State<Running>, headers: HeaderMap) -> Response {
    // Whoever says nothing, or wants anything else, gets the older format, which every reader knows.
    let is_open = preferred(&headers, &[PLAIN, OPEN]) == Some(OPEN);
    let open = incidents(&running).await;
    let mut text = String::new();
    let written = encode_registry(&mut text, &NUMBERS.registry)
        .and_then(|()| encode_registry(&mut text, &watched(&running)))
        .and_then(|()| encode_registry(&mut text, &backed_up(&running)))
        .and_then(|()| encode_registry(&mut text, &etcd(&running)))
        .and_then(|()| encode_registry(&mut text, &losses(&running)))
        .and_then(|()| encode_registry(&mut text, &open))
        .and_then(|()| encode_registry(&mut text, &process::registry()))
        .and_then(|()| encode_eof(&mut text));
    match written {
        Ok(()) => {
            let (kind, text) = if is_open { (KIND, text) } else { (PLAIN_KIND, exposition::plain(&text)) };
            let told = [(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "no-store"), (header::VARY, "accept")];
            (told, text).into_response()
        }
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

fn watched(running: &Running) -> Registry {
    let (watches, stale) = (Family::<Watch, Gauge>::default(), Family::<Told, Gauge<f64, _>>::default());
    let _: &Family<Told, Gauge<f64, std::sync::atomic::AtomicU64>> = &stale;
    for (name, cluster) in running.site.watched_now() {
        let now = cluster.now();
        cluster.read(|inventory| {
            for source in Source::every() {
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

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Lost {
    cluster: String,
    outcome: &'static str,
}

/// How many single hosts can be lost with each outcome, where that was worked out for a page or a program.
fn losses(running: &Running) -> Registry {
    use whatif::answer::Outcome;
    const ALL: [Outcome; 5] =
        [Outcome::Unnoticed, Outcome::Interrupted, Outcome::Unknown, Outcome::AtRisk, Outcome::Damaged];
    let hosts = Family::<Lost, Gauge>::default();
    for (name, _) in running.site.watched_now() {
        let Some(found) = running.site.losses().peek(&name) else { continue };
        for outcome in ALL {
            let labels = Lost { cluster: name.clone(), outcome: outcome.word() };
            hosts.get_or_create(&labels).set(i64::try_from(found.count(outcome)).unwrap_or(i64::MAX));
        }
    }
    let mut registry = Registry::with_prefix("binnacle");
    registry.register("host_losses", "Hosts by what becomes of the cluster when that one alone is lost", hosts);
    registry
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfKind {
    cluster: String,
    kind: &'static str,
}

/// Incidents that are open, of each cluster that is recorded; nothing while the database does not tell, which other
/// numbers do not wait for.
async fn incidents(running: &Running) -> Registry {
    let open = Family::<OfKind, Gauge>::default();
    if let Some(history) = running.site.history()
        && let Ok(Ok(counts)) = tokio::time::timeout(PATIENCE, history.store().open_incident_counts()).await
    {
        for context in running.site.clusters().contexts() {
            for kind in incident::Kind::ALL {
                let count = counts.get(&(context.name.clone(), kind.word().to_owned()));
                let labels = OfKind { cluster: context.name.clone(), kind: kind.word() };
                open.get_or_create(&labels).set(count.copied().unwrap_or(0));
            }
        }
    }
    let mut registry = Registry::with_prefix("binnacle");
    registry.register("incidents_open", "Incidents that have not ended, by cluster and kind", open);
    registry
}

/// What etcd itself tells, of clusters whose etcd is asked.
fn etcd(running: &Running) -> Registry {
    let (told, lost) = (Family::<Cluster, Gauge>::default(), Family::<Cluster, Gauge>::default());
    let (alarms, well) = (Family::<Cluster, Gauge>::default(), Family::<Member, Gauge>::default());
    let (size, lag) = (Family::<Member, Gauge>::default(), Family::<Member, Gauge>::default());
    let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    for (name, cluster) in running.site.watched_now() {
        let labels = Cluster { cluster: name.clone() };
        cluster.read(|inventory| {
            let Some(etcd) = inventory.etcd() else { return };
            told.get_or_create(&labels).set(i64::from(etcd.silent.is_none()));
            if etcd.silent.is_some() {
                return;
            }
            lost.get_or_create(&labels).set(etcd.spare().map_or(-1, |spare| number(spare as u64)));
            alarms.get_or_create(&labels).set(number(etcd.alarms.len() as u64));
            for member in &etcd.members {
                let labels = Member { cluster: name.clone(), member: member.name.to_string() };
                let standing = member.told();
                well.get_or_create(&labels)
                    .set(standing.is_some_and(|told| told.follows && told.wrong.is_none()).into());
                if let Some(standing) = standing {
                    size.get_or_create(&labels).set(number(standing.size));
                    lag.get_or_create(&labels).set(number(standing.lag));
                }
            }
        });
    }
    let mut registry = Registry::with_prefix("binnacle_etcd");
    registry.register("answers", "Whether etcd says how it fares", told);
    registry.register("may_lose", "How many members may still be lost; -1 without a quorum", lost);
    registry.register("alarms", "What is wrong with all of it", alarms);
    registry.register("member_well", "Whether a member follows a leader and nothing is wrong with it", well);
    registry.register_with_unit("database", "Size of a member's database", Unit::Bytes, size);
    registry.register("lag", "Entries of the log that a member is behind the farthest", lag);
    registry
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Of {
    cluster: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct WarnedOf {
    cluster: String,
    kind: &'static str,
}

/// What is known of the backups of each etcd that is known.
fn backed_up(running: &Running) -> Registry {
    let (newest, count) = (Family::<Of, Gauge>::default(), Family::<Of, Gauge>::default());
    let (pending, failures) = (Family::<Of, Gauge>::default(), Family::<Of, Gauge>::default());
    let restored = Family::<Of, Gauge>::default();
    let warnings = Family::<WarnedOf, Gauge>::default();
    for (cluster, told) in running.backups.told() {
        let of = Of { cluster: cluster.clone() };
        newest.get_or_create(&of).set(told.newest.unwrap_or_default() / 1_000);
        restored.get_or_create(&of).set(told.restored.unwrap_or_default() / 1_000);
        count.get_or_create(&of).set(told.count);
        pending.get_or_create(&of).set(i64::try_from(told.pending).unwrap_or(i64::MAX));
        failures.get_or_create(&of).set(told.failures);
        for warning in told.warnings {
            warnings.get_or_create(&WarnedOf { cluster: cluster.clone(), kind: warning.kind }).set(1);
        }
    }
    let mut registry = Registry::with_prefix("binnacle_backup");
    let when = "When the newest verified backup was begun; 0 when there is none";
    registry.register_with_unit("newest_timestamp", when, Unit::Seconds, newest);
    let when = "When a test restore passed last; 0 when none did";
    registry.register_with_unit("restored_timestamp", when, Unit::Seconds, restored);
    registry.register("kept", "Backups in the catalogue", count);
    registry.register("pending", "Copies that wait to be put where they are kept", pending);
    registry.register("schedule_failures", "Scheduled backups that failed since the last that went well", failures);
    registry.register("warning", "What is warned of, by kind", warnings);
    registry
}

const fn word(heard: &Heard) -> &'static str {
    match heard {
        Heard::NotYet => "not-yet",
        Heard::Unread { .. } => "unread",
        Heard::Live => "live",
        Heard::Listed { .. } => "listed",
        Heard::Stale { .. } => "stale",
        Heard::Forbidden { .. } => "forbidden",
        Heard::NotServed => "not-served",
    }
}
