//! Ways in which such an answer has been wrong elsewhere, each met by somebody. The seventeenth, webhooks that fail
//! closed, has no answer here: docs/what-if.md names it among the limits.

mod fixture;

use fixture::{ask, inventory, is, part, with_masters};
use whatif::{Answer, Verdict, answer::Outcome};

fn one_of_one() -> Verdict {
    Verdict::Depends { from: 0, to: 1, of: 1 }
}

fn events(answer: &Answer) -> Vec<(Option<u32>, &str)> {
    answer.course.iter().map(|event| (event.after, &*event.what)).collect()
}

#[test]
fn pitfall_01_a_removed_host_is_no_domain_and_a_lost_one_is() {
    let facts = with_masters(
        "host a1 zone=a pool:x
         host b1 zone=b pool:x
         pod web-1 on a1 of ReplicaSet/web app=web spread=zone/1 on-label=pool:x
         pod web-2 on b1 of ReplicaSet/web app=web spread=zone/1 on-label=pool:x",
    );
    // The lost host stays a domain with no pod, so the other one may not take a second.
    let lost = ask(&facts, "lose=b1");
    is(&lost, "ReplicaSet default/web", &Verdict::Impossible);
    let removed = ask(&facts, "remove=b1");
    is(&removed, "ReplicaSet default/web", &Verdict::Certain);
}

#[test]
fn pitfall_02_a_budget_is_counted_after_the_step_and_not_before() {
    let facts = with_masters(
        "host a1
         host a2
         host a3
         pod web-1 on a1 of ReplicaSet/web app=web
         pod web-2 on a2 of ReplicaSet/web app=web
         budget web allowed=1 healthy=2 desired=1",
    );
    is(&ask(&facts, "drain=a1"), "default/web", &Verdict::Certain);
    // The loss of the first uses up the one disruption that the drain of the second would need.
    let both = ask(&facts, "lose=a1&drain=a2");
    is(&both, "default/web", &Verdict::Impossible);
    assert_eq!(part(&both, "default/web").short, "blocks the drain");
}

#[test]
fn pitfall_03_a_pod_that_is_being_deleted_still_keeps_others_away() {
    let cluster = |leaving: &str| {
        with_masters(&format!(
            "host a1
             host a2
             pod web-1 on a1 of ReplicaSet/web app=web apart=host
             pod web-0 on a2 of ReplicaSet/web app=web apart=host {leaving}"
        ))
    };
    is(&ask(&cluster("leaving"), "lose=a1"), "ReplicaSet default/web", &Verdict::Impossible);
}

#[test]
fn pitfall_04_a_spread_over_a_zone_without_hosts_keeps_pods_pending() {
    let facts = with_masters(
        "host a1 zone=a pool:x
         host a2 zone=a pool:x
         host b1 zone=b pool:x
         pod web-1 on a1 of ReplicaSet/web app=web spread=zone/1 on-label=pool:x
         pod web-2 on b1 of ReplicaSet/web app=web spread=zone/1 on-label=pool:x",
    );
    let answer = ask(&facts, "lose=b1");
    is(&answer, "ReplicaSet default/web", &Verdict::Impossible);
    let why = &part(&answer, "ReplicaSet default/web").refusals;
    assert!(why.iter().any(|one| one.why.contains("more than its share")), "{why:?}");
    // A policy that honours taints does not count the lost host.
    let honor = with_masters(
        "host a1 zone=a pool:x
         host a2 zone=a pool:x
         host b1 zone=b pool:x
         pod web-1 on a1 of ReplicaSet/web app=web spread=zone/1 honor on-label=pool:x
         pod web-2 on b1 of ReplicaSet/web app=web spread=zone/1 honor on-label=pool:x",
    );
    is(&ask(&honor, "lose=b1"), "ReplicaSet default/web", &Verdict::Certain);
}

#[test]
fn pitfall_05_the_requests_of_a_pod_decide_where_it_has_room() {
    // That an init container may ask for more than the others is decided where the facts are read.
    let facts = with_masters(
        "host a1 cpu=4
         host a2 cpu=4
         pod other on a2 of ReplicaSet/other cpu=1500
         pod web-1 on a1 of ReplicaSet/web cpu=3000",
    );
    let answer = ask(&facts, "lose=a1");
    is(&answer, "ReplicaSet default/web", &Verdict::Impossible);
    let refusals = &part(&answer, "ReplicaSet default/web").refusals;
    let room = refusals.iter().find(|refused| refused.hosts == ["a2"]).expect("a reason of a2");
    assert_eq!(room.why, "lacks 500m of cpu");
}

