//! Each scenario of the rehearsal, followed as it streams: what is read out of it, what it comes to, and that
//! no secret is in what would be kept.

use std::{thread::sleep, time::Duration};

use rehearsal::Rehearsal;
use transcript::{
    Cluster, Deck, Etcd, Evidence, Judgement, Kind, Outline, Phase, Process, Redactor, State, Transcript, Verdict,
    judge,
};

/// The passwords of the rehearsal's plan; "z0nk" is short, and "admin" is Compass's own.
const SECRETS: [&str; 3] = ["pr0be-Secret", "z0nk", "admin@huawei.com"];

struct Followed {
    rehearsal: Rehearsal,
    redactor: Redactor,
    transcript: Transcript,
    kept: Vec<u8>,
}

impl Followed {
    fn start(scenario: &str, more: &[(&str, &str)]) -> Self {
        let rehearsal = Rehearsal::start(scenario, more);
        Self { rehearsal, redactor: Redactor::new(SECRETS), transcript: Transcript::default(), kept: Vec::new() }
    }

    /// Takes what deploy.sh writes until it ends, or until enough is seen.
    fn until(&mut self, enough: impl Fn(&Outline) -> bool) {
        loop {
            let chunk = self.rehearsal.read();
            self.take(&chunk);
            if chunk.is_empty() || enough(self.transcript.outline()) {
                return;
            }
        }
    }

    fn take(&mut self, chunk: &[u8]) {
        let before = self.kept.len();
        self.redactor.push(chunk, &mut self.kept);
        if chunk.is_empty() {
            self.redactor.finish(&mut self.kept);
        }
        self.transcript.feed(&self.kept[before..], 0);
        if chunk.is_empty() {
            self.transcript.finish(0);
        }
    }

    fn outline(&self) -> &Outline {
        self.transcript.outline()
    }

    fn judge(&self, kind: Kind, process: Process, cancelled: bool) -> Judgement {
        let expected = (1..=5).map(|n| format!("host{n}")).collect();
        let nodes = self.rehearsal.nodes();
        let deck = self.rehearsal.deck();
        let state = deck.as_ref().and_then(|deck| deck["state"].as_str());
        judge(&Evidence {
            cancelled,
            ansible_alive: Some(self.rehearsal.ansible_alive()),
            deck: match state {
                None => Deck::Silent,
                Some("INSTALLING") => Deck::Installing,
                Some("SUCCESSFUL") => Deck::Successful,
                Some("ERROR") => Deck::Error,
                Some(_) => Deck::Waiting,
            },
            etcd: Etcd::Members { healthy: nodes.iter().filter(|node| node.as_str() <= "host3").count(), of: 3 },
            cluster: Cluster::Nodes(nodes.into_iter().map(|node| (node, true)).collect()),
            ..Evidence::of_log(kind, process, self.outline(), expected)
        })
    }
}

/// Follows a scenario to its end.
fn follow(scenario: &str, status: i32, verdict: Verdict, headline: &str) -> Followed {
    let mut followed = Followed::start(scenario, &[]);
    followed.until(|_| false);
    assert_eq!(followed.rehearsal.exit(), Some(status), "{}", String::from_utf8_lossy(&followed.kept));
    // The deck knows the end before Ansible's process is gone.
    let quiet = (0..100).any(|_| {
        !followed.rehearsal.ansible_alive() || {
            sleep(Duration::from_millis(100));
            false
        }
    });
    assert!(quiet, "Ansible goes on");
    let judgement = followed.judge(Kind::Deploy, Process::Exited(status), false);
    assert_eq!((judgement.verdict, judgement.headline.as_str()), (verdict, headline), "{judgement:#?}");
    no_secret(&followed);
    followed
}

