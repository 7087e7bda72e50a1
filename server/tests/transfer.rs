//! `binnacle export` and `binnacle import`, beside servers that run.

mod served;

use std::{
    io::Write,
    os::unix::fs::PermissionsExt,
    process::{Command, Output, Stdio},
};

use served::{Folder, Process, command, text, token};
use sqlx::{AnyConnection, Connection};

fn ran(args: &[&str]) -> Output {
    command(args).output().expect("it runs")
}

/// What it says where it went well.
fn said(args: &[&str]) -> String {
    let ended = ran(args);
    assert!(ended.status.success(), "{args:?}: {ended:?}");
    String::from_utf8(ended.stdout).expect("text")
}

/// Its exit code and what it complains of.
fn refused(args: &[&str]) -> (i32, String) {
    let ended = ran(args);
    (ended.status.code().expect("a code"), String::from_utf8(ended.stderr).expect("text"))
}

fn sent_on(mut command: Command, bytes: &[u8]) -> Output {
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it runs");
    child.stdin.take().expect("its input").write_all(bytes).expect("sent");
    child.wait_with_output().expect("it ends")
}

fn audit(server: &Process, token: &str) -> String {
    server.ask("GET", "/api/v1/audit", &format!("Authorization: Bearer {token}\r\n"), "").body
}

#[test]
fn what_a_running_server_keeps_goes_on_in_another_place() {
    let (old, new, away) = (Folder::new(), Folder::new(), Folder::new());
    let token = token(&old, "admin");
    let server = Process::demo(&old, &["--sign-in", "tokens"]);
    let (file, data) = (away.0.join("lab.export"), new.0.join("data"));
    let (file, data, here) = (text(&file), text(&data), text(&old.0));
    let told = said(&["export", "-o", file, "--data", here]);
    assert!(told.contains("rows of") && told.contains("Password hashes"), "{told}");
    assert_eq!(std::fs::metadata(file).expect("a file").permissions().mode() & 0o777, 0o600);
    let (code, why) = refused(&["import", file, "--data", here]);
    assert!(code == 2 && why.contains("a server uses this database"), "{code}: {why}");
    assert!(audit(&server, &token).contains("database.export"), "{}", audit(&server, &token));
    drop(server);
    let told = said(&["import", file, "--data", data]);
    assert!(told.contains("rows of tokens") && told.contains("into sqlite:"), "{told}");
    let moved = Folder(data.into());
    let server = Process::demo(&moved, &["--sign-in", "tokens"]);
    let entries = audit(&server, &token);
    assert!(entries.contains("database.import") && entries.contains("database.export"), "{entries}");
    drop(server);
    let (code, why) = refused(&["import", file, "--data", data]);
    assert!(code == 2 && (why.contains("is not empty") || why.contains("a server uses")), "{code}: {why}");
}

#[test]
fn a_file_is_checked_without_a_database_and_never_written_over() {
    let folder = Folder::new();
    token(&folder, "viewer");
    let (file, here) = (folder.0.join("lab.export"), text(&folder.0));
    said(&["export", "-o", text(&file), "--data", here]);
    let whole = std::fs::read(&file).expect("a file");
    let (code, why) = refused(&["export", "-o", text(&file), "--data", here]);
    assert!(code == 1 && why.contains("cannot write") && why.contains("--output"), "{code}: {why}");
    assert_eq!(std::fs::read(&file).expect("it is as it was"), whole);
    let told = said(&["import", text(&file), "--check"]);
    assert!(told.contains("from sqlite") && told.contains("1 rows of tokens"), "{told}");
    std::fs::write(&file, &whole[..whole.len() / 2]).expect("cut");
    let nowhere = folder.0.join("nowhere");
    for args in [&["import", text(&file), "--check"][..], &["import", text(&file), "--data", text(&nowhere)]] {
        let (code, why) = refused(args);
        assert!(code == 2 && why.contains("was cut") && why.contains("nothing was imported"), "{code}: {why}");
    }
    assert!(!nowhere.join("binnacle.db").exists(), "no database is made for it");
}

#[test]
fn an_export_goes_through_pipes() {
    let (folder, other) = (Folder::new(), Folder::new());
    token(&folder, "viewer");
    let export = command(&["export", "-o", "-", "--data", text(&folder.0)]).output().expect("it runs");
    assert!(export.status.success() && String::from_utf8_lossy(&export.stderr).contains("rows of"), "{export:?}");
    let imported = sent_on(command(&["import", "-", "--data", text(&other.0)]), &export.stdout);
    assert!(imported.status.success(), "{imported:?}");
    assert!(said(&["token", "list", "--data", text(&other.0)]).contains(" viewer test good"));
}

#[test]
fn an_export_from_nowhere_makes_nothing() {
    let folder = Folder::new();
    let (file, data) = (folder.0.join("lab.export"), folder.0.join("data"));
    let (code, why) = refused(&["export", "-o", text(&file), "--data", text(&data)]);
    assert!(code == 2 && why.contains("there is no database at"), "{code}: {why}");
    assert!(!file.exists() && !data.exists());
}

#[test]
fn an_export_onto_a_full_disk_says_so() {
    let folder = Folder::new();
    token(&folder, "viewer");
    let out = std::fs::OpenOptions::new().write(true).open("/dev/full").expect("a full device");
    let ended = command(&["export", "-o", "-", "--data", text(&folder.0)]).stdout(out).output().expect("it runs");
    let why = String::from_utf8_lossy(&ended.stderr);
    assert!(ended.status.code() == Some(1) && why.contains("cannot be written") && why.contains("No space"), "{why}");
}

#[tokio::test]
async fn an_export_that_fails_leaves_no_file() {
    let folder = Folder::new();
    token(&folder, "viewer");
    sqlx::any::install_default_drivers();
    let url = format!("sqlite://{}", folder.0.join("binnacle.db").display());
    let mut connection = AnyConnection::connect(&url).await.expect("a database");
    let sql = "INSERT INTO runs (id, cluster, kind, host, state, who, created, dir, made, dha, network) \
               VALUES ('1', 'lab', 'deploy', 'h', 'ended', 'ann', 1.5, '', '', '', '')";
    sqlx::query(sql).execute(&mut connection).await.expect("SQLite takes any number");
    connection.close().await.expect("closed");
    let file = folder.0.join("lab.export");
    let (code, why) = refused(&["export", "-o", text(&file), "--data", text(&folder.0)]);
    assert!(code == 1 && why.contains("of the kind Double"), "{code}: {why}");
    assert!(!file.exists(), "half a file is none");
}
