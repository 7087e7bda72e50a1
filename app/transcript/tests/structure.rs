//! Phases, runs, tasks and results out of a log, however it comes and whatever is in it.

use proptest::prelude::*;
use transcript::{Event, Evidence, Kind, Phase, Process, State, Transcript, Verdict, judge, shown};

/// A whole deployment in short: traces, both runs of Ansible in one log, a rescued and an ignored error.
const LOG: &str = include_str!("deployment.log");

fn read(log: &[u8]) -> Transcript {
    let mut transcript = Transcript::default();
    transcript.feed(log, 0);
    transcript.finish(0);
    transcript
}

#[test]
fn phases_begin_where_deploy_sh_says_and_not_where_its_traces_do() {
    let transcript = read(LOG.as_bytes());
    let phases: Vec<(Phase, u64)> =
        transcript.outline().phases.iter().map(|mark| (mark.phase, mark.line + 1)).collect();
    assert_eq!(
        phases,
        [
            (Phase::Python, 2),
            (Phase::Input, 3),
            (Phase::Config, 4),
            (Phase::Teardown, 6),
            (Phase::Addresses, 9),
            (Phase::Networks, 12),
            (Phase::Core, 13),
            (Phase::Machines, 19),
            (Phase::Boot, 22),
            (Phase::Cluster, 23),
            (Phase::Reset, 24),
            (Phase::Ansible, 25),
            (Phase::Summary, 59),
        ]
    );
    let mark = &transcript.outline().phases[4];
    assert!(LOG[usize::try_from(mark.offset).unwrap()..].starts_with("########## get host mac begin"));
}

#[test]
fn both_runs_are_told_apart_by_their_process() {
    let transcript = read(LOG.as_bytes());
    let runs = &transcript.outline().runs.all;
    assert_eq!(
        runs.iter().map(|run| (run.pid, run.within)).collect::<Vec<_>>(),
        [(None, None), (None, None), (Some(100), None), (Some(200), Some(2))]
    );
    assert_eq!(transcript.outline().compass(), (Some(2), Some(3)));
    let (outer, nested) = (&runs[2], &runs[3]);
    assert_eq!(outer.plays.iter().map(|play| play.name.as_str()).collect::<Vec<_>>(), ["all", "localhost"]);
    assert_eq!(
        nested.tasks.iter().map(|task| task.name.as_str()).collect::<Vec<_>>(),
        ["etcd : start", "etcd : try", "etcd : answer", "node : join", "node : optional", "restart node"]
    );
    assert!(nested.tasks[5].handler);
    assert_eq!(nested.hosts, ["host1", "host2", "host3"]);
    assert_eq!(nested.tasks[0].began, Some(1_795_450_572_500));
    assert_eq!(
        nested.recap.iter().map(|host| (host.host.as_str(), host.ok, host.failed)).collect::<Vec<_>>(),
        [("host1", 5, 0), ("host2", 3, 1), ("host3", 1, 0)]
    );
}

#[test]
fn the_matrix_tells_errors_that_were_overcome_from_those_that_were_not() {
    let transcript = read(LOG.as_bytes());
    let nested = &transcript.outline().runs.all[3];
    let row = |task: usize| (0..3).map(|host| nested.cell(task, host).map(|cell| cell.state)).collect::<Vec<_>>();
    use State::{Changed, Failed, Ignored, Ok, Rescued, Skipped, Unreachable};
    assert_eq!(row(0), [Some(Changed), Some(Ok), Some(Unreachable)]);
    assert_eq!(row(1), [Some(Rescued), Some(Skipped), None]);
    assert_eq!(row(2), [Some(Ok), None, None]);
    assert_eq!(row(3), [Some(Changed), Some(Failed), None]);
    assert_eq!(row(4), [Some(Ignored), None, None]);
    let cell = nested.cell(3, 1).unwrap();
    assert_eq!((cell.items, cell.failed_items), (2, 1));
    assert_eq!(cell.message.as_deref(), Some("no route to master: connect: refused"));
    assert_eq!(nested.tasks[0].retries, 1);
    assert_eq!(nested.cell(4, 0).unwrap().message.as_deref(), Some("first\nsecond line"));
}

