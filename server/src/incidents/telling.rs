//! Beginnings and ends of incidents are told to an address, signed; each again until it was taken.

use serde_json::{Value, json};

use super::rfc;
use crate::{
    store::{IncidentRow, Silence, Store, StoreError, Told},
    webhook::Webhook,
};

/// The shortest pause between two attempts, in milliseconds; it doubles with each.
const AGAIN: i64 = 15_000;
/// The longest.
const LONGEST: i64 = 3_600_000;
/// News that nobody took for so long is not told any more, in milliseconds.
const GIVEN_UP: i64 = 24 * 3_600_000;

/// What is to be done with an incident now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Due {
    /// It is told that it began, or that it ended.
    Tell(Told),
    /// Nobody is told any more.
    GiveUp,
    /// Nobody is told yet.
    Wait,
}

/// Of an incident that came and went within a silence, nobody hears. An end is told to whoever heard of the beginning.
fn due(incident: &IncidentRow, silences: &[Silence], now: i64) -> Due {
    let silent = silences.iter().any(|silence| silence.covers(incident, now));
    match (incident.told, incident.ended) {
        (_, Some(ended)) if now - ended > GIVEN_UP => Due::GiveUp,
        (Told::Nothing, Some(_)) if silent => Due::GiveUp,
        (Told::Nothing, None) if silent => Due::Wait,
        (Told::Nothing, _) => Due::Tell(Told::Beginning),
        (Told::Beginning, Some(_)) => Due::Tell(Told::End),
        (Told::Beginning, None) | (Told::End, _) => Due::Wait,
    }
}

/// Tells what is due, once each. `ready` says whether an incident may be told already.
pub(super) async fn tell(
    store: &Store,
    webhook: &Webhook,
    link: &str,
    on_duty: &(dyn Fn() -> bool + Send + Sync),
    ready: &(dyn Fn(&IncidentRow) -> bool + Send + Sync),
) -> Result<(), StoreError> {
    let now = || jiff::Timestamp::now().as_millisecond();
    let untold = store.untold_incidents(now()).await?;
    if untold.is_empty() {
        return Ok(());
    }
    for incident in untold.iter().filter(|incident| ready(incident)) {
        // Those before it may have taken long, and a silence may have begun meanwhile.
        let now = now();
        let silences = store.silences("", now).await?;
        let state = match due(incident, &silences, now) {
            Due::Tell(state) => state,
            Due::GiveUp => {
                store.told_incident(incident, Told::End).await?;
                continue;
            }
            Due::Wait => continue,
        };
        let pause = AGAIN.saturating_mul(1 << incident.tries.clamp(0, 20)).min(LONGEST);
        if !on_duty() || !store.try_incident(incident, now + pause).await? {
            continue;
        }
        match webhook.tell(&body(incident, state, link).to_string()).await {
            Ok(()) => store.told_incident(incident, state).await?,
            Err(error) => tracing::warn!("the webhook of incidents was not told of {}: {error}", incident.id),
        }
    }
    Ok(())
}

fn body(incident: &IncidentRow, state: Told, link: &str) -> Value {
    let ended = incident.ended.filter(|_| state == Told::End);
    let link = (!link.is_empty()).then(|| format!("{link}{}", incident.path()));
    json!({
        "event": "incident",
        "id": incident.id,
        "cluster": incident.cluster,
        "kind": incident.kind,
        "about": incident.about,
        "state": if state == Told::End { "ended" } else { "began" },
        "grave": incident.is_grave(),
        "what": format!("{}.", incident.what),
        "began": rfc(incident.began),
        "ended": ended.map(rfc),
        "relapses": incident.relapses,
        "touched": incident.touched(),
        "changed_before": incident.before().map(|before| before.lines),
        "link": link,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 100 * 3_600_000;

    fn incident(told: Told, ended: Option<i64>) -> IncidentRow {
        IncidentRow {
            cluster: "lab".into(),
            id: "a".into(),
            kind: "host-lost".into(),
            about: "node/host5".into(),
            began: NOW - 60_000,
            well: None,
            ended,
            relapses: 0,
            what: "Host host5 is lost".into(),
            touched: "[]".into(),
            changed: None,
            told,
            tries: 0,
        }
    }

    fn silence(kind: &str, about: &str) -> Silence {
        Silence {
            id: "s".into(),
            cluster: "lab".into(),
            kind: kind.into(),
            about: about.into(),
            began: NOW - 1,
            ends: NOW + 1,
            reason: "a drill".into(),
            maker: "ann".into(),
        }
    }

    #[test]
    fn a_beginning_and_an_end_are_told_once_each() {
        assert_eq!(due(&incident(Told::Nothing, None), &[], NOW), Due::Tell(Told::Beginning));
        assert_eq!(due(&incident(Told::Beginning, None), &[], NOW), Due::Wait);
        assert_eq!(due(&incident(Told::Beginning, Some(NOW)), &[], NOW), Due::Tell(Told::End));
        assert_eq!(due(&incident(Told::End, Some(NOW)), &[], NOW), Due::Wait);
        assert_eq!(due(&incident(Told::Nothing, Some(NOW)), &[], NOW), Due::Tell(Told::Beginning));
        assert_eq!(due(&incident(Told::Beginning, Some(NOW - GIVEN_UP - 1)), &[], NOW), Due::GiveUp);
    }

    #[test]
    fn a_silence_keeps_beginnings_and_lets_ends_pass() {
        for silence in [silence("", ""), silence("host-lost", ""), silence("", "node/host5")] {
            let silences = [silence];
            assert_eq!(due(&incident(Told::Nothing, None), &silences, NOW), Due::Wait);
            assert_eq!(due(&incident(Told::Nothing, None), &silences, NOW + 1), Due::Tell(Told::Beginning));
            assert_eq!(due(&incident(Told::Nothing, Some(NOW)), &silences, NOW), Due::GiveUp);
            assert_eq!(due(&incident(Told::Beginning, Some(NOW)), &silences, NOW), Due::Tell(Told::End));
        }
        for other in [silence("no-leader", ""), silence("", "node/host4")] {
            assert_eq!(due(&incident(Told::Nothing, None), &[other], NOW), Due::Tell(Told::Beginning));
        }
    }
}
