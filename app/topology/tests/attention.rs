//! The list of what needs attention: the worst first, and nothing that no source tells.

mod fixture;

use fixture::{NOW, THREE_AND_TWO, inventory, line};
use scene::Health;
use topology::{
    Change, Inventory, Stamp,
    attention::{Concern, attention},
    inventory::{Fact, Further, Heard, Key, Source},
};

const WELL: &str = "
    node m1 master
    part m1 kube-apiserver
    part m1 kube-scheduler
    part m1 kube-controller-manager
    part m1 etcd
    leader kube-scheduler m1
    leader kube-controller-manager m1
    node n1
    pod web-1 on n1 of Deployment/web ready
    pod job-1 on n1 of Job/job done
    service web 1/1
";

fn told(text: &str) -> Vec<Concern> {
    attention(&inventory(text), NOW)
}

fn names(concerns: &[Concern]) -> Vec<&str> {
    concerns.iter().map(|concern| concern.what.as_str()).collect()
}

#[test]
fn a_well_cluster_needs_no_attention() {
    assert_eq!(told(WELL), []);
}

#[test]
fn pods_without_an_owner_stand_for_themselves() {
    let concerns = told(THREE_AND_TWO);
    assert_eq!(names(&concerns), ["Deployment default/ims-hss", "Pod default/lonely-1", "Service default/nobody"]);
    assert_eq!(concerns[1].why, "Unschedulable");
}

#[test]
fn the_worst_comes_first_and_machines_before_their_pods() {
    let text = "
        node n1 unready
        node n2
        pod web-1 on n2 of Deployment/web crashing
        pod web-2 on n2 of Deployment/web crashing
        pod alone on n2 failed
        service shop 0/2
    ";
    let concerns = told(text);
    assert_eq!(names(&concerns), ["n1", "Deployment default/web", "Pod default/alone", "Service default/shop"]);
    assert!(concerns.iter().all(|concern| concern.health == Health::Bad), "{concerns:?}");
    assert_eq!(concerns[1].why, "2 pods, the worst: CrashLoopBackOff");
    assert_eq!(concerns[3].why, "0 of 2 endpoints ready");
    assert_eq!(concerns[0].opens.as_deref(), Some("node/n1"));
}

#[test]
fn a_machine_that_is_not_ready_says_since_when() {
    let concerns = told("node n1 unready");
    assert_eq!(concerns[0].since.map(|since| NOW.since(since)), Some(86_400_000));
    assert_eq!(concerns[0].why, "not ready: container runtime is down");
}

#[test]
fn nobody_leading_is_a_concern() {
    let text = format!("{WELL}\n leader kube-scheduler m1 7200");
    let concerns = told(&text);
    assert_eq!(names(&concerns), ["kube-scheduler", "scheduler on m1"]);
    assert_eq!(concerns[0].why, "nobody leads; m1 held its lease last");
}

#[test]
fn nothing_is_said_of_what_is_not_heard() {
    let mut facts = inventory("node n1 unready\n pod web crashing\n service shop 0/2");
    for source in [Source::Nodes, Source::Pods, Source::Endpoints] {
        facts.apply(Change::Heard(source, Heard::Forbidden { permission: "list".into() }));
    }
    assert_eq!(attention(&facts, NOW), []);
}

#[test]
fn pods_behind_follow_every_change() {
    let behind = |facts: &Inventory| facts.pods_behind().map(|pod| pod.key.name.to_string()).collect::<Vec<_>>();
    let mut facts = inventory("pod a ready\n pod b crashing\n pod c failed\n pod d done");
    assert_eq!(behind(&facts), ["b", "c"]);
    for change in ["pod a crashing", "pod b ready", "gone pod c"].into_iter().flat_map(line) {
        facts.apply(change);
    }
    assert_eq!(behind(&facts), ["a"]);
    facts.apply(Change::Whole(Source::Pods, [Key::new("default", "b")].into()));
    assert_eq!(behind(&facts), [""; 0]);
}

fn leaving(since: i64, finalizers: &[&str]) -> Inventory {
    let mut inventory = inventory(WELL);
    let Some(Change::Put(Fact::Pod(mut pod))) = line("pod web-1 on n1 of Deployment/web leaving").pop() else {
        panic!("a pod")
    };
    let finalizers = finalizers.iter().map(|name| (*name).into()).collect();
    pod.further =
        Some(Box::new(Further { left: Some(Stamp(NOW.0 - since * 1_000)), finalizers, ..Further::default() }));
    inventory.apply(Change::Put(Fact::Pod(pod)));
    inventory
}

#[test]
fn a_pod_that_terminates_needs_attention_once_it_is_overdue() {
    assert_eq!(attention(&leaving(60, &[]), NOW), []);
    let concerns = attention(&leaving(7_200, &["example.org/held"]), NOW);
    assert_eq!(names(&concerns), ["Pod default/web-1"]);
    assert_eq!(concerns[0].why, "does not end: held by the finalizers example.org/held");
    assert_eq!(concerns[0].since, Some(Stamp(NOW.0 - 7_200_000)));
}
