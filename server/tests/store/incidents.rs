//! Incidents and silences.

use std::collections::HashMap;

use binnacle::store::{Head, IncidentRow, Learnt, Silence, Told};

use super::{Fresh, open};

fn incident(id: &str, began: i64) -> IncidentRow {
    IncidentRow {
        cluster: "lab".into(),
        id: id.into(),
        kind: "host-lost".into(),
        about: "node/host5".into(),
        began,
        well: None,
        ended: None,
        relapses: 0,
        what: "Host host5 is lost".into(),
        touched: "[]".into(),
        changed: None,
        told: Told::Nothing,
        tries: 0,
    }
}

pub async fn incidents_are_kept_by_the_lease_and_told_once(fresh: Fresh) {
    let store = open(&fresh).await;
    let lease = ("history lab", "one");
    store.hold(lease.0, lease.1, std::time::Duration::from_secs(9)).await.expect("an answer");
    let (first, second) = (incident("a", 1_000), incident("b", 2_000));
    let head = |next| Head { seen: 5_000, next };
    let rows = [first.clone(), second.clone()];
    let learnt = Learnt { incidents: &rows, ..Learnt::default() };
    assert!(!store.append_history("lab", ("history lab", "other"), learnt, None, head(0)).await.expect("an answer"));
    assert_eq!(store.open_incidents("lab").await.expect("an answer"), []);
    assert!(store.append_history("lab", lease, learnt, None, head(0)).await.expect("an answer"));
    assert_eq!(store.open_incidents("lab").await.expect("an answer"), [second.clone(), first.clone()]);
    let counts = store.open_incident_counts().await.expect("an answer");
    assert_eq!(counts, HashMap::from([(("lab".to_owned(), first.kind.clone()), 2)]));
    assert_eq!(store.incidents_to_compare().await.expect("an answer").len(), 2);
    store.incident_changed(&first, "{}").await.expect("an answer");
    // Of two that try at once one tells.
    assert!(store.try_incident(&first, 9_000).await.expect("an answer"));
    assert!(!store.try_incident(&first, 9_000).await.expect("an answer"));
    assert_eq!(store.untold_incidents(8_999).await.expect("an answer"), [second]);
    store.told_incident(&first, Told::Beginning).await.expect("an answer");
    // Its end keeps what was found out and how far it was told.
    let ended = [IncidentRow { well: Some(3_000), ended: Some(3_000), relapses: 2, ..first }];
    let learnt = Learnt { incidents: &ended, ..Learnt::default() };
    assert!(store.append_history("lab", lease, learnt, Some(head(0)), head(1)).await.expect("an answer"));
    let kept = store.incident("lab", "a").await.expect("an answer").expect("it is kept");
    assert_eq!((kept.told, kept.changed.as_deref(), kept.relapses), (Told::Beginning, Some("{}"), 2));
    assert_eq!(store.untold_incidents(0).await.expect("an answer").first().map(|row| row.id.as_str()), Some("a"));
    // A replica that is late takes nothing back.
    let first = kept;
    store.told_incident(&first, Told::End).await.expect("an answer");
    store.told_incident(&first, Told::Beginning).await.expect("an answer");
    assert_eq!(store.incident("lab", "a").await.expect("an answer").map(|row| row.told), Some(Told::End));
    let within = |from, until| store.incidents("lab", from, until, 10);
    let ended = store.ended_incidents("lab", 0, 9_000, 1).await.expect("an answer");
    assert_eq!(ended.iter().map(|row| row.id.as_str()).collect::<Vec<_>>(), ["a"], "an open one takes no room");
    assert_eq!(within(3_001, 9_000).await.expect("an answer").len(), 1);
    assert_eq!(within(0, 1_500).await.expect("an answer").len(), 1);
    store.forget_incidents("lab", 3_001).await.expect("an answer");
    assert_eq!(within(0, 9_000).await.expect("an answer").len(), 1);
}

pub async fn an_incident_that_is_open_again_is_told_anew(fresh: Fresh) {
    let store = open(&fresh).await;
    let ended = IncidentRow { well: Some(2_000), ended: Some(2_000), ..incident("a", 1_000) };
    store.keep_incidents(std::slice::from_ref(&ended)).await.expect("an answer");
    store.told_incident(&ended, Told::End).await.expect("an answer");
    store.keep_incidents(std::slice::from_ref(&ended)).await.expect("an answer");
    assert_eq!(store.untold_incidents(9_000).await.expect("an answer"), []);
    store.keep_incidents(&[incident("a", 1_000)]).await.expect("an answer");
    assert_eq!(store.untold_incidents(9_000).await.expect("an answer"), [incident("a", 1_000)]);
}

pub async fn many_silenced_incidents_keep_back_no_other(fresh: Fresh) {
    let store = open(&fresh).await;
    let many: Vec<IncidentRow> = (0..120).map(|number| incident(&format!("a{number:03}"), number)).collect();
    let other = IncidentRow { cluster: "far".into(), ..incident("b", 2_000) };
    store.keep_incidents(&many).await.expect("an answer");
    store.keep_incidents(std::slice::from_ref(&other)).await.expect("an answer");
    let silence = Silence {
        id: "s".into(),
        cluster: "lab".into(),
        kind: "host-lost".into(),
        about: String::new(),
        began: 0,
        ends: 5_000,
        reason: "a drill".into(),
        maker: "ann".into(),
    };
    store.keep_silence(&silence).await.expect("an answer");
    assert_eq!(store.untold_incidents(4_999).await.expect("an answer"), [other]);
    assert_eq!(store.untold_incidents(5_000).await.expect("an answer").len(), 100);
    // Their ends are told, or given up.
    store.keep_incidents(&[IncidentRow { ended: Some(3_000), ..many[0].clone() }]).await.expect("an answer");
    assert_eq!(store.untold_incidents(4_999).await.expect("an answer").len(), 2);
}

pub async fn a_silence_ends_by_itself_or_before(fresh: Fresh) {
    let store = open(&fresh).await;
    let silence = |id: &str, ends| Silence {
        id: id.into(),
        cluster: "lab".into(),
        kind: String::new(),
        about: String::new(),
        began: 0,
        ends,
        reason: "a drill".into(),
        maker: "ann".into(),
    };
    let (short, long) = (silence("s", 100), silence("l", 200));
    store.keep_silence(&long).await.expect("an answer");
    store.keep_silence(&short).await.expect("an answer");
    assert_eq!(store.silences("lab", 50).await.expect("an answer"), [short, long.clone()]);
    assert_eq!(store.silences("", 150).await.expect("an answer"), [long]);
    assert_eq!(store.silences("other", 50).await.expect("an answer"), []);
    assert!(store.end_silence("lab", "l", 150).await.expect("an answer"));
    assert!(!store.end_silence("lab", "l", 160).await.expect("an answer"));
    assert_eq!(store.silences("lab", 150).await.expect("an answer"), []);
    // With the incidents of its time it is forgotten.
    assert_eq!(store.silences("lab", 0).await.expect("an answer").len(), 2);
    store.forget_incidents("lab", 101).await.expect("an answer");
    assert_eq!(store.silences("lab", 0).await.expect("an answer").len(), 1);
}
