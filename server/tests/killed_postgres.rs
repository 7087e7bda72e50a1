//! A PostgreSQL that is killed while a server writes to it: `end2end/with-postgres` starts one for this test alone.

mod served;

use std::{
    path::Path,
    process::Command,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread::JoinHandle,
    time::Duration,
};

use serde_json::{Value, json};
use served::{Folder, Process, command, text, until};

const KILLS: usize = 3;
const WRITERS: usize = 4;
/// Acknowledged before and after each kill.
const WRITES: usize = 40;

fn told(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("run this through end2end/with-postgres: no {name}"))
}

/// Kills the server of the database as nothing else could end it.
fn kill() {
    let file = Path::new(&told("BINNACLE_TEST_POSTGRES_DATA")).join("postmaster.pid");
    let file = std::fs::read_to_string(file).expect("it runs");
    let process = file.lines().next().expect("its process").trim().to_owned();
    assert!(Command::new("kill").args(["-KILL", &process]).status().is_ok_and(|status| status.success()));
}

fn start_again() {
    let started = Command::new(told("BINNACLE_TEST_POSTGRES_AGAIN")).status();
    assert!(started.is_ok_and(|status| status.success()), "PostgreSQL does not start again");
}

/// What writes, and what was said of it.
#[derive(Default)]
struct Written {
    acknowledged: Mutex<Vec<String>>,
    refused: AtomicUsize,
    enough: AtomicBool,
}

impl Written {
    fn count(&self) -> usize {
        self.acknowledged.lock().expect("ids").len()
    }
}

struct Pipeline {
    server: Process,
    token: String,
}

impl Pipeline {
    fn ask(&self, method: &str, body: &str) -> served::Answer {
        let head = format!("Authorization: Bearer {}\r\nContent-Type: application/json\r\n", self.token);
        self.server.ask(method, "/api/v1/tokens", &head, body)
    }

    fn ready(&self) -> u16 {
        self.server.get("/readyz").status
    }

    fn write(self: &Arc<Self>, written: &Arc<Written>) -> JoinHandle<()> {
        let (pipeline, written) = (self.clone(), written.clone());
        std::thread::spawn(move || {
            let wanted = json!({ "name": "a", "role": "viewer", "days": 1 }).to_string();
            while !written.enough.load(Ordering::SeqCst) {
                let answer = pipeline.ask("POST", &wanted);
                if answer.status == 201 {
                    let made: Value = serde_json::from_str(&answer.body).expect("JSON");
                    let id = made["token"]["id"].as_str().expect("an id").to_owned();
                    written.acknowledged.lock().expect("ids").push(id);
                } else {
                    assert_eq!(answer.status, 503, "{answer:?}");
                    written.refused.fetch_add(1, Ordering::SeqCst);
                    std::thread::sleep(Duration::from_millis(20));
                }
            }
        })
    }
}

#[test]
fn a_killed_database_loses_no_acknowledged_write_and_its_return_needs_no_restart() {
    let (folder, database) = (Folder::new(), format!("{}/postgres", told("BINNACLE_TEST_POSTGRES")));
    let data = text(&folder.0);
    // Not as an argument, for it holds a password.
    let run = |args: &[&str]| {
        let mut command = command(args);
        command.env("BINNACLE_DATABASE", &database);
        command
    };
    let made = run(&["token", "add", "test", "--role", "admin", "--days", "1", "--data", data]).output();
    let said = String::from_utf8_lossy(&made.expect("it runs").stdout).into_owned();
    let token = said.split_whitespace().find(|word| word.starts_with("bnc_")).expect("a token").to_owned();
    let serve = ["serve", "--demo", "--sign-in", "tokens", "--listen", "127.0.0.1:0", "--rate", "1000000"];
    let server = Process::start(&mut run(&[&serve[..], &["--data", data]].concat()));
    let pipeline = Arc::new(Pipeline { server, token });
    until("it is ready", Duration::from_secs(20), || pipeline.ready() == 200);
    let written = Arc::new(Written::default());
    let writers: Vec<_> = (0..WRITERS).map(|_| pipeline.write(&written)).collect();
    for _ in 0..KILLS {
        let before = written.count();
        until("writes are acknowledged", Duration::from_secs(60), || written.count() >= before + WRITES);
        kill();
        until("it is not ready", Duration::from_secs(30), || pipeline.ready() == 503);
        let refused = written.refused.load(Ordering::SeqCst);
        until("writes are refused", Duration::from_secs(30), || written.refused.load(Ordering::SeqCst) > refused);
        assert_eq!(pipeline.server.get("/healthz").status, 200, "it lives");
        start_again();
        until("it is ready again", Duration::from_secs(30), || pipeline.ready() == 200);
    }
    let before = written.count();
    until("writes go on", Duration::from_secs(60), || written.count() >= before + WRITES);
    written.enough.store(true, Ordering::SeqCst);
    for writer in writers {
        writer.join().expect("it was answered");
    }
    let listed: Value = serde_json::from_str(&pipeline.ask("GET", "").body).expect("JSON");
    let kept: Vec<&str> =
        listed["items"].as_array().expect("items").iter().map(|token| token["id"].as_str().expect("an id")).collect();
    let acknowledged = written.acknowledged.lock().expect("ids");
    let lost: Vec<_> = acknowledged.iter().filter(|id| !kept.contains(&id.as_str())).collect();
    assert!(lost.is_empty(), "lost {lost:?} of {}", acknowledged.len());
    assert!(!pipeline.server.log().contains(&database), "the password is in the log");
}