#[test]
fn pitfall_06_a_pod_with_a_local_volume_stays_down() {
    let facts = with_masters(
        "host a1
         host a2
         claim data backing=local on=a1
         pod db-1 on a1 of ReplicaSet/db claim=data
         service db over db-1",
    );
    let answer = ask(&facts, "lose=a1");
    is(&answer, "ReplicaSet default/db", &Verdict::Impossible);
    assert_eq!(part(&answer, "ReplicaSet default/db").why, "no host that is left is feasible");
    is(&answer, "default/db", &Verdict::Impossible);
    assert_eq!(answer.outcome, Outcome::Damaged);
}

#[test]
fn pitfall_07_a_single_writer_volume_waits_for_the_node_object() {
    let facts = with_masters(
        "host a1
         host a2
         claim data mode=once
         pod db-1 on a1 of ReplicaSet/db claim=data
         claim shared mode=many
         pod web-1 on a1 of ReplicaSet/web claim=shared
         pod set-0 on a1 of StatefulSet/set",
    );
    let lost = ask(&facts, "lose=a1");
    is(&lost, "ReplicaSet default/db", &Verdict::Impossible);
    assert!(part(&lost, "ReplicaSet default/db").why.contains("stays attached to a1"));
    is(&lost, "ReplicaSet default/web", &Verdict::Certain);
    is(&lost, "default/set-0", &Verdict::Impossible);
    let removed = ask(&facts, "remove=a1");
    is(&removed, "ReplicaSet default/db", &Verdict::Certain);
    assert_eq!(part(&removed, "ReplicaSet default/db").after, Some(360));
    is(&removed, "default/set-0", &Verdict::Certain);
}

#[test]
fn pitfall_08_short_room_is_told_as_an_interval() {
    let facts = with_masters(
        "host a1 cpu=4
         host a2 cpu=4
         pod full on a2 of ReplicaSet/full cpu=3000
         pod red-1 on a1 of ReplicaSet/red cpu=800
         pod blue-1 on a1 of ReplicaSet/blue cpu=800",
    );
    let answer = ask(&facts, "lose=a1");
    is(&answer, "ReplicaSet default/red", &one_of_one());
    is(&answer, "ReplicaSet default/blue", &one_of_one());
    assert_eq!(answer.outcome, Outcome::AtRisk);
    // One alone has room for sure.
    let alone = with_masters(
        "host a1 cpu=4
         host a2 cpu=4
         pod full on a2 of ReplicaSet/full cpu=3000
         pod red-1 on a1 of ReplicaSet/red cpu=800",
    );
    is(&ask(&alone, "lose=a1"), "ReplicaSet default/red", &Verdict::Certain);
}

#[test]
fn pitfall_09_a_pod_of_higher_priority_may_evict_others() {
    let facts = with_masters(
        "host a1 cpu=4
         host a2 cpu=4
         pod full on a2 of ReplicaSet/full cpu=3500
         pod high-1 on a1 of ReplicaSet/high cpu=2000 priority=1000
         pod low-1 on a1 of ReplicaSet/low cpu=100",
    );
    let answer = ask(&facts, "lose=a1");
    is(&answer, "ReplicaSet default/high", &one_of_one());
    assert!(part(&answer, "ReplicaSet default/high").why.contains("evicts pods of lower priority"));
    // It may be evicted again, so it is not certain either.
    is(&answer, "ReplicaSet default/low", &one_of_one());
}

#[test]
fn pitfall_10_a_static_pod_dies_with_its_host_and_never_moves() {
    let facts = with_masters(
        "host a1
         host a2
         pod proxy-a1 on a1 static app=proxy
         service proxy over proxy-a1",
    );
    let answer = ask(&facts, "lose=a1");
    assert!(answer.parts.iter().all(|part| !part.name.contains("proxy-a1")));
    is(&answer, "default/proxy", &Verdict::Impossible);
    assert!(answer.returns.is_empty());
}

