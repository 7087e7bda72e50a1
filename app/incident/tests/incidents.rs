//! Which incidents begin and end, and which do not.

mod life;

use std::collections::BTreeMap;

use incident::{Backup, Certificate, Incident, Kind, MOST_OPEN, Server};
use life::{Life, changes, cut, mended};
use topology::{
    Change, Stamp,
    inventory::{Heard, Limit, Scope, Source},
};

const NONE: [&str; 0] = [];

/// What an open incident has touched.
fn touched<'a>(life: &'a Life, about: &str) -> Vec<&'a str> {
    let one = life.course.open().find(|one| one.about == about).expect("an open incident");
    one.touched.keys().map(String::as_str).collect()
}

#[test]
fn a_lost_host_is_told_at_once_and_its_end_after_calm() {
    let mut life = Life::new();
    assert_eq!(life.after(60, &["node host5 lost"]), ["host-lost node/host5 began 0 s ago"]);
    assert_eq!(life.after(300, &[]), NONE);
    assert_eq!(life.after(10, &["node host5"]), ["host-lost node/host5 well since 0 s ago"]);
    assert_eq!(life.after(29, &[]), NONE);
    assert_eq!(life.after(1, &[]), ["host-lost node/host5 ended 30 s ago"]);
}

#[test]
fn a_lost_host_is_one_incident_with_all_that_it_breaks() {
    let mut life = Life::new();
    life.after(60, &["node host5 lost"]);
    let broken = [
        "pod hss-a on host5 of Deployment/ims-hss crashing",
        "pod hss-b on host5 of Deployment/ims-hss crashing",
        "pod pgw-c of Deployment/vepc-pgw waiting",
        "service ims-hss 0/2 over hss-a,hss-b",
    ];
    assert_eq!(life.after(40, &broken), ["host-lost node/host5 goes on"]);
    assert_eq!(life.after(600, &[]), NONE, "thirty broken pods are one lost host");
    let touched = touched(&life, "node/host5");
    assert!(touched.contains(&"Service default/ims-hss"), "{touched:?}");
    assert!(touched.contains(&"Deployment default/vepc-pgw"), "{touched:?}");
    assert!(touched.contains(&"StatefulSet default/vepc-mme"), "{touched:?}");
}

#[test]
fn pods_that_stay_broken_after_their_host_returned_are_their_own_incident() {
    let mut life = Life::new();
    life.after(60, &["node host5 lost", "pod hss-a on host5 of Deployment/ims-hss crashing"]);
    life.after(600, &[]);
    assert_eq!(life.after(10, &["node host5"]), ["host-lost node/host5 well since 0 s ago"]);
    assert_eq!(life.after(59, &[]), ["host-lost node/host5 ended 59 s ago"]);
    assert_eq!(life.after(1, &[]), ["workload-broken workload/default/Deployment/ims-hss began 60 s ago"]);
}

#[test]
fn a_lost_master_is_told_as_one_with_the_risk_of_etcd() {
    let mut life = Life::new();
    assert_eq!(life.after(60, &["node host1 lost"]), ["master-lost node/host1 began 0 s ago"]);
    assert_eq!(life.after(60, &[]), NONE);
    assert!(touched(&life, "node/host1").contains(&"etcd"));
}

#[test]
fn etcd_without_a_quorum_is_an_incident_of_its_own() {
    let mut life = Life::new();
    life.after(60, &["etcd host1:leads host2 host3"]);
    assert_eq!(life.after(60, &["etcd host1:leads host2 host3:leaderless"]), NONE);
    assert_eq!(life.after(5, &[]), ["quorum-at-risk etcd began 5 s ago"]);
    let answers = |answers| Change::Checks(BTreeMap::from([("etcd".into(), answers)]));
    let mut none = changes(&["etcd host1:leaderless host2:leaderless host3:leaderless"]);
    none.push(answers(false));
    life.pass(60_000, none);
    assert_eq!(life.after(5, &[]), ["quorum-lost etcd began 5 s ago"]);
    let mut all = changes(&["etcd host1:leads host2 host3"]);
    all.push(answers(true));
    life.pass(60_000, all);
    assert_eq!(life.after(30, &[]), ["quorum-lost etcd ended 30 s ago", "quorum-at-risk etcd ended 30 s ago"]);
}