fn no_secret(followed: &Followed) {
    let kept = String::from_utf8_lossy(&followed.kept);
    let forms = [
        "pr0be-Secret",
        "cHIwYmUtU2VjcmV0",
        "z0nk",
        "root=root",
        "service=service",
        "console=console",
        "password=admin",
    ];
    let token = followed.rehearsal.token();
    for secret in forms.iter().copied().chain((!token.is_empty()).then_some(token.as_str())) {
        assert!(!kept.contains(secret), "{secret} was kept: {kept}");
    }
}

#[test]
fn success_is_followed_phase_by_phase_and_task_by_task() {
    let followed = follow("success", 0, Verdict::Succeeded, "succeeded");
    let outline = followed.outline();
    let phases: Vec<Phase> = outline.phases.iter().map(|mark| mark.phase).collect();
    use Phase::{Addresses, Ansible, Boot, Config, Core, Input, Machines, Networks, Python, Reset, Summary, Teardown};
    assert_eq!(
        phases,
        [
            Python,
            Input,
            Config,
            Teardown,
            Addresses,
            Networks,
            Core,
            Machines,
            Boot,
            Phase::Cluster,
            Reset,
            Ansible,
            Summary,
        ]
    );
    let (outer, nested) = outline.compass();
    let (outer, nested) = (&outline.runs.all[outer.unwrap()], &outline.runs.all[nested.unwrap()]);
    assert_eq!(outer.plays.len(), 3);
    assert_eq!(nested.hosts.len(), 5);
    let task = |name: &str| nested.tasks.iter().position(|task| task.name.contains(name)).unwrap();
    let at = |name: &str, host: &str| {
        nested.cell(task(name), nested.hosts.iter().position(|known| known == host).unwrap()).unwrap()
    };
    assert_eq!(at("install docker", "host3").state, State::Changed);
    assert_eq!(at("look for members", "host1").state, State::Rescued);
    assert_eq!(at("look for members", "host2").state, State::Skipped);
    assert_eq!(at("remove swap", "host2").state, State::Ignored);
    assert_eq!(at("load modules", "host5").items, 2);
    assert_eq!(outline.first_failure(), None);
}

#[test]
fn a_failing_task_is_found_with_its_host_and_message() {
    let followed = follow("failing-task", 1, Verdict::Failed, "Failed: kubernetes/node : join on host4");
    let failure = followed.outline().first_failure().unwrap();
    assert_eq!((failure.name.as_deref(), failure.host.as_deref()), (Some("kubernetes/node : join"), Some("host4")));
    assert!(failure.message.contains("connection to 10.1.0.50:6443 refused"), "{failure:?}");
}

#[test]
fn an_unreachable_host_is_told_from_a_failing_one() {
    let followed = follow("unreachable", 1, Verdict::Failed, "Failed: pre-k8s : set hosts file on host3");
    let failure = followed.outline().first_failure().unwrap();
    assert_eq!((failure.host.as_deref(), failure.unreachable), (Some("host3"), true));
}

#[test]
fn compass_says_success_but_kubespray_never_ran() {
    let headline = "Compass says success, but kubespray never ran";
    let followed = follow("no-kubespray", 0, Verdict::Failed, headline);
    assert!(followed.outline().first_failure().is_some());
}

#[test]
fn compass_says_success_but_a_host_is_missing() {
    follow("missing-host", 0, Verdict::Failed, "Compass says success, but host5 is missing");
}

#[test]
fn a_wrong_last_line_convinces_nobody() {
    let followed = follow("wrong-last-line", 0, Verdict::Failed, "Compass says success, but Ansible never ran");
    assert_eq!(followed.outline().troubles[0].text, "launch_compass failed");
}

#[test]
fn a_late_line_makes_no_failure() {
    let headline = "succeeded: Compass says failure only because another line came after its success line";
    follow("late-line", 1, Verdict::Succeeded, headline);
}

#[test]
fn secrets_in_traces_tasks_base64_and_urls_are_not_kept() {
    let followed = follow("secrets", 0, Verdict::Succeeded, "succeeded");
    assert!(String::from_utf8_lossy(&followed.kept).contains("ipmiPass=•••"));
}