#[test]
fn the_first_failure_comes_with_its_host_and_message() {
    let failure = read(LOG.as_bytes()).outline().first_failure().unwrap();
    assert_eq!(
        (failure.name.as_deref(), failure.host.as_deref(), failure.unreachable),
        (Some("etcd : start"), Some("host3"), true)
    );
    assert_eq!(failure.message, "Failed to connect to the host via ssh");
    let reachable: String =
        LOG.lines().filter(|line| !line.contains("UNREACHABLE")).flat_map(|line| [line, "\n"]).collect();
    let failure = read(reachable.as_bytes()).outline().first_failure().unwrap();
    assert_eq!((failure.name.as_deref(), failure.host.as_deref()), (Some("node : join"), Some("host2")));
    assert_eq!(failure.message, "no route to master: connect: refused");
}

/// A log of one process, a record each; a text that begins with a space goes on with the record above it.
fn records(texts: &[&str]) -> Transcript {
    let line = |text: &&str| match text.starts_with(' ') {
        true => format!("{text}\n"),
        false => format!("2026-11-23 16:16:11,413 p=7 u=root |  {text}\n"),
    };
    read(texts.iter().map(line).collect::<String>().as_bytes())
}

#[test]
fn items_that_were_ignored_are_no_failure_with_and_without_recap() {
    let loops = [
        "PLAY [all] ***",
        "TASK [swap : remove files] ***",
        "changed: [a] => (item=/one)",
        "failed: [a] (item=/two) => {\"item\": \"/two\", \"msg\": \"no such file\"}",
        "failed: [b] (item=/one) => {\"item\": \"/one\", \"msg\": \"no such file\"}",
        "...ignoring",
        "failed: [b] (item=/two) => {\"item\": \"/two\", \"msg\": \"no such file\"}",
        "...ignoring",
        "TASK [later] ***",
        "ok: [a]",
        "ok: [b]",
    ];
    let recap =
        ["PLAY RECAP ***", "a : ok=2 changed=1 unreachable=0 failed=0", "b : ok=2 changed=0 unreachable=0 failed=0"];
    for log in [loops.to_vec(), [&loops[..], &recap[..]].concat()] {
        let transcript = records(&log);
        assert_eq!(transcript.outline().first_failure(), None);
        let run = &transcript.outline().runs.all[0];
        assert_eq!([0, 1].map(|host| run.cell(0, host).map(|cell| cell.state)), [Some(State::Ignored); 2]);
    }
}

#[test]
fn a_delegated_failure_names_the_host_that_it_was_delegated_to() {
    let failed = |inside: &str| {
        let result = format!("fatal: [{inside}]: FAILED! => {{\"msg\": \"refused\"}}");
        records(&["PLAY [all] ***", "TASK [ask] ***", &result]).outline().first_failure().unwrap()
    };
    for inside in ["web1 -> etcd2", "web1 -> etcd2(192.0.2.4)"] {
        let failure = failed(inside);
        assert_eq!((failure.host.as_deref(), failure.message.as_str()), (Some("web1"), "on etcd2: refused"));
    }
    for inside in ["web1", "web1 -> None", "web1 -> web1", "web1 -> {{ groups['etcd'][0] }}"] {
        let failure = failed(inside);
        assert_eq!((failure.host.as_deref(), failure.message.as_str()), (Some("web1"), "refused"));
    }
    let lost = "fatal: [web1 -> {{ groups['etcd'][0] }}]: UNREACHABLE! => {\"msg\": \"timed out\"}";
    assert!(records(&["PLAY [all] ***", "TASK [ask] ***", lost]).outline().first_failure().unwrap().unreachable);
}

#[test]
fn a_failure_in_further_lines_is_told_by_its_reason_alone() {
    let yaml = [
        "fatal: [a]: FAILED! => changed=true",
        "  cmd: run it",
        "  msg: non-zero return code",
        "  stderr: 'error: it broke'",
    ];
    let json = ["fatal: [a -> b]: FAILED! => {", "    \"changed\": false,", "    \"msg\": \"it broke\"", " }"];
    for (lines, says) in [(yaml, "error: it broke"), (json, "on b: it broke")] {
        let log = [&["PLAY [all] ***", "TASK [do] ***"][..], &lines].concat();
        assert_eq!(records(&log).outline().first_failure().unwrap().message, says);
    }
}

