//! `binnacle backup` as a process of its own: killed, interrupted, without room.

use std::{
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    time::{Duration, Instant},
};

use binnacle::backup::manifest::Manifest;

#[path = "../faulty/mod.rs"]
mod faulty;

use faulty::{Disk, Says};

use super::{
    cluster::{Age, Cluster, Folder, program, run, status},
    taking::{is_whole, names},
};

const BINNACLE: &str = env!("CARGO_BIN_EXE_binnacle");

fn args(cluster: &Cluster, folder: &Path) -> Vec<String> {
    let urls: Vec<String> = cluster.endpoints().iter().map(ToString::to_string).collect();
    let mut args: Vec<String> =
        ["backup", "--endpoints", &urls.join(","), "--name", "harbour", "--to"].map(str::to_owned).into();
    args.push(folder.display().to_string());
    let flags = [("--cacert", &cluster.tls.cacert), ("--cert", &cluster.tls.cert), ("--key", &cluster.tls.key)];
    for (flag, file) in flags {
        args.extend(file.iter().flat_map(|file| [flag.to_owned(), file.display().to_string()]));
    }
    args
}

/// Where it puts the backups of the cluster in a folder.
fn in_it(folder: &Folder) -> PathBuf {
    folder.0.join("harbour")
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&[&output.stdout[..], &output.stderr].concat()).into_owned()
}

