//! A server whose catalogue holds what a test says, and whose etcd does not answer.

use std::{collections::BTreeMap, time::Duration};

use axum::http::{Method, StatusCode, header};
use binnacle::{
    access::Role,
    backup::{
        Backups, Keeping, Regime,
        manifest::{Compression, FORMAT, Manifest, Proved, Stored},
        places::Place,
        retention::Rules,
        seal::{Recipients, Sealing},
    },
    etcd::{Access, Endpoint, Tls},
    store::{Backup, Copy, CopyState, Store},
};

use super::house::{House, ask, bytes, send, with};

pub const HOUR: i64 = 3_600_000;

/// The backups of the built-in cluster, kept in a folder.
pub fn backups(folder: &std::path::Path, store: Store) -> Backups {
    let keeping = Keeping {
        waiting: folder.join("waiting"),
        places: Place::open_all(&folder.join("kept").display().to_string()).expect("a place"),
        sealing: Sealing { compression: Some(Compression::Zstd), recipients: Recipients::default() },
        key: b"a key".to_vec(),
        regime: Regime {
            schedule: None,
            rules: Rules { newest: 2, daily: 0, weekly: 0, monthly: 0, zone: jiff::tz::TimeZone::UTC },
            allowed: Duration::from_secs(26 * 3_600),
        },
        regimes: BTreeMap::new(),
    };
    let endpoints = vec![Endpoint::parse("http://127.0.0.1:1").expect("an endpoint")];
    let access = Access { endpoints, tls: Tls::default() };
    Backups::new(store, keeping, BTreeMap::from([("demo".to_owned(), access)]), "here".into())
}

pub async fn house() -> House {
    let house = House::keeping(backups).await;
    house.ready().await;
    house
}

pub fn now() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}

/// A backup that was begun so many hours ago and proved to these steps.
pub fn manifest(hours: i64, steps: &[u8]) -> Manifest {
    let began = now() - hours * HOUR;
    let id = format!("demo-{began}");
    let revision = 1_000_000 - hours;
    let proved = |step: &u8| Proved { step: *step, at: began + 5_000, tool: "etcd 3.6.4".into(), millis: 3_140 };
    let stored = Stored {
        name: format!("{id}.db.zst"),
        size: 4_000,
        sha256: "ab".repeat(32),
        compression: Some(Compression::Zstd),
        recipients: Vec::new(),
    };
    let mut manifest = Manifest {
        format: FORMAT,
        id,
        cluster: "demo".into(),
        cluster_id: "c1".into(),
        member: "etcd2".into(),
        member_id: "m2".into(),
        etcd_version: "3.6.4".into(),
        revision,
        raft_index: 7,
        keys: 1_234_567,
        size: 20_480,
        hash: 9,
        sha256: "cd".repeat(32),
        stored,
        began,
        ended: began + 3_000,
        by: "<ann>".into(),
        steps: steps.iter().map(proved).collect(),
        rehearsal: None,
        notes: None,
        companion: None,
        signature: String::new(),
    };
    manifest.sign(b"a key");
    manifest
}

/// Puts it into the catalogue, as lying in the folder.
pub async fn keep(house: &House, manifest: &Manifest, state: CopyState, detail: &str) {
    let place = house.backups.keeping().places[0].name().to_owned();
    let (backup, at, detail) = (manifest.id.clone(), manifest.ended, detail.to_owned());
    let copy = Copy { backup, place, state, tag: "t".into(), at, detail };
    let row = Backup {
        id: manifest.id.clone(),
        cluster: manifest.cluster.clone(),
        began: manifest.began,
        trusted: manifest.trusted(),
        manifest: manifest.text(),
        copies: vec![copy],
    };
    house.backups.store().keep_backups(&[row]).await.expect("kept");
}

/// What a page says to a role.
pub async fn read(house: &House, path: &str, role: Role) -> (StatusCode, String) {
    let answer = house.answer(ask(Method::GET, path), role).await;
    let status = answer.status();
    (status, text(&bytes(answer).await))
}

/// Without the marks between pieces, which only a script reads.
fn text(body: &[u8]) -> String {
    String::from_utf8(body.to_vec()).expect("text").replace("<!>", "")
}

/// Sends a form.
pub async fn press(house: &House, path: &str, form: &str, role: Role) -> (StatusCode, String) {
    let request = with(send(path, form), "content-type", "application/x-www-form-urlencoded");
    let answer = house.answer(request, role).await;
    let status = answer.status();
    let to = answer.headers().get(header::LOCATION).map(|to| to.to_str().expect("text").to_owned());
    let body = text(&bytes(answer).await);
    (status, to.unwrap_or(body))
}