/// The same, as newer ones write it: one space, whatever the text begins with.
fn newer(texts: &[&str]) -> Transcript {
    let line = |text: &&str| format!("2026-11-23 16:16:11,413 p=7 u=root n=ansible | {text}\n");
    read(texts.iter().map(line).collect::<String>().as_bytes())
}

#[test]
fn a_run_of_the_callback_unixy_is_read() {
    let transcript = newer(&[
        "Executing playbook site.yml",
        "- install on hosts: all -",
        "prepare...",
        "  a done",
        "  b ok",
        "probe...",
        "  a failed | msg: no route to host",
        "join...",
        "  a ok",
        "  Retrying... (1 of 3)",
        "  b failed | msg: it broke | stderr: x",
        "  a                          : ok=3    changed=1    unreachable=0    failed=0    rescued=0    ignored=1",
        "  b                          : ok=1    changed=0    unreachable=0    failed=1    rescued=0    ignored=0",
    ]);
    let outline = transcript.outline();
    let run = &outline.runs.all[0];
    assert_eq!(
        run.tasks.iter().map(|task| (task.name.as_str(), task.retries)).collect::<Vec<_>>(),
        [("prepare", 0), ("probe", 0), ("join", 1)]
    );
    assert_eq!((run.recapped, run.failed().collect::<Vec<_>>()), (true, vec!["b"]));
    let failure = outline.first_failure().unwrap();
    assert_eq!((failure.name.as_deref(), failure.message.as_str()), (Some("join"), "it broke"));
}

#[test]
fn results_of_a_callback_without_plays_tell_what_failed() {
    let transcript = newer(&[
        "a | CHANGED | rc=0 | (stdout) ",
        "b | SUCCESS => {\"changed\": false}",
        "a | FAILED! => {\"msg\": \"non-zero return code\", \"stderr\": \"Error: may fail\"}",
        "b | SKIPPED",
        "a | SKIPPED",
        "b | FAILED! => {\"msg\": \"non-zero return code\", \"stderr\": \"Error: not healthy\"}",
    ]);
    let outline = transcript.outline();
    assert_eq!((outline.runs.all.len(), outline.runs.all[0].tasks.len()), (1, 3));
    let failure = outline.first_failure().unwrap();
    assert_eq!((failure.host.as_deref(), failure.message.as_str()), (Some("b"), "Error: not healthy"));
    let evidence = Evidence::of_log(Kind::Deploy, Process::Exited(0), outline, Vec::new());
    let proofs = judge(&evidence).proofs;
    assert!(proofs.iter().any(|proof| proof.text == "Ansible failed on b"), "{proofs:?}");
}

/// What the callback `json` prints of a run with one task that failed on b.
fn object(play: &str, message: &str) -> String {
    format!(
        r#"{{
    "custom_stats": {{}},
    "plays": [
        {{
            "play": {{
                "id": "1",
                "name": "{play}"
            }},
            "tasks": [
                {{
                    "hosts": {{
                        "a": {{
                            "changed": true,
                            "rc": 0
                        }},
                        "b": {{
                            "cmd": [
                                "false"
                            ],
                            "failed": true,
                            "msg": "{message}"
                        }}
                    }},
                    "task": {{
                        "id": "2",
                        "name": "join"
                    }}
                }}
            ]
        }}
    ],
    "stats": {{
        "a": {{
            "changed": 1,
            "failures": 0,
            "ignored": 0,
            "ok": 1,
            "rescued": 0,
            "skipped": 0,
            "unreachable": 0
        }},
        "b": {{
            "changed": 0,
            "failures": 1,
            "ignored": 0,
            "ok": 0,
            "rescued": 0,
            "skipped": 0,
            "unreachable": 0
        }}
    }}
}}
"#
    )
}

#[test]
fn the_object_of_the_callback_json_is_read() {
    let record = |pid: u32, text: &str| format!("2026-11-23 16:16:11,413 p={pid} u=root n=ansible | {text}");
    let log = [record(8, &object("install", "it broke")), record(7, &object("outer", "kubespray failed"))].concat();
    let transcript = read(log.as_bytes());
    let outline = transcript.outline();
    assert_eq!(outline.compass(), (Some(1), Some(0)), "a run prints what it is when it has ended");
    let nested = &outline.runs.all[0];
    assert_eq!((nested.plays[0].name.as_str(), nested.tasks[0].name.as_str()), ("install", "join"));
    assert_eq!(
        [0, 1].map(|host| nested.cell(0, host).map(|cell| cell.state)),
        [Some(State::Changed), Some(State::Failed)]
    );
    assert_eq!(nested.failed().collect::<Vec<_>>(), ["b"]);
    let failure = outline.first_failure().unwrap();
    assert_eq!((failure.host.as_deref(), failure.message.as_str()), (Some("b"), "it broke"));
}

