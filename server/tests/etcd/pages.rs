//! A real etcd is backed up by a button of a real page, and the file that comes is the one that was taken.

use std::{collections::BTreeMap, time::Duration};

use axum::http::{Method, StatusCode, header};
use binnacle::{
    access::Role,
    backup::{Backups, Keeping, Regime, places::Place, retention::Rules, seal::Recipients, seal::Sealing},
    etcd::Access,
};
use sha2::Digest as _;

use super::{
    cluster::{Age, Cluster},
    house::{House, ask, bytes, send, with},
};

const LIST: &str = "/c/demo/backups";

async fn house(cluster: &Cluster) -> House {
    let access = Access { endpoints: cluster.endpoints(), tls: cluster.tls.clone() };
    House::keeping(|folder, store| {
        let keeping = Keeping {
            waiting: folder.join("waiting"),
            places: Place::open_all(&folder.join("kept").display().to_string()).expect("a place"),
            sealing: Sealing { compression: None, recipients: Recipients::default() },
            key: b"a key".to_vec(),
            regime: Regime {
                schedule: None,
                rules: Rules { newest: 0, daily: 0, weekly: 0, monthly: 0, zone: jiff::tz::TimeZone::UTC },
                allowed: Duration::from_secs(90_000),
            },
            regimes: BTreeMap::new(),
        };
        Backups::new(store, keeping, BTreeMap::from([("demo".to_owned(), access)]), "here".into())
    })
    .await
}

async fn read(house: &House, path: &str) -> String {
    let answer = house.answer(ask(Method::GET, path), Role::Admin).await;
    assert_eq!(answer.status(), StatusCode::OK, "{path}");
    String::from_utf8(bytes(answer).await.to_vec()).expect("text").replace("<!>", "")
}

fn between<'a>(page: &'a str, before: &str, after: &str) -> &'a str {
    let rest = page.split_once(before).unwrap_or_else(|| panic!("no {before}: {page}")).1;
    rest.split_once(after).expect("an end").0
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_button_takes_a_backup_and_the_page_brings_it_back() {
    let cluster = Cluster::with_tls(Age::New, 1).await;
    cluster.fill(20, 1_000);
    let house = house(&cluster).await;
    house.backups.find_out("demo").await;
    let page = read(&house, LIST).await;
    assert!(page.contains("No backups yet") && page.contains("Data loss would be permanent"), "{page}");
    let form = format!("key={}", between(&page, "name=\"key\" value=\"", "\""));
    for _ in 0..2 {
        let pressed = with(send(LIST, &form), "content-type", "application/x-www-form-urlencoded");
        assert_eq!(house.answer(pressed, Role::Operator).await.status(), StatusCode::SEE_OTHER);
    }
    while house.backups.course("demo").expect("a course").goes_on() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let page = read(&house, LIST).await;
    assert!(page.contains("Backup complete.") && page.contains("5 of 6 steps"), "{page}");
    assert!(!page.contains("Data loss would be permanent"), "{page}");
    assert_eq!(page.matches("<tr>").count(), 2, "a head and one backup: {page}");
    let figure = read(&house, "/c/demo").await;
    assert!(figure.contains("etcd backed up just now"), "{figure}");
    let id = between(&page, &format!("href=\"{LIST}/demo-"), "\"");
    let one = read(&house, &format!("{LIST}/demo-{id}")).await;
    let sum = between(&one, "SHA-256 of the file</dt><dd><code>", "</code>");
    let file = format!("/api/v1/clusters/demo/backups/demo-{id}/file");
    assert!(one.contains(&format!("href=\"{file}\"")), "{one}");
    let answer = house.answer(ask(Method::GET, &file), Role::Admin).await;
    assert!(answer.headers()[header::CONTENT_DISPOSITION].to_str().expect("text").contains(".db"));
    let came: String = sha2::Sha256::digest(bytes(answer).await).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(came, sum);
    assert_eq!(house.answer(ask(Method::GET, &file), Role::Operator).await.status(), StatusCode::FORBIDDEN);
}
