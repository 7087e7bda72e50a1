//! Deployments from order to verdict, over a rehearsal of deploy.sh with a real Ansible in it.

mod deploy;

use std::time::{Duration, Instant};

use binnacle::deploy::State;
use binnacle::store::RunRow;
use deploy::{Yard, order, server::Server, state};
use sqlx::Connection as _;
use transcript::{Kind, RULES};

/// What takes longer does not come.
const PATIENCE: Duration = Duration::from_secs(120);
/// Kills of servers, in all.
const KILLS: usize = 50;
/// Kills of runs, of their keepers, and of both, in all.
const RUNS_KILLED: usize = 12;

#[tokio::test(flavor = "multi_thread")]
async fn a_deployment_is_followed_to_its_verdict_and_leaves_no_secret() {
    let yard = Yard::new("secrets", &[]);
    let open = yard.open().await;
    let taken = open.office.order(&order(Kind::Deploy), "ann").await.expect("taken");
    let (row, judgement) = open.ended(&taken.id).await;
    let log = open.log(&taken.id).await;
    assert_eq!((state(&row), judgement.headline.as_str()), (State::Succeeded, "succeeded"), "{judgement:#?}\n{log}");
    assert!(log.trim_end().ends_with("compass deploy success"), "{log}");
    let outline = open.office.outline(&taken.id).await.expect("an outline");
    assert_eq!(outline.runs.all.len(), 4, "two on the jump host, Compass's and kubespray's");
    let [dha, network] = open.office.plan(&taken.id).await.expect("a plan");
    assert!(dha.contains("ipmiPass: "), "{dha}");
    let kept = [log, dha, network, row.made.clone()].concat();
    for secret in ["pr0be-Secret", "cHIwYmUtU2VjcmV0", "z0nk", "root=root", "console=console"] {
        assert!(!kept.contains(secret), "{secret} was kept: {kept}");
    }
    open.until(&taken.id, "nothing is left there", |row| row.dir.is_empty()).await;
    assert!(!std::path::Path::new(&row.dir).exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_order_twice_is_one_run_and_another_waits_for_the_jump_host() {
    let yard = Yard::new("hang", &[]);
    let open = yard.open().await;
    let first = open.office.order(&order(Kind::Deploy), "ann").await.expect("taken");
    let second = open.office.order(&order(Kind::Deploy), "bob").await.expect("taken");
    assert_eq!((second.id.as_str(), second.before), (first.id.as_str(), true));
    let other = open.office.order(&order(Kind::Redeploy), "bob").await.expect("taken");
    open.until(&first.id, "a task that hangs", |row| row.size > 5_000).await;
    assert_eq!(state(&open.office.run(&other.id).await.expect("an answer").expect("a run")), State::Queued);
    assert!(open.office.cancel(&other.id, "bob").await.expect("an answer"));
    open.ended(&other.id).await;
    assert!(open.office.cancel(&first.id, "ann").await.expect("an answer"));
    assert!(!open.office.cancel(&first.id, "bob").await.expect("an answer"), "she did before");
    let (row, judgement) = open.ended(&first.id).await;
    assert_eq!((state(&row), row.cancelled_by.as_deref()), (State::Cancelled, Some("ann")), "{judgement:#?}");
    assert!(!ansible_runs(&row.dir), "Ansible goes on after a cancel");
}

/// What [`Server`] runs; when nobody started it as that, it sees to it that such a server follows runs, and can be killed.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_killed() {
    if deploy::server::serve().await {
        return;
    }
    let yard = Yard::new("success", &[]);
    let id = yard.order_only(Kind::Deploy).await;
    let store = yard.store().await;
    let size = async || store.run(&id).await.expect("an answer").expect("a run").size;
    assert_eq!(size().await, 0);
    let server = Server::start(&yard);
    until("a log", async || size().await >= 500).await;
    assert!(server.kill(), "it ended by itself");
    let open = yard.open().await;
    assert_eq!(state(&open.office.run(&id).await.expect("an answer").expect("a run")), State::Running);
    let (row, judgement) = open.ended(&id).await;
    assert_eq!(state(&row), State::Succeeded, "{judgement:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deployment_outlives_fifty_kills_of_its_server_and_no_line_is_lost_or_doubled() {
    let (mut kills, mut runs) = (0, 0);
    while kills < KILLS {
        let yard = Yard::new("success", &[("REHEARSAL_PACE", "3")]);
        let id = yard.order_only(Kind::Deploy).await;
        let store = yard.store().await;
        loop {
            let server = Server::start(&yard);
            tokio::time::sleep(Duration::from_millis(fastrand::u64(20..1_500))).await;
            assert!(server.kill(), "it ended by itself");
            kills += 1;
            // Killed too often, a server comes to nothing: the last one is left to end the run.
            if kills >= KILLS || store.run(&id).await.expect("an answer").expect("a run").ended.is_some() {
                break;
            }
        }
        runs += 1;
        assert!(runs < 20, "{kills} kills only");
        let open = yard.open().await;
        let (row, judgement) = open.ended(&id).await;
        assert_eq!(state(&row), State::Succeeded, "{judgement:#?}");
        whole(&open.log(&id).await, row.size);
    }
}

/// A log of a success from its first line to its last.
fn whole(log: &str, size: i64) {
    assert_eq!(i64::try_from(log.len()).expect("a size"), size);
    assert!(log.starts_with("Reading package lists...\n"), "{log}");
    assert_eq!(log.matches("\ncompass deploy success\n").count(), 1, "{log}");
    assert_eq!(log.matches("\n########## get host mac begin").count(), 1, "{log}");
    assert_eq!(log.matches("\nDomain host3 started\n").count(), 1, "{log}");
    assert_eq!(log.matches("\nPLAY RECAP").count(), 2, "those on the jump host: {log}");
    assert_eq!(log.matches("|  PLAY RECAP").count(), 2, "Compass's and kubespray's: {log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_is_killed_has_no_verdict_of_success_and_leaves_nothing_running() {
    // What else the machine has to do makes moments random, too.
    for _ in 0..RUNS_KILLED / 6 {
        futures::future::join_all(["keeper", "pid", "both", "keeper", "pid", "both"].map(killed)).await;
    }
}

async fn killed(what: &str) {
    let yard = Yard::new("success", &[("REHEARSAL_PACE", "1")]);
    let open = yard.open().await;
    let id = open.office.order(&order(Kind::Deploy), "ann").await.expect("taken").id;
    let begun = open.until(&id, "a log", |row| row.size > 500).await;
    tokio::time::sleep(Duration::from_millis(fastrand::u64(0..2_500))).await;
    let kills = |name: &str| {
        let words = std::fs::read_to_string(format!("{}/{name}", begun.dir)).expect("a process");
        let pid = words.split_whitespace().next().expect("a number");
        std::process::Command::new("kill").args(["-9", pid]).status().is_ok_and(|status| status.success())
    };
    let mut names = ["keeper", "pid"].into_iter().filter(|name| what == "both" || what == *name);
    assert!(names.all(kills), "{what}: it had ended before");
    let (row, judgement) = open.ended(&id).await;
    let log = open.log(&id).await;
    assert_ne!(state(&row), State::Succeeded, "{what}: nobody heard how it ended: {judgement:#?}");
    assert!(!ansible_runs(&row.dir), "{what}: Ansible goes on");
    assert_eq!(i64::try_from(log.len()).expect("a size"), row.size);
    if what == "keeper" {
        // Another keeper went on: all was done, and only the exit status was heard by nobody.
        assert_eq!(judgement.headline, "how deploy.sh ended is not known; all that it was to build is there", "{log}");
        whole(&log, row.size);
    }
    let script = format!("{}/work/deploy/script/deploy_config.sh", row.dir);
    assert!(!std::path::Path::new(&script).exists(), "{what}: passwords stay behind");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancel_after_the_keeper_was_killed_ends_all_of_it() {
    let yard = Yard::new("hang", &[]);
    let open = yard.open().await;
    let id = open.office.order(&order(Kind::Deploy), "ann").await.expect("taken").id;
    let begun = open.until(&id, "a task that hangs", |row| row.size > 5_000).await;
    let words = std::fs::read_to_string(format!("{}/keeper", begun.dir)).expect("a process");
    let pid = words.split_whitespace().next().expect("a number").to_owned();
    assert!(std::process::Command::new("kill").args(["-9", &pid]).status().is_ok_and(|status| status.success()));
    let another = |dir: &str| std::fs::read_to_string(format!("{dir}/keeper")).is_ok_and(|now| now != words);
    until("another keeper", async || another(&begun.dir)).await;
    assert!(open.office.cancel(&id, "ann").await.expect("an answer"));
    let (row, judgement) = open.ended(&id).await;
    assert_eq!(state(&row), State::Cancelled, "{judgement:#?}");
    assert!(!ansible_runs(&row.dir), "Ansible goes on after a cancel");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_away_for_a_while_costs_no_line() {
    let yard = Yard::new("success", &[("REHEARSAL_PACE", "1")]);
    let open = yard.open().await;
    let id = open.office.order(&order(Kind::Deploy), "ann").await.expect("taken").id;
    open.until(&id, "a log", |row| row.size > 500).await;
    let file = yard.dir.join("binnacle.db");
    let held = std::process::Command::new("python3")
        .args(["-c", "import sqlite3,sys,time\nb=sqlite3.connect(sys.argv[1],isolation_level=None,timeout=30)\nb.execute('BEGIN EXCLUSIVE')\ntime.sleep(14)"])
        .arg(&file)
        .status();
    assert!(held.is_ok_and(|status| status.success()));
    let (row, judgement) = open.ended(&id).await;
    assert_eq!(state(&row), State::Succeeded, "{judgement:#?}");
    whole(&open.log(&id).await, row.size);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_costs_no_line_once_there_is_room_again() {
    let yard = Yard::new("success", &[("REHEARSAL_PACE", "1")]);
    let id = yard.order_only(Kind::Deploy).await;
    let server = Server::start(&yard);
    let store = yard.store().await;
    let size = async || store.run(&id).await.expect("an answer").expect("a run").size;
    until("a log", async || size().await >= 500).await;
    let limit = |bytes: &str| {
        let id = server.id().to_string();
        let set =
            std::process::Command::new("prlimit").args(["--pid", &id, &format!("--fsize={bytes}:unlimited")]).status();
        assert!(set.is_ok_and(|status| status.success()));
    };
    // No file of the server may grow: the database's journal least of all.
    limit("4096");
    tokio::time::sleep(Duration::from_secs(3)).await;
    let then = size().await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(size().await, then, "it grows without room");
    limit("unlimited");
    drop(store);
    let open = yard.look().await;
    let (row, judgement) = open.ended(&id).await;
    assert_eq!(state(&row), State::Succeeded, "{judgement:#?}");
    whole(&open.log(&id).await, row.size);
}

#[tokio::test(flavor = "multi_thread")]
async fn while_systems_install_each_host_is_seen_and_afterwards_it_is_known_what_was_deployed() {
    let yard = Yard::new("success", &[("REHEARSAL_PACE", "5")]);
    let open = yard.open().await;
    let id = open.office.order(&order(Kind::Deploy), "ann").await.expect("taken").id;
    let seen = |row: &RunRow| serde_json::from_str::<serde_json::Value>(&row.seen).unwrap_or_default();
    let hosts = |row: &RunRow| seen(row)["hosts"].as_array().cloned().unwrap_or_default();
    // The first answers while the last still installs, and nothing is said in the log.
    let then = open
        .until(&id, "a host that answers before the others", |row| {
            let hosts = hosts(row);
            hosts.first().is_some_and(|host| host["answers"] == true)
                && hosts.last().is_some_and(|host| host["answers"] == false && host["system"]["state"] == "INSTALLING")
        })
        .await;
    assert!(!open.log(&id).await.contains("PLAY [all]"), "Ansible runs already");
    let host = &hosts(&then)[4];
    assert!(host["system"]["percent"].as_u64().is_some_and(|percent| percent < 100), "{host}");
    assert_eq!((host["name"].as_str(), host["address"].as_str()), (Some("host5"), Some("10.1.0.54")));
    let (row, judgement) = open.ended(&id).await;
    assert_eq!(state(&row), State::Succeeded, "{judgement:#?}");
    for host in hosts(&row) {
        assert_eq!((&host["answers"], &host["system"]["state"]), (&true.into(), &"SUCCESSFUL".into()), "{host}");
    }
    let versions: std::collections::BTreeMap<String, Vec<String>> =
        serde_json::from_str(&row.versions).expect("versions");
    assert_eq!(versions["kubernetes"], ["v1.11.3"], "{versions:?}");
    assert!(versions["ansible"][0].starts_with("2."), "{versions:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deck_that_hangs_holds_nobody_up() {
    let yard = Yard::new("deck-hangs", &[]);
    let open = yard.open().await;
    let id = open.office.order(&order(Kind::Deploy), "ann").await.expect("taken").id;
    let begun = open.until(&id, "what the deck is silent about", |row| row.size > 3_000).await;
    until("Ansible", async || ansible_runs(&begun.dir)).await;
    open.until(&id, "a word that the deck is silent", |row| row.seen.contains("\"silent\":1")).await;
    assert!(open.office.cancel(&id, "ann").await.expect("an answer"));
    let (row, judgement) = open.ended(&id).await;
    assert_eq!(state(&row), State::Cancelled, "{judgement:#?}");
    assert!(!ansible_runs(&row.dir));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_million_lines_and_lines_of_eight_megabytes_are_kept_whole() {
    for (scenario, least) in [("million-lines", 40_000_000), ("long-line", 8_388_608)] {
        let yard = Yard::new(scenario, &[]);
        let open = yard.open().await;
        let id = open.office.order(&order(Kind::Deploy), "ann").await.expect("taken").id;
        let (row, judgement) = open.ended(&id).await;
        assert_eq!(state(&row), State::Succeeded, "{judgement:#?}");
        assert!(row.size > least, "{}", row.size);
        assert_eq!(open.office.log(&id, 0, usize::MAX).await.expect("a log").len() as i64, row.size);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_to_be_told_of_an_end_is_told_once_and_can_check_who_tells() {
    use std::io::{Read, Write};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = format!("http://{}/hook", listener.local_addr().expect("an address"));
    let told = std::thread::spawn(move || {
        let (mut line, _) = listener.accept().expect("a call");
        let mut said = Vec::new();
        let mut chunk = [0; 4096];
        while !String::from_utf8_lossy(&said).contains("\"state\":\"failed\"") {
            let length = line.read(&mut chunk).expect("more");
            assert!(length > 0, "the call ended before its body");
            said.extend_from_slice(&chunk[..length]);
        }
        line.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").expect("an answer");
        String::from_utf8_lossy(&said).into_owned()
    });
    let mut yard = Yard::new("success", &[]);
    yard.host.compass = "/nonexistent".into();
    let heard = yard.dir.join("heard");
    let program = yard.dir.join("program");
    std::fs::write(&program, format!("#!/bin/sh\ncat >{}\n", heard.display())).expect("a program");
    std::fs::set_permissions(&program, std::os::unix::fs::PermissionsExt::from_mode(0o755)).expect("it may be run");
    let finish = binnacle::deploy::Finish {
        webhook: Some(address),
        secret: Some("a secret of many letters".into()),
        program: Some(program),
    };
    let open = yard.open_with(finish).await;
    let id = open.office.order(&order(Kind::Deploy), "ann").await.expect("taken").id;
    open.ended(&id).await;
    until("the call", async || told.is_finished()).await;
    let said = told.join().expect("told");
    let (head, body) = said.split_once("\r\n\r\n").expect("a body");
    let signature = head
        .lines()
        .find_map(|line| line.to_lowercase().strip_prefix("binnacle-signature: sha256=").map(str::to_owned));
    use hmac::Mac;
    let mut mac = hmac::Hmac::<sha2::Sha256>::new_from_slice(b"a secret of many letters").expect("a key");
    mac.update(body.as_bytes());
    let right: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(signature.as_deref(), Some(right.as_str()), "{said}");
    assert_eq!(std::fs::read_to_string(heard).expect("heard"), body);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expansion_is_read_on_after_deploy_sh_has_ended() {
    // Longer than Ansible may be silent: the hosts install their systems before it begins.
    let yard = Yard::new("success", &[("REHEARSAL_PACE", "8")]);
    let open = yard.open().await;
    let id = open.office.order(&order(Kind::Expand), "ann").await.expect("taken").id;
    let (row, judgement) = open.ended(&id).await;
    let log = open.log(&id).await;
    assert_eq!(state(&row), State::Succeeded, "{judgement:#?}\n{log}");
    assert!(log.contains("TypeError") && log.contains("PLAY RECAP"), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_compass_calls_success_is_not_believed() {
    for (scenario, verdict, headline) in [
        ("no-kubespray", State::Failed, "Compass says success, but kubespray never ran"),
        ("missing-host", State::Failed, "Compass says success, but host5 is missing"),
    ] {
        let yard = Yard::new(scenario, &[]);
        let open = yard.open().await;
        let id = open.office.order(&order(Kind::Deploy), "ann").await.expect("taken").id;
        let (row, judgement) = open.ended(&id).await;
        assert_eq!((state(&row), judgement.headline.as_str()), (verdict, headline), "{judgement:#?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_compass_leaves_with_passwords_in_it_goes_with_the_run_and_the_rest_is_for_nobody_else_to_see() {
    let mut yard = Yard::new("wrong-last-line", &[]);
    let work = yard.dir.join("work");
    let script = work.join("deploy/script");
    std::fs::create_dir_all(&script).expect("a folder");
    for name in ["deploy_config.sh", "ipmitool.sh", "machine"] {
        std::fs::write(script.join(name), "ipmiPass=pr0be-Secret").expect("written");
    }
    yard.host.work = Some(work.display().to_string());
    let open = yard.open().await;
    let id = open.office.order(&order(Kind::Deploy), "ann").await.expect("taken").id;
    open.ended(&id).await;
    let left: Vec<_> = std::fs::read_dir(&script).expect("a folder").flatten().map(|one| one.file_name()).collect();
    assert_eq!(left, ["machine"], "an expansion reads it again");
    let mode = std::os::unix::fs::MetadataExt::mode(&std::fs::metadata(work.join("deploy")).expect("a folder"));
    assert_eq!(mode & 0o777, 0o700);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_goes_to_the_jump_host_byte_for_byte_and_goes_when_nobody_comes_for_it() {
    let yard = Yard::new("success", &[]);
    let order = order(Kind::Deploy);
    let open = yard.look().await;
    let first = open.office.order(&order, "ann").await.expect("taken");
    let row = open.office.run(&first.id).await.expect("an answer").expect("a run");
    assert_eq!(std::fs::read(format!("{}/dha.yml", row.dir)).expect("a plan"), order.plan.dha());
    assert!(open.office.order(&order, "bob").await.expect("taken").before);
    let runs = std::fs::read_dir(yard.dir.join("runs")).expect("runs").count();
    assert_eq!(runs, 1, "the second order left its plan");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_whose_client_hangs_up_is_placed_all_the_same() {
    let yard = Yard::new("success", &[]);
    let open = yard.look().await;
    let order = order(Kind::Deploy);
    // Polled once, then dropped, as with the connection.
    let placed = futures::FutureExt::now_or_never(open.office.order(&order, "ann"));
    assert!(placed.is_none(), "the jump host was asked within one poll");
    let again = open.office.order(&order, "ann").await.expect("taken");
    let row = open.until(&again.id, "its row", |row| !row.dir.is_empty()).await;
    let left = async || {
        let runs = std::fs::read_dir(yard.dir.join("runs")).expect("runs");
        runs.flatten().map(|run| run.path().display().to_string()).collect::<Vec<_>>()
    };
    let began = Instant::now();
    while left().await != [row.dir.clone()] {
        assert!(began.elapsed() < Duration::from_secs(60), "plans without a row stay: {:?}", left().await);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn plans_without_a_row_are_removed_and_those_of_others_stay() {
    let yard = Yard::new("success", &[]);
    let owner = yard.store().await.key("runs", "this database").await.expect("a key");
    let old = std::time::SystemTime::now() - Duration::from_secs(3_600);
    let folder = |name: &str, owner: Option<&str>, is_old: bool| {
        let run = yard.dir.join("runs").join(name);
        std::fs::create_dir_all(&run).expect("a folder");
        std::fs::write(run.join("dha.yml"), "ipmiPass: pr0be-Secret").expect("written");
        if let Some(owner) = owner {
            std::fs::write(run.join("owner"), owner).expect("written");
        }
        if is_old {
            std::fs::File::open(&run).and_then(|open| open.set_modified(old)).expect("its time");
        }
        run
    };
    let lost = folder("lost", Some(&owner), true);
    let stay =
        [folder("young", Some(&owner), false), folder("foreign", Some("another"), true), folder("old", None, true)];
    let _open = yard.open().await;
    let began = std::time::Instant::now();
    while lost.exists() {
        assert!(began.elapsed() < Duration::from_secs(60), "it is not removed");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(stay.iter().all(|run| run.join("dha.yml").exists()), "{stay:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn modules_in_the_home_folder_of_a_jump_host_are_not_run() {
    let yard = Yard::new("success", &[]);
    let ran = yard.dir.join("ran");
    // A module of this name in the working folder came before Python's own.
    let module = format!("open({:?}, 'w').close()", ran.display().to_string());
    let modules = yard.dir.join("modules");
    std::fs::create_dir(&modules).expect("a folder");
    for name in ["json.py", "shutil.py", "sitecustomize.py"] {
        std::fs::write(modules.join(name), &module).expect("written");
    }
    let status = std::process::Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", "a_server_in_a_folder_with_modules", "--nocapture"])
        .current_dir(&modules)
        .env("PYTHONPATH", &modules)
        .env("BINNACLE_TEST_MODULES", yard.told())
        .status();
    assert!(status.expect("it runs").success());
    assert!(!ran.exists(), "a module of the working folder was run");
}

/// Begun as a process of its own, in a folder with modules of Python.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_in_a_folder_with_modules() {
    let Ok(told) = std::env::var("BINNACLE_TEST_MODULES") else { return };
    Yard::of(&told).order_only(Kind::Deploy).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deploy_sh_that_is_not_there_is_said_so() {
    let mut yard = Yard::new("success", &[]);
    yard.host.compass = "/nonexistent".into();
    let open = yard.open().await;
    let id = open.office.order(&order(Kind::Deploy), "ann").await.expect("taken").id;
    let (row, judgement) = open.ended(&id).await;
    assert_eq!(state(&row), State::Failed);
    assert_eq!(judgement.headline, "it did not begin: /nonexistent/deploy.sh is not there, or may not be run");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancel_while_hosts_install_ends_the_ansible_that_comes_later() {
    let yard = Yard::new("success", &[("REHEARSAL_PACE", "12")]);
    let open = yard.open().await;
    let id = open.office.order(&order(Kind::Deploy), "ann").await.expect("taken").id;
    // The deck has its order, and the hosts install their systems.
    open.until(&id, "the order", |row| row.size > 3_000).await;
    tokio::time::sleep(Duration::from_secs(4)).await;
    assert!(open.office.cancel(&id, "ann").await.expect("an answer"));
    let still = open.until(&id, "a word that it goes on", |row| state(row) == State::FailedButRunning).await;
    assert!(still.judgement.is_some_and(|said| said.contains("as soon as it begins")));
    let (row, judgement) = open.ended(&id).await;
    assert_eq!(state(&row), State::Cancelled, "{judgement:#?}");
    assert!(!ansible_runs(&row.dir));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_goes_on_through_an_upgrade_has_its_log_redacted_whole() {
    let yard = Yard::new("success", &[("REHEARSAL_PACE", "3")]);
    let open = yard.open().await;
    let id = open.office.order(&order(Kind::Deploy), "ann").await.expect("taken").id;
    open.until(&id, "some of the log", |row| row.size > 500).await;
    drop(open);
    // As if the server before had been of the version before.
    let address = format!("sqlite:{}/binnacle.db", yard.dir.display());
    sqlx::any::install_default_drivers();
    let mut database = sqlx::AnyConnection::connect(&address).await.expect("a database");
    let stale =
        sqlx::query("UPDATE runs SET rules = 1 WHERE ended IS NULL").execute(&mut database).await.expect("done");
    assert_eq!(stale.rows_affected(), 1, "it had ended already");
    let open = yard.open().await;
    let (row, judgement) = open.ended(&id).await;
    let log = open.log(&id).await;
    assert_eq!(row.state, "succeeded", "{judgement:#?}\n{log}");
    assert_eq!((row.rules, row.size), (i64::from(RULES), i64::try_from(log.len()).expect("a size")));
    assert!(row.redacted.is_some());
    assert!(
        log.starts_with("Reading package lists...\n") && log.trim_end().ends_with("compass deploy success"),
        "{log}"
    );
    assert_eq!(log.matches("\nDomain host3 started\n").count(), 1, "{log}");
    assert_eq!(log.matches("|  PLAY RECAP").count(), 2, "{log}");
}

/// Waits until something holds.
async fn until(what: &str, holds: impl AsyncFn() -> bool) {
    let began = Instant::now();
    while !holds().await {
        assert!(began.elapsed() < PATIENCE, "never came: {what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

fn ansible_runs(dir: &str) -> bool {
    let tasks = deploy::rehearsal().join("tasks");
    std::process::Command::new(tasks).args(["alive", dir]).status().is_ok_and(|status| status.success())
}