#[test]
fn a_callback_that_writes_nothing_is_not_an_ansible_that_never_ran() {
    let transcript = newer(&["No config file found; using defaults", "\tto retry, use: --limit @site.retry"]);
    let evidence = Evidence::of_log(Kind::Deploy, Process::Exited(0), transcript.outline(), Vec::new());
    let judgement = judge(&evidence);
    assert_eq!(judgement.verdict, Verdict::Unknown, "{judgement:?}");
    assert!(judgement.headline.contains("callback"), "{judgement:?}");
}

#[test]
fn rescued_errors_that_an_old_recap_counts_as_failed_are_overcome() {
    let log = |after: &[&str], recap: &str| {
        let begun = [
            "PLAY [all] ***",
            "TASK [try] ***",
            "fatal: [a]: FAILED! => {\"msg\": \"it broke\"}",
            "ok: [b]",
            "TASK [answer] ***",
            "ok: [a]",
        ];
        let recaps = ["PLAY RECAP ***", recap, "b : ok=2 changed=0 unreachable=0 failed=0"];
        records(&[&begun[..], after, &recaps[..]].concat())
    };
    let on = ["TASK [last] ***", "ok: [a]", "ok: [b]"];
    let out = ["TASK [last] ***", "ok: [b]"];
    let rescued = log(&on, "a : ok=2 changed=0 unreachable=0 failed=1");
    assert_eq!(rescued.outline().first_failure(), None);
    assert_eq!(rescued.outline().runs.all[0].failed().count(), 0);
    let failed = log(&out, "a : ok=1 changed=0 unreachable=0 failed=1");
    assert_eq!(failed.outline().first_failure().unwrap().message, "it broke");
    let newer = log(&on, "a : ok=2 changed=0 unreachable=0 failed=1 skipped=0 rescued=0 ignored=0");
    assert_eq!(newer.outline().runs.all[0].failed().count(), 1, "a recap that tells both is believed");
}

#[test]
fn lines_after_a_recap_begin_no_run() {
    let transcript = records(&[
        "PLAY [all] ***",
        "TASK [do] ***",
        "ok: [a]",
        "PLAY RECAP ***",
        "a : ok=1 changed=0 unreachable=0 failed=0",
        "[ERROR]: a plugin could not be ended",
        "TASK [timer] ***",
        "ok: [a]",
    ]);
    let runs = &transcript.outline().runs.all;
    assert_eq!(runs.len(), 1);
    assert_eq!(transcript.outline().first_failure(), None);
}

#[test]
fn newer_prefixes_and_playbooks_that_cannot_be_read_are_read() {
    let log = "2026-11-23 16:16:11,413 p=1 u=root n=ansible INFO| PLAY [all] *****\n\
               2026-11-23 16:16:11,413 p=1 u=root n=ansible INFO| TASK [kargo : run] *****\n\
               2026-11-23 16:16:12,000 p=2 u=root n=ansible ERROR| ERROR! no action detected in task\n\
               2026-11-23 16:16:13,000 p=1 u=root n=ansible INFO| changed: [host1]\n\
               2026-11-23 16:16:13,000 p=1 u=root n=ansible INFO| PLAY RECAP ****\n\
               2026-11-23 16:16:13,000 p=1 u=root n=ansible INFO| host1 : ok=1 changed=1 unreachable=0 failed=0 skipped=0 rescued=0 ignored=0\n\
               compass deploy success\n";
    let transcript = read(log.as_bytes());
    let outline = transcript.outline();
    assert_eq!(outline.runs.all[1].within, Some(0));
    assert_eq!(outline.first_failure().unwrap().message, "no action detected in task");
    let evidence = Evidence::of_log(Kind::Deploy, Process::Exited(0), outline, Vec::new());
    assert!(evidence.success_last && evidence.outer.unwrap().recapped && !evidence.nested.unwrap().recapped);
}

