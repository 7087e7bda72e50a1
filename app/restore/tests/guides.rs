//! Guides as people get them, and what hostile names do to them.

use std::{path::Path, process::Command};

use proptest::prelude::*;
use restore::{At, Backup, Companion, Facts, Guide, Host, Life, Lost, Member, guide, lost};

const NOW: i64 = 1_769_860_800_000;

fn member(n: u8) -> Member {
    Member {
        id: Some(format!("8e9e05c52164694{n}")),
        name: Some(format!("etcd{n}")),
        peer: Some(format!("https://192.16.1.21{n}:2380")),
        client: Some(format!("https://192.16.1.21{n}:2379")),
        version: Some("3.2.18".into()),
        well: Some(true),
        host: host(n),
    }
}

fn host(n: u8) -> Host {
    Host { name: Some(format!("host{n}")), address: Some(format!("10.1.0.5{n}")) }
}

/// Three masters as Compass makes them, two workers, and an etcd that has lost a member.
fn compass() -> Facts {
    let mut members = vec![member(1), member(2), member(3)];
    members[1].well = Some(false);
    members[1].version = None;
    Facts {
        cluster: "harbour".into(),
        now: NOW,
        backup: Backup {
            id: "harbour-20260131t100000z-r4711-5f3a9c".into(),
            file: "harbour-20260131t100000z-r4711-5f3a9c.db.zst.age".into(),
            file_sha256: "cd".repeat(32),
            places: vec!["/srv/backups".into(), "s3://vault/etcd".into()],
            compressed: true,
            recipients: vec!["age1qqqexample".into()],
            companion: Some(Companion {
                file: "harbour-20260131t100000z-r4711-5f3a9c.with.tar.zst.age".into(),
                sha256: "ef".repeat(32),
                paths: vec!["/etc/etcd.env".into(), "/etc/ssl/etcd/ssl/ca.pem".into()],
            }),
            size: 1_048_576,
            sha256: "ab".repeat(32),
            cluster_id: "cdf818194e3a8c32".into(),
            version: "3.2.18".into(),
            revision: 4_711,
            keys: 1_234,
            began: NOW - 2 * 3_600_000,
            reached: 6,
            trusted: true,
            no_space: false,
            corrupt: false,
            auth: false,
            empty: false,
        },
        members,
        learners: Vec::new(),
        life: Some(Life { revision: Some(5_000), cluster_id: Some("cdf818194e3a8c32".into()), quorum: true }),
        masters: vec![host(1), host(2), host(3)],
        nodes: (1..=5).map(host).collect(),
    }
}

/// The same of today, without quorum.
fn today() -> Facts {
    let mut facts = compass();
    for member in &mut facts.members {
        (member.version, member.well) = (Some("3.6.4".into()), Some(false));
    }
    facts.backup.version = "3.6.4".into();
    facts.life = None;
    facts
}

/// Nothing but a backup.
fn dark() -> Facts {
    Facts { members: Vec::new(), masters: Vec::new(), nodes: Vec::new(), life: None, ..compass() }
}

fn commands(guide: &Guide) -> String {
    guide.steps.iter().flat_map(|step| &step.acts).map(|act| act.commands.as_str()).collect()
}

#[test]
fn a_quorum_of_kubesprays_age_is_brought_back_with_every_restart() {
    insta::assert_snapshot!(guide(&compass(), Lost::Quorum).markdown());
}

#[test]
fn a_member_is_brought_back_from_the_others() {
    let facts = compass();
    assert_eq!(lost(&facts), Lost::Member(1));
    insta::assert_snapshot!(guide(&facts, lost(&facts)).markdown());
}

#[test]
fn without_a_word_from_etcd_and_without_a_plan_hosts_are_asked_for_everything() {
    let facts = dark();
    assert_eq!(lost(&facts), Lost::Quorum);
    insta::assert_snapshot!(guide(&facts, Lost::Quorum).markdown());
}

