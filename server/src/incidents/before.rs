//! What had changed in the ten minutes before an incident began.

use serde::{Deserialize, Serialize};
use topology::Stamp;

use crate::{
    journal::{History, PastError},
    store::{IncidentRow, Runs, StoreError},
};

/// How far it is looked back, in milliseconds.
const SPAN: i64 = 10 * 60_000;
/// Lines that are kept.
const MOST: usize = 100;
/// Deployments that are looked through.
const LOOKED: u32 = 50;

/// What had changed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Before {
    /// The first moment that was compared, in milliseconds since the epoch.
    pub from: i64,
    /// The second.
    pub until: i64,
    /// What was different.
    pub lines: Vec<Changed>,
    /// How many more there were.
    pub more: usize,
    /// Why nothing can be said; empty where something can.
    pub unknown: String,
}

/// One thing that was different.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changed {
    /// As in `hosts`, `workloads`, `deployments`.
    pub group: String,
    /// As in `host4`.
    pub name: String,
    /// In a few words.
    pub what: String,
}

/// Looks for it in what was recorded.
pub(super) async fn before(history: &History, incident: &IncidentRow) -> Result<Before, StoreError> {
    let (mut from, until) = (incident.began - SPAN, incident.began - 1);
    let cluster = incident.cluster.as_str();
    let unknown = |from, error: &PastError| Before { from, until, unknown: error.to_string(), ..Before::default() };
    let mut first = history.moment(cluster, Stamp(from)).await;
    // Recording may have begun within the span: then it is compared from there on.
    if let Err(PastError::Before { first: Some(at) } | PastError::Gap { until: at, .. }) = &first
        && at.0 < until
    {
        from = at.0;
        first = history.moment(cluster, Stamp(from)).await;
    }
    let second = history.moment(cluster, Stamp(until)).await;
    let (first, second) = match (first, second) {
        (Err(PastError::Store(error)), _) | (_, Err(PastError::Store(error))) => return Err(error),
        (Err(error), _) | (_, Err(error)) => return Ok(unknown(from, &error)),
        (Ok(first), Ok(second)) => (first.cluster, second.cluster),
    };
    let compared = tokio::task::spawn_blocking(move || {
        first.read(|first| second.read(|second| journal::compare(first, second).0))
    });
    let found = compared.await.map_err(|error| StoreError::Away(error.to_string()))?;
    let found =
        found.into_iter().map(|one| Changed { group: one.group.word().to_owned(), name: one.name, what: one.what });
    let runs = history.store().runs(&Runs { cluster: cluster.to_owned(), ..Runs::default() }, LOOKED).await?;
    let runs = runs.into_iter().filter(|run| run.created <= until && run.ended.is_none_or(|ended| ended >= from));
    let runs = runs.map(|run| Changed {
        group: "deployments".to_owned(),
        name: run.id,
        what: format!("{} by {}: {}", run.kind, run.who, run.state),
    });
    let mut lines: Vec<Changed> = runs.chain(found).collect();
    let more = lines.len().saturating_sub(MOST);
    lines.truncate(MOST);
    Ok(Before { from, until, lines, more, unknown: String::new() })
}
