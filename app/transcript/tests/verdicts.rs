//! What a deployment comes to, whatever Compass says of it.

use transcript::{Cluster, Deck, Etcd, Evidence, Kind, Process, Says, Sum, Verdict, Witness, judge};

fn hosts(range: std::ops::RangeInclusive<u32>) -> Vec<String> {
    range.map(|n| format!("host{n}")).collect()
}

fn well() -> Option<Sum> {
    Some(Sum { plays: 3, recapped: true, hosts: 5, ..Sum::default() })
}

/// Everything went well, and Compass says so.
fn success() -> Evidence {
    Evidence {
        kind: Kind::Deploy,
        process: Process::Exited(0),
        cancelled: false,
        ansible_alive: Some(false),
        ansible_ended: false,
        ansible_unread: false,
        success_written: true,
        success_last: true,
        deck: Deck::Successful,
        outer: well(),
        nested: well(),
        first_failure: None,
        expected: hosts(1..=5),
        cluster: Cluster::Nodes(hosts(1..=5).into_iter().map(|host| (host, true)).collect()),
        etcd: Etcd::Members { healthy: 3, of: 3 },
    }
}

fn check(evidence: &Evidence, verdict: Verdict, headline: &str) {
    let judgement = judge(evidence);
    assert_eq!((judgement.verdict, judgement.headline.as_str()), (verdict, headline), "{judgement:#?}");
    assert_eq!(judgement.proofs.len(), 7, "every witness stands beside the verdict");
}

#[test]
fn success_is_what_every_witness_says() {
    check(&success(), Verdict::Succeeded, "succeeded");
    assert!(judge(&success()).proofs.iter().all(|proof| proof.says == Says::Yes));
}

#[test]
fn compass_says_success_but_kubespray_never_ran() {
    let evidence = Evidence { nested: None, cluster: Cluster::Silent, etcd: Etcd::Unasked, ..success() };
    check(&evidence, Verdict::Failed, "Compass says success, but kubespray never ran");
    let refused = Evidence { nested: Some(Sum::default()), ..success() };
    check(&refused, Verdict::Failed, "Compass says success, but kubespray never ran");
    let broken = Evidence { nested: Some(Sum { plays: 1, ..Sum::default() }), ..success() };
    check(&broken, Verdict::Failed, "Compass says success, but kubespray never came to its end");
}

#[test]
fn compass_overlooks_more_than_one_failure() {
    let nested =
        Some(Sum { plays: 3, recapped: true, hosts: 5, failed: hosts(2..=3), unreachable: vec![], bare: false });
    check(
        &Evidence { nested, ..success() },
        Verdict::Failed,
        "Compass says success, but kubespray failed on host2 and host3",
    );
}

#[test]
fn a_missing_or_unready_host_is_found_by_asking_the_cluster() {
    let cluster = Cluster::Nodes(hosts(1..=4).into_iter().map(|host| (host, true)).collect());
    check(&Evidence { cluster, ..success() }, Verdict::Failed, "Compass says success, but host5 is missing");
    let cluster = Cluster::Nodes(hosts(1..=5).into_iter().map(|host| (host.clone(), host != "host4")).collect());
    check(&Evidence { cluster, ..success() }, Verdict::Failed, "Compass says success, but host4 is not ready");
    let etcd = Etcd::Members { healthy: 1, of: 3 };
    let headline = "Compass says success, but etcd has no quorum: 1 of 3 members are healthy";
    check(&Evidence { etcd, ..success() }, Verdict::Failed, headline);
    check(
        &Evidence { etcd: Etcd::Members { healthy: 1, of: 2 }, ..success() },
        Verdict::Failed,
        "Compass says success, but etcd has no quorum: 1 of 2 members are healthy",
    );
}

#[test]
fn who_was_not_asked_proves_nothing() {
    let evidence = Evidence { cluster: Cluster::Unasked, ..success() };
    check(&evidence, Verdict::Unknown, "Compass says success, and the cluster was not asked");
    let evidence = Evidence { deck: Deck::Silent, ..success() };
    check(&evidence, Verdict::Unknown, "Compass says success, and compass-deck does not answer");
}

#[test]
fn a_late_line_in_the_background_makes_no_failure() {
    let evidence = Evidence { process: Process::Exited(1), success_last: false, ..success() };
    let headline = "succeeded: Compass says failure only because another line came after its success line";
    check(&evidence, Verdict::Succeeded, headline);
    let unasked = Evidence { cluster: Cluster::Unasked, ..evidence };
    check(&unasked, Verdict::Unknown, "nothing says that it failed, and the cluster was not asked");
}

#[test]
fn exit_status_zero_by_the_last_line_alone_is_no_success() {
    let evidence = Evidence {
        outer: None,
        nested: None,
        deck: Deck::Silent,
        cluster: Cluster::Silent,
        etcd: Etcd::Unasked,
        ..success()
    };
    check(&evidence, Verdict::Failed, "Compass says success, but Ansible never ran");
}