#[test]
fn members_of_etcd_that_cannot_be_asked_are_no_incident() {
    let mut life = Life::new();
    life.after(60, &["etcd host1:leads host2 host3:away"]);
    assert_eq!(life.after(60, &[]), NONE);
    life.after(60, &["etcd host1:away host2:away host3:away silent"]);
    assert_eq!(life.after(60, &[]), NONE);
}

#[test]
fn nobody_leads_is_told_when_a_candidate_should_have_taken_over() {
    let mut life = Life::new();
    life.after(60, &["leader kube-scheduler -"]);
    assert_eq!(life.after(12, &[]), NONE);
    assert_eq!(life.after(20, &[]), ["no-leader leader/kube-scheduler began 17 s ago"]);
    assert_eq!(life.after(8, &["leader kube-scheduler host3"]), ["no-leader leader/kube-scheduler well since 0 s ago"]);
}

#[test]
fn a_workload_is_an_incident_when_it_stays_broken() {
    let mut life = Life::new();
    let crashing = "pod hss-a on host5 of Deployment/ims-hss crashing";
    assert_eq!(life.after(60, &[crashing]), NONE);
    assert_eq!(life.after(59, &["pod hss-a on host5 of Deployment/ims-hss ready"]), NONE);
    assert_eq!(life.after(1, &[crashing]), NONE);
    assert_eq!(life.after(60, &[]), ["workload-broken workload/default/Deployment/ims-hss began 60 s ago"]);
    assert_eq!(
        life.after(9, &["gone pod hss-a"]),
        ["workload-broken workload/default/Deployment/ims-hss well since 0 s ago"]
    );
}

#[test]
fn a_rollout_whose_pods_are_unready_in_turn_is_none() {
    let mut life = Life::new();
    let mut pod = |seconds, name: &str, state| {
        life.after(seconds, &[&format!("pod {name} on host4 of Deployment/vepc-sgw {state}")])
    };
    for name in ["sgw-a", "sgw-b", "sgw-c", "sgw-a", "sgw-b", "sgw-c"] {
        assert_eq!(pod(1, name, "crashing"), NONE);
        assert_eq!(pod(50, name, "ready"), NONE);
    }
}

#[test]
fn a_pod_that_finds_no_host_is_told_with_its_service() {
    let mut life = Life::new();
    let lines = ["pod web-a of Deployment/web labels app=web waiting", "service new 0/0"];
    assert_eq!(life.after(60, &lines), NONE);
    assert_eq!(
        life.after(60, &[]),
        [
            "service-without-endpoint service/default/new began 60 s ago",
            "workload-unschedulable workload/default/Deployment/web began 60 s ago",
        ]
    );
}

#[test]
fn a_flapping_host_is_told_once() {
    let mut life = Life::new();
    let mut began = 0;
    for _ in 0..20 {
        let news = [life.after(5, &["node host5 lost"]), life.after(20, &["node host5"])].concat();
        began += news.iter().filter(|news| news.contains("began")).count();
        assert!(!news.iter().any(|news| news.contains("ended")), "{news:?}");
    }
    assert_eq!(began, 1);
    let one = life.known.values().find(|one| one.kind == Kind::HostLost).expect("an incident");
    assert_eq!(one.relapses, 19);
    // The more often it flapped, the longer it must be well.
    assert_eq!(life.after(600, &[]), NONE);
    assert_eq!(life.after(360, &[]), ["host-lost node/host5 ended 960 s ago"]);
}

#[test]
fn an_api_server_out_of_reach_is_one_incident_and_nothing_else() {
    let mut life = Life::new();
    life.after(60, &["node host5 lost"]);
    let now = Stamp(life.now.0 + 60_000);
    assert_eq!(life.pass(60_000, cut(now)), NONE);
    assert_eq!(life.after(10, &[]), ["api-away api began 10 s ago"]);
    assert_eq!(life.after(3_600, &[]), NONE, "what is stale begins and ends nothing");
    assert_eq!(life.pass(1_000, mended()), ["api-away api well since 0 s ago"]);
    assert!(life.course.open().any(|one| one.about == "node/host5" && one.well.is_none()));
}

