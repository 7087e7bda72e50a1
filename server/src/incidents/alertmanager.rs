//! A client of Alertmanager's API v2: what is open is sent again and again, and what ended with its end.

use std::fmt;

use serde_json::{Value, json};

use super::rfc;
use crate::{
    cluster::Clusters,
    store::{IncidentRow, Silence, Store, StoreError},
    webhook::{WebhookError, post},
};

/// How often what is open is sent, in milliseconds.
pub(super) const EVERY: i64 = 30_000;
/// An alert that is not sent again within this time counts as resolved there: this server may be gone.
const LASTS: i64 = 5 * 60_000;
/// Ends are sent for this long: Alertmanager may have been away.
const ENDED: i64 = 10 * 60_000;

/// Where an Alertmanager listens.
#[derive(Clone)]
pub struct Alertmanager {
    /// Its address without a path of the API. It may have a password in it, and is never logged.
    pub address: String,
}

impl fmt::Debug for Alertmanager {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Alertmanager")
    }
}

impl Alertmanager {
    /// Sends alerts; none where there are none.
    async fn send(&self, alerts: &[Value]) -> Result<(), WebhookError> {
        if alerts.is_empty() {
            return Ok(());
        }
        let address = format!("{}/api/v2/alerts", self.address.trim_end_matches('/'));
        post(&address, &Value::from(alerts).to_string(), None, 1).await
    }
}

/// Sends what is open in the clusters that are followed, and what ended a while ago at most.
pub(super) async fn send(store: &Store, to: &Alertmanager, followed: &Clusters, link: &str) -> Result<(), StoreError> {
    let now = jiff::Timestamp::now().as_millisecond();
    let silences = store.silences("", now).await?;
    let mut incidents = store.incidents_to_alert(now - ENDED).await?;
    incidents.retain(|incident| followed.contexts().iter().any(|context| context.name == incident.cluster));
    let alerts = alerts(&incidents, &silences, now, link);
    if let Err(error) = to.send(&alerts).await {
        tracing::warn!("Alertmanager was not told of {} incidents: {error}", alerts.len());
    }
    Ok(())
}

/// Alerts of incidents. What is silenced is left out, and so resolves there.
fn alerts(incidents: &[IncidentRow], silences: &[Silence], now: i64, link: &str) -> Vec<Value> {
    let told = |incident: &&IncidentRow| !silences.iter().any(|silence| silence.covers(incident, now));
    incidents.iter().filter(told).map(|incident| alert(incident, now, link)).collect()
}

fn alert(incident: &IncidentRow, now: i64, link: &str) -> Value {
    let touched: Vec<String> = incident.touched().into_iter().map(|one| one.name).collect();
    json!({
        // An alert is known by its labels: these never change.
        "labels": {
            "alertname": name(&incident.kind),
            "cluster": incident.cluster,
            "kind": incident.kind,
            "about": incident.about,
            "severity": if incident.is_grave() { "critical" } else { "warning" },
            "incident": incident.id,
        },
        "annotations": { "summary": format!("{}.", incident.what), "touched": touched.join(", ") },
        "startsAt": rfc(incident.began),
        "endsAt": rfc(incident.ended.unwrap_or(now + LASTS)),
        "generatorURL": if link.is_empty() { String::new() } else { format!("{link}{}", incident.path()) },
    })
}

/// As in `HostLost`.
fn name(kind: &str) -> String {
    let word = |word: &str| word.get(..1).map(|first| first.to_uppercase() + &word[1..]).unwrap_or_default();
    kind.split('-').map(word).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Told;

    #[test]
    fn an_alert_keeps_its_labels_from_its_beginning_to_its_end() {
        let open = IncidentRow {
            cluster: "lab".into(),
            id: "a".into(),
            kind: "host-lost".into(),
            about: "node/host5".into(),
            began: 1_000,
            well: None,
            ended: None,
            relapses: 0,
            what: "Host host5 is lost".into(),
            touched: r#"[{"name":"Service ims/hss","what":"no endpoint"}]"#.into(),
            changed: None,
            told: Told::Nothing,
            tries: 0,
        };
        let ended = IncidentRow { ended: Some(9_000), relapses: 1, what: "Otherwise".into(), ..open.clone() };
        let both = alerts(&[open, ended], &[], 5_000, "https://deck.example");
        assert_eq!(both[0]["labels"], both[1]["labels"]);
        assert_eq!(both[0]["labels"]["alertname"], "HostLost");
        assert_eq!(both[0]["annotations"]["touched"], "Service ims/hss");
        assert_eq!(both[0]["endsAt"], "1970-01-01T00:05:05Z");
        assert_eq!(both[1]["endsAt"], "1970-01-01T00:00:09Z");
        assert_eq!(both[1]["generatorURL"], "https://deck.example/c/lab/incidents/a");
    }
}