/// Every manifest in a folder, each with a backup that is all that it says; and no database without its digest.
fn listed(folder: &Path) -> usize {
    let names = names(folder);
    for name in names.iter().filter(|name| name.ends_with(".db")) {
        status(&folder.join(name));
    }
    let manifests = names.iter().filter(|name| name.ends_with(".json"));
    let whole = manifests.inspect(|name| {
        is_whole(folder, &Manifest::read(&std::fs::read(folder.join(name)).expect("text")).expect("a manifest"));
    });
    whole.count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_command_prints_what_it_took_and_how_far_it_is_proved() {
    let (cluster, to) = (Cluster::with_tls(Age::New, 3).await, Folder::new());
    cluster.fill(3, 10);
    let args = args(&cluster, &to.0);
    let output = Command::new(BINNACLE).args(&args).output().expect("it runs");
    let text = said(&output);
    assert_eq!(output.status.code(), Some(0), "{text}");
    for words in ["revision 4, 3 keys", "proved to step 4 of 6", "holds every Secret", "asking the members"] {
        assert!(text.contains(words), "{words}: {text}");
    }
    let output = Command::new(BINNACLE).args(&args).args(["--json", "--zstd"]).output().expect("it runs");
    let manifest = Manifest::read(&output.stdout).expect("a manifest");
    assert!(manifest.stored.name.ends_with(".db.zst"), "{manifest:?}");
    assert_eq!(names(&in_it(&to)).len(), 4);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn exit_codes_tell_a_wrong_flag_from_an_etcd_out_of_reach() {
    let to = Folder::new();
    let folder = to.0.display().to_string();
    for (endpoint, code, words) in [
        ("10.1.0.50:2379", 2, "begins neither with https://"),
        ("https://127.0.0.1:9", 2, "cacert is not given"),
        ("http://127.0.0.1:9", 3, "nothing listens there"),
    ] {
        let output = Command::new(BINNACLE)
            .args(["backup", "--endpoints", endpoint, "--to", &folder])
            .output()
            .expect("it runs");
        assert!(output.status.code() == Some(code) && said(&output).contains(words), "{}", said(&output));
    }
    assert!(names(&in_it(&to)).is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_any_moment_it_leaves_no_half_backup_in_the_list_and_no_good_one_is_lost() {
    let (cluster, to) = (Cluster::plain(Age::New, 1).await, Folder::new());
    cluster.fill(12, 1_000_000);
    let args = args(&cluster, &to.0);
    let began = Instant::now();
    run(Command::new(BINNACLE).args(&args), b"");
    let whole = began.elapsed();
    let mut good = listed(&in_it(&to));
    assert_eq!(good, 1);
    for _ in 0..60 {
        let mut child =
            Command::new(BINNACLE).args(&args).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it runs");
        tokio::time::sleep(whole.mul_f64(fastrand::f64() * 1.1)).await;
        let _ = child.kill();
        let ended = child.wait().expect("an end");
        let now = listed(&in_it(&to));
        assert!(now >= good + usize::from(ended.success()), "{now} of {good}");
        good = now;
    }
    let left: Vec<String> = names(&in_it(&to)).into_iter().filter(|name| name.ends_with(".part")).collect();
    assert!(!left.is_empty(), "no kill came in between");
    // The next one sweeps, once nobody can be writing them any more.
    let old = std::time::SystemTime::now() - Duration::from_secs(3_600);
    for name in &left {
        std::fs::File::options()
            .write(true)
            .open(in_it(&to).join(name))
            .and_then(|file| file.set_modified(old))
            .expect("set");
    }
    run(Command::new(BINNACLE).args(&args), b"");
    assert!(names(&in_it(&to)).iter().all(|name| !name.ends_with(".part")), "{:?}", names(&in_it(&to)));
    assert_eq!(listed(&in_it(&to)), good + 1);
}

/// A backup that a signal met while it was written. On a busy machine it may be over before; then the next is tried.
async fn signalled(args: &[String], to: &Folder, signal: &str) -> Output {
    for _ in 0..20 {
        let mut child =
            Command::new(BINNACLE).args(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it runs");
        let began = Instant::now();
        while names(&in_it(to)).is_empty() {
            if began.elapsed() > Duration::from_secs(120) {
                let _ = child.kill();
                panic!("no backup was begun");
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        run(Command::new("kill").args([signal, &child.id().to_string()]), b"");
        let output = child.wait_with_output().expect("an end");
        if !output.status.success() {
            return output;
        }
        for name in names(&in_it(to)) {
            std::fs::remove_file(in_it(to).join(name)).expect("removed");
        }
    }
    panic!("each of twenty backups was over before its signal came");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn interrupted_it_cleans_up_and_says_so() {
    let (cluster, to) = (Cluster::plain(Age::New, 1).await, Folder::new());
    cluster.fill(12, 1_000_000);
    let args = args(&cluster, &to.0);
    for signal in ["-INT", "-TERM"] {
        let output = signalled(&args, &to, signal).await;
        assert_eq!(output.status.code(), Some(1), "{}", said(&output));
        assert!(said(&output).contains("nothing of it is left"), "{}", said(&output));
        assert!(names(&in_it(&to)).is_empty(), "{:?}", names(&in_it(&to)));
    }
}

/// The shell's limit for files fails a write in the middle of it, as a full disk does; where this machine lets us, a
/// disk that is really full does too.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_room_it_fails_clearly_wherever_the_room_ends_and_leaves_nothing() {
    let (cluster, to) = (Cluster::plain(Age::New, 1).await, Folder::new());
    cluster.fill(2, 100_000);
    let args = args(&cluster, &to.0).join(" ");
    let full = "mount -t tmpfs -o size=SIZEk,mode=700 none DIR && BIN; code=$?; ls DIR/harbour; exit $code";
    let limited = "trap '' XFSZ; ulimit -f SIZE; BIN; code=$?; ls DIR/harbour; exit $code";
    std::fs::create_dir(in_it(&to)).expect("a folder");
    let mounts = Command::new("unshare").args(["-rm", "mount", "-t", "tmpfs", "none", "/mnt"]).status();
    let mut ways = vec![(vec!["bash", "-c"], limited, "cannot be")];
    if mounts.is_ok_and(|status| status.success()) {
        ways.push((vec!["unshare", "-rm", "bash", "-c"], full, "Make room there"));
    }
    for (shell, script, words) in ways {
        for size in [1, 4, 33, 100, 200] {
            let script = script.replace("SIZE", &size.to_string()).replace("DIR", &to.0.display().to_string());
            let script = script.replace("BIN", &format!("{BINNACLE} {args}"));
            let output = Command::new(shell[0]).args(&shell[1..]).arg(&script).output().expect("a shell");
            assert_eq!(output.status.code(), Some(1), "{script}: {}", said(&output));
            assert!(said(&output).contains(words), "{}", said(&output));
            assert!(output.stdout.is_empty(), "left behind: {}", said(&output));
        }
    }
    assert!(!program("BINNACLE_TEST_ETCD").is_empty() && names(&in_it(&to)).is_empty());
}

/// Each write, sync, name and file that a backup needs, one after the other.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_the_disk_refuses_there_is_no_backup_and_what_was_there_stays() {
    let (cluster, to, tools) = (Cluster::plain(Age::New, 1).await, Folder::new(), Folder::new());
    cluster.fill(2, 20_000);
    let (args, disk) = (args(&cluster, &to.0), Disk::new(&tools.0));
    run(Command::new(BINNACLE).args(&args), b"");
    let there = names(&in_it(&to));
    for (says, words) in [(Says::Full, "Make room there"), (Says::Broken, "cannot be")] {
        for more in [&[][..], &["--zstd"]] {
            let mut at = 1;
            loop {
                let mut command = Command::new(BINNACLE);
                disk.fail(command.args(&args).args(more), &to.0, at, says);
                let output = command.output().expect("it runs");
                if !disk.failed() {
                    assert!(output.status.success(), "{}", said(&output));
                    break;
                }
                let what = format!("{says:?} {more:?} at {at}: {}", said(&output));
                assert_eq!(output.status.code(), Some(1), "{what}");
                assert!(said(&output).contains(words), "{what}");
                assert_eq!(names(&in_it(&to)), there, "{what}");
                at += 1;
            }
            assert!(at > 8, "only {at} requests of the disk");
            for name in names(&in_it(&to)).iter().filter(|name| !there.contains(name)) {
                std::fs::remove_file(in_it(&to).join(name)).expect("removed");
            }
        }
    }
    assert_eq!(listed(&in_it(&to)), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn further_places_get_what_was_taken_and_one_that_does_not_loses_nothing() {
    let (cluster, to) = (Cluster::plain(Age::New, 1).await, Folder::new());
    cluster.fill(3, 10);
    let second = to.0.join("second");
    let both = format!("{},{}", to.0.display(), second.display());
    let mut args = args(&cluster, &to.0);
    *args.last_mut().expect("a place") = both;
    run(Command::new(BINNACLE).args(&args), b"");
    assert_eq!((listed(&in_it(&to)), names(&second.join("harbour")).len()), (1, 2));
    // A folder where a file is: what was taken stays where it was taken to.
    std::fs::write(to.0.join("file"), "x").expect("written");
    *args.last_mut().expect("a place") = format!("{},{}", to.0.display(), to.0.join("file").display());
    let output = Command::new(BINNACLE).args(&args).output().expect("it runs");
    assert!(matches!(output.status.code(), Some(1 | 2)), "{}", said(&output));
    assert_eq!(listed(&in_it(&to)), if output.status.code() == Some(1) { 2 } else { 1 }, "{}", said(&output));
}