#[test]
fn pitfall_11_a_bare_pod_never_returns() {
    let facts = with_masters("host a1\nhost a2\npod tool on a1");
    let answer = ask(&facts, "lose=a1");
    is(&answer, "default/tool", &Verdict::Impossible);
    assert_eq!(part(&answer, "default/tool").short, "never returns");
    assert!(answer.helps.iter().any(|help| help.contains("default/tool")), "{:?}", answer.helps);
}

#[test]
fn pitfall_12_two_services_over_one_pod_both_lose_it() {
    let facts = with_masters(
        "host a1
         host a2
         pod web-1 on a1 of ReplicaSet/web app=web
         service web over web-1
         service web-admin over web-1",
    );
    let answer = ask(&facts, "lose=a1");
    for service in ["default/web", "default/web-admin"] {
        is(&answer, service, &Verdict::Certain);
        assert_eq!(part(&answer, service).after, Some(350));
    }
    assert_eq!(answer.outcome, Outcome::Interrupted);
}

#[test]
fn pitfall_13_from_a_share_of_lost_hosts_on_nothing_is_evicted() {
    let facts = with_masters(
        "host a1
         host a2
         pod web-1 on a1 of ReplicaSet/web",
    );
    // Two masters and a node of five: 0.6.
    let answer = ask(&facts, "lose=a1&lose=m2&lose=m3");
    assert_eq!(answer.outcome, Outcome::Damaged);
    let five = inventory(
        "host a1
         host a2
         host a3
         host a4
         host a5
         pod web-1 on a1 of ReplicaSet/web",
    );
    let three = ask(&five, "lose=a1&lose=a2&lose=a3");
    is(&three, "ReplicaSet default/web", &Verdict::Impossible);
    assert!(part(&three, "ReplicaSet default/web").why.starts_with("3 of 5 hosts"), "{three:#?}");
    // Two of five are 0.4, and two of three are at most two, which never count as a disruption.
    is(&ask(&five, "lose=a1&lose=a2"), "ReplicaSet default/web", &Verdict::Certain);
    let three = inventory("host a1\nhost a2\nhost a3\npod web-1 on a1 of ReplicaSet/web");
    is(&ask(&three, "lose=a1&lose=a2"), "ReplicaSet default/web", &Verdict::Certain);
}

#[test]
fn pitfall_14_a_leader_on_the_lost_host_is_elected_anew_first() {
    let facts = with_masters("host a1");
    let answer = ask(&facts, "lose=m1");
    is(&answer, "kube-scheduler", &Verdict::Certain);
    assert_eq!(part(&answer, "kube-controller-manager").after, Some(15));
    assert!(ask(&facts, "lose=m2").parts.iter().all(|part| part.name != "kube-scheduler"));
    let alone = inventory(
        "host m1 master
         host a1
         part m1 kube-apiserver
         part m1 etcd
         part m1 kube-scheduler",
    );
    is(&ask(&alone, "lose=m1"), "kube-scheduler", &Verdict::Impossible);
}

#[test]
fn pitfall_15_a_lost_master_takes_its_member_its_server_and_its_pods_with_it() {
    let facts = with_masters(
        "host a1
         pod registry-0 on m1 of ReplicaSet/registry in=kube-system bears=all
         service kube-system/registry over registry-0",
    );
    let answer = ask(&facts, "lose=m1");
    is(&answer, "Kubernetes API", &Verdict::Certain);
    assert_eq!(part(&answer, "etcd").why, "2 of 3 members are left, it may then lose none");
    is(&answer, "10.1.0.222:6443", &Verdict::Certain);
    // Nothing evicts a pod that tolerates every taint.
    is(&answer, "kube-system/registry", &Verdict::Impossible);
    let two = ask(&facts, "lose=m1&lose=m2");
    is(&two, "etcd", &Verdict::Impossible);
    is(&two, "Kubernetes API", &Verdict::Impossible);
}

#[test]
fn pitfall_16_a_daemon_pod_goes_with_its_host_and_is_asked_of_no_other() {
    let facts = with_masters(
        "host a1
         host a2
         pod agent-1 on a1 of DaemonSet/agent app=agent bears=all
         pod agent-2 on a2 of DaemonSet/agent app=agent bears=all
         budget agent allowed=0 healthy=2 desired=2
         service agent over agent-1,agent-2",
    );
    let answer = ask(&facts, "lose=a1");
    assert!(answer.parts.iter().all(|part| part.name != "DaemonSet default/agent"));
    // Until the host is back one more is missing than a budget or an update allows.
    assert_eq!(part(&answer, "default/agent").short, "is overdrawn");
    // A drain leaves it where it is, so no budget is asked for it.
    let drained = ask(&facts, "drain=a1");
    assert!(drained.parts.iter().all(|part| part.name != "default/agent"), "{drained:#?}");
}

