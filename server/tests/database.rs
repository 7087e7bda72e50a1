//! A database that is emptied, damaged, open to others, full, or takes no changes.

mod served;

use std::{
    os::unix::fs::{FileExt, PermissionsExt},
    path::Path,
    process::Command,
    time::Duration,
};

use binnacle::store::{Entry, Place, Store, StoreError};
use served::{Folder, Process, command, text, token, until};
use sqlx::{AnyConnection, Connection};

fn entry(n: usize) -> Entry {
    Entry {
        at: 1,
        who: "ann".into(),
        subject: "local ann".into(),
        way: "session".into(),
        address: "192.0.2.1".into(),
        action: "token.create".into(),
        target: format!("{n} {}", "x".repeat(200)),
        cluster: String::new(),
        allowed: true,
        detail: String::new(),
    }
}

/// Runs a statement past the server, as an admin of the database could.
async fn by_hand(folder: &Path, sql: &'static str) {
    sqlx::any::install_default_drivers();
    let url = format!("sqlite://{}", folder.join("binnacle.db").display());
    let mut connection = AnyConnection::connect(&url).await.expect("a database");
    sqlx::query(sql).execute(&mut connection).await.expect("done");
    connection.close().await.expect("closed");
}

#[tokio::test]
async fn an_emptied_database_is_refused_and_one_never_made_is_made() {
    let folder = Folder::new();
    let place = Place::beside(&folder.0);
    Store::open(&place).await.expect("it is made").close().await;
    let file = folder.0.join("binnacle.db");
    std::fs::write(&file, "").expect("emptied");
    let error = Store::open(&place).await.expect_err("refused");
    assert!(matches!(error, StoreError::Emptied { .. }) && error.to_string().contains("binnacle.db-lock"), "{error}");
    assert_eq!(std::fs::metadata(&file).expect("it is there").len(), 0, "nothing was put into it");
    std::fs::remove_file(&file).expect("removed");
    Store::open(&place).await.expect("whoever removes the file begins anew");
}

#[tokio::test]
async fn a_damaged_database_is_refused_at_start_with_what_to_do() {
    let folder = Folder::new();
    let place = Place::beside(&folder.0);
    let store = Store::open(&place).await.expect("it is made");
    for n in 0..400 {
        store.remember(&entry(n)).await.expect("kept");
    }
    store.close().await;
    let file = std::fs::OpenOptions::new().write(true).open(folder.0.join("binnacle.db")).expect("a file");
    let length = file.metadata().expect("its length").len();
    for at in (20_480..length).step_by(4_096) {
        file.write_all_at(&[0xff; 600], at).expect("damaged");
    }
    drop(file);
    let data = text(&folder.0).to_owned();
    let ended = command(&["serve", "--demo", "--listen", "127.0.0.1:0", "--data", &data]).output().expect("it runs");
    let said = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert!(!ended.status.success(), "it refuses to start");
    assert!(said.contains("is damaged") && said.contains("put back a copy"), "{said}");
}

#[tokio::test]
async fn reading_goes_on_where_last_uses_cannot_be_written() {
    let folder = Folder::new();
    let token = token(&folder, "viewer");
    let server = Process::demo(&folder, &["--sign-in", "tokens"]);
    by_hand(
        &folder.0,
        "CREATE TRIGGER nothing_is_noted BEFORE UPDATE ON tokens BEGIN SELECT RAISE(ABORT, 'no room'); END",
    )
    .await;
    let head = format!("Authorization: Bearer {token}\r\n");
    until("the cluster", Duration::from_secs(60), || server.ask("GET", "/c/demo", &head, "").status == 200);
}

#[tokio::test]
async fn a_database_that_takes_no_changes_is_said_in_readiness_page_and_log() {
    let folder = Folder::new();
    let token = token(&folder, "admin");
    let server = Process::demo(&folder, &["--sign-in", "tokens"]);
    assert_eq!(server.get("/readyz").status, 200);
    for sql in [
        "CREATE TRIGGER no_lease BEFORE INSERT ON leases BEGIN SELECT RAISE(ABORT, 'no room'); END",
        "CREATE TRIGGER no_audit BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'no room'); END",
    ] {
        by_hand(&folder.0, sql).await;
    }
    until("not ready", Duration::from_secs(60), || server.get("/readyz").status == 503);
    assert!(server.get("/readyz").body.contains("database: not ready"));
    let head = format!("Authorization: Bearer {token}\r\nContent-Type: application/x-www-form-urlencoded\r\n");
    for _ in 0..30 {
        assert_eq!(server.ask("POST", "/tokens", &head, "name=x&role=viewer&days=1").status, 503);
    }
    assert_eq!(server.ask("GET", "/audit", &head, "").status, 200, "it can be read");
    let log = server.log();
    let lines = log.lines().filter(|line| line.contains("cannot be answered in full")).count();
    assert!((1..=10).contains(&lines), "{lines} lines: {log}");
}