#[test]
fn a_million_lines_are_read_on_the_way() {
    let followed = follow("million-lines", 0, Verdict::Succeeded, "succeeded");
    assert!(followed.outline().lines > 1_000_000);
}

#[test]
fn a_line_of_8_megabytes_and_broken_text_are_kept_whole() {
    let followed = follow("long-line", 0, Verdict::Succeeded, "succeeded");
    assert!(followed.kept.windows(8 << 20).any(|part| part.iter().all(|byte| *byte == b'x')));
    assert!(followed.kept.windows(9).any(|part| part == b"\xFF\xFE broken"));
}

#[test]
fn a_hang_is_cancelled_in_two_steps() {
    let mut followed = Followed::start("hang", &[]);
    followed.until(|outline| {
        outline.runs.all.iter().flat_map(|run| &run.tasks).any(|task| task.name.contains("wait for the master"))
    });
    assert_eq!(followed.judge(Kind::Deploy, Process::Running, false).verdict, Verdict::Running);
    followed.rehearsal.cancel();
    assert_eq!(followed.rehearsal.exit(), None);
    assert_eq!(followed.judge(Kind::Deploy, Process::Killed(15), true).verdict, Verdict::FailedButRunning);
    assert_eq!(followed.judge(Kind::Deploy, Process::Gone, false).verdict, Verdict::Lost);
    followed.rehearsal.end_ansible();
    assert!(!followed.rehearsal.ansible_alive());
    assert_eq!(followed.judge(Kind::Deploy, Process::Killed(15), true).verdict, Verdict::Cancelled);
    no_secret(&followed);
}

#[test]
fn the_silent_hour_is_told_by_the_deck_alone() {
    let mut followed = Followed::start("success", &[("REHEARSAL_PACE", "8")]);
    followed.until(|outline| outline.phases.iter().any(|mark| mark.phase == Phase::Cluster));
    let asked = (0..50).find_map(|_| {
        sleep(Duration::from_millis(100));
        followed.rehearsal.deck().filter(|deck| deck["state"] == "INSTALLING")
    });
    assert_eq!(asked.unwrap()["status"]["installing_hosts"], 5);
    assert!(followed.outline().compass().0.is_none());
}

#[test]
fn a_deck_that_hangs_leaves_the_verdict_open() {
    let mut followed = Followed::start("deck-hangs", &[]);
    followed.until(|outline| outline.phases.iter().any(|mark| mark.phase == Phase::Reset));
    assert_eq!(followed.rehearsal.deck(), None);
}

#[test]
fn an_expansion_succeeds_in_spite_of_its_traceback() {
    let mut followed = Followed::start("success", &[("EXPANSION", "true")]);
    followed.until(|_| false);
    assert_eq!(followed.rehearsal.exit(), Some(1));
    assert!(followed.outline().troubles.iter().any(|trouble| trouble.text.starts_with("TypeError: ")));
    let judgement = followed.judge(Kind::Expand, Process::Exited(1), false);
    assert_eq!(judgement.verdict, Verdict::FailedButRunning, "{judgement:#?}");
    let mut waits = 0;
    while followed.rehearsal.deck().is_none_or(|deck| deck["state"] == "INSTALLING")
        || followed.rehearsal.ansible_alive()
    {
        waits += 1;
        assert!(waits < 600, "the expansion never ends");
        sleep(Duration::from_millis(200));
    }
    // deploy.sh no longer prints what Ansible does: its own log is read on.
    let rest = followed.rehearsal.ansible_log();
    followed.take(&rest);
    followed.take(&[]);
    let judgement = followed.judge(Kind::Expand, Process::Exited(1), false);
    assert_eq!(judgement.verdict, Verdict::Succeeded, "{judgement:#?}");
    no_secret(&followed);
}