#[test]
fn a_missing_permission_makes_unknown_and_is_named() {
    let facts = with_masters(
        "host a1
         host a2
         pod db-1 on a1 of ReplicaSet/db claim=data
         deny persistentvolumes",
    );
    let answer = ask(&facts, "lose=a1");
    is(&answer, "ReplicaSet default/db", &Verdict::Unknown);
    assert!(part(&answer, "ReplicaSet default/db").why.contains("list persistentvolumes"));
    assert_eq!(answer.outcome, Outcome::Unknown);
}

#[test]
fn pitfall_18_a_full_quota_refuses_the_new_pod() {
    let facts = with_masters(
        "host a1
         host a2
         pod web-1 on a1 of ReplicaSet/web
         quota small pods=10/10",
    );
    let answer = ask(&facts, "lose=a1");
    is(&answer, "ReplicaSet default/web", &one_of_one());
    assert!(part(&answer, "ReplicaSet default/web").why.starts_with("the quota small is full of pods"));
    let room = with_masters("host a1\nhost a2\npod web-1 on a1 of ReplicaSet/web\nquota small pods=9/10");
    is(&ask(&room, "lose=a1"), "ReplicaSet default/web", &Verdict::Certain);
}

#[test]
fn pitfall_19_a_host_takes_no_more_pods_than_it_has_room_and_addresses_for() {
    let full = |host: &str| {
        let pods: String = (0..5).map(|n| format!("pod p{n} on a2 of ReplicaSet/p\n")).collect();
        with_masters(&format!("host a1\n{host}\n{pods}pod web-1 on a1 of ReplicaSet/web"))
    };
    is(&ask(&full("host a2 pods=5"), "lose=a1"), "ReplicaSet default/web", &Verdict::Impossible);
    is(&ask(&full("host a2 pods=6"), "lose=a1"), "ReplicaSet default/web", &Verdict::Certain);
    // A range of eight addresses has five for pods, whatever the kubelet takes.
    is(&ask(&full("host a2 cidr=29"), "lose=a1"), "ReplicaSet default/web", &Verdict::Impossible);
    is(&ask(&full("host a2 cidr=28"), "lose=a1"), "ReplicaSet default/web", &Verdict::Certain);
}

#[test]
fn pitfall_20_a_foreign_scheduler_makes_unknown() {
    let facts = with_masters("host a1\nhost a2\npod web-1 on a1 of ReplicaSet/web scheduler=volcano");
    let answer = ask(&facts, "lose=a1");
    is(&answer, "ReplicaSet default/web", &Verdict::Unknown);
    assert!(part(&answer, "ReplicaSet default/web").why.contains("volcano"));
}

#[test]
fn a_waiting_pod_that_fits_nowhere_takes_no_room_from_others() {
    let facts = with_masters(
        "host a1
         host a2
         pod huge of ReplicaSet/huge cpu=64000
         pod web-1 on a1 of ReplicaSet/web",
    );
    is(&ask(&facts, "lose=a1"), "ReplicaSet default/web", &Verdict::Certain);
}

#[test]
fn the_course_in_time_follows_version_and_tolerations() {
    let cluster = |version: &str| {
        with_masters(&format!(
            "host a1
             host a2
             version {version}
             pod web-1 on a1 of ReplicaSet/web
             pod fast-1 on a1 of ReplicaSet/fast bears=30"
        ))
    };
    let new = ask(&cluster("v1.34.4"), "lose=a1");
    let times: Vec<Option<u32>> = events(&new).iter().map(|(after, _)| *after).collect();
    assert_eq!(times, [Some(0), Some(50), Some(80), Some(350)], "{:?}", new.course);
    let old = ask(&cluster("v1.31.2"), "lose=a1");
    let times: Vec<Option<u32>> = events(&old).iter().map(|(after, _)| *after).collect();
    assert_eq!(times, [Some(0), Some(40), Some(70), Some(340)], "{:?}", old.course);
}