#[test]
fn expansion_and_redeploy_are_judged_in_spite_of_their_traceback() {
    for kind in [Kind::Expand, Kind::Redeploy] {
        let evidence =
            Evidence { kind, process: Process::Exited(1), success_written: false, success_last: false, ..success() };
        check(&evidence, Verdict::Succeeded, "succeeded; the exit status of this kind of deployment tells nothing");
        let exit = &judge(&evidence).proofs[0];
        assert_eq!((exit.witness, exit.says), (Witness::Exit, Says::Nothing));
        let failed = Evidence {
            nested: Some(Sum {
                plays: 3,
                recapped: true,
                hosts: 1,
                failed: hosts(6..=6),
                unreachable: vec![],
                bare: false,
            }),
            deck: Deck::Error,
            ..evidence
        };
        check(&failed, Verdict::Failed, "kubespray failed on host6");
    }
}

#[test]
fn an_early_end_is_a_failure() {
    let evidence = Evidence {
        process: Process::Exited(1),
        success_written: false,
        success_last: false,
        deck: Deck::Silent,
        outer: None,
        nested: None,
        cluster: Cluster::Unasked,
        etcd: Etcd::Unasked,
        ..success()
    };
    check(&evidence, Verdict::Failed, "Failed: Ansible never ran");
    let outer =
        Some(Sum { plays: 3, recapped: true, hosts: 5, failed: vec![], unreachable: hosts(2..=2), bare: false });
    let unreached = Evidence { outer, ..evidence };
    check(&unreached, Verdict::Failed, "Failed: Ansible did not reach host2");
    let first_failure = Some("kubernetes/node : join on host4".into());
    check(&Evidence { first_failure, ..unreached }, Verdict::Failed, "Failed: kubernetes/node : join on host4");
}

#[test]
fn what_goes_on_without_deploy_sh_is_said() {
    let still = Evidence {
        process: Process::Exited(1),
        success_written: false,
        success_last: false,
        deck: Deck::Installing,
        ansible_alive: Some(true),
        outer: Some(Sum::default()),
        ..success()
    };
    check(&still, Verdict::FailedButRunning, "deploy.sh has ended, but Ansible still runs there");
    check(
        &Evidence { process: Process::Gone, ..still.clone() },
        Verdict::Lost,
        "deploy.sh is gone, and Ansible still runs there",
    );
    check(
        &Evidence { process: Process::Gone, ansible_alive: None, ..still.clone() },
        Verdict::Unknown,
        "deploy.sh is gone, and nobody could look whether Ansible runs",
    );
    check(
        &Evidence { cancelled: true, ..still.clone() },
        Verdict::FailedButRunning,
        "cancelled, but Ansible still runs there",
    );
    check(&Evidence { cancelled: true, ansible_alive: Some(false), ..still.clone() }, Verdict::Cancelled, "cancelled");
    check(&Evidence { process: Process::Running, ..still }, Verdict::Running, "it runs");
}

#[test]
fn a_process_that_left_no_status_is_judged_by_the_others() {
    let gone = Evidence { process: Process::Gone, ..success() };
    check(&gone, Verdict::Unknown, "how deploy.sh ended is not known; all that it was to build is there");
    let error = Evidence { deck: Deck::Error, ..gone.clone() };
    check(&error, Verdict::Failed, "compass-deck says error");
    let died = Evidence { deck: Deck::Installing, outer: Some(Sum { plays: 1, ..Sum::default() }), ..gone };
    check(&died, Verdict::Failed, "Ansible never came to its end");
}

#[test]
fn a_process_that_a_signal_ended_never_succeeded() {
    for kind in [Kind::Deploy, Kind::Expand, Kind::Redeploy] {
        for signal in [1, 2, 9, 15] {
            let killed = Evidence { kind, process: Process::Killed(signal), ..success() };
            let headline = format!("deploy.sh was ended by signal {signal}; all that it was to build is there");
            check(&killed, Verdict::Unknown, &headline);
            let unasked = Evidence { cluster: Cluster::Unasked, ..killed };
            check(&unasked, Verdict::Failed, &format!("deploy.sh was ended by signal {signal}"));
        }
    }
}

#[test]
fn a_cancel_before_ansible_begins_is_not_over_while_hosts_install() {
    let installing = Evidence { cancelled: true, deck: Deck::Installing, outer: None, nested: None, ..success() };
    let why = "cancelled, but compass-deck still installs: Ansible is ended as soon as it begins";
    check(&installing, Verdict::FailedButRunning, why);
    check(&Evidence { ansible_ended: true, ..installing.clone() }, Verdict::Cancelled, "cancelled");
    check(&Evidence { deck: Deck::Waiting, ..installing }, Verdict::Cancelled, "cancelled");
}
