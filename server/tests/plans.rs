//! Plans from the command line: what is said of them, how it ends, and that no secret is shown.

use std::{
    fs,
    path::PathBuf,
    process::{Command, Output},
    time::{Duration, Instant},
};

const DHA: &str = "\
TYPE: baremetal
FLAVOR: cluster
POWER_TOOL: ipmitool
ipmiUser: admin
ipmiPass: 'hunter2-top'
ipmiVer: '2.0'
hosts:
  - name: host1
    mac: 'AA:BB:CC:00:00:01'
    interfaces:
      - eth1: 'AA:BB:CC:00:01:01'
    ipmiIp: 172.16.0.11
    ipmiPass: hunter2-one
    roles: [kube_master, etcd, ha]
  - name: host2
    mac: 'AA:BB:CC:00:00:02'
    interfaces:
      - eth1: 'AA:BB:CC:00:01:02'
    ipmiIp: 172.16.0.12
    power_pass: hunter2-two
    roles: [kube_node]
    hunter2-one: hunter2-top
";

/// A folder with files, gone with the test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str, files: &[(&str, &[u8])]) -> Self {
        let path = std::env::temp_dir().join(format!("binnacle-plans-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).expect("it works");
        for (file, bytes) in files {
            fs::write(path.join(file), bytes).expect("it works");
        }
        Self(path)
    }

    fn path(&self, file: &str) -> String {
        self.0.join(file).display().to_string()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn binnacle(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_binnacle")).args(args).output().expect("it runs")
}

fn words(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[test]
fn a_finding_names_its_file_line_and_column_and_ends_with_one() {
    let folder = Folder::new("finding", &[("dha.yml", DHA.replace("kube_node", "kube_nodes").as_bytes())]);
    let path = folder.path("dha.yml");
    let output = binnacle(&["check", "--dha", &path]);
    assert_eq!(output.status.code(), Some(1), "{}", words(&output));
    assert!(words(&output).contains(&format!("{path}:21:")), "{}", words(&output));
    assert!(words(&output).contains("kube_nodes"));
}

#[test]
fn a_clean_plan_is_one_line_and_ends_with_nought() {
    let clean = "TYPE: virtual\nFLAVOR: cluster\nhosts:\n  - name: host1\n    roles: [kube_master, etcd, ha]\n  - name: host2\n    roles: [kube_node]\n";
    let folder = Folder::new("clean", &[("dha.yml", clean.as_bytes())]);
    let output = binnacle(&["check", "--dha", &folder.path("dha.yml")]);
    assert_eq!(output.status.code(), Some(0), "{}", words(&output));
    assert_eq!(words(&output), "A Kubernetes plan of 2 hosts; no problems found\n");
}

#[test]
fn json_holds_the_same_findings() {
    let folder = Folder::new("json", &[("dha.yml", DHA.as_bytes())]);
    let output = binnacle(&["check", "--format", "json", "--dha", &folder.path("dha.yml")]);
    let answer: serde_json::Value = serde_json::from_slice(&output.stdout).expect("it works");
    let first = &answer["findings"][0];
    for key in ["file", "place", "severity", "rule", "what", "why", "todo"] {
        assert!(!first[key].is_null(), "{key} of {first}");
    }
}

#[test]
fn what_cannot_be_read_is_said_soon_and_ends_with_two() {
    let large = vec![b'a'; 100 << 20];
    let files: [(&str, &[u8]); 4] =
        [("large.yml", &large), ("open.yml", b"a: 'open"), ("empty.yml", b""), ("list.yml", b"- a\n- b\n")];
    let folder = Folder::new("unread", &files);
    let there = folder.path("");
    let missing = folder.path("missing.yml");
    let paths = ["large.yml", "open.yml", "empty.yml", "list.yml"].map(|file| folder.path(file));
    for path in paths.iter().chain([&there, &missing]) {
        let begun = Instant::now();
        let output = binnacle(&["check", "--dha", path]);
        assert_eq!(output.status.code(), Some(2), "{path}: {}", words(&output));
        assert!(words(&output).contains(path.trim_end_matches('/')), "{path}: {}", words(&output));
        assert!(begun.elapsed() < Duration::from_secs(20), "{path}");
    }
    assert_eq!(binnacle(&["check"]).status.code(), Some(2));
}

#[test]
fn nothing_that_is_written_shows_a_secret() {
    let folder =
        Folder::new("secret", &[("dha.yml", DHA.as_bytes()), ("odd.yml", DHA.replace("hosts", "host").as_bytes())]);
    let (dha, odd) = (folder.path("dha.yml"), folder.path("odd.yml"));
    for dha in [&dha, &odd] {
        for args in [
            vec!["check", "--dha", dha],
            vec!["check", "--format", "json", "--dha", dha],
            vec!["draw", "networking", "--dha", dha],
            vec!["draw", "networking", "--format", "json", "--dha", dha],
            vec!["draw", "architecture", "--dha", dha],
            vec!["drift", "--demo", "--dha", dha],
            vec!["drift", "--demo", "--format", "json", "--dha", dha],
        ] {
            let output = binnacle(&args);
            assert!(!output.stdout.is_empty() || !output.stderr.is_empty(), "{args:?}");
            assert!(!words(&output).contains("hunter2"), "{args:?}: {}", words(&output));
        }
    }
}

#[test]
fn json_says_where_and_whether_the_plan_may_be_started() {
    let shell = DHA.replace("name: host2", "name: '$(reboot)'");
    let files: [(&str, &[u8]); 3] = [
        ("dha.yml", include_bytes!("../src/demo/plan/dha.yml")),
        ("network.yml", include_bytes!("../src/demo/plan/network.yml")),
        ("shell.yml", shell.as_bytes()),
    ];
    let folder = Folder::new("startable", &files);
    let network = folder.path("network.yml");
    let answer = |args: &[&str]| -> serde_json::Value {
        let output = binnacle(&[&["check", "--format", "json", "--network", &network], args].concat());
        serde_json::from_slice(&output.stdout).expect("JSON")
    };
    let (dha, shell) = (folder.path("dha.yml"), folder.path("shell.yml"));
    assert_eq!(answer(&["--dha", &dha])["startable"], "yes");
    assert_eq!(answer(&[])["startable"], "no");
    let never = answer(&["--dha", &shell]);
    assert_eq!(never["startable"], "never");
    assert!(never["headline"].as_str().expect("a text").ends_with("it can be looked at, never started"), "{never}");
    let finding = never["findings"].as_array().expect("findings").iter().find(|one| one["rule"] == "shell");
    let finding = finding.expect("what the shell would run");
    assert_eq!((&finding["path"], &finding["place"]["line"]), (&shell.as_str().into(), &15.into()), "{finding}");
    assert_eq!(answer(&["--dha", "/nowhere.yml"])["startable"], "no");
}

#[test]
fn drift_ends_with_nought_where_all_is_as_planned_with_two_and_three_where_that_cannot_be_told() {
    let files: [(&str, &[u8]); 4] = [
        ("dha.yml", include_bytes!("../src/demo/plan/dha.yml")),
        ("network.yml", include_bytes!("../src/demo/plan/network.yml")),
        ("open.yml", b"a: 'open"),
        (
            "away",
            br#"{"apiVersion": "v1", "kind": "Config", "current-context": "x", "users": [{"name": "u", "user": {}}],
            "clusters": [{"name": "c", "cluster": {"server": "http://127.0.0.1:1"}}],
            "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}]}"#,
        ),
    ];
    let folder = Folder::new("as-planned", &files);
    let (dha, network) = (folder.path("dha.yml"), folder.path("network.yml"));
    let planned = ["drift", "--dha", &dha, "--network", &network];
    let output = binnacle(&[&planned[..], &["--demo"]].concat());
    assert_eq!(output.status.code(), Some(0), "{}", words(&output));
    assert!(words(&output).contains("No drift found."), "{}", words(&output));
    let output = binnacle(&[&planned[..], &["--demo", "--format", "json"]].concat());
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(report["drifts"], serde_json::json!([]));
    for dha in [folder.path("open.yml"), folder.path("none.yml"), folder.path("")] {
        let output = binnacle(&["drift", "--demo", "--dha", &dha]);
        assert_eq!(output.status.code(), Some(2), "{}", words(&output));
    }
    let output = binnacle(&[&planned[..], &["--kubeconfig", &folder.path("away")]].concat());
    assert_eq!(output.status.code(), Some(3), "{}", words(&output));
}

#[test]
fn drift_ends_with_one_where_there_is_some() {
    let more = DHA.replace("host2", "host9");
    let folder = Folder::new("drift", &[("dha.yml", more.as_bytes())]);
    let output = binnacle(&["drift", "--demo", "--dha", &folder.path("dha.yml")]);
    assert_eq!(output.status.code(), Some(1), "{}", words(&output));
    assert!(words(&output).contains("host-missing: host9"), "{}", words(&output));
}

#[test]
fn an_expansion_that_takes_a_name_of_the_cluster_is_caught() {
    let base = "TYPE: virtual\nFLAVOR: cluster\nhosts:\n  - name: host1\n    roles: [kube_master, etcd, ha]\n  - name: host2\n    roles: [kube_node]\n";
    let more = "TYPE: virtual\nFLAVOR: cluster\nhosts:\n  - name: host2\n    roles: [kube_node]\n";
    let folder = Folder::new("expansion", &[("base.yml", base.as_bytes()), ("more.yml", more.as_bytes())]);
    let (base, more) = (folder.path("base.yml"), folder.path("more.yml"));
    let output = binnacle(&["check", "--dha", &more, "--expands", &base]);
    assert_eq!(output.status.code(), Some(1), "{}", words(&output));
    assert!(words(&output).contains("more.yml:4:") && words(&output).contains("an expansion"), "{}", words(&output));
}