/// A full disk is a small one in memory: this needs the right to mount, as root in a namespace of its own has it.
#[test]
fn a_full_disk_refuses_changes_and_says_so_and_reading_goes_on() {
    let folder = Folder::new();
    let (small, done) = (folder.0.join("small"), folder.0.join("done"));
    std::fs::create_dir(&small).expect("a folder");
    let inside = |script: &str| {
        let mut command = Command::new("unshare");
        command.args(["--user", "--map-root-user", "--mount", "sh", "-c", script, "sh"]).arg(&small).arg(&done);
        command
    };
    let can = inside("mount -t tmpfs -o size=64k none \"$1\"").output();
    if !can.as_ref().is_ok_and(|can| can.status.success()) {
        let without = std::env::var_os("BINNACLE_TEST_NO_MOUNT").is_some();
        assert!(without, "no small disk can be mounted here (BINNACLE_TEST_NO_MOUNT=1 goes without): {can:?}");
        return;
    }
    let binary = env!("CARGO_BIN_EXE_binnacle");
    let script = format!(
        "mount -t tmpfs -o size=3m none \"$1\" && {binary} token add test --role admin --data \"$1/data\" >\"$2\" && \
         exec {binary} serve --demo --listen 127.0.0.1:0 --sign-in tokens --data \"$1/data\" --log info"
    );
    let mut command = inside(&script);
    command.env_clear().env("HOME", "/nonexistent").env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
    let server = Process::start(&mut command);
    let token = std::fs::read_to_string(&done).expect("a token");
    let head = format!("Authorization: Bearer {}\r\n", token.trim());
    until("the cluster", Duration::from_secs(60), || server.ask("GET", "/c/demo", &head, "").status == 200);
    // The disk is the server's own: its processes see it.
    let there = format!("/proc/{}/root{}", server.id(), small.display());
    let filler = std::fs::File::create(Path::new(&there).join("filler")).expect("a file");
    let mut at = 0;
    while filler.write_all_at(&[1; 4_096], at).is_ok() {
        at += 4_096;
    }
    let form = format!("{head}Content-Type: application/x-www-form-urlencoded\r\n");
    until("changes are refused", Duration::from_secs(120), || {
        server.ask("POST", "/tokens", &form, "name=x&role=viewer&days=1").status == 503
    });
    let refused = server.ask("POST", "/tokens", &form, "name=x&role=viewer&days=1");
    assert!(refused.body.contains("disk of the database is full"), "{refused:?}");
    until("not ready", Duration::from_secs(60), || server.get("/readyz").body.contains("its disk is full"));
    for path in ["/c/demo", "/audit", "/tokens"] {
        assert_eq!(server.ask("GET", path, &head, "").status, 200, "{path}");
    }
    assert!(server.log().contains("the disk of the database is full"), "{}", server.log());
}

#[test]
fn the_data_folder_is_its_owners_alone() {
    let folder = Folder::new();
    let data = folder.0.join("deep").join("data");
    let server = Process::start(&mut command(&["serve", "--demo", "--listen", "127.0.0.1:0", "--data", text(&data)]));
    assert_eq!(std::fs::metadata(&data).expect("it is there").permissions().mode() & 0o777, 0o700);
    drop(server);
    let open = folder.0.join("open");
    std::fs::create_dir(&open).expect("a folder");
    folder.file("open/planted", "x");
    std::fs::set_permissions(&open, std::fs::Permissions::from_mode(0o777)).expect("opened");
    let ended = command(&["serve", "--demo", "--listen", "127.0.0.1:0", "--data", text(&open)]).output();
    let ended = ended.expect("it runs");
    assert!(!ended.status.success() && String::from_utf8_lossy(&ended.stderr).contains("chmod 700"));
}