#[test]
fn with_a_bumped_revision_nothing_need_be_restarted_and_without_one_everything_must() {
    let bumped = guide(&today(), Lost::Quorum);
    assert!(commands(&bumped).contains("etcdutl snapshot restore"));
    assert!(commands(&bumped).contains("--bump-revision 1000000000 --mark-compacted"));
    assert!(!commands(&bumped).contains("systemctl restart kubelet"));
    let old = guide(&compass(), Lost::Quorum);
    assert!(commands(&old).contains("etcdctl snapshot restore"));
    assert!(!commands(&old).contains("--bump-revision"));
    for host in 1..=5 {
        assert!(commands(&old).contains(&format!("root@10.1.0.5{host}")));
    }
    assert!(commands(&old).contains("systemctl restart kubelet") && commands(&old).contains("delete pods --all"));
}

#[test]
fn what_is_lost_is_told_in_time_and_revisions_or_as_unknown() {
    let losses = |facts: &Facts| guide(facts, Lost::Quorum).losses.join(" ");
    let known = losses(&compass());
    assert!(known.contains("2 hours and 0 minutes ago") && known.contains("289 revisions"), "{known}");
    assert!(losses(&today()).contains("is unknown"), "{}", losses(&today()));
    let mut other = compass();
    other.life.as_mut().unwrap().revision = Some(12);
    assert!(losses(&other).contains("cannot be told"), "{}", losses(&other));
    other.now = 0;
    assert!(losses(&other).contains("in the future"), "{}", losses(&other));
}

#[test]
fn nothing_runs_otherwise_and_no_data_is_touched_until_every_host_has_its_restored_data() {
    let guide = guide(&compass(), Lost::Quorum);
    let at = |title: &str| guide.steps.iter().position(|step| step.title.contains(title)).unwrap();
    assert!(at("Restore beside") < at("Stop the control plane"));
    assert!(at("Stop the control plane") < at("Stop etcd"));
    assert!(at("Stop etcd") < at("Put the restored data"));
    let before: String = guide.steps[..=at("Restore beside")]
        .iter()
        .flat_map(|step| &step.acts)
        .map(|act| act.commands.as_str())
        .collect();
    assert!(!before.contains("systemctl") && !before.contains("docker rm") && !before.contains("mv "), "{before}");
    assert!(!commands(&guide).contains("rm -rf"));
}

#[test]
fn a_backup_of_another_cluster_or_that_was_never_proved_is_warned_of() {
    let mut facts = compass();
    facts.life.as_mut().unwrap().cluster_id = Some("1".into());
    (facts.backup.trusted, facts.backup.reached) = (false, 1);
    let warnings = guide(&facts, Lost::Quorum).warnings.join(" ");
    assert!(warnings.contains("the right one") && warnings.contains("never verified"), "{warnings}");
    facts.backup.version = "3.6.4".into();
    let warnings = guide(&facts, Lost::Quorum).warnings.join(" ");
    assert!(warnings.contains("older etcd may not read"), "{warnings}");
}

/// What bash makes of a script, when every program that is no part of bash does nothing and succeeds.
fn bash(script: &str) -> (bool, String) {
    let script = format!("command_not_found_handle() {{ return 0; }}\nexec 2>/dev/null\n{script}");
    let output = Command::new("/bin/bash").args(["-c", &script]).env_clear().env("PATH", "/nowhere").output();
    let output = output.expect("bash");
    (output.status.success(), String::from_utf8(output.stdout).expect("text"))
}

/// The same in a folder instead of the host's own.
fn bash_in(folder: &Path, script: &str) -> String {
    let folder = folder.display();
    let script = ["/root/", "/etc/", "/var/"]
        .iter()
        .fold(script.to_owned(), |script, path| script.replace(path, &format!("{folder}{path}")));
    // What `cat` would do, so that what a host is told is written and read.
    bash(&format!("cat() {{ while IFS= read -r line; do printf '%s\\n' \"$line\"; done; }}\n{script}")).1
}