#[test]
fn a_silent_kubelet_begins_and_ends_nothing() {
    let mut life = Life::new();
    life.after(60, &["node host4 silent"]);
    let silent = |life: &mut Life| life.course.open().count();
    assert_eq!(silent(&mut life), 0);
    life.after(5, &["node host5 lost"]);
    assert_eq!(life.after(60, &["node host5 untold"]), NONE);
    assert_eq!(silent(&mut life), 1);
}

#[test]
fn a_host_that_is_taken_out_of_the_cluster_ends_its_incident() {
    let mut life = Life::new();
    life.after(60, &["node host5 lost"]);
    assert_eq!(life.after(60, &["gone node host5"]), ["host-lost node/host5 well since 0 s ago"]);
}

#[test]
fn a_backup_that_is_overdue_is_an_incident_where_that_is_known() {
    let mut life = Life::new();
    life.beside.backup = Backup::Overdue("No verified etcd backup".into());
    assert_eq!(life.after(60, &[]), ["backup-overdue backups began 0 s ago"]);
    life.beside = incident::Beside::default();
    assert_eq!(life.after(60, &[]), NONE, "what is no longer known has not ended");
    life.beside.backup = Backup::Well;
    assert_eq!(life.after(60, &[]), ["backup-overdue backups well since 0 s ago"]);
}

const DAY: i64 = 24 * 3_600_000;

/// A certificate that holds from a year ago for so many more days.
fn holds(life: &Life, server: Server, address: &str, days: i64) -> Certificate {
    let holds = Some((Stamp(life.now.0 - 365 * DAY), Stamp(life.now.0 + days * DAY)));
    Certificate { server, address: address.into(), holds }
}

#[test]
fn a_certificate_that_ends_soon_is_an_incident_until_it_is_renewed() {
    let mut life = Life::new();
    life.beside.certificates = vec![holds(&life, Server::Api, "10.1.0.222:6443", 31)];
    assert_eq!(life.after(60, &[]), NONE);
    // A day and an hour later it began an hour ago, whoever looks and when.
    assert_eq!(life.after(86_400 + 3_540, &[]), ["certificate-ends certificate/api began 3600 s ago"]);
    let what = |life: &Life| life.course.open().next().map(|one| one.what.clone()).unwrap_or_default();
    assert!(
        what(&life).starts_with("The certificate of the API server at 10.1.0.222:6443 ends at "),
        "{}",
        what(&life)
    );
    assert_eq!(life.after(3_600, &[]), NONE, "time alone is no news");
    life.beside.certificates[0].holds = None;
    assert_eq!(life.after(60, &[]), NONE, "what cannot be looked at may be as it was");
    life.beside.certificates = vec![holds(&life, Server::Api, "10.1.0.222:6443", 365)];
    assert_eq!(life.after(60, &[]), ["certificate-ends certificate/api well since 0 s ago"]);
    assert_eq!(life.after(30, &[]), ["certificate-ends certificate/api ended 30 s ago"]);
}

#[test]
fn a_certificate_that_has_run_out_is_told_as_such() {
    let mut life = Life::new();
    life.beside.certificates = vec![holds(&life, Server::Etcd, "10.1.0.50:2379", -1)];
    assert_eq!(life.after(1, &[]).len(), 1);
    let open = life.course.open().next().expect("an incident");
    assert!(open.what.contains("of etcd at 10.1.0.50:2379 has run out at "), "{}", open.what);
    // A clock that is set back makes nothing of it.
    assert_eq!(life.pass(-3_600_000, Vec::new()), NONE);
    assert_eq!(life.after(7_200, &[]), NONE);
}

#[test]
fn endpoints_of_etcd_whose_certificates_end_are_one_incident() {
    let mut life = Life::new();
    let at = |life: &Life, host: u32, days| holds(life, Server::Etcd, &format!("10.1.0.5{host}:2379"), days);
    life.beside.certificates = vec![at(&life, 0, 5), at(&life, 1, 3), at(&life, 2, 200)];
    assert_eq!(life.after(1, &[]).len(), 1);
    assert_eq!(touched(&life, "certificate/etcd"), ["10.1.0.50:2379", "10.1.0.51:2379"]);
    let open = life.course.open().next().expect("an incident");
    assert!(open.what.contains("10.1.0.51:2379 ends at "), "{}", open.what);
    // One was renewed, and one cannot be looked at: it may be the one that ends.
    life.beside.certificates = vec![at(&life, 0, 365), at(&life, 2, 200)];
    life.beside.certificates.push(Certificate { holds: None, ..at(&life, 1, 3) });
    assert_eq!(life.after(60, &[]), NONE);
    life.beside.certificates = vec![at(&life, 0, 365), at(&life, 1, 365), at(&life, 2, 200)];
    assert_eq!(life.after(60, &[]), ["certificate-ends certificate/etcd well since 0 s ago"]);
}