#[test]
fn troubles_outside_of_ansible_are_told_with_their_phase() {
    let log = "+ source /opt/c/work/deploy/script/deploy_config.sh\nTraceback (most recent call last):\n  File \"x\"\nKeyError: 'gw'\n\
               ########## set up network begin #############\nlaunch_compass failed\n+ log_error 'create_nets failed'\n\
               + python /opt/c/deploy/client.py --deploy_flag=deploy\nTraceback (most recent call last):\n  File \"y\"\nRuntimeError: OS installation timeout\n";
    let transcript = read(log.as_bytes());
    let troubles: Vec<_> =
        transcript.outline().troubles.iter().map(|one| (one.text.as_str(), one.phase, one.ends)).collect();
    assert_eq!(
        troubles,
        [
            ("KeyError: 'gw'", Some(Phase::Config), false),
            ("launch_compass failed", Some(Phase::Networks), true),
            ("RuntimeError: OS installation timeout", Some(Phase::Cluster), true),
        ]
    );
}

#[test]
fn a_line_is_shown_as_a_terminal_leaves_it() {
    assert_eq!(shown(b"\x1b[31mred\x1b[0m\r").text, "red");
    assert_eq!(shown(b" 10%\r 50%\r100%\r").text, "100%");
    assert_eq!(shown(b"a\xFFb").text, "a\u{FFFD}b");
    let long = shown(&[b'x'; 8 << 20]);
    assert_eq!((long.text.len(), long.left_out), (64 << 10, (8 << 20) - (64 << 10)));
}

#[test]
fn any_line_of_a_million_is_found_by_its_place() {
    let mut transcript = Transcript::default();
    let mut whole = Vec::new();
    for number in 0..1_000_000 {
        whole.extend_from_slice(format!("line {number}\n").as_bytes());
    }
    whole.chunks(65_536).for_each(|chunk| {
        transcript.feed(chunk, 0);
    });
    let outline = transcript.outline();
    assert_eq!(outline.lines, 1_000_000);
    let place = usize::try_from(outline.places[500]).unwrap();
    assert!(whole[place..].starts_with(b"line 512000\n"));
    assert!(serde_json::to_vec(&transcript).unwrap().len() < 20_000, "what is kept does not grow with the log");
}

/// Pieces of logs, whole and broken.
fn piece() -> impl Strategy<Value = Vec<u8>> {
    let lines: Vec<Vec<u8>> = LOG.split_inclusive('\n').map(|line| line.as_bytes().to_vec()).collect();
    let bits = [
        "\n",
        "\r",
        "\x1b[31m",
        "2026-11-23 16:16:11,413 p=9 u=root |  ",
        "TASK [",
        "]",
        "fatal: [h]: FAILED! => {",
        "(item=x) => ",
        "...ignoring",
        "PLAY RECAP *\n",
        "h : ok=1",
        " failed=1",
        "\u{FFFD}é",
        "+ ",
        "Traceback (most recent call last):\n",
    ];
    prop_oneof![
        6 => proptest::sample::select(lines),
        3 => proptest::sample::select(bits.to_vec()).prop_map(|text| text.as_bytes().to_vec()),
        1 => proptest::collection::vec(any::<u8>(), 0..40),
    ]
}

proptest! {
    #[test]
    fn however_it_is_cut_and_stored_the_same_is_read(
        pieces in proptest::collection::vec(piece(), 0..60), cuts in proptest::collection::vec(1_usize..300, 1..9),
    ) {
        let log = pieces.concat();
        let whole = read(&log);
        let mut transcript = Transcript::default();
        let mut rest = &log[..];
        for size in cuts.iter().cycle() {
            if rest.is_empty() { break; }
            let (chunk, after) = rest.split_at((*size).min(rest.len()));
            for event in transcript.feed(chunk, 0) {
                if let Event::Phase(at) = event { prop_assert!(at < transcript.outline().phases.len()); }
            }
            transcript = serde_json::from_slice(&serde_json::to_vec(&transcript).unwrap()).unwrap();
            rest = after;
        }
        transcript.finish(0);
        prop_assert_eq!(transcript.taken(), log.len() as u64);
        prop_assert_eq!(transcript, whole);
    }
}