/// Values that want to be more than values.
const HOSTILE: [&str; 8] = [
    "$(echo broken >&1)",
    "'; echo broken; '",
    "`echo broken`",
    "a\necho broken\n",
    "END\necho broken",
    "```\necho broken",
    "-o ProxyCommand=echo",
    "</code><script>broken</script>",
];

fn hostile(text: &str) -> Facts {
    let mut facts = compass();
    facts.cluster = text.into();
    for member in &mut facts.members {
        for value in [
            &mut member.id,
            &mut member.name,
            &mut member.peer,
            &mut member.client,
            &mut member.host.name,
            &mut member.host.address,
        ] {
            *value = Some(text.into());
        }
    }
    facts.masters.clone_from(&vec![facts.members[0].host.clone()]);
    facts.nodes.clone_from(&facts.masters);
    facts.backup.file = text.into();
    facts.backup.sha256 = text.into();
    facts.backup.file_sha256 = text.into();
    facts.backup.companion = Some(Companion { file: text.into(), sha256: text.into(), paths: vec![text.into()] });
    facts.backup.recipients = vec![text.into()];
    facts.backup.places = vec![text.into()];
    facts
}

#[test]
fn hostile_names_run_nothing_and_leave_no_fence() {
    let folder = std::env::temp_dir().join(format!("binnacle-restore-{}", std::process::id()));
    for inside in ["root/binnacle-restore/manifests", "etc/kubernetes/manifests"] {
        std::fs::create_dir_all(folder.join(inside)).expect("a folder");
    }
    for text in HOSTILE {
        for lost in [Lost::Quorum, Lost::Member(1)] {
            let guide = guide(&hostile(text), lost);
            for act in guide.steps.iter().flat_map(|step| &step.acts) {
                let output = bash_in(&folder, &act.commands);
                assert!(!output.lines().any(|line| line == "broken"), "{text:?}: {}", act.commands);
            }
            let told = folder.join("root/binnacle-restore/env");
            assert!(told.metadata().expect("it was written").len() > 200, "no block got that far");
            assert_eq!(blocks(&guide.markdown()).len(), guide.steps.iter().map(|step| step.acts.len()).sum::<usize>());
        }
    }
    std::fs::remove_dir_all(&folder).expect("removed");
}

/// Fenced blocks of a Markdown text.
fn blocks(markdown: &str) -> Vec<String> {
    let parts: Vec<&str> = markdown.split("\n```").collect();
    assert_eq!(parts.len() % 2, 1, "a fence is open");
    parts.chunks_exact(2).map(|pair| pair[1].trim_start_matches("sh\n").to_owned()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn a_shell_gets_back_the_very_name_whatever_it_is(name in "[ -~äß💥\\\\'\"$`]{1,40}") {
        let mut facts = compass();
        facts.members[0].name = Some(name.clone());
        let guide = guide(&facts, Lost::Quorum);
        let act = guide.steps[1].acts.iter().find(|act| act.at == At::Host("host1".into())).unwrap();
        let line = act.commands.lines().find(|line| line.starts_with("name=")).unwrap();
        let (well, output) = bash(&format!("{line}\nprintf %s \"$name\""));
        prop_assert!(well);
        prop_assert_eq!(output, name);
    }

    #[test]
    fn whatever_is_known_and_unknown_every_block_is_bash(known in proptest::collection::vec(any::<bool>(), 8), member in 0..3_usize) {
        let mut facts = compass();
        for one in &mut facts.members {
            let values = [&mut one.id, &mut one.name, &mut one.peer, &mut one.client, &mut one.version, &mut one.host.name, &mut one.host.address];
            for (value, known) in values.into_iter().zip(&known) {
                if !known { *value = None; }
            }
        }
        if !known[7] { facts.masters.clear(); }
        for lost in [Lost::Quorum, Lost::Member(member)] {
            for act in guide(&facts, lost).steps.iter().flat_map(|step| &step.acts) {
                let output = Command::new("/bin/bash").args(["-n", "-c", &act.commands]).output().unwrap();
                prop_assert!(output.status.success(), "{}\n{}", String::from_utf8_lossy(&output.stderr), act.commands);
            }
        }
    }
}
