//! What the database promises, on a real PostgreSQL: `end2end/with-postgres` starts one.

mod store;

use std::time::{Duration, Instant};

use binnacle::store::{Place, Store, StoreError, import};
use store::Fresh;

fn server() -> String {
    std::env::var("BINNACLE_TEST_POSTGRES").expect("run this through end2end/with-postgres")
}

/// A database of its own on the one server.
fn fresh() -> Fresh {
    let name = format!("test_{}_{:x}", std::process::id(), fastrand::u64(..));
    let made = std::process::Command::new("psql")
        .args([&format!("{}/postgres", server()), "-qc", &format!("CREATE DATABASE {name}")])
        .status();
    assert!(made.expect("psql").success(), "no database was made");
    Fresh { place: Place::parse(&format!("{}/{name}", server())).expect("a place"), _kept: None }
}

store::every_promise!();

#[tokio::test]
async fn a_wrong_password_is_said_without_the_password() {
    let place = server().replace("://binnacle:", "://binnacle:wrong-");
    let refused = Store::open(&Place::parse(&format!("{place}/postgres")).unwrap()).await.expect_err("refused");
    let text = format!("{refused} {refused:?}");
    assert!(text.contains("password authentication failed"), "{text}");
    assert!(!text.contains("wrong-"), "{text}");
}

#[tokio::test]
async fn a_nul_in_a_text_is_counted_and_replaced_for_postgresql() {
    let (source, target) = (store::in_a_folder(), fresh());
    let from = store::open(&source).await;
    store::by_hand(&source, "INSERT INTO keys (name, value) VALUES ('one', 'a' || char(0) || 'b')")
        .await
        .expect("kept");
    let mut file = Vec::new();
    from.export(jiff::Timestamp::now(), &mut file).await.expect("exported");
    let entry = binnacle::store::Entry {
        at: 1,
        who: String::new(),
        subject: String::new(),
        way: String::new(),
        address: String::new(),
        action: "database.import".into(),
        target: String::new(),
        cluster: String::new(),
        allowed: true,
        detail: String::new(),
    };
    let imported = import(&target.place, &mut std::io::Cursor::new(file), &entry).await.expect("imported");
    assert_eq!(imported.replaced, 1);
    assert_eq!(store::open(&target).await.key("one", "").await.expect("an answer"), "a\u{fffd}b");
}

/// An address of pgbouncer, by the name of a pool.
fn pooled(pool: &str) -> Place {
    let server = std::env::var("BINNACLE_TEST_PGBOUNCER").expect("end2end/with-postgres starts pgbouncer, too");
    Place::parse(&format!("{server}/{pool}")).expect("a place")
}

#[tokio::test]
async fn pgbouncer_works_by_session_and_is_refused_by_transaction() {
    let store = Store::open(&pooled("by_session")).await.expect("it works");
    store.ping().await.expect("an answer");
    store.close().await;
    let refused = Store::open(&pooled("by_transaction")).await.expect_err("refused").to_string();
    assert!(refused.contains("pool_mode = session") && !refused.contains("prepared statement \""), "{refused}");
}

#[tokio::test]
async fn a_certificate_of_a_private_authority_is_verified_whole() {
    let authority = std::env::var("BINNACLE_TEST_POSTGRES_CA").expect("end2end/with-postgres names it");
    let at = |mode: &str, authority: &str| {
        Place::parse(&format!("{}/postgres?sslmode={mode}&sslrootcert={authority}", server())).expect("a place")
    };
    let store = Store::open(&at("verify-full", &authority)).await.expect("it is trusted");
    store.ping().await.expect("an answer");
    let other = std::env::temp_dir().join(format!("binnacle-ca-{}.pem", std::process::id()));
    let stranger = rcgen::generate_simple_self_signed(vec!["other.example".into()]).expect("a certificate");
    std::fs::write(&other, stranger.cert.pem()).expect("written");
    let refused = Store::open(&at("verify-full", other.to_str().expect("text"))).await.expect_err("refused");
    assert!(refused.to_string().contains("certificate"), "{refused}");
    std::fs::remove_file(&other).expect("removed");
}

#[tokio::test]
async fn a_server_that_is_away_is_said_within_seconds_and_its_return_is_noticed() {
    let began = Instant::now();
    let away = Place::parse("postgres://ann:secret@127.0.0.1:1/binnacle").unwrap();
    let refused = Store::open(&away).await.expect_err("refused");
    assert!(matches!(refused, StoreError::Closed { .. }) && !refused.to_string().contains("secret"), "{refused}");
    assert!(began.elapsed() < Duration::from_secs(10));
    let fresh = fresh();
    let store = store::open(&fresh).await;
    // The server ends every connection of this database, as its restart would.
    let name = fresh.place.to_string().rsplit('/').next().unwrap().to_owned();
    let sql = format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'");
    let done = std::process::Command::new("psql").args([&format!("{}/postgres", server()), "-qAtc", &sql]).output();
    assert!(done.expect("psql").status.success());
    store.ping().await.expect("a new connection");
}