#[test]
fn of_a_short_certificate_the_last_third_is_soon() {
    let mut life = Life::new();
    let hours = |from: i64, until: i64| (Stamp(life.now.0 + from * 3_600_000), Stamp(life.now.0 + until * 3_600_000));
    let holds = Some(hours(-8, 16));
    life.beside.certificates = vec![Certificate { server: Server::Api, address: "api:6443".into(), holds }];
    assert_eq!(life.after(7 * 3_600, &[]), NONE);
    assert_eq!(life.after(3_600, &[]), ["certificate-ends certificate/api began 0 s ago"]);
}

#[test]
fn another_replica_goes_on_with_what_is_open() {
    let mut life = Life::new();
    life.after(60, &["node host5 lost"]);
    resume(&mut life);
    assert_eq!(life.after(60, &[]), NONE);
    life.after(1, &["node host5"]);
    assert_eq!(life.after(30, &[]), ["host-lost node/host5 ended 30 s ago"]);
}

/// Another replica, or this server after a pause, takes over.
fn resume(life: &mut Life) {
    let open: Vec<Incident> = life.course.open().cloned().collect();
    life.course = incident::Course::new(life::RULES, open);
}

#[test]
fn a_relapse_within_a_pause_of_recording_ends_nothing() {
    let mut life = Life::new();
    life.after(60, &["node host5 lost"]);
    life.after(10, &["node host5"]);
    resume(&mut life);
    assert_eq!(life.after(3_600, &["node host5 lost"]), ["host-lost node/host5 goes on"]);
    let one = life.course.open().find(|one| one.about == "node/host5").expect("an open incident");
    assert_eq!((one.relapses, one.well, one.ended), (1, None, None));
}

#[test]
fn what_was_well_before_and_after_a_pause_ended_before_it() {
    let mut life = Life::new();
    life.after(60, &["node host5 lost"]);
    life.after(10, &["node host5"]);
    resume(&mut life);
    assert_eq!(life.after(3_600, &[]), NONE);
    assert_eq!(life.after(1, &[]), ["host-lost node/host5 ended 3601 s ago"]);
}

#[test]
fn what_endangers_the_cluster_waits_for_no_other_incident() {
    let mut life = Life::new();
    let pod = |number: usize| format!("pod web-{number} on host4 of Deployment/web-{number} crashing");
    let broken: Vec<String> = (0..MOST_OPEN + 10).map(pod).collect();
    assert_eq!(life.after(60, &broken.iter().map(String::as_str).collect::<Vec<_>>()), NONE);
    assert_eq!(life.after(60, &[]).len(), MOST_OPEN, "the others wait");
    assert_eq!(life.after(1, &["node host5 lost"]), NONE);
    assert_eq!(life.after(1, &["node host1 lost"]), ["master-lost node/host1 began 0 s ago"]);
}

#[test]
fn a_namespace_that_is_seen_no_more_ends_none_of_its_incidents() {
    let mut life = Life::new();
    life.after(60, &["pod hss-a on host4 of Deployment/ims-hss crashing"]);
    life.after(600, &[]);
    let names = ["elsewhere".into()].into();
    let scope = Change::Scope(Scope::Only { names, by: Limit::Role, left: 0 });
    let namespaced = Source::every().filter(|source| source.is_namespaced());
    let heard = namespaced.map(|source| Change::HeardIn(source, "elsewhere".into(), Heard::Live));
    assert_eq!(life.pass(1_000, std::iter::once(scope).chain(heard).collect()), NONE);
    assert_eq!(life.after(3_600, &[]), NONE);
    assert!(life.course.open().any(|one| one.about == "workload/default/Deployment/ims-hss"));
}
